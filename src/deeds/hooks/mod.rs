//! Puts our hooks where git looks for them, in front of those that were there; and takes them away.

use std::path::PathBuf;

use super::DeedError;
use super::driver;
use super::load::Place;
use crate::names::quoted;
use crate::world::{Amid, Hooks, World, Writes};
use script::{Added, Kind, script};

mod script;

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
    /// It was put there; what was there before is kept, and git did not run that either.
    Idle,
    /// It was put there anew, and runs first the lines that somebody had added to it.
    Moved,
    /// It was put there anew; as somebody had changed it, it is kept, and nobody runs that.
    Aside,
    /// It was there already, as it should be.
    Unchanged,
    /// It was taken away.
    Removed,
    /// It was taken away, and what was there before is back.
    Restored,
    /// It was taken away, but for the lines that somebody had added to it.
    Lessened,
    /// It was taken away; as somebody had changed it, it is kept, and nobody runs that.
    Retired,
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
    /// The folder as git is told of it, where each work tree and each clone has one of its own.
    pub relative: Option<String>,
    /// The other work trees in which git finds no hooks of ours.
    pub unguarded: Vec<PathBuf>,
}

impl Turned {
    /// Tells whether a hook of ours stands there now.
    #[must_use]
    pub fn stands(&self) -> bool {
        let gone = |turn| {
            let away = matches!(turn, Turn::Removed | Turn::Restored | Turn::NotOurs);
            away || matches!(turn, Turn::Lessened | Turn::Retired)
        };
        self.hooks.iter().any(|(_, turn)| !gone(*turn))
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
    if hooks.are_nowhere() {
        return Err(DeedError::Refuse {
            what: format!(
                "git looks for hooks in `{}`, which is no folder",
                hooks.folder().display()
            ),
            instead: Some("git config --unset core.hooksPath".to_owned()),
        });
    }
    for hook in Hook::ALL {
        step(&hooks, hook, Writes::Dry)?;
    }
    let one = |hook: Hook| Ok::<_, DeedError>((hook.name(), step(&hooks, hook, world.writes)?));
    let turned = Hook::ALL.into_iter().map(one).collect::<Result<_, _>>()?;
    let (folder, shared) = (hooks.folder().to_owned(), hooks.is_shared());
    let is_relative = place.checkout.has_relative_hooks()?;
    // Not husky's own folder, which it makes anew, but the one that people commit.
    let here = folder.strip_prefix(&place.checkout.root).ok().map(|it| it.display().to_string());
    let relative = here.filter(|_| is_relative);
    let mut unguarded = Vec::new();
    if relative.is_some() {
        for tree in place.checkout.other_work_trees()? {
            let there = hooks.of_other(&place.checkout, &tree);
            let is_ours = |hook: Hook| {
                let bytes = there.as_ref().map(|there| there.read(hook.name()));
                matches!(bytes, Some(Ok(Some(bytes))) if script::is_ours(hook, &bytes))
            };
            if !Hook::ALL.into_iter().all(is_ours) {
                unguarded.push(tree);
            }
        }
    }
    Ok(Turned { folder, shared, hooks: turned, relative, unguarded })
}

/// What is called so is run first.
fn kept(name: &str) -> String {
    format!("{name}.local")
}

/// What is called so is run by nobody.
fn aside(name: &str) -> String {
    format!("{name}.edited")
}

fn install_one(hooks: &Hooks, hook: Hook, writes: Writes) -> Result<Turn, DeedError> {
    let (name, new) = (hook.name(), script(hook, hooks.runner()));
    let old = hooks.read(name)?;
    let kept = kept(name);
    let (turn, added) = match old.as_deref().map(|old| Kind::of(hook, old)) {
        None | Some(Kind::Ours) if old.as_deref() == Some(new.as_bytes()) => {
            return Ok(Turn::Unchanged);
        }
        None | Some(Kind::Ours) => (Turn::Installed, None),
        Some(Kind::Added(added)) if hooks.read(&kept)?.is_none() => (Turn::Moved, Some(added)),
        Some(Kind::Added(_) | Kind::Edited) => (Turn::Aside, None),
        Some(Kind::Theirs) if hooks.runs(name) => (Turn::Chained, None),
        Some(Kind::Theirs) => (Turn::Idle, None),
    };
    let is_theirs = matches!(turn, Turn::Chained | Turn::Idle);
    if is_theirs && hooks.read(&kept)?.is_some() {
        let there = quoted(hooks.folder().join(&kept).display());
        return Err(DeedError::Refuse {
            what: format!("there is a `{name}` hook, and a `{kept}` already"),
            instead: Some(format!("mv {there} {there}.old, then: tenure hook install")),
        });
    }
    if turn == Turn::Aside {
        put_aside(hooks, name, old.as_deref().unwrap_or_default(), writes)?;
    }
    if writes == Writes::Dry {
        return Ok(turn);
    }
    if let Some(Added(lines)) = added {
        hooks.write(&kept, lines.as_bytes())?;
    }
    if is_theirs {
        hooks.rename(name, &kept)?;
    }
    if let Err(why) = hooks.write(name, new.as_bytes()) {
        if is_theirs {
            hooks.rename(&kept, name)?;
        }
        return Err(why.into());
    }
    Ok(turn)
}

/// Keeps a hook of ours as somebody changed it; what was kept so before is not written over.
fn put_aside(hooks: &Hooks, name: &str, old: &[u8], writes: Writes) -> Result<(), DeedError> {
    let aside = aside(name);
    match hooks.read(&aside)? {
        Some(before) if before == old => Ok(()),
        Some(_) => Err(DeedError::Refuse {
            what: format!("`{name}` was changed by hand, and there is a `{aside}` already"),
            instead: Some(format!("rm {}", quoted(hooks.folder().join(&aside).display()))),
        }),
        None if writes == Writes::Dry => Ok(()),
        None => Ok(hooks.write(&aside, old)?),
    }
}

fn uninstall_one(hooks: &Hooks, hook: Hook, writes: Writes) -> Result<Turn, DeedError> {
    let name = hook.name();
    let Some(old) = hooks.read(name)? else { return Ok(Turn::NotOurs) };
    let kept = kept(name);
    let is_kept = hooks.read(&kept)?.is_some();
    let (turn, added) = match Kind::of(hook, &old) {
        Kind::Theirs => return Ok(Turn::NotOurs),
        Kind::Ours if is_kept => (Turn::Restored, None),
        Kind::Ours => (Turn::Removed, None),
        Kind::Added(added) if !is_kept => (Turn::Lessened, Some(added)),
        Kind::Added(_) | Kind::Edited => (Turn::Retired, None),
    };
    if turn == Turn::Retired {
        put_aside(hooks, name, &old, writes)?;
    }
    match (writes, added) {
        (Writes::Dry, _) => {}
        (Writes::Real, Some(Added(lines))) => hooks.write(name, lines.as_bytes())?,
        // Takes the place of ours in one step.
        (Writes::Real, None) if is_kept => hooks.rename(&kept, name)?,
        (Writes::Real, None) => hooks.remove(name)?,
    }
    Ok(turn)
}
