//! `tenure report plan`: the rules, their hash, and what does not change it.

use super::member::{add, started};
use crate::support::Repo;

const POLICY: &str = ".secrets-policy.toml";

/// The headings, in their order (B13).
const HEADINGS: [&str; 7] = [
    "## 1. Secret types",
    "## 2. Storage",
    "## 3. Access",
    "## 4. Rotation",
    "## 5. Revocation",
    "## 6. Links to third-party secrets",
    "## 7. Links to security logging",
];

fn plan(repo: &Repo) -> String {
    repo.run("report plan").done().stdout
}

fn hash(plan: &str) -> String {
    let line = plan.lines().find(|line| line.contains("**Plan hash:**")).unwrap();
    let hash = line.split('`').nth(1).unwrap().to_owned();
    assert!(hash.starts_with("sha256:") && hash.len() == 71, "{line}");
    hash
}

fn edit(repo: &Repo, from: &str, to: &str) {
    let text = repo.read(POLICY);
    assert!(text.contains(from), "{text}");
    repo.write(POLICY, text.replacen(from, to, 1));
    repo.run("policy sign -y").done();
}

#[test]
fn it_has_its_title_and_seven_headings_and_none_is_empty() {
    let text = plan(&started());
    assert!(text.starts_with("# Secrets Management Plan\n\n> **Document ID:** Plan  \n"), "{text}");
    let found: Vec<_> = text.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(found, HEADINGS);
    for section in text.split("\n## ").skip(1) {
        assert!(section.lines().filter(|line| !line.is_empty()).count() > 2, "{section}");
    }
    assert!(!text.contains("{{"), "{text}");
    assert!(!text.contains("sk_prod") && !text.contains("postgres"), "{text}");
    assert!(text.contains("\nProvisional: no approval is on record."), "{text}");
}

#[test]
fn a_leaver_voids_no_approval_and_a_rule_does() {
    let repo = started();
    let first = hash(&plan(&repo));
    add(&repo, "ben", "developer");
    assert_eq!(hash(&plan(&repo)), first);
    repo.run("member remove ben -y").done();
    assert_eq!(hash(&plan(&repo)), first);
    edit(&repo, "leaver = \"1d\" ", "leaver = \"2d\" ");
    let second = plan(&repo);
    assert_ne!(hash(&second), first);
    assert!(second.contains("- prod: 2 days\n"), "{second}");
    edit(&repo, "leaver = \"2d\" ", "leaver = \"1d\" ");
    assert_eq!(hash(&plan(&repo)), first);
}

#[test]
fn rules_are_shown_where_they_belong_and_no_vendor_is() {
    let repo = started();
    let more = "\n[[secrets]]\nmatch = \"prod/STRIPE_*\"\ntype = \"api-key\"\nowner = \"pay | ments\"\n\
                origin = \"third-party\"\nvendor = \"Paywell\"\ncontact = \"on <call>\"\n\
                copies = [\"the provider\"]\n\n[links]\nsecurity-logging = \"docs/logging.md\"\n\n\
                [logging]\nrequired = [\"reads\", \"changes\"]\n\n\
                [consumers.shop]\naccess = \"run\"\npaths = [\"shop/**\"]\n";
    repo.write(POLICY, repo.read(POLICY) + more);
    repo.run("policy sign -y").done();
    let text = plan(&repo);
    for line in [
        "| API key (api-key) | API keys | not described | `prod/STRIPE_*` | pay \\| ments | third-party |",
        "| `prod/STRIPE_*` | api-key | the provider | on \\<call\\> |",
        "- Security logging procedure: `docs/logging.md`",
        "| reads | nowhere: nobody records it |",
        "| changes | the signed log |",
        "| shop | Environment variables, by `tenure run` | `shop/**` |",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\nin\n{text}");
    }
    assert!(!text.contains("Paywell"), "{text}");
}

#[test]
fn a_kept_plan_is_compared_and_a_hand_edit_is_found() {
    let repo = started();
    repo.run("report plan -o plan.md").done();
    assert_eq!(repo.read("plan.md"), plan(&repo));
    repo.run("report plan --check plan.md").done();
    // No day is in it, and nobody's coming changes it.
    let repo = repo.at("2026-02-01");
    add(&repo, "ben", "developer");
    repo.run("report plan --check plan.md").done();
    repo.write("plan.md", repo.read("plan.md").replace("never by date", "yearly"));
    let found = repo.run("report plan --check plan.md");
    assert_eq!(found.code, 1, "{found}");
    assert!(found.stdout.contains("plan.md:"), "{found}");
    repo.write("notes.md", "mine\n");
    assert_eq!(repo.run("report plan -o notes.md").code, 2);
    assert_eq!(repo.read("notes.md"), "mine\n");
}

#[test]
fn machines_are_told_where_a_report_went() {
    let repo = started();
    for (report, file) in [("5d", "5d.md"), ("plan", "plan.md"), ("calendar", "due.ics")] {
        let line = format!("report {report} -o {file}");
        let told = repo.run(&line).done();
        assert_eq!((&*told.stdout, told.stderr), ("", format!("written: {file}\n")));
        let json = repo.run(&format!("--json {line}")).done().json();
        assert_eq!((&json["report"], &json["written"]), (&report.into(), &file.into()));
    }
}
