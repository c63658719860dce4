//! Judges a work tree twice: by its whole log, and by what is remembered of it. Both must say the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tenure::names::{EnvName, RepoPath};
use tenure::verify::{Brief, FileEvidence, LogEvidence, Record, Trust, Verified};

use super::below;

/// Judges every environment, and all together; tells in how many of them the log could be remembered.
#[track_caller]
pub(crate) fn judged_twice(root: &Path, trust: Trust, now: &str) -> usize {
    let now: Timestamp = now.parse().unwrap();
    let evidence = LogEvidence {
        policy: fs::read(root.join(".secrets-policy.toml")).ok(),
        policies: texts(root, ".secrets/policies"),
        log: texts(root, ".secrets/log"),
        ..LogEvidence::default()
    };
    let record = Record::judge(&evidence, Some(trust), now);
    let Some(policy) = record.policy() else { return 0 };
    let envs = policy.environments.keys().map(Some);
    let scopes: Vec<Option<&EnvName>> = envs.chain([None]).collect();
    let twice = scopes.into_iter().filter(|scope| {
        let Some(brief) = record.brief(*scope) else { return false };
        let written = serde_json::to_vec(&brief).unwrap();
        let read: Brief = serde_json::from_slice(&written).unwrap();
        assert_eq!((read.root(), read.is_timely(now)), (Some(trust.root), true));
        let short = read.into_record(&evidence.policies).unwrap();
        same(&record, &short, &file_evidence(root, &record, *scope), (*scope, now));
        true
    });
    twice.count()
}

#[track_caller]
fn same(
    whole: &Record,
    short: &Record,
    files: &FileEvidence,
    (scope, now): (Option<&EnvName>, Timestamp),
) {
    assert_eq!(whole.named_files(scope), short.named_files(scope));
    assert_eq!((whole.counted(), whole.dag.heads()), (short.counted(), short.dag.heads()));
    let today = now.to_zoned(TimeZone::UTC).date();
    let judge = |record| Verified::judge(record, files, scope, today).unwrap();
    let (one, two) = (judge(whole), judge(short));
    let findings = |it: &Verified<'_>| {
        let found = it.findings.iter().map(|f| {
            // Only the whole log can say where else the bytes of an altered value stood.
            let says = f.message.split(" (").next().unwrap_or_default().to_owned();
            (f.code, f.severity, f.place.clone(), f.entry, says)
        });
        found.collect::<Vec<_>>()
    };
    assert_eq!(findings(&one), findings(&two));
    let live = |it: &Verified<'_>| {
        let live = it.live.iter().map(|(address, live)| {
            let made = it.record.made_by(*live);
            let made = &it.record.entries[made];
            let entry = &it.record.entries[live.entry];
            let signed = (entry.id, entry.entry.by.clone(), entry.entry.time);
            (address.clone(), signed, live.item.clone(), made.id, made.entry.by.clone())
        });
        live.collect::<Vec<_>>()
    };
    assert_eq!(live(&one), live(&two));
    assert_eq!(one.obligations, two.obligations);
    assert_eq!(one.previous, two.previous);
    assert_eq!((&one.in_doubt, &one.open), (&two.in_doubt, &two.open));
    assert!(one.keyrings.keys().eq(two.keyrings.keys()));
    assert_eq!(one.policy.admins(), two.policy.admins());
    for env in one.policy.environments.keys() {
        let rings = |it: &Record| it.current_keyring(env).map(|ring| ring.record.clone());
        if scope.is_none_or(|only| only == env) {
            assert_eq!(one.pending(env), two.pending(env));
            assert_eq!(rings(whole), rings(short));
            assert_eq!(one.refusal(env).is_some(), two.refusal(env).is_some());
        }
    }
}

fn texts(root: &Path, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let files = if root.join(folder).is_dir() { below(&root.join(folder)) } else { Vec::new() };
    let named = files.iter().filter(|file| file.is_file() && !file.is_symlink());
    let read = |file: &std::path::PathBuf| {
        let name = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        (name, fs::read(file).unwrap())
    };
    named.map(read).collect()
}

fn file_evidence(root: &Path, record: &Record, scope: Option<&EnvName>) -> FileEvidence {
    let as_paths = |folder: &str| -> BTreeMap<RepoPath, Vec<u8>> {
        let texts = texts(root, folder).into_iter();
        texts.filter_map(|(path, bytes)| Some((path.parse().ok()?, bytes))).collect()
    };
    let policy = record.policy().unwrap();
    let mut files = as_paths("secrets");
    files.retain(|path, _| {
        let owners = policy.environments_of(path);
        owners.iter().any(|owner| scope.is_none_or(|only| only == *owner))
            || record.named_files(scope).contains(path)
    });
    let keys = scope.map_or(".secrets/keys".to_owned(), |env| format!(".secrets/keys/{env}"));
    FileEvidence { files, keyrings: as_paths(&keys), ..FileEvidence::default() }
}
