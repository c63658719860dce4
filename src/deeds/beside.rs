//! Two people changed one text: joins both changes where they lie apart, else shows both.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::secret::Plaintext;

/// What became of two changes of one text.
pub(super) enum Joined {
    /// They lie apart, and both are in this text.
    Apart(Plaintext),
    /// They meet: both are shown in this text, between [`MARKS`].
    Meeting(Plaintext),
}

/// The lines that are put around changes that meet; none may be left.
pub(super) const MARKS: [&str; 3] = ["<<<<<<< yours", "======= theirs", ">>>>>>> end"];

/// Tells whether a text still has one of [`MARKS`].
pub(super) fn is_marked(text: &Plaintext) -> bool {
    let lines = text.expose().split(|byte| *byte == b'\n');
    let bare = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    bare.into_iter().any(|line| MARKS.iter().any(|mark| line == mark.as_bytes()))
}

type Lines<'t> = Vec<&'t [u8]>;

/// Joins two changes of one text, line by line.
pub(super) fn join(base: &Plaintext, yours: &Plaintext, theirs: &Plaintext) -> Joined {
    // Sealed anew, perhaps, with the same values; or both wrote the same.
    let same = |one: &Plaintext, other: &Plaintext| one.expose() == other.expose();
    if same(theirs, base) || same(theirs, yours) {
        return Joined::Apart(Plaintext::from(yours.expose().to_vec()));
    }
    if same(yours, base) {
        return Joined::Apart(Plaintext::from(theirs.expose().to_vec()));
    }
    let [base, yours, theirs] = [base, yours, theirs]
        .map(|text| text.expose().split_inclusive(|byte| *byte == b'\n').collect::<Lines<'_>>());
    let (a, b) = (changed(&base, &yours), changed(&base, &theirs));
    let same_point = a == b && a.is_empty();
    let (first, then) = if a.start <= b.start { (&a, &b) } else { (&b, &a) };
    if first.end <= then.start && !same_point {
        let [new_first, new_then] = if a.start <= b.start {
            [new(&base, &yours, &a), new(&base, &theirs, &b)]
        } else {
            [new(&base, &theirs, &b), new(&base, &yours, &a)]
        };
        let between = &base[first.end..then.start];
        let parts = [&base[..first.start], new_first, between, new_then, &base[then.end..]];
        return Joined::Apart(text(parts));
    }
    let (start, end) = (a.start.min(b.start), a.end.max(b.end));
    let part = |lines: &[&[u8]], own: &Range<usize>| {
        let parts = [&base[start..own.start], new(&base, lines, own), &base[own.end..end]];
        ended(text(parts))
    };
    let (yours, theirs) = (part(&yours, &a), part(&theirs, &b));
    let [open, middle, close] = MARKS.map(|mark| format!("{mark}\n"));
    let before = ended(text([&base[..start]]));
    let after = text([&base[end..]]);
    let parts =
        [before.expose(), open.as_bytes(), yours.expose(), middle.as_bytes(), theirs.expose()];
    Joined::Meeting(text([&parts, &[close.as_bytes(), after.expose()][..]]))
}

/// The lines that differ: all between what two texts have in common at both ends.
fn changed(base: &[&[u8]], new: &[&[u8]]) -> Range<usize> {
    let same = |pair: &(&&[u8], &&[u8])| pair.0 == pair.1;
    let head = base.iter().zip(new).take_while(same).count();
    let rest = (base.len().min(new.len())) - head;
    let tail = base.iter().rev().zip(new.iter().rev()).take(rest).take_while(same).count();
    head..base.len() - tail
}

/// What stands in a text where the base was changed.
fn new<'n, 't>(base: &[&[u8]], new: &'n [&'t [u8]], changed: &Range<usize>) -> &'n [&'t [u8]] {
    &new[changed.start..new.len() - (base.len() - changed.end)]
}

fn text<const N: usize>(parts: [&[&[u8]]; N]) -> Plaintext {
    let lines = || parts.iter().flat_map(|part| part.iter());
    let mut out = Zeroizing::new(Vec::with_capacity(lines().map(|line| line.len()).sum()));
    lines().for_each(|line| out.extend_from_slice(line));
    Plaintext::from(out)
}

/// A mark needs a line of its own.
fn ended(text: Plaintext) -> Plaintext {
    if text.is_empty() || text.expose().ends_with(b"\n") {
        return text;
    }
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() + 1));
    out.extend_from_slice(text.expose());
    out.push(b'\n');
    Plaintext::from(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(base: &str, yours: &str, theirs: &str) -> (bool, String) {
        let plain = |text: &str| Plaintext::from(text.to_owned());
        let (apart, text) = match join(&plain(base), &plain(yours), &plain(theirs)) {
            Joined::Apart(text) => (true, text),
            Joined::Meeting(text) => (false, text),
        };
        assert_eq!(is_marked(&text), !apart);
        (apart, text.expose_text().unwrap().to_owned())
    }

    #[test]
    fn changes_that_lie_apart_are_both_there() {
        let apart = |base, yours, theirs, both: &str| {
            assert_eq!(joined(base, yours, theirs), (true, both.to_owned()));
            assert_eq!(joined(base, theirs, yours), (true, both.to_owned()));
        };
        apart("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n");
        apart("a\nb\n", "A\nb\n", "a\nB\n", "A\nB\n");
        apart("a\nb\n", "a\nb\nnew\n", "a\nB\n", "a\nB\nnew\n");
        apart("a\nb\nc\n", "b\nc\n", "a\nb\n", "b\n");
        apart("a\n", "b\n", "b\n", "b\n");
        apart("a\n", "a\nb\n", "a\n", "a\nb\n");
    }

    #[test]
    fn changes_that_meet_are_both_shown() {
        let shown = "a\n<<<<<<< yours\nx\n======= theirs\ny\n>>>>>>> end\nc\n";
        assert_eq!(joined("a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n"), (false, shown.to_owned()));
        let shown = "<<<<<<< yours\nx\n======= theirs\ny\n>>>>>>> end\n";
        assert_eq!(joined("b", "x", "y"), (false, shown.to_owned()));
        let both = "a\n<<<<<<< yours\nx\n======= theirs\ny\n>>>>>>> end\n";
        assert_eq!(joined("a\n", "a\nx\n", "a\ny\n"), (false, both.to_owned()));
    }

    proptest! {
        #[test]
        fn nothing_new_of_either_is_lost(
            base in prop::collection::vec("[abc]", 0..6),
            yours in prop::collection::vec("[abx]", 0..6),
            theirs in prop::collection::vec("[aby]", 0..6),
        ) {
            let text = |lines: &[String]| lines.iter().map(|l| format!("{l}\n")).collect::<String>();
            let (_, both) = joined(&text(&base), &text(&yours), &text(&theirs));
            for (lines, own) in [(&yours, "x"), (&theirs, "y")] {
                let wanted = lines.iter().filter(|line| *line == own).count();
                prop_assert!(both.lines().filter(|line| *line == own).count() >= wanted);
            }
        }
    }
}
