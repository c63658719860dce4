//! Checks 1 to 7: entries, root, parents, policy chain, rights, policy file.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use ssh_key::PublicKey;

use super::chain::{Chain, Seen, Step};
use super::incidents::{Bearing, Closing};
use super::verdicts::breach;
use super::{LogEvidence, Trust, reading, rights};
use crate::finding::{Code, Finding};
use crate::log::dag::Dag;
use crate::log::entry::{Kind, Note, Origin};
use crate::log::held::Held;
use crate::log::name::file_path;
use crate::log::parse::SignedEntry;
use crate::log::signature::{self, SignatureError};
use crate::names::{Address, EntryId, Sha256, TypeName, quoted};
use crate::policy::{Member, Policy, SigningKey};

/// How far a time may lie ahead of now, or behind a parent.
pub(super) const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Whether an entry counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
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
    /// The entries whose signatures were not known to hold, and do.
    pub(super) news: Vec<usize>,
    /// The step of the chain that is in force.
    pub(super) in_force: Option<usize>,
    /// The policy of a repository that has no environments, and so needs no log; or one that is only
    /// supposed.
    pub(super) unsigned: Option<Policy>,
    /// How many entries of the log hold, of how many.
    pub(super) counted: (usize, usize),
    /// Who says of each incident that it is over, where that is known from before.
    pub(super) closings: Option<BTreeMap<EntryId, Closing>>,
    /// Who bears what, where that is known from before.
    pub(super) bearings: Option<Vec<(EntryId, Origin, Bearing)>>,
    /// The entries that name an address, parents before children.
    pub(super) naming: OnceCell<HashMap<Address, Vec<usize>>>,
    /// Where sealed bytes stand, by their hash.
    pub(super) tokens: OnceCell<HashMap<Sha256, Vec<super::replayed::At>>>,
    /// The files in which each key stands, or ever stood.
    pub(super) files_of_keys: OnceCell<super::named::FilesOfKeys>,
    /// The steps that ask for an end of a type's values, by the type.
    pub(super) asking: OnceCell<HashMap<TypeName, Vec<usize>>>,
}

impl Record {
    /// Does checks 1 to 7.
    #[must_use]
    pub fn judge(evidence: &LogEvidence, trust: Option<Trust>, now: Timestamp) -> Self {
        let mut findings: Vec<_> = evidence.strays.iter().map(stray).collect();
        let (entries, proofs) = reading::read(evidence, &mut findings);
        let nodes: Vec<_> = entries.iter().map(|e| (e.id, e.entry.parents.as_slice())).collect();
        let dag = Dag::build(&nodes)
            .expect("a file's name follows from its bytes, so no entry is there twice");
        let mut judge = Judge {
            evidence,
            now,
            root: None,
            entries: &entries,
            proofs: &proofs,
            dag: &dag,
            chain: Chain::default(),
            verdicts: vec![Verdict::Refused; entries.len()],
            findings,
        };
        judge.root(trust);
        judge.parents();
        judge.walk();
        judge.voids();
        judge.forks();
        judge.policies();
        let unsigned = judge.policy_file();
        let Judge { chain, verdicts, findings, .. } = judge;
        let is_news =
            |at: &usize| entries[*at].payload.is_some() && verdicts[*at] != Verdict::Refused;
        let news = (0..entries.len()).filter(is_news).collect();
        let in_force = judged_by(&chain, evidence);
        let holding = verdicts.iter().filter(|verdict| **verdict == Verdict::Holds).count();
        let counted = (holding, entries.len());
        let (naming, tokens) = (OnceCell::new(), OnceCell::new());
        let files_of_keys = OnceCell::new();
        Self {
            entries,
            dag,
            chain,
            findings,
            verdicts,
            news,
            in_force,
            unsigned,
            counted,
            closings: None,
            bearings: None,
            naming,
            tokens,
            files_of_keys,
            asking: OnceCell::new(),
        }
    }

    /// The policy in force; none where there is none to believe.
    #[must_use]
    pub fn policy(&self) -> Option<&Policy> {
        self.unsigned.as_ref().or_else(|| self.step().map(|step| &*step.policy))
    }

    /// Judges files from now on by a policy that is not in force, to see what it would mean.
    pub fn suppose(&mut self, policy: Policy) {
        self.unsigned = Some(policy);
    }

    /// The step whose policy files are judged by; where the chain forks, one of several.
    #[must_use]
    pub fn step(&self) -> Option<&Step> {
        self.in_force.map(|at| &self.chain.steps[at])
    }

    /// The id of `init`, if there is exactly one that holds.
    #[must_use]
    pub fn root(&self) -> Option<EntryId> {
        self.chain.steps.iter().find(|step| step.prev.is_none()).map(|step| step.id)
    }

    /// Adds the signatures that were found to hold to those that were known to; tells whether there are
    /// any.
    pub fn remember(&self, held: &mut Held) -> bool {
        self.news.iter().for_each(|at| held.add(&self.entries[*at]));
        !self.news.is_empty()
    }

    /// Counts the entries that hold.
    #[must_use]
    pub fn holding(&self) -> usize {
        self.counted.0
    }

    /// Counts the entries of the log that hold, and all.
    #[must_use]
    pub fn counted(&self) -> (usize, usize) {
        self.counted
    }

    /// Says what became of an entry.
    #[must_use]
    pub fn verdict(&self, entry: usize) -> Verdict {
        self.verdicts.get(entry).copied().unwrap_or(Verdict::Refused)
    }

    /// Tells whether an entry counts.
    #[must_use]
    pub fn holds(&self, entry: usize) -> bool {
        self.verdicts.get(entry) == Some(&Verdict::Holds)
    }
}

/// The step that files are judged by; where the chain forks, the one that lies in the policy's file.
fn judged_by(chain: &Chain, evidence: &LogEvidence) -> Option<usize> {
    let on_disk = evidence.policy.as_ref().map(|bytes| Sha256::of(bytes));
    let rank = |at: &usize| (Some(chain.steps[*at].hash) == on_disk, chain.steps[*at].seq);
    chain.ends(Seen::Whole).into_iter().max_by_key(rank)
}

pub(super) fn keys(member: &Member) -> Vec<&PublicKey> {
    member.signing_keys.iter().map(SigningKey::public).collect()
}

fn stray((place, why): &(String, &'static str)) -> Finding {
    let code = if place.starts_with(".secrets/log") { Code::BadEntry } else { Code::Unattested };
    breach(code, place, format!("this does not belong here: it {why}"))
        .fix(format!("rm {}", quoted(place)))
}

/// What checks 2 to 7 share.
pub(super) struct Judge<'e> {
    pub(super) evidence: &'e LogEvidence,
    pub(super) now: Timestamp,
    root: Option<EntryId>,
    pub(super) entries: &'e [SignedEntry],
    /// Whether their signatures hold, whoever made them.
    proofs: &'e [Result<(), SignatureError>],
    pub(super) dag: &'e Dag,
    pub(super) chain: Chain,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) findings: Vec<Finding>,
}

impl Judge<'_> {
    fn place(&self, at: usize) -> String {
        let signed = &self.entries[at];
        file_path(&signed.entry, &signed.id).to_string()
    }

    /// Starts a finding about an entry. What breaks a rule is never mended, but taken out: nothing that
    /// holds descends from it.
    pub(super) fn refuse(&self, at: usize, code: Code, message: impl Into<String>) -> Finding {
        let place = self.place(at);
        let fix = format!("rm {}", quoted(&place));
        breach(code, place, message).entry(self.entries[at].id).fix(fix)
    }

    /// Check 2, first half: the trusted root is here. Where nothing is trusted yet, the only `init` is
    /// taken for the root, so that it can be shown; of several none is.
    fn root(&mut self, trust: Option<Trust>) {
        let inits: Vec<_> =
            self.entries.iter().filter(|signed| signed.entry.root.is_none()).collect();
        self.root = match (trust, inits.as_slice()) {
            (Some(trust), _) => Some(trust.root),
            (None, [only]) => Some(only.id),
            (None, _) => None,
        };
        let missing = trust.filter(|trust| !inits.iter().any(|signed| signed.id == trust.root));
        if let Some(trust) = missing {
            let message = format!("the entry that you trust as root, {}, is not here", trust.root);
            let finding = breach(Code::MissingEntry, ".secrets/log", message);
            self.findings.push(finding.fix("tenure restore"));
        }
    }

    /// Check 2, second half: an entry belongs to the log of that root.
    fn rooted(&self, at: usize) -> Result<(), Box<Finding>> {
        let signed = &self.entries[at];
        let root = signed.entry.root.unwrap_or(signed.id);
        if self.root == Some(root) {
            return Ok(());
        }
        let message = match self.root {
            Some(trusted) => {
                format!("it belongs to a log that starts at {root}, and you trust {trusted}")
            }
            None => format!("several logs lie here, and this entry belongs to the one of {root}"),
        };
        let finding = self.refuse(at, Code::OtherRoot, message);
        Err(Box::new(finding.fix("compare the root over another channel")))
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

    /// Checks 4 and 5, parents before children. What is wrong with an entry because of another before it
    /// is told once, at that one: mending the rest by itself would only take more away.
    fn walk(&mut self) {
        let mut follows = vec![false; self.entries.len()];
        for at in self.dag.order().to_vec() {
            let parents = self.entries[at].entry.parents.iter();
            let parents: Vec<_> = parents.filter_map(|id| self.dag.index(id)).collect();
            self.chain.look(at, &parents, self.dag);
            let is_refused = |it: &usize| follows[*it] || self.verdicts[*it] == Verdict::Refused;
            follows[at] = !self.dag.is_complete(at) || parents.iter().any(is_refused);
            match self.rooted(at).map(|()| self.judge(at)) {
                Ok(Ok(())) => self.verdicts[at] = Verdict::Holds,
                Ok(Err(_)) if follows[at] => {}
                Ok(Err(finding)) | Err(finding) => self.findings.push(*finding),
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
            return self.push(at, step, policy, Vec::new());
        }
        let (named, rivals) = self.named_policy(at)?;
        let policy = &self.chain.steps[named].policy;
        self.signed_under(at, policy)?;
        self.timely(at)?;
        rights::check(policy, entry)
            .map_err(|why| Box::new(self.refuse(at, Code::NotAllowed, why)))?;
        match &entry.kind {
            Kind::Init(_) => Ok(()),
            Kind::Seal { .. } => {
                self.chain.rely(at, entry);
                Ok(())
            }
            Kind::Note(Note::Approve { target }) => {
                // Nobody approves what they did not see.
                let seen = |target| self.dag.is_ancestor(target, at);
                if self.dag.index(target).is_some_and(seen) {
                    self.chain.approve(at, signed, *target);
                }
                Ok(())
            }
            Kind::Note(note) => {
                self.note(at, note)?;
                self.chain.rely(at, entry);
                Ok(())
            }
            Kind::Policy(step) => {
                let next = self.policy_of(at, step)?;
                self.follows(at, step, named)?;
                self.push(at, step, next, rivals)
            }
        }
    }

    fn signed_under(&self, at: usize, policy: &Policy) -> Result<(), Box<Finding>> {
        let signed = &self.entries[at];
        let by = &signed.entry.by;
        let Some(member) = policy.members.get(by) else {
            let message = format!("`{by}` is no member under the policy that the entry names");
            return Err(Box::new(self.refuse(at, self.refusal(at), message)));
        };
        let keys = keys(member);
        let verified = signature::named(&signed.signature, &keys);
        match verified.and_then(|_| self.proofs[at].clone()) {
            Ok(()) => Ok(()),
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
}
