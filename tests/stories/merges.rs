//! Merges that must not alarm: the threat model, section 6. Plain git, no driver of ours.

use crate::attacks::Estate;

const ENV: &str = "secrets/dev.env";

/// A base in which dev.env has keys with blank lines between, as git needs them.
fn apart() -> Estate {
    let estate = Estate::new();
    for key in ["A", "B", "C"] {
        estate.set("ben", &format!("dev/secrets/dev.env#{key}"), "hunter2-old");
    }
    // A blank line is no value: nothing signed changes.
    estate.edit(ENV, |text| text.replace('\n', "\n\n\n\n"));
    estate.commit("spaced");
    estate.honest();
    estate
}

impl Estate {
    #[track_caller]
    fn value(&self, key: &str, value: &str) {
        let got = self.by("ana", &format!("get dev/{key}")).run();
        assert_eq!((got.code, got.stdout.as_str()), (0, value), "{got}");
    }

    /// Sets A on one branch and C on another, from one base.
    fn branch(&self) {
        self.git("switch --quiet -c left");
        self.set("ben", "dev/A", "hunter2-left");
        self.commit("left");
        self.git("switch --quiet main");
        self.git("switch --quiet -c right");
        self.set("cleo", "dev/C", "hunter2-right");
        self.commit("right");
    }

    #[track_caller]
    fn merged(&self) {
        self.honest();
        self.value("A", "hunter2-left");
        self.value("C", "hunter2-right");
    }
}

#[test]
fn merge_1_different_keys_of_one_file() {
    let estate = apart();
    estate.branch();
    estate.git("merge --quiet --no-edit left");
    estate.merged();
}

#[test]
fn merge_3_by_squash() {
    let estate = apart();
    estate.branch();
    estate.git("merge --quiet --squash left");
    estate.commit("squashed");
    estate.git("branch --quiet -D left");
    estate.merged();
}

#[test]
fn merge_4_by_rebase() {
    let estate = apart();
    estate.branch();
    estate.git("rebase --quiet left");
    estate.merged();
}

#[test]
fn merge_6_entries_only_and_the_next_write_has_both_heads() {
    let estate = apart();
    estate.branch();
    estate.git("merge --quiet --no-edit left");
    estate.set("ben", "dev/B", "hunter2-next");
    let log = estate.log();
    let head = log.iter().find(|signed| signed.id == estate.head()).unwrap();
    assert_eq!(head.entry.parents.len(), 2);
    estate.merged();
}

#[test]
fn merge_7_one_deletes_a_key_and_the_other_changes_another() {
    use tenure::log::entry::{Kind, Op};
    let estate = apart();
    estate.git("switch --quiet -c left");
    let mut kind = estate.attesting(Op::Delete, &["dev/secrets/dev.env#A"]);
    let Kind::Seal { files, .. } = &mut kind else { unreachable!() };
    let item = &mut files[0].items[0];
    (item.generation, item.kind, item.due, item.hash) = (None, None, None, None);
    estate.sign(estate.draft("ben", kind), &crate::attacks::Pen::of("ben"));
    estate.edit(ENV, |text| {
        text.lines().filter(|l| !l.starts_with("A=")).map(|l| format!("{l}\n")).collect()
    });
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.set("cleo", "dev/C", "hunter2-right");
    estate.commit("right");
    estate.git("merge --quiet --no-edit left");
    estate.honest();
    estate.value("C", "hunter2-right");
    assert_eq!(estate.by("ana", "get dev/A").run().code, 6);
}

/// Lets git merge with our driver, as `tenure hook install` tells it.
fn driven(estate: &Estate) {
    estate.by("ana", "hook install").run().done();
    estate.by("ana", "hook uninstall").run().done();
    assert_eq!(estate.repo.git(&["config", "merge.tenure.driver"]).code, 1);
    estate.by("ana", "hook install").run().done();
    assert_eq!(estate.repo.git(&["config", "merge.tenure.driver"]).code, 0);
    // The hooks are not what is tried here.
    let hooks = estate.repo.path().join(".git/hooks");
    for name in ["pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg", "pre-push"] {
        std::fs::remove_file(hooks.join(name)).unwrap();
    }
}

#[test]
fn merge_2_in_a_bare_clone() {
    let estate = apart();
    estate.branch();
    let bare = estate.repo.folder().join("bare");
    let work = estate.repo.folder().join("work");
    let [bare, work] = [&bare, &work].map(|path| path.display().to_string());
    estate.git(&format!("clone -q --bare . {bare}"));
    let inside = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let command = estate.repo.command(crate::support::stock("git").unwrap());
        command.args(&words).within(&bare).run().done().stdout.trim().to_owned()
    };
    let tree = inside("merge-tree --write-tree right left");
    let commit = inside(&format!("commit-tree -p right -p left -m merged {tree}"));
    inside(&format!("update-ref refs/heads/merged {commit}"));
    estate.git(&format!("clone -q -b merged {bare} {work}"));
    let checked = estate.by("ana", "check --root").arg(estate.root()).within(&work).run();
    assert_eq!(checked.code, 0, "{checked}");
    for (key, value) in [("A", "hunter2-left"), ("C", "hunter2-right")] {
        let got = estate.by("ana", &format!("get dev/{key} --root")).arg(estate.root());
        let got = got.within(&work).run();
        assert_eq!((got.code, got.stdout.as_str()), (0, value), "{got}");
    }
}

/// Neighbouring lines change, and both sides add a key at the end.
fn neighbours() -> Estate {
    let estate = Estate::new();
    for key in ["A", "C"] {
        estate.set("ben", &format!("dev/secrets/dev.env#{key}"), "hunter2-old");
    }
    estate.commit("base");
    estate.honest();
    estate.git("switch --quiet -c left");
    estate.set("ben", "dev/A", "hunter2-left");
    estate.set("ben", "dev/secrets/dev.env#LEFT", "hunter2-left");
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.set("cleo", "dev/C", "hunter2-right");
    estate.set("cleo", "dev/secrets/dev.env#RIGHT", "hunter2-right");
    estate.commit("right");
    estate
}

#[test]
fn merge_5_neighbouring_lines_by_hand() {
    let estate = neighbours();
    let merged = estate.repo.git(&["merge", "--quiet", "--no-edit", "left"]);
    assert_eq!(merged.code, 1, "git calls neighbours a conflict: {merged}");
    let (ours, theirs) = (["show", "main:secrets/dev.env"], ["show", "left:secrets/dev.env"]);
    let [ours, theirs] = [ours, theirs].map(|args| estate.repo.git(&args).done().stdout);
    let of = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{key}="))).unwrap();
        format!("{line}\n")
    };
    let lines = [
        of(&ours, "DB_URL"),
        of(&theirs, "A"),
        of(&ours, "C"),
        of(&ours, "RIGHT"),
        of(&theirs, "LEFT"),
    ];
    estate.write(ENV, lines.concat());
    estate.commit("both lines");
    estate.merged();
}

#[test]
fn merge_5_neighbouring_lines_with_the_driver() {
    let estate = neighbours();
    driven(&estate);
    estate.git("merge --quiet --no-edit left");
    estate.merged();
    estate.value("LEFT", "hunter2-left");
    estate.value("RIGHT", "hunter2-right");
}

#[test]
fn the_driver_leaves_one_value_of_both_sides_to_people() {
    let estate = neighbours();
    estate.set("cleo", "dev/A", "hunter2-right");
    estate.commit("A too");
    driven(&estate);
    let entries = estate.list(".secrets/log");
    let merged = estate.repo.git(&["merge", "--quiet", "--no-edit", "left"]);
    assert_eq!(merged.code, 1, "{merged}");
    let text = estate.read(ENV);
    assert_eq!(text.matches("<<<<<<< ours\nA=").count(), 1, "{text}");
    assert_eq!((text.matches("\nLEFT=").count(), text.matches("\nRIGHT=").count()), (1, 1));
    assert!(estate.list(".secrets/log").len() == entries.len() + 2, "nothing but theirs came");
    // One takes a side, and a writer says so.
    let mut keep = true;
    let ours = text.lines().filter(|line| {
        match *line {
            "<<<<<<< ours" => return false,
            "=======" => keep = false,
            ">>>>>>> theirs" => {
                keep = true;
                return false;
            }
            _ => {}
        }
        keep
    });
    estate.write(ENV, ours.map(|line| format!("{line}\n")).collect::<String>());
    estate.commit("ours");
    assert_eq!(estate.by("ana", "check").run().code, 5);
    estate.by("cleo", "resolve -y").run().done();
    estate.honest();
    estate.value("A", "hunter2-right");
    estate.value("LEFT", "hunter2-left");
}

/// Readers of prod change on one branch, with or without a keyring for them, and a value on the other.
fn readers(to: &str, keyring: bool) -> Estate {
    use crate::attacks::Pen;
    let estate = apart();
    estate.git("switch --quiet -c left");
    let from = "readers = [\"admin\", \"deploy\"]";
    let policy = estate.read(".secrets-policy.toml");
    let policy = policy.replacen("\"1-00000001\"", "\"2-00000002\"", 1).replacen(from, to, 1);
    estate.sign_policy(&policy, "ana", &Pen::of("ana"));
    if keyring {
        estate.wrap(&tenure::policy::Policy::parse(&policy).unwrap());
    }
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.set("ben", "prod/API_KEY", "hunter2-right");
    estate.commit("right");
    estate.git("merge --quiet --no-edit left");
    estate
}

const ONE_MORE: &str = "readers = [\"admin\", \"deploy\", \"developer\"]";
const ONE_LESS: &str = "readers = [\"admin\"]";

#[test]
fn merge_8_a_new_reader_and_a_new_value() {
    // The generation of the value is in the new reader's keyring, as `rekey` makes it.
    let estate = readers(ONE_MORE, false);
    let checked = estate.by("ana", "check").run();
    assert_eq!(checked.code, 1, "{checked}");
    assert!(checked.stdout.contains("stale-readers"), "{checked}");
    assert!(checked.stdout.contains("fix  tenure rekey -e prod"), "{checked}");
    let write = estate.by("ben", "set prod/API_KEY").feed("hunter2-new");
    assert_eq!(write.code, 3, "{write}");
    assert!(write.stderr.contains("hint: tenure rekey -e prod"), "{write}");
    estate.by("ana", "rekey -e prod").run().done();
    estate.honest();
    let got = estate.by("cleo", "get prod/API_KEY").run();
    assert_eq!((got.code, got.stdout.as_str()), (0, "hunter2-right"), "{got}");
}

#[test]
fn merge_8_with_the_keyring_of_a_member_who_was_added() {
    let estate = apart();
    estate.git("switch --quiet -c left");
    let key = estate.public("mallory");
    let add = ["member", "add", "mal", "--role", "deploy", "-y", "--recipient", &key];
    estate.by("ana", "").args(&add).run().done();
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.set("ben", "prod/API_KEY", "hunter2-right");
    estate.commit("right");
    estate.git("merge --quiet --no-edit left");
    estate.honest();
    let got = estate.by("mallory", "get prod/API_KEY").run();
    assert_eq!((got.code, got.stdout.as_str()), (0, "hunter2-right"), "{got}");
}

#[test]
fn merge_9_a_reader_removed_and_a_new_value() {
    let estate = readers(ONE_LESS, false);
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 1, "{checked}");
    let text = &checked.stdout;
    assert!(text.contains("\"tenure rekey -e prod\""), "{checked}");
    let owed = |checked: &crate::support::Outcome| {
        let json = checked.json();
        let found = json["findings"].as_array().unwrap().iter();
        found
            .filter(|f| f["code"] == "obligation" && f["place"] == "secrets/prod.env API_KEY")
            .count()
    };
    assert_eq!(owed(&checked), 1, "{checked}");
    estate.by("ana", "rekey -e prod").run().done();
    let checked = estate.by("ana", "--json check").run();
    assert_eq!((checked.code, owed(&checked)), (0, 1), "{checked}");
    // Where the keyring came with the removal, nothing but the obligation is left.
    let estate = readers(ONE_LESS, true);
    let checked = estate.by("ana", "--json check").run();
    assert_eq!((checked.code, owed(&checked)), (0, 1), "{checked}");
    let got = estate.by("ana", "get prod/API_KEY").run();
    assert_eq!((got.code, got.stdout.as_str()), (0, "hunter2-right"), "{got}");
}

#[test]
fn merge_14_removed_and_later_added_again_with_the_same_key() {
    let estate = apart();
    let key = estate.public("ben");
    estate.by("ana", "member remove ben -y").run().done();
    estate.commit("ben left");
    assert_ne!(estate.by("ben", "set dev/A").feed("hunter2-between").code, 0);
    let add = ["member", "add", "ben", "--role", "admin", "-y"];
    let keys = ["--recipient", &key, "--signing-key", &key];
    estate.by("ana", "").args(&add).args(&keys).run().done();
    estate.set("ben", "dev/A", "hunter2-again");
    estate.commit("ben is back");
    estate.honest();
    estate.value("A", "hunter2-again");
}

#[test]
fn merge_10_both_branches_make_keyrings() {
    let estate = apart();
    let policy = tenure::policy::Policy::parse(&estate.read(".secrets-policy.toml")).unwrap();
    estate.git("switch --quiet -c left");
    estate.wrap(&policy);
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.wrap(&policy);
    estate.commit("right");
    estate.git("merge --quiet --no-edit left");
    estate.honest();
    estate.set("ben", "dev/A", "hunter2-left");
    estate.value("A", "hunter2-left");
    estate.honest();
}

const POLICY: &str = ".secrets-policy.toml";

/// Two branches that each sign a policy: left lets developers read prod, main shortens a deadline.
fn two_policies(estate: &Estate) {
    estate.git("switch --quiet -c left");
    estate.edit(POLICY, |text| {
        text.replace(
            "readers = [\"admin\", \"deploy\"]",
            "readers = [\"admin\", \"deploy\", \"developer\"]",
        )
    });
    estate.by("ana", "policy sign -y").run().done();
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.edit(POLICY, |text| text.replace("rotate-every = \"90d\"", "rotate-every = \"60d\""));
    estate.by("ben", "policy sign -y").run().done();
    estate.commit("right");
}

#[test]
fn merge_11_the_policy_edited_on_both_sides() {
    let estate = apart();
    two_policies(&estate);
    let merged = estate.repo.git(&["merge", "--quiet", "--no-edit", "left"]);
    assert_eq!(merged.code, 1, "git itself stops: {merged}");
    assert!(estate.read(POLICY).contains("<<<<<<<"), "with a visible conflict");
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(checked.stdout.contains("\"policy-fork\""), "{checked}");
    assert_eq!(estate.by("ana", "get prod/DB_URL").run().code, 5);
    assert_eq!(estate.by("ana", "policy reconcile").run().code, 2, "nobody is there to ask");
    assert!(estate.read(POLICY).contains("<<<<<<<"), "a dry look writes nothing");
    let settled = estate.by("ana", "policy reconcile -y").run().done();
    assert!(settled.stderr.contains("takes the changes of all sides"), "{settled}");
    assert!(settled.stderr.contains("cleo will read 7 values in prod"), "{settled}");
    assert!(settled.stderr.contains("rotates every 60 days"), "{settled}");
    estate.git("add --all");
    estate.git("commit --quiet --no-verify --no-edit");
    estate.honest();
    let policy = estate.read(POLICY);
    assert!(policy.contains("60d") && policy.contains("\"deploy\", \"developer\"]"), "{policy}");
    assert_eq!(estate.by("cleo", "get prod/DB_URL").run().done().stdout, "hunter2-two");
    estate.set("ben", "prod/API_KEY", "hunter2-after");
    estate.honest();
}

#[test]
fn a_conflict_of_policies_that_somebody_resolved_by_hand_is_taken() {
    let estate = apart();
    two_policies(&estate);
    estate.repo.git(&["merge", "--quiet", "--no-edit", "-X", "ours", "left"]).done();
    // Without a conflict to see there is a fork all the same.
    let checked = estate.by("ana", "check").run();
    assert_eq!(checked.code, 5, "{checked}");
    // What somebody committed unsigned is not taken for it.
    estate.edit(POLICY, |text| text.replace("\"60d\"", "\"1d\""));
    estate.commit("unsigned");
    let merged = estate.by("ben", "policy reconcile -y -n").run().done();
    assert!(merged.stderr.contains("the changes of all sides"), "{merged}");
    estate.edit(POLICY, |text| text.replace("\"1d\"", "\"45d\""));
    let settled = estate.by("ben", "policy reconcile -y").run().done();
    assert!(settled.stderr.contains("as it lies here"), "{settled}");
    estate.commit("settled");
    estate.honest();
    assert!(estate.read(POLICY).contains("\"45d\""));
    assert_eq!(estate.by("ana", "policy reconcile -y").run().code, 2, "nothing forks now");
}

#[test]
fn policies_that_contradict_each_other_are_settled_by_taking_one() {
    let estate = apart();
    two_policies(&estate);
    estate.git("switch --quiet left");
    estate.edit(POLICY, |text| text.replace("rotate-every = \"90d\"", "rotate-every = \"30d\""));
    estate.by("ana", "policy sign -y").run().done();
    let ours = estate.step(3);
    estate.commit("left again");
    let merged = estate.repo.git(&["merge", "--quiet", "--no-edit", "main"]);
    assert_eq!(merged.code, 1, "{merged}");
    let refused = estate.by("ana", "policy reconcile -y").run();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("change the same lines"), "{refused}");
    assert!(refused.stderr.contains(&format!("--take {}", &ours.to_string()[..16])), "{refused}");
    estate
        .by("ana", &format!("policy reconcile -y --take {}", &ours.to_string()[..16]))
        .run()
        .done();
    estate.git("add --all");
    estate.git("commit --quiet --no-verify --no-edit");
    estate.honest();
    assert!(estate.read(POLICY).contains("\"30d\""));
}

#[test]
fn a_member_of_one_branch_and_what_they_set_survive_a_policy_of_the_other() {
    let estate = apart();
    estate.git("switch --quiet -c left");
    let key = estate.key("mallory").with_extension("pub").display().to_string();
    estate.by("ana", &format!("member add dan --role developer -y --ssh-key {key}")).run().done();
    estate.set("mallory", "dev/A", "hunter2-dans");
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.edit(POLICY, |text| text.replace("rotate-every = \"90d\"", "rotate-every = \"60d\""));
    estate.by("ben", "policy sign -y").run().done();
    estate.commit("right");
    let merged = estate.repo.git(&["merge", "--quiet", "--no-edit", "left"]);
    assert_eq!(merged.code, 1, "{merged}");
    estate.by("ana", "policy reconcile -y").run().done();
    estate.git("add --all");
    estate.git("commit --quiet --no-verify --no-edit");
    estate.honest();
    estate.value("A", "hunter2-dans");
}

#[test]
fn a_fork_is_settled_by_as_many_admins_as_each_side_wants() {
    let estate = apart();
    estate.edit(POLICY, |text| text.replace("threshold = 1", "threshold = 2"));
    estate.by("ana", "policy sign -y").run().done();
    estate.commit("two must sign");
    estate.git("switch --quiet -c left");
    estate.edit(POLICY, |text| text.replace("rotate-every = \"90d\"", "rotate-every = \"60d\""));
    estate.by("ana", "policy sign -y").run().done();
    estate.by("ben", "policy sign -y").run().done();
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.edit(POLICY, |text| text.replace("expires = 2026-06-01", "expires = 2026-07-01"));
    estate.by("ben", "policy sign -y").run().done();
    estate.by("ana", "policy sign -y").run().done();
    estate.commit("right");
    let merged = estate.repo.git(&["merge", "--quiet", "--no-edit", "left"]);
    assert_eq!(merged.code, 1, "{merged}");
    let one = estate.by("ana", "policy reconcile -y").run().done();
    assert!(one.stdout.contains("wants 1 more of ben: tenure policy reconcile"), "{one}");
    assert!(!estate.read(POLICY).contains("<<<<<<<"), "no markers are left");
    assert_eq!(estate.by("ana", "check").run().code, 5);
    assert_eq!(estate.by("ana", "policy reconcile -y").run().code, 2, "the same admin twice");
    let two = estate.by("ben", "policy reconcile -y").run().done();
    assert!(two.stdout.contains("in force"), "{two}");
    estate.git("add --all");
    estate.git("commit --quiet --no-verify --no-edit");
    estate.honest();
    let policy = estate.read(POLICY);
    assert!(policy.contains("60d") && policy.contains("2026-07-01"), "{policy}");
}

#[test]
fn merge_13_blank_lines_by_a_formatter() {
    let estate = apart();
    estate.edit(ENV, |text| text.replace("\n\n", "\n"));
    estate.edit("secrets/prod.yaml", |text| text.replace("  ", "    "));
    estate.edit("secrets/prod.json", |text| text.replace('{', "{ "));
    estate.honest();
}

#[test]
fn merge_15_a_clone_that_changes_line_endings() {
    let estate = apart();
    let clone = estate.repo.folder().join("crlf");
    let target = clone.display().to_string();
    estate.repo.git(&["clone", "-q", "-c", "core.autocrlf=true", ".", &target]).done();
    let root = estate.root();
    let checked = estate.by("ana", "check --root").arg(root).within(&clone).run();
    assert_eq!(checked.code, 0, "{checked}");
}

#[test]
fn both_branches_set_one_value_and_one_side_is_taken() {
    let estate = apart();
    estate.git("switch --quiet -c left");
    estate.set("ben", "dev/A", "hunter2-left");
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.set("cleo", "dev/A", "hunter2-right");
    estate.commit("right");
    estate.git("merge --quiet --no-edit -X ours left");
    let checked = estate.by("ana", "--json check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(checked.stdout.contains("\"concurrent\""), "{checked}");
    let got = estate.by("ana", "get dev/A").run();
    assert_eq!((got.code, got.stdout.as_str()), (5, ""), "{got}");

    // The mending that `check` names works, also with the value that stands there already.
    estate.set("ben", "dev/A", "hunter2-right");
    estate.by("ana", "check").run().done();
    assert_eq!(estate.by("ana", "get dev/A").run().done().stdout, "hunter2-right");
}

#[test]
fn disputes_are_ended_one_by_one_and_nothing_else_is_signed() {
    let estate = apart();
    estate.git("switch --quiet -c left");
    estate.set("ben", "dev/A", "hunter2-left");
    estate.set("ben", "dev/B", "hunter2-left");
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.set("cleo", "dev/A", "hunter2-right");
    estate.set("cleo", "dev/B", "hunter2-right");
    estate.commit("right");
    estate.git("merge --quiet --no-edit -X ours left");
    let other = estate.by("ben", "set dev/C").feed("hunter2-new");
    assert_eq!(other.code, 5, "a value that is in no dispute waits: {other}");
    estate.set("ben", "dev/A", "hunter2-mended");
    let checked = estate.by("ana", "check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(checked.stdout.contains("dev.env:") && checked.stdout.contains(" B "), "{checked}");
    assert!(!checked.stdout.contains(" A "), "{checked}");
    estate.set("ben", "dev/B", "hunter2-mended");
    estate.by("ana", "check").run().done();
    assert_eq!(estate.by("ana", "get dev/A").run().done().stdout, "hunter2-mended");
}

#[test]
fn a_tag_that_nobody_signed_is_not_taken_along() {
    let estate = Estate::new();
    let place = "prod/secrets/prod.yaml#database.password";
    estate.git("switch --quiet -c left");
    estate.set("ben", place, "hunter2-left");
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.set("ben", place, "hunter2-right");
    estate.commit("right");
    estate.git("merge --quiet --no-edit -X ours left");
    estate.edit("secrets/prod.yaml", |text| text.replace("password: ", "password: !!binary "));
    let before = estate.read("secrets/prod.yaml");
    let refused = estate.by("ben", &format!("set {place}")).feed("hunter2-mended");
    assert_eq!(refused.code, 5, "{refused}");
    assert_eq!(estate.read("secrets/prod.yaml"), before);
    estate.edit("secrets/prod.yaml", |text| text.replace("!!binary ", ""));
    estate.set("ben", place, "hunter2-mended");
    estate.by("ana", "check").run().done();
}
