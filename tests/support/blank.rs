//! Blanks what differs from run to run, so that snapshots show the rest.
//!
//! Times are blanked, dates are not: a test sets the day, and deadlines are what it looks at.

use std::path::Path;

/// Blanks the temporary folder, keys, tokens, ids and times.
pub(crate) fn blank(text: &str, folder: &Path) -> String {
    let base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let base64url = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let bech32 = |c: char| c.is_ascii_alphanumeric();
    let mut text = text.replace(&folder.display().to_string(), "[folder]");
    text = run_after(&text, "AGE-SECRET-KEY-1", "[age secret key]", (40, &bech32));
    text = run_after(&text, "SHA256:", "SHA256:[fingerprint]", (40, &base64));
    text = run_after(&text, "AAAA", "[ssh key]", (40, &base64));
    text = run_after(&text, "sealed.v1.", "sealed.v1.[token]", (40, &base64url));
    text = run_after(&text, "dropped.v1.", "dropped.v1.[token]", (40, &base64url));
    text = run_after(&text, "age1", "[age recipient]", (40, &bech32));
    text = shape(&text, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh", "[uuid]");
    text = shape(&text, "0000-00-00T00:00:00Z", "[time]");
    text = shape(&text, "00000000T000000Z", "[time]");
    hexes(&text)
}

/// Replaces `prefix` and the run of characters after it, if that run is long enough.
fn run_after(
    text: &str,
    prefix: &str,
    label: &str,
    (least, belongs): (usize, &dyn Fn(char) -> bool),
) -> String {
    let mut blanked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(prefix) {
        let (before, from) = rest.split_at(at);
        let tail = &from[prefix.len()..];
        let end = tail.find(|c| !belongs(c)).unwrap_or(tail.len());
        blanked.push_str(before);
        blanked.push_str(if end >= least { label } else { prefix });
        rest = if end >= least { &tail[end..] } else { tail };
    }
    blanked + rest
}

/// Replaces what has a shape, in which `0` is a digit and `h` a hex digit.
fn shape(text: &str, shape: &str, label: &str) -> String {
    let fits = |from: &str| {
        from.len() >= shape.len()
            && from.bytes().zip(shape.bytes()).all(|(byte, kind)| match kind {
                b'0' => byte.is_ascii_digit(),
                b'h' => byte.is_ascii_hexdigit(),
                other => byte == other,
            })
    };
    let mut blanked = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let (push, skip) = if fits(rest) {
            (label.to_owned(), shape.len())
        } else {
            (character.to_string(), character.len_utf8())
        };
        blanked.push_str(&push);
        rest = &rest[skip..];
    }
    blanked
}

/// Replaces words of twelve or more hex digits, and shorter ones of six or more after "entry".
fn hexes(text: &str) -> String {
    let mut blanked = String::new();
    let mut named = false;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        let hex = word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let id = hex && word.len() >= if named { 6 } else { 12 };
        blanked.push_str(if id { "[id]" } else { word });
        named = word.eq_ignore_ascii_case("entry") || (named && word.is_empty());
        let next = tail.chars().next();
        named &= matches!(next, None | Some(' ' | '`'));
        blanked.extend(next);
        rest = &tail[next.map_or(0, char::len_utf8)..];
    }
    blanked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blanked(text: &str) -> String {
        blank(text, Path::new("/tmp/x1"))
    }

    #[test]
    fn random_things_are_blanked() {
        assert_eq!(blanked("/tmp/x1/ana-repo/.env"), "[folder]/ana-repo/.env");
        assert_eq!(
            blanked(&format!("key SHA256:{}.", "a+/B".repeat(11))),
            "key SHA256:[fingerprint]."
        );
        assert_eq!(blanked(&format!("age1{}", "q".repeat(58))), "[age recipient]");
        assert_eq!(
            blanked(&format!("A=sealed.v1.{}\n", "A-_9".repeat(20))),
            "A=sealed.v1.[token]\n"
        );
        assert_eq!(blanked("0198c9d2-0000-7000-8000-00000000abcd"), "[uuid]");
        assert_eq!(blanked("20261121T192000Z-0123456789abcdef.entry"), "[time]-[id].entry");
        assert_eq!(blanked("Entry 123456, entry `90aa17`"), "Entry [id], entry `[id]`");
    }

    #[test]
    fn all_else_stays() {
        for text in ["due 2026-02-19", "entry of 3", "SHA256:short", "decade 123456", "zoë — é"]
        {
            assert_eq!(blanked(text), text);
        }
    }
}
