//! By what texts are judged: our rules, those of the repository, and its exceptions; all of the state that is
//! looked at.

use crate::deeds::DeedError;
use crate::deeds::load::{LOG, Place};
use crate::finding::{Code, Finding, Severity};
use crate::policy::{self, GuardRule, Policy, is_credential};
use crate::scan::{AllowList, Gitleaks, Level, Rule, RuleText, Rules, Unheeded};
use crate::verify::{self, Record};

/// Where the exceptions stand.
pub const ALLOW: &str = ".secrets/allow.toml";
/// Where the rules and allow lists of gitleaks stand.
pub const GITLEAKS: &str = ".gitleaks.toml";

/// Rules and exceptions.
pub(in crate::deeds) struct Standards {
    pub(super) rules: Rules,
    pub(super) allow: AllowList,
    /// What is managed; none without a policy that can be read.
    pub(in crate::deeds) policy: Option<Policy>,
    /// The rules of others.
    gitleaks: Option<String>,
    /// Whether the policy's word counts for values that open nothing: whoever lets a value pass must have signed it.
    pub(super) counts: bool,
    /// What cannot be read, and why.
    faults: Vec<(&'static str, DeedError)>,
}

impl Standards {
    /// The files that they are written in.
    pub(super) const PATHS: [&str; 3] = [policy::PATH, GITLEAKS, ALLOW];

    /// Our own, without a repository.
    pub(super) fn ours() -> Self {
        let (rules, allow) = (Rules::ours(), AllowList::default());
        Self { rules, allow, policy: None, gitleaks: None, counts: false, faults: Vec::new() }
    }

    /// Reads those of a place. Where its policy cannot be read, or is gone, none are given: what is left would
    /// look like all of them, and nobody would look for the values that are managed.
    pub(in crate::deeds) fn of(place: &Place<'_>) -> Result<Self, DeedError> {
        match written(place)? {
            Ok(policy) => Self::with(place, policy)?.whole(),
            Err(why) => Err(DeedError::Refused(why)),
        }
    }

    /// Reads those of the beginning of a range. What cannot be read there lets nothing pass, and is named: else no
    /// commit could mend it and be green.
    pub(super) fn of_beginning(place: &Place<'_>) -> Result<Self, DeedError> {
        match written(place)? {
            Ok(policy) => Self::with(place, policy),
            Err(why) => {
                let mut own = Self::with(place, None)?;
                own.faults.push((policy::PATH, DeedError::Refused(why)));
                Ok(own)
            }
        }
    }

    /// Names the files that cannot be read.
    pub(super) fn unread(&self) -> impl Iterator<Item = &'static str> {
        self.faults.iter().map(|(path, _)| *path)
    }

    /// Gives them where all can be read.
    fn whole(mut self) -> Result<Self, DeedError> {
        match self.faults.is_empty() {
            true => Ok(self),
            false => Err(self.faults.swap_remove(0).1),
        }
    }

    /// The same for whoever judges the policy too, and lets nothing pass where it cannot be read.
    pub(in crate::deeds) fn but_for_policy(place: &Place<'_>) -> Result<Self, DeedError> {
        Self::with(place, written(place)?.unwrap_or_default())?.whole()
    }

    fn with(place: &Place<'_>, policy: Option<(Policy, String)>) -> Result<Self, DeedError> {
        let mut own = Self::ours();
        if let Some((policy, _)) = &policy {
            own.rules = own.rules.without(&policy.guard.off);
        }
        if let Some(bytes) = place.read(&GITLEAKS.parse()?)? {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match Gitleaks::skim(&text) {
                Ok(read) => {
                    own.rules = own.rules.with_gitleaks(read);
                    own.gitleaks = Some(text);
                }
                Err(why) => {
                    own.fault(place, (GITLEAKS, why.line), "is not what gitleaks reads");
                }
            }
        }
        if let Some(bytes) = place.read(&ALLOW.parse()?)? {
            let text = String::from_utf8_lossy(&bytes);
            match AllowList::parse(&text) {
                Ok(allow) => own.allow = allow,
                Err(why) => own.fault(place, (ALLOW, why.line), &why.problem.to_string()),
            }
        }
        if let Some((policy, text)) = policy {
            own.counts = says_of_settings(&policy) && is_in_force(place, &policy)?;
            own.obey(place, policy, &text);
        }
        Ok(own)
    }

    fn fault(&mut self, place: &Place<'_>, (path, line): (&'static str, usize), why: &str) {
        self.faults.push((path, broken(place, path, line, why)));
    }

    /// Tells what of the rules of others is not heeded; takes as long as a hook has in all.
    pub(super) fn unheeded(&self) -> Vec<Unheeded> {
        let read = self.gitleaks.as_deref().and_then(|text| Gitleaks::read(text).ok());
        let Some(mut read) = read else { return Vec::new() };
        read.know(&Rules::ours());
        read.unheeded
    }

    /// Takes the policy's own rules over all others: it is signed.
    fn obey(&mut self, place: &Place<'_>, policy: Policy, text: &str) {
        let mut rules = Vec::new();
        for (at, rule) in policy.guard.rules.iter().enumerate() {
            let line = || policy::line_of_element(text, &["guard", "rules"], at);
            match Rule::new(rule_text(rule)) {
                Ok(rule) => rules.push(rule),
                Err(why) => self.fault(place, (policy::PATH, line()), &why.to_string()),
            }
        }
        self.rules = std::mem::replace(&mut self.rules, Rules::only(Vec::new())).with(rules);
        self.policy = Some(policy);
    }
}

/// Tells whether a policy says of any values that they open nothing.
fn says_of_settings(policy: &Policy) -> bool {
    policy.secrets.iter().any(|rule| !is_credential(rule.kind.as_ref()))
}

fn is_in_force(place: &Place<'_>, policy: &Policy) -> Result<bool, DeedError> {
    let record = Record::judge(&place.log_evidence()?, place.trusted()?, place.world.now);
    Ok(record.policy() == Some(policy))
}

/// The policy of a place and its text; none where nothing is managed. Or why it cannot be read.
type Written = Result<Option<(Policy, String)>, Box<Finding>>;

fn written(place: &Place<'_>) -> Result<Written, DeedError> {
    let Some(bytes) = place.read(&policy::PATH.parse()?)? else {
        return Ok(match place.list(LOG)?.files.is_empty() {
            true => Ok(None),
            false => Err(Box::new(gone())),
        });
    };
    let read = verify::parse_policy(&bytes, policy::PATH);
    Ok(read.map(|policy| Some((policy, String::from_utf8_lossy(&bytes).into_owned()))))
}

fn gone() -> Finding {
    Finding {
        code: Code::PolicyInvalid,
        severity: Severity::Invalid,
        env: None,
        place: policy::PATH.to_owned(),
        address: None,
        entry: None,
        message: "there is a log, and no policy: nobody knows what is managed".to_owned(),
        fix: Some("tenure restore".to_owned()),
    }
}

/// A rule of the policy as the scanner's own grammar has it.
pub(in crate::deeds) fn rule_text(rule: &GuardRule) -> RuleText {
    let level = |only_warns: bool| if only_warns { Level::Warn } else { Level::Block };
    let rule = rule.clone();
    RuleText {
        id: rule.id,
        description: rule.description,
        keywords: rule.keywords,
        pattern: rule.pattern,
        entropy: rule.entropy.map(|bits| f32::from(bits) / 1000.0),
        random: rule.random,
        checksum: rule.checksum,
        paths: rule.paths.iter().map(ToString::to_string).collect(),
        except: rule.except,
        level: level(rule.only_warns),
        level_in_tests: rule.only_warns_in_tests.map(level),
        examples: rule.examples,
        near_misses: rule.near_misses,
    }
}

pub(in crate::deeds) fn broken(
    place: &Place<'_>,
    path: &'static str,
    line: usize,
    why: &str,
) -> DeedError {
    // What HEAD has is as broken, where it is the same.
    let here = path.parse().ok().and_then(|at| Some((place.read(&at).ok()?, at)));
    let in_head = here.is_some_and(|(here, at)| {
        matches!(place.checkout.head_file(&at), Ok(Some(head)) if here.as_ref() != Some(&head))
    });
    DeedError::Standard { path, line, why: why.to_owned(), in_head }
}
