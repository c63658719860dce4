//! `tenure member`: added, removed, listed.

use crate::support::{NOW, Outcome, Repo, skip, snapshot};

/// A repository of ana's with a value in each of its two environments.
pub(crate) fn started() -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("init --member ana").done();
    repo.tenure_fed(&["set", "dev/DATABASE_URL"], "postgres://dev\n").done();
    repo.tenure_fed(&["set", "prod/STRIPE_KEY"], "sk_prod\n").done();
    repo
}

/// The public key's file of a new pair of somebody's, and the private one's beside it.
pub(crate) fn new_key(repo: &Repo, name: &str) -> (String, String) {
    let file = repo.home().join(format!("{name}.key"));
    let keygen = crate::support::stock("ssh-keygen").unwrap();
    let args = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"];
    repo.command(keygen).args(&args).arg(&file).run().done();
    (file.with_extension("key.pub").display().to_string(), file.display().to_string())
}

/// Adds somebody, and gives the file of their private key.
pub(crate) fn add(repo: &Repo, name: &str, role: &str) -> String {
    let (public, private) = new_key(repo, name);
    add_with(repo, name, role, &public).done();
    private
}

fn add_with(repo: &Repo, name: &str, role: &str, public: &str) -> Outcome {
    repo.tenure(&["member", "add", name, "--role", role, "--ssh-key", public, "-y"])
}

fn keyrings(repo: &Repo, env: &str) -> usize {
    repo.path().join(".secrets/keys").join(env).read_dir().unwrap().count()
}

#[test]
fn adding_shows_what_it_grants_before_it_signs() {
    let repo = started();
    let (public, _) = new_key(&repo, "ben");
    snapshot!(add_with(&repo, "ben", "developer", &public), @"
    exit 0
    --- stdout
    ben is a member: developer
    key   SHA256:[fingerprint]    compare it with ben on another channel
    new keyring for dev; no value changed
    policy 2 in force. Entry [id], signed by ana.
    next  git add -A && git commit
    --- stderr
    + environment `dev`: read by `ben`
    + environment `dev`: written by `ben`
    + member `ben`: is a person
    + member `ben`: reads with SHA256:[fingerprint]
    + member `ben`: signs with SHA256:[fingerprint]
    + role `developer`: has `ben`
    ben will read 1 value in dev
      ben reads with SHA256:[fingerprint]
    ");
    assert_eq!((keyrings(&repo, "dev"), keyrings(&repo, "prod")), (2, 1));
    repo.run("check").done();
}

#[test]
fn no_value_file_changes_when_somebody_is_added_or_removed() {
    let repo = started();
    let before = repo.read("secrets/dev.env");
    add(&repo, "ben", "developer");
    assert_eq!(repo.read("secrets/dev.env"), before);
    repo.run("member remove ben -y").done();
    assert_eq!(repo.read("secrets/dev.env"), before);
}

#[test]
fn a_member_who_was_added_reads_what_their_roles_read_and_nothing_else() {
    let repo = started();
    let key = add(&repo, "ben", "developer");
    std::fs::remove_file(repo.home().join(".ssh/id_ed25519")).unwrap();
    let get = |what: &str| repo.tenure(&["-i", &key, "get", what]);
    assert_eq!(get("dev/DATABASE_URL").done().stdout, "postgres://dev");
    assert_eq!(get("prod/STRIPE_KEY").code, 4);
}

#[test]
fn comments_of_the_policy_stay() {
    let repo = started();
    let policy = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", policy.replace("[roles]", "# kept\n[roles]"));
    repo.run("policy sign -y").done();
    add(&repo, "ben", "developer");
    assert!(repo.read(".secrets-policy.toml").contains("# kept\n[roles]"));
}

#[test]
fn without_consent_nothing_is_signed() {
    let repo = started();
    let (public, _) = new_key(&repo, "ben");
    let before = repo.read(".secrets-policy.toml");
    let refused =
        repo.tenure(&["member", "add", "ben", "--role", "developer", "--ssh-key", &public]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("hint: say yes beforehand with -y"), "{refused}");
    assert_eq!(repo.read(".secrets-policy.toml"), before);
}

#[test]
fn a_dry_run_shows_and_writes_nothing() {
    let repo = started();
    let (public, _) = new_key(&repo, "ben");
    let args = ["-n", "member", "add", "ben", "--role", "developer", "--ssh-key", &public];
    let shown = repo.tenure(&args).done();
    assert!(shown.stderr.contains("ben will read 1 value in dev"), "{shown}");
    assert_eq!(keyrings(&repo, "dev"), 1);
    repo.run("check").done();
}

#[test]
fn a_private_key_is_refused_and_not_repeated() {
    let repo = started();
    let (_, private) = new_key(&repo, "ben");
    let refused = add_with(&repo, "ben", "developer", &private);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("ben.key` is a private key"), "{refused}");
    assert!(!refused.stderr.contains("OPENSSH"), "{refused}");
}

#[test]
fn an_unknown_role_is_refused_unless_it_is_to_be_made() {
    let repo = started();
    let (public, _) = new_key(&repo, "ben");
    snapshot!(add_with(&repo, "ben", "develoer", &public), @"
    exit 6
    --- stderr
    error: there is no role `develoer`
    hint: did you mean `developer`?
    ");
    let args = ["member", "add", "ben", "--role", "support", "--create-role", "--ssh-key", &public];
    repo.command(env!("CARGO_BIN_EXE_tenure")).args(&args).arg("-y").run().done();
    assert!(repo.read(".secrets-policy.toml").contains("support = [\"ben\"]"));
}

#[test]
fn only_admins_add_members() {
    let repo = started();
    let ben = add(&repo, "ben", "developer");
    let (public, _) = new_key(&repo, "cleo");
    std::fs::remove_file(repo.home().join(".ssh/id_ed25519")).unwrap();
    let args = ["-i", &ben, "member", "add", "cleo", "--role", "developer", "--ssh-key", &public];
    snapshot!(repo.tenure(&[&args[..], &["-y"]].concat()), @"
    exit 2
    --- stderr
    error: `ben` may not sign a policy
    hint: ask one who may: ana
    ");
}

#[test]
fn a_machines_new_key_goes_to_stdout_and_nowhere_else() {
    let repo = started();
    let line = "member add ci --role deploy --create-role --kind machine --owner ana \
                --expires 2026-12-31 --generate -y";
    let added = repo.run(line).done();
    assert!(added.stdout.lines().any(|line| line.starts_with("AGE-SECRET-KEY-1")), "{added}");
    assert!(added.stdout.lines().all(|l| l.starts_with("AGE-SECRET-KEY-1") || l.starts_with("# ")));
    assert!(added.stderr.contains("A deploy key reads all that its environments hold"), "{added}");
    assert!(!added.stderr.contains("AGE-SECRET"), "{added}");
    repo.write(
        ".secrets-policy.toml",
        repo.read(".secrets-policy.toml")
            .replace("readers = [\"admin\"]", "readers = [\"admin\", \"deploy\"]"),
    );
    repo.run("policy sign -y").done();
    let read = repo.command(env!("CARGO_BIN_EXE_tenure")).args(&["--now", crate::support::NOW]);
    let read = read.args(&["get", "prod/STRIPE_KEY"]).env("TENURE_IDENTITY", &added.stdout);
    std::fs::remove_file(repo.home().join(".ssh/id_ed25519")).unwrap();
    assert_eq!(read.run().done().stdout, "sk_prod");
}

#[test]
fn a_machines_new_key_is_shown_on_no_terminal() {
    let script = skip!("script");
    let repo = started();
    repo.run("member add old --role developer --kind machine --owner ana --generate -y").done();
    let policy = repo.read(".secrets-policy.toml");
    let add = "member add ci --role developer --kind machine --owner ana --generate -y";
    for line in [add, "member replace-key old --generate -y"] {
        let line = format!("{} --now {NOW} {line}", env!("CARGO_BIN_EXE_tenure"));
        let command = repo.command(&script).args(&["-qec", &line, "/dev/null"]);
        let refused = command.env("TERM", "dumb").run();
        assert_eq!(refused.code, 2, "{refused}");
        assert!(refused.stdout.contains("a private key is not shown on a terminal"), "{refused}");
        assert!(!refused.stdout.contains("AGE-SECRET"), "{refused}");
        assert_eq!(repo.read(".secrets-policy.toml"), policy);
    }
}

#[test]
fn a_persons_key_is_not_made_for_them() {
    let repo = started();
    let refused = repo.run("member add ben --role developer --generate -y");
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("tenure key new"), "{refused}");
}

#[test]
fn of_many_values_that_a_leaver_read_some_are_named_and_all_in_json() {
    let repo = started();
    add(&repo, "ben", "developer");
    let lines = (11..=30).map(|n| format!("KEY_{n}=rather-long-value-{n}\n"));
    repo.write("secrets/dev/many.env", lines.collect::<String>());
    repo.run("seal").done();
    let removed = repo.run("member remove ben -y --dry-run").done();
    let named = removed.stdout.lines().find(|line| line.starts_with("21 values in dev"));
    let named = named.unwrap_or_default();
    assert!(named.contains(": DATABASE_URL KEY_11 "), "{removed}");
    assert!(named.ends_with(" KEY_29 …"), "{removed}");
    let all = repo.run("member remove ben -y --dry-run --json").done().json();
    assert_eq!(all["could_read"][0]["values"].as_array().unwrap().len(), 21);
}

#[test]
fn removing_lists_what_must_rotate_and_by_when() {
    let repo = started();
    add(&repo, "ben", "developer");
    snapshot!(repo.tenure(&["member", "remove", "ben", "--reason", "left the team", "-y"]), @"
    exit 0
    --- stdout
    new keyring for dev; no value changed
    policy 3 in force. Entry [id], signed by ana.
    reader ben: nothing new is sealed to their keys
    credentials: 1 value must be rotated or ended: what ben read works until then
    1 value in dev must rotate by 2026-01-08: DATABASE_URL
    next  git add -A && git commit
    next  tenure rotate --due -e dev
    --- stderr
    - environment `dev`: read by `ben`
    - environment `dev`: written by `ben`
    - member `ben`: is a person
    - member `ben`: reads with SHA256:[fingerprint]
    - member `ben`: signs with SHA256:[fingerprint]
    - role `developer`: has `ben`
    ben could read 1 value in dev
    What was read stays read: removing a reader takes back no value, and old versions stay in the history.
    ");
    assert_eq!(keyrings(&repo, "dev"), 3);
    let checked = repo.run("check").done();
    assert!(checked.stdout.contains("due  1 value by 2026-01-08 (ben left)"), "{checked}");
    assert_eq!(repo.at("2026-01-09").run("check").code, 1);
}

#[test]
fn what_a_leaver_had_signed_is_vouched_for() {
    let repo = started();
    let ben = add(&repo, "ben", "developer");
    repo.tenure_fed(&["-i", &ben, "set", "dev/MAIL_KEY"], "m\n").done();
    let removed = repo.run("member remove ben -y").done();
    assert!(removed.stdout.contains("ana vouches for 1 value"), "{removed}");
    let checked = repo.run("check").done();
    assert!(checked.stdout.contains("due  2 values by 2026-01-08 (ben left)"), "{checked}");
    assert_eq!(repo.run("get dev/MAIL_KEY").done().stdout, "m");
}

#[test]
fn the_last_admin_stays() {
    let repo = started();
    let before = repo.read(".secrets-policy.toml");
    let refused = repo.run("member remove ana -y");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("would name nobody"), "{refused}");
    assert!(refused.stderr.contains("hint: put somebody else there first"), "{refused}");
    assert_eq!(repo.read(".secrets-policy.toml"), before);
}

#[test]
fn an_admin_who_is_no_reader_leaves_the_keyring_to_one() {
    let repo = started();
    let ben = add(&repo, "ben", "developer");
    repo.tenure_fed(&["-i", &ben, "set", "dev/DATABASE_URL"], "postgres://new").done();
    let policy = repo.read(".secrets-policy.toml");
    // From now on ben alone is a developer, and ana an admin who reads prod only.
    repo.write(
        ".secrets-policy.toml",
        policy.replace("developer = [\"ana\", \"ben\"]", "developer = [\"ben\"]"),
    );
    let signed = repo.run("policy sign -y").done();
    snapshot!(signed.stderr.lines().last().unwrap_or_default(), @"warning: stale-readers: dev needs a new keyring, and nothing is sealed in it until then: ask ben to run `tenure rekey -e dev`");
    let stale = repo.tenure_fed(&["-i", &ben, "set", "dev/X"], "1");
    assert_eq!(stale.code, 3, "{stale}");
    assert_eq!(repo.run("check").code, 1);
}

#[test]
fn removing_a_stranger_is_refused_with_the_nearest_name() {
    let repo = started();
    add(&repo, "ben", "developer");
    snapshot!(repo.run("member remove bem -y"), @"
    exit 6
    --- stderr
    error: there is no member `bem`
    hint: did you mean `ben`?
    ");
}

#[test]
fn members_are_listed_with_keys_and_rights() {
    let repo = started();
    add(&repo, "ben", "developer");
    let line = "member add ci --role deploy --create-role --kind machine --expires 2026-01-05 \
                --generate -y";
    repo.run(line).done();
    let repo = repo.at("2026-02-01");
    snapshot!(repo.run("member list"), @"
    exit 0
    --- stdout
    ana  person  admin, developer
      reads   dev, prod
      writes  dev, prod
      key     SHA256:[fingerprint]  reads, signs
    ben  person  developer
      reads   dev
      writes  dev
      key     SHA256:[fingerprint]  reads, signs
    ci  machine  deploy  expired, no-owner
      reads   -
      writes  -
      key     [age recipient]  reads
      expires 2026-01-05
    ");
    let list = repo.run("member list --json").done().json();
    assert_eq!(list["members"][1]["name"], "ben");
    assert_eq!(list["members"][1]["reads"], serde_json::json!(["dev"]));
    assert_eq!(list["members"][2]["flags"], serde_json::json!(["expired", "no-owner"]));
}

#[test]
fn an_altered_policy_keeps_members_from_being_added() {
    let repo = started();
    let (public, _) = new_key(&repo, "ben");
    let policy = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", policy.replace("threshold = 1", "threshold = 1 "));
    let refused = add_with(&repo, "ben", "developer", &public);
    assert_eq!(refused.code, 5, "{refused}");
    assert!(refused.stderr.contains("[policy-altered]"), "{refused}");
}

#[test]
fn a_fault_of_a_file_does_not_keep_a_member_from_losing_what_they_read() {
    let repo = started();
    add(&repo, "ben", "developer");
    let sealed = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", sealed.replace("sealed.v1.", "sealed.v1.A"));
    let before = keyrings(&repo, "dev");
    repo.run("member remove ben -y").done();
    assert!(!repo.read(".secrets-policy.toml").contains("members.ben"));
    assert_eq!(keyrings(&repo, "dev"), before + 1);
    assert_eq!(repo.run("check").code, 5, "the fault is told as before");
    repo.write("secrets/dev.env", sealed);
    repo.run("check").done();
}

#[test]
fn a_fault_of_a_keyring_keeps_the_next_one_from_being_made() {
    let repo = started();
    add(&repo, "ben", "developer");
    let rings = crate::support::below(&repo.path().join(".secrets/keys/dev"));
    let honest: Vec<_> = rings.iter().map(|ring| std::fs::read(ring).unwrap()).collect();
    rings.iter().for_each(|ring| std::fs::write(ring, "junk").unwrap());
    let removed = repo.run("member remove ben -y").done();
    assert!(removed.stderr.contains("mend what `tenure check -e dev` finds"), "{removed}");
    assert!(!repo.read(".secrets-policy.toml").contains("members.ben"));
    rings.iter().zip(honest).for_each(|(ring, bytes)| std::fs::write(ring, bytes).unwrap());
    assert_eq!(repo.run("check").code, 1);
}

#[test]
fn a_no_at_the_terminal_signs_nothing() {
    let script = skip!("script");
    let repo = started();
    add(&repo, "ben", "developer");
    let before = repo.read(".secrets-policy.toml");
    let line = format!("{} --now {NOW} member remove ben", env!("CARGO_BIN_EXE_tenure"));
    let asked = |answer: &str| {
        let command = repo.command(&script).args(&["-qec", &line, "/dev/null"]);
        command.env("TERM", "dumb").feed(answer)
    };
    let refused = asked("n\n");
    assert!(refused.stdout.contains("remove ben and sign this policy? [y/N]"), "{refused}");
    assert_eq!(refused.code, 7, "{refused}");
    assert_eq!(repo.read(".secrets-policy.toml"), before);
    assert_eq!(asked("y\n").code, 0);
    assert!(!repo.read(".secrets-policy.toml").contains("members.ben"));
}
