//! Parts of a text in which nothing is told: ciphertext, known by its form, and what a block mark of
//! secretlint covers.
//!
//! A region ends where its form ends: no marker hides what comes after it. What stands in it as text does, such as
//! a comment or a label, is none of what it hides.

use std::ops::Range;

use super::ciphertext::{self, Next, armor, lines, vault, wrapped};

/// What stands at the beginning of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A value of SOPS: `ENC[AES256_GCM,data:…]`.
    Sops,
    /// A value of dotenvx: `encrypted:` and base64.
    Dotenvx,
    /// A file, or a value in YAML, of Ansible Vault.
    Ansible,
    /// A value of Pulumi: `v1:`, a nonce and ciphertext.
    Pulumi,
    /// What AWS KMS encrypted, in base64.
    Kms,
    /// `BEGIN AGE ENCRYPTED FILE`, `BEGIN PGP MESSAGE` or a signature, and lines of base64.
    Armor,
    /// The header of a file of age, and what follows it up to what people read.
    Age,
    /// The same, in base64.
    AgeBase64,
    /// A sealed token of ours.
    Token,
    /// A dropped token of ours: a file of age.
    Dropped,
    /// `secretlint-disable`, until `secretlint-enable`.
    Disabled,
}

/// What begins a region, in lower case.
pub(super) const MARKERS: [(&str, Kind); 16] = [
    ("enc[aes256_gcm,", Kind::Sops),
    ("encrypted:", Kind::Dotenvx),
    ("$ansible_vault;", Kind::Ansible),
    ("aqicah", Kind::Kms),
    ("secure: v1:", Kind::Pulumi),
    ("\"ciphertext\":\"v1:", Kind::Pulumi),
    ("\"ciphertext\": \"v1:", Kind::Pulumi),
    ("-----begin age encrypted file-----", Kind::Armor),
    ("-----begin pgp message-----", Kind::Armor),
    ("-----begin pgp signature-----", Kind::Armor),
    ("-----begin ssh signature-----", Kind::Armor),
    ("age-encryption.org/v1\n", Kind::Age),
    ("ywdllwvuy3j5chrpb24ub3jnl3yx", Kind::AgeBase64),
    ("sealed.v1.", Kind::Token),
    ("dropped.v1.", Kind::Dropped),
    ("secretlint-disable", Kind::Disabled),
];

/// The fewest characters of base64 that a token of ours has: generation, nonce and tag, and one block.
const TOKEN: usize = 75;
/// The same of a value of dotenvx: a point on its curve, which begins with the byte 4, nonce and tag.
const DOTENVX: usize = 120;
const POINT: u8 = b'B';
/// How a text of AWS KMS begins, and how long one is at least: the encrypted key alone takes more.
const KMS: &[u8] = b"AQICAH";
const KMS_LEAST: usize = 180;
/// How a file of age begins, in base64.
const AGE: &[u8] = b"YWdlLWVuY3J5cHRpb24ub3JnL3Yx";

/// A part of a text, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
    /// The parts of it that are text.
    legible: Vec<Range<usize>>,
}

/// The regions of a text, in their order.
#[derive(Debug, Default)]
pub(super) struct Regions(Vec<Region>);

impl Regions {
    /// Begins with the region that the text begins in, where it is a later piece of one.
    pub(super) fn continuing(text: &[u8], open: Option<Kind>) -> Self {
        let region = open.map(|kind| {
            let mut legible = Vec::new();
            let range = 0..end(text, 0, (kind, Side::GoesOn), &mut legible);
            Region { range, kind, legible }
        });
        Self(region.into_iter().filter(|it| !it.range.is_empty()).collect())
    }

    /// Takes a marker, found where the keywords were.
    pub(super) fn mark(&mut self, text: &[u8], at: usize, length: usize, kind: Kind) {
        if self.0.last().is_some_and(|last| at < last.range.end) {
            return;
        }
        let body = at + length;
        let mut legible = Vec::new();
        let follows = text.get(body).copied().unwrap_or(b'\n');
        let end = match kind {
            // `-line` and `-next-line` are marks of a line.
            Kind::Disabled if matches!(follows, b'-' | b'_' | b'a'..=b'z') => return,
            Kind::Age if at != 0 => return,
            Kind::Kms if !text[at..].starts_with(KMS) => return,
            Kind::Dropped if !text[body..].starts_with(AGE) => return,
            Kind::Dotenvx if follows != POINT => return,
            _ => end(text, body, (kind, Side::Begins), &mut legible),
        };
        let least = match kind {
            Kind::Dotenvx => DOTENVX,
            Kind::Token => TOKEN,
            Kind::Kms => KMS_LEAST,
            _ => 1,
        };
        if end - body >= least {
            self.0.push(Region { range: at..end, kind, legible });
        }
    }

    /// The region that a place lies in.
    pub(super) fn at(&self, place: usize) -> Option<&Region> {
        let after = self.0.partition_point(|region| region.range.start <= place);
        after.checked_sub(1).map(|at| &self.0[at]).filter(|region| place < region.range.end)
    }

    /// Tells whether a hit lies wholly in ciphertext.
    pub(super) fn hide(&self, span: &Range<usize>) -> bool {
        self.whose(span).is_some_and(|kind| kind != Kind::Disabled)
    }

    /// Tells whether a hit lies wholly in what marks are set round.
    pub(super) fn mark_off(&self, span: &Range<usize>) -> bool {
        self.whose(span) == Some(Kind::Disabled)
    }

    fn whose(&self, span: &Range<usize>) -> Option<Kind> {
        let is_text = |region: &&Region| {
            let after = region.legible.partition_point(|part| part.end <= span.start);
            region.legible.get(after).is_some_and(|part| part.start < span.end)
        };
        let region = self.at(span.start).filter(|region| span.end <= region.range.end);
        region.filter(|region| !is_text(region)).map(|region| region.kind)
    }
}

/// Whether a region's marker is just before, or in an earlier piece of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Begins,
    GoesOn,
}

/// Where a region ends, and which parts of it are text.
fn end(
    text: &[u8],
    body: usize,
    (kind, side): (Kind, Side),
    legible: &mut Vec<Range<usize>>,
) -> usize {
    let rest = &text[body..];
    let begins = match side {
        Side::Begins => Next::Rest,
        Side::GoesOn => Next::Cut,
    };
    let length = match kind {
        Kind::Sops => sops(rest),
        Kind::Dotenvx | Kind::Kms => run(rest, is_base64),
        Kind::Pulumi => pulumi(rest),
        Kind::Token | Kind::Dropped => {
            run(rest, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        }
        Kind::Ansible => lines(rest, (vault, begins), legible),
        Kind::Armor => lines(rest, (armor, begins), legible),
        Kind::AgeBase64 => lines(rest, (wrapped, begins), legible),
        Kind::Age if side == Side::GoesOn => ciphertext::length(rest),
        Kind::Age => ciphertext::header(rest, legible)
            .map_or(0, |header| header + ciphertext::length(&rest[header..])),
        Kind::Disabled => find(rest, b"secretlint-enable").unwrap_or(rest.len()),
    };
    for part in legible {
        *part = part.start + body..part.end + body;
    }
    body + length
}

pub(super) fn run(text: &[u8], takes: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|b| !takes(*b)).unwrap_or(text.len())
}

pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// The rest of `ENC[AES256_GCM,`: `data:…,iv:…,tag:…,type:…]`.
fn sops(text: &[u8]) -> usize {
    let takes = |b: u8| is_base64(b) || matches!(b, b',' | b':' | b'_');
    let inside = run(text, takes);
    let whole = text.get(inside) == Some(&b']')
        && text.starts_with(b"data:")
        && find(&text[..inside], b",iv:").is_some()
        && find(&text[..inside], b",tag:").is_some();
    if whole { inside + 1 } else { 0 }
}

/// The rest of `v1:`: a nonce of 12 bytes, and ciphertext with a tag of 16.
fn pulumi(text: &[u8]) -> usize {
    const NONCE: usize = 16;
    let nonce = run(text, |b| is_base64(b) && b != b'=');
    if nonce != NONCE || text.get(NONCE) != Some(&b':') {
        return 0;
    }
    let cipher = run(&text[NONCE + 1..], is_base64);
    if cipher >= 24 && cipher.is_multiple_of(4) { NONCE + 1 + cipher } else { 0 }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the text that is covered from the marker on.
    fn covered<'t>(text: &'t str, marker: &str) -> &'t str {
        let (word, kind) = MARKERS.iter().find(|(word, _)| *word == marker).unwrap();
        let at = text.to_ascii_lowercase().find(word).unwrap();
        let mut regions = Regions::default();
        regions.mark(text.as_bytes(), at, word.len(), *kind);
        regions.at(at).map_or("", |region| &text[region.range.clone()])
    }

    #[test]
    fn a_value_of_sops_ends_with_its_bracket() {
        let value = "ENC[AES256_GCM,data:b0xvw+/8=,iv:zXc=,tag:59s==,type:str]";
        let text = format!("KEY={value}\nOTHER=ghp_x");
        assert_eq!(covered(&text, "enc[aes256_gcm,"), value);
        assert_eq!(covered("K=ENC[AES256_GCM,data:secret here]", "enc[aes256_gcm,"), "");
        assert_eq!(covered("K=ENC[AES256_GCM,ghp_0123456789]", "enc[aes256_gcm,"), "");
    }

    #[test]
    fn a_value_of_pulumi_has_a_nonce_and_a_tag() {
        let value = "secure: v1:kRx9KxY8iO3YKb6P:L9HJCVMCqX/1P9tbHAqz4+VEiUpLbJKHtpTagw==";
        assert_eq!(covered(&format!("{value}\nx: ghp_x"), "secure: v1:"), value);
        assert_eq!(covered("secure: v1:q8Rw2kLmz0Xc9", "secure: v1:"), "");
        assert_eq!(covered("secure: v1:kRx9KxY8iO3YKb6P:short", "secure: v1:"), "");
        assert_eq!(
            covered("secure: v1:kRx9KxY8iO3YKb6Pq:L9HJCVMCqX/1P9tbHAqz4+VE", "secure: v1:"),
            ""
        );
    }

    #[test]
    fn a_text_of_kms_is_long() {
        let value = format!("AQICAH{}==", "h4Kq+/".repeat(40));
        assert_eq!(covered(&format!("K={value} x"), "aqicah"), value);
        assert_eq!(covered(&value.replace("AQICAH", "aqicah"), "aqicah"), "");
        assert_eq!(covered(&value[..150], "aqicah"), "");
    }

    #[test]
    fn short_texts_after_a_marker_are_no_ciphertext() {
        assert_eq!(covered("A=encrypted:BLAH", "encrypted:"), "");
        let long = format!("encrypted:BB{}=", "+4jyUugoVL6G".repeat(12));
        assert_eq!(covered(&format!("A=\"{long}\""), "encrypted:"), long);
        assert_eq!(covered(&long.replace(":BB", ":AB"), "encrypted:"), "");
        assert_eq!(covered("sealed.v1.short", "sealed.v1."), "");
        let token = format!("sealed.v1.{}", "aB3-_xYz".repeat(12));
        assert_eq!(covered(&format!("K={token} x"), "sealed.v1."), token);
        assert_eq!(covered(&token.replace("sealed", "dropped"), "dropped.v1."), "");
        let dropped = "dropped.v1.YWdlLWVuY3J5cHRpb24ub3JnL3YxAbC";
        assert_eq!(covered(&format!("{dropped}\""), "dropped.v1."), dropped);
    }

    #[test]
    fn armor_ends_at_the_first_line_that_is_none() {
        let full = "YWdl".repeat(16);
        let (begin, end) =
            ("-----BEGIN AGE ENCRYPTED FILE-----", "-----END AGE ENCRYPTED FILE-----");
        let signature = format!("-----BEGIN SSH SIGNATURE-----\n{full}\n{full}\nAB+/=\n");
        assert_eq!(covered(&signature, "-----begin ssh signature-----"), signature);
        let armor = format!("{begin}\n{full}\n{full}\nAB+/=\n{end}\n");
        let marker = "-----begin age encrypted file-----";
        assert_eq!(covered(&format!("{armor}KEY=value"), marker), armor.trim_end());
        let cut = format!("{begin}\n{full}\ntoken = secret");
        assert_eq!(covered(&cut, marker), &cut[..cut.len() - " = secret".len()]);
        let json = armor.replace('\n', r"\n");
        assert_eq!(covered(&json, marker), json.strip_suffix(r"\n").unwrap());
        // A line that is not full is the last one, and there is none without one that is.
        let key = concat!("AKIA", "Q7ZK2LMX9VB4NR8T");
        let lone = format!("{begin}\n{key}\n");
        assert_eq!(covered(&lone, marker), format!("{begin}\n"));
        let last = format!("{begin}\n{full}\nAB+/\n{key}\n");
        assert_eq!(covered(&last, marker), &last[..last.len() - 21]);
        let other = format!("{begin}\n{full}\n-----END ghp_0123456789\n");
        assert_eq!(covered(&other, marker), format!("{begin}\n{full}\n"));
    }

    #[test]
    fn a_file_of_age_has_a_header_and_ends_where_text_begins() {
        let marker = "age-encryption.org/v1\n";
        let body = "Zm9v".repeat(16);
        let header = format!("{marker}-> X25519 {}\n{body}\nZm9v\n--- {}\n", "q", "A".repeat(43));
        assert_eq!(covered(&header, marker), header);
        let sealed = format!("{header}{}", "\u{80}ab\u{7f}".repeat(30));
        assert_eq!(covered(&sealed, marker), sealed);
        let text = "token = hidden in a text that only follows a file of age\n";
        assert_eq!(covered(&format!("{sealed}{text}"), marker), sealed);
        for begun in ["-> X25519 abc\n", "-> x y\nZm9v\n--- AAAA\n", "--- \n", "key = value\n"] {
            assert_eq!(covered(&format!("{marker}{begun}{text}"), marker), "");
        }
        assert_eq!(covered(&header[..80], marker), "");
        let vault = "$ANSIBLE_VAULT; password = hunter2";
        assert_eq!(covered(vault, "$ansible_vault;"), "");
        let armor = "-----BEGIN PGP MESSAGE----- password = hunter2";
        assert_eq!(covered(armor, "-----begin pgp message-----"), "");
        let next = format!("{}ab\npassword=hunter2hunter2", "YWdlLWVuY3J5cHRpb24ub3JnL3Yx");
        assert!(covered(&next, "ywdllwvuy3j5chrpb24ub3jnl3yx").ends_with("ab\n"));
    }

    /// Tells whether a part of a text is hidden by the marker in it.
    fn hides(text: &str, marker: &str, part: &str) -> bool {
        let (word, kind) = MARKERS.iter().find(|(word, _)| *word == marker).unwrap();
        let at = text.to_ascii_lowercase().find(word).unwrap();
        let mut regions = Regions::default();
        regions.mark(text.as_bytes(), at, word.len(), *kind);
        let part_at = text.rfind(part).unwrap();
        regions.hide(&(part_at..part_at + part.len()))
    }

    #[test]
    fn what_stands_in_ciphertext_as_text_is_text() {
        let full = "YWdl".repeat(16);
        let (pgp, secret) = ("-----begin pgp message-----", "ghp_0123456789abcdef0123456789");
        for header in ["Comment", "Version", "Hash"] {
            let text = format!("-----BEGIN PGP MESSAGE-----\n{header}: {secret}\n\n{full}\n");
            assert!(!hides(&text, pgp, secret) && hides(&text, pgp, &full), "{header}");
        }
        let vault = |first: &str| format!("$ANSIBLE_VAULT;{first}\n{}\n", "6162".repeat(20));
        let marker = "$ansible_vault;";
        let labelled = vault(&format!("1.2;AES256;{secret}"));
        assert!(!hides(&labelled, marker, secret) && hides(&labelled, marker, "616261"));
        assert!(hides(&vault("1.1;AES256"), marker, "1.1;AES256\n61"));
        assert!(!hides(&vault(secret), marker, secret));
        let marker = "age-encryption.org/v1\n";
        let (key, id) =
            ("wJalrXUtnFEMIK7MDENGbPxRfiCYq7zK2LmX9vB4", concat!("AKIA", "Q7ZK2LMX9VB4NR8T"));
        let stanza = format!("-> aws_secret_access_key = {key}");
        let (mac, share) = ("A".repeat(43), "b".repeat(43));
        let known = format!("-> X25519 {share}");
        let text = format!("{marker}{stanza}\n{known}\n{share}\n--- {mac}\n\u{80}\u{81}");
        assert!(!hides(&text, marker, key));
        assert!(hides(&text, marker, &known) && hides(&text, marker, &mac));
        let lone = text.replacen(&format!("{share}\n---"), &format!("{id}\n---"), 1);
        assert!(!hides(&lone, marker, id));
        let text = format!("{text}{}", "a line of words of here an\u{e9} ".repeat(9));
        assert!(!hides(&text, marker, "words of"));
    }

    #[test]
    fn a_marker_again_and_again_takes_linear_time() {
        for (marker, kind) in MARKERS {
            let text = format!("{}. ", marker.trim_end().to_ascii_uppercase()).repeat(40_000);
            let mut regions = Regions::default();
            let length = marker.trim_end().len();
            for at in (0..text.len()).step_by(length + 2) {
                regions.mark(text.as_bytes(), at, length, kind);
            }
        }
    }

    #[test]
    fn a_vault_ends_where_its_digits_end() {
        let vault = "$ANSIBLE_VAULT;1.1;AES256\n  6162\n  6364\n";
        let text = format!("{vault}password: x");
        let covered = covered(&text, "$ansible_vault;");
        assert!(covered.starts_with(vault) && !covered.contains(':'));
    }

    #[test]
    fn a_block_of_secretlint_ends_where_it_says() {
        let text = "a // secretlint-disable\nb secretlint-enable c";
        assert_eq!(covered(text, "secretlint-disable"), "secretlint-disable\nb ");
        assert_eq!(covered("a // secretlint-disable-line\nb", "secretlint-disable"), "");
    }

    #[test]
    fn a_later_piece_goes_on_where_the_region_was_cut() {
        let regions = Regions::continuing(b"AB+/\nCD==\nx = y", Some(Kind::Armor));
        assert!(regions.hide(&(0..9)) && !regions.hide(&(5..15)) && regions.at(14).is_none());
    }
}
