//! Ends disputes: a writer says which of the items that contradict each other, or whose signers' word no
//! longer counts, is to stand. Opens nothing: who may not read a value can end its dispute, too.

mod bytes;
mod choice;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use super::DeedError;
use super::attest::{Work, attest};
use super::enact::agree;
use super::load::Place;
use super::pen::Receipt;
use crate::finding::Code;
use crate::log::entry::{FileChange, Item, Op, Origin};
use crate::names::{
    Address, AddressQuery, EntryId, EnvName, KeyPath, MemberName, RepoPath, Target,
};
use crate::verify::{Dispute, Side, Verified};
use crate::world::World;
use choice::{Choice, choose};

/// What `resolve` is told.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Values and files; none means all that is in dispute.
    pub named: Vec<String>,
    /// Only this environment.
    pub env: Option<EnvName>,
    /// What is to stand; none takes what stands on disk.
    pub take: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A dispute, and what is to be signed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Where.
    pub address: Address,
    /// Its verdict.
    pub code: Code,
    /// What could be taken, the oldest first.
    pub sides: Vec<Told>,
    /// Which of them is taken; none where nothing is to stand that none of them says.
    pub taken: Option<usize>,
    /// Whether the file changes.
    pub bytes: Bytes,
}

/// Whether a file must change for what is taken to stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// It stands there.
    Stay,
    /// It is put there.
    Change,
}

/// What one entry says of an address in dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The entry.
    pub entry: EntryId,
    /// Its signer.
    pub by: MemberName,
    /// When, as the signer claims.
    pub time: Timestamp,
    /// Why, in the signer's words.
    pub reason: Option<String>,
    /// What it does; `delete` also for a value that moved away.
    pub op: Op,
    /// The deadline of its value.
    pub due: Option<Date>,
    /// Whether its signer's word counts.
    pub holds: bool,
    /// Whether its bytes are those on disk.
    pub here: bool,
}

/// What was resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The disputes.
    pub endings: Vec<Ending>,
    /// The entry; none where there was no dispute.
    pub receipt: Option<Receipt>,
}

/// Ends disputes; `show` is given what would be signed before consent is asked for.
///
/// # Errors
/// [`DeedError::Refused`] where anything but disputes is wrong; [`DeedError::Refuse`] where it is not
/// clear what to take, or its bytes are not at hand; [`DeedError::NotAllowed`]; [`DeedError::Aborted`].
pub fn resolve(
    world: &World,
    plan: &Plan,
    show: &mut dyn FnMut(&[Ending]),
) -> Result<Resolved, DeedError> {
    let place = Place::to_write(world)?;
    let loaded = place.load(plan.env.as_ref())?;
    let verified = loaded.judged()?;
    let wanted = wanted(&place, &verified, plan)?;
    let envs: BTreeSet<&EnvName> = wanted.iter().map(|address| &address.env).collect();
    for env in envs {
        if let Some(finding) = verified.refusal_beside_disputes(env) {
            return Err(DeedError::Refused(finding.clone().into()));
        }
    }
    let mut work = Work { reason: plan.reason.clone(), ..Work::default() };
    let mut desk = bytes::Desk::of(&place, &loaded.files.files);
    let mut endings = Vec::new();
    for address in wanted {
        let dispute = &verified.disputes[address];
        let choice = choose(&verified, address, dispute, plan.take.as_deref())?;
        desk.put(address, dispute, choice.outcome(dispute))?;
        add(&mut work.changes, address, item(&verified, address, dispute, choice)?);
        endings.push(ending(&verified, address, dispute, choice));
    }
    if endings.is_empty() {
        return Ok(Resolved { endings, receipt: None });
    }
    desk.finish(&mut work.writes);
    show(&endings);
    agree(world, &question(&endings))?;
    let receipt = attest(&place, &verified, work)?;
    Ok(Resolved { endings, receipt: Some(receipt) })
}

fn question(endings: &[Ending]) -> String {
    match endings.len() {
        1 => "sign this as yours?".to_owned(),
        several => format!("sign these {several} as yours?"),
    }
}

/// The disputes that the user means.
fn wanted<'v>(
    place: &Place<'_>,
    verified: &'v Verified<'_>,
    plan: &Plan,
) -> Result<BTreeSet<&'v Address>, DeedError> {
    if plan.named.is_empty() {
        return Ok(verified.disputes.keys().collect());
    }
    let mut wanted = BTreeSet::new();
    for text in &plan.named {
        let as_path = place.checkout.repo_path(Path::new(text)).ok();
        let owner = as_path.as_ref().and_then(|path| verified.policy.environment_of(path));
        let query = match (as_path, owner) {
            (Some(path), Some(env)) => {
                AddressQuery { env: env.clone(), targets: vec![Target::File(path)] }
            }
            _ => AddressQuery::parse(text, plan.env.as_ref())?,
        };
        wanted.extend(named(verified, &query, text)?);
    }
    Ok(wanted)
}

fn named<'v>(
    verified: &'v Verified<'_>,
    query: &AddressQuery,
    text: &str,
) -> Result<Vec<&'v Address>, DeedError> {
    if !verified.policy.environments.contains_key(&query.env) {
        let known = verified.policy.environments.keys().cloned().collect();
        return Err(DeedError::NoEnvironment { env: query.env.clone(), known });
    }
    let mine = || verified.disputes.keys().filter(|address| address.env == query.env);
    for target in &query.targets {
        let meant = |address: &&Address| match target {
            Target::Key(key) => address.key == key.item(),
            Target::InFile(path, key) => address.path == *path && address.key == key.item(),
            Target::File(path) => address.path == *path,
        };
        let found: Vec<_> = mine().filter(meant).collect();
        match (found.as_slice(), target) {
            ([], _) => {}
            ([_], _) | (_, Target::File(_)) => return Ok(found),
            _ => {
                return Err(DeedError::Ambiguous {
                    env: query.env.clone(),
                    text: text.to_owned(),
                    found: found.into_iter().cloned().collect(),
                });
            }
        }
    }
    Err(DeedError::Refuse {
        what: format!("`{text}` is in no dispute"),
        instead: Some("tenure check".to_owned()),
    })
}

/// The item that ends a dispute.
fn item(
    verified: &Verified<'_>,
    address: &Address,
    dispute: &Dispute<'_>,
    choice: Choice,
) -> Result<Item, DeedError> {
    let origin = |side: &Side<'_>| Origin {
        entry: verified.record.entries[side.live.entry].id,
        address: address.clone(),
    };
    if let Some(side) = choice.side(dispute).filter(|side| side.outcome().is_some()) {
        return Ok(Item { op: Op::Adopt, of: Some(origin(side)), ..side.live.item.clone() });
    }
    let of = dispute.sides.iter().rev().find(|side| side.outcome().is_some());
    let of = of.or(dispute.sides.last()).map(origin);
    Ok(Item {
        op: Op::Delete,
        key: address.key.clone(),
        of: Some(of.ok_or(DeedError::Aborted)?),
        generation: None,
        kind: None,
        due: None,
        hash: None,
    })
}

/// Adds an item to the change of its file.
pub(super) fn add(changes: &mut Vec<FileChange>, address: &Address, item: Item) {
    let same = |change: &&mut FileChange| change.env == address.env && change.path == address.path;
    match changes.iter_mut().find(same) {
        Some(change) => change.items.push(item),
        None => changes.push(FileChange {
            env: address.env.clone(),
            path: address.path.clone(),
            items: vec![item],
        }),
    }
}

fn ending(
    verified: &Verified<'_>,
    address: &Address,
    dispute: &Dispute<'_>,
    choice: Choice,
) -> Ending {
    let told = |side: &Side<'_>| {
        let signed = &verified.record.entries[side.live.entry];
        let stands = side.outcome().is_some();
        Told {
            entry: signed.id,
            by: signed.entry.by.clone(),
            time: signed.entry.time,
            reason: signed.entry.reason.clone(),
            op: if stands { side.live.item.op } else { Op::Delete },
            due: side.live.item.due.filter(|_| stands),
            holds: side.holds,
            here: side.outcome() == dispute.on_disk,
        }
    };
    let stays = choice.outcome(dispute) == dispute.on_disk;
    Ending {
        address: address.clone(),
        code: dispute.code,
        sides: dispute.sides.iter().map(told).collect(),
        taken: choice.position(),
        bytes: if stays { Bytes::Stay } else { Bytes::Change },
    }
}

/// The files of a loaded repository, as they lie there.
type Files = BTreeMap<RepoPath, Vec<u8>>;

/// Tells whether an address is a file that is sealed whole.
fn is_whole(address: &Address) -> bool {
    address.key == KeyPath::Whole
}
