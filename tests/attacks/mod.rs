//! The attack cases of the threat model, section 5: real git, real signatures, real age.
//!
//! Each test begins where all is well, attacks, asks for the verdict here and in a new clone, sees that
//! no value comes out, and undoes the attack. The number in a test's name is the case's.

mod beyond;
mod chain;
mod dropped;
mod duties;
mod files;
mod forge;
mod git;
mod hook;
mod keys;
mod leavers;
mod log;
mod members;
mod notes;
mod pin;
mod planted;
mod policy;
mod requests;
mod rings;
mod sealed;
mod void;
mod wiped;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub(crate) use forge::Pen;
use tenure::verify::Trust;

use crate::support::twice::judged_twice;
use crate::support::{Outcome, Prepared, Repo, stock};

/// What the values begin with; no attack may make one appear.
const VALUE: &str = "hunter2";

/// The base of the cases: admins ana and ben; cleo writes dev and staging; a machine reads prod.
pub(crate) struct Estate {
    pub(crate) repo: Repo,
}

impl Estate {
    /// Gives a copy of the base, in which all is well.
    pub(crate) fn new() -> Self {
        Self { repo: Repo::copied(base()) }
    }

    /// Begins anew with another policy than the base's, and with nothing sealed yet.
    pub(crate) fn with_policy(edit: impl Fn(&str) -> String) -> Self {
        let estate = Self { repo: Repo::new() };
        estate.make_keys();
        estate.begin(&edit(&estate.policy_text()));
        estate
    }

    pub(crate) fn key(&self, who: &str) -> PathBuf {
        self.repo.folder().join("keys").join(who)
    }

    pub(crate) fn public(&self, who: &str) -> String {
        let line = fs::read_to_string(self.key(who).with_extension("pub")).unwrap();
        line.split(' ').take(2).collect::<Vec<_>>().join(" ").trim().to_owned()
    }

    /// Prepares a run of the built program with the key of one member.
    pub(crate) fn by(&self, who: &str, line: &str) -> Prepared {
        self.repo
            .command(env!("CARGO_BIN_EXE_tenure"))
            .args(&["--now", self.repo.now(), "-i"])
            .arg(self.key(who))
            .args(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn set(&self, who: &str, address: &str, value: &str) {
        self.by(who, &format!("set {address}")).feed(value).done();
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.repo.write(path, bytes);
    }

    pub(crate) fn read(&self, path: &str) -> String {
        self.repo.read(path)
    }

    /// Edits a file as text; the edit must change something.
    pub(crate) fn edit(&self, path: &str, edit: impl Fn(&str) -> String) {
        let old = self.read(path);
        let new = edit(&old);
        assert_ne!(old, new, "the attack on {path} changes nothing");
        self.write(path, new);
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.repo.path().join(path)).unwrap();
    }

    /// Runs git on a line of words without quotes, which must succeed.
    #[track_caller]
    pub(crate) fn git(&self, line: &str) {
        self.repo.git(&line.split_whitespace().collect::<Vec<_>>()).done();
    }

    /// Lists files below a folder of the work tree.
    pub(crate) fn list(&self, folder: &str) -> Vec<String> {
        let root = self.repo.path();
        let files = walkdir::WalkDir::new(root.join(folder)).sort_by_file_name().into_iter();
        let files = files.filter_map(Result::ok).filter(|entry| !entry.file_type().is_dir());
        files.map(|f| f.path().strip_prefix(&root).unwrap().display().to_string()).collect()
    }

    pub(crate) fn commit(&self, message: &str) {
        self.repo.git(&["add", "--all"]).done();
        self.repo.git(&["commit", "--quiet", "--allow-empty", "--no-verify", "-m", message]).done();
    }

    /// Insists that all is well: `check` finds nothing, `get` gives the value and `run` hands it over.
    #[track_caller]
    pub(crate) fn honest(&self) {
        self.honest_with("hunter2-two");
    }

    /// The same, where `prod/DB_URL` has another value.
    #[track_caller]
    pub(crate) fn honest_with(&self, url: &str) {
        let checked = self.by("ana", "check").run();
        assert_eq!(checked.code, 0, "{checked}");
        let value = self.by("ana", "get prod/DB_URL").run();
        assert_eq!((value.code, value.stdout.as_str()), (0, url), "{value}");
        let run = self.by("ana", "run -e prod -- printenv DB_URL").run();
        assert_eq!((run.code, run.stdout.as_str()), (0, format!("{url}\n").as_str()), "{run}");
        let trust = Trust { root: self.root().parse().unwrap() };
        assert!(judged_twice(&self.repo.path(), trust, self.repo.now()) > 1);
    }

    /// Does the same as an attack, but by somebody entitled: all stays well. Then it is undone.
    #[track_caller]
    pub(crate) fn twin(&self, deed: impl FnOnce(&Self)) {
        self.commit("before the twin");
        let pin = self.read(".git/tenure/pin");
        deed(self);
        self.commit("twin");
        self.honest();
        self.judged(0, &[]);
        // As in a clone that has not seen it: else its loss would be a rollback.
        self.repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]).done();
        self.write(".git/tenure/pin", pin);
    }

    /// Attacks, commits, and asks for the verdict: the words and the exit code that `check` gives here
    /// and in a new clone; `get` gives nothing and `run` starts nothing. Then the attack is undone, and all
    /// is well again. The first word is that of a verdict; others may be of a message.
    #[track_caller]
    pub(crate) fn attacked(&self, exit: i32, words: &[&str], attack: impl FnOnce(&Self)) {
        self.commit("before the attack");
        self.honest();
        attack(self);
        self.commit("attack");
        self.judged(exit, words);
        self.refuses_to_read(exit);
        self.repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]).done();
        self.by("ana", "check").run().done();
    }

    /// Compares what `check` finds with words, each of which must be there; here, and in a new clone.
    #[track_caller]
    pub(crate) fn judged(&self, exit: i32, words: &[&str]) {
        let root = self.root();
        let clone = self.repo.folder().join("clone");
        let _absent = fs::remove_dir_all(&clone);
        self.repo
            .git(&["clone", "--quiet", "--no-hardlinks", ".", &clone.display().to_string()])
            .done();
        let here = self.by("ana", "--json check").run();
        let there = self.by("ana", "--json check --root").arg(&root).within(&clone).run();
        // Whatever is remembered of this log, it changes no verdict.
        let trust = Trust { root: root.parse().unwrap() };
        judged_twice(&self.repo.path(), trust, self.repo.now());
        for checked in [here, there] {
            assert_eq!(checked.code, exit, "{checked}");
            if let Some(verdict) = words.first() {
                assert!(
                    codes(&checked).any(|code| code == *verdict),
                    "no `{verdict}` in {checked}"
                );
            }
            for word in words {
                assert!(says(&checked, word), "no `{word}` in {checked}");
            }
            assert!(!checked.stdout.contains(VALUE), "a value is shown: {checked}");
            explained(&checked);
        }
    }

    #[track_caller]
    fn refuses_to_read(&self, exit: i32) {
        let value = self.by("ana", "get prod/DB_URL").run();
        let wanted = if exit == 1 { 5 } else { exit };
        assert_eq!((value.code, value.stdout.as_str()), (wanted, ""), "{value}");
        assert!(!value.stderr.contains(VALUE), "a value is shown: {value}");
        let run = self.by("ana", "run -e prod -- echo started").run();
        assert_eq!((run.code, run.stdout.as_str()), (125, ""), "{run}");
        assert!(!run.stderr.contains(VALUE), "a value is shown: {run}");
    }

    /// The word with which reading a value is refused.
    #[track_caller]
    pub(crate) fn refusal(&self) -> String {
        let refused = self.by("ana", "--json get prod/DB_URL").run();
        let json: serde_json::Value = serde_json::from_str(&refused.stderr).unwrap();
        json["error"]["finding"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The pin of ana's clone.
    pub(crate) fn root(&self) -> String {
        let pin = fs::read_to_string(self.repo.path().join(".git/tenure/pin")).unwrap();
        pin.lines().next().unwrap().strip_prefix("root ").unwrap().to_owned()
    }

    fn pin(&self, root: &str) {
        self.write(".git/tenure/pin", format!("root {root}\n"));
    }
}

/// Tells whether a code, or a part of a message, is among the findings.
fn says(checked: &Outcome, word: &str) -> bool {
    let json = checked.json();
    json["findings"].as_array().unwrap().iter().any(|finding| {
        finding["code"] == word || finding["message"].as_str().unwrap().contains(word)
    })
}

fn codes(checked: &Outcome) -> impl Iterator<Item = String> {
    let findings = checked.json()["findings"].as_array().unwrap().clone();
    findings.into_iter().map(|finding| finding["code"].as_str().unwrap().to_owned())
}

/// Insists that every failure names the file, the rule and what mends it; the key and the entry, where one
/// is concerned.
#[track_caller]
fn explained(checked: &Outcome) {
    for finding in checked.json()["findings"].as_array().unwrap() {
        let code = finding["code"].as_str().unwrap();
        if !matches!(finding["severity"].as_str(), Some("breach" | "invalid")) {
            continue;
        }
        assert!(finding["rule"].is_string(), "no rule: {finding}");
        assert!(finding["file"].as_str().is_some_and(|file| !file.is_empty()), "{finding}");
        assert!(finding["fix"].is_string(), "no fix: {finding}");
        let by_item = ["altered", "bad-due", "concurrent", "old-generation", "removed-key"];
        let by_item = by_item.contains(&code) || code == "writer-gone";
        let keyring = finding["file"].as_str().unwrap().starts_with(".secrets/keys");
        let unread = finding["message"].as_str().unwrap().contains("can no longer be read");
        assert!(!by_item || keyring || unread || finding["key"].is_string(), "no key: {finding}");
        let by_entry = ["bad-signature", "refused-key", "not-allowed", "bad-time", "missing"];
        let by_entry = by_item || by_entry.contains(&code) || code == "policy-unauthorised";
        assert!(!by_entry || finding["entry"].is_string(), "no entry: {finding}");
    }
}

/// The base, made once a run and copied for each test.
fn base() -> &'static Path {
    static BASE: OnceLock<PathBuf> = OnceLock::new();
    BASE.get_or_init(|| {
        let above = Path::new(env!("CARGO_TARGET_TMPDIR")).join("estates");
        fs::create_dir_all(&above).unwrap();
        let kept = above.join(std::process::id().to_string());
        let estate = Estate { repo: Repo::new() };
        estate.make_keys();
        estate.begin(&estate.policy_text());
        estate.seal_values();
        fs::rename(estate.repo.folder(), &kept)
            .or_else(|_| {
                let status = std::process::Command::new("cp")
                    .arg("-a")
                    .args([estate.repo.folder(), &kept])
                    .status()?;
                assert!(status.success());
                Ok::<_, std::io::Error>(())
            })
            .unwrap();
        kept
    })
}

impl Estate {
    fn make_keys(&self) {
        fs::create_dir_all(self.repo.folder().join("keys")).unwrap();
        let keygen = stock("ssh-keygen").expect("these tests need ssh-keygen");
        for who in ["ana", "ben", "cleo", "deploy", "mallory"] {
            let args = ["-q", "-t", "ed25519", "-N", "", "-C", who, "-f"];
            self.repo.command(&keygen).args(&args).arg(self.key(who)).run().done();
        }
    }

    fn seal_values(&self) {
        for (address, value) in [
            ("prod/secrets/prod.env#DB_URL", "hunter2-one"),
            ("prod/secrets/prod.env#API_KEY", "hunter2-api"),
            ("prod/secrets/prod.env#DB_URL", "hunter2-two"),
            ("prod/secrets/prod.yaml#database.password", "hunter2-yaml"),
            ("prod/secrets/prod.yaml#database.user", "hunter2-user"),
            ("prod/secrets/prod.json#password", "hunter2-json"),
            ("prod/secrets/prod.json#user", "hunter2-juser"),
            ("prod/secrets/prod.pem", "hunter2 pem\n"),
            ("staging/secrets/staging.env#DB_URL", "hunter2-staging"),
            ("dev/secrets/dev.env#DB_URL", "hunter2-dev"),
        ] {
            self.set("ben", address, value);
        }
        self.commit("base");
    }

    /// The policy of the base.
    pub(crate) fn policy_text(&self) -> String {
        let person = |name: &str| {
            let key = self.public(name);
            format!("[members.{name}]\nrecipients = [\"{key}\"]\nsigning-keys = [\"{key}\"]\n\n")
        };
        let people = ["ana", "ben", "cleo"].map(person).concat();
        let deploy = self.public("deploy");
        let attributes = "/.secrets/** -text\n/.secrets-policy.toml -text\n";
        let sealed = ["prod", "staging", "dev"]
            .map(|env| format!("/secrets/{env}.* -text diff=tenure merge=tenure\n"));
        self.write(".gitattributes", attributes.to_owned() + &sealed.concat());
        format!(
            r#"version = 1
revision = "1-00000001"
repository = "0198c9d2-7b1e-4c8a-9f00-0123456789ab"

{people}[members.deploy]
kind = "machine"
owner = "ana"
recipients = ["{deploy}"]
expires = 2026-06-01

[roles]
admin = ["ana", "ben"]
developer = ["cleo"]
deploy = ["deploy"]

[admin]
roles = ["admin"]
threshold = 1

[environments.dev]
files = ["secrets/dev.*"]
readers = ["admin", "developer"]
writers = ["admin", "developer"]

[environments.staging]
files = ["secrets/staging.*"]
readers = ["admin", "developer"]
writers = ["admin", "developer"]

[environments.prod]
files = ["secrets/prod.*"]
readers = ["admin", "deploy"]
writers = ["admin"]

[types.api-key]
rotate-every = "90d"

[[secrets]]
match = "prod/DB_URL"
type = "api-key"
"#
        )
    }
}
