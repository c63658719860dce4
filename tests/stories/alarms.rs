//! Nothing silences an alarm, or shortens what is owed for it, but people who are two, and values that are new.

use super::incident::{close, let_in};
use crate::commands::incident::{by, ground, open, status};
use crate::commands::member::new_key;
use crate::support::Repo;

/// Ben sounds the alarm on a branch, while something is done to him on the other; both come together.
fn beside(done: &str) -> (Repo, String) {
    let (repo, ben, _) = ground();
    repo.commit("all");
    repo.git(&["switch", "--quiet", "-c", "alarm"]).done();
    let args = ["incident", "open", "--secret", "dev/DATABASE_URL", "--reason", "in a paste"];
    by(&repo, &ben, &args).done();
    repo.commit("alarm");
    repo.git(&["switch", "--quiet", "main"]).done();
    let (public, _) = new_key(&repo, "ben.new");
    repo.run(&done.replace("KEY", &public)).done();
    repo.commit("beside");
    repo.git(&["merge", "--quiet", "--no-edit", "--no-verify", "alarm"]).done();
    let all = repo.run("incident status --json").done().json();
    let id = all["incidents"][0]["id"].as_str().expect("the alarm is gone").to_owned();
    (repo, id)
}

#[test]
fn an_alarm_sounds_on_when_the_key_of_who_gave_it_is_taken_away_beside_it() {
    for done in ["member remove ben -y", "member replace-key ben --ssh-key KEY -y"] {
        let (repo, id) = beside(done);
        for line in ["check", "check -e dev", "check"] {
            let checked = repo.run(line);
            assert_eq!(checked.code, 1, "{done}: {checked}");
            assert!(checked.stdout.contains(&id[..6]), "{done}: {checked}");
        }
        assert_eq!(status(&repo, &id)["left"], 1);
        repo.tenure_fed(&["rotate", "dev/DATABASE_URL"], "postgres://new").done();
        assert_eq!(status(&repo, &id)["left"], 0);
        assert_eq!(repo.run("check").code, 1, "nobody said that it is over");
        assert_eq!(close(&repo, None, &id), 0);
    }
}

#[test]
fn a_file_that_is_gone_pays_nothing() {
    let (repo, _, _) = ground();
    let id = open(&repo, &["--secret", "prod/STRIPE_KEY"]);
    repo.commit("an incident");
    std::fs::remove_file(repo.path().join("secrets/prod.env")).unwrap();
    let checked = repo.run("check");
    assert!(checked.stdout.contains("1 of 1 value left"), "{checked}");
    assert!(!checked.stdout.contains("incident close"), "{checked}");
    let owed = repo.run("check --json").json()["obligations"].as_array().unwrap().len();
    assert_eq!((owed, &status(&repo, &id)["left"]), (1, &1.into()));
    let document = repo.run("report 5d").stdout;
    assert!(document.contains("1 obligation is open."), "{document}");
    // Nor does it make anything younger.
    let late = Repo::copied(repo.folder()).at("2027-06-01");
    let count = |repo: &Repo| {
        let document = repo.run("report 5d").stdout;
        document.lines().filter(|line| line.contains("OI-06") && line.contains("Overdue")).count()
    };
    let gone = count(&late);
    late.run("restore").done();
    assert_eq!((gone, gone > 0), (count(&late), true));
}

#[test]
fn nobody_bears_a_value_alone_under_a_second_name() {
    let (repo, ben, _) = ground();
    let id = open(&repo, &["--env", "dev"]);
    // Ana opened it, and lets in whom she likes.
    let zoe = let_in(&repo, "zoe", "admin");
    let args = ["incident", "accept", &id, "dev/DATABASE_URL", "--until", "2026-02-01"];
    let args = [&args[..], &["--reason", "a toy"]].concat();
    let said = by(&repo, &zoe, &args).done();
    assert!(said.stdout.contains("not borne yet"), "{said}");
    for line in ["check", "check -e dev", "check -e dev"] {
        let checked = repo.run(line);
        assert!(checked.stdout.contains("1 of 1 value left"), "{checked}");
    }
    assert_eq!(status(&repo, &id)["left"], 1);
    let said = by(&repo, &ben, &args).done();
    assert!(said.stdout.contains("borne until 2026-02-01"), "{said}");
    for line in ["check", "check -e dev", "check -e dev"] {
        let checked = repo.run(line);
        assert!(checked.stdout.contains("nothing is left"), "{checked}");
    }
    assert_eq!(status(&repo, &id)["left"], 0);
}

#[test]
fn keys_that_are_away_for_a_moment_make_nobody_the_only_other_one() {
    let (repo, _, _) = ground();
    let id = open(&repo, &["--env", "dev"]);
    repo.tenure_fed(&["rotate", "dev/DATABASE_URL"], "postgres://new").done();
    let zoe = let_in(&repo, "zoe", "admin");
    let policy = repo.read(".secrets-policy.toml");
    let (mut mine, mut member) = (Vec::new(), "");
    for line in policy.lines() {
        if line.starts_with('[') {
            member = line;
        }
        let away = ["[members.ben]", "[members.cleo]"].contains(&member);
        if !(away && line.starts_with("signing-keys")) {
            mine.push(
                line.replace("admin = [\"ana\", \"ben\", \"zoe\"]", "admin = [\"ana\", \"zoe\"]"),
            );
        }
    }
    repo.write(".secrets-policy.toml", mine.join("\n") + "\n");
    repo.run("policy sign -y").done();
    assert_eq!(close(&repo, None, &id), 0);
    let refused = by(&repo, &zoe, &["incident", "close", &id, "-o", "docs/review.md"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("one let the other in after it was opened"), "{refused}");
    assert_eq!(repo.run("check").code, 1);
}

#[test]
fn who_calls_a_key_lost_is_told_which_incidents_are_open_again() {
    let (repo, ben, _) = ground();
    let id = open(&repo, &["--env", "dev"]);
    repo.tenure_fed(&["rotate", "dev/DATABASE_URL"], "postgres://new").done();
    assert_eq!((close(&repo, None, &id), close(&repo, Some(&ben), &id)), (0, 0));
    let (public, _) = new_key(&repo, "ben.new");
    let line = format!("member replace-key ben --ssh-key {public} -y --lost");
    let lost = repo.run(&line).done();
    let told = format!("a lost key closes nothing: 1 incident is open again: {}", &id[..6]);
    assert!(lost.stderr.contains(&told), "{lost}");
    let checked = repo.run("check");
    let word = "nothing is left, and another member has yet to say that it is over";
    assert!(checked.stdout.contains(word), "{checked}");
}

#[test]
fn an_exercise_is_called_one_wherever_its_duties_are_counted() {
    let (repo, _, _) = ground();
    open(&repo, &["--env", "dev", "--drill"]);
    let document = repo.run("report 5d").done().stdout;
    assert!(document.contains("1 obligation is open, 1 of a drill. *proven*"), "{document}");
    assert!(document.contains("1 obligation open, first due 2026-01-01, 1 of a drill."));
    let status = repo.run("status").done();
    assert!(status.stdout.contains("; 1 to rotate or end in a drill; "), "{status}");
    let dev = &repo.run("status --json").done().json()["environments"][0];
    assert_eq!((&dev["obligations"], &dev["drilled"]), (&0.into(), &1.into()));
}

#[test]
fn what_is_of_all_environments_is_not_asked_of_one() {
    let (repo, _, _) = ground();
    for line in ["report 5d", "report plan", "report calendar", "incident status"] {
        let refused = repo.run(&format!("-e prod {line}"));
        assert_eq!((refused.code, &*refused.stdout), (2, ""), "{refused}");
        assert!(refused.stderr.contains("hint: leave `-e` out"), "{refused}");
    }
}

#[test]
fn restore_says_that_the_policy_was_edited_and_leaves_it() {
    let (repo, _, _) = ground();
    let edited = repo.read(".secrets-policy.toml") + "\n# mine\n";
    repo.write(".secrets-policy.toml", &edited);
    let said = repo.run("restore").done();
    assert!(said.stdout.contains(".secrets-policy.toml  left as it is: "), "{said}");
    assert!(!said.stdout.contains("all that was signed stands"), "{said}");
    assert_eq!(repo.read(".secrets-policy.toml"), edited);
}
