//! Cases 50 and 60: requests of strangers, and what they would like a terminal to show.

use std::fs;

use tenure::log::entry::Op;
use tenure::log::render::join;
use tenure::names::EntryId;

use super::{Estate, Pen};
use crate::support::Outcome;

const API_KEY: &str = "prod/secrets/prod.env#API_KEY";
const POLICY: &str = ".secrets-policy.toml";

impl Estate {
    /// A request as `join` would write it, signed by one key and naming another's.
    fn request(&self, name: &str, names: &str, roles: &str) -> String {
        let policy = self.read(POLICY);
        let repository = policy.lines().find_map(|line| line.strip_prefix("repository = "));
        let key = self.public(names);
        format!(
            "v = 1\nkind = \"join\"\nroot = \"{}\"\nrepository = {}\ntime = \"{}\"\n\
             name = \"{name}\"\nroles = [{roles}]\nrecipients = [\"{key}\"]\n\
             signing-keys = [\"{key}\"]\n",
            self.root(),
            repository.unwrap(),
            self.repo.now(),
        )
    }

    fn put_request(&self, file: &str, payload: &str, pen: &Pen<'_>) {
        let signature = self.signature(payload.as_bytes(), pen);
        self.write(&format!(".secrets/requests/{file}.toml"), join(payload, &signature));
    }

    /// Has ben approve; the policy must stay as it was.
    #[track_caller]
    fn refused(&self, name: &str) -> Outcome {
        let before = (self.read(POLICY), self.log().len());
        let refused = self.by("ben", &format!("-y member approve {name}")).run();
        assert_eq!(refused.code, 2, "{refused}");
        assert_eq!((self.read(POLICY), self.log().len()), before);
        self.honest();
        refused
    }
}

fn request(key: &str) -> Pen<'_> {
    Pen { key, namespace: "request@tenure", hash: "sha512" }
}

#[test]
fn case_50_a_strangers_request_in_the_name_of_a_member() {
    let estate = Estate::new();
    estate.honest();
    // Mallory says ana; says ana in a file of her own; says mallory in a file of ana's.
    for (file, says, word) in [
        ("ana", "ana", "there is a member `ana` already"),
        ("mallory", "ana", "the request named `mallory` is one of `ana`"),
        ("ana", "mallory", "the request named `ana` is one of `mallory`"),
    ] {
        let payload = estate.request(says, "mallory", "\"developer\"");
        estate.put_request(file, &payload, &request("mallory"));
        let refused = estate.refused(file);
        assert!(refused.stderr.contains(word), "{refused}");
        estate.remove(&format!(".secrets/requests/{file}.toml"));
    }
    // A key of ana's under another name; another's key that mallory cannot sign with.
    let payload = estate.request("mallory", "ana", "\"developer\"");
    estate.put_request("mallory", &payload, &request("mallory"));
    assert!(estate.refused("mallory").stderr.contains("is `ana`'s already"));
    let payload = estate.request("mallory", "mallory", "\"developer\"");
    estate.put_request("mallory", &payload, &request("deploy"));
    assert!(estate.refused("mallory").stderr.contains("is by another key"));
    // For another purpose, or over another hash.
    for (namespace, hash) in [("log@tenure", "sha512"), ("request@tenure", "sha256")] {
        estate.put_request("mallory", &payload, &Pen { key: "mallory", namespace, hash });
        estate.refused("mallory");
    }
    // Its twin, by the key that it names: granted.
    estate.put_request("mallory", &payload, &request("mallory"));
    estate.by("ben", "-y member approve mallory").run().done();
    assert!(estate.read(POLICY).contains("[members.mallory]"));
    estate.honest();
}

#[test]
fn a_strangers_request_for_a_members_keys() {
    let estate = Estate::new();
    let replace = |name: &str, key: &str| {
        let payload = estate.request(name, key, "\"developer\"");
        payload
            .replace("kind = \"join\"", "kind = \"replace-key\"")
            .replace("[\"developer\"]", "[]")
    };
    for signer in ["mallory", "cleo"] {
        estate.put_request("ben", &replace("ben", "mallory"), &request(signer));
        let refused = estate.refused("ben");
        assert!(refused.stderr.contains("not signed by a key that the policy names"), "{refused}");
        estate.remove(".secrets/requests/ben.toml");
    }
    // Its twin, by cleo's own key for herself: granted.
    estate.put_request("cleo", &replace("cleo", "mallory"), &request("cleo"));
    estate.by("ben", "-y member approve cleo").run().done();
    assert!(estate.read(POLICY).contains(&estate.public("mallory")));
    estate.honest();
}

#[test]
fn a_request_is_no_entry_and_an_entry_no_request() {
    let estate = Estate::new();
    let payload = estate.request("mallory", "mallory", "\"developer\"");
    let id = EntryId::of(payload.as_bytes());
    estate.attacked(5, &["bad-entry"], |e| {
        let signature = e.signature(payload.as_bytes(), &request("mallory"));
        let path = format!(".secrets/log/2026-01/20260101T000000Z-{}.entry", id.short16());
        e.write(&path, join(&payload, &signature));
    });
    let path = estate.path_of(estate.head());
    estate.write(".secrets/requests/ben2.toml", estate.read(&path));
    estate.refused("ben2");
}

#[test]
fn case_60_terminal_escapes_in_a_request() {
    let estate = Estate::new();
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}";
    let good = estate.request("mallory", "mallory", "\"developer\"");
    let key = estate.public("mallory");
    let escaped = "\\u001B]0;owned\\u0007\\u001B[2J\\u202E";
    for payload in [
        good.replace("\"mallory\"", &format!("\"mallory{hostile}\"")),
        good.replace("\"mallory\"", &format!("\"mallory{escaped}\"")),
        good.replace("\"developer\"", &format!("\"developer{escaped}\"")),
        good.replace(&key, &format!("{key} {hostile}")),
        good.replace(&key, &format!("{key} {escaped}")),
    ] {
        assert_ne!(payload, good);
        estate.put_request("mallory", &payload, &request("mallory"));
        let refused = estate.refused("mallory");
        plain(&refused);
        let checked = estate.by("ana", "check").run();
        assert_eq!(checked.code, 0, "{checked}");
        plain(&checked);
        estate.remove(".secrets/requests/mallory.toml");
    }
    let name = estate.repo.path().join(format!(".secrets/requests/{hostile}.toml"));
    fs::write(&name, good).unwrap();
    let checked = estate.by("ana", "check").run();
    assert_eq!(checked.code, 0, "{checked}");
    assert!(checked.stdout.contains("owned"), "{checked}");
    plain(&checked);
}

/// Nothing that steers a terminal may be among what is printed.
#[track_caller]
fn plain(outcome: &Outcome) {
    for text in [&outcome.stdout, &outcome.stderr] {
        let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "{text:?}");
    }
}

#[test]
fn case_60_terminal_escapes_in_a_reason() {
    let estate = Estate::new();
    let again = |e: &Estate| e.draft("ben", e.attesting(Op::Adopt, &[API_KEY]));
    // What turns the text around is no control character: it may stand, and is shown escaped.
    let mut entry = again(&estate);
    entry.reason = Some("\u{202e}dekcatta\u{2066} \u{200b}".to_owned() + "end");
    let id = estate.sign(entry, &Pen::of("ben")).to_string();
    estate.honest();
    for line in ["log list", "log list --json", "check", "trust show", "status"] {
        plain(&estate.by("ana", line).run());
    }
    let shown = estate.by("ana", &format!("log show {}", &id[..12])).run().done();
    assert!(shown.stdout.contains("dekcatta"), "{shown}");
    plain(&shown);
    // What steers a terminal is no reason at all.
    let refused = estate.by("ben", "set prod/API_KEY --reason").arg("\u{1b}[2J").feed("hunter2-x");
    assert_eq!(refused.code, 2, "{refused}");
    plain(&refused);
    estate.attacked(5, &["bad-entry"], |e| {
        let path = e.path_of(e.head());
        let (payload, _) = e.read(&path).split_once("-----BEGIN").map(own).unwrap();
        let from = payload.find("reason = ").unwrap();
        let new = format!("{}reason = \"\\u001B[2J\"\n", &payload[..from]);
        let rest = payload[from..].split_once('\n').unwrap().1;
        let new = new + rest;
        let signature = e.signature(new.as_bytes(), &Pen::of("ben"));
        let id = EntryId::of(new.as_bytes()).short16();
        e.remove(&path);
        let at = path.rfind('-').unwrap();
        e.write(&format!("{}-{id}.entry", &path[..at]), join(&new, &signature));
        plain(&e.by("ana", "check").run());
    });
}

fn own((one, two): (&str, &str)) -> (String, String) {
    (one.to_owned(), two.to_owned())
}

#[test]
fn case_60_terminal_escapes_in_a_members_name() {
    let estate = Estate::new();
    estate.commit("before the attack");
    estate.honest();
    let text = estate.read(POLICY);
    for name in ["\"\u{1b}[2Jben\"", "\"\\u001b[2Jben\"", "\"\\u202eneb\""] {
        let hostile = text.replace("[members.ben]", &format!("[members.{name}]"));
        estate.write(POLICY, hostile);
        for line in ["check", "policy lint", "policy show", "member list", "get prod/DB_URL"] {
            let refused = estate.by("ana", line).run();
            // What is in force can be shown still, and says that it is not what lies there.
            assert_ne!(refused.code, 0, "{refused}");
            assert_eq!(
                refused.stdout.starts_with("policy 1, "),
                line == "policy show",
                "{refused}"
            );
            plain(&refused);
        }
    }
    estate.write(POLICY, text);
    estate.honest();
}

#[test]
fn case_60_terminal_escapes_in_a_key() {
    let estate = Estate::new();
    let hostile = "\"\\e[2J\\e]0;owned\\a\": hunter2-x\n";
    estate.attacked(1, &["plaintext"], |e| {
        e.edit("secrets/prod.yaml", |text| format!("{text}{hostile}"));
        plain(&e.by("ana", "check").run());
        plain(&e.by("ana", "status").run());
    });
    // Sealed by somebody who may: it is a value as any other, and its name is shown escaped.
    estate.edit("secrets/prod.yaml", |text| format!("{text}{hostile}"));
    plain(&estate.by("ben", "-y seal secrets/prod.yaml").run().done());
    estate.honest();
    for line in ["list -e prod", "list -e prod --json", "status", "check", "log list"] {
        plain(&estate.by("ana", line).run().done());
    }
    let head = estate.head().to_string();
    let shown = estate.by("ana", &format!("log show {}", &head[..12])).run().done();
    assert!(shown.stdout.contains("owned"), "{shown}");
    plain(&shown);
    plain(&estate.by("ana", "-y member remove ben").run().done());
}

#[test]
fn approvals_show_whole_fingerprints() {
    let estate = Estate::new();
    let payload = estate.request("mallory", "mallory", "\"developer\"");
    estate.put_request("mallory", &payload, &request("mallory"));
    let approved = estate.by("ben", "-y member approve mallory").run().done();
    let keygen = estate.repo.command("ssh-keygen").args(&["-l", "-f"]);
    let printed = keygen.arg(estate.key("mallory").with_extension("pub")).run().done().stdout;
    let whole = printed.split(' ').find(|word| word.starts_with("SHA256:")).unwrap();
    assert!(approved.stderr.contains(&format!("key   {whole} ")), "{approved}");
    assert!(approved.stderr.contains(&format!("signs with {whole}\n")), "{approved}");
}
