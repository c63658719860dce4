//! Takes values out of what a program printed that was given them. It is a net, no wall: a program that wants to
//! tell a value can tell it in ways that nobody thinks of.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::secret::Plaintext;

/// What stands in a value's place.
const BLANK: &str = "[redacted]";

/// A longer value is not looked for: nothing is shown.
const LONGEST: usize = 16 << 10;

/// The fewest bytes of a form other than the value itself; shorter ones are everywhere.
const SHORTEST: usize = 6;

/// The lengths of line that encoders break their text into.
const WRAPS: [usize; 2] = [76, 64];

/// Gives a text without the values that it holds: as they are, line by line, in base64, hex, as in URLs and JSON.
///
/// Of a text that was cut off, the end is left out too, where the beginning of a value may stand.
#[must_use]
pub fn redacted(text: &[u8], is_whole: bool, values: &[&Plaintext]) -> String {
    if values.iter().any(|value| value.len() > LONGEST) {
        let count = text.len();
        return if count == 0 { String::new() } else { format!("{BLANK}: {count} bytes\n") };
    }
    let forms: Vec<Form> = values.iter().flat_map(|value| forms(value.expose())).collect();
    let longest = forms.iter().map(|form| form.bytes.len()).max().unwrap_or_default();
    let end = if is_whole { text.len() } else { text.len().saturating_sub(longest) };
    let mut found: Vec<Range<usize>> = forms.iter().flat_map(|form| form.places(text)).collect();
    found.sort_by_key(|range| (range.start, range.end));
    let mut shown = Vec::new();
    let mut at = 0;
    for range in found.into_iter().filter(|range| range.start < end) {
        if range.start >= at {
            shown.extend_from_slice(&text[at..range.start]);
            shown.extend_from_slice(BLANK.as_bytes());
        }
        at = at.max(range.end);
    }
    shown.extend_from_slice(text.get(at..end).unwrap_or_default());
    if !is_whole {
        shown.extend_from_slice("… (more was printed)\n".as_bytes());
    }
    String::from_utf8_lossy(&shown).into_owned()
}

/// One way to write a value.
struct Form {
    bytes: Zeroizing<Vec<u8>>,
    case: Case,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Told,
    Any,
}

impl Form {
    /// Where a text has it.
    fn places(&self, text: &[u8]) -> Vec<Range<usize>> {
        let length = self.bytes.len();
        let is = |window: &[u8]| match self.case {
            Case::Told => window == &self.bytes[..],
            Case::Any => window.eq_ignore_ascii_case(&self.bytes),
        };
        let starts = text.windows(length.max(1)).enumerate().filter(|(_, window)| is(window));
        starts.map(|(start, _)| start..start + length).collect()
    }
}

fn forms(value: &[u8]) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut add = |bytes: Vec<u8>, case: Case, shortest: usize| {
        let bytes = Zeroizing::new(bytes);
        if bytes.len() >= shortest {
            forms.push(Form { bytes, case });
        }
    };
    for one in parts(value) {
        add(one.to_vec(), Case::Told, 1);
        add(hex(one, ""), Case::Any, SHORTEST);
        add(hex(one, " "), Case::Any, SHORTEST);
        add(hex(one, ":"), Case::Any, SHORTEST);
        add(percent(one, is_unreserved), Case::Any, SHORTEST);
        add(percent(one, |byte| byte.is_ascii_alphanumeric()), Case::Any, SHORTEST);
        add(in_json(one), Case::Told, SHORTEST);
        add(in_shell(one), Case::Told, SHORTEST);
        for lead in 0..3 {
            for core in in_base64(one, lead) {
                let lines = WRAPS.map(|wrap| core.chunks(wrap).map(<[u8]>::to_vec).collect());
                let lines: Vec<Vec<u8>> = lines.into_iter().flat_map(|it: Vec<_>| it).collect();
                lines.into_iter().for_each(|line| add(line, Case::Told, SHORTEST));
                add(core, Case::Told, SHORTEST);
            }
        }
    }
    forms
}

/// The value, without blanks around it, and each of its lines that is long enough to say something.
fn parts(value: &[u8]) -> Vec<&[u8]> {
    let mut parts = vec![value, value.trim_ascii()];
    let lines = value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    parts.extend(lines.filter(|line| line.len() >= SHORTEST));
    parts.retain(|part| !part.is_empty());
    parts.sort_unstable();
    parts.dedup();
    parts
}

fn hex(value: &[u8], between: &str) -> Vec<u8> {
    let bytes: Vec<_> = value.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(between).into_bytes()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn percent(value: &[u8], plain: impl Fn(u8) -> bool) -> Vec<u8> {
    let one = |byte: &u8| match plain(*byte) {
        true => vec![*byte],
        false => format!("%{byte:02x}").into_bytes(),
    };
    value.iter().flat_map(one).collect()
}

fn in_json(value: &[u8]) -> Vec<u8> {
    let text = serde_json::to_string(&String::from_utf8_lossy(value)).unwrap_or_default();
    text.trim_matches('"').as_bytes().to_vec()
}

/// As a shell that traces what it does writes it: in single quotes.
fn in_shell(value: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(value).replace('\'', r"'\''");
    text.into_bytes()
}

/// The letters of base64 that a value alone decides, where so many bytes come before it in their group of three.
fn in_base64(value: &[u8], lead: usize) -> Vec<Vec<u8>> {
    let bytes = Zeroizing::new([&vec![0; lead][..], value].concat());
    let mixed_before = (lead * 8).div_ceil(6);
    let mixed_after = usize::from(!bytes.len().is_multiple_of(3) && lead > 0);
    let cut = |text: String| {
        let end = text.len().saturating_sub(mixed_after);
        text.as_bytes().get(mixed_before..end).unwrap_or_default().to_vec()
    };
    let mut cores = vec![cut(STANDARD_NO_PAD.encode(&bytes)), cut(URL_SAFE_NO_PAD.encode(&bytes))];
    // The last letter of a value that stands alone is its own; where more comes after it, it is not.
    if lead == 0 && !value.len().is_multiple_of(3) {
        let shorter: Vec<_> = cores.iter().map(|core| core[..core.len() - 1].to_vec()).collect();
        cores.extend(shorter);
    }
    cores.dedup();
    cores
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Plaintext {
        Plaintext::from(text.to_owned())
    }

    fn shown(text: &str, values: &[&str]) -> String {
        let values: Vec<_> = values.iter().map(|text| value(text)).collect();
        redacted(text.as_bytes(), true, &values.iter().collect::<Vec<_>>())
    }

    #[test]
    fn the_rest_of_the_text_stays() {
        assert_eq!(shown("user=app pass=hunter2!\n", &["hunter2!"]), "user=app pass=[redacted]\n");
        assert_eq!(shown("old new old", &["old", "new"]), "[redacted] [redacted] [redacted]");
        assert_eq!(shown("nothing of it", &["hunter2!"]), "nothing of it");
        assert_eq!(shown("abcabc", &["abca", "bcabc"]), "[redacted]");
        assert_eq!(shown("", &["x"]), "");
    }

    #[test]
    fn every_line_of_a_value_goes() {
        let text = "-----BEGIN-----\nAAAAAAAA\nBBBBBBBB\n-----END-----\n";
        assert_eq!(shown("line 2: BBBBBBBB.", &[text]), "line 2: [redacted].");
        assert_eq!(shown("x hunter2-xyz y", &["hunter2-xyz\n"]), "x [redacted] y");
    }

    #[test]
    fn a_text_that_was_cut_off_ends_before_what_may_be_a_value() {
        let secret = value("hunter2-secret");
        let cut = redacted(b"some text before, then hunter2-sec", false, &[&secret]);
        assert!(!cut.contains("hunter2"), "{cut}");
        assert!(cut.ends_with("… (more was printed)\n"), "{cut}");
    }

    #[test]
    fn beside_a_value_too_long_to_look_for_nothing_is_shown() {
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(shown("xxx", &[&long]), "[redacted]: 3 bytes\n");
        assert_eq!(shown("", &[&long]), "");
    }

    proptest! {
        #[test]
        fn no_form_of_a_value_is_shown(
            secret in "[a-zA-Z0-9 /+=%'\"&?ü-]{7,40}",
            before in "[a-z:]{0,3}",
            after in "[a-z:]{0,3}",
        ) {
            let around = format!("{before}{secret}{after}");
            let lower = hex(secret.as_bytes(), "");
            let forms = [
                secret.clone(),
                STANDARD.encode(&around),
                URL_SAFE_NO_PAD.encode(&around),
                String::from_utf8(lower.clone()).unwrap(),
                String::from_utf8(lower).unwrap().to_uppercase(),
                String::from_utf8(percent(secret.as_bytes(), is_unreserved)).unwrap(),
                String::from_utf8(in_json(secret.as_bytes())).unwrap(),
            ];
            let core = in_base64(secret.as_bytes(), before.len()).swap_remove(0);
            let core = String::from_utf8(core).unwrap();
            for form in forms {
                let shown = shown(&format!("<{form}>"), &[&secret]);
                prop_assert!(shown.contains("[redacted]"), "{shown}");
                prop_assert!(!shown.contains(&form), "{shown}");
                prop_assert!(!shown.contains(core.trim_end_matches('=')), "{shown}");
            }
        }
    }
}
