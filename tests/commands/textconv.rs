//! `tenure textconv`: what `git diff` shows of sealed files.

use crate::attacks::Estate;

#[test]
fn case_58_a_diff_is_unverified_and_shows_tokens_only() {
    let estate = Estate::new();
    estate.by("ana", "hook install").run().done();
    estate.commit("installed");
    estate.honest();
    estate.git("switch --quiet -c attack");
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    estate.edit("secrets/prod.env", |text| format!("{text}X=evil\u{1b}[2J\n"));
    estate.commit("attack");
    for key in ["ana", "mallory"] {
        // Keys at hand make no difference: none is read.
        let git = crate::support::stock("git").unwrap();
        let command = estate.repo.command(git).args(&["diff", "main", "attack", "--", "secrets"]);
        let diff = command.env("TENURE_IDENTITY_FILE", estate.key(key)).run().done();
        assert!(diff.stdout.contains("\n UNVERIFIED\n"), "{diff}");
        assert!(diff.stdout.contains("\n-API_KEY=sealed.v1.…"), "{diff}");
        assert!(diff.stdout.contains("\n+API_KEY=sealed.v1.…"), "{diff}");
        assert!(diff.stdout.contains("\n+X=evil\\u{1b}[2J\n"), "{diff}");
        assert!(!diff.stdout.contains("hunter2"), "{diff}");
        assert!(diff.stdout.lines().all(|line| line.len() < 100), "{diff}");
    }
}

#[test]
fn the_first_line_says_that_nothing_is_verified() {
    let estate = Estate::new();
    let shown = estate.by("ana", "textconv secrets/prod.json").run().done();
    assert!(shown.stdout.starts_with("UNVERIFIED\n{"), "{shown}");
    let shown = estate.by("ana", "textconv secrets/prod.pem").run().done();
    assert!(shown.stdout.starts_with("UNVERIFIED\nsealed whole, "), "{shown}");
    let missing = estate.by("ana", "textconv nothing").run();
    assert_eq!(missing.code, 3, "{missing}");
}
