//! `tenure rotate --with`: a command of the user's makes the new value, has it accepted, tries it, and ends the old.

use super::rotate_steps::{given, typed};
use crate::support::{Outcome, Repo, snapshot};

/// A command that writes down which steps it was started for and what it got, and behaves as the lines say.
fn command(repo: &Repo, lines: &str) {
    let script = format!(
        "step=$1 address=$2\n\
         got=$(cat)\n\
         current=$(test -z \"$TENURE_CURRENT\" || cat \"$TENURE_CURRENT\")\n\
         echo \"$step $address $got $current\" >> \"$HOME/got\"\n\
         {lines}\n"
    );
    std::fs::write(repo.home().join("command.sh"), script).unwrap();
}

/// What the command was started for since the last time.
fn got(repo: &Repo) -> Vec<String> {
    let file = repo.home().join("got");
    let lines = std::fs::read_to_string(&file).unwrap_or_default();
    let _none = std::fs::remove_file(file);
    lines.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn with(repo: &Repo, words: &[&str]) -> Outcome {
    let line = [&["rotate", "dev/A", "--with", "sh ~/command.sh"], words].concat();
    repo.tenure(&line)
}

fn ready(lines: &str) -> Repo {
    let repo = typed("revoke = \"console\"\ngenerate = \"hex:16\"");
    command(&repo, lines);
    repo
}

const MAKES: &str = "test $step = create && echo hunter2-new; true";

#[test]
fn a_command_is_started_once_a_step_and_gets_values_by_pipes() {
    let repo = ready(MAKES);
    snapshot!(with(&repo, &[]), @r"
    exit 0
    --- stdout
    dev/A has its new value; the one before is dev/A_PREVIOUS. Due 2026-04-01.
    Entry [id], signed by ana.
    --- stderr
    dev/A create: done
    dev/A set: done
    dev/A test: done
    both go out; end the old one at its issuer (console) by 2026-01-08, then: tenure rotate dev/A --finish
    ");
    let address = "dev/secrets/dev.env#A";
    assert_eq!(
        got(&repo),
        [
            format!("create {address} one-value"),
            format!("set {address} hunter2-new one-value"),
            format!("test {address} hunter2-new"),
        ]
    );
    assert_eq!(given(&repo), ["A=hunter2-new", "A_PREVIOUS=one-value"]);
    repo.commit("promoted");
    snapshot!(with(&repo, &["--finish"]), @r"
    exit 0
    --- stdout
    dev/A: 1 earlier value ended (declared). dev/A_PREVIOUS removed.
    Entry [id], signed by ana.
    --- stderr
    dev/A finish: done
    That the issuer refuses the old value is declared by ana, not proven.
    ");
    assert_eq!(got(&repo), [format!("finish {address} one-value hunter2-new")]);
    assert_eq!(given(&repo), ["A=hunter2-new"]);
    repo.run("check").done();
}

#[test]
fn no_value_and_no_key_is_in_the_arguments_or_the_variables_of_a_command() {
    let repo = ready(
        "env >> ~/seen; tr '\\0' ' ' < /proc/$$/cmdline >> ~/seen; test $step = create && echo hunter2-new; true",
    );
    with(&repo, &[]).done();
    with(&repo, &["--finish"]).done();
    let seen = std::fs::read_to_string(repo.home().join("seen")).unwrap();
    assert_eq!(seen.matches("command.sh create dev/secrets/dev.env#A").count(), 1, "{seen}");
    assert!(seen.contains("TENURE_CURRENT=/dev/fd/"), "{seen}");
    assert!(!seen.contains("hunter2") && !seen.contains("TENURE_IDENTITY"), "{seen}");
}

#[test]
fn a_command_that_makes_no_value_leaves_it_to_the_generator() {
    let repo = ready("true");
    with(&repo, &[]).done();
    let seen = got(&repo);
    let new = given(&repo)[0].strip_prefix("A=").unwrap().to_owned();
    assert!(new.len() == 32 && new != "one-value", "{new}");
    assert_eq!(seen[2], format!("test dev/secrets/dev.env#A {new}"));
    with(&repo, &["--finish"]).done();
    with(&repo, &["--generate", "hex:32"]).done();
    assert_eq!(given(&repo)[0].len(), 66);
    with(&repo, &["--finish"]).done();
    command(&repo, MAKES);
    let both = with(&repo, &["--generate", "hex:32"]);
    assert_eq!((both.code, both.stdout.as_str()), (2, ""), "{both}");
    assert!(both.stderr.contains("printed a value, and --generate wants another"), "{both}");
}

/// Fails in a step, whatever came before it; then the same command comes to the end.
#[track_caller]
fn fails_and_goes_on(step: &str, waits: bool, again: &[&str]) {
    let repo = ready(&format!("test $step = {step} && echo because >&2 && exit 3; {MAKES}"));
    let before = given(&repo);
    let failed = with(&repo, &[]);
    assert_eq!((failed.code, failed.stdout.as_str()), (2, ""), "{failed}");
    assert!(failed.stderr.contains(&format!("dev/A {step}| because\n")), "{failed}");
    let error = format!("`{step}` of dev/A: the command ended with 3; ");
    assert!(failed.stderr.contains(&error), "{failed}");
    let stands = match waits {
        true => "dev/A is as it was, and its new value waits beside it\n",
        false => "nothing was signed, and dev/A is as it was\n",
    };
    assert!(failed.stderr.contains(stands), "{failed}");
    assert_eq!(failed.stderr.contains("tenure rotate dev/A --undo"), waits, "{failed}");
    assert_eq!(given(&repo), before);
    assert_eq!(repo.run("get dev/A_NEXT").code == 0, waits);
    repo.run("check").done();
    got(&repo);
    command(&repo, MAKES);
    with(&repo, &[]).done();
    let steps: Vec<_> =
        got(&repo).iter().map(|it| it.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(steps, again);
    assert_eq!(given(&repo), ["A=hunter2-new", "A_PREVIOUS=one-value"]);
    with(&repo, &["--finish"]).done();
    repo.run("check").done();
}

#[test]
fn where_a_step_fails_both_values_stay_and_the_same_command_goes_on() {
    fails_and_goes_on("create", false, &["create", "set", "test"]);
    fails_and_goes_on("set", true, &["set", "test"]);
    fails_and_goes_on("test", true, &["set", "test"]);
}

#[test]
fn an_end_that_fails_is_not_recorded_and_is_tried_again() {
    let repo = ready(&format!("test $step = finish && exit 1; {MAKES}"));
    with(&repo, &[]).done();
    let failed = with(&repo, &["--finish"]);
    assert_eq!((failed.code, failed.stdout.as_str()), (2, ""), "{failed}");
    assert!(failed.stderr.contains("the command ended with 1; no end was recorded"), "{failed}");
    assert_eq!(given(&repo), ["A=hunter2-new", "A_PREVIOUS=one-value"]);
    command(&repo, MAKES);
    let done = with(&repo, &["--finish"]).done();
    assert!(done.stdout.contains("1 earlier value ended (declared)"), "{done}");
}

#[test]
fn a_probe_is_asked_after_the_command_has_ended_the_old_value() {
    let repo = ready(&format!("test $step = finish && touch ended; {MAKES}"));
    with(&repo, &[]).done();
    let probe =
        ["--finish", "--", "sh", "-c", "test \"$A\" = one-value || exit 3; test ! -e ended"];
    let done = with(&repo, &probe).done();
    assert!(done.stdout.contains("1 earlier value ended (probed)"), "{done}");
}

#[test]
fn a_command_that_takes_too_long_is_ended() {
    let repo = ready(&format!("test $step = set && sleep 600; {MAKES}"));
    let late = with(&repo, &["--timeout", "1"]);
    assert_eq!((late.code, late.stdout.as_str()), (2, ""), "{late}");
    assert!(late.stderr.contains("`set` of dev/A: the command took too long"), "{late}");
    assert_eq!(repo.run("get dev/A_NEXT").done().stdout, "hunter2-new");
    assert_eq!(given(&repo), ["A=one-value"]);
    repo.run("check").done();
    repo.run("rotate dev/A --undo").done();
    assert_eq!(given(&repo), ["A=one-value"]);
}

#[test]
fn what_a_command_prints_is_shown_without_the_values() {
    let lines = "echo \"$got and $current\" >&2; echo \"$got\" | base64 >&2; printf %s \"$got\" | od -An -tx1 >&2
        test $step = create && printf %s hunter2-new && echo made hunter2-new >&2 && exit 0
        echo \"out $got\"; test $step != set";
    let repo = ready(lines);
    let failed = with(&repo, &[]);
    assert_eq!((failed.code, failed.stdout.as_str()), (2, ""), "{failed}");
    assert!(failed.stderr.contains("dev/A set| out [redacted]\n"), "{failed}");
    assert!(failed.stderr.contains("dev/A set| [redacted] and [redacted]\n"), "{failed}");
    assert!(failed.stderr.contains("dev/A create| made [redacted]\n"), "{failed}");
    for form in ["hunter2", "aHVudGVyMi", "68 75 6e"] {
        assert!(!failed.to_string().contains(form), "{form}: {failed}");
    }
}

#[test]
fn a_command_that_is_not_there_changes_nothing() {
    let repo = ready("true");
    for line in ["no-such-program", "./not-here --flag"] {
        let missing = repo.tenure(&["rotate", "dev/A", "--with", line]);
        assert_eq!((missing.code, missing.stdout.as_str()), (2, ""), "{missing}");
        assert!(missing.stderr.contains("ended with 127: there is no such program"), "{missing}");
    }
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn several_secrets_are_driven_one_after_the_other() {
    let repo = ready(
        "test $step = create && echo \"hunter2-$got\"; test $step$got != sethunter2-two-value",
    );
    let line = ["rotate", "dev/A", "dev/B", "--with", "sh ~/command.sh"];
    let failed = repo.tenure(&line);
    assert_eq!(failed.code, 2, "{failed}");
    assert!(failed.stderr.contains("`set` of dev/B"), "{failed}");
    assert_eq!(given(&repo), ["A=hunter2-one-value", "A_PREVIOUS=one-value"]);
    command(&repo, "true");
    let done = repo.tenure(&["rotate", "dev/B", "--with", "sh ~/command.sh", "--json"]).done();
    assert_eq!(done.json()["values"][0]["steps"], serde_json::json!(["set", "test"]), "{done}");
    let done = repo.tenure(&[&line[..], &["--finish"]].concat()).done();
    assert_eq!(done.stdout.matches("1 earlier value ended").count(), 2, "{done}");
    let due = repo.tenure(&["rotate", "--due", "--with", "true"]);
    assert_eq!(due.code, 2, "{due}");
    repo.run("check").done();
}

#[test]
fn a_dry_run_starts_no_command() {
    let repo = ready("touch started");
    let dry = with(&repo, &["-n"]).done();
    assert_eq!(dry.stdout, "dev/A: create, set, test, then promoted.\n");
    assert!(dry.stderr.contains("the command was not started"), "{dry}");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
    command(&repo, MAKES);
    with(&repo, &[]).done();
    repo.commit("promoted");
    command(&repo, "touch started");
    with(&repo, &["-n", "--finish"]).done();
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn a_value_that_changed_while_it_was_tried_is_not_promoted() {
    let tenure = env!("CARGO_BIN_EXE_tenure");
    let swap = format!(
        "test $step = test && {tenure} --now 2026-01-01T00:00:00Z rotate dev/A --undo && \
         echo hunter2-other | {tenure} --now 2026-01-01T00:00:00Z rotate dev/A --begin; {MAKES}"
    );
    let repo = ready(&swap);
    let refused = with(&repo, &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
    assert!(refused.stderr.contains("changed meanwhile"), "{refused}");
    assert_eq!(repo.run("get dev/A_NEXT").done().stdout, "hunter2-other");
    assert_eq!(given(&repo), ["A=one-value"]);
}

#[test]
fn a_value_that_the_secret_had_before_is_not_begun() {
    let repo = ready("test $step = create && echo one-value; true");
    let refused = with(&repo, &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
    assert!(refused.stderr.contains("same as the current value"), "{refused}");
    assert_eq!(got(&repo).len(), 1, "nothing was set at the issuer");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn a_type_of_one_value_at_a_time_keeps_none_before_it() {
    let repo = typed("strategy = \"single\"\nrevoke = \"console\"");
    command(&repo, &format!("test $step = set && exit 4; {MAKES}"));
    let failed = with(&repo, &[]);
    assert!(failed.stderr.contains("its issuer takes one value at a time: see which"), "{failed}");
    assert_eq!(given(&repo), ["A=one-value"]);
    command(&repo, MAKES);
    let done = with(&repo, &[]).done();
    assert!(done.stderr.contains("planned interruption"), "{done}");
    assert_eq!(given(&repo), ["A=hunter2-new"]);
    repo.run("check").done();
    repo.commit("promoted");
    got(&repo);
    with(&repo, &["--finish"]).done();
    assert_eq!(got(&repo), ["finish dev/secrets/dev.env#A one-value hunter2-new"]);
    repo.run("check").done();
}

#[test]
fn a_whole_file_goes_through_the_pipes_byte_by_byte() {
    let repo = typed("");
    let file = "dev/secrets/dev/tls.pem";
    repo.tenure_fed(&["set", file], "one\n\n").done();
    let script =
        "cp /dev/stdin ~/$1; test -z \"$TENURE_CURRENT\" || cp \"$TENURE_CURRENT\" ~/$1.current
        test $1 = create && printf 'two\\n\\n'; true";
    std::fs::write(repo.home().join("command.sh"), script).unwrap();
    repo.tenure(&["rotate", file, "--with", "sh ~/command.sh"]).done();
    let read = |name: &str| std::fs::read_to_string(repo.home().join(name)).unwrap();
    assert_eq!(
        [read("create"), read("set"), read("set.current"), read("test")].concat(),
        "one\n\ntwo\n\none\n\ntwo\n\n"
    );
    assert_eq!(repo.run(&format!("get {file}")).done().stdout, "two\n\n");
}

#[test]
fn whoever_is_told_to_end_ends_the_command_first() {
    use rustix::process::{Pid, Signal, kill_process, test_kill_process};
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let repo = ready(&format!("test $step = set && echo $$ > ~/pid && sleep 600; {MAKES}"));
        let args = ["--now", repo.now(), "rotate", "dev/A", "--with", "sh ~/command.sh"];
        let mut tenure = repo.command(env!("CARGO_BIN_EXE_tenure")).args(&args).raw();
        tenure.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut tenure = tenure.stdout(std::process::Stdio::null()).spawn().unwrap();
        let file = repo.home().join("pid");
        let pid = loop {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            match text.trim().parse() {
                Ok(pid) if text.ends_with('\n') => break Pid::from_raw(pid).unwrap(),
                _ => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        };
        let own = i32::try_from(tenure.id()).unwrap();
        kill_process(Pid::from_raw(own).unwrap(), signal).unwrap();
        assert_eq!(tenure.wait().unwrap().code(), Some(code));
        // Without a parent it is buried by whoever takes that place, sooner or later.
        let stat = format!("/proc/{}/stat", pid.as_raw_nonzero());
        let stat = || std::fs::read_to_string(&stat).unwrap_or_default();
        assert!(test_kill_process(pid).is_err() || stat().contains(") Z "), "{}", stat());
        assert_eq!(repo.run("get dev/A_NEXT").done().stdout, "hunter2-new");
        command(&repo, MAKES);
        with(&repo, &[]).done();
        assert_eq!(given(&repo), ["A=hunter2-new", "A_PREVIOUS=one-value"]);
    }
}

#[test]
fn only_a_reader_has_a_value_made_by_a_command() {
    let repo = ready("touch started");
    std::fs::rename(repo.home().join(".ssh"), repo.home().join("away")).unwrap();
    let refused = with(&repo, &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (4, ""), "{refused}");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
    assert_eq!(repo.tenure(&["rotate", "dev/A", "--with", ""]).code, 2);
}
