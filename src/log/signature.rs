//! SSHSIG signatures (OpenSSH, `PROTOCOL.sshsig`) over payloads, verified in process.
//!
//! The wire format is read here and not by `ssh-key`, which refuses SHA-1 and DSA as if they were
//! garbage, hides the flags of security keys and lets bytes trail behind. Its arithmetic is used for
//! ECDSA and RSA.

use std::borrow::Borrow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

/// What a signature of ours is for: one for git or a file is none for the log.
pub const NAMESPACE: &str = "log@tenure";

/// What a signature is made for: none of one purpose counts for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An entry of the log.
    Log,
    /// A request, which grants nothing.
    Request,
}

impl Purpose {
    /// The namespace of its signatures.
    #[must_use]
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Log => NAMESPACE,
            Self::Request => "request@tenure",
        }
    }
}

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

    /// What stands for a signature that was verified before and is not at hand: it is by no key.
    pub(crate) fn none() -> Self {
        let [key, namespace, hash, algorithm, body, trailer] = [const { Vec::new() }; 6];
        Self { key, namespace, hash, algorithm, body, trailer }
    }

    /// All there is of it.
    pub(super) fn parts(&self) -> [&[u8]; 6] {
        [&self.key, &self.namespace, &self.hash, &self.algorithm, &self.body, &self.trailer]
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
    keys: &[impl Borrow<PublicKey>],
) -> Result<usize, SignatureError> {
    verify_for(Purpose::Log, payload, signature, keys)
}

/// As [`verify`], for any purpose of ours.
///
/// # Errors
/// As [`verify`].
pub fn verify_for(
    purpose: Purpose,
    payload: &[u8],
    signature: &Signature,
    keys: &[impl Borrow<PublicKey>],
) -> Result<usize, SignatureError> {
    let at = named_for(purpose, signature, keys)?;
    check(purpose, payload, signature)?;
    Ok(at)
}

/// Tells which of the keys a signature names, and leaves out the arithmetic: for one that is known to
/// hold over its bytes.
///
/// # Errors
/// [`SignatureError::BadSignature`] where it names none, or is for another purpose than the log.
pub fn named(
    signature: &Signature,
    keys: &[impl Borrow<PublicKey>],
) -> Result<usize, SignatureError> {
    named_for(Purpose::Log, signature, keys)
}

fn named_for(
    purpose: Purpose,
    signature: &Signature,
    keys: &[impl Borrow<PublicKey>],
) -> Result<usize, SignatureError> {
    let ours = |key: &PublicKey| key.to_bytes().is_ok_and(|bytes| bytes == signature.key);
    let at = keys.iter().map(Borrow::borrow).position(ours).ok_or(bad("is by another key"))?;
    if signature.namespace != purpose.namespace().as_bytes() {
        return Err(bad("was made for another purpose"));
    }
    if signature.hash != b"sha512" {
        return Err(bad("is over another hash than SHA-512"));
    }
    Ok(at)
}

/// Tells whether a signature for the log holds over these bytes by the key that it names, whoever's that
/// is.
///
/// # Errors
/// As [`verify`], but for what [`named`] says.
pub fn holds(payload: &[u8], signature: &Signature) -> Result<(), SignatureError> {
    check(Purpose::Log, payload, signature)
}

fn check(purpose: Purpose, payload: &[u8], signature: &Signature) -> Result<(), SignatureError> {
    let key = &signature.key().ok_or_else(|| refused("is by a key of an unknown kind"))?;
    let algorithm = algorithm(signature, key.key_data())?;
    let wrong = || bad("does not belong to these bytes");
    match key.key_data() {
        KeyData::Ed25519(public) => {
            strict(public.0, &signed_data(purpose, payload)?, signature).ok_or_else(wrong)?;
        }
        KeyData::SkEd25519(public) => {
            let data = signed_data(purpose, payload)?;
            let data = touched_data(public.application(), &data, signature);
            strict(public.public_key().0, &data, signature).ok_or_else(wrong)?;
        }
        KeyData::Ecdsa(_) | KeyData::SkEcdsaSha2NistP256(_) | KeyData::Rsa(_) => {
            by_crate(purpose, payload, signature, (key, algorithm)).ok_or_else(wrong)?;
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

fn signed_data(purpose: Purpose, payload: &[u8]) -> Result<Vec<u8>, SignatureError> {
    SshSig::signed_data(purpose.namespace(), HashAlg::Sha512, payload)
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

fn by_crate(
    purpose: Purpose,
    payload: &[u8],
    from: &Signature,
    (key, kind): (&PublicKey, Algorithm),
) -> Option<()> {
    let body = [from.body.as_slice(), &from.trailer].concat();
    let signature = ssh_key::Signature::new(kind, body).ok()?;
    let data = key.key_data().clone();
    let namespace = purpose.namespace();
    let signature = SshSig::new(data, namespace, HashAlg::Sha512, signature).ok()?;
    key.verify(namespace, payload, &signature).ok()
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

#[cfg(test)]
mod tests {
    use rand_core::OsRng;
    use ssh_key::public::{Ed25519PublicKey, SkEcdsaSha2NistP256, SkEd25519};

    use super::*;

    // Made once with `ssh-keygen -Y sign` of OpenSSH 9.2 by keys that were thrown away.
    const PAYLOAD: &[u8] = b"v = 1\nkind = \"note\"\n# a test vector of tenure, not an entry\n";
    const ED: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMXOLTSLfIu47yM6Ks6qmXTyzFXLXhXuzyimTkTvY+UR";
    const P256: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMOXNNF168Ds2ZhzaG2zEU0zOGdKsV8p+QBuoTgrR1SEGYK9S+cKeWdXe1E3wrf0lPWCngP2at4YFHkIydU4vn4=";
    const P384: &str = "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBPkduH+QoKF6w79E5XMNF8Qb+31ZVEIFaMhkYNTwlJXezr/fn0qm2yEnpv8/UZFM7SZSquf1LoXdhL6BkqYNsGz79UmSf+p1gRojwfKgcjgQfwJHwF6Ih9OFcbnQeSVyWQ==";
    const P521: &str = "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAGamLviYEam8p3QSDroxWqT4caJNhZ3Wf1KX8JsHXLojFF7C2SgYWqGmZGqG3BAOQIllTy+Z/bs0akPal57RsRCnQGsrNAnf7lzNxZjyLUpAsT3MowLeyyiSikJJ393hj+7LkCbWm6vMKDKBxc9SIu3DUCHhAlOPG69gd6CYwDpIyDnJg==";
    const RSA3: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDR6aeKz3MPvkIlVFN+HYtrEts9hvr0FvSsUMva9o6MAO/IyoL9YXYsOUAuum32+NBQXxUDv/rogGn0I1fVl4qTsgjKTin/YZ39Rbyj+WlZm0lsel4pAaT5oreJZ1VLkCHH8+rcIyIKVYtFh6hklUxjcopWolqrmonGG1Tm/HMjgrApl/s0np9QyLtrsxB6MYrYHr0jzL4xtNrGsxwmUqIXicHn5ct6nCyUP2wLKxHREkj5oZ/9yGPmmCwiqoDTRVX1fw0Ac5hQQnHXllezS/8BoqayHk1AnaqB6dMzMyAR8eVp/gg2GRRae309o7bjEyD1YAr1So8COvl55D93b9WDNTNo38+Ym4VJyviinb/qf0JvuhNKRqXb2iUpLLzDXXn3gY3muiXAEBtRS5M10lEwUl/IPZMm6D99wEC9Utsb9hr4mrOZd6AgqGW+Md6DdSU5XSE9f3BgKcaskANACoOHdq+aMmqE48Hp99Qf1gbhrALfFjHEJ4HTDgBPTJoR3FE=";
    const RSA2: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCKl557vZ0TXYGPuAeR4ydbxHr9qd5mfXWj79CrhJRdwLV3tXY1VvPDwmnidLAtV2dN4DtbdsH3aAueSt7TrYOBBPthnDlH9W3zt8LcgVlYA1N8sXqeOY7uogAjlSeOtu9omUTWb1vtqTlmueTE04UiOA59P/AleQrKrKy7Uv1BQaKbiSVCDRRN+3OwbJ7Okr1jvKMNUUu9l3zKjWu0V6rw8ebvhJv4DGiDPdLVDDRxQescagKhjVfPUlHGfZ70mOIqAtnwKZMsP2vS73SyKtn81KC5qwVrTFT4/otIteDdNJGUo5VIi8nd8Vt76I2JWqxemRorv3s+h5rpQXpUE3Lh";
    const DSA: &str = "ssh-dss AAAAB3NzaC1kc3MAAACBAMfqL79VWR625pj3WqxzI1c1cw05TtXsS29rH/6/nuOG8fd8Q+IG9VJnGyJ0zRZp2hs3QWlzIolC3PU5A79cQleOpeO6EIjRw7ykmA8nEK+uzXrebDbSdMiU2COzoCe7qOOw40ZUxZD6aksvuGOWZu3p70ehIPzj0TW1pS2n8nFXAAAAFQCE9V/IkjfvTf51IlzyMcehQFRkiQAAAIAAycJaNISSNRWoEd/JcsJTUuOHbpCADbM6pkbmosBzZNtyDc+PKiNd8cV2KbjwXT45AYLIVBA3x3jUox7hdx+54KCRsti1fLKv5YCvom+S2Oi9D3kx+RXDWxazlzF+YhxwkvPjeNRK8H1pVKnNJW3bM4din6Mp/9OnQk8AZjGUnAAAAIBfzXrr71Bqm8f+viBUiU0mPp05Bf8F/CWWGOkWA5F6j4+Y5gXyGPf3XV1jKLsaTRT06eR01GnqRoLu7OvQUd2Ache6/baQLcZrQgoWWXhUWizhoHcFz7ZQPN9ap2UuJ38lxaIR7IdAKSNGRCo4v9tX4XMJl7jXDgE05CSWpuHh8w==";
    const BY_ED: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgxc4tNIt8i7jvIzoqzqqZdPLMVc
teFe7PKKZORO9j5REAAAAKbG9nQHRlbnVyZQAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gt
ZWQyNTUxOQAAAEC0IpQ47zlWqLohbrFliGD1sCDemmJyaFhGNZFWtYkm5Aeibb+wVkrNvD
EQZhHdyM7M2dGpeTH5Zq7jEF+hg/EM
-----END SSH SIGNATURE-----
";
    const BY_P256: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE
EEw5c00XXrwOzZmHNobbMRTTM4Z0qxXyn5AG6hOCtHVIQZgr1L5wp5Z1d7UTfCt/SU9YKe
A/Zq3hgUeQjJ1Ti+fgAAAApsb2dAdGVudXJlAAAAAAAAAAZzaGE1MTIAAABlAAAAE2VjZH
NhLXNoYTItbmlzdHAyNTYAAABKAAAAIQDXlCsmLqdUD8g6CYVUY19r7oqOiGtraYNpTRdz
4Mtt4QAAACEAmd4cxe3Jo8UBMLFVGkLfhEdGzXxgZTTxrjdJU/ynTIk=
-----END SSH SIGNATURE-----
";
    const BY_P384: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAIgAAAATZWNkc2Etc2hhMi1uaXN0cDM4NAAAAAhuaXN0cDM4NAAAAG
EE+R24f5CgoXrDv0Tlcw0XxBv7fVlUQgVoyGRg1PCUld7Ov9+fSqbbISem/z9RkUztJlKq
5/Uuhd2EvoGSpg2wbPv1SZJ/6nWBGiPB8qByOBB/AkfAXoiH04VxudB5JXJZAAAACmxvZ0
B0ZW51cmUAAAAAAAAABnNoYTUxMgAAAIMAAAATZWNkc2Etc2hhMi1uaXN0cDM4NAAAAGgA
AAAwXd1hq+dpc+CNPOL2e+ev9INpTHXjeVcIiDj6UmCN8iSgdoyNQBjc6V0Btu0yl8ZbAA
AAMDfhlmtDgsNUJBoCuVeD4ZBZB8yiwaLpMyeSgNmbBCXkVrUA9Mh0TGimQsjmfZap9g==
-----END SSH SIGNATURE-----
";
    const BY_P521: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAKwAAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAAhuaXN0cDUyMQAAAI
UEAZqYu+JgRqbyndBIOujFapPhxok2FndZ/UpfwmwdcuiMUXsLZKBhaoaZkaobcEA5AiWV
PL5n9uzRqQ9qXntGxEKdAays0Cd/uXM3FmPItSkCxPcyjAt7LKJKKQknf3eGP7suQJtabq
8woMoHFz1Ii7cNQIeECU48br2B3oJjAOkjIOcmAAAACmxvZ0B0ZW51cmUAAAAAAAAABnNo
YTUxMgAAAKcAAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAIwAAABCAM9qA+0VhXBzYR6pjW
crA1pDn0pnS/8/e+6G7LrwNFfclS5/Easlsuct6LnRs7jI+scJR/G07b3TRlUrbVfQKLsE
AAAAQgGQxWlNLZhwEXyVSvOjOdW4tvrg22fpS4pAdijf504kWgQiegfALNHlwU/7qxapyk
yRY7hjX4NgR/xJh2g/B3ACww==
-----END SSH SIGNATURE-----
";
    const BY_RSA3: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAZcAAAAHc3NoLXJzYQAAAAMBAAEAAAGBANHpp4rPcw++QiVUU34di2
sS2z2G+vQW9KxQy9r2jowA78jKgv1hdiw5QC66bfb40FBfFQO/+uiAafQjV9WXipOyCMpO
Kf9hnf1FvKP5aVmbSWx6XikBpPmit4lnVUuQIcfz6twjIgpVi0WHqGSVTGNyilaiWquaic
YbVOb8cyOCsCmX+zSen1DIu2uzEHoxitgevSPMvjG02sazHCZSoheJwefly3qcLJQ/bAsr
EdESSPmhn/3IY+aYLCKqgNNFVfV/DQBzmFBCcdeWV7NL/wGiprIeTUCdqoHp0zMzIBHx5W
n+CDYZFFp7fT2jtuMTIPVgCvVKjwI6+XnkP3dv1YM1M2jfz5ibhUnK+KKdv+p/Qm+6E0pG
pdvaJSksvMNdefeBjea6JcAQG1FLkzXSUTBSX8g9kyboP33AQL1S2xv2Gvias5l3oCCoZb
4x3oN1JTldIT1/cGApxqyQA0AKg4d2r5oyaoTjwen31B/WBuGsAt8WMcQngdMOAE9MmhHc
UQAAAApsb2dAdGVudXJlAAAAAAAAAAZzaGE1MTIAAAGUAAAADHJzYS1zaGEyLTUxMgAAAY
AMCXb8iSx2NmFIbG87IY3jvNEwy3pBHnCcWWxpx16j+Y83wmkz+xgqd9JdK3kkBzXg01o7
tEfYs7OCb/pH9p5ZhEDkIA5vJzJ/IpGDqrPWNbkvHRh1DzXYQse9QCdasx+nBQqi8O3dcj
GAPME1jKx8zrtO9ytATjndbJyyyNjtdvVaDBw6iEVwP7d6r5u54L2NMEgq1c20cLgYHwBg
UqN/iFhnoXHKSC7ALb2yI/ii4BNwKIp1nazBjzMQ7VoU3664+zywENtFUzPE/jgvCt+bKw
IkiW3mtQtin9aTR/m99LAYkYhkzpGH8FVxYmp4dFQOBINNT2ZntoBuCiwSioubtsmbYTqI
Vtr350ruMRMklJiLLGSAMEkW+p/Q0VTyh+RWbwq8OW/gF7PePcHDhbDh11HmcDjr2zbxhM
GkhgEYwwo0jfet7lMKzBehTMeNewAn5t55xTGXgYn2UcNllCLa+tLk7Ra7dHLjE6n0CFW9
ZB+iwGlUZaOVfYx7+3KSpyc=
-----END SSH SIGNATURE-----
";
    const BY_RSA3_SHA256: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAZcAAAAHc3NoLXJzYQAAAAMBAAEAAAGBANHpp4rPcw++QiVUU34di2
sS2z2G+vQW9KxQy9r2jowA78jKgv1hdiw5QC66bfb40FBfFQO/+uiAafQjV9WXipOyCMpO
Kf9hnf1FvKP5aVmbSWx6XikBpPmit4lnVUuQIcfz6twjIgpVi0WHqGSVTGNyilaiWquaic
YbVOb8cyOCsCmX+zSen1DIu2uzEHoxitgevSPMvjG02sazHCZSoheJwefly3qcLJQ/bAsr
EdESSPmhn/3IY+aYLCKqgNNFVfV/DQBzmFBCcdeWV7NL/wGiprIeTUCdqoHp0zMzIBHx5W
n+CDYZFFp7fT2jtuMTIPVgCvVKjwI6+XnkP3dv1YM1M2jfz5ibhUnK+KKdv+p/Qm+6E0pG
pdvaJSksvMNdefeBjea6JcAQG1FLkzXSUTBSX8g9kyboP33AQL1S2xv2Gvias5l3oCCoZb
4x3oN1JTldIT1/cGApxqyQA0AKg4d2r5oyaoTjwen31B/WBuGsAt8WMcQngdMOAE9MmhHc
UQAAAApsb2dAdGVudXJlAAAAAAAAAAZzaGEyNTYAAAGUAAAADHJzYS1zaGEyLTUxMgAAAY
CpqcepZh4kI6XVF30zfU+BoSO00RG0aKv3/1LH/V7T7rE4puUBnOcUEIXIF/Z5OJobM1bA
VUe2oXiPGzx+ycrvX7PV+KIUb5M+aXlpmKl5UDLGUcCi1i5QteyK/v5T10Xibnc8RmdmEv
sVi9g5OdM/J55GD+EW3JhzCejYhpueUzTgRfAKYEAyeFvq0GPh5CIFKuOuQXEjfUgZsIj1
T4WD0RdPaX8lcK0Dyjeszs0ZmkkD6+3T0e3IRIZLSXFQdN/6FJsMWEeBSOi0+BWuCt4gbM
ReuPMdRWfkH8z6+Q0TWyVpM/PnKrAu1mjsuPRjeth0c7C3j5o9evkTgaI6nl5jNYH7rOfF
YlT4dfvEkmXWmgyK+X2qx9HfJ6kvl39aZ4fwe1EXhIsr1dIW0jUgB8s4Niztj9PYn5vzZJ
JjbasgI9RWaNfKCGdGeRv0vHt3aK2PVkTAU0QLyDwl7IFrEGzBaqDtXMars4BXIdM83epX
NuDhFH5BIPqxoM7o9qwYXFM=
-----END SSH SIGNATURE-----
";
    const BY_RSA2: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAARcAAAAHc3NoLXJzYQAAAAMBAAEAAAEBAIqXnnu9nRNdgY+4B5HjJ1
vEev2p3mZ9daPv0KuElF3AtXe1djVW88PCaeJ0sC1XZ03gO1t2wfdoC55K3tOtg4EE+2Gc
OUf1bfO3wtyBWVgDU3yxep45ju6iACOVJ46272iZRNZvW+2pOWa55MTThSI4Dn0/8CV5Cs
qsrLtS/UFBopuJJUINFE37c7Bsns6SvWO8ow1RS72XfMqNa7RXqvDx5u+Em/gMaIM90tUM
NHFB6xxqAqGNV89SUcZ9nvSY4ioC2fApkyw/a9LvdLIq2fzUoLmrBWtMVPj+i0i14N00kZ
SjlUiLyd3xW3vojYlarF6ZGiu/ez6HmulBelQTcuEAAAAKbG9nQHRlbnVyZQAAAAAAAAAG
c2hhNTEyAAABFAAAAAxyc2Etc2hhMi01MTIAAAEACIi++QBAwU3BnuYf6sT/3yi/LvMnmK
NRKwtnARCpOgHA5qVzkrMmvIPi6+xIJ7JznzZJr9XSK0uXH4qHD5N3ps58KEa7cklbXWaH
tDdzSMJtrKveh0XGude9sUs9Is8FFWaUGzFhqGGC2Q4tELCRsMViSJzuHDxDEbaLSXLtYb
tsoB8IYzJ6qKnc3y3GoPr0hUDhHrVjT5aQdhaYfweltNdn4be2F26oFj+jCgVoBLyWBE0B
zHPltZHgF/FkiVmFTs5o+sRALjwH7HH1cE4cnak/L82bbTSkHVzspNIAkW/d7459NO6OBJ
RPoWrJ8BNk4sfQ0zTE2d3zcbCr6s1puw==
-----END SSH SIGNATURE-----
";
    const BY_DSA: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAbEAAAAHc3NoLWRzcwAAAIEAx+ovv1VZHrbmmPdarHMjVzVzDTlO1e
xLb2sf/r+e44bx93xD4gb1UmcbInTNFmnaGzdBaXMiiULc9TkDv1xCV46l47oQiNHDvKSY
DycQr67Net5sNtJ0yJTYI7OgJ7uo47DjRlTFkPpqSy+4Y5Zm7envR6Eg/OPRNbWlLafycV
cAAAAVAIT1X8iSN+9N/nUiXPIxx6FAVGSJAAAAgADJwlo0hJI1FagR38lywlNS44dukIAN
szqmRuaiwHNk23INz48qI13xxXYpuPBdPjkBgshUEDfHeNSjHuF3H7ngoJGy2LV8sq/lgK
+ib5LY6L0PeTH5FcNbFrOXMX5iHHCS8+N41ErwfWlUqc0lbdszh2Kfoyn/06dCTwBmMZSc
AAAAgF/NeuvvUGqbx/6+IFSJTSY+nTkF/wX8JZYY6RYDkXqPj5jmBfIY9/ddXWMouxpNFP
Tp5HTUaepGgu7s69BR3YByF7r9tpAtxmtCChZZeFRaLOGgdwXPtlA831qnZS4nfyXFohHs
h0ApI0ZEKji/21fhcwmXuNcOATTkJJam4eHzAAAACmxvZ0B0ZW51cmUAAAAAAAAABnNoYT
UxMgAAADcAAAAHc3NoLWRzcwAAACgTPpxADUCClhRqtuGgV3aH2qS5txn8yL1xDI0Ve8xP
Qwt1csUSatrr
-----END SSH SIGNATURE-----
";
    const BY_ED_GIT: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgxc4tNIt8i7jvIzoqzqqZdPLMVc
teFe7PKKZORO9j5REAAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5
AAAAQBLu+0uOXjpz56FOm2VG3yXPnNS86ipTt97FduOirbXeAXJOtiws3Y2rLjQJ6BMjwv
Myg23mTuAK9hnMk7+V7QQ=
-----END SSH SIGNATURE-----
";
    const BY_ED_SHA256: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgxc4tNIt8i7jvIzoqzqqZdPLMVc
teFe7PKKZORO9j5REAAAAKbG9nQHRlbnVyZQAAAAAAAAAGc2hhMjU2AAAAUwAAAAtzc2gt
ZWQyNTUxOQAAAEApw0L22B6WaVwiEH9EeItkBLrBvO7oR9gb5RNqgZGE2PLnGbN2Zlc1C9
vPhp1H/VRl2xYqIIEHic3SVSs63agO
-----END SSH SIGNATURE-----
";

    fn key(text: &str) -> PublicKey {
        PublicKey::from_openssh(text).unwrap()
    }

    fn judge(armor: &str, keys: &[&str]) -> Result<usize, SignatureError> {
        let keys: Vec<PublicKey> = keys.iter().map(|text| key(text)).collect();
        verify(PAYLOAD, &Signature::from_armor(armor).unwrap(), &keys)
    }

    fn is_bad(verdict: &Result<usize, SignatureError>) -> bool {
        matches!(verdict, Err(SignatureError::BadSignature { .. }))
    }

    fn is_refused(verdict: &Result<usize, SignatureError>) -> bool {
        matches!(verdict, Err(SignatureError::Refused { .. }))
    }

    #[test]
    fn what_ssh_keygen_signs_is_verified() {
        for (armor, public) in
            [(BY_ED, ED), (BY_P256, P256), (BY_P384, P384), (BY_P521, P521), (BY_RSA3, RSA3)]
        {
            assert_eq!(judge(armor, &[public]), Ok(0), "{public}");
            let signature = Signature::from_armor(armor).unwrap();
            assert!(is_bad(&verify(b"v = 1\n", &signature, &[key(public)])), "{public}");
            assert_eq!(signature.key().unwrap(), key(public));
        }
        assert_eq!(judge(BY_ED, &[RSA3, P256, ED]), Ok(2));
    }

    #[test]
    fn only_the_log_and_sha512_count() {
        assert!(is_bad(&judge(BY_ED_GIT, &[ED])));
        assert!(is_bad(&judge(BY_ED_SHA256, &[ED])));
        assert!(is_bad(&judge(BY_RSA3_SHA256, &[RSA3])));
    }

    #[test]
    fn only_these_keys_count() {
        assert!(is_bad(&judge(BY_ED, &[])));
        assert!(is_bad(&judge(BY_ED, &[P256, RSA3])));
        assert!(is_bad(&judge(BY_RSA2, &[ED])));
    }

    #[test]
    fn weak_keys_and_hashes_are_refused() {
        assert!(is_refused(&judge(BY_RSA2, &[RSA2])));
        assert!(is_refused(&judge(BY_DSA, &[DSA])));
        let mut sha1 = Signature::from_armor(BY_RSA3).unwrap();
        sha1.algorithm = b"ssh-rsa".to_vec();
        assert!(is_refused(&verify(PAYLOAD, &sha1, &[key(RSA3)])));
        sha1.algorithm = b"rsa-sha2-256".to_vec();
        assert!(is_bad(&verify(PAYLOAD, &sha1, &[key(RSA3)])));
        sha1.algorithm = b"ssh-ed25519".to_vec();
        assert!(is_bad(&verify(PAYLOAD, &sha1, &[key(RSA3)])));
    }

    #[test]
    fn any_flipped_bit_is_seen() {
        let wire =
            STANDARD.decode(BY_ED[BEGIN.len()..BY_ED.len() - END.len()].replace('\n', "")).unwrap();
        for at in 0..wire.len() * 8 {
            let mut bent = wire.clone();
            bent[at / 8] ^= 1 << (at % 8);
            let Some(signature) = Signature::from_wire(&bent) else { continue };
            assert!(is_bad(&verify(PAYLOAD, &signature, &[key(ED)])), "bit {at}");
        }
        for end in 0..wire.len() {
            let cut = Signature::from_wire(&wire[..end]);
            assert!(cut.is_none_or(|s| is_bad(&verify(PAYLOAD, &s, &[key(ED)]))), "{end} bytes");
        }
        assert_eq!(Signature::from_wire(&[wire.as_slice(), b"x"].concat()), None);
    }

    #[test]
    fn bytes_after_a_signature_are_not_overlooked() {
        for (armor, public) in [(BY_ED, ED), (BY_P256, P256), (BY_RSA3, RSA3)] {
            let mut signature = Signature::from_armor(armor).unwrap();
            signature.trailer = vec![1, 0, 0, 0, 0];
            assert!(is_bad(&verify(PAYLOAD, &signature, &[key(public)])), "{public}");
        }
    }

    #[test]
    fn a_key_of_small_order_signs_nothing() {
        let mut point = [0; 32];
        point[0] = 1;
        let public = PublicKey::from(KeyData::Ed25519(Ed25519PublicKey(point)));
        let mut signature = Signature::from_armor(BY_ED).unwrap();
        signature.key = public.to_bytes().unwrap();
        signature.body = [point, [0; 32]].concat();
        assert!(is_bad(&verify(PAYLOAD, &signature, &[public])));
    }

    /// As a security key would sign; `by` computes the plain signature.
    fn touched(
        public: &PublicKey,
        application: &str,
        trailer: [u8; 5],
        by: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Signature {
        let mut signature = Signature {
            key: public.to_bytes().unwrap(),
            namespace: NAMESPACE.into(),
            hash: b"sha512".to_vec(),
            algorithm: public.algorithm().as_str().into(),
            body: Vec::new(),
            trailer: trailer.to_vec(),
        };
        let data =
            touched_data(application, &signed_data(Purpose::Log, PAYLOAD).unwrap(), &signature);
        signature.body = by(&data);
        signature
    }

    fn raw<K: ssh_key::SigningKey>(key: &K, data: &[u8]) -> Vec<u8> {
        key.try_sign(data).unwrap().as_bytes().to_vec()
    }

    #[test]
    fn a_security_key_must_have_been_touched() {
        let ed = PrivateKey::random(&mut OsRng, Algorithm::Ed25519).unwrap();
        let point = *ed.public_key().key_data().ed25519().unwrap();
        let ed_public = PublicKey::from(KeyData::SkEd25519(SkEd25519::new(point, "ssh:")));
        let curve = ssh_key::EcdsaCurve::NistP256;
        let p256 = PrivateKey::random(&mut OsRng, Algorithm::Ecdsa { curve }).unwrap();
        let point = match p256.public_key().key_data() {
            KeyData::Ecdsa(ssh_key::public::EcdsaPublicKey::NistP256(point)) => *point,
            _ => unreachable!("made as P-256"),
        };
        let point = SkEcdsaSha2NistP256::new(point, "ssh:");
        let p256_public = PublicKey::from(KeyData::SkEcdsaSha2NistP256(point));
        for (key, public) in [(ed, ed_public), (p256, p256_public)] {
            let sign =
                |flags| touched(&public, "ssh:", [flags, 0, 0, 0, 9], |data| raw(&key, data));
            let keys = [public.clone()];
            assert_eq!(verify(PAYLOAD, &sign(1), &keys), Ok(0));
            assert_eq!(verify(PAYLOAD, &sign(5), &keys), Ok(0));
            assert!(is_refused(&verify(PAYLOAD, &sign(0), &keys)));
            assert!(is_refused(&verify(PAYLOAD, &sign(4), &keys)));
            let mut lie = sign(0);
            lie.trailer[0] = 1;
            assert!(is_bad(&verify(PAYLOAD, &lie, &keys)));
            let mut cut = sign(1);
            cut.trailer.clear();
            assert!(is_bad(&verify(PAYLOAD, &cut, &keys)));
            let other = touched(&public, "ssh:other", [1, 0, 0, 0, 9], |data| raw(&key, data));
            assert!(is_bad(&verify(PAYLOAD, &other, &keys)));
        }
    }

    #[test]
    fn the_fallback_signs_by_ed25519_only() {
        let key = PrivateKey::random(&mut OsRng, Algorithm::Ed25519).unwrap();
        let armor = sign_ed25519(PAYLOAD, &key).unwrap();
        let signature = Signature::from_armor(&format!("{}\n", armor.trim_end())).unwrap();
        assert_eq!(verify(PAYLOAD, &signature, &[key.public_key().clone()]), Ok(0));
        let curve = ssh_key::EcdsaCurve::NistP256;
        let other = PrivateKey::random(&mut OsRng, Algorithm::Ecdsa { curve }).unwrap();
        let locked = key.encrypt(&mut OsRng, "a phrase").unwrap();
        for key in [other, locked] {
            let verdict = sign_ed25519(PAYLOAD, &key);
            assert!(matches!(verdict, Err(SignatureError::CannotSign { .. })));
        }
    }
}
