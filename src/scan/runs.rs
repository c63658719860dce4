//! Values that look random, whatever their name: long runs of letters and digits that are all that a name
//! is given.

use std::ops::Range;

use super::Level;
use super::model::Kinds;
use super::naming;
use super::placeholder::{counts, is_placeholder};
use super::scanner::{Raw, Source};
use super::value::{self, Net};

/// A run is at least this long, so that looking at every such byte finds all.
const SHORTEST: usize = 24;
const LONGEST: usize = 80;
/// How much likelier a random draw must be, in bits.
const BITS: f32 = 55.0;

const fn is_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b'~')
}

static RUN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "a table of 256 bytes")]
        {
            table[byte] = is_run(byte as u8);
        }
        byte += 1;
    }
    table
};

/// Tells of the runs of a text that are secrets.
pub(super) fn find(text: &[u8], level: Level, mut tell: impl FnMut(Raw)) {
    let takes = |b: &u8| RUN[usize::from(*b)];
    let mut at = SHORTEST - 1;
    while at < text.len() {
        if !takes(&text[at]) {
            at += SHORTEST;
            continue;
        }
        let left =
            text[at.saturating_sub(LONGEST)..at].iter().rev().take_while(|b| takes(b)).count();
        // The steps are as long as the shortest run: most words end before that many bytes.
        let right = text[at..text.len().min(at + LONGEST)].iter().take_while(|b| takes(b)).count();
        let (start, end) = (at - left, at + right);
        if (SHORTEST..=LONGEST).contains(&(end - start)) {
            judge(text, start..end, level, &mut tell);
        }
        at = end.max(at) + SHORTEST;
        at = at.min(end + SHORTEST);
    }
}

fn judge(text: &[u8], run: Range<usize>, level: Level, tell: &mut impl FnMut(Raw)) {
    let (start, end) = (run.start, run.end);
    let run = &text[start..end];
    // In `name=value` without quotes the name belongs to the run.
    let cut = run.iter().position(|b| *b == b'=').filter(|at| at + 4 < run.len());
    let value = cut.map_or(run, |cut| &run[cut + 1..]);
    let kinds = Kinds::of(value);
    if value.len() < SHORTEST || kinds.count() < 3 || kinds.digits < 2 || kinds.marks > 6 {
        return;
    }
    if value::is_hex(value)
        || counts(value)
        || !value::is_random(value, BITS)
        || is_placeholder(value)
        || value.contains(&b'.')
    {
        return;
    }
    let start = end - value.len();
    let Some(name) = name_of(text, start, end) else { return };
    let is_id = name.eq_ignore_ascii_case(b"private_key_id");
    if is_id || !naming::is_open(name) {
        let (span, source) = (start..end, Source::Net(Net::Random));
        let is_shown = naming::is_example(name) || naming::is_public(name);
        let level = if is_shown { Level::Warn } else { level };
        tell(Raw { source, level, whole: span.clone(), span });
    }
}

/// The name that is given all of a run, and nothing besides.
fn name_of(text: &[u8], start: usize, end: usize) -> Option<&[u8]> {
    let before = &text[start.saturating_sub(100)..start];
    let line = before.iter().rposition(|b| *b == b'\n').map_or(before, |at| &before[at + 1..]);
    let after = text.get(end).copied().unwrap_or(b'\n');
    let (line, is_quoted) = match line {
        [rest @ .., quote @ (b'"' | b'\'' | b'`')] if *quote == after => (rest, true),
        rest => (rest, false),
    };
    if !is_quoted && !matches!(after, b'\n' | b'\r') {
        return None;
    }
    let line = line.trim_ascii_end();
    let (operator, line) = match line {
        [rest @ .., b':' | b'=', b'=' | b'>'] | [rest @ .., b'=' | b':'] => (true, rest),
        rest => (false, rest),
    };
    let is_end = |b: &u8| matches!(b, b'"' | b'\'' | b'`' | b']' | b' ' | b'\t');
    let close = line.iter().rposition(|b| !is_end(b))?;
    let line = &line[..=close];
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let length = line.iter().rev().take_while(|b| is_name(b)).count();
    let name = &line[line.len() - length..];
    let name = match line.iter().rposition(|b| *b == b':') {
        // `NAME: &str = …`: the name stands before its type.
        Some(colon) if name.len() < 8 && name.ends_with(b"str") || name.ends_with(b"tring") => {
            &line[..colon]
        }
        _ => name,
    };
    let is_given = operator
        && name.len() > 2
        && name.first().is_some_and(|b| !b.is_ascii_digit())
        && length < 60;
    is_given.then_some(name)
}
