//! A laptop is stolen, with ben's key and his clone: what the thief can still do, and what ends it.

use crate::commands::join::push;
use crate::commands::member::new_key;
use crate::support::{Outcome, Repo, Team};

/// Ana's clone and ben's, who is a developer and has signed a value.
fn working() -> (Team, Repo, Repo, String) {
    let team = Team::new();
    let (ana, ben) = (team.person("ana"), team.person("ben"));
    ana.run("init").done();
    ana.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://dev").done();
    let public = ben.home().join(".ssh/id_ed25519.pub").display().to_string();
    ana.tenure(&["member", "add", "ben", "--role", "developer", "--ssh-key", &public, "-y"]).done();
    push(&ana, "start");
    let root = ana.run("trust show --json").done().json()["pinned"].as_str().unwrap().to_owned();
    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    ben.tenure_fed(&["--root", &root, "set", "dev/MAIL_KEY"], "m").done();
    push(&ben, "mail");
    ana.git(&["pull", "--quiet", "origin", "main"]).done();
    (team, ana, ben, root)
}

fn codes(checked: &Outcome) -> Vec<String> {
    let findings = checked.json()["findings"].as_array().unwrap().clone();
    findings.iter().map(|f| f["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_stolen_key_signs_nothing_more_and_what_it_signed_is_looked_at() {
    let (_team, ana, thief, root) = working();
    // The thief signs in the old clone, at leisure.
    thief.git(&["switch", "--quiet", "-c", "evil"]).done();
    thief.tenure_fed(&["--root", &root, "set", "dev/DATABASE_URL"], "postgres://evil").done();
    push(&thief, "evil");

    let (public, _) = new_key(&ana, "ben.new");
    let line = ["member", "replace-key", "ben", "--ssh-key", &public, "--lost", "-y"];
    let replaced = ana.tenure(&line).done();
    assert!(replaced.stderr.contains("1 value signed last with a lost key"), "{replaced}");
    assert!(replaced.stderr.contains("dev/MAIL_KEY"), "{replaced}");
    push(&ana, "ben's key is stolen");

    // Merged by mistake, the thief's word is void: nobody reads the value.
    ana.git(&["fetch", "--quiet"]).done();
    ana.git(&["merge", "--quiet", "--no-edit", "--no-verify", "origin/evil"]).done();
    let checked = ana.run("--json check");
    assert_eq!(checked.code, 5, "{checked}");
    assert!(codes(&checked).contains(&"removed-key".to_owned()), "{checked}");
    let refused = ana.run("get dev/DATABASE_URL");
    assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{refused}");
    ana.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://new").done();

    // What it signed before stands, is noted, and owed.
    let checked = ana.run("--json check").done();
    assert!(codes(&checked).contains(&"lost-key".to_owned()), "{checked}");
    assert_eq!(ana.run("get dev/MAIL_KEY").done().stdout, "m");
    assert_eq!(checked.json()["obligations"].as_array().unwrap().len(), 1, "{checked}");
    ana.tenure_fed(&["rotate", "dev/MAIL_KEY"], "m2").done();
    let checked = ana.run("--json check").done();
    assert_eq!(codes(&checked), Vec::<String>::new(), "{checked}");

    // On top, the thief gets no further either.
    push(&ana, "all new");
    thief.git(&["fetch", "--quiet"]).done();
    thief.git(&["reset", "--quiet", "--hard", "origin/main"]).done();
    let refused = thief.tenure_fed(&["--root", &root, "set", "dev/X"], "x");
    assert_eq!(refused.code, 4, "{refused}");
    assert_eq!(thief.tenure(&["--root", &root, "get", "dev/MAIL_KEY"]).code, 4);
}

#[test]
fn a_machines_stolen_key_is_replaced_without_touching_a_value() {
    let (_team, ana, _ben, _) = working();
    let before = ana.read("secrets/dev.env");
    let add = "member add ci --role developer --kind machine --owner ana --generate -y";
    let old = ana.run(add).done().stdout;
    let new = ana.run("member replace-key ci --generate --lost -y").done().stdout;
    assert_eq!(ana.read("secrets/dev.env"), before);
    ana.tenure_fed(&["set", "dev/LATER"], "later").done();
    std::fs::remove_dir_all(ana.home().join(".ssh")).unwrap();
    let reads = |key: &str| {
        let command = ana.command(env!("CARGO_BIN_EXE_tenure")).args(&["--now", ana.now()]);
        command.args(&["get", "dev/LATER"]).env("TENURE_IDENTITY", key).run().code
    };
    assert_eq!((reads(&old), reads(&new)), (4, 0));
}
