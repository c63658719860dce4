//! Makes findings: every one names the place, the reason, and what mends it.

use crate::finding::{Code, Finding, Severity};
use crate::names::{Address, EntryId, EnvName, MemberName};

/// Starts a finding that blocks everything: log, policy or pin.
pub(super) fn breach(code: Code, place: impl Into<String>, message: impl Into<String>) -> Finding {
    Finding {
        code,
        severity: Severity::Breach,
        env: None,
        place: place.into(),
        address: None,
        entry: None,
        message: message.into(),
        fix: None,
    }
}

/// Starts a finding about one item.
pub(super) fn at(code: Code, address: &Address, message: impl Into<String>) -> Finding {
    let place = format!("{} {}", address.path, address.key);
    let finding = breach(code, place, message).in_env(&address.env);
    Finding { address: Some(address.clone()), ..finding }
}

/// Says who can run what mends a finding, where not everybody can.
pub(super) fn can(who: &[&MemberName]) -> String {
    match who {
        [] => "; nobody can now".to_owned(),
        some => {
            let names: Vec<_> = some.iter().map(|name| name.as_str()).collect();
            format!("; who can: {}", names.join(", "))
        }
    }
}

impl Finding {
    pub(super) fn in_env(mut self, env: &EnvName) -> Self {
        self.env = Some(env.clone());
        self
    }

    /// Adds the line to the place of an item.
    pub(super) fn on_line(mut self, address: &Address, line: Option<usize>) -> Self {
        if let Some(line) = line {
            self.place = format!("{}:{line} {}", address.path, address.key);
        }
        self
    }

    pub(super) fn entry(mut self, id: EntryId) -> Self {
        self.entry = Some(id);
        self
    }

    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    pub(super) fn graded(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}
