//! `tenure rotate` of types whose users take turns, and of keys that sign.

use super::rotate_steps::{given, refused, typed};
use crate::support::{Repo, snapshot};

const TURNS: &str = "\n[[secrets]]\nmatch = \"dev/A\"\n\
                     users = { key = \"A_USER\", names = [\"app_a\", \"app_b\"] }\n\
                     \n[[secrets]]\nmatch = \"dev/A_USER\"\ntype = \"config\"\n";

/// A repository in which two users take turns with `dev/A`, named by `dev/A_USER`.
pub(crate) fn turns() -> Repo {
    let repo = typed("strategy = \"alternating\"\nrevoke = \"ALTER ROLE\"");
    let policy = repo.read(".secrets-policy.toml");
    repo.write(".secrets-policy.toml", policy + TURNS);
    repo.run("policy sign --yes").done();
    repo.tenure_fed(&["set", "dev/A_USER"], "app_a").done();
    repo.commit("ready");
    repo
}

#[test]
fn two_users_take_turns_and_their_name_goes_with_the_password() {
    let repo = turns();
    snapshot!(repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value"), @r"
    exit 0
    --- stdout
    dev/A_USER_NEXT is pending.
    dev/A_NEXT is pending. Due 2026-04-01.
    Entry [id], signed by ana.
    --- stderr
    bring it to its issuer and to those who use it, then: tenure rotate dev/A --promote
    ");
    assert_eq!(given(&repo), ["A=one-value", "A_USER=app_a"]);
    assert_eq!(repo.run("get dev/A_USER_NEXT").done().stdout, "app_b");
    repo.run("rotate dev/A --undo").done();
    assert_eq!(repo.run("get dev/A_USER_NEXT").code, 6);
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "newer-value").done();
    snapshot!(repo.run("rotate dev/A --promote"), @r"
    exit 0
    --- stdout
    dev/A has its new value; the one before is dev/A_PREVIOUS. Due 2026-04-01.
    dev/A_USER has its new value; the one before is dev/A_USER_PREVIOUS.
    Entry [id], signed by ana.
    --- stderr
    both go out; end the old one at its issuer (ALTER ROLE) by 2026-01-08, then: tenure rotate dev/A --finish
    ");
    assert_eq!(
        given(&repo),
        ["A=newer-value", "A_PREVIOUS=one-value", "A_USER=app_b", "A_USER_PREVIOUS=app_a"]
    );
    repo.commit("promoted");
    repo.run("check").done();
    repo.run("rotate dev/A --undo").done();
    assert_eq!(given(&repo), ["A=one-value", "A_USER=app_a"]);
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "newest-value").done();
    repo.run("rotate dev/A --promote").done();
    snapshot!(repo.run("rotate dev/A --finish"), @r"
    exit 0
    --- stdout
    dev/A: 3 earlier values ended (declared). dev/A_PREVIOUS removed. dev/A_USER_PREVIOUS removed.
    Entry [id], signed by ana.
    --- stderr
    That the issuer refuses the old value is declared by ana, not proven.
    ");
    assert_eq!(given(&repo), ["A=newest-value", "A_USER=app_b"]);
    repo.run("check").done();
    // And back, at once.
    repo.tenure_fed(&["rotate", "dev/A"], "at once-value").done();
    assert_eq!(given(&repo), ["A=at once-value", "A_USER=app_a"]);
    repo.run("check").done();
}

#[test]
fn a_command_is_told_for_which_user_it_works() {
    let repo = turns();
    let command = "f() { echo \"$@\" >> ~/got; test $1 = create && echo hunter2-new; true; }; f";
    repo.tenure(&["rotate", "dev/A", "--with", command]).done();
    repo.commit("promoted");
    repo.tenure(&["rotate", "dev/A", "--finish", "--with", command]).done();
    let got = std::fs::read_to_string(repo.home().join("got")).unwrap();
    let at = "dev/secrets/dev.env#A";
    let want = format!("create {at} app_b\nset {at} app_b\ntest {at} app_b\nfinish {at} app_a\n");
    assert_eq!(got, want);
    assert_eq!(given(&repo), ["A=hunter2-new", "A_USER=app_b"]);
    repo.run("check").done();
    // The turn of the user's name is no rotation of its own.
    let report = repo.run("report 5d").done().stdout;
    assert!(report.contains(" 1 rotation finished, 1 on time;"), "{report}");
}

#[test]
fn the_user_whom_a_pending_value_is_for_is_not_shut_out() {
    let repo = turns();
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    repo.commit("pending");
    repo.run("rotate dev/A --undo").done();
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "newer-value").done();
    let command = "f() { echo \"$@\" >> ~/got; }; f";
    let refused = repo.tenure(&["rotate", "dev/A", "--finish", "--with", command]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
    assert!(refused.stderr.contains("pending for the user who would be shut out"), "{refused}");
    assert!(!repo.home().join("got").exists());
    repo.run("rotate dev/A --promote").done();
    repo.tenure(&["rotate", "dev/A", "--finish", "--with", command]).done();
    let got = std::fs::read_to_string(repo.home().join("got")).unwrap();
    assert!(got.lines().all(|line| line == "finish dev/secrets/dev.env#A app_a"), "{got}");
    repo.run("check").done();
}

#[test]
fn the_name_of_a_user_has_no_end_at_an_issuer() {
    let repo = turns();
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    repo.run("rotate dev/A --promote").done();
    repo.commit("promoted");
    let repo = repo.at("2026-02-01");
    let checked = repo.run("check");
    assert!(
        checked.stdout.contains("dev/A_PREVIOUS") || checked.stdout.contains("A_PREVIOUS"),
        "{checked}"
    );
    let report = repo.run("report 5d").done();
    for said in [checked.to_string(), repo.run("status").to_string(), report.stdout] {
        let of_user = said.lines().find(|line| {
            line.contains("A_USER_PREVIOUS")
                && (line.contains("not ended") || line.contains("be ended"))
        });
        assert_eq!(of_user, None, "{said}");
    }
}

#[test]
fn what_is_due_takes_turns_too() {
    let repo = turns().at("2027-01-01");
    let done = repo.run("rotate --due --generate hex:16").done();
    assert!(given(&repo).contains(&"A_USER=app_b".to_owned()), "{:?}", given(&repo));
    // What cannot take its turn keeps nothing else from it.
    assert!(done.stderr.contains("B is left as it is: the users of dev/B take turns"), "{done}");
}

#[test]
fn the_name_of_a_user_takes_no_step_of_its_own() {
    let repo = turns();
    for step in ["", " --begin", " --promote", " --undo", " --finish"] {
        let error = "dev/A_USER names the user of dev/A, and goes with it";
        let hint = format!("tenure rotate dev/A{step}");
        refused(&repo, &format!("rotate dev/A_USER{step}"), error, &hint);
    }
}

#[test]
fn nobody_takes_a_turn_whom_the_policy_does_not_name() {
    let repo = turns();
    repo.tenure_fed(&["set", "dev/A_USER"], "stranger").done();
    let error = "dev/A_USER names neither of the two users who take turns";
    refused(
        &repo,
        "rotate dev/A --begin",
        error,
        "tenure set dev/A_USER, to \"app_a\" or \"app_b\"",
    );
    repo.run("unset dev/A_USER").done();
    let refused = repo.tenure_fed(&["rotate", "dev/A"], "new-value");
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
    assert!(refused.stderr.contains("must be a sealed value of type `config`"), "{refused}");
    let repo = typed("strategy = \"alternating\"");
    let refused = repo.tenure_fed(&["rotate", "dev/A"], "new-value");
    assert!(refused.stderr.contains("take turns, and no rule says who they are"), "{refused}");
}

fn ring() -> Repo {
    typed("strategy = \"key-ring\"\nrevoke = \"take it from the list\"\noverlap = \"5d\"")
}

#[test]
fn a_signing_key_is_out_before_it_signs_and_after() {
    let repo = ring();
    let error = "whoever verifies what dev/A signs must have its new value first";
    refused(&repo, "rotate dev/A", error, "tenure rotate dev/A --begin");
    // Nothing that is told to be run is refused for certain.
    let error = "no earlier value of dev/A waits for its end";
    refused(&repo, "rotate dev/A --finish", error, "tenure rotate dev/A --begin");
    let error = "no rotation of dev/A is under way";
    refused(&repo, "rotate dev/A --undo", error, "tenure rotate dev/A --begin");
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    assert_eq!(given(&repo), ["A=one-value", "A_NEXT=new-value"]);
    let exported = repo.run("export -e dev --format dotenv").done().stdout;
    assert!(exported.contains("A_NEXT=new-value"), "{exported}");
    let again = "then again; or --receipt of every consumer; or --early";
    let error = "may not have its new value yet: it waits until 2026-01-02";
    refused(&repo, "rotate dev/A --promote", error, again);
    let repo = repo.at("2026-01-02");
    repo.run("rotate dev/A --promote").done();
    assert_eq!(given(&repo), ["A=new-value", "A_PREVIOUS=one-value"]);
    let repo = repo.at("2026-01-06");
    let error = "what dev/A_PREVIOUS signed is verified with it until 2026-01-07";
    refused(&repo, "rotate dev/A --finish", error, "then again; or --early");
    repo.run("check").done();
    let repo = repo.at("2026-01-07");
    repo.run("rotate dev/A --finish").done();
    assert_eq!(given(&repo), ["A=new-value"]);
    repo.run("check").done();
}

#[test]
fn who_is_in_a_hurry_says_so() {
    let repo = ring();
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    repo.run("rotate dev/A --promote --early").done();
    repo.run("rotate dev/A --finish --early").done();
    assert_eq!(given(&repo), ["A=new-value"]);
    for line in ["rotate dev/A --early", "rotate dev/A --begin --early", "rotate --due --early"] {
        assert_eq!(repo.run(line).code, 2, "{line}");
    }
}

#[test]
fn an_exposed_signing_key_is_ended_without_waiting() {
    let repo = ring();
    repo.run("incident open --secret dev/A --reason leaked").done();
    let left = repo.run("rotate --due --generate hex:16").done();
    assert!(left.stderr.contains("tenure rotate dev/A --begin"), "{left}");
    repo.tenure_fed(&["rotate", "dev/A", "--begin"], "new-value").done();
    repo.run("rotate dev/A --promote --early").done();
    repo.run("rotate dev/A --finish").done();
    assert_eq!(given(&repo), ["A=new-value"]);
}

#[test]
fn receipts_of_all_consumers_speak_for_a_signing_key() {
    let repo = ring();
    let age = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    let policy = repo.read(".secrets-policy.toml");
    let machine = format!(
        "\n[members.job]\nkind = \"machine\"\nowner = \"ana\"\nrecipients = [\"{age}\"]\n\
         expires = 2026-03-01\n\n[consumers.checkout]\naccess = \"run\"\nmember = \"job\"\n\
         \n[[secrets]]\nmatch = \"dev/A\"\nused-by = [\"checkout\"]\n"
    );
    repo.write(".secrets-policy.toml", policy + &machine);
    repo.run("policy sign --yes").done();
    let begun =
        repo.tenure_fed(&["rotate", "dev/A", "--begin", "--json"], "new-value").done().json();
    let entry = begun["entry"].as_str().unwrap();
    let root = repo.run("trust show --json").done().json()["root"].as_str().unwrap().to_owned();
    let receipt = |key: &str| {
        let text = format!(
            "{{\"receipt\":\"run\",\"root\":\"{root}\",\"environment\":\"dev\",\
             \"member\":\"job\",\"values\":[{{\"name\":\"A\",\"entry\":\"{entry}\",\
             \"address\":\"dev/secrets/dev.env#{key}\",\
             \"made\":\"{entry}:dev/secrets/dev.env#A_NEXT\"}}]}}"
        );
        repo.write(".git/receipt", text);
        repo.run("rotate dev/A --promote --receipt .git/receipt")
    };
    assert_eq!(receipt("A").code, 2);
    receipt("A_NEXT").done();
    assert_eq!(given(&repo), ["A=new-value", "A_PREVIOUS=one-value"]);
}

#[test]
fn a_command_has_a_signing_key_wait_and_promotes_it_the_next_day() {
    let repo = ring();
    let command = "f() { echo \"$1\" >> ~/got; test $1 = create && echo hunter2-new; true; }; f";
    let line = ["rotate", "dev/A", "--with", command];
    let waits = repo.tenure(&line).done();
    assert_eq!(waits.stdout, "dev/A has a new value pending, until 2026-01-02.\n");
    assert!(
        waits.stderr.contains("the same command promotes the new one, from 2026-01-02"),
        "{waits}"
    );
    assert_eq!(given(&repo), ["A=one-value", "A_NEXT=hunter2-new"]);
    let repo = repo.at("2026-01-02");
    repo.tenure(&line).done();
    assert_eq!(given(&repo), ["A=hunter2-new", "A_PREVIOUS=one-value"]);
    let got = std::fs::read_to_string(repo.home().join("got")).unwrap();
    assert_eq!(got, "create\nset\ntest\nset\ntest\n");
}

/// The script of docs/rotation.md, with a `psql` that writes down what it is asked.
#[test]
fn the_example_of_the_document_works_as_it_stands() {
    let page = include_str!("../../docs/rotation.md");
    let script = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let repo = turns();
    let policy = repo.read(".secrets-policy.toml");
    let made = policy.replace("[types.api-key]\n", "[types.api-key]\ngenerate = \"password:32\"\n");
    repo.write(".secrets-policy.toml", made);
    repo.run("policy sign --yes").done();
    let psql = "#!/bin/sh\necho \"$*\" >> ~/words\ncat >> ~/asked\n";
    for (name, text) in [("rotate-postgres", script), ("bin/psql", psql)] {
        let file = repo.home().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(file, runs).unwrap();
    }
    let with = ["--with", "PATH=~/bin:$PATH ~/rotate-postgres"];
    repo.tenure(&[&["rotate", "dev/A"], &with[..]].concat()).done();
    repo.commit("promoted");
    let new = repo.run("get dev/A").done().stdout;
    assert_eq!(new.len(), 32);
    repo.tenure(&[&["rotate", "dev/A", "--finish"], &with[..]].concat()).done();
    let asked = std::fs::read_to_string(repo.home().join("asked")).unwrap();
    let want = format!(
        "SET log_statement = 'none';\nALTER ROLE app_b LOGIN PASSWORD '{new}';\n\
         \\connect \"dbname=postgres user=app_b password='{new}'\"\nSELECT 1;\n\
         ALTER ROLE app_a NOLOGIN PASSWORD NULL;\n"
    );
    assert_eq!(asked, want);
    let words = std::fs::read_to_string(repo.home().join("words")).unwrap();
    assert!(!words.contains(&new), "{words}");
}
