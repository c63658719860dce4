//! Samples that others labelled: what must be reported, and what must not.
//!
//! They lie outside of this repository: in `../shared/corpora/scan`, or where `TENURE_CORPORA` says.

use std::fs;
use std::path::{Path, PathBuf};

use tenure::scan::{Level, Rules, Scanner, Text};

use crate::support::{below, say, skipped};

fn folder() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora");
    let root = std::env::var_os("TENURE_CORPORA").map_or_else(|| beside.into(), PathBuf::from);
    let folder = root.join("scan");
    if !folder.is_dir() {
        skipped("../shared/corpora/scan");
        return None;
    }
    Some(folder)
}

/// How many findings in a file block.
fn blocking(scanner: &Scanner<'_>, file: &Path) -> usize {
    let bytes = fs::read(file).unwrap();
    let path = file.file_name().unwrap().to_str().unwrap();
    let hits = scanner.scan(&Text { path: path.as_bytes(), bytes: &bytes });
    hits.iter().filter(|hit| hit.passed.is_none() && hit.level == Level::Block).count()
}

/// Of a set, at least so many of those to be reported are, and at most so many of the others.
fn set(name: &str, least: usize, most: usize) {
    let Some(folder) = folder() else { return };
    let (rules, mut found, mut wrong) = (Rules::ours(), 0, 0);
    let scanner = Scanner::new(&rules);
    let labels = fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
    for line in labels.lines() {
        let label: serde_json::Value = serde_json::from_str(line).unwrap();
        let file = folder.join(name).join(label["file"].as_str().unwrap());
        let hit = usize::from(blocking(&scanner, &file) > 0);
        match label["kind"].as_str() {
            Some("tp") => found += hit,
            _ => wrong += hit,
        }
    }
    say(&format!("{name}: {found} reported, {wrong} near misses hit"));
    assert!(found >= least, "{name}: {found} of at least {least}");
    assert!(wrong <= most, "{name}: {wrong} of at most {most}");
}

/// Most of the near misses that are hit are true secrets of another kind.
#[test]
fn samples_of_other_scanners_are_told_apart() {
    set("noseyparker", 335, 18);
    set("secretlint", 41, 6);
    set("ripsecrets", 41, 1);
}

#[test]
fn plain_pairs_are_all_found_and_ciphertext_never() {
    let Some(folder) = folder() else { return };
    let rules = Rules::ours();
    let scanner = Scanner::new(&rules);
    let plain = below(&folder.join("plain-pairs"));
    assert!(plain.len() >= 4);
    for file in plain {
        assert_eq!(blocking(&scanner, &file), 20, "{}", file.display());
    }
    for file in below(&folder.join("encrypted")) {
        assert_eq!(blocking(&scanner, &file), 0, "{}", file.display());
    }
}
