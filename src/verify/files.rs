//! Checks 8 to 12: what stands on disk is what was signed, nothing more, nothing less; and in time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::disk::{FileForm, OnDisk, read};
use super::disputes::{Dispute, add_what_was_before};
use super::faults::{bared, ends_with_a_new_value, unreadable, unsealed};
use super::keyrings::Generations;
use super::verdicts::breach;
use super::{FileEvidence, Live, Record, item, keyrings};
use crate::document::Node;
use crate::finding::{Code, Finding, Severity};
use crate::log::timeline::{Effect, Settled, Standing};
use crate::names::{Address, EnvName, GenerationId, KeyPath, RepoPath, quoted};
use crate::policy::{Comments, Policy};
use crate::rotation::{Obligation, Previous};
use crate::seal;

/// A repository that was judged: the only source of values.
#[derive(Debug)]
pub struct Verified<'e> {
    /// The log and the policy.
    pub record: &'e Record,
    /// The policy in force.
    pub policy: &'e Policy,
    /// All that was found, of the log too.
    pub findings: Vec<Finding>,
    /// The attested files of the environments that were looked at.
    pub files: BTreeMap<RepoPath, VerifiedFile<'e>>,
    /// The files that stand in clear since they were opened in place; judged by what they were opened from.
    pub open: BTreeSet<RepoPath>,
    /// The keyring files whose bytes are the signed ones.
    pub keyrings: BTreeMap<(EnvName, GenerationId), &'e [u8]>,
    /// What stands, by address; nothing that was deleted or is in doubt.
    pub live: BTreeMap<Address, Live<'e>>,
    /// The single values in dispute that a writer's new value ends, with the place that the finding names.
    pub in_doubt: BTreeMap<Address, String>,
    /// All disputes: values, lists and whole files of which the log has no last word that counts.
    pub disputes: BTreeMap<Address, Dispute<'e>>,
    /// What was sealed to a generation that was not current: it stands, and counts as no new value.
    pub(super) badly_sealed: BTreeMap<Address, Live<'e>>,
    /// What the log says stands, and no file holds as it was signed: what is owed of it stays owed.
    pub(super) unfound: BTreeMap<Address, Live<'e>>,
    /// Open obligations: one for each value and cause.
    pub obligations: Vec<Obligation>,
    /// Values that others took the place of, and that must be ended.
    pub previous: Vec<Previous>,
}

/// A sealed file that the log attests.
#[derive(Debug)]
pub struct VerifiedFile<'e> {
    /// Its environment.
    pub env: EnvName,
    /// The bytes that were verified.
    pub bytes: &'e [u8],
    /// How it is sealed.
    pub form: FileForm<'e>,
}

impl<'e> Verified<'e> {
    /// Does checks 8 to 12 for one environment, or for all; none without a policy to believe.
    #[must_use]
    pub fn judge(
        record: &'e Record,
        evidence: &'e FileEvidence,
        scope: Option<&EnvName>,
        today: Date,
    ) -> Option<Self> {
        let (mut verified, envs) = Self::of(record, evidence, scope)?;
        let mut standings = record.standings();
        standings.retain(|address, _| scope.is_none_or(|only| address.env == *only));
        verified.strays(evidence);
        verified.all_files(&envs, evidence, &standings);
        verified.unfound = verified.not_found(&standings);
        verified.drops();
        add_what_was_before(record, &mut verified.disputes);
        verified.renames(evidence);
        verified.copies(evidence);
        verified.deadlines(today);
        verified.debts(scope, today);
        verified.sort();
        Some(verified)
    }

    /// What the log says stands, and was not found so.
    fn not_found(
        &self,
        standings: &BTreeMap<Address, Vec<Standing>>,
    ) -> BTreeMap<Address, Live<'e>> {
        let record = self.record;
        let found = |at: &Address| self.live.contains_key(at) || self.badly_sealed.contains_key(at);
        let managed = |at: &Address| self.policy.environments.contains_key(&at.env);
        let rest = standings.iter().filter(|(at, _)| !found(at) && managed(at));
        let stands = |(address, candidates): (&Address, &Vec<Standing>)| {
            let Settled::One(at) = record.settle(address, candidates, None) else { return None };
            let live = Live { entry: at.entry, item: record.item(at) };
            record.holds(at.entry).then(|| (address.clone(), live))
        };
        rest.filter_map(stands).collect()
    }

    /// What stands at an address, as a file holds it or by the word of the log alone.
    pub(super) fn stands(&self, address: &Address) -> Option<Live<'e>> {
        self.live.get(address).or_else(|| self.unfound.get(address)).copied()
    }

    /// Goes by what the log says stands, and judges the keyrings, but no file; none without a policy to
    /// believe. For a change of readers, which touches no file: nothing may be attested by it.
    #[must_use]
    pub fn as_signed(record: &'e Record, evidence: &'e FileEvidence) -> Option<Self> {
        let (mut verified, _) = Self::of(record, evidence, None)?;
        verified.live = record.signed(None);
        verified.sort();
        Some(verified)
    }

    /// What is known before any file is looked at, and the environments that are asked for.
    fn of(
        record: &'e Record,
        evidence: &'e FileEvidence,
        scope: Option<&EnvName>,
    ) -> Option<(Self, Vec<&'e EnvName>)> {
        let policy = record.policy()?;
        let envs: Vec<_> = policy
            .environments
            .keys()
            .filter(|env| scope.is_none_or(|only| only == *env))
            .collect();
        let mut verified = Self {
            record,
            policy,
            findings: record.findings.clone(),
            files: BTreeMap::new(),
            open: BTreeSet::new(),
            keyrings: BTreeMap::new(),
            live: BTreeMap::new(),
            in_doubt: BTreeMap::new(),
            disputes: BTreeMap::new(),
            badly_sealed: BTreeMap::new(),
            unfound: BTreeMap::new(),
            obligations: Vec::new(),
            previous: Vec::new(),
        };
        verified.keyrings = keyrings::check(record, &envs, evidence, &mut verified.findings);
        Some((verified, envs))
    }

    fn sort(&mut self) {
        self.findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.place.cmp(&b.place)));
    }

    /// The gravest finding that keeps values of an environment from leaving, if any.
    #[must_use]
    pub fn refusal(&self, env: &EnvName) -> Option<&Finding> {
        self.blocking(env).max_by_key(rank)
    }

    /// As [`Verified::refusal`], but for disputes that new values end one by one.
    #[must_use]
    pub fn refusal_beside_doubts(&self, env: &EnvName) -> Option<&Finding> {
        let doubted = |finding: &Finding| {
            ends_with_a_new_value(finding.code)
                && self.in_doubt.values().any(|place| *place == finding.place)
        };
        let left = self.blocking(env).filter(|finding| !doubted(finding));
        left.max_by_key(rank)
    }

    /// As [`Verified::refusal`], but for disputes of any kind.
    #[must_use]
    pub fn refusal_beside_disputes(&self, env: &EnvName) -> Option<&Finding> {
        let disputed = |finding: &Finding| {
            self.disputes.values().any(|it| it.place == finding.place && it.code == finding.code)
        };
        self.blocking(env).filter(|finding| !disputed(finding)).max_by_key(rank)
    }

    /// What stands at an address, or is in doubt there and ends with a `delete` that carries it on.
    #[must_use]
    pub fn ending(&self, address: &Address) -> Option<Live<'_>> {
        if let Some(dispute) = self.disputes.get(address) {
            let mut sides = dispute.sides.iter().rev();
            return sides.find(|side| side.outcome().is_some()).map(|side| side.live);
        }
        let signed = || self.record.signed(Some(&address.env)).remove(address);
        self.live.get(address).copied().or_else(signed)
    }

    fn blocking(&self, env: &EnvName) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| {
            finding.env.as_ref().is_none_or(|of| of == env)
                && (finding.severity >= Severity::Invalid || finding.code == Code::Plaintext)
        })
    }

    fn strays(&mut self, evidence: &FileEvidence) {
        for (place, why) in &evidence.strays {
            let message = format!("the policy's globs match this, but it {why}");
            let finding = breach(Code::Unattested, place, message);
            self.findings.push(finding.fix(format!("rm {}", quoted(place))));
        }
    }

    fn all_files(
        &mut self,
        envs: &[&EnvName],
        evidence: &'e FileEvidence,
        standings: &BTreeMap<Address, Vec<Standing>>,
    ) {
        type Signed<'s> = BTreeMap<&'s KeyPath, &'s [Standing]>;
        let mut places: BTreeMap<(&RepoPath, &EnvName), Signed<'_>> = BTreeMap::new();
        for path in evidence.files.keys() {
            match self.policy.environments_of(path).as_slice() {
                [owner] if envs.contains(owner) => {
                    places.entry((path, owner)).or_default();
                }
                [] | [_] => {}
                owners => self.overlap(path, owners),
            }
        }
        for (address, candidates) in standings {
            let place = places.entry((&address.path, &address.env)).or_default();
            place.insert(&address.key, candidates);
        }
        for ((path, env), signed) in places {
            // What is signed for one environment says nothing of a file that is another one's.
            if self.policy.environment_of(path).is_some_and(|owner| owner != env) {
                self.file(env, path, None, &signed);
            } else {
                self.sealed_or_open(env, path, evidence, &signed);
            }
        }
    }

    fn overlap(&mut self, path: &RepoPath, owners: &[&EnvName]) {
        let names: Vec<_> = owners.iter().map(|env| env.as_str()).collect();
        let message = format!("the globs of {} match this file", names.join(" and "));
        let finding = breach(Code::PolicyInvalid, path.as_str(), message);
        self.findings.push(finding.graded(Severity::Invalid).fix("tenure policy lint"));
    }

    pub(super) fn file(
        &mut self,
        env: &EnvName,
        path: &RepoPath,
        bytes: Option<&'e [u8]>,
        signed: &BTreeMap<&KeyPath, &[Standing]>,
    ) {
        let Some(bytes) = bytes else { return self.absent(env, path, signed) };
        let stands = signed.values().any(|c| c.iter().any(|s| s.effect == Effect::Sets));
        let whole =
            signed.get(&KeyPath::Whole).is_some_and(|c| c.iter().any(|s| s.effect == Effect::Sets));
        let (form, found) = match read(path, bytes, whole) {
            Ok(read) => read,
            Err(why) => {
                let finding = unreadable(env, path, &why, stands);
                self.findings.push(self.of_newest(finding, signed));
                return;
            }
        };
        let empty = found.is_empty() && is_silent(&form);
        if !stands && !empty && !found.values().any(OnDisk::has_token) {
            let sealed_whole = matches!(form, FileForm::Whole) && seal::is_whole(bytes);
            self.findings.push(unsealed(env, path, sealed_whole));
            return;
        }
        let mut generations = Generations::of(self.record, env);
        let mut live = Vec::with_capacity(found.len());
        for (key, disk, candidates) in paired(&found, signed) {
            let address = Address { env: env.clone(), path: path.clone(), key: key.clone() };
            match item::judge(&mut generations, &address, candidates, disk) {
                Ok(Some(stands)) => live.push((address, stands)),
                Ok(None) => {}
                Err(finding) => {
                    let stands = disk.is_none() && found.keys().any(|other| key.holds(other));
                    let finding = if stands { bared(*finding) } else { *finding };
                    let finding = finding.on_line(&address, disk.and_then(|it| it.line(bytes)));
                    if ends_with_a_new_value(finding.code) && is_plain(&form, key, disk) {
                        self.in_doubt.insert(address.clone(), finding.place.clone());
                    }
                    if let (Code::OldGeneration, Some(disk)) = (finding.code, disk)
                        && let Some(stands) = self.record.live(&address, candidates, disk.hash)
                    {
                        self.badly_sealed.insert(address.clone(), stands);
                    }
                    self.disputed(address, &finding, candidates, disk.map(|it| it.hash));
                    self.findings.push(finding);
                }
            }
        }
        self.live.extend(live);
        self.findings.extend(self.clear_comment(env, path, &form));
        self.files.insert(path.clone(), VerifiedFile { env: env.clone(), bytes, form });
    }

    /// Names the newest entry of those that attest a file.
    pub(super) fn of_newest(
        &self,
        finding: Finding,
        signed: &BTreeMap<&KeyPath, &[Standing]>,
    ) -> Finding {
        let sets = |standing: &&Standing| standing.effect == Effect::Sets;
        let entries = signed.values().flat_map(|all| all.iter().filter(sets));
        let newest = entries.max_by_key(|standing| self.record.dag.position(standing.entry));
        match newest {
            Some(standing) => finding.entry(self.record.entries[standing.entry].id),
            None => finding,
        }
    }

    /// Finds a comment that somebody wrote into a sealed file and did not seal.
    fn clear_comment(
        &self,
        env: &EnvName,
        path: &RepoPath,
        form: &FileForm<'_>,
    ) -> Option<Finding> {
        let FileForm::Values(document) = form else { return None };
        let sealed = self.policy.environments.get(env)?.comments == Comments::Sealed;
        let comment = document.clear_comment().filter(|_| sealed)?;
        let line = 1 + document.text[..comment.start].matches('\n').count();
        let message = "this comment stands in clear, and the policy wants comments sealed";
        let finding = breach(Code::PlainComment, format!("{path}:{line}"), message).in_env(env);
        Some(finding.graded(Severity::Found).fix(format!("tenure seal {}", quoted(path))))
    }
}

/// What is wrong with the log comes first: what is wrong with a file often follows from it.
fn rank(finding: &&Finding) -> (Severity, bool) {
    (finding.severity, finding.env.is_none())
}

/// Tells whether a new value leaves nothing of the disputed one: no tag, no anchor, no other place of a
/// list. Of a whole file it never does.
fn is_plain(form: &FileForm<'_>, key: &KeyPath, disk: Option<&OnDisk>) -> bool {
    let FileForm::Values(document) = form else { return *key == KeyPath::Whole };
    disk.is_none()
        || document.leaf(key).is_some_and(|leaf| {
            let bare = [&leaf.tag, &leaf.anchor, &leaf.note].into_iter().all(String::is_empty);
            leaf.node == Node::Scalar && bare
        })
}

/// Tells whether a file says nothing in clear: the last value was taken out of it.
fn is_silent(form: &FileForm<'_>) -> bool {
    let FileForm::Values(document) = form else { return false };
    document.clear_comment().is_none()
}

/// What stands at a place, and what was signed of it.
type Pair<'p> = (&'p KeyPath, Option<&'p OnDisk>, &'p [Standing]);

/// Pairs what stands with what was signed, in the order of the keys.
fn paired<'p>(
    found: &'p BTreeMap<KeyPath, OnDisk>,
    signed: &BTreeMap<&'p KeyPath, &'p [Standing]>,
) -> Vec<Pair<'p>> {
    let mut pairs: Vec<Pair<'p>> =
        found.iter().map(|(key, disk)| (key, Some(disk), [].as_slice())).collect();
    pairs.extend(signed.iter().map(|(key, candidates)| (*key, None, *candidates)));
    // Stable: of two with one key, what stands comes first, and takes up what was signed.
    pairs.sort_by_key(|(key, ..)| *key);
    pairs.dedup_by(|signed, found| {
        let same = signed.0 == found.0;
        if same {
            found.2 = signed.2;
        }
        same
    });
    pairs
}
