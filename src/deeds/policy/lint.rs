//! Examines a policy: needs no log and no key.

use crate::deeds::DeedError;
use crate::deeds::enact::policy_file;
use crate::deeds::load::Place;
use crate::finding::{Code, Finding, Severity};
use crate::policy::{self, PATH, Policy};
use crate::rotation::generate::Spec;
use crate::world::World;

/// What was found in a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linted {
    /// By line.
    pub findings: Vec<Finding>,
}

impl Linted {
    /// Tells whether the policy cannot be used as it is.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity >= Severity::Invalid)
    }
}

/// Examines the policy's file in the work tree.
///
/// # Errors
/// [`DeedError::NoPolicy`] where there is none.
pub fn lint(world: &World) -> Result<Linted, DeedError> {
    let place = Place::find(world)?;
    let text = policy_file(&place)?;
    let findings = match Policy::parse(&text) {
        Ok(policy) => faults(&place, &policy, &text)?,
        Err(why) => vec![Finding {
            code: Code::PolicyInvalid,
            severity: Severity::Invalid,
            env: None,
            place: format!("{PATH}:{}", why.line),
            address: None,
            entry: None,
            fix: why.fix().or_else(|| Some("mend that line".to_owned())),
            message: why.to_string(),
        }],
    };
    Ok(Linted { findings })
}

/// What a valid policy gets wrong, the files of the work tree considered.
///
/// # Errors
/// [`DeedError::World`] when a folder cannot be read.
pub(in crate::deeds) fn faults(
    place: &Place<'_>,
    policy: &Policy,
    text: &str,
) -> Result<Vec<Finding>, DeedError> {
    let mut files = Vec::new();
    for folder in policy.literal_prefixes(None) {
        files.extend(place.files.list(&folder)?.files);
    }
    let mut findings = policy::lint(policy, text, &files);
    for (kind, described) in &policy.types {
        let Some(Err(why)) = described.generate.as_deref().map(str::parse::<Spec>) else {
            continue;
        };
        findings.push(Finding {
            code: Code::Lint,
            severity: Severity::Note,
            env: None,
            place: format!(
                "{PATH}:{}",
                policy::line_of(text, &["types", kind.as_str(), "generate"])
            ),
            address: None,
            entry: None,
            message: format!("`generate` of the type `{kind}` makes nothing: {why}"),
            fix: Some("tenure help set lists the generators".to_owned()),
        });
    }
    findings.extend(super::guard::faults(policy, text));
    let line = |finding: &Finding| finding.place.rsplit(':').next()?.parse::<usize>().ok();
    findings.sort_by_key(line);
    Ok(findings)
}
