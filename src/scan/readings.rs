//! A text as the bytes that it is, and beside that what letters of two or four bytes in it say.

use super::regions::Regions;
use super::scanner::{Judged, Source, View};
use super::wide::{self, Run, Widths};
use super::{Level, Scanner};

/// How many bytes a mark of the order of bytes takes at most.
const MARK: usize = 4;

impl Scanner<'_> {
    /// Gives the hits of a view in either reading, by their places in its bytes, and the regions of the bytes. What
    /// is read in another way hides nothing that stands in the bytes as they are.
    pub(super) fn look(&self, view: View<'_>) -> (Vec<Judged>, Regions) {
        let (mut hits, regions) = self.look_at(view);
        let runs = wide::all(view.bytes);
        if runs.is_empty() {
            return (hits, regions);
        }
        // Together, since each look takes as long as some hundred bytes do.
        let (mut says, mut starts) = (Vec::new(), Vec::with_capacity(runs.len()));
        for run in &runs {
            starts.push(says.len());
            says.extend_from_slice(&run.says(view.bytes));
            says.push(b'\n');
        }
        let is_begin = view.is_begin && runs[0].letters.start <= MARK;
        let (mut more, _) = self.look_at(View { bytes: &says, open: None, is_begin, ..view });
        // What the path alone says was told.
        more.retain(|hit| !hit.raw.span.is_empty() || hit.raw.source == Source::Flood);
        place(&mut more, (&runs, &starts), &says);
        hits.extend(more);
        (once(hits), regions)
    }
}

/// Turns places in what runs say, each of which starts somewhere, to those in the bytes.
fn place(hits: &mut [Judged], (runs, starts): (&[Run], &[usize]), says: &[u8]) {
    let mut places: Vec<&mut usize> = Vec::with_capacity(4 * hits.len());
    for hit in hits {
        let (span, whole) = (&mut hit.raw.span, &mut hit.raw.whole);
        places.extend([&mut span.start, &mut span.end, &mut whole.start, &mut whole.end]);
    }
    places.sort_by_key(|place| **place);
    let (mut at, mut widths) = (0, Widths::new(&runs[0], says));
    for place in places {
        while starts.get(at + 1).is_some_and(|next| *next <= *place) {
            at += 1;
            widths = Widths::new(&runs[at], &says[starts[at]..]);
        }
        *place = widths.place(*place - starts[at]).min(runs[at].letters.end);
    }
}

/// Of hits that overlap, keeps one: rather one that nothing lets pass.
fn once(hits: Vec<Judged>) -> Vec<Judged> {
    let (flood, mut hits): (Vec<_>, Vec<_>) =
        hits.into_iter().partition(|hit| hit.raw.source == Source::Flood);
    let worth = |hit: &Judged| -> (bool, bool, Level, usize) {
        let is_rule = matches!(hit.raw.source, Source::Rule(_));
        (hit.passed.is_none(), is_rule, hit.raw.level, hit.raw.span.len())
    };
    hits.sort_by_key(|hit| hit.raw.span.start);
    hits.dedup_by(|later, kept| {
        let overlap = later.raw.span.start < kept.raw.span.end;
        if overlap && worth(later) > worth(kept) {
            std::mem::swap(later, kept);
        }
        overlap
    });
    // It stands at the end, and once is enough.
    hits.extend(flood.into_iter().max_by_key(|hit| hit.raw.span.start));
    hits
}
