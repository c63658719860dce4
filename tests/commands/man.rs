//! `tenure man`.

use crate::support::{Repo, snapshot};

#[test]
fn prints_the_main_page() {
    let page = Repo::new().run("man");
    assert_eq!((page.code, page.stderr.as_str()), (0, ""));
    assert!(page.stdout.contains(".TH tenure 1"), "{page}");
}

#[test]
fn prints_the_page_of_a_command() {
    let page = Repo::new().run("man completions");
    assert!(page.stdout.contains(".TH tenure-completions 1"), "{page}");
}

#[test]
fn knows_no_page_of_what_is_no_command() {
    snapshot!(Repo::new().run("man sing"), @"
    exit 2
    --- stderr
    error: there is no command `sing`
    hint: `tenure --help` lists the commands
    ");
}

#[test]
fn tells_a_machine_in_json_on_stderr() {
    let failed = Repo::new().run("--json man sing");
    assert_eq!((failed.code, failed.stdout.as_str()), (2, ""));
    let told: serde_json::Value = serde_json::from_str(&failed.stderr).unwrap();
    assert_eq!(told["version"], 1);
    assert_eq!(told["error"]["code"], "refused");
    assert_eq!(told["error"]["message"], "there is no command `sing`");
}
