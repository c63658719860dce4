//! Parts of a text that are made of a few letters only, such as those of hexadecimal or base64.

use std::ops::Range;

use super::base64;

/// The bytes that may be in a run.
pub(super) type Letters = [bool; 256];

pub(super) const BASE64: Letters = {
    let mut letters = [false; 256];
    let mut at = 0;
    while at < 256 {
        letters[at] = base64::SAYS[at] != base64::NONE;
        at += 1;
    }
    letters
};

/// Hexadecimal digits, and what stands between them in lists: `0x61, 0x62`, `61:62`, `\x61\x62`.
pub(super) const HEX: Letters = {
    let mut letters = [false; 256];
    let all = b"0123456789abcdefABCDEFxX :,-\\'\"\t\r\n";
    let mut at = 0;
    while at < all.len() {
        letters[all[at] as usize] = true;
        at += 1;
    }
    letters
};

/// The longest part of a run that is looked at in one piece.
const PIECE: usize = 64 << 10;

/// How much pieces have in common, so that what stands at an edge is whole in one.
const COMMON: usize = 8 << 10;

/// Shows all runs of at least so many letters; long ones in pieces that overlap.
pub(super) fn all(text: &[u8], letters: &Letters, least: usize, see: &mut dyn FnMut(Range<usize>)) {
    let mut start = 0;
    while let Some(byte) = text.get(start + least - 1) {
        // The last byte that is none tells how far to leap; most are not looked at.
        let window = &text[start..start + least];
        let is_no_letter = |byte: &u8| !letters[usize::from(*byte)];
        if is_no_letter(byte) {
            start += least;
        } else if let Some(last) = window.iter().rposition(is_no_letter) {
            start += last + 1;
        } else {
            let rest = &text[start + least..];
            let end = rest.iter().position(is_no_letter).unwrap_or(rest.len()) + start + least;
            pieces(start..end, see);
            start = end + 1;
        }
    }
}

/// Shows a range, in pieces where it is long.
pub(super) fn pieces(all: Range<usize>, see: &mut dyn FnMut(Range<usize>)) {
    let mut start = all.start;
    while all.end - start > PIECE {
        see(start..start + PIECE);
        start += PIECE - COMMON;
    }
    see(start..all.end);
}
