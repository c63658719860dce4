//! `tenure what-can`: what a member may do, and by which role.

use serde_json::json;

use crate::attacks::Estate;
use crate::support::snapshot;

#[test]
fn rights_are_shown_by_environment_with_the_way() {
    let estate = Estate::new();
    snapshot!(estate.by("mallory", "what-can cleo").run(), @r"
    exit 0
    --- stdout
    what cleo can do, person: policy 1 (entry [id] by ana)
    roles    developer
    key      SHA256:[fingerprint]  reads, signs
    reads    cleo → developer → dev: 1 value
    writes   cleo → developer → dev: 1 value
    reads    cleo → developer → staging: 1 value
    writes   cleo → developer → staging: 1 value
    --- stderr
    age hides its recipients. We check how many a keyring has; who they are is the word of whoever signed it.
    ");
    snapshot!(estate.by("mallory", "what-can deploy").run(), @r"
    exit 0
    --- stdout
    what deploy can do, machine: policy 1 (entry [id] by ana)
    roles    deploy
    note     owner ana
    key      SHA256:[fingerprint]  reads
    reads    deploy → deploy → prod: 7 values
    --- stderr
    age hides its recipients. We check how many a keyring has; who they are is the word of whoever signed it.
    ");
}

#[test]
fn json_says_the_same() {
    let estate = Estate::new();
    let json = estate.by("mallory", "--json what-can ben").run().done().json();
    assert_eq!(json["member"], "ben");
    assert_eq!(json["admin"], json!({ "roles": ["admin"], "threshold": 1 }));
    let envs: Vec<_> = json["environments"].as_array().unwrap().iter().collect();
    assert_eq!(envs.len(), 3);
    assert_eq!(envs[1]["environment"], "prod");
    assert_eq!(envs[1]["reads"][0]["role"], "admin");
    assert_eq!(envs[1]["values"], 7);
    assert_eq!(json["still_open"], json!([]));
    assert_eq!(json["profile"]["kind"], "person");
}

#[test]
fn secrets_that_a_rule_leaves_to_others_are_named() {
    let estate = Estate::with_policy(|text| {
        let text =
            text.replace("deploy = [\"deploy\"]", "deploy = [\"deploy\"]\nleads = [\"ben\"]");
        text.replace("type = \"api-key\"\n", "type = \"api-key\"\nwriters = [\"leads\"]\n")
    });
    estate.set("ben", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    estate.set("ben", "prod/secrets/prod.env#API_KEY", "hunter2-api");
    let told = estate.by("mallory", "what-can ana").run().done();
    let line = "writes   ana → admin → prod: 1 value, not prod/DB_URL\n";
    assert!(told.stdout.contains(line), "{told}");
    let told = estate.by("mallory", "what-can ben").run().done();
    assert!(told.stdout.contains("writes   ben → admin → prod: 2 values\n"), "{told}");
}

#[test]
fn without_the_role_the_line_goes() {
    let estate = Estate::new();
    let reads = |who: &str| {
        let json = estate.by("mallory", &format!("--json what-can {who}")).run().done().json();
        let envs = json["environments"].as_array().unwrap().iter();
        envs.map(|env| env["environment"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(reads("cleo"), ["dev", "staging"]);
    estate.next_policy(2, "developer = [\"cleo\"]", "developer = [\"ana\"]");
    assert_eq!(reads("cleo"), Vec::<String>::new());
}

#[test]
fn who_was_removed_and_is_in_the_newest_keyring_still_is_told() {
    let estate = Estate::new();
    estate.next_policy(2, "deploy = [\"deploy\"]", "deploy = [\"cleo\"]");
    let told = estate.by("mallory", "what-can deploy").run().done();
    assert!(told.stdout.contains("the newest keyring of prod is wrapped for SHA256:"), "{told}");
    assert!(told.stdout.contains("reads    nothing\n"), "{told}");
    let told = estate.by("mallory", "what-can cleo").run().done();
    let not_yet = "the newest keyring of prod is not wrapped for cleo yet: tenure rekey -e prod";
    assert!(told.stdout.contains(not_yet), "{told}");
}

#[test]
fn as_of_then_and_nobody() {
    let estate = Estate::new();
    estate.commit("before");
    estate.by("ana", "-y member remove cleo").run().done();
    let gone = estate.by("mallory", "what-can cleo").run();
    assert_eq!((gone.code, gone.stdout.as_str()), (6, ""), "{gone}");
    assert!(gone.stderr.contains("there is no member `cleo`"), "{gone}");
    let then = estate.by("mallory", "what-can cleo --as-of HEAD").run().done();
    assert!(then.stdout.contains("writes   cleo → developer → staging: 1 value\n"), "{then}");
    let nearly = estate.by("mallory", "what-can benn").run();
    assert!(nearly.stderr.contains("did you mean `ben`?"), "{nearly}");
}
