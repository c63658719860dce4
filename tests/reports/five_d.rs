//! `tenure report 5d`: the document of a whole repository, and what it must and must not say.

use super::{POLICY, VALUE, VENDORS, firm};
use crate::commands::member::new_key;
use crate::support::{Outcome, Repo};

/// The headings, in their order (A2).
const HEADINGS: [&str; 11] = [
    "## 1. Overview",
    "## 2. Secrets scope",
    "## 3. Storage approach",
    "## 4. Access control",
    "## 5. Secret distribution and usage",
    "## 6. Rotation and expiration",
    "## 7. Monitoring and audit",
    "## 8. Incident response considerations",
    "## 9. Customer-facing considerations",
    "## 10. Assumptions and open items",
    "## 11. Summary",
];

/// The sentences of mission section I that the document must have on a line of their own or after a label.
const SENTENCES: [&str; 6] = [
    "What was read stays read: removing a reader takes back no value, and old versions stay in the history.",
    "Reads are not recorded: whoever holds a reader's key can open values offline and leave no trace. No entry never means not read.",
    "A writer can leak or replace what they may write; a signature says who, not why.",
    "Encryption at rest does not protect a running process: whoever reads its memory or environment has its values.",
    "Names, members, roles and deadlines are visible to all who can read the repository; its encryption does not resist a quantum computer.",
    "tenure sends nothing: a finding becomes an alert when CI or a calendar delivers it.",
];

/// Compares a document, with all that is random blanked, with the one that a reader of the tests sees
/// beside them; `TENURE_RENEW=1` writes it anew.
fn kept(name: &str, told: &Outcome) {
    let path = format!("{}/tests/reports/{name}", env!("CARGO_MANIFEST_DIR"));
    let told = told.to_string();
    let (_, text) = told.split_once("--- stdout\n").unwrap();
    let text = blanked(text);
    if std::env::var_os("TENURE_RENEW").is_some_and(|word| word == "1") {
        std::fs::write(&path, &text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let same = there.lines().zip(text.lines()).take_while(|(there, new)| there == new).count();
    assert!(there == text, "{path}:{}: another document\n{text}", same + 1);
}

/// Blanks the first digits of ids and hashes, which stand as code.
fn blanked(text: &str) -> String {
    let hex = |part: &str| part.len() == 8 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let blank = |part: &str| match part.strip_prefix("sha256:") {
        Some(digits) if hex(digits) => "sha256:[hash]".to_owned(),
        None if hex(part) => "[id]".to_owned(),
        _ => part.to_owned(),
    };
    text.split('`').map(blank).collect::<Vec<_>>().join("`")
}

pub(super) fn text(repo: &Repo, more: &str) -> String {
    repo.run(&format!("report 5d {more}")).done().stdout
}

/// The part of the document below a heading.
pub(super) fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let (_, rest) = text.split_once(&format!("{heading}\n")).unwrap();
    rest.split("\n---\n").next().unwrap()
}

pub(super) fn line<'t>(text: &'t str, begins: &str) -> &'t str {
    let mut lines = text.lines().filter(|line| line.trim_start().starts_with(begins));
    lines.next().unwrap_or_else(|| panic!("no line begins with {begins}: {text}"))
}

#[test]
fn the_document_of_a_firm() {
    let repo = firm();
    let told = repo.run("report 5d").done();
    kept("5d.md", &told);
    let text = told.stdout;
    let headings: Vec<_> = text.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(headings, HEADINGS);
    for heading in HEADINGS {
        assert!(section(&text, heading).trim().len() > 40, "{heading}");
    }
    for sentence in SENTENCES {
        assert_eq!(text.lines().filter(|line| line.ends_with(sentence)).count(), 1, "{sentence}");
    }
    for unwanted in ["{{", VALUE].into_iter().chain(VENDORS) {
        assert!(!text.contains(unwanted), "{unwanted}");
    }
}

#[test]
fn the_same_state_and_day_give_the_same_bytes_with_any_key_or_none() {
    let repo = firm();
    let before = text(&repo, "");
    std::fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
    assert_eq!(text(&repo, ""), before);
    let json = repo.run("report 5d --json").done().json();
    assert_eq!(json["markdown"], before);
    assert_eq!(json["report"], "5d");
}

#[test]
fn the_customers_edition_names_no_secret_member_file_or_command() {
    let told = firm().run("report 5d --customer").done();
    kept("5d-customer.md", &told);
    let text = told.stdout;
    assert!(text.contains("\nCustomer edition. State of 2026-11-21;"), "{text}");
    let headings: Vec<_> = text.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(headings, HEADINGS);
    let members = ["ana", "ben", "cleo", "dan", "ci-dev", "deploy-prod"];
    let secrets = ["API_KEY", "DATABASE_PASSWORD", "TLS_CERTIFICATE", "CUSTOMER_DATA_KEY"];
    let files = ["secrets/", "services/", "docs/", "ci/checks", ".toml", ".secrets"];
    let word = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    for member in members {
        assert!(!text.split(word).any(|part| part == member), "{member}: {text}");
    }
    for unwanted in secrets.into_iter().chain(files).chain(["`tenure", "{{", VALUE]).chain(VENDORS)
    {
        assert!(!text.contains(unwanted), "{unwanted}: {text}");
    }
}

#[test]
fn a_kept_document_is_checked_for_its_own_day_and_a_hand_edit_is_seen() {
    let repo = firm();
    for edition in ["", "--customer "] {
        repo.run(&format!("report 5d {edition}-o docs/5d.md")).done();
        repo.commit("report");
        let later = repo.command(env!("CARGO_BIN_EXE_tenure"));
        let later =
            later.args(&["--now", "2027-03-01T00:00:00Z", "report", "5d", "--check", "docs/5d.md"]);
        assert_eq!(later.run().done().stdout, "docs/5d.md: as the repository says\n");
        let kept = repo.read("docs/5d.md");
        let edited = kept.replacen("overdue", "in time", 1);
        assert_ne!(kept, edited);
        repo.write("docs/5d.md", &edited);
        let line =
            edited.lines().position(|line| !kept.lines().any(|other| other == line)).unwrap();
        let seen = repo.run("report 5d --check docs/5d.md");
        let wanted = format!("docs/5d.md:{}: differs from what the repository says\n", line + 1);
        assert_eq!((seen.code, seen.stdout.as_str()), (1, wanted.as_str()), "{seen}");
    }
}

#[test]
fn a_document_of_another_state_is_seen() {
    let repo = firm();
    repo.run("report 5d -o 5d.md").done();
    repo.tenure_fed(&["set", "dev/PAYMENT_API_KEY"], format!("{VALUE}-again")).done();
    let seen = repo.run("report 5d --check 5d.md --json");
    assert_eq!((seen.code, seen.json()["same"].as_bool()), (1, Some(false)), "{seen}");
    repo.run("report 5d -o 5d.md").done();
    repo.run("report 5d --check 5d.md").done();
}

#[test]
fn nothing_but_a_report_is_overwritten() {
    let repo = firm();
    let before = repo.read("secrets/dev.env");
    let refused = repo.run("report 5d -o secrets/dev.env");
    assert_eq!(refused.code, 2, "{refused}");
    assert_eq!(repo.read("secrets/dev.env"), before);
    repo.write("notes.md", "mine\n");
    assert_eq!(repo.run("report 5d -o notes.md").code, 2);
    assert_eq!(repo.run("report 5d --check notes.md").code, 1);
    assert_eq!(repo.run("report 5d --check absent.md").code, 2);
    repo.run("report 5d -n -o new.md").done();
    assert!(!repo.path().join("new.md").exists());
}

#[test]
fn a_value_in_clear_makes_storage_unknown_and_encryption_no_with_its_place() {
    let repo = firm();
    let old = repo.read("secrets/prod.env");
    repo.write("secrets/prod.env", format!("{old}EXTRA=plain-{VALUE}\n"));
    let text = text(&repo, "");
    let storage = section(&text, "## 3. Storage approach");
    let mechanism =
        "- **Storage mechanism:** Encrypted files (dev). *proven* Unknown (prod). *unknown*";
    assert_eq!(line(storage, "- **Storage mechanism"), mechanism);
    let rest = line(storage, "- **Encryption at rest");
    assert!(rest.starts_with("- **Encryption at rest:** No."), "{rest}");
    assert!(rest.contains("In clear: `secrets/prod.env:5 EXTRA`."), "{rest}");
    assert!(!text.contains(VALUE));
}

#[test]
fn an_untyped_value_is_counted_and_not_implemented_by_its_own_line() {
    let repo = firm();
    repo.tenure_fed(&["set", "dev/STRAY"], VALUE).done();
    let text = text(&repo, "");
    assert!(section(&text, "## 1. Overview").contains("Untyped: 1."), "{text}");
    let rotation = section(&text, "## 6. Rotation and expiration");
    let own = "**Secret rotation not implemented**: Database credential, Untyped.";
    assert!(rotation.lines().any(|line| line == own), "{rotation}");
    let fix = "| `tenure set dev/STRAY --type TYPE --keep`; for those to come `type` in a rule";
    assert!(
        line(&text, "| OI-01 | Rotation policy not finalized: no type").contains(fix),
        "{text}"
    );
    repo.run("set dev/STRAY --type api-key --keep").done();
    assert!(!self::text(&repo, "").contains("not finalized: no type"));
}

#[test]
fn a_reference_that_goes_is_not_seen_and_one_that_comes_is_named() {
    let repo = firm();
    repo.write("gateway/start.sh", "serve\n");
    repo.write("tools/deploy.sh", "echo $TLS_CERTIFICATE\n");
    repo.commit("moved");
    let text = text(&repo, "");
    let row = line(section(&text, "## 2. Secrets scope"), "| Certificate |");
    let wanted = "gateway (declared, not seen); seen, not declared: `tools/deploy.sh`";
    assert!(row.contains(wanted), "{row}");
}

#[test]
fn words_of_the_policy_stay_words() {
    let repo = firm();
    let evil = "a | b <img src=x> [x](https://evil.example) {{name}}";
    let policy = repo.read(POLICY).replace("Key for the payment provider", evil);
    repo.write(POLICY, policy);
    repo.run("policy sign -y").done();
    let text = text(&repo, "");
    let row = line(section(&text, "## 2. Secrets scope"), "| API key |");
    assert!(
        row.contains("a \\| b \\<img src=x\\> \\[x\\](https\\://evil.example) \\{\\{name\\}\\}"),
        "{row}"
    );
    assert!(!text.contains("{{"));
}

/// Signs the firm's policy with one text in the place of another.
pub(super) fn with_policy(from: &str, to: &str) -> Repo {
    let repo = firm();
    let old = repo.read(POLICY);
    let new = old.replace(from, to);
    assert_ne!(old, new, "{from}");
    repo.write(POLICY, new);
    repo.run("policy sign -y").done();
    repo
}

#[test]
fn configuration_is_sealed_and_never_due_and_asks_for_no_sentence() {
    let rule = "[[secrets]]\nmatch = \"dev/HOST\"\ntype = \"config\"\n\n[consumers.archive]";
    let repo = with_policy("[consumers.archive]", rule);
    repo.tenure_fed(&["set", "dev/HOST"], "db.example").done();
    let text = text(&repo, "");
    assert!(
        section(&text, "## 1. Overview").contains("Under none of these words: Configuration 1.")
    );
    let rotation = section(&text, "## 6. Rotation and expiration");
    let row = line(rotation, "| Configuration |");
    assert!(row.contains("| never by date; value is 0 days old |"), "{row}");
    assert!(row.ends_with("| No credential, never due |"), "{row}");
    assert!(line(rotation, "| dev/HOST |").ends_with("| never | never due |"), "{rotation}");
    assert!(rotation.contains("**Secret rotation not implemented**: Database credential.\n"));
}

#[test]
fn the_verdict_follows_the_runbook_and_the_first_rotation() {
    let own = "**Secret rotation not implemented**: Database credential.";
    let type_of = "[types.db-credential]\n";
    let repo = with_policy(type_of, &format!("{type_of}runbook = \"docs/db.md\"\n"));
    let verdict = |repo: &Repo| {
        let text = text(repo, "");
        let rotation = section(&text, "## 6. Rotation and expiration").to_owned();
        let row = line(&rotation, "| Database credential |").to_owned();
        (row, rotation.lines().any(|line| line == own))
    };
    let (row, sentence) = verdict(&repo);
    assert!(row.contains("Defined, not yet exercised (first due 2026-12-09)"), "{row}");
    assert!(!sentence);
    let late = Repo::copied(repo.folder()).at("2026-12-11");
    let (row, sentence) = verdict(&late);
    let words = "**Secret rotation not implemented** (defined, never executed, 2 past due)";
    assert!(row.contains(words) && sentence, "{row}");
    late.tenure_fed(&["set", "dev/DATABASE_PASSWORD"], format!("{VALUE}-new")).done();
    let (row, sentence) = verdict(&late);
    assert!(row.contains("Implemented, 1 overdue (oldest 2 days)") && !sentence, "{row}");
    late.tenure_fed(&["set", "prod/DATABASE_PASSWORD"], format!("{VALUE}-new")).done();
    let (row, sentence) = verdict(&late);
    assert!(row.contains("Implemented; last 2026-12-11; on time 0 of 2") && !sentence, "{row}");
}

#[test]
fn a_value_that_is_taken_away_and_set_again_is_no_rotation() {
    let repo = firm();
    let counted = |repo: &Repo| {
        let text = text(repo, "");
        let events = section(&text, "## 7. Monitoring and audit");
        ["| Creation |", "| Rotation, finished |"].map(|row| line(events, row).trim().to_owned())
    };
    assert_eq!(
        counted(&repo),
        ["| Creation | 6 | 2026-09-10 |", "| Rotation, finished | 2 | 2026-11-03 |"]
    );
    repo.run("unset dev/DATABASE_PASSWORD -y").done();
    repo.tenure_fed(&["set", "dev/DATABASE_PASSWORD"], format!("{VALUE}-new")).done();
    assert_eq!(
        counted(&repo),
        ["| Creation | 7 | 2026-11-21 |", "| Rotation, finished | 2 | 2026-11-03 |"]
    );
}

#[test]
fn a_decision_not_to_rotate_stands_with_its_reason_and_end() {
    let accept =
        "[types.db-credential]\naccept = { reason = \"ask Paywell, soon\", until = 2027-01-31 }\n";
    let repo = with_policy("[types.db-credential]\n", accept);
    let words = "Not rotated by decision (ask the vendor, soon, until 2027-01-31)";
    let internal = text(&repo, "");
    assert!(line(&internal, "| Database credential | 90").contains(words), "{internal}");
    assert!(!internal.contains("**Secret rotation not implemented**"));
    let customers = text(&repo, "--customer");
    assert!(customers.contains("Not rotated by decision (until 2027-01-31)"), "{customers}");
}

#[test]
fn each_note_on_a_type_is_a_sentence() {
    let repo = with_policy("runbook = \"docs/customer-key.md\"\n", "");
    let row = line(&text(&repo, ""), "| Encryption key | 365").to_owned();
    assert!(row.ends_with("(policy only, no runbook). The customer decides |"), "{row}");
}

#[test]
fn no_product_is_named_in_free_words() {
    let repo = with_policy("\"payments on call\"", "\"PAYWELL support\"");
    let text = text(&repo, "");
    let row = line(section(&text, "## 9. Customer-facing considerations"), "| API key |");
    assert!(row.contains("| the vendor support |"), "{row}");
    assert!(!text.to_lowercase().contains("paywell"));
}

#[test]
fn a_store_elsewhere_is_declared_and_its_encryption_unknown() {
    let more = "[environments.legacy]\nstore = \"elsewhere\"\n\n[environments.prod]";
    let text = text(&with_policy("[environments.prod]", more), "");
    let storage = section(&text, "## 3. Storage approach");
    let mechanism = line(storage, "- **Storage mechanism");
    assert!(mechanism.ends_with("*proven* Centralized store (legacy). *declared*"), "{mechanism}");
    assert!(line(storage, "- **Encryption at rest").contains("legacy: kept elsewhere, Unknown."));
}

#[test]
fn access_that_is_not_declared_is_unknown() {
    let text = text(&with_policy("access = \"inject\"\n", ""), "");
    let method = line(&text, "- **Access method");
    assert!(method.contains("checkout, reports, tests), Unknown (gateway)."), "{method}");
    assert!(text.contains("no consumer is declared to read so. *unknown*"));
}

#[test]
fn the_numbers_are_those_of_status() {
    let repo = firm();
    let status = repo.run("status --json").done().json();
    let sum = |field: &str| {
        let environments = status["environments"].as_array().unwrap();
        environments.iter().map(|env| env[field].as_u64().unwrap()).sum::<u64>()
    };
    let text = text(&repo, "");
    let numbers = line(section(&text, "## 11. Summary"), "6 values");
    assert!(numbers.starts_with(&format!("{} values, {0} sealed.", sum("values"))), "{numbers}");
    assert!(numbers.contains(&format!(" {} value overdue", sum("overdue"))), "{numbers}");
    let log = &status["entries"];
    assert_eq!(log["verified"], log["all"]);
    assert!(numbers.contains(&format!(" {} log entries, all verified.", log["all"])), "{numbers}");
}

#[test]
fn a_rotation_in_steps_is_told_and_counts_once_its_old_value_is_ended() {
    let type_of = "[types.api-key]\n";
    let repo = with_policy(type_of, &format!("{type_of}revoke = \"console, keys\"\n"));
    // The old value of the rotation on 2026-11-03 was never ended, so none of this type is finished.
    let text_now = text(&repo, "");
    let api = line(section(&text_now, "## 6. Rotation and expiration"), "| API key |").to_owned();
    assert!(api.contains("(defined, never executed, 1 past due)"), "{api}");
    repo.tenure_fed(&["rotate", "prod/PAYMENT_API_KEY", "--begin"], format!("{VALUE}-b")).done();
    let begun = text(&repo, "");
    assert!(begun.contains("Current 6, pending 1, previous none, revoked none."), "{begun}");
    repo.run("rotate prod/PAYMENT_API_KEY --promote").done();
    let promoted = text(&repo, "");
    assert!(promoted.contains("Current 6, pending none, previous 1, revoked none."), "{promoted}");
    let rotation = section(&promoted, "## 6. Rotation and expiration");
    let previous = line(rotation, "| prod/PAYMENT_API_KEY_PREVIOUS |");
    assert!(previous.contains("previous, to be ended by 2026-11-28"), "{previous}");
    repo.run("rotate prod/PAYMENT_API_KEY --finish").done();
    let finished = text(&repo, "");
    assert!(finished.contains("Current 6, pending none, previous none, revoked 1."), "{finished}");
    let word = "That the issuer refuses the old value is declared by ana, not proven.";
    assert!(finished.lines().any(|line| line.ends_with(word)), "{finished}");
    let api = line(section(&finished, "## 6. Rotation and expiration"), "| API key |").to_owned();
    assert!(api.contains("Implemented; last 2026-11-21; on time 0 of 1"), "{api}");
    // The second one was made as a pending value; it was in use under its own name.
    repo.tenure_fed(&["rotate", "prod/PAYMENT_API_KEY"], format!("{VALUE}-c")).done();
    let replaced = text(&repo, "");
    let counts = "Current 6, pending none, previous 1 (1 in no file any more), revoked 1.";
    assert!(replaced.contains(counts), "{replaced}");
    repo.run("rotate prod/PAYMENT_API_KEY --finish").done();
    let ended = text(&repo, "");
    assert_eq!(ended.matches("  - old prod/PAYMENT_API_KEY, 2026-11-21. ").count(), 2, "{ended}");
    assert!(!ended.contains("_NEXT"), "{ended}");
    let exposed = repo.run("exposure ben").done().stdout;
    assert!(exposed.contains("dead  prod/PAYMENT_API_KEY ") && !exposed.contains("_NEXT"));
}

#[test]
fn what_is_open_began_before_the_last_rotation() {
    let repo = firm();
    let since = |repo: &Repo, begins: &str| {
        let text = text(repo, "");
        let row = line(&text, begins).to_owned();
        row.split(" | ").nth(2).unwrap().to_owned()
    };
    let no_end = "| OI-05 | No revocation: API key ";
    let no_way = "| OI-17 | Third-party secret: prod/PAYMENT_API_KEY";
    assert_eq!(since(&repo, no_end), "2026-08-14");
    for name in ["dev/PAYMENT_API_KEY", "prod/PAYMENT_API_KEY"] {
        repo.tenure_fed(&["rotate", name], format!("{VALUE}-{name}")).done();
    }
    repo.run("mv prod/PAYMENT_API_KEY prod/secrets/prod/pay.env#PAYMENT_API_KEY").done();
    assert_eq!(
        (since(&repo, no_end), since(&repo, no_way)),
        ("2026-08-14".into(), "2026-08-14".into())
    );
    // Nor is a value announced before it is there.
    let args = ["set", "prod/TLS_CERTIFICATE", "--due", "2026-12-01"];
    repo.tenure_fed(&args, format!("{VALUE}-t")).done();
    let text = text(&repo, "");
    let row = line(section(&text, "## 6. Rotation and expiration"), "| prod/TLS_CERTIFICATE |");
    assert!(row.ends_with("| in time, warned since 2026-11-21 |"), "{row}");
}

#[test]
fn grace_is_told_with_the_type_the_value_and_the_open_item() {
    let repo = with_policy("[types.api-key]\n", "[types.api-key]\ngrace = \"10d\"\n");
    let told = |repo: &Repo| {
        let text = text(repo, "");
        let rotation = section(&text, "## 6. Rotation and expiration");
        let kind = line(rotation, "| API key |").to_owned();
        (kind, line(rotation, "| prod/PAYMENT").to_owned(), line(&text, "| OI-06 |").to_owned())
    };
    let (kind, row, item) = told(&repo);
    assert!(kind.contains("; an overdue value is a warning for 10 days |"), "{kind}");
    assert!(row.contains("overdue by 9 days; in grace until 2026-11-22"), "{row}");
    assert!(item.contains("prod/PAYMENT_API_KEY, 9 days, in grace until 2026-11-22 |"), "{item}");
    let (_, row, item) = told(&Repo::copied(repo.folder()).at("2026-11-23"));
    assert!(row.contains("overdue by 11 days") && !row.contains("in grace"), "{row}");
    assert!(item.contains("11 days |"), "{item}");
}

#[test]
fn a_lost_key_read_until_it_was_replaced() {
    let repo = firm();
    let (public, _) = new_key(&repo, "ben.new");
    repo.run(&format!("member replace-key ben --ssh-key {public} -y --lost")).done();
    let text = text(&repo, "");
    let audit = section(&text, "## 7. Monitoring and audit");
    let prod = "could read prod: ana, ben, deploy-prod; until 2026-11-21 also a lost key of ben *";
    assert!(audit.contains(prod), "{audit}");
    assert!(audit.contains("until 2026-11-16 also cleo; until 2026-11-21 also a lost key of ben"));
    assert!(audit.contains("| Revocation of a reader | 3 | 2026-11-21 |"), "{audit}");
    let lost =
        "  - lost key of ben, 2026-11-21, new key generation for prod the same day *(proven)*";
    assert!(text.lines().any(|line| line == lost), "{text}");
}

#[test]
fn a_hostile_leaver_makes_values_due_on_one_day_in_every_place() {
    let repo = firm();
    repo.run("member remove dan --with-machines --hostile -y --reason seized").done();
    let text = text(&repo, "");
    let mine: Vec<_> = text.lines().filter(|line| line.contains("Leaver: dan left")).collect();
    assert!(!mine.is_empty(), "{text}");
    assert!(mine.iter().all(|line| line.contains(", due 2026-11-21 | 2026-11-21 |")), "{mine:?}");
}

#[test]
fn a_rotation_that_is_taken_back_is_none() {
    let repo = firm();
    let events = |repo: &Repo| line(&text(repo, ""), "| Rotation, finished |").trim().to_owned();
    let before = events(&repo);
    repo.tenure_fed(&["rotate", "dev/PAYMENT_API_KEY", "--begin"], format!("{VALUE}-b")).done();
    assert_eq!(events(&repo), before);
    repo.run("rotate dev/PAYMENT_API_KEY --promote").done();
    assert_eq!(events(&repo), "| Rotation, finished | 3 | 2026-11-21 |");
    repo.run("rotate dev/PAYMENT_API_KEY --undo").done();
    assert_eq!(events(&repo), before);
}

#[test]
fn an_incident_is_told_at_once_and_a_drill_as_one() {
    let repo = firm();
    let opened = |more: &[&str]| {
        let args =
            ["incident", "open", "--secret", "prod/TLS_CERTIFICATE", "--reason", "leaked", "-y"];
        let repo = Repo::copied(repo.folder()).at("2026-11-21");
        repo.tenure(&[&args[..], more].concat()).done();
        let text = text(&repo, "");
        let row =
            line(section(&text, "## 6. Rotation and expiration"), "| Certificate |").to_owned();
        (line(&text, "- **Detection:**").to_owned(), row, text)
    };
    let (detection, row, text) = opened(&[]);
    let detected = "- **Detection:** open incidents: 1; open drills: none.";
    assert!(detection.starts_with(detected), "{detection}");
    assert!(row.contains("Open: compromise (prod, due 2026-11-21)"), "{row}");
    assert!(text.contains(" on secret:") && text.contains("1 of 1 value still live"), "{text}");
    // Since when it can be read, and not since when that is known.
    let debt = line(section(&text, "## 8. Incident response considerations"), "| prod/TLS");
    assert!(debt.contains(" is open since 2026-11-21 | 2026-10-01 | 2026-11-21 |"), "{debt}");
    let (detection, row, _) = opened(&["--drill"]);
    let detected = "- **Detection:** open incidents: none; open drills: 1.";
    assert!(detection.starts_with(detected), "{detection}");
    assert!(row.contains("Open: none") && row.contains("Implemented; last 2026-10-01"), "{row}");
}
