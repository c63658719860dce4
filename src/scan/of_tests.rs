//! What says of a place that it is one of tests, of examples or of what one reads: the path of its file, the
//! module of tests that it stands in, the comment that documents what follows.

use memchr::memmem;

use super::scanner::View;

/// What a place is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Of tests, of examples, or of documentation.
    Tests,
    /// Settings of a developer's own machine, or of services that live as long as one build; and manuals, which
    /// tell how to begin there.
    Development,
    /// Of what runs.
    Work,
}

/// What is known of the places of one text.
#[derive(Debug)]
pub(super) struct Setting {
    /// Whether all of it is of tests.
    all: Place,
    /// Where its module of tests begins.
    tests: usize,
    is_python: bool,
}

/// Words of names of files that settings of what runs stand in.
const WORK: [&str; 5] = ["prod", "production", "staging", "live", "deploy"];

/// How far back the beginning of a docstring is looked for.
const DOCSTRING: usize = 4096;
/// How far back the beginning of a line is looked for.
const LINE: usize = 200;

impl Setting {
    pub(super) fn of(view: View<'_>) -> Self {
        let all = match view.path {
            path if is_of_work(path) => Place::Work,
            path if is_of_tests(path) => Place::Tests,
            path if is_of_development(path) => Place::Development,
            _ => Place::Work,
        };
        let is_rust = view.path.ends_with(".rs");
        let tests = if is_rust { module_of_tests(view.bytes) } else { None };
        let is_python = view.path.ends_with(".py");
        Self { all, tests: tests.unwrap_or(usize::MAX), is_python }
    }

    /// Tells what a place in the text is for.
    pub(super) fn place_of(&self, text: &[u8], at: usize) -> Place {
        if at >= self.tests || self.documents(text, at) { Place::Tests } else { self.all }
    }

    /// Tells whether what stands at a place explains what follows or surrounds it.
    pub(super) fn documents(&self, text: &[u8], at: usize) -> bool {
        is_comment(text, at) || (self.is_python && is_docstring(text, at))
    }
}

/// Tells whether a file's name says that it is of what runs, whatever folder it lies in.
fn is_of_work(path: &str) -> bool {
    has_word(&path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase(), &WORK)
}

/// Tells whether a text in small letters has a word of a list.
fn has_word(text: &str, list: &[&str]) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| list.contains(&word))
}

/// Finds `#[cfg(test)]` before a module: in Rust it ends a file.
fn module_of_tests(text: &[u8]) -> Option<usize> {
    let mark = b"\n#[cfg(test)]";
    memmem::find_iter(text, mark).find(|at| {
        let rest = &text[at + mark.len()..text.len().min(at + 200)];
        let mut lines = rest.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
        let line = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
        let line = line.unwrap_or_default();
        let module = line.strip_prefix(b"pub(crate) ").unwrap_or(line);
        module.starts_with(b"mod ") && module.ends_with(b"{")
    })
}

/// Tells whether a place stands in a string after `def …:` or `class …:`, or at the beginning of a file.
fn is_docstring(text: &[u8], at: usize) -> bool {
    let before = &text[at.saturating_sub(DOCSTRING)..at];
    let Some(open) = memmem::rfind(before, b"\"\"\"") else { return false };
    let line = before[..open].iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
    let (lines, prefix) = before[..open].split_at(line);
    let is_first = at <= DOCSTRING
        && lines.split(|b| *b == b'\n').all(|line| line.is_empty() || line.starts_with(b"#"));
    let is_alone = prefix.iter().all(|b| matches!(b, b' ' | b'\t' | b'r' | b'u'));
    is_alone && (is_first || lines.trim_ascii_end().ends_with(b":"))
}

/// Tells whether a place stands in a comment that documents, or in what one types to try it.
fn is_comment(text: &[u8], at: usize) -> bool {
    let before = &text[at.saturating_sub(LINE)..at];
    let begin = match before.iter().rposition(|b| *b == b'\n') {
        Some(end) => end + 1,
        None if at <= LINE => 0,
        None => return false,
    };
    let line = before[begin..].trim_ascii_start();
    [&b"///"[..], b"//!", b">>> "].iter().any(|mark| line.starts_with(mark))
}

/// Tells whether a path is that of a test, of an example, or of what one reads.
fn is_of_tests(path: &str) -> bool {
    const FOLDERS: [&str; 25] = [
        "test",
        "tests",
        "testing",
        "testdata",
        "test-data",
        "test_data",
        "test-vectors",
        "vectors",
        "fixture",
        "fixtures",
        "example",
        "examples",
        "benches",
        "spec",
        "__tests__",
        "mocks",
        "sample",
        "samples",
        "fuzz",
        "corpus",
        "e2e",
        "cypress",
        "locales",
        "i18n",
        "translations",
    ];
    const ENDS: [&str; 6] = [".example", ".sample", ".template", ".tmpl", ".dist", "-sample"];
    let path = path.to_ascii_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let stem = name.split('.').next().unwrap_or_default();
    let is_test = |stem: &str| {
        stem.starts_with("test_")
            || stem.starts_with("test-")
            || ["_test", "_tests", "-test", "_spec"].iter().any(|end| stem.ends_with(end))
            || ["test", "tests", "phpunit"].contains(&stem)
            || [".test.", ".spec.", ".example.", ".sample."].iter().any(|it| name.contains(it))
            || ENDS.iter().any(|end| name.ends_with(end))
    };
    folders.split('/').any(|folder| FOLDERS.contains(&folder)) || is_test(stem)
}

/// Tells whether a path is that of settings for a developer's machine, or for the services of a build.
fn is_of_development(path: &str) -> bool {
    const NAMES: [&str; 13] = [
        "dev",
        "devel",
        "development",
        "local",
        "ci",
        "compose",
        "docker",
        "travis",
        "pipelines",
        "appveyor",
        "drone",
        "woodpecker",
        "vagrantfile",
    ];
    const FOLDERS: [&str; 7] =
        [".devcontainer", "workflows", ".circleci", ".buildkite", "dev", "development", "docker"];
    const LIVE: [&str; 6] = ["prod", "production", "prd", "live", "staging", "stage"];
    let path = path.to_ascii_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let is_folder = || folders.split('/').any(|folder| FOLDERS.contains(&folder));
    let is_manual = || [".md", ".rst", ".adoc"].iter().any(|end| name.ends_with(end));
    !has_word(&path, &LIVE) && (has_word(name, &NAMES) || is_folder() || is_manual())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_known_by_its_name_in_whatever_folder() {
        let is_work = |path: &str| {
            let view = View { path, bytes: b"", open: None, is_begin: true };
            Setting::of(view).all == Place::Work
        };
        assert!(is_work("e2e/staging.env") && is_work(".github/workflows/deploy.yml"));
        assert!(!is_work("e2e/users.json") && !is_work(".github/workflows/test.yml"));
    }

    #[test]
    fn a_path_says_what_is_for_development() {
        for path in [
            "docker-compose.yml",
            "a/compose.override.yaml",
            ".gitlab-ci.yml",
            ".github/workflows/build.yml",
            ".circleci/config.yml",
            ".env.development",
            "appsettings.Development.json",
            "config/application-local.properties",
            ".devcontainer/devcontainer.json",
        ] {
            assert!(is_of_development(path), "{path}");
        }
        for path in [
            ".env",
            "docker-compose.prod.yml",
            ".env.production.local",
            "deploy/production/docker-compose.yml",
            "src/device.rs",
            "usr/local/etc/app.conf",
            "appsettings.json",
        ] {
            assert!(!is_of_development(path), "{path}");
        }
    }

    #[test]
    fn a_path_says_what_is_of_tests() {
        for path in
            ["tests/a.rs", "x/testdata/k.pem", "src/parse_test.go", "a/b.spec.ts", ".env.example"]
        {
            assert!(is_of_tests(path), "{path}");
        }
        for path in
            ["src/latest/a.rs", "attest.rs", "contest/k.pem", "deploy/key.pem", "testament.txt"]
        {
            assert!(!is_of_tests(path), "{path}");
        }
    }

    #[test]
    fn a_module_of_tests_and_documentation_are_known() {
        let text = "fn a() {}\n/// b\n#[cfg(test)]\nuse x;\n\n#[cfg(test)]\nmod tests {\n  c\n";
        let view = View { path: "src/a.rs", bytes: text.as_bytes(), open: None, is_begin: true };
        let place = |path, part| {
            let setting = Setting::of(View { path, ..view });
            setting.place_of(text.as_bytes(), text.find(part).unwrap())
        };
        assert_eq!(place("src/a.rs", "a()"), Place::Work);
        assert_eq!(place("src/a.rs", "b\n"), Place::Tests);
        assert_eq!(place("src/a.rs", "use x"), Place::Work);
        assert_eq!(place("src/a.rs", "c\n"), Place::Tests);
        assert_eq!(place("src/a.go", "c\n"), Place::Work);
    }

    #[test]
    fn a_docstring_is_documentation_and_a_text_is_not() {
        let text = "#!x\n\"\"\"one\"\"\"\nkey = \"\"\"\ntwo\n\"\"\"\n\n\
                    def f(a):\n    r\"\"\"\n    three\n    \"\"\"\n    four\n";
        let view = View { path: "a.py", bytes: text.as_bytes(), open: None, is_begin: true };
        let setting = Setting::of(view);
        let documents = |part| setting.documents(text.as_bytes(), text.find(part).unwrap());
        assert!(documents("one") && documents("three"));
        assert!(!documents("two") && !documents("four"));
    }
}
