//! Settles a fork: one policy that follows all that are in force side by side.

use crate::deeds::DeedError;
use crate::deeds::enact::{
    Draft, Edited, Effect, Enacted, Vouch, agree, kept, nothing_blocks, policy_is_readable,
};
use crate::deeds::load::Place;
use crate::deeds::policy::sign::sound;
use crate::names::{EntryId, MemberName, Sha256};
use crate::policy::edit::bump_revision;
use crate::policy::{PATH, Policy};
use crate::verify::{Record, Step, Verified};
use crate::world::{Blob, World, random, three_way};

/// How the policies are to be reconciled.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The one to take whole, by its entry; none takes the changes of all.
    pub take: Option<String>,
    /// Whether the signer vouches for values that lose their writer.
    pub vouch: Vouch,
    /// Why.
    pub reason: Option<String>,
}

/// Where the text of a reconciled policy is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The changes of all sides, which touch different lines.
    Merged,
    /// The policy's file, as somebody resolved it by hand.
    File,
    /// One of the policies, whole.
    Taken,
    /// What another admin signed.
    Signed,
}

/// What was signed.
#[derive(Debug, Clone)]
pub struct Reconciled {
    /// Where the text is from.
    pub source: Source,
    /// What it changes of each policy in force.
    pub effects: Vec<Effect>,
    /// What was signed.
    pub enacted: Enacted,
}

/// Signs one policy that follows all that are in force side by side; `show` is given what it changes of
/// each before consent is asked for.
///
/// # Errors
/// [`DeedError::Refuse`] where nothing forks, where the changes contradict each other, or where nobody may
/// settle it; [`DeedError::NotAllowed`]; [`DeedError::Aborted`].
pub fn reconcile(
    world: &World,
    wish: Wish,
    show: &mut dyn FnMut(Source, &[Effect]),
) -> Result<Reconciled, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load(None)?;
    nothing_blocks(&loaded.record.findings, Edited::Forked)?;
    ends(&loaded.record)?;
    let found = place.files.read(&PATH.parse()?)?.map(String::from_utf8);
    let Some(Ok(found)) = found else {
        return Err(DeedError::Refuse {
            what: format!("`{PATH}` is not here, or not UTF-8"),
            instead: Some(format!("git checkout --ours {PATH}")),
        });
    };
    let plan = plan(&place, &loaded.record, &found, wish.take.as_deref())?;
    let loaded = loaded.supposing(&place, plan.next.clone())?;
    let verified = loaded.judged()?;
    let draft = draft(&place, &verified, &found, &plan)?;
    sound(&place, draft.next(), draft.text())?;
    let (source, effects) = (plan.source, draft.effects());
    show(source, &effects);
    agree(world, "sign this policy?")?;
    let enacted = draft.enact(wish.vouch, wish.reason)?;
    Ok(Reconciled { source, effects, enacted })
}

/// What is to be signed.
struct Plan {
    text: String,
    next: Policy,
    source: Source,
    /// The proposal that is approved.
    approves: Option<EntryId>,
}

fn draft<'a, 'w>(
    place: &'a Place<'w>,
    verified: &'a Verified<'a>,
    found: &str,
    plan: &Plan,
) -> Result<Draft<'a, 'w>, DeedError> {
    let chain = &verified.record.chain;
    let waiting = chain.proposals();
    match waiting.iter().find(|it| Some(it.step.id) == plan.approves) {
        Some(proposal) => Draft::approving(place, verified, found, proposal),
        None => {
            let ends = ends(verified.record)?;
            Draft::settling(place, verified, ends, (found, plan.text.clone()))
        }
    }
}

/// The policies in force side by side, the one with the highest number first.
fn ends(record: &Record) -> Result<Vec<&Step>, DeedError> {
    let mut ends = record.chain.current_ends();
    ends.sort_by_key(|step| std::cmp::Reverse((step.seq, step.id)));
    if ends.len() < 2 {
        policy_is_readable(&record.findings)?;
        return Err(DeedError::Refuse {
            what: "one policy is in force: there is nothing to reconcile".to_owned(),
            instead: Some("tenure policy show".to_owned()),
        });
    }
    let common = |who: &&&MemberName| ends.iter().all(|step| step.policy.is_admin(who));
    if ends[0].policy.admins().iter().find(common).is_none() {
        return Err(nobody(&ends));
    }
    Ok(ends)
}

/// Where each policy removed the other's admins, no signature can decide between them.
fn nobody(ends: &[&Step]) -> DeedError {
    let ids: Vec<_> = ends.iter().map(|step| step.id.short().to_string()).collect();
    DeedError::Refuse {
        what: format!(
            "nobody is an admin under each of the policies of {}, so nobody can settle this",
            ids.join(" and ")
        ),
        instead: Some(
            "decide over another channel, then take the commits of the wrong one out".to_owned(),
        ),
    }
}

fn plan(
    place: &Place<'_>,
    record: &Record,
    found: &str,
    take: Option<&str>,
) -> Result<Plan, DeedError> {
    let ends = ends(record)?;
    let signed = |text: String, next, source, approves| Plan { text, next, source, approves };
    if let Some(id) = take {
        let text = counted_up(&taken(place, &ends, id)?, record)?;
        let next = Policy::parse(&text)?;
        return Ok(signed(text, next, Source::Taken, None));
    }
    if resolved(place, record, found)? {
        let text = counted_up(found, record)?;
        let next = Policy::parse(&text)?;
        return Ok(signed(text, next, Source::File, None));
    }
    let mut waiting = record.chain.proposals();
    waiting.retain(|it| !it.stale && !it.step.settles.is_empty());
    if let [only] = waiting.as_slice() {
        let text = kept(place, &only.step.hash)?;
        return Ok(signed(text, only.step.policy.clone(), Source::Signed, Some(only.step.id)));
    }
    let merged = merged(place, record, &ends)?.map(|text| counted_up(&text, record));
    if let Some(Ok(text)) = merged {
        let next = Policy::parse(&text)?;
        return Ok(signed(text, next, Source::Merged, None));
    }
    Err(contradict(&ends))
}

/// Tells whether somebody resolved the policy's file here: a policy that nobody signed yet. What was
/// committed so is another matter: whoever pushed it, nobody here edited it.
fn resolved(place: &Place<'_>, record: &Record, found: &str) -> Result<bool, DeedError> {
    let hash = Sha256::of(found.as_bytes());
    let known = record.chain.steps.iter().any(|step| step.hash == hash);
    let committed = place.checkout.head_file(&PATH.parse()?)?;
    let here = committed.is_none_or(|bytes| bytes != found.as_bytes());
    Ok(!known && here && Policy::parse(found).is_ok() && !brought(place, record)?)
}

/// Tells whether the merge that is under way brings a policy file that nobody signed: then what lies here
/// may have lines of whoever pushed that.
fn brought(place: &Place<'_>, record: &Record) -> Result<bool, DeedError> {
    for head in place.checkout.merge_heads()? {
        let mut files = place.checkout.commit_files(&head)?;
        files.retain(|file| file.path.as_ref().is_some_and(|path| path.as_str() == PATH));
        let ids: Vec<_> = files.into_iter().map(|file| file.id).collect();
        let signed = |blob: &Blob| match blob {
            Blob::Bytes(bytes) => {
                let hash = Sha256::of(bytes);
                record.chain.steps.iter().any(|step| step.hash == hash)
            }
            Blob::TooLarge(_) => false,
        };
        if !place.checkout.read_blobs(&ids)?.iter().all(signed) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The text of the policy that is to be taken whole.
fn taken(place: &Place<'_>, ends: &[&Step], id: &str) -> Result<String, DeedError> {
    let id = id.to_ascii_lowercase();
    let mut named = ends.iter().filter(|step| step.id.to_string().starts_with(&id));
    match (named.next(), named.next()) {
        (Some(step), None) => kept(place, &step.hash),
        _ => Err(DeedError::Refuse {
            what: format!("`{id}` names none of the policies that are in force side by side"),
            instead: Some(format!("take one of {}", ids(ends).join(", "))),
        }),
    }
}

fn ids(ends: &[&Step]) -> Vec<String> {
    ends.iter().map(|step| step.id.short16().to_string()).collect()
}

fn contradict(ends: &[&Step]) -> DeedError {
    let takes: Vec<_> = ids(ends).iter().map(|id| format!("--take {id}")).collect();
    DeedError::Refuse {
        what: "the policies change the same lines".to_owned(),
        instead: Some(format!(
            "write into {PATH} what is to hold, then again: tenure policy reconcile; or take one \
             whole: {}",
            takes.join(" or ")
        )),
    }
}

/// A text whose revision no policy had yet, and that counts on from the highest.
fn counted_up(text: &str, record: &Record) -> Result<String, DeedError> {
    let used = |revision: &str| record.chain.steps.iter().any(|it| it.policy.revision == revision);
    if !used(&Policy::parse(text)?.revision) {
        return Ok(text.to_owned());
    }
    let highest = ends(record)?.first().map(|step| step.policy.revision.clone());
    let text = with_revision(text, &highest.unwrap_or_default());
    Ok(bump_revision(&text, random())?)
}

/// All sides' changes of the policy that they follow; none where they touch the same lines.
fn merged(place: &Place<'_>, record: &Record, ends: &[&Step]) -> Result<Option<String>, DeedError> {
    let Some(base) = record.chain.common(ends) else { return Ok(None) };
    // The revision differs on each side, and is made anew.
    let text = |step: &Step| -> Result<String, DeedError> {
        Ok(with_revision(&kept(place, &step.hash)?, &ends[0].policy.revision))
    };
    let base = text(base)?;
    let mut all: Option<String> = None;
    for end in ends {
        let theirs = text(end)?;
        all = match all {
            None => Some(theirs),
            Some(ours) => match three_way(&base, &ours, &theirs) {
                Some(both) => Some(both),
                None => return Ok(None),
            },
        };
    }
    Ok(all)
}

/// The text with another revision in its first line of that name.
fn with_revision(text: &str, revision: &str) -> String {
    let is_it = |line: &str| {
        line.trim_start()
            .strip_prefix("revision")
            .is_some_and(|it| it.trim_start().starts_with('='))
    };
    let Some(line) = text.split_inclusive('\n').find(|line| is_it(line)) else {
        return text.to_owned();
    };
    let end = line.trim_end_matches(['\n', '\r']).len();
    text.replacen(line, &format!("revision = \"{revision}\"{}", &line[end..]), 1)
}

#[cfg(test)]
mod tests {
    use super::with_revision;

    #[test]
    fn only_the_revision_is_replaced() {
        assert_eq!(
            with_revision("version = 1\r\nrevision=\"1-a\" # one\r\nx = 1", "2-b"),
            "version = 1\r\nrevision = \"2-b\"\r\nx = 1"
        );
        assert_eq!(with_revision("version = 1\n", "2-b"), "version = 1\n");
    }
}
