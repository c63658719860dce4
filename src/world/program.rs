//! The `git` program, asked in a way that no configuration can change: plumbing only, no network, no
//! lock, no replaced objects, nothing started that a configuration names.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use super::{Environment, WorldError};

/// Variables that say which repository, or make git talk; ours are set in their stead.
const REPLACED: &[&str] = &["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"];

const FIXED: &[(&str, &str)] = &[
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
];

/// Tells whether a program is found in `PATH`.
#[must_use]
pub fn is_program(environment: &Environment, name: &str) -> bool {
    let folders = environment.path.iter().flat_map(std::env::split_paths);
    folders.map(|folder| folder.join(name)).any(|file| {
        file.metadata()
            .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    })
}

/// How `git` is called: in which folder and with which variables.
#[derive(Clone)]
pub(super) struct Program {
    folder: PathBuf,
    variables: Vec<(OsString, OsString)>,
}

impl Program {
    /// Lets git look for the repository itself, from this folder upwards.
    pub(super) fn searching(folder: &Path, variables: &[(OsString, OsString)]) -> Self {
        let variables = variables.iter().filter(|(name, _)| !disturbs(name)).cloned().collect();
        Self { folder: folder.to_owned(), variables }
    }

    /// Names the repository, so that git cannot find another one than we did.
    pub(super) fn at(mut self, root: &Path, git_dir: &Path, index: Option<&Path>) -> Self {
        self.variables.retain(|(name, _)| !REPLACED.iter().any(|replaced| name == replaced));
        let mut set = |name: &str, path: &Path| self.variables.push((name.into(), path.into()));
        set("GIT_DIR", git_dir);
        set("GIT_WORK_TREE", root);
        if let Some(index) = index {
            set("GIT_INDEX_FILE", index);
        }
        self.folder = root.to_owned();
        self
    }

    /// A variable as whoever started us has it.
    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
    }

    /// Makes the command, without starting it.
    pub(super) fn command<A: AsRef<OsStr>>(&self, args: &[A]) -> Command {
        let mut command = Command::new("git");
        command.args(["-c", "core.fsmonitor=false", "-c", "log.showSignature=false"]).args(args);
        command.current_dir(&self.folder).env_clear();
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).envs(FIXED.to_vec());
        command.stdin(Stdio::null());
        command
    }

    /// Runs git to its end, whatever its verdict.
    pub(super) fn run<A: AsRef<OsStr>>(&self, args: &[A]) -> Result<Output, WorldError> {
        self.command(args).output().map_err(WorldError::NoGit)
    }

    /// Runs git, which must succeed, and takes what it prints.
    pub(super) fn ask<A: AsRef<OsStr>>(
        &self,
        doing: &'static str,
        args: &[A],
    ) -> Result<Vec<u8>, WorldError> {
        let output = self.run(args)?;
        if output.status.success() { Ok(output.stdout) } else { Err(refused(doing, &output)) }
    }
}

/// Runs a command to its end, and lets it read something.
pub(super) fn fed(mut command: Command, input: Vec<u8>) -> Result<Output, WorldError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(WorldError::NoGit)?;
    let stdin = child.stdin.take();
    // It may print before it has read all; where it stops listening, it says so by how it ends.
    let feeding = thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    let output = child.wait_with_output().map_err(WorldError::NoGit)?;
    let _heard = feeding.join();
    Ok(output)
}

/// Tells whether a variable makes git print more, or read paths as patterns.
fn disturbs(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b"GIT_TRACE") || name.ends_with(b"_PATHSPECS")
}

/// Makes an error of the first line that git printed, cut short.
pub(super) fn refused(doing: &'static str, output: &Output) -> WorldError {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().next().unwrap_or_default();
    let line = line.strip_prefix("fatal: ").unwrap_or(line);
    let why = line.chars().filter(|c| !c.is_control()).take(200).collect::<String>();
    let why = if why.is_empty() { format!("it ended with {}", output.status) } else { why };
    WorldError::Git { doing, why }
}
