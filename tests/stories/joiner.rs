//! Somebody comes: an admin adds them in one clone, and they read in another.

use crate::support::Team;

fn push(who: &crate::support::Repo, message: &str) {
    who.commit(message);
    who.git(&["push", "--quiet", "origin", "HEAD"]).done();
}

#[test]
fn a_new_member_reads_and_writes_in_their_own_clone() {
    let team = Team::new();
    let (ana, ben) = (team.person("ana"), team.person("ben"));
    ana.run("init").done();
    ana.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://dev").done();
    push(&ana, "start");
    let root = ana.run("trust show --json").done().json()["pinned"].as_str().unwrap().to_owned();

    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    let refused = ben.tenure(&["--root", &root, "get", "dev/DATABASE_URL"]);
    assert_eq!(refused.code, 4, "{refused}");
    assert!(refused.stderr.contains("its readers are ana"), "{refused}");

    let key = ben.home().join(".ssh/id_ed25519.pub").display().to_string();
    ana.tenure(&["member", "add", "ben", "--role", "developer", "--ssh-key", &key, "-y"]).done();
    push(&ana, "add ben");

    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    let read = ben.tenure(&["--root", &root, "get", "dev/DATABASE_URL"]).done();
    assert_eq!(read.stdout, "postgres://dev");
    ben.tenure_fed(&["--root", &root, "set", "dev/MAIL_KEY"], "m").done();
    push(&ben, "mail");

    ana.git(&["pull", "--quiet", "origin", "main"]).done();
    assert_eq!(ana.run("get dev/MAIL_KEY").done().stdout, "m");
    ana.run("check").done();
}
