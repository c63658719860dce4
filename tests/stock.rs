//! Stock programs agree: age and rage open what we write, ssh-keygen accepts what we sign.

use std::fs;
use std::path::{Path, PathBuf};

use crate::commands::member::new_key;
use crate::support::{Outcome, Repo, below, skip};

const PEM: &str = "-----BEGIN PRIVATE KEY-----\nbm90IHJlYWxseQ==\n-----END PRIVATE KEY-----\n";

/// A repository with a value, a file sealed whole, and a second generation of the environment.
fn repository() -> (Repo, PathBuf) {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("init --member ana").done();
    repo.write("secrets/dev.env", "# a comment\nA=one\nB='two'\n");
    repo.write("secrets/dev/tls.pem", PEM);
    repo.run("seal").done();
    let add = "member add ci --role developer --kind machine --owner ana --generate -y";
    let machine = repo.home().join("ci.key");
    fs::write(&machine, repo.run(add).done().stdout).unwrap();
    repo.commit("secrets");
    (repo, machine)
}

fn keyrings(repo: &Repo) -> Vec<PathBuf> {
    below(&repo.path().join(".secrets/keys/dev"))
}

fn decrypt(repo: &Repo, program: &Path, identity: &Path, file: &Path) -> Outcome {
    repo.command(program).args(&["-d", "-i"]).arg(identity).arg(file).run()
}

/// Decrypts the keyring that has both generations with a reader's key, and keeps what is in it.
fn opened_keyring(repo: &Repo, program: &Path, identity: &Path) -> PathBuf {
    let opened = keyrings(repo).into_iter().map(|file| decrypt(repo, program, identity, &file));
    let both = opened.filter(|opened| opened.code == 0 && opened.stdout.lines().count() == 2);
    let [both] = <[Outcome; 1]>::try_from(both.collect::<Vec<_>>())
        .unwrap_or_else(|several| panic!("{} keyrings have both generations", several.len()));
    assert!(both.stdout.lines().all(|line| line.starts_with("AGE-SECRET-KEY-1")));
    let file = repo.home().join("generations.txt");
    fs::write(&file, &both.stdout).unwrap();
    file
}

fn opens_all(program: &Path) {
    let (repo, machine) = repository();
    let ssh = repo.home().join(".ssh/id_ed25519");
    let generations = opened_keyring(&repo, program, &ssh);
    let by_ssh = fs::read(&generations).unwrap();
    assert_eq!(fs::read(opened_keyring(&repo, program, &machine)).unwrap(), by_ssh);
    let whole = decrypt(&repo, program, &generations, &repo.path().join("secrets/dev/tls.pem"));
    assert_eq!(whole.done().stdout, PEM);
    let (_, stranger) = new_key(&repo, "stranger");
    for keyring in keyrings(&repo) {
        let refused = decrypt(&repo, program, Path::new(&stranger), &keyring);
        assert_ne!((refused.code, refused.stdout.as_str()), (0, ""), "{refused}");
    }
}

#[test]
fn age_opens_keyrings_and_whole_files() {
    opens_all(&skip!("age"));
}

#[test]
fn rage_opens_keyrings_and_whole_files() {
    opens_all(&skip!("rage"));
}

#[test]
fn age_opens_what_a_writer_dropped() {
    use base64::Engine as _;
    let age = skip!("age");
    let estate = crate::stories::dropping::shop();
    estate.set("cleo", "prod/DB_URL", "hunter2-new");
    let [keyring] = <[PathBuf; 1]>::try_from(below(&estate.repo.path().join(".secrets/keys/prod")))
        .unwrap_or_else(|several| panic!("{several:?}"));
    let opened = decrypt(&estate.repo, &age, &estate.key("ana"), &keyring).done();
    let identity = estate.repo.home().join("generation.txt");
    fs::write(&identity, opened.stdout).unwrap();
    let text = estate.read("secrets/prod.env");
    let token = text.lines().find_map(|line| line.strip_prefix("DB_URL=dropped.v1.")).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).unwrap();
    let file = estate.repo.home().join("dropped.age");
    fs::write(&file, payload).unwrap();
    let plain = decrypt(&estate.repo, &age, &identity, &file).done().stdout_bytes;
    let part = |text: &str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let bound = ["1", "0198c9d2-7b1e-4c8a-9f00-0123456789ab", "prod", "value", "DB_URL"].map(part);
    let mut wanted = [bound.concat(), part("hunter2-new")].concat();
    wanted.resize(bound.concat().len() + 32, 0);
    assert_eq!(plain, wanted);
    let stranger = decrypt(&estate.repo, &age, &estate.key("cleo"), &file);
    assert_ne!((stranger.code, stranger.stdout.as_str()), (0, ""), "{stranger}");
}

#[test]
fn the_identities_in_a_keyring_are_those_that_the_log_names() {
    let (age, keygen) = (skip!("age"), skip!("age-keygen"));
    let (repo, _) = repository();
    let generations = opened_keyring(&repo, &age, &repo.home().join(".ssh/id_ed25519"));
    let recipients = repo.command(keygen).arg("-y").arg(generations).run().done().stdout;
    let log: String = below(&repo.path().join(".secrets/log")).iter().map(|e| text(e)).collect();
    assert_eq!(recipients.lines().count(), 2);
    for recipient in recipients.lines() {
        assert!(log.contains(&format!("recipient = \"{recipient}\"")), "{recipient}");
    }
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

/// Has ssh-keygen verify an entry's payload, as the design's recipe does.
fn verify(repo: &Repo, signers: &Path, entry: &str, change: impl Fn(&str) -> String) -> Outcome {
    let at = entry.find("-----BEGIN SSH").unwrap();
    let (payload, signature) = entry.split_at(at);
    let by = payload.lines().find_map(|line| line.strip_prefix("by = \"")).unwrap();
    let file = repo.home().join("entry.sig");
    fs::write(&file, signature).unwrap();
    let keygen = crate::support::stock("ssh-keygen").unwrap();
    repo.command(keygen)
        .args(&["-Y", "verify", "-n", "log@tenure", "-I", by.trim_end_matches('"'), "-f"])
        .arg(signers)
        .arg("-s")
        .arg(file)
        .feed(change(payload))
}

#[test]
fn ssh_keygen_accepts_every_entry() {
    skip!("ssh-keygen");
    let (repo, _) = repository();
    let signers = repo.home().join("signers");
    fs::write(&signers, repo.run("log signers").done().stdout).unwrap();
    let entries = below(&repo.path().join(".secrets/log"));
    assert!(entries.len() > 3, "{}", entries.len());
    for entry in entries {
        let entry = text(&entry);
        verify(&repo, &signers, &entry, str::to_owned).done();
        let changed = verify(&repo, &signers, &entry, |payload| payload.replace("ana", "ann"));
        assert_ne!(changed.code, 0, "{changed}");
    }
}

#[test]
fn a_whole_file_that_somebody_else_sealed_to_the_generation_is_refused() {
    let (age, keygen) = (skip!("age"), skip!("age-keygen"));
    let (repo, _) = repository();
    let generations = opened_keyring(&repo, &age, &repo.home().join(".ssh/id_ed25519"));
    let recipients = repo.command(keygen).arg("-y").arg(generations).run().done().stdout;
    let seal = |recipient: &str| {
        repo.command(&age).args(&["-a", "-r", recipient]).feed("mine\n").done().stdout_bytes
    };
    assert_eq!(repo.run("open secrets/dev/tls.pem").done().stdout, PEM);
    for recipient in recipients.lines() {
        repo.write("secrets/dev/tls.pem", seal(recipient));
        let checked = repo.run("check");
        assert_eq!(checked.code, 5, "{checked}");
        assert!(checked.stdout.starts_with("altered  "), "{checked}");
        let opened = repo.run("open secrets/dev/tls.pem");
        assert_eq!((opened.code, opened.stdout.as_str()), (5, ""), "{opened}");
        assert_eq!(repo.run("get dev/A").code, 5);
    }
    repo.git(&["checkout", "--", "secrets"]).done();
    repo.write("secrets/dev/new.pem", seal(recipients.lines().next().unwrap()));
    let checked = repo.run("check");
    assert_eq!(checked.code, 5, "{checked}");
    assert!(checked.stdout.starts_with("unattested  "), "{checked}");
    fs::remove_file(repo.path().join("secrets/dev/new.pem")).unwrap();
    repo.run("check").done();
}
