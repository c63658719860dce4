//! What ranges, pushes and histories look for that stood once and stands no more, and by whose policy and
//! exceptions they judge.

use std::fs;

use crate::attacks::Estate;
use crate::support::{Outcome, Repo};

/// Values that nobody writes by chance.
const FIRST: &str = "hunter2-q8Rw2kLmdkP4zX7b";
const SECOND: &str = "hunter2-Vt5nBc93pLxKe0aZ";
const LAST: &str = "hunter2-Jm7dHq41sWyGu6fR";

/// A credential of nobody, in parts, so that no scanner takes this file for a leak.
fn line() -> String {
    format!("let key = \"{}{}\";\n", "sk_li", "ve_9fQ2mZ7xT4vB8kLw3NcR6yHd")
}

fn estate() -> Estate {
    let estate = Estate::new();
    estate.set("ana", "prod/API_KEY", FIRST);
    estate.commit("begins");
    estate.git("tag base");
    estate
}

#[track_caller]
fn leaks(estate: &Estate, text: &str, message: &str) {
    let name = message.replace(' ', "-");
    estate.write(&format!("notes/{name}.md"), format!("it was {text}\n"));
    estate.commit(message);
}

/// Judges by ana's key; no value may be shown.
#[track_caller]
fn run(estate: &Estate, line: &str) -> Outcome {
    let outcome = estate.by("ana", line).run();
    assert!(!outcome.to_string().contains("hunter2"), "a value is shown: {outcome}");
    outcome
}

#[track_caller]
fn finds(estate: &Estate, line: &str, places: &[&str]) {
    let found = run(estate, line);
    assert_eq!(found.code, i32::from(!places.is_empty()), "{found}");
    for place in places {
        assert!(found.stdout.contains(place), "no `{place}` in {found}");
    }
    let count = found.stdout.matches("equal to prod/").count();
    assert_eq!(count, places.len(), "{found}");
}

#[test]
fn a_value_that_is_replaced_within_a_range_is_looked_for_in_all_of_it() {
    let estate = estate();
    estate.set("ana", "prod/API_KEY", SECOND);
    leaks(&estate, FIRST, "first");
    estate.set("ana", "prod/API_KEY", LAST);
    leaks(&estate, SECOND, "second");
    estate.by("ana", "-y unset prod/API_KEY").run().done();
    leaks(&estate, LAST, "last");
    let all = ["notes/first.md:1", "notes/second.md:1", "notes/last.md:1"];
    for range in ["scan --range base..HEAD", "check --range base..HEAD"] {
        finds(&estate, range, &all);
    }
    // What was over when a range begins is not looked for there, unless all that ever was is.
    finds(&estate, "scan --range HEAD~1..HEAD", &all[2..]);
    finds(&estate, "scan --history", &all);
    // A push of the same.
    let tip = estate.repo.git(&["rev-parse", "HEAD"]).done().stdout;
    let base = estate.repo.git(&["rev-parse", "base"]).done().stdout;
    let told = format!("refs/heads/main {} refs/heads/main {}\n", tip.trim(), base.trim());
    let pushed = estate.by("ana", "hook run pre-push origin url").feed(told);
    assert_eq!(pushed.code, 1, "{pushed}");
    assert_eq!(pushed.stderr.matches("equal to prod").count(), 3, "{pushed}");
    // Whoever has no key is told of it.
    let blind = estate.by("nobody", "scan --history").run();
    assert!(blind.stdout.contains("no key at hand opens dev, prod, staging"), "{blind}");
}

#[test]
fn what_a_merge_leaves_behind_is_looked_for_on_its_branch() {
    let estate = estate();
    estate.git("checkout --quiet -b side");
    leaks(&estate, FIRST, "beside");
    estate.git("checkout --quiet main");
    estate.set("ana", "prod/API_KEY", SECOND);
    estate.commit("rotated");
    estate.git("checkout --quiet side");
    estate.git("merge --quiet -m merged main");
    finds(&estate, "check --range main..side", &["notes/beside.md:1"]);
}

#[test]
fn what_was_sealed_before_all_began_anew_opens_with_the_keyrings_of_then() {
    let estate = estate();
    for path in [".secrets", ".secrets-policy.toml", "secrets"] {
        estate.git(&format!("rm -r --quiet {path}"));
    }
    leaks(&estate, FIRST, "without");
    finds(&estate, "scan --range base..HEAD", &["notes/without.md:1"]);
    finds(&estate, "scan --history", &["notes/without.md:1"]);
    finds(&estate, "scan --range HEAD..HEAD", &[]);
}

#[test]
fn a_file_counts_as_managed_by_the_policy_of_then() {
    let estate = Estate::with_policy(|text| text.replace("secrets/prod.*", "old/prod.*"));
    estate.by("ana", "set prod/old/prod.env#API_KEY").feed(FIRST).done();
    estate.commit("begins");
    estate.git("tag base");
    estate.edit(".secrets-policy.toml", |text| text.replace("old/prod.*", "new/prod.*"));
    estate.git("rm --quiet old/prod.env");
    leaks(&estate, FIRST, "moved");
    let found = run(&estate, "scan --range base..HEAD");
    assert_eq!(found.code, 1, "{found}");
    assert!(found.stdout.contains("tenure rotate 'prod/old/prod.env#API_KEY'"), "{found}");
}

/// An estate in which HOST stands in clear, by a policy that is signed or not.
fn opened(sign: bool) -> Estate {
    let estate = estate();
    estate.edit(".secrets-policy.toml", |text| {
        let dev = "files = [\"secrets/dev.*\"]\n";
        text.replace(dev, &format!("{dev}clear = [\"HOST\"]\n"))
    });
    estate.edit("secrets/dev.env", |text| format!("{text}HOST=db.example.net\n"));
    if sign {
        estate.by("ana", "policy sign -y").run().done();
        estate.by("ana", "-y seal secrets/dev.env").run().done();
    }
    assert!(estate.read("secrets/dev.env").contains("HOST=db.example.net"));
    estate.commit("in clear");
    estate
}

const IN_CLEAR: &str = "in clear, where dev wants it sealed: `HOST`";

#[test]
fn what_a_signed_policy_leaves_in_clear_is_no_leak_in_the_range_that_signs_it() {
    let estate = opened(true);
    estate.by("ana", "check --range base..HEAD").run().done();
    estate.by("nobody", "scan --range base..HEAD").run().done();
    estate.by("nobody", "scan --history").run().done();
    // Without a pin, the log is judged by the root that the beginning has.
    fs::remove_file(estate.repo.path().join(".git/tenure/pin")).unwrap();
    estate.by("nobody", "scan --range base..HEAD").run().done();
}

#[test]
fn a_policy_that_nobody_signed_quiets_nothing() {
    let estate = opened(false);
    estate.git("checkout --quiet base -- .secrets-policy.toml secrets");
    estate.commit("as before");
    estate.by("ana", "check").run().done();
    let found = estate.by("nobody", "check --range base..HEAD").run();
    assert_eq!(found.code, 1, "{found}");
    assert!(found.stdout.contains(IN_CLEAR), "{found}");
}

#[test]
fn an_older_policy_that_is_put_back_for_a_commit_quiets_nothing() {
    let estate = opened(true);
    estate.git("tag clear");
    estate.edit(".secrets-policy.toml", |text| text.replace("clear = [\"HOST\"]\n", ""));
    estate.by("ana", "policy sign -y").run().done();
    estate.by("ana", "-y seal secrets/dev.env").run().done();
    assert!(!estate.read("secrets/dev.env").contains("db.example.net"));
    estate.commit("sealed again");
    estate.git("tag sealed");
    estate.git("checkout --quiet clear -- .secrets-policy.toml secrets");
    estate.commit("put back");
    estate.git("checkout --quiet sealed -- .secrets-policy.toml secrets");
    estate.commit("as before");
    // Also where it was in force within the range before.
    let all = format!("{}..HEAD", "0".repeat(40));
    for range in ["sealed..HEAD", "clear..HEAD", "base..HEAD", &all] {
        let found = estate.by("nobody", &format!("check --range {range}")).run();
        assert_eq!(found.code, 1, "{range}: {found}");
        assert_eq!(found.stdout.matches(IN_CLEAR).count(), 1, "{range}: {found}");
    }
    // Two commits do no better, nor does a merge with one that was made then.
    estate.git("reset --quiet --hard HEAD~1");
    estate.write("more", "more\n");
    estate.commit("goes on");
    let found = estate.by("nobody", "scan --range base..HEAD").run();
    assert_eq!(found.stdout.matches(IN_CLEAR).count(), 1, "{found}");
    // Where it was in force when the commit was made, it is no leak.
    estate.git("reset --quiet --hard sealed");
    for range in ["base..HEAD", &all] {
        estate.by("nobody", &format!("scan --range {range}")).run().done();
    }
    estate.git("checkout --quiet -b side clear");
    estate.edit("secrets/dev.env", |text| text.replace("HOST=db.", "HOST=db2."));
    estate.commit("made then");
    estate.git("merge --quiet --no-verify -X theirs -m merged sealed");
    estate.by("nobody", &format!("scan --range {all}")).run().done();
}

#[test]
fn a_policy_that_does_not_hold_lets_nothing_stand_where_there_was_none_before() {
    let all = format!("scan --range {}..HEAD", "0".repeat(40));
    for odd in ["# unsigned\n", "garbage[\n"] {
        let estate = estate();
        estate.by("nobody", &all).run().done();
        estate.edit(".secrets-policy.toml", |text| format!("{text}{odd}"));
        estate.edit("secrets/dev.env", |text| format!("{text}HOST=db.example.net\n"));
        estate.commit("evil");
        estate.git("checkout --quiet base -- .");
        estate.commit("as before");
        let found = estate.by("nobody", &all).run();
        assert!(found.stdout.contains(IN_CLEAR), "{odd}: {found}");
        // Nor where there is no policy at all.
        estate.git("reset --quiet --hard base");
        estate.git("checkout --quiet --orphan apart");
        estate.git("rm --quiet -r --cached .");
        estate.write("secrets/dev.env", "HOST=db.example.net\n");
        estate.git("add secrets/dev.env");
        estate.git("commit --quiet --no-verify -m apart");
        estate.git("checkout --quiet --force main");
        estate.git("merge --quiet --no-verify --allow-unrelated-histories -s ours -m merged apart");
        let found = estate.by("nobody", &all).run();
        assert!(found.stdout.contains(IN_CLEAR), "{odd}: {found}");
    }
}

#[test]
fn case_77_a_leak_and_its_mark_in_one_range_are_both_told() {
    let estate = estate();
    let marked = |mark: &str| format!("{} // {mark}\n", line().trim_end());
    estate.write("old.rs", marked("gitleaks:allow"));
    estate.commit("reviewed before");
    estate.git("tag before");
    estate.write("old.rs", format!("// more\n{}", estate.read("old.rs")));
    estate.write(
        "docs/a.md",
        format!("# A\n{}", marked("tenure:allow stripe-access-token an example")),
    );
    estate.commit("leak and mark");
    estate.write("docs/a.md", "# A\n");
    estate.commit("takes it out");
    let commit = &id(&estate.repo, "HEAD~1")[..7];
    let checked = run(&estate, "check --range before..HEAD").done();
    let told = format!("exception  docs/a.md:2  in commit {commit}: Stripe key");
    assert!(checked.stdout.contains(&told), "{checked}");
    let told = "[stripe-access-token], which a mark in its line lets pass";
    assert!(checked.stdout.contains(told), "{checked}");
    assert!(checked.stdout.contains("nothing found, 1 let pass by marks"), "{checked}");
    assert!(!checked.stdout.contains("old.rs"), "{checked}");
    let json = run(&estate, "--json check --range before..HEAD").done().json();
    assert_eq!(json["range"]["by_marks"], 1);
    let [one] = json["range"]["marked"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!(
        (&one["path"], &one["line"], &one["level"]),
        (&"docs/a.md".into(), &2.into(), &"note".into())
    );
    let scanned = run(&estate, "scan --range before..HEAD").done();
    assert!(
        scanned.stdout.starts_with(&format!("marked  {commit}:docs/a.md:2:12  stripe")),
        "{scanned}"
    );
    let notes = run(&estate, "scan --range before..HEAD --format github").done();
    assert!(notes.stdout.starts_with("::notice file=docs/a.md,line=2"), "{notes}");
    let sarif = run(&estate, "scan --range before..HEAD --format sarif").done().json();
    let [result] = sarif["runs"][0]["results"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!(result["suppressions"], serde_json::json!([{ "kind": "inSource" }]));
    let gitlab = run(&estate, "scan --range before..HEAD --format gitlab").done().json();
    assert_eq!(gitlab[0]["severity"], "info");
    // Elsewhere a mark is counted, and nothing managed passes by one.
    let all = run(&estate, "scan --history").done();
    assert!(all.stdout.contains("2 let pass by marks") && !all.stdout.contains("docs/a"), "{all}");
    leaks(&estate, &format!("{FIRST} # gitleaks:allow"), "managed");
    estate.write("docs/b.md", format!("{}{}", marked("gitleaks:allow"), line()));
    estate.commit("beside");
    let found = run(&estate, "check --range HEAD~2..HEAD");
    assert_eq!(found.code, 1, "{found}");
    for told in ["leak  notes/managed.md:1", "leak  docs/b.md:2", "exception  docs/b.md:1"] {
        assert!(found.stdout.contains(told), "no `{told}` in {found}");
    }
    assert!(!found.stdout.contains("leak  docs/b.md:1"), "{found}");
}

fn id(repo: &Repo, name: &str) -> String {
    repo.git(&["rev-parse", name]).done().stdout.trim().to_owned()
}

#[test]
fn each_tip_of_a_push_is_judged_by_its_own_exceptions() {
    let repo = Repo::new();
    repo.write("readme", "nothing to hide\n");
    repo.commit("first");
    let none = "0".repeat(40);
    for branch in ["one", "two"] {
        repo.git(&["checkout", "-q", "-b", branch, "main"]).done();
        repo.write("a.rs", format!("// {branch}\n{}", line()));
        if branch == "one" {
            repo.run("allow a.rs:2 --reason example").done();
        }
        repo.commit(branch);
    }
    let told = |names: &[&str]| -> String {
        let line = |name: &&str| {
            format!("refs/heads/{name} {} refs/heads/{name} {none}\n", id(&repo, name))
        };
        names.iter().map(line).collect()
    };
    let push = |names: &[&str]| {
        repo.tenure_fed(&["hook", "run", "pre-push", "origin", "url"], told(names))
    };
    push(&["one"]).done();
    for names in [&["two"][..], &["one", "two"], &["two", "one"]] {
        let pushed = push(names);
        assert_eq!(pushed.code, 1, "{names:?}: {pushed}");
        let place = format!("{}:a.rs:2", &id(&repo, "two")[..7]);
        assert!(pushed.stderr.contains(&place), "{names:?}: {pushed}");
        assert_eq!(pushed.stderr.matches("a.rs:2:").count(), 1, "{names:?}: {pushed}");
        let commits = if names.len() == 1 { "in 2 commits" } else { "in 3 commits" };
        assert!(pushed.stderr.contains(commits), "{names:?}: {pushed}");
    }
}

#[test]
fn a_range_may_begin_with_nothing_beside_it_or_at_its_end() {
    let repo = Repo::new();
    repo.write("old.rs", line());
    repo.commit("old");
    repo.git(&["checkout", "-q", "-b", "side"]).done();
    repo.write("side.rs", line());
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]).done();
    repo.write("main.rs", "fn main() {}\n");
    repo.commit("main");
    let scan = |range: &str| repo.tenure(&["scan", "--range", range]);
    // The beginning is no ancestor of the end.
    let found = scan("main..side");
    assert!(found.stdout.contains("side.rs:1") && !found.stdout.contains("old.rs"), "{found}");
    assert!(found.stdout.contains("2 texts, 1 commit"), "{found}");
    // There is nothing in it.
    for empty in ["side..side", "side..side~1"] {
        let none = scan(empty).done();
        assert!(none.stdout.contains("0 commits, nothing found"), "{none}");
    }
    // There was nothing before: all that the end has.
    for zeroes in [40, 64] {
        let all = scan(&format!("{}..side", "0".repeat(zeroes)));
        assert_eq!(all.code, 1, "{all}");
        assert!(all.stdout.contains("old.rs:1") && all.stdout.contains("side.rs:1"), "{all}");
        assert!(all.stdout.contains("2 commits"), "{all}");
    }
    assert_eq!(scan(&format!("{}..side", "0".repeat(39))).code, 2);
    assert_eq!(scan(&format!("side..{}", "0".repeat(40))).code, 2);
}

#[test]
fn a_range_that_a_shallow_clone_cuts_says_so() {
    let repo = Repo::new();
    repo.write("old.rs", line());
    repo.commit("old");
    repo.git(&["branch", "-q", "base"]).done();
    for name in ["one", "two"] {
        repo.write(name, "nothing\n");
        repo.commit(name);
    }
    let clone = repo.folder().join("ana-shallow");
    let url = format!("file://{}", repo.path().display());
    let to = clone.to_str().unwrap();
    repo.git(&["clone", "--quiet", "--depth=1", "--no-single-branch", &url, to]).done();
    let scan = |range: &str| {
        let tenure =
            repo.command(env!("CARGO_BIN_EXE_tenure")).args(&["--now", repo.now(), "scan"]);
        tenure.args(&["--range", range]).within(&clone).run()
    };
    let cut = scan("origin/base..HEAD");
    assert!(cut.stdout.contains("this clone is shallow"), "{cut}");
    assert_eq!(scan("HEAD~1..HEAD").code, 2);
    repo.git(&["-C", to, "fetch", "--quiet", "--unshallow"]).done();
    let whole = scan("origin/base..HEAD").done();
    assert!(!whole.stdout.contains("shallow"), "{whole}");
}

/// The lines that a host's job runs, as docs/ci.md has them.
fn script(begin: &str, is_line: impl Fn(&str) -> Option<&str>) -> String {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci.md")).unwrap();
    let lines = page.lines().skip_while(|line| line.trim() != begin).skip(1);
    let lines: Vec<_> = lines.map_while(is_line).collect();
    assert!(lines.len() > 1, "docs/ci.md has no lines behind `{begin}`");
    lines.join("\n")
}

/// A clone of an estate with a leak on main and two on a branch, in which the lines of docs/ci.md run.
struct Jobs {
    estate: Estate,
    root: String,
    clone: std::path::PathBuf,
}

impl Jobs {
    fn new() -> Self {
        let estate = estate();
        estate.write("old.rs", line());
        estate.commit("old");
        estate.git("checkout --quiet -b side");
        estate.write("one.rs", line());
        estate.commit("one");
        estate.git("tag one");
        estate.write("two.rs", line());
        estate.commit("two");
        let clone = estate.repo.folder().join("clone");
        estate.repo.git(&["clone", "--quiet", ".", clone.to_str().unwrap()]).done();
        Self { root: estate.root(), estate, clone }
    }

    fn run(&self, script: &str, variables: &[(&str, &str)]) -> Outcome {
        let shell = self.estate.repo.command("sh").args(&["-ec", script]);
        let set =
            |shell: crate::support::Prepared, (name, value): &(&str, &str)| shell.env(name, value);
        let shell = shell.env("TENURE_ROOT", &self.root);
        variables.iter().fold(shell, set).within(&self.clone).run()
    }

    fn github(&self, variables: &[(&str, &str)]) -> Outcome {
        let lines = script("- run: |", |line| line.strip_prefix("          "));
        self.run(&lines, &[&[("BASE", "main")], variables].concat())
    }

    fn gitlab(&self, variables: &[(&str, &str)]) -> Outcome {
        let lines = script("script:", |line| line.strip_prefix("    - "));
        self.run(&lines, &[&[("CI_DEFAULT_BRANCH", "main")], variables].concat())
    }
}

#[test]
fn the_lines_for_ci_find_what_each_event_brings() {
    let jobs = Jobs::new();
    let repo = &jobs.estate.repo;
    let (one, head) = (id(repo, "one"), id(repo, "HEAD"));
    let (none, gone) = ("0".repeat(40), "1".repeat(40));
    let both = ["one.rs:1", "two.rs:1"].as_slice();
    // What stood there before the push, and what it brings; a pull request is told all that it brings.
    for (before, places) in [("", both), (&none, both), (&gone, both), (&one, &both[1..])] {
        let request = if before.is_empty() { "origin/main" } else { "" };
        let ran = [
            jobs.github(&[("BEFORE", before), ("GITHUB_REF_NAME", "side")]),
            jobs.gitlab(&[
                ("CI_COMMIT_BEFORE_SHA", before),
                ("CI_MERGE_REQUEST_DIFF_BASE_SHA", request),
                ("CI_COMMIT_SHA", &head),
                ("CI_COMMIT_BRANCH", if request.is_empty() { "side" } else { "" }),
            ]),
        ];
        for found in ran {
            assert_eq!(found.code, 1, "{before}: {found}");
            for place in ["old.rs:1", "one.rs:1", "two.rs:1"] {
                let is_told = found.stdout.contains(place);
                assert_eq!(is_told, places.contains(&place), "{before}, {place}: {found}");
            }
        }
    }
}

#[test]
fn the_lines_for_ci_look_through_all_of_a_default_branch_without_a_past() {
    let jobs = Jobs::new();
    let repo = &jobs.estate.repo;
    repo.git(&["-C", jobs.clone.to_str().unwrap(), "checkout", "--quiet", "main"]).done();
    let main = id(repo, "main");
    // Its first push, one by force, and one that brings nothing.
    for before in [&"0".repeat(40), &"1".repeat(40), &main] {
        let ran = [
            jobs.github(&[("BEFORE", before), ("GITHUB_REF_NAME", "main")]),
            jobs.gitlab(&[
                ("CI_COMMIT_BEFORE_SHA", before),
                ("CI_COMMIT_SHA", &main),
                ("CI_COMMIT_BRANCH", "main"),
            ]),
        ];
        for found in ran {
            assert_eq!(found.code, 1, "something is overdue in any case: {before}: {found}");
            assert_eq!(found.stdout.contains("old.rs:1"), before != &main, "{before}: {found}");
        }
    }
}
