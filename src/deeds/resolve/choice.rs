//! Which side of a dispute is taken: what stands on disk, or what the user says; never one that is sealed
//! with a keyring that does not count, since nobody could read it.

use crate::deeds::DeedError;
use crate::names::{Address, KeyPath, Sha256, quoted};
use crate::verify::{Dispute, Side, Verified};

/// What the user says where nothing is to stand.
const NOTHING: &str = "none";

/// What is taken.
#[derive(Debug, Clone, Copy)]
pub(super) enum Choice {
    /// One of the sides.
    Side(usize),
    /// That nothing stands there, which no side says.
    Nothing,
}

impl Choice {
    pub(super) fn position(self) -> Option<usize> {
        match self {
            Self::Side(at) => Some(at),
            Self::Nothing => None,
        }
    }

    pub(super) fn side<'d, 'r>(self, dispute: &'d Dispute<'r>) -> Option<&'d Side<'r>> {
        dispute.sides.get(self.position()?)
    }

    /// What stands then; none where nothing does.
    pub(super) fn outcome(self, dispute: &Dispute<'_>) -> Option<Sha256> {
        self.side(dispute)?.outcome()
    }
}

/// Chooses a side. Where nobody could read what stands on disk, that is what stood before.
///
/// # Errors
/// [`DeedError::Refuse`] where what stands on disk is none of them, or more than one with different
/// deadlines; or where the user names an entry that says nothing of this address, or seals it with a
/// keyring that does not count.
pub(super) fn choose(
    verified: &Verified<'_>,
    address: &Address,
    dispute: &Dispute<'_>,
    take: Option<&str>,
) -> Result<Choice, DeedError> {
    let sides = || dispute.sides.iter().enumerate();
    let id = |side: &Side<'_>| verified.record.entries[side.live.entry].id.to_string();
    let found: Vec<_> = match take {
        Some(NOTHING) => match sides().find(|(_, side)| side.outcome().is_none()) {
            Some((at, _)) => return Ok(Choice::Side(at)),
            None => return Ok(Choice::Nothing),
        },
        Some(take) => sides().filter(|(_, side)| id(side).starts_with(take)).collect(),
        None => sides().filter(|(_, side)| side.outcome() == dispute.on_disk).collect(),
    };
    let readable = |side: &Side<'_>| {
        side.outcome().is_none() || verified.is_sealed_rightly(&address.env, side.live)
    };
    let nobodys = !found.is_empty() && found.iter().all(|(_, side)| !readable(side));
    let found: Vec<_> = match take {
        Some(_) if nobodys => return Err(unreadable(address)),
        None if nobodys => sides().filter(|(_, side)| side.holds && readable(side)).collect(),
        _ => found.into_iter().filter(|(_, side)| readable(side)).collect(),
    };
    let same = |a: &Side<'_>, b: &Side<'_>| {
        let terms = |side: &Side<'_>| (side.live.item.due, side.live.item.kind.clone());
        a.outcome() == b.outcome() && (a.outcome().is_none() || terms(a) == terms(b))
    };
    match found.as_slice() {
        [] if take.is_some() => {
            Err(refuse(verified, address, dispute, "that entry says nothing of"))
        }
        [] if nobodys => Err(unreadable(address)),
        [] => Err(refuse(verified, address, dispute, "what stands on disk is no side's value of")),
        [(first, one), rest @ ..] if rest.iter().all(|(_, other)| same(one, other)) => {
            // Of equal ones, one whose signer's word counts.
            let good = found.iter().find(|(_, side)| side.holds).map_or(*first, |(at, _)| *at);
            Ok(Choice::Side(good))
        }
        _ if nobodys => {
            let what = "nobody can read what stands on disk, and several stood before, of";
            Err(refuse(verified, address, dispute, what))
        }
        _ => Err(refuse(verified, address, dispute, "several entries name that value of")),
    }
}

/// What an address is called where it is in a dispute.
fn name(address: &Address) -> String {
    match &address.key {
        KeyPath::Whole => format!("{}/{}", address.env, address.path),
        _ => address.to_string(),
    }
}

fn unreadable(address: &Address) -> DeedError {
    let name = name(address);
    let quoted = quoted(&name);
    DeedError::Refuse {
        what: format!("that value of `{name}` is sealed with a keyring that does not count"),
        instead: Some(format!("tenure set {quoted}, or: tenure resolve {quoted} --take none")),
    }
}

fn refuse(
    verified: &Verified<'_>,
    address: &Address,
    dispute: &Dispute<'_>,
    what: &str,
) -> DeedError {
    let name = name(address);
    let side = |side: &Side<'_>| {
        let signed = &verified.record.entries[side.live.entry];
        let gone = if side.outcome().is_none() { ", who deleted it" } else { "" };
        format!("{} by {}{gone}", signed.id.short(), signed.entry.by)
    };
    let sides: Vec<_> = dispute.sides.iter().map(side).collect();
    DeedError::Refuse {
        what: format!("{what} `{name}`; there are {}", sides.join(" and ")),
        instead: Some(format!("tenure resolve {} --take ENTRY (or: none)", quoted(name))),
    }
}
