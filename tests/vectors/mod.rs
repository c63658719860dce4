//! The frozen files of every format version: what this program wrote once, it reads for ever.
//!
//! `vectors/v1` was made once, by [`generate`]; see the README there.

mod dropped;
mod generate;
mod notes;
mod refuse;
mod refused;

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::Value;
use tenure::document::{Document, Format, items, whole_hash};
use tenure::keyring::{Generation, Keyring};
use tenure::log::parse::SignedEntry;
use tenure::names::{GenerationId, KeyPath};
use tenure::seal::{Binding, Part, SealError, ValueKey};
use tenure::secret::{GenerationKey, Plaintext};
use zeroize::Zeroizing;

use crate::support::{Repo, stock};

/// When the frozen repository is judged.
const NOW: &str = "2026-01-02T00:00:00Z";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v1")
}

fn json(file: &str) -> Value {
    serde_json::from_slice(&fs::read(folder().join(file)).unwrap()).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} in {value}"))
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

fn array(text: &str) -> [u8; 32] {
    unhex(text).try_into().unwrap()
}

/// A token's key, as the file gives it.
fn key(vector: &Value) -> ValueKey {
    let secret = GenerationKey::clamped(Zeroizing::new(array(text(vector, "secret"))));
    ValueKey::derive(&secret, &array(text(vector, "recipient")))
}

/// Names an error by its variant: texts may change, and these files do not.
fn variant(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()
}

fn open(vector: &Value) -> Result<Plaintext, SealError> {
    let repository = text(vector, "repository").parse().unwrap();
    let env = text(vector, "environment").parse().unwrap();
    let path = text(vector, "path").parse().unwrap();
    let part = match text(vector, "part") {
        "value" => Part::Value,
        "comment" => Part::Comment,
        other => panic!("{other}"),
    };
    let binding = Binding { repository: &repository, env: &env, part, path: &path };
    key(vector).open(&binding, text(vector, "token"))
}

#[test]
fn tokens_open() {
    let vectors = json("tokens.json");
    for vector in list(&vectors["good"]) {
        assert_eq!(key(vector).id().to_string(), text(vector, "generation"));
        let opened = open(vector).unwrap();
        assert_eq!(opened.expose_text(), Some(text(vector, "plain")), "{vector}");
    }
    for vector in list(&vectors["bad"]) {
        let why = open(vector).map(|_| ()).unwrap_err();
        assert_eq!(variant(&why), text(vector, "error"), "{vector}");
    }
}

#[test]
fn padding_hides_the_same_lengths() {
    let vectors = json("tokens.json");
    for vector in list(&vectors["good"]) {
        let token = text(vector, "token").strip_prefix("sealed.v1.").unwrap();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).unwrap();
        assert_eq!(bytes.len() as u64 - 16 - 24 - 16, vector["padded"].as_u64().unwrap());
    }
}

#[test]
fn key_paths_keep_their_texts() {
    let vectors = json("key-paths.json");
    for vector in list(&vectors["good"]) {
        let path: KeyPath = text(vector, "text").parse().unwrap();
        assert_eq!(path.to_string(), text(vector, "text"));
        assert_eq!(path.bound().to_string(), text(vector, "bound"));
        assert_eq!(path.item().to_string(), text(vector, "item"));
    }
    for bad in list(&vectors["bad"]) {
        assert!(bad.as_str().unwrap().parse::<KeyPath>().is_err(), "{bad}");
    }
}

fn format(name: &str) -> Format {
    Format::of(&format!("x.{name}").parse().unwrap()).unwrap()
}

#[test]
fn items_keep_their_hashes() {
    let vectors = json("items.json");
    for vector in list(&vectors["documents"]) {
        let document = Document::parse(format(text(vector, "format")), text(vector, "text"));
        let document = document.unwrap();
        let found: serde_json::Map<_, _> = items(&document)
            .into_iter()
            .map(|(key, item)| (key.to_string(), item.hash.to_string().into()))
            .collect();
        assert_eq!(Value::Object(found), vector["items"], "{vector}");
    }
    for vector in list(&vectors["whole"]) {
        let hash = whole_hash(text(vector, "text").as_bytes());
        assert_eq!(hash.to_string(), text(vector, "hash"));
    }
}

#[test]
fn entries_are_read_or_refused() {
    let expected = json("entries.json");
    for vector in list(&expected["good"]) {
        let bytes = fs::read(folder().join("entries").join(text(vector, "file"))).unwrap();
        let entry = SignedEntry::parse(&bytes).unwrap();
        assert_eq!(entry.id.to_string(), text(vector, "id"));
        assert_eq!(entry.entry.by.as_str(), text(vector, "by"));
        assert_eq!(entry.entry.render().unwrap().into_bytes(), entry.payload.unwrap());
    }
    for vector in list(&expected["bad"]) {
        let bytes = fs::read(folder().join("entries").join(text(vector, "file"))).unwrap();
        let why = SignedEntry::parse(&bytes).map(|_| ()).unwrap_err();
        assert_eq!(variant(&why), text(vector, "error"), "{vector}");
    }
}

/// Copies the frozen repository into one of git's, and its keys into the home.
fn thawed() -> Repo {
    let repo = Repo::new().at(NOW);
    copy(&folder().join("repository"), &repo.path());
    copy(&folder().join("keys"), &repo.home().join("keys"));
    repo.commit("frozen");
    repo
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::write(to, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

#[test]
fn the_frozen_repository_is_clean() {
    let repo = thawed();
    let root = text(&json("repository.json"), "root").to_owned();
    let checked = repo.tenure(&["--root", &root, "--json", "check"]).done().json();
    let grave = |finding: &&Value| finding["severity"] != "note";
    assert_eq!(list(&checked["findings"]).iter().find(grave), None, "{checked}");
    assert_eq!(list(&checked["obligations"]).len(), 17);
}

#[test]
fn every_reader_of_the_frozen_repository_gets_its_values() {
    let (repo, expected) = (thawed(), json("repository.json"));
    let root = text(&expected, "root");
    for reader in list(&expected["readers"]) {
        let key = repo.home().join("keys").join(text(reader, "key")).display().to_string();
        let tenure = |args: &[&str]| {
            let global = ["--root", root, "-i", &key];
            repo.tenure(&[&global[..], args].concat())
        };
        for (address, value) in reader["values"].as_object().unwrap() {
            assert_eq!(tenure(&["get", address]).done().stdout, value.as_str().unwrap());
        }
        for (path, clear) in reader["files"].as_object().unwrap() {
            assert_eq!(tenure(&["open", path]).done().stdout, clear.as_str().unwrap());
        }
        for address in list(&reader["refused"]) {
            assert_eq!(tenure(&["get", address.as_str().unwrap()]).code, 4);
        }
    }
}

#[test]
fn a_frozen_keyring_holds_its_generations() {
    let (repo, expected) = (thawed(), json("repository.json"));
    let Some(age) = stock("age") else { return crate::support::skipped("age") };
    for vector in list(&expected["keyrings"]) {
        let key = repo.home().join("keys").join(text(vector, "key"));
        let opened = repo
            .command(&age)
            .args(&["-d", "-i"])
            .arg(key)
            .arg(repo.path().join(text(vector, "file")))
            .run()
            .done();
        let generations = list(&vector["generations"]);
        let ids: Vec<GenerationId> =
            generations.iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect();
        let ring = Keyring::read(&Plaintext::from(opened.stdout_bytes), &ids).unwrap();
        let recipients: Vec<_> = ring.generations().iter().map(Generation::recipient).collect();
        let wanted: Vec<_> =
            list(&vector["recipients"]).iter().map(|text| text.as_str().unwrap()).collect();
        assert_eq!(recipients, wanted);
    }
}
