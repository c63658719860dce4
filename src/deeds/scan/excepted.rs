//! Exceptions that name what none may cover: a managed file, or a managed value. They have no effect.

use super::standards::ALLOW;
use super::values;
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::finding::{Code, Finding, Severity};
use crate::names::RepoPath;
use crate::policy::Policy;
use crate::scan::{Allow, AllowList};

/// Judges the exceptions of a place, given its files. Values are compared as far as keys at hand open them
/// without a question.
pub(in crate::deeds) fn findings(
    place: &Place<'_>,
    policy: &Policy,
    files: &[RepoPath],
) -> Result<Vec<Finding>, DeedError> {
    let Some(bytes) = place.read(&ALLOW.parse()?)? else { return Ok(Vec::new()) };
    let text = String::from_utf8_lossy(&bytes);
    let list = match AllowList::parse(&text) {
        Ok(list) => list,
        Err(why) => return Ok(vec![finding(Some(why.line), why.to_string(), "mend that line")]),
    };
    let line = |allow: &Allow| {
        let hash = allow.text.to_string();
        text.lines().position(|line| line.contains(&hash)).map(|at| at + 1)
    };
    let mut findings = Vec::new();
    for allow in list.entries() {
        let covers = |path: &&RepoPath| {
            policy.environment_of(path).is_some() && allow.path.takes_text(path.as_str())
        };
        if let Some(path) = files.iter().find(covers) {
            let message =
                format!("this exception covers `{path}`, a managed file; it has no effect there");
            findings.push(finding(line(allow), message, "name a narrower path, or take it out"));
        }
    }
    if list.entries().is_empty() {
        return Ok(findings);
    }
    for (address, value) in values::opened(place, policy, &[])?.0 {
        for allow in list.naming(&value) {
            let message = format!(
                "this exception names the value of {address}: it has no effect, and its hash helps to guess it"
            );
            let fix = format!("take it out, then: tenure rotate {address}");
            findings.push(finding(line(allow), message, &fix));
        }
    }
    Ok(findings)
}

fn finding(line: Option<usize>, message: String, fix: &str) -> Finding {
    Finding {
        code: Code::Exception,
        severity: Severity::Found,
        env: None,
        place: line.map_or_else(|| ALLOW.to_owned(), |line| format!("{ALLOW}:{line}")),
        address: None,
        entry: None,
        message,
        fix: Some(fix.to_owned()),
    }
}
