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
    repo.write(".gitignore", ".env\nbin\n*.pub\n");
    let ben = crate::support::Team::new().person("ben");
    repo.write("ben.pub", std::fs::read(ben.home().join(".ssh/id_ed25519.pub")).unwrap());
    repo.command("chmod").args(&["+x", "bin/npm"]).run().done();
    let lines = block(readme, "Quick start");
    assert!(lines.len() > 10, "{lines:?}");
    for line in lines {
        let stdin = if line.starts_with("tenure set") { "sk_first" } else { "sk_second" };
        // Who reads the README answers the questions; here `-y` does.
        let shell = "PATH=$PWD/bin:$PATH; EDITOR=true; export PATH EDITOR; \
                     tenure() { command tenure -y \"$@\"; }; ";
        let ran = repo.command("bash").args(&["-c", &format!("{shell}{line}")]).feed(stdin);
        assert!(ran.code == 0, "`{line}`: {ran}");
    }
}
