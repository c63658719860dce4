//! What every format's parser promises, as a property for the formats' tests.

use proptest::prelude::*;

use super::{Document, Leaf, Node, NotSpliceable};

type Parse = for<'t> fn(&'t str) -> Result<Document<'t>, NotSpliceable>;

/// Replaces all scalars and comments.
pub(super) fn sealed(document: &Document<'_>, token: &str) -> String {
    replaced(document, token, u64::MAX).0
}

/// Replaces the scalars and comments that the mask's bits name; gives the new spans with the old slices.
fn replaced(
    document: &Document<'_>,
    token: &str,
    mask: u64,
) -> (String, Vec<(std::ops::Range<usize>, String)>) {
    let scalars =
        document.leaves.iter().filter(|l| l.node == Node::Scalar).map(|l| (&l.span, token));
    let comments = document.comments.iter().map(|span| (span, token.trim_matches('"')));
    let mut edits: Vec<_> = scalars.chain(comments).collect();
    edits.sort_by_key(|(span, _)| span.start);
    let mut text = String::new();
    let (mut done, mut kept) = (0, Vec::new());
    for (n, (span, new)) in edits.into_iter().enumerate() {
        text.push_str(&document.text[done..span.start]);
        let old = &document.text[span.clone()];
        let from = text.len();
        text.push_str(if mask >> (n % 64) & 1 == 1 { new } else { old });
        kept.push((from..text.len(), old.to_owned()));
        done = span.end;
    }
    text.push_str(&document.text[done..]);
    (text, kept)
}

/// Tells whether an outsider's edit of a sealed text is refused, or changes what is attested.
pub(super) fn sees(parse: Parse, before: &str, after: &str) -> bool {
    let attested = |text: &str| {
        let document = parse(text).ok()?;
        let one =
            |l: &Leaf| (l.path.clone(), l.node, l.note.clone(), text[l.span.clone()].to_owned());
        Some(document.leaves.iter().map(one).collect::<Vec<_>>())
    };
    let before = attested(before).expect("the text before the edit is sound");
    attested(after).is_none_or(|after| after != before)
}

/// Checks, if the text parses: spans are in order and apart; replacing slices changes no path, node or
/// note, and no comment's place; putting them back gives the same bytes.
pub(super) fn check(text: &str, parse: Parse, token: &str, mask: u64) -> Result<(), TestCaseError> {
    let Ok(document) = parse(text) else { return Ok(()) };
    let mut spans: Vec<_> = document.leaves.iter().map(|l| l.span.clone()).collect();
    prop_assert!(spans.is_sorted_by_key(|s| s.start), "leaves out of order");
    prop_assert!(document.comments.iter().all(|c| !c.is_empty()), "an empty comment");
    spans.extend(document.comments.iter().cloned());
    spans.sort_by_key(|s| (s.start, s.end));
    prop_assert!(spans.windows(2).all(|w| w[0].end <= w[1].start), "overlapping spans");

    let (sealed, kept) = replaced(&document, token, mask);
    let again = parse(&sealed);
    prop_assert!(again.is_ok(), "sealed text is refused: {again:?}\n{sealed}");
    let again = again.unwrap();
    let shape = |leaves: &[Leaf]| -> Vec<_> {
        let parts = |l: &Leaf| (l.path.clone(), l.node, l.tag.clone(), l.note.clone());
        leaves.iter().map(parts).collect()
    };
    prop_assert_eq!(shape(&document.leaves), shape(&again.leaves), "{}", sealed);
    prop_assert_eq!(document.comments.len(), again.comments.len());

    let mut spans: Vec<_> = again.comments.clone();
    spans.extend(again.leaves.iter().filter(|l| l.node == Node::Scalar).map(|l| l.span.clone()));
    spans.sort_by_key(|s| s.start);
    prop_assert_eq!(&spans, &kept.iter().map(|(s, _)| s.clone()).collect::<Vec<_>>());
    let mut opened = String::new();
    let mut done = 0;
    for (span, old) in kept {
        opened.push_str(&sealed[done..span.start]);
        opened.push_str(&old);
        done = span.end;
    }
    opened.push_str(&sealed[done..]);
    prop_assert_eq!(opened, text);
    Ok(())
}
