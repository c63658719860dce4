//! `tenure list`: what stands where, without a key and without a value.

use super::get::sample;
use super::seal::started;
use crate::support::snapshot;

#[test]
fn every_item_is_listed_with_its_deadline_and_maker() {
    snapshot!(sample().run("list"), @r"
    exit 0
    --- stdout
    dev/DB_URL               sealed            -  due 2026-04-01, in 90 days  ana 2026-01-01
    dev/EMPTY                empty             -  -                           ana 2026-01-01
    dev/TOKEN                sealed            -  due 2026-04-01, in 90 days  ana 2026-01-01
    dev/PORT                 sealed            -  due 2026-04-01, in 90 days  ana 2026-01-01
    dev/database.password    sealed            -  due 2026-04-01, in 90 days  ana 2026-01-01
    dev/hosts                sealed list of 2  -  due 2026-04-01, in 90 days  ana 2026-01-01
    dev/secrets/dev/tls.pem  sealed file       -  due 2026-04-01, in 90 days  ana 2026-01-01
    ");
}

#[test]
fn an_environment_is_listed_alone_and_by_its_alias() {
    let repo = sample();
    repo.tenure_fed(&["set", "prod/KEY", "--type", "api-key"], "x-value-x").done();
    let listed = repo.run("ls -e prod").done();
    assert_eq!(listed.stdout.lines().count(), 1, "{listed}");
    assert!(listed.stdout.starts_with("prod/KEY  sealed  api-key  due 2026-04-01"), "{listed}");
}

#[test]
fn json_has_addresses_dates_and_makers() {
    let json = sample().run("list --json").done().json();
    let rows = json["secrets"].as_array().unwrap();
    let token = rows.iter().find(|row| row["name"] == "dev/TOKEN").unwrap();
    assert_eq!(token["address"], "dev/secrets/dev.env#TOKEN");
    assert_eq!((&token["form"], &token["days_left"]), (&"sealed".into(), &90.into()));
    assert_eq!(token["made"]["by"], "ana");
    assert_eq!(json["complete"], true);
}

#[test]
fn no_key_is_needed() {
    let repo = sample();
    std::fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
    assert_eq!(repo.run("list").done().stdout.lines().count(), 7);
}

#[test]
fn what_is_overdue_is_said() {
    let repo = sample().at("2026-04-03");
    let listed = repo.run("list -e dev").done();
    assert!(listed.stdout.contains("due 2026-04-01, 2 days late"), "{listed}");
}

#[test]
fn an_altered_item_is_not_listed_and_that_is_said() {
    let repo = sample();
    let text = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", text.replace("TOKEN=sealed.v1.", "TOKEN=sealed.v1.A"));
    let listed = repo.run("list");
    assert!(!listed.stdout.contains("TOKEN"), "{listed}");
    assert!(listed.stderr.contains("not complete [altered]"), "{listed}");
    assert_eq!(repo.run("list --json").json()["complete"], false);
}

#[test]
fn nothing_is_listed_where_nothing_stands() {
    snapshot!(started().run("list"), @"exit 0");
}

#[test]
fn names_and_fixes_can_be_pasted_as_they_are_printed() {
    let repo = started();
    let odd = "-dash: first-one\n\"\\u202ebidi\": second-one\n\"it's\\nodd\": third-one\nplain: fourth-one\n";
    repo.write("secrets/dev/we ird.yaml", odd);
    repo.run("seal").done();
    repo.commit("sealed");
    let list = repo.run("list").done().stdout;
    let names: Vec<_> = list.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert!(names.contains(&"dev/-dash") && names.contains(&r#"dev/"\u{202e}bidi""#), "{names:?}");
    let values = names.iter().map(|name| repo.tenure(&["get", name]).done().stdout);
    let mut values: Vec<_> = values.collect();
    values.sort();
    assert_eq!(values, ["first-one", "fourth-one", "second-one", "third-one"]);
    let repo = repo.at("2026-12-01");
    let checked = repo.run("check");
    let told = "  fix  tenure rotate 'dev/\"it'\\''s\\nodd\"'\n  and 3 more: \"\\u{202e}bidi\", -dash, plain\n";
    assert!(checked.stdout.contains(told), "{checked}");
    let found = repo.run("check --json").json()["findings"].as_array().unwrap().clone();
    for fix in found.iter().filter_map(|it| it["fix"].as_str()) {
        let fix = tenure::output::safe(fix);
        let (bin, now) = (env!("CARGO_BIN_EXE_tenure"), repo.now());
        let script = format!("tenure() {{ '{bin}' --now {now} \"$@\"; }}; {fix} --generate hex:16");
        repo.command("sh").args(&["-c", &script]).run().done();
    }
    assert_eq!(found.len(), 4, "{found:?}");
    repo.run("check").done();
}
