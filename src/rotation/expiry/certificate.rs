//! X.509 certificates, from PEM or DER.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, oid::AssociatedOid as _};
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::time::Time;
use zeroize::Zeroizing;

use super::{Expiry, What, day, days};

/// The most certificates of one value: that of an operating system has some 150.
const MOST: usize = 1_000;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

/// What is read of one certificate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    expiry: Expiry,
    authority: bool,
}

/// The certificate that ends first. Authorities that ended already count only where nothing else does.
pub(super) fn nearest(all: &[Found], today: Date) -> Option<Expiry> {
    let ended = |found: &&Found| found.authority && found.expiry.is_over(today);
    let first = |some: Vec<&Found>| some.into_iter().map(|f| f.expiry).min_by_key(|e| e.until);
    first(all.iter().filter(|found| !ended(found)).collect())
        .or_else(|| all.iter().map(|found| found.expiry).max_by_key(|expiry| expiry.until))
}

/// Reads all certificates of a text: also where its line breaks are written `\n`, and where the whole of it
/// is in base64 once more, as in a Kubernetes secret.
pub(super) fn pem(text: &[u8]) -> Vec<Found> {
    if find(text, BEGIN).is_some() {
        return blocks(text);
    }
    let outer = text.trim_ascii();
    // `-----BEGIN ` in base64; the last character of it depends on what follows.
    match outer.starts_with(b"LS0tLS1CRUdJTi") {
        true => blocks(&decoded(outer).unwrap_or_default()),
        false => Vec::new(),
    }
}

fn blocks(text: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = find(rest, BEGIN) {
        rest = &rest[at + BEGIN.len()..];
        let label =
            [&b"CERTIFICATE-----"[..], b"TRUSTED CERTIFICATE-----", b"X509 CERTIFICATE-----"];
        let Some(label) = label.into_iter().find(|label| rest.starts_with(label)) else { continue };
        let body = &rest[label.len()..];
        let Some(end) = find(body, END) else { break };
        let first = decoded(&body[..end]).and_then(|der| first_of(&der));
        found.extend(first);
        rest = &body[end..];
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// Reads DER in base64, as a dotenv file or a Kubernetes secret has it: it begins with a sequence of more than
/// 127 bytes. None for all else.
pub(super) fn in_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let outer = text.trim_ascii();
    // 0x30 and 0x81 to 0x84 in base64.
    let [b'M', b'I', b'E'..=b'T', ..] = outer else { return None };
    decoded(outer)
}

/// Reads base64, whatever white space is in it.
fn decoded(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = byte == b'\\' && bytes.next_if(|b| matches!(b, b'n' | b'r')).is_some();
        if !escaped && !byte.is_ascii_whitespace() {
            plain.push(byte);
        }
    }
    Some(Zeroizing::new(STANDARD.decode(plain.as_slice()).ok()?))
}

/// Reads one certificate in DER.
pub(super) fn der(bytes: &[u8]) -> Option<Found> {
    read(&Certificate::from_der(bytes).ok()?)
}

/// Reads a certificate and leaves what stands behind it, as in a `TRUSTED CERTIFICATE`.
fn first_of(bytes: &[u8]) -> Option<Found> {
    use x509_cert::der::{Header, Reader as _, SliceReader};
    let reader = SliceReader::new(bytes).ok()?;
    let header: Header = reader.peek_header().ok()?;
    let head = usize::try_from(x509_cert::der::Encode::encoded_len(&header).ok()?).ok()?;
    let body = usize::try_from(header.length).ok()?;
    der(bytes.get(..head.checked_add(body)?)?)
}

fn read(certificate: &Certificate) -> Option<Found> {
    let tbs = &certificate.tbs_certificate;
    let until = seconds(tbs.validity.not_after)?;
    let since = seconds(tbs.validity.not_before).filter(|since| *since <= until);
    let extensions = tbs.extensions.iter().flatten();
    let constraints = extensions.filter(|extension| extension.extn_id == BasicConstraints::OID);
    let authority = constraints
        .filter_map(|extension| BasicConstraints::from_der(extension.extn_value.as_bytes()).ok())
        .any(|constraints| constraints.ca);
    let issued = !authority && tbs.issuer != tbs.subject;
    let expiry = Expiry {
        what: What::Certificate,
        since: since.and_then(day),
        until: day(until)?,
        life: since.and_then(|since| days(since, until)),
        issued,
    };
    Some(Found { expiry, authority })
}

fn seconds(time: Time) -> Option<i64> {
    i64::try_from(time.to_unix_duration().as_secs()).ok()
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|part| part == what)
}
