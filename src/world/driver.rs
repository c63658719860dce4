//! Starts a command of the user's that is fed secrets, and hears it out: for a time, and only so much.

use std::ffi::{OsStr, OsString};
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process_group};
use zeroize::Zeroizing;

use super::WITHHELD;
use super::child::{ChildError, Ending};
use super::clock::Stopwatch;
use super::signals::Signals;
use crate::secret::Plaintext;

/// The variable that names the pipe of the second value.
pub const CURRENT: &str = "TENURE_CURRENT";

const NAP: Duration = Duration::from_millis(10);
/// How long a command that was told to end, and what holds its pipes after its end, is waited for.
const GRACE: Duration = Duration::from_secs(2);

/// A command and how it is started.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// A shell command, as `EDITOR` is one.
    pub command: &'a OsStr,
    /// What it is given as arguments.
    pub args: &'a [OsString],
    /// Where it starts.
    pub folder: &'a Path,
    /// How long it may take.
    pub limit: Duration,
    /// How many bytes of its stdout are taken, and of its stderr.
    pub room: usize,
}

/// What a command is fed, by pipes alone.
#[derive(Debug, Clone, Copy)]
pub struct Fed<'a> {
    /// What it reads on its stdin.
    pub stdin: &'a Plaintext,
    /// What it reads from the file that [`CURRENT`] names.
    pub current: Option<&'a Plaintext>,
}

/// What a command said.
#[derive(Debug)]
pub struct Heard {
    /// How it ended; none where its time was over, and it was killed with all that it had started.
    pub ending: Option<Ending>,
    /// Its stdout.
    pub stdout: Stream,
    /// Its stderr.
    pub stderr: Stream,
}

/// What came out of a pipe.
#[derive(Debug)]
pub struct Stream {
    /// As much of it as there was room for.
    pub bytes: Plaintext,
    /// Whether that is all, up to the end.
    pub is_whole: bool,
}

impl Call<'_> {
    /// Starts the command in a process group of its own, so that all of it can be ended, and awaits its end.
    ///
    /// # Errors
    /// [`ChildError::Interrupted`] where somebody ended us: the command is ended first.
    pub fn run(&self, fed: Fed<'_>) -> Result<Heard, ChildError> {
        let lost = |source| ChildError::Lost { program: self.name(), source };
        let signals = Signals::catch().ok_or_else(|| lost(io::ErrorKind::Other.into()))?;
        let mut shell = self.shell();
        let second = fed.current.map(|value| pipe_to(&mut shell, value)).transpose();
        let second = second.map_err(lost)?;
        let child = shell.spawn();
        let mut child =
            child.map_err(|source| ChildError::NotExecutable { program: self.name(), source })?;
        if let Some((reader, writer, value)) = second {
            drop(reader);
            feed(writer, &value);
        }
        if let Some(stdin) = child.stdin.take() {
            feed(stdin, fed.stdin);
        }
        let ears = (
            child.stdout.take().map(|pipe| Ear::to(pipe, self.room)),
            child.stderr.take().map(|pipe| Ear::to(pipe, self.room)),
        );
        let ended = await_end(&mut child, self.limit, &signals).map_err(lost)?;
        let since = Stopwatch::start();
        let hear = |ear: Option<Ear>| ear.map_or_else(Stream::nothing, |ear| ear.end(since));
        let (stdout, stderr) = (hear(ears.0), hear(ears.1));
        match ended {
            End::Stopped(signal) => Err(ChildError::Interrupted { program: self.name(), signal }),
            End::Late => Ok(Heard { ending: None, stdout, stderr }),
            End::Own(status) => Ok(Heard { ending: Some(ending(status)), stdout, stderr }),
        }
    }

    fn shell(&self) -> Command {
        let mut script = OsString::from(self.command);
        script.push(" \"$@\"");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).arg(self.command).args(self.args);
        shell.current_dir(self.folder).process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in WITHHELD.iter().chain([&CURRENT]) {
            shell.env_remove(name);
        }
        shell
    }

    fn name(&self) -> String {
        self.command.to_string_lossy().escape_debug().to_string()
    }
}

/// Makes a pipe that a command inherits, and says where it finds it.
fn pipe_to(
    shell: &mut Command,
    value: &Plaintext,
) -> io::Result<(PipeReader, PipeWriter, Plaintext)> {
    let (reader, writer) = io::pipe()?;
    fcntl_setfd(&reader, FdFlags::empty())?;
    shell.env(CURRENT, format!("/dev/fd/{}", reader.as_raw_fd()));
    Ok((reader, writer, copy(value)))
}

fn copy(value: &Plaintext) -> Plaintext {
    Plaintext::from(value.expose().to_vec())
}

/// Writes from a thread of its own: a command may read late, or never.
fn feed(mut pipe: impl io::Write + Send + 'static, value: &Plaintext) {
    let value = copy(value);
    // It ends with the pipe at the latest, which nobody else holds open but the command.
    drop(thread::spawn(move || {
        let _closed_early = pipe.write_all(value.expose());
    }));
}

/// Listens to a pipe.
struct Ear {
    heard: Arc<Mutex<Zeroizing<Vec<u8>>>>,
    /// Gives whether there was room for all.
    listener: JoinHandle<bool>,
}

impl Ear {
    fn to(pipe: impl AsFd + Send + 'static, room: usize) -> Self {
        // All room at once: a vector that grows leaves copies behind.
        let heard = Arc::new(Mutex::new(Zeroizing::new(Vec::with_capacity(room))));
        let into = Arc::clone(&heard);
        Self { heard, listener: thread::spawn(move || listen(&pipe, &into, room)) }
    }

    /// What was heard by the end of the command; something that it left behind may hold the pipe open.
    fn end(self, since: Stopwatch) -> Stream {
        while !self.listener.is_finished() && since.elapsed() < GRACE {
            thread::sleep(NAP);
        }
        let is_whole = self.listener.is_finished() && self.listener.join().unwrap_or(false);
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = Plaintext::from(std::mem::take(&mut *heard));
        Stream { bytes, is_whole }
    }
}

impl Stream {
    fn nothing() -> Self {
        Self { bytes: Plaintext::from(Vec::new()), is_whole: true }
    }
}

/// Reads to the end, and keeps what there is room for.
fn listen(pipe: &impl AsFd, into: &Mutex<Zeroizing<Vec<u8>>>, room: usize) -> bool {
    let mut chunk = Zeroizing::new([0; 8 << 10]);
    let mut is_whole = true;
    loop {
        let count = match rustix::io::read(pipe, &mut chunk[..]) {
            Ok(0) => return is_whole,
            Ok(count) => count,
            Err(Errno::INTR) => continue,
            Err(_) => return false,
        };
        let mut heard = into.lock().unwrap_or_else(PoisonError::into_inner);
        let taken =
            count.min(room.saturating_sub(heard.len()).min(heard.spare_capacity_mut().len()));
        heard.extend_from_slice(&chunk[..taken]);
        is_whole &= taken == count;
    }
}

/// How waiting for a command ended.
enum End {
    Own(ExitStatus),
    Late,
    Stopped(i32),
}

fn await_end(child: &mut Child, limit: Duration, signals: &Signals) -> io::Result<End> {
    let clock = Stopwatch::start();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Own(status));
        }
        let stopped = signals.stopped_by();
        if stopped.is_none() && clock.elapsed() < limit {
            thread::sleep(NAP);
            continue;
        }
        end_all(child)?;
        return Ok(stopped.map_or(End::Late, End::Stopped));
    }
}

/// Ends a command with all that it has started in its group: first asked to, then killed.
fn end_all(child: &mut Child) -> io::Result<()> {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let tell = |signal| group.map(|group| kill_process_group(group, signal));
    // The group has the number of its first process, which stays taken until that is awaited.
    let _gone = tell(Signal::TERM);
    let since = Stopwatch::start();
    while since.elapsed() < GRACE && is_running(group) {
        thread::sleep(NAP);
    }
    let _gone = tell(Signal::KILL);
    child.wait().map(drop)
}

/// Tells whether the first process of a group still runs; it is not awaited by that.
fn is_running(group: Option<Pid>) -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    group.is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), options), Ok(None)))
}

fn ending(status: ExitStatus) -> Ending {
    let signal = status.signal().and_then(|signal| u8::try_from(signal).ok());
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    signal.map_or(Ending::Status(code.unwrap_or(u8::MAX)), Ending::Signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Plaintext {
        Plaintext::from(value.to_owned())
    }

    fn call(script: &str, fed: (&str, Option<&str>), limit: u64) -> Heard {
        let (stdin, current) = (text(fed.0), fed.1.map(text));
        let command = OsString::from(script);
        let args = ["set".into(), "dev/A".into()];
        let (folder, limit) = (Path::new("/"), Duration::from_secs(limit));
        let call = Call { command: &command, args: &args, folder, limit, room: 1 << 10 };
        call.run(Fed { stdin: &stdin, current: current.as_ref() }).unwrap()
    }

    fn said(stream: &Stream) -> &str {
        stream.bytes.expose_text().unwrap()
    }

    #[test]
    fn a_command_gets_its_words_and_both_values_by_pipes() {
        let script = "f() { echo \"$@\"; cat; echo; cat \"$TENURE_CURRENT\"; }; f";
        let heard = call(script, ("new value", Some("old value")), 60);
        assert_eq!(heard.ending, Some(Ending::Status(0)));
        assert_eq!(said(&heard.stdout), "set dev/A\nnew value\nold value");
        let none = call("test -z \"$TENURE_CURRENT\" && exit 7; :", ("x", None), 60);
        assert_eq!(none.ending, Some(Ending::Status(7)));
    }

    #[test]
    fn what_a_command_does_not_read_holds_nobody_up() {
        let long = "x".repeat(1 << 20);
        let heard = call("exit 3; :", (&long, Some(&long)), 60);
        assert_eq!(heard.ending, Some(Ending::Status(3)));
    }

    #[test]
    fn only_so_much_is_heard_and_it_is_said_that_there_was_more() {
        let heard = call("head -c 5000 /dev/zero; echo why >&2; :", ("", None), 60);
        assert_eq!((heard.stdout.bytes.len(), heard.stdout.is_whole), (1 << 10, false));
        assert_eq!((said(&heard.stderr), heard.stderr.is_whole), ("why\n", true));
        let heard = call("head -c 1024 /dev/zero; :", ("", None), 60);
        assert_eq!((heard.stdout.bytes.len(), heard.stdout.is_whole), (1 << 10, true));
    }

    #[test]
    fn a_command_that_takes_too_long_is_ended_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; wait; :", file.display());
        let heard = call(&script, ("", None), 1);
        assert_eq!(heard.ending, None);
        let pid: i32 = std::fs::read_to_string(file).unwrap().trim().parse().unwrap();
        let alive = |pid| rustix::process::test_kill_process(Pid::from_raw(pid).unwrap()).is_ok();
        // It has no parent any more, and is buried by whoever takes that place.
        let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(!alive(pid) || stat().contains(") Z "), "{}", stat());
    }

    #[test]
    fn what_a_command_leaves_behind_is_not_waited_for() {
        let heard = call("sleep 5 & echo done; :", ("", None), 60);
        assert_eq!((said(&heard.stdout), heard.stdout.is_whole), ("done\n", false));
    }
}
