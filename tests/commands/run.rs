//! `tenure run`: what a program is given, what it is not, and how it all ends.

use std::fs;

use super::get::sample;
use super::seal::started;
use crate::support::{Repo, snapshot};

/// A repository whose `dev` has these lines in a dotenv file.
fn with(text: &str) -> Repo {
    let repo = started();
    repo.write("secrets/dev.env", text);
    repo.run("seal").done();
    repo
}

/// Adds lines to the environment `dev` in the policy, and signs it.
fn policy(repo: &Repo, line: &str) {
    let text = repo.read(".secrets-policy.toml");
    let new = text.replace("[environments.dev]\n", &format!("[environments.dev]\n{line}\n"));
    assert_ne!(new, text);
    repo.write(".secrets-policy.toml", new);
    repo.run("policy sign -y").done();
}

#[test]
fn a_program_gets_the_values_and_prints_alone() {
    let repo = sample();
    let run = repo.tenure(&[
        "run",
        "-q",
        "-e",
        "dev",
        "--",
        "sh",
        "-c",
        "echo \"$TOKEN $PORT [$EMPTY]\"",
    ]);
    assert_eq!(
        (run.code, run.stdout.as_str(), run.stderr.as_str()),
        (0, "t0ken-of-dev 5432 []\n", "")
    );
    let noted = repo.run("exec -e dev true").done();
    assert_eq!(noted.stderr, "left out, being no variables: 3 (-v lists them)\n");
}

#[test]
fn what_is_left_out_is_listed_on_request() {
    snapshot!(sample().run("run -v -e dev -- true"), @r"
    exit 0
    --- stderr
    left out, being no variables: 3 (-v lists them)
      dev/secrets/dev.yaml#database.password: it is nested (--flatten joins its keys)
      dev/secrets/dev.yaml#hosts: it is a list
      dev/secrets/dev/tls.pem#*: it is a file that is sealed whole
    ");
}

#[test]
fn nested_values_come_flattened() {
    let run =
        sample().tenure(&["run", "-q", "--flatten", "-e", "dev", "printenv", "DATABASE_PASSWORD"]);
    assert_eq!(run.done().stdout, "p w\n");
}

#[test]
fn the_programs_status_and_signal_are_its_own() {
    let repo = with("A=1\n");
    assert_eq!(repo.tenure(&["run", "-e", "dev", "--", "sh", "-c", "exit 42"]).code, 42);
    // Our process became the program, so it dies of the signal itself: no exit code.
    assert_eq!(repo.tenure(&["run", "-e", "dev", "--", "sh", "-c", "kill -TERM $$"]).code, -1);
}

#[test]
fn a_missing_program_is_127_and_a_plain_file_126() {
    let repo = with("A=1\n");
    snapshot!(repo.run("run -e dev -- no-such-program"), @r"
    exit 127
    --- stderr
    error: `no-such-program` was not started
    because: no program `no-such-program` was found
    ");
    repo.write("plain", "text");
    assert_eq!(repo.run("run -e dev -- ./plain").code, 126);
}

#[test]
fn each_failure_of_ours_is_125_and_names_the_program() {
    let repo = sample();
    snapshot!(repo.run("run -- ./server"), @r"
    exit 125
    --- stderr
    error: `./server` was not started
    because: no environment is named
    hint: say which with -e: dev, prod
    ");
    snapshot!(repo.run("run -e stage -- ./server"), @r"
    exit 125
    --- stderr
    error: `./server` was not started
    because: there is no environment `stage`
    hint: there are: dev, prod
    ");
    repo.write("secrets/dev.env", "TOKEN=plain\n");
    let altered = repo.run("run -e dev -- ./server");
    assert_eq!(altered.code, 125);
    assert!(altered.stderr.starts_with("error: `./server` was not started\n"), "{altered}");
    assert!(altered.stderr.contains("[altered]"), "{altered}");
    for line in ["run", "run --no-such-option", "-e UPPER run true", "exec -e UPPER true"] {
        assert_eq!(repo.run(line).code, 125, "{line}");
    }
}

#[test]
fn without_a_key_it_is_125_and_the_readers_are_named() {
    let repo = with("A=1\n");
    fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
    let refused = repo.run("run -e dev -- npm start");
    assert_eq!((refused.code, refused.stdout.as_str()), (125, ""));
    assert!(refused.stderr.contains("`npm` was not started"), "{refused}");
    assert!(refused.stderr.contains("its readers are ana"), "{refused}");
}

#[test]
fn two_values_for_one_name_start_nothing() {
    let repo = with("A=1\n");
    repo.write("secrets/dev.ini", "A=2\n");
    repo.run("seal").done();
    snapshot!(repo.run("run -e dev -- true"), @r"
    exit 125
    --- stderr
    error: `true` was not started
      at: secrets/dev.ini A
    because: two values are named `A`: dev/secrets/dev.env#A and dev/secrets/dev.ini#A
    hint: take one of them away with tenure unset, or leave the name out with --only
    ");
    let repeated = with("A=1\nA=2\n").run("run -e dev -- true");
    assert_eq!(repeated.code, 125);
    assert!(repeated.stderr.contains("repeats a key"), "{repeated}");
}

#[test]
fn names_that_steer_programs_are_refused_unless_the_policy_allows_them() {
    let repo = with("LD_PRELOAD=/tmp/x.so\nA=1\n");
    snapshot!(repo.run("run -e dev -- true"), @r#"
    exit 125
    --- stderr
    error: `true` was not started
      at: secrets/dev.env LD_PRELOAD
    because: dev/secrets/dev.env#LD_PRELOAD would set `LD_PRELOAD`, which steers what a program loads or runs
    hint: if that is meant: allow-env = ["LD_PRELOAD"] under [environments.dev] in .secrets-policy.toml
    "#);
    assert_eq!(repo.run("export -e dev --format json").code, 2);
    assert_eq!(repo.run("run -e dev --only A -- printenv A").done().stdout, "1\n");
    let repo = with("NODE_OPTIONS=--max-old-space-size=99\n");
    policy(&repo, "allow-env = [\"NODE_OPTIONS\"]");
    let run = repo.run("run -e dev -- printenv NODE_OPTIONS");
    assert_eq!(run.done().stdout, "--max-old-space-size=99\n");
}

#[test]
fn a_value_with_nul_starts_nothing() {
    let repo = started();
    repo.write("secrets/dev.json", "{\"A\": \"x\\u0000y\"}");
    repo.run("seal").done();
    let refused = repo.run("run -e dev -- true");
    assert_eq!(refused.code, 125);
    assert!(refused.stderr.contains("NUL byte"), "{refused}");
}

#[test]
fn what_gives_keys_is_taken_out_and_the_rest_stays() {
    let repo = with("A=1\n");
    let key = fs::read_to_string(repo.home().join(".ssh/id_ed25519")).unwrap();
    let tenure = |args: &[&str]| {
        repo.command(env!("CARGO_BIN_EXE_tenure"))
            .args(&["--now", crate::support::NOW, "run", "-e", "dev"])
            .args(args)
            .env("TENURE_IDENTITY", &key)
            .env("SOPS_AGE_KEY_FILE", "/nowhere")
            .env("OWN", "kept")
            .run()
            .done()
            .stdout
    };
    let all = tenure(&["--", "env"]);
    assert!(!all.contains("TENURE_IDENTITY") && !all.contains("SOPS_AGE"), "{all}");
    assert!(!all.contains("PRIVATE KEY") && all.contains("OWN=kept"), "{all}");
    let clean = tenure(&["--clean", "env"]);
    assert!(clean.contains("A=1\n") && clean.contains("PATH="), "{clean}");
    assert!(!clean.contains("OWN=") && !clean.contains("GIT_"), "{clean}");
}

#[test]
fn overdue_values_warn_and_are_refused_when_the_policy_says() {
    let repo = with("A=1\n");
    policy(&repo, "refuse-overdue-after = \"14d\"");
    let repo = repo.at("2026-04-04");
    let warned = repo.run("run -e dev -- true").done();
    snapshot!(warned, @r"
    exit 0
    --- stderr
    warning: dev/A is 3 days overdue; the policy refuses it from 2026-04-15
    ");
    let repo = repo.at("2026-04-15");
    snapshot!(repo.run("run -e dev -- true"), @r"
    exit 125
    --- stderr
    error: `true` was not started
    because: dev/A is 14 days overdue; the policy refuses it since 2026-04-15
    hint: tenure rotate dev/A
    ");
    let repo = repo.at("2026-04-14");
    repo.run("run -e dev -- true").done();
}

#[test]
fn a_dry_run_names_the_variables_and_starts_nothing() {
    let repo = sample();
    let shown = repo.run("run -n -e dev -- touch started").done();
    assert!(!repo.path().join("started").exists());
    assert!(shown.stdout.contains("TOKEN   dev/secrets/dev.env#TOKEN\n"), "{shown}");
    assert!(!shown.stdout.contains("t0ken"), "{shown}");
    let json = repo.run("run -n --json -e dev -- true").done().json();
    assert_eq!(json["variables"][0]["name"], "DB_URL");
}

#[test]
fn a_wanted_name_that_is_not_there_starts_nothing() {
    snapshot!(sample().run("run -e dev --only TOKENS -- true"), @r"
    exit 125
    --- stderr
    error: `true` was not started
    because: there is no variable `TOKENS`
    hint: did you mean TOKEN?
    ");
}

#[test]
fn values_stand_in_no_command_line() {
    let repo = sample();
    let script = "tr '\\0' ' ' < /proc/$$/cmdline; cat /proc/$PPID/cmdline | tr '\\0' ' '";
    let run = repo.tenure(&["run", "-q", "-e", "dev", "--", "sh", "-c", script]).done();
    assert!(run.stdout.contains("cmdline"), "{run}");
    assert!(!run.stdout.contains("t0ken-of-dev"), "{run}");
}

#[test]
fn a_program_starts_where_we_were_told_to_work() {
    let repo = with("A=1\n");
    let run = repo.tenure(&["-C", "secrets", "run", "-e", "dev", "--", "sh", "-c", "pwd; ls"]);
    let expected = format!("{}\ndev.env\n", repo.path().join("secrets").display());
    assert_eq!(run.done().stdout, expected);
}

#[test]
fn a_broken_pipe_ends_the_programs_children_quietly() {
    let repo = with("A=1\n");
    let run = repo.tenure(&["run", "-e", "dev", "--", "sh", "-c", "yes | head -n 1"]).done();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("y\n", ""));
}

#[test]
fn a_core_limit_comes_back_for_the_program() {
    let repo = with("A=1\n");
    let own = repo.command("sh").args(&["-c", "ulimit -c"]).run().done().stdout;
    let run = repo.tenure(&["run", "-e", "dev", "--", "sh", "-c", "ulimit -c"]);
    assert_eq!(run.done().stdout, own);
}
