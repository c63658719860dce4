//! Files that others wrote: every one of them is sealed, read by its stock parser, and opened again to
//! the same bytes.
//!
//! They lie outside of this repository: in `../shared/corpora`, or where `TENURE_CORPORA` says.

use std::fs;
use std::path::PathBuf;

use rand_core::OsRng;
use tenure::document::{Document, Format};
use tenure::keyring::Generation;
use tenure::names::{EnvName, KeyPath, RepositoryId};
use tenure::seal::{self, Comments, Known, Opener, Scope, Sealer, ValueKey};

use crate::support::readers::{Compare, dotenv, json, toml, yaml};
use crate::support::{Repo, say, skipped};

/// A file of a corpus: its name and its bytes.
type Input = (String, Vec<u8>);

/// Reads the files of a corpus by name; none where it is not there.
pub(crate) fn corpus(name: &str) -> Option<Vec<Input>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora");
    let root = std::env::var_os("TENURE_CORPORA").map_or_else(|| beside.into(), PathBuf::from);
    let mut inputs: Vec<_> = fs::read_dir(root.join(name))
        .ok()?
        .map(|file| {
            let file = file.unwrap();
            (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())
        })
        .collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "the corpus `{name}` is empty");
    Some(inputs)
}

/// One environment of one repository, with the key of its only generation.
struct Bench {
    repository: RepositoryId,
    env: EnvName,
    generation: Generation,
    keys: [ValueKey; 1],
}

/// How a file was sealed.
#[derive(Debug, PartialEq)]
enum Form {
    Values,
    Whole,
}

impl Bench {
    fn new() -> Self {
        let generation = Generation::generate(&mut OsRng);
        let keys = [generation.value_key()];
        let repository = RepositoryId::from_random([7; 16]);
        Self { repository, env: "prod".parse().unwrap(), generation, keys }
    }

    /// Seals value by value; says why not, as the program does before it seals the file whole.
    fn seal(&self, format: Format, bytes: &[u8]) -> Result<String, String> {
        let text = std::str::from_utf8(bytes).map_err(|why| why.to_string())?;
        let document = Document::parse(format, text).map_err(|why| why.to_string())?;
        self.sealer(&|_| false)
            .seal(&document, Known::default(), &mut OsRng)
            .map_err(|why| why.to_string())
    }

    fn open(&self, format: Format, sealed: &str) -> Vec<u8> {
        let document = Document::parse(format, sealed).unwrap();
        let scope = self.sealer(&|_| false).scope;
        seal::open(&document, &scope, Opener(&self.keys)).unwrap().expose().to_vec()
    }

    fn sealer<'a>(&'a self, clear: &'a dyn Fn(&KeyPath) -> bool) -> Sealer<'a> {
        let scope = Scope {
            repository: &self.repository,
            env: &self.env,
            clear,
            comments: Comments::Sealed,
        };
        Sealer { scope, current: &self.keys[0], opener: Opener(&self.keys) }
    }

    /// Seals and opens one file, and has the stock parser compare; gives what differs.
    fn round(&self, format: Format, (name, bytes): &Input, compare: Compare) -> (Form, String) {
        match self.seal(format, bytes) {
            Ok(sealed) => {
                assert_eq!(self.open(format, &sealed), *bytes, "{name}: {sealed}");
                let text = std::str::from_utf8(bytes).unwrap();
                let compared = compare(text, &sealed).map_err(|why| format!("{name}: {why}\n"));
                (Form::Values, compared.err().unwrap_or_default())
            }
            Err(_) => {
                let identity = self.generation.identity();
                let sealed = seal::seal_whole(bytes, &identity.to_public()).unwrap();
                assert!(seal::is_whole(&sealed), "{name}");
                let opened = seal::open_whole(&sealed, &identity).unwrap();
                assert_eq!(opened.expose(), bytes, "{name}");
                (Form::Whole, String::new())
            }
        }
    }
}

/// Seals and opens a corpus; of a hundred files, at least so many must be sealed value by value.
fn all(name: &str, format: Format, compare: Compare, least: usize) {
    let Some(inputs) = corpus(name) else { return skipped("../shared/corpora") };
    let bench = Bench::new();
    let (forms, differ): (Vec<_>, String) =
        inputs.iter().map(|input| bench.round(format, input, compare)).unzip();
    assert_eq!(differ, "", "what stock parsers see differs");
    let values = forms.iter().filter(|form| **form == Form::Values).count();
    let count = forms.len();
    say(&format!("corpus {name}: {count} files restored, {values} of them sealed by value"));
    assert!(values * 100 >= least * count, "{values} of {count}");
}

/// What is sealed whole has directives, keys that are no plain text, and other corners of YAML in which
/// parsers differ.
#[test]
fn yaml_files_are_restored() {
    all("yaml", Format::Yaml, yaml, 65);
}

#[test]
fn json_files_are_restored() {
    all("json", Format::Json, json, 90);
}

#[test]
fn toml_files_are_restored() {
    all("toml", Format::Toml, toml, 90);
}

#[test]
fn dotenv_files_are_restored() {
    all("dotenv", Format::Dotenv, dotenv, 80);
}

/// How many files of a corpus go through the program itself.
const DOZEN: usize = 12;

/// Seals a dozen files of a corpus at managed paths, and opens each again, with the program itself.
fn through_the_program(name: &str) {
    let Some(inputs) = corpus(name) else { return skipped("../shared/corpora") };
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("init --member ana").done();
    let step = inputs.len().div_ceil(DOZEN);
    let some: Vec<_> = inputs.iter().step_by(step).collect();
    for (file, bytes) in &some {
        repo.write(&format!("secrets/dev/{file}"), bytes);
    }
    repo.run("seal").done();
    let changed = some.iter().filter(|(file, bytes)| {
        fs::read(repo.path().join("secrets/dev").join(file)).unwrap() != *bytes
    });
    // Where no value is, such as in `[]`, nothing is sealed.
    assert!(changed.count() * 3 > some.len() * 2);
    for (file, bytes) in &some {
        let path = format!("secrets/dev/{file}");
        assert_eq!(repo.tenure(&["open", &path]).done().stdout_bytes, *bytes, "{file}");
    }
    repo.run("check").done();
    repo.commit("sealed");
    repo.run("seal").done();
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn yaml_files_go_through_the_program() {
    through_the_program("yaml");
}

#[test]
fn json_files_go_through_the_program() {
    through_the_program("json");
}

#[test]
fn toml_files_go_through_the_program() {
    through_the_program("toml");
}

#[test]
fn dotenv_files_go_through_the_program() {
    through_the_program("dotenv");
}

#[test]
fn a_comparison_sees_what_is_not_the_same() {
    let token = "sealed.v1.AA";
    for (compare, plain, good, bad) in [
        (yaml as Compare, "a: [1, {b: 2}]\n", "a: [T, {b: T}]\n", "a: [T, {c: T}]\n"),
        (yaml, "a: 1\n", "a: T\n", "a: 1\n"),
        (yaml, "a: 1\nb:\n", "a: T\nb:\n", "b:\na: T\n"),
        (yaml, "a: !x 1\n", "a: !x T\n", "a: !y T\n"),
        (json, r#"{"a": [1, null]}"#, r#"{"a": ["T", "T"]}"#, r#"{"a": ["T"]}"#),
        (json, r#"{"a": 1}"#, r#"{"a": "T"}"#, r#"{"a": ["T"]}"#),
        (toml, "[a]\nb = 1\n", "[a]\nb = \"T\"\n", "[a]\nb = 1\n"),
        (toml, "[a]\nb = 1\n", "[a]\nb = \"T\"\n", "a = \"T\"\n"),
        (dotenv, "A=1\nB=\n", "A=T\nB=\n", "A=T\nB=1\n"),
        (dotenv, "A=1\nB=2\n", "A=T\nB=T\n", "B=T\nA=T\n"),
    ] {
        assert_eq!(compare(plain, &good.replace('T', token)), Ok(()), "{plain}");
        assert!(compare(plain, &bad.replace('T', token)).is_err(), "{bad}");
    }
}
