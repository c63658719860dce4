//! Somebody comes: an admin adds them in one clone, and they read in another.

use crate::support::Team;

fn push(who: &crate::support::Repo, message: &str) {
    who.commit(message);
    who.git(&["push", "--quiet", "origin", "HEAD"]).done();
}

/// The story of the first ten minutes: a refusal that says what to ask, a request on a branch, an
/// admin who looks and signs, and nothing sealed anew.
#[test]
fn who_asks_is_let_in_by_an_admin() {
    let team = Team::new();
    let (ana, ben) = (team.person("ana"), team.person("ben"));
    ana.run("init").done();
    ana.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://dev").done();
    push(&ana, "start");
    let root = ana.run("trust show --json").done().json()["pinned"].as_str().unwrap().to_owned();
    let before = ana.read("secrets/dev.env");

    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    let refused = ben.tenure(&["--root", &root, "run", "-e", "dev", "--", "true"]);
    assert_eq!(refused.code, 125, "{refused}");
    let ask = refused.stderr.split("ask for it: ").nth(1).unwrap();
    let ask = ask.split(';').next().unwrap().trim_start_matches("tenure ");
    assert_eq!(ask, "join --role developer");
    let asked = ben.run(ask).done();
    let next = asked.stdout.lines().find_map(|line| line.strip_prefix("next  ")).unwrap();
    ben.command("bash").args(&["-c", next]).run().done();

    ana.git(&["fetch", "--quiet"]).done();
    ana.git(&["switch", "--quiet", "join-ben"]).done();
    let approved = ana.run("member approve ben -y").done();
    let key = std::fs::read(ben.home().join(".ssh/id_ed25519.pub")).unwrap();
    let whole = ben.command("ssh-keygen").args(&["-l", "-f", "-"]).feed(key).done().stdout;
    let whole = whole.split(' ').nth(1).unwrap();
    assert!(approved.stderr.contains(&format!("key   {whole}    compare it with ben")));
    assert_eq!(ana.read("secrets/dev.env"), before);
    push(&ana, "ben joins");
    ana.git(&["switch", "--quiet", "main"]).done();
    ana.git(&["merge", "--quiet", "--ff-only", "join-ben"]).done();
    ana.git(&["push", "--quiet", "origin", "main"]).done();
    ana.run("check").done();

    ben.git(&["fetch", "--quiet"]).done();
    ben.git(&["reset", "--quiet", "--hard", "origin/main"]).done();
    let read = ben.tenure(&["--root", &root, "get", "dev/DATABASE_URL"]).done();
    assert_eq!(read.stdout, "postgres://dev");
    ben.tenure_fed(&["--root", &root, "set", "dev/MAIL_KEY"], "m").done();
    assert_eq!(ben.tenure(&["--root", &root, "get", "prod/ANYTHING"]).code, 6);
    ben.tenure(&["--root", &root, "check"]).done();
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
