//! Compares a text with a value, however the text writes it, and finds where that may be worth it.

use super::units::{Unit, Way, is_mark, margin};

/// How often ways to write are within one another.
pub(super) const DEPTH: usize = 3;

/// The most bytes of a text that one window looks at.
const LOOKED_AT: usize = 300;

/// The beginning of a text, undone in one way, with where each byte ends in the text.
struct Ahead<const ROOM: usize> {
    bytes: [u8; ROOM],
    ends: [u16; ROOM],
    count: usize,
}

/// A few bytes, and enough for a whole value in three ways; the last letter may be longer.
type Glance = Ahead<20>;
type Window = Ahead<76>;

impl<const ROOM: usize> Ahead<ROOM> {
    /// None where the way changes nothing.
    fn of(text: &[u8], way: Way) -> Option<Self> {
        let text = &text[..text.len().min(LOOKED_AT)];
        let mut new = Self { bytes: [0; ROOM], ends: [0; ROOM], count: 0 };
        let (mut at, mut is_other) = (0, false);
        while new.count + 4 <= ROOM && at < text.len() {
            let unit = if way.marks(text[at]) { way.unit(&text[at..]) } else { None };
            let raw = [text[at]];
            is_other |= unit.is_some();
            at += unit.as_ref().map_or(1, |unit| unit.length);
            for byte in unit.as_ref().map_or(&raw[..], Unit::says) {
                new.bytes[new.count] = *byte;
                new.ends[new.count] = u16::try_from(at).unwrap_or(u16::MAX);
                new.count += 1;
            }
        }
        is_other.then_some(new)
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.count]
    }
}

/// Shows what the beginning of a text may say other than itself, in up to three ways within one another; gives how
/// many times it had to be undone.
pub(super) fn units(text: &[u8], depth: usize, see: &mut dyn FnMut(Unit)) -> usize {
    for unit in Way::ALL.into_iter().filter_map(|way| way.unit(text)) {
        see(unit);
    }
    if depth + 1 >= DEPTH {
        return 0;
    }
    let mut undone = 0;
    let marked = marked(&text[..text.len().min(24)]);
    let ways = Way::ALL.into_iter().enumerate().take(Way::OUTER.len());
    for (_, way) in ways.filter(|(at, _)| marked >> at & 1 == 1) {
        let Some(ahead) = Window::of(text, way) else { continue };
        undone += 1;
        undone += units(ahead.bytes(), depth + 1, &mut |mut unit| {
            if let Some(last) = unit.length.checked_sub(1).filter(|last| *last < ahead.count) {
                unit.length = usize::from(ahead.ends[last]);
                see(unit);
            }
        });
    }
    undone
}

/// Where a text ends that from a place on says what is left of a value; none where it says something else.
pub(super) fn end_of(text: &[u8], from: usize, value: &[u8], said: usize) -> Option<usize> {
    let mut open = vec![(from, said)];
    let mut steps = 64 + 16 * value.len();
    let go_on = |open: &mut Vec<(usize, usize)>, at: usize, said: usize| {
        // What a line begins with may be of the text round the value.
        if said > 0 && value[said - 1] == b'\n' {
            let margin = margin(&text[at..]);
            open.extend(Some((at + margin, said)).filter(|_| margin > 0));
        }
        open.push((at, said));
    };
    while let Some((at, said)) = open.pop() {
        let Some(next) = value.get(said) else { return Some(at) };
        steps = steps.checked_sub(1)?;
        let Some(byte) = text.get(at) else { continue };
        if *next == b'\n' && text[at..].starts_with(b"\r\n") {
            open.push((at + 1, said));
        }
        if is_mark(*byte) {
            units(&text[at..], 0, &mut |unit| {
                let (part, to) = (&text[at..at + unit.length], at + unit.length);
                let is_edge = said < 2 || said + 2 > value.len();
                let fits = value[said..].starts_with(unit.says());
                let last = said.checked_sub(1).map(|at| value[at]);
                if open.len() < 64 && ends_no_line(unit.says(), last, *next) {
                    go_on(&mut open, to, said);
                } else if open.len() < 64 && fits && !(is_edge && is_bare(part, unit)) {
                    go_on(&mut open, to, said + unit.says().len());
                }
            });
        }
        if byte == next {
            go_on(&mut open, at + 1, said + 1);
        }
    }
    None
}

/// Tells whether what a text says is of the end of a line that it says already, or says next.
fn ends_no_line(says: &[u8], last: Option<u8>, next: u8) -> bool {
    match says {
        b"\r" => last == Some(b'\n') || next == b'\n',
        b"\n" => last == Some(b'\n') && next != b'\n',
        _ => false,
    }
}

/// Tells whether a text is broken without a mark of that, or in a list: one letter may as well be the next one's own.
fn is_bare(part: &[u8], unit: Unit) -> bool {
    let (Some(first), Some(last)) = (part.first(), part.last()) else { return false };
    let is_other_quote = matches!(first, b'"' | b'\'') && first != last;
    let is_joined = part.iter().any(|byte| b"+.&".contains(byte));
    let is_broken = *first <= b'\r' || part.contains(&b',') || is_other_quote && !is_joined;
    unit.says().is_empty() && is_broken
}

/// Shows how a text may read from a place on where something is written in another way.
///
/// Only some ways are asked for, as [`ways`] has them: those to begin with, and all. Ways within one another are undone
/// from that depth on. Gives how many times that was.
pub(super) fn readings(
    text: &[u8],
    [first, ways]: [u8; 2],
    depth: usize,
    see: &mut dyn FnMut(&[u8]),
) -> usize {
    let mut undone = 0;
    let marked = marked(&text[..text.len().min(16)]) & first & ways;
    for (at, way) in READ.iter().enumerate() {
        if marked >> at & 1 == 0 {
            continue;
        }
        let Some(ahead) = Glance::of(text, *way) else { continue };
        see(ahead.bytes());
        // The end of a line says itself, and what follows was shown.
        let is_open = *way != Way::Line && self::marked(ahead.bytes()) & ways != 0;
        let is_within = is_open && depth + 1 < DEPTH;
        if is_within && let Some(more) = Window::of(text, *way) {
            undone += 1 + readings(more.bytes(), [ways; 2], depth + 1, see);
        }
    }
    undone
}

/// The ways in which a text may be read, those that are always asked for before the others.
const READ: [Way; 8] = {
    let mut ways = [Way::Line; 8];
    ways.split_at_mut(Way::ALL.len()).0.copy_from_slice(&Way::ALL);
    ways
};

/// A bit for each way that values may be written in, given whether one has a blank or more than one line.
pub(super) fn ways(has_blank: bool, has_line: bool) -> u8 {
    let is_asked = |way: &Way| match way {
        Way::Form | Way::Fold => has_blank,
        Way::Line => has_line,
        _ => true,
    };
    READ.iter().enumerate().fold(0, |all, (at, way)| all | u8::from(is_asked(way)) << at)
}

/// A bit for each way of which a mark is in a text.
#[inline]
fn marked(text: &[u8]) -> u8 {
    text.iter().fold(0, |all, byte| all | marked_by(*byte))
}

/// A bit for each way that a byte is a mark of.
pub(super) fn marked_by(byte: u8) -> u8 {
    MARKED[usize::from(byte)]
}

const MARKED: [u8; 256] = {
    let mut marked = [0; 256];
    let mut at = 0;
    while at < READ.len() {
        let mut byte = 0;
        while byte < 256 {
            if READ[at].marks(byte as u8) {
                marked[byte] |= 1 << at;
            }
            byte += 1;
        }
        at += 1;
    }
    marked
};
