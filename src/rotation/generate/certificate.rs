//! Certificates for tests, self-signed or by an authority that lives for one signature.

use core::net::Ipv4Addr;
use std::str::FromStr as _;
use std::time::Duration;

use jiff::Timestamp;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rand_core::CryptoRngCore;
use x509_cert::Certificate;
use x509_cert::builder::{Builder as _, CertificateBuilder, Profile};
use x509_cert::der::asn1::{GeneralizedTime, Ia5String, OctetString};
use x509_cert::der::oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use x509_cert::der::{Decode as _, EncodePem as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectAltName};
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
    issuer: Issuer,
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
            let ca = authority(&ca_key, &ca_name, validity, rng)?;
            let leaf = leaf((&key, names), (&ca_key, &ca_name), validity, rng)?;
            pem(&leaf)? + &pem(&ca)?
        }
    };
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

fn authority(
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
