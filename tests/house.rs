//! The rules of the house that clippy does not keep.
//!
//! Each rule is a function from a file to the lines that break it. Below the rules, a violation of
//! each is planted, so that a rule that has gone blind is seen.

use std::fs;

use crate::support::code::Source;

/// What only `world` may name: whoever adds a dependency that does I/O adds it here.
const WORLDLY: [&str; 10] = [
    "git2::",
    "walkdir::",
    "dialoguer::",
    "rustix::",
    "signal_hook::",
    "std::fs",
    "std::net",
    "std::process::Command",
    "OsRng",
    "SystemTime",
];

/// The files that may look at secret bytes: the places to review for leaks.
const EXPOSING: [&str; 28] = [
    "src/secret.rs",
    "src/seal/",
    "src/keyring/",
    "src/scan/allow.rs",
    "src/scan/managed/",
    "src/deliver/",
    "src/output/value.rs",
    "src/world/",
    "src/deeds/beside.rs",
    "src/deeds/delivery.rs",
    "src/deeds/dropping.rs",
    "src/deeds/brought.rs",
    "src/deeds/edit.rs",
    "src/deeds/exposure/value.rs",
    "src/deeds/editing.rs",
    "src/deeds/ends.rs",
    "src/deeds/fit.rs",
    "src/deeds/get.rs",
    "src/deeds/given.rs",
    "src/deeds/open.rs",
    "src/deeds/report/shared.rs",
    "src/deeds/request.rs",
    "src/deeds/rotate/",
    "src/deeds/scan/values/keys.rs",
    "src/deeds/sealing.rs",
    "src/deeds/set.rs",
    "src/deeds/unset.rs",
    "src/rotation/generate/certificate.rs",
];

const LONGEST_FILE: usize = 400;

/// A line that breaks a rule, and which.
type Broken = (usize, String);

#[test]
fn every_file_keeps_the_rules_of_the_house() {
    let rooms = rooms(&read("src/lib.rs"));
    let mut broken = Vec::new();
    for path in rust_files() {
        let source = Source::new(&path, &read(&path));
        let found = violations(&source, &rooms);
        broken.extend(found.into_iter().map(|(line, why)| format!("{path}:{line}: {why}")));
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_room_has_its_place_in_the_list() {
    let lib = Source::new("src/lib.rs", &read("src/lib.rs"));
    let rooms = rooms(&lib.text);
    for (_, room) in lib.names_after("pub mod ") {
        assert!(rooms.contains(&room), "`{room}` is missing in the list of src/lib.rs");
    }
}

fn violations(source: &Source, rooms: &[String]) -> Vec<Broken> {
    let mut broken = starts_with_its_purpose(source);
    broken.extend(allows_nothing(source));
    broken.extend(climbs_one_step(source));
    if source.path.starts_with("src/") && !source.is_tests() {
        broken.extend(names_rooms_above(source, rooms));
        broken.extend(leaves_the_world_alone(source));
        broken.extend(is_short(source));
        broken.extend(documents_what_is_public(source));
        broken.extend(expects_with_a_reason(source));
        broken.extend(exposes_where_it_may(source));
        broken.extend(types_its_errors(source));
    }
    broken
}

fn names_rooms_above(source: &Source, rooms: &[String]) -> Vec<Broken> {
    let Some(own) = source.room() else { return Vec::new() };
    let rank = |room: &str| rooms.iter().position(|known| known == room);
    let mut named = source.names_after("crate::");
    if source.is_front_page() {
        named.extend(source.names_after("super::"));
    }
    let below = |room: &str| match (rank(room), rank(own)) {
        (Some(theirs), Some(ours)) => theirs > ours,
        _ => false,
    };
    let unseen = |room: &str| room == "output" && (own == "world" || own == "deeds");
    let broken = named.into_iter().filter(|(_, room)| below(room) || unseen(room));
    broken
        .map(|(at, room)| (source.line_at(at), format!("`{own}` names the room `{room}`")))
        .collect()
}

fn leaves_the_world_alone(source: &Source) -> Vec<Broken> {
    if source.room() == Some("world") {
        return Vec::new();
    }
    let named = WORLDLY.iter().flat_map(|name| source.places(name).map(move |at| (at, name)));
    named.map(|(at, name)| (source.line_at(at), format!("only `world` names `{name}`"))).collect()
}

fn is_short(source: &Source) -> Vec<Broken> {
    let lines = source.text.lines().count();
    if lines <= LONGEST_FILE {
        return Vec::new();
    }
    vec![(lines, format!("the file has more than {LONGEST_FILE} lines without its tests"))]
}

fn starts_with_its_purpose(source: &Source) -> Vec<Broken> {
    if source.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![(1, "the file does not begin with `//!` and what it is for".to_owned())]
}

fn climbs_one_step(source: &Source) -> Vec<Broken> {
    let places = source.places("super::super");
    places.map(|at| (source.line_at(at), "`super::super`: say `crate::`".to_owned())).collect()
}

fn allows_nothing(source: &Source) -> Vec<Broken> {
    let places = ["#[allow(", "#![allow("].into_iter().flat_map(|allow| source.places(allow));
    places.map(|at| (source.line_at(at), "`allow`: say `expect` and why".to_owned())).collect()
}

fn documents_what_is_public(source: &Source) -> Vec<Broken> {
    const KINDS: [&str; 9] =
        ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "async"];
    let lines: Vec<_> = source.text.lines().collect();
    let code: Vec<_> = source.code.lines().collect();
    let public = code.iter().enumerate().filter(|(_, line)| {
        line.trim_start()
            .strip_prefix("pub ")
            .and_then(|rest| rest.split_whitespace().next())
            .is_some_and(|kind| KINDS.contains(&kind))
    });
    public
        .filter(|(at, _)| !is_documented(&lines[..*at]))
        .map(|(at, line)| (at + 1, format!("no doc comment: `{}`", line.trim())))
        .collect()
}

/// Looks upwards past attributes, which may take several lines.
fn is_documented(above: &[&str]) -> bool {
    let mut inside_attribute = false;
    for line in above.iter().rev().map(|line| line.trim()) {
        // In a macro, the doc comment comes in as an attribute of its caller's.
        if ["///", "#[doc", "$(#["].iter().any(|doc| line.starts_with(doc)) {
            return true;
        }
        inside_attribute = (inside_attribute || line.ends_with(']')) && !line.starts_with("#[");
        if !inside_attribute && !line.starts_with("#[") {
            return false;
        }
    }
    false
}

fn expects_with_a_reason(source: &Source) -> Vec<Broken> {
    let hasty = source.places(".expect(").filter(|at| {
        let argument = source.text[at + ".expect(".len()..].trim_start();
        argument.strip_prefix('"').is_some_and(|reason| {
            reason.split('"').next().unwrap_or_default().split_whitespace().count() < 3
        })
    });
    hasty.map(|at| (source.line_at(at), "`expect` without a reason".to_owned())).collect()
}

fn exposes_where_it_may(source: &Source) -> Vec<Broken> {
    if EXPOSING.iter().any(|file| source.path.starts_with(file)) {
        return Vec::new();
    }
    let calls = [".expose(", ".expose_"].into_iter();
    let places = calls.flat_map(|call| source.places(call));
    places.map(|at| (source.line_at(at), "secret bytes are looked at".to_owned())).collect()
}

fn types_its_errors(source: &Source) -> Vec<Broken> {
    if source.path == "src/cli/failure.rs" {
        return Vec::new();
    }
    let places = source.places("anyhow::");
    places.map(|at| (source.line_at(at), "only `cli/failure.rs` names anyhow".to_owned())).collect()
}

/// Reads the numbered list of rooms in the front page of the library.
fn rooms(lib: &str) -> Vec<String> {
    let items = lib.lines().filter_map(|line| line.strip_prefix("//! ")?.split_once(". `"));
    let numbered = items.filter(|(number, _)| number.parse::<u8>().is_ok());
    numbered.map(|(_, rest)| rest.split('`').next().unwrap_or_default().to_owned()).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn rust_files() -> Vec<String> {
    let root = env!("CARGO_MANIFEST_DIR");
    let folders = ["src", "tests", "examples"].map(|folder| format!("{root}/{folder}"));
    let files = folders.iter().flat_map(walkdir::WalkDir::new).filter_map(Result::ok);
    let paths = files.map(|file| file.path().strip_prefix(root).unwrap().display().to_string());
    paths.filter(|path| path.ends_with(".rs")).collect()
}

mod planted {
    use super::*;

    const GOOD: &str = "//! Good.\n\n/// Works.\npub fn work() {}\n";

    fn found(path: &str, text: &str) -> Vec<Broken> {
        let list = ["names", "log", "output", "world", "deeds", "cli"].map(str::to_owned);
        violations(&Source::new(path, text), &list)
    }

    #[track_caller]
    fn caught(path: &str, line: &str, why: &str) {
        let broken = found(path, &format!("{GOOD}{line}\n"));
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert_eq!(broken[0].0, GOOD.lines().count() + 1);
        assert!(broken[0].1.contains(why), "{broken:?}");
    }

    #[track_caller]
    fn passes(path: &str, line: &str) {
        assert_eq!(found(path, &format!("{GOOD}{line}\n")), []);
    }

    #[test]
    fn the_list_of_rooms_is_read() {
        let rooms = rooms(&read("src/lib.rs"));
        assert_eq!(rooms.first().map(String::as_str), Some("secret"));
        assert_eq!(rooms.last().map(String::as_str), Some("cli"));
    }

    #[test]
    fn a_room_below_is_caught() {
        caught("src/names/mod.rs", "use crate::log::Entry;", "`log`");
        caught("src/names/mod.rs", "use crate::{names::A, log};", "`log`");
        caught("src/names/word.rs", "fn f() { crate::cli::main(); }", "`cli`");
        caught("src/names/mod.rs", "use super::log;", "`log`");
        caught("src/names.rs", "use super::log;", "`log`");
        passes("src/log/mod.rs", "use crate::names::A; // not crate::cli");
        passes("src/names/word.rs", "use super::log;");
        passes("src/names/word.rs", "#[cfg(test)]\nmod tests {\n    use crate::log::Entry;\n}");
    }

    #[test]
    fn looks_below_the_edge_are_caught() {
        caught("src/world/mod.rs", "use crate::output::Output;", "`output`");
        caught("src/deeds/get.rs", "use crate::output::Output;", "`output`");
        passes("src/cli/mod.rs", "use crate::output::Output;");
    }

    #[test]
    fn the_world_elsewhere_is_caught() {
        caught("src/log/mod.rs", "use std::fs;", "`std::fs`");
        caught("src/log/mod.rs", "use git2::Repository;", "`git2::`");
        passes("src/world/git.rs", "use git2::Repository;");
        passes("src/log/mod.rs", "use not_git2::Repository;");
        passes("src/cli/mod.rs", "use std::process::ExitCode;");
    }

    #[test]
    fn a_long_file_is_caught() {
        let long = format!("{GOOD}{}", "//\n".repeat(LONGEST_FILE));
        assert_eq!(found("src/log/mod.rs", &long).len(), 1);
        assert_eq!(found("src/log/tests.rs", &long), []);
        let tested = format!("{GOOD}#[cfg(test)]\nmod tests {{\n{}", "//\n".repeat(LONGEST_FILE));
        assert_eq!(found("src/log/mod.rs", &tested), []);
    }

    #[test]
    fn a_file_without_purpose_is_caught() {
        assert_eq!(found("tests/a.rs", "fn f() {}\n").len(), 1);
    }

    #[test]
    fn a_second_step_up_is_caught() {
        caught("src/log/entry.rs", "use super::super::x;", "super");
        passes("src/log/entry.rs", "const TEXT: &str = \"super::super\";");
    }

    #[test]
    fn an_allow_is_caught() {
        caught("src/log/entry.rs", "#[allow(dead_code, reason = \"x\")]", "allow");
        caught("tests/a.rs", "#![allow(dead_code)]", "allow");
    }

    #[test]
    fn what_is_public_and_undocumented_is_caught() {
        caught("src/log/entry.rs", "pub fn f() {}", "pub fn f");
        caught("src/log/entry.rs", "pub struct S;", "pub struct S");
        passes(
            "src/log/entry.rs",
            "/// Is S.\n#[derive(\n    Debug,\n)]\n#[must_use]\npub struct S;",
        );
        passes("src/log/entry.rs", "$(#[doc = $doc])*\n#[derive(Debug)]\npub struct $name;");
        passes("src/log/entry.rs", "pub use self::x::Y;\npub(crate) fn f() {}");
    }

    #[test]
    fn a_hasty_expect_is_caught() {
        caught("src/log/entry.rs", "fn f() { x.expect(\"it works\"); }", "expect");
        passes("src/log/entry.rs", "fn f() { x.expect(\"checked just above\"); }");
    }

    #[test]
    fn an_exposed_secret_is_caught() {
        caught("src/log/entry.rs", "fn f() { secret.expose(); }", "secret");
        caught("src/log/entry.rs", "fn f() { secret.expose_text(); }", "secret");
        passes("src/seal/token.rs", "fn f() { secret.expose(); }");
        passes("src/log/tests.rs", "fn f() { secret.expose(); }");
    }

    #[test]
    fn an_error_without_a_type_is_caught() {
        caught("src/cli/mod.rs", "use anyhow::Result;", "anyhow");
        passes("src/cli/failure.rs", "use anyhow::Result;");
    }
}
