//! Starts a program with these variables, in place of this process or beside it.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::secret::Plaintext;
use crate::world::WITHHELD;
use crate::world::harden::{HardenError, Hardened};

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// No such program; 127 in shells.
    #[error("no program `{program}` was found")]
    NotFound { program: String },
    /// It is there but does not start; 126 in shells.
    #[error("`{program}` cannot be executed")]
    NotExecutable {
        program: String,
        #[source]
        source: io::Error,
    },
    /// A variable's value or name is none that the system can hand over.
    #[error("the variable `{name}` cannot be set: its name has `=` or NUL, or its value has NUL")]
    BadVariable { name: String },
    /// An argument has a NUL byte.
    #[error("an argument of `{program}` has a NUL byte")]
    BadArgument { program: String },
    /// It was started, but its end could not be awaited.
    #[error("`{program}` could not be awaited")]
    Lost {
        program: String,
        #[source]
        source: io::Error,
    },
    /// Somebody ended us while it ran; it was ended too.
    #[error("`{program}` was ended, as we were told to end")]
    Interrupted { program: String, signal: i32 },
    /// The limits that the child should have could not be set.
    #[error(transparent)]
    Harden(#[from] HardenError),
}

/// A program, its arguments, and what changes in its environment.
#[derive(Debug)]
pub struct Child<'a> {
    /// A path, or a name to be looked for in `PATH`.
    pub program: &'a OsStr,
    /// Its arguments, without its own name.
    pub args: &'a [OsString],
    /// Where it starts.
    pub folder: &'a Path,
    /// Variables to set.
    pub set: &'a [(String, Plaintext)],
    /// Variables to take out, beside [`WITHHELD`].
    pub remove: &'a [OsString],
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With this status, 0 to 255.
    Status(u8),
    /// Killed by this signal.
    Signal(u8),
}

impl Child<'_> {
    /// Puts the program in place of this process; comes back only when that fails.
    ///
    /// By then `std` has made SIGPIPE fatal again, as the program would have wanted it: end soon.
    pub fn exec(&self, hardened: Option<Hardened>) -> ChildError {
        let mut command = match self.command() {
            Ok(command) => command,
            Err(fault) => return fault,
        };
        if let Some(Err(fault)) = hardened.map(Hardened::restore) {
            return fault.into();
        }
        self.why(command.exec())
    }

    /// Starts the program and awaits its end.
    pub fn run(&self) -> Result<Ending, ChildError> {
        let child = self.command()?.spawn().map_err(|fault| self.why(fault))?;
        self.awaited(child)
    }

    /// Starts the program beside our own answer and awaits its end. It reads these bytes, or nothing. What it
    /// prints goes nowhere: it was given a value, and may print that into the log of a CI job.
    pub fn run_aside(&self, input: Option<&Plaintext>) -> Result<Ending, ChildError> {
        let mut command = self.command()?;
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|fault| self.why(fault))?;
        if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
            // A program that does not read to the end closes the pipe; that is its right.
            let _closed_early = pipe.write_all(input.expose());
        }
        self.awaited(child)
    }

    fn awaited(&self, mut child: std::process::Child) -> Result<Ending, ChildError> {
        let status =
            child.wait().map_err(|source| ChildError::Lost { program: self.name(), source })?;
        let signal = status.signal().and_then(|signal| u8::try_from(signal).ok());
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        Ok(signal.map_or(Ending::Status(code.unwrap_or(u8::MAX)), Ending::Signal))
    }

    fn command(&self) -> Result<Command, ChildError> {
        if self.program.as_bytes().contains(&0) || self.args.iter().any(|arg| has_nul(arg)) {
            return Err(ChildError::BadArgument { program: self.name() });
        }
        let mut command = Command::new(self.program);
        command.args(self.args).current_dir(self.folder);
        for name in
            WITHHELD.iter().map(OsStr::new).chain(self.remove.iter().map(OsString::as_os_str))
        {
            command.env_remove(name);
        }
        for (name, value) in self.set {
            let bad_name = name.is_empty() || name.contains(['=', '\0']);
            if bad_name || value.expose().contains(&0) {
                return Err(ChildError::BadVariable { name: name.escape_debug().to_string() });
            }
            command.env(name, OsStr::from_bytes(value.expose()));
        }
        Ok(command)
    }

    fn why(&self, source: io::Error) -> ChildError {
        match source.kind() {
            io::ErrorKind::NotFound => ChildError::NotFound { program: self.name() },
            _ => ChildError::NotExecutable { program: self.name(), source },
        }
    }

    fn name(&self) -> String {
        self.program.to_string_lossy().escape_debug().to_string()
    }
}

fn has_nul(text: &OsStr) -> bool {
    text.as_bytes().contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, set: &[(String, Plaintext)], remove: &[OsString]) -> Ending {
        let args = [OsString::from("-c"), OsString::from(script)];
        Child { program: OsStr::new("sh"), args: &args, folder: Path::new("/"), set, remove }
            .run()
            .unwrap()
    }

    #[test]
    fn sets_and_removes_variables() {
        let set = [("X".to_owned(), Plaintext::from("a b\nc".to_owned()))];
        assert_eq!(sh("test \"$X\" = 'a b\nc'", &set, &[]), Ending::Status(0));
        assert_eq!(sh("test -z \"$HOME\"", &[], &["HOME".into()]), Ending::Status(0));
        assert_eq!(sh("test -z \"$X\"", &[], &[]), Ending::Status(0));
    }

    #[test]
    fn tells_status_and_signal() {
        assert_eq!(sh("exit 42", &[], &[]), Ending::Status(42));
        assert_eq!(sh("kill -TERM $$", &[], &[]), Ending::Signal(15));
    }

    #[test]
    fn beside_us_a_program_reads_what_it_is_given_and_nothing_else() {
        let run = |script: &str, input: Option<&str>| {
            let args = [OsString::from("-c"), OsString::from(script)];
            let (set, remove) = (&[], &[]);
            let child = Child {
                program: OsStr::new("sh"),
                args: &args,
                folder: Path::new("/"),
                set,
                remove,
            };
            child.run_aside(input.map(|text| Plaintext::from(text.to_owned())).as_ref()).unwrap()
        };
        assert_eq!(run("test \"$(cat)\" = 'a b'", Some("a b")), Ending::Status(0));
        assert_eq!(run("test -z \"$(cat)\"", None), Ending::Status(0));
        assert_eq!(run("exit 7", Some(&"x".repeat(1 << 20))), Ending::Status(7));
    }

    #[test]
    fn tells_not_found_from_not_executable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plain");
        std::fs::write(&file, "x").unwrap();
        let child =
            |program| Child { program, args: &[], folder: Path::new("/"), set: &[], remove: &[] };
        let missing = child(OsStr::new("/no/such/program"));
        assert!(matches!(missing.run(), Err(ChildError::NotFound { .. })));
        let plain = child(file.as_os_str());
        assert!(matches!(plain.run(), Err(ChildError::NotExecutable { .. })));
    }

    #[test]
    fn refuses_nul_without_showing_the_value() {
        let set = [("X".to_owned(), Plaintext::from(b"sec\0ret".to_vec()))];
        let child = Child {
            program: OsStr::new("true"),
            args: &[],
            folder: Path::new("/"),
            set: &set,
            remove: &[],
        };
        let fault = child.run().unwrap_err();
        assert!(matches!(fault, ChildError::BadVariable { .. }));
        assert!(!format!("{fault} {fault:?} {child:?}").contains("sec"));
    }
}
