//! Certificates for tests, self-signed or by an authority that lives for one signature.

use core::net::Ipv4Addr;
use std::str::FromStr as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rand_core::CryptoRngCore;
use x509_cert::Certificate;
use x509_cert::builder::{Builder as _, CertificateBuilder, Profile};
use x509_cert::der::asn1::{GeneralizedTime, Ia5String, OctetString};
use x509_cert::der::oid::AssociatedOid as _;
use x509_cert::der::oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use x509_cert::der::{Decode as _, Encode as _, EncodePem as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, SubjectAltName};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::{Time, Validity};
use zeroize::Zeroizing;

use super::{Issuer, Made};
use crate::rotation::RotationError;
use crate::secret::Plaintext;

/// Makes a certificate that lives for so many days from `now` on: its PEM, that of its authority if there is
/// one, and its private key.
pub(super) fn make(
    (issuer, authority): (&Issuer, Option<&Plaintext>),
    names: &[String],
    life: (Timestamp, u32),
    rng: &mut dyn CryptoRngCore,
) -> Result<Made, RotationError> {
    let key = random_key(rng);
    let subject = common_name(names.first().map_or("", String::as_str))?;
    let validity = validity(life)?;
    let public = match issuer {
        Issuer::Itself => pem(&leaf((&key, names), (&key, &subject), validity, rng)?)?,
        Issuer::TestCa => {
            let ca_key = random_key(rng);
            let ca_name = common_name("tenure test authority")?;
            let ca = root(&ca_key, &ca_name, validity, rng)?;
            let leaf = leaf((&key, names), (&ca_key, &ca_name), validity, rng)?;
            pem(&leaf)? + &pem(&ca)?
        }
        Issuer::Secret(_) => {
            let (ca, ca_key) = signer(authority.ok_or(RotationError::Authority)?)?;
            within(&ca, validity)?;
            let ca_name = &ca.tbs_certificate.subject;
            let leaf = leaf((&key, names), (&ca_key, ca_name), validity, rng)?;
            pem(&leaf)? + &pem(&ca)?
        }
    };
    with_key(&public, &key)
}

/// Makes an authority: its certificate, and its private key.
pub(super) fn authority_for(
    name: &str,
    life: (Timestamp, u32),
    rng: &mut dyn CryptoRngCore,
) -> Result<Made, RotationError> {
    let key = random_key(rng);
    let certificate = root(&key, &common_name(name)?, validity(life)?, rng)?;
    with_key(&pem(&certificate)?, &key)
}

/// Reads the certificate and the key of an authority.
fn signer(value: &Plaintext) -> Result<(Certificate, SigningKey), RotationError> {
    let refuse = || RotationError::Authority;
    let text = value.expose_text().ok_or_else(refuse)?;
    let key = text.find("-----BEGIN PRIVATE KEY").ok_or_else(refuse)?;
    let chain = Certificate::load_pem_chain(&text.as_bytes()[..key]).map_err(|_| refuse())?;
    let key = SigningKey::from_pkcs8_pem(text[key..].trim_end()).map_err(|_| refuse())?;
    let ca = chain.into_iter().next().ok_or_else(refuse)?;
    let own = key.verifying_key().to_public_key_der().map_err(|_| refuse())?;
    let spki = ca.tbs_certificate.subject_public_key_info.to_der().map_err(|_| refuse())?;
    let extensions = ca.tbs_certificate.extensions.iter().flatten();
    let may_sign = extensions
        .filter(|extension| extension.extn_id == BasicConstraints::OID)
        .filter_map(|extension| BasicConstraints::from_der(extension.extn_value.as_bytes()).ok())
        .any(|constraints| constraints.ca);
    if may_sign && spki == own.as_bytes() { Ok((ca, key)) } else { Err(refuse()) }
}

/// Insists that a certificate ends no later than its authority.
fn within(ca: &Certificate, validity: Validity) -> Result<(), RotationError> {
    let last = ca.tbs_certificate.validity.not_after.to_unix_duration();
    if validity.not_after.to_unix_duration() <= last {
        return Ok(());
    }
    let seconds = i64::try_from(last.as_secs()).map_err(|_| RotationError::Authority)?;
    let ends = Timestamp::from_second(seconds).map_err(|_| RotationError::Authority)?;
    Err(RotationError::Outlives(ends.to_zoned(TimeZone::UTC).date()))
}

fn with_key(public: &str, key: &SigningKey) -> Result<Made, RotationError> {
    let secret = key.to_pkcs8_pem(LineEnding::LF).map_err(|_| RotationError::NotMade)?;
    let mut value = Zeroizing::new(Vec::with_capacity(public.len() + secret.len()));
    value.extend_from_slice(public.as_bytes());
    value.extend_from_slice(secret.as_bytes());
    Ok(Made { value: Plaintext::from(value), public: Some(public.trim_end().to_owned()) })
}

fn random_key(mut rng: &mut dyn CryptoRngCore) -> SigningKey {
    SigningKey::random(&mut rng)
}

fn leaf(
    (key, names): (&SigningKey, &[String]),
    (signer, issuer): (&SigningKey, &Name),
    validity: Validity,
    rng: &mut dyn CryptoRngCore,
) -> Result<Certificate, RotationError> {
    let profile = Profile::Leaf {
        issuer: issuer.clone(),
        enable_key_agreement: false,
        enable_key_encipherment: false,
    };
    let subject = common_name(names.first().map_or("", String::as_str))?;
    let mut builder = builder(profile, (key, subject), signer, validity, rng)?;
    let alternatives = names.iter().map(|name| alternative(name)).collect::<Result<_, _>>()?;
    let uses = ExtendedKeyUsage(vec![ID_KP_SERVER_AUTH, ID_KP_CLIENT_AUTH]);
    builder.add_extension(&SubjectAltName(alternatives)).map_err(|_| RotationError::NotMade)?;
    builder.add_extension(&uses).map_err(|_| RotationError::NotMade)?;
    builder.build::<DerSignature>().map_err(|_| RotationError::NotMade)
}

fn root(
    key: &SigningKey,
    name: &Name,
    validity: Validity,
    rng: &mut dyn CryptoRngCore,
) -> Result<Certificate, RotationError> {
    let builder = builder(Profile::Root, (key, name.clone()), key, validity, rng)?;
    builder.build::<DerSignature>().map_err(|_| RotationError::NotMade)
}

fn builder<'s>(
    profile: Profile,
    (key, subject): (&SigningKey, Name),
    signer: &'s SigningKey,
    validity: Validity,
    rng: &mut dyn CryptoRngCore,
) -> Result<CertificateBuilder<'s, SigningKey>, RotationError> {
    let mut serial = [0; 16];
    rng.fill_bytes(&mut serial);
    // Positive, and of one length.
    serial[0] = serial[0] & 0x7f | 0x40;
    let serial = SerialNumber::new(&serial).map_err(|_| RotationError::NotMade)?;
    let spki = key.verifying_key().to_public_key_der().map_err(|_| RotationError::NotMade)?;
    let spki = SubjectPublicKeyInfoOwned::from_der(spki.as_bytes());
    let spki = spki.map_err(|_| RotationError::NotMade)?;
    CertificateBuilder::new(profile, serial, validity, subject, spki, signer)
        .map_err(|_| RotationError::NotMade)
}

fn common_name(name: &str) -> Result<Name, RotationError> {
    Name::from_str(&format!("CN={name}")).map_err(|_| RotationError::NotMade)
}

fn alternative(name: &str) -> Result<GeneralName, RotationError> {
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        let address = OctetString::new(address.octets()).map_err(|_| RotationError::NotMade)?;
        return Ok(GeneralName::IpAddress(address));
    }
    Ok(GeneralName::DnsName(Ia5String::new(name).map_err(|_| RotationError::NotMade)?))
}

/// Both ends belong to it: it lives for so many days to the second.
fn validity((now, days): (Timestamp, u32)) -> Result<Validity, RotationError> {
    let start = u64::try_from(now.as_second()).map_err(|_| RotationError::NotMade)?;
    let end = start + u64::from(days) * 86_400 - 1;
    let time = |seconds| {
        let time = GeneralizedTime::from_unix_duration(Duration::from_secs(seconds));
        time.map(Time::GeneralTime).map_err(|_| RotationError::NotMade)
    };
    Ok(Validity { not_before: time(start)?, not_after: time(end)? })
}

fn pem(certificate: &Certificate) -> Result<String, RotationError> {
    certificate.to_pem(LineEnding::LF).map_err(|_| RotationError::NotMade)
}
