//! Runs of 16-bit letters in bytes.

use std::ops::Range;

use memchr::memchr;

use super::runs::pieces;

/// The fewest letters that are a text.
const SHORTEST: usize = 8;

/// So many letters in a row may be of a script that has no zero bytes.
const OTHERS: usize = 3;

/// So many bytes are passed over at once where none of them is zero.
const BLOCK: usize = 256;

/// Shows each run, and whether the high byte of a letter comes first. Six letters in a row are Latin in each.
pub(super) fn runs(bytes: &[u8], see: &mut dyn FnMut(Range<usize>, bool)) {
    let mut done = [0; 2];
    for block in (0..bytes.len()).step_by(BLOCK) {
        let end = bytes.len().min(block + BLOCK);
        if memchr(0, &bytes[block..end]).is_none() {
            continue;
        }
        for at in (block..end).step_by(4) {
            let Some(zero) = bytes[at..].first_chunk().and_then(zero_of_four) else { continue };
            runs_at(bytes, at + zero, &mut done, see);
        }
    }
}

/// Where the first zero byte is in four letters that have each one, be it the first or the second.
#[inline]
fn zero_of_four(eight: &[u8; 8]) -> Option<usize> {
    const ONES: u64 = 0x00ff_00ff_00ff_00ff;
    const CARRIES: u64 = 0x0100_0100_0100_0100;
    let eight = u64::from_le_bytes(*eight);
    let (even, odd) = (eight & ONES, eight >> 8 & ONES);
    let has_no_zero = |lanes: u64| (lanes + ONES) & CARRIES == CARRIES;
    match (even, odd) {
        (0, odd) if has_no_zero(odd) => Some(0),
        (even, 0) if has_no_zero(even) => Some(1),
        _ => None,
    }
}

/// The runs that have a letter with this zero byte, in either order.
fn runs_at(
    bytes: &[u8],
    zero: usize,
    done: &mut [usize; 2],
    see: &mut dyn FnMut(Range<usize>, bool),
) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_seen_wherever_it_begins_amid_other_bytes() {
        let letters = |is_big: bool| {
            let byte =
                move |unit: u16| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            "a secret text".encode_utf16().flat_map(byte).collect::<Vec<u8>>()
        };
        for (is_big, before) in
            [true, false].into_iter().flat_map(|it| (0..270).map(move |n| (it, n)))
        {
            let text = letters(is_big);
            let bytes = [&vec![0xff; before][..], &text, &[0xff; 40]].concat();
            let mut found = Vec::new();
            runs(&bytes, &mut |run, big| found.push((run, big)));
            let place = before..before + text.len();
            let holds = |(run, big): &(Range<usize>, bool)| {
                *big == is_big && run.start <= place.start && place.end <= run.end
            };
            assert!(found.iter().any(holds), "{is_big} {before} {found:?}");
        }
    }

    #[test]
    fn zeros_without_letters_are_no_text() {
        let mut found = 0;
        runs(&[0; 4096], &mut |_, _| found += 1);
        runs(&[0, 1, 2, 3, 0, 0, 200, 9].repeat(300), &mut |_, _| found += 1);
        assert_eq!(found, 0);
    }
}
