//! Requests to become a member, or to read and sign with other keys. They grant nothing, and are no part
//! of the log: a file beside it, signed by the key that asks, in one layout as an entry is.

use std::fmt::Write as _;
use std::str::FromStr;

use jiff::Timestamp;

use super::EntryError;
use super::lines::{Lines, Value};
use super::parse::{check_version, line_of, split};
use super::signature::{Purpose, Signature, SignatureError, verify_for};
use crate::names::{EntryId, MemberName, NameError, RepositoryId, RoleName};
use crate::policy::{Recipient, RecipientError, SigningKey, SigningKeyError};

/// The largest file that is read as a request, in bytes.
pub const LARGEST: usize = 64 << 10;

/// The most roles, or keys of one kind, that a request names.
const MOST: usize = 64;

/// Why a text is no request, or a request has no text. Holds none of its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Over [`LARGEST`].
    #[error("it is larger than 64 KiB")]
    TooLarge,
    /// Not of the grammar that requests share with entries.
    #[error(transparent)]
    Grammar(#[from] EntryError),
    /// A key that nothing is sealed to.
    #[error("line {line}: {why}")]
    Recipient {
        /// The line.
        line: usize,
        /// What is wrong with it.
        why: RecipientError,
    },
    /// A key whose signatures do not count.
    #[error("line {line}: {why}")]
    SigningKey {
        /// The line.
        line: usize,
        /// What is wrong with it.
        why: SigningKeyError,
    },
    /// Parts that make no sense together.
    #[error("it {0}")]
    Rule(&'static str),
}

/// What somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// To become a member.
    Join,
    /// To have other keys than now.
    Replace,
}

impl Wanted {
    /// The word that stands in requests.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Replace => "replace-key",
        }
    }
}

/// What a request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub wanted: Wanted,
    /// The id of the log's `init`, as the one who asks saw it.
    pub root: EntryId,
    /// The repository.
    pub repository: RepositoryId,
    /// The claimed time, in UTC, whole seconds.
    pub time: Timestamp,
    /// The name that is asked for, or the member's own.
    pub name: MemberName,
    /// The roles that are asked for; none for other keys.
    pub roles: Vec<RoleName>,
    /// The keys to read with.
    pub recipients: Vec<Recipient>,
    /// The keys to sign with.
    pub signing_keys: Vec<SigningKey>,
}

/// A request whose text is in order. Who signed it is still open.
#[derive(Debug, Clone)]
pub struct SignedRequest {
    /// What it says.
    pub request: Request,
    payload: Vec<u8>,
    signature: Signature,
}

impl SignedRequest {
    /// Reads the whole of a file.
    ///
    /// # Errors
    /// [`RequestError`] for a file that is no request, to the byte.
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > LARGEST {
            return Err(RequestError::TooLarge);
        }
        if let Some(at) = bytes.iter().position(|b| *b == b'\r') {
            return Err(EntryError::LineEndings { line: line_of(bytes, at) }.into());
        }
        check_version(bytes)?;
        let text = std::str::from_utf8(bytes)
            .map_err(|e| EntryError::NotText { line: line_of(bytes, e.valid_up_to()) })?;
        let (payload, armor) = split(text)?;
        let request = Request::parse(payload)?;
        let signature =
            Signature::from_armor(armor).map_err(|why| EntryError::Signature { why })?;
        Ok(Self { request, payload: payload.as_bytes().to_vec(), signature })
    }

    /// Tells which of the keys signed it.
    ///
    /// # Errors
    /// As [`super::signature::verify`].
    pub fn signed_by<'k>(&self, keys: &'k [SigningKey]) -> Result<&'k SigningKey, SignatureError> {
        let public: Vec<_> = keys.iter().map(SigningKey::public).collect();
        let at = verify_for(Purpose::Request, &self.payload, &self.signature, &public)?;
        Ok(&keys[at])
    }
}

impl Request {
    /// Prints the payload, in the one layout that is read.
    ///
    /// # Errors
    /// [`RequestError::Rule`] for parts that make no sense.
    pub fn render(&self) -> Result<String, RequestError> {
        self.check()?;
        let mut out = format!(
            "v = 1\nkind = \"{}\"\nroot = \"{}\"\nrepository = \"{}\"\ntime = \"{}\"\nname = \"{}\"\n",
            self.wanted.word(),
            self.root,
            self.repository,
            self.time,
            self.name
        );
        list(&mut out, "roles", &self.roles);
        list(&mut out, "recipients", &self.recipients);
        list(&mut out, "signing-keys", &self.signing_keys);
        Ok(out)
    }

    fn check(&self) -> Result<(), RequestError> {
        let rule = |why| Err(RequestError::Rule(why));
        if self.time.subsec_nanosecond() != 0 || self.time < Timestamp::UNIX_EPOCH {
            return rule("has a time that is not in whole seconds from 1970 on");
        }
        let sizes = [self.roles.len(), self.recipients.len(), self.signing_keys.len()];
        if sizes.into_iter().any(|size| size > MOST) {
            return rule("names more than 64 roles or keys");
        }
        if twice(&self.roles) || twice(&self.recipients) || twice(&self.signing_keys) {
            return rule("names a role or a key twice");
        }
        match self.wanted {
            Wanted::Join if self.roles.is_empty() => rule("names no role"),
            Wanted::Join if self.signing_keys.is_empty() => rule("names no key to sign with"),
            Wanted::Replace if !self.roles.is_empty() => rule("asks for keys and roles at once"),
            Wanted::Replace if self.recipients.is_empty() && self.signing_keys.is_empty() => {
                rule("names no key")
            }
            Wanted::Join | Wanted::Replace => Ok(()),
        }
    }

    fn parse(payload: &str) -> Result<Self, RequestError> {
        let mut lines = Lines::of(payload);
        let request = read(&mut lines)?;
        if !lines.are_read() {
            return Err(lines.expected("the end").into());
        }
        let printed = request.render()?;
        if printed != payload {
            let same = printed.bytes().zip(payload.bytes()).take_while(|(a, b)| a == b).count();
            let line = line_of(payload.as_bytes(), same);
            return Err(EntryError::Rule { line, why: "is not in the canonical layout" }.into());
        }
        Ok(request)
    }
}

fn read(lines: &mut Lines<'_>) -> Result<Request, RequestError> {
    lines.field("v", "`v`")?;
    let word = lines.field("kind", "`kind`")?;
    let wanted = [Wanted::Join, Wanted::Replace].into_iter();
    let wanted = wanted.clone().find(|wanted| word.string().is_ok_and(|w| w == wanted.word()));
    Ok(Request {
        wanted: wanted.ok_or(word.expected("a kind of request: join or replace-key"))?,
        root: lines.field("root", "`root`")?.name()?,
        repository: lines.field("repository", "`repository`")?.name()?,
        time: lines.field("time", "`time`")?.time()?,
        name: lines.field("name", "`name`")?.name()?,
        roles: lines.field("roles", "`roles`")?.list()?,
        recipients: keys(lines, "recipients", "`recipients`", |line, why| {
            RequestError::Recipient { line, why }
        })?,
        signing_keys: keys(lines, "signing-keys", "`signing-keys`", |line, why| {
            RequestError::SigningKey { line, why }
        })?,
    })
}

/// A text that is no name, on its way to being a key.
struct Plain(String);

impl FromStr for Plain {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Ok(Self(text.to_owned()))
    }
}

fn keys<T: FromStr>(
    lines: &mut Lines<'_>,
    name: &str,
    wanted: &'static str,
    fault: impl Fn(usize, T::Err) -> RequestError,
) -> Result<Vec<T>, RequestError> {
    let line = lines.line();
    let value: Value<'_> = lines.field(name, wanted)?;
    let texts: Vec<Plain> = value.list()?;
    texts.iter().map(|Plain(text)| text.parse().map_err(|why| fault(line, why))).collect()
}

fn twice<T: Ord>(all: &[T]) -> bool {
    all.iter().collect::<std::collections::BTreeSet<_>>().len() != all.len()
}

/// None of these texts has a character that would be escaped.
fn list<T: std::fmt::Display>(out: &mut String, name: &str, items: &[T]) {
    let items: Vec<_> = items.iter().map(|item| format!("\"{item}\"")).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{name} = [{}]", items.join(", "));
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMXOLTSLfIu47yM6Ks6qmXTyzFXLXhXuzyimTkTvY+UR";
    const ARMOR: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgxc4tNIt8i7jvIzoqzqqZdPLMVc
teFe7PKKZORO9j5REAAAAKbG9nQHRlbnVyZQAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gt
ZWQyNTUxOQAAAEC0IpQ47zlWqLohbrFliGD1sCDemmJyaFhGNZFWtYkm5Aeibb+wVkrNvD
EQZhHdyM7M2dGpeTH5Zq7jEF+hg/EM
-----END SSH SIGNATURE-----
";

    fn text() -> String {
        format!(
            "v = 1\nkind = \"join\"\nroot = \"{}\"\nrepository = \
             \"0198c9d2-7b1e-4c8a-9f00-0123456789ab\"\ntime = \"2026-11-21T19:20:00Z\"\n\
             name = \"ben\"\nroles = [\"developer\"]\nrecipients = [\"{KEY}\"]\n\
             signing-keys = [\"{KEY}\"]\n",
            "1".repeat(64)
        )
    }

    #[test]
    fn what_is_printed_is_read_and_is_toml() {
        let request = Request::parse(&text()).unwrap();
        assert_eq!((request.wanted, request.roles.len()), (Wanted::Join, 1));
        assert_eq!(request.render().unwrap(), text());
        text().parse::<toml::Table>().unwrap();
        assert!(SignedRequest::parse(format!("{}{ARMOR}", text()).as_bytes()).is_ok());
    }

    #[test]
    fn what_would_be_printed_otherwise_is_refused() {
        for (from, to) in [
            ("v = 1\n", "v = 2\n"),
            ("v = 1\n", "v = 1 \n"),
            ("\"join\"", "\"adopt\""),
            ("\"join\"", "\"replace-key\""),
            ("name = \"ben\"\n", "name = \"ben\"\nadmin = true\n"),
            ("name = \"ben\"\n", "name = \"ben\"\nname = \"ben\"\n"),
            ("name = \"ben\"\n", ""),
            ("name = \"ben\"", "name = \"Ben\""),
            ("name = \"ben\"", "name = \"b\\u0065n\""),
            ("name = \"ben\"", "name = \"b\\u001Bn\""),
            ("[\"developer\"]", "[]"),
            ("[\"developer\"]", "[\"developer\", \"developer\"]"),
            ("roles", "# a comment\nroles"),
            ("19:20:00Z", "19:20:00.5Z"),
            ("recipients = [", "recipients = [ "),
            ("recipients = [\"ssh-ed25519", "recipients = [\"ssh-ed25518"),
            ("signing-keys = [\"ssh-ed25519", "signing-keys = [\"ssh-dss"),
            ("UR\"]\nsign", "UR ben@example.com\"]\nsign"),
        ] {
            assert!(text().contains(from), "{from}");
            let payload = text().replacen(from, to, 1);
            let file = format!("{payload}{ARMOR}");
            assert!(SignedRequest::parse(file.as_bytes()).is_err(), "{from} → {to}");
        }
    }

    #[test]
    fn nothing_hides_beside_payload_and_signature() {
        let good = format!("{}{ARMOR}", text());
        let many = format!("{good}{}", "\n".repeat(LARGEST));
        for bad in [
            text(),
            format!("{good}more\n"),
            format!("{good}{ARMOR}"),
            good.replace('\n', "\r\n"),
            good.replacen("\n-----BEGIN", "-----BEGIN", 1),
            many,
            String::new(),
        ] {
            assert!(SignedRequest::parse(bad.as_bytes()).is_err());
        }
        assert!(SignedRequest::parse(&[good.as_bytes(), b"\xff"].concat()).is_err());
    }

    #[test]
    fn a_signature_for_the_log_is_none_for_a_request() {
        let signed = SignedRequest::parse(format!("{}{ARMOR}", text()).as_bytes()).unwrap();
        let why = signed.signed_by(&signed.request.signing_keys).unwrap_err();
        assert_eq!(why.to_string(), "the signature was made for another purpose");
    }
}
