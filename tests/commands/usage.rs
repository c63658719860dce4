//! What every command shares: usage errors, help, streams.

use std::io::Read as _;
use std::process::Stdio;

use crate::support::{Repo, snapshot};

#[test]
fn an_unknown_command_is_refused_with_a_suggestion() {
    snapshot!(Repo::new().run("mann"), @"
    exit 2
    --- stderr
    error: unrecognized subcommand 'mann'

      tip: a similar subcommand exists: 'man'

    Usage: tenure [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn no_command_at_all_is_refused_with_the_help() {
    let refused = Repo::new().run("");
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("Usage: tenure"), "{refused}");
}

#[test]
fn help_and_version_are_answers() {
    let repo = Repo::new();
    let (help, version) = (repo.run("--help"), repo.run("--version"));
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert_eq!(version.stdout, format!("tenure {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_value_of_the_wrong_shape_is_named() {
    snapshot!(Repo::new().run("--root 7c1e man"), @"
    exit 2
    --- stderr
    error: invalid value '7c1e' for '--root <HEX>': an entry's id has the wrong number of hexadecimal digits

    For more information, try '--help'.
    ");
}

#[test]
fn a_word_too_many_is_not_repeated_since_it_may_be_a_secret() {
    snapshot!(Repo::new().run("completions bash sk_live_4eC39H"), @"
    exit 2
    --- stderr
    error: unexpected argument '…' found

    Usage: tenure completions [OPTIONS] <SHELL>

    For more information, try '--help'.
    ");
}

#[test]
fn a_word_that_steers_the_terminal_is_shown_escaped() {
    let refused = Repo::new().tenure(&["\u{1b}[2J\u{202e}man"]);
    assert!(refused.stderr.contains("\\u{202e}man"), "{refused}");
    assert!(!refused.stderr.contains('\u{1b}'), "{refused}");
}

#[test]
fn input_that_nobody_asked_for_does_no_harm() {
    let fed = Repo::new().tenure_fed(&["man"], vec![b'x'; 1 << 20]);
    assert_eq!((fed.code, fed.stderr.as_str()), (0, ""));
}

#[test]
fn a_reader_that_goes_away_is_no_success() {
    let repo = Repo::new();
    for args in [["man", "--quiet"], ["completions", "zsh"], ["--help", "--quiet"]] {
        let mut child = repo
            .command(env!("CARGO_BIN_EXE_tenure"))
            .args(&args)
            .raw()
            .stdout(closed_pipe())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(141), ""), "{args:?}");
    }
}

fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}
