//! Tokens that stood before with something beside them that is gone, or in a list with others: an entry has no hash
//! of theirs alone, so git's history is asked, of values alone whose old ones are no good any more.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::DeedError;
use super::load::Place;
use super::past::parsed;
use crate::document::{Document, Item, items};
use crate::finding::Finding;
use crate::log::entry::Op;
use crate::names::{Address, RepoPath};
use crate::verify::{FileForm, Verified};
use crate::world::{Blob, ObjectId};

/// A value that took the place of one which is no good any more.
struct Suspect<'v> {
    address: &'v Address,
    /// Its tokens that are not known to have stood before.
    fresh: BTreeSet<String>,
    found: Option<Finding>,
}

/// Finds the values that are signed as new ones, and of which git knows that all their tokens stood before.
///
/// # Errors
/// [`DeedError::World`] when git does not answer.
pub(super) fn replayed(
    place: &Place<'_>,
    verified: &Verified<'_>,
    today: Date,
) -> Result<Vec<Finding>, DeedError> {
    let mut suspects = suspects(verified, today);
    let paths: BTreeSet<&RepoPath> = suspects.iter().map(|it| &it.address.path).collect();
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let (paths, ids): (Vec<RepoPath>, Vec<ObjectId>) =
        place.checkout.versions_of(&paths)?.into_iter().unzip();
    place.checkout.each_blob(&ids, &mut |at, blob| {
        if let Blob::Bytes(bytes) = blob {
            let mine = suspects.iter_mut().filter(|it| it.address.path == paths[at]);
            look(verified, (&paths[at], &bytes), &mut mine.collect::<Vec<_>>());
        }
    })?;
    let stood = suspects.into_iter().filter(|it| it.fresh.is_empty());
    Ok(stood.filter_map(|it| it.found).collect())
}

fn suspects<'v>(verified: &'v Verified<'_>, today: Date) -> Vec<Suspect<'v>> {
    let mut suspects = Vec::new();
    for address in verified.succeeding(today) {
        let file = verified.files.get(&address.path).map(|file| &file.form);
        let Some(FileForm::Values(document)) = file else { continue };
        let mine = || document.leaves.iter().filter(|leaf| leaf.path.item() == address.key);
        let fresh: BTreeSet<_> =
            mine().filter_map(|leaf| document.token(leaf).map(str::to_owned)).collect();
        // A list that was carried on keeps some of what stood in it.
        let is_list = mine().any(|leaf| leaf.path != address.key);
        let carried = verified.live.get(address).is_some_and(|live| live.item.op != Op::New);
        if fresh.is_empty() || is_list && carried {
            continue;
        }
        suspects.push(Suspect { address, fresh, found: None });
    }
    suspects
}

/// Looks for tokens in one version of a file.
fn look(
    verified: &Verified<'_>,
    (path, bytes): (&RepoPath, &[u8]),
    suspects: &mut [&mut Suspect<'_>],
) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let has =
        |suspect: &&mut Suspect<'_>| suspect.fresh.iter().any(|it| text.contains(it.as_str()));
    if !suspects.iter().any(has) {
        return;
    }
    let Some(document) = parsed(path, bytes) else { return };
    let all = items(&document);
    for suspect in suspects {
        let Some(item) = all.get(&suspect.address.key) else { continue };
        let Some(found) = verified.stood_in(suspect.address, item.hash) else { continue };
        let old = tokens(&document, item);
        if suspect.fresh.iter().any(|token| old.contains(token.as_str())) {
            suspect.fresh.retain(|token| !old.contains(token.as_str()));
            suspect.found = Some(found);
        }
    }
}

fn tokens<'t>(document: &Document<'t>, item: &Item) -> BTreeSet<&'t str> {
    let leaves = item.leaves.iter().map(|at| &document.leaves[*at]);
    leaves.filter_map(|leaf| document.token(leaf)).collect()
}
