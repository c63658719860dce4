//! A terminal for a program under test, with somebody at its keyboard.

use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Both ends of a terminal.
pub(crate) struct Pty {
    keyboard: OwnedFd,
    screen: String,
}

impl Pty {
    pub(crate) fn open() -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let screen = ptsname(&keyboard, Vec::new()).unwrap().into_string().unwrap();
        Self { keyboard, screen }
    }

    /// The end that a program gets.
    pub(crate) fn screen(&self) -> Stdio {
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        rustix::fs::open(self.screen.as_str(), flags, Mode::empty()).unwrap().into()
    }

    /// Waits until a text is shown, and types a line; gives all that was shown.
    pub(crate) fn answer(&self, question: &str, line: &str) -> String {
        let mut shown = String::new();
        let began = Instant::now();
        while !shown.contains(question) {
            assert!(began.elapsed() < Duration::from_secs(20), "not asked: {shown}");
            let mut bytes = [0; 1024];
            let count = rustix::io::read(&self.keyboard, &mut bytes).unwrap();
            shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        // The echo goes off after the question is shown, and what was typed before is thrown away.
        std::thread::sleep(Duration::from_millis(200));
        rustix::io::write(&self.keyboard, format!("{line}\n").as_bytes()).unwrap();
        shown
    }
}
