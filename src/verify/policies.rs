//! Checks 4 and 7: the steps of the policy chain, and the policy file.

use std::collections::BTreeSet;

use super::chain::Step;
use super::entries::Judge;
use super::proposals::Proposal;
use super::verdicts::breach;
use crate::finding::{Code, Finding, Severity};
use crate::log::entry::{Kind, Note, PolicyStep};
use crate::names::{MemberName, Sha256, quoted};
use crate::policy::{Policy, Problem, semantic_diff};

const POLICY_FILE: &str = ".secrets-policy.toml";

impl Judge<'_> {
    /// The step that an entry names, which must be the one in force among its ancestors. Where those
    /// have a fork, also its other ends; then nothing but what settles it is taken.
    pub(super) fn named_policy(&self, at: usize) -> Result<(usize, Vec<usize>), Box<Finding>> {
        let entry = &self.entries[at].entry;
        let refuse = |message: String| Err(Box::new(self.refuse(at, Code::NotAllowed, message)));
        let mut ends = self.chain.ends_for(at, self.dag);
        let named = entry.policy.and_then(|id| self.chain.place(&id));
        let Some((named, highest)) = named.zip(ends.iter().max().copied()) else {
            return refuse("the policy that it names is not among its ancestors".to_owned());
        };
        if !ends.contains(&named) {
            return refuse(format!(
                "it names policy {}, but policy {} was in force for its signer",
                self.chain.steps[named].seq, self.chain.steps[highest].seq
            ));
        }
        if ends.len() > 1 && !self.settles(at, &ends) {
            return refuse(format!(
                "{} policies were in force for its signer, and it does not settle that",
                ends.len()
            ));
        }
        ends.retain(|end| *end != named);
        Ok((named, ends))
    }

    /// Tells whether an entry is a policy, or approves one, that follows all ends of a fork.
    fn settles(&self, at: usize, ends: &[usize]) -> bool {
        match &self.entries[at].entry.kind {
            Kind::Policy(_) => true,
            Kind::Note(Note::Approve { target }) => self.chain.step(target).is_some_and(|step| {
                let follows: Vec<_> = step.follows().collect();
                ends.iter().all(|end| follows.contains(end))
            }),
            Kind::Init(_) | Kind::Seal { .. } | Kind::Note(_) => false,
        }
    }

    /// The policy that a step puts forward, from `.secrets/policies`.
    pub(super) fn policy_of(&self, at: usize, step: &PolicyStep) -> Result<Policy, Box<Finding>> {
        let path = policy_path(&step.hash);
        let restore = "tenure restore";
        let altered = |what: &str| {
            let message = format!("{what}: entry {} signs it", self.entries[at].id.short());
            let finding = breach(Code::PolicyAltered, &path, message).fix(restore);
            Box::new(finding.entry(self.entries[at].id))
        };
        let bytes =
            self.evidence.policies.get(&path).ok_or_else(|| altered("this policy is missing"))?;
        if Sha256::of(bytes) != step.hash {
            return Err(altered("this policy was changed"));
        }
        parse_policy(bytes, &path).map_err(|why| Box::new(why.entry(self.entries[at].id)))
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
        settles: Vec<usize>,
    ) -> Result<(), Box<Finding>> {
        let by = &self.entries[at].entry.by;
        let prev = step.prev.and_then(|id| self.chain.place(&id));
        let judge = prev.map_or(&policy, |prev| &self.chain.steps[prev].policy);
        if !judge.is_admin(by) {
            let message = format!("`{by}` is no admin under the policy before");
            return Err(Box::new(self.refuse(at, Code::PolicyUnauthorised, message)));
        }
        let id = self.entries[at].id;
        self.chain.approve(at, &self.entries[at], id);
        let PolicyStep { seq, hash, .. } = *step;
        let policy = policy.into();
        self.chain.add(Step { entry: at, id, seq, prev, settles, hash, policy });
        Ok(())
    }

    /// Two policies in force of which neither follows the other.
    pub(super) fn forks(&mut self) {
        let ends = self.chain.current_ends();
        let [_, second, ..] = ends.as_slice() else { return };
        let name = |step: &&Step| {
            let by = &self.entries[step.entry].entry.by;
            format!("policy {} of entry {} by `{by}`", step.seq, step.id.short())
        };
        let names: Vec<_> = ends.iter().map(name).collect();
        let after = self.chain.common(&ends).map_or(0, |step| step.seq);
        let message =
            format!("{} policies follow policy {after}: {}", ends.len(), names.join(", "));
        let finding = breach(Code::PolicyFork, POLICY_FILE, message).entry(second.id);
        self.findings.push(finding.fix("tenure policy reconcile"));
    }

    /// Every file of `.secrets/policies` has the bytes of its name.
    pub(super) fn policies(&mut self) {
        for (path, bytes) in &self.evidence.policies {
            if policy_path(&Sha256::of(bytes)) != *path {
                let message = "its bytes are not those of its name";
                let finding = breach(Code::PolicyAltered, path, message);
                self.findings.push(finding.fix("tenure restore"));
            }
        }
    }

    /// Check 7: the policy file is the policy in force, byte for byte. Gives the policy of a repository
    /// that has no environments.
    pub(super) fn policy_file(&mut self) -> Option<Policy> {
        let Some(bytes) = &self.evidence.policy else {
            let finding = breach(Code::PolicyInvalid, POLICY_FILE, "there is no policy");
            let is_new = self.evidence.log.is_empty();
            let fix = if is_new { "tenure init" } else { "tenure restore" };
            self.findings.push(finding.graded(Severity::Invalid).fix(fix));
            return None;
        };
        let ends = self.chain.current_ends();
        if ends.iter().any(|step| step.hash == Sha256::of(bytes)) {
            return None;
        }
        let policy = match parse_policy(bytes, POLICY_FILE) {
            Ok(policy) => policy,
            Err(finding) => {
                self.findings.push(*finding);
                return None;
            }
        };
        match ends.as_slice() {
            [step] => {
                let finding = self.altered(step, &Sha256::of(bytes), &policy);
                self.findings.push(finding);
                None
            }
            // What was made of a fork by hand waits for `policy reconcile`.
            [_, _, ..] => None,
            [] if policy.environments.is_empty() && self.entries.is_empty() => Some(policy),
            [] => {
                let message = "no log here puts this policy in force";
                let finding = breach(Code::MissingEntry, ".secrets/log", message);
                self.findings.push(finding.fix("tenure restore"));
                None
            }
        }
    }
}

impl Judge<'_> {
    /// Says what the policy file is, which is not the policy in force.
    fn altered(&self, step: &Step, hash: &Sha256, found: &Policy) -> Finding {
        let finding = |message| breach(Code::PolicyAltered, POLICY_FILE, message);
        let put = format!("cp {} {POLICY_FILE}", policy_path(&step.hash));
        let proposals = self.chain.proposals();
        if let Some(it) = proposals.iter().find(|it| it.step.hash == *hash) {
            let signed: Vec<_> = it.tally.signed.iter().map(|who| who.as_str()).collect();
            let message = format!(
                "it is policy {} of entry {}, which is not in force: signed by {} alone",
                it.step.seq,
                it.step.id.short(),
                signed.join(", "),
            );
            return finding(message).entry(it.step.id).fix(put);
        }
        match self.chain.steps.iter().find(|it| it.hash == *hash) {
            Some(old) => {
                let message = format!("it is policy {}, and {} is in force", old.seq, step.seq);
                finding(message).entry(old.id).fix(put)
            }
            None => {
                let message = format!(
                    "it is not policy {}, which is in force{}",
                    step.seq,
                    unsigned(&step.policy, found)
                );
                let fix = match self.dag.missing() {
                    [] => "tenure policy diff, then: tenure policy sign",
                    // What put it in force may be among what is not here.
                    _ => "tenure restore",
                };
                finding(message).entry(step.id).fix(fix)
            }
        }
    }
}

/// Names what nobody signed; new keys and rights first.
fn unsigned(signed: &Policy, found: &Policy) -> String {
    let mut changes = semantic_diff(signed, found);
    changes.sort_by_key(|change| (change.weight, std::cmp::Reverse(change.sign)));
    let key = changes.iter().position(|change| change.text.contains("SHA256:"));
    if let Some(key) = key {
        changes.swap(0, key);
    }
    match changes.as_slice() {
        [] => String::new(),
        [one] => format!("; nobody signed: {one}"),
        [first, rest @ ..] => format!("; nobody signed: {first}, and {} more", rest.len()),
    }
}

impl super::Record {
    /// Notes the policies that wait for approval. No verdict: it keeps nobody from anything.
    #[must_use]
    pub fn waiting(&self) -> Vec<Finding> {
        self.chain.proposals().iter().filter_map(waits).collect()
    }
}

fn waits(proposal: &Proposal<'_>) -> Option<Finding> {
    let Proposal { step, tally, stale } = proposal;
    let names = |set: &BTreeSet<&MemberName>| -> String {
        set.iter().map(|who| who.as_str()).collect::<Vec<_>>().join(", ")
    };
    let message = format!(
        "policy {}, signed by {}, waits for {} more of {}",
        step.seq,
        names(&tally.signed),
        tally.lacks,
        names(&tally.may)
    );
    let finding = breach(Code::PolicyWaits, policy_path(&step.hash), message).entry(step.id);
    let fix = match step.settles.is_empty() {
        true => format!("tenure policy diff {0}, then: tenure policy sign {0}", step.id.short16()),
        false => "tenure policy reconcile".to_owned(),
    };
    (!stale).then(|| finding.graded(Severity::Note).fix(fix))
}

/// The path at which a policy's bytes are kept.
pub(super) fn policy_path(hash: &Sha256) -> String {
    let text = hash.to_string();
    format!(".secrets/policies/{}.toml", text.trim_start_matches("sha256:"))
}

/// Reads a policy, or says where and why it is none, and what mends it.
pub(crate) fn parse_policy(bytes: &[u8], path: &str) -> Result<Policy, Box<Finding>> {
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
        // What is signed and names such a key would let its signatures count.
        if let Problem::SigningKey(key) = why.problem
            && key.is_refused()
            && path != POLICY_FILE
        {
            let place = format!("{path}:{}", why.line);
            let finding = breach(Code::RefusedKey, place, why.to_string());
            return Box::new(finding.fix("name another key, and sign that policy anew"));
        }
        let fix =
            why.fix().unwrap_or_else(|| "mend that line, then: tenure policy lint".to_owned());
        Box::new(invalid(why.line, why.to_string()).fix(fix))
    })
}
