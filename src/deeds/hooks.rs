//! Puts our hooks where git looks for them, in front of those that were there; and takes them away.

use std::path::PathBuf;

use super::DeedError;
use super::driver;
use super::load::Place;
use crate::world::{Amid, Hooks, Runner, World, Writes};

/// A hook of git's that we judge in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Before a commit.
    PreCommit,
    /// Before a merge without conflicts is committed.
    PreMergeCommit,
    /// Before a message is edited: the only one that git runs for what it commits again elsewhere.
    PrepareCommitMsg,
    /// When the message is there.
    CommitMsg,
    /// Before a push.
    PrePush,
}

impl Hook {
    /// All of them, in the order in which git runs them.
    pub const ALL: [Self; 5] = [
        Self::PreCommit,
        Self::PreMergeCommit,
        Self::PrepareCommitMsg,
        Self::CommitMsg,
        Self::PrePush,
    ];

    /// Its name, as git calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::PrepareCommitMsg => "prepare-commit-msg",
            Self::CommitMsg => "commit-msg",
            Self::PrePush => "pre-push",
        }
    }

    /// What it keeps from happening.
    #[must_use]
    pub fn stops(self) -> &'static str {
        match self {
            Self::PrePush => "push",
            _ => "commit",
        }
    }

    /// The command that gets past it once. `--no-verify` does not skip `prepare-commit-msg`.
    #[must_use]
    pub fn way_out(self, amid: Option<Amid>) -> String {
        match (self, amid) {
            (Self::PrePush, _) => "git push --no-verify".to_owned(),
            (Self::PrepareCommitMsg, None) => Self::PreCommit.way_out(Some(Amid::Prepared)),
            (_, None) => "git commit --no-verify".to_owned(),
            (_, Some(amid)) => format!("git -c core.hooksPath=/dev/null {}", amid.goes_on()),
        }
    }
}

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
    for hook in Hook::ALL {
        let script = script(hook, hooks.runner());
        if hooks.read(hook.name())?.is_none_or(|old| old != script.as_bytes()) {
            return Ok(false);
        }
    }
    Ok(true)
}

type Step = fn(&Hooks, Hook, Writes) -> Result<Turn, DeedError>;

fn turn(world: &World, step: Step) -> Result<Turned, DeedError> {
    let place = Place::find(world)?;
    let hooks = Hooks::of(&place.checkout)?;
    for hook in Hook::ALL {
        step(&hooks, hook, Writes::Dry)?;
    }
    let one = |hook: Hook| Ok::<_, DeedError>((hook.name(), step(&hooks, hook, world.writes)?));
    let turned = Hook::ALL.into_iter().map(one).collect::<Result<_, _>>()?;
    Ok(Turned { folder: hooks.folder().to_owned(), shared: hooks.is_shared(), hooks: turned })
}

fn kept(name: &str) -> String {
    format!("{name}.local")
}

fn is_ours(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).lines().any(|line| line == MARK)
}

fn install_one(hooks: &Hooks, hook: Hook, writes: Writes) -> Result<Turn, DeedError> {
    let (name, new) = (hook.name(), script(hook, hooks.runner()));
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

fn uninstall_one(hooks: &Hooks, hook: Hook, writes: Writes) -> Result<Turn, DeedError> {
    let name = hook.name();
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

/// The hook as a script. What git says on stdin of a push is said to both, the one that was there and ours. A
/// tenure that is missing, or that ends in another way than with its verdict, lets nothing pass.
fn script(hook: Hook, runner: Runner) -> String {
    let (name, stops) = (hook.name(), hook.stops());
    let kept = kept(name);
    let (is_there, run) = match runner {
        Runner::Git => ("-x", r#""$before" "$@""#),
        Runner::Husky => ("-f", r#"sh -e "$before" "$@""#),
    };
    let (take, give) = match hook {
        Hook::PrePush => (
            "pushed=$(cat)\nsay() { [ -z \"$pushed\" ] || printf '%s\\n' \"$pushed\"; }\n",
            "say 2>/dev/null | ",
        ),
        _ => ("", ""),
    };
    // Past all of them at once: where tenure is missing, every one of them blocks.
    let way_out = match hook {
        Hook::PrePush => hook.way_out(None),
        _ => format!("git -c core.hooksPath=/dev/null {stops}"),
    };
    let skipped = A_HOOK_CAN_BE_SKIPPED.replace('`', "\\`");
    format!(
        r#"#!/bin/sh
{MARK}
# `tenure hook uninstall` takes it away. What was here before is {kept}, and runs first.
blocked() {{
    echo "tenure: {stops} blocked: $1, so nothing was judged" >&2
    echo "  fix  $2, or skip the hooks once: {way_out}" >&2
    echo "{skipped}" >&2
    exit 1
}}
{take}before=$(dirname "$0")/{kept}
if [ {is_there} "$before" ]; then
    {give}{run} || exit $?
fi
command -v tenure >/dev/null 2>&1 || blocked "the program tenure is not found" "install tenure"
status=0
{give}tenure hook run {name} "$@" || status=$?
case $status in
    0 | 1 | [3-7]) exit $status ;;
    *) blocked "tenure ended with $status" "install tenure again" ;;
esac
"#
    )
}
