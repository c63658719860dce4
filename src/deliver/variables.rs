//! Which values of an environment's files become variables, and under which names.

use std::collections::BTreeMap;

use super::{DeliverError, steers};
use crate::document::value::{ValueError, decode};
use crate::document::{Document, Format, Leaf, Node};
use crate::names::{Address, EnvName, KeyPath, RepoPath, Segment};
use crate::policy;
use crate::secret::Plaintext;

/// A file of the environment.
pub enum File<'d> {
    /// In clear, with its values.
    Values(Document<'d>),
    /// Sealed whole: never a variable.
    Whole,
}

/// What becomes of values that lie deeper than the top of their file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    /// They are left out.
    LeftOut,
    /// Their keys are joined with `_` in upper case: `database.password` is `DATABASE_PASSWORD`.
    Flattened,
}

/// Which variables are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What becomes of nested values.
    pub nesting: Nesting,
    /// Only these; all where there are none.
    pub only: &'a [String],
    /// Names that the policy lets through although they steer.
    pub allowed: &'a [String],
    /// Values that are not in use yet: they go out only by name.
    pub pending: &'a [Address],
}

/// A value with the name that it goes out by.
#[derive(Debug)]
pub struct Variable {
    /// `[A-Za-z_][A-Za-z0-9_]*`.
    pub name: String,
    /// Without a NUL byte.
    pub value: Plaintext,
    /// Where it is.
    pub address: Address,
}

/// An item that is no variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it is.
    pub address: Address,
    /// Why.
    pub why: &'static str,
}

/// What goes out, and what does not.
#[derive(Debug, Default)]
pub struct Variables {
    /// Sorted by name, each name once.
    pub all: Vec<Variable>,
    /// In the order of the files, one for a whole list; nothing where only some were wanted.
    pub left: Vec<LeftOut>,
    /// Values that are not in use yet, and were not asked for by name.
    pub pending: Vec<Address>,
}

/// Picks the variables of an environment out of its files in clear.
///
/// # Errors
/// [`DeliverError`] wherever two programs could get different values, or one could be steered by a value.
pub fn variables(
    env: &EnvName,
    files: &BTreeMap<RepoPath, File<'_>>,
    wanted: Wanted<'_>,
) -> Result<Variables, DeliverError> {
    let mut found: BTreeMap<String, (Address, Plaintext)> = BTreeMap::new();
    let (mut left, mut pending) = (Vec::new(), Vec::new());
    let mut known = Vec::new();
    for (path, file) in files {
        let address =
            |key: &KeyPath| Address { env: env.clone(), path: path.clone(), key: key.item() };
        let File::Values(document) = file else {
            let address = address(&KeyPath::Whole);
            left.push(LeftOut { address, why: "it is a file that is sealed whole" });
            continue;
        };
        for leaf in &document.leaves {
            let name = match name(document, leaf, wanted.nesting) {
                Ok(name) => name,
                Err(None) => continue,
                Err(Some(why)) => {
                    left.push(LeftOut { address: address(&leaf.path), why });
                    continue;
                }
            };
            if !wanted.only.is_empty() && !wanted.only.contains(&name) {
                known.push(name);
                continue;
            }
            if wanted.only.is_empty() && wanted.pending.contains(&address(&leaf.path)) {
                pending.push(address(&leaf.path));
                continue;
            }
            let (name, value) = take(document, leaf, name, &address(&leaf.path), wanted.allowed)?;
            if let Some((one, _)) = found.get(&name) {
                let places = Box::new([one.clone(), address(&leaf.path)]);
                return Err(DeliverError::Twice { name, places });
            }
            found.insert(name, (address(&leaf.path), value));
        }
    }
    left.dedup();
    if !wanted.only.is_empty() {
        left.clear();
    }
    if let Some(name) = wanted.only.iter().find(|name| !found.contains_key(*name)) {
        known.extend(found.into_keys());
        let nearest = policy::nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        return Err(DeliverError::NoVariable { name: name.clone(), nearest });
    }
    let named = found.into_iter();
    let all = named.map(|(name, (address, value))| Variable { name, value, address }).collect();
    Ok(Variables { all, left, pending })
}

/// Reads a value that is wanted, unless it may not go out.
fn take(
    document: &Document<'_>,
    leaf: &Leaf,
    name: String,
    address: &Address,
    allowed: &[String],
) -> Result<(String, Plaintext), DeliverError> {
    let repeats = |segment: &Segment| matches!(segment, Segment::Key { nth, .. } if *nth != 1);
    if leaf.path.segments().iter().any(repeats) {
        return Err(DeliverError::Repeated(address.clone().into()));
    }
    if steers(&name) && !allowed.contains(&name) {
        return Err(DeliverError::Steers { name, address: address.clone().into() });
    }
    let unreadable =
        |source: ValueError| DeliverError::Unreadable { address: address.clone().into(), source };
    let value = match leaf.node {
        Node::Empty => Plaintext::from(Vec::new()),
        _ => decode(document, leaf).map_err(unreadable)?,
    };
    if value.expose().contains(&0) {
        return Err(DeliverError::Nul(address.clone().into()));
    }
    Ok((name, value))
}

/// The name of a leaf's variable; else why it is none, where there is a value at all.
fn name(
    document: &Document<'_>,
    leaf: &Leaf,
    nesting: Nesting,
) -> Result<String, Option<&'static str>> {
    let flat = matches!(document.format, Format::Dotenv | Format::Ini | Format::Properties);
    match leaf.node {
        Node::Mapping | Node::List => return Err(None),
        Node::Empty if !flat => return Err(None),
        Node::Alias => return Err(Some("it is an alias of another value")),
        Node::Empty | Node::Scalar => {}
    }
    if is_null(document, leaf) {
        return Err(Some("it is null"));
    }
    if !matches!(leaf.tag.as_str(), "" | "!!str" | "!") {
        return Err(Some("its tag says how to read it"));
    }
    let KeyPath::Place { document: 1, segments } = &leaf.path else {
        return Err(Some("it is not in the first document of its file"));
    };
    let mut keys = Vec::with_capacity(segments.len());
    for segment in segments {
        match segment {
            Segment::Key { name, .. } => keys.push(name.as_str()),
            Segment::Index(_) | Segment::AnyIndex => return Err(Some("it is a list")),
        }
    }
    let name = match (keys.as_slice(), nesting) {
        ([], _) => return Err(Some("it has no key")),
        ([one], _) => (*one).to_owned(),
        (_, Nesting::LeftOut) => return Err(Some("it is nested (--flatten joins its keys)")),
        (_, Nesting::Flattened) => keys.join("_").replace(['-', '.'], "_").to_ascii_uppercase(),
    };
    if is_name(&name) { Ok(name) } else { Err(Some("its key is no name of a variable")) }
}

fn is_name(text: &str) -> bool {
    let later = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.bytes().all(later) && !text.starts_with(|c: char| c.is_ascii_digit()) && !text.is_empty()
}

fn is_null(document: &Document<'_>, leaf: &Leaf) -> bool {
    let slice = document.slice(leaf);
    match document.format {
        Format::Json => slice == "null",
        Format::Yaml => matches!(slice, "null" | "Null" | "NULL" | "~"),
        Format::Toml | Format::Dotenv | Format::Ini | Format::Properties => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Wanted<'_> =
        Wanted { nesting: Nesting::LeftOut, only: &[], allowed: &[], pending: &[] };

    fn of(files: &[(&str, &str)], wanted: Wanted<'_>) -> Result<Variables, DeliverError> {
        let parsed = files.iter().map(|(path, text)| {
            let path: RepoPath = path.parse().unwrap();
            let file = Format::of(&path)
                .map_or(File::Whole, |format| File::Values(Document::parse(format, text).unwrap()));
            (path, file)
        });
        variables(&"dev".parse().unwrap(), &parsed.collect(), wanted)
    }

    fn shown(variables: &Variables) -> Vec<String> {
        let text = |v: &Variable| format!("{}={}", v.name, v.value.expose_text().unwrap());
        variables.all.iter().map(text).collect()
    }

    #[test]
    fn every_flat_format_gives_its_top_level_values() {
        let files = [
            ("a.env", "A='1 # $x'\nE=\n"),
            ("b.ini", "B = two\n[s]\nk = nested\n"),
            ("c.properties", "C=\\u0041\nc.d=dotted\n"),
            ("d.toml", "D = 3\n[t]\nx = 1\n"),
            ("e.yaml", "F: 'it''s'\nn: ~\nl: [1, 2]\nm:\n  k: v\n"),
            ("f.json", "{\"G\": \"g\\n\", \"z\": null, \"H\": true}"),
            ("g.pem", ""),
        ];
        let found = of(&files, ALL).unwrap();
        let all = ["A=1 # $x", "B=two", "C=A", "D=3", "E=", "F=it's", "G=g\n", "H=true"];
        assert_eq!(shown(&found), all);
        let left: Vec<_> = found.left.iter().map(|left| left.address.key.to_string()).collect();
        assert_eq!(left, ["s.k", "\"c.d\"", "t.x", "n", "l", "m.k", "z", "*"]);
    }

    #[test]
    fn nested_keys_are_joined_on_request() {
        let flat = Wanted { nesting: Nesting::Flattened, ..ALL };
        let found = of(&[("a.yaml", "db:\n  pass-word: x\nTop: y\n")], flat).unwrap();
        assert_eq!(shown(&found), ["DB_PASS_WORD=x", "Top=y"]);
    }

    #[test]
    fn two_values_for_one_name_are_refused() {
        let two = of(&[("a.env", "A=1\n"), ("b.env", "A=1\n")], ALL);
        assert!(matches!(two, Err(DeliverError::Twice { name, .. }) if name == "A"));
        let repeated = of(&[("a.env", "A=1\nA=2\n")], ALL);
        assert!(matches!(repeated, Err(DeliverError::Repeated(_))), "{repeated:?}");
        let flat = Wanted { nesting: Nesting::Flattened, ..ALL };
        let joined = of(&[("a.yaml", "a:\n  b: x\nA_B: y\n")], flat);
        assert!(matches!(joined, Err(DeliverError::Twice { .. })));
    }

    #[test]
    fn steering_names_need_the_policys_word() {
        let steering = [("a.env", "LD_PRELOAD=/x.so\n")];
        assert!(matches!(of(&steering, ALL), Err(DeliverError::Steers { .. })));
        let allowed = ["LD_PRELOAD".to_owned()];
        assert_eq!(of(&steering, Wanted { allowed: &allowed, ..ALL }).unwrap().all.len(), 1);
    }

    #[test]
    fn a_subset_is_taken_and_a_missing_name_is_refused() {
        let files = [("a.env", "A=1\nPATH=/evil\nTOKEN=x\n")];
        let only = ["A".to_owned()];
        assert_eq!(shown(&of(&files, Wanted { only: &only, ..ALL }).unwrap()), ["A=1"]);
        let only = ["TOKENS".to_owned()];
        let refused = of(&files, Wanted { only: &only, ..ALL }).unwrap_err();
        let nearest = Some("TOKEN".to_owned());
        assert_eq!(refused, DeliverError::NoVariable { name: "TOKENS".to_owned(), nearest });
    }

    #[test]
    fn nul_is_refused_without_showing_the_value() {
        let refused = of(&[("a.json", "{\"A\": \"sec\\u0000ret\"}")], ALL).unwrap_err();
        assert!(matches!(refused, DeliverError::Nul(_)));
        assert!(!format!("{refused} {refused:?}").contains("sec"));
    }
}
