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
        let issues: Vec<_> =
            self.0.leaks.iter().zip(fingerprints(&self.0.leaks)).map(issue).collect();
        json_line(&Value::from(issues))
    }
}

fn issue((leak, fingerprint): (&Leak, String)) -> Value {
    json!({
        "description": format!("{}; {}", sentence(leak), leak.fix),
        "check_name": leak.rule,
        "fingerprint": fingerprint,
        "severity": match leak.level { Level::Block => "critical", Level::Warn => "minor" },
        "location": { "path": leak.path, "lines": { "begin": leak.line.max(1) } },
    })
}
