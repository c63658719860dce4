//! By what texts are judged: our rules, those of the repository, and its exceptions; all of the state that is
//! looked at.

use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::policy::{self, Policy};
use crate::scan::{AllowList, Gitleaks, Rules, Unheeded};

/// Where the exceptions stand.
pub(in crate::deeds) const ALLOW: &str = ".secrets/allow.toml";
const GITLEAKS: &str = ".gitleaks.toml";

/// Rules and exceptions.
pub(super) struct Standards {
    pub(super) rules: Rules,
    pub(super) allow: AllowList,
    /// What is managed; none without a policy that can be read.
    pub(super) policy: Option<Policy>,
    /// What of the rules of others is not heeded.
    pub(super) unheeded: Vec<String>,
}

impl Standards {
    /// Our own, without a repository.
    pub(super) fn ours() -> Self {
        let (rules, allow) = (Rules::ours(), AllowList::default());
        Self { rules, allow, policy: None, unheeded: Vec::new() }
    }

    /// Reads those of a place.
    pub(super) fn of(place: &Place<'_>) -> Result<Self, DeedError> {
        let mut own = Self::ours();
        if let Some(bytes) = place.read(&GITLEAKS.parse()?)? {
            let text = String::from_utf8_lossy(&bytes);
            let read = Gitleaks::read(&text)
                .map_err(|why| broken(GITLEAKS, why.line, "is not what gitleaks reads"))?;
            own.unheeded = read.unheeded.iter().map(Unheeded::to_string).collect();
            own.rules = own.rules.with_gitleaks(read);
        }
        if let Some(bytes) = place.read(&ALLOW.parse()?)? {
            let text = String::from_utf8_lossy(&bytes);
            own.allow = AllowList::parse(&text)
                .map_err(|why| broken(ALLOW, why.line, &why.problem.to_string()))?;
        }
        let policy = place.read(&policy::PATH.parse()?)?;
        let policy = policy.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        own.policy = policy.and_then(|text| Policy::parse(text).ok());
        Ok(own)
    }
}

fn broken(path: &'static str, line: usize, why: &str) -> DeedError {
    DeedError::Standard { path, line, why: why.to_owned() }
}
