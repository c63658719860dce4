//! Hermetic repositories: real git in temporary folders, and people with homes of their own.
//!
//! Nothing of the developer's own reaches a test: the environment is cleared and set anew for each
//! program that is started, never for the test process.

mod blank;
pub(crate) mod code;
pub(crate) mod growth;
pub(crate) mod pty;
pub(crate) mod readers;
pub(crate) mod twice;

use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

/// When every test takes place, unless it says otherwise.
pub(crate) const NOW: &str = "2026-01-01T00:00:00Z";

/// A person's clone of a repository, with a home of their own.
pub(crate) struct Repo {
    folder: Rc<TempDir>,
    name: String,
    now: String,
}

impl Repo {
    /// Makes an empty repository for one person.
    pub(crate) fn new() -> Self {
        let repo = Self::person(Rc::new(tempfile::tempdir().unwrap()), "ana");
        fs::create_dir(repo.path()).unwrap();
        repo.git(&["init", "--quiet"]).done();
        repo
    }

    fn person(folder: Rc<TempDir>, name: &str) -> Self {
        let repo = Self { folder, name: name.to_owned(), now: NOW.to_owned() };
        for part in [".config", ".local/state", "run", "tmp"] {
            fs::create_dir_all(repo.home().join(part)).unwrap();
        }
        fs::set_permissions(repo.home().join("run"), fs::Permissions::from_mode(0o700)).unwrap();
        let config = format!(
            "[user]\nname = {name}\nemail = {name}@example.com\n\
             [init]\ndefaultBranch = main\n[commit]\ngpgSign = false\n"
        );
        fs::write(repo.home().join(".gitconfig"), config).unwrap();
        repo
    }

    /// Gives a copy of all that lies in the folder of another one of the same person.
    pub(crate) fn copied(from: &Path) -> Self {
        let folder = Rc::new(tempfile::tempdir().unwrap());
        let source = from.join(".");
        let copied = Command::new("cp").arg("-a").arg(source).arg(folder.path()).status().unwrap();
        assert!(copied.success(), "cp -a {}", from.display());
        Self { folder, name: "ana".to_owned(), now: NOW.to_owned() }
    }

    /// Gives the folder that work tree and home lie in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Gives the time that programs are told.
    pub(crate) fn now(&self) -> &str {
        &self.now
    }

    /// Gives the same repository on another day: a date, or a whole RFC 3339 time.
    pub(crate) fn at(mut self, when: &str) -> Self {
        self.now = if when.contains('T') { when.to_owned() } else { format!("{when}T00:00:00Z") };
        self
    }

    /// Moves this person to another time, a whole RFC 3339 one.
    pub(crate) fn set_now(&mut self, when: &str) {
        when.clone_into(&mut self.now);
    }

    /// Gives the work tree.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(format!("{}-repo", self.name))
    }

    /// Gives the person's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join(format!("{}-home", self.name))
    }

    /// Writes a file of the work tree, with the folders above it.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Reads a file of the work tree as text.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// Makes an ed25519 key without passphrase at `~/.ssh/id_ed25519`; gives its public line.
    pub(crate) fn ssh_key(&self) -> String {
        let folder = self.home().join(".ssh");
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let file = folder.join("id_ed25519");
        let keygen = stock("ssh-keygen").expect("git's own tests need ssh-keygen too");
        let args = ["-q", "-t", "ed25519", "-N", "", "-C", &self.name, "-f"];
        self.command(keygen).args(&args).arg(&file).run().done();
        fs::read_to_string(file.with_extension("pub")).unwrap().trim().to_owned()
    }

    /// Runs tenure on a line of words without quotes.
    pub(crate) fn run(&self, line: &str) -> Outcome {
        self.tenure(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs tenure.
    pub(crate) fn tenure(&self, args: &[&str]) -> Outcome {
        self.command(env!("CARGO_BIN_EXE_tenure")).args(&["--now", &self.now]).args(args).run()
    }

    /// Runs tenure with bytes on its stdin.
    pub(crate) fn tenure_fed(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> Outcome {
        let command = self.command(env!("CARGO_BIN_EXE_tenure"));
        command.args(&["--now", &self.now]).args(args).feed(stdin)
    }

    /// Runs git.
    pub(crate) fn git(&self, args: &[&str]) -> Outcome {
        self.command(stock("git").expect("these tests need git")).args(args).run()
    }

    /// Commits all there is, past every hook: attackers do, and stories that want the hook say so.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]).done();
        self.git(&["commit", "--quiet", "--no-verify", "--message", message]).done();
    }

    /// Prepares a program in the work tree, with this person's environment and no other.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Prepared {
        let mut command = Command::new(program);
        let home = self.home();
        command.current_dir(self.path()).env_clear().env("PATH", path_with_tenure());
        command.env("HOME", &home).env("XDG_CONFIG_HOME", home.join(".config"));
        command.env("XDG_STATE_HOME", home.join(".local/state"));
        command.env("XDG_RUNTIME_DIR", home.join("run")).env("TMPDIR", home.join("tmp"));
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C").env("TZ", "UTC");
        command.env("GIT_AUTHOR_DATE", &self.now).env("GIT_COMMITTER_DATE", &self.now);
        Prepared { command, folder: self.folder.path().to_owned() }
    }
}

/// Several people with clones of one bare repository.
pub(crate) struct Team {
    folder: Rc<TempDir>,
}

impl Team {
    /// Makes the bare repository that all clone.
    pub(crate) fn new() -> Self {
        let folder = Rc::new(tempfile::tempdir().unwrap());
        let host = Repo::person(Rc::clone(&folder), "host");
        fs::create_dir(host.path()).unwrap();
        host.git(&["init", "--quiet", "--bare", "."]).done();
        Self { folder }
    }

    /// Gives a new person with a clone and an SSH key.
    pub(crate) fn person(&self, name: &str) -> Repo {
        let person = Repo::person(Rc::clone(&self.folder), name);
        fs::create_dir(person.path()).unwrap();
        person.git(&["clone", "--quiet", "../host-repo", "."]).done();
        person.ssh_key();
        person
    }
}

/// A program with its arguments and environment, about to be started.
pub(crate) struct Prepared {
    command: Command,
    folder: PathBuf,
}

impl Prepared {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Works in another folder: below the work tree, or anywhere.
    pub(crate) fn within(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Gives the bare command, for what is not offered here.
    pub(crate) fn raw(self) -> Command {
        self.command
    }

    /// Runs it with nothing on stdin.
    pub(crate) fn run(self) -> Outcome {
        self.feed("")
    }

    /// Runs it with bytes on stdin.
    pub(crate) fn feed(mut self, stdin: impl AsRef<[u8]>) -> Outcome {
        let pipes =
            self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let bytes = stdin.as_ref().to_vec();
        let feeder = std::thread::spawn(move || {
            // A program that does not read to the end closes the pipe; that is its right.
            let _closed_early = pipe.write_all(&bytes);
        });
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stdout_bytes: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            folder: self.folder,
        }
    }
}

/// How a program ended and what it said; prints with all that is random blanked.
pub(crate) struct Outcome {
    /// The exit code, or -1 after a signal.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stdout_bytes: Vec<u8>,
    pub(crate) stderr: String,
    folder: PathBuf,
}

impl Outcome {
    /// Insists on success.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, 0, "{self}");
        self
    }

    /// Reads the answer as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("exit {}\n", self.code);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                write!(text, "--- {name}\n{stream}")?;
                text.push_str(if stream.ends_with('\n') { "" } else { "\n" });
            }
        }
        f.write_str(&blank::blank(&text, &self.folder))
    }
}

/// Compares an [`Outcome`], or any text, with what a reader of the test sees beside it.
macro_rules! snapshot {
    ($outcome:expr, $($expected:tt)*) => {
        insta::assert_snapshot!($outcome.to_string(), $($expected)*)
    };
}
pub(crate) use snapshot;

/// Gives the path of a stock program, or ends the test with a word about what is missing.
macro_rules! skip {
    ($program:literal) => {
        match $crate::support::stock($program) {
            Some(path) => path,
            None => return $crate::support::skipped($program),
        }
    };
}
pub(crate) use skip;

/// Finds a program on the developer's `PATH`, as `which` does.
pub(crate) fn stock(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| {
        file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    })
}

/// Every file below a folder, sorted.
pub(crate) fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Says and counts that a test did not run; past libtest, which hides the prints of passing tests.
pub(crate) fn skipped(program: &str) {
    static SKIPPED: AtomicUsize = AtomicUsize::new(0);
    let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    say(&format!("skipped: `{program}` is missing ({count})"));
}

/// Says a line past libtest; in one write, so that no other test's line cuts into it.
pub(crate) fn say(line: &str) {
    let _unheard = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// The stock programs, and before them the built one, which hooks call by name.
fn path_with_tenure() -> std::ffi::OsString {
    let built = Path::new(env!("CARGO_BIN_EXE_tenure")).parent().unwrap().to_owned();
    let stock = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths([built].into_iter().chain(std::env::split_paths(&stock))).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_developers_own_reaches_a_program() {
        let repo = Repo::new();
        let printed = repo.command(skip!("env")).run();
        let own = repo.home().display().to_string();
        for line in printed.stdout.lines() {
            let (name, value) = line.split_once('=').unwrap();
            let known = ["PATH", "GIT_CONFIG_NOSYSTEM", "LC_ALL", "TZ", "PWD"].contains(&name);
            let dated = name.starts_with("GIT_") && value == NOW;
            assert!(known || dated || value.starts_with(&own), "{line}");
        }
    }

    #[test]
    fn a_team_shares_one_origin() {
        let team = Team::new();
        let (ana, ben) = (team.person("ana"), team.person("ben"));
        ana.write("notes/one.txt", "one\n");
        ana.commit("one");
        ana.git(&["push", "--quiet", "origin", "HEAD"]).done();
        ben.git(&["pull", "--quiet", "origin", "main"]).done();
        assert_eq!(ben.read("notes/one.txt"), "one\n");
        assert_ne!(ana.home(), ben.home());
        assert!(ben.ssh_key_exists());
    }

    #[test]
    fn what_a_test_feeds_arrives() {
        let fed = Repo::new().command(skip!("cat")).within("/").env("X", "1").feed("a\0b");
        assert_eq!(fed.done().stdout_bytes, b"a\0b");
    }

    #[test]
    fn a_test_chooses_its_day() {
        let repo = Repo::new().at("2027-02-20");
        repo.write("a", "");
        repo.commit("one");
        let day = repo.git(&["log", "--format=%as %cs"]).done();
        assert_eq!(day.stdout, "2027-02-20 2027-02-20\n");
    }

    #[test]
    fn answers_are_read_as_json() {
        let echoed = Repo::new().command(skip!("cat")).feed("{\"version\":1}");
        assert_eq!(echoed.json()["version"], 1);
    }

    #[test]
    fn a_missing_program_is_not_found() {
        assert_eq!(stock("no-such-program-anywhere"), None);
    }

    impl Repo {
        fn ssh_key_exists(&self) -> bool {
            self.home().join(".ssh/id_ed25519").is_file()
        }
    }
}
