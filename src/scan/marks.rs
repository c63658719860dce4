//! Marks in a line that let what it holds pass: those of other tools, and ours.

/// Marks for their own line.
const HERE: [&[u8]; 9] = [
    b"gitleaks:allow",
    b"betterleaks:allow",
    b"pragma: allowlist secret",
    b"pragma: whitelist secret",
    b"pragma:allowlist secret",
    b"trufflehog:ignore",
    b"ggignore",
    b"kingfisher:ignore",
    b"secretlint-disable-line",
];

/// Marks for the line after theirs.
const NEXT: [&[u8]; 3] = [
    b"pragma: allowlist nextline secret",
    b"pragma: whitelist nextline secret",
    b"secretlint-disable-next-line",
];

const OURS: &[u8] = b"tenure:allow";

/// How far from the hit a line is looked at, so that a line of 200 MB costs no more than another.
const FAR: usize = 2048;

/// The line, or what is near of it, that a place stands in.
pub(super) fn line(text: &[u8], from: usize, to: usize) -> &[u8] {
    let left = from.saturating_sub(FAR);
    let start = text[left..from].iter().rposition(|b| *b == b'\n').map_or(left, |at| left + at + 1);
    let right = text.len().min(to + FAR);
    let end = text[to..right].iter().position(|b| *b == b'\n').map_or(right, |at| to + at);
    &text[start..end]
}

/// Tells whether a mark lets a hit of a rule pass that begins and ends at these places.
pub(super) fn pass(text: &[u8], from: usize, to: usize, rule: &str) -> bool {
    let own = line(text, from, to);
    let holds = |line: &[u8], marks: &[&[u8]]| marks.iter().any(|mark| find(line, mark).is_some());
    if holds(own, &HERE) || ours(own, rule) {
        return true;
    }
    let left = from.saturating_sub(FAR);
    let Some(before) = text[left..from].iter().rposition(|b| *b == b'\n') else { return false };
    holds(line(text, left + before, left + before), &NEXT)
}

/// `tenure:allow RULE reason`: nothing passes without a reason.
fn ours(line: &[u8], rule: &str) -> bool {
    let Some(at) = find(line, OURS) else { return false };
    let mut words =
        line[at + OURS.len()..].split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
    let is_reason = |word: &[u8]| word.iter().any(u8::is_ascii_alphanumeric);
    words.next() == Some(rule.as_bytes()) && words.any(is_reason)
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(text: &str) -> bool {
        let from = text.find("SECRET").unwrap();
        pass(text.as_bytes(), from, from + 6, "github-pat")
    }

    #[test]
    fn marks_let_their_line_pass_and_no_other() {
        for mark in HERE {
            let mark = std::str::from_utf8(mark).unwrap();
            assert!(passes(&format!("a\nkey = SECRET # {mark}\nb")), "{mark}");
            assert!(!passes(&format!("x # {mark}\nkey = SECRET\ny # {mark}")), "{mark}");
        }
        assert!(!passes("key = SECRET"));
    }

    #[test]
    fn marks_for_the_next_line_let_that_one_pass() {
        for mark in NEXT {
            let mark = std::str::from_utf8(mark).unwrap();
            assert!(passes(&format!("a\n# {mark}\nkey = SECRET\n")), "{mark}");
            assert!(!passes(&format!("# {mark}\nkey = 1\nkey = SECRET")), "{mark}");
            assert!(!passes(&format!("key = SECRET # {mark}")), "{mark}");
        }
    }

    #[test]
    fn ours_names_the_rule_and_a_reason() {
        assert!(passes("key = SECRET # tenure:allow github-pat a test key of the vendor's manual"));
        assert!(!passes("key = SECRET # tenure:allow github-pat"));
        assert!(!passes("key = SECRET /* tenure:allow github-pat */"));
        assert!(!passes("key = SECRET # tenure:allow other because"));
        assert!(!passes("key = SECRET # tenure:allow"));
    }

    #[test]
    fn a_mark_far_off_in_a_long_line_is_not_looked_for() {
        let far = " ".repeat(FAR);
        assert!(!passes(&format!("key = SECRET{far}# gitleaks:allow")));
    }
}
