//! Puts our hooks where git looks for them, in front of those that were there; and takes them away.

use std::path::PathBuf;

use super::DeedError;
use super::driver;
use super::load::Place;
use crate::world::{Hooks, World, Writes};

/// What git runs before it commits, and before it commits a clean merge.
const NAMES: [&str; 2] = ["pre-commit", "pre-merge-commit"];

/// The line by which we know our own hooks.
const MARK: &str = "# A hook of tenure: it judges what is staged.";

/// The sentence that goes with every hook. Mission, section I, L10.
pub const A_HOOK_CAN_BE_SKIPPED: &str =
    "A hook can be skipped; `tenure check` in CI is the control.";

/// What became of one hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It was put there.
    Installed,
    /// It was put there, and runs first what was there before.
    Chained,
    /// It was there already, as it should be.
    Unchanged,
    /// It was taken away.
    Removed,
    /// It was taken away, and what was there before is back.
    Restored,
    /// There was none of ours.
    NotOurs,
}

/// What became of the hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// Where they lie.
    pub folder: PathBuf,
    /// Whether other repositories may use that folder too.
    pub shared: bool,
    /// Each hook.
    pub hooks: Vec<(&'static str, Turn)>,
}

impl Turned {
    /// Tells whether a hook of ours stands there now.
    #[must_use]
    pub fn stands(&self) -> bool {
        let ours = |turn| matches!(turn, Turn::Installed | Turn::Chained | Turn::Unchanged);
        self.hooks.iter().any(|(_, turn)| ours(*turn))
    }
}

/// Installs the hooks, and tells git how to merge and to show sealed files; what was there before is kept
/// beside them and run first.
///
/// # Errors
/// [`DeedError::Refuse`] where what was there before cannot be kept; nothing is changed then.
pub fn install(world: &World) -> Result<Turned, DeedError> {
    let turned = turn(world, install_one)?;
    if world.writes == Writes::Real {
        driver::install(&Place::find(world)?)?;
    }
    Ok(turned)
}

/// Takes the hooks away, and puts back what was there before.
///
/// # Errors
/// [`DeedError::World`].
pub fn uninstall(world: &World) -> Result<Turned, DeedError> {
    let turned = turn(world, uninstall_one)?;
    if world.writes == Writes::Real {
        driver::uninstall(&Place::find(world)?)?;
    }
    Ok(turned)
}

/// Tells which hooks are installed as they should be.
///
/// # Errors
/// [`DeedError::World`].
pub fn installed(place: &Place<'_>) -> Result<bool, DeedError> {
    let hooks = Hooks::of(&place.checkout)?;
    for name in NAMES {
        if hooks.read(name)?.is_none_or(|old| old != script(name).as_bytes()) {
            return Ok(false);
        }
    }
    Ok(true)
}

type Step = fn(&Hooks, &'static str, Writes) -> Result<Turn, DeedError>;

fn turn(world: &World, step: Step) -> Result<Turned, DeedError> {
    let place = Place::find(world)?;
    let hooks = Hooks::of(&place.checkout)?;
    for name in NAMES {
        step(&hooks, name, Writes::Dry)?;
    }
    let one = |name| Ok::<_, DeedError>((name, step(&hooks, name, world.writes)?));
    let turned = NAMES.into_iter().map(one).collect::<Result<_, _>>()?;
    Ok(Turned { folder: hooks.folder().to_owned(), shared: hooks.is_shared(), hooks: turned })
}

fn kept(name: &str) -> String {
    format!("{name}.local")
}

fn is_ours(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).lines().any(|line| line == MARK)
}

fn install_one(hooks: &Hooks, name: &'static str, writes: Writes) -> Result<Turn, DeedError> {
    let new = script(name);
    let old = hooks.read(name)?;
    let turn = match &old {
        Some(old) if old == new.as_bytes() => return Ok(Turn::Unchanged),
        Some(old) if !is_ours(old) => Turn::Chained,
        Some(_) | None => Turn::Installed,
    };
    let kept = kept(name);
    if turn == Turn::Chained && hooks.read(&kept)?.is_some() {
        return Err(DeedError::Refuse {
            what: format!("there is a `{name}` hook, and a `{kept}` already"),
            instead: Some(format!("move one away: {}", hooks.folder().join(&kept).display())),
        });
    }
    if writes == Writes::Dry {
        return Ok(turn);
    }
    if turn == Turn::Chained {
        hooks.rename(name, &kept)?;
    }
    if let Err(why) = hooks.write(name, new.as_bytes()) {
        if turn == Turn::Chained {
            hooks.rename(&kept, name)?;
        }
        return Err(why.into());
    }
    Ok(turn)
}

fn uninstall_one(hooks: &Hooks, name: &'static str, writes: Writes) -> Result<Turn, DeedError> {
    if !hooks.read(name)?.is_some_and(|old| is_ours(&old)) {
        return Ok(Turn::NotOurs);
    }
    let kept = kept(name);
    let turn = if hooks.read(&kept)?.is_some() { Turn::Restored } else { Turn::Removed };
    match (writes, turn) {
        (Writes::Dry, _) => {}
        // Takes the place of ours in one step.
        (Writes::Real, Turn::Restored) => hooks.rename(&kept, name)?,
        (Writes::Real, _) => hooks.remove(name)?,
    }
    Ok(turn)
}

fn script(name: &str) -> String {
    let kept = kept(name);
    format!(
        r#"#!/bin/sh
{MARK}
# `tenure hook uninstall` takes it away. What was here before is {kept}, and runs first.
before=$(dirname "$0")/{kept}
if [ -x "$before" ]; then
    "$before" "$@" || exit $?
fi
if ! command -v tenure >/dev/null 2>&1; then
    echo "tenure: commit blocked: the program tenure is not found, so nothing was judged" >&2
    echo "  fix  install tenure, or skip this hook once: git commit --no-verify" >&2
    echo "{skipped}" >&2
    exit 1
fi
exec tenure hook run
"#,
        skipped = A_HOOK_CAN_BE_SKIPPED.replace('`', "\\`"),
    )
}
