//! What is wrong beside what is to be sealed: nothing is signed over that.

use std::collections::BTreeSet;

use super::{Base, Suspect};
use crate::deeds::DeedError;
use crate::finding::{Code, Finding, Severity};
use crate::names::{EnvName, quoted};
use crate::verify::Verified;

/// Stops at any finding but that a suspect is in clear, or without a base is not what was signed.
pub(super) fn nothing_else_wrong(
    verified: &Verified<'_>,
    suspects: &[Suspect],
) -> Result<(), DeedError> {
    let lost = |finding: &Finding| {
        let mut mine = suspects.iter().filter(|it| finding.stands_in(it.path.as_str()));
        match finding.code {
            Code::Plaintext => mine.next().is_some(),
            Code::Altered | Code::Missing => mine.any(|it| matches!(it.base, Base::Lost)),
            _ => false,
        }
    };
    let is_near = |finding: &&Finding| {
        let mine = |env: &EnvName| suspects.iter().any(|suspect| suspect.env == *env);
        finding.env.as_ref().is_none_or(mine)
    };
    let blocks = |finding: &&Finding| {
        is_near(finding)
            && (finding.severity >= Severity::Invalid || finding.code == Code::Plaintext)
            && !lost(finding)
    };
    let found = verified.findings.iter().filter(blocks).max_by_key(|finding| finding.severity);
    let Some(found) = found else { return Ok(()) };
    let mut refusal = found.as_refusal();
    if found.code == Code::Plaintext {
        // Else each of two files would be told to be sealed after the other one.
        let clear = verified.findings.iter().filter(is_near);
        let clear = clear.filter(|finding| finding.code == Code::Plaintext);
        let clear = clear.map(|finding| finding.file().0.to_owned());
        let all: BTreeSet<_> =
            clear.chain(suspects.iter().map(|it| it.path.to_string())).map(quoted).collect();
        let all: Vec<_> = all.into_iter().collect();
        refusal.fix = Some(format!("tenure seal {}", all.join(" ")));
    }
    Err(DeedError::Refused(refusal.into()))
}
