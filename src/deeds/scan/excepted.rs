//! Exceptions that name what none may cover: a managed file, or a managed value. They have no effect.

use super::standards::{ALLOW, Standards};
use super::values::{self, Policies, Stood, Value};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::finding::{Code, Finding, Severity};
use crate::names::{Address, RepoPath, quoted};
use crate::policy::Policy;
use crate::scan::{Allow, AllowList};
use crate::world::StagedChange;

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
    let mut findings = Vec::new();
    for allow in list.entries() {
        let covers = |path: &&RepoPath| {
            policy.environment_of(path).is_some() && allow.path.takes_text(path.as_str())
        };
        if let Some(path) = files.iter().find(covers) {
            let message =
                format!("this exception covers `{path}`, a managed file; it has no effect there");
            let fix = "name a narrower path, or take it out";
            findings.push(finding(line_of(&text, allow), message, fix));
        }
    }
    let values = || Ok(values::standing(place, &Policies::only(policy), Stood::default())?.values);
    for (address, allow) in naming(&list, values)? {
        let fix = format!("tenure allow --prune && tenure rotate {}", quoted(&address));
        findings.push(finding(line_of(&text, allow), oracle(&address), &fix));
    }
    Ok(findings)
}

/// Judges the exceptions that a commit of the index brings: of those that name a managed value, whoever reads the
/// commit could test guesses. What HEAD has already is for `check` to tell.
pub(in crate::deeds) fn brought(
    place: &Place<'_>,
    standards: &Standards,
    changes: &[StagedChange],
) -> Result<Vec<Finding>, DeedError> {
    let is_it = |change: &StagedChange| change.raw == ALLOW.as_bytes() && change.now.is_some();
    if !changes.iter().any(is_it) {
        return Ok(Vec::new());
    }
    let path: RepoPath = ALLOW.parse()?;
    let bytes = place.read(&path)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let head = place.checkout.head_file(&path)?.unwrap_or_default();
    let is_known = |allow: &Allow| String::from_utf8_lossy(&head).contains(&allow.text.to_string());
    let values = || {
        let stands = values::about_to_stand(place, changes)?;
        Ok(stands.map(|stands| stands.values).unwrap_or_default())
    };
    let named = naming(&standards.allow, values)?;
    let new = named.into_iter().filter(|(_, allow)| !is_known(allow));
    let fix = format!("tenure allow --prune && git add {ALLOW}");
    let tell = |(address, allow): (Address, &Allow)| {
        finding(line_of(&text, allow), oracle(&address), &fix)
    };
    Ok(new.map(tell).collect())
}

/// The exceptions that name values, which are opened only where there are any.
fn naming(
    list: &AllowList,
    values: impl FnOnce() -> Result<Vec<Value>, DeedError>,
) -> Result<Vec<(Address, &Allow)>, DeedError> {
    if list.entries().is_empty() {
        return Ok(Vec::new());
    }
    let mut named = Vec::new();
    for (address, value) in values()? {
        named.extend(list.naming(&value).map(|allow| (address.clone(), allow)));
    }
    Ok(named)
}

fn oracle(address: &Address) -> String {
    format!(
        "this exception names the value of {address}: it has no effect, and its hash helps to guess it"
    )
}

fn line_of(text: &str, allow: &Allow) -> Option<usize> {
    let hash = allow.text.to_string();
    text.lines().position(|line| line.contains(&hash)).map(|at| at + 1)
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
