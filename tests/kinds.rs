//! Kinds of signing keys: what the built program signs with them, stock `ssh-keygen` and `check` verify.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::commands::member::started;
use crate::support::{NOW, Outcome, Prepared, Repo, below, skip, stock};

const AGE: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

/// Makes a key of ben's, under a passphrase or not; gives its file.
fn key(repo: &Repo, args: &[&str], passphrase: &str) -> PathBuf {
    let file = repo.home().join(format!("{}.key", args.join("")));
    let keygen = repo.command(stock("ssh-keygen").unwrap()).args(&["-q", "-C", "", "-N"]);
    keygen.arg(passphrase).arg("-t").args(args).arg("-f").arg(&file).run().done();
    file
}

fn public(file: &std::path::Path) -> String {
    let line = fs::read_to_string(format!("{}.pub", file.display())).unwrap();
    line.split(' ').take(2).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// Makes ben a member who reads with an age key and signs with these keys.
fn with_ben(keys: &[PathBuf]) -> (Repo, PathBuf) {
    let repo = started();
    let own = repo.home().join(".ssh/id_ed25519");
    let age = repo.run("key new --machine").done().stdout;
    fs::write(repo.home().join("ben.age"), &age).unwrap();
    let recipient = age.split_whitespace().find(|word| word.starts_with("age1")).unwrap();
    let signing: Vec<String> = keys.iter().map(|file| public(file)).collect();
    let mut line =
        vec!["member", "add", "ben", "--role", "developer", "--recipient", recipient, "-y"];
    for key in &signing {
        line.extend(["--signing-key", key.as_str()]);
    }
    repo.tenure(&line).done();
    (repo, own)
}

/// Signs an `unset` as ben.
fn signs(repo: &Repo, key: &std::path::Path, address: &str) -> Outcome {
    let own = repo.home().join(".ssh");
    let away = repo.home().join("away");
    fs::rename(&own, &away).unwrap();
    let age = repo.home().join("ben.age").display().to_string();
    let keys = ["-i", &age, "-i", &key.display().to_string()];
    let done = repo.tenure(&[&keys[..], &["-y", "unset", address]].concat());
    fs::rename(&away, &own).unwrap();
    done
}

/// Checks the newest entry of ben's as a stranger would.
fn stock_accepts(repo: &Repo) {
    let signers = repo.home().join("signers");
    fs::write(&signers, repo.run("log signers").done().stdout).unwrap();
    let log = below(&repo.path().join(".secrets/log"));
    let mut seen = 0;
    for path in log {
        let text = fs::read_to_string(&path).unwrap();
        if !text.contains("\nby = \"ben\"\n") {
            continue;
        }
        seen += 1;
        let (payload, signature) = text.split_at(text.find("-----BEGIN SSH").unwrap());
        fs::write(repo.home().join("sig"), signature).unwrap();
        let keygen = repo.command(stock("ssh-keygen").unwrap());
        let keygen = keygen.args(&["-Y", "verify", "-I", "ben", "-n", "log@tenure", "-f"]);
        let verified = keygen.arg(&signers).arg("-s").arg(repo.home().join("sig")).feed(payload);
        assert_eq!(verified.code, 0, "{verified}");
    }
    assert!(seen > 0);
}

#[test]
fn every_kind_of_key_signs_and_stock_ssh_keygen_agrees() {
    let made = Repo::new();
    let kinds: [&[&str]; 5] = [
        &["ed25519"],
        &["ecdsa", "-b", "256"],
        &["ecdsa", "-b", "384"],
        &["ecdsa", "-b", "521"],
        &["rsa", "-b", "3072"],
    ];
    let keys: Vec<_> = kinds.iter().map(|kind| key(&made, kind, "")).collect();
    let (repo, _) = with_ben(&keys);
    for (number, key) in keys.iter().enumerate() {
        let address = format!("dev/K{number}");
        repo.tenure_fed(&["set", &address], "value").done();
        signs(&repo, key, &address).done();
    }
    repo.run("check").done();
    stock_accepts(&repo);
}

#[test]
fn keys_that_are_refused_are_refused_at_the_door() {
    let repo = started();
    let made = Repo::new();
    for (kind, word) in [
        (&["rsa", "-b", "2048"][..], "this RSA key has 2048 bits, and must have from 3072 to 4096"),
        (&["dsa"], "DSA keys are refused"),
    ] {
        let keygen = made.command(skip!("ssh-keygen"));
        let file = made.home().join(kind[0]);
        let keygen = keygen.args(&["-q", "-N", "", "-t"]).args(kind).arg("-f").arg(&file).run();
        // A newer OpenSSH makes no DSA keys any more.
        if keygen.code != 0 {
            continue;
        }
        let public = public(&file);
        let line = ["member", "add", "ben", "--recipient", AGE, "--signing-key", &public, "-y"];
        let refused = repo.tenure(&line);
        assert_eq!(refused.code, 2, "{refused}");
        assert!(refused.stderr.contains(word), "{refused}");
    }
}

/// An agent of one's own, which ends with the test.
struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    /// Starts one and gives it a key, whose file then goes.
    fn with(repo: &Repo, key: &std::path::Path) -> Self {
        let socket = repo.folder().join("agent");
        let agent = repo.command(stock("ssh-agent").unwrap()).args(&["-D", "-a"]).arg(&socket);
        let child = agent.raw().stdout(Stdio::null()).spawn().unwrap();
        let agent = Self { child, socket };
        let added = (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            let add = repo.command(stock("ssh-add").unwrap()).args(&["-q"]).arg(key);
            add.env("SSH_AUTH_SOCK", &agent.socket).run().code == 0
        });
        assert!(added, "ssh-add takes the key");
        fs::remove_file(key).unwrap();
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _gone = self.child.kill().and_then(|()| self.child.wait().map(|_| ()));
    }
}

#[test]
fn a_key_that_only_an_agent_holds_signs() {
    let _agent = skip!("ssh-agent");
    let made = Repo::new();
    for kind in [&["ed25519"][..], &["ecdsa", "-b", "256"], &["rsa", "-b", "3072"]] {
        let file = key(&made, kind, "");
        let (repo, own) = with_ben(std::slice::from_ref(&file));
        repo.tenure_fed(&["set", "dev/X"], "value").done();
        let agent = Agent::with(&repo, &file);
        fs::remove_file(own).unwrap();
        let unset = |socket: &std::path::Path| {
            let command = repo.command(env!("CARGO_BIN_EXE_tenure")).args(&["--now", NOW]);
            let age = repo.home().join("ben.age");
            let command = command.args(&["-y", "unset", "dev/X", "-i"]).arg(age);
            command.env("SSH_AUTH_SOCK", socket).run()
        };
        assert_eq!(unset(std::path::Path::new("/nowhere")).code, 4);
        unset(&agent.socket).done();
        repo.run("check").done();
    }
}

/// Types an answer once a passphrase is asked for: what is typed before is thrown away by the asker.
fn answered(command: Prepared, answer: &str) -> (Option<i32>, String) {
    let mut command = command.raw();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut said, mut byte) = (Vec::new(), [0]);
    let mut asked = false;
    while stdout.read(&mut byte).unwrap() > 0 {
        said.extend(byte);
        if !asked && said.ends_with(b"passphrase: ") {
            asked = true;
            stdin.write_all(answer.as_bytes()).unwrap();
        }
    }
    (child.wait().unwrap().code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn a_locked_key_is_unlocked_at_a_terminal_and_nowhere_else() {
    let script = skip!("script");
    let made = Repo::new();
    for kind in [&["ed25519"][..], &["ecdsa", "-b", "256"]] {
        let file = key(&made, kind, "correct horse");
        let (repo, _) = with_ben(std::slice::from_ref(&file));
        repo.tenure_fed(&["set", "dev/X"], "value").done();
        let before = below(&repo.path().join(".secrets/log")).len();
        // No prompt where nobody is there: an answer on stdin is none.
        let refused = signs(&repo, &file, "dev/X");
        assert_eq!(refused.code, 4, "{refused}");
        assert_eq!(below(&repo.path().join(".secrets/log")).len(), before);
        fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
        let program = env!("CARGO_BIN_EXE_tenure");
        let age = repo.home().join("ben.age");
        let (age, key) = (age.display(), file.display());
        let line = format!("{program} --now {NOW} -y -i {age} -i {key} unset dev/X");
        let typed = |answer: &str| {
            let command = repo.command(&script).args(&["-qec", &line, "/dev/null"]);
            answered(command.env("TERM", "dumb"), answer)
        };
        let (code, said) = typed("wrong\n");
        assert_eq!(code, Some(4), "{said}");
        let (code, said) = typed("correct horse\n");
        assert_eq!(code, Some(0), "{said}");
        assert!(!said.contains("correct horse"), "{said}");
        repo.run("check").done();
    }
}

#[test]
fn a_hook_and_a_ci_job_ask_for_no_passphrase() {
    let script = skip!("script");
    let made = Repo::new();
    let file = key(&made, &["ed25519"], "correct horse");
    let (repo, _) = with_ben(std::slice::from_ref(&file));
    repo.run("hook install").done();
    repo.tenure_fed(&["set", "dev/X"], "value").done();
    fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
    // At a terminal, with only a locked key at hand: the hook needs no key.
    let commit = "git add -A && git commit -qm x";
    let line = format!("TENURE_IDENTITY_FILE={} bash -c '{commit}'", file.display());
    let command = repo.command(&script).args(&["-qec", &line, "/dev/null"]);
    let committed = command.env("TERM", "dumb").feed("");
    assert_eq!(committed.code, 0, "{committed}");
    assert!(!committed.stdout.contains("passphrase"), "{committed}");
    // A job of CI has a terminal sometimes, and nobody at it.
    let program = env!("CARGO_BIN_EXE_tenure");
    for ci in ["CI=true", "X=1"] {
        let quiet = if ci == "X=1" { "--non-interactive" } else { "" };
        let age = repo.home().join("ben.age");
        let keys = format!("-i {} -i {}", age.display(), file.display());
        let line = format!("{ci} {program} {quiet} --now {NOW} -y {keys} unset dev/X");
        let command = repo.command(&script).args(&["-qec", &line, "/dev/null"]);
        let refused = command.env("TERM", "dumb").feed("correct horse\n");
        assert_eq!(refused.code, 4, "{refused}");
        assert!(!refused.stdout.contains("Enter passphrase"), "{refused}");
    }
}
