//! `tenure rotate`: new values in the place of old ones, at once or step by step.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, Reason};
use crate::deeds::rotate::finish::{self, Answer, Waiting};
use crate::deeds::rotate::{self, Asked, New, Rotated, Step, Stepped, Turn, Wanted, What};
use crate::deeds::set::{self, Wish};
use crate::deeds::{DeedError, find, request};
use crate::log::entry::Grade;
use crate::names::{AddressQuery, quoted};
use crate::output::rotated::Alive;
use crate::output::sentences::end_is_declared;
use crate::output::{Output, safe};
use crate::policy::Strategy;
use crate::rotation::generate::Spec;
use crate::world::World;
use crate::world::child::Ending;
use crate::world::terminal::Terminal;

/// Replace values by new ones, with new deadlines; refuses every value that a secret had before
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("step").multiple(false),
    after_help = "\
Without downtime, in three steps: --begin puts a new value beside KEY, as KEY_NEXT. --promote makes it
KEY, and the one before KEY_PREVIOUS; `run` and `export` deliver both. KEY_NEXT goes out only where it is
asked for with --only. --undo goes back one step. --finish takes KEY_PREVIOUS away and records that the old
value was ended at its issuer.

Examples:
  tenure rotate prod/STRIPE_KEY
  tenure rotate prod/DB_PASSWORD prod/SESSION_KEY --generate hex:32
  tenure rotate prod/STRIPE_KEY --begin
  tenure rotate prod/STRIPE_KEY --promote
  tenure rotate prod/STRIPE_KEY --finish -- ./is-refused
  tenure rotate --due -e prod              all that is overdue or owed, all or none"
)]
pub(crate) struct Args {
    /// ENV/KEY, ENV/PATH#KEY, or ENV/PATH of a file that is sealed whole
    #[arg(value_name = "SECRET", required_unless_present = "due", conflicts_with = "due")]
    secrets: Vec<String>,

    /// Everything that is overdue, and everything owed since somebody left; prod first
    #[arg(long, conflicts_with = "step")]
    due: bool,

    /// Put a new value beside the current one
    #[arg(long, group = "step")]
    begin: bool,

    /// Make the pending value the current one
    #[arg(long, group = "step", conflicts_with_all = ["generate", "from_file", "from_age"])]
    promote: bool,

    /// Take a pending value away, or bring the previous one back
    #[arg(long, group = "step", conflicts_with_all = ["generate", "from_file", "from_age"])]
    undo: bool,

    /// Record that what was before was ended at its issuer, and take it away; after --, a program that gets
    /// the old value and ends with 1 where it is refused, with 0 where it is still taken
    #[arg(
        long,
        visible_alias = "done",
        group = "step",
        conflicts_with_all = ["generate", "from_file", "from_age"]
    )]
    finish: bool,

    /// With --finish: what a job wrote with `run --receipt`; may be given more than once
    #[arg(long, value_name = "FILE", requires = "finish")]
    receipt: Vec<PathBuf>,

    /// With --finish: refuse while a consumer that the policy names has shown no receipt
    #[arg(long, requires = "finish")]
    strict: bool,

    /// Make the value: password:32, hex:32, ssh-ed25519 … (all: tenure help set); without SPEC as its type says
    #[arg(long, value_name = "SPEC", num_args = 0..=1)]
    #[expect(
        clippy::option_option,
        reason = "clap's shape of an option whose value may be left out"
    )]
    generate: Option<Option<Spec>>,

    /// Take the value from a file, every byte of it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["generate", "due"])]
    from_file: Option<PathBuf>,

    /// Take the value that somebody sealed as `tenure request` says
    #[arg(long, value_name = "FILE", conflicts_with_all = ["generate", "from_file", "due"])]
    from_age: Option<PathBuf>,

    #[command(flatten)]
    fit: super::set::Fit,

    #[command(flatten)]
    reason: Reason,

    /// With --finish: a program that tells whether the old value is refused
    #[arg(value_name = "PROBE", last = true, requires = "finish")]
    probe: Vec<OsString>,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let asked = asked(global, &args.secrets)?;
    let reason = args.reason.text.as_deref();
    let unknown = |why| unshown(why, &asked);
    if args.promote {
        let done = rotate::promote(world, &asked, reason).map_err(unknown)?;
        return stepped(&done, out);
    }
    if args.undo {
        let done = rotate::undo(world, &asked, reason).map_err(unknown)?;
        return stepped(&done, out);
    }
    if args.finish {
        return ended(world, args, &asked, out);
    }
    let what = match args.due {
        true => What::Due(global.env.clone()),
        false => What::Named(asked.clone()),
    };
    let step = if args.begin { Step::Begin } else { Step::InPlace };
    let agenda = rotate::agenda(world, &what, step).map_err(unknown)?;
    for left in &agenda.left {
        let line = format!("{} {}; {}", left.address, left.why, left.fix);
        out.warn(&safe(&line));
    }
    if agenda.wanted.is_empty() {
        match agenda.left.is_empty() {
            true => out.note("nothing is overdue or owed"),
            false => out.note("nothing else is overdue or owed"),
        }
        return Ok(Exit::Done);
    }
    one_at_a_time(world, args, &agenda.wanted)?;
    let ask = |wanted: &Wanted| one(world, args, out, wanted);
    let new: Vec<_> = agenda.wanted.iter().map(ask).collect::<Result<_, _>>()?;
    let wish = Wish { reason: args.reason.text.clone(), ..Wish::default() };
    let wish = args.fit.wish(world, wish)?;
    let rotated = rotate::rotate(world, new, &wish, step)?;
    out.show(&rotated)?;
    rotated.values.iter().for_each(|set| super::set::beside(out, set));
    say_after(&rotated, &agenda.wanted, out);
    Ok(Exit::Done)
}

/// What the words mean. All but the first may be a value that somebody meant to set: they are not repeated.
fn asked(global: &Global, words: &[String]) -> Result<Vec<Asked>, Failure> {
    let mut asked = Vec::new();
    for word in words {
        super::set::no_value_within(word)?;
        let query = AddressQuery::parse(word, global.env.as_ref());
        let query = match query {
            Err(_) if !asked.is_empty() => return Err(super::set::value_in_argument()),
            query => query.map_err(DeedError::from)?,
        };
        asked.push(Asked { query, text: word.clone() });
    }
    Ok(asked)
}

fn unshown(why: DeedError, asked: &[Asked]) -> Failure {
    let later = |text: &str| asked.iter().skip(1).any(|one| one.text == text);
    let no_secret = matches!(&why, DeedError::NoSecret { text, .. } if later(text));
    let no_env = matches!(&why, DeedError::NoEnvironment { env, .. }
        if asked.first().is_some_and(|first| first.query.env != *env));
    if !no_secret && !no_env {
        return why.into();
    }
    let what =
        "a word after the first names no secret; it may be a value, and is not repeated here";
    let instead =
        "a value is never taken from an argument: you are asked for it; names: tenure list";
    DeedError::Refuse { what: what.to_owned(), instead: Some(instead.to_owned()) }.into()
}

/// Says what a step leaves to be done.
fn stepped(done: &Stepped, out: &mut Output<'_>) -> Result<Exit, Failure> {
    out.show(done)?;
    for value in &done.values {
        let how = value.revoke.as_ref().map(|how| format!(" ({how})")).unwrap_or_default();
        let name = quoted(format!("{}/{}", value.address.env, value.address.key)).to_string();
        let line = match &value.turn {
            Turn::Promoted { until: Some(day), .. } => {
                format!("both go out until the old one is ended at its issuer{how}, by {day}")
            }
            Turn::Promoted { until: None, .. } => {
                "both go out; the old one stays while anything needs it to be decrypted".to_owned()
            }
            Turn::Dropped(_) | Turn::Restored(_) => {
                format!(
                    "the value that was new for {name} must be ended at its issuer{how}, then: --finish"
                )
            }
        };
        out.note(&safe(&line));
    }
    Ok(Exit::Done)
}

/// Ends what was before, once a program says that it is refused, where one is given.
fn ended(
    world: &World,
    args: &Args,
    asked: &[Asked],
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let waiting =
        finish::waiting(world, asked, &args.receipt).map_err(|why| unshown(why, asked))?;
    receipts(args, &waiting, out)?;
    let mut grade = Grade::Declared;
    if let Some((program, words)) = args.probe.split_first() {
        let [waits] = waiting.as_slice() else {
            return refuse("a program is asked about one secret", "tenure rotate SECRET --finish");
        };
        match finish::probe(world, waits, (program, words))? {
            Answer::Refused => grade = Grade::Probed,
            Answer::NotAsked => out.note("the program was not started"),
            Answer::Alive => {
                out.show(&Alive(waits))?;
                let how = waits.revoke.as_ref().map(|how| format!(" ({how})")).unwrap_or_default();
                out.warn(&safe(&format!("end it at its issuer{how}, then again")));
                return Ok(Exit::Found);
            }
            Answer::Unclear(ending) => {
                let how = match ending {
                    Ending::Status(status) => format!("ended with {status}"),
                    Ending::Signal(signal) => format!("was killed by signal {signal}"),
                };
                let what = format!("the program {how}: it could not tell; nothing was recorded");
                return refuse(
                    &what,
                    "it ends with 1 where the old value is refused, with 0 where not",
                );
            }
        }
    }
    let done = finish::finish(world, asked, &waiting, grade, args.reason.text.as_deref())?;
    out.show(&done)?;
    out.note(&end_is_declared(done.receipt.by.as_str()));
    Ok(Exit::Done)
}

fn refuse<T>(what: &str, instead: &str) -> Result<T, Failure> {
    Err(DeedError::Refuse { what: what.to_owned(), instead: Some(instead.to_owned()) }.into())
}

/// Names the consumers that have shown no receipt of the new value.
fn receipts(args: &Args, waiting: &[Waiting], out: &mut Output<'_>) -> Result<(), Failure> {
    let mut without: Vec<_> = waiting.iter().flat_map(|waits| &waits.consumers).collect();
    without.sort();
    without.dedup();
    if without.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = without.iter().map(|name| name.as_str()).collect();
    let names = names.join(", ");
    if args.strict {
        let what = format!("nothing shows that these have the new value: {names}");
        return refuse(
            &what,
            "give the receipts of their runs with --receipt, or leave out --strict",
        );
    }
    out.warn(&format!("nothing shows that these have the new value: {names}"));
    Ok(())
}

/// Says what new values do not do.
fn say_after(rotated: &Rotated, wanted: &[Wanted], out: &mut Output<'_>) {
    if rotated.lost > 0 {
        out.warn(&super::set::not_compared(rotated.lost));
    }
    if rotated.step == Step::Begin {
        out.note("bring it to its issuer and to those who use it, then: --promote");
        return;
    }
    if wanted.iter().any(|it| it.strategy == Some(Strategy::Single)) {
        out.note("planned interruption: this type takes one value at a time");
    }
    let mut ends: Vec<_> = wanted.iter().map(|wanted| wanted.revoke.as_deref()).collect();
    ends.sort_unstable();
    ends.dedup();
    ends.into_iter().for_each(|revoke| end_the_old(out, revoke));
}

/// Refuses several values from one stdin: nothing would say where one ends.
fn one_at_a_time(world: &World, args: &Args, wanted: &[Wanted]) -> Result<(), Failure> {
    let made = |wanted: &&Wanted| generates(args, wanted);
    let asked = wanted.iter().filter(|wanted| !made(wanted)).count();
    if (args.from_file.is_some() || args.from_age.is_some()) && wanted.len() > 1 {
        let what = "one file has one new value, and several want one".to_owned();
        return Err(DeedError::Refuse { what, instead: Some("one by one".to_owned()) }.into());
    }
    if asked < 2 || world.terminal == Terminal::Person {
        return Ok(());
    }
    let what = format!("{asked} values want a new one, and nobody is there to ask for each");
    let instead = "tenure rotate SECRET, one by one, or run it at a terminal".to_owned();
    Err(DeedError::Refuse { what, instead: Some(instead) }.into())
}

/// Tells whether a value is made and not asked for. Of all that is due, what has no generator is asked for,
/// unless one is said for all.
fn generates(args: &Args, wanted: &Wanted) -> bool {
    let said = matches!(args.generate, Some(Some(_)));
    said || (args.generate.is_some() && (!args.due || wanted.generator.is_some()))
}

/// Asks for one new value, or leaves it to the generator.
fn one(world: &World, args: &Args, out: &mut Output<'_>, wanted: &Wanted) -> Result<New, Failure> {
    let found: find::Found = wanted.found.clone();
    let address = found.address();
    if generates(args, wanted) {
        let generator = args.generate.clone().flatten().or_else(|| wanted.generator.clone());
        return Ok(New { found, value: None, generator });
    }
    if args.due || args.secrets.len() > 1 {
        out.note(&format!("{}/{}", address.env, address.key));
    }
    if let Some(runbook) = &wanted.runbook {
        out.note(&format!("how    {runbook}"));
    }
    let shape = set::Shape::of(&found);
    let value = match args.from_age.as_deref() {
        Some(file) => request::received(world, &found, file)?,
        None => set::given(world, "new value", shape, args.from_file.as_deref())?,
    };
    Ok(New { found, value: Some(value), generator: None })
}

/// Says what a new value does not do.
pub(super) fn end_the_old(out: &mut Output<'_>, revoke: Option<&str>) {
    let how = revoke.map(|how| format!(" ({how}), then: tenure rotate SECRET --finish"));
    let how = how.unwrap_or_default();
    out.note(&format!("the old value is still in git history: end it at its issuer{how}"));
}
