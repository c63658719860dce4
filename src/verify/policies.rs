//! Checks 4 and 7: the steps of the policy chain, and the policy file.

use super::chain::{Seen, Step};
use super::entries::Judge;
use super::verdicts::breach;
use crate::finding::{Code, Finding, Severity};
use crate::log::entry::PolicyStep;
use crate::names::{Sha256, quoted};
use crate::policy::Policy;

const POLICY_FILE: &str = ".secrets-policy.toml";

impl Judge<'_> {
    /// The step that an entry names, which must be the highest in force among its ancestors.
    pub(super) fn named_policy(&self, at: usize) -> Result<usize, Box<Finding>> {
        let entry = &self.entries[at].entry;
        let highest = self.chain.highest(Seen::From(at, self.dag));
        let named = self.chain.steps.iter().position(|step| Some(step.id) == entry.policy);
        match (named, highest) {
            (Some(named), Some(highest)) if self.chain.steps[named].id == highest.id => Ok(named),
            (Some(named), Some(highest)) => {
                let message = format!(
                    "it names policy {}, but policy {} was in force for its signer",
                    self.chain.steps[named].seq, highest.seq
                );
                Err(Box::new(self.refuse(at, Code::NotAllowed, message)))
            }
            _ => {
                let message = "the policy that it names is not among its ancestors";
                Err(Box::new(self.refuse(at, Code::NotAllowed, message)))
            }
        }
    }

    /// The policy that a step puts forward, from `.secrets/policies`.
    pub(super) fn policy_of(&self, at: usize, step: &PolicyStep) -> Result<Policy, Box<Finding>> {
        let path = policy_path(&step.hash);
        let restore = format!("git restore {}", quoted(&path));
        let altered = |what: &str| {
            let message = format!("{what}: entry {} signs it", self.entries[at].id.short());
            let finding = breach(Code::PolicyAltered, &path, message).fix(&restore);
            Box::new(finding.entry(self.entries[at].id))
        };
        let bytes =
            self.evidence.policies.get(&path).ok_or_else(|| altered("this policy is missing"))?;
        if Sha256::of(bytes) != step.hash {
            return Err(altered("this policy was changed"));
        }
        parse_policy(bytes, &path)
    }

    /// A step follows the one that was in force, numbered one higher, and its signer is an admin of it.
    pub(super) fn follows(
        &self,
        at: usize,
        step: &PolicyStep,
        named: usize,
    ) -> Result<(), Box<Finding>> {
        let before = &self.chain.steps[named];
        if step.prev != Some(before.id) || step.seq != before.seq + 1 {
            let message = format!("it does not follow policy {}, which was in force", before.seq);
            return Err(Box::new(self.refuse(at, Code::PolicyUnauthorised, message)));
        }
        Ok(())
    }

    pub(super) fn push(
        &mut self,
        at: usize,
        step: &PolicyStep,
        policy: Policy,
    ) -> Result<(), Box<Finding>> {
        let entry = &self.entries[at].entry;
        let by = &entry.by;
        let prev = step.prev.and_then(|id| self.chain.steps.iter().position(|s| s.id == id));
        let judge = prev.map_or(&policy, |prev| &self.chain.steps[prev].policy);
        if !judge.is_admin(by) {
            let message = format!("`{by}` is no admin under the policy before");
            return Err(Box::new(self.refuse(at, Code::PolicyUnauthorised, message)));
        }
        let id = self.entries[at].id;
        self.chain.approve(at, entry, id);
        self.chain.steps.push(Step { entry: at, id, seq: step.seq, prev, hash: step.hash, policy });
        Ok(())
    }

    pub(super) fn forks(&mut self) {
        let forks = self.chain.forks();
        let found: Vec<_> = forks
            .iter()
            .map(|(one, two)| {
                let message = format!(
                    "two policies have number {}: entries {} by `{}` and {} by `{}`",
                    one.seq,
                    one.id.short(),
                    self.entries[one.entry].entry.by,
                    two.id.short(),
                    self.entries[two.entry].entry.by
                );
                breach(Code::PolicyFork, POLICY_FILE, message).entry(two.id)
            })
            .collect();
        self.findings.extend(found);
    }

    /// Every file of `.secrets/policies` has the bytes of its name.
    pub(super) fn policies(&mut self) {
        for (path, bytes) in &self.evidence.policies {
            if policy_path(&Sha256::of(bytes)) != *path {
                let message = "its bytes are not those of its name";
                let finding = breach(Code::PolicyAltered, path, message);
                self.findings.push(finding.fix(format!("git restore {}", quoted(path))));
            }
        }
    }

    /// Check 7: the policy file is the policy in force, byte for byte. Gives the policy of a repository
    /// that has no environments.
    pub(super) fn policy_file(&mut self) -> Option<Policy> {
        let Some(bytes) = &self.evidence.policy else {
            let finding = breach(Code::PolicyInvalid, POLICY_FILE, "there is no policy");
            self.findings.push(finding.graded(Severity::Invalid).fix("tenure init"));
            return None;
        };
        let current = self.chain.current();
        if current.is_some_and(|step| step.hash == Sha256::of(bytes)) {
            return None;
        }
        let policy = match parse_policy(bytes, POLICY_FILE) {
            Ok(policy) => policy,
            Err(finding) => {
                self.findings.push(*finding);
                return None;
            }
        };
        match current {
            Some(step) => {
                let message = format!("it is not policy {}, which is in force", step.seq);
                let finding = breach(Code::PolicyAltered, POLICY_FILE, message);
                let finding = finding.entry(step.id).fix("tenure policy sign");
                self.findings.push(finding);
                None
            }
            None if policy.environments.is_empty() && self.entries.is_empty() => Some(policy),
            None => {
                let message = "no log here puts this policy in force";
                let finding = breach(Code::MissingEntry, ".secrets/log", message);
                self.findings.push(finding.fix("git restore --source=HEAD .secrets"));
                None
            }
        }
    }
}

/// The path at which a policy's bytes are kept.
pub(super) fn policy_path(hash: &Sha256) -> String {
    let text = hash.to_string();
    format!(".secrets/policies/{}.toml", text.trim_start_matches("sha256:"))
}

fn parse_policy(bytes: &[u8], path: &str) -> Result<Policy, Box<Finding>> {
    let invalid = |line: usize, why: String| {
        let place = format!("{path}:{line}");
        breach(Code::PolicyInvalid, place, why).graded(Severity::Invalid)
    };
    let text = std::str::from_utf8(bytes).map_err(|_| {
        Box::new(
            invalid(1, "it is not UTF-8".to_owned()).fix(format!("git restore {}", quoted(path))),
        )
    })?;
    Policy::parse(text).map_err(|why| {
        let fix =
            why.fix().unwrap_or_else(|| "mend that line, then: tenure policy lint".to_owned());
        Box::new(invalid(why.line, why.to_string()).fix(fix))
    })
}
