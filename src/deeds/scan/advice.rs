//! What mends a finding: the command first, where there is one.

use super::{HIDDEN, Leak, What};
use crate::names::{Address, quoted};
use crate::scan::TOO_MANY;
use crate::world::ObjectId;

/// Of a text with more findings than are looked at: nothing lets it pass.
pub(super) const TOO_MUCH: &str =
    "leave the file out of git: git rm --cached, and a line in .gitignore";

/// Of a credential in a text.
pub(super) fn of_hit(rule: &str, (path, line): (&str, usize), excuses: bool) -> String {
    if rule == TOO_MANY {
        return TOO_MUCH.to_owned();
    }
    // What is in no file of a repository has no exceptions; whose path is not shown cannot be named.
    if !excuses || path.contains(HIDDEN) {
        return "take it out".to_owned();
    }
    let place = quoted(format!("{path}:{line}"));
    format!(
        "take it out (`tenure set` keeps it); a false alarm: tenure allow {place} --reason \"…\""
    )
}

/// Of a credential in what a policy leaves in clear of a sealed file.
pub(super) fn of_clear(path: &str) -> String {
    format!("take its key out of `clear` in the policy, then: tenure seal {}", quoted(path))
}

/// Of a value that is managed here.
pub(super) fn of_value(address: &Address) -> String {
    format!("take it out; if it was ever pushed: {}", rotate(address))
}

/// Of what a file's name says, which is not shown.
pub(super) fn of_name(leak: &Leak) -> String {
    match &leak.what {
        What::Managed { address, .. } => {
            format!("rename it with git mv; if it was ever pushed: {}", rotate(address))
        }
        What::Credential => {
            "rename it with git mv; a false alarm: tenure allow FILE:0 --path GLOB --reason \"…\""
                .to_owned()
        }
    }
}

/// Of what a commit brought, which no edit of a file takes back.
pub(super) fn in_commit(leak: &Leak, commit: &ObjectId) -> String {
    let end = match &leak.what {
        What::Managed { address, .. } => rotate(address),
        What::Credential => "revoke it where it was issued".to_owned(),
    };
    format!("if it was ever pushed: {end}; if not: git rebase -i {}~", commit.short())
}

fn rotate(address: &Address) -> String {
    format!("tenure rotate {}", quoted(address))
}
