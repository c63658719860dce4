//! Advice on deeds: each error of a room is sent on to that room's advice.

use super::{Advice, Exit, keys, rooms, world};
use crate::deeds::DeedError;
use crate::finding::{Code, Finding, Severity};
use crate::names::quoted;

/// How a place of the list of tried ones ends that has no key.
const NOTHING_THERE: &str = " (no key there)";

/// Joins names for a sentence: "ana, ben".
pub(super) fn names<T: ToString>(names: &[T]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(crate) fn advice(error: &DeedError) -> Advice {
    match error {
        DeedError::Name(why) => rooms::name(why),
        DeedError::Policy(why) => rooms::policy(why),
        DeedError::Edit(why) => rooms::edit(why),
        DeedError::Value(why) => rooms::value(why),
        DeedError::Seal(why) => rooms::seal(why),
        DeedError::Keyring(why) => rooms::keyring(why),
        DeedError::Entry(why) => rooms::entry(why),
        DeedError::Request(why) => rooms::request(why),
        DeedError::World(why) => world::advice(why),
        DeedError::Keys(why) => keys::advice(why),
        DeedError::Signer(why) => keys::signer(why),
        DeedError::Terminal(why) => keys::terminal(why),
        DeedError::Child(why) => rooms::child(why),
        DeedError::Rotation(why) => rooms::rotation(why),
        DeedError::Deliver(why) => rooms::deliver(why),
        DeedError::Harden(_) => Advice::of(Exit::Refused),
        DeedError::NoFinding { .. } => unknown("tenure scan"),
        DeedError::Standard { path, line, in_head, .. } => standard(path, *line, *in_head),
        DeedError::Refused(finding) => refused(finding),
        DeedError::NoPolicy => Advice::of(Exit::Invalid).hint("tenure init"),
        DeedError::BadRoot => bad_variable("TENURE_ROOT", "root"),
        DeedError::BadMinPolicy => bad_variable("TENURE_MIN_POLICY", "number"),
        DeedError::BadPin { file } => bad_pin(file),
        DeedError::RootsDiffer { .. } => Advice::of(Exit::Untrusted)
            .hint("find out which is right over another channel before you go on"),
        DeedError::NoRoot { root } => no_root(root.as_ref()),
        DeedError::NoEnvironment { known, .. } => unknown(format!("there are: {}", names(known))),
        DeedError::WhichEnvironment { known } => refuse("say which with -e", known),
        DeedError::NoSecret { env, nearest, .. } => no_secret(env, nearest.as_deref()),
        DeedError::Ambiguous { found, .. } => refuse("say which", found),
        DeedError::NoVendor { nearest, .. } => unknown(&match nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "tenure policy show lists the rules with their vendors".to_owned(),
        }),
        DeedError::NoEntry(_) | DeedError::NoPolicyThen(_) => unknown("tenure log list"),
        DeedError::NoMoment(_) => unknown(
            "a day as 2027-05-01, the beginning of an id of `tenure log list`, or a commit as HEAD~3",
        ),
        DeedError::NoRequest { name, waiting } => no_request(name, waiting),
        DeedError::NotManaged(path) => {
            unknown("add a pattern for it to an environment in .secrets-policy.toml")
                .at(path.as_str())
        }
        DeedError::NoFile(path) => unknown("tenure list").at(path.as_str()),
        DeedError::NotSpliceable { path, why } => Advice::of(Exit::Refused)
            .at(format!("{path}:{}", why.line))
            .hint(format!("mend that line, or: tenure seal --whole {}", quoted(path))),
        DeedError::NoKey { tried, readers, roles, .. } => no_key(tried, readers, roles.first()),
        DeedError::NotAMember { at_hand } => not_a_member(at_hand),
        DeedError::NotAllowed { may, .. } => refuse("ask one who may", may),
        DeedError::StalePlaintext { path, .. } => stale(path),
        DeedError::StaleReaders { env, makers } => stale_readers(env, makers),
        DeedError::ClockBehind(_) => Advice::of(Exit::Refused).hint("set this machine's clock"),
        DeedError::NoValue => Advice::of(Exit::Refused).hint("give it on stdin, or at a terminal"),
        DeedError::Aborted => Advice::of(Exit::Aborted),
        DeedError::Refuse { instead, .. } => {
            Advice { hint: instead.clone(), ..Advice::of(Exit::Refused) }
        }
    }
}

fn standard(path: &str, line: usize, in_head: bool) -> Advice {
    let back = match in_head {
        true => format!(", or: git restore --staged --worktree {path}"),
        false => String::new(),
    };
    Advice::of(Exit::Invalid).at(format!("{path}:{line}")).hint(format!("mend that line{back}"))
}

fn bad_variable(name: &str, what: &str) -> Advice {
    Advice::of(Exit::Untrusted)
        .hint(format!("set {name} to the {what} that `tenure trust show` prints"))
}

fn bad_pin(file: &std::path::Path) -> Advice {
    Advice::of(Exit::Untrusted).at(file.display().to_string()).hint(format!(
        "compare the root with a colleague, then: rm {} && tenure --root ROOT check",
        quoted(file.display())
    ))
}

fn unknown(hint: impl Into<String>) -> Advice {
    Advice::of(Exit::Unknown).hint(hint)
}

fn refuse<T: ToString>(hint: &str, of: &[T]) -> Advice {
    Advice::of(Exit::Refused).hint(format!("{hint}: {}", names(of)))
}

fn no_request(name: &crate::names::MemberName, waiting: &[crate::names::MemberName]) -> Advice {
    unknown(match waiting {
        [] => format!("it may be on a branch: git switch join-{name}"),
        some => format!("there are requests of {}", names(some)),
    })
}

fn no_secret(env: &crate::names::EnvName, nearest: Option<&str>) -> Advice {
    unknown(match nearest {
        Some(near) => format!("did you mean {near}? See tenure list -e {env}"),
        None => format!("tenure list -e {env}"),
    })
}

fn refused(finding: &Finding) -> Advice {
    let exit = match (finding.code, finding.severity) {
        (_, Severity::Breach) | (Code::Plaintext, _) => Exit::Untrusted,
        (_, Severity::Invalid) => Exit::Invalid,
        (_, Severity::Found | Severity::Note) => Exit::Found,
    };
    let entry = finding.entry.map(|id| format!(" (entry {})", id.short())).unwrap_or_default();
    let at = format!("{} [{}]{entry}", finding.place, finding.code.word());
    Advice { hint: finding.fix.clone(), ..Advice::of(exit).at(at) }
}

fn stale_readers(env: &crate::names::EnvName, makers: &[crate::names::MemberName]) -> Advice {
    let advice = Advice::of(Exit::Invalid);
    match makers {
        [] => advice.hint(format!("make a reader of {env} one of its writers, or an admin")),
        some => advice
            .because(format!("who can make one: {}", names(some)))
            .hint(format!("tenure rekey -e {env}")),
    }
}

fn stale(path: &crate::names::RepoPath) -> Advice {
    Advice::of(Exit::Refused).at(format!("{path} [stale-plaintext]")).hint(format!(
        "keep a copy of your changes, then: git restore {0} && tenure open --in-place {0}",
        quoted(path)
    ))
}

fn no_root(root: Option<&crate::names::EntryId>) -> Advice {
    let hint = match root {
        Some(root) => format!(
            "this log starts at {root}: compare it with a colleague over another channel, then pass \
             --root, or `tenure trust show` at a terminal"
        ),
        None => "this log has no root that holds".to_owned(),
    };
    Advice::of(Exit::Untrusted).at(".secrets/log [no-root]").hint(hint)
}

fn no_key(
    tried: &[String],
    readers: &[crate::names::MemberName],
    role: Option<&crate::names::RoleName>,
) -> Advice {
    let (empty, keys): (Vec<_>, Vec<_>) =
        tried.iter().partition(|place| place.ends_with(NOTHING_THERE));
    let empty: Vec<_> = empty.iter().map(|place| place.trim_end_matches(NOTHING_THERE)).collect();
    let mut advice = Advice::of(Exit::NoKey).because(format!("its readers are {}", names(readers)));
    if !keys.is_empty() {
        advice = advice.because(format!("tried {}", names(&keys)));
    }
    if !empty.is_empty() {
        advice = advice.because(format!("no key in {}", names(&empty)));
    }
    let role = role.map_or("ROLE", |role| role.as_str());
    advice.hint(format!("ask for it: tenure join --role {role}; or give another key with -i"))
}

fn not_a_member(at_hand: &[String]) -> Advice {
    let keys = if at_hand.is_empty() { "no SSH key".to_owned() } else { at_hand.join(", ") };
    Advice::of(Exit::NoKey).hint(format!(
        "at hand: {keys}; ask to become a member: tenure join, or give a key with -i"
    ))
}
