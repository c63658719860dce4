//! SSHSIG signatures (OpenSSH, `PROTOCOL.sshsig`) over payloads, verified in process.
//!
//! The wire format is read here and not by `ssh-key`, which refuses SHA-1 and DSA as if they were
//! garbage, hides the flags of security keys and lets bytes trail behind. Its arithmetic is used for
//! ECDSA and RSA.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

/// What a signature of ours is for: one for git or a file is none for the log.
pub const NAMESPACE: &str = "log@tenure";

/// Characters a line of armor, as `ssh-keygen` writes it.
pub(super) const ARMOR_WIDTH: usize = 70;

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----\n";
const END: &str = "\n-----END SSH SIGNATURE-----\n";

/// The shortest RSA key that is taken, in bits; the longest is what the `rsa` crate computes with.
const RSA_BITS: std::ops::RangeInclusive<usize> = 3072..=4096;

/// "A person was there", in the flags of a security key (OpenSSH, `PROTOCOL.u2f`).
const USER_PRESENT: u8 = 1;

/// Why a signature does not count, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not made by one of the keys, for the log, over these bytes.
    #[error("the signature {why}")]
    BadSignature {
        /// The rest of the sentence.
        why: &'static str,
    },
    /// Made by one of the keys, but of a kind that is refused.
    #[error("the signature {why}")]
    Refused {
        /// The rest of the sentence.
        why: &'static str,
    },
    /// This key cannot sign in process.
    #[error("the key {why}")]
    CannotSign {
        /// The rest of the sentence.
        why: &'static str,
    },
}

fn bad(why: &'static str) -> SignatureError {
    SignatureError::BadSignature { why }
}

fn refused(why: &'static str) -> SignatureError {
    SignatureError::Refused { why }
}

/// An SSHSIG that is in order as a text; not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The public key, in the wire format.
    key: Vec<u8>,
    namespace: Vec<u8>,
    /// The name of the hash.
    hash: Vec<u8>,
    /// The name of the algorithm.
    algorithm: Vec<u8>,
    body: Vec<u8>,
    /// What follows the body: flags and counter of a security key, else nothing.
    trailer: Vec<u8>,
}

impl Signature {
    /// Reads an armored signature: nothing before it, one line break after it, the layout of
    /// `ssh-keygen`.
    ///
    /// # Errors
    /// What is wrong with it, as the rest of a sentence.
    pub fn from_armor(text: &str) -> Result<Self, &'static str> {
        let body = text.strip_prefix(BEGIN).ok_or("has a malformed first line")?;
        let body = body.strip_suffix(END).ok_or("has no last line, or something follows it")?;
        let mut base64 = String::with_capacity(body.len());
        let mut lines = body.split('\n').peekable();
        while let Some(line) = lines.next() {
            let full = line.len() == ARMOR_WIDTH;
            let last = lines.peek().is_none() && (1..=ARMOR_WIDTH).contains(&line.len());
            if !full && !last {
                return Err("has a line of the wrong length");
            }
            base64.push_str(line);
        }
        let wire = STANDARD.decode(base64).map_err(|_| "is not in Base64")?;
        Self::from_wire(&wire).ok_or("is no SSHSIG of version 1")
    }

    fn from_wire(wire: &[u8]) -> Option<Self> {
        let mut outer = Wire(wire.strip_prefix(b"SSHSIG\0\0\0\x01")?);
        let key = outer.string()?.to_vec();
        let namespace = outer.string()?.to_vec();
        let reserved = outer.string()?;
        let hash = outer.string()?.to_vec();
        let mut inner = Wire(outer.string()?);
        if !reserved.is_empty() || !outer.0.is_empty() {
            return None;
        }
        let algorithm = inner.string()?.to_vec();
        let body = inner.string()?.to_vec();
        Some(Self { key, namespace, hash, algorithm, body, trailer: inner.0.to_vec() })
    }

    /// The public key that the signature names, if it is of a kind that is known; not verified.
    #[must_use]
    pub fn key(&self) -> Option<PublicKey> {
        PublicKey::from_bytes(&self.key).ok()
    }
}

/// Reads length-prefixed strings (RFC 4251, section 5).
struct Wire<'b>(&'b [u8]);

impl<'b> Wire<'b> {
    fn string(&mut self) -> Option<&'b [u8]> {
        let (len, rest) = self.0.split_first_chunk::<4>()?;
        let (text, rest) = rest.split_at_checked(u32::from_be_bytes(*len).try_into().ok()?)?;
        self.0 = rest;
        Some(text)
    }
}

/// Tells which of the keys made the signature, over these bytes and for the log.
///
/// # Errors
/// [`SignatureError::BadSignature`] where none did, [`SignatureError::Refused`] where one did in a way
/// that is refused: DSA, RSA of under 3,072 bits or with SHA-1, a security key without a touch.
pub fn verify(
    payload: &[u8],
    signature: &Signature,
    keys: &[PublicKey],
) -> Result<usize, SignatureError> {
    let ours = |key: &PublicKey| key.to_bytes().is_ok_and(|bytes| bytes == signature.key);
    let at = keys.iter().position(ours).ok_or(bad("is by another key"))?;
    if signature.namespace != NAMESPACE.as_bytes() {
        return Err(bad("was made for another purpose than the log"));
    }
    if signature.hash != b"sha512" {
        return Err(bad("is over another hash than SHA-512"));
    }
    check(payload, signature, &keys[at])?;
    Ok(at)
}

fn check(payload: &[u8], signature: &Signature, key: &PublicKey) -> Result<(), SignatureError> {
    let algorithm = algorithm(signature, key.key_data())?;
    let wrong = || bad("does not belong to these bytes");
    match key.key_data() {
        KeyData::Ed25519(public) => {
            strict(public.0, &signed_data(payload)?, signature).ok_or_else(wrong)?;
        }
        KeyData::SkEd25519(public) => {
            let data = touched_data(public.application(), &signed_data(payload)?, signature);
            strict(public.public_key().0, &data, signature).ok_or_else(wrong)?;
        }
        KeyData::Ecdsa(_) | KeyData::SkEcdsaSha2NistP256(_) | KeyData::Rsa(_) => {
            by_crate(payload, signature, key, algorithm).ok_or_else(wrong)?;
        }
        _ => return Err(refused("is by a key of an unknown kind")),
    }
    match signature.trailer.first() {
        Some(flags) if flags & USER_PRESENT == 0 => {
            Err(refused("was made by a security key that nobody touched"))
        }
        _ => Ok(()),
    }
}

/// The algorithm, if it is one that we take and one of this key.
fn algorithm(signature: &Signature, key: &KeyData) -> Result<Algorithm, SignatureError> {
    let other = || bad("is of another kind than its key");
    let trailer = match key {
        KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_) => 5,
        KeyData::Dsa(_) => return Err(refused("is by a DSA key")),
        _ => 0,
    };
    if signature.trailer.len() != trailer {
        return Err(other());
    }
    match (key, key.algorithm()) {
        (KeyData::Rsa(key), _) => rsa_algorithm(key, &signature.algorithm),
        (_, algorithm) if algorithm.as_str().as_bytes() == signature.algorithm => Ok(algorithm),
        _ => Err(other()),
    }
}

fn rsa_algorithm(
    key: &ssh_key::public::RsaPublicKey,
    name: &[u8],
) -> Result<Algorithm, SignatureError> {
    let modulus = key.n.as_positive_bytes().unwrap_or_default();
    let unused = modulus.first().map_or(0, |b| b.leading_zeros() as usize);
    match modulus.len() * 8 - unused {
        bits if bits < *RSA_BITS.start() => {
            return Err(refused("is by an RSA key of under 3,072 bits"));
        }
        bits if bits > *RSA_BITS.end() => {
            return Err(refused("is by an RSA key of over 4,096 bits"));
        }
        _ => {}
    }
    match name {
        b"rsa-sha2-512" => Ok(Algorithm::Rsa { hash: Some(HashAlg::Sha512) }),
        b"rsa-sha2-256" => Ok(Algorithm::Rsa { hash: Some(HashAlg::Sha256) }),
        b"ssh-rsa" => Err(refused("is by RSA with SHA-1")),
        _ => Err(bad("is of another kind than its key")),
    }
}

fn signed_data(payload: &[u8]) -> Result<Vec<u8>, SignatureError> {
    SshSig::signed_data(NAMESPACE, HashAlg::Sha512, payload)
        .map_err(|_| bad("cannot be computed over these bytes"))
}

/// What a security key signs (OpenSSH, `PROTOCOL.u2f`).
fn touched_data(application: &str, data: &[u8], signature: &Signature) -> Vec<u8> {
    let mut out = sha2::Sha256::digest(application).to_vec();
    out.extend(&signature.trailer);
    out.extend(sha2::Sha256::digest(data));
    out
}

/// Strict: a key or signature of small order would verify over more than one text.
fn strict(key: [u8; 32], data: &[u8], signature: &Signature) -> Option<()> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(&key).ok()?;
    let body = ed25519_dalek::Signature::from_slice(&signature.body).ok()?;
    key.verify_strict(data, &body).ok()
}

fn by_crate(payload: &[u8], from: &Signature, key: &PublicKey, kind: Algorithm) -> Option<()> {
    let body = [from.body.as_slice(), &from.trailer].concat();
    let signature = ssh_key::Signature::new(kind, body).ok()?;
    let data = key.key_data().clone();
    let signature = SshSig::new(data, NAMESPACE, HashAlg::Sha512, signature).ok()?;
    key.verify(NAMESPACE, payload, &signature).ok()
}

/// Signs in process, for machines without `ssh-keygen`; armored.
///
/// # Errors
/// [`SignatureError::CannotSign`] for all but a plain ed25519 key that is not encrypted.
pub fn sign_ed25519(payload: &[u8], key: &PrivateKey) -> Result<String, SignatureError> {
    let cannot = |why| SignatureError::CannotSign { why };
    if key.is_encrypted() {
        return Err(cannot("is encrypted"));
    }
    if key.key_data().ed25519().is_none() {
        return Err(cannot("is not an ed25519 key"));
    }
    let signature = key.sign(NAMESPACE, HashAlg::Sha512, payload);
    let armor = signature.and_then(|signature| signature.to_pem(LineEnding::LF));
    armor.map_err(|_| cannot("did not sign"))
}
