//! What values say of their own end, dropped values, requests, and the pin.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::civil::{Date, date};
use tenure::deeds::trust::Pin;
use tenure::log::request::SignedRequest;
use tenure::names::KeyPath;
use tenure::rotation::expiry::Expiry;
use tenure::seal::{Part, drop_value, is_dropped};

use crate::bench::Bench;

static BENCH: LazyLock<Bench> = LazyLock::new(Bench::default);

const TODAY: Date = date(2026, 11, 22);

/// The password of the PKCS#12 files among the seeds.
const PASSWORD: &str = "pässword";

/// The end that a value says of itself is within its life, whether or not the value is in base64.
///
/// # Panics
/// When it is not so.
pub fn expiry(input: &[u8]) {
    let is_der = matches!(input, [0x30, 0x81..=0x84, ..])
        && !input.windows(11).any(|part| part == b"-----BEGIN ");
    let text = STANDARD.encode(input);
    for password in [None, Some(PASSWORD)] {
        let read = Expiry::read_with(input, password, TODAY);
        let locked = Expiry::is_locked(input, password);
        if is_der {
            let again = Expiry::read_with(text.as_bytes(), password, TODAY);
            assert_eq!(read, again, "base64 says something else");
            assert_eq!(locked, Expiry::is_locked(text.as_bytes(), password));
        }
        let Some(read) = read else { continue };
        assert!(read.since.is_none_or(|since| since <= read.until), "it ends before it begins");
        let due = read.due(TODAY);
        if read.is_over(TODAY) {
            assert_eq!(due, read.until);
        } else {
            assert!(TODAY <= due && due <= read.until, "a deadline outside of a life");
        }
        let _ = read.beyond_the_rules();
    }
}

/// A request has one text, and no key that it does not bring signed it.
///
/// # Panics
/// When it is not so.
pub fn requests(input: &[u8]) {
    let Ok(signed) = SignedRequest::parse(input) else { return };
    let text = signed.request.render().expect("a request that was read has a text");
    assert!(input.starts_with(text.as_bytes()), "a request has another text");
    assert!(signed.signed_by(&[]).is_err(), "a request is signed by nobody");
    let _ = signed.signed_by(&signed.request.signing_keys);
}

/// The pin has one text.
///
/// # Panics
/// When it is not so.
pub fn pin(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(pin) = Pin::parse(text) {
        assert_eq!(pin.to_string(), text, "a pin has another text");
    }
}

/// A dropped value opens to what was sealed, at its place alone; no other text opens.
///
/// # Panics
/// When it is not so.
pub fn dropped(input: &[u8]) {
    let (scope, key) = (BENCH.scope(), &BENCH.keys[0]);
    let place = |path: &str| path.parse::<KeyPath>().expect("a key path");
    let (here, there) = (place("db.url"), place("db.uri"));
    let binding = scope.binding(Part::Value, &here);
    if let Ok(text) = std::str::from_utf8(input) {
        assert!(key.open(&binding, text).is_err(), "a token that nobody made opens");
    }
    let framed = format!("dropped.v1.{}", URL_SAFE_NO_PAD.encode(input));
    assert!(is_dropped(&framed));
    assert!(key.open(&binding, &framed).is_err(), "a token that nobody made opens");
    let recipient = BENCH.generation.recipient().parse().expect("a recipient");
    let token = drop_value(&binding, input, &recipient).expect("it is not too long");
    let opened = key.open(&binding, &token).expect("a token opens where it was made for");
    assert!(opened.expose() == input);
    assert!(key.open(&scope.binding(Part::Value, &there), &token).is_err());
    let mut altered = token.into_bytes();
    let at = 11 + input.iter().map(|b| usize::from(*b)).sum::<usize>() % (altered.len() - 11);
    altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).expect("Base64 is text");
    assert!(key.open(&binding, &altered).is_err(), "an altered token opens");
}
