//! PKCS#12 files (RFC 7292): their certificates, and nothing of their keys, which stay encrypted.
//!
//! Each decryption costs what the file says, so what a file may ask for is bounded before it is begun.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipher, BlockDecryptMut, KeyInit, KeyIvInit as _};
use cms::content_info::ContentInfo;
use cms::encrypted_data::EncryptedData;
use pkcs5::pbes2;
use pkcs12::cert_type::CertBag;
use pkcs12::kdf::{Pkcs12KeyType, derive_key_utf8};
use pkcs12::pbe_params::Pkcs12PbeParams;
use pkcs12::pfx::Pfx;
use pkcs12::safe_bag::SafeContents;
use x509_cert::der::asn1::{Any, ContextSpecific, ObjectIdentifier, OctetString};
use x509_cert::der::oid::db::rfc5911::{ID_DATA, ID_ENCRYPTED_DATA};
use x509_cert::der::{Decode, Encode as _};
use x509_cert::spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::certificate::{self, Found};

/// The most rounds of a key derivation: ten times what programs take today.
const ROUNDS: u32 = 6_000_000;

/// The most parts of a file, and the most certificates of a part.
const MOST: usize = 100;

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");

/// Reads the certificates of a file; none where it is no PKCS#12 file, or does not open with this password.
pub(super) fn certificates(file: &[u8], password: Option<&str>) -> Option<Vec<Found>> {
    let mut found = Vec::new();
    for part in parts(file)? {
        found.extend(opened(&part, password).iter().flat_map(|bags| in_bags(bags)));
    }
    (!found.is_empty()).then_some(found)
}

/// Tells whether it is such a file and has a part that is not opened by this password.
pub(super) fn is_locked(file: &[u8], password: Option<&str>) -> bool {
    let locked = |part: &ContentInfo| opened(part, password).is_none();
    parts(file).is_some_and(|parts| parts.iter().any(locked))
}

fn parts(file: &[u8]) -> Option<Vec<ContentInfo>> {
    let pfx = Pfx::from_der(file).ok()?;
    if pfx.auth_safe.content_type != ID_DATA {
        return None;
    }
    let parts =
        Vec::<ContentInfo>::from_der(inner::<OctetString>(&pfx.auth_safe.content)?.as_bytes());
    parts.ok().filter(|parts| parts.len() <= MOST)
}

fn inner<T: for<'a> Decode<'a>>(content: &Any) -> Option<T> {
    T::from_der(&content.to_der().ok()?).ok()
}

/// The bags of one part, decrypted.
fn opened(part: &ContentInfo, password: Option<&str>) -> Option<Zeroizing<Vec<u8>>> {
    match part.content_type {
        ID_DATA => Some(Zeroizing::new(inner::<OctetString>(&part.content)?.as_bytes().to_vec())),
        ID_ENCRYPTED_DATA => {
            let info = inner::<EncryptedData>(&part.content)?.enc_content_info;
            let bytes = info.encrypted_content?;
            let bags =
                decrypted(&info.content_enc_alg, bytes.as_bytes(), password.unwrap_or_default())?;
            // A wrong password gives bytes that only seem to be padded, once in 256 times.
            SafeContents::from_der(&bags).is_ok().then_some(bags)
        }
        _ => None,
    }
}

fn in_bags(bags: &[u8]) -> Vec<Found> {
    let bags = SafeContents::from_der(bags).unwrap_or_default();
    let certificates = bags.iter().filter(|bag| bag.bag_id == pkcs12::PKCS_12_CERT_BAG_OID);
    let read = |value: &[u8]| {
        let bag = ContextSpecific::<CertBag>::from_der(value).ok()?.value;
        let is_x509 = bag.cert_id == pkcs12::PKCS_12_X509_CERT_OID;
        certificate::der(bag.cert_value.as_bytes()).filter(|_| is_x509)
    };
    certificates.take(MOST).filter_map(|bag| read(&bag.bag_value)).collect()
}

fn decrypted(
    algorithm: &AlgorithmIdentifierOwned,
    bytes: &[u8],
    password: &str,
) -> Option<Zeroizing<Vec<u8>>> {
    let params = algorithm.parameters.as_ref()?.to_der().ok()?;
    match algorithm.oid {
        PBES2 => {
            let params = pbes2::Parameters::from_der(&params).ok()?;
            // Scrypt takes memory as the file says; nobody makes such files.
            let rounds = params.kdf.pbkdf2()?.iteration_count;
            let bytes = (1..=ROUNDS).contains(&rounds).then(|| params.decrypt(password, bytes));
            bytes?.ok().map(Zeroizing::new)
        }
        // Weak, and what older programs write: a certificate is no secret.
        pkcs12::PKCS_12_PBE_WITH_SHAAND3_KEY_TRIPLE_DES_CBC => {
            old::<des::TdesEde3>(&params, bytes, password, 24)
        }
        pkcs12::PKCS_12_PBEWITH_SHAAND40_BIT_RC2_CBC => {
            old::<rc2::Rc2>(&params, bytes, password, 5)
        }
        _ => None,
    }
}

fn old<C>(params: &[u8], bytes: &[u8], password: &str, key: usize) -> Option<Zeroizing<Vec<u8>>>
where
    C: BlockCipher + BlockDecryptMut + KeyInit,
{
    let params = Pkcs12PbeParams::from_der(params).ok()?;
    let rounds = u32::try_from(params.iterations).ok().filter(|n| (1..=ROUNDS).contains(n))?;
    let rounds = i32::try_from(rounds).ok()?;
    let derive = |purpose, length| {
        let salt = params.salt.as_bytes();
        derive_key_utf8::<sha1::Sha1>(password, salt, purpose, rounds, length).map(Zeroizing::new)
    };
    let key = derive(Pkcs12KeyType::EncryptionKey, key).ok()?;
    let iv = derive(Pkcs12KeyType::Iv, 8).ok()?;
    let cipher = cbc::Decryptor::<C>::new_from_slices(&key, &iv).ok()?;
    cipher.decrypt_padded_vec_mut::<Pkcs7>(bytes).ok().map(Zeroizing::new)
}
