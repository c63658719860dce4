//! What may become a value, and the proof that it is new.

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::seal::started;
use crate::support::{Outcome, Repo, snapshot, stock};

/// Lets a script stand for the editor; the file is `$1`.
fn edit(repo: &Repo, what: &str, script: &str) -> Outcome {
    let path = repo.home().join("editor");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    let command = repo.command(env!("CARGO_BIN_EXE_tenure")).env("EDITOR", path);
    command.args(&["--now", repo.now(), "edit", what]).run()
}

#[track_caller]
fn refused(repo: &Repo, outcome: &Outcome, why: &str) {
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome}");
    assert!(outcome.stderr.contains(why), "no `{why}` in {outcome}");
    assert_eq!(repo.git(&["status", "--porcelain", "secrets"]).stdout, "");
}

/// `dev/A` and `dev/B`, which ben could read until he was removed.
fn left_by_ben() -> Repo {
    let repo = started();
    repo.write("secrets/dev.env", "A=first-value\nB=other-value\n");
    repo.write("secrets/dev/l.yaml", "l:\n  - list-value-1\n  - list-value-2\nt: plain-text\n");
    repo.run("seal").done();
    repo.commit("sealed");
    with_ben(&repo);
    assert_ne!(owed(&repo), Vec::<String>::new());
    repo
}

/// Lets ben in, and removes him.
fn with_ben(repo: &Repo) {
    let file = repo.home().join("ben.key");
    let args = ["-q", "-t", "ed25519", "-N", "", "-C", "ben", "-f"];
    repo.command(stock("ssh-keygen").unwrap()).args(&args).arg(&file).run().done();
    let key = file.with_extension("key.pub").display().to_string();
    repo.tenure(&["member", "add", "ben", "--role", "developer", "--ssh-key", &key, "-y"]).done();
    repo.run("member remove ben --yes").done();
    repo.commit("ben left");
}

/// What must be rotated.
fn owed(repo: &Repo) -> Vec<String> {
    let checked = repo.run("check --json").json();
    let all = checked["obligations"].as_array().unwrap();
    let key = |it: &serde_json::Value| {
        it["address"].as_str().unwrap().rsplit('#').next().unwrap().to_owned()
    };
    all.iter().map(key).collect()
}

#[test]
fn a_credential_of_fewer_than_eight_characters_is_refused_by_all_that_take_one() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A", "--type", "api-key"], "long-enough").done();
    repo.commit("set");
    snapshot!(repo.tenure_fed(&["set", "dev/B", "--type", "api-key"], "s3cr.t7"), @r"
    exit 2
    --- stderr
    error: the value of dev/B has fewer than 8 characters; nothing written
    hint: have one made: --generate; or insist: --anyway
    ");
    refused(&repo, &repo.tenure_fed(&["rotate", "dev/A"], "s3cr.t7"), "fewer than 8");
    let edited = edit(&repo, "secrets/dev.env", "sed -i s/long-enough/s3cr.t7/ \"$1\"");
    refused(&repo, &edited, "the value of dev/A has fewer than 8 characters");
    assert!(edited.stderr.contains("by itself: tenure set dev/A --anyway"), "{edited}");
    repo.tenure_fed(&["set", "dev/A", "--anyway"], "s3cr.t7").done();
    // What stays as it is, is no new value; nor does a port have to be long.
    edit(&repo, "secrets/dev.env", "echo PORT=8080 >> \"$1\"").done();
    repo.tenure_fed(&["set", "dev/LEVEL", "--type", "config"], "info").done();
}

#[test]
fn a_whole_file_of_weak_values_is_sealed_with_a_warning() {
    let repo = started();
    repo.write("secrets/dev.env", "A=s3cr.t7\nB=changeme\nC=sk_live_51H8xYzAbCdEfGh\n");
    let sealed = repo.run("seal --type api-key").done();
    let warning = "warning: sealed as it stands, and no good as a new value: the value of dev/A \
                   has fewer than 8 characters (1 of 2 such)\n";
    assert!(sealed.stderr.contains(warning), "{sealed}");
    assert!(!sealed.to_string().contains("s3cr.t7"), "{sealed}");
    repo.run("check").done();
}

#[test]
fn a_value_gets_a_type_and_no_more_time() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A"], "long-enough").done();
    repo.commit("set");
    let file = repo.read("secrets/dev.env");
    let repo = repo.at("2026-02-01");
    snapshot!(repo.run("set dev/A --type signing-key --keep"), @r"
    exit 0
    --- stdout
    dev/A is of the type signing-key now; its value stays. Rotate by 2026-04-01. Entry [id], signed by ana.
    ");
    assert_eq!(repo.read("secrets/dev.env"), file, "no token changes");
    repo.run("check").done();
    // The same value again says the same, and a shorter cadence counts from today.
    let nearer = repo.at("2026-03-01");
    snapshot!(nearer.tenure_fed(&["set", "dev/A", "--type", "token"], "long-enough"), @r"
    exit 0
    --- stdout
    dev/A is of the type token now; its value stays. Rotate by 2026-04-01. Entry [id], signed by ana.
    ");
    let again = nearer.run("set dev/A --type token --keep").done();
    assert_eq!(again.stdout, "dev/A has this value already; nothing written\n");
    nearer.run("check").done();
    let log = nearer.run("log dev/A").done().stdout;
    assert_eq!(log.matches("adopt").count(), 2, "{log}");
    assert_eq!(nearer.run("set dev/NO --type token --keep").code, 2);
}

#[test]
fn a_deadline_goes_only_with_a_reason() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/LEVEL"], "information").done();
    repo.tenure_fed(&["set", "dev/KEY"], "sk_live_51H8xYzAbCdEfGh").done();
    repo.commit("set");
    let repo = repo.at("2026-12-01");
    assert_eq!(repo.run("check -e dev").code, 1);
    let silent = repo.run("set dev/LEVEL --type config --keep");
    refused(&repo, &silent, "it would not be due on 2026-04-01 any more, nor ever");
    assert!(silent.stderr.contains("an admin says why: --reason TEXT"), "{silent}");
    let key = ["set", "dev/KEY", "--type", "config", "--keep", "--reason", "none"];
    refused(&repo, &repo.tenure(&key), "the value looks like");
    let mut said = key;
    said[1] = "dev/LEVEL";
    let done = repo.tenure(&said).done();
    assert!(done.stdout.contains("It is never due."), "{done}");
    assert!(repo.run("log dev/LEVEL").done().stdout.contains("extend"));
    let left = repo.run("check -e dev");
    assert_eq!((left.code, left.stdout.contains("dev.env#LEVEL")), (1, false), "{left}");
}

#[test]
fn another_type_pays_no_debt() {
    let repo = left_by_ben();
    let before = owed(&repo);
    for kind in ["api-key", "config"] {
        let words = ["set", "dev/A", "--type", kind, "--keep", "--reason", "sorted out"];
        repo.tenure(&words).done();
        repo.commit(kind);
        assert_eq!(owed(&repo), before, "{kind}");
    }
}

#[test]
fn an_edit_pays_no_debt_with_what_was_there() {
    let repo = left_by_ben();
    let to = |value: &str| {
        edit(&repo, "secrets/dev.env", &format!("sed -i 's/^A=.*/A={value}/' \"$1\""))
    };
    to("second-value").done();
    repo.commit("second");
    assert!(!owed(&repo).contains(&"A".to_owned()));
    refused(
        &repo,
        &to("other-value"),
        "dev/A would have the value of dev/B, which must be rotated",
    );
    let copied = edit(&repo, "secrets/dev.env", "echo NEW=other-value >> \"$1\"");
    refused(&repo, &copied, "dev/NEW would have the value of dev/B");
    assert!(!copied.stderr.contains("other-value"), "{copied}");
    let words = ["set", "dev/NEW", "--file", "secrets/dev.env"];
    let set = repo.tenure_fed(&words, "other-value");
    refused(&repo, &set, "dev/NEW would have the value of dev/B");
    to("third-value").done();

    // Overdue now: every value that it ever had is refused, by `seal`, too.
    let repo = repo.at("2026-12-01");
    repo.commit("third");
    for old in ["first-value", "second-value"] {
        let script = format!("sed -i 's/^A=.*/A={old}/' \"$1\"");
        refused(
            &repo,
            &edit(&repo, "dev/secrets/dev.env#A", &script.replace("^A=.*/A=", ".*/")),
            "dev/A had this value before",
        );
        repo.run("open --in-place secrets/dev.env").done();
        let open = repo.read("secrets/dev.env").replace("third-value", old);
        repo.write("secrets/dev.env", open);
        let sealed = repo.run("seal");
        assert_eq!((sealed.code, sealed.stdout.as_str()), (2, ""), "{sealed}");
        assert!(sealed.stderr.contains("dev/A had this value before"), "{sealed}");
        repo.write("secrets/dev.env", repo.git(&["show", "HEAD:secrets/dev.env"]).stdout);
        repo.run("seal").done();
    }
    to_new(&repo);
}

/// The honest twin: a value that is new is taken where an old one is not.
fn to_new(repo: &Repo) {
    edit(repo, "secrets/dev.env", "sed -i 's/^A=.*/A=fourth-value/' \"$1\"").done();
    repo.commit("fourth");
}

#[test]
fn a_list_pays_its_debt_with_something_new_alone() {
    let repo = left_by_ben();
    let list = |script: &str| edit(&repo, "secrets/dev/l.yaml", script);
    let more = list("sed -i 's/list-value-2/plain-text/' \"$1\"");
    refused(&repo, &more, "would have the value of dev/t");
    for some in ["s/list-value-2/list-value-3/", "s/\\(.*\\)list-value-2/&\\n\\1list-value-3/"] {
        let some = list(&format!("sed -i '{some}' \"$1\""));
        refused(&repo, &some, "dev/l wants new values, and would keep some of the old ones");
    }
    list("sed -i 's/list-value-1/list-value-0/; s/list-value-2/list-value-3/' \"$1\"").done();
    repo.commit("new");
    assert!(!owed(&repo).contains(&"l".to_owned()));
    // A list that gets shorter has no more time than it had.
    let repo = repo.at("2026-02-01");
    edit(&repo, "secrets/dev/l.yaml", "sed -i '/list-value-3/d' \"$1\"").done();
    let list = repo.run("list --json").done().json();
    let rows = list["secrets"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == "dev/l").unwrap();
    assert_eq!(row["due"], "2026-04-01", "{list}");
}

#[test]
fn a_value_that_is_written_in_another_way_is_the_same_value() {
    let repo = left_by_ben();
    repo.write("secrets/dev/j.json", "{\"j\": \"json-value\"}\n");
    repo.run("seal").done();
    repo.commit("json");
    let before = owed(&repo);
    let dues = |repo: &Repo| {
        let list = repo.run("list --json").done().json();
        let rows = list["secrets"].as_array().unwrap().clone();
        rows.iter().map(|row| row["due"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let due = dues(&repo);
    let repo = repo.at("2026-01-05");
    // ben left, so the tokens are of an older generation, which nobody signs as new ones.
    for (path, script) in [
        ("secrets/dev.env", "s/^A=\\(.*\\)/A=\"\\1\"/"),
        ("secrets/dev.env", "s/^A=/export A=/"),
        ("secrets/dev.env", "s/^B=.*/& # a note/"),
        ("secrets/dev/l.yaml", "s/^t: \\(.*\\)/t: \"\\1\"/"),
        ("secrets/dev/l.yaml", "s/^t: /t: \\&x /"),
        ("secrets/dev/l.yaml", "/list-value-2/d"),
        ("secrets/dev/j.json", "s/json-v/json-\\\\u0076/"),
    ] {
        edit(&repo, path, &format!("sed -i '{script}' \"$1\"")).done();
        repo.commit(script);
        let checked = repo.run("check");
        assert!(checked.code < 2, "{script}: {checked}");
        assert_eq!((owed(&repo), dues(&repo)), (before.clone(), due.clone()), "{script}");
    }
    assert_eq!(repo.run("get dev/j").done().stdout, "json-value");
    repo.run("open --in-place secrets/dev.env").done();
    repo.write("secrets/dev.env", "A='first-value'\nB='other-value'\n");
    repo.run("seal").done();
    repo.commit("in place");
    assert_eq!((owed(&repo), dues(&repo)), (before, due));
    let log = repo.run("log dev/A").done().stdout;
    assert_eq!(log.matches("new").count(), 1, "{log}");
}

#[test]
fn a_value_that_is_no_good_any_more_comes_back_in_no_way() {
    let repo = left_by_ben();
    repo.run("rotate dev/A --generate password:20").done();
    repo.commit("paid");
    let paid = owed(&repo);
    assert!(!paid.contains(&"A".to_owned()));
    let again = "dev/A had this value before";
    for words in [&["set", "dev/A"][..], &["set", "dev/A", "--anyway"]] {
        refused(&repo, &repo.tenure_fed(words, "first-value"), again);
    }
    refused(&repo, &repo.tenure_fed(&["set", "dev/A"], "first-value "), again);
    let back = edit(&repo, "secrets/dev.env", "sed -i 's/^A=.*/A=\"first-value\"/' \"$1\"");
    refused(&repo, &back, again);
    // What was in use and is still good may stand again.
    repo.tenure_fed(&["set", "dev/A"], "second-value").done();
    repo.tenure_fed(&["set", "dev/A"], "third-value").done();
    repo.tenure_fed(&["set", "dev/A"], "second-value").done();
    repo.commit("back");
    // Said to be ended at its issuer: it is not good.
    repo.tenure_fed(&["set", "dev/A"], "fourth-value").done();
    repo.run("rotate dev/A --finish -y").done();
    repo.commit("ended");
    refused(&repo, &repo.tenure_fed(&["set", "dev/A"], "second-value"), again);
}

/// Lets the policy leave `dev/A` in clear, and puts it so.
fn clear_a(repo: &Repo) {
    let policy = repo.read(".secrets-policy.toml");
    let clear = policy.replacen("[environments.dev]\n", "[environments.dev]\nclear = [\"A\"]\n", 1);
    assert_ne!(policy, clear);
    repo.write(".secrets-policy.toml", clear);
    repo.run("policy sign -y").done();
    repo.run("open --in-place secrets/dev.env").done();
    repo.run("seal").done();
    assert!(repo.read("secrets/dev.env").contains("A=first-value"));
}

/// Takes that back; what stands in clear is to be sealed.
fn seal_a(repo: &Repo) -> Outcome {
    let clear = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", clear.replace("clear = [\"A\"]\n", ""));
    repo.run("policy sign -y").done();
    assert!(owed(repo).contains(&"A".to_owned()), "between the two");
    assert!(repo.run("check").stdout.contains("tenure seal secrets/dev.env"));
    repo.run("seal secrets/dev.env").done()
}

#[test]
fn a_value_that_stood_in_clear_for_a_while_pays_nothing_by_that() {
    for committed in [true, false] {
        let repo = left_by_ben();
        let before = owed(&repo);
        clear_a(&repo);
        if committed {
            repo.commit("in clear");
        }
        assert_eq!(owed(&repo), before);
        let checked = repo.run("check --json").json();
        let of_a = |it: &&serde_json::Value| it["code"] == "obligation" && it["key"] == "A";
        let of_a = checked["findings"].as_array().unwrap().iter().find(of_a).unwrap().clone();
        assert!(of_a["message"].as_str().unwrap().starts_with("stands in clear, and must rotate"));
        assert!(of_a["fix"].as_str().unwrap().contains("take it out of `clear`"), "{of_a}");
        // Also by what is remembered of the log, and with another value in clear.
        for _ in 0..2 {
            let status = repo.run("status --json").json();
            assert_eq!(status["obligations"].as_array().unwrap().len(), before.len(), "{status}");
        }
        let sealed = seal_a(&repo);
        let said = "dev/A stood in clear, for all who see the repository: it must rotate: tenure rotate dev/A";
        assert!(sealed.stderr.contains(said), "{sealed}");
        repo.commit("sealed again");
        assert!(!repo.read("secrets/dev.env").contains("first-value"));
        assert_eq!(owed(&repo), before);
        repo.tenure_fed(&["rotate", "dev/A"], "newest-value").done();
        assert_eq!(owed(&repo).len() + 1, before.len());
    }
}

#[test]
fn what_stood_in_clear_is_due_at_once_where_it_is_sealed_again() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A", "--type", "token"], "first-value").done();
    repo.commit("set");
    clear_a(&repo);
    repo.commit("in clear");
    let clear = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", clear.replace("clear = [\"A\"]\n", ""));
    repo.run("policy sign -y").done();
    repo.run("seal secrets/dev.env").done();
    repo.commit("sealed again");
    let listed = repo.run("list --json").done().json();
    assert_eq!(listed["secrets"][0]["type"], "token", "as it was: {listed}");
    let overdue = |repo: &Repo| repo.run("check --json").stdout.contains("\"overdue\"");
    assert!(!overdue(&repo));
    assert!(overdue(&repo.at("2026-01-02")));
}

#[test]
fn what_was_overdue_before_it_stood_in_clear_stays_so_and_what_was_not_has_no_deadline() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A", "--type", "token"], "first-value").done();
    repo.commit("set");
    let found = |repo: &Repo| {
        let checked = repo.run("check --json").json();
        let all = checked["findings"].as_array().unwrap().clone();
        all.iter().any(|it| it["code"] == "overdue" && it["key"] == "A")
    };
    let late = repo.at("2026-12-01");
    assert!(found(&late));
    clear_a(&late);
    late.commit("in clear");
    assert!(found(&late));
    let repo = started();
    repo.tenure_fed(&["set", "dev/A", "--type", "token"], "first-value").done();
    clear_a(&repo);
    repo.commit("in clear");
    assert!(!found(&repo.at("2026-12-01")));
}

#[test]
fn who_leaves_after_a_value_was_put_in_clear_makes_it_owed_no_more() {
    let repo = started();
    repo.write("secrets/dev.env", "A=first-value\nB=other-value\nE=\n");
    repo.run("seal").done();
    clear_a(&repo);
    repo.commit("in clear");
    with_ben(&repo);
    assert_eq!(owed(&repo), ["B"]);
    // An empty place is no value in clear: what comes after it pays.
    let empty = edit(&repo, "secrets/dev.env", "sed -i 's/^B=.*/B=/' \"$1\"").done();
    assert_eq!(owed(&repo), Vec::<String>::new(), "{empty}");
    repo.tenure_fed(&["set", "dev/B"], "newest-value").done();
    assert_eq!(owed(&repo), Vec::<String>::new());
}

#[test]
fn a_name_that_an_editor_changes_gives_no_time_and_pays_nothing() {
    let repo = left_by_ben();
    let to_c = |repo: &Repo| edit(repo, "secrets/dev.env", "sed -i 's/^A=/C=/' \"$1\"");
    let renamed = to_c(&repo);
    refused(&repo, &renamed, "dev/C would have the value of dev/A, which must be rotated");
    assert!(renamed.stderr.contains("tenure mv dev/A NAME"), "{renamed}");
    repo.tenure_fed(&["set", "dev/A", "--type", "token"], "newest-value").done();
    repo.commit("paid");
    let later = repo.at("2026-02-01");
    to_c(&later).done();
    later.commit("renamed");
    later.run("check -e dev");
    let list = later.run("list --json").done().json();
    let rows = list["secrets"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == "dev/C").unwrap();
    assert_eq!((&row["due"], &row["type"]), (&"2026-04-01".into(), &"token".into()), "{list}");
    // Overdue: it is owed as it is.
    let overdue = later.at("2026-12-01");
    let back = edit(&overdue, "secrets/dev.env", "sed -i 's/^C=/D=/' \"$1\"");
    refused(&overdue, &back, "dev/D would have the value of dev/C, which must be rotated");
}

#[test]
fn what_is_in_an_order_that_it_had_or_loses_its_anchor_gets_new_tokens_and_no_more_time() {
    let repo = started();
    let (one, other) = ("l:\n  - a\n  - b\nk: plain\n", "l:\n  - b\n  - a\nk: &x plain\n");
    repo.write("secrets/dev/l.yaml", one);
    repo.run("seal").done();
    repo.commit("one");
    let before = repo.read("secrets/dev/l.yaml");
    let repo = repo.at("2026-02-01");
    for text in [other, one, other] {
        repo.write(".git/text", text);
        edit(&repo, "secrets/dev/l.yaml", "cat .git/text > \"$1\"").done();
        repo.commit("edited");
        repo.run("check").done();
        let list = repo.run("list --json").done().json();
        let rows = list["secrets"].as_array().unwrap();
        assert!(rows.iter().all(|row| row["due"] == "2026-04-01"), "{list}");
        assert_eq!(repo.run("open secrets/dev/l.yaml").done().stdout, text);
    }
    assert_ne!(repo.read("secrets/dev/l.yaml"), before);
}

#[test]
fn an_old_value_comes_back_under_no_other_name() {
    let repo = left_by_ben();
    repo.tenure_fed(&["set", "dev/B"], "newer-value").done();
    repo.tenure_fed(&["set", "dev/A"], "newest-value").done();
    repo.commit("paid");
    repo.run("unset dev/B").done();
    repo.tenure_fed(&["set", "dev/C", "--file", "secrets/dev.env"], "other-value").done();
    repo.commit("copied");
    refused(&repo, &repo.run("mv dev/C dev/B"), "dev/B had this value before");
    repo.run("mv dev/C dev/D").done();
}

#[test]
fn a_pkcs12_file_in_a_variable_is_read_and_a_wrong_password_refused() {
    let repo = started().at("2026-12-01");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rotation/expiry/samples/pbes2.p12");
    let text = STANDARD.encode(std::fs::read(sample).unwrap());
    repo.write("password", "pässword\n");
    repo.write("wrong", "another\n");
    let args = ["set", "dev/P12", "--type", "internal-certificate"];
    let with = |file: &str| {
        let mut with = args.to_vec();
        with.extend(["--password-file", file]);
        repo.tenure_fed(&with, &text)
    };
    let wrong = with("wrong");
    refused(&repo, &wrong, "the password given does not open the PKCS#12 file of dev/P12");
    let blind = repo.tenure_fed(&args, &text).done();
    assert!(blind.stderr.contains("warning: when its certificate ends is not known"), "{blind}");
    repo.run("unset dev/P12").done();
    let read = with("password").done();
    assert!(
        read.stdout.contains("Rotate by 2027-02-03 (its certificate ends 2027-02-10)."),
        "{read}"
    );
}

#[test]
fn a_certificate_is_announced_at_two_thirds_of_its_life() {
    let repo = started();
    let made = "set dev/TLS --type internal-certificate --generate cert:example.test:90d";
    repo.run(made).done();
    repo.tenure_fed(&["set", "dev/KEY", "--type", "api-key"], "long-enough").done();
    repo.commit("set");
    // It ends on 2026-04-01: due on 2026-03-25, and a third of its life is 30 days.
    let soon = |day: &str, key: &str| {
        let repo = Repo::copied(repo.folder()).at(day);
        let found = repo.run("check --json").json()["findings"].as_array().unwrap().clone();
        let soon = found.iter().filter(|it| it["code"] == "due-soon");
        soon.filter(|it| it["place"].as_str().unwrap().contains(key)).count()
    };
    assert_eq!((soon("2026-03-01", "TLS"), soon("2026-03-02", "TLS")), (0, 1));
    assert_eq!((soon("2026-03-17", "KEY"), soon("2026-03-18", "KEY")), (0, 1));
}

#[test]
fn help_is_the_help_of_a_command() {
    let repo = Repo::new();
    for (words, same) in [
        ("help", "--help"),
        ("help set", "set --help"),
        ("help member add", "member add --help"),
        ("help rm", "rm --help"),
    ] {
        let (help, same) = (repo.run(words).done(), repo.run(same).done());
        assert_eq!((help.stdout, help.stderr), (same.stdout, String::new()), "{words}");
    }
    snapshot!(repo.run("help sing"), @"
    exit 2
    --- stderr
    error: there is no command `sing`
    hint: `tenure --help` lists the commands
    ");
    let jwt = repo.run("set dev/T --generate jwt");
    assert!(jwt.stderr.contains("`hmac:64` makes a secret that signs one"), "{jwt}");
}
