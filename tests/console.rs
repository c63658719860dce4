//! Runs what the documents show: the guided tour, and the console blocks of the README.

use std::path::Path;

use crate::support::Repo;

/// The tour insists on every exit code by itself.
#[test]
fn the_tour_ends_well() {
    let tour = Path::new(env!("CARGO_BIN_EXE_tenure")).with_file_name("examples").join("tour");
    if !tour.is_file() {
        return crate::support::skipped("examples/tour, which plain `cargo test` builds");
    }
    let toured = Repo::new().command(tour).run();
    assert_eq!(toured.code, 0, "{}", toured.stdout);
    assert!(toured.stdout.contains("That was the tour."));
    assert!(!toured.stdout.contains("panicked"));
}

/// The lines of a `sh` block under a heading, without their comments.
fn block(text: &str, heading: &str) -> Vec<String> {
    let section = text.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut lines = Vec::new();
    for block in section.split("```sh\n").skip(1) {
        let shown = block.split("```").next().unwrap().lines();
        lines.extend(shown.map(|line| line.split("   #").next().unwrap().trim().to_owned()));
    }
    lines
}

#[test]
fn the_readmes_quick_start_works_as_it_stands() {
    let readme = include_str!("../README.md");
    let repo = Repo::new();
    repo.ssh_key();
    repo.write("bin/npm", "#!/bin/sh\nexit 0\n");
    repo.write(".env", "LOCAL_KEY=abc\n");
    repo.write("config.yaml", "database:\n  password: abc\n");
    repo.write(".gitignore", ".env\nbin\n*.pub\nconfig.yaml\n");
    let ben = crate::support::Team::new().person("ben");
    repo.write("ben.pub", std::fs::read(ben.home().join(".ssh/id_ed25519.pub")).unwrap());
    repo.command("chmod").args(&["+x", "bin/npm"]).run().done();
    let lines = block(readme, "Quick start");
    assert!(lines.len() > 10, "{lines:?}");
    // This one asks for one value after the other, which only a person can answer.
    for line in lines.into_iter().filter(|line| !line.starts_with("tenure rotate --due")) {
        let stdin = if line.starts_with("tenure set") { "sk_first_key" } else { "sk_second_key" };
        // Who reads the README answers the questions; here `-y` does.
        let shell = "PATH=$PWD/bin:$PATH; EDITOR=true; export PATH EDITOR; \
                     tenure() { command tenure -y \"$@\"; }; ";
        let ran = repo.command("bash").args(&["-c", &format!("{shell}{line}")]).feed(stdin);
        assert!(ran.code == 0, "`{line}`: {ran}");
    }
}

/// A command of a console block, who types it, and what the page shows below.
struct Typed {
    who: String,
    command: String,
    shown: Vec<String>,
    exit: i32,
}

/// The commands of all console blocks: `ana$ tenure …`, the lines below, `[exit N]`.
fn typed(page: &str) -> Vec<Typed> {
    let mut all: Vec<Typed> = Vec::new();
    for block in page.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            let begins = |word: &str| word.chars().all(|c| c.is_ascii_lowercase());
            match line.split_once("$ ").filter(|(who, _)| begins(who)) {
                Some((who, command)) => all.push(Typed {
                    who: who.to_owned(),
                    command: command.to_owned(),
                    shown: Vec::new(),
                    exit: 0,
                }),
                None => {
                    let last = all.last_mut().expect("a block begins with a command");
                    match line.strip_prefix("[exit ").and_then(|rest| rest.strip_suffix(']')) {
                        Some(code) => last.exit = code.parse().unwrap(),
                        None => last.shown.push(line.to_owned()),
                    }
                }
            }
        }
    }
    all
}

/// Tells whether a line was printed as a page shows it, where `…` stands for anything.
fn is_like(printed: &str, shown: &str) -> bool {
    let (mut parts, mut rest) = (shown.split('…'), printed);
    let Some(after) = rest.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    rest = after;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty() || shown.ends_with('…')
}

/// What a person without a terminal is not asked.
fn is_asked(shown: &str) -> bool {
    shown.ends_with("(hidden):") || shown.ends_with("[y/N] y")
}

/// A value that the guard looks for: neither short nor common.
fn made_up(number: usize) -> String {
    format!("Vq7x{number:03}kWm2pLt9")
}

#[test]
fn the_walk_through_of_two_people_works_as_it_stands() {
    let team = crate::support::Team::new();
    let (ana, ben) = (team.person("ana"), team.person("ben"));
    let names = ["DATABASE_URL", "MAIL_KEY", "REDIS_URL", "SENTRY_DSN"];
    let lines = names.iter().enumerate().map(|(at, name)| format!("{name}={}\n", made_up(at)));
    ana.write(".env", lines.collect::<String>());
    ana.write(".gitignore", ".env\n");
    let mut root = String::new();
    let commands = typed(include_str!("../examples/team/README.md"));
    assert!(commands.len() > 25, "{}", commands.len());
    for (number, Typed { who, command, shown, exit }) in commands.iter().enumerate() {
        let person = if who == "ana" { &ana } else { &ben };
        // Who follows the page answers the questions; here `-y` and the root do.
        let line = format!("tenure() {{ command tenure -y \"$@\"; }}\n{command}");
        let bash = person.command("bash").args(&["-c", &line]).env("TENURE_ROOT", &root);
        let bash = if root.is_empty() { person.command("bash").args(&["-c", &line]) } else { bash };
        let ran = bash.feed(made_up(100 + number));
        assert_eq!(ran.code, *exit, "`{command}`: {ran}");
        let printed: Vec<_> = ran.stdout.lines().chain(ran.stderr.lines()).collect();
        for shown in shown.iter().filter(|shown| !is_asked(shown)) {
            let found = printed.iter().any(|printed| is_like(printed, shown));
            assert!(found, "`{command}` does not print `{shown}`: {ran}");
        }
        if root.is_empty() {
            let show = ["-c", "tenure trust show --json"];
            let trusted = ana.command("bash").args(&show).run().done().json();
            trusted["pinned"].as_str().unwrap().clone_into(&mut root);
        }
    }
}

#[test]
fn a_page_that_shows_what_is_not_printed_is_caught() {
    assert!(is_like("hook  /a/pre-commit  installed", "hook  …pre-commit  installed"));
    assert!(is_like("ok  5 values", "ok  …"));
    assert!(!is_like("ok  5 values", "ok"));
    assert!(!is_like("ok  5 values", "… values in"));
    let typed = typed("x\n```console\nana$ a\nb\n[exit 3]\nben$ c\n```\nd\n");
    assert_eq!(
        (typed.len(), typed[0].exit, typed[0].shown.as_slice()),
        (2, 3, &["b".to_owned()][..])
    );
}
