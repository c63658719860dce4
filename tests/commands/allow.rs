//! `tenure allow`: what may stand, why, and what never may.

use super::scan::{RULE, planted, token, unseen};
use crate::attacks::Estate;
use crate::support::{Outcome, Repo, snapshot};

const FILE: &str = ".secrets/allow.toml";
const WHY: &[&str] = &["--reason", "made up for a test"];

fn allow(repo: &Repo, args: &[&str]) -> Outcome {
    repo.tenure(&[&["allow"], args, WHY].concat())
}

fn other() -> String {
    token().replace("8fGh", "9tXv")
}

#[test]
fn a_finding_passes_in_its_file_and_wherever_it_moves_there() {
    let repo = planted();
    let allowed = allow(&repo, &["app/pay.py:2"]);
    unseen(&allowed, &token());
    snapshot!(allowed, @r"
    exit 0
    --- stdout
    allowed  stripe-access-token in app/pay.py
    1 exception added
    --- stderr
    for the next commit: git add .secrets/allow.toml
    ");
    let written = repo.read(FILE);
    assert!(!written.contains(&token()[8..20]), "a value is written");
    assert!(written.contains("path = \"app/pay.py\"") && written.contains(RULE), "{written}");
    let scanned = repo.run("scan").done();
    assert!(scanned.stdout.contains("1 let pass by exceptions"), "{scanned}");
    repo.write("app/pay.py", format!("\n\n\nkey = \"{}\"\n", token()));
    repo.run("scan").done();
    // Another token there, and the same one elsewhere, are findings.
    repo.write("app/pay.py", format!("key = \"{}\"\n", other()));
    assert_eq!(repo.run("scan").code, 1);
    repo.write("app/pay.py", "\n");
    repo.write("app/two.py", format!("key = \"{}\"\n", token()));
    assert_eq!(repo.run("scan").code, 1);
}

#[test]
fn an_exception_is_no_stray_file() {
    let estate = Estate::new();
    estate.write("a.py", format!("k = \"{}\"\n", token()));
    estate.by("ana", "allow a.py:1 --reason made-up").run().done();
    estate.commit("allowed");
    estate.honest();
}

#[test]
fn comments_and_order_stay_and_the_same_is_not_written_twice() {
    let repo = planted();
    allow(&repo, &["app/pay.py:2"]).done();
    let old = format!("# Reviewed by ana.\n{}", repo.read(FILE));
    repo.write(FILE, &old);
    repo.write("b.py", format!("k = \"{}\"\n", other()));
    allow(&repo, &["b.py:1"]).done();
    let new = repo.read(FILE);
    assert!(new.starts_with(&old), "{new}");
    let again = allow(&repo, &["b.py:1"]).done();
    assert!(again.stdout.contains("0 exceptions added, 1 finding let pass before"), "{again}");
    assert_eq!(repo.read(FILE), new);
}

#[test]
fn column_and_rule_say_which_of_several() {
    let repo = Repo::new();
    repo.write("a.py", format!("k = [\"{}\", \"{}\"]\n", token(), other()));
    assert_eq!(allow(&repo, &["a.py:1:7", "--rule", "jwt"]).code, 6);
    allow(&repo, &["a.py:1:7", "--rule", RULE]).done();
    assert_eq!(repo.read(FILE).matches("[[allow]]").count(), 1);
    assert_eq!(repo.run("scan").code, 1);
    allow(&repo, &["a.py:1"]).done();
    assert_eq!(repo.read(FILE).matches("[[allow]]").count(), 2);
    repo.run("scan").done();
}

#[test]
fn a_pattern_widens_where_it_may_stand() {
    let repo = planted();
    repo.write("app/two.py", format!("k = \"{}\"\n", token()));
    let wrong = allow(&repo, &["app/pay.py:2", "--path", "docs/**"]);
    assert_eq!(wrong.code, 2, "{wrong}");
    allow(&repo, &["app/pay.py:2", "--path", "app/**"]).done();
    repo.run("scan").done();
}

#[test]
fn what_is_staged_and_gone_from_the_work_tree_can_be_let_pass() {
    let repo = planted();
    repo.git(&["add", "--all"]).done();
    std::fs::remove_file(repo.path().join("app/pay.py")).unwrap();
    assert_eq!(repo.run("scan --staged").code, 1);
    allow(&repo, &["app/pay.py:2"]).done();
    assert_eq!(repo.run("scan --staged").code, 1, "nothing was staged");
    repo.git(&["add", FILE]).done();
    repo.run("scan --staged").done();
}

#[test]
fn names_that_patterns_know_are_taken_as_they_are() {
    let repo = Repo::new();
    for name in ["a[1]*.py", "b{x}.py", "!c?.py", "d e.py"] {
        repo.write(name, format!("k = \"{}\"\n", token()));
        allow(&repo, &[&format!("{name}:1")]).done();
        repo.run("scan").done();
    }
    repo.write("a1x.py", format!("k = \"{}\"\n", token()));
    assert_eq!(repo.run("scan").code, 1);
}

#[test]
fn a_file_s_name_is_line_nought() {
    let repo = Repo::new();
    let name = format!("n-{}", token());
    repo.write(&name, "x\n");
    assert_eq!(repo.run("scan").code, 1);
    let place = format!("{name}:0");
    let refused = allow(&repo, &[&place]);
    assert_eq!(refused.code, 1, "its pattern would hold the token: {refused}");
    assert!(!repo.path().join(FILE).exists());
    allow(&repo, &[&place, "--path", "n-*"]).done();
    repo.run("scan").done();
}

#[test]
fn no_exception_covers_what_is_managed() {
    let estate = Estate::new();
    let value = ["w8Kq-", "Zt3nVb", "71xRmD", "9cLpY2"].concat();
    estate.set("ben", "prod/secrets/prod.env#STRIPE_KEY", &value);
    estate.write("notes.txt", format!("token = {value}\n"));
    let refused = estate.by("ana", "allow notes.txt:1 --reason because").run();
    unseen(&refused, &value);
    let sealed = estate.by("ana", "allow secrets/prod.env:1 --reason because").run();
    for (refused, word, fix) in [
        (refused, "no exception covers a managed value", "tenure rotate 'prod/"),
        (sealed, "belongs to prod: no exception", "tenure seal secrets/prod.env"),
    ] {
        assert_eq!(refused.code, 2, "{refused}");
        assert!(refused.stderr.contains(word) && refused.stderr.contains(fix), "{refused}");
    }
    estate.write("a.py", format!("k = \"{}\"\n", token()));
    let wide = estate.by("ana", "allow a.py:1 --reason because --path **").run();
    assert_eq!(wide.code, 2, "{wide}");
    let all = estate.by("ana", "allow --all --reason because").run();
    unseen(&all, &value);
    assert_eq!(all.code, 1, "{all}");
    let written = estate.read(FILE);
    assert!(written.contains("a.py") && !written.contains("notes.txt"), "{written}");
    // One that is written by hand has no effect.
    let hash = tenure::scan::Allow::hash(value.as_bytes());
    let entry = |rule: &str| {
        format!("[[allow]]\nrule = \"{rule}\"\npath = \"**\"\ntext = \"{hash}\"\nreason = \"x\"\n")
    };
    estate.write(FILE, ["managed-value", "generic-api-key"].map(entry).concat());
    assert_eq!(estate.by("ana", "scan notes.txt").run().code, 1);
}

#[test]
fn there_is_a_reason_and_it_does_not_hold_what_it_excuses() {
    let repo = planted();
    assert_eq!(repo.run("allow app/pay.py:2").code, 2);
    for reason in ["", "  ", "a\nb"] {
        assert_eq!(repo.tenure(&["allow", "app/pay.py:2", "--reason", reason]).code, 2);
    }
    let reason = format!("{} is made up", token());
    for place in ["app/pay.py:2", "--all"] {
        let refused = repo.tenure(&["allow", place, "--reason", &reason]);
        assert_eq!(refused.code, 2, "{refused}");
        unseen(&refused, &token());
    }
    assert!(!repo.path().join(FILE).exists());
}

#[test]
fn where_nothing_is_found_nothing_is_let_pass() {
    let repo = planted();
    for place in ["app/pay.py:1", "app/pay.py:2:1", "app/none.py:2", "app/pay.py:0"] {
        let refused = allow(&repo, &[place]);
        assert_eq!(refused.code, 6, "{refused}");
    }
    for place in ["app/pay.py", "app/pay.py:x", "/etc/passwd:1"] {
        assert_eq!(allow(&repo, &[place]).code, 2, "{place}");
    }
    let dry = repo.tenure(&[&["-n", "allow", "app/pay.py:2"], WHY].concat());
    assert_eq!(dry.code, 0, "{dry}");
    assert!(!repo.path().join(FILE).exists());
}

#[test]
fn a_baseline_lets_today_pass_and_prune_takes_out_what_is_mended() {
    let repo = planted();
    repo.write("b.py", format!("k = \"{}\"\nl = \"{}\"\n", token(), token()));
    snapshot!(allow(&repo, &["--all"]), @r"
    exit 0
    --- stdout
    allowed  stripe-access-token in app/pay.py
    allowed  stripe-access-token in b.py
    2 exceptions added
    --- stderr
    for the next commit: git add .secrets/allow.toml
    ");
    repo.run("scan").done();
    repo.write("c.py", format!("k = \"{}\"\n", other()));
    assert_eq!(repo.run("scan").code, 1);
    repo.write("c.py", "\n");
    repo.write("b.py", "\n");
    let scanned = repo.run("scan").done();
    assert!(scanned.stdout.contains("unused  an exception of"), "{scanned}");
    snapshot!(repo.run("allow --list"), @r"
    exit 0
    --- stdout
    stripe-access-token  app/pay.py  made up for a test
    stripe-access-token  b.py  made up for a test
    2 exceptions
    ");
    snapshot!(repo.run("allow --prune"), @r"
    exit 0
    --- stdout
    removed  stripe-access-token in b.py
    1 exception removed
    --- stderr
    for the next commit: git add .secrets/allow.toml
    ");
    assert_eq!(repo.run("--json allow --list").json()["exceptions"].as_array().unwrap().len(), 1);
    repo.run("scan").done();
    assert_eq!(repo.run("allow --prune").done().stdout, "0 exceptions removed\n");
}

#[test]
fn a_file_that_is_not_well_made_is_an_error_with_its_line() {
    let repo = planted();
    repo.write(FILE, "[[allow]]\nrule = \"x\"\n");
    repo.git(&["add", "--all"]).done();
    for line in ["scan", "scan --staged", "allow --list", "allow --prune", "allow --all --reason x"]
    {
        let broken = repo.run(line);
        assert_eq!(broken.code, 3, "{line}: {broken}");
        assert!(broken.stderr.contains(".secrets/allow.toml"), "{broken}");
    }
}
