//! Entries, policies, tokens, names, keyrings and signatures: one text each, and no text that panics.

use std::fmt::{Debug, Display};
use std::str::FromStr;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenure::keyring::{Generation, Keyring, recipient_bytes, stanzas};
use tenure::log::entry::Entry;
use tenure::log::name::{file_path, parse_name};
use tenure::log::parse::SignedEntry;
use tenure::log::payloads_of;
use tenure::log::signature::{Signature, verify};
use tenure::names::{Address, AddressQuery, EnvName, KeyPath, RepoPath};
use tenure::policy::edit::{Edit, NewMember, Right, bump_revision};
use tenure::policy::{AddressGlob, Glob, KeyGlob, MemberKind, Policy, lint, semantic_diff};
use tenure::seal::{Part, generation_of, is_whole, open_whole};
use tenure::secret::Plaintext;

use crate::bench::{Bench, Counted};

static BENCH: LazyLock<Bench> = LazyLock::new(Bench::default);

fn text(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}

/// An entry has one text, which is TOML and says the same there.
///
/// # Panics
/// When it is not so.
pub fn entry(input: &[u8]) {
    if let Ok(signed) = SignedEntry::parse(input) {
        let payload = signed.payload.as_deref().expect("an entry that is read has a payload");
        assert!(payloads_of(input).any(|other| other == payload), "the payload is another");
        one_text(&signed.entry, text(payload).expect("a payload is text"));
    }
    if let Some(payload) = text(input)
        && let Ok(entry) = Entry::parse(payload)
    {
        one_text(&entry, payload);
    }
}

fn one_text(entry: &Entry, payload: &str) {
    assert_eq!(entry.render().as_deref(), Ok(payload), "an entry has another text");
    let mut sorted = entry.clone();
    sorted.sort();
    assert_eq!(sorted, *entry, "an entry that was read is not in order");
    let table: toml::Table = payload.parse().expect("an entry is TOML");
    assert_eq!(table["by"].as_str(), Some(entry.by.as_str()));
    assert_eq!(table.get("reason").and_then(toml::Value::as_str), entry.reason.as_deref());
    let files = table.get("file").and_then(toml::Value::as_array).map_or(0, Vec::len);
    assert_eq!(files, entry.files().len());
    for (file, ours) in entry.files().iter().enumerate() {
        for (at, item) in ours.items.iter().enumerate() {
            let theirs = &table["file"][file]["items"][at];
            assert_eq!(theirs["key"].as_str(), Some(item.key.to_string().as_str()));
            assert_eq!(theirs.get("due").is_some(), item.due.is_some());
        }
    }
    let name = file_path(entry, &tenure::names::EntryId::of(payload.as_bytes()));
    assert_eq!(parse_name(name.as_str()).map(|parts| parts.time), Some(entry.time));
}

/// A policy that is read can be edited: the edit changes what it says it does, and nothing else.
///
/// # Panics
/// When it is not so.
pub fn policy(input: &[u8]) {
    let Some(before) = text(input) else { return };
    let Ok(policy) = Policy::parse(before) else { return };
    assert!(semantic_diff(&policy, &policy).is_empty(), "a policy differs from itself");
    let _ = lint(&policy, before, &["secrets/prod.env".parse().expect("a path")]);
    let Ok(after) = bump_revision(before, [1; 4]) else { return };
    let bumped = Policy::parse(&after).expect("an edited policy is one");
    assert_eq!(Policy { revision: policy.revision.clone(), ..bumped }, policy);
    let name = "fuzz-mallory".parse().expect("a name");
    if policy.members.contains_key(&name) {
        return;
    }
    let recipients = vec![BENCH.generation.recipient().parse().expect("a recipient")];
    let new = NewMember {
        name: name.clone(),
        kind: MemberKind::Person,
        recipients,
        signing_keys: Vec::new(),
        owner: None,
        expires: None,
    };
    let roles: Vec<_> = policy.roles.keys().take(1).cloned().collect();
    let edited = Edit::of(before).and_then(|mut edit| {
        edit.add_member(&new, &roles)?;
        if let (Some(env), Some(role)) = (policy.environments.keys().next(), roles.first()) {
            let _ = edit.grant(env, Right::Read, role);
        }
        edit.finish([2; 4])
    });
    let Ok(edited) = edited else { return };
    let with = Policy::parse(&edited).expect("an edited policy is one");
    assert_eq!(with.members.len(), policy.members.len() + 1);
    let others = |(known, _): &(&tenure::names::MemberName, _)| **known != name;
    assert!(with.members.iter().filter(others).eq(policy.members.iter()));
    assert!(!semantic_diff(&policy, &with).is_empty(), "a new member is no change");
}

/// A token opens to what was sealed, at its place alone; no other text opens.
///
/// # Panics
/// When it is not so.
pub fn token(input: &[u8]) {
    let (scope, key) = (BENCH.scope(), &BENCH.keys[0]);
    let place = |path: &str| path.parse::<KeyPath>().expect("a key path");
    let (here, there) = (place("db.url"), place("db.uri"));
    let binding = scope.binding(Part::Value, &here);
    if let Some(text) = text(input) {
        let _ = generation_of(text);
        assert!(key.open(&binding, text).is_err(), "a token that nobody made opens");
    }
    let framed = [&BENCH.keys[0].id().0[..], input].concat();
    let framed = format!("sealed.v1.{}", URL_SAFE_NO_PAD.encode(framed));
    assert!(key.open(&binding, &framed).is_err(), "a token that nobody made opens");
    let sealed = key.seal(&binding, input, &mut Counted(3)).expect("it is not too long");
    let opened = key.open(&binding, &sealed).expect("a token opens where it was made for");
    assert!(opened.expose() == input);
    assert!(key.open(&scope.binding(Part::Value, &there), &sealed).is_err());
    assert!(key.open(&scope.binding(Part::Comment, &here), &sealed).is_err());
    let mut altered = sealed.into_bytes();
    let at = 10 + usize::from(input.first().copied().unwrap_or_default()) % (altered.len() - 10);
    altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).expect("Base64 is text");
    assert!(key.open(&binding, &altered).is_err(), "an altered token opens");
}

/// Each name has one text.
///
/// # Panics
/// When it is not so.
pub fn names(input: &[u8]) {
    let Some(text) = text(input) else { return };
    round::<Address>(text);
    round::<RepoPath>(text);
    round::<EnvName>(text);
    round::<tenure::names::RepositoryId>(text);
    round::<tenure::names::EntryId>(text);
    round::<tenure::names::Sha256>(text);
    if let Some(path) = round::<KeyPath>(text) {
        round::<KeyPath>(&path.bound().to_string());
        let item = path.item();
        assert_eq!(item.item(), item);
        round::<KeyPath>(&item.to_string());
    }
    if let Some(parts) = parse_name(text) {
        assert!(text.ends_with(&format!("-{}.entry", parts.short)));
    }
    if let Ok(query) = AddressQuery::parse(text, None) {
        assert!(!query.targets.is_empty());
    }
    globs(text);
}

fn round<T: FromStr + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let name: T = text.parse().ok()?;
    assert_eq!(name.to_string(), text, "a name has two texts");
    Some(name)
}

/// A pattern, a line break, and what it is laid against.
fn globs(text: &str) {
    let Some((pattern, subject)) = text.split_once('\n') else { return };
    if let (Ok(glob), Ok(path)) = (pattern.parse::<Glob>(), subject.parse::<RepoPath>()) {
        let literal = !pattern.contains(['*', '?', '[', '{']);
        assert!(!literal || glob.takes(&path) == (pattern == subject));
    }
    if let (Ok(glob), Ok(key)) = (pattern.parse::<KeyGlob>(), subject.parse::<KeyPath>()) {
        let _ = glob.takes(&key);
    }
    if let (Ok(glob), Ok(address)) = (pattern.parse::<AddressGlob>(), subject.parse::<Address>()) {
        let _ = glob.takes(&address);
    }
}

/// No bytes make a keyring or a file sealed whole but those that were made as one.
///
/// # Panics
/// When they do.
pub fn keyring(input: &[u8]) {
    let _ = stanzas(input);
    let identity = BENCH.generation.identity();
    assert!(open_whole(input, &identity).is_err(), "a file that nobody made opens");
    if is_whole(input) {
        let _ = stanzas(input).map(|found| found.x25519 + found.ssh + found.other);
    }
    if let Some(text) = text(input) {
        if let Ok(bytes) = recipient_bytes(text) {
            assert_eq!(text.len(), 62, "{bytes:?}");
        }
        let named: Vec<_> = [BENCH.generation.id()].into();
        let read = Keyring::read(&Plaintext::from(input.to_vec()), &named);
        let ids =
            read.map(|ring| ring.generations().iter().map(Generation::id).collect::<Vec<_>>());
        assert!(ids.is_err() || ids == Ok(named), "other generations than were named");
    }
}

/// An armored signature has one text, and holds over one payload.
///
/// # Panics
/// When it is not so.
pub fn signature(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let Ok(signature) = Signature::from_armor(text) else { return };
    let Some(key) = signature.key() else { return };
    let held = verify(b"what nobody signed", &signature, &[key]);
    assert!(held.is_err(), "a signature holds over what nobody signed");
}
