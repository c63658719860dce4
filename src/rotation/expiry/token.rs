//! JSON Web Tokens (RFC 7519): the claim `exp` of a signed one. Its signature is not checked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Expiry, What, day, days};

/// The longest token that is read.
const LONGEST: usize = 64 << 10;

#[derive(Deserialize)]
struct Header {
    /// Every token has it; its text is not kept.
    #[serde(rename = "alg")]
    _alg: serde::de::IgnoredAny,
}

#[derive(Deserialize)]
struct Claims {
    exp: Option<f64>,
    iat: Option<f64>,
    nbf: Option<f64>,
}

pub(super) fn read(value: &[u8]) -> Option<Expiry> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let text = text.strip_prefix("Bearer ").unwrap_or(text);
    if text.len() > LONGEST {
        return None;
    }
    let mut parts = text.split('.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if parts.next().is_some() || !signature.bytes().all(plain) {
        return None;
    }
    decoded::<Header>(header)?;
    let claims: Claims = decoded(claims)?;
    let until = claims.exp.and_then(whole)?;
    let since = claims.iat.or(claims.nbf).and_then(whole).filter(|since| *since <= until);
    Some(Expiry {
        what: What::Token,
        since: since.and_then(day),
        until: day(until)?,
        life: since.and_then(|since| days(since, until)),
        issued: false,
    })
}

fn decoded<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    let json = Zeroizing::new(URL_SAFE_NO_PAD.decode(part).ok()?);
    serde_json::from_slice(&json).ok()
}

/// The whole seconds of a number; none far beyond the calendar.
fn whole(seconds: f64) -> Option<i64> {
    let within = (-1e11..1e12).contains(&seconds);
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked before")]
    within.then(|| seconds.floor() as i64)
}
