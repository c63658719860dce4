//! Documents: what is sealed opens again, and what is tampered with is seen.
//!
//! An input is a text, and after a byte 0xFF (which is in no text) an edit that somebody makes by hand:
//! two bytes where, one how much goes, and what comes instead.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use serde::Deserialize as _;
use tenure::document::place::{insert, remove};
use tenure::document::value::{decode, encode};
use tenure::document::{Document, Format, Node, items};
use tenure::names::KeyPath;
use tenure::seal::{Known, SealError, open};

use crate::bench::{Bench, Counted};
use crate::readers;

static BENCH: LazyLock<Bench> = LazyLock::new(Bench::default);

/// Holds a format to its promises.
///
/// # Panics
/// When it breaks one.
pub fn hold(format: Format, input: &[u8]) {
    let (text, edit) = match input.iter().position(|b| *b == 0xff) {
        Some(at) => (&input[..at], Some(&input[at + 1..])),
        None => (input, None),
    };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(document) = Document::parse(format, text) else { return };
    values(&document);
    let Some(sealed) = seal(&document, Known::default()) else { return };
    let again = Document::parse(format, &sealed).expect("what was sealed is parsed");
    let opened = open(&again, &BENCH.scope(), BENCH.opener()).expect("what was sealed opens");
    assert!(opened.expose() == text.as_bytes(), "opening does not give back the same bytes");
    let keys = |document: &Document<'_>| items(document).into_keys().collect::<Vec<_>>();
    assert_eq!(keys(&document), keys(&again), "other items");
    let clear = again.leaves.iter().find(|l| l.node == Node::Scalar && again.token(l).is_none());
    assert!(clear.is_none(), "a value stays in clear");
    assert!(again.clear_comment().is_none(), "a comment stays in clear");
    let known = Known::of(&again, &BENCH.scope(), BENCH.opener(), &|_| true).expect("it opens");
    let twice = seal(&document, known).expect("what was sealed once is sealed again");
    assert!(twice == sealed, "sealing again changes a token");
    compare(format, text, &sealed);
    let Some(edit) = edit else { return };
    places(&document, edit);
    tamper(&again, text, edit);
}

/// Seals; none where a value has the form of a token.
fn seal(document: &Document<'_>, known: Known) -> Option<String> {
    match BENCH.sealer().seal(document, known, &mut Counted(2)) {
        Ok(sealed) => Some(sealed),
        Err(SealError::ForeignToken(_)) => None,
        Err(why) => panic!("a document that was parsed is not sealed: {why}"),
    }
}

/// The stock parser of the format sees the same keys, and tokens at the values.
fn compare(format: Format, text: &str, sealed: &str) {
    let compare: readers::Compare = match format {
        Format::Yaml => readers::yaml,
        Format::Json => readers::json,
        Format::Toml => readers::toml,
        // `dotenvy` refuses white space at the end of the last line, but not in a comment with a space
        // before its sign, and takes such a sign for one behind a single blank only.
        Format::Dotenv if read(format, sealed).is_none() => return,
        // It knows no backticks: lines between them are keys to it, as long as the file is not sealed.
        Format::Dotenv if lines_in_backticks(text) => return,
        Format::Dotenv => readers::dotenv,
        Format::Ini | Format::Properties => return,
    };
    if let Err(why) = compare(text, sealed) {
        panic!("a stock parser sees something else: {why}\n{sealed}");
    }
}

fn lines_in_backticks(text: &str) -> bool {
    let document = Document::parse(Format::Dotenv, text).expect("it was parsed");
    let slices = document.leaves.iter().map(|leaf| document.slice(leaf));
    slices.into_iter().any(|slice| slice.starts_with('`') && slice.contains('\n'))
}

/// A value that is written as a reader would get it is read the same.
fn values(document: &Document<'_>) {
    for leaf in document.leaves.iter().filter(|leaf| leaf.node == Node::Scalar).take(4) {
        let Ok(value) = decode(document, leaf) else { continue };
        let Some(value) = value.expose_text() else { continue };
        let Ok(slice) = encode(document.format, value) else { continue };
        let text = spliced(document.text, leaf.span.clone(), &slice);
        let Ok(changed) = Document::parse(document.format, &text) else { continue };
        // What is typed, such as a number, becomes a string, which may change the notes of others.
        let Some(leaf) = changed.leaf(&leaf.path) else { continue };
        let again = decode(&changed, leaf).expect("a slice that was encoded is decoded");
        assert!(again.expose() == value.as_bytes(), "another value is read than was written");
    }
}

/// A key that is put in is there, and one that is taken out is gone; each proves itself.
fn places(document: &Document<'_>, edit: &[u8]) {
    let pick = usize::from(edit.first().copied().unwrap_or_default());
    if let Some(leaf) = document.leaves.get(pick)
        && let Ok(range) = remove(document, leaf)
    {
        let text = spliced(document.text, range, "");
        let after =
            Document::parse(document.format, &text).expect("it is parsed with the key gone");
        assert!(after.leaf(&leaf.path).is_none(), "the key is still there");
    }
    let above =
        document.leaves.get(pick).map_or_else(String::new, |leaf| format!("{}.", leaf.path));
    let paths = ["N".to_owned(), "N.m".to_owned(), "\"n o\"".to_owned(), format!("{above}N")];
    let slice = encode(document.format, "new").expect("a word is written in each format");
    for path in paths.iter().filter_map(|path| path.parse::<KeyPath>().ok()) {
        let Ok(added) = insert(document, &path, &slice) else { continue };
        let text = spliced(document.text, added.at..added.at, &added.text);
        let after = Document::parse(document.format, &text).expect("it is parsed with the key");
        let leaf = after.leaf(&path).expect("the key is there");
        assert!(decode(&after, leaf).is_ok_and(|value| value.expose() == b"new"));
    }
}

fn spliced(text: &str, range: Range<usize>, new: &str) -> String {
    [&text[..range.start], new, &text[range.end..]].concat()
}

/// Where an edit by hand changes no item, a reader of the opened file sees the same.
fn tamper(sealed: &Document<'_>, clear: &str, edit: &[u8]) {
    let [high, low, gone, come @ ..] = edit else { return };
    let text = sealed.text;
    let at = usize::from(u16::from_be_bytes([*high, *low])) % (text.len() + 1);
    let end = text.len().min(at + usize::from(*gone));
    let Ok(come) = std::str::from_utf8(come) else { return };
    if !text.is_char_boundary(at) || !text.is_char_boundary(end) {
        return;
    }
    let edited = spliced(text, at..end, come);
    let Ok(edited) = Document::parse(sealed.format, &edited) else { return };
    let attested = |document: &Document<'_>| -> Vec<_> {
        items(document).into_iter().map(|(key, item)| (key, item.hash)).collect()
    };
    if attested(&edited) != attested(sealed) {
        return;
    }
    let Ok(opened) = open(&edited, &BENCH.scope(), BENCH.opener()) else { return };
    let opened = opened.expose_text().expect("a document is text");
    let (Some(before), Some(after)) = (read(sealed.format, clear), read(sealed.format, opened))
    else {
        return;
    };
    // A float that is no number is not equal to itself.
    let same = before == after || format!("{before:?}") == format!("{after:?}");
    assert!(
        same,
        "no item has changed, but what a reader sees has:\n{}\n{before:?}\n{after:?}",
        edited.text
    );
}

/// What a stock parser makes of a text.
#[derive(Debug, PartialEq)]
enum Seen {
    Yaml(Vec<serde_yaml::Value>),
    Json(serde_json::Value),
    Toml(toml::Table),
    /// The values of each key, in order: of several equal ones, one counts.
    Pairs(BTreeMap<(String, String), Vec<String>>),
}

fn read(format: Format, text: &str) -> Option<Seen> {
    let mut pairs: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut add = |section: &str, key: &str, value: &str| {
        pairs.entry((section.to_owned(), key.to_owned())).or_default().push(value.to_owned());
    };
    match format {
        Format::Yaml => {
            let documents = serde_yaml::Deserializer::from_str(text);
            let documents: Result<_, _> = documents.map(serde_yaml::Value::deserialize).collect();
            return documents.ok().map(Seen::Yaml);
        }
        Format::Json => return serde_json::from_str(text).ok().map(Seen::Json),
        Format::Toml => return text.parse().ok().map(Seen::Toml),
        Format::Dotenv => {
            for pair in dotenvy::from_read_iter(text.as_bytes()) {
                let (key, value) = pair.ok()?;
                add("", &key, &value);
            }
        }
        Format::Ini => {
            let option = ini::ParseOption { enabled_escape: false, ..Default::default() };
            for (section, keys) in &ini::Ini::load_from_str_opt(text, option).ok()? {
                // To it an indented comment or a byte order mark begins a name, which goes on to the next
                // sign. Nobody asks for such a name; that the next key is hidden in it counts.
                let odd = |key: &str| {
                    key.starts_with(['#', ';'])
                        || (key.starts_with('\u{feff}') && key.contains('\n'))
                };
                let named = keys.iter().filter(|(key, _)| !odd(key));
                named.for_each(|(key, value)| add(section.unwrap_or_default(), key, value));
            }
        }
        Format::Properties => {
            let lines = java_properties::PropertiesIter::new(text.as_bytes());
            let mut lines = lines;
            lines.read_into(|key, value| add("", &key, &value)).ok()?;
        }
    }
    Some(Seen::Pairs(pairs))
}
