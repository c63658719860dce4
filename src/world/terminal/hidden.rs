//! A line typed at a terminal that does not show it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::io::Errno;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use super::{TerminalError, printable};
use crate::secret::Plaintext;

/// What the terminal takes in a line, its end included (`N_TTY_BUF_SIZE`, `MAX_CANON`).
const LINE: usize = if cfg!(target_os = "macos") { 1024 } else { 4096 };
/// Control-C and control-\ as the characters they send.
const INTERRUPT: u8 = 3;
const QUIT: u8 = 28;

/// Prompts on stderr and reads one line from the terminal at stdin.
///
/// dialoguer leaves the typed text in a buffer of `std` that nobody wipes, and asks for ever at the end
/// of input; hence our own.
pub(super) fn ask(what: &str) -> Result<Plaintext, TerminalError> {
    ask_at(io::stdin().as_fd(), what)
}

/// As [`ask`], at the terminal that the process belongs to, whatever stdin is.
pub(super) fn ask_past_stdin(what: &str) -> Result<Plaintext, TerminalError> {
    let terminal =
        own_terminal().map_err(|source| TerminalError::Stream { stream: "terminal", source })?;
    ask_at(terminal.as_fd(), what)
}

/// Tells whether the process belongs to a terminal.
pub(super) fn has_terminal() -> bool {
    own_terminal().is_ok()
}

fn own_terminal() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

fn ask_at(terminal: BorrowedFd<'_>, what: &str) -> Result<Plaintext, TerminalError> {
    prompt(&format!("{} (hidden): ", printable(what)))?;
    let answer = Quiet::on(terminal).map_err(fault).and_then(|quiet| quiet.line(what));
    prompt("\n")?;
    answer
}

/// Writes to stderr at once.
pub(super) fn prompt(text: &str) -> Result<(), TerminalError> {
    let mut stderr = io::stderr();
    stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush())
        .map_err(|source| TerminalError::Stream { stream: "stderr", source })
}

fn fault(source: Errno) -> TerminalError {
    TerminalError::Stream { stream: "terminal", source: source.into() }
}

/// A terminal that echoes nothing, until dropped.
///
/// An interrupt is read as a character that ends the line, not taken as a signal: so we cannot die
/// before the echo is on again.
struct Quiet<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn on(terminal: BorrowedFd<'a>) -> Result<Self, Errno> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
        quiet.local_modes.insert(LocalModes::ICANON);
        quiet.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        quiet.special_codes[SpecialCodeIndex::VEOL2] = QUIT;
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }

    fn line(&self, what: &str) -> Result<Plaintext, TerminalError> {
        let mut line = Zeroizing::new(vec![0; LINE]);
        let count = loop {
            match rustix::io::read(self.terminal, &mut line[..]) {
                Err(Errno::INTR) => {}
                other => break other.map_err(fault)?,
            }
        };
        let more = rustix::io::ioctl_fionread(self.terminal).map_err(fault)?;
        let text = match line[..count].split_last() {
            Some((b'\n', _)) if count == LINE => {
                return Err(TerminalError::TooLong { limit: LINE });
            }
            Some((b'\n', _)) if more > 0 => return Err(TerminalError::SeveralLines),
            Some((b'\n', text)) => text,
            _ => return Err(TerminalError::Aborted { what: printable(what) }),
        };
        Ok(Plaintext::from(text.to_vec()))
    }
}

impl Drop for Quiet<'_> {
    /// Echoes again, and throws away what else was typed: it was meant to be hidden too.
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::os::fd::OwnedFd;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    /// A terminal, and the keyboard and screen at its other end.
    fn terminal() -> (OwnedFd, File) {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
        let theirs = rustix::fs::open(name, flags, rustix::fs::Mode::empty()).unwrap();
        (ours, File::from(theirs))
    }

    /// Types at a quiet terminal; tells what was read and what the screen showed.
    fn typed(keys: &[u8]) -> (Result<Plaintext, TerminalError>, u64) {
        let (keyboard, terminal) = terminal();
        let quiet = Quiet::on(terminal.as_fd()).unwrap();
        for chunk in keys.chunks(1000) {
            rustix::io::write(&keyboard, chunk).unwrap();
        }
        let line = quiet.line("value");
        let shown = rustix::io::ioctl_fionread(&keyboard).unwrap();
        drop(quiet);
        assert!(tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO));
        (line, shown)
    }

    #[test]
    fn a_line_is_read_and_not_shown() {
        let (line, shown) = typed("hunter2 \u{fc} \n".as_bytes());
        assert_eq!(line.unwrap().expose(), "hunter2 \u{fc} ".as_bytes());
        assert_eq!(shown, 0);
        assert_eq!(typed(b"\n").0.unwrap().expose(), b"");
    }

    #[test]
    fn an_interrupt_and_the_end_of_input_abort() {
        for keys in [&b"abc\x03"[..], b"\x03", b"\x1c", b"\x04", b"abc\x04"] {
            assert!(matches!(typed(keys).0, Err(TerminalError::Aborted { .. })), "{keys:?}");
        }
    }

    #[test]
    fn a_paste_of_several_lines_is_refused() {
        assert!(matches!(typed(b"-----BEGIN\nabc\n").0, Err(TerminalError::SeveralLines)));
    }

    #[test]
    fn a_line_that_the_terminal_would_cut_is_refused() {
        let line = |length| [vec![b'x'; length], b"\n".to_vec()].concat();
        assert_eq!(typed(&line(4094)).0.unwrap().len(), 4094);
        assert!(matches!(typed(&line(4095)).0, Err(TerminalError::TooLong { .. })));
        assert!(matches!(typed(&line(6000)).0, Err(TerminalError::TooLong { .. })));
    }
}
