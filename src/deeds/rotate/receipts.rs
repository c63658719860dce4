//! What jobs were given, as they wrote it down themselves: nobody signed it, so it is declared.

use std::path::PathBuf;

use serde::Deserialize;

use crate::deeds::DeedError;
use crate::names::{Address, ConsumerName, EntryId, EnvName, MemberName};
use crate::verify::Verified;
use crate::world::{World, read_file};

/// A receipt that `run` wrote, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Receipt {
    root: Option<EntryId>,
    environment: EnvName,
    member: Option<MemberName>,
    values: Vec<Given>,
}

#[derive(Debug, Deserialize)]
struct Given {
    address: Address,
    made: String,
}

/// Reads receipts.
///
/// # Errors
/// [`DeedError::Refuse`] for a file that is none; [`DeedError::World`].
pub(super) fn read(world: &World, files: &[PathBuf]) -> Result<Vec<Receipt>, DeedError> {
    let one = |file: &PathBuf| {
        let bytes = read_file(&world.from.join(file))?;
        serde_json::from_slice(bytes.expose()).map_err(|_| DeedError::Refuse {
            what: format!("`{}` is no receipt of a run", file.display()),
            instead: Some("tenure run --receipt FILE writes one".to_owned()),
        })
    };
    files.iter().map(one).collect()
}

/// The consumers of a secret of whom no receipt shows that they were given the value at a place of it. A consumer is
/// known by the machine that it reads as.
pub(super) fn without(
    verified: &Verified<'_>,
    address: &Address,
    receipts: &[Receipt],
) -> Vec<ConsumerName> {
    let wanted = verified.live.get(address).map(|live| {
        let (entry, origin) = verified.record.origin_of(address, *live);
        format!("{}:{origin}", verified.record.entries[entry].id)
    });
    let shows = |receipt: &Receipt| {
        let root = receipt.root.is_some() && receipt.root == verified.record.root();
        let made = |given: &Given| Some(&given.made) == wanted.as_ref();
        let given = receipt.values.iter().any(|given| given.address == *address && made(given));
        root && receipt.environment == address.env && given
    };
    let has_one = |name: &&ConsumerName| {
        let member = verified.policy.consumers.get(*name).and_then(|it| it.member.as_ref());
        receipts.iter().any(|it| member.is_some() && it.member.as_ref() == member && shows(it))
    };
    let consumers = verified.policy.rule(address).used_by.iter();
    consumers.filter(|name| !has_one(name)).cloned().collect()
}
