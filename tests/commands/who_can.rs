//! `tenure who-can`: the way from member over role to environment, now and then.

use serde_json::{Value, json};

use crate::attacks::{Estate, Pen};
use crate::support::{Outcome, snapshot};

const POLICY: &str = ".secrets-policy.toml";

impl Estate {
    fn asked(&self, line: &str) -> Value {
        let told = self.by("mallory", &format!("--json {line}")).run();
        assert_eq!(told.code, 0, "{told}");
        told.json()
    }

    /// The members of an answer.
    fn who(&self, line: &str) -> Vec<String> {
        let json = self.asked(line);
        let members = json["members"].as_array().unwrap().iter();
        members.map(|member| member["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Signs the next policy as ana, and leaves the keyrings as they are.
    pub(crate) fn next_policy(&self, number: u32, from: &str, to: &str) {
        let old = self.read(POLICY);
        let line = old.lines().find(|line| line.starts_with("revision")).unwrap();
        let new = old.replacen(line, &format!("revision = \"{number}-0000000{number}\""), 1);
        let new = new.replacen(from, to, 1);
        assert!(new.contains(to), "the policy stays as it was");
        self.sign_policy(&new, "ana", &Pen::of("ana"));
    }
}

#[test]
fn readers_of_an_environment_are_shown_with_the_way_and_their_keys() {
    let estate = Estate::new();
    snapshot!(estate.by("mallory", "who-can read prod").run(), @r"
    exit 0
    --- stdout
    who can read prod: policy 1 (entry [id] by ana)
    ana     person   ana → admin → prod      SHA256:[fingerprint]
    ben     person   ben → admin → prod      SHA256:[fingerprint]
    deploy  machine  deploy → deploy → prod  SHA256:[fingerprint]  owner ana
    keyring  entry [id] by ana: wrapped for exactly these keys
    change   a policy signed by 1 of ana, ben
    --- stderr
    age hides its recipients. We check how many a keyring has; who they are is the word of whoever signed it.
    ");
    snapshot!(estate.by("mallory", "who-can write prod/DB_URL").run(), @r"
    exit 0
    --- stdout
    who can write prod/secrets/prod.env#DB_URL: policy 1 (entry [id] by ana)
    ana  person  ana → admin → prod  SHA256:[fingerprint]
    ben  person  ben → admin → prod  SHA256:[fingerprint]
    change   a policy signed by 1 of ana, ben
    --- stderr
    age hides its recipients. We check how many a keyring has; who they are is the word of whoever signed it.
    ");
}

#[test]
fn json_has_each_chain_and_each_key() {
    let json = Estate::new().asked("who-can read prod");
    assert_eq!(json["members"][0]["name"], "ana");
    let chain = json!({
        "member": "ana", "role": "admin", "environment": "prod", "narrowed_by": null
    });
    assert_eq!(json["members"][0]["chains"], json!([chain]));
    assert!(json["members"][0]["keys"][0].as_str().unwrap().starts_with("SHA256:"));
    assert_eq!(json["members"][2]["kind"], "machine");
    assert_eq!(json["members"][2]["owner"], "ana");
    assert_eq!(json["keyrings"][0]["current"], true);
    assert_eq!(json["as_of"]["moment"], "now");
    assert_eq!(json["as_of"]["policy"]["number"], 1);
    assert_eq!(json["admins"], json!(["ana", "ben"]));
}

#[test]
fn without_the_role_the_line_goes() {
    let estate = Estate::new();
    assert_eq!(estate.who("who-can read prod"), ["ana", "ben", "deploy"]);
    assert_eq!(estate.who("who-can write prod"), ["ana", "ben"]);
    assert_eq!(estate.who("who-can read dev"), ["ana", "ben", "cleo"]);
    estate.next_policy(2, "deploy = [\"deploy\"]", "deploy = [\"deploy\", \"cleo\"]");
    assert_eq!(estate.who("who-can read prod"), ["ana", "ben", "cleo", "deploy"]);
    estate.next_policy(3, "deploy = [\"deploy\", \"cleo\"]", "deploy = [\"cleo\"]");
    assert_eq!(estate.who("who-can read prod"), ["ana", "ben", "cleo"]);
}

#[test]
fn two_roles_are_two_chains() {
    let estate = Estate::new();
    estate.next_policy(2, "developer = [\"cleo\"]", "developer = [\"cleo\", \"ben\"]");
    let json = estate.asked("who-can write dev/DB_URL");
    let ben = &json["members"][1];
    assert_eq!((&ben["name"], ben["chains"].as_array().unwrap().len()), (&json!("ben"), 2));
    assert_eq!(ben["chains"][0]["role"], "admin");
    assert_eq!(ben["chains"][1]["role"], "developer");
}

#[test]
fn a_rule_narrows_who_writes_a_secret_and_says_so() {
    let estate = Estate::with_policy(|text| {
        let text =
            text.replace("deploy = [\"deploy\"]", "deploy = [\"deploy\"]\nleads = [\"ben\"]");
        text.replace("type = \"api-key\"\n", "type = \"api-key\"\nwriters = [\"leads\"]\n")
    });
    estate.set("ben", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    estate.set("ana", "prod/secrets/prod.env#API_KEY", "hunter2-api");
    let json = estate.asked("who-can write prod/DB_URL");
    assert_eq!(json["members"].as_array().unwrap().len(), 1);
    assert_eq!(json["members"][0]["name"], "ben");
    let narrowed = json!({ "match": "prod/DB_URL", "role": "leads" });
    assert_eq!(json["members"][0]["chains"][0]["narrowed_by"], narrowed);
    assert_eq!(estate.who("who-can write prod/API_KEY"), ["ana", "ben"]);
    assert_eq!(estate.who("who-can read prod/DB_URL"), ["ana", "ben", "deploy"]);
    let whole = estate.asked("who-can write prod");
    assert_eq!(whole["narrowed"], json!([{ "match": "prod/DB_URL", "roles": ["leads"] }]));
    let human = estate.by("mallory", "who-can write -e prod").run().done();
    assert!(human.stdout.contains("but      prod/DB_URL: of these only leads"), "{human}");
    // As the program itself decides.
    let refused = estate.by("ana", "set prod/DB_URL").feed("hunter2-x");
    assert_eq!(refused.code, 2, "{refused}");
}

#[test]
fn a_key_past_its_day_is_noted_and_still_counted() {
    let estate = Estate::new();
    let estate = Estate { repo: estate.repo.at("2026-06-02") };
    let json = estate.asked("who-can read prod");
    assert_eq!(json["members"][2]["flags"], json!(["expired"]));
    let human = estate.by("mallory", "who-can read prod").run().done();
    assert!(human.stdout.contains("expired 2026-06-01  owner ana"), "{human}");
    let before = estate.asked("who-can read prod --as-of 2026-06-01");
    assert_eq!(before["members"][2]["flags"], json!([]));
}

#[test]
fn a_keyring_that_is_wrapped_for_others_is_told() {
    let estate = Estate::new();
    estate.next_policy(2, "deploy = [\"deploy\"]", "deploy = [\"cleo\"]");
    let told = estate.by("mallory", "who-can read prod").run().done();
    assert!(told.stdout.contains("under policy 1, is wrapped for deploy too: SHA256:"), "{told}");
    assert!(told.stdout.contains("under policy 1, is not wrapped for cleo: SHA256:"), "{told}");
    assert!(told.stdout.contains("fix      tenure rekey -e prod"), "{told}");
    let json = estate.asked("who-can read prod");
    assert_eq!(json["keyrings"][0]["current"], false);
    assert_eq!(json["keyrings"][0]["beyond"][0]["member"], "deploy");
    estate.by("ben", "-y rekey -e prod").run().done();
    let json = estate.asked("who-can read prod");
    assert_eq!(json["keyrings"].as_array().unwrap().len(), 1);
    assert_eq!(json["keyrings"][0]["current"], true);
}

#[test]
fn as_of_a_day_an_entry_or_a_commit() {
    let estate = Estate::new();
    let head = estate.head();
    let estate = Estate { repo: estate.repo.at("2026-02-01") };
    estate.by("ana", "-y member remove ben").run().done();
    estate.commit("ben left");
    estate.repo.git(&["tag", "left"]).done();
    assert_eq!(estate.who("who-can read prod"), ["ana", "deploy"]);
    for then in ["2026-01-31", &head.to_string()[..8], "HEAD~1", "left^"] {
        let line = format!("who-can read prod --as-of {then}");
        assert_eq!(estate.who(&line), ["ana", "ben", "deploy"], "{then}");
        assert_eq!(estate.asked(&line)["as_of"]["policy"]["number"], 1, "{then}");
    }
    for then in ["2026-02-01", "2027-01-01", &estate.head().to_string(), "left"] {
        let line = format!("who-can read prod --as-of {then}");
        assert_eq!(estate.who(&line), ["ana", "deploy"], "{then}");
    }
    let day = estate.by("mallory", "who-can read prod --as-of 2026-01-31").run().done();
    assert!(
        day.stdout.starts_with("who can read prod: as of 2026-01-31, by claimed times"),
        "{day}"
    );
    assert!(day.stderr.contains("Times are claims of the signers"), "{day}");
    // A secret of then, by the log of then.
    estate.set("ana", "prod/secrets/prod.env#NEW", "hunter2-new");
    assert_eq!(estate.who("who-can read prod/NEW"), ["ana", "deploy"]);
    let refused = estate.by("mallory", "who-can read prod/NEW --as-of 2026-01-31").run();
    assert_eq!(refused.code, 6, "{refused}");
}

#[track_caller]
fn refused(outcome: &Outcome, exit: i32, says: &str) {
    assert_eq!((outcome.code, outcome.stdout.as_str()), (exit, ""), "{outcome}");
    assert!(outcome.stderr.contains(says), "no `{says}` in {outcome}");
}

#[test]
fn what_is_not_there_is_refused_with_what_there_is() {
    let estate = Estate::new();
    let ask = |line: &str| estate.by("mallory", line).run();
    refused(&ask("who-can read live"), 6, "there are: dev, prod, staging");
    refused(&ask("who-can read"), 2, "say which with -e: dev, prod, staging");
    refused(&ask("who-can read prod/DB_URI"), 6, "did you mean prod/DB_URL?");
    refused(&ask("who-can read prod/nowhere"), 6, "tenure list -e prod");
    refused(&ask("who-can delete prod"), 2, "invalid value");
    refused(
        &ask("who-can read prod --as-of nonsense"),
        6,
        "no day, no entry of the log and no commit",
    );
    refused(&ask("who-can read prod --as-of 2025-12-31"), 6, "no policy was in force");
    refused(&ask("who-can read prod --as-of --help"), 2, "--as-of");
    let tree = estate.repo.git(&["hash-object", "-w", "-t", "tree", "/dev/null"]).done();
    let commit = estate.repo.git(&["commit-tree", "-m", "empty", tree.stdout.trim()]).done();
    let line = format!("who-can read prod --as-of {}", commit.stdout.trim());
    refused(&ask(&line), 6, "no policy was in force");
}

#[test]
fn a_log_that_is_not_to_be_believed_answers_nothing_now_or_then() {
    let estate = Estate::new();
    estate.edit(POLICY, |text| format!("{text}# by hand\n"));
    refused(&estate.by("mallory", "who-can read prod").run(), 5, "policy-altered");
    estate.commit("by hand");
    estate.repo.git(&["revert", "--no-edit", "HEAD"]).done();
    estate.who("who-can read prod");
    let then = estate.by("mallory", "who-can read prod --as-of HEAD~1").run();
    refused(&then, 5, "in commit ");
}

#[test]
fn the_log_of_a_commit_is_judged_by_the_root_that_is_trusted() {
    let estate = Estate::new();
    let other =
        Estate::with_policy(|text| text.replace("deploy = [\"deploy\"]", "deploy = [\"cleo\"]"));
    other.commit("a stranger's");
    let theirs = other.repo.path().display().to_string();
    estate.repo.git(&["fetch", "-q", &theirs, "main:theirs"]).done();
    let then = estate.by("mallory", "who-can read prod --as-of theirs").run();
    refused(&then, 5, "in commit ");
}
