//! `tenure rotate`: always a new value, with a new deadline.

use super::seal::started;
use crate::support::{Repo, snapshot};

fn one() -> Repo {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A", "--type", "api-key"], "one-value").done();
    repo.tenure_fed(&["set", "dev/B", "--type", "api-key"], "two-value").done();
    repo.commit("set");
    repo
}

#[test]
fn a_new_value_gets_a_new_deadline() {
    let repo = one().at("2026-02-01");
    snapshot!(repo.tenure_fed(&["rotate", "dev/A"], "new-value"), @r"
    exit 0
    --- stdout
    dev/A rotated. Due 2026-05-02.
    Entry [id], signed by ana.
    --- stderr
    the old value is still in git history: end it at its issuer
    ");
    assert_eq!(repo.run("get dev/A").done().stdout, "new-value");
    repo.run("check").done();
}

#[test]
fn the_old_value_is_refused() {
    let repo = one();
    let refused = repo.tenure_fed(&["rotate", "dev/A"], "one-value");
    snapshot!(refused, @r"
    exit 2
    --- stderr
    error: same as the current value; nothing written
    hint: order a new value at its issuer, or: --generate
    ");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn a_value_can_be_generated() {
    let repo = one();
    repo.run("rotate dev/A --generate hex:32").done();
    let value = repo.run("get dev/A").done().stdout;
    assert!(value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()), "{value}");
    assert_eq!(repo.run("rotate dev/A --generate pin:4").code, 2);
    snapshot!(repo.run("rotate dev/A --generate"), @r"
    exit 2
    --- stderr
    error: the policy says no generator for the type of this value
    hint: say one: --generate password:32
    ");
}

#[test]
fn a_value_comes_from_a_file_byte_by_byte() {
    let repo = one();
    repo.write("new.txt", "from a file\n");
    repo.run("rotate dev/A --from-file new.txt").done();
    assert_eq!(repo.run("get dev/A").done().stdout, "from a file\n");
}

#[test]
fn a_value_in_an_argument_is_refused_and_not_repeated() {
    let repo = one();
    for line in ["rotate dev/A hunter2", "rotate dev/A=hunter2", "set dev/A=hunter2"] {
        let refused = repo.run(line);
        assert_eq!(refused.code, 2, "{refused}");
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
}

#[test]
fn what_is_not_there_is_not_rotated() {
    assert_eq!(one().tenure_fed(&["rotate", "dev/NO"], "x").code, 6);
}

#[test]
fn all_that_is_overdue_is_rotated_together() {
    let repo = one().at("2026-12-01");
    assert_eq!(repo.run("check").code, 1);
    snapshot!(repo.run("rotate --due"), @r"
    exit 2
    --- stderr
    error: 2 values want a new one, and nobody is there to ask for each
    hint: tenure rotate SECRET, one by one, or run it at a terminal
    ");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
    let none = one().run("rotate --due").done();
    assert_eq!(none.stderr, "nothing is overdue or owed\n");
    let none = one().run("rotate --due --json").done();
    assert_eq!(none.json()["values"], serde_json::json!([]));
}

/// A repository whose type `api-key` says how values are made, changed and ended.
fn described() -> Repo {
    let repo = started();
    let policy = repo.read(".secrets-policy.toml");
    let described = "[types.api-key]\ngenerate = \"hex:16\"\nrunbook = \"docs/rotate.md\"\n\
                     revoke = \"console, API keys\"\n";
    assert!(policy.contains("[types.api-key]\n"));
    repo.write(".secrets-policy.toml", policy.replace("[types.api-key]\n", described));
    repo.run("policy sign --yes").done();
    repo.tenure_fed(&["set", "dev/A", "--type", "api-key"], "one-value").done();
    repo.tenure_fed(&["set", "prod/B", "--type", "api-key"], "two-value").done();
    repo.commit("set");
    repo
}

#[test]
fn the_runbook_is_shown_before_and_the_issuer_after() {
    let repo = described();
    snapshot!(repo.tenure_fed(&["rotate", "prod/B"], "new-value"), @r"
    exit 0
    --- stdout
    prod/B rotated. Due 2026-04-01.
    Entry [id], signed by ana.
    --- stderr
    how    docs/rotate.md
    the old value is still in git history: end it at its issuer (console, API keys), then: tenure rotate prod/B --finish
    ");
    let empty = repo.tenure_fed(&["rotate", "prod/B"], "");
    assert_eq!(empty.code, 2, "{empty}");
    assert!(empty.stderr.contains("hint: tenure rotate prod/B --generate; or give"), "{empty}");
    repo.run("rotate prod/B --generate").done();
    assert_eq!(repo.run("get prod/B").done().stdout.len(), 32);
}

#[test]
fn all_that_is_overdue_gets_generated_values_in_one_entry() {
    let repo = described().at("2026-12-01");
    snapshot!(repo.run("rotate --due --generate"), @r"
    exit 0
    --- stdout
    dev/A rotated. Due 2027-03-01.
    prod/B rotated. Due 2027-03-01.
    Entry [id], signed by ana.
    --- stderr
    the old value is still in git history: end it at its issuer (console, API keys), then: tenure rotate prod/B dev/A --finish
    ");
    repo.run("check").done();
}

#[test]
fn a_rule_that_came_after_the_value_says_its_generator() {
    let repo = described();
    repo.tenure_fed(&["set", "dev/C"], "three-three").done();
    let policy = repo.read(".secrets-policy.toml");
    let rule = "\n[[secrets]]\nmatch = \"*/C\"\ntype = \"api-key\"\n";
    repo.write(".secrets-policy.toml", policy + rule);
    repo.run("policy sign --yes").done();
    let repo = repo.at("2026-12-01");
    let done = repo.run("rotate --due --generate").done();
    assert!(done.stdout.contains("dev/C rotated."), "{done}");
    let value = repo.run("get dev/C").done().stdout;
    assert!(value.len() == 32 && value.bytes().all(|b| b.is_ascii_hexdigit()), "{value}");
}

#[test]
fn a_generator_that_is_said_makes_all_that_is_due() {
    let repo = one().at("2026-12-01");
    let done = repo.run("rotate --due --generate hex:16").done();
    assert_eq!(done.stdout.matches(" rotated. ").count(), 2, "{done}");
    assert_eq!(repo.run("get dev/A").done().stdout.len(), 32);
    repo.run("check").done();
}

#[test]
fn lists_are_left_out_of_what_is_due_with_a_word() {
    let repo = started();
    repo.write("secrets/dev/a.yaml", "l:\n  - one\nk: two\n");
    repo.run("seal").done();
    let repo = repo.at("2027-01-01");
    let done = repo.run("rotate --due --generate hex:16").done();
    assert!(
        done.stderr.contains("#l is no single value; tenure edit secrets/dev/a.yaml"),
        "{done}"
    );
    assert!(done.stdout.starts_with("dev/k rotated."), "{done}");
    assert_eq!(repo.run("check").code, 1);
}

#[test]
fn a_second_file_that_fails_leaves_nothing_written() {
    let repo = one();
    repo.write("secrets/dev/a.ini", "[s]\nk = two\n");
    repo.run("seal").done();
    repo.commit("two files");
    // No value of an INI file has two lines.
    repo.write(".git/new", "one\ntwo\n");
    let lines =
        ["rotate dev/A dev/s.k --generate hex:16 -n", "rotate dev/A dev/s.k --from-file .git/new"];
    repo.run(lines[0]).done();
    assert_eq!(repo.run(lines[1]).code, 2);
    let keyed = repo.run("rotate dev/A dev/s.k --generate ssh-ed25519");
    assert_eq!((keyed.code, keyed.stdout.as_str()), (2, ""), "{keyed}");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn what_a_leaver_could_read_is_rotated_with_the_due_ones() {
    let repo = described();
    let file = repo.home().join("ben.key");
    let keygen = crate::support::stock("ssh-keygen").unwrap();
    let args = ["-q", "-t", "ed25519", "-N", "", "-C", "ben", "-f"];
    repo.command(keygen).args(&args).arg(&file).run().done();
    let key = file.with_extension("key.pub").display().to_string();
    let add = ["member", "add", "ben", "--role", "developer", "--ssh-key", &key, "-y"];
    repo.tenure(&add).done();
    repo.run("member remove ben --yes").done();
    let repo = repo.at("2026-02-01");
    assert_eq!(repo.run("check").code, 1);
    let done = repo.run("rotate --due --generate").done();
    assert!(done.stdout.starts_with("dev/A rotated."), "{done}");
    assert!(!done.stdout.contains("prod/B"), "{done}");
    // What was replaced must be ended at its issuer, too: its type says so.
    let checked = repo.run("check --json");
    let owed = &checked.json()["obligations"];
    assert_eq!((checked.code, &owed[0]["owed"]), (1, &"end".into()), "{checked}");
    assert_eq!(owed.as_array().unwrap().len(), 1, "{checked}");
}
