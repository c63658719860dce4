//! In which state of a rotation a value is, and which step it may take. Mission, section F.

use crate::deeds::DeedError;
use crate::deeds::find::Names;
use crate::names::{Address, Stage, quoted};
use crate::policy::Strategy;
use crate::verify::Verified;

/// A step of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A new value in the place of the old one.
    InPlace,
    /// A new value beside the current one.
    Begin,
    /// The pending value becomes the current one, which stays beside it.
    Promote,
    /// The pending value goes, or the previous one comes back.
    Undo,
}

impl Step {
    /// How it is asked for, after the names of the secrets.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::InPlace => "",
            Self::Begin => " --begin",
            Self::Promote => " --promote",
            Self::Undo => " --undo",
        }
    }
}

/// What stands beside a current value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beside {
    /// A value that is to take its place.
    pub(super) pending: bool,
    /// The one whose place it took.
    pub(super) previous: bool,
}

impl Beside {
    /// Looks beside a value.
    pub(super) fn of(verified: &Verified<'_>, address: &Address) -> Self {
        let stands = |stage: Stage| {
            let beside = address.beside(stage);
            beside
                .is_some_and(|at| matches!(verified.stage(&at), Some((found, _)) if found == stage))
        };
        Self { pending: stands(Stage::Next), previous: stands(Stage::Previous) }
    }
}

/// The name of a value in commands.
pub(super) fn name(verified: &Verified<'_>, address: &Address) -> String {
    quoted(Names::of(verified.live.keys()).short(address)).to_string()
}

/// Insists that a value may take a step in its state.
///
/// # Errors
/// [`DeedError::Refuse`] with the state and the step that is possible.
pub(super) fn may(
    verified: &Verified<'_>,
    address: &Address,
    step: Step,
) -> Result<Beside, DeedError> {
    let name = |address: &Address| name(verified, address);
    let at = name(address);
    if let Some((stage, base)) = verified.stage(address) {
        let (of, then) = (
            name(&base),
            match stage {
                Stage::Next => "--promote, or --undo",
                Stage::Previous => "--finish, or --undo",
            },
        );
        let what = format!("{at} is the {} value of {of}", stage.word());
        return refuse(what, format!("tenure rotate {of} {then}"));
    }
    let beside = Beside::of(verified, address);
    let keeps_old = verified.strategy(address) == Some(Strategy::KeepOld);
    let (what, then) = match (step, beside) {
        (Step::InPlace | Step::Begin, Beside { pending: false, previous: true }) if keeps_old => (
            format!("the previous value of {at} stays to decrypt"),
            "--finish, once nothing needs it",
        ),
        (Step::InPlace | Step::Begin, Beside { pending: true, .. }) => {
            (format!("a pending value stands beside {at}"), "--promote, or --undo")
        }
        (Step::InPlace | Step::Begin, Beside { previous: true, .. }) => {
            (format!("the previous value of {at} has not been ended"), "--finish, or --undo")
        }
        (Step::Promote, Beside { pending: false, previous: true }) => {
            (format!("{at} has its new value already"), "--finish, or --undo")
        }
        (Step::Promote, Beside { pending: false, previous: false }) => {
            (format!("no pending value stands beside {at}"), "--begin")
        }
        (Step::Promote, Beside { pending: true, previous: true }) => {
            (format!("the previous value of {at} has not been ended"), "--finish")
        }
        (Step::Undo, Beside { pending: false, previous: false }) => {
            let what = format!("no rotation of {at} is under way");
            return refuse(what, verified.renewal(address));
        }
        (Step::InPlace | Step::Begin | Step::Promote | Step::Undo, beside) => return Ok(beside),
    };
    refuse(what, format!("tenure rotate {at} {then}"))
}

/// Insists that a value is neither in the middle of a rotation nor beside another one.
///
/// # Errors
/// [`DeedError::Refuse`] with the steps that end the rotation.
pub(in crate::deeds) fn at_rest(
    verified: &Verified<'_>,
    address: &Address,
) -> Result<(), DeedError> {
    may(verified, address, Step::InPlace).map(drop)
}

/// Insists that a value is not the pending or previous one of another.
///
/// # Errors
/// As [`at_rest`].
pub(in crate::deeds) fn stands_alone(
    verified: &Verified<'_>,
    address: &Address,
) -> Result<(), DeedError> {
    match verified.stage(address) {
        Some(_) => at_rest(verified, address),
        None => Ok(()),
    }
}

/// Insists that a value is none which decrypts what it encrypted: put over it, a new one would leave nothing that does.
///
/// # Errors
/// [`DeedError::Refuse`] with the rotation, which keeps it.
pub(in crate::deeds) fn keeps_to_decrypt(
    verified: &Verified<'_>,
    address: &Address,
) -> Result<(), DeedError> {
    if verified.strategy(address) != Some(Strategy::KeepOld) {
        return Ok(());
    }
    let at = name(verified, address);
    let what = format!("nothing would decrypt any more what {at} encrypted");
    refuse(what, format!("tenure rotate {at}, which keeps the old value"))
}

/// Insists that nothing pending stands beside a value.
///
/// # Errors
/// As [`at_rest`].
pub(in crate::deeds) fn awaits_nothing(
    verified: &Verified<'_>,
    address: &Address,
) -> Result<(), DeedError> {
    match Beside::of(verified, address).pending {
        true => at_rest(verified, address),
        false => Ok(()),
    }
}

/// Where a stage of a value stands, or goes.
///
/// # Errors
/// [`DeedError::Refuse`] for a place that has none, and where the policy's globs do not take its file.
pub(super) fn place(
    verified: &Verified<'_>,
    address: &Address,
    stage: Stage,
) -> Result<Address, DeedError> {
    let name = name(verified, address);
    let Some(beside) = address.beside(stage) else {
        return refuse(
            format!("nothing can stand beside {name}: it is no key that stands once"),
            format!("tenure rotate {name}"),
        );
    };
    if verified.policy.environment_of(&beside.path) != Some(&beside.env) {
        return refuse(
            format!("`{}` belongs to no environment, or to several", beside.path),
            format!("add \"{}\" to the files of [environments.{}]", beside.path, beside.env),
        );
    }
    Ok(beside)
}

pub(super) fn refuse<T>(what: String, instead: impl Into<Option<String>>) -> Result<T, DeedError> {
    Err(DeedError::Refuse { what, instead: instead.into() })
}
