//! The answer of `exposure --key` against a brute force that knows nothing of the log: all commits, every
//! identity on every keyring, every token with every generation.

mod brute;
mod history;

use std::collections::{BTreeMap, BTreeSet};

use age::secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::support::Repo;
use brute::{Brute, Read};
use history::{Built, written};

/// Fills an empty repository of ana's.
fn build(repo: &Repo, commits: usize) -> Built {
    let ana = ssh_key::PrivateKey::read_openssh_file(&repo.home().join(".ssh/id_ed25519")).unwrap();
    let (built, stream) = written(ana, commits);
    let command = repo.command(crate::support::stock("git").unwrap());
    command.args(&["fast-import", "--quiet"]).feed(stream).done();
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/main"]).done();
    repo.git(&["reset", "--quiet", "--hard"]).done();
    built
}

/// What the program says that a key reads: the value in clear, from which day on, and whether it is live.
fn answered(repo: &Repo, built: &Built, who: usize) -> (BTreeSet<Read>, usize) {
    let (name, key) = &built.people[who];
    let file = repo.home().join(format!("{name}.txt"));
    std::fs::write(&file, key.to_string().expose_secret()).unwrap();
    let root = built.root.to_string();
    let key = file.display().to_string();
    let answer = repo.tenure(&["--root", &root, "exposure", "--json", "--key", &key]);
    let json = answer.json();
    let is_rogue = json["findings"].as_array().unwrap().iter().any(|it| it["severity"] == "found");
    assert_eq!(answer.code, i32::from(is_rogue), "{answer}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let read = |it: &Value| {
        assert_eq!(it["proof"], "opened", "{it}");
        let value = built.values[&text(&it["origin"])].clone();
        Read { value, since: text(&it["since"]), live: it["live"] == true }
    };
    let values = json["values"].as_array().unwrap().iter().map(read).collect();
    let unlogged = json["unlogged"].as_array().unwrap();
    assert!(unlogged.iter().all(|it| it["address"] == "prod/secrets/prod.yaml#PLANTED"), "{json}");
    (values, unlogged.len())
}

fn compare(commits: usize) {
    let repo = Repo::new();
    repo.ssh_key();
    let built = build(&repo, commits);
    let root = built.root.to_string();
    let checked = repo.tenure(&["--root", &root, "check", "--json"]);
    assert!(matches!(checked.code, 0 | 1), "{checked}");
    let ana = std::fs::read(repo.home().join(".ssh/id_ed25519")).unwrap();
    let ana = age::ssh::Identity::from_buffer(ana.as_slice(), None).unwrap();
    let people = built.people.iter().map(|(_, key)| key as &dyn age::Identity);
    // Ana reads all; else nobody could say of some values whether they are live.
    let brute = Brute::force(&repo.path(), &people.chain([&ana as _]).collect::<Vec<_>>());
    assert!(brute.commits >= commits, "{} of {commits}", brute.commits);
    let mut sizes = BTreeMap::new();
    for (at, (name, _)) in built.people.iter().enumerate() {
        let (read, planted) = brute.reads(at);
        let (said, unlogged) = answered(&repo, &built, at);
        let missing: Vec<_> = read.difference(&said).collect();
        let beyond: Vec<_> = said.difference(&read).collect();
        assert!(missing.is_empty() && beyond.is_empty(), "{name}: {missing:?} {beyond:?}");
        assert_eq!(unlogged, planted.len(), "{name}: {planted:?}");
        let live = read.iter().filter(|it| it.live).count();
        sizes.insert(name.clone(), (read.len(), live, planted.len()));
    }
    // It is no comparison of nothing with nothing: mallory reads by a copied keyring alone.
    let read = sizes.values().filter(|(all, live, _)| *all > *live && *live > 0).count();
    assert!(read > 3, "{sizes:?}");
    assert!(sizes["mallory"].2 > 0, "{sizes:?}");
    assert!(sizes.values().collect::<BTreeSet<_>>().len() > 2, "{sizes:?}");
}

#[test]
fn the_answer_is_that_of_a_brute_force_over_all_commits() {
    compare(300);
}

/// Some twenty seconds on a quiet machine.
#[test]
#[ignore = "takes long: cargo test --test tenure brute_force_over_2000 -- --ignored"]
fn the_answer_is_that_of_a_brute_force_over_2000_commits() {
    compare(2_000);
}
