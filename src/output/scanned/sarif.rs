//! Findings as SARIF 2.1.0 (OASIS), for whatever shows the findings of many tools in one place.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::{level, sentence, unheeded};
use crate::deeds::scan::{By, Leak, Scanned};
use crate::names::Sha256;
use crate::output::escape::json_line;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Findings as a SARIF log of one run.
pub struct Sarif<'s>(pub &'s Scanned);

impl Sarif<'_> {
    /// The log as JSON text.
    #[must_use]
    pub fn text(&self) -> String {
        let leaks = self.0.told();
        let rules: BTreeMap<_, _> =
            leaks.iter().copied().map(|it| (it.rule.as_str(), it)).collect();
        let places: HashMap<_, _> = rules.keys().enumerate().map(|(at, id)| (*id, at)).collect();
        let results = leaks.iter().copied().zip(fingerprints(&leaks));
        let results: Vec<_> =
            results.map(|(leak, print)| result(leak, places[leak.rule.as_str()], &print)).collect();
        let log = json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "tenure",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": rules.values().map(|leak| rule(leak)).collect::<Vec<_>>(),
                } },
                "columnKind": "utf16CodeUnits",
                "results": results,
                "properties": {
                    "allowed": self.0.allowed,
                    "listed": self.0.listed,
                    "by_marks": self.0.by_marks,
                    "relaxed": self.0.relaxed,
                    "unheeded": unheeded(self.0),
                    "skipped": self.0.skipped.iter().map(|(path, why)| format!("{path} {why}")).collect::<Vec<_>>(),
                },
            }],
        });
        json_line(&log)
    }
}

fn rule(leak: &Leak) -> Value {
    json!({ "id": leak.rule, "shortDescription": { "text": leak.description } })
}

fn result(leak: &Leak, rule: usize, fingerprint: &str) -> Value {
    let uri = uri(&leak.path);
    let mut result = json!({
        "ruleId": leak.rule,
        "ruleIndex": rule,
        "level": level(leak),
        "message": { "text": format!("{}. {}", sentence(leak), leak.fix) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri, "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": leak.line.max(1) },
        } }],
        "partialFingerprints": { "tenure/v1": fingerprint },
    });
    if leak.passed == Some(By::Mark) {
        result["suppressions"] = json!([{ "kind": "inSource" }]);
    }
    result
}

/// A path as a relative reference. RFC 3986, 2.3 and 3.3.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let escaped = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    path.bytes().map(escaped).collect()
}

/// What stays the same of a finding while lines move: its rule, its file, and which one of those there. Nothing
/// of the value goes into it, since whoever reads the report could test guesses on that.
pub(super) fn fingerprints(leaks: &[&Leak]) -> Vec<String> {
    let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
    let print = |leak: &Leak, number: usize| {
        Sha256::of(format!("{}\0{}\0{number}", leak.rule, leak.path).as_bytes()).to_string()
    };
    let mut prints = Vec::with_capacity(leaks.len());
    for leak in leaks {
        let number = seen.entry((&leak.rule, &leak.path)).or_default();
        *number += 1;
        prints.push(print(leak, *number));
    }
    prints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_relative_reference() {
        assert_eq!(uri("a b/ü#?.txt"), "a%20b/%C3%BC%23%3F.txt");
    }
}
