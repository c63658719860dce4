//! Findings as GitLab takes them: a code quality report.

use serde_json::{Value, json};

use super::sarif::fingerprints;
use super::sentence;
use crate::deeds::scan::{Leak, Scanned};
use crate::output::escape::json_line;
use crate::scan::Level;

/// Findings as a code quality report.
pub struct Gitlab<'s>(pub &'s Scanned);

impl Gitlab<'_> {
    /// The report as JSON text.
    #[must_use]
    pub fn text(&self) -> String {
        let leaks = self.0.told();
        let issues: Vec<_> = leaks.iter().copied().zip(fingerprints(&leaks)).map(issue).collect();
        json_line(&Value::from(issues))
    }
}

fn issue((leak, fingerprint): (&Leak, String)) -> Value {
    json!({
        "description": format!("{}; {}", sentence(leak), leak.fix),
        "check_name": leak.rule,
        "fingerprint": fingerprint,
        "severity": match (leak.passed, leak.level) {
            (Some(_), _) => "info",
            (None, Level::Block) => "critical",
            (None, Level::Warn) => "minor",
        },
        "location": { "path": leak.path, "lines": { "begin": leak.line.max(1) } },
    })
}
