//! One place where keys may be, read at most once.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::file::{Ask, Key, SshKey, parse};
use super::plugin::identity as plugin_identity;
use super::sealed::Sealed;
use super::{Found, KeysError, SshAtHand, public_line, shown};
use crate::secret::Plaintext;
use crate::world::terminal::Terminal;
use crate::world::wiped;

/// The largest key file that is read; real ones have a few kilobytes.
const LIMIT: usize = 1 << 20;

/// Where one or several keys are.
pub(super) enum Place {
    /// The key itself, from a variable.
    Text(Plaintext),
    /// A file that the user named: it must be there and hold a key.
    Named(PathBuf),
    /// A file where keys usually are.
    Found(PathBuf),
    /// A folder of such files.
    Folder(PathBuf),
    /// A shell command of the user's that prints the key.
    Command(OsString, Terminal),
    /// Read already.
    Spent,
}

/// Whether commands are run now or left for later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Commands {
    Wait,
    Run,
}

/// What was opened, and the key that did it.
pub(super) type Opened = (Plaintext, Vec<Found>);

/// A key and what to call it.
struct Held {
    name: String,
    path: Option<PathBuf>,
    key: Key,
}

/// A place, and the keys in it once it was read.
pub(super) struct Source {
    name: String,
    place: Place,
    held: Vec<Held>,
    faults: Vec<KeysError>,
}

impl Source {
    pub(super) fn new(name: String, place: Place) -> Self {
        Self { name, place, held: Vec::new(), faults: Vec::new() }
    }

    /// Whether this pass is the one to try its keys in: a command's have a pass of their own, once.
    pub(super) fn is_due(&self, commands: Commands) -> bool {
        commands == Commands::Wait || matches!(self.place, Place::Command(..))
    }

    /// Reads the place, if that has not been done.
    pub(super) fn load(&mut self, commands: Commands) -> Result<(), KeysError> {
        if commands == Commands::Wait && matches!(self.place, Place::Command(..)) {
            return Ok(());
        }
        match std::mem::replace(&mut self.place, Place::Spent) {
            Place::Spent => Ok(()),
            Place::Text(text) => self.take(None, text),
            Place::Named(path) => {
                let bytes =
                    wiped::read_file(&path, LIMIT).map_err(|fault| self.unreadable(fault))?;
                self.take(Some(&path), bytes)
            }
            Place::Command(command, terminal) => {
                let text = run(&self.name, &command, terminal)?;
                self.take(None, text)
            }
            Place::Found(path) => {
                self.look_at(&path, &self.name.clone());
                Ok(())
            }
            Place::Folder(path) => {
                self.look_into(&path);
                Ok(())
            }
        }
    }

    fn take(&mut self, path: Option<&Path>, bytes: Plaintext) -> Result<(), KeysError> {
        let keys = parse(&self.name, path, bytes)?;
        self.hold(&self.name.clone(), path, keys);
        Ok(())
    }

    fn hold(&mut self, name: &str, path: Option<&Path>, keys: Vec<Key>) {
        let path = path.map(Path::to_owned);
        let held =
            keys.into_iter().map(|key| Held { name: name.to_owned(), path: path.clone(), key });
        self.held.extend(held);
    }

    /// Reads a file that nobody named: absent is fine, unusable is remembered for `doctor`.
    fn look_at(&mut self, path: &Path, name: &str) {
        let read = match wiped::read_file(path, LIMIT) {
            Err(fault) if fault.kind() == ErrorKind::NotFound => return,
            Err(source) => Err(KeysError::Unreadable { place: name.to_owned(), source }),
            Ok(bytes) => parse(name, Some(path), bytes),
        };
        match read {
            Ok(keys) => self.hold(name, Some(path), keys),
            Err(fault) => self.faults.push(fault),
        }
    }

    fn look_into(&mut self, folder: &Path) {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> =
            entries.map(|entry| entry.path()).filter(|path| may_hold(path)).collect();
        paths.sort();
        for path in paths {
            let file = path.file_name().map(Path::new).unwrap_or(&path);
            let name = format!("{}/{}", self.name, shown(file, None));
            self.look_at(&path, &name);
        }
    }

    fn unreadable(&self, source: io::Error) -> KeysError {
        KeysError::Unreadable { place: self.name.clone(), source }
    }

    /// Tries the keys that need nobody.
    pub(super) fn open_free(&self, sealed: &Sealed) -> Result<Option<Opened>, KeysError> {
        let mut fault = None;
        for held in self.held.iter().filter(|held| held.key.is_free()) {
            match held.try_on(sealed) {
                Ok(None) => {}
                Ok(Some(clear)) => return Ok(Some((clear, held.found()))),
                Err(why) => fault = Some(why),
            }
        }
        fault.map_or(Ok(None), Err)
    }

    /// Tries the keys that need a passphrase or a plugin.
    pub(super) fn open_asking(
        &mut self,
        sealed: &Sealed,
        ask: Ask<'_>,
        terminal: Terminal,
    ) -> Result<Option<Opened>, KeysError> {
        let mut fault = None;
        for held in self.held.iter_mut().filter(|held| !held.key.is_free()) {
            match held.ask_on(sealed, ask, terminal) {
                Ok(None) => {}
                Ok(Some(clear)) => return Ok(Some((clear, held.found()))),
                Err(why) => fault = fault.or(Some(why)),
            }
        }
        fault.map_or(Ok(None), Err)
    }

    /// Names what was looked at: each key, or the place where none was.
    pub(super) fn tried(&self) -> Vec<String> {
        if self.held.is_empty() {
            return vec![format!("{} (no key there)", self.name)];
        }
        let mut names: Vec<_> = self.held.iter().map(Held::name).collect();
        names.dedup();
        names
    }

    pub(super) fn found(&self) -> Vec<Found> {
        self.held.iter().flat_map(Held::found).collect()
    }

    pub(super) fn take_faults(&mut self) -> Vec<KeysError> {
        std::mem::take(&mut self.faults)
    }

    pub(super) fn ssh_keys(&self) -> Vec<SshAtHand<'_>> {
        self.held.iter().filter_map(Held::at_hand).collect()
    }
}

/// Leaves out public parts, hidden files and folders.
fn may_hold(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension() != Some(OsStr::new("pub")) && path.is_file()
}

/// Runs the user's own command through the shell, and takes what it prints.
fn run(name: &str, command: &OsStr, terminal: Terminal) -> Result<Plaintext, KeysError> {
    let fault = |what: String| KeysError::Command { place: name.to_owned(), what };
    let stdin = match terminal {
        Terminal::Person => Stdio::inherit(),
        Terminal::Piped | Terminal::Nobody => Stdio::null(),
    };
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(command)
        .env_remove("TENURE_IDENTITY_CMD")
        .stdin(stdin)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|_| fault("cannot be started".to_owned()))?;
    let printed = child.stdout.take().map(|stdout| wiped::drain(stdout, LIMIT));
    let status = child.wait().map_err(|_| fault("cannot be awaited".to_owned()))?;
    if !status.success() {
        return Err(fault(format!("failed ({status})")));
    }
    match printed {
        Some(Ok(text)) => Ok(text),
        _ => Err(fault("printed what cannot be read".to_owned())),
    }
}

impl Held {
    fn try_on(&self, sealed: &Sealed) -> Result<Option<Plaintext>, KeysError> {
        let Some(identity) = self.key.identity() else { return Ok(None) };
        sealed.open(&[identity]).map_err(|_| KeysError::Damaged { place: self.name() })
    }

    fn ask_on(
        &mut self,
        sealed: &Sealed,
        ask: Ask<'_>,
        terminal: Terminal,
    ) -> Result<Option<Plaintext>, KeysError> {
        let name = self.name();
        match &mut self.key {
            Key::Native(_) => Ok(None),
            Key::Plugin(identity) => with_plugin(identity, &name, sealed, terminal),
            Key::Ssh(key) => with_ssh(key, &name, sealed, ask),
            Key::Locked { .. } => {
                let keys = self.key.unlock(&name, ask)?;
                keys.iter().find_map(|key| with_opened(key, &name, sealed, terminal)).transpose()
            }
        }
    }

    fn name(&self) -> String {
        let fingerprint = match &self.key {
            Key::Ssh(key) => key.fingerprint(),
            _ => None,
        };
        match fingerprint {
            Some(fingerprint) => format!("{} ({fingerprint})", self.name),
            None => self.name.clone(),
        }
    }

    fn found(&self) -> Vec<Found> {
        match &self.key {
            Key::Native(identity) => vec![self.plain(Some(identity.to_public().to_string()))],
            Key::Plugin(_) => vec![self.plain(None)],
            Key::Locked { opened: None, .. } => {
                vec![Found { encrypted: true, ..self.plain(None) }]
            }
            Key::Locked { opened: Some(keys), .. } => keys
                .iter()
                .map(|key| match key {
                    Key::Native(identity) => Some(identity.to_public().to_string()),
                    _ => None,
                })
                .map(|recipient| Found { encrypted: true, ..self.plain(recipient) })
                .collect(),
            Key::Ssh(key) => vec![self.found_ssh(key)],
        }
    }

    fn found_ssh(&self, key: &SshKey) -> Found {
        let line = key.public.as_ref().and_then(public_line);
        Found {
            recipient: line.filter(|_| key.identity.is_some()),
            public: key.public.clone(),
            fingerprint: key.fingerprint(),
            can_sign: key.public.is_some(),
            encrypted: key.encrypted,
            ..self.plain(None)
        }
    }

    fn plain(&self, recipient: Option<String>) -> Found {
        Found {
            source: self.name.clone(),
            path: self.path.clone(),
            recipient,
            public: None,
            fingerprint: None,
            can_sign: false,
            encrypted: false,
            readable_by_others: self.path.as_deref().is_some_and(readable_by_others),
        }
    }

    fn at_hand(&self) -> Option<SshAtHand<'_>> {
        let Key::Ssh(key) = &self.key else { return None };
        Some(SshAtHand {
            name: &self.name,
            public: key.public.as_ref()?,
            path: self.path.as_deref(),
            private: key.signing(),
            unlocked: key.encrypted && key.signing().is_some(),
        })
    }
}

fn readable_by_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

fn with_ssh(
    key: &mut SshKey,
    name: &str,
    sealed: &Sealed,
    ask: Ask<'_>,
) -> Result<Option<Plaintext>, KeysError> {
    if !key.public.as_ref().is_some_and(|public| sealed.names(public)) {
        return Ok(None);
    }
    key.unlock(name, ask)?;
    let Some(identity) = &key.identity else { return Ok(None) };
    sealed.open(&[identity]).map_err(|_| KeysError::Damaged { place: name.to_owned() })
}

fn with_plugin(
    identity: &age::plugin::Identity,
    name: &str,
    sealed: &Sealed,
    terminal: Terminal,
) -> Result<Option<Plaintext>, KeysError> {
    let started = plugin_identity(identity, terminal)?;
    sealed.open(&[&started]).map_err(|fault| match fault {
        age::DecryptError::Plugin(_) | age::DecryptError::Io(_) => {
            KeysError::PluginFailed { place: name.to_owned() }
        }
        _ => KeysError::Damaged { place: name.to_owned() },
    })
}

fn with_opened(
    key: &Key,
    name: &str,
    sealed: &Sealed,
    terminal: Terminal,
) -> Option<Result<Plaintext, KeysError>> {
    let opened = match key {
        Key::Plugin(identity) => with_plugin(identity, name, sealed, terminal),
        _ => key.identity().map_or(Ok(None), |identity| {
            sealed.open(&[identity]).map_err(|_| KeysError::Damaged { place: name.to_owned() })
        }),
    };
    opened.transpose()
}
