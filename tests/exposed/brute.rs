//! The brute force: no log, no policy; only commits, keys and ciphertext.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read as _;
use std::path::Path;

use git2::{ObjectType, Oid, Repository, TreeWalkMode, TreeWalkResult};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tenure::keyring::recipient_bytes;
use tenure::seal::{Binding, Part, ValueKey};
use tenure::secret::GenerationKey;
use zeroize::Zeroizing;

use super::history::{ENVS, FILES, REPOSITORY, WHOLE};

/// A value in clear that somebody reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Read {
    pub(super) value: String,
    /// The day of the first commit after which they had key and token.
    pub(super) since: String,
    /// Whether HEAD has it.
    pub(super) live: bool,
}

/// A generation as a keyring has it: its age identity.
type Line = String;

/// A content of a file, with the time of the first commit that has it.
type Contents = HashMap<(String, Oid), i64>;

pub(super) struct Brute {
    pub(super) commits: usize,
    /// By person: the generations they open, from when on.
    opens: Vec<BTreeMap<Line, i64>>,
    /// By value and generation: from when on there is a token.
    tokens: BTreeMap<(String, Line), i64>,
    live: BTreeSet<String>,
}

impl Brute {
    pub(super) fn force(repo: &Path, people: &[&dyn age::Identity]) -> Self {
        let git = Repository::open(repo).unwrap();
        let mut walk = git.revwalk().unwrap();
        walk.push_glob("refs/*").unwrap();
        let commits: Vec<Oid> = walk.map(Result::unwrap).collect();
        let mut contents = Contents::new();
        for commit in &commits {
            let commit = git.find_commit(*commit).unwrap();
            for file in files(&git, &commit) {
                let time = commit.time().seconds();
                let first = contents.entry(file).or_insert(time);
                *first = time.min(*first);
            }
        }
        let bytes = |id: &Oid| git.find_blob(*id).unwrap().content().to_vec();
        let rings = contents.iter().filter(|((path, _), _)| path.starts_with(".secrets/keys/"));
        let rings: Vec<_> = rings.map(|((_, id), time)| (bytes(id), *time)).collect();
        let tried = |identity: &&dyn age::Identity| {
            let mut opens = BTreeMap::new();
            let lines = rings.iter().flat_map(|(file, time)| {
                opened(file, *identity).into_iter().map(|line| (line, *time))
            });
            for (line, time) in lines {
                let first = opens.entry(line).or_insert(time);
                *first = time.min(*first);
            }
            opens
        };
        let opens: Vec<BTreeMap<Line, i64>> = people.iter().map(tried).collect();
        let all: BTreeSet<Line> = opens.iter().flat_map(BTreeMap::keys).cloned().collect();
        let keys: Vec<_> = all.into_iter().map(|line| (value_key(&line), line)).collect();
        let mut tokens = BTreeMap::new();
        let mut known = HashMap::new();
        for ((path, id), time) in &contents {
            for (value, line) in values(path, &bytes(id), &keys, &mut known) {
                let first = tokens.entry((value, line)).or_insert(*time);
                *first = (*time).min(*first);
            }
        }
        let head = git.head().unwrap().peel_to_commit().unwrap();
        let mut live = BTreeSet::new();
        for (path, id) in files(&git, &head) {
            live.extend(values(&path, &bytes(&id), &keys, &mut known).into_iter().map(|it| it.0));
        }
        Self { commits: commits.len(), opens, tokens, live }
    }

    /// What somebody reads: the values, and those that were planted by nobody's word.
    pub(super) fn reads(&self, who: usize) -> (BTreeSet<Read>, BTreeSet<String>) {
        let mut since: BTreeMap<&str, i64> = BTreeMap::new();
        for ((value, line), token) in &self.tokens {
            let Some(key) = self.opens[who].get(line) else { continue };
            let both = (*key).max(*token);
            let first = since.entry(value).or_insert(both);
            *first = both.min(*first);
        }
        let day = |seconds: i64| {
            Timestamp::from_second(seconds).unwrap().to_zoned(TimeZone::UTC).date().to_string()
        };
        let planted = |value: &str| value.starts_with("planted");
        let read = since.iter().filter(|(value, _)| !planted(value)).map(|(value, since)| Read {
            value: (*value).to_owned(),
            since: day(*since),
            live: self.live.contains(*value),
        });
        let planted = since.keys().filter(|value| planted(value)).map(|it| (*it).to_owned());
        (read.collect(), planted.collect())
    }
}

/// The keyrings and sealed files of a commit.
fn files(git: &Repository, commit: &git2::Commit<'_>) -> Vec<(String, Oid)> {
    let mut found = Vec::new();
    let tree = commit.tree().unwrap();
    for folder in [".secrets/keys", "secrets"] {
        let Ok(entry) = tree.get_path(Path::new(folder)) else { continue };
        let below = git.find_tree(entry.id()).unwrap();
        below
            .walk(TreeWalkMode::PreOrder, |above, entry| {
                if entry.kind() == Some(ObjectType::Blob) {
                    let name = entry.name().unwrap();
                    found.push((format!("{folder}/{above}{name}"), entry.id()));
                }
                TreeWalkResult::Ok
            })
            .unwrap();
    }
    found
}

fn decrypted(file: &[u8], identity: &dyn age::Identity) -> Option<Vec<u8>> {
    let decryptor = age::Decryptor::new(age::armor::ArmoredReader::new(file)).ok()?;
    let mut plain = Vec::new();
    decryptor.decrypt(std::iter::once(identity)).ok()?.read_to_end(&mut plain).ok()?;
    Some(plain)
}

fn opened(file: &[u8], identity: &dyn age::Identity) -> Vec<Line> {
    let plain = decrypted(file, identity).unwrap_or_default();
    String::from_utf8(plain).unwrap().lines().map(str::to_owned).collect()
}

fn value_key(line: &str) -> ValueKey {
    let (_, bytes) = bech32::decode(line).unwrap();
    let secret = GenerationKey::clamped(Zeroizing::new(bytes.try_into().unwrap()));
    let identity: age::x25519::Identity = line.parse().unwrap();
    ValueKey::derive(&secret, &recipient_bytes(&identity.to_public().to_string()).unwrap())
}

/// What a row or a file opened to, kept so that nothing is opened twice.
type Known = HashMap<Vec<u8>, Vec<(String, Line)>>;

/// The values in a file, each with the generation that opens it.
fn values(
    path: &str,
    bytes: &[u8],
    keys: &[(ValueKey, Line)],
    known: &mut Known,
) -> Vec<(String, Line)> {
    if path == WHOLE {
        let open = |(_, line): &(ValueKey, Line)| {
            let identity: age::x25519::Identity = line.parse().unwrap();
            Some((String::from_utf8(decrypted(bytes, &identity)?).unwrap(), line.clone()))
        };
        let found = || keys.iter().filter_map(open).collect();
        return known.entry(bytes.to_vec()).or_insert_with(found).clone();
    }
    let Some(env) = FILES.iter().position(|file| *file == path) else { return Vec::new() };
    let rows = bytes.split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
    rows.flat_map(|row| {
        let found = || row_values(env, std::str::from_utf8(row).unwrap(), keys);
        known.entry(row.to_vec()).or_insert_with(found).clone()
    })
    .collect()
}

fn row_values(env: usize, row: &str, keys: &[(ValueKey, Line)]) -> Vec<(String, Line)> {
    let (key, token) = row.split_once(['=', ':']).unwrap();
    let (repository, name) = (REPOSITORY.parse().unwrap(), ENVS[env].parse().unwrap());
    let path = key.parse().unwrap();
    let binding = Binding { repository: &repository, env: &name, part: Part::Value, path: &path };
    let open = |(own, line): &(ValueKey, Line)| {
        let value = own.open(&binding, token.trim()).ok()?;
        Some((value.expose_text().unwrap().to_owned(), line.clone()))
    };
    keys.iter().filter_map(open).collect()
}
