//! The open items of document 5D: each appears with its cause, and goes when that is mended.

use crate::commands::incident::by;
use crate::commands::member::add;
use crate::support::Repo;

const POLICY: &str = ".secrets-policy.toml";
const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const WORKFLOW: &str = ".github/workflows/deploy.yml";

/// What the policy says from the types on.
const RULES: &str = r#"
[types.api-key]
rotate-every = "90d"
runbook = "docs/rotate.md"
revoke = "in the console"
risk-note = { text = "enough", date = 2026-01-01 }

[[secrets]]
match = "*/API_KEY"
type = "api-key"
owner = "payments"
origin = "internal"
used-by = ["checkout"]

[consumers.checkout]
access = "run"
member = "deploy-prod"
paths = ["app/**"]

[links]
third-party = "docs/third.md"
security-logging = "https://wiki.example/logging"
compliance = "docs/third.md#part"
incident-response = "docs/incident.md"
org-policy = { to = "docs/org.md", sha256 = "sha256:ORG" }

[responsibility]
create = ["provider"]
store = ["provider"]
distribute = ["provider"]
rotate = ["provider"]
revoke = ["third-party"]
log = ["provider"]
alert = ["ci"]
respond = ["provider"]
"#;

/// A row of the table: id, item, since, owner, fix.
type Row = Vec<String>;

fn rows(repo: &Repo) -> Vec<Row> {
    let report = repo.run("report 5d").done().stdout;
    let rows = report.lines().filter(|line| line.starts_with("| OI-"));
    rows.map(|line| line.trim_matches('|').split(" | ").map(|it| it.trim().to_owned()).collect())
        .collect()
}

/// The rows beside those that are always there: that reads are not recorded, and that nobody can approve
/// a plan yet.
fn open(repo: &Repo) -> Vec<String> {
    let mut rows = rows(repo);
    let always = |row: &Row| row[0] == "OI-16" || row[1].ends_with("are not recorded");
    assert_eq!(rows.iter().filter(|row| always(row)).count(), 2);
    rows.retain(|row| !always(row));
    rows.into_iter().map(|row| format!("{} {}", row[0], row[1])).collect()
}

const NOTHING: [&str; 0] = [];

fn edit(repo: &Repo, from: &str, to: &str) {
    let text = repo.read(POLICY);
    assert!(text.contains(from), "{from} in\n{text}");
    repo.write(POLICY, text.replacen(from, to, 1));
    repo.run("policy sign -y").done();
}

fn set(repo: &Repo, name: &str) {
    repo.tenure_fed(&["set", name], format!("value of {name} {}\n", repo.now())).done();
}

/// A repository of which nothing is open but what is always.
fn in_order() -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("init --member ana").done();
    add(&repo, "ben", "admin");
    let args = ["member", "add", "deploy-prod", "--kind", "machine", "--owner", "ana", "-y"];
    let more = ["--role", "deploy", "--create-role", "--recipient", KEY, "--expires"];
    repo.tenure(&[&args[..], &more, &["2027-06-01"]].concat()).done();
    let org = "rules of the firm\n";
    for (path, text) in [
        ("docs/org.md", org),
        ("docs/third.md", "third\n"),
        ("docs/incident.md", "incident\n"),
        ("docs/rotate.md", "rotate\n"),
        ("app/main.py", "key = os.environ['API_KEY']\n"),
        ("ci/checks.yml", "script:\n  - tenure check\n"),
    ] {
        repo.write(path, text);
    }
    let text = repo.read(POLICY);
    let (before, _) = text.split_once("# Types say").unwrap();
    let hash = repo.command("sha256sum").args(&["docs/org.md"]).run().done().stdout;
    let rules = RULES.replace("ORG", &hash[..64]);
    let before = before.replace("readers = [\"developer\"]", "readers = [\"admin\"]");
    let before = before.replace("writers = [\"developer\"]", "writers = [\"admin\"]");
    let before = before.replace("developer = [\"ana\"]\n", "");
    let prod = before.rfind("readers = [\"admin\"]").unwrap();
    let before = format!(
        "{}{}",
        &before[..prod],
        before[prod..].replacen("readers = [\"admin\"]", "readers = [\"admin\", \"deploy\"]", 1,)
    );
    repo.write(POLICY, format!("{before}{rules}"));
    repo.run("policy sign -y").done();
    set(&repo, "dev/API_KEY");
    set(&repo, "prod/API_KEY");
    repo.commit("in order");
    assert_eq!(open(&repo), NOTHING);
    repo
}

/// Makes a change of the policy and takes it back: the items that it opens.
fn opened_by(repo: &Repo, from: &str, to: &str) -> Vec<String> {
    edit(repo, from, to);
    let found = open(repo);
    edit(repo, to, from);
    assert_eq!(open(repo), NOTHING, "after {to} was taken back");
    found
}

#[test]
fn types_are_finished() {
    let repo = in_order();
    let by = |from: &str, to: &str| opened_by(&repo, from, to);
    assert_eq!(
        by("runbook = \"docs/rotate.md\"\n", "# no runbook\n"),
        ["OI-01 Rotation policy not finalized: API key has no runbook"]
    );
    assert_eq!(
        by("revoke = \"in the console\"\n", "# no end\n"),
        ["OI-05 No revocation: API key has no `revoke`"]
    );
    assert_eq!(
        by("risk-note = { text = \"enough\", date = 2026-01-01 }\n", "# no note\n"),
        ["OI-27 Risk note: missing: API key"]
    );
    assert_eq!(
        by("date = 2026-01-01 }", "date = 2024-12-31 }"),
        ["OI-27 Risk note: older than 365 days: API key (of 2024-12-31)"]
    );
    assert_eq!(by("date = 2026-01-01 }", "date = 2025-01-01 }"), NOTHING);
    let accept = |until: &str| {
        let to = format!("# waived\naccept = {{ reason = \"vendor\", until = {until} }}\nrunbook");
        by("runbook", &to)
    };
    assert_eq!(
        accept("2026-01-01"),
        ["OI-21 Acceptance: API key is not rotated (vendor), in force until 2026-01-01"]
    );
    assert_eq!(
        accept("2025-12-31"),
        ["OI-21 Acceptance: API key is not rotated (vendor), ended 2025-12-31"]
    );
}

#[test]
fn a_type_of_ones_own_has_a_cadence() {
    let repo = in_order();
    let odd = "\n[types.odd]\nrunbook = \"docs/rotate.md\"\nrevoke = \"x\"\n\
               risk-note = { text = \"x\", date = 2026-01-01 }\n\
               [[secrets]]\nmatch = \"dev/ODD\"\ntype = \"odd\"\nowner = \"us\"\n\
               used-by = [\"checkout\"]\n";
    repo.write(POLICY, repo.read(POLICY) + odd);
    repo.run("policy sign -y").done();
    repo.write("app/main.py", "API_KEY ODD_KEY ODD\n");
    repo.commit("uses it");
    set(&repo, "dev/ODD");
    assert_eq!(open(&repo), ["OI-01 Rotation policy not finalized: Odd has no cadence or trigger"]);
    edit(&repo, "[types.odd]\n", "[types.odd]\nrotate-every = \"30d\"\n");
    assert_eq!(open(&repo), NOTHING);
}

#[test]
fn a_value_that_no_rule_takes_is_told_and_goes() {
    let repo = in_order();
    set(&repo, "dev/OTHER");
    assert_eq!(
        open(&repo),
        [
            "OI-01 Rotation policy not finalized: no type: dev/OTHER",
            "OI-03 No owner: dev/OTHER",
            "OI-04 Consumers: no consumer: dev/OTHER",
        ]
    );
    let row = rows(&repo).into_iter().find(|row| row[0] == "OI-03").unwrap();
    assert_eq!(row[2..4], ["2026-01-01", "platform owner"]);
    repo.run("unset dev/OTHER -y").done();
    assert_eq!(open(&repo), NOTHING);
}

#[test]
fn deadlines_are_told_as_check_tells_them() {
    let repo = in_order();
    edit(&repo, "[links]", "[clocks]\naccess-review = \"900d\"\n\n[links]");
    let repo = repo.at("2026-03-17");
    assert_eq!(open(&repo), NOTHING);
    let repo = repo.at("2026-03-18");
    let soon = |name: &str| format!("OI-08 Due soon: {name}, due 2026-04-01");
    assert_eq!(open(&repo), [soon("dev/API_KEY"), soon("prod/API_KEY")]);
    let row = rows(&repo).into_iter().find(|row| row[0] == "OI-08").unwrap();
    let fix = "`tenure rotate dev/API_KEY`";
    assert_eq!(row[2..], ["2026-03-18", "payments", fix]);
    let repo = repo.at("2026-04-01");
    assert_eq!(open(&repo).len(), 2);
    assert_eq!(repo.run("check").code, 0);
    let repo = repo.at("2026-04-02");
    let late = |name: &str| format!("OI-06 Overdue: {name}, 1 day");
    assert_eq!(open(&repo), [late("dev/API_KEY"), late("prod/API_KEY")]);
    assert_eq!(repo.run("check").code, 1);
    let row = rows(&repo).into_iter().find(|row| row[0] == "OI-06").unwrap();
    assert_eq!(row[2..], ["2026-04-02", "payments", fix]);
    for name in ["dev/API_KEY", "prod/API_KEY"] {
        repo.tenure_fed(&["rotate", name], format!("new {name}\n")).done();
    }
    let left = open(&repo);
    assert!(
        !left.iter().any(|item| item.starts_with("OI-06") || item.starts_with("OI-08")),
        "{left:?}"
    );
}

#[test]
fn reviews_are_due_the_day_after_their_last() {
    let repo = in_order();
    edit(&repo, "rotate-every = \"90d\"", "rotate-every = \"900d\"");
    let due = |repo: &Repo| -> Vec<String> {
        let ids = open(repo).into_iter().map(|item| item[..5].to_owned());
        ids.filter(|id| ["OI-14", "OI-15"].contains(&id.as_str())).collect()
    };
    let repo = repo.at("2026-04-01");
    assert_eq!(due(&repo), NOTHING);
    let repo = repo.at("2026-04-02");
    assert_eq!(due(&repo), ["OI-14", "OI-14"]);
    let row = rows(&repo).into_iter().find(|row| row[0] == "OI-14").unwrap();
    assert_eq!(row[1], "Access review due: dev, no review is on record; due 2026-04-01");
    assert_eq!(row[2], "2026-04-02");
    edit(&repo, "[links]", "[clocks]\naccess-review = \"91d\"\n\n[links]");
    assert_eq!(due(&repo), NOTHING);
    edit(&repo, "access-review = \"91d\"", "access-review = \"900d\"");
    let repo = repo.at("2027-01-01");
    assert_eq!(due(&repo), NOTHING);
    let repo = repo.at("2027-01-02");
    assert_eq!(due(&repo), ["OI-15"]);
    let review = "access-review = \"900d\"\n";
    edit(&repo, review, &format!("{review}review-5d = \"366d\"\n"));
    assert_eq!(due(&repo), NOTHING);
}

#[test]
fn a_leaver_leaves_debts_and_gaps() {
    let repo = in_order();
    edit(&repo, "owner = \"payments\"", "owner = \"ben\"");
    assert_eq!(open(&repo), NOTHING);
    let repo = repo.at("2026-01-05");
    repo.run("member remove ben -y").done();
    assert_eq!(
        open(&repo),
        [
            "OI-03 No owner: ben is gone: dev/API_KEY, prod/API_KEY",
            "OI-09 Leaver: ben left: dev/API_KEY, due 2026-01-12",
            "OI-09 Leaver: ben left: prod/API_KEY, due 2026-01-06",
            "OI-22 Too few people: dev has one reader, ana",
            "OI-22 Too few people: fewer than two admins have a signing key",
        ]
    );
    for row in rows(&repo).iter().filter(|row| ["OI-03", "OI-09", "OI-22"].contains(&&*row[0])) {
        assert_eq!(row[2], "2026-01-05", "{row:?}");
    }
    for name in ["dev/API_KEY", "prod/API_KEY"] {
        repo.tenure_fed(&["rotate", name], format!("new {name}\n")).done();
    }
    edit(&repo, "owner = \"ben\"", "owner = \"payments\"");
    add(&repo, "cleo", "admin");
    let left: Vec<_> = open(&repo).into_iter().filter(|item| !item.starts_with("OI-07")).collect();
    let ended = left.iter().all(|item| item.contains("revoke") || item.starts_with("OI-09"));
    assert!(ended, "{left:?}");
}

#[test]
fn machines_and_readers_are_in_order() {
    let repo = in_order();
    let by = |from: &str, to: &str| opened_by(&repo, from, to);
    assert_eq!(
        by("expires = 2027-06-01\n", "# no end\n"),
        ["OI-13 Keys and machines: machine deploy-prod has a key that never expires"]
    );
    assert_eq!(
        by("expires = 2027-06-01\n", "expires = 2025-12-31\n"),
        ["OI-13 Keys and machines: the keys of deploy-prod expired on 2025-12-31"]
    );
    assert_eq!(by("\nowner = \"ana\"\n", "\n# nobody\n"), ["OI-03 No owner: machine deploy-prod"]);
    assert_eq!(
        by("member = \"deploy-prod\"\n", "# no machine\n"),
        ["OI-12 Machine reads where no consumer uses it: deploy-prod reads prod"]
    );
    assert_eq!(
        by("[environments.prod]\n", "[environments.prod]\nruntime-only = true\n"),
        ["OI-11 Person reads a runtime-only environment: prod: ana, ben"]
    );
    edit(&repo, "readers = [\"admin\"]", "readers = [\"admin\", \"deploy\"]");
    assert_eq!(open(&repo), ["OI-13 Keys and machines: machine deploy-prod reads dev and prod"]);
}

#[test]
fn links_lead_somewhere_and_the_firms_policy_is_the_one_we_know() {
    let repo = in_order();
    let by = |from: &str, to: &str| opened_by(&repo, from, to);
    assert_eq!(
        by("third-party = \"docs/third.md\"", "# none"),
        ["OI-18 Link: the third-party secrets procedure: empty"]
    );
    assert_eq!(
        by("\"https://wiki.example/logging\"", "\"https://\""),
        ["OI-18 Link: the security logging procedure: `https://` is no URL"]
    );
    assert_eq!(
        by("\"docs/incident.md\"", "\"docs/nowhere.md\""),
        ["OI-18 Link: the incident response runbook: `docs/nowhere.md` is no file that git tracks"]
    );
    assert_eq!(
        by("\"docs/third.md#part\"", "\"../third.md\""),
        ["OI-18 Link: compliance: `../third.md` leads out of the repository"]
    );
    assert_eq!(
        by("runbook = \"docs/rotate.md\"", "runbook = \"docs/lost.md\""),
        ["OI-18 Link: runbook of API key: `docs/lost.md` is no file that git tracks"]
    );
    repo.write("docs/org.md", "other rules\n");
    repo.commit("the firm has other rules");
    assert_eq!(
        open(&repo),
        ["OI-28 Org policy changed since aligned: `docs/org.md` is not the text that the policy \
          was aligned with"]
    );
    let hash = repo.command("sha256sum").args(&["docs/org.md"]).run().done().stdout;
    let policy = repo.read(POLICY);
    let (_, known) = policy.split_once("sha256 = \"sha256:").unwrap();
    edit(&repo, &known[..64], &hash[..64]);
    assert_eq!(open(&repo), NOTHING);
    assert_eq!(
        by(", sha256", " }\n#"),
        ["OI-28 Org policy changed since aligned: unknown: `docs/org.md` has no `sha256` in the \
          policy"]
    );
}

#[test]
fn duties_and_storage_are_said() {
    let repo = in_order();
    let by = |from: &str, to: &str| opened_by(&repo, from, to);
    assert_eq!(by("alert = [\"ci\"]\n", "# nobody\n"), ["OI-24 Responsibility blank: alert"]);
    assert_eq!(
        by("access = \"run\"\n", "# unsaid\n"),
        ["OI-23 Storage not established: access method: Unknown (checkout)"]
    );
    assert_eq!(
        by("[links]", "[logging]\nrequired = [\"reads\", \"changes\"]\n\n[links]"),
        ["OI-02 Audit logging incomplete: required and not logged: reads"]
    );
    let elsewhere = "\n[environments.vault]\nstore = \"elsewhere\"\n";
    repo.write(POLICY, repo.read(POLICY) + elsewhere);
    repo.run("policy sign -y").done();
    assert_eq!(
        open(&repo),
        ["OI-23 Storage not established: encryption at rest of vault: Unknown (its store is \
          elsewhere)"]
    );
    edit(&repo, elsewhere, "");
    let sealed = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", format!("{sealed}IN_CLEAR=1\n"));
    assert_eq!(
        open(&repo),
        [
            "OI-19 Plaintext: secrets/dev.env:2 IN\\_CLEAR",
            "OI-23 Storage not established: encryption at rest of dev: No (secrets/dev.env:2 \
             IN\\_CLEAR)",
        ]
        .map(|item| item.replace("\\_", "_"))
    );
    repo.write("secrets/dev.env", sealed);
    assert_eq!(open(&repo), NOTHING);
}

#[test]
fn jobs_check_and_name_what_they_use() {
    let repo = in_order();
    repo.write("ci/checks.yml", "script:\n  - tenure status\n");
    repo.commit("no check");
    assert_eq!(open(&repo), ["OI-25 No check in CI: no tracked file of CI runs `tenure check`"]);
    let workflow = |action: &str| {
        format!(
            "jobs:\n  deploy:\n    steps:\n      - uses: {action}\n      - run: tenure check\n      \
             - run: tenure run -e prod -- ./deploy\n"
        )
    };
    repo.write(WORKFLOW, workflow("actions/checkout@v4"));
    repo.commit("a job");
    assert_eq!(
        open(&repo),
        [
            "OI-26 Unpinned action: `.github/workflows/deploy.yml`, job deploy: actions/checkout\\@v4"
        ]
    );
    repo.write(WORKFLOW, workflow("actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"));
    repo.commit("pinned");
    assert_eq!(open(&repo), NOTHING);
}

#[test]
fn consumers_are_declared_and_seen() {
    let repo = in_order();
    repo.write("services/refunds.ini", "key = ${API_KEY}\n");
    repo.commit("somebody else uses it");
    assert_eq!(
        open(&repo),
        ["OI-04 Consumers: API key: seen, not declared in `services/refunds.ini`"]
    );
    repo.git(&["rm", "-q", "services/refunds.ini"]).done();
    assert_eq!(open(&repo), NOTHING);
    repo.write("app/main.py", "pass\n");
    repo.commit("nobody uses it");
    assert_eq!(open(&repo), ["OI-04 Consumers: API key: checkout declared, not seen"]);
}

#[test]
fn third_party_secrets_say_as_much_as_our_own() {
    let repo = in_order();
    let third = "origin = \"third-party\"\n";
    let all = "contact = \"on call\"\ncopies = [\"them\"]\n";
    edit(&repo, "origin = \"internal\"\n", &format!("{third}{all}"));
    assert_eq!(open(&repo), NOTHING);
    edit(&repo, all, "");
    let lacks = "no contact, nobody says who holds copies";
    assert_eq!(
        open(&repo),
        ["dev/API_KEY", "prod/API_KEY"]
            .map(|name| format!("OI-17 Third-party secret: {name}: {lacks}"))
    );
    // An internal one of the same word lives shorter.
    edit(&repo, third, &format!("{third}{all}"));
    let own = "\n[types.oauth-client]\nrotate-every = \"30d\"\nrunbook = \"docs/rotate.md\"\n\
               revoke = \"x\"\nrisk-note = { text = \"x\", date = 2026-01-01 }\n\
               [[secrets]]\nmatch = \"dev/CLIENT_SECRET\"\ntype = \"oauth-client\"\nowner = \"us\"\n\
               used-by = [\"checkout\"]\n";
    repo.write(POLICY, repo.read(POLICY) + own);
    repo.run("policy sign -y").done();
    set(&repo, "dev/CLIENT_SECRET");
    repo.write("app/main.py", "API_KEY CLIENT_SECRET\n");
    repo.commit("uses both");
    assert_eq!(
        open(&repo),
        ["dev/API_KEY", "prod/API_KEY"]
            .map(|name| format!("OI-17 Third-party secret: {name}: laxer than an internal one"))
    );
}

#[test]
fn no_item_goes_without_a_fix_and_none_has_a_value() {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("init --member ana").done();
    repo.tenure_fed(&["set", "dev/API_KEY"], "hunter2-and-more\n").done();
    let repo = repo.at("2026-12-01");
    let rows = rows(&repo);
    assert!(rows.len() > 10, "{rows:?}");
    assert!(rows.iter().all(|row| row.len() == 5 && !row[4].is_empty()), "{rows:?}");
    assert!(!format!("{rows:?}").contains("hunter2"));
}

#[test]
fn a_previous_value_is_open_until_its_end_is_recorded() {
    let repo = in_order();
    edit(&repo, "[links]", "[clocks]\naccess-review = \"900d\"\n\n[links]");
    repo.tenure_fed(&["rotate", "dev/API_KEY"], "another one\n").done();
    assert_eq!(
        open(&repo),
        [
            "OI-07 Previous value not ended: dev/API_KEY, replaced on 2026-01-01, to be ended by 2026-01-08"
        ]
    );
    let repo = repo.at("2026-01-08");
    assert_eq!(repo.run("check").code, 0);
    let repo = repo.at("2026-01-09");
    assert_eq!((repo.run("check").code, open(&repo).len()), (1, 1));
    let numbers = repo.run("status --json").done().json()["numbers"].clone();
    assert_eq!((&numbers["open_items"], &numbers["red_items"]), (&3.into(), &1.into()));
    let row = rows(&repo).into_iter().find(|row| row[0] == "OI-07").unwrap();
    assert_eq!(row[2..], ["2026-01-01", "payments", "`tenure rotate dev/API_KEY --finish`"]);
    repo.run("rotate dev/API_KEY --finish -y").done();
    assert_eq!(open(&repo), NOTHING);
    assert_eq!(repo.run("check").code, 0);
}

#[test]
fn the_numbers_of_the_document_are_those_of_status() {
    let repo = in_order();
    repo.tenure_fed(&["rotate", "dev/API_KEY"], "another one\n").done();
    repo.run("rotate dev/API_KEY --finish -y").done();
    let repo = repo.at("2026-04-03");
    repo.run("member remove ben -y").done();
    let told = repo.run("report 5d").done().stdout;
    let summary = told.split_once("## 11. Summary").unwrap().1;
    let numbers = repo.run("status --json").done().json()["numbers"].clone();
    let number = |name: &str| numbers[name].as_u64().unwrap();
    for (name, of) in [
        ("values", "values, "),
        ("sealed", "sealed. "),
        ("on_time", "on time; "),
        ("overdue", "values overdue"),
        ("obligations", "obligations open"),
        ("open_items", "open items."),
    ] {
        let wanted = format!("{} {of}", number(name));
        assert!(summary.contains(&wanted), "{wanted} in {summary}");
    }
    assert_eq!((number("rotations"), number("overdue"), number("oldest_late")), (1, 2, 2));
    assert!(summary.contains("1 rotation finished") || summary.contains("1 rotation"), "{summary}");
    assert!(summary.contains(numbers["first_due"].as_str().unwrap()), "{summary}");
    let ids = rows(&repo).len() as u64;
    assert_eq!(number("open_items"), ids);
    // One environment has no document of its own.
    assert!(repo.run("status --json -e dev").done().json()["numbers"].is_null());
}

/// Opens an incident and gives the beginning of its id.
fn alarm(repo: &Repo, more: &[&str]) -> String {
    let args = ["incident", "open", "--secret", "dev/API_KEY", "--reason", "seen", "--json", "-y"];
    repo.tenure(&[&args[..], more].concat()).done();
    let row = rows(repo).into_iter().find(|row| row[0] == "OI-10").unwrap();
    row[1].split(' ').nth(2).unwrap().to_owned()
}

#[test]
fn an_incident_is_open_until_two_members_close_it() {
    let repo = in_order();
    let id = alarm(&repo, &[]);
    let about = format!("OI-10 Incident: incident {id} about secret:dev/secrets/dev.env\\#API_KEY");
    assert_eq!(open(&repo), [format!("{about}: to rotate dev/API_KEY; not closed")]);
    assert_eq!(repo.run("check").code, 1);
    repo.tenure_fed(&["rotate", "dev/API_KEY"], "another one\n").done();
    assert!(open(&repo).contains(&format!("{about}: to end dev/API_KEY; not closed")));
    repo.run("rotate dev/API_KEY --finish -y").done();
    assert_eq!(open(&repo), [format!("{about}: not closed")]);
    assert_eq!(repo.run("check").code, 1);
    let close = ["incident", "close", &id, "-o", "docs/review.md"];
    repo.tenure(&close).done();
    assert_eq!(open(&repo).len(), 1);
    let ben = repo.home().join("ben.key").display().to_string();
    by(&repo, &ben, &close).done();
    assert_eq!(open(&repo), NOTHING);
}

#[test]
fn a_drill_is_never_red_and_what_is_borne_is_told() {
    let repo = in_order();
    let id = alarm(&repo, &["--drill"]);
    assert!(open(&repo)[0].starts_with(&format!("OI-10 Incident: drill {id} about ")));
    assert_eq!(repo.run("check").code, 0);
    assert_eq!(repo.run("status --json").done().json()["numbers"]["red_items"], 0);
    let repo = in_order();
    let id = alarm(&repo, &[]);
    let ben = repo.home().join("ben.key").display().to_string();
    let args = ["incident", "accept", &id, "dev/API_KEY", "--reason", "vendor is gone", "--until"];
    by(&repo, &ben, &[&args[..], &["2026-02-01", "-y"]].concat()).done();
    let borne = format!(
        "OI-21 Acceptance: dev/API_KEY, incident {id} is open (vendor is gone), in force until 2026-02-01"
    );
    assert!(open(&repo).contains(&borne), "{:?}", open(&repo));
    let red = |repo: &Repo| repo.run("status --json").done().json()["numbers"]["red_items"].clone();
    assert_eq!(red(&repo), 1, "nobody closed it");
    let close = ["incident", "close", &id, "-o", "docs/review.md"];
    repo.tenure(&close).done();
    by(&repo, &ben, &close).done();
    assert_eq!(red(&repo), 0);
    let repo = repo.at("2026-02-02");
    assert!(open(&repo).contains(&borne.replace("in force until", "ended")), "{:?}", open(&repo));
    assert_eq!(red(&repo), 1);
}

/// What section 11 says that the claim of the procedure does not hold for.
fn managed(repo: &Repo) -> String {
    let told = repo.run("report 5d").done().stdout;
    let line = told.lines().find(|line| line.starts_with("Secrets managed securely:")).unwrap();
    let (_, why) = line.split_once("not established (").unwrap();
    why.trim_end_matches(").").to_owned()
}

#[test]
fn b27_rotation_is_in_place_and_used_once_one_is_finished_and_none_is_late() {
    let repo = in_order();
    assert_eq!(managed(&repo), "no rotation finished yet; plan not approved");
    repo.tenure_fed(&["rotate", "dev/API_KEY"], "another one\n").done();
    assert_eq!(managed(&repo), "no rotation finished yet; plan not approved");
    repo.run("rotate dev/API_KEY --finish -y").done();
    assert_eq!(managed(&repo), "plan not approved");
    let late = Repo::copied(repo.folder()).at("2026-04-02");
    assert_eq!(managed(&late), "2 values overdue; plan not approved");
    edit(&repo, "runbook = \"docs/rotate.md\"\n", "");
    assert_eq!(managed(&repo), "plan not approved", "one was finished: row 7 of A23");
    let fresh = in_order();
    edit(&fresh, "runbook = \"docs/rotate.md\"\n", "");
    let not = "Secret rotation not implemented for API key; no rotation finished yet";
    assert_eq!(managed(&fresh), format!("{not}; plan not approved"));
}
