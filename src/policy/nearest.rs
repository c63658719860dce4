//! "Did you mean": the known name that is fewest edits away.

/// Finds the candidate nearest to a name, if one is near enough to be a slip of the finger.
#[must_use]
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = 1.max(name.chars().count() / 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(edits, _)| (1..=limit).contains(edits))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Counts the insertions, deletions and replacements between two texts (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (one, other, edits) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("clio", "cleo", 1)]
        {
            assert_eq!(distance(one, other), edits);
            assert_eq!(distance(other, one), edits);
        }
    }

    #[test]
    fn only_a_slip_gets_a_suggestion() {
        assert_eq!(nearest("clio", ["ana", "cleo", "ben"]), Some("cleo"));
        assert_eq!(nearest("recipent", ["kind", "recipients"]), Some("recipients"));
        assert_eq!(nearest("zoe", ["ana", "ben"]), None);
        assert_eq!(nearest("ana", ["ana"]), None);
    }
}
