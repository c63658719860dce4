//! What is said about the program in its documents is current.

use std::fmt::Write as _;
use std::fs;

use clap::Command;
use tenure::cli::exit::Exit;
use tenure::cli::grammar;

/// How wide the help of a command is printed, whatever terminal the test runs in.
const WIDTH: usize = 100;

#[test]
fn the_page_of_commands_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md");
    let page = page_of_commands();
    if std::env::var_os("TENURE_RENEW").is_some_and(|word| word == "1") {
        fs::write(path, &page).unwrap();
    }
    let there = fs::read_to_string(path).unwrap_or_default();
    let same = there.lines().zip(page.lines()).take_while(|(there, new)| there == new).count();
    let line = same + 1;
    assert!(
        there == page,
        "docs/cli.md:{line} is stale: TENURE_RENEW=1 cargo test page_of_commands"
    );
}

/// The help of every command, as the program prints it.
fn page_of_commands() -> String {
    let mut page = String::from(
        "<!-- Made by tests/reference.rs: TENURE_RENEW=1 cargo test page_of_commands -->\n\n\
         # The commands of tenure\n\n\
         What `tenure --help` and `tenure COMMAND --help` print. The global options stand once, \
         under `tenure`;\nevery command takes them. The exit codes are in \
         [README.md](../README.md#exit-codes).\n",
    );
    let mut whole = grammar().term_width(WIDTH);
    whole.build();
    section(&whole, "tenure", &mut page);
    let own = grammar().term_width(WIDTH);
    let mut own = own.mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
    own.build();
    commands(&own, "tenure", &mut page);
    page + &verdicts()
}

/// The words that findings have, with the check of each and what it means, from where they are defined.
fn verdicts() -> String {
    let source = finding();
    let (_, after) = source.split_once("pub enum Code {\n").unwrap();
    let (variants, after) = after.split_once("\n}\n").unwrap();
    let (words, rules) = after.split_once("pub fn rule(").unwrap();
    let word = |variant: &str| {
        let (_, after) = words.split_once(&format!("Self::{variant} => \"")).unwrap();
        after.split('"').next().unwrap().to_owned()
    };
    // An arm may be of several: the number is the first after it.
    let rule = |variant: &str| {
        let name = format!("Self::{variant}");
        let mut at = rules.match_indices(&name);
        let whole = |(at, text): (usize, &str)| {
            let after = &rules[at + text.len()..];
            (!after.starts_with(char::is_alphanumeric)).then_some(after)
        };
        let (_, value) = at.find_map(whole).unwrap().split_once("=> ").unwrap();
        let number = value.split([',', '\n']).next().unwrap();
        number.parse::<u8>().map_or("-".to_owned(), |number| format!("V{number}"))
    };
    let mut page = String::from(
        "\n## Verdicts\n\nThe words of `tenure check`, in `--json` as `code`; `rule` is the number of the \
         check, `-` for advice.\n\n| word | rule | meaning |\n|---|---|---|\n",
    );
    let mut meaning = String::new();
    for line in variants.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            meaning = format!("{meaning} {text}").trim_start().to_owned();
        } else {
            let variant = line.trim_end_matches(',');
            let meaning = std::mem::take(&mut meaning);
            writeln!(page, "| `{}` | {} | {meaning} |", word(variant), rule(variant)).unwrap();
        }
    }
    page
}

#[test]
fn every_verdict_stands_in_the_table_with_its_rule() {
    let table = verdicts();
    let line = |word: &str| table.lines().find(|line| line.starts_with(&format!("| `{word}` |")));
    assert_eq!(line("overdue"), Some("| `overdue` | V11 | A value's deadline is over. |"));
    assert_eq!(line("bad-entry"), Some("| `bad-entry` | V1 | A log file is no entry. |"));
    assert!(line("machine-role").unwrap().contains("| - |"));
    let words = finding().matches("=> \"").count();
    assert_eq!(table.lines().filter(|line| line.starts_with("| `")).count(), words);
}

fn commands(of: &Command, name: &str, page: &mut String) {
    for command in of.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("{name} {}", command.get_name());
        section(command, &name, page);
        commands(command, &name, page);
    }
}

fn section(command: &Command, name: &str, page: &mut String) {
    let help = command.clone().render_help().to_string();
    let lines: Vec<_> = help.trim_end().lines().map(str::trim_end).collect();
    writeln!(page, "\n## `{name}`\n\n```text\n{}\n```", lines.join("\n")).unwrap();
}

#[test]
fn the_page_of_commands_names_all_of_them() {
    let page = page_of_commands();
    for name in ["tenure", "tenure init", "tenure member add", "tenure log signers", "tenure man"] {
        assert!(page.contains(&format!("\n## `{name}`\n")), "{name}");
    }
    assert_eq!(page.matches("--non-interactive").count(), 1, "global options stand once");
}

#[test]
fn readme_lists_every_exit_code_in_its_words() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, section) = readme.split_once("## Exit codes\n").expect("README has the section");
    let rows: Vec<_> = section
        .lines()
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
        .filter(|(code, _)| *code != "exit")
        .map(|(code, meaning)| (code.to_owned(), meaning.to_owned()))
        .collect();
    let own = Exit::OWN.map(|exit| (exit.code().to_string(), exit.meaning().to_owned()));
    let child = ("128+n".to_owned(), Exit::killed(1).meaning().to_owned());
    assert_eq!(rows, own.into_iter().chain([child]).collect::<Vec<_>>());
}

#[test]
fn architecture_lists_the_rooms_in_their_order() {
    let read = |path| fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (lib, page) = (read("src/lib.rs"), read("ARCHITECTURE.md"));
    let listed: Vec<_> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("//! ")?.split_once(". `")?.1.split('`').next())
        .collect();
    let (_, section) = page.split_once("## Rooms\n").expect("the page has the section");
    let (section, _) = section.split_once("\n## ").expect("another section follows");
    let told: Vec<_> =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(told, listed);
    assert!(!listed.is_empty());
}

#[test]
fn every_link_of_the_front_pages_leads_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = ["README.md", "SECURITY.md", "CHANGELOG.md", "examples/ci/README.md"];
    for page in pages {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let folder = root.join(page).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap();
            let local = !link.starts_with("https://") && !path.is_empty();
            assert!(!local || folder.join(path).exists(), "{page}: {link}");
        }
    }
}

/// Every test that the threat model names as its witness.
#[test]
fn the_threat_model_names_tests_that_exist() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let page = fs::read_to_string(format!("{root}docs/threat-model.md")).unwrap()
        + &fs::read_to_string(format!("{root}docs/fuzzing.md")).unwrap();
    let sources = ["src", "tests"].map(|folder| {
        let files = crate::support::below(std::path::Path::new(&format!("{root}{folder}")));
        let rust = files.iter().filter(|file| file.extension().is_some_and(|end| end == "rs"));
        rust.map(|file| fs::read_to_string(file).unwrap()).collect::<String>()
    });
    let sources = sources.concat();
    let is_test = |word: &&str| {
        word.matches('_').count() >= 2
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let named: Vec<_> = page.split('`').skip(1).step_by(2).filter(is_test).collect();
    assert!(named.len() > 40, "{}", named.len());
    for name in named {
        assert!(sources.contains(&format!("fn {name}(")), "no test is called `{name}`");
    }
}

#[test]
fn what_nothing_can_stop_is_said_in_the_same_words() {
    let read = |file: &str| {
        let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(path).unwrap();
        let (_, section) = text.split_once("## What nothing can stop\n\n").unwrap();
        section.lines().take_while(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let sentences = read("docs/threat-model.md");
    assert_eq!(sentences.len(), 15);
    assert_eq!(sentences, read("SECURITY.md"));
}

fn finding() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/finding.rs")).unwrap()
}
