//! Clauses of the mission, sections A and B, each by its number and as its third column says.

use std::fs;
use std::io::{Read as _, Write as _};

use serde_json::Value;

use super::five_d::{line, section, text, with_policy};
use super::{VALUE, firm};
use crate::commands::incident::by;
use crate::commands::member::{add, started};
use crate::support::{Repo, below};

/// What `check` finds: the exit code, and each code with its place.
fn checked(repo: &Repo) -> (i32, Vec<(String, String)>) {
    let checked = repo.run("check --json");
    let found = checked.json()["findings"].clone();
    let text = |of: &Value| of.as_str().unwrap().to_owned();
    let found = found.as_array().unwrap().iter().filter(|it| it["severity"] != "note");
    (checked.code, found.map(|it| (text(&it["code"]), text(&it["place"]))).collect())
}

/// What section 7 says of today, whatever the document's exit code.
fn today(repo: &Repo) -> String {
    let told = repo.run("report 5d").stdout;
    line(section(&told, "## 7. Monitoring and audit"), "`tenure check`").to_owned()
}

/// The ids and subjects of the open items.
fn items(repo: &Repo) -> Vec<String> {
    let told = text(repo, "");
    told.lines().filter(|line| line.starts_with("| OI-")).map(str::to_owned).collect()
}

/// Wraps a keyring anew, for ana and for one more, as somebody who reads it can.
fn with_one_more(repo: &Repo, ring: &std::path::Path) {
    let key = fs::read(repo.home().join(".ssh/id_ed25519")).unwrap();
    let own = age::ssh::Identity::from_buffer(key.as_slice(), None).unwrap();
    let armored = fs::read(ring).unwrap();
    let decryptor = age::Decryptor::new(age::armor::ArmoredReader::new(&armored[..])).unwrap();
    let mut plain = Vec::new();
    let own_key: &dyn age::Identity = &own;
    decryptor.decrypt([own_key].into_iter()).unwrap().read_to_end(&mut plain).unwrap();
    let public = fs::read_to_string(repo.home().join(".ssh/id_ed25519.pub")).unwrap();
    let ana: age::ssh::Recipient = public.trim().parse().unwrap();
    let more = age::x25519::Identity::generate().to_public();
    let all: [&dyn age::Recipient; 2] = [&ana, &more];
    let mut out = Vec::new();
    let armor =
        age::armor::ArmoredWriter::wrap_output(&mut out, age::armor::Format::AsciiArmor).unwrap();
    let sealed = age::Encryptor::with_recipients(all.into_iter()).unwrap();
    let mut writer = sealed.wrap_output(armor).unwrap();
    writer.write_all(&plain).unwrap();
    writer.finish().unwrap().finish().unwrap();
    fs::write(ring, out).unwrap();
}

#[test]
fn a12_a_recipient_added_to_a_keyring_by_hand_is_exit_5() {
    let repo = firm();
    assert!(today(&repo).contains("unknown recipient none"));
    let ring = below(&repo.path().join(".secrets/keys/prod")).pop().unwrap();
    with_one_more(&repo, &ring);
    let (code, found) = checked(&repo);
    assert_eq!(code, 5, "{found:?}");
    let place = |(_, place): &(String, String)| place.starts_with(".secrets/keys/prod/");
    assert!(found.iter().any(|it| it.0 == "altered" && place(it)), "{found:?}");
    assert!(today(&repo).contains("unknown recipient 1,"), "{}", today(&repo));
    assert_eq!(repo.run("get prod/TLS_CERTIFICATE").code, 5);
}

#[test]
fn a24_reads_are_not_recorded_and_receipts_are_declared() {
    let repo = firm();
    let access = |repo: &Repo| {
        let told = text(repo, "");
        let audit = section(&told, "## 7. Monitoring and audit");
        let all: Vec<_> =
            audit.lines().skip_while(|line| !line.starts_with("- **Access")).collect();
        all[..4].join("\n")
    };
    let wanted = "- **Access logging:** Reads are not recorded: whoever holds a reader's key can open values offline and leave no trace. No entry never means not read.\n  - could read dev: ana, ben, dan, ci-dev; until 2026-11-16 also cleo *(proven)*\n  - could read prod: ana, ben, deploy-prod *(proven)*\n  - receipts of CI jobs: ";
    assert_eq!(access(&repo), format!("{wanted}no file of a CI keeps any"));
    repo.write("ci/deploy.yml", "- tenure run -e prod --receipt receipt.json -- ./deploy\n");
    repo.commit("receipts");
    let kept = "kept by `ci/deploy.yml`, to be kept for 90 days *(declared)*";
    assert_eq!(access(&repo), format!("{wanted}{kept}"));
    let row = text(&repo, "").lines().any(|line| line.trim() == "| Access | not recorded |  |");
    assert!(row);
}

#[test]
fn a25_a_changed_byte_of_any_entry_is_exit_5_and_named() {
    let repo = firm();
    let entries = below(&repo.path().join(".secrets/log"));
    assert!(entries.len() > 20);
    for file in entries {
        let bytes = fs::read(&file).unwrap();
        let at = bytes.windows(4).position(|it| it == b"time").unwrap();
        let mut other = bytes.clone();
        other[at + 10] ^= 1;
        fs::write(&file, other).unwrap();
        let path = file.strip_prefix(repo.path()).unwrap().display().to_string();
        let (code, found) = checked(&repo);
        assert_eq!(code, 5, "{path}");
        assert!(found.iter().any(|(_, place)| place.starts_with(&path)), "{path}: {found:?}");
        assert_eq!(repo.run("report 5d").code, 5, "{path}");
        fs::write(&file, bytes).unwrap();
    }
    assert_eq!(checked(&repo).0, 1, "as before: a value is overdue");
}

/// A state in which ana took cleo away while she wrote a value on a branch.
fn written_beside_a_removal() -> Repo {
    let repo = started();
    let cleo = add(&repo, "cleo", "developer");
    repo.commit("begun");
    repo.git(&["switch", "--quiet", "-c", "cleos"]).done();
    fs::rename(repo.home().join(".ssh"), repo.home().join("away")).unwrap();
    repo.tenure_fed(&["-i", &cleo, "set", "dev/DATABASE_URL"], "by cleo").done();
    fs::rename(repo.home().join("away"), repo.home().join(".ssh")).unwrap();
    repo.commit("hers");
    repo.git(&["switch", "--quiet", "main"]).done();
    repo.run("member remove cleo -y").done();
    repo.commit("gone");
    repo.git(&["merge", "--quiet", "--no-edit", "--no-verify", "cleos"]).done();
    repo
}

#[test]
fn a26_each_misuse_has_its_exit_status_and_its_code() {
    let has = |repo: &Repo, exit: i32, code: &str, words: &str| {
        let (status, found) = checked(repo);
        assert_eq!(status, exit, "{code}: {found:?}");
        assert!(found.iter().any(|it| it.0 == code), "{code}: {found:?}");
        assert!(today(repo).contains(words), "{code}: {}", today(repo));
    };
    let repo = firm();
    assert!(today(&repo).contains("Today: overdue 1, value in clear none, unknown recipient none, unattested change none, entry by a removed key none; no canary is defined."));
    has(&repo, 1, "overdue", "overdue 1,");
    // An unattested change: a value under another name.
    let sealed = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", sealed.replace("DATABASE_PASSWORD", "DATABASE_PASSWORT"));
    has(&repo, 5, "unattested", "unattested change 2,");
    repo.write("secrets/dev.env", format!("{sealed}NEW=plain-{VALUE}\n"));
    has(&repo, 1, "plaintext", "value in clear 1,");
    // A canary that somebody saw.
    let types = "[[secrets]]\nmatch = \"dev/CANARY\"\ntype = \"canary\"\n\n[consumers.archive]";
    let repo = with_policy("[consumers.archive]", types);
    repo.tenure_fed(&["set", "dev/CANARY"], format!("{VALUE}-canary")).done();
    assert!(today(&repo).contains("; 1 canary, whose use is seen at their issuer only."));
    let args = ["incident", "open", "--secret", "dev/CANARY", "--reason", "used", "-y"];
    repo.tenure(&args).done();
    let (code, found) = checked(&repo);
    assert_eq!(code, 1);
    let of_it = |it: &&(String, String)| it.0 == "obligation" && it.1.ends_with(" CANARY");
    assert_eq!(found.iter().filter(of_it).count(), 1, "{found:?}");
    assert!(found.iter().any(|it| it.0 == "incident"), "{found:?}");
    let repo = written_beside_a_removal();
    let (code, found) = checked(&repo);
    assert!(code == 5 && found.iter().any(|it| it.0 == "removed-key"), "{found:?}");
}

#[test]
fn a29_rotate_due_pays_all_but_the_customers_and_the_count_falls() {
    let repo = firm();
    let open = |repo: &Repo| {
        let told = text(repo, "");
        let incident = section(&told, "## 8. Incident response considerations");
        line(incident, "- **Rotation:**").to_owned()
    };
    repo.tenure(&["incident", "open", "-e", "prod", "--reason", "seen", "-y"]).done();
    // The customer's key is among them, and is theirs to rotate.
    assert_eq!(open(&repo), "- **Rotation:** 6 obligations are open. *proven*");
    let due = repo.run("rotate --due --generate hex:16 --json").done().json();
    assert_eq!(due["values"].as_array().unwrap().len(), 5, "{due}");
    assert_eq!(due["kept"], serde_json::json!([]), "no overlap in an incident: {due}");
    assert_eq!(open(&repo), "- **Rotation:** 1 obligation is open. *proven*");
}

#[test]
fn a33_a_blank_responsibility_is_unknown_and_an_item() {
    let repo = with_policy("alert = [\"provider\"]\n", "");
    let told = text(&repo, "");
    let blank = "  | alert | Unknown | Unknown | Unknown | Unknown | Unknown |";
    assert!(told.lines().any(|line| line == blank), "{told}");
    let item = "| OI-24 | Responsibility blank: alert, respond |";
    assert!(items(&repo).iter().any(|it| it.starts_with(item)), "{:?}", items(&repo));
}

#[test]
fn a34_an_integration_without_a_contact_is_an_item() {
    let (with, without) = (firm(), with_policy("contact = \"payments on call\"\n", ""));
    let lacks = |repo: &Repo| {
        let mine = items(repo).into_iter().filter(|it| it.starts_with("| OI-17 |"));
        mine.filter(|it| it.contains("PAYMENT_API_KEY: no contact, ")).count()
    };
    assert_eq!((lacks(&with), lacks(&without)), (0, 2));
    let told = text(&without, "");
    let row = line(section(&told, "## 9. Customer-facing considerations"), "| API key |");
    assert!(row.contains("| payments | not named | CI, the provider |"), "{row}");
}

#[test]
fn a32_custody_is_told_as_who_can_tells_it() {
    let repo = firm();
    let told = text(&repo, "");
    let theirs = line(&told, "- prod/CUSTOMER_DATA_KEY");
    let wanted = "- prod/CUSTOMER_DATA_KEY is customer-managed: the customer decides when it changes; we can read it (ana, ben, deploy-prod). It is due 2027-08-20, which is shown and blocks nothing.";
    assert_eq!(theirs.trim(), wanted);
    let who = repo.run("who-can read prod/CUSTOMER_DATA_KEY").done().stdout;
    for reader in ["ana", "ben", "deploy-prod"] {
        assert!(who.contains(reader), "{reader}: {who}");
    }
}

#[test]
fn b18_a_type_without_revoke_is_an_item() {
    let with = with_policy("[types.api-key]\n", "[types.api-key]\nrevoke = \"console\"\n");
    let open = |repo: &Repo| {
        items(repo).iter().any(|it| it.contains("OI-05 | No revocation: API key has no `revoke`"))
    };
    assert!(!open(&with));
    assert!(open(&firm()));
}

#[test]
fn a11_no_vendor_is_named_in_the_plan() {
    let repo = with_policy("\"payments on call\"", "\"PAYWELL support\"");
    let policy = repo.read(super::POLICY);
    let more = "[types.api-key]\nrevoke = \"in Paywell's console\"\nrisk-note = { text = \"as paywell says\", date = 2026-01-01 }\n";
    let policy = policy
        .replace("[types.api-key]\n", more)
        .replace("\"the provider\"", "\"Paywell\"")
        .replace("owner = \"payments\"", "owner = \"Certhaus desk\"");
    repo.write(super::POLICY, policy);
    repo.run("policy sign -y").done();
    for report in ["report plan", "report 5d", "report 5d --customer"] {
        let told = repo.run(report).done().stdout.to_lowercase();
        for vendor in ["paywell", "certhaus"] {
            assert!(!told.contains(vendor), "{report}: {vendor}: {told}");
        }
    }
    let plan = repo.run("report plan").done().stdout;
    assert!(plan.contains("in the vendor's console"), "{plan}");
}

#[test]
fn an_idle_machine_of_section_4_is_that_of_the_open_items() {
    let repo = with_policy("used-by = [\"archive\"]\n", "");
    let told = text(&repo, "");
    let access = section(&told, "## 4. Access control");
    let idle = line(access, "- machines that no consumer uses:");
    assert!(idle.contains("uses: deploy-prod in prod; environments"), "{idle}");
    let item = "OI-12 | Machine reads where no consumer uses it: deploy-prod reads prod";
    assert!(items(&repo).iter().any(|it| it.contains(item)));
}

/// A clone of what is committed, by somebody with no key and no memory.
fn cloned(repo: &Repo, to: &str, day: &str) -> String {
    let there = repo.folder().join(to);
    let from = repo.path().display().to_string();
    repo.git(&["clone", "--quiet", &from, &there.display().to_string()]).done();
    let root = repo.run("status --json").done().json()["root"].as_str().unwrap().to_owned();
    let home = repo.folder().join(format!("{to}-home"));
    fs::create_dir_all(&home).unwrap();
    let tenure = repo.command(env!("CARGO_BIN_EXE_tenure")).within(&there).env("HOME", &home);
    let tenure = tenure.env("XDG_STATE_HOME", home.join("state")).env("XDG_CONFIG_HOME", &home);
    let now = format!("{day}T00:00:00Z");
    tenure.args(&["--now", &now, "--root", &root, "report", "5d"]).run().done().stdout
}

#[test]
fn one_state_and_day_give_the_same_bytes_twice_and_in_a_fresh_clone() {
    let states: [&dyn Fn(&Repo); 3] = [
        &|_| {},
        &|repo| {
            repo.tenure(&["incident", "open", "-e", "dev", "--reason", "seen", "-y"]).done();
        },
        &|repo| {
            repo.tenure_fed(&["rotate", "prod/TLS_CERTIFICATE", "--begin"], format!("{VALUE}-x"))
                .done();
        },
    ];
    for (number, change) in states.iter().enumerate() {
        let repo = firm();
        change(&repo);
        if number > 0 {
            repo.commit("state");
        }
        for day in ["2026-11-21", "2026-11-24", "2027-09-01"] {
            let repo = Repo::copied(repo.folder()).at(day);
            let first = text(&repo, "");
            assert_eq!(text(&repo, ""), first, "{number} {day}: a second time");
            assert_eq!(cloned(&repo, "fresh", day), first, "{number} {day}: in a fresh clone");
        }
    }
    // Another state has other bytes, so that the comparison can fail.
    let repo = firm();
    let before = text(&repo, "");
    states[1](&repo);
    assert_ne!(text(&repo, ""), before);
}

#[test]
fn who_reads_little_makes_the_same_document() {
    let repo = firm();
    // dan reads dev only: who closes nothing may still make the document, and it is the same.
    let dan = repo.home().join("dan.key").display().to_string();
    assert_eq!(by(&repo, &dan, &["report", "5d"]).done().stdout, text(&repo, ""));
}

#[test]
fn oi_20_one_value_in_two_environments_is_found_with_keys_to_both() {
    let repo = firm();
    let alone = |told: &str| line(told, "- No value serves two environments.").to_owned();
    let with = |repo: &Repo| repo.run("report 5d --with-keys").done();
    let told = with(&repo).stdout;
    assert_eq!(
        alone(&told),
        "- No value serves two environments. *proven*; with keys of dev, prod."
    );
    assert!(told.contains("\nOpened with keys, and compared: dev, prod.\n"), "{told}");
    assert!(told.contains("*proven*; opened with a key: dev 2 of 2, prod 4 of 4."), "{told}");
    let same = format!("{VALUE}-one-and-the-same");
    for name in ["dev/DATABASE_PASSWORD", "prod/DATABASE_PASSWORD"] {
        repo.tenure_fed(&["rotate", name], &same).done();
    }
    let found = with(&repo);
    let row = line(&found.stdout, "| OI-20 |");
    let wanted = "| OI-20 | One value in two environments: dev/DATABASE_PASSWORD, prod/DATABASE_PASSWORD | 2026-11-21 | platform | give each its own: `tenure rotate prod/DATABASE_PASSWORD` |";
    assert_eq!(row, wanted);
    assert!(alone(&found.stdout).contains("it is not so: see OI-20"), "{found}");
    assert!(found.stderr.contains("rotate it before this goes round"), "{found}");
    assert!(!found.stdout.contains(VALUE));
    // Nobody who was not asked opens anything.
    assert!(!text(&repo, "").contains("OI-20"));
    // dan has no key for prod.
    let dan = repo.home().join("dan.key").display().to_string();
    let his = by(&repo, &dan, &["report", "5d", "--with-keys"]).done().stdout;
    let unknown = "*unknown*; not computed: no key for prod; a reader of both can prove it.";
    assert!(alone(&his).ends_with(unknown) && !his.contains("OI-20"), "{his}");
    // A kept one is compared with what the same keys say, and with no others.
    repo.run("report 5d --with-keys -o docs/5d.md").done();
    repo.run("report 5d --check docs/5d.md").done();
    let refused = by(&repo, &dan, &["report", "5d", "--check", "docs/5d.md"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("made with keys of dev, prod, and those at hand open dev"));
}
