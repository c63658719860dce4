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
