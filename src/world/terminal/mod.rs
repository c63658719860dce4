//! Streams, prompts and the editor; or "nobody is there".
//!
//! Every prompt goes to stderr: stdout carries the answer and nothing else.

use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;

use rustix::io::Errno;

use crate::secret::Plaintext;
use crate::world::wiped;

mod editor;
mod hidden;

pub use editor::Editor;

/// Why nothing was asked, read or shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TerminalError {
    /// Not interactive: a pipe, CI, or `--non-interactive`.
    #[error("nobody is there to ask for {what}")]
    Nobody { what: String },
    /// The user ended the prompt, by the end of input or an interrupt.
    #[error("aborted at the prompt for {what}")]
    Aborted { what: String },
    /// More than a terminal takes in one line; it drops the rest without a word.
    #[error("what was typed is longer than the {limit} bytes that a terminal takes in a line")]
    TooLong { limit: usize },
    /// More lines came with the first, as in a paste.
    #[error("several lines came at once, and a prompt takes one; nothing was taken")]
    SeveralLines,
    /// The reader of our output went away.
    #[error("the reader of the output went away")]
    BrokenPipe,
    /// stdin holds more than we take.
    #[error("stdin has more than {limit} bytes")]
    TooMuch { limit: usize },
    /// A stream failed.
    #[error("the {stream} cannot be used")]
    Stream {
        stream: &'static str,
        #[source]
        source: io::Error,
    },
    /// No folder whose files never reach a disk.
    #[error("there is no memory-backed folder for the editor's file")]
    NoMemoryFolder,
    /// The system does not let us catch signals, without which the editor's file might stay behind.
    #[error("signals cannot be caught, so the editor's file might stay behind")]
    Signals,
    /// The editor's file or folder failed.
    #[error("the editor's file cannot be {act}")]
    EditorFile {
        act: &'static str,
        #[source]
        source: io::Error,
    },
    /// The editor did not start.
    #[error("the editor cannot be started")]
    EditorStart(#[source] io::Error),
    /// The editor said that it failed; nothing was taken.
    #[error("the editor ended with a failure; nothing was taken")]
    EditorFailed,
    /// A signal came while the editor was open; its file was wiped.
    #[error("ended by signal {signal} while the editor was open; its file was wiped")]
    Signalled { signal: i32 },
}

/// Whether prompts may be shown at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompts {
    /// Shown where a person is.
    Allowed,
    /// Never: `--non-interactive`, or `CI`.
    Forbidden,
}

/// Whom a question would reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// Both stdin and stderr are terminals.
    Person,
    /// Stdin is a pipe, and somebody sits at the terminal: they can be asked for the passphrase of a key, as
    /// age and ssh do, and for nothing else.
    Piped,
    /// A pipe, a hook, a CI job.
    Nobody,
}

/// What comes on stdin, whatever that is and however long.
#[must_use]
pub fn stdin() -> impl io::Read {
    io::stdin().lock()
}

impl Terminal {
    /// Looks whether a person is there.
    #[must_use]
    pub fn find(prompts: Prompts) -> Self {
        match (prompts, io::stderr().is_terminal(), io::stdin().is_terminal()) {
            (Prompts::Allowed, true, true) => Self::Person,
            (Prompts::Allowed, true, false) if hidden::has_terminal() => Self::Piped,
            _ => Self::Nobody,
        }
    }

    /// Asks for a line that is not shown while it is typed, as `what (hidden): `.
    pub fn hidden(self, what: &str) -> Result<Plaintext, TerminalError> {
        self.person(what)?;
        hidden::ask(what)
    }

    /// Asks for the passphrase of a key.
    pub fn passphrase(self, of: &str) -> Result<Plaintext, TerminalError> {
        self.unlocking(&format!("passphrase of {of}"))
    }

    /// Asks for what unlocks a key; where stdin is a pipe, past it.
    pub(super) fn unlocking(self, what: &str) -> Result<Plaintext, TerminalError> {
        if self == Self::Piped { hidden::ask_past_stdin(what) } else { self.hidden(what) }
    }

    /// Asks twice for a new passphrase; none where the answer is empty or the two differ.
    pub fn new_passphrase(self, of: &str) -> Result<Option<Plaintext>, TerminalError> {
        let first = self.hidden(&format!("new passphrase of {of}"))?;
        if first.is_empty() {
            return Ok(None);
        }
        let second = self.hidden("the same again")?;
        Ok((first.expose() == second.expose()).then_some(first))
    }

    /// Asks a question for yes or no; anything but yes, the end of input too, is no.
    pub fn confirm(self, question: &str) -> Result<bool, TerminalError> {
        let answer = self.line(&format!("{question} [y/N]"))?.to_ascii_lowercase();
        Ok(matches!(answer.trim(), "y" | "yes"))
    }

    /// Asks for a line that is shown; empty at the end of input.
    ///
    /// Our own, since dialoguer asks again for ever at the end of input.
    pub fn line(self, question: &str) -> Result<String, TerminalError> {
        self.person(question)?;
        hidden::prompt(&format!("{} ", printable(question)))?;
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.map_err(|source| TerminalError::Stream { stream: "terminal", source })?;
        if !answer.ends_with('\n') {
            hidden::prompt("\n")?;
        }
        Ok(answer.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Says something on stderr, control characters escaped.
    pub fn say(self, message: &str) -> Result<(), TerminalError> {
        writeln!(io::stderr(), "{}", printable(message))
            .map_err(|source| TerminalError::Stream { stream: "stderr", source })
    }

    fn person(self, what: &str) -> Result<(), TerminalError> {
        match self {
            Self::Person => Ok(()),
            Self::Nobody | Self::Piped => Err(TerminalError::Nobody { what: printable(what) }),
        }
    }
}

/// Reads stdin to its end, every byte of it.
pub fn read_stdin(limit: usize) -> Result<Plaintext, TerminalError> {
    wiped::drain(io::stdin().as_fd(), limit).map_err(|source| match source.kind() {
        io::ErrorKind::FileTooLarge => TerminalError::TooMuch { limit },
        _ => TerminalError::Stream { stream: "stdin", source },
    })
}

/// Writes secret bytes to stdout, past the buffer of `std`, which is never wiped.
pub fn write_stdout(bytes: &Plaintext) -> Result<(), TerminalError> {
    io::stdout().flush().map_err(stdout_fault)?;
    write_whole(io::stdout().as_fd(), bytes.expose()).map_err(stdout_fault)
}

/// Tells whether what goes to stdout is seen: a private key never is.
#[must_use]
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

fn stdout_fault(source: io::Error) -> TerminalError {
    match source.kind() {
        io::ErrorKind::BrokenPipe => TerminalError::BrokenPipe,
        _ => TerminalError::Stream { stream: "stdout", source },
    }
}

fn write_whole(target: impl std::os::fd::AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(&target, bytes) {
            Err(Errno::INTR) => {}
            Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero)),
            Ok(count) => bytes = &bytes[count..],
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(())
}

/// Escapes what could steer a terminal: a repository's names and a plugin's words pass through here.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_bidi(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_nothing() {
        let nobody = Terminal::Nobody;
        assert!(matches!(nobody.hidden("value"), Err(TerminalError::Nobody { .. })));
        assert!(matches!(nobody.confirm("sure?"), Err(TerminalError::Nobody { .. })));
        assert!(matches!(nobody.line("name?"), Err(TerminalError::Nobody { .. })));
        let said = nobody.passphrase("`k`").unwrap_err().to_string();
        assert_eq!(said, "nobody is there to ask for passphrase of `k`");
    }

    #[test]
    fn prompts_can_be_forbidden() {
        assert_eq!(Terminal::find(Prompts::Forbidden), Terminal::Nobody);
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("a\u{1b}[2Jb\r\u{202e}ü"), "a\\u{1b}[2Jb\\r\\u{202e}ü");
    }

    #[test]
    fn a_reader_that_went_away_is_a_broken_pipe() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let fault = stdout_fault(write_whole(&writer, b"x").unwrap_err());
        assert!(matches!(fault, TerminalError::BrokenPipe));
    }
}
