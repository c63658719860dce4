//! What must be refused, frozen: `vectors/v1/refused`, made once by [`super::refuse`].

use std::fs;

use base64::Engine as _;
use serde_json::Value;
use tenure::log::parse::SignedEntry;
use tenure::names::{Address, AddressQuery, EnvName, KeyPath, RepoPath};

use super::{copy, folder, json, list, text, variant};
use crate::second::{agree, opinion};
use crate::support::{Outcome, Repo};

fn file(name: &str) -> Value {
    json(&format!("refused/{name}"))
}

/// The base of the cases in a repository of git's, with one case's change.
pub(super) fn changed(case: &Value) -> Repo {
    let repo = Repo::new().at("2026-01-01T00:00:00Z");
    copy(&folder().join("refused/base"), &repo.path());
    for path in list(&case["remove"]) {
        fs::remove_file(repo.path().join(path.as_str().unwrap())).unwrap();
    }
    for (path, text) in case["write"].as_object().unwrap() {
        repo.write(path, text.as_str().unwrap());
    }
    repo.commit("frozen");
    repo
}

fn check(repo: &Repo, root: &str) -> Outcome {
    repo.tenure(&["--root", root, "--json", "check"])
}

#[test]
fn each_refused_repository_is_refused_with_its_word() {
    let file = file("repositories.json");
    let (root, signers) = (text(&file, "root"), text(&file, "signers"));
    let honest = serde_json::json!({ "remove": [], "write": {} });
    let repo = changed(&honest);
    let checked = check(&repo, root).done();
    agree(&checked, &opinion(&repo, signers, root));
    for case in list(&file["cases"]) {
        let (name, word) = (text(case, "name"), text(case, "word"));
        let repo = changed(case);
        let checked = check(&repo, root);
        assert_eq!(Some(i64::from(checked.code)), case["exit"].as_i64(), "{name}: {checked}");
        let found = checked.json();
        let found = list(&found["findings"]).iter().find(|finding| finding["code"] == word);
        assert!(found.is_some(), "{name}: no `{word}` in {checked}");
        agree(&checked, &opinion(&repo, signers, root));
    }
}

#[test]
fn each_rule_of_the_grammar_of_entries_is_kept() {
    let file = file("entries.json");
    let base = fs::read(folder().join("entries").join(text(&file, "base"))).unwrap();
    SignedEntry::parse(&base).unwrap();
    let base = String::from_utf8(base).unwrap();
    for rule in list(&file["rules"]) {
        let changed = base.replacen(text(rule, "find"), text(rule, "put"), 1);
        assert_ne!(changed, base, "{rule}");
        let why = SignedEntry::parse(changed.as_bytes()).map(|_| ()).unwrap_err();
        assert_eq!(variant(&why), text(rule, "error"), "{rule}");
    }
}

#[test]
fn each_refused_token_is_refused() {
    let vectors = file("tokens.json");
    super::open(&vectors["good"]).unwrap();
    for vector in list(&vectors["bad"]) {
        let why = super::open(vector).map(|_| ()).unwrap_err();
        assert_eq!(variant(&why), text(vector, "error"), "{vector}");
    }
}

#[test]
fn what_is_no_name_is_read_as_none() {
    let vectors = file("names.json");
    let each = |kind: &str, refused: &dyn Fn(&str) -> bool| {
        let texts = list(&vectors[kind]);
        assert!(!texts.is_empty());
        texts.iter().for_each(|text| assert!(refused(text.as_str().unwrap()), "{kind}: {text}"));
    };
    each("address", &|text| text.parse::<Address>().is_err());
    each("query", &|text| AddressQuery::parse(text, None).is_err());
    each("key-path", &|text| text.parse::<KeyPath>().is_err());
    each("path", &|text| text.parse::<RepoPath>().is_err());
    each("environment", &|text| text.parse::<EnvName>().is_err());
    each("entry", &|text| tenure::log::name::parse_name(text).is_none());
}

/// The bytes of a token.
pub(super) fn decoded(token: &str) -> Vec<u8> {
    let text = token.strip_prefix("sealed.v1.").unwrap();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}
