//! Which bytes of a value are looked for: the value, and what gives it away alone.

use zeroize::Zeroizing;

use super::common::{SHORTEST, is_common};
use super::parts::{field, is_json, lines, passwords, strings};
use super::{How, forms};
use crate::scan::wide;

/// The fewest bytes by which a JSON text without a telling string can be told.
const SHORTEST_JSON: usize = 64;

/// The most parts of one value that are looked for.
const MOST_PARTS: usize = 64;

/// So many parts of a value are looked for in all ways.
const MAJOR: usize = 3;

/// The longest part that is looked for alone; of what is longer the whole is.
const LONGEST_PART: usize = 4 << 10;

/// Bytes that are looked for, and whose they are.
pub(super) struct Needle {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// The values, by number.
    pub(super) values: Vec<usize>,
    /// One of many parts of a value, of which others are looked for in more ways.
    pub(super) is_minor: bool,
    /// How a value is written that has these bytes.
    pub(super) how: How,
}

/// Why a value is not looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// It has fewer than eight bytes.
    Short,
    /// It may stand anywhere: a word, a name, a number, an address without a password.
    Common,
}

/// What is looked for to find a value.
pub(super) fn of_value(value: &[u8]) -> Result<Vec<Zeroizing<Vec<u8>>>, LeftOut> {
    match letters(value) {
        Some(text) => of_text(&text),
        None => of_text(value),
    }
}

/// A value whose letters have two or four bytes each, as some editors write files, in UTF-8.
fn letters(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    memchr::memchr(0, value)?;
    let runs = wide::all(value);
    let text = runs.iter().find(|run| run.letters.len() * 10 >= value.len() * 9)?;
    Some(Zeroizing::new(text.says(value)))
}

fn of_text(value: &[u8]) -> Result<Vec<Zeroizing<Vec<u8>>>, LeftOut> {
    let whole = value.trim_ascii();
    if whole.len() < SHORTEST {
        return Err(LeftOut::Short);
    }
    let mut parts = Vec::new();
    let mut add = |part: &[u8]| {
        let is_new = parts.iter().all(|known: &Zeroizing<Vec<u8>>| **known != part);
        if is_new && parts.len() < MOST_PARTS && part.len() <= LONGEST_PART {
            parts.push(Zeroizing::new(part.to_vec()));
        }
    };
    passwords(whole, &mut add);
    let is_json = is_json(whole);
    if is_json {
        strings(whole, &mut add);
    }
    let is_lines = whole.contains(&b'\n');
    if is_lines {
        lines(whole, &mut add);
    } else if let Some(setting) = field(whole).filter(|_| !is_json) {
        setting.told(&mut add);
    }
    let says_little = is_json && whole.len() < SHORTEST_JSON || is_common(whole);
    if parts.is_empty() && says_little {
        return Err(LeftOut::Common);
    }
    if parts.is_empty() || !is_lines {
        parts.push(Zeroizing::new(whole.to_vec()));
    }
    if is_lines && parts.len() == 1 && *parts[0] == whole {
        let bare = forms::lines(whole);
        parts.extend(bare.filter(|part| part.len() >= SHORTEST && **part != whole));
    }
    Ok(parts)
}

/// All that is looked for, each once, with the values that have it.
pub(super) fn merged(values: Vec<(usize, Vec<Zeroizing<Vec<u8>>>)>) -> Vec<Needle> {
    let mut all = Vec::new();
    for (value, parts) in values {
        for (number, part) in parts.into_iter().enumerate() {
            let is_minor = number >= MAJOR;
            let needle = |(bytes, how)| Needle { bytes, values: vec![value], is_minor, how };
            all.extend(forms::others(&part).into_iter().map(needle));
            all.push(needle((part, How::Raw)));
        }
    }
    all.sort_unstable_by(|one, two| (&*one.bytes, &one.values).cmp(&(&*two.bytes, &two.values)));
    let mut needles: Vec<Needle> = Vec::with_capacity(all.len());
    for needle in all {
        match needles.last_mut().filter(|last| last.bytes == needle.bytes) {
            Some(last) => {
                if last.values.last() != needle.values.last() {
                    last.values.extend(needle.values);
                }
                last.is_minor &= needle.is_minor;
            }
            None => needles.push(needle),
        }
    }
    needles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(value: &str) -> Vec<String> {
        let parts = of_value(value.as_bytes()).unwrap_or_default();
        parts.iter().map(|part| String::from_utf8(part.to_vec()).unwrap()).collect()
    }

    #[test]
    fn what_a_public_key_has_too_is_no_part_of_a_private_one() {
        let line = |at: usize| {
            format!("{}{at:02}", "kQ7pLw2ZxR9tBv4NcY8mJd3HsF6gTqA1eUoXiK5rWzPnMbCvG0yS")
        };
        let armour = |label: &str, count: usize| {
            let body: String = (0..count).map(|at| line(at) + "\n").collect();
            format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
        };
        let long = parts(&armour("RSA PRIVATE KEY", 25));
        assert!(!long.contains(&line(9)) && long.contains(&line(10)) && long.contains(&line(24)));
        assert_eq!(parts(&armour("PRIVATE KEY", 3)), [line(0), line(1), line(2)]);
        let bundle = armour("CERTIFICATE", 20) + &armour("PRIVATE KEY", 3);
        assert_eq!(parts(&bundle), [line(0), line(1), line(2)]);
    }

    #[test]
    fn a_value_is_looked_for_without_the_blanks_round_it() {
        assert_eq!(parts("  kq8Zw1Lm0pRt\n"), ["kq8Zw1Lm0pRt"]);
        assert_eq!(of_value(b" short1 \n").err(), Some(LeftOut::Short));
        assert_eq!(of_value(b"localhost").err(), Some(LeftOut::Common));
    }

    #[test]
    fn lines_are_looked_for_alone_and_headers_are_not() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSjAgEAAoIBAQC7\nx9==\n\
            -----END PRIVATE KEY-----\n";
        assert_eq!(parts(key), ["MIIEvQIBADANBgkqhkiG9w0BAQEF", "AASCBKcwggSjAgEAAoIBAQC7"]);
        assert_eq!(
            parts(concat!("A=1\nTOKEN=\"9f86", "d081884c7d659a2f\"\nB=localhost\n")),
            ["9f86d081884c7d659a2f"]
        );
        assert_eq!(parts("short1\nshort2\nxQ9\n"), ["short1\nshort2\nxQ9"]);
        assert_eq!(parts("- short1\n- xQ9\n"), ["- short1\n- xQ9", "short1\nxQ9"]);
        assert_eq!(parts("kq8Z-w1Lm\n- 7xq2-9pRt\nmonday\n"), ["kq8Z-w1Lm", "7xq2-9pRt"]);
    }

    #[test]
    fn lines_are_looked_for_by_what_their_names_promise() {
        let file = "server: vpn.acme.example\nuser: svc-backup\n  passphrase: umbrella teapot violin harbour\n";
        assert_eq!(parts(file), ["umbrella teapot violin harbour"]);
        let toml = "[db]\nexport DB_PASSWORD = \"zebra\\u002dquokka-44-lamp\" # of db\nname = 'blue-whale-22-song'\n";
        assert_eq!(parts(toml), ["zebra-quokka-44-lamp"]);
        assert_eq!(
            parts("machine db.acme.example\nlogin bob password zebra-quokka-44-lamp\n"),
            ["zebra-quokka-44-lamp"]
        );
        // A name of something that is kept elsewhere stands in other files, too.
        let name = "kind: Pod\nsecretName: database-credentials-of-production\n";
        assert_eq!(parts(name)[0], name.trim());
        assert_eq!(
            parts("password=zebra-quokka-44-lamp"),
            ["zebra-quokka-44-lamp", "password=zebra-quokka-44-lamp"]
        );
        let common = "token: \"\"\npassword: ${DB_PASSWORD}\nsecret: changeme\n";
        assert_eq!(parts(common)[0], common.trim());
    }

    #[test]
    fn a_text_of_wide_letters_is_looked_for_as_it_reads() {
        let wide: Vec<u8> =
            "\u{feff}kq8Zw1Lm0pRt\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(of_value(&wide).unwrap()[0].as_slice(), b"kq8Zw1Lm0pRt");
    }

    #[test]
    fn a_url_is_looked_for_by_its_password_too() {
        let url = concat!("postgres://app:p%40", "ss-w0rd9x@db.example.com:5432/app?ssl=1");
        assert_eq!(parts(url), ["p%40ss-w0rd9x", "p@ss-w0rd9x", url]);
        let odd = "amqp://app:Xk/29dk@ls_9@host/vhost";
        assert_eq!(parts(odd), ["Xk/29dk@ls_9", odd]);
        let list = concat!("Server=tcp:db;User=app;Pass", "word=Xk29-dkLs9;Encrypt=True");
        assert_eq!(parts(list), ["Xk29-dkLs9", list]);
        assert_eq!(parts("https://example.com/a/b"), Vec::<String>::new());
    }

    #[test]
    fn json_is_looked_for_by_its_strings() {
        let json = r#"{"type": "service_account", "key_id": "9f86d081884c7d659a2feaa0", "n": 5,
            "pem": "-----BEGIN-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END-----\n"}"#;
        assert_eq!(parts(json), ["9f86d081884c7d659a2feaa0", "MIIEvQIBADANBgkqhkiG9w0BAQEF"]);
        assert_eq!(of_value(br#"{"a": 1}"#).err(), Some(LeftOut::Common));
        let short = r#"{"user":"app","phrase":"Xk29\/dkLs9\u0021"}"#;
        assert_eq!(parts(short), ["Xk29/dkLs9!", short]);
        let named = r#"{"type":"service","scope":"urn:ietf:params:oauth:jwt","password":"zebra-quokka-44-lamp"}"#;
        assert_eq!(parts(named), ["zebra-quokka-44-lamp", named]);
    }
}
