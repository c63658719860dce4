//! What is said about the program in its documents is current.

use std::fs;

use tenure::cli::exit::Exit;

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
