//! Looks through what parts of a text say once something is undone.

use std::ops::Range;

use super::look::{DEPTH, Search};
use super::reading::{Reading, Undone};
use super::units::Way;
use super::{How, base64, runs};
use crate::scan::wide;

/// The fewest letters of base64 in which a text may be that has a value in yet another way.
const SHORTEST_RUN: usize = 12;

/// The most letters that are put together where a text is broken.
const LONGEST_JOINED: usize = 64 << 10;

/// So much beside a part that is densely written in another way belongs to it.
const BESIDE: usize = 32;

impl Search<'_> {
    /// Looks through letters that are written in another way or broken; gives the end of what was looked at.
    pub(super) fn joined(&mut self, reading: &Reading<'_>, at: usize, done: usize) -> usize {
        if at < done {
            return done;
        }
        let Some((undone, end)) = reading.joined(at, (LONGEST_JOINED, &mut self.patience)) else {
            return done;
        };
        self.deeper(reading, &undone, How::Split);
        end
    }

    /// Looks through a part of which most is written in another way.
    pub(super) fn densely(&mut self, reading: &Reading<'_>, way: Way, part: Range<usize>) {
        if reading.depth >= DEPTH {
            return;
        }
        let start = part.start.saturating_sub(BESIDE);
        let end = (part.end + BESIDE).min(reading.bytes.len());
        let how = match way {
            Way::Percent => How::Url,
            Way::Entity => How::Markup,
            _ => How::Escaped,
        };
        runs::pieces(start..end, &mut |piece| {
            self.deeper(reading, &reading.undone(piece, way), how);
        });
    }

    /// Looks through what a part says, unless the whole text is made to be read again and again.
    fn deeper(&mut self, reading: &Reading<'_>, undone: &Undone, how: How) {
        let undone = undone.read(reading, how);
        if let Some(room) = self.room.checked_sub(undone.bytes.len()) {
            self.room = room;
            self.look(&undone);
        }
    }

    pub(super) fn in_base64(&mut self, reading: &Reading<'_>) {
        runs::all(reading.bytes, &runs::BASE64, SHORTEST_RUN, &mut |run| {
            base64::texts(&reading.bytes[run.clone()], &mut |start, end| {
                let undone = reading.base64(run.start + start..run.start + end);
                self.deeper(reading, &undone, How::Base64);
            });
        });
    }

    pub(super) fn in_hex(&mut self, reading: &Reading<'_>) {
        runs::all(reading.bytes, &runs::HEX, 16, &mut |run| {
            reading.hex(run, &mut |undone| self.deeper(reading, undone, How::Hex));
        });
    }

    pub(super) fn in_wide_letters(&mut self, reading: &Reading<'_>) {
        for run in wide::all(reading.bytes) {
            let how = if run.wide.width() == 2 { How::Utf16 } else { How::Utf32 };
            runs::pieces(run.range, &mut |piece| {
                self.deeper(reading, &reading.wide(piece, run.wide), how);
            });
        }
    }
}
