//! Puts new values where a rotation wants them: in the place of the old ones, or beside.

use std::collections::BTreeMap;

use super::desk::Desk;
use super::{Compared, state};
use crate::deeds::attest::Work;
use crate::deeds::find::Found;
use crate::deeds::sealing::Sealing;
use crate::deeds::set::{Said, Set, Wish, put};
use crate::deeds::{DeedError, ends};
use crate::names::{Address, Stage, TypeName};
use crate::policy::Strategy;
use crate::secret::Plaintext;

/// Puts new values beside the current ones, whose types they get.
pub(super) fn beside(
    sealing: Sealing<'_>,
    made: Vec<(Found, Plaintext)>,
    wish: &Wish,
    work: &mut Work,
) -> Result<Vec<Set>, DeedError> {
    let verified = sealing.verified;
    let mut pairs = Vec::new();
    let mut kinds: BTreeMap<Address, TypeName> = BTreeMap::new();
    for (found, value) in made {
        let next = state::place(verified, &found.address(), Stage::Next)?;
        let live = verified.live.get(&found.address());
        if let Some(kind) = live.and_then(|live| live.item.kind.clone()) {
            kinds.insert(next.clone(), kind);
        }
        pairs.push((super::at(next), value));
    }
    let pairs: Vec<_> = pairs_of(&pairs).collect();
    let kind = |address: &Address| kinds.get(address).cloned();
    put(sealing, &pairs, Said { kind: &kind, wish }, work)
}

/// Puts new values in the place of the old ones; of a type that keeps old ones to decrypt, these stay.
pub(super) fn in_place(
    sealing: Sealing<'_>,
    made: &[(Found, Plaintext)],
    wish: &Wish,
    work: &mut Work,
) -> Result<(Vec<Set>, Vec<Address>), DeedError> {
    let verified = sealing.verified;
    let keeps = |found: &Found| verified.strategy(&found.address()) == Some(Strategy::KeepOld);
    let pairs: Vec<_> = pairs_of(made).collect();
    if !made.iter().any(|(found, _)| keeps(found)) {
        return Ok((put(sealing, &pairs, Said { kind: &|_| None, wish }, work)?, Vec::new()));
    }
    let mut desk = Desk::of(sealing);
    let mut kept = Vec::new();
    for (found, value) in pairs {
        if keeps(found) {
            let previous = state::place(verified, &found.address(), Stage::Previous)?;
            desk.carry(&found.address(), &previous)?;
            kept.push(previous);
        }
        desk.put(found, value)?;
    }
    desk.finish(work)?;
    for change in work.changes.iter_mut().filter(|change| change.env == *sealing.env) {
        let here = |(found, _): &&(&Found, &Plaintext)| found.path == change.path;
        let mine: Vec<_> = pairs_of(made).filter(|pair| here(&pair)).collect();
        ends::heed(change, &mine, wish, sealing.today)?;
    }
    let item_at = |at: &Address| {
        let file = work.changes.iter().find(|it| it.env == at.env && it.path == at.path)?;
        file.items.iter().find(|item| item.key == at.key)
    };
    let readers: Vec<_> = verified.policy.readers(sealing.env).into_iter().cloned().collect();
    let set = |(found, value): &(Found, Plaintext)| {
        let address = found.address();
        let item = item_at(&address);
        Set {
            receipt: None,
            kind: item.and_then(|item| item.kind.clone()),
            due: item.and_then(|item| item.due),
            readers: readers.clone(),
            dropped: false,
            public: None,
            ends: ends::of(value, wish, sealing.today),
            locked: ends::is_locked(value, wish),
            compared: Compared::All,
            retyped: None,
            left_out: None,
            address,
        }
    };
    Ok((made.iter().map(set).collect(), kept))
}

fn pairs_of(made: &[(Found, Plaintext)]) -> impl Iterator<Item = (&Found, &Plaintext)> {
    made.iter().map(|(found, value)| (found, value))
}
