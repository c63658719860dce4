//! What document 5D may say of a state that the checks are red for, or do not believe.

use super::five_d::{line, section, text, with_policy};
use super::{VALUE, firm};
use crate::support::Repo;

const ROTATION: &str = "## 6. Rotation and expiration";
const SUMMARY: &str = "## 11. Summary";

/// The verdict on a type, and what section 11 says of all.
fn verdict(repo: &Repo, kind: &str) -> (String, String) {
    let text = text(repo, "");
    let row = line(section(&text, ROTATION), &format!("| {kind} |")).to_owned();
    let managed = line(section(&text, SUMMARY), "Secrets managed securely:").to_owned();
    (row, managed)
}

fn rotate(repo: &Repo, name: &str, value: &str) {
    repo.tenure_fed(&["rotate", name], format!("{VALUE}-{value}")).done();
}

fn at(repo: &Repo, day: &str) -> Repo {
    Repo::copied(repo.folder()).at(day)
}

#[test]
fn a_previous_value_that_outlives_its_overlap_is_overdue() {
    let repo = with_policy("[types.certificate]\n", "[types.certificate]\nrevoke = \"console\"\n");
    rotate(&repo, "prod/TLS_CERTIFICATE", "b");
    repo.run("rotate prod/TLS_CERTIFICATE --finish").done();
    let repo = repo.at("2026-11-22");
    rotate(&repo, "prod/TLS_CERTIFICATE", "c");
    let (row, managed) = verdict(&at(&repo, "2026-11-29"), "Certificate");
    assert!(row.contains("Implemented; last 2026-11-21; on time 1 of 2"), "{row}");
    assert!(managed.contains("3 values overdue; "), "{managed}");
    let late = at(&repo, "2026-11-30");
    let checked = late.run("check").stdout;
    assert!(checked.contains("prod.env TLS_CERTIFICATE") && checked.contains("1 day late"));
    let (row, managed) = verdict(&late, "Certificate");
    assert!(row.contains("Implemented, 1 overdue (oldest 1 day)"), "{row}");
    assert!(managed.contains("4 values overdue; "), "{managed}");
    // One list for all sections.
    let text = text(&late, "");
    assert!(text.contains("Today: overdue 4, "), "{text}");
    assert!(text.contains("; 4 values overdue (oldest "), "{text}");
    late.run("rotate prod/TLS_CERTIFICATE --finish").done();
    let (row, _) = verdict(&late, "Certificate");
    assert!(row.contains("Implemented; last 2026-11-30; on time 1 of 3"), "{row}");
}

#[test]
fn an_end_that_a_leaver_is_owed_is_past_due_from_the_day_after() {
    let repo = with_policy("[types.api-key]\n", "[types.api-key]\nrevoke = \"console\"\n");
    rotate(&repo, "dev/PAYMENT_API_KEY", "b");
    rotate(&repo, "dev/DATABASE_PASSWORD", "b");
    let told = |day: &str| verdict(&at(&repo, day), "API key");
    let (row, managed) = told("2026-11-23");
    assert!(row.contains("(defined, never executed, 1 past due)"), "{row}");
    assert!(!managed.contains("duty"), "{managed}");
    let (row, managed) = told("2026-11-24");
    assert!(row.contains("(defined, never executed, 2 past due)"), "{row}");
    assert!(managed.contains("2 values overdue; plan"), "{managed}");
    assert_eq!(at(&repo, "2026-11-24").run("status --json").json()["numbers"]["late_duties"], 1);
}

#[test]
fn a_type_of_which_only_ends_are_owed_has_its_row() {
    let repo = with_policy("[types.certificate]\n", "[types.certificate]\nrevoke = \"console\"\n");
    repo.run("unset prod/TLS_CERTIFICATE -y").done();
    let (row, _) = verdict(&at(&repo, "2026-11-28"), "Certificate");
    assert!(row.contains("Open: none | Defined, not yet exercised (no date)"), "{row}");
    let told = text(&repo, "");
    assert!(told.contains("previous 1 (1 in no file any more), revoked none."), "{told}");
    let (row, _) = verdict(&at(&repo, "2026-11-29"), "Certificate");
    assert!(row.contains("(defined, never executed, 1 past due)"), "{row}");
}

#[test]
fn section_11_names_all_that_the_checks_are_red_for() {
    let repo = firm();
    let managed = |repo: &Repo| verdict(repo, "API key").1;
    let before = "Secrets managed securely: not established (Secret rotation not implemented for \
                  Database credential; 1 value overdue; plan not approved).";
    assert_eq!(managed(&repo), before);
    let attributes = repo.read(".gitattributes");
    repo.write(".gitattributes", "");
    assert!(managed(&repo).contains("; 6 findings of attributes; plan"), "{}", managed(&repo));
    repo.write(".gitattributes", attributes);
    let sealed = repo.read("secrets/prod.env");
    repo.write("secrets/prod.env", format!("{sealed}EXTRA=plain-{VALUE}\n"));
    let now = managed(&repo);
    let more = "1 value overdue; encryption at rest of prod: No; 1 finding of plaintext; plan";
    assert!(now.contains(more), "{now}");
}

/// Changes one letter of what stands behind a key.
fn altered(repo: &Repo, file: &str, key: &str) {
    let text = repo.read(file);
    let (before, rest) = text.split_once(&format!("{key}=sealed.v1.")).unwrap();
    let (token, after) = rest.split_once('\n').unwrap();
    let last = if token.ends_with('A') { 'B' } else { 'A' };
    let token = format!("{}{last}", &token[..token.len() - 1]);
    repo.write(file, format!("{before}{key}=sealed.v1.{token}\n{after}"));
}

/// What is said of a state that is not believed; the finding is named, and nothing is counted.
fn unsaid(repo: &Repo, why: &str) -> String {
    let told = repo.run("report 5d");
    assert_eq!(told.code, 5, "{told}");
    assert!(told.stderr.starts_with("error: "), "{told}");
    let text = told.stdout;
    let first = format!("**What this state holds cannot be said:** {why}.");
    assert!(text.lines().any(|line| line == first), "{text}");
    let overview = section(&text, "## 1. Overview");
    assert!(overview.contains("- API keys: cannot be said\n"), "{overview}");
    assert!(overview.contains(&format!("cannot be said: {why}.")));
    let summary = section(&text, SUMMARY);
    assert!(line(summary, "Numbers cannot be said: ").contains(why), "{summary}");
    assert!(line(summary, "Secrets managed securely: cannot be said: ").contains(why), "{summary}");
    assert!(!summary.contains("open items"), "{summary}");
    let customers = repo.run("report 5d --customer");
    let word = why.split(' ').next().unwrap();
    assert_eq!(customers.code, 5);
    assert!(customers.stdout.contains(&format!("cannot be said: {word}")));
    assert!(!customers.stdout.contains("secrets/prod.env"), "{customers}");
    text
}

#[test]
fn an_altered_or_missing_file_makes_the_numbers_unsaid() {
    let repo = firm();
    let kept = repo.read("secrets/prod.env");
    let before = text(&repo, "");
    let rows = |text: &str| {
        let rotation = section(text, ROTATION);
        rotation.lines().filter(|line| line.starts_with("| prod/")).count()
    };
    altered(&repo, "secrets/prod.env", "PAYMENT_API_KEY");
    let told = unsaid(&repo, "altered at `secrets/prod.env:1 PAYMENT_API_KEY`");
    // What the log says stands is still told, as what it is.
    assert_eq!(rows(&told), rows(&before));
    let row = line(section(&told, ROTATION), "| prod/PAYMENT_API_KEY |");
    assert!(row.contains("does not stand as it was signed; overdue by 9 days"), "{row}");
    std::fs::remove_file(repo.path().join("secrets/prod.env")).unwrap();
    let told = unsaid(&repo, "missing at `secrets/prod.env`");
    assert_eq!(rows(&told), rows(&before));
    assert!(section(&told, "## 3. Storage approach").contains("prod 0 of 4 values are sealed"));
    assert!(repo.run("status --json").json()["numbers"].is_null());
    repo.write("secrets/prod.env", kept);
    assert_eq!(text(&repo, ""), before);
}

#[test]
fn a_policy_that_nobody_signed_makes_the_numbers_unsaid() {
    let repo = firm();
    let kept = repo.read(".secrets-policy.toml");
    let before = text(&repo, "");
    repo.write(".secrets-policy.toml", format!("{kept}# by hand\n"));
    let told = unsaid(&repo, "policy-altered at `.secrets-policy.toml`");
    // The rest is told by the policy in force.
    assert_eq!(section(&told, ROTATION), section(&before, ROTATION));
    assert_eq!(repo.run("report 5d -o new.md").stdout, "");
    assert!(!repo.path().join("new.md").exists());
    repo.write(".secrets-policy.toml", kept);
    // Without a log there is no policy to tell anything by.
    std::fs::remove_dir_all(repo.path().join(".secrets/log")).unwrap();
    let told = repo.run("report 5d");
    assert_eq!(told.code, 5, "{told}");
    let why = "**What this state holds cannot be said:** missing-entry at `.secrets/log";
    assert!(told.stdout.contains(why), "{told}");
    let summary = section(&told.stdout, SUMMARY);
    assert!(summary.contains("Secrets managed securely: cannot be said: missing-entry"), "{told}");
    assert_eq!(repo.run("report 5d -o new.md").stdout, "");
}

#[test]
fn what_cannot_be_said_is_neither_kept_nor_compared() {
    let repo = firm();
    repo.run("report 5d -o docs/5d.md").done();
    let kept = repo.read("docs/5d.md");
    std::fs::remove_file(repo.path().join("secrets/dev.env")).unwrap();
    for line in ["report 5d -o docs/5d.md", "report 5d -o new.md", "report 5d --check docs/5d.md"] {
        let refused = repo.run(line);
        assert_eq!((refused.code, refused.stdout.as_str()), (5, ""), "{line}: {refused}");
        assert!(refused.stderr.contains("missing"), "{refused}");
    }
    assert_eq!(repo.read("docs/5d.md"), kept);
    assert!(!repo.path().join("new.md").exists());
}

#[test]
fn a_missing_file_makes_no_incident_smaller() {
    let repo = firm();
    let args = ["incident", "open", "--secret", "prod/TLS_CERTIFICATE", "--reason", "x", "-y"];
    repo.tenure(&args).done();
    std::fs::remove_file(repo.path().join("secrets/prod.env")).unwrap();
    let told = repo.run("report 5d").stdout;
    assert!(told.contains("; 1 of 1 value still live"), "{told}");
}

#[test]
fn a_customers_deadline_is_told_as_theirs_and_counted_nowhere() {
    let repo = firm().at("2027-08-21");
    let told = text(&repo, "");
    let watch = line(section(&told, "## 7. Monitoring and audit"), "`tenure check` runs");
    assert!(watch.contains("Today: overdue 5, "), "{watch}");
    let theirs = "; past the customer's own deadline 1 value, which blocks nothing; no canary";
    assert!(watch.contains(theirs), "{watch}");
    let numbers = line(section(&told, SUMMARY), "6 values");
    assert!(numbers.contains("; 5 values overdue"), "{numbers}");
    let checked = repo.run("check").stdout;
    let mine = line(&checked, "overdue  secrets/prod.env CUSTOMER_DATA_KEY");
    assert!(mine.ends_with("1 day late; in custody of the customer, who decides"), "{mine}");
}

/// What a page shows: its tables as rows of cells; a link, a picture or HTML ends the test.
fn tables(page: &str) -> Vec<Vec<Vec<String>>> {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let mut tables: Vec<Vec<Vec<String>>> = Vec::new();
    for event in Parser::new_ext(page, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Table(_)) => tables.push(Vec::new()),
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                tables.last_mut().unwrap().push(Vec::new());
            }
            Event::Start(Tag::TableCell) => {
                tables.last_mut().unwrap().last_mut().unwrap().push(String::new());
            }
            Event::Text(text) | Event::Code(text) => {
                let row = tables.last_mut().and_then(|table| table.last_mut());
                if let Some(cell) = row.and_then(|row| row.last_mut()) {
                    cell.push_str(&text);
                }
            }
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Strikethrough) => {
                panic!("{event:?} in {page}");
            }
            _ => {}
        }
    }
    tables
}

#[test]
fn names_of_others_break_no_row_of_the_open_items() {
    const KEY: &str = "A`B|<img src=x>[y](https://evil.example)~~z~~`";
    let repo = with_policy(
        "[links]\n",
        "[links]\norg-policy = \"docs/`a|b`.md\"\nthird-party = \"https://e.example/`|<b>\"\n",
    );
    repo.write("secrets/dev/odd.yaml", format!("'{KEY}': {VALUE}-odd\n"));
    repo.run("seal secrets/dev/odd.yaml").done();
    let job =
        "jobs:\n  'a`|<b>':\n    steps:\n      - uses: 'x/`y|@v1'\n      - run: tenure run -- x\n";
    repo.write(".github/workflows/`a|b`.yml", job);
    repo.write("services/`q|`.ini", format!("{KEY} PAYMENT_API_KEY\n"));
    repo.commit("odd");
    let told = text(&repo, "");
    let tables = tables(&told);
    let items = tables.iter().find(|table| table[0][0] == "Id").unwrap();
    assert!(items.len() > 25 && items.iter().all(|row| row.len() == 5), "{items:?}");
    assert!(items[1..].iter().all(|row| row[0].starts_with("OI-")), "{items:?}");
    let has = |id: &str, text: &str| items.iter().any(|row| row[0] == id && row[1].contains(text));
    assert!(has("OI-03", KEY), "{items:?}");
    assert!(has("OI-04", "services/`q|`.ini"), "{items:?}");
    assert!(has("OI-18", "docs/`a|b`.md is no file that git tracks"), "{items:?}");
    assert!(has("OI-26", ".github/workflows/`a|b`.yml, job a`|<b>: x/`y|@v1"), "{items:?}");
    let deadlines = tables.iter().find(|table| table[0][1] == "Current since").unwrap();
    assert!(deadlines.iter().all(|row| row.len() == 4), "{deadlines:?}");
    assert!(deadlines.iter().any(|row| row[0].contains(KEY)), "{deadlines:?}");
}
