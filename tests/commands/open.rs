//! `tenure open`: whole files in clear, and what keeps clear text out of the wrong places.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::get::sample;
use crate::support::snapshot;

const ENV: &str = "DB_URL='postgres://u:p@h/db'\nTOKEN=t0ken-of-dev\nEMPTY=\n";

#[test]
fn a_file_comes_out_byte_for_byte() {
    let repo = sample();
    for file in ["secrets/dev.env", "dev/secrets/dev.env"] {
        let opened = repo.tenure(&["open", file]).done();
        assert_eq!((opened.stdout.as_str(), opened.stderr.as_str()), (ENV, ""));
    }
    let whole = repo.run("decrypt secrets/dev/tls.pem").done();
    assert_eq!(whole.stdout_bytes, b"-----BEGIN\n\xff\x00end");
    repo.run("check").done();
}

#[test]
fn a_path_is_taken_from_where_the_user_stands() {
    let repo = sample();
    let opened = repo
        .command(env!("CARGO_BIN_EXE_tenure"))
        .args(&["--now", crate::support::NOW, "open", "dev.env"])
        .within(repo.path().join("secrets"))
        .run();
    assert_eq!(opened.done().stdout, ENV);
}

#[test]
fn another_file_is_for_its_owner_alone() {
    let repo = sample();
    let target = repo.home().join("clear.env");
    repo.tenure(&["open", "-o", &target.display().to_string(), "secrets/dev.env"]).done();
    assert_eq!(fs::read_to_string(&target).unwrap(), ENV);
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    let inside = repo.run("open -o clear.txt secrets/dev.env").done();
    assert_eq!(repo.read("clear.txt"), ENV);
    assert!(inside.stderr.contains("git does not ignore that file"), "{inside}");
}

#[test]
fn clear_text_does_not_go_where_sealed_files_belong() {
    let repo = sample();
    let sealed = repo.read("secrets/dev.yaml");
    snapshot!(repo.run("open -o secrets/dev.yaml secrets/dev.env"), @r"
    exit 2
    --- stderr
    error: `secrets/dev.yaml` is a place for sealed files, or of git, and not for clear text
    hint: name another file, best outside of the repository
    ");
    for target in ["secrets/dev.env", "secrets/prod/new.env", ".secrets/x", ".secrets-policy.toml"]
    {
        let refused = repo.tenure(&["open", "-o", target, "secrets/dev.env"]);
        assert_eq!(refused.code, 2, "{target}: {refused}");
    }
    assert_eq!(repo.read("secrets/dev.yaml"), sealed);
}

#[test]
fn unknown_files_are_6() {
    let repo = sample();
    assert_eq!(repo.run("open README.md").code, 6);
    snapshot!(repo.run("open secrets/prod.env"), @r"
    exit 6
    --- stderr
    error: there is no file `secrets/prod.env`
      at: secrets/prod.env
    hint: tenure list
    ");
}

#[test]
fn a_file_opened_in_place_is_found_until_it_is_sealed_again() {
    let repo = sample();
    let sealed = repo.read("secrets/dev.env");
    repo.run("open --in-place secrets/dev.env").done();
    assert_eq!(repo.read("secrets/dev.env"), ENV);
    snapshot!(repo.run("check"), @r"
    exit 1
    --- stdout
    open  secrets/dev.env  this file is opened in place, and stands in clear
      fix  tenure seal secrets/dev.env
    found  6 values in 2 environments, readers as the policy says, 3 of 3 entries verified
    ");
    repo.run("seal").done();
    assert_eq!(repo.read("secrets/dev.env"), sealed);
    repo.run("check").done();
}

#[test]
fn an_opened_file_gives_no_values_and_takes_none() {
    let repo = sample();
    repo.run("open --in-place secrets/dev.env").done();
    snapshot!(repo.run("get dev/TOKEN"), @r"
    exit 2
    --- stderr
    error: `secrets/dev.env` is opened in place, and stands in clear
    hint: tenure seal secrets/dev.env
    ");
    assert_eq!(repo.run("get dev/PORT").done().stdout, "5432");
    for line in
        ["export -e dev --format json", "open secrets/dev.env", "open --in-place secrets/dev.env"]
    {
        let refused = repo.run(line);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{line}: {refused}");
    }
    assert_eq!(repo.run("run -e dev -- true").code, 125);
    for address in ["dev/TOKEN", "dev/secrets/dev.env#NEW"] {
        assert_eq!(repo.tenure_fed(&["set", address], "x").code, 2, "{address}");
    }
    assert_eq!(repo.read("secrets/dev.env"), ENV);
}

#[test]
fn a_file_that_is_put_back_by_git_is_not_open() {
    let repo = sample();
    repo.run("open --in-place secrets/dev.env").done();
    repo.git(&["checkout", "--quiet", "secrets/dev.env"]).done();
    repo.run("check").done();
    assert_eq!(repo.run("get dev/TOKEN").done().stdout, "t0ken-of-dev");
}

#[test]
fn an_opened_file_that_others_changed_is_said_to_be_stale() {
    let repo = sample();
    repo.run("open --in-place secrets/dev.env").done();
    // As a pull brings it: a newer entry, while the clear text is still the old one.
    repo.git(&["checkout", "--quiet", "secrets/dev.env"]).done();
    repo.tenure_fed(&["set", "dev/TOKEN"], "newer").done();
    repo.write("secrets/dev.env", ENV);
    let found = repo.run("check");
    assert_eq!(found.code, 1, "{found}");
    assert!(found.stdout.contains("others changed 1 of its values since"), "{found}");
    let stale = repo.run("seal");
    assert_eq!(stale.code, 2, "{stale}");
    assert!(stale.stderr.contains("[stale-plaintext]"), "{stale}");
}

#[test]
fn an_opened_file_that_is_removed_is_missing() {
    let repo = sample();
    repo.run("open --in-place secrets/dev.env").done();
    fs::remove_file(repo.path().join("secrets/dev.env")).unwrap();
    assert_eq!(repo.run("check").code, 5);
}

#[test]
fn an_opened_file_that_is_staged_is_not_committed() {
    let repo = sample();
    repo.run("open --in-place secrets/dev.env").done();
    repo.git(&["add", "--all"]).done();
    let blocked = repo.run("hook run");
    assert_ne!(blocked.code, 0, "{blocked}");
    assert!(!blocked.stderr.contains("t0ken-of-dev"), "{blocked}");
}

#[test]
fn an_opened_file_does_not_hide_another_that_was_altered() {
    let repo = sample();
    repo.run("open --in-place secrets/dev.env").done();
    let text = repo.read("secrets/dev.yaml");
    repo.write("secrets/dev.yaml", text.replace("PORT: ", "PORT: 1"));
    assert_eq!(repo.run("check").code, 5);
    assert_eq!(repo.run("open secrets/dev.yaml").code, 5);
}

#[test]
fn a_dry_run_writes_nothing() {
    let repo = sample();
    let sealed = repo.read("secrets/dev.env");
    repo.run("-n open --in-place secrets/dev.env").done();
    repo.run("-n open -o clear.txt secrets/dev.env").done();
    assert_eq!(repo.read("secrets/dev.env"), sealed);
    assert!(!repo.path().join("clear.txt").exists());
    repo.run("check").done();
}
