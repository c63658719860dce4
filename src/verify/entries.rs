//! Checks 1 to 7: entries, root, parents, policy chain, rights, policy file.

use jiff::{SignedDuration, Timestamp};

use super::chain::{Chain, Seen, Step};
use super::verdicts::breach;
use super::{LogEvidence, Trust, reading, rights};
use crate::finding::{Code, Finding, Severity};
use crate::log::dag::Dag;
use crate::log::entry::{Entry, Kind, Note, PolicyStep};
use crate::log::name::file_path;
use crate::log::parse::SignedEntry;
use crate::log::signature::{self, SignatureError};
use crate::names::{EntryId, Sha256};
use crate::policy::Policy;

/// How far a time may lie ahead of now, or behind a parent.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

const POLICY_FILE: &str = ".secrets-policy.toml";

/// Whether an entry counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It holds.
    Holds,
    /// Its signer's key or right was taken away, and it is no ancestor of that.
    Void,
    /// It breaks a rule; a finding says which.
    Refused,
}

/// A log and a policy that were judged.
#[derive(Debug)]
pub struct Record {
    /// The entries, in the order of their paths.
    pub entries: Vec<SignedEntry>,
    /// How they follow each other.
    pub dag: Dag,
    /// The policies.
    pub chain: Chain,
    /// What checks 1 to 7 found.
    pub findings: Vec<Finding>,
    pub(super) verdicts: Vec<Verdict>,
    /// The policy of a repository that has no environments, and so needs no log.
    unsigned: Option<Policy>,
}

impl Record {
    /// Does checks 1 to 7.
    #[must_use]
    pub fn judge(evidence: &LogEvidence, trust: Option<Trust>, now: Timestamp) -> Self {
        let mut findings: Vec<_> = evidence.strays.iter().map(stray).collect();
        let entries = reading::read(evidence, &mut findings);
        let nodes: Vec<_> = entries.iter().map(|e| (e.id, e.entry.parents.as_slice())).collect();
        let dag = Dag::build(&nodes)
            .expect("a file's name follows from its bytes, so no entry is there twice");
        let mut judge = Judge {
            evidence,
            now,
            entries: &entries,
            dag: &dag,
            chain: Chain::default(),
            verdicts: vec![Verdict::Refused; entries.len()],
            findings,
        };
        judge.roots(trust);
        judge.parents();
        judge.walk();
        judge.voids();
        judge.forks();
        judge.policies();
        let unsigned = judge.policy_file();
        let Judge { chain, verdicts, findings, .. } = judge;
        Self { entries, dag, chain, findings, verdicts, unsigned }
    }

    /// The policy in force; none where there is none to believe.
    #[must_use]
    pub fn policy(&self) -> Option<&Policy> {
        self.chain.current().map(|step| &step.policy).or(self.unsigned.as_ref())
    }

    /// The id of `init`, if there is exactly one that holds.
    #[must_use]
    pub fn root(&self) -> Option<EntryId> {
        self.chain.steps.iter().find(|step| step.prev.is_none()).map(|step| step.id)
    }

    /// Counts the entries that hold.
    #[must_use]
    pub fn holding(&self) -> usize {
        self.verdicts.iter().filter(|verdict| **verdict == Verdict::Holds).count()
    }

    /// Tells whether an entry counts.
    #[must_use]
    pub fn holds(&self, entry: usize) -> bool {
        self.verdicts.get(entry) == Some(&Verdict::Holds)
    }
}

fn stray((place, why): &(String, &'static str)) -> Finding {
    let code = if place.starts_with(".secrets/log") { Code::BadEntry } else { Code::Unattested };
    breach(code, place, format!("this does not belong here: it {why}"))
        .fix(format!("git rm --cached {place}"))
}

/// What checks 2 to 7 share.
struct Judge<'e> {
    evidence: &'e LogEvidence,
    now: Timestamp,
    entries: &'e [SignedEntry],
    dag: &'e Dag,
    chain: Chain,
    verdicts: Vec<Verdict>,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    fn place(&self, at: usize) -> String {
        let signed = &self.entries[at];
        file_path(&signed.entry, &signed.id).to_string()
    }

    fn refuse(&self, at: usize, code: Code, message: impl Into<String>) -> Finding {
        breach(code, self.place(at), message).entry(self.entries[at].id)
    }

    /// Check 2: one `init`, the one that is trusted, and nothing of another log.
    fn roots(&mut self, trust: Option<Trust>) {
        let Some(trust) = trust else { return };
        for at in 0..self.entries.len() {
            let signed = &self.entries[at];
            let root = signed.entry.root.unwrap_or(signed.id);
            if root != trust.root {
                let message = format!("this log starts at {root}, and you trust {}", trust.root);
                let finding = self.refuse(at, Code::OtherRoot, message);
                self.findings.push(finding.fix("compare the root over another channel"));
            }
        }
        let rooted = self.entries.iter().any(|signed| signed.id == trust.root);
        if !rooted {
            let message = format!("the entry that you trust as root, {}, is not here", trust.root);
            let finding = breach(Code::MissingEntry, ".secrets/log", message);
            self.findings.push(finding.fix("git restore --source=HEAD .secrets"));
        }
    }

    /// Check 3: every parent is there.
    fn parents(&mut self) {
        for missing in self.dag.missing() {
            let message = format!(
                "entry {} needs entry {}, which is not here: merge, do not cherry-pick",
                self.entries[missing.entry].id.short(),
                missing.parent.short()
            );
            let finding = self.refuse(missing.entry, Code::MissingEntry, message);
            self.findings.push(finding.fix("git merge the branch that has it"));
        }
    }

    /// Checks 4 and 5, parents before children.
    fn walk(&mut self) {
        for at in self.dag.order().to_vec() {
            match self.judge(at) {
                Ok(()) => self.verdicts[at] = Verdict::Holds,
                Err(finding) => self.findings.push(*finding),
            }
        }
    }

    fn judge(&mut self, at: usize) -> Result<(), Box<Finding>> {
        let entries = self.entries;
        let signed = &entries[at];
        let entry = &signed.entry;
        if let Kind::Init(step) = &entry.kind {
            let policy = self.policy_of(at, step)?;
            self.signed_under(at, &policy)?;
            self.timely(at)?;
            return self.push(at, step, policy);
        }
        let named = self.named_policy(at)?;
        let policy = &self.chain.steps[named].policy;
        self.signed_under(at, policy)?;
        self.timely(at)?;
        rights::check(policy, entry)
            .map_err(|why| Box::new(self.refuse(at, Code::NotAllowed, why)))?;
        match &entry.kind {
            Kind::Init(_) | Kind::Seal { .. } => Ok(()),
            Kind::Note(Note::Approve { target }) => {
                self.chain.approvals.push((entry.by.clone(), at, *target));
                Ok(())
            }
            Kind::Policy(step) => {
                let next = self.policy_of(at, step)?;
                self.follows(at, step, named)?;
                self.push(at, step, next)
            }
        }
    }

    /// The step that an entry names, which must be the highest in force among its ancestors.
    fn named_policy(&self, at: usize) -> Result<usize, Box<Finding>> {
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
    fn policy_of(&self, at: usize, step: &PolicyStep) -> Result<Policy, Box<Finding>> {
        let path = policy_path(&step.hash);
        let restore = format!("git restore {path}");
        let altered = |what: &str| {
            let message = format!("{what}: entry {} signs it", self.entries[at].id.short());
            Box::new(breach(Code::PolicyAltered, &path, message).fix(&restore))
        };
        let bytes =
            self.evidence.policies.get(&path).ok_or_else(|| altered("this policy is missing"))?;
        if Sha256::of(bytes) != step.hash {
            return Err(altered("this policy was changed"));
        }
        parse_policy(bytes, &path)
    }

    fn signed_under(&self, at: usize, policy: &Policy) -> Result<(), Box<Finding>> {
        let signed = &self.entries[at];
        let by = &signed.entry.by;
        let Some(member) = policy.members.get(by) else {
            let message = format!("`{by}` is no member under the policy that the entry names");
            return Err(Box::new(self.refuse(at, self.refusal(at), message)));
        };
        let keys: Vec<_> = member.signing_keys.iter().map(|key| key.public().clone()).collect();
        match signature::verify(&signed.payload, &signed.signature, &keys) {
            Ok(_) => Ok(()),
            Err(why @ SignatureError::Refused { .. }) => {
                Err(Box::new(self.refuse(at, Code::RefusedKey, why.to_string())))
            }
            Err(_) => {
                let message = format!("it is not signed by a key of `{by}` for `log@tenure`");
                Err(Box::new(self.refuse(at, self.unsigned(at), message)))
            }
        }
    }

    /// What a step of the policy chain by somebody without the right is called.
    fn refusal(&self, at: usize) -> Code {
        match self.entries[at].entry.kind {
            Kind::Init(_) | Kind::Policy(_) => Code::PolicyUnauthorised,
            _ => Code::NotAllowed,
        }
    }

    fn unsigned(&self, at: usize) -> Code {
        match self.entries[at].entry.kind {
            Kind::Init(_) | Kind::Policy(_) => Code::PolicyUnauthorised,
            _ => Code::BadSignature,
        }
    }

    fn timely(&self, at: usize) -> Result<(), Box<Finding>> {
        let entry = &self.entries[at].entry;
        let late = |message: String| Err(Box::new(self.refuse(at, Code::BadTime, message)));
        if entry.time.duration_since(self.now) > TOLERANCE {
            return late(format!("its time, {}, is later than now", entry.time));
        }
        let parents = entry.parents.iter().filter_map(|id| self.dag.index(id));
        let newest = parents.map(|parent| self.entries[parent].entry.time).max();
        match newest {
            Some(parent) if parent.duration_since(entry.time) > TOLERANCE => {
                late(format!("its time, {}, is before that of a parent, {parent}", entry.time))
            }
            _ => Ok(()),
        }
    }

    /// A step follows the one that was in force, numbered one higher, and its signer is an admin of it.
    fn follows(&self, at: usize, step: &PolicyStep, named: usize) -> Result<(), Box<Finding>> {
        let before = &self.chain.steps[named];
        if step.prev != Some(before.id) || step.seq != before.seq + 1 {
            let message = format!("it does not follow policy {}, which was in force", before.seq);
            return Err(Box::new(self.refuse(at, Code::PolicyUnauthorised, message)));
        }
        Ok(())
    }

    fn push(&mut self, at: usize, step: &PolicyStep, policy: Policy) -> Result<(), Box<Finding>> {
        let Entry { by, .. } = &self.entries[at].entry;
        let prev = step.prev.and_then(|id| self.chain.steps.iter().position(|s| s.id == id));
        let judge = prev.map_or(&policy, |prev| &self.chain.steps[prev].policy);
        if !judge.is_admin(by) {
            let message = format!("`{by}` is no admin under the policy before");
            return Err(Box::new(self.refuse(at, Code::PolicyUnauthorised, message)));
        }
        let id = self.entries[at].id;
        self.chain.approvals.push((by.clone(), at, id));
        self.chain.steps.push(Step { entry: at, id, seq: step.seq, prev, hash: step.hash, policy });
        Ok(())
    }

    /// Check 6: entries by a key, or under a right, that was taken away where they could not know.
    fn voids(&mut self) {
        let Some(_) = self.chain.current() else { return };
        for at in 0..self.entries.len() {
            let apart = |step: &&Step| {
                step.entry != at
                    && !self.dag.is_ancestor(step.entry, at)
                    && !self.dag.is_ancestor(at, step.entry)
                    && self.chain.in_force(step, Seen::Whole)
            };
            let entry = &self.entries[at];
            let void = self.verdicts[at] == Verdict::Holds
                && matches!(entry.entry.kind, Kind::Seal { .. })
                && self.chain.steps.iter().filter(apart).any(|step| {
                    self.signed_under(at, &step.policy).is_err()
                        || rights::check(&step.policy, &entry.entry).is_err()
                });
            if void {
                self.verdicts[at] = Verdict::Void;
            }
        }
    }

    fn forks(&mut self) {
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
    fn policies(&mut self) {
        for (path, bytes) in &self.evidence.policies {
            if policy_path(&Sha256::of(bytes)) != *path {
                let message = "its bytes are not those of its name";
                let finding = breach(Code::PolicyAltered, path, message);
                self.findings.push(finding.fix(format!("git restore {path}")));
            }
        }
    }

    /// Check 7: the policy file is the policy in force, byte for byte. Gives the policy of a repository
    /// that has no environments.
    fn policy_file(&mut self) -> Option<Policy> {
        let Some(bytes) = &self.evidence.policy else {
            let finding = breach(Code::PolicyInvalid, POLICY_FILE, "there is no policy");
            self.findings.push(finding.graded(Severity::Invalid).fix("tenure init"));
            return None;
        };
        let policy = match parse_policy(bytes, POLICY_FILE) {
            Ok(policy) => policy,
            Err(finding) => {
                self.findings.push(*finding);
                return None;
            }
        };
        match self.chain.current() {
            Some(step) if step.hash == Sha256::of(bytes) => None,
            Some(step) => {
                let message = format!("it is not policy {}, which is in force", step.seq);
                let finding = breach(Code::PolicyAltered, POLICY_FILE, message);
                self.findings.push(finding.fix("tenure policy sign"));
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
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Box::new(invalid(1, "it is not UTF-8".to_owned()).fix("git restore it")))?;
    Policy::parse(text).map_err(|why| {
        let fix =
            why.fix().unwrap_or_else(|| "mend that line, then: tenure policy lint".to_owned());
        Box::new(invalid(why.line, why.to_string()).fix(fix))
    })
}
