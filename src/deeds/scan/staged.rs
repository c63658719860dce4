//! What a commit of the index would bring.

use super::standards::Standards;
use super::texts::{Judge, Origin};
use super::values::Values;
use super::{ALLOW, GITLEAKS, Leak, Scanned};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::world::StagedChange;

/// Looks through the changes of the index against HEAD and, in a merge, against every side of it.
pub(super) fn scan(place: &Place<'_>) -> Result<Scanned, DeedError> {
    let standards = Standards::of(place)?;
    Ok(judged(place, &standards, &place.checkout.staged_changes()?, true)?.0)
}

/// Takes out of a text what must not be shown.
type Masked<'s> = Box<dyn Fn(&str) -> String + 's>;

/// Looks through some changes of the index by some standards; gives what masks the values that were looked for in
/// what else is said.
pub(in crate::deeds) fn look<'s>(
    place: &Place<'_>,
    standards: &'s Standards,
    changes: &[StagedChange],
) -> Result<(Scanned, Masked<'s>), DeedError> {
    let (scanned, judge) = judged(place, standards, changes, false)?;
    Ok((scanned, Box::new(move |text| judge.without_values(text))))
}

/// The same, and whether values in clear in managed files are told, which the hook judges by the log, and what of
/// the rules of others is not heeded.
fn judged<'s>(
    place: &Place<'_>,
    standards: &'s Standards,
    changes: &[StagedChange],
    clear: bool,
) -> Result<(Scanned, Judge<'s>), DeedError> {
    let mut judge = Judge::new(standards, Values::staged(place, changes)?);
    if clear {
        judge = judge.telling();
        judge.clear = true;
    }
    let is_changed = |path: &&str| changes.iter().any(|change| change.raw == path.as_bytes());
    judge.scanned.relaxed.extend([GITLEAKS, ALLOW].into_iter().filter(is_changed));
    let leaks = judge_changes(place, &mut judge, changes)?;
    Ok((judge.end(leaks), judge))
}

/// Judges what changes bring: what stood at the same path before, line by line, is no news.
fn judge_changes(
    place: &Place<'_>,
    judge: &mut Judge<'_>,
    changes: &[StagedChange],
) -> Result<Vec<Leak>, DeedError> {
    let mut leaks = Vec::new();
    for change in changes.iter().filter(|change| change.brings_path()) {
        let named = judge.path(Origin { path: &change.raw, commit: None });
        leaks.extend(judge.kept(named.into_iter().map(|(leak, _)| leak).collect()));
    }
    let changes: Vec<_> = changes.iter().filter(|change| change.brings_text()).collect();
    let ids = changes.iter().filter_map(|it| it.now.as_ref().map(|(_, id)| id.clone()));
    let ids: Vec<_> = ids.collect();
    place.checkout.each_blob_read(&ids, &mut |at, (_, content)| {
        let origin = Origin { path: &changes[at].raw, commit: None };
        let fresh = judge.read(origin, content)?;
        let news = judge.news(&place.checkout, changes[at], fresh)?;
        leaks.extend(judge.kept(news));
        Ok(())
    })?;
    Ok(leaks)
}
