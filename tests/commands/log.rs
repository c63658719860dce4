//! `tenure log`: list, show, signers.

use std::fs;

use crate::attacks::Estate;
use crate::support::{skip, snapshot};

#[test]
fn a_list_begins_with_the_newest() {
    let estate = Estate::new();
    estate.by("cleo", "set dev/DB_URL --reason").arg("the old one leaked").feed("new").done();
    let listed = estate.by("ana", "log --limit 3").run().done().stdout;
    let after_id: Vec<_> = listed.lines().map(|line| line.get(8..).unwrap()).collect();
    let wanted = [
        "2026-01-01T00:00:00Z  cleo  seal  dev: 1 new  \"the old one leaked\"",
        "2026-01-01T00:00:00Z  ben   seal  dev: 1 new",
        "2026-01-01T00:00:00Z  ben   seal  staging: 1 new",
    ];
    assert_eq!(after_id, wanted);
    let all = estate.by("ana", "log list --json").run().done().json();
    let entries = all["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 13);
    assert_eq!(entries[0]["reason"], "the old one leaked");
    assert_eq!(entries[0]["verdict"], "verified");
    assert_eq!(entries[12]["kind"], "init");
}

#[test]
fn a_list_may_be_of_one_environment_or_one_secret() {
    let estate = Estate::new();
    let count = |line: &str| {
        let listed = estate.by("ana", line).run().done().json();
        listed["entries"].as_array().unwrap().len()
    };
    assert_eq!(count("log list --json prod/DB_URL"), 2);
    assert_eq!(count("log list --json prod/secrets/prod.pem"), 1);
    // The keyrings of all environments are in one entry.
    assert_eq!(count("log list --json -e staging"), 2);
    let unknown = estate.by("ana", "log list -e nowhere").run();
    assert_eq!(unknown.code, 6, "{unknown}");
}

#[test]
fn an_entry_is_shown_with_every_item() {
    let estate = Estate::new();
    let id = estate.head().to_string();
    let shown = estate.by("ana", &format!("log show {}", &id[..12])).run();
    snapshot!(shown, @r"
    exit 0
    --- stdout
    entry    [id]  verified
    file     .secrets/log/2026-01/[time]-[id].entry
    kind     seal
    by       ben  SHA256:[fingerprint]
    time     [time]
    parent   [id]
    policy   [id]
    new      dev/secrets/dev.env#DB_URL  due 2026-04-01
    verify   sed '/^-----BEGIN SSH/,$d' .secrets/log/2026-01/[time]-[id].entry | ssh-keygen -Y verify -f <(tenure log signers) -I ben -n log@tenure -s <(sed -n '/^-----BEGIN SSH/,$p' .secrets/log/2026-01/[time]-[id].entry)
    --- stderr
    Times are claims of the signers; order comes from the log.
    ");
    let json = estate.by("ana", &format!("log show --json {id}")).run().done().json();
    assert_eq!(json["items"][0]["address"], "dev/secrets/dev.env#DB_URL");
    assert_eq!(json["verdict"], "verified");
}

#[test]
fn an_id_that_none_or_several_have_is_told() {
    let estate = Estate::new();
    let none = estate.by("ana", "log show 00000000").run();
    assert_eq!((none.code, none.stdout.as_str()), (6, ""), "{none}");
    let many = estate.by("ana", "log show").arg("").run();
    assert_eq!((many.code, many.stdout.as_str()), (2, ""), "{many}");
}

#[test]
fn an_entry_that_does_not_count_is_marked_and_exits_5() {
    use crate::attacks::Pen;
    use tenure::log::entry::Op;
    let estate = Estate::new();
    let kind = estate.attesting(Op::Adopt, &["prod/secrets/prod.env#DB_URL"]);
    let id = estate.sign(estate.draft("cleo", kind), &Pen::of("cleo"));
    let listed = estate.by("ana", "log list").run();
    assert_eq!(listed.code, 5, "{listed}");
    assert!(listed.stdout.lines().next().unwrap().contains("refused"), "{listed}");
    let shown = estate.by("ana", &format!("log show {id}")).run();
    assert_eq!(shown.code, 5, "{shown}");
    assert!(shown.stdout.contains("not-allowed"), "{shown}");
    let signers = estate.by("ana", "log signers").run();
    assert_eq!((signers.code, signers.stdout.as_str()), (5, ""), "{signers}");
}

#[test]
fn stock_ssh_keygen_accepts_every_entry_by_the_lines_that_are_shown() {
    let bash = skip!("bash");
    let estate = Estate::new();
    estate.set("cleo", "staging/DB_URL", "hunter2-new");
    estate.set("ana", "prod/API_KEY", "hunter2-new");
    let listed = estate.by("ana", "log list --json").run().done().json();
    let mut signed_by = std::collections::BTreeSet::new();
    for entry in listed["entries"].as_array().unwrap() {
        let id = entry["id"].as_str().unwrap();
        let shown = estate.by("ana", &format!("log show --json {id}")).run().done().json();
        let line = shown["verify"].as_str().unwrap();
        let verified = estate.repo.command(&bash).args(&["-c", line]).run();
        assert_eq!(verified.code, 0, "{line}\n{verified}");
        assert!(verified.stdout.contains("Good \"log@tenure\" signature"), "{verified}");
        signed_by.insert(entry["by"].as_str().unwrap().to_owned());
    }
    assert_eq!(signed_by.into_iter().collect::<Vec<_>>(), ["ana", "ben", "cleo"]);
}

#[test]
fn stock_ssh_keygen_refuses_an_entry_in_another_name_and_a_changed_one() {
    let bash = skip!("bash");
    let estate = Estate::new();
    let id = estate.head().to_string();
    let shown = estate.by("ana", &format!("log show --json {id}")).run().done().json();
    let line = shown["verify"].as_str().unwrap();
    let other = estate.repo.command(&bash).args(&["-c", &line.replace("-I ben", "-I ana")]).run();
    assert_ne!(other.code, 0, "{other}");
    let path = estate.path_of(estate.head());
    let changed = estate.read(&path).replacen("by = \"ben\"", "by = \"bem\"", 1);
    fs::write(estate.repo.path().join("changed.entry"), changed).unwrap();
    let line = line.replace(&path, "changed.entry");
    let changed = estate.repo.command(&bash).args(&["-c", &line]).run();
    assert_ne!(changed.code, 0, "{changed}");
}

#[test]
fn signers_are_lines_that_openssh_reads() {
    let estate = Estate::new();
    snapshot!(estate.by("ana", "log signers").run(), @r#"
    exit 0
    --- stdout
    ana namespaces="log@tenure" ssh-ed25519 [ssh key]
    ben namespaces="log@tenure" ssh-ed25519 [ssh key]
    cleo namespaces="log@tenure" ssh-ed25519 [ssh key]
    "#);
}

#[test]
fn nothing_is_told_of_a_log_that_nobody_trusts() {
    let estate = Estate::new();
    fs::remove_file(estate.repo.path().join(".git/tenure/pin")).unwrap();
    for line in ["log list", "log signers"] {
        let refused = estate.by("ana", line).run();
        assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{refused}");
    }
}
