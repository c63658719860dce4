//! `tenure rotate` without downtime: begin, promote, undo, finish; and what each state refuses.

use super::seal::started;
use crate::support::{Repo, snapshot};

/// A repository whose type `api-key` has these lines, and which has `dev/A` and `dev/B` of it.
pub(crate) fn typed(lines: &str) -> Repo {
    let repo = started();
    described(&repo, lines);
    for (key, value) in [("dev/A", "one-value"), ("dev/B", "two-value")] {
        repo.tenure_fed(&["set", key, "--type", "api-key"], value).done();
    }
    repo.commit("set");
    repo
}

fn described(repo: &Repo, lines: &str) {
    let policy = repo.read(".secrets-policy.toml");
    let new = policy.replace("[types.api-key]\n", &format!("[types.api-key]\n{lines}\n"));
    assert_ne!(new, policy);
    repo.write(".secrets-policy.toml", new);
    repo.run("policy sign --yes").done();
}

fn ended_at_console() -> Repo {
    typed("revoke = \"console, API keys\"")
}

/// The variables of `dev` that begin with `A`, as a program gets them.
pub(super) fn given(repo: &Repo) -> Vec<String> {
    let env = repo.run("run -q --clean -e dev -- env").done().stdout;
    let mut mine: Vec<_> =
        env.lines().filter(|line| line.starts_with('A')).map(str::to_owned).collect();
    mine.sort();
    mine
}

#[track_caller]
pub(super) fn refused(repo: &Repo, line: &str, error: &str, hint: &str) {
    let before = repo.read("secrets/dev.env");
    let outcome = repo.tenure_fed(&line.split(' ').collect::<Vec<_>>(), "unused-value");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome}");
    assert!(outcome.stderr.contains(error), "{outcome}");
    assert!(outcome.stderr.contains(&format!("hint: {hint}\n")), "{outcome}");
    assert_eq!(repo.read("secrets/dev.env"), before);
}

#[test]
fn a_rotation_goes_step_by_step_and_two_values_go_out_in_between() {
    let repo = ended_at_console().at("2026-02-01");
    snapshot!(repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value"), @r"
    exit 0
    --- stdout
    dev/A_NEXT is pending. Due 2026-05-02.
    Entry [id], signed by ana.
    --- stderr
    bring it to its issuer and to those who use it, then: tenure rotate dev/A --promote
    ");
    assert_eq!(given(&repo), ["A=one-value"]);
    assert_eq!(repo.run("get dev/A_NEXT").done().stdout, "new-value");
    let asked = repo.run("run -q -e dev --only A,A_NEXT -- env").done().stdout;
    assert!(asked.contains("A_NEXT=new-value"), "{asked}");

    snapshot!(repo.run("rotate dev/A --promote"), @r"
    exit 0
    --- stdout
    dev/A has its new value; the one before is dev/A_PREVIOUS. Due 2026-05-02.
    Entry [id], signed by ana.
    --- stderr
    both go out; end the old one at its issuer (console, API keys) by 2026-02-08, then: tenure rotate dev/A --finish
    ");
    assert_eq!(given(&repo), ["A=new-value", "A_PREVIOUS=one-value"]);
    let exported = repo.run("export -e dev --format dotenv").done().stdout;
    assert!(exported.contains("A_PREVIOUS=") && exported.contains("A="), "{exported}");

    snapshot!(repo.run("rotate dev/A --finish"), @r"
    exit 0
    --- stdout
    dev/A: 1 earlier value ended (declared). dev/A_PREVIOUS removed.
    Entry [id], signed by ana.
    --- stderr
    That the issuer refuses the old value is declared by ana, not proven.
    ");
    assert_eq!(given(&repo), ["A=new-value"]);
    repo.run("check").done();
    let file = repo.read("secrets/dev.env");
    assert!(!file.contains("A_PREVIOUS") && !file.contains("A_NEXT"), "{file}");
}

#[test]
fn the_log_of_a_secret_has_every_step_with_its_signer() {
    let repo = ended_at_console();
    repo.run("rotate dev/A --begin --generate hex:16 --reason yearly").done();
    repo.run("rotate dev/A --promote").done();
    repo.run("rotate dev/A --done").done();
    let log = repo.run("log dev/A --json").done().json();
    let entries = log["entries"].as_array().unwrap();
    let kinds: Vec<_> = entries.iter().rev().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["seal", "seal", "seal", "seal", "revoked"], "{log}");
    assert!(entries.iter().all(|entry| entry["by"] == "ana"), "{log}");
    let text = repo.run("log dev/A").done().stdout;
    assert!(text.contains("2 move") && text.contains("\"yearly\""), "{text}");
}

#[test]
fn each_state_takes_its_own_steps_and_names_them() {
    let repo = ended_at_console();
    refused(
        &repo,
        "rotate dev/A --promote",
        "no pending value stands beside dev/A",
        "tenure rotate dev/A --begin",
    );
    refused(
        &repo,
        "rotate dev/A --undo",
        "no rotation of dev/A is under way",
        "tenure rotate dev/A",
    );
    refused(
        &repo,
        "rotate dev/A --finish",
        "no earlier value of dev/A waits for its end",
        "tenure rotate dev/A",
    );

    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    let both = "tenure rotate dev/A --promote, or --undo";
    refused(&repo, "rotate dev/A --begin", "a pending value stands beside dev/A", both);
    refused(&repo, "rotate dev/A", "a pending value stands beside dev/A", both);
    refused(&repo, "rotate dev/A_NEXT", "dev/A_NEXT is the pending value of dev/A", both);
    refused(
        &repo,
        "rotate dev/A --finish",
        "no earlier value of dev/A waits",
        "tenure rotate dev/A",
    );

    repo.run("rotate dev/A --promote").done();
    let both = "tenure rotate dev/A --finish, or --undo";
    refused(&repo, "rotate dev/A --begin", "the previous value of dev/A has not been ended", both);
    refused(&repo, "rotate dev/A", "the previous value of dev/A has not been ended", both);
    refused(&repo, "rotate dev/A --promote", "dev/A has its new value already", both);
    refused(&repo, "rotate dev/A_PREVIOUS", "dev/A_PREVIOUS is the previous value of dev/A", both);
    refused(
        &repo,
        "rotate dev/A_PREVIOUS --finish",
        "is the previous value",
        "tenure rotate dev/A --finish",
    );

    repo.run("rotate dev/A --finish").done();
    refused(
        &repo,
        "rotate dev/A --finish",
        "no earlier value of dev/A waits",
        "tenure rotate dev/A",
    );
    refused(
        &repo,
        "rotate dev/A --undo",
        "no rotation of dev/A is under way",
        "tenure rotate dev/A",
    );
}

#[test]
fn other_commands_leave_a_rotation_alone() {
    let repo = ended_at_console();
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    let pending = "tenure rotate dev/A --promote, or --undo";
    refused(&repo, "set dev/A_NEXT", "dev/A_NEXT is the pending value of dev/A", pending);
    refused(&repo, "mv dev/A dev/C", "a pending value stands beside dev/A", pending);
    refused(&repo, "mv dev/A_NEXT dev/C", "is the pending value of dev/A", pending);
    refused(&repo, "unset dev/A", "a pending value stands beside dev/A", pending);
    repo.run("rotate dev/A --promote").done();
    let previous = "tenure rotate dev/A --finish, or --undo";
    refused(&repo, "set dev/A_PREVIOUS", "is the previous value of dev/A", previous);
    refused(&repo, "mv dev/A dev/C", "the previous value of dev/A has not been ended", previous);
    // In an emergency the current value may go, and what is before it is ended all the same.
    repo.run("unset dev/A").done();
    let done = repo.run("rotate dev/A --finish").done();
    assert!(done.stdout.contains("2 earlier values ended"), "{done}");
    repo.run("check").done();
}

#[test]
fn a_file_may_be_renamed_in_the_middle_of_a_rotation() {
    let repo = ended_at_console();
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    repo.tenure_fed(&["rotate", "dev/B", "--begin"], "newer-value").done();
    repo.run("rotate dev/B --promote").done();
    repo.commit("begun");
    repo.run("mv secrets/dev.env secrets/dev/x.env").done();
    repo.commit("renamed");
    repo.run("check").done();
    assert_eq!(given(&repo), ["A=one-value"]);
    repo.run("rotate dev/A --promote").done();
    assert_eq!(given(&repo), ["A=new-value", "A_PREVIOUS=one-value"]);
    let done = repo.run("rotate dev/A dev/B --finish").done();
    assert_eq!(done.stdout.matches("1 earlier value ended").count(), 2, "{done}");
    repo.run("check").done();
    assert_eq!(
        repo.tenure_fed(&["rotate", "dev/B"], "two-value").code,
        2,
        "as it was before the renaming"
    );
}

#[test]
fn a_pending_value_is_taken_back_and_still_to_be_ended() {
    let repo = ended_at_console();
    let before = repo.read("secrets/dev.env");
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    snapshot!(repo.run("rotate dev/A --undo"), @r"
    exit 0
    --- stdout
    dev/A_NEXT removed; dev/A is as it was. Due 2026-04-01.
    Entry [id], signed by ana.
    --- stderr
    end the value that was new for dev/A at its issuer (console, API keys), then: tenure rotate dev/A --finish
    ");
    assert_eq!(repo.read("secrets/dev.env"), before);
    let again = repo.tenure_fed(&["rotate", "dev/A", "--begin"], "newer-value").done();
    assert!(again.stdout.starts_with("dev/A_NEXT is pending"), "{again}");
    let ended = repo.run("rotate dev/A --finish").done();
    assert!(ended.stdout.starts_with("dev/A: 1 earlier value ended (declared).\n"), "{ended}");
    assert_eq!(repo.run("get dev/A").done().stdout, "one-value");
    repo.run("check").done();
}

#[test]
fn a_promoted_value_is_undone_and_the_one_before_is_back_with_its_deadline() {
    let repo = ended_at_console();
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    repo.run("rotate dev/A --promote").done();
    repo.commit("promoted");
    let undone = repo.run("rotate dev/A --undo").done();
    assert!(
        undone.stdout.starts_with("dev/A has its previous value again. Due 2026-04-01."),
        "{undone}"
    );
    assert!(
        undone
            .stderr
            .contains("end the value that was new for dev/A at its issuer (console, API keys)"),
        "{undone}"
    );
    assert_eq!(given(&repo), ["A=one-value"]);
    repo.run("check").done();
    // What was undone is an earlier value from now on.
    let refused = repo.tenure_fed(&["rotate", "dev/A"], "new-value");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("dev/A had this value before"), "{refused}");
    let json = repo.run("rotate dev/A --finish --json").done().json();
    let ended = json["values"][0]["values"].as_array().unwrap();
    assert_eq!(ended.len(), 1, "{json}");
    assert!(ended[0].as_str().unwrap().ends_with(":dev/secrets/dev.env#A_NEXT"), "{json}");
    assert_eq!(json["grade"], "declared");
}

#[test]
fn a_program_is_asked_with_the_old_value_before_anything_is_recorded() {
    let repo = ended_at_console();
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    repo.run("rotate dev/A --promote").done();
    repo.commit("promoted");
    let before = repo.read("secrets/dev.env");
    let probe =
        |script: &str| repo.tenure(&["rotate", "dev/A", "--finish", "--", "sh", "-c", script]);

    let alive = probe("test \"$A\" = one-value");
    assert_eq!(alive.code, 1, "{alive}");
    assert_eq!(alive.stdout, "dev/A is not finished: an old value is still taken.\n");
    assert!(
        alive.stderr.contains("end it at its issuer (console, API keys), then again"),
        "{alive}"
    );
    for script in ["exit 3", "kill -TERM $$"] {
        let unclear = probe(script);
        assert_eq!((unclear.code, unclear.stdout.as_str()), (2, ""), "{unclear}");
        assert!(unclear.stderr.contains("it could not tell; nothing was recorded"), "{unclear}");
    }
    let missing = repo.run("rotate dev/A --finish -- no-such-program");
    assert_ne!(missing.code, 0, "{missing}");
    assert_eq!(repo.read("secrets/dev.env"), before);
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");

    // What it prints may hold the value, and would stand in the log of a CI job.
    let chatty = probe("echo \"to-stdout $A\"; echo \"$A\" >&2; exit 1");
    assert_eq!(chatty.code, 0, "{chatty}");
    assert!(chatty.stdout.starts_with("dev/A: 1 earlier value ended (probed)."), "{chatty}");
    assert!(
        !chatty.stdout.contains("to-stdout") && !chatty.stderr.contains("to-stdout"),
        "{chatty}"
    );
    assert!(chatty.stderr.contains("declared by ana, not proven."), "{chatty}");
    assert_eq!(given(&repo), ["A=new-value"]);
}

#[test]
fn a_program_gets_the_old_value_from_history_after_a_rotation_in_place() {
    let repo = ended_at_console();
    repo.tenure_fed(&["rotate", "dev/A"], "two-b-value").done();
    repo.commit("second");
    repo.tenure_fed(&["rotate", "dev/A"], "three-b-value").done();
    repo.commit("third");
    repo.write("seen", "");
    let script = "echo \"$A\" >> seen; exit 1";
    let done = repo.tenure(&["rotate", "dev/A", "--finish", "--", "sh", "-c", script]).done();
    assert!(done.stdout.starts_with("dev/A: 2 earlier values ended (probed)."), "{done}");
    let seen = repo.read("seen");
    let mut seen: Vec<_> = seen.lines().collect();
    seen.sort_unstable();
    assert_eq!(seen, ["one-value", "two-b-value"]);
    // No key of ours is among the variables of the program.
    let again = repo.tenure(&["rotate", "dev/A", "--finish", "--", "true"]);
    assert_eq!(again.code, 2, "{again}");
}

#[test]
fn a_dry_run_starts_no_program_and_writes_nothing() {
    let repo = ended_at_console();
    repo.tenure_fed(&["rotate", "dev/A"], "new-value").done();
    repo.commit("new");
    let dry = repo.run("rotate -n dev/A --finish -- touch started").done();
    assert!(dry.stderr.contains("the program was not started"), "{dry}");
    repo.run("rotate -n dev/A --begin --generate hex:16").done();
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn what_outlives_its_overlap_is_red_until_its_end_is_recorded() {
    let repo = typed("revoke = \"console\"\noverlap = \"3d\"");
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    repo.run("rotate dev/A --promote").done();
    repo.tenure_fed(&["rotate", "dev/B"], "newer-value").done();
    let repo = repo.at("2026-01-04");
    repo.run("check").done();
    let repo = repo.at("2026-01-05");
    let red = repo.run("check --json");
    assert_eq!(red.code, 1, "{red}");
    assert!(red.stdout.contains("tenure rotate dev/A --finish"), "{red}");
    assert!(red.stdout.contains("tenure rotate dev/B --finish"), "{red}");
    let due = repo.run("rotate --due --generate hex:16").done();
    for at in ["A", "B"] {
        let line = format!(
            "{at} has an earlier value that is to be ended at its issuer; tenure rotate dev/{at} --finish"
        );
        assert!(due.stderr.contains(&line), "{due}");
    }
    assert_eq!(due.stdout, "");
    repo.run("rotate dev/A dev/B --finish").done();
    repo.run("check").done();
}

#[test]
fn what_was_taken_away_is_ended_too() {
    let repo = ended_at_console();
    repo.run("unset dev/A").done();
    let ended = repo.run("rotate dev/A --finish").done();
    assert!(ended.stdout.starts_with("dev/A: 1 earlier value ended (declared)."), "{ended}");
    let none = repo.run("rotate dev/NEVER --finish");
    assert_eq!(none.code, 6, "{none}");
}

#[test]
fn every_earlier_value_is_refused_whatever_it_was_called() {
    let repo = ended_at_console();
    repo.tenure_fed(&["rotate", "dev/A"], "second-value").done();
    repo.commit("second");
    repo.run("mv dev/A dev/C").done();
    repo.commit("moved");
    repo.run("rekey -e dev --reseal").done();
    repo.commit("resealed");
    repo.tenure_fed(&["rotate", "dev/C"], "third-value").done();
    repo.commit("third");
    for old in ["one-value", "second-value"] {
        for step in [&["rotate", "dev/C"][..], &["rotate", "dev/C", "--begin"]] {
            let refused = repo.tenure_fed(step, old);
            assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{old}: {refused}");
            assert!(refused.stderr.contains("dev/C had this value before (entry "), "{refused}");
            assert!(!refused.stderr.contains(old), "{refused}");
        }
    }
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
    // Another secret's earlier value is not this one's.
    let fine = repo.tenure_fed(&["rotate", "dev/B"], "third-value").done();
    assert!(!fine.stderr.contains("not compared"), "{fine}");
}

#[test]
fn a_value_that_is_nowhere_any_more_is_counted() {
    let repo = ended_at_console();
    // Never committed, and overwritten: no object of git has it.
    repo.tenure_fed(&["rotate", "dev/A"], "second-value").done();
    repo.tenure_fed(&["rotate", "dev/A"], "third-value").done();
    let told = repo.tenure_fed(&["rotate", "dev/A"], "fourth-value").done();
    let warning = "earlier values that are nowhere in this clone, and were not compared with: 1";
    assert!(told.stderr.contains(warning), "{told}");
    // A program is asked about the others, and only their end is signed.
    let done = repo.run("rotate dev/A --finish -- false").done();
    assert!(done.stdout.contains("dev/A: 1 earlier value ended (probed)."), "{done}");
    assert!(done.stderr.contains("2 old values not at hand: no program was asked"), "{done}");
    let refused = repo.run("rotate dev/A --finish -- false");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("no old value of dev/A is at hand any more"), "{refused}");
}

#[test]
fn a_shallow_clone_is_deepened_before_anything_is_compared() {
    let repo = ended_at_console();
    repo.tenure_fed(&["rotate", "dev/A"], "second-value").done();
    repo.commit("second");
    let clone = repo.folder().join("shallow");
    let from = format!("file://{}", repo.path().display());
    repo.git(&["clone", "-q", "--depth", "1", &from, &clone.display().to_string()]).done();
    let root = repo.run("trust show --json").done().json()["root"].as_str().unwrap().to_owned();
    let tenure =
        || repo.command(env!("CARGO_BIN_EXE_tenure")).args(&["--now", repo.now(), "--root", &root]);
    let refused = tenure().args(&["rotate", "dev/A"]).within(&clone).feed("one-value");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("hint: git fetch --unshallow\n"), "{refused}");
    repo.command("git").args(&["fetch", "-q", "--unshallow"]).within(&clone).run().done();
    let refused = tenure().args(&["rotate", "dev/A"]).within(&clone).feed("one-value");
    assert!(refused.stderr.contains("dev/A had this value before"), "{refused}");
}

#[test]
fn several_are_rotated_in_one_entry_or_none_is() {
    let repo = ended_at_console();
    repo.tenure_fed(&["set", "prod/P", "--type", "api-key"], "p-value-p").done();
    repo.commit("prod");
    let done = repo.run("rotate dev/A dev/B prod/P --generate hex:16").done();
    assert!(done.stdout.contains("dev/A rotated.") && done.stdout.contains("prod/P rotated."));
    assert_eq!(done.stdout.matches("Entry ").count(), 1, "{done}");
    repo.commit("all");
    let steps = ["--begin --generate hex:16", "--promote", "--undo", "--finish"];
    for step in steps {
        repo.run(&format!("rotate dev/A dev/B prod/P {step}")).done();
        repo.run("check").done();
    }
    repo.commit("steps");
    repo.run("rotate prod/P --begin --generate hex:16").done();
    repo.commit("one is pending");
    for (step, code) in [("--generate hex:16", 2), ("--promote", 2), ("--undo", 2)] {
        let refused = repo.run(&format!("rotate dev/A prod/P {step}"));
        assert_eq!((refused.code, refused.stdout.as_str()), (code, ""), "{refused}");
    }
    let missing = repo.run("rotate dev/A dev/NO --generate hex:16");
    assert_eq!(missing.code, 2, "{missing}");
    let twice = repo.run("rotate dev/A dev/secrets/dev.env#A --generate hex:16");
    assert_eq!(twice.code, 2, "{twice}");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn a_word_that_may_be_a_value_is_not_repeated() {
    let repo = ended_at_console();
    for line in ["rotate dev/A hunter2", "rotate -e dev A hunter2", "rotate dev/A x/hunter2"] {
        let refused = repo.run(line);
        assert_eq!(refused.code, 2, "{refused}");
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
}

#[test]
fn a_type_of_one_value_at_a_time_is_interrupted() {
    let repo = typed("strategy = \"single\"");
    let done = repo.tenure_fed(&["rotate", "dev/A"], "new-value").done();
    assert!(done.stderr.contains("planned interruption"), "{done}");
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "newer-value").done();
    assert_eq!(given(&repo), ["A=new-value"]);
    snapshot!(repo.run("rotate dev/A --promote"), @r"
    exit 0
    --- stdout
    dev/A has its new value. Due 2026-04-01.
    Entry [id], signed by ana.
    --- stderr
    planned interruption: who has the old value takes the new one now; end the old one at its issuer, then: tenure rotate dev/A --finish
    ");
    assert_eq!(given(&repo), ["A=newer-value"]);
    repo.run("check").done();
    let done = repo.run("rotate dev/A --finish").done();
    assert!(done.stdout.contains("2 earlier values ended"), "{done}");
}

#[test]
fn a_type_that_decrypts_with_its_old_values_keeps_the_last() {
    let repo = typed("strategy = \"keep-old\"");
    let done = repo.tenure_fed(&["rotate", "dev/A"], "new-value").done();
    assert!(done.stdout.contains("dev/A_PREVIOUS stays, to decrypt."), "{done}");
    assert!(!done.stderr.contains("end it at its issuer"), "{done}");
    assert_eq!(given(&repo), ["A=new-value", "A_PREVIOUS=one-value"]);
    repo.run("check").done();
    let error = "the previous value of dev/A stays to decrypt";
    refused(&repo, "rotate dev/A", error, "tenure rotate dev/A --finish, once nothing needs it");
    let error = "nothing would decrypt any more what dev/A encrypted";
    refused(&repo, "set dev/A", error, "tenure rotate dev/A, which keeps the old value");
    // Nor is it overwritten in an editor, or in the file.
    let hint = "tenure rotate dev/A, which keeps the old value";
    repo.run("open --in-place secrets/dev.env").done();
    let opened = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", opened.replace("A=new-value", "A=third-value"));
    refused(&repo, "seal", error, hint);
    repo.write("secrets/dev.env", opened.replace("A=new-value", "A=\"new-value\""));
    repo.run("seal").done();
    repo.run("rotate dev/A --finish").done();
    assert_eq!(given(&repo), ["A=new-value"]);
    repo.tenure_fed(&["set", "dev/A"], "new-value").done();
}

#[test]
fn what_a_user_called_so_is_a_value_of_its_own() {
    let repo = started();
    repo.write("secrets/dev.env", "A=one-value\nA_NEXT=mine\nB=two-value\nB_PREVIOUS=mine too\n");
    repo.run("seal").done();
    repo.commit("sealed");
    assert_eq!(given(&repo), ["A=one-value", "A_NEXT=mine"]);
    let error = "`dev/secrets/dev.env#A_NEXT` is a value of its own";
    refused(&repo, "rotate dev/A --begin", error, "tenure rotate dev/A");
    repo.tenure_fed(&["rotate", "dev/A_NEXT"], "mine still").done();
    assert_eq!(given(&repo), ["A=one-value", "A_NEXT=mine still"]);
    repo.tenure_fed(&["rotate", "dev/B", "--begin"], "new-value").done();
    let taken = repo.run("rotate dev/B --promote");
    assert_eq!(taken.code, 2, "{taken}");
    assert!(taken.stderr.contains("B_PREVIOUS` is a value of its own"), "{taken}");
}

#[test]
fn nothing_pending_is_put_where_the_policy_leaves_values_in_clear() {
    let repo = ended_at_console();
    let policy = repo.read(".secrets-policy.toml");
    let clear = "[environments.dev]\nclear = [\"*_NEXT\"]\n";
    repo.write(".secrets-policy.toml", policy.replace("[environments.dev]\n", clear));
    repo.run("policy sign --yes").done();
    refused(&repo, "rotate dev/A --begin", "would stand in clear", "tenure rotate dev/A");
}

#[test]
fn only_who_writes_a_value_writes_beside_it() {
    let repo = started();
    let ben = super::member::add(&repo, "ben", "developer");
    repo.tenure_fed(&["set", "dev/LEAD_KEY"], "one-value").done();
    let policy = repo.read(".secrets-policy.toml");
    let rule = "\n[[secrets]]\nmatch = \"dev/LEAD_KEY\"\nwriters = [\"admin\"]\n";
    repo.write(".secrets-policy.toml", policy + rule);
    repo.run("policy sign --yes").done();
    repo.tenure_fed(&["rotate", "dev/LEAD_KEY", "--begin"], "new-value").done();
    repo.run("rotate dev/LEAD_KEY --promote").done();
    std::fs::rename(repo.home().join(".ssh"), repo.home().join("away")).unwrap();
    for line in
        ["set dev/LEAD_KEY_NEXT", "unset dev/LEAD_KEY_PREVIOUS", "rotate dev/LEAD_KEY --finish"]
    {
        let args = [&["-i", &ben], &line.split(' ').collect::<Vec<_>>()[..]].concat();
        let refused = repo.tenure_fed(&args, "planted");
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{line}: {refused}");
        assert!(refused.stderr.contains("`ben` may not write"), "{line}: {refused}");
    }
}

#[test]
fn whoever_shows_no_receipt_is_named() {
    let repo = ended_at_console();
    let policy = repo.read(".secrets-policy.toml");
    let rule = "\n[consumers.checkout]\naccess = \"run\"\n\n[consumers.reports]\naccess = \"run\"\n\
                \n[[secrets]]\nmatch = \"dev/A\"\nused-by = [\"checkout\", \"reports\"]\n";
    repo.write(".secrets-policy.toml", policy + rule);
    repo.run("policy sign --yes").done();
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    repo.run("rotate dev/A --promote").done();
    let strict = repo.run("rotate dev/A --finish --strict");
    assert_eq!((strict.code, strict.stdout.as_str()), (2, ""), "{strict}");
    assert!(strict.stderr.contains("have the new value: checkout, reports"), "{strict}");
    let told = repo.run("rotate dev/A --finish").done();
    assert!(told.stderr.contains("have the new value: checkout, reports"), "{told}");
}

#[test]
fn a_receipt_of_the_new_value_speaks_for_its_machine_alone() {
    let repo = ended_at_console();
    let age = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    let policy = repo.read(".secrets-policy.toml");
    let machine = format!(
        "\n[members.job]\nkind = \"machine\"\nowner = \"ana\"\nrecipients = [\"{age}\"]\n\
         expires = 2026-03-01\n\n[consumers.checkout]\naccess = \"run\"\nmember = \"job\"\n\n\
         [consumers.reports]\naccess = \"run\"\n\n[[secrets]]\nmatch = \"dev/A\"\n\
         used-by = [\"checkout\", \"reports\"]\n"
    );
    repo.write(".secrets-policy.toml", policy + &machine);
    repo.run("policy sign --yes").done();
    let begun =
        repo.tenure_fed(&["rotate", "dev/A", "--begin", "--json"], "new-value").done().json();
    repo.run("rotate dev/A --promote").done();
    let root = repo.run("trust show --json").done().json()["root"].as_str().unwrap().to_owned();
    let entry = begun["entry"].as_str().unwrap();
    let receipt = |made: &str, member: &str, root: &str| {
        let text = format!(
            "{{\"receipt\":\"run\",\"root\":\"{root}\",\"environment\":\"dev\",\
             \"member\":\"{member}\",\"values\":[{{\"name\":\"A\",\"entry\":\"{entry}\",\
             \"address\":\"dev/secrets/dev.env#A\",\"made\":\"{made}\"}}]}}"
        );
        repo.write(".git/receipt", text);
        let asked = repo.run("rotate dev/A --finish --strict --receipt .git/receipt");
        assert_eq!(asked.code, 2, "{asked}");
        asked.stderr
    };
    let made = format!("{entry}:dev/secrets/dev.env#A_NEXT");
    let old = format!("{entry}:dev/secrets/dev.env#A");
    let both = "have the new value: checkout, reports\n";
    assert!(receipt(&old, "job", &root).contains(both));
    assert!(receipt(&made, "ana", &root).contains(both));
    assert!(receipt(&made, "job", &"0".repeat(64)).contains(both));
    assert!(receipt(&made, "job", &root).contains("have the new value: reports\n"));
    repo.write(".git/receipt", "{}");
    let none = repo.run("rotate dev/A --finish --receipt .git/receipt");
    assert!(none.code == 2 && none.stderr.contains("is no receipt of a run"), "{none}");
}

/// Takes one value of a file through all steps; the rest of the file stays as it was.
fn through_all_steps(file: &str, text: &str, key: &str, beside: [&str; 2]) {
    let repo = started();
    repo.write(file, text);
    repo.run("seal").done();
    repo.commit("sealed");
    let address = format!("dev/{file}#{key}");
    let step = |step: &str| repo.run(&format!("rotate {address} {step}")).done();
    let opened = || repo.run(&format!("open {file}")).done().stdout;
    let value = |key: &str| repo.run(&format!("get dev/{file}#{key}")).done().stdout;
    let old = value(key);
    repo.tenure_fed(&["rotate", &address, "--begin"], "a \"new\" value").done();
    assert_eq!(
        (value(key), value(beside[0])),
        (old.clone(), "a \"new\" value".to_owned()),
        "{file}"
    );
    step("--undo");
    assert_eq!(opened(), text, "{file}");
    repo.tenure_fed(&["rotate", &address, "--begin"], "a \"newer\" value").done();
    step("--promote");
    assert_eq!(
        (value(key), value(beside[1])),
        ("a \"newer\" value".to_owned(), old.clone()),
        "{file}"
    );
    repo.run("check").done();
    step("--undo");
    assert_eq!(opened(), text, "{file}");
    repo.tenure_fed(&["rotate", &address, "--begin"], "the newest value").done();
    step("--promote");
    repo.commit("promoted");
    step("--finish");
    assert_eq!(value(key), "the newest value", "{file}");
    repo.run("check").done();
    let left = opened();
    assert!(!left.contains("previous") && !left.contains("PREVIOUS"), "{left}");
}

#[test]
fn every_format_takes_values_beside_others() {
    for (file, text, key, beside) in [
        (
            "secrets/dev.env",
            "# c\nA=\"one-value\" # why\n\nB=two-value\n",
            "A",
            ["A_NEXT", "A_PREVIOUS"],
        ),
        (
            "secrets/dev/a.ini",
            "x = y\n[db]\npass = one\n; c\n[other]\nz = 1\n",
            "db.pass",
            ["db.pass_next", "db.pass_previous"],
        ),
        (
            "secrets/dev/a.properties",
            "db.pass = one\nother = two\n",
            "\"db.pass\"",
            ["\"db.pass_next\"", "\"db.pass_previous\""],
        ),
        (
            "secrets/dev/a.yaml",
            "db:\n  pass: one # why\n  host: h\nlist:\n  - a\n",
            "db.pass",
            ["db.pass_next", "db.pass_previous"],
        ),
        (
            "secrets/dev/b.yaml",
            "apiKey: |\n  one\n  two\nhost: h\n",
            "apiKey",
            ["apiKey_next", "apiKey_previous"],
        ),
        (
            "secrets/dev/c.yaml",
            "db: {pass: one, host: h}\n",
            "db.pass",
            ["db.pass_next", "db.pass_previous"],
        ),
        (
            "secrets/dev/a.json",
            "{\n  \"db\": {\n    \"pass\": 12,\n    \"host\": \"h\"\n  }\n}\n",
            "db.pass",
            ["db.pass_next", "db.pass_previous"],
        ),
        (
            "secrets/dev/a.toml",
            "x = 1\n[db]\npass = '''one'''\nhost = \"h\"\n",
            "db.pass",
            ["db.pass_next", "db.pass_previous"],
        ),
    ] {
        through_all_steps(file, text, key, beside);
    }
}

#[test]
fn nothing_stands_beside_a_key_that_stands_twice_or_in_a_list() {
    let repo = started();
    repo.write("secrets/dev/a.ini", "[db]\nk = 1\nk = 2\n");
    repo.write("secrets/dev/a.yaml", "l:\n  - one\n  - two\nt: !!str tagged\n");
    repo.run("seal").done();
    for key in ["a.ini#db.k#2", "a.yaml#l[0]"] {
        let refused = repo.run(&format!("rotate dev/secrets/dev/{key} --begin --generate hex:16"));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
        assert!(refused.stderr.contains("can stand beside"), "{refused}");
    }
    repo.run("rotate dev/secrets/dev/a.yaml#t --begin --generate hex:16").done();
    let refused = repo.run("rotate dev/secrets/dev/a.yaml#t --promote");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("is no plain value"), "{refused}");
}

#[test]
fn whole_files_stand_beside_each_other() {
    let repo = started();
    let file = "dev/secrets/dev/tls.pem";
    repo.tenure_fed(&["set", file], "one\n").done();
    repo.commit("one");
    repo.tenure_fed(&["rotate", file, "--begin"], "two\n").done();
    repo.run(&format!("rotate {file} --undo")).done();
    repo.tenure_fed(&["rotate", file, "--begin"], "three\n").done();
    assert_eq!(repo.run("get dev/secrets/dev/tls.pem.next").done().stdout, "three\n");
    repo.run(&format!("rotate {file} --promote")).done();
    let got = |path: &str| repo.run(&format!("get {path}")).done().stdout;
    assert_eq!(
        (got(file), got("dev/secrets/dev/tls.pem.previous")),
        ("three\n".into(), "one\n".into())
    );
    repo.run("check").done();
    repo.commit("promoted");
    repo.run(&format!("rotate {file} --undo")).done();
    assert_eq!(got(file), "one\n");
    repo.run("check").done();
    repo.tenure_fed(&["rotate", file, "--begin"], "four\n").done();
    repo.run(&format!("rotate {file} --promote")).done();
    repo.commit("again");
    let script = "test \"$(cat)\" = four && exit 0; exit 1";
    let done = repo.tenure(&["rotate", file, "--finish", "--", "sh", "-c", script]);
    // What was pending and undone before any commit is nowhere any more.
    assert!(done.done().stdout.contains("2 earlier values ended (probed)."));
    let done = repo.run(&format!("rotate {file} --finish")).done();
    assert!(done.stdout.contains("1 earlier value ended (declared)."), "{done}");
    assert!(!repo.path().join("secrets/dev/tls.pem.previous").exists());
    repo.run("check").done();
}

#[test]
fn a_whole_file_needs_a_pattern_for_those_beside_it() {
    let repo = started();
    let policy = repo.read(".secrets-policy.toml");
    let only = policy
        .replace("\"secrets/dev.*\", \"secrets/dev/**\"", "\"secrets/dev.*\", \"certs/tls.pem\"");
    assert_ne!(only, policy);
    repo.write(".secrets-policy.toml", only);
    repo.run("policy sign --yes").done();
    repo.tenure_fed(&["set", "dev/certs/tls.pem"], "one\n").done();
    let refused = repo.tenure_fed(&["rotate", "dev/certs/tls.pem", "--begin"], "two\n");
    assert_eq!(refused.code, 2, "{refused}");
    let hint = "hint: add \"certs/tls.pem.next\" to the files of [environments.dev]\n";
    assert!(refused.stderr.contains(hint), "{refused}");
}

/// The fixes that a check gives for one code.
fn fixes(repo: &Repo, code: &str) -> Vec<String> {
    let findings = repo.run("check --json").json()["findings"].clone();
    let mine = findings.as_array().unwrap().iter().filter(|it| it["code"] == code);
    mine.map(|it| it["fix"].as_str().unwrap().to_owned()).collect()
}

/// Runs a command as somebody does who pastes it into a shell.
fn pasted(repo: &Repo, fix: &str) -> crate::support::Outcome {
    let line = fix.replacen("tenure", &format!("tenure --now {}", repo.now()), 1);
    repo.command("sh").args(&["-c", &line]).run()
}

#[test]
fn a_fix_names_the_file_where_several_have_the_key_or_had_it() {
    let repo = typed("revoke = \"console\"\noverlap = \"3d\"");
    repo.tenure_fed(&["set", "dev/secrets/dev/two.env#A", "--type", "api-key"], "three-value")
        .done();
    repo.commit("two files");
    let repo = repo.at("2027-01-04");
    let late = fixes(&repo, "overdue");
    assert!(late.contains(&"tenure rotate dev/B".to_owned()), "{late:?}");
    assert!(late.contains(&"tenure rotate 'dev/secrets/dev/two.env#A'".to_owned()), "{late:?}");
    for fix in &late {
        pasted(&repo, &format!("{fix} --generate hex:16")).done();
    }
    assert_eq!(fixes(&repo, "overdue"), Vec::<String>::new());
    // What was replaced in a file that has the key no more is not that of the file which has it now.
    repo.run("unset dev/secrets/dev.env#A").done();
    let spent = fixes(&repo, "previous");
    let old = "tenure rotate 'dev/secrets/dev.env#A' --finish";
    assert!(spent.iter().any(|fix| fix == old), "{spent:?}");
    let repo = repo.at("2027-02-04");
    let told = repo.run("rotate --due --generate hex:16");
    assert!(told.stderr.contains(old), "{told}");
    pasted(&repo, old).done();
    assert!(fixes(&repo, "previous").iter().all(|fix| fix != old));
}

#[test]
fn a_fix_goes_on_with_the_rotation_that_is_under_way() {
    let repo = typed("");
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    let repo = repo.at("2026-06-01");
    let late = fixes(&repo, "overdue");
    // The pending one has a deadline of its own, and it is over too.
    assert!(late.contains(&"tenure rotate dev/A --promote".to_owned()), "{late:?}");
    assert!(!late.contains(&"tenure rotate dev/A".to_owned()), "{late:?}");
    pasted(&repo, "tenure rotate dev/A --promote").done();
    let late = fixes(&repo, "overdue");
    assert!(late.contains(&"tenure rotate dev/A --finish".to_owned()), "{late:?}");
    pasted(&repo, "tenure rotate dev/A --finish").done();
    let late = fixes(&repo, "overdue");
    assert!(late.contains(&"tenure rotate dev/A".to_owned()), "{late:?}");
    for fix in late {
        pasted(&repo, &format!("{fix} --generate hex:16")).done();
    }
    repo.run("check").done();
}

#[test]
fn nobody_puts_a_value_beside_another_by_hand() {
    let repo = ended_at_console();
    for (key, word) in [("dev/A_NEXT", "pending"), ("dev/A_PREVIOUS", "previous")] {
        let error = format!("is the place of the {word} value of dev/A");
        let hint = "tenure rotate dev/A --begin; or another name, for a value of its own";
        refused(&repo, &format!("set {key}"), &error, hint);
        refused(&repo, &format!("mv dev/B {key}"), &error, hint);
    }
    let file = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", format!("{file}A_NEXT=mine\n"));
    let sealed = repo.run("seal");
    assert_eq!((sealed.code, sealed.stdout.as_str()), (2, ""), "{sealed}");
    repo.write("secrets/dev.env", file);
    // What stands beside nothing is a value of its own, and stays one.
    repo.tenure_fed(&["set", "dev/C_NEXT"], "mine").done();
    repo.tenure_fed(&["set", "dev/C"], "mine too").done();
    repo.run("unset dev/C_NEXT").done();
    repo.tenure_fed(&["set", "dev/C_NEXT"], "mine again").done();
    let all = repo.run("run -q --clean -e dev -- env").done().stdout;
    assert!(all.contains("C_NEXT=mine again"), "{all}");
    repo.run("check").done();
}

#[test]
fn a_dry_run_of_all_that_is_due_asks_for_nothing() {
    let repo = ended_at_console().at("2027-01-01");
    let dry = repo.run("rotate -n --due").done();
    assert_eq!(
        dry.stdout,
        "dev/A wants a new value: asked for.\ndev/B wants a new value: asked for.\n"
    );
    let json = repo.run("rotate -n --due --json").done().json();
    assert_eq!(json["values"][1]["address"], "dev/secrets/dev.env#B", "{json}");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}
