//! Each generator makes what it says, and what other programs read.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rand_core::OsRng;
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, DecodePem as _, Encode as _};

use super::*;

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn whole(spec: &str) -> (String, Option<String>) {
    let spec: Spec = spec.parse().unwrap();
    let made = generate(&spec, now(), &mut OsRng).unwrap();
    (made.value.expose_text().unwrap().to_owned(), made.public)
}

fn made(spec: &str) -> String {
    whole(spec).0
}

#[test]
fn random_bytes_are_as_many_as_said() {
    let hex = made("hex:32");
    assert!(hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{hex}");
    assert_eq!(STANDARD.decode(made("base64:33")).unwrap().len(), 33);
    assert_eq!(URL_SAFE_NO_PAD.decode(made("hmac:64")).unwrap().len(), 64);
    let uuid: uuid::Uuid = made("uuid").parse().unwrap();
    assert_eq!(uuid.get_version_num(), 4);
}

#[test]
fn every_value_is_another() {
    for spec in
        ["password:20", "passphrase:6", "hex:8", "uuid", "age", "x25519", "ssh-ed25519", "ec:p256"]
    {
        assert_ne!(made(spec), made(spec), "{spec}");
    }
}

#[test]
fn a_password_has_the_characters_of_its_alphabet_and_all_of_them() {
    let all = |spec: &str| made(spec).into_bytes().into_iter().collect::<BTreeSet<u8>>();
    for alphabet in [Alphabet::Usual, Alphabet::Alnum, Alphabet::Symbols] {
        let spec = Spec::Password(1024, alphabet.clone()).to_string();
        let wanted: BTreeSet<u8> = alphabet.characters().iter().copied().collect();
        assert_eq!(wanted.len(), alphabet.characters().len());
        let seen: BTreeSet<u8> =
            [all(&spec), all(&spec), all(&spec)].into_iter().flatten().collect();
        assert_eq!(seen, wanted, "{spec}");
    }
    assert_eq!(all("password:1024:set=!-z"), b"!-z".iter().copied().collect());
}

#[test]
fn a_password_begins_and_ends_with_a_letter_or_digit() {
    for _ in 0..200 {
        let password = made("password:12:symbols");
        assert!(password.starts_with(|c: char| c.is_ascii_alphanumeric()), "{password}");
        assert!(password.ends_with(|c: char| c.is_ascii_alphanumeric()), "{password}");
    }
}

#[test]
fn a_password_with_symbols_has_one_of_each_class() {
    for _ in 0..500 {
        let password = made("password:12:symbols");
        let has = |class: fn(&char) -> bool| password.chars().any(|c| class(&c));
        assert!(
            has(char::is_ascii_lowercase)
                && has(char::is_ascii_uppercase)
                && has(char::is_ascii_digit)
                && has(char::is_ascii_punctuation),
            "{password}"
        );
    }
}

#[test]
fn a_passphrase_has_so_many_words_of_the_list() {
    let phrase = made("passphrase:64");
    let words: Vec<_> = phrase.split('-').collect();
    assert_eq!(words.len(), 64);
    let list = diceware_wordlists::EFF_LONG_WORDLIST;
    assert!(words.iter().all(|word| list.contains(word)), "{phrase}");
    assert!(words.iter().collect::<BTreeSet<_>>().len() > 40, "{phrase}");
}

#[test]
fn keys_are_read_by_their_libraries_and_belong_to_their_public_halves() {
    let (key, public) = whole("ssh-ed25519");
    let key = ssh_key::PrivateKey::from_openssh(&key).unwrap();
    assert_eq!(key.public_key().to_openssh().ok(), public);

    let (key, public) = whole("age");
    let key: ::age::x25519::Identity = key.parse().unwrap();
    assert_eq!(Some(key.to_public().to_string()), public);

    let (key, public) = whole("x25519");
    let key: [u8; 32] = STANDARD.decode(key).unwrap().try_into().unwrap();
    assert!(key[0] & 7 == 0 && key[31] & 0xc0 == 0x40, "clamped");
    let theirs = x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from(key));
    assert_eq!(Some(STANDARD.encode(theirs.as_bytes())), public);

    use p256::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
    let (key, public) = whole("ec:p256");
    let key = p256::SecretKey::from_pkcs8_pem(&key).unwrap();
    assert_eq!(key.public_key(), p256::PublicKey::from_public_key_pem(&public.unwrap()).unwrap());
    let (key, public) = whole("ec:p384");
    let key = p384::SecretKey::from_pkcs8_pem(&key).unwrap();
    assert_eq!(key.public_key(), p384::PublicKey::from_public_key_pem(&public.unwrap()).unwrap());
}

#[test]
fn an_rsa_key_has_its_length() {
    use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
    use rsa::traits::PublicKeyParts as _;
    let (key, public) = whole("rsa:3072");
    let key = rsa::RsaPrivateKey::from_pkcs8_pem(&key).unwrap();
    assert_eq!(key.n().bits(), 3072);
    assert_eq!(
        key.to_public_key(),
        rsa::RsaPublicKey::from_public_key_pem(&public.unwrap()).unwrap()
    );
}

/// The certificates and the key of a value.
fn certificates(text: &str) -> (Vec<Certificate>, p256::ecdsa::SigningKey) {
    use p256::pkcs8::DecodePrivateKey as _;
    let key = text.find("-----BEGIN PRIVATE KEY").unwrap();
    let all = Certificate::load_pem_chain(&text.as_bytes()[..key]).unwrap();
    (all, p256::ecdsa::SigningKey::from_pkcs8_pem(&text[key..]).unwrap())
}

fn signed_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    use p256::ecdsa::signature::Verifier as _;
    use p256::pkcs8::DecodePublicKey as _;
    let spki = issuer.tbs_certificate.subject_public_key_info.to_der().unwrap();
    let key = p256::ecdsa::VerifyingKey::from_public_key_der(&spki).unwrap();
    let signature = p256::ecdsa::DerSignature::from_der(certificate.signature.raw_bytes()).unwrap();
    certificate.tbs_certificate.issuer == issuer.tbs_certificate.subject
        && key.verify(&certificate.tbs_certificate.to_der().unwrap(), &signature).is_ok()
}

#[test]
fn a_certificate_is_signed_by_itself_or_by_its_test_authority() {
    let (text, public) = whole("cert:a.example.test,10.0.0.1,*.b.test:90d");
    let (all, key) = certificates(&text);
    let [own] = all.as_slice() else { panic!("{text}") };
    assert!(signed_by(own, own));
    assert!(text.starts_with(&public.unwrap()));
    let life = own.tbs_certificate.validity;
    assert_eq!(life.not_before.to_string(), "2026-11-22T10:00:00Z");
    assert_eq!(life.not_after.to_string(), "2027-02-20T09:59:59Z");
    assert_eq!(own.tbs_certificate.subject.to_string(), "CN=a.example.test");
    use p256::pkcs8::EncodePublicKey as _;
    let theirs = key.verifying_key().to_public_key_der().unwrap();
    assert_eq!(own.tbs_certificate.subject_public_key_info.to_der().unwrap(), theirs.as_bytes());
    let der = own.to_der().unwrap();
    let has = |bytes: &[u8]| der.windows(bytes.len()).any(|part| part == bytes);
    assert!(has(b"*.b.test") && has(&[0x87, 4, 10, 0, 0, 1]), "alternative names");

    let (all, _) = certificates(&made("testca:example.test:30d"));
    let [leaf, ca] = all.as_slice() else { panic!("{} certificates", all.len()) };
    assert!(signed_by(leaf, ca) && signed_by(ca, ca) && !signed_by(leaf, leaf));
    assert!(Certificate::from_pem(made("cert:x.test:1d").as_bytes()).is_err(), "the key follows");
}

#[test]
fn an_authority_that_is_given_signs_and_nothing_outlives_it() {
    let by = |ca: &str, spec: &str| {
        let ca = Plaintext::from(ca.to_owned());
        generate_by(&spec.parse().unwrap(), Some(&ca), now(), &mut OsRng)
    };
    let (ca, public) = whole("ca:acme-test:100d");
    assert!(ca.starts_with(&public.unwrap()));
    let (own, _) = certificates(&ca);
    assert_eq!(own[0].tbs_certificate.subject.to_string(), "CN=acme-test");
    let made = by(&ca, "cert:example.test,b.test:100d:ca=CA").unwrap();
    let (all, _) = certificates(made.value.expose_text().unwrap());
    assert!(signed_by(&all[0], &own[0]) && all[1] == own[0]);
    let longer = by(&ca, "cert:example.test:101d:ca=CA").unwrap_err();
    assert_eq!(longer, RotationError::Outlives(jiff::civil::date(2027, 3, 2)));
    let (leaf, _) = whole("cert:example.test:90d");
    let other = ca.replace(&ca[ca.find("-----BEGIN PRIVATE").unwrap()..], "");
    let mixed = other.clone() + &leaf[leaf.find("-----BEGIN PRIVATE").unwrap()..];
    for none in [leaf.as_str(), &other, &mixed, "", "no pem"] {
        let refused = by(none, "cert:example.test:9d:ca=CA").unwrap_err();
        assert_eq!(refused, RotationError::Authority);
    }
    let alone = generate(&"cert:example.test:9d:ca=CA".parse().unwrap(), now(), &mut OsRng);
    assert_eq!(alone.unwrap_err(), RotationError::Authority);
}

#[test]
fn a_spec_has_one_text() {
    for text in [
        "password:32",
        "password:24:alnum",
        "password:24:symbols",
        "password:20:set=0123456789",
        "password:22:set=:=",
        "passphrase:6",
        "hex:8",
        "base64:1024",
        "hmac:64",
        "uuid",
        "ssh-ed25519",
        "age",
        "x25519",
        "rsa:3072",
        "rsa:4096",
        "ec:p256",
        "ec:p384",
        "cert:example.test:90d",
        "cert:example.test:90d:ca=TEST_CA",
        "ca:acme-test:3650d",
        "testca:*.example.test,10.1.2.3:3660d",
    ] {
        let parsed = text.parse::<Spec>();
        match text.contains("set=:=") {
            true => assert!(matches!(parsed, Err(RotationError::Length { least: 64, .. }))),
            false => assert_eq!(parsed.unwrap().to_string(), text),
        }
    }
}

#[test]
fn a_word_that_is_none_is_refused() {
    let none = [
        "",
        "password",
        "password:",
        "password:032",
        "hex:+9",
        "pin:12",
        "uuid:4",
        "Password:32",
        "password:32:",
        "password:32:SYMBOLS",
        "password:32:alnum:",
        "password:32:latin",
        "rsa:2048",
        "rsa",
        "ec:p521",
        "age:1",
        "cert:example.test",
        "cert:example.test:90",
        "cert::90d:",
        "cert:example.test:090d",
        "hmac:64:",
        "passphrase:six",
    ];
    for bad in none {
        assert_eq!(bad.parse::<Spec>(), Err(RotationError::NoGenerator), "{bad}");
    }
}

#[test]
fn what_is_guessed_is_refused() {
    let length = [
        "password:11",
        "hex:7",
        "base64:1025",
        "passphrase:4",
        "hmac:31",
        "password:19:set=0123456789",
        "cert:example.test:3661d",
        "cert:example.test:99999999999999d",
    ];
    for bad in length {
        assert!(
            matches!(
                bad.parse::<Spec>(),
                Err(RotationError::Length { .. } | RotationError::NoGenerator)
            ),
            "{bad}"
        );
    }
}

#[test]
fn a_set_and_a_host_have_one_text() {
    for bad in [
        "password:99:set=",
        "password:99:set=a",
        "password:99:set=ba",
        "password:99:set=aab",
        "password:99:set=aä",
    ] {
        assert_eq!(bad.parse::<Spec>(), Err(RotationError::Set), "{bad}");
    }
    let hosts = [
        "cert::90d",
        "cert:a,:90d",
        "cert:a.test,a.test:90d",
        "cert:A.test:90d",
        "cert:-a.test:90d",
        "cert:a..test:90d",
        "cert:*.*.test:90d",
        "cert:1.2.3.4.5:90d",
        "cert:a=b:90d",
        "cert:a+CN=b:90d",
    ];
    for bad in hosts {
        assert_eq!(bad.parse::<Spec>(), Err(RotationError::Host), "{bad}");
    }
}
