//! Counts and lists, in words.

/// Joins names: "ana, ben"; "nobody" for none.
pub(super) fn names<T: ToString>(names: &[T]) -> String {
    match names {
        [] => "nobody".to_owned(),
        some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// Counts: "1 value", "4 values".
pub fn count(number: usize, what: &str) -> String {
    counted(number, what, &format!("{what}s"))
}

/// Counts what has a plural of its own: "1 person", "4 people".
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
