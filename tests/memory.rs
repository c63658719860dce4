//! What a clone remembers of its log spares work and nothing else: it never turns a no into a yes.

use std::fs;
use std::path::PathBuf;

use tenure::verify::Trust;

use crate::support::Repo;
use crate::support::growth::{Size, Steps, grow};
use crate::support::twice::judged_twice;

fn repository() -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("init --member ana").done();
    repo.tenure_fed(&["set", "dev/A"], "one").done();
    repo.commit("secrets");
    repo
}

fn remembered(repo: &Repo) -> PathBuf {
    repo.path().join(".git/tenure/signatures")
}

fn key(repo: &Repo) -> PathBuf {
    repo.home().join(".local/state/tenure/cache-key")
}

/// Finds the entry that attests `dev/A`.
fn newest(repo: &Repo) -> PathBuf {
    let found = repo.git(&["grep", "-l", "secrets/dev.env", "--", ".secrets/log"]).done();
    repo.path().join(found.stdout.trim())
}

#[test]
fn reading_remembers_which_signatures_hold_and_check_does_not_ask() {
    let repo = repository();
    assert_eq!(repo.run("get dev/A").done().stdout, "one");
    let facts = fs::read(remembered(&repo)).unwrap();
    assert_eq!((facts.len() % 32, facts.len() > 32), (0, true));
    fs::remove_file(remembered(&repo)).unwrap();
    repo.run("check").done();
    assert!(!remembered(&repo).exists());
}

#[test]
fn a_memory_that_is_damaged_or_foreign_is_as_none() {
    let repo = repository();
    repo.run("get dev/A").done();
    let honest = fs::read(remembered(&repo)).unwrap();
    let mut forged = honest.clone();
    forged[40] ^= 1;
    for bytes in [forged.as_slice(), b"", b"junk", &honest[..honest.len() - 1]] {
        fs::write(remembered(&repo), bytes).unwrap();
        assert_eq!(repo.run("get dev/A").done().stdout, "one");
        assert_eq!(fs::read(remembered(&repo)).unwrap(), honest);
    }
    fs::write(key(&repo), [7; 32]).unwrap();
    assert_eq!(repo.run("get dev/A").done().stdout, "one");
    assert_ne!(fs::read(remembered(&repo)).unwrap(), honest);
}

#[test]
fn no_key_and_no_room_for_one_is_no_memory_and_no_error() {
    let repo = repository();
    fs::remove_file(remembered(&repo)).unwrap();
    fs::remove_dir_all(repo.home().join(".local/state")).unwrap();
    fs::write(repo.home().join(".local/state"), "in the way").unwrap();
    let got = repo.run("get dev/A").done();
    assert_eq!((got.stdout.as_str(), got.stderr.as_str()), ("one", ""));
    assert!(!remembered(&repo).exists());
}

#[test]
fn another_signature_under_a_known_payload_is_not_known() {
    let repo = repository();
    repo.run("get dev/A").done();
    let entry = newest(&repo);
    let honest = fs::read_to_string(&entry).unwrap();
    let at = honest.find("-----END").unwrap() - 9;
    let other = if honest.as_bytes()[at] == b'A' { "B" } else { "A" };
    fs::write(&entry, format!("{}{other}{}", &honest[..at], &honest[at + 1..])).unwrap();
    for command in ["get dev/A", "check"] {
        let refused = repo.run(command);
        assert_eq!(refused.code, 5, "{refused}");
        assert!(format!("{refused}").contains("it is not signed by a key of `ana`"), "{refused}");
    }
    fs::write(&entry, honest).unwrap();
    repo.run("get dev/A").done();
}

#[test]
fn a_known_signature_by_somebody_without_the_right_is_refused() {
    let repo = repository();
    repo.run("get dev/A").done();
    // The same log, judged by a root that is not its own: what is remembered must not help.
    let root = "0".repeat(64);
    let refused = repo
        .command(env!("CARGO_BIN_EXE_tenure"))
        .args(&["--now", crate::support::NOW, "--root", &root, "get", "dev/A"])
        .run();
    assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{refused}");
}

/// A log that is too long to be read each time, with four values in each of four environments.
fn long() -> Repo {
    grown(204, Steps::Few)
}

fn grown(entries: usize, steps: Steps) -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    let key = fs::read(repo.home().join(".ssh/id_ed25519")).unwrap();
    let key = ssh_key::PrivateKey::from_openssh(key).unwrap();
    let root = grow(&repo.path(), &key, Size { entries, values: 4, steps });
    repo.write(".git/tenure/pin", format!("root {root}\n"));
    repo.commit("a long log");
    repo
}

fn state(repo: &Repo) -> PathBuf {
    repo.path().join(".git/tenure/state.dev")
}

/// Reads a value; what the log comes to is then remembered.
fn warm(repo: &Repo) -> String {
    let value = repo.run("get dev/key_001").done().stdout;
    assert!(state(repo).is_file());
    value
}

/// An entry of the middle of the log.
fn some_entry(repo: &Repo) -> PathBuf {
    crate::support::below(&repo.path().join(".secrets/log")).swap_remove(100)
}

#[track_caller]
fn refused(repo: &Repo, word: &str) {
    for line in [
        "get dev/key_001",
        "export -e dev --format dotenv",
        "open secrets/dev.yaml",
        "run -e dev -- true",
    ] {
        let outcome = repo.run(line);
        let wanted = if line.starts_with("run") { 125 } else { 5 };
        assert_eq!((outcome.code, outcome.stdout.as_str()), (wanted, ""), "{line}: {outcome}");
        assert!(outcome.stderr.contains(word), "{line}: {outcome}");
    }
}

#[test]
fn a_log_of_many_policies_holds_and_is_remembered() {
    for steps in [Steps::Plain(24), Steps::Readers(24)] {
        let repo = grown(240, steps);
        let trusted = repo.read(".git/tenure/pin");
        let root = trusted.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert_eq!(judged_twice(&repo.path(), Trust { root }, crate::support::NOW), 5);
        let value = warm(&repo);
        assert!(value.starts_with("value-dev-1-"), "{value}");
        let checked = repo.run("check --json");
        assert_eq!(checked.json()["entries"]["verified"], 240, "{checked}");
    }
}

#[test]
fn a_long_log_is_remembered_by_the_names_of_its_entries_and_check_reads_every_byte() {
    let repo = long();
    let value = warm(&repo);
    let entry = some_entry(&repo);
    let honest = fs::read(&entry).unwrap();
    fs::write(&entry, [honest.as_slice(), b"\n"].concat()).unwrap();
    // The proof that the state is used: this alone is not seen by reads, and gains nothing.
    assert_eq!(repo.run("get dev/key_001").done().stdout, value);
    assert_eq!(repo.run("check").code, 5);
    assert_eq!(repo.tenure_fed(&["set", "dev/key_001"], "new").code, 5);
    fs::write(&entry, honest).unwrap();
    repo.run("check").done();
}

#[test]
fn a_short_log_is_read_each_time() {
    let repo = repository();
    repo.run("get dev/A").done();
    let folder = repo.path().join(".git/tenure");
    let names = crate::support::below(&folder).into_iter();
    assert_eq!(names.filter(|name| name.to_string_lossy().contains("state")).count(), 0);
}

#[test]
fn only_commands_that_read_remember() {
    let repo = long();
    repo.run("check").done();
    repo.tenure_fed(&["set", "dev/key_001"], "new").done();
    repo.run("log list").done();
    repo.run("trust show").done();
    assert!(!state(&repo).exists());
    assert_eq!(warm(&repo), "new");
    repo.tenure_fed(&["set", "dev/key_001"], "newer").done();
    assert_eq!(warm(&repo), "newer");
}

#[test]
fn what_is_remembered_answers_as_the_whole_log_does() {
    let repo = long();
    for line in
        ["list", "list -e qa", "status", "export -e staging --format dotenv", "--json list -e dev"]
    {
        let cold = repo.run(line).done().stdout;
        assert_eq!(repo.run(line).done().stdout, cold, "{line}");
        let _absent = fs::remove_file(repo.path().join(".git/tenure/signatures"));
        assert_eq!(repo.run(line).done().stdout, cold, "{line}");
        assert!(!repo.path().join(".git/tenure/signatures").exists(), "{line} reads the log");
    }
}

#[test]
fn a_pending_value_is_remembered_as_one() {
    let repo = long();
    let pending = |repo: &Repo| {
        let run = repo.run("run --flatten -e dev -- env").done();
        assert!(!run.stdout.contains("NEXT"), "{run}");
        run.stderr.contains("left out, being pending: dev/secrets/dev.yaml#key_001_next")
    };
    assert!(!pending(&repo));
    repo.run("rotate dev/key_001 --begin --generate hex:16").done();
    assert!(pending(&repo));
    // Nothing but the newest items and what they carry on is remembered: the value beside it may be new.
    repo.tenure_fed(&["set", "dev/key_001"], "changed meanwhile").done();
    for _ in 0..2 {
        assert!(pending(&repo));
        assert!(state(&repo).is_file());
    }
}

#[test]
fn a_state_that_is_damaged_cut_or_of_another_place_is_as_none() {
    let repo = long();
    let value = warm(&repo);
    let honest = fs::read(state(&repo)).unwrap();
    // In its place lies what the state of a log with one entry more or less would be: it must not help.
    let entry = some_entry(&repo);
    let gone = fs::read(&entry).unwrap();
    fs::remove_file(&entry).unwrap();
    refused(&repo, "[");
    fs::write(&entry, gone).unwrap();
    let step = honest.len() / 10;
    let damaged = (0..honest.len()).step_by(step).map(|at| {
        let mut forged = honest.clone();
        forged[at] ^= 1;
        forged
    });
    let cut = [&honest[..0], &honest[..31], &honest[..96], &honest[..honest.len() - 1]];
    for bytes in damaged.chain(cut.map(<[u8]>::to_vec)) {
        fs::write(state(&repo), bytes).unwrap();
        assert_eq!(repo.run("get dev/key_001").done().stdout, value);
        assert_eq!(fs::read(state(&repo)).unwrap(), honest, "it was not judged anew");
    }
    fs::copy(state(&repo), repo.path().join(".git/tenure/state.prod")).unwrap();
    assert!(repo.run("get prod/key_001").done().stdout.starts_with("value-prod-1"));
}

#[test]
fn no_state_makes_a_yes_of_a_no() {
    let repo = long();
    warm(&repo);
    let kept = fs::read(state(&repo)).unwrap();
    let attack = |path: &str, word: &str, edit: &dyn Fn(&str) -> String| {
        let honest = repo.read(path);
        repo.write(path, edit(&honest));
        refused(&repo, word);
        repo.write(path, honest);
        assert_eq!(fs::read(state(&repo)).unwrap(), kept);
        warm(&repo);
    };
    let swapped = |text: &str| {
        let swap = text.replace("key_001:", "key_00x:").replace("key_002:", "key_001:");
        swap.replace("key_00x:", "key_002:")
    };
    attack("secrets/dev.yaml", "altered", &swapped);
    attack(".secrets-policy.toml", "policy-altered", &|text| text.replace("730d", "731d"));
    let policies = crate::support::below(&repo.path().join(".secrets/policies"));
    for policy in policies.iter().take(2) {
        let path = policy.strip_prefix(repo.path()).unwrap().to_str().unwrap().to_owned();
        attack(&path, "[", &|text| format!("{text}\n"));
    }
    let ring = crate::support::below(&repo.path().join(".secrets/keys/dev"));
    let ring = ring[0].strip_prefix(repo.path()).unwrap().to_str().unwrap().to_owned();
    attack(&ring, "altered", &|text| text.replacen('A', "B", 1));
    repo.write(".secrets/log/junk", "");
    refused(&repo, "bad-entry");
}

#[test]
fn a_state_is_of_one_commit() {
    let repo = long();
    warm(&repo);
    let before = fs::read(state(&repo)).unwrap();
    repo.git(&["commit", "--quiet", "--allow-empty", "-m", "another"]).done();
    warm(&repo);
    assert_ne!(fs::read(state(&repo)).unwrap(), before, "what HEAD had is judged anew");
}

#[test]
fn a_state_is_of_one_root_one_time_and_one_key() {
    let repo = long();
    let value = warm(&repo);
    let of = |root: &str, now: &str| {
        let tenure = repo.command(env!("CARGO_BIN_EXE_tenure"));
        tenure.args(&["--now", now, "--root", root, "get", "dev/key_001"]).run()
    };
    let pin = repo.read(".git/tenure/pin");
    fs::remove_file(repo.path().join(".git/tenure/pin")).unwrap();
    let root = pin.lines().next().unwrap().trim_start_matches("root ");
    assert_eq!(of(root, crate::support::NOW).done().stdout, value);
    assert_eq!(of(&"0".repeat(64), crate::support::NOW).code, 5);
    let early = of(root, "2025-06-01T00:00:00Z");
    assert!(early.code == 5 && early.stdout.is_empty(), "{early}");
    assert_eq!(repo.run("get dev/key_001").code, 5, "nothing is trusted any more");
    repo.write(".git/tenure/pin", pin);
    let honest = fs::read(state(&repo)).unwrap();
    fs::write(key(&repo), [7; 32]).unwrap();
    assert_eq!(warm(&repo), value);
    assert_ne!(fs::read(state(&repo)).unwrap(), honest);
}

#[test]
fn what_another_clone_remembers_is_none_here() {
    let repo = long();
    warm(&repo);
    let other = repo.folder().join("other");
    repo.git(&["clone", "--quiet", ".", &other.display().to_string()]).done();
    let memory = other.join(".git/tenure");
    fs::create_dir(&memory).unwrap();
    for name in ["state.dev", "pin"] {
        fs::copy(repo.path().join(".git/tenure").join(name), memory.join(name)).unwrap();
    }
    let copied = fs::read(memory.join("state.dev")).unwrap();
    let tenure = || repo.command(env!("CARGO_BIN_EXE_tenure")).within(&other);
    let get = tenure().args(&["--now", crate::support::NOW, "get", "dev/key_001"]);
    get.run().done();
    assert_ne!(fs::read(memory.join("state.dev")).unwrap(), copied);
}

#[test]
fn a_long_log_is_judged_alike_in_brief_and_whole() {
    let repo = long();
    let pin = repo.read(".git/tenure/pin");
    let root = pin.lines().next().unwrap().trim_start_matches("root ").parse().unwrap();
    assert_eq!(judged_twice(&repo.path(), Trust { root }, crate::support::NOW), 5);
}

#[test]
fn what_is_remembered_of_the_history_never_hides_an_entry_that_is_gone() {
    let repo = repository();
    let old = repo.read("secrets/dev.env");
    repo.tenure_fed(&["set", "dev/A"], "two").done();
    repo.commit("another value");
    assert_eq!(repo.run("get dev/A").done().stdout, "two");
    let history = repo.path().join(".git/tenure/history");
    let honest = fs::read(&history).unwrap();
    let pin = repo.read(".git/tenure/pin");
    let root = pin.lines().next().unwrap().strip_prefix("root ").unwrap().to_owned();
    // Somebody takes the newest entry and its value out by a commit, past the hooks; nothing else has seen them.
    repo.git(&["-c", "core.hooksPath=/dev/null", "revert", "--no-edit", "HEAD"]).done();
    assert_eq!(repo.read("secrets/dev.env"), old);
    fs::remove_file(repo.path().join(".git/tenure/pin")).unwrap();
    let missed = || {
        let refused = repo.tenure(&["--root", &root, "get", "dev/A"]);
        assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{refused}");
        assert!(refused.stderr.contains("missing-entry"), "{refused}");
    };
    missed();
    let newer = fs::read(&history).unwrap_or_default();
    for of in [&honest, &newer] {
        for at in 0..of.len() {
            let mut forged = of.clone();
            forged[at] ^= 1;
            // Each byte of the seal, and some of what it seals: a run of the program takes a while.
            if at < 32 || at % 16 == 0 {
                fs::write(&history, forged).unwrap();
                missed();
            }
        }
        fs::write(&history, of).unwrap();
        missed();
    }
    fs::remove_file(&history).unwrap();
    missed();
}

#[test]
fn names_that_are_remembered_hide_no_entry_that_is_gone_or_new() {
    let repo = long();
    let value = warm(&repo);
    let names = repo.path().join(".git/tenure/names");
    // Only of folders that did not change a moment ago; how long a moment is, the file systems say.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    warm(&repo);
    let honest = fs::read(&names).unwrap();
    assert!(String::from_utf8_lossy(&honest).contains(".entry\n"));
    let entry = some_entry(&repo);
    let bytes = fs::read(&entry).unwrap();
    fs::remove_file(&entry).unwrap();
    for of in [honest.clone(), Vec::new()] {
        fs::write(&names, of).unwrap();
        refused(&repo, "[");
    }
    fs::write(&entry, bytes).unwrap();
    repo.write(".secrets/log/2025-02/junk", "");
    refused(&repo, "bad-entry");
    fs::remove_file(repo.path().join(".secrets/log/2025-02/junk")).unwrap();
    let step = honest.len() / 10;
    for at in (0..32).chain((32..honest.len()).step_by(step)) {
        let mut forged = honest.clone();
        forged[at] ^= 1;
        fs::write(&names, forged).unwrap();
        assert_eq!(warm(&repo), value);
    }
}
