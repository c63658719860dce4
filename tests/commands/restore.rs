//! `tenure restore`: what was signed comes back from git, whatever was done to it.

use std::fs;

use crate::attacks::Estate;

/// Damages, commits, restores: then all is as it was, without a signature more.
#[track_caller]
fn comes_back(line: &str, damage: impl FnOnce(&Estate)) {
    let estate = Estate::new();
    estate.honest();
    let log = estate.list(".secrets/log");
    damage(&estate);
    estate.commit("damage");
    assert_eq!(estate.by("ana", "check").run().code, 5, "the damage does nothing");
    // Somebody without any right does it, with a key that is nobody's.
    let said = estate.by("mallory", line).run();
    assert_eq!(said.code, 0, "{said}");
    assert!(!said.stdout.contains("hunter2") && !said.stderr.contains("hunter2"), "{said}");
    estate.honest();
    assert_eq!(estate.list(".secrets/log"), log);
    let again = estate.by("mallory", "restore").run().done();
    assert_eq!(again.stdout, "all that was signed stands; nothing to put back\n");
}

#[test]
fn values_altered_moved_missing_or_added() {
    comes_back("restore", |e| {
        e.edit("secrets/prod.env", |text| text.replacen("sealed.v1.", "sealed.v1.A", 1));
    });
    comes_back("restore secrets/prod.env", |e| {
        let other = e.read("secrets/staging.env");
        e.write("secrets/prod.env", other);
    });
    comes_back("restore prod/password", |e| {
        e.edit("secrets/prod.json", |text| {
            let mut lines: Vec<_> = text.split('"').map(str::to_owned).collect();
            let at: Vec<_> =
                (0..lines.len()).filter(|at| lines[*at].starts_with("sealed")).collect();
            lines[at[0]] = lines[at[1]].clone();
            lines.join("\"")
        });
    });
    comes_back("restore -e prod", |e| {
        e.edit("secrets/prod.env", |text| {
            let line = text.lines().next().unwrap().replace("DB_URL", "OTHER");
            format!("{text}{line}\n")
        });
    });
}

#[test]
fn an_unsealed_value() {
    comes_back("restore prod/DB_URL", |e| {
        e.edit("secrets/prod.env", |text| {
            let line = |line: &str| match line.starts_with("DB_URL=") {
                true => "DB_URL=plain\n".to_owned(),
                false => format!("{line}\n"),
            };
            text.lines().map(line).collect()
        });
    });
}

#[test]
fn whole_files_and_files_that_are_gone() {
    comes_back("restore", |e| e.edit("secrets/prod.pem", |text| text.replacen('A', "B", 9)));
    comes_back("restore secrets/prod.pem", |e| e.remove("secrets/prod.pem"));
    comes_back("restore", |e| fs::remove_dir_all(e.repo.path().join("secrets")).unwrap());
}

#[test]
fn entries_policies_and_keyrings() {
    comes_back("restore", |e| {
        let first = e.list(".secrets/log")[3].clone();
        e.remove(&first);
    });
    comes_back("restore", |e| {
        let last = e.list(".secrets/log").pop().unwrap();
        e.edit(&last, |text| text.replacen("T00:00:00Z", "T00:00:01Z", 1));
    });
    comes_back("restore", |e| {
        let kept = e.list(".secrets/policies")[0].clone();
        e.remove(&kept);
    });
    comes_back("restore", |e| fs::remove_dir_all(e.repo.path().join(".secrets/keys")).unwrap());
    comes_back("restore", |e| fs::remove_dir_all(e.repo.path().join(".secrets")).unwrap());
}

#[test]
fn case_52_what_git_revert_took_comes_back() {
    let estate = Estate::new();
    estate.honest();
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    estate.commit("new");
    estate.git("revert --no-edit HEAD");
    let got = estate.by("ana", "get prod/API_KEY").run();
    assert_eq!((got.code, got.stdout.as_str()), (5, ""), "{got}");
    estate.by("ana", "restore").run().done();
    assert_eq!(estate.by("ana", "get prod/API_KEY").run().done().stdout, "hunter2-new");
    estate.honest();
}

#[test]
fn case_51_an_entry_of_another_branch_is_not_fetched_for_one_that_was_picked() {
    let estate = Estate::new();
    estate.git("switch --quiet -c left");
    estate.set("ben", "prod/API_KEY", "hunter2-first");
    estate.commit("first");
    estate.set("ben", "dev/DB_URL", "hunter2-second");
    estate.commit("second");
    estate.git("switch --quiet main");
    estate.honest();
    estate.git("cherry-pick left");
    estate.judged(5, &["missing-entry"]);
    estate.by("ana", "restore").run();
    estate.judged(5, &["missing-entry"]);
    estate.git("reset -q --hard");
    estate.git("merge -q --no-edit left");
    estate.honest();
}

#[test]
fn an_entry_that_git_never_had_goes_with_the_bytes_that_it_signed() {
    let estate = Estate::new();
    estate.set("ben", "prod/API_KEY", "hunter2-never");
    estate.set("ben", "prod/API_KEY", "hunter2-again");
    estate.git("restore secrets/prod.env");
    let checked = estate.by("ana", "check").run();
    assert_eq!(checked.code, 5, "{checked}");
    assert!(checked.stdout.contains("fix  tenure restore secrets/prod.env"), "{checked}");
    let log = estate.list(".secrets/log");
    let asked = estate.by("ana", "restore secrets/prod.env").run();
    assert_eq!(asked.code, 2, "{asked}");
    assert_eq!(estate.list(".secrets/log"), log, "nobody agreed");
    estate.by("ana", "restore secrets/prod.env -y").run().done();
    assert_eq!(estate.repo.git(&["status", "--porcelain"]).stdout, "");
    estate.honest();
}

#[test]
fn an_entry_that_git_has_is_never_taken_away() {
    let estate = Estate::new();
    estate.set("ben", "prod/API_KEY", "hunter2-lost");
    estate.git("add .secrets");
    estate.git("commit -q --no-verify -m entry");
    estate.git("restore secrets/prod.env");
    let log = estate.list(".secrets/log");
    let said = estate.by("ana", "restore -y").run();
    assert_eq!(said.code, 1, "{said}");
    assert!(said.stdout.contains("prod/API_KEY  what entry "), "{said}");
    assert_eq!(estate.list(".secrets/log"), log);
    assert_eq!(estate.by("ana", "check").run().code, 5);
}

#[test]
fn what_somebody_added_in_clear_stays() {
    let estate = Estate::new();
    estate.edit("secrets/prod.env", |text| {
        format!("{}NEW=hunter2-mine\n", text.replacen("sealed.v1.", "sealed.v1.A", 1))
    });
    estate.by("ana", "restore secrets/prod.env").run().done();
    assert!(estate.read("secrets/prod.env").ends_with("NEW=hunter2-mine\n"));
    let checked = estate.by("ana", "check").run();
    assert_eq!(checked.code, 1, "{checked}");
    estate.by("ben", "seal").run().done();
    estate.honest();
}

#[test]
fn what_somebody_once_committed_in_clear_does_not_come_back() {
    let broken = |text: &str| format!("{text}<<<<<<< ours\n");
    let without = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("DB_URL="));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    for damage in [&without as &dyn Fn(&str) -> String, &broken] {
        for all in [true, false] {
            let estate = Estate::new();
            let honest = estate.read("secrets/prod.env");
            if !all {
                // No version without it is left that has all that is signed.
                estate.set("ben", "prod/API_KEY", "hunter2-new");
            }
            let signed = estate.read("secrets/prod.env");
            estate.edit("secrets/prod.env", |text| format!("{text}PLANTED=hunter2-evil\n"));
            estate.commit("planted");
            estate.write("secrets/prod.env", damage(&signed));
            estate.commit("damage");
            estate.judged(5, &[]);
            let named = "restore secrets/prod.env";
            estate.by("mallory", if all { "restore" } else { named }).run().done();
            assert!(!estate.read("secrets/prod.env").contains("PLANTED"));
            if all {
                assert_eq!(estate.read("secrets/prod.env"), honest);
            }
            estate.honest();
        }
    }
}

#[test]
fn markers_over_a_dispute_are_restored_and_then_resolved() {
    let estate = Estate::new();
    estate.git("switch --quiet -c left");
    estate.set("ben", "prod/API_KEY", "hunter2-left");
    estate.commit("left");
    estate.git("switch --quiet main");
    estate.set("ben", "prod/API_KEY", "hunter2-right");
    estate.commit("right");
    let driver = ["-c", "merge.tenure.driver=false", "merge", "--quiet", "left"];
    assert_ne!(estate.repo.git(&driver).code, 0, "no conflict");
    estate
        .edit("secrets/prod.env", |text| format!("<<<<<<< ours\n{text}=======\n>>>>>>> theirs\n"));
    let found = |code: &str| {
        let checked = estate.by("ana", "check").run();
        assert_eq!(checked.code, 5, "{checked}");
        assert!(checked.stdout.starts_with(code), "{checked}");
    };
    found("altered");
    estate.by("ben", "restore secrets/prod.env").run().done();
    found("concurrent");
    estate.by("ben", "resolve prod/API_KEY -y").run().done();
    estate.commit("merged");
    estate.honest();
}

#[test]
fn a_file_that_is_open_is_not_overwritten() {
    let estate = Estate::new();
    estate.by("ana", "open --in-place secrets/prod.env").run().done();
    estate.edit("secrets/prod.env", |text| format!("{text}MINE=hunter2-mine\n"));
    let before = estate.read("secrets/prod.env");
    let refused = estate.by("ana", "restore secrets/prod.env").run();
    assert_eq!(refused.code, 2, "{refused}");
    estate.by("ana", "restore").run().done();
    assert_eq!(estate.read("secrets/prod.env"), before);
}

#[test]
fn a_dry_run_writes_nothing_and_names_all() {
    let estate = Estate::new();
    estate.remove("secrets/prod.pem");
    let dry = estate.by("ana", "--json restore -n").run().done();
    assert_eq!(dry.json()["paths"][0], "secrets/prod.pem");
    assert!(!estate.repo.path().join("secrets/prod.pem").exists());
    let unknown = estate.by("ana", "restore prod/NO_SUCH").run();
    assert_eq!(unknown.code, 6, "{unknown}");
}

#[test]
fn many_values_come_back_each_from_a_version_that_has_it() {
    let estate = Estate::new();
    let values: String = (0..40).map(|n| format!("key_{n:02}: hunter2-{n}\n")).collect();
    estate.write("secrets/dev.many.yaml", values);
    estate.by("ben", "seal secrets/dev.many.yaml").run().done();
    estate.commit("many");
    let first = estate.read("secrets/dev.many.yaml");
    estate.set("ben", "dev/key_07", "hunter2-new");
    let signed = estate.read("secrets/dev.many.yaml");
    let line = |text: &str, key: &str| {
        text.lines().find(|line| line.starts_with(key)).map(str::to_owned).unwrap()
    };
    // No version has all: this one lacks what the one before has.
    estate.write("secrets/dev.many.yaml", signed.replace(&line(&signed, "key_09"), "key_09: x"));
    estate.commit("one new");
    let damaged = |text: &str| -> String {
        let some = text.lines().enumerate().filter(|(n, _)| n % 4 != 0);
        some.map(|(n, line)| if n % 4 == 1 { line.replace("v1.", "v1.A") } else { line.to_owned() })
            .map(|line| line + "\n")
            .collect()
    };
    estate.write(
        "secrets/dev.many.yaml",
        damaged(&signed) + &line(&first, "key_00").replace("00", "99") + "\n",
    );
    estate.commit("damage");
    estate.judged(5, &[]);
    estate.by("mallory", "restore").run().done();
    let restored = estate.read("secrets/dev.many.yaml");
    let lines =
        |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(lines(&restored), lines(&signed));
    estate.honest();
}
