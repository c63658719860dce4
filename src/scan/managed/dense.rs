//! Parts of a text of which most is written in another way.

use std::ops::Range;

use super::units::Way;

/// The most bytes from one mark to the next, and the fewest marks, of a part that is densely written.
const DENSE: (usize, usize) = (12, 6);

/// The parts that are densely written in another way: one that is open for each way.
#[derive(Default)]
pub(super) struct Dense {
    open: [(Range<usize>, usize); 3],
}

impl Dense {
    /// Takes the next part that says something else, and gives what ended before it.
    pub(super) fn next(&mut self, way: usize, next: Range<usize>) -> Option<Range<usize>> {
        let (part, count) = &mut self.open[way];
        if next.start <= part.end + DENSE.0 && *count > 0 {
            // A mark within what the last one says is none.
            *count += usize::from(next.start >= part.end);
            part.end = part.end.max(next.end);
            return None;
        }
        let ended = (std::mem::replace(part, next), std::mem::replace(count, 1));
        (ended.1 >= DENSE.1).then_some(ended.0)
    }

    pub(super) fn rest(self) -> Vec<(Way, Range<usize>)> {
        let all = self.open.into_iter().zip(Way::OUTER);
        let dense = all.filter(|((_, count), _)| *count >= DENSE.1);
        dense.map(|((part, _), way)| (way, part)).collect()
    }
}
