//! The user's own keys, in the order of design section 8, each read only when it is needed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ssh_key::PublicKey;

use crate::secret::Plaintext;
use crate::world::Environment;
use crate::world::terminal::{Terminal, TerminalError};

pub(super) mod file;
mod generate;
mod plugin;
mod sealed;
mod source;

pub use generate::{KeyPair, machine_identity, new_key_pair};
pub use plugin::plugin_recipients;

use sealed::Sealed;
use source::{Place, Source};

/// Why no key opens a file, or a key cannot be used. Holds no key material, not even a line of a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// None of the keys at hand is one that the file was sealed to.
    #[error("none of your keys opens it; tried: {}", tried.join(", "))]
    None { tried: Vec<String> },
    /// A key is named in the file, and yet does not open it.
    #[error("{place} is named in it and does not open it: the file is damaged")]
    Damaged { place: String },
    /// Not an age file, or its header is broken.
    #[error("it is no age file")]
    NotAge,
    /// A key that was given by name is not there or cannot be read.
    #[error("the key of {place} cannot be read")]
    Unreadable {
        place: String,
        #[source]
        source: std::io::Error,
    },
    /// What was given as a key is none.
    #[error("the key of {place} cannot be used{}: {why}", at_line(*line))]
    Malformed { place: String, line: Option<usize>, why: &'static str },
    /// The passphrase does not open the key.
    #[error("the passphrase does not open {place}")]
    Passphrase { place: String },
    /// Only a passphrase would open the key, and none could be asked for.
    #[error("{place} needs its passphrase")]
    Prompt {
        place: String,
        #[source]
        source: TerminalError,
    },
    /// The command of `TENURE_IDENTITY_CMD` failed.
    #[error("the command of {place} {what}")]
    Command { place: String, what: String },
    /// A plugin is not in `PATH`, or its name is none.
    #[error("the program `age-plugin-{name}` cannot be started")]
    Plugin { name: String },
    /// A plugin did not unwrap the file: another key's, no token plugged in, a wrong PIN.
    #[error("the plugin of {place} did not open it")]
    PluginFailed { place: String },
    /// What should be a plugin's recipient is none.
    #[error("`{text}` is no recipient of an age plugin")]
    PluginRecipient { text: String },
    /// A key is there already; none is ever overwritten.
    #[error("`{}` exists already", path.display())]
    Exists { path: PathBuf },
    /// A private key would lie in a git repository.
    #[error("`{}` lies in a git repository, where no private key belongs", folder.display())]
    InRepository { folder: PathBuf },
    /// A key could not be made or written.
    #[error("the key `{}` cannot be written", path.display())]
    Unwritable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A key could not be made.
    #[error("no key could be made")]
    Generate(#[source] ssh_key::Error),
}

fn at_line(line: Option<usize>) -> String {
    line.map(|line| format!(" (line {line})")).unwrap_or_default()
}

/// Where keys may be: the command line, the environment, the home.
#[derive(Debug, Default)]
pub struct KeyPlaces {
    /// `-i`, as often as it was given.
    pub given: Vec<PathBuf>,
    /// `TENURE_IDENTITY`: the key itself.
    pub identity: Option<Plaintext>,
    /// `TENURE_IDENTITY_FILE`.
    pub identity_file: Option<PathBuf>,
    /// `TENURE_IDENTITY_CMD`: a shell command that prints the key.
    pub identity_cmd: Option<OsString>,
    /// `SOPS_AGE_KEY`.
    pub sops_key: Option<Plaintext>,
    /// `SOPS_AGE_KEY_FILE`.
    pub sops_key_file: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, else `~/.config`.
    pub config: Option<PathBuf>,
    /// The home, for `~/.ssh`.
    pub home: Option<PathBuf>,
}

impl KeyPlaces {
    /// Takes the places, and the keys themselves, out of the environment; `given` are those of `-i`.
    #[must_use]
    pub fn take(given: Vec<PathBuf>, environment: &mut Environment) -> Self {
        Self {
            given,
            identity: environment.identity.take(),
            identity_file: environment.identity_file.take(),
            identity_cmd: environment.identity_cmd.take(),
            sops_key: environment.sops_age_key.take(),
            sops_key_file: environment.sops_age_key_file.take(),
            config: environment.config_home(),
            home: environment.home.clone(),
        }
    }
}

/// A key as it may be shown: for `whoami`, `doctor` and `init`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it came from, such as `~/.ssh/id_ed25519` or `TENURE_IDENTITY`.
    pub source: String,
    /// Its file, if it lies in one.
    pub path: Option<PathBuf>,
    /// `age1…` or `ssh-ed25519 AAAA…`; none where only a passphrase or a plugin could tell, and for
    /// kinds of SSH keys that age cannot seal to.
    pub recipient: Option<String>,
    /// The public key of an SSH key.
    pub public: Option<PublicKey>,
    /// `SHA256:…` of an SSH key.
    pub fingerprint: Option<String>,
    /// Whether it can sign: an SSH key.
    pub can_sign: bool,
    /// Whether it lies under a passphrase.
    pub encrypted: bool,
    /// Whether others than its owner may read its file.
    pub readable_by_others: bool,
}

/// The user's keys. Files are read when first needed; passphrases are asked for once.
pub struct Identities {
    sources: Vec<Source>,
    terminal: Terminal,
    opened_with: Vec<Found>,
}

impl Identities {
    /// Lines the places up in the design's order; reads nothing yet.
    #[must_use]
    pub fn new(places: KeyPlaces, terminal: Terminal) -> Self {
        let home = places.home.clone();
        let named = |name: &str, path| Source::new(name.to_owned(), Place::Named(path));
        let text = |name: &str, text| Source::new(name.to_owned(), Place::Text(text));
        let found = |path: PathBuf| Source::new(shown(&path, home.as_deref()), Place::Found(path));
        let mut sources = Vec::new();
        sources.extend(places.given.into_iter().map(|path| {
            let name = format!("-i {}", shown(&path, home.as_deref()));
            Source::new(name, Place::Named(path))
        }));
        sources.extend(places.identity.map(|key| text("TENURE_IDENTITY", key)));
        sources.extend(places.identity_file.map(|path| named("TENURE_IDENTITY_FILE", path)));
        sources.extend(places.identity_cmd.map(|command| {
            Source::new("TENURE_IDENTITY_CMD".to_owned(), Place::Command(command, terminal))
        }));
        sources.extend(places.sops_key.map(|key| text("SOPS_AGE_KEY", key)));
        sources.extend(places.sops_key_file.map(|path| named("SOPS_AGE_KEY_FILE", path)));
        if let Some(config) = places.config {
            let folder = config.join("tenure");
            sources.push(Source::new(shown(&folder, home.as_deref()), Place::Folder(folder)));
            sources.push(found(config.join("sops/age/keys.txt")));
        }
        if let Some(home) = &home {
            sources
                .extend(["id_ed25519", "id_rsa"].map(|name| found(home.join(".ssh").join(name))));
        }
        Self { sources, terminal, opened_with: Vec::new() }
    }

    /// The key of one file and no other.
    #[must_use]
    pub fn of_file(path: PathBuf, terminal: Terminal) -> Self {
        Self::new(KeyPlaces { given: vec![path], ..KeyPlaces::default() }, terminal)
    }

    /// Takes in a key that was made in this run.
    pub fn also(&mut self, path: &Path) {
        let name = path.display().to_string();
        self.sources.push(Source::new(name, Place::Named(path.to_owned())));
    }

    /// Opens an age file, such as a keyring, with the first key that fits.
    ///
    /// Keys that cost nothing are tried before those that need a command, a passphrase or a plugin;
    /// within each kind the design's order holds. A passphrase of an SSH key is asked for only where the
    /// file names that key. [`KeysError::None`] when no key fits; a key that was given by name and cannot
    /// be used is an error at once.
    pub fn open(&mut self, file: &[u8]) -> Result<Plaintext, KeysError> {
        let terminal = self.terminal;
        self.open_asking(file, &mut |name| {
            terminal
                .passphrase(name)
                .map_err(|source| KeysError::Prompt { place: name.to_owned(), source })
        })
    }

    /// Opens an age file with the keys that cost nothing: no command, passphrase or plugin; none where none
    /// of them fits.
    pub fn open_freely(&mut self, file: &[u8]) -> Result<Option<Plaintext>, KeysError> {
        let sealed = Sealed::read(file)?;
        for source in &mut self.sources {
            source.load(source::Commands::Wait)?;
            if let Some((clear, with)) = source.open_free(&sealed)? {
                self.opened_with = with;
                return Ok(Some(clear));
            }
        }
        Ok(None)
    }

    fn open_asking(&mut self, file: &[u8], ask: file::Ask<'_>) -> Result<Plaintext, KeysError> {
        let sealed = Sealed::read(file)?;
        // What went wrong with one key does not keep another from opening it, but is told in the end.
        let mut fault = None;
        for commands in [source::Commands::Wait, source::Commands::Run] {
            for source in self.sources.iter_mut().filter(|source| source.is_due(commands)) {
                source.load(commands)?;
                match source.open_free(&sealed) {
                    Ok(Some((clear, with))) => {
                        self.opened_with = with;
                        return Ok(clear);
                    }
                    Ok(None) => {}
                    Err(why) => fault = fault.or(Some(why)),
                }
            }
        }
        for source in &mut self.sources {
            match source.open_asking(&sealed, ask, self.terminal) {
                Ok(Some((clear, with))) => {
                    self.opened_with = with;
                    return Ok(clear);
                }
                Ok(None) => {}
                // The user wants out, and is not asked for the next one.
                Err(why @ KeysError::Prompt { source: TerminalError::Aborted { .. }, .. }) => {
                    return Err(why);
                }
                Err(why) => fault = fault.or(Some(why)),
            }
        }
        Err(fault.unwrap_or_else(|| KeysError::None { tried: self.tried() }))
    }

    /// The key that opened the last file; several where they lie in one locked file. It says who it is only
    /// where its public half does.
    #[must_use]
    pub fn opened_with(&self) -> &[Found] {
        &self.opened_with
    }

    /// Shows the keys at hand without asking for anything or starting a program.
    ///
    /// So `TENURE_IDENTITY_CMD` is left out until a file was opened with it. A key that was given by name
    /// and cannot be used is an error.
    pub fn public(&mut self) -> Result<Vec<Found>, KeysError> {
        for source in &mut self.sources {
            source.load(source::Commands::Wait)?;
        }
        Ok(self.sources.iter().flat_map(Source::found).collect())
    }

    /// Tells which files in the places for keys are not usable as keys, and why; for `doctor`.
    pub fn faults(&mut self) -> Result<Vec<KeysError>, KeysError> {
        for source in &mut self.sources {
            source.load(source::Commands::Wait)?;
        }
        Ok(self.sources.iter_mut().flat_map(Source::take_faults).collect())
    }

    /// The SSH keys at hand, for the signer; places after the one with a wanted key are not read.
    pub(super) fn ssh_keys(
        &mut self,
        wanted: &dyn Fn(&PublicKey) -> bool,
    ) -> Result<Vec<SshAtHand<'_>>, KeysError> {
        for source in &mut self.sources {
            source.load(source::Commands::Wait)?;
            if source.ssh_keys().iter().any(|key| wanted(key.public)) {
                break;
            }
        }
        Ok(self.sources.iter().flat_map(Source::ssh_keys).collect())
    }

    fn tried(&self) -> Vec<String> {
        self.sources.iter().flat_map(Source::tried).collect()
    }
}

/// An SSH key that may sign.
pub(super) struct SshAtHand<'a> {
    pub(super) name: &'a str,
    pub(super) public: &'a PublicKey,
    pub(super) path: Option<&'a Path>,
    /// The key itself where it is in memory and can sign in this process.
    pub(super) private: Option<&'a ssh_key::PrivateKey>,
    /// Whether its passphrase was given in this run.
    pub(super) unlocked: bool,
}

/// A public key as kind and body, without its comment: as a policy has it.
fn public_line(public: &PublicKey) -> Option<String> {
    let bare = PublicKey::new(public.key_data().clone(), "").to_openssh().ok()?;
    Some(bare.trim_end().to_owned())
}

/// A path as people write it, with `~`.
fn shown(path: &Path, home: Option<&Path>) -> String {
    let below = home.and_then(|home| path.strip_prefix(home).ok());
    let text = match below {
        Some(below) => format!("~/{}", below.display()),
        None => path.display().to_string(),
    };
    crate::world::terminal::printable(&text)
}

#[cfg(test)]
mod tests;
