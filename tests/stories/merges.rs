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

#[test]
fn merge_8_and_9_readers_changed_on_one_branch_and_a_value_on_the_other() {
    use crate::attacks::Pen;
    for (from, to) in [
        ("readers = [\"admin\", \"deploy\"]", "readers = [\"admin\"]"),
        ("readers = [\"admin\", \"deploy\"]", "readers = [\"admin\", \"deploy\", \"developer\"]"),
    ] {
        let estate = apart();
        estate.git("switch --quiet -c left");
        let policy = estate.read(".secrets-policy.toml");
        let policy = policy.replacen("\"1-00000001\"", "\"2-00000002\"", 1).replacen(from, to, 1);
        estate.sign_policy(&policy, "ana", &Pen::of("ana"));
        estate.wrap(&tenure::policy::Policy::parse(&policy).unwrap());
        estate.commit("left");
        estate.git("switch --quiet main");
        estate.set("ben", "prod/API_KEY", "hunter2-right");
        estate.commit("right");
        estate.git("merge --quiet --no-edit left");
        let checked = estate.by("ana", "--json check").run();
        assert!(matches!(checked.code, 0 | 1), "{checked}");
        let got = estate.by("ana", "get prod/API_KEY").run();
        assert_eq!((got.code, got.stdout.as_str()), (0, "hunter2-right"), "{got}");
    }
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
