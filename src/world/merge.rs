//! Merges texts by lines, as git does.

use git2::{MergeFileInput, MergeFileOptions, merge_file};

/// Makes both sides' changes of a common text; none where they touch the same lines.
#[must_use]
pub fn three_way(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let [base, ours, theirs] = [base, ours, theirs].map(|text| {
        let mut input = MergeFileInput::new();
        input.content(text.as_bytes());
        input
    });
    let mut options = MergeFileOptions::new();
    let merged = merge_file(&base, &ours, &theirs, Some(&mut options)).ok()?;
    let clean = merged.is_automergeable().then(|| merged.content().to_vec())?;
    String::from_utf8(clean).ok()
}

#[cfg(test)]
mod tests {
    use super::three_way;

    const BASE: &str = "a\nb\nc\nd\ne\nf\n";

    #[test]
    fn both_sides_changes_are_made() {
        let (ours, theirs) = (BASE.replace('a', "A"), BASE.replace('f', "F"));
        assert_eq!(three_way(BASE, &ours, &theirs).as_deref(), Some("A\nb\nc\nd\ne\nF\n"));
        assert_eq!(three_way(BASE, BASE, &theirs), Some(theirs));
        assert_eq!(three_way(BASE, &ours, &ours), Some(ours));
    }

    #[test]
    fn changes_of_one_line_are_not_decided() {
        assert_eq!(three_way(BASE, &BASE.replace('c', "1"), &BASE.replace('c', "2")), None);
        assert_eq!(three_way(BASE, &BASE.replace("c\n", ""), &BASE.replace('c', "2")), None);
    }
}
