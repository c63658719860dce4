//! `tenure scan --range`, `scan --history` and `check --range`: what commits bring, with real git.

use crate::attacks::Estate;
use crate::support::{Outcome, Repo};

/// A credential of nobody, in parts, so that no scanner takes this file for a leak.
fn key() -> String {
    ["sk_li", "ve_", "9fQ2mZ7xT4vB8kLw3NcR6yHd"].concat()
}

fn line() -> String {
    format!("let key = \"{}\";\n", key())
}

/// A repository with one commit, tagged `base`.
fn begun() -> Repo {
    let repo = Repo::new();
    repo.write("old.rs", format!("fn old() {{}}\n{}fn older() {{}}\n", line().replace('9', "8")));
    repo.commit("base");
    git(&repo, "tag base");
    repo
}

#[track_caller]
fn git(repo: &Repo, line: &str) {
    repo.git(&line.split_whitespace().collect::<Vec<_>>()).done();
}

fn id(repo: &Repo, name: &str) -> String {
    repo.git(&["rev-parse", "--short=7", name]).done().stdout.trim().to_owned()
}

/// The commits and places that are found, as `SUBJECT PATH:LINE`.
#[track_caller]
fn found(repo: &Repo, how: &str) -> Vec<String> {
    let scanned = repo.run(&format!("--json scan {how}"));
    told(repo, &scanned)
}

#[track_caller]
fn told(repo: &Repo, scanned: &Outcome) -> Vec<String> {
    assert!(!scanned.to_string().contains(&key()), "a value is shown: {scanned}");
    let json = scanned.json();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(scanned.code, i32::from(!findings.is_empty()), "{scanned}");
    let row = |it: &serde_json::Value| {
        let commit = it["commit"].as_str().unwrap();
        let subject = repo.git(&["show", "-s", "--format=%s", commit]).stdout;
        let subject = subject.trim_end().lines().last().unwrap_or_default().to_owned();
        format!("{subject} {}:{}", it["path"].as_str().unwrap(), it["line"])
    };
    findings.iter().map(row).collect()
}

#[test]
fn what_is_added_and_removed_within_the_range_is_found() {
    let repo = begun();
    repo.write("new.rs", format!("// a\n{}", line()));
    repo.commit("adds");
    repo.write("new.rs", "// a\n");
    repo.commit("takes out");
    assert_eq!(found(&repo, "--range base..HEAD"), ["adds new.rs:2"]);
    assert_eq!(found(&repo, "--range base.."), ["adds new.rs:2"]);
    assert_eq!(found(&repo, "--range HEAD~1..HEAD"), [""; 0]);
    assert_eq!(found(&repo, "--range HEAD..base"), [""; 0]);
    let said = repo.run("scan --range base..HEAD");
    let place = format!("{}:new.rs:2:12  stripe-access-token", id(&repo, "HEAD~1"));
    assert!(said.stdout.starts_with(&place), "{said}");
    assert!(said.stdout.contains("4 texts, 2 commits, 1 secret found, 1 of them block"), "{said}");
}

#[test]
fn another_line_of_an_old_file_is_no_news_and_the_same_line_again_is() {
    let repo = begun();
    let old = repo.read("old.rs");
    repo.write("old.rs", old.replace("older", "eldest"));
    repo.commit("beside it");
    assert_eq!(found(&repo, "--range base..HEAD"), [""; 0]);
    repo.write("old.rs", "");
    repo.commit("without");
    repo.write("old.rs", old.replace("older", "eldest"));
    repo.commit("again");
    assert_eq!(found(&repo, "--range base..HEAD"), ["again old.rs:2"]);
}

#[test]
fn what_is_moved_or_copied_is_found_at_its_new_place() {
    let repo = begun();
    git(&repo, "config diff.renames copies");
    repo.write("copy.rs", repo.read("old.rs"));
    repo.commit("copies");
    git(&repo, "mv old.rs moved.rs");
    repo.commit("moves");
    std::fs::create_dir(repo.path().join("sub")).unwrap();
    std::os::unix::fs::symlink(key(), repo.path().join("sub/link")).unwrap();
    repo.write(&format!("{}.txt", key()), "");
    repo.commit("names");
    let scanned = repo.run("--json scan --range base..HEAD");
    let json = scanned.json();
    let paths: Vec<_> = json["findings"].as_array().unwrap().iter().collect();
    let places = paths.iter().map(|it| format!("{}:{}", it["path"].as_str().unwrap(), it["line"]));
    // A name that says a secret is not shown.
    assert_eq!(places.collect::<Vec<_>>(), ["copy.rs:2", "moved.rs:2", "….txt:0", "sub/link:1"]);
}

#[test]
fn a_merge_brings_what_no_side_has() {
    let repo = begun();
    git(&repo, "checkout --quiet -b side");
    repo.write("side.rs", line());
    repo.commit("side");
    git(&repo, "checkout --quiet main");
    repo.write("main.rs", "fn main() {}\n");
    repo.commit("main");
    git(&repo, "merge --quiet --no-ff -m merged side");
    // The side's commit is named, and the merge, which brings it in, is not.
    assert_eq!(found(&repo, "--range base..HEAD"), ["side side.rs:1"]);
    assert_eq!(found(&repo, "--range side..HEAD"), [""; 0]);
    git(&repo, "reset --quiet --hard HEAD~1");
    git(&repo, "merge --quiet --no-ff --no-commit side");
    repo.write("evil.rs", line());
    repo.write("side.rs", format!("{}// here too\n{}", line(), line().replace("key", "other")));
    repo.commit("evil");
    assert_eq!(found(&repo, "--range side..HEAD"), ["evil evil.rs:1", "evil side.rs:3"]);
}

#[test]
fn messages_are_looked_through_and_attributes_hide_nothing() {
    let repo = begun();
    git(&repo, "config color.ui always");
    repo.write(".gitattributes", "* -diff binary\n");
    repo.write("nul.bin", [b"a\0b\n", line().as_bytes()].concat());
    repo.write("wide.txt", line().encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    repo.commit("hides");
    repo.git(&["commit", "--quiet", "--allow-empty", "-m", &format!("says\n\n{}", line())]).done();
    let all = ["hides nul.bin:2", "hides wide.txt:1", "says commit message:3"];
    assert_eq!(found(&repo, "--range base..HEAD"), all);
    repo.git(&["tag", "-a", "-m", &format!("named\n\n{}", line()), "told", "base"]).done();
    let history = found(&repo, "--history");
    assert!(history.last().unwrap().ends_with("tag message:3"), "{history:?}");
}

#[test]
fn the_history_of_all_references_is_looked_through_each_content_once() {
    let repo = begun();
    repo.write("old.rs", repo.read("old.rs") + "// more\n");
    repo.commit("more");
    git(&repo, "checkout --quiet -b side");
    repo.write("side.rs", line());
    repo.commit("side");
    git(&repo, "checkout --quiet main");
    for text in ["one", "two"] {
        repo.write("old.rs", line().replace("key", text));
        repo.git(&["stash", "push", "--quiet", "-m", text]).done();
    }
    repo.git(&["notes", "add", "-m", &line()]).done();
    let mut history = found(&repo, "--history");
    history.sort();
    let paths: Vec<_> = history.iter().map(|row| row.rsplit_once(' ').unwrap().1).collect();
    assert_eq!(history.len(), 5, "{history:?}");
    assert!(history.contains(&"base old.rs:2".to_owned()), "{history:?}");
    assert!(history.contains(&"side side.rs:1".to_owned()), "{history:?}");
    assert_eq!(paths.iter().filter(|path| **path == "old.rs:1").count(), 2, "{history:?}");
    git(&repo, "branch --quiet -D side");
    git(&repo, "reflog expire --expire=now --all");
    assert_eq!(found(&repo, "--history").len(), 3);
}

#[test]
fn a_shallow_clone_is_told_and_a_range_that_is_none_is_refused() {
    let repo = begun();
    repo.write("b", "b\n");
    repo.commit("more");
    let clone = repo.folder().join("ana-shallow");
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--depth=1", &url, clone.to_str().unwrap()]).done();
    let scan = |args: &[&str]| {
        let tenure =
            repo.command(env!("CARGO_BIN_EXE_tenure")).args(&["--now", repo.now(), "scan"]);
        tenure.args(args).within(&clone).run()
    };
    let history = scan(&["--history"]);
    assert_eq!(history.code, 1, "{history}");
    assert!(history.stdout.contains("this clone is shallow"), "{history}");
    let gone = scan(&["--range", "HEAD~1..HEAD"]);
    assert_eq!(gone.code, 2, "{gone}");
    assert!(gone.stderr.contains("git fetch --unshallow"), "{gone}");
    for bad in ["HEAD", "..HEAD", "base...HEAD", "nowhere..HEAD", "--all..HEAD"] {
        let refused = repo.tenure(&["scan", &format!("--range={bad}")]);
        assert_eq!(refused.code, 2, "{bad}: {refused}");
    }
}

/// A value that nobody writes by chance; those of the base are too common to be looked for.
const MANAGED: &str = "hunter2-q8Rw2kLmdkP4zX7b";

/// An estate with a commit to compare with.
fn estate() -> Estate {
    let estate = Estate::new();
    estate.set("ana", "prod/API_KEY", MANAGED);
    estate.commit("begins");
    estate.git("tag base");
    estate
}

fn allow(rule: &str, path: &str, text: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(text.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "[[allow]]\nrule = \"{rule}\"\npath = \"{path}\"\ntext = \"sha256:{hex}\"\nreason = \"made up\"\n"
    )
}

/// Judges a range by ana, or by one without keys; nothing of a value may be shown.
#[track_caller]
fn checked(estate: &Estate, who: &str, range: &str) -> Outcome {
    let checked = estate.by(who, &format!("check --range {range}")).run();
    assert!(!checked.to_string().contains(&key()), "a value is shown: {checked}");
    assert!(!checked.to_string().contains("hunter2"), "a value is shown: {checked}");
    checked
}

#[test]
fn check_tells_what_was_committed_past_the_hook() {
    let estate = estate();
    let clean = checked(&estate, "nobody", "base..HEAD");
    assert_eq!(clean.code, 0, "{clean}");
    assert!(
        clean.stdout.ends_with(
            "range  0 texts, 0 commits, nothing found, no key at hand opens dev, prod, staging\n"
        ),
        "{clean}"
    );
    estate.write("deploy.sh", format!("export URL={MANAGED}\n{}", line()));
    estate.commit("leaks");
    estate.remove("deploy.sh");
    estate.commit("takes it out");
    let found = checked(&estate, "ana", "base..HEAD");
    assert_eq!(found.code, 1, "{found}");
    let commit = id(&estate.repo, "HEAD~1");
    for told in [
        format!("leak  deploy.sh:1  in commit {commit}: equal to prod/secrets/prod.env#API_KEY"),
        format!("leak  deploy.sh:2  in commit {commit}: Stripe key"),
        "2 commits, 2 secrets found, 2 of them block".to_owned(),
    ] {
        assert!(found.stdout.contains(&told), "no `{told}` in {found}");
    }
    // Without a key the credential alone is seen, and the rest said.
    let found = checked(&estate, "nobody", "base..HEAD");
    assert_eq!(found.code, 1, "{found}");
    assert!(found.stdout.contains("no key at hand opens"), "{found}");
    let json = estate.by("ana", "--json check --range base..HEAD").run().json();
    assert_eq!(json["range"]["commits"], 2);
    assert_eq!(estate.by("ana", "check").run().code, 0);
}

#[test]
fn a_value_that_was_in_clear_for_one_commit_is_told() {
    let estate = estate();
    estate.write("secrets/dev.yaml", "a: hunter2-plain\nb: hunter2-more\n");
    estate.commit("in clear");
    estate.by("ben", "-y seal secrets/dev.yaml").run().done();
    estate.commit("sealed");
    assert_eq!(estate.by("nobody", "check").run().code, 0);
    let found = checked(&estate, "nobody", "base..HEAD");
    assert_eq!(found.code, 1, "{found}");
    assert!(found.stdout.contains("leak  secrets/dev.yaml:1"), "{found}");
    assert!(found.stdout.contains("in clear, where dev wants it sealed: `a`"), "{found}");
    assert_eq!(checked(&estate, "nobody", "HEAD~1..HEAD").code, 0);
}

#[test]
fn what_stands_in_clear_for_one_commit_is_told_wherever_it_begins() {
    let estate = estate();
    estate
        .write("secrets/dev.y.yaml", "pub:\n  note: |\n    hello\npriv:\n  note: hunter2-first\n");
    estate.edit(".secrets-policy.toml", |text| {
        text.replacen("[environments.dev]\n", "[environments.dev]\nclear = [\"pub.*\"]\n", 1)
    });
    estate.by("ana", "-y policy sign").run().done();
    estate.by("ben", "-y seal secrets/dev.y.yaml").run().done();
    estate.commit("sealed");
    estate.git("tag --force base");
    let (env, yaml) = (estate.read("secrets/dev.env"), estate.read("secrets/dev.y.yaml"));
    let token = yaml.split("note: sealed.v1.").nth(1).unwrap();
    let block = yaml.replace(&format!("sealed.v1.{token}"), "|\n    hunter2-more\n");
    let cases = [
        // Nobody can read it any more, and its first line is old.
        ("secrets/dev.env", format!("{env}oops\nDB_NAME=hunter2-plain\n"), "the file"),
        ("secrets/dev.env", format!("{env}# the db is hunter2-plain\n"), "a comment"),
        // The line in which the value begins stood there before.
        ("secrets/dev.y.yaml", block, "`priv.note`"),
    ];
    for (path, text, what) in cases {
        let before = estate.read(path);
        estate.write(path, text);
        estate.commit("comes");
        estate.write(path, before);
        estate.commit("goes");
        let found = checked(&estate, "nobody", "base..HEAD");
        assert_eq!(found.code, 1, "{what}: {found}");
        let said = format!("in clear, where dev wants it sealed: {what}");
        assert!(found.stdout.contains(&said), "no `{said}` in {found}");
        estate.git("reset --quiet --hard base");
    }
}

#[test]
fn a_name_that_is_not_taken_hides_no_value_in_clear() {
    for name in ["secrets/dev.a\\b", "secrets/dev.a#b.env", "secrets/dev.\nx"] {
        let estate = estate();
        std::fs::write(estate.repo.path().join(name), "my words are plain\n").unwrap();
        estate.commit("comes");
        std::fs::remove_file(estate.repo.path().join(name)).unwrap();
        estate.commit("goes");
        let found = checked(&estate, "nobody", "base..HEAD");
        assert_eq!(found.code, 1, "{name}: {found}");
        assert!(found.stdout.contains("in clear, where dev wants it sealed"), "{found}");
    }
}

#[test]
fn case_77_a_leak_and_its_exception_in_one_range_are_both_told() {
    let estate = estate();
    estate.write("docs/a.md", line());
    estate.write(".secrets/allow.toml", allow("stripe-access-token", "docs/a.md", &key()));
    estate.commit("leak and exception");
    let found = checked(&estate, "ana", "base..HEAD");
    assert_eq!(found.code, 1, "{found}");
    assert!(found.stdout.contains("leak  docs/a.md:1"), "{found}");
    let said = "exception  .secrets/allow.toml  an exception of stripe-access-token in docs/a.md";
    assert!(found.stdout.contains(said), "{found}");
    // What was reviewed before lets pass what comes after.
    estate.write("docs/a.md", format!("# one\n{}", line().replace("let", "const")));
    estate.commit("another line");
    assert_eq!(checked(&estate, "ana", "HEAD~1..HEAD").code, 0);
}

#[test]
fn what_nobody_could_read_may_be_mended_and_excuses_nothing_till_then() {
    let policy = ".secrets-policy.toml";
    for path in [".secrets/allow.toml", ".gitleaks.toml", policy] {
        let estate = estate();
        let text = (path == policy).then(|| estate.read(path));
        estate.write(path, "title = [");
        estate.commit("breaks it");
        let broken = estate.by("ana", "scan").run();
        assert_eq!(broken.code, 3, "{broken}");
        // HEAD has nothing better.
        assert!(!broken.stderr.contains("git restore"), "{broken}");
        match text {
            Some(text) => estate.write(path, text),
            None => estate.remove(path),
        }
        estate.write("docs/a.md", "nothing\n");
        estate.commit("mends it");
        let mended = checked(&estate, "ana", "HEAD~1..HEAD");
        assert_eq!(mended.code, 0, "{mended}");
        let said = format!("exception  {path}  cannot be read at the beginning of the range");
        assert!(mended.stdout.contains(&said), "no `{said}` in {mended}");
        // What the mend brings is judged all the same.
        estate.write("docs/a.md", line());
        estate.write("secrets/dev.yaml", "a: hunter2-plain\n");
        estate.commit("leaks");
        let found = checked(&estate, "ana", "HEAD~2..HEAD");
        assert_eq!(found.code, 1, "{found}");
        for told in ["leak  docs/a.md:1", "leak  secrets/dev.yaml:1"] {
            assert!(found.stdout.contains(told), "no `{told}` in {found}");
        }
    }
}

#[test]
fn a_mark_that_is_gone_at_the_end_lets_nothing_pass() {
    let repo = begun();
    let mark = ["// pragma: ", "allowlist nextline secret\n"].concat();
    repo.write("a.rs", format!("{mark}{}", line()));
    repo.commit("marked");
    git(&repo, "tag marked");
    assert!(found(&repo, "--range base..marked").is_empty());
    repo.write("a.rs", line());
    repo.commit("takes the mark away");
    assert_eq!(found(&repo, "--range base..HEAD"), ["marked a.rs:2"]);
    repo.write("a.rs", "// nothing\n");
    repo.commit("takes the line away");
    assert!(found(&repo, "--range base..HEAD").is_empty());
}

#[test]
fn case_77_an_entry_that_is_taken_out_of_the_log_within_the_range_is_red() {
    let estate = estate();
    estate.set("ana", "prod/API_KEY", "hunter2-new");
    estate.commit("honest");
    assert_eq!(checked(&estate, "ana", "base..HEAD").code, 0);
    // A branch that is behind has taken nothing out.
    estate.git("checkout --quiet -b behind base");
    estate.write("x", "x");
    estate.commit("behind");
    estate.git("checkout --quiet main");
    assert_eq!(checked(&estate, "ana", "main..behind").code, 0);
    let entries = estate.repo.git(&["diff", "--name-only", "--diff-filter=A", "base", "HEAD"]);
    let entry = entries.stdout.lines().find(|path| path.starts_with(".secrets/log/")).unwrap();
    estate.remove(entry);
    estate.git("checkout --quiet base -- secrets");
    estate.commit("forgets");
    let found = checked(&estate, "ana", "base..HEAD");
    assert_eq!(found.code, 5, "{found}");
    assert!(found.stdout.contains(&format!("missing-entry  {entry}")), "{found}");
}

#[test]
fn case_61_an_exception_covers_no_managed_file_and_no_managed_value() {
    let estate = estate();
    estate.write("deploy.env", format!("URL={MANAGED}\n"));
    estate.write(".secrets/allow.toml", allow("managed-value", "deploy.env", MANAGED));
    let found = estate.by("ana", "check").run();
    assert_eq!(found.code, 1, "{found}");
    let told = "exception  .secrets/allow.toml:4  this exception names the value of";
    assert!(found.stdout.contains(told), "{found}");
    assert!(!found.to_string().contains("hunter2"), "{found}");
    assert_eq!(estate.by("ana", "scan").run().code, 1);
    for path in ["secrets/prod.env", "**/*.env", "secrets/**"] {
        estate.write(".secrets/allow.toml", allow("generic-api-key", path, "made up"));
        let found = estate.by("nobody", "check").run();
        assert_eq!(found.code, 1, "{path}: {found}");
        assert!(found.stdout.contains("a managed file; it has no effect there"), "{found}");
    }
    estate.write(".secrets/allow.toml", "[[allow]]\nrule = 3\n");
    assert_eq!(estate.by("nobody", "check").run().code, 1);
    estate.write(".secrets/allow.toml", allow("generic-api-key", "deploy.env", "made up"));
    estate.by("ana", "check").run().done();
}
