//! What mends a finding: the command first, where there is one.

use super::commits::MESSAGE;
use super::{HIDDEN, Leak, What};
use crate::names::{Address, quoted};
use crate::scan::{Level, TOO_MANY};
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
pub(super) fn of_value(address: &Address, level: Level) -> String {
    if level == Level::Warn {
        return "none needed: it opens nothing, as the policy says".to_owned();
    }
    let rotate = rotate(address);
    format!(
        "take it out; if it was ever pushed: {rotate}; if it opens nothing: type = \"config\" in its rule of the policy"
    )
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
pub(super) fn in_commit(leak: &Leak, commit: &ObjectId, is_range: bool) -> String {
    let fix = format!("{}; if not: git rebase -i {}~", ended(leak), commit.short());
    let Some(allow) = exception(leak) else { return fix };
    match is_range {
        false => format!("{fix}; a false alarm: {allow}"),
        true => {
            format!("{fix}; a false alarm: {allow}, in a branch of its own that is merged first")
        }
    }
}

/// Of what a tag says, or leads to without a commit.
pub(super) fn in_tag(leak: &Leak) -> String {
    let tag = leak
        .commit
        .as_ref()
        .map(|tag| format!("; if not: git tag -d $(git tag --points-at {})", tag.short()));
    format!("{}{}", ended(leak), tag.unwrap_or_default())
}

/// Of what a reference is called, which is not shown.
pub(super) fn of_reference(leak: &Leak) -> String {
    format!("{}; if not: git branch -m NEW, or git tag -d NAME", ended(leak))
}

/// Of what whoever commits is called.
pub(super) fn of_person(leak: &Leak) -> String {
    format!("git config user.name NAME, and user.email; {}", ended(leak))
}

fn ended(leak: &Leak) -> String {
    let end = match &leak.what {
        What::Managed { address, .. } => rotate(address),
        What::Credential => "revoke it where it was issued".to_owned(),
    };
    format!("if it was ever pushed: {end}")
}

/// What lets a line of a file pass, where anything does.
fn exception(leak: &Leak) -> Option<String> {
    let is_in_file = leak.line > 0 && leak.path != MESSAGE && !leak.path.contains(HIDDEN);
    leak.excusable.as_ref().filter(|_| is_in_file && leak.rule != TOO_MANY)?;
    // The text as the commit has it: it may stand elsewhere by now, or nowhere.
    let commit = leak.commit.as_ref().map(|id| format!("{}:", id.short())).unwrap_or_default();
    let place = quoted(format!("{commit}{}:{}", leak.path, leak.line));
    Some(format!("tenure allow {place} --reason \"…\""))
}

fn rotate(address: &Address) -> String {
    format!("tenure rotate {}", quoted(address))
}
