//! Deadlines by type, by rule and by environment: what each says, and what happens on the very day.

use super::seal::started;
use crate::support::{Outcome, Repo, snapshot};

const POLICY: &str = ".secrets-policy.toml";

/// A repository whose policy has more at its end, and other lines before that.
fn ruled(replace: &[(&str, &str)], more: &str) -> Repo {
    let repo = started();
    amend(&repo, replace, more);
    repo
}

fn amend(repo: &Repo, replace: &[(&str, &str)], more: &str) {
    let mut text = repo.read(POLICY);
    for (from, to) in replace {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    repo.write(POLICY, format!("{text}\n{more}"));
    repo.run("policy sign -y").done();
}

fn set(repo: &Repo, args: &[&str]) -> Outcome {
    repo.tenure_fed(&[&["set"], args].concat(), format!("k9-Yh72-{}-{}", args[0], repo.now()))
}

fn due(repo: &Repo, name: &str) -> serde_json::Value {
    let rows = repo.run("list --json").done().json();
    let rows = rows["secrets"].as_array().unwrap().clone();
    rows.into_iter().find(|row| row["name"] == name).unwrap()["due"].clone()
}

fn check(repo: &Repo) -> i32 {
    repo.run("check").code
}

const WEEKLY: &str =
    "[[secrets]]\nmatch = \"dev/KEY\"\nrotate-every = \"7d\"\nwarn-before = \"2d\"\n";

#[test]
fn a_rule_gives_one_secret_its_own_cadence_and_warning() {
    let repo = ruled(&[], WEEKLY);
    set(&repo, &["dev/KEY", "--type", "api-key"]).done();
    set(&repo, &["dev/OTHER", "--type", "api-key"]).done();
    assert_eq!(due(&repo, "dev/KEY"), "2026-01-08");
    assert_eq!(due(&repo, "dev/OTHER"), "2026-04-01");
    repo.commit("set");
    let repo = repo.at("2026-01-05");
    assert!(!repo.run("check").done().stdout.contains("due-soon"), "three days before");
    let repo = repo.at("2026-01-06");
    let soon = repo.run("check").done();
    assert!(soon.stdout.contains("due 2026-01-08, in 2 days"), "{soon}");
    let repo = repo.at("2026-01-07");
    assert!(repo.run("status").done().stdout.contains("due 2026-01-08, in 1 day\n"));
    let repo = repo.at("2026-01-09");
    assert_eq!(check(&repo), 1);
    // A new value has the same cadence, be it in one step or in several.
    repo.tenure_fed(&["rotate", "dev/KEY"], "k9-Yh72-second-1").done();
    assert_eq!(due(&repo, "dev/KEY"), "2026-01-16");
    let repo = repo.at("2026-01-10");
    repo.tenure_fed(&["rotate", "dev/KEY", "--begin"], "k9-Yh72-third-22").done();
    assert_eq!(due(&repo, "dev/KEY_NEXT"), "2026-01-17");
    repo.run("rotate dev/KEY --promote").done();
    assert_eq!(due(&repo, "dev/KEY"), "2026-01-17");
    assert_eq!(check(&repo), 0);
}

#[test]
fn no_way_of_setting_a_value_passes_the_rule_by() {
    let repo = ruled(&[], WEEKLY);
    repo.write("secrets/dev.env", "KEY=k9-Yh72-first-1\n");
    repo.run("seal").done();
    assert_eq!(due(&repo, "dev/KEY"), "2026-01-08");
    let refused = set(&repo, &["dev/KEY", "--due", "2026-01-09"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("cannot be due later than 2026-01-08"), "{refused}");
    repo.commit("sealed");
    let repo = repo.at("2026-01-03");
    let late = ["extend", "dev/KEY", "--until", "2026-01-11", "--reason", "closed"];
    let refused = repo.tenure(&late);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("cannot be due later than 2026-01-10"), "{refused}");
    repo.tenure(&["extend", "dev/KEY", "--until", "2026-01-10", "--reason", "closed"]).done();
    assert_eq!(check(&repo), 0);
    repo.run("unset dev/KEY --reason gone -y").done();
    repo.commit("unset");
}

#[test]
fn a_value_that_lives_longer_moves_to_no_place_with_a_rule() {
    let repo = ruled(&[], WEEKLY);
    set(&repo, &["dev/OLD", "--type", "api-key"]).done();
    repo.commit("set");
    snapshot!(repo.run("mv dev/OLD dev/KEY"), @r"
    exit 2
    --- stderr
    error: the policy gives `dev/secrets/dev.env#KEY` a nearer deadline than the value has
    hint: set a new value there with tenure set, then: tenure unset the old one
    ");
    // One that ends sooner may go there.
    set(&repo, &["dev/NEAR", "--type", "api-key", "--due", "2026-01-08"]).done();
    repo.run("mv dev/NEAR dev/KEY").done();
    assert_eq!(check(&repo), 0);
}

#[test]
fn the_log_is_judged_by_the_rule_of_its_time() {
    let repo = started();
    set(&repo, &["dev/KEY", "--type", "api-key"]).done();
    repo.commit("set");
    amend(&repo, &[], WEEKLY);
    assert_eq!(check(&repo), 0, "an older value keeps the deadline that was signed with it");
    assert_eq!(due(&repo, "dev/KEY"), "2026-04-01");
    repo.tenure_fed(&["set", "dev/KEY"], "k9-Yh72-second-1").done();
    assert_eq!(due(&repo, "dev/KEY"), "2026-01-08");
}

#[test]
fn run_refuses_from_the_day_that_the_type_says_and_get_does_not() {
    let types = [
        ("[types.api-key]\n", "[types.api-key]\nrefuse-overdue-after = \"2d\"\n"),
        ("[environments.dev]\n", "[environments.dev]\nrefuse-overdue-after = \"9d\"\n"),
    ];
    let repo = ruled(&types, "");
    set(&repo, &["dev/KEY", "--type", "api-key"]).done();
    set(&repo, &["dev/TOKEN", "--type", "token"]).done();
    repo.commit("set");
    let run =
        |repo: &Repo, only: &str| repo.tenure(&["run", "-e", "dev", "--only", only, "--", "true"]);
    let repo = repo.at("2026-04-01");
    assert_eq!((run(&repo, "KEY").code, run(&repo, "KEY").stderr.as_str()), (0, ""), "due today");
    let repo = repo.at("2026-04-02");
    snapshot!(run(&repo, "KEY"), @r"
    exit 0
    --- stderr
    warning: dev/KEY is 1 day overdue; the policy refuses it from 2026-04-03
    ");
    let repo = repo.at("2026-04-03");
    snapshot!(run(&repo, "KEY"), @r"
    exit 125
    --- stderr
    error: `true` was not started
    because: dev/KEY is 2 days overdue; the policy refuses it since 2026-04-03
    hint: tenure rotate dev/KEY
    ");
    run(&repo, "TOKEN").done();
    for line in ["get dev/KEY", "export -e dev --format dotenv"] {
        repo.run(line).done();
    }
    let repo = repo.at("2026-04-09");
    assert_eq!(run(&repo, "TOKEN").code, 0, "the last day that its environment allows");
    let repo = repo.at("2026-04-10");
    assert_eq!(run(&repo, "TOKEN").code, 125);
}

#[test]
fn in_its_days_of_grace_a_value_is_overdue_and_no_failure() {
    let types = [("[types.api-key]\n", "[types.api-key]\ngrace = \"3d\"\n")];
    let repo = ruled(&types, "[clocks]\ngrace = \"1d\"\n");
    set(&repo, &["dev/KEY", "--type", "api-key"]).done();
    set(&repo, &["dev/TOKEN", "--type", "token"]).done();
    repo.commit("set");
    let overdue = |repo: &Repo| {
        let status = repo.run("status --json").done().json();
        status["environments"][0]["overdue"].as_u64().unwrap()
    };
    let repo = repo.at("2026-04-01");
    assert_eq!((check(&repo), overdue(&repo)), (0, 0), "due");
    let repo = repo.at("2026-04-02");
    assert_eq!(overdue(&repo), 2);
    let found = repo.run("check --json").done().json()["findings"].clone();
    let told = |key: &str| {
        let mine = found
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["code"] == "overdue" && it["place"].as_str().unwrap().ends_with(key));
        mine.unwrap()["message"].clone()
    };
    assert_eq!(told("KEY"), "due 2026-04-01, 1 day late; in grace until 2026-04-04");
    assert_eq!(told("TOKEN"), "due 2026-04-01, 1 day late; in grace until 2026-04-02");
    assert!(repo.run("report 5d").done().stdout.contains("overdue by 1 day"));
    let numbers = repo.run("status --json").done().json()["numbers"].clone();
    assert_eq!((&numbers["overdue"], &numbers["red_items"]), (&2.into(), &0.into()));
    let repo = repo.at("2026-04-03");
    assert_eq!(check(&repo), 1, "the grace of the policy is over");
    repo.tenure_fed(&["rotate", "dev/TOKEN"], "k9-Yh72-second-1").done();
    let repo = repo.at("2026-04-04");
    assert_eq!((check(&repo), overdue(&repo)), (0, 1), "the last day of grace");
    let repo = repo.at("2026-04-05");
    let late = repo.run("check");
    assert_eq!((late.code, overdue(&repo)), (1, 1), "{late}");
    assert!(!late.stdout.contains("grace"), "{late}");
}

#[test]
fn grace_moves_no_refusal_and_no_end_of_a_previous_value() {
    let revoke = "[types.api-key]\nrevoke = \"console\"\nrefuse-overdue-after = \"2d\"\n";
    let repo = ruled(&[("[types.api-key]\n", revoke)], "[clocks]\ngrace = \"30d\"\n");
    set(&repo, &["dev/KEY", "--type", "api-key"]).done();
    repo.tenure_fed(&["rotate", "dev/KEY"], "k9-Yh72-second-1").done();
    repo.commit("rotated");
    // The overlap is 7 days.
    let repo = repo.at("2026-01-08");
    assert_eq!(check(&repo), 0);
    let repo = repo.at("2026-01-09");
    assert_eq!(check(&repo), 1, "a previous value has no grace");
    repo.run("rotate dev/KEY --finish -y").done();
    let repo = repo.at("2026-04-03");
    assert_eq!(check(&repo), 0, "in grace");
    assert_eq!(repo.run("run -e dev -- true").code, 125, "refused from due on, grace or not");
}

#[test]
fn a_previous_value_is_not_overdue_beside_its_overlap() {
    let types = [("[types.api-key]\n", "[types.api-key]\nrefuse-overdue-after = \"2d\"\n")];
    let repo = ruled(&types, "");
    set(&repo, &["dev/KEY", "--type", "api-key"]).done();
    repo.commit("set");
    // Long overdue, and replaced then.
    let repo = repo.at("2026-05-01");
    assert_eq!(repo.run("run -e dev -- true").code, 125);
    repo.tenure_fed(&["rotate", "dev/KEY", "--begin"], "k9-Yh72-second-1").done();
    repo.run("rotate dev/KEY --promote").done();
    let both = repo.run("run -e dev -- printenv KEY_PREVIOUS").done();
    assert_eq!(both.stderr, "", "{both}");
    let next = repo.run("status --json").done().json()["next"].clone();
    assert_eq!((&next["name"], &next["due"]), (&"dev/KEY".into(), &"2026-05-08".into()));
    assert_eq!(next["owed"], "end");
    let repo = repo.at("2026-05-09");
    let late = repo.run("run -e dev -- true").done();
    assert!(late.stderr.contains("dev/KEY_PREVIOUS had to be ended by 2026-05-08"), "{late}");
    assert!(!late.stderr.contains("overdue"), "{late}");
}

#[test]
fn a_previous_value_is_listed_with_the_day_that_it_ends_by() {
    let revoke = "[types.api-key]\nrevoke = \"console\"\n";
    let repo = ruled(&[("[types.api-key]\n", revoke)], "");
    set(&repo, &["dev/KEY", "--type", "api-key"]).done();
    repo.tenure_fed(&["rotate", "dev/KEY", "--begin"], "k9-Yh72-second-1").done();
    repo.run("rotate dev/KEY --promote").done();
    let listed = repo.run("list").done();
    assert!(
        listed.stdout.contains("dev/KEY_PREVIOUS  sealed  api-key  end by 2026-01-08, in 7 days"),
        "{listed}"
    );
    let json = repo.run("list --json").done().json();
    let old = &json["secrets"][1];
    assert_eq!((&old["due"], &old["end_by"]), (&serde_json::Value::Null, &"2026-01-08".into()));
    let repo = repo.at("2026-01-09");
    let listed = repo.run("list").done();
    assert!(listed.stdout.contains("end by 2026-01-08, 1 day late"), "{listed}");
}

/// A19: section 6 of document 5D follows the cadence and the real ages.
#[test]
fn section_6_says_the_cadence_of_the_type_and_of_a_rule() {
    let repo = started();
    set(&repo, &["dev/KEY", "--type", "api-key"]).done();
    set(&repo, &["dev/OTHER", "--type", "api-key"]).done();
    repo.commit("set");
    let repo = repo.at("2026-01-05");
    let frequency = |repo: &Repo| {
        let text = repo.run("report 5d").done().stdout;
        let section = text.split("## 6. ").nth(1).unwrap();
        let row = section.lines().find(|line| line.starts_with("| API key |")).unwrap();
        row.split(" | ").nth(1).unwrap().to_owned()
    };
    assert_eq!(frequency(&repo), "90 days; values are 4 days old");
    amend(&repo, &[("rotate-every = \"90d\" ", "rotate-every = \"60d\" ")], "");
    assert_eq!(frequency(&repo), "60 days; values are 4 days old");
    amend(&repo, &[], WEEKLY);
    assert_eq!(frequency(&repo), "60 days; 1 value every 7 days by a rule; values are 4 days old");
}

#[test]
fn the_plan_and_the_diff_say_what_types_and_rules_add() {
    let repo = started();
    let before = repo.run("report plan").done().stdout;
    let types = "[types.api-key]\ngrace = \"3d\"\nrefuse-overdue-after = \"2d\"\n";
    let text = repo.read(POLICY).replacen("[types.api-key]\n", types, 1);
    repo.write(POLICY, format!("{text}\n{WEEKLY}\n[clocks]\ngrace = \"1d\"\n"));
    let diff = repo.run("policy diff");
    for line in [
        "+ secrets `dev/KEY`: rotates every 7 days",
        "+ secrets `dev/KEY`: days of warning: 2",
        "+ type `api-key`: days of grace: 3",
        "+ type `api-key`: days until overdue values are refused: 2",
        "+ clocks: grace 1 day",
    ] {
        assert!(diff.stdout.contains(line), "{line} in {diff}");
    }
    repo.run("policy sign -y").done();
    let plan = repo.run("report plan").done().stdout;
    for line in [
        "- An overdue value is a warning for 1 day, then a failure.",
        "- api-key: `tenure run` refuses a value overdue for: 2 days",
        "- api-key: an overdue value is a warning for 3 days",
        "- `dev/KEY`: rotated every 7 days",
        "- `dev/KEY`: announced 2 days before",
    ] {
        assert!(plan.contains(line), "{line} in {plan}");
        assert!(!before.contains(line), "{line}");
    }
}

/// A22: on its due day nothing is wrong; on the next, `check` says 1.
#[test]
fn a_value_is_in_time_on_its_due_day_and_overdue_on_the_next() {
    let repo = started();
    set(&repo, &["dev/KEY", "--type", "api-key"]).done();
    repo.commit("set");
    for (day, code) in [("2026-03-31", 0), ("2026-04-01", 0), ("2026-04-02", 1)] {
        let at = Repo::copied(repo.folder()).at(day);
        assert_eq!(check(&at), code, "{day}");
    }
    let last = Repo::copied(repo.folder()).at("2026-04-01T23:59:59Z");
    assert_eq!(check(&last), 0, "to its last second, in UTC");
}

#[test]
fn an_incident_has_no_grace() {
    let repo = ruled(&[], "[clocks]\ngrace = \"30d\"\n");
    set(&repo, &["dev/KEY", "--type", "api-key"]).done();
    repo.commit("set");
    repo.tenure(&["incident", "open", "--secret", "dev/KEY", "--reason", "seen"]).done();
    assert_eq!(check(&repo), 1);
}
