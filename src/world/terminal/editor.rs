//! The user's editor, on a file that never reaches a disk and is wiped on every way out.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{Terminal, TerminalError};
use crate::secret::Plaintext;
use crate::world::signals::Signals;
use crate::world::wiped::{self, Folder};
use crate::world::{Environment, WITHHELD};

const LIMIT: usize = 256 << 20;
const NAP: Duration = Duration::from_millis(10);
/// Naps that an editor gets to end after a signal, before it is killed: two seconds.
const GRACE: u32 = 200;

/// Which editor, and where its file may lie.
#[derive(Debug, Clone, Copy, Default)]
pub struct Editor<'a> {
    /// `VISUAL`, else `EDITOR`: a shell command; none means `vi`.
    pub command: Option<&'a OsStr>,
    /// `XDG_RUNTIME_DIR`; used where it is memory-backed.
    pub runtime: Option<&'a Path>,
    /// `TMPDIR`; used on macOS only.
    pub tmpdir: Option<&'a Path>,
}

impl<'a> Editor<'a> {
    /// Takes the editor and the folders from the environment.
    #[must_use]
    pub fn of(environment: &'a Environment) -> Self {
        Self {
            command: environment.editor.as_deref(),
            runtime: environment.xdg_runtime_dir.as_deref(),
            tmpdir: environment.tmpdir.as_deref(),
        }
    }

    /// Lets the user edit a text; none where the editor left it as it was.
    ///
    /// `suffix` is the end of the file's name, such as `.yaml`, by which editors choose their colours.
    pub fn edit(
        &self,
        terminal: Terminal,
        initial: &Plaintext,
        suffix: &str,
    ) -> Result<Option<Plaintext>, TerminalError> {
        if terminal != Terminal::Person && self.command.is_none() {
            return Err(TerminalError::Nobody { what: "an edit".to_owned() });
        }
        self.wipe_left();
        // From here on a signal only raises a flag, so that the folder is wiped before we go.
        let signals = Signals::catch().ok_or(TerminalError::Signals)?;
        let folder = Folder::make(&self.memory_folder()?)
            .map_err(|source| TerminalError::EditorFile { act: "made", source })?;
        let file = folder.path().join(format!("secret{suffix}"));
        write_new(&file, initial)
            .map_err(|source| TerminalError::EditorFile { act: "written", source })?;
        let status = self.open(&file, &signals);
        let edited = status.and_then(|status| match (signals.ended_by(), status.success()) {
            (Some(signal), _) => Err(TerminalError::Signalled { signal }),
            (None, false) => Err(TerminalError::EditorFailed),
            (None, true) => wiped::read_file_itself(&file, LIMIT)
                .map_err(|source| TerminalError::EditorFile { act: "read", source }),
        });
        folder.wipe().map_err(|source| TerminalError::EditorFile { act: "wiped", source })?;
        let edited = edited?;
        Ok((edited.expose() != initial.expose()).then_some(edited))
    }

    /// Runs the editor as git does, so that the command may hold arguments.
    fn open(&self, file: &Path, signals: &Signals) -> Result<ExitStatus, TerminalError> {
        let command = self.command.unwrap_or(OsStr::new("vi"));
        // In place of the shell where that is possible, so that a signal passed on reaches the editor.
        let mut script = OsString::from(if is_simple(command) { "exec " } else { "" });
        script.push(command);
        script.push(" \"$@\"");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).args([command, file.as_os_str()]);
        for name in WITHHELD {
            shell.env_remove(name);
        }
        let mut child = shell.spawn().map_err(TerminalError::EditorStart)?;
        await_end(&mut child, signals).map_err(TerminalError::EditorStart)
    }

    /// Wipes what killed edits left behind, wherever that may be; counts their folders.
    pub fn wipe_left(&self) -> usize {
        self.places().into_iter().flatten().map(wiped::wipe_left).sum()
    }

    /// Where the editor's folder may lie.
    fn places(&self) -> [Option<&'a Path>; 2] {
        match cfg!(target_os = "macos") {
            true => [self.tmpdir, None],
            false => [self.runtime, Some(Path::new("/dev/shm"))],
        }
    }

    /// Tells whether there is a memory-backed folder, without which nothing is edited.
    #[must_use]
    pub fn has_memory_folder(&self) -> bool {
        self.memory_folder().is_ok()
    }

    fn memory_folder(&self) -> Result<PathBuf, TerminalError> {
        if cfg!(target_os = "macos") {
            return self.tmpdir.map(Path::to_owned).ok_or(TerminalError::NoMemoryFolder);
        }
        self.places()
            .into_iter()
            .flatten()
            .find(|place| place.is_absolute() && is_memory(place))
            .map(Path::to_owned)
            .ok_or(TerminalError::NoMemoryFolder)
    }
}

/// Tells whether a folder lies on tmpfs or ramfs (statfs(2)) and can be written to.
#[cfg(target_os = "linux")]
fn is_memory(place: &Path) -> bool {
    const TMPFS: i128 = 0x0102_1994;
    const RAMFS: i128 = 0x8584_58f6;
    let writable = rustix::fs::access(place, rustix::fs::Access::WRITE_OK).is_ok();
    let kind = rustix::fs::statfs(place).ok().map(|found| i128::from(found.f_type));
    writable && matches!(kind, Some(TMPFS | RAMFS))
}

/// Other systems have no such folder that we know of.
#[cfg(not(target_os = "linux"))]
fn is_memory(_place: &Path) -> bool {
    false
}

/// Tells whether a command is words and blanks, without quotes, variables or settings.
fn is_simple(command: &OsStr) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b" /._-+:,@".contains(byte);
    command.as_encoded_bytes().iter().all(plain)
}

fn await_end(child: &mut Child, signals: &Signals) -> io::Result<ExitStatus> {
    let mut naps_left = GRACE;
    let mut told = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if signals.ended_by().is_some() {
            let signal = if naps_left == 0 { Signal::KILL } else { Signal::TERM };
            if !told || naps_left == 0 {
                pass_on(child, signal);
            }
            told = true;
            naps_left = naps_left.saturating_sub(1);
        }
        thread::sleep(NAP);
    }
}

fn pass_on(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // It may have ended meanwhile, which is what we want.
    let _ = pid.map(|pid| kill_process(pid, signal));
}

fn write_new(file: &Path, text: &Plaintext) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(text.expose())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Mutex;

    use signal_hook::consts::{SIGHUP, SIGTERM};

    use super::*;

    /// Signals are the process's, so these tests take turns.
    static TURN: Mutex<()> = Mutex::new(());

    /// Edits `a: 1` with a script that knows the place of a note and, as `$file`, the file.
    fn edit(script: &str) -> (Result<Option<Plaintext>, TerminalError>, String) {
        let place = tempfile::tempdir().unwrap();
        edit_with(&place.path().join("edit"), |path| path.to_owned(), script)
    }

    fn edit_with(
        path: &Path,
        quoted: impl Fn(&str) -> String,
        script: &str,
    ) -> (Result<Option<Plaintext>, TerminalError>, String) {
        let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let note = path.with_extension("note");
        let text = format!("#!/bin/sh\nfile=$2\necho \"$file\" > \"$1\"\n{script}");
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        let words = [path, &note].map(|path| quoted(path.to_str().unwrap()));
        let command = OsString::from(words.join(" "));
        let editor = Editor { command: Some(&command), runtime: None, tmpdir: None };
        let result = editor.edit(Terminal::Nobody, &Plaintext::from("a: 1\n".to_owned()), ".yaml");
        let file = fs::read_to_string(note).unwrap_or_default().trim().to_owned();
        assert!(file.is_empty() || !Path::new(&file).parent().unwrap().exists(), "not wiped");
        (result, file)
    }

    #[test]
    fn a_command_may_have_quotes_and_blanks() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("ed it");
        let (result, _) = edit_with(&path, |word| format!("'{word}'"), "echo b > \"$file\"");
        assert_eq!(result.unwrap().unwrap().expose(), b"b\n");
    }

    #[test]
    fn gives_the_edited_text_and_wipes_the_copies() {
        let (result, file) = edit("cp \"$file\" \"$file~\"; echo 'b: 2' >> \"$file\"");
        assert_eq!(result.unwrap().unwrap().expose(), b"a: 1\nb: 2\n");
        assert!(file.ends_with("/secret.yaml"), "{file}");
    }

    #[test]
    fn an_editor_that_renames_its_file_is_followed() {
        let (result, _) = edit("echo new > \"$file.tmp\"; mv \"$file.tmp\" \"$file\"");
        assert_eq!(result.unwrap().unwrap().expose(), b"new\n");
    }

    #[test]
    fn an_unchanged_text_is_none() {
        assert!(edit("true").0.unwrap().is_none());
    }

    #[test]
    fn a_failing_editor_and_a_deleted_file_take_nothing() {
        assert!(matches!(edit("exit 3").0, Err(TerminalError::EditorFailed)));
        assert!(matches!(edit("rm \"$file\"").0, Err(TerminalError::EditorFile { .. })));
    }

    #[test]
    fn the_file_is_for_its_owner_only_and_in_memory() {
        let (result, _) = edit(
            "stat -c %a \"$file\" $(dirname \"$file\") > \"$file.x\"; stat -f -c %T \"$file\" >> \"$file.x\"; mv \"$file.x\" \"$file\"",
        );
        assert_eq!(result.unwrap().unwrap().expose(), b"600\n700\ntmpfs\n");
    }

    #[test]
    fn a_signal_to_us_ends_the_editor_and_wipes_the_file() {
        let own = std::process::id();
        let began = std::time::Instant::now();
        let (result, file) = edit(&format!("kill -TERM {own}; exec sleep 30"));
        assert!(matches!(result, Err(TerminalError::Signalled { signal: SIGTERM })));
        assert!(!file.is_empty() && began.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn an_editor_that_ignores_signals_is_killed() {
        let own = std::process::id();
        let (result, _) = edit(&format!("trap '' TERM; kill -HUP {own}; exec sleep 30"));
        assert!(matches!(result, Err(TerminalError::Signalled { signal: SIGHUP })));
    }

    #[test]
    fn an_interrupt_is_the_editor_s_own_affair() {
        let own = std::process::id();
        let (result, _) = edit(&format!("kill -INT {own}; echo b > \"$file\""));
        assert_eq!(result.unwrap().unwrap().expose(), b"b\n");
    }
}
