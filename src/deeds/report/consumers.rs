//! Who uses which values: what the policy declares, and what the tracked files show.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::ground::Ground;
use super::secrets::Secret;
use crate::names::{ConsumerName, KeyPath, RepoPath, Segment, TypeName};
use crate::policy::{self, Access, Policy};
use crate::world::WorldError;

/// A declared consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub name: ConsumerName,
    /// How it gets its values; none where the policy does not say.
    pub access: Option<Access>,
    /// Whether any value is said to be used by it.
    pub used: bool,
}

/// Who uses the values of a type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// The declared consumers, and whether a key's name stands in their files.
    pub declared: BTreeMap<ConsumerName, Sight>,
    /// Files of nobody declared in which a key's name stands.
    pub undeclared: BTreeSet<RepoPath>,
}

/// Whether a declared use shows in the tracked files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// It does not.
    NotSeen,
    /// A key's name stands in a file of the consumer.
    Seen,
}

/// Lists the declared consumers, by name.
#[must_use]
pub fn consumers(policy: &Policy, secrets: &[Secret]) -> Vec<Consumer> {
    let used = |name| secrets.iter().any(|secret| secret.used_by.contains(name));
    let consumers = policy.consumers.iter();
    consumers
        .map(|(name, it)| Consumer { name: name.clone(), access: it.access, used: used(name) })
        .collect()
}

/// Looks for the names of keys in the tracked files; by type, and by none for values without one.
///
/// # Errors
/// [`WorldError`] when git does not give a file.
pub fn usage(
    ground: &Ground<'_>,
    secrets: &[Secret],
) -> Result<BTreeMap<Option<TypeName>, Usage>, WorldError> {
    let policy = ground.verified.policy;
    let mut usage: BTreeMap<Option<TypeName>, Usage> = BTreeMap::new();
    for secret in secrets {
        let mine = usage.entry(secret.kind.clone()).or_default();
        for name in &secret.used_by {
            mine.declared.entry(name.clone()).or_insert(Sight::NotSeen);
        }
    }
    let terms = terms(secrets);
    let wanted = |path: &RepoPath| may_use(policy, path);
    ground.tracked.each_text(&ground.place.checkout, &wanted, &mut |path, text| {
        if is_report(text) {
            return;
        }
        for (secret, telling) in named(text, &terms) {
            let secret = &secrets[secret];
            let mine = usage.entry(secret.kind.clone()).or_default();
            if !see(policy, secret, path, mine) && telling == Telling::Yes && is_code(path) {
                mine.undeclared.insert(path.clone());
            }
        }
    })?;
    for mine in usage.values_mut() {
        let owners: Vec<_> =
            mine.declared.keys().filter_map(|it| policy.consumers.get(it)).collect();
        let owned =
            |path: &RepoPath| owners.iter().any(|it| it.paths.iter().any(|glob| glob.takes(path)));
        mine.undeclared.retain(|path| !owned(path));
    }
    Ok(usage)
}

/// Marks the declared consumers whose file it is; tells whether there is any.
fn see(policy: &Policy, secret: &Secret, path: &RepoPath, usage: &mut Usage) -> bool {
    let takes = |name: &&ConsumerName| {
        let consumer = policy.consumers.get(*name);
        consumer.is_some_and(|it| it.paths.iter().any(|glob| glob.takes(path)))
    };
    let mine: Vec<_> = secret.used_by.iter().filter(takes).collect();
    for name in &mine {
        usage.declared.insert((*name).clone(), Sight::Seen);
    }
    !mine.is_empty()
}

/// Sealed files, the log and the policy hold keys' names by themselves.
fn may_use(policy: &Policy, path: &RepoPath) -> bool {
    let text = path.as_str();
    let ours = text.starts_with(".secrets/") || text == policy::PATH || text == ".gitattributes";
    !ours && policy.environments_of(path).is_empty()
}

/// What is written about a secret is no use of it.
fn is_code(path: &RepoPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    let prose = [".md", ".markdown", ".rst", ".adoc", ".txt"];
    !prose.iter().any(|end| name.ends_with(end))
}

/// Reports name keys too, and must not change by being committed.
fn is_report(text: &str) -> bool {
    text.starts_with("# Secrets Management") && text.contains("> **Document ID:**")
}

/// Whether a text is a key's name wherever it stands, or may be any word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    Yes,
    No,
}

/// The texts to look for, with the places of the secrets that they name.
fn terms(secrets: &[Secret]) -> HashMap<String, (Vec<usize>, Telling)> {
    let mut terms: HashMap<String, (Vec<usize>, Telling)> = HashMap::new();
    for (at, secret) in secrets.iter().enumerate() {
        for term in terms_of(&secret.address.key, &secret.address.path) {
            let telling = telling(&term);
            terms.entry(term).or_insert_with(|| (Vec::new(), telling)).0.push(at);
        }
    }
    terms
}

/// A nested key is also written as the variable that `run` makes of it.
fn terms_of(key: &KeyPath, path: &RepoPath) -> BTreeSet<String> {
    let KeyPath::Place { segments, .. } = key else {
        return BTreeSet::from([path.to_string()]);
    };
    let name = |segment: &Segment| match segment {
        Segment::Key { name, .. } => Some(name.as_str().to_owned()),
        Segment::Index(_) | Segment::AnyIndex => None,
    };
    let names: Vec<String> = segments.iter().filter_map(name).collect();
    [names.join("."), names.join("_"), names.join("_").to_ascii_uppercase().replace('-', "_")]
        .into_iter()
        .filter(|term| !term.is_empty())
        .collect()
}

fn telling(term: &str) -> Telling {
    let marked = term.chars().any(|c| c.is_ascii_uppercase() || matches!(c, '_' | '.' | '/'));
    if marked && term.len() >= 5 { Telling::Yes } else { Telling::No }
}

/// The secrets that a text names, each once.
fn named(text: &str, terms: &HashMap<String, (Vec<usize>, Telling)>) -> BTreeMap<usize, Telling> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let joined = |c: char| plain(c) || matches!(c, '.' | '-');
    let path = |c: char| joined(c) || c == '/';
    let words = text.split(|c| !plain(c)).chain(text.split(|c| !joined(c)));
    let words = words.chain(text.split(|c| !path(c)));
    let mut named = BTreeMap::new();
    for word in words {
        let Some((secrets, telling)) = terms.get(word.trim_matches('.')) else { continue };
        for secret in secrets {
            let known = named.entry(*secret).or_insert(*telling);
            if *telling == Telling::Yes {
                *known = Telling::Yes;
            }
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms_for(key: &str) -> Vec<String> {
        let path = "secrets/dev.env".parse().unwrap();
        terms_of(&key.parse().unwrap(), &path).into_iter().collect()
    }

    #[test]
    fn a_key_is_looked_for_as_it_is_and_as_the_variable_that_it_becomes() {
        assert_eq!(terms_for("API_KEY"), ["API_KEY"]);
        assert_eq!(
            terms_for("database.pass-word"),
            ["DATABASE_PASS_WORD", "database.pass-word", "database_pass-word"]
        );
        assert_eq!(terms_for("*"), ["secrets/dev.env"]);
    }

    #[test]
    fn a_name_counts_as_a_whole_word_only() {
        let terms = HashMap::from([
            ("API_KEY".to_owned(), (vec![0], Telling::Yes)),
            ("database.password".to_owned(), (vec![1], Telling::Yes)),
            ("secrets/tls.pem".to_owned(), (vec![2], Telling::Yes)),
        ]);
        let of = |text: &str| named(text, &terms).into_keys().collect::<Vec<_>>();
        assert_eq!(of("x = os.environ[\"API_KEY\"]"), [0]);
        assert_eq!(of("MY_API_KEY API_KEYS api_key"), [0; 0]);
        assert_eq!(of("read(database.password)."), [1]);
        assert_eq!(of("open('secrets/tls.pem')"), [2]);
        assert_eq!(of("$API_KEY, ${API_KEY:-}, database.password"), [0, 1]);
    }

    #[test]
    fn an_ordinary_word_tells_of_no_undeclared_use() {
        assert_eq!(telling("password"), Telling::No);
        assert_eq!(telling("KEY"), Telling::No);
        assert_eq!(telling("API_KEY"), Telling::Yes);
        assert_eq!(telling("database.password"), Telling::Yes);
    }

    #[test]
    fn prose_and_reports_are_no_use() {
        assert!(is_code(&"src/a.py".parse().unwrap()));
        assert!(!is_code(&"docs/README.md".parse().unwrap()));
        assert!(is_report("# Secrets Management\n\n> **Document ID:** 5D  \n"));
        assert!(!is_report("# Secrets Management\n"));
    }
}
