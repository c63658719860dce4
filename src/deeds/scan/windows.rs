//! A text that is too large to be kept, part by part.

use std::io::Read;

use zeroize::Zeroizing;

/// Windows on a stream that overlap, so that a value across two of them stands in one.
#[derive(Default)]
pub(super) struct Windows {
    buffer: Zeroizing<Vec<u8>>,
    /// How many bytes of it were there before.
    old: usize,
    /// How many lines came before it.
    pub(super) lines: usize,
}

impl Windows {
    const WINDOW: usize = 1 << 20;
    const OVERLAP: usize = 64 << 10;

    /// Moves on; tells whether there was more.
    pub(super) fn fill(&mut self, from: &mut dyn Read) -> std::io::Result<bool> {
        let gone = self.buffer.len().saturating_sub(Self::OVERLAP);
        self.lines += self.buffer[..gone].iter().filter(|byte| **byte == b'\n').count();
        self.buffer.drain(..gone);
        self.old = self.buffer.len();
        let read = from.take(Self::WINDOW as u64).read_to_end(&mut self.buffer)?;
        Ok(read > 0)
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.buffer
    }

    pub(super) fn new_text(&self) -> &[u8] {
        &self.buffer[self.old..]
    }
}
