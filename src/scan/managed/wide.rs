//! Runs of 16-bit letters in bytes.

use std::ops::Range;

use memchr::memchr_iter;

use super::runs::pieces;

/// The fewest letters that are a text.
const SHORTEST: usize = 8;

/// So many letters in a row may be of a script that has no zero bytes.
const OTHERS: usize = 3;

/// Shows each run, and whether the high byte of a letter comes first.
pub(super) fn runs(bytes: &[u8], see: &mut dyn FnMut(Range<usize>, bool)) {
    let mut done = [0; 2];
    for zero in memchr_iter(0, bytes) {
        for is_big in [false, true] {
            let Some(start) = zero.checked_sub(usize::from(!is_big)) else { continue };
            let known = &mut done[usize::from(is_big)];
            if start < *known || !is_latin(bytes, start, is_big) {
                continue;
            }
            let run = before(bytes, start, *known, is_big)..after(bytes, start, is_big);
            *known = run.end;
            if run.len() >= 2 * SHORTEST {
                pieces(run, &mut |piece| see(piece, is_big));
            }
        }
    }
}

fn is_latin(bytes: &[u8], at: usize, is_big: bool) -> bool {
    let Some(pair) = bytes.get(at..at + 2) else { return false };
    let (high, low) = if is_big { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
    high == 0 && matches!(low, b' '..=b'~' | b'\t' | b'\n' | b'\r' | 0xa0..)
}

fn after(bytes: &[u8], start: usize, is_big: bool) -> usize {
    let (mut at, mut others) = (start, 0);
    while at + 2 <= bytes.len() && others <= OTHERS {
        others = if is_latin(bytes, at, is_big) { 0 } else { others + 1 };
        at += 2;
    }
    at
}

fn before(bytes: &[u8], start: usize, least: usize, is_big: bool) -> usize {
    let (mut at, mut others) = (start, 0);
    while at >= least + 2 && others <= OTHERS {
        at -= 2;
        others = if is_latin(bytes, at, is_big) { 0 } else { others + 1 };
    }
    at
}
