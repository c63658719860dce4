//! Takes values out of what a program printed that was given them. It is a net, no wall: a program that wants to
//! tell a value can tell it in ways that nobody thinks of.

use std::collections::HashMap;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::reading::{Reading, is_bare};
use crate::secret::Plaintext;

/// What stands in a value's place.
const BLANK: &str = "[redacted]";

/// A longer value is not looked for: nothing is shown.
const LONGEST: usize = 16 << 10;

/// The fewest bytes of a form other than the value itself; shorter ones are everywhere.
const SHORTEST: usize = 6;

/// The lengths of line that encoders break their text into.
const WRAPS: [usize; 2] = [76, 64];

/// The fewest letters at the end of a text that was cut off which may be the beginning of a value.
const BEGUN: usize = 4;

/// Gives a text without the values that it holds: as they are, line by line, in base64 and hex, and however URLs,
/// forms, JSON, HTML, shells and programming languages write them. A line of a dump is not shown at all.
///
/// Of a text that was cut off, its last line is left out too, and what may be the beginning of a value.
#[must_use]
pub fn redacted(text: &[u8], is_whole: bool, values: &[&Plaintext]) -> String {
    if values.iter().any(|value| value.len() > LONGEST) {
        let count = text.len();
        return if count == 0 { String::new() } else { format!("{BLANK}: {count} bytes\n") };
    }
    let sought = Sought::of(values);
    let mut found = dumped(text);
    let last = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut end = if is_whole { text.len() } else { last };
    Reading::all_of(text, &mut |reading| {
        let ways = [(&sought.plain, None), (&sought.bare, Some(reading.bare()))];
        let digits = (&sought.digits, Some(reading.digits()));
        for (forms, other) in ways.into_iter().chain([digits]) {
            let reading = other.as_ref().unwrap_or(reading);
            found.extend(forms.places(&reading.bytes).iter().map(|place| reading.place(place)));
            if let Some(begun) = forms.begun(&reading.bytes).filter(|_| !is_whole) {
                end = end.min(reading.place(&begun).start);
            }
        }
    });
    let mut shown = without(text, found, end);
    if !is_whole {
        shown.extend_from_slice("… (more was printed)\n".as_bytes());
    }
    String::from_utf8_lossy(&shown).into_owned()
}

/// A text up to an end, without some parts of it.
fn without(text: &[u8], mut found: Vec<Range<usize>>, end: usize) -> Vec<u8> {
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
    shown
}

/// The lines that look like those of a dump, which begin with an offset: how the rest is written has too many ways.
fn dumped(text: &[u8]) -> Vec<Range<usize>> {
    let is_dump = |line: &[u8]| {
        let line = line.trim_ascii();
        let offset = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let rest = &line[offset..];
        let rest = rest.strip_prefix(b":").unwrap_or(rest);
        (6..=16).contains(&offset)
            && line[0] == b'0'
            && rest.first().is_some_and(u8::is_ascii_whitespace)
    };
    let mut at = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let shown = line.strip_suffix(b"\n").unwrap_or(line);
        if is_dump(shown) {
            lines.push(at..at + shown.len());
        }
        at += line.len();
    }
    lines
}

/// What is looked for, by how a text is read.
struct Sought {
    plain: Forms,
    bare: Forms,
    digits: Forms,
}

impl Sought {
    fn of(values: &[&Plaintext]) -> Self {
        let (mut plain, mut bare, mut digits) =
            (Forms::default(), Forms::default(), Forms::default());
        let bare_of = |form: &[u8]| form.iter().copied().filter(|it| is_bare(*it)).collect();
        for one in values.iter().flat_map(|value| parts(value.expose())) {
            plain.add(one.to_vec(), 1);
            bare.add(bare_of(one), SHORTEST);
            digits.add(one.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).collect(), SHORTEST);
            for core in (0..3).flat_map(|lead| in_base64(one, lead)) {
                for wrap in WRAPS {
                    core.chunks(wrap).for_each(|line| plain.add(line.to_vec(), SHORTEST));
                }
                bare.add(bare_of(&core), SHORTEST);
                plain.add(core, SHORTEST);
            }
        }
        Self { plain, bare, digits }
    }
}

/// Ways to write values.
#[derive(Default)]
struct Forms {
    all: Vec<Zeroizing<Vec<u8>>>,
    /// The places in that of the long ones, by how they begin.
    long: HashMap<[u8; SHORTEST], Vec<usize>>,
    short: Vec<usize>,
}

impl Forms {
    fn add(&mut self, form: Vec<u8>, shortest: usize) {
        let (form, at) = (Zeroizing::new(form), self.all.len());
        if form.len() < shortest {
            return;
        }
        match form.first_chunk() {
            Some(first) => {
                let known = self.long.entry(*first).or_default();
                if known.iter().any(|at| *self.all[*at] == *form) {
                    return;
                }
                known.push(at);
            }
            None => self.short.push(at),
        }
        self.all.push(form);
    }

    /// Where a text has them.
    fn places(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        for start in 0..text.len() {
            let rest = &text[start..];
            let long = rest.first_chunk().and_then(|first| self.long.get(first));
            let here = long.into_iter().flatten().chain(&self.short).map(|at| &self.all[*at]);
            let here = here.filter(|form| rest.starts_with(form)).map(|form| form.len());
            places.extend(here.max().map(|length| start..start + length));
        }
        places
    }

    /// The end of a text, as far as one of them may begin with it.
    fn begun(&self, text: &[u8]) -> Option<Range<usize>> {
        let begins = |form: &Zeroizing<Vec<u8>>| {
            let from = text.len().saturating_sub(form.len());
            let mut starts = from..text.len().saturating_sub(BEGUN - 1);
            starts.find(|start| form.starts_with(&text[*start..]))
        };
        let start = self.all.iter().filter_map(begins).min()?;
        Some(start..text.len())
    }
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

    #[test]
    fn a_text_that_was_cut_off_shows_what_is_whole_and_no_value() {
        let secret = value("hunter2-secret and more of it");
        let cut = |text: &str| redacted(text.as_bytes(), false, &[&secret]);
        assert_eq!(cut("waits for a lock\nhalf"), "waits for a lock\n… (more was printed)\n");
        let half = STANDARD.encode("hunter2-secret and more of it");
        let shown = cut(&format!("line\n{}\n{}", &half[..20], &half[20..25]));
        assert_eq!(shown, "line\n… (more was printed)\n");
    }

    const KEY: &str = "p/ss+wörd, länger & \"x\" K7M+bPx/0123456789-0123456789-end";

    #[track_caller]
    fn hides(written: &str) {
        let shown = shown(&format!("before\n{written}\nafter\n"), &[KEY]);
        assert!(shown.starts_with("before\n") && shown.ends_with("\nafter\n"), "{shown}");
        assert!(shown.contains(BLANK), "{shown}");
        let told = shown.replace(BLANK, "");
        for part in ["K7M", "bPx", "0123456789", "70 2f", "702f", "4b 37", "4b37"] {
            assert!(!told.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn whatever_an_encoder_of_urls_leaves_as_it_is_a_value_goes() {
        for plain in ["-._~", "-._~/", "-._~/+", "", "-._~!$&'()*+,;=:@/?"] {
            hides(&format!("GET /x?key={}", percent(KEY, plain)));
            hides(
                &format!("k={}", percent(KEY, &format!("{plain} ")).replace(' ', "+"))
                    .replace("%2b", "%2B"),
            );
        }
    }

    #[test]
    fn a_value_in_json_and_in_languages_goes() {
        let json = serde_json::to_string(KEY).unwrap();
        hides(&json);
        hides(&json.replace('/', "\\/"));
        let ascii = |json: &str| json.replace('ö', "\\u00f6").replace('ä', "\\u00E4");
        hides(&ascii(&json));
        hides(&serde_json::to_string(&ascii(&json)).unwrap());
        hides(&KEY.replace('ö', "\\xc3\\xb6").replace('ä', "\\303\\244").replace('"', "\\\""));
        hides(&KEY.replace('ö', "\\u{f6}").replace(' ', "\\ "));
        hides(&KEY.replace('&', "&amp;").replace('"', "&quot;").replace('ä', "&#228;"));
        hides(&format!("'{}'", KEY.replace("+w", "'\\''+w").replace("'\\''", "'\"\"'")));
    }

    #[test]
    fn a_value_in_lines_and_dumps_of_hex_goes() {
        let hex: Vec<_> = KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
        let lines = |between: &str, count: usize| {
            let lines: Vec<_> = hex.chunks(count).map(|line| line.join(between)).collect();
            lines.join("\n")
        };
        hides(&lines("", 30));
        hides(&lines(" ", 16).to_uppercase());
        hides(&lines(":", 200));
        hides(&hex.iter().map(|it| format!("0x{it}, ")).collect::<String>());
        hides(&format!("<Buffer {}>", lines(" ", 200)));
        let offset =
            |(at, line): (usize, &str)| format!("{:08x}  {line}  |K7M+bPx/01234567|", at * 16);
        let dump: Vec<_> = lines(" ", 16).lines().enumerate().map(offset).collect();
        hides(&dump.join("\n"));
        hides("0000000   K   7   M   +   b   P   x\n0000020 067463 0123456789");
        hides("00000000: 4b37 4d2b 6250  K7M+bP");
        hides(
            &STANDARD
                .encode(KEY)
                .as_bytes()
                .chunks(11)
                .map(String::from_utf8_lossy)
                .collect::<Vec<_>>()
                .join("\n"),
        );
    }

    fn percent(value: &str, plain: &str) -> String {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || plain.as_bytes().contains(&byte);
        let one = |byte: u8| match is_plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02x}"),
        };
        value.bytes().map(one).collect()
    }

    proptest! {
        #[test]
        fn no_form_of_a_value_is_shown(
            secret in "[a-zA-Z0-9 /+=%'\"&?ü-]{7,40}",
            before in "[a-z:]{0,3}",
            after in "[a-z:]{0,3}",
        ) {
            let around = format!("{before}{secret}{after}");
            let lower: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            let forms = [
                secret.clone(),
                STANDARD.encode(&around),
                URL_SAFE_NO_PAD.encode(&around),
                lower.clone(),
                lower.to_uppercase(),
                percent(&secret, "-._~"),
                serde_json::to_string(&secret).unwrap(),
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
