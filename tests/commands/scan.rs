//! `tenure scan`: what it finds, how it says so, and that it never shows what it found.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value;
use sha2::Digest as _;

use crate::attacks::Estate;
use crate::support::{Outcome, Repo, snapshot};

pub(super) const RULE: &str = "stripe-access-token";

/// A token made up for these tests; in parts, so that no scanner takes this file for a leak.
pub(super) fn token() -> String {
    ["sk_live_", "8fGh2KqLmZ7x", "TvB4nR9wYp3D"].concat()
}

/// A value for the estate that looks like nothing known.
fn managed() -> String {
    ["w8Kq-", "Zt3nVb", "71xRmD", "9cLpY2"].concat()
}

pub(super) fn planted() -> Repo {
    let repo = Repo::new();
    repo.write("app/pay.py", format!("a = 1\nkey = \"{}\"\n", token()));
    repo
}

/// Everything that would give a value away: itself, a good part of it, ways to write it, its hash.
fn ways(value: &str) -> Vec<String> {
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    };
    let part = &value[value.len() / 2..value.len() - 2];
    let mut ways = vec![value.to_owned(), part.to_owned(), hex(value.as_bytes())];
    ways.push(hex(value.as_bytes()).to_uppercase());
    ways.push(value.chars().rev().collect());
    ways.push(hex(&sha2::Sha256::digest(value)));
    for skipped in 0..3 {
        let coded = [STANDARD.encode(&value[skipped..]), URL_SAFE.encode(&value[skipped..])];
        // Its end depends on what follows.
        ways.extend(coded.map(|text| text[..text.len() - 4].to_owned()));
    }
    ways
}

/// Insists that an answer gives nothing of a value away.
#[track_caller]
pub(super) fn unseen(outcome: &Outcome, value: &str) {
    for way in ways(value) {
        let is_shown = outcome.stdout.contains(&way) || outcome.stderr.contains(&way);
        assert!(!is_shown, "{way} is shown: {outcome}");
    }
}

#[test]
fn a_token_is_told_with_its_place_and_the_way_out() {
    let repo = planted();
    let scanned = repo.run("scan");
    unseen(&scanned, &token());
    snapshot!(scanned, @r#"
    exit 1
    --- stdout
    app/pay.py:2:8  stripe-access-token  Stripe key …
      fix  take it out (`tenure set` keeps it); a false alarm: tenure allow app/pay.py:2 --reason "…"
    1 text, 1 secret found, 1 of them block
    "#);
    assert_eq!(repo.run("scan app").code, 1);
    repo.write("docs/a.md", "nothing\n");
    snapshot!(repo.run("scan docs"), @r"
    exit 0
    --- stdout
    1 text, nothing found
    ");
}

#[test]
fn what_git_ignores_is_left_alone_and_what_it_does_not_know_yet_is_not() {
    let repo = planted();
    repo.write(".gitignore", "app/\n");
    assert_eq!(repo.run("scan").code, 0);
    repo.git(&["add", "-f", "app"]).done();
    assert_eq!(repo.run("scan").code, 1);
}

#[test]
fn what_is_named_is_meant_though_git_ignores_it() {
    let repo = planted();
    repo.write(".gitignore", "app/\nlogs/*\n[x]\n");
    repo.write("logs/a.log", format!("{}\n", token()));
    repo.write("[x]/b", "nothing\n");
    repo.write("x/b", format!("{}\n", token()));
    for (named, place) in [
        ("app", "app/pay.py:2:8"),
        ("app/pay.py", "app/pay.py:2:8"),
        ("logs", "logs/a.log:1:1"),
        ("logs/a.log", "logs/a.log:1:1"),
        ("x [x] .gitignore", "x/b:1:1"),
    ] {
        let scanned = repo.run(&format!("scan {named}"));
        unseen(&scanned, &token());
        assert!(scanned.code == 1 && scanned.stdout.contains(place), "{named}: {scanned}");
    }
    let within = repo.command(env!("CARGO_BIN_EXE_tenure")).within(repo.path().join("app"));
    assert_eq!(within.args(&["scan", "."]).run().code, 1);
    // Git tracks a file in it, and is silent on all others.
    repo.write("app/.keep", "\n");
    repo.git(&["add", "-f", "app/.keep"]).done();
    assert_eq!(repo.run("scan app").code, 1);
    // Below what it does not ignore, what it does is none of the repository's.
    assert_eq!(repo.run("scan .").code, 0);
    repo.git(&["init", "-q", "app/nested"]).done();
    repo.write("app/nested/c", format!("{}\n", token()));
    assert!(repo.run("scan app").stdout.contains("app/nested/c:1:1"));
    std::fs::create_dir(repo.path().join("empty")).unwrap();
    snapshot!(repo.run("scan empty"), @r"
    exit 0
    --- stdout
    0 texts, nothing to look at
    ");
}

#[test]
fn json_has_all_but_the_value() {
    let repo = planted();
    for line in ["--json scan", "--json scan app/pay.py"] {
        let scanned = repo.run(line);
        assert_eq!(scanned.code, 1);
        unseen(&scanned, &token());
        let json = scanned.json();
        let finding = &json["findings"][0];
        assert_eq!(finding["path"], "app/pay.py");
        assert_eq!((&finding["line"], &finding["column"]), (&2.into(), &8.into()));
        assert_eq!((&finding["rule"], &finding["level"]), (&RULE.into(), &"error".into()));
        assert_eq!((&json["blocked"], &json["texts"]), (&true.into(), &1.into()));
    }
}

#[test]
fn sarif_keeps_its_schema() {
    let schema = include_str!("../vectors/sarif/sarif-schema-2.1.0.json");
    // A bracket of its pattern for languages closes nothing, which only JavaScript takes.
    let schema = schema.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}\\\\]?$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let repo = planted();
    repo.write("odd names/ü #?%.txt", format!("x {} y\n", token()));
    repo.write(format!("n-{}", token()).as_str(), "x\n");
    let clean = Repo::new();
    for (repo, findings, exit) in [(&repo, 3, 1), (&clean, 0, 0)] {
        let scanned = repo.run("scan --format sarif");
        assert_eq!(scanned.code, exit, "{scanned}");
        let sarif = scanned.json();
        let wrong: Vec<_> = validator.iter_errors(&sarif).map(|it| it.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), findings, "{scanned}");
        let mut prints: Vec<_> =
            results.iter().map(|it| it["partialFingerprints"]["tenure/v1"].as_str()).collect();
        prints.dedup();
        assert_eq!(prints.len(), findings);
    }
    // A validator that takes anything would pass the above.
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{}] })));
    unseen(&planted().run("scan --format sarif"), &token());
}

#[test]
fn github_is_given_annotations() {
    let scanned = planted().run("scan --format github");
    unseen(&scanned, &token());
    snapshot!(scanned, @r#"
    exit 1
    --- stdout
    ::error file=app/pay.py,line=2,col=8,title=stripe-access-token::Stripe key …; take it out (`tenure set` keeps it); a false alarm: tenure allow app/pay.py:2 --reason "…"
    "#);
}

#[test]
fn gitlab_is_given_a_code_quality_report() {
    let scanned = planted().run("scan --format gitlab");
    unseen(&scanned, &token());
    assert_eq!(scanned.code, 1);
    let issues = scanned.json();
    let issue = &issues.as_array().unwrap()[0];
    assert_eq!(issue["location"]["path"], "app/pay.py");
    assert_eq!(issue["location"]["lines"]["begin"], 2);
    assert_eq!((&issue["check_name"], &issue["severity"]), (&RULE.into(), &"critical".into()));
    assert!(issue["description"].is_string() && issue["fingerprint"].is_string());
    assert_eq!(Repo::new().run("scan --format gitlab").stdout, "[]\n");
}

#[test]
fn a_text_on_stdin_is_judged_wherever_one_stands() {
    let repo = planted();
    let text = format!("one\n{}\n", token());
    let scanned = repo.tenure_fed(&["scan", "--stdin", "--name", "a/b.txt"], &text);
    unseen(&scanned, &token());
    assert_eq!(scanned.code, 1);
    assert!(scanned.stdout.starts_with("a/b.txt:2:1  "), "{scanned}");
    assert_eq!(repo.tenure_fed(&["scan", "--stdin"], "one\n").code, 0);
    let outside = repo.command(env!("CARGO_BIN_EXE_tenure")).within(repo.folder());
    assert_eq!(outside.args(&["scan", "--stdin"]).feed(&text).code, 1);
}

#[test]
fn a_folder_outside_of_git_is_looked_through_by_our_own_rules() {
    let repo = planted();
    let folder = repo.folder().join("loose");
    std::fs::create_dir_all(folder.join("b/.git")).unwrap();
    std::fs::write(folder.join("b/a.txt"), format!("{}\n", token())).unwrap();
    std::fs::write(folder.join("b/.git/config"), format!("{}\n", token())).unwrap();
    let args = ["scan", &folder.display().to_string()];
    let scanned = repo.tenure(&args);
    unseen(&scanned, &token());
    assert_eq!(scanned.json_lines("loose/b/a.txt:1:1"), 1, "{scanned}");
    let outside = repo.command(env!("CARGO_BIN_EXE_tenure")).within(repo.folder());
    assert_eq!(outside.args(&["scan", "loose"]).run().code, 1);
    let none = repo.run("scan no/such/file");
    assert_eq!(none.code, 6, "git would list nothing, and nothing would be found: {none}");
}

impl Outcome {
    /// How many lines of the answer hold a text.
    fn json_lines(&self, text: &str) -> usize {
        self.stdout.lines().filter(|line| line.contains(text)).count()
    }
}

#[test]
fn a_managed_value_is_told_by_its_name_however_it_is_written() {
    let estate = Estate::new();
    estate.set("ben", "prod/secrets/prod.env#STRIPE_KEY", &managed());
    let coded = STANDARD.encode(format!("user:{}", managed()));
    estate.write("notes.txt", format!("a\nx {} y\n", managed()));
    estate.write("deploy.sh", format!("curl -H 'X: {coded}'\n"));
    let scanned = estate.by("ana", "scan notes.txt deploy.sh").run();
    unseen(&scanned, &managed());
    assert_eq!(scanned.code, 1);
    for text in [
        "notes.txt:2:3  managed-value  equal to prod/STRIPE_KEY\n",
        "deploy.sh:1:",
        "  managed-value  equal to prod/STRIPE_KEY, in base64\n",
        "  fix  take it out; if it was ever pushed: tenure rotate 'prod/",
        "2 texts, 2 secrets found, 2 of them block",
    ] {
        assert!(scanned.stdout.contains(text), "no `{text}` in {scanned}");
    }
    for format in ["sarif", "github", "gitlab"] {
        let scanned = estate.by("ana", "scan --format").arg(format).run();
        assert_eq!(scanned.code, 1);
        unseen(&scanned, &managed());
        assert!(scanned.stdout.contains("prod/STRIPE_KEY"), "{scanned}");
    }
    let json = estate.by("ana", "--json scan notes.txt").run().json();
    assert!(json["findings"][0]["managed"].is_string(), "{json}");
    estate.write("notes.txt", "nothing\n");
    estate.remove("deploy.sh");
    let scanned = estate.by("ana", "scan").run();
    assert_eq!(scanned.code, 0, "{scanned}");
}

#[test]
fn without_a_key_it_says_what_was_not_looked_for() {
    let estate = Estate::new();
    let scanned = estate.repo.run("scan");
    assert_eq!(scanned.code, 0, "{scanned}");
    assert!(scanned.stdout.contains("no key at hand opens dev, prod, staging"), "{scanned}");
    assert_eq!(estate.repo.run("scan --strict").code, 1);
    assert_eq!(estate.by("ana", "scan --strict").run().code, 0);
}

#[test]
fn marks_in_a_line_are_honoured_but_for_managed_values() {
    let estate = Estate::new();
    estate.set("ben", "prod/secrets/prod.env#STRIPE_KEY", &managed());
    for mark in
        ["gitleaks:allow", "pragma: allowlist secret", "tenure:allow stripe-access-token made up"]
    {
        estate.write("a.py", format!("k = \"{}\"  # {mark}\n", token()));
        assert_eq!(estate.by("ana", "scan a.py").run().code, 0, "{mark}");
        estate.write("a.py", format!("k = \"{}\"  # {mark}\n", managed()));
        assert_eq!(estate.by("ana", "scan a.py").run().code, 1, "{mark}");
    }
    let block = format!("# secretlint-disable\nk = \"{0}\"\nl = \"{0}\"\n", token());
    estate.write("a.py", format!("{block}# secretlint-enable\n"));
    let passed = estate.by("ana", "scan a.py").run().done();
    assert!(passed.stdout.contains("nothing found, 2 let pass by marks"), "{passed}");
    assert_eq!(estate.by("ana", "--json scan a.py").run().json()["by_marks"], 2);
    estate.write("a.py", format!("k = \"{}\"  # tenure:allow jwt made up\n", token()));
    assert_eq!(estate.by("ana", "scan a.py").run().code, 1);
}

#[test]
fn the_rules_of_gitleaks_are_read() {
    let repo = planted();
    repo.write(".gitleaks.toml", "[allowlist]\npaths = ['''^app/''']\n");
    assert_eq!(repo.run("scan").code, 0);
    let own = "[[rules]]\nid = \"own\"\nregex = '''own-[0-9]{6}'''\nkeywords = [\"own-\"]\n";
    repo.write(".gitleaks.toml", own);
    repo.write("app/pay.py", "x = \"own-123456\"\n");
    let scanned = repo.run("scan");
    assert_eq!(scanned.code, 1);
    assert!(scanned.stdout.contains("app/pay.py:1:6  own  "), "{scanned}");
    repo.write(".gitleaks.toml", "[[rules]\n");
    let broken = repo.run("scan");
    assert_eq!(broken.code, 3, "{broken}");
}

/// Adds a part to the policy of the work tree; nothing is signed, since nothing that is sealed is read.
fn with_policy(part: &str) -> Repo {
    let estate = Estate::with_policy(|text| format!("{text}{part}"));
    estate.write("app/pay.py", format!("key = \"{}\"\nown = \"own-123456\"\n", token()));
    Repo::copied(estate.repo.folder())
}

const OWN: &str = "\n[[guard.rules]]\nid = \"own\"\ndescription = \"token of our own\"\n\
    keywords = [\"own-\"]\npattern = 'own-[0-9]{6}'\nexamples = ['x own-¦999999']\n\
    near-misses = ['own-12345']\n";

#[test]
fn the_policy_has_rules_of_its_own_and_switches_ours_off() {
    let repo = with_policy("");
    assert_eq!(repo.run("scan app").json_lines("app/pay.py:"), 2, "finding and fix");
    let repo = with_policy(OWN);
    let scanned = repo.run("scan app");
    assert_eq!(scanned.json_lines("app/pay.py:2:8  own  token of our own"), 1, "{scanned}");
    let repo = with_policy(&format!(
        "\n[guard]\noff = [\"{RULE}\", \"generic-api-key\"]\n{OWN}level = \"warn\"\n"
    ));
    let scanned = repo.run("scan app");
    assert_eq!(scanned.code, 0, "{scanned}");
    assert_eq!(scanned.json_lines("app/pay.py:2:8  own"), 1, "{scanned}");
}

#[test]
fn a_rule_of_the_policy_that_cannot_be_run_is_a_finding_with_its_line() {
    let estate = Estate::new();
    let policy = estate.read(".secrets-policy.toml");
    let line = policy.lines().count() + 3;
    for (from, to, word) in [
        ("own-[0-9]{6}'", "(own-[0-9'", "is no regular expression"),
        ("own-[0-9]{6}'", "own(?=x)'", "is no regular expression"),
        ("keywords = [\"own-\"]\n", "", "must have keywords or paths"),
        ("x own-¦999999", "x own-x", "misses its example 1"),
        ("own-12345'", "own-123456'", "finds its near miss 1"),
        (
            "\n[[guard",
            "\n[guard]\noff = [\"stripe-acces-token\"]\n[[guard",
            "`stripe-access-token`",
        ),
    ] {
        let own = OWN.replacen(from, to, 1);
        assert_ne!(own, OWN);
        estate.write(".secrets-policy.toml", format!("{policy}{own}"));
        let linted = estate.by("ana", "policy lint").run();
        let wrong = linted.stdout.contains(word) || linted.stderr.contains(word);
        assert!(wrong, "no `{word}` in {linted}");
        let place = format!(".secrets-policy.toml:{line}");
        let is_rule = !word.contains('-');
        assert!(!is_rule || linted.stdout.contains(&place), "no {place} in {linted}");
    }
    let bad = OWN.replace("own-[0-9]{6}'", "(own-[0-9'");
    estate.write(".secrets-policy.toml", format!("{policy}{bad}"));
    let scanned = estate.repo.run("scan");
    assert_eq!(scanned.code, 3, "nothing is looked through by half of the rules: {scanned}");
}

#[test]
fn utf_16_is_read() {
    let repo = Repo::new();
    let text = format!("one\r\nkey = \"{}\"\r\n", token());
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes);
    repo.write("a.ps1", [0xff, 0xfe].into_iter().chain(wide).collect::<Vec<u8>>());
    let scanned = repo.run("scan");
    assert_eq!(scanned.code, 1);
    assert_eq!(scanned.json_lines("a.ps1:2:16  stripe-access-token"), 1, "{scanned}");
    unseen(&scanned, &token());
    repo.tenure(&["allow", "a.ps1:2", "--reason", "made up"]).done();
    assert_eq!(repo.run("scan").code, 0);
}

#[test]
fn a_secret_at_the_end_of_twenty_megabytes_is_found_and_may_be_let_pass() {
    let repo = Repo::new();
    let line = format!("{}\n", "lorem ipsum dolor sit amet ".repeat(40));
    let lines = (20 << 20) / line.len();
    repo.write("big.txt", format!("{}{}\n", line.repeat(lines), token()));
    let scanned = repo.run("scan");
    assert_eq!(scanned.code, 1);
    let place = format!("big.txt:{}", lines + 1);
    assert_eq!(scanned.json_lines(&format!("{place}:1  {RULE}")), 1, "{scanned}");
    unseen(&scanned, &token());
    repo.tenure(&["allow", &place, "--reason", "made up"]).done();
    assert_eq!(repo.run("scan").code, 0);
}
