//! What a deed is given of the outside: where, when, whose keys, and who is there to ask.

use std::cell::{RefCell, RefMut};
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use ssh_key::PublicKey;

use super::harden::Hardened;
use super::keys::{Identities, KeyPlaces};
use super::signer::{self, Signer, SignerError, SigningPlaces};
use super::terminal::{Prompts, Terminal, TerminalError};
use super::{Checkout, Environment, LARGEST, ObjectId, WorldError, wiped};
use crate::names::EntryId;
use crate::secret::Plaintext;

/// Whether questions were answered with yes beforehand (`--yes`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Ask.
    Ask,
    /// Take every question for answered with yes.
    Given,
}

/// Whether a change is only shown (`--dry-run`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// Done.
    Real,
    /// Shown, not done.
    Dry,
}

/// Whether what a deed has to say beside its answer is said (`--quiet`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notes {
    /// On stderr.
    Said,
    /// Nowhere.
    Kept,
}

/// What a run demands of the log beside its root: what a host could keep from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demands {
    /// `--min-policy`: the least number of the policy in force.
    pub min_policy: Option<u32>,
    /// `--base`: a revision whose entries must all be here.
    pub base: Option<String>,
    /// `--max-age`: how old the newest entry may be.
    pub max_age: Option<SignedDuration>,
}

/// As of when a run looks at the repository, where that is not now: a view, never a verdict on now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The UTC day by which dates are counted.
    pub day: Date,
    /// The commit that is read in place of the work tree.
    pub commit: Option<ObjectId>,
}

/// What the command line says of the outside.
#[derive(Debug)]
pub struct Settings {
    /// Where the program works: `-C`, else the current folder.
    pub from: PathBuf,
    /// The time, read once a run.
    pub now: Timestamp,
    /// `-i`, as often as it was given.
    pub identity_files: Vec<PathBuf>,
    /// `--root`.
    pub root: Option<EntryId>,
    /// `--min-policy`, `--base`, `--max-age`.
    pub demands: Demands,
    /// `--non-interactive`.
    pub prompts: Prompts,
    /// `--yes`.
    pub consent: Consent,
    /// `--dry-run`.
    pub writes: Writes,
    /// `--quiet`.
    pub notes: Notes,
    /// What `run` gives back to its child.
    pub hardened: Option<Hardened>,
}

/// The outside, as far as a deed needs it.
pub struct World {
    /// Where the program works.
    pub from: PathBuf,
    /// The time, read once a run.
    pub now: Timestamp,
    /// As of when the repository is looked at, where that is not now.
    pub view: Option<View>,
    /// The root that the command line names.
    pub root: Option<EntryId>,
    /// What else the command line demands of the log.
    pub demands: Demands,
    /// The variables of the process.
    pub environment: Environment,
    /// Who is there.
    pub terminal: Terminal,
    /// Whether questions were answered beforehand.
    pub consent: Consent,
    /// Whether changes are only shown.
    pub writes: Writes,
    notes: Notes,
    /// What a child gets back that takes the place of this process.
    pub hardened: Option<Hardened>,
    identities: RefCell<Identities>,
}

impl World {
    /// Puts variables and settings together; reads no key yet.
    #[must_use]
    pub fn new(mut environment: Environment, settings: Settings) -> Self {
        let prompts = if environment.ci { Prompts::Forbidden } else { settings.prompts };
        let terminal = Terminal::find(prompts);
        let places = KeyPlaces::take(settings.identity_files, &mut environment);
        Self {
            from: settings.from,
            now: settings.now,
            view: None,
            root: settings.root,
            demands: settings.demands,
            terminal,
            consent: settings.consent,
            writes: settings.writes,
            notes: settings.notes,
            hardened: settings.hardened,
            identities: RefCell::new(Identities::new(places, terminal)),
            environment,
        }
    }

    /// Says a line on stderr, unless the user wants quiet.
    ///
    /// # Errors
    /// [`TerminalError::Stream`] when stderr is gone.
    pub fn note(&self, message: &str) -> Result<(), TerminalError> {
        match self.notes {
            Notes::Said => self.terminal.say(message),
            Notes::Kept => Ok(()),
        }
    }

    /// Lends the user's keys.
    #[must_use]
    pub fn identities(&self) -> RefMut<'_, Identities> {
        self.identities.borrow_mut()
    }

    /// Finds the first key at hand that is one of the allowed; git is asked for its signing key last.
    ///
    /// # Errors
    /// Those of [`signer::find`].
    pub fn signer(
        &self,
        checkout: &Checkout,
        allowed: &[PublicKey],
    ) -> Result<Signer, SignerError> {
        let git_key = || match checkout.config("gpg.format")?.as_deref() {
            Some("ssh") => checkout.config("user.signingKey"),
            _ => Ok(None),
        };
        let places = SigningPlaces::of(&self.environment);
        signer::find(&mut self.identities(), &places, &git_key, allowed)
    }
}

/// Reads a file anywhere that the user named, such as one with a value.
///
/// # Errors
/// [`WorldError::Io`], [`WorldError::TooLarge`].
pub fn read_file(path: &std::path::Path) -> Result<Plaintext, WorldError> {
    let shown = path.display();
    let limit = usize::try_from(LARGEST).unwrap_or(usize::MAX);
    wiped::read_file(path, limit).map_err(WorldError::io("read", shown))
}

/// Reads a text that is no secret, from anywhere that the user named; none where there is no such file.
///
/// # Errors
/// [`WorldError::Io`], for what is no UTF-8 too.
pub fn read_text(path: &std::path::Path) -> Result<Option<String>, WorldError> {
    let bytes = match read_file(path) {
        Err(WorldError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Ok(None);
        }
        bytes => bytes?,
    };
    match bytes.expose_text() {
        Some(text) => Ok(Some(text.to_owned())),
        None => {
            let why = std::io::Error::from(std::io::ErrorKind::InvalidData);
            Err(WorldError::io("read", path.display())(why))
        }
    }
}

/// Tells whether a link lies at a path.
#[must_use]
pub fn is_link(path: &std::path::Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink())
}

/// The longest file with public keys.
const PUBLIC: usize = 64 << 10;

/// Reads a small text that is no secret, such as a public key, from anywhere that the user named.
///
/// # Errors
/// [`WorldError::Io`], for what is no UTF-8 too.
pub fn read_public(path: &std::path::Path) -> Result<String, WorldError> {
    let failed = WorldError::io("read", path.display());
    let bytes = match wiped::read_file(path, PUBLIC) {
        Ok(bytes) => bytes,
        Err(why) => return Err(failed(why)),
    };
    match bytes.expose_text() {
        Some(text) => Ok(text.to_owned()),
        None => Err(failed(std::io::Error::from(std::io::ErrorKind::InvalidData))),
    }
}

/// The folder that the program was started in.
///
/// # Errors
/// [`WorldError::Io`] when it is gone.
pub fn current_folder() -> Result<PathBuf, WorldError> {
    std::env::current_dir().map_err(WorldError::io("enter", "."))
}
