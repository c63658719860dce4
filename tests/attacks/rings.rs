//! Keyrings that somebody entitled signed, and that hold, or are wrapped for, something else than they say.

use std::io::Write as _;

use age::armor::{ArmoredWriter, Format};
use age::secrecy::ExposeSecret as _;
use base64::Engine as _;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use tenure::keyring::{Generation, recipient_bytes};
use tenure::log::entry::{KeyringRecord, Kind, Op};
use tenure::names::Sha256;
use tenure::policy::Policy;

use super::{Estate, Pen};

const POLICY: &str = ".secrets-policy.toml";
const ENV: &str = "secrets/prod.env";
const ADDRESS: &str = "prod/secrets/prod.env#DB_URL";

/// Has ana sign a keyring that she made for the readers of prod under a policy.
fn signed(estate: &Estate, policy: &str) {
    let ring = estate.keyring(&Policy::parse(policy).unwrap(), &"prod".parse().unwrap());
    ring_of(estate, ring);
}

fn ring_of(estate: &Estate, ring: KeyringRecord) {
    let kind = Kind::Seal { files: Vec::new(), keyrings: vec![ring] };
    estate.sign(estate.draft("ana", kind), &Pen::of("ana"));
}

#[test]
fn a_signed_keyring_for_one_reader_more_or_less_than_its_policy_names() {
    let estate = Estate::new();
    let honest = estate.read(POLICY);
    let deploy = format!("recipients = [\"{}\"]\nexpires", estate.public("deploy"));
    let more = format!(
        "recipients = [\"{}\", \"{}\"]\nexpires",
        estate.public("deploy"),
        estate.public("mallory")
    );
    let less = honest.replace("readers = [\"admin\", \"deploy\"]", "readers = [\"admin\"]");
    for policy in [honest.replace(&deploy, &more), less] {
        assert_ne!(policy, honest);
        let words = ["altered", "another number of readers"];
        estate.attacked(5, &words, |e| signed(e, &policy));
    }
    estate.twin(|e| signed(e, &honest));
}

/// The 32 bytes of a generation's secret, as its one text has them.
fn secret(generation: &Generation) -> [u8; 32] {
    let text = generation.identity().to_string();
    bech32::decode(text.expose_secret()).unwrap().1.try_into().unwrap()
}

/// Another 32 bytes that clamping makes the same secret of.
fn twisted(mut secret: [u8; 32]) -> [u8; 32] {
    secret[0] |= 5;
    secret[31] = secret[31] & 0x3f | 0x80;
    secret
}

fn unchanged(secret: [u8; 32]) -> [u8; 32] {
    secret
}

type Twist = fn([u8; 32]) -> [u8; 32];

/// Has ana sign a keyring of one generation whose secret stands in it in another text.
fn spelt(estate: &Estate, generation: &Generation, twist: Twist) {
    let hrp = bech32::Hrp::parse("age-secret-key-").unwrap();
    let text = bech32::encode::<bech32::Bech32>(hrp, &twist(secret(generation))).unwrap();
    let text = text.to_uppercase();
    // To age it is the same key, whatever its text.
    let public = text.parse::<age::x25519::Identity>().unwrap().to_public();
    assert_eq!(public.to_string(), generation.recipient());
    let readers = ["ana", "ben", "deploy"].map(|who| estate.public(who).parse().unwrap());
    let readers = readers.iter().map(|it: &age::ssh::Recipient| it as &dyn age::Recipient);
    let mut file = Vec::new();
    let armor = ArmoredWriter::wrap_output(&mut file, Format::AsciiArmor).unwrap();
    let encryptor = age::Encryptor::with_recipients(readers).unwrap();
    let mut writer = encryptor.wrap_output(armor).unwrap();
    writeln!(writer, "{text}").unwrap();
    writer.finish().and_then(ArmoredWriter::finish).unwrap();
    estate.write(&format!(".secrets/keys/prod/{}.age", generation.id()), &file);
    ring_of(
        estate,
        KeyringRecord {
            env: "prod".parse().unwrap(),
            generation: generation.id(),
            recipient: generation.recipient(),
            earlier: Vec::new(),
            hash: Sha256::of(&file),
        },
    );
}

#[test]
fn case_65_another_text_of_a_generations_secret() {
    let estate = Estate::new();
    let generation = Generation::generate(&mut tenure::world::generator());
    estate.twin(|e| spelt(e, &generation, unchanged));
    let pin = estate.read(".git/tenure/pin");
    spelt(&estate, &generation, twisted);
    estate.commit("attack");
    let before = estate.read(ENV);
    for line in [
        "get prod/DB_URL",
        "export -e prod --format json",
        "set prod/DB_URL",
        "rekey -e prod --reseal",
    ] {
        let refused = estate.by("ana", line).feed("hunter2-three");
        assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{line}: {refused}");
        let why = "line 1 of the keyring is no generation's key";
        assert!(refused.stderr.contains(why), "{line}: {refused}");
        assert!(!refused.stderr.to_uppercase().contains("SECRET-KEY"), "{refused}");
    }
    let run = estate.by("ana", "run -e prod -- echo started").run();
    assert_eq!((run.code, run.stdout.as_str()), (125, ""), "{run}");
    assert_eq!(estate.read(ENV), before);
    estate.git("reset --quiet --hard HEAD~1");
    estate.write(".git/tenure/pin", pin);
    estate.honest();
}

/// Seals a value as the format says, under a key that is derived from some text of a secret.
fn token(estate: &Estate, generation: &Generation, secret: [u8; 32], value: &str) -> String {
    let recipient = recipient_bytes(&generation.recipient()).unwrap();
    let mut key = [0; 32];
    let info = [&b"tenure/v1/value"[..], &recipient].concat();
    hkdf::Hkdf::<sha2::Sha256>::new(None, &secret).expand(&info, &mut key).unwrap();
    let part = |text: &str| {
        [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat()
    };
    let policy = Policy::parse(&estate.read(POLICY)).unwrap();
    let aad = ["1", policy.repository.as_str(), "prod", "value", "DB_URL"].map(part).concat();
    let mut plain = part(value);
    plain.resize(32, 0);
    let cipher = XChaCha20Poly1305::new((&key).into());
    let sealed = cipher.encrypt(&[7; 24].into(), Payload { msg: &plain, aad: &aad }).unwrap();
    let bytes = [&generation.id().0[..], &[7; 24], &sealed].concat();
    format!("sealed.v1.{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

#[test]
fn case_65_a_token_under_another_text_of_a_secret_opens_nowhere() {
    let estate = Estate::new();
    let generation = Generation::generate(&mut tenure::world::generator());
    spelt(&estate, &generation, unchanged);
    let put = |e: &Estate, twist: Twist| {
        let token = token(e, &generation, twist(secret(&generation)), "hunter2-two");
        e.edit(ENV, |text| {
            let line = |line: &str| match line.starts_with("DB_URL=") {
                true => format!("DB_URL={token}\n"),
                false => format!("{line}\n"),
            };
            text.lines().map(line).collect()
        });
        e.sign(e.draft("ana", e.attesting(Op::New, &[ADDRESS])), &Pen::of("ana"));
    };
    estate.twin(|e| put(e, unchanged));
    put(&estate, twisted);
    // Nobody can tell a token that opens from one that does not without a key.
    estate.by("ana", "check").run().done();
    for line in ["get prod/DB_URL", "export -e prod --format json", "rekey -e prod --reseal"] {
        let refused = estate.by("ana", line).run();
        assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{line}: {refused}");
    }
    let run = estate.by("ana", "run -e prod -- echo started").run();
    assert_eq!((run.code, run.stdout.as_str()), (125, ""), "{run}");
    // What is there beside it opens.
    let other = estate.by("ana", "get prod/API_KEY").run();
    assert_eq!(other.stdout, "hunter2-api", "{other}");
}
