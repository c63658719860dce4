//! The work tree as it lies there, and a text that is given.

use std::path::{Component, Path, PathBuf};

use super::standards::Standards;
use super::texts::Room;
use super::texts::{Judge, Origin};
use super::values::Values;
use super::{Leak, Scanned};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::world::{Stopwatch, Taker, World, WorldError, each_file_below, terminal};

/// Looks through the files that git tracks or would take, below some paths; through folders outside of any
/// repository by our own rules alone.
pub(super) fn scan(world: &World, below: &[PathBuf]) -> Result<Scanned, DeedError> {
    let place = Place::find(world);
    let is_ours = |path: &PathBuf| place.as_ref().is_ok_and(|it| it.checkout.is_inside(path));
    if !below.is_empty() && !below.iter().any(is_ours) {
        let standards = Standards::ours();
        let here: Vec<_> = below.iter().map(|path| plain(&world.from.join(path))).collect();
        let mut judge = Judge::new(&standards, None);
        judge.excuses = false;
        return take(judge, |taker| each_file_below(&here, taker));
    }
    let place = place.map_err(|why| match why {
        DeedError::World(WorldError::NoRepository { from }) => DeedError::Refuse {
            what: format!("`{}` is in no git repository", from.display()),
            instead: Some("tenure scan .".to_owned()),
        },
        other => other,
    })?;
    look(&place, &Standards::of(&place)?, below, Room::default())
}

/// Looks through files of the work tree by some standards, and tells as much as there is room for.
pub(super) fn look(
    place: &Place<'_>,
    standards: &Standards,
    below: &[PathBuf],
    room: Room,
) -> Result<Scanned, DeedError> {
    let values = standards.policy.as_ref().map(|policy| Values::of(place, policy)).transpose()?;
    let mut judge = Judge::new(standards, values).telling();
    (judge.clear, judge.is_all) = (true, below.is_empty());
    judge.room = room;
    take(judge, |taker| place.checkout.each_file(below, taker))
}

/// A path without `.` and `..`, by its text alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

fn take(
    mut judge: Judge<'_>,
    each: impl FnOnce(&mut Taker<'_>) -> Result<Vec<(String, &'static str)>, WorldError>,
) -> Result<Scanned, DeedError> {
    let mut leaks: Vec<Leak> = Vec::new();
    let skipped = each(&mut |path, content| {
        let origin = Origin { path, commit: None };
        let mut fresh = judge.path(origin);
        match judge.read(origin, content) {
            Ok(more) => fresh.extend(more),
            // One of many files, as far as it can be read; the others are worth a look.
            Err(_) => judge.skip(origin, "cannot be read to its end"),
        }
        leaks.extend(judge.kept(fresh.into_iter().map(|(leak, _)| leak).collect()));
        Ok(())
    })?;
    judge.scanned.skipped.extend(skipped);
    Ok(judge.done(leaks))
}

/// Looks through what comes on stdin as if it stood at a path; in a repository by its rules, else by ours alone.
///
/// # Errors
/// As [`super::scan`].
pub fn stdin(world: &World, path: &str) -> Result<Scanned, DeedError> {
    let watch = Stopwatch::start();
    let place = match Place::find(world) {
        Ok(place) => Some(place),
        Err(DeedError::World(WorldError::NoRepository { .. } | WorldError::Bare { .. })) => None,
        // Whose rules hold is not known, and ours alone are not all.
        Err(other) => return Err(other),
    };
    let standards = place.as_ref().map_or_else(|| Ok(Standards::ours()), Standards::of)?;
    let policy = standards.policy.as_ref();
    let values = place.as_ref().zip(policy).map(|(place, policy)| Values::of(place, policy));
    let mut judge = Judge::new(&standards, values.transpose()?).telling();
    judge.excuses = false;
    let origin = Origin { path: path.as_bytes(), commit: None };
    let fresh = judge.read(origin, &mut terminal::stdin())?;
    let mut scanned = judge.done(fresh.into_iter().map(|(leak, _)| leak).collect());
    scanned.took = watch.elapsed();
    Ok(scanned)
}
