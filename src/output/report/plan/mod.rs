//! The Secrets Management Plan, with the seven headings of mission row B13.

mod access;
mod kinds;
mod links;

use super::markdown::{Doc, Indent, code, prose};
use super::words::{days, list};
use crate::deeds::hooks::A_HOOK_CAN_BE_SKIPPED;
use crate::deeds::report::plan::Plan;
use crate::names::RoleName;
use crate::output::sentences::{NAMES_ARE_VISIBLE, NOT_A_RUNNING_PROCESS};
use crate::policy::{Comments, Policy, Store};

/// Writes the plan.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let policy = &plan.policy;
    let mut doc = Doc::default();
    title(&mut doc, plan);
    kinds::types(&mut doc, policy);
    storage(&mut doc, policy);
    access::write(&mut doc, policy);
    kinds::rotation(&mut doc, policy);
    kinds::revocation(&mut doc, policy);
    links::third_party(&mut doc, policy);
    links::logging(&mut doc, policy);
    doc.finish()
}

fn title(doc: &mut Doc, plan: &Plan) {
    doc.line("# Secrets Management Plan");
    doc.gap();
    doc.line("> **Document ID:** Plan  ");
    doc.line(format!("> **Plan hash:** {}", code(&plan.hash.to_string())));
    doc.paragraph(
        "The rules of the signed policy. The hash covers them, and not who is in a role, who answers for a \
         secret or whom to ask: who joins or leaves voids no approval.",
    );
    let procedure = &plan.policy.procedure;
    doc.paragraph(format!(
        "Provisional: no approval is on record. To approve: security ({}) and the platform owner ({}), two \
         members and one hash.",
        roles(&procedure.security),
        roles(&procedure.platform_owner)
    ));
}

/// Roles by name; or that the policy names none.
fn roles(roles: &[RoleName]) -> String {
    match roles {
        [] => "no role is named".to_owned(),
        some => list(sorted(some)),
    }
}

/// In an order that says nothing, since theirs does not.
fn sorted<T: Ord + Clone>(all: &[T]) -> Vec<T> {
    let mut all = all.to_vec();
    all.sort();
    all.dedup();
    all
}

fn storage(doc: &mut Doc, policy: &Policy) {
    doc.section("2. Storage");
    doc.line(
        "- Approved store: sealed files under the patterns of an environment, and no other place.",
    );
    doc.line("- No secrets in code or config: never commit secrets.");
    doc.line(
        "- New values come from a generator, a hidden prompt, standard input, a file or the editor; never \
         from an argument.",
    );
    doc.line(format!("- {A_HOOK_CAN_BE_SKIPPED}"));
    let rows = policy.environments.iter().map(|(name, env)| {
        let globs = |globs: Vec<&str>| list(sorted(&globs).into_iter().map(code));
        let kept = match env.store {
            Store::Files => "sealed files",
            Store::Elsewhere => "a store elsewhere, which nobody here sees",
        };
        let comments = match env.comments {
            Comments::Sealed => "sealed",
            Comments::Clear => "in clear",
        };
        vec![
            name.to_string(),
            kept.to_owned(),
            globs(env.files.iter().map(|glob| glob.as_str()).collect()),
            globs(env.clear.iter().map(|glob| glob.as_str()).collect()),
            comments.to_owned(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let head = ["Environment", "Kept in", "Files", "Keys in clear", "Comments"];
    table(doc, &head, &rows, "No environment is defined.");
    doc.paragraph(NOT_A_RUNNING_PROCESS);
    doc.paragraph(NAMES_ARE_VISIBLE);
}

/// A table, or a sentence where it would be empty.
fn table(doc: &mut Doc, head: &[&str], rows: &[Vec<String>], none: &str) {
    if rows.is_empty() {
        doc.paragraph(none);
    } else {
        doc.table(Indent::None, head, rows);
    }
}

/// Text of strangers, or a word for nothing.
fn said(text: Option<&str>, none: &str) -> String {
    text.map_or_else(|| none.to_owned(), prose)
}

/// Days, or that there are none.
fn within(count: Option<u32>, none: &str) -> String {
    count.map_or_else(|| none.to_owned(), days)
}
