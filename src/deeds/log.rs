//! Reads the log: what was signed, by whom, and whether it counts.

use jiff::Timestamp;

use super::DeedError;
use super::load::{Loaded, Place};
use crate::finding::{Finding, Severity};
use crate::log::entry::{Entry, Kind, Note, Op};
use crate::log::name::file_path;
use crate::names::{
    Address, AddressQuery, EntryId, EnvName, KeyPath, MemberName, RepoPath, Target,
};
use crate::verify::{Record, Verdict};
use crate::world::World;

/// One entry in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub id: EntryId,
    /// Its claimed time.
    pub time: Timestamp,
    /// Its signer.
    pub by: MemberName,
    /// Its kind's word.
    pub kind: &'static str,
    /// Per environment, how many items of which operation; keyrings count apart.
    pub changes: Vec<(EnvName, Vec<(&'static str, usize)>)>,
    /// The number of the policy that it puts forward.
    pub policy: Option<u32>,
    /// The entry that it approves.
    pub approves: Option<EntryId>,
    /// The fact that it states.
    pub note: Option<Note>,
    /// Why, in the signer's words.
    pub reason: Option<String>,
    /// Whether it counts.
    pub verdict: Verdict,
}

/// Entries, the newest first, and what is wrong with log and policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// The entries.
    pub entries: Vec<Line>,
    /// What was found about log and policy.
    pub findings: Vec<Finding>,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those that touch this environment.
    pub env: Option<EnvName>,
    /// Only those that touch this secret.
    pub secret: Option<AddressQuery>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// One entry with all that it says.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its id.
    pub id: EntryId,
    /// Its file.
    pub path: RepoPath,
    /// What it says.
    pub entry: Entry,
    /// The fingerprint of the key that signed it.
    pub key: Option<String>,
    /// Whether it counts.
    pub verdict: Verdict,
    /// What was found about it.
    pub findings: Vec<Finding>,
}

/// A key that may sign for a member, in the words of OpenSSH.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AllowedSigner {
    /// The member.
    pub member: MemberName,
    /// The public key's line.
    pub key: String,
}

/// Lists entries, the newest first.
///
/// # Errors
/// [`DeedError::NoRoot`], [`DeedError::NoEnvironment`].
pub fn list(world: &World, wanted: &Wanted) -> Result<Lines, DeedError> {
    let loaded = load(world)?;
    let record = &loaded.record;
    let newest_first = record.dag.order().iter().rev().copied();
    let entries: Vec<_> = newest_first
        .filter(|at| touches(record, &record.entries[*at].entry, wanted))
        .take(wanted.limit.unwrap_or(usize::MAX))
        .map(|at| line(record, at))
        .collect();
    if let (Some(env), true, Some(policy)) = (&wanted.env, entries.is_empty(), record.policy())
        && !policy.environments.contains_key(env)
    {
        let known = policy.environments.keys().cloned().collect();
        return Err(DeedError::NoEnvironment { env: env.clone(), known });
    }
    Ok(Lines { entries, findings: record.findings.clone() })
}

/// Shows the one entry whose id begins so.
///
/// # Errors
/// [`DeedError::NoEntry`]; [`DeedError::Refuse`] where several ids do.
pub fn show(world: &World, id: &str) -> Result<Shown, DeedError> {
    let loaded = load(world)?;
    let record = &loaded.record;
    let at = entry_named(record, id)?.ok_or_else(|| DeedError::NoEntry(id.to_ascii_lowercase()))?;
    let signed = &record.entries[at];
    let about = |finding: &&Finding| finding.entry == Some(signed.id);
    Ok(Shown {
        id: signed.id,
        path: file_path(&signed.entry, &signed.id),
        entry: signed.entry.clone(),
        key: signed.signature.key().map(|k| k.fingerprint(ssh_key::HashAlg::Sha256).to_string()),
        verdict: record.verdict(at),
        findings: record.findings.iter().filter(about).cloned().collect(),
    })
}

/// Finds the one entry whose id begins so.
///
/// # Errors
/// [`DeedError::Refuse`] where several ids do.
pub(super) fn entry_named(record: &Record, id: &str) -> Result<Option<usize>, DeedError> {
    let id = id.to_ascii_lowercase();
    let begins = |at: &usize| record.dag.id(*at).to_string().starts_with(&id);
    let found: Vec<_> = record.dag.order().iter().copied().filter(begins).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        several => {
            let ids: Vec<_> = several.iter().map(|at| record.dag.id(*at).short16()).collect();
            Err(DeedError::Refuse {
                what: format!("{} entries begin with `{id}`", several.len()),
                instead: Some(format!("say more of it: {}", ids.join(", "))),
            })
        }
    }
}

/// Lists who may sign, of every policy that was ever in force: an entry stays signed by a member who left.
///
/// # Errors
/// [`DeedError::NoRoot`]: signers of a log that nobody trusts are not given out. [`DeedError::Refused`]
/// where the log or the policy is not to be trusted.
pub fn signers(world: &World) -> Result<Vec<AllowedSigner>, DeedError> {
    let loaded = load(world)?;
    if let Some(finding) = loaded.record.findings.iter().max_by_key(|finding| finding.severity)
        && finding.severity >= Severity::Invalid
    {
        return Err(DeedError::Refused(finding.clone().into()));
    }
    let members = loaded.record.steps_in_force().flat_map(|step| &step.policy.members);
    let mut signers: Vec<_> = members
        .flat_map(|(name, member)| {
            member
                .signing_keys
                .iter()
                .map(|key| AllowedSigner { member: name.clone(), key: key.as_str().to_owned() })
        })
        .collect();
    signers.sort();
    signers.dedup();
    Ok(signers)
}

fn load(world: &World) -> Result<Loaded, DeedError> {
    let loaded = Place::find(world)?.load(None)?;
    if loaded.record.entries.is_empty() && loaded.record.findings.is_empty() {
        return Err(DeedError::NoPolicy);
    }
    Ok(loaded)
}

fn touches(record: &Record, entry: &Entry, wanted: &Wanted) -> bool {
    let mut envs = entry.files().iter().map(|file| &file.env);
    let mut rings = entry.keyrings().iter().map(|ring| &ring.env);
    let mut noted = named_by_note(entry).map(|address| &address.env);
    let in_env = wanted.env.as_ref().is_none_or(|env| {
        envs.any(|e| e == env) || rings.any(|e| e == env) || noted.any(|e| e == env)
    });
    in_env && wanted.secret.as_ref().is_none_or(|query| has(record, entry, query))
}

/// The addresses at which a note says that something was made.
fn named_by_note(entry: &Entry) -> impl Iterator<Item = &Address> {
    let values = match &entry.kind {
        Kind::Note(note) => note.values(),
        Kind::Init(_) | Kind::Policy(_) | Kind::Seal { .. } => &[],
    };
    values.iter().map(|value| &value.address)
}

/// Tells whether an entry has an item of a secret: at its place, moved away from there, or of a value that
/// stood beside it while it was rotated.
fn has(record: &Record, entry: &Entry, query: &AddressQuery) -> bool {
    let files = entry.files().iter();
    let items = files.flat_map(|file| file.items.iter().map(move |item| (file, item)));
    let mut named: Vec<Address> = named_by_note(entry).cloned().collect();
    for (file, item) in items {
        named.push(file.address(&item.key));
        named.extend(item.moved_from().cloned());
    }
    let beside: Vec<_> =
        named.iter().filter_map(|at| record.stands_beside(at)).map(|(_, base)| base).collect();
    named.iter().chain(&beside).filter(|at| at.env == query.env).any(|at| {
        query.targets.iter().any(|target| match target {
            Target::Key(wanted) => wanted.item() == at.key,
            Target::InFile(file, wanted) => *file == at.path && wanted.item() == at.key,
            Target::File(file) => *file == at.path && at.key == KeyPath::Whole,
        })
    })
}

fn line(record: &Record, at: usize) -> Line {
    let signed = &record.entries[at];
    let entry = &signed.entry;
    let (policy, approves) = match &entry.kind {
        Kind::Init(step) | Kind::Policy(step) => (Some(step.seq), None),
        Kind::Note(Note::Approve { target }) => (None, Some(*target)),
        Kind::Note(_) | Kind::Seal { .. } => (None, None),
    };
    let note = match &entry.kind {
        Kind::Note(note) => Some(note.clone()),
        Kind::Init(_) | Kind::Policy(_) | Kind::Seal { .. } => None,
    };
    Line {
        id: signed.id,
        time: entry.time,
        by: entry.by.clone(),
        kind: kind(entry),
        changes: changes(entry),
        policy,
        approves,
        note,
        reason: entry.reason.clone(),
        verdict: record.verdict(at),
    }
}

/// The word of an entry's kind.
#[must_use]
pub fn kind(entry: &Entry) -> &'static str {
    match &entry.kind {
        Kind::Init(_) => "init",
        Kind::Policy(_) => "policy",
        Kind::Seal { .. } => "seal",
        Kind::Note(note) => note.word(),
    }
}

fn changes(entry: &Entry) -> Vec<(EnvName, Vec<(&'static str, usize)>)> {
    let files = entry.files().iter().map(|file| &file.env);
    let mut envs: Vec<_> = files.chain(entry.keyrings().iter().map(|ring| &ring.env)).collect();
    envs.sort();
    envs.dedup();
    let of = |env: &EnvName| {
        let items = || entry.files().iter().filter(|file| file.env == *env).flat_map(|f| &f.items);
        let count = |op: Op| (op.word(), items().filter(|item| item.op == op).count());
        let rings = entry.keyrings().iter().filter(|ring| ring.env == *env).count();
        let all = Op::ALL.into_iter().map(count).chain([("keyring", rings)]);
        (env.clone(), all.filter(|(_, count)| *count > 0).collect())
    };
    envs.into_iter().map(of).collect()
}
