//! A bar on a terminal's stderr, for what takes seconds; nothing anywhere else.

use super::{Output, Volume};

/// Whether stderr is a terminal, where a line can be written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bars {
    /// It is.
    Shown,
    /// It is not.
    Hidden,
}

/// How many characters the bar itself has.
const WIDTH: usize = 30;

/// What is shorter is over before anybody reads it.
const WORTH: usize = 200;

/// A bar while it is drawn; gone when dropped.
pub struct Bar<'o, 'w> {
    out: &'o mut Output<'w>,
    what: &'static str,
    drawn: Option<usize>,
}

impl<'o, 'w> Bar<'o, 'w> {
    /// Begins one: `what` is being counted.
    #[must_use]
    pub fn new(out: &'o mut Output<'w>, what: &'static str) -> Self {
        Self { out, what, drawn: None }
    }

    /// Shows how far it has come, at each hundredth.
    pub fn step(&mut self, done: usize, total: usize) {
        if self.out.bars == Bars::Hidden || self.out.volume == Volume::Quiet || total < WORTH {
            return;
        }
        let hundredth = done * 100 / total.max(1);
        if self.drawn != Some(hundredth) {
            self.drawn = Some(hundredth);
            let full = hundredth * WIDTH / 100;
            let (full, rest) = ("=".repeat(full), " ".repeat(WIDTH - full));
            self.out.tell(&format!("\r[{full}{rest}] {done} of {total} {}", self.what));
        }
    }
}

impl Drop for Bar<'_, '_> {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            self.out.tell("\r\u{1b}[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(bars: Bars, volume: Volume, total: usize) -> String {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut out = Output::new(&mut stdout, &mut stderr).volume(volume).bars(bars);
        let mut bar = Bar::new(&mut out, "contents");
        (1..=total).for_each(|done| bar.step(done, total));
        drop(bar);
        assert!(stdout.is_empty());
        String::from_utf8(stderr).unwrap()
    }

    #[test]
    fn a_bar_is_drawn_on_a_terminal_only_and_leaves_nothing_behind() {
        let text = drawn(Bars::Shown, Volume::Normal, 1_000);
        assert_eq!(text.matches('\r').count(), 102, "{text:?}");
        assert!(text.contains("] 500 of 1000 contents"), "{text:?}");
        assert!(text.ends_with("\r\u{1b}[K"), "{text:?}");
        assert_eq!(drawn(Bars::Hidden, Volume::Normal, 1_000), "");
        assert_eq!(drawn(Bars::Shown, Volume::Quiet, 1_000), "");
        assert_eq!(drawn(Bars::Shown, Volume::Normal, 10), "");
    }
}
