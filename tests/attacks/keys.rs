//! Cases 35 and 36: kinds of keys, with real signatures.

use std::fs;

use sha2::{Digest as _, Sha256, Sha512};
use ssh_key::private::{EcdsaKeypair, KeypairData};
use ssh_key::public::{KeyData, SkEcdsaSha2NistP256, SkEd25519};
use ssh_key::{Algorithm, EcdsaCurve, PrivateKey, PublicKey};
use tempfile::TempDir;
use tenure::log::entry::{Entry, Op};
use tenure::log::name::file_path;
use tenure::log::render::join;
use tenure::names::EntryId;

use super::Estate;
use super::forge::Pen;
use crate::support::{Repo, skip, stock};

const DB_URL: &str = "prod/secrets/prod.env#DB_URL";

/// A length-prefixed string (RFC 4251).
fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

/// What an SSHSIG is over.
fn signed_data(payload: &[u8]) -> Vec<u8> {
    let hash = Sha512::digest(payload);
    let parts = [string(b"log@tenure"), string(b""), string(b"sha512"), string(&hash)];
    [b"SSHSIG".to_vec(), parts.concat()].concat()
}

/// An armored SSHSIG around a signature that was made elsewhere.
fn sshsig(public: &PublicKey, algorithm: &str, body: &[u8], trailer: &[u8]) -> String {
    let inner = [string(algorithm.as_bytes()), string(body), trailer.to_vec()].concat();
    let wire = [
        b"SSHSIG".to_vec(),
        1_u32.to_be_bytes().to_vec(),
        string(&public.to_bytes().unwrap()),
        string(b"log@tenure"),
        string(b""),
        string(b"sha512"),
        string(&inner),
    ];
    let text = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, wire.concat());
    format!("-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n")
}

impl Estate {
    /// Puts an entry into the log whose signature is made by the caller.
    fn sign_by(&self, mut entry: Entry, sign: impl FnOnce(&[u8]) -> String) {
        entry.sort();
        let payload = entry.render().unwrap();
        let id = EntryId::of(payload.as_bytes());
        let bytes = join(&payload, &sign(payload.as_bytes()));
        self.write(file_path(&entry, &id).as_str(), bytes);
    }

    /// An entry of ben's that attests again what stands.
    fn again(&self) -> Entry {
        self.draft("ben", self.attesting(Op::Adopt, &[DB_URL]))
    }
}

/// Gives ben one more key to sign with.
fn with_key(text: &str, key: &str) -> String {
    let at = text.find("[members.ben]").unwrap();
    let (head, tail) = text.split_at(at);
    head.to_owned() + &tail.replacen("signing-keys = [", &format!("signing-keys = [\"{key}\", "), 1)
}

/// An estate in which ben may sign with one more key, and in which all is well.
fn knowing(key: &str) -> Estate {
    let estate = Estate::with_policy(|text| with_key(text, key));
    estate.set("ana", DB_URL, "hunter2-two");
    estate
}

/// A key pair that stock `ssh-keygen` made: its folder, and the public line.
fn pair(kind: &str, bits: &str) -> Option<(TempDir, String)> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let repo = Repo::new();
    let keygen = repo.command(stock("ssh-keygen")?);
    let args = ["-q", "-t", kind, "-b", bits, "-m", "PEM", "-N", "", "-C", "", "-f"];
    if keygen.args(&args).arg(&file).run().code != 0 {
        return None;
    }
    let line = fs::read_to_string(file.with_extension("pub")).unwrap();
    Some((folder, line.trim().to_owned()))
}

/// Has stock `ssh-keygen` sign with a key of one's own.
fn stock_sign(estate: &Estate, folder: &TempDir, payload: &[u8]) -> String {
    let args = ["-q", "-Y", "sign", "-O", "hashalg=sha512", "-n", "log@tenure", "-f"];
    let keygen = estate.repo.command(stock("ssh-keygen").unwrap()).args(&args);
    keygen.arg(folder.path().join("key")).feed(payload).done().stdout
}

#[test]
fn case_35_rsa_with_sha_1() {
    let openssl = skip!("openssl");
    let (folder, line) = pair("rsa", "3072").unwrap();
    let public = PublicKey::from_openssh(&line).unwrap();
    let estate = knowing(&line);
    let by_hash = |hash: &str, algorithm: &str, payload: &[u8]| {
        let command = estate.repo.command(&openssl).args(&["dgst", hash, "-sign"]);
        let signed = command.arg(folder.path().join("key")).feed(signed_data(payload));
        sshsig(&public, algorithm, &signed.done().stdout_bytes, &[])
    };
    estate.attacked(5, &["refused-key"], |e| {
        e.sign_by(e.again(), |payload| by_hash("-sha1", "ssh-rsa", payload));
    });
    // SHA-1 under the name of SHA-512 is no signature at all.
    estate.attacked(5, &["bad-signature"], |e| {
        e.sign_by(e.again(), |payload| by_hash("-sha1", "rsa-sha2-512", payload));
    });
    // Its twins, made the same way and by stock `ssh-keygen`: accepted.
    estate.sign_by(estate.again(), |payload| by_hash("-sha512", "rsa-sha2-512", payload));
    estate.honest();
    estate.sign_by(estate.again(), |payload| by_hash("-sha256", "rsa-sha2-256", payload));
    estate.honest();
    estate.sign_by(estate.again(), |payload| stock_sign(&estate, &folder, payload));
    estate.honest();
}

#[test]
fn case_35_rsa_that_is_too_short_and_dsa() {
    let estate = Estate::new();
    let weak = [pair("rsa", "2048"), pair("dsa", "1024")];
    for (folder, line) in weak.into_iter().flatten() {
        // Without the policy's word, the key is just another one.
        estate.attacked(5, &["bad-signature"], |e| {
            e.sign_by(e.again(), |payload| stock_sign(e, &folder, payload));
        });
        estate.attacked(5, &["refused-key"], |e| {
            let text = with_key(&e.policy_text(), &line);
            let text = text.replacen("\"1-00000001\"", "\"2-00000002\"", 1);
            e.sign_policy(&text, "ana", &Pen::of("ana"));
            e.sign_by(e.again(), |payload| stock_sign(e, &folder, payload));
        });
    }
    let (folder, line) = pair("rsa", "3072").unwrap();
    let text = with_key(&estate.policy_text(), &line);
    let text = text.replacen("\"1-00000001\"", "\"2-00000002\"", 1);
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
    estate.sign_by(estate.again(), |payload| stock_sign(&estate, &folder, payload));
    estate.honest();
}

fn raw<K: ssh_key::SigningKey>(key: &K, data: &[u8]) -> Vec<u8> {
    key.try_sign(data).unwrap().as_bytes().to_vec()
}

/// A key as a security key has it, with the private half at hand.
struct Token {
    private: PrivateKey,
    public: PublicKey,
    algorithm: &'static str,
}

impl Token {
    fn ed25519() -> Self {
        let private = PrivateKey::random(&mut tenure::world::generator(), Algorithm::Ed25519);
        let private = private.unwrap();
        let point = *private.public_key().key_data().ed25519().unwrap();
        let public = PublicKey::from(KeyData::SkEd25519(SkEd25519::new(point, "ssh:")));
        Self { private, public, algorithm: "sk-ssh-ed25519@openssh.com" }
    }

    fn ecdsa() -> Self {
        let algorithm = Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 };
        let private = PrivateKey::random(&mut tenure::world::generator(), algorithm).unwrap();
        let KeypairData::Ecdsa(EcdsaKeypair::NistP256 { public, .. }) = private.key_data() else {
            unreachable!("made as P-256");
        };
        let public = SkEcdsaSha2NistP256::new(*public, "ssh:");
        let public = PublicKey::from(KeyData::SkEcdsaSha2NistP256(public));
        Self { private, public, algorithm: "sk-ecdsa-sha2-nistp256@openssh.com" }
    }

    fn line(&self) -> String {
        self.public.to_openssh().unwrap().trim().to_owned()
    }

    /// Signs as the token would: over the application's hash, flags, counter and the data's hash.
    fn sign(&self, payload: &[u8], flags: u8) -> String {
        let trailer = [&[flags][..], &7_u32.to_be_bytes()].concat();
        let data = [
            Sha256::digest(b"ssh:").to_vec(),
            trailer.clone(),
            Sha256::digest(signed_data(payload)).to_vec(),
        ];
        sshsig(&self.public, self.algorithm, &raw(&self.private, &data.concat()), &trailer)
    }
}

fn touched_or_not(token: &Token) {
    let estate = knowing(&token.line());
    for flags in [0, 4] {
        estate.attacked(5, &["refused-key", "nobody touched"], |e| {
            e.sign_by(e.again(), |payload| token.sign(payload, flags));
        });
    }
    // The flag is under the signature: it cannot be set afterwards.
    estate.attacked(5, &["bad-signature"], |e| {
        e.sign_by(e.again(), |payload| {
            let honest = token.sign(payload, 0);
            let text: String = honest.lines().filter(|line| !line.starts_with('-')).collect();
            let mut wire = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text).unwrap();
            let at = wire.len() - 5;
            wire[at] = 1;
            let text = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, wire);
            format!("-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n")
        });
    });
    // Touched, and touched with a PIN.
    for flags in [1, 5] {
        estate.sign_by(estate.again(), |payload| token.sign(payload, flags));
        estate.honest();
    }
}

#[test]
fn case_36_a_security_key_that_nobody_touched() {
    touched_or_not(&Token::ed25519());
}

#[test]
fn case_36_an_ecdsa_security_key_that_nobody_touched() {
    touched_or_not(&Token::ecdsa());
}

/// The next policy, in which ben has mallory's key in place of his own.
fn replaced(estate: &Estate) -> String {
    let (old, new) = (estate.public("ben"), estate.public("mallory"));
    let text = estate.policy_text().replacen("\"1-00000001\"", "\"2-00000002\"", 1);
    let changed = text.replace(&old, &new);
    assert_ne!(text, changed);
    changed
}

#[test]
fn a_key_that_was_replaced_signs_on_top_and_from_an_old_clone() {
    let estate = Estate::new();
    let old_head = estate.head();
    let text = replaced(&estate);
    estate.sign_policy(&text, "ana", &Pen::of("ana"));
    estate.wrap(&tenure::policy::Policy::parse(&text).unwrap());
    estate.honest();
    estate.attacked(5, &["bad-signature"], |e| {
        e.sign(e.again(), &Pen::of("ben"));
    });
    // What it signed before stands, and an entry that cannot know of the change does not.
    estate.attacked(5, &["removed-key"], |e| {
        let mut entry = e.again();
        entry.parents = vec![old_head];
        entry.policy = Some(e.root().parse().unwrap());
        e.sign(entry, &Pen::of("ben"));
    });
    // Its twin, by the new key.
    estate.sign(estate.again(), &Pen::of("mallory"));
    estate.honest();
}

/// Lengthens the innermost part of an ed25519 signature by a byte: the same signature in another text.
fn lengthened(armor: &str) -> String {
    let base64 = armor.lines().filter(|line| !line.starts_with("-----")).collect::<String>();
    let engine = base64::prelude::BASE64_STANDARD;
    let mut wire = base64::Engine::decode(&engine, base64).unwrap();
    // "ssh-ed25519" and 64 bytes, each with its length.
    let at = wire.len() - (4 + 11 + 4 + 64) - 4;
    assert_eq!(wire[at..at + 4], [0, 0, 0, 83]);
    wire[at + 3] += 1;
    wire.push(1);
    let text = base64::Engine::encode(&engine, wire);
    let lines: Vec<_> =
        text.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"))
}

#[test]
fn a_signature_with_a_byte_more_than_it_has() {
    let estate = Estate::new();
    let entry = |e: &Estate, change: fn(&str) -> String| {
        e.sign_by(e.again(), |payload| change(&e.signature(payload, &Pen::of("ben"))));
    };
    estate.attacked(5, &["bad-signature"], |e| entry(e, lengthened));
    estate.twin(|e| entry(e, str::to_owned));
}
