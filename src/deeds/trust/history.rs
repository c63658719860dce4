//! Check 10, second half: every entry that ever stood in HEAD's ancestry is still there.
//!
//! Only what holds, or is void, is missed: a file that was no entry, or a forged one, may be cleaned away.

use std::collections::{BTreeMap, HashMap, HashSet};

use ssh_key::PublicKey;

use super::seen::breach;
use super::walked::{Tips, Walked};
use crate::deeds::DeedError;
use crate::deeds::load::{LOG, POLICIES, Place};
use crate::deeds::source::Source;
use crate::finding::{Code, Finding, Severity};
use crate::log::name::{file_path, parse_name};
use crate::log::parse::SignedEntry;
use crate::log::signature;
use crate::names::{EntryId, MemberName, Sha256, Sha256Writer};
use crate::policy::Policy;
use crate::verify::{LogEvidence, Record, Trust, Verdict};
use crate::world::{Blob, ObjectId, Once, WorldError, Writes};

/// The folder of the log, as its parts.
const PARTS: [&str; 2] = [".secrets", "log"];

/// The first 16 digits of an entry's id, as its file's name has them.
pub(super) type Short = u64;

/// The short id in the name of an entry's file; none where no such digits stand.
fn short(name: &str) -> Option<Short> {
    let digits = name.strip_suffix(".entry")?;
    let digits = digits.get(digits.len().checked_sub(16)?..)?;
    u64::from_str_radix(digits, 16).ok()
}

/// How many contents of one place are judged.
const ROUNDS: usize = 8;

/// A content of a file that is missed, and has the form of an entry of its name.
struct Lost {
    once: Once,
    bytes: Vec<u8>,
    signed: SignedEntry,
}

/// The keys that ever were somebody's, as some policies say which nobody has judged yet.
struct Keys(HashMap<MemberName, Vec<PublicKey>>);

impl Keys {
    fn of(policies: &BTreeMap<String, Vec<u8>>) -> Self {
        let mut keys: HashMap<MemberName, Vec<PublicKey>> = HashMap::new();
        let texts = policies.values().filter_map(|bytes| std::str::from_utf8(bytes).ok());
        for policy in texts.filter_map(|text| Policy::parse(text).ok()) {
            for (name, member) in policy.members {
                let own = member.signing_keys.iter().map(|key| key.public().clone());
                keys.entry(name).or_default().extend(own);
            }
        }
        Self(keys)
    }

    /// Tells whether an entry could be one at all: whatever it says, its signer's key made it.
    fn signed(&self, signed: &SignedEntry) -> bool {
        let keys = self.0.get(&signed.entry.by).map(|keys| keys.iter().collect::<Vec<_>>());
        let (Some(keys), Some(payload)) = (keys, &signed.payload) else { return false };
        signature::verify(payload, &signed.signature, &keys).is_ok()
    }
}

/// The evidence with some lost entries put back.
fn with(
    evidence: &LogEvidence,
    policies: &BTreeMap<String, Vec<u8>>,
    lost: &[&Lost],
) -> LogEvidence {
    let mut log = evidence.log.clone();
    log.extend(lost.iter().map(|lost| (path_of(&lost.once), lost.bytes.clone())));
    LogEvidence {
        policy: evidence.policy.clone(),
        policies: policies.clone(),
        log,
        strays: Vec::new(),
        held: evidence.held.clone(),
    }
}

/// What contents turn out to be that are not in the log.
#[derive(Default)]
pub(super) struct Verdicts {
    /// Those that hold in it, or are void.
    pub(super) hold: Vec<(Once, EntryId)>,
    /// The names of those that only the clock keeps from it.
    late: Vec<String>,
}

/// The entries that are there: their short ids, sorted.
pub(super) struct Present(Vec<Short>);

impl Present {
    /// Takes the paths of all files of the log.
    pub(super) fn of<'p>(paths: impl Iterator<Item = &'p str>) -> Self {
        let mut all: Vec<_> = paths.filter_map(short).collect();
        all.sort_unstable();
        Self(all)
    }

    /// Tells whether an entry is there.
    pub(super) fn contains(&self, short: Short) -> bool {
        self.0.binary_search(&short).is_ok()
    }

    /// What the verdict on a cleaned file depends on: the root, and the other entries.
    fn state(&self, trust: Trust) -> Sha256 {
        let bytes: Vec<u8> = self.0.iter().flat_map(|short| short.to_be_bytes()).collect();
        Sha256Writer::default().part(b"cleaned").part(&trust.root.0).part(&bytes).finish()
    }

    /// The entries of history that are not there, but for those that are known to be none.
    fn missing(&self, walked: &Walked, trust: Trust) -> HashSet<Short> {
        let missing = walked.names.iter().filter(|name| !self.contains(**name));
        let missing: HashSet<_> = missing.copied().collect();
        match &walked.cleaned {
            Some((state, cleaned)) if !missing.is_empty() && *state == self.state(trust) => {
                let cleaned = cleaned.iter().copied().collect();
                missing.difference(&cleaned).copied().collect()
            }
            _ => missing,
        }
    }
}

pub(super) fn short_of(id: &EntryId) -> Short {
    id.0.iter().take(size_of::<Short>()).fold(0, |short, byte| short << 8 | Short::from(*byte))
}

/// What became of the entries that are missed.
struct Judged {
    findings: Vec<Finding>,
    /// Those that never were entries of this log, and will not become any.
    cleaned: Vec<Short>,
}

impl Place<'_> {
    /// Finds the entries that history has and the work tree has not.
    pub(super) fn history(
        &self,
        evidence: &LogEvidence,
        trust: Trust,
    ) -> Result<Vec<Finding>, DeedError> {
        if !matches!(self.source, Source::WorkTree) {
            return Ok(Vec::new());
        }
        let Some(head) = self.checkout.head_commit()? else { return Ok(Vec::new()) };
        let present = Present::of(evidence.log.keys().map(String::as_str));
        let cache = self.cache();
        let mut tips = Tips::read(cache.as_ref());
        let mut walked = match self.walk(&head, &tips) {
            Err(DeedError::World(WorldError::NoGit(_))) => {
                return Ok(vec![unwalked("the program git is missing", "install git")]);
            }
            walked => walked?,
        };
        let missing = present.missing(&walked, trust);
        let mut findings = Vec::new();
        if !missing.is_empty() {
            let judged = self.judge_lost(&head, &missing, evidence, trust)?;
            findings.extend(judged.findings);
            walked.cleaned(present.state(trust), judged.cleaned);
        }
        if walked.is_cut {
            let why = "not all of it is at hand (a shallow or partial clone)";
            let fix = match self.checkout.is_shallow() {
                true => "git fetch --unshallow",
                false => "git fetch --refetch --no-filter",
            };
            findings.push(unwalked(why, fix));
        } else if let Some(cache) = cache.filter(|_| self.world.writes == Writes::Real) {
            tips.keep(walked, &cache);
        }
        Ok(findings)
    }

    /// Tells whether all of history is present, as far as it is at hand.
    pub(super) fn history_is_here(
        &self,
        present: &Present,
        trust: Trust,
    ) -> Result<bool, DeedError> {
        let Some(head) = self.checkout.head_commit()? else { return Ok(true) };
        let cache = self.cache();
        let mut tips = Tips::read(cache.as_ref());
        let walked = match self.walk(&head, &tips) {
            Err(DeedError::World(WorldError::NoGit(_))) => return Ok(true),
            walked => walked?,
        };
        let here = present.missing(&walked, trust).is_empty();
        if let Some(cache) =
            cache.filter(|_| here && !walked.is_cut && self.world.writes == Writes::Real)
        {
            tips.keep(walked, &cache);
        }
        Ok(here)
    }

    /// Collects the names of all entries that ever stood before a commit; only those since one that is
    /// remembered are looked up.
    fn walk(&self, head: &ObjectId, tips: &Tips) -> Result<Walked, DeedError> {
        let mut known = None;
        for tip in tips.all() {
            if known.is_none() && self.checkout.descends(head, &tip.commit)? {
                known = Some(tip);
            }
        }
        if let Some(tip) = known.filter(|tip| tip.commit == *head) {
            return Ok(tip.clone());
        }
        let mut history = self.checkout.history(head, known.map(|tip| &tip.commit), &PARTS)?;
        let mut names: HashSet<Short> =
            known.iter().flat_map(|tip| tip.names.iter().copied()).collect();
        self.checkout.each_once(&mut history, &mut |_month, name, _id| {
            names.extend(short(name));
        })?;
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        Ok(Walked { commit: head.clone(), names, cleaned: None, is_cut: history.is_cut })
    }

    /// Judges what is missed together with what is here.
    fn judge_lost(
        &self,
        head: &ObjectId,
        missing: &HashSet<Short>,
        evidence: &LogEvidence,
        trust: Trust,
    ) -> Result<Judged, DeedError> {
        let history = self.checkout.history(head, None, &PARTS)?;
        let wanted = |month: &str, name: &str| {
            short(name).is_some_and(|short| missing.contains(&short))
                && parse_name(&format!("{LOG}/{month}/{name}")).is_some()
        };
        let lost = self.checkout.lost(&history, &wanted)?;
        let Some(judged) = self.judge_each(lost.clone(), evidence, trust)? else {
            // What cannot be read cannot be said to be nothing.
            let findings = lost.iter().map(unread).collect();
            return Ok(Judged { findings, cleaned: Vec::new() });
        };
        let mut findings = Vec::new();
        let mut alive: HashSet<_> = judged.late.iter().filter_map(|name| short(name)).collect();
        for (once, id) in judged.hold {
            if short(&once.name).is_some_and(|short| alive.insert(short)) {
                let fix = self.bring_back(&once.stood_in)?;
                findings.push(taken_out(&once, id, fix));
            }
        }
        let cleaned = missing.difference(&alive).copied().collect();
        Ok(Judged { findings, cleaned })
    }

    /// Judges contents that are not in the log together with it; none where they are not at hand.
    pub(super) fn judge_each(
        &self,
        lost: Vec<Once>,
        evidence: &LogEvidence,
        trust: Trust,
    ) -> Result<Option<Verdicts>, DeedError> {
        let ids: Vec<_> = lost.iter().map(|once| once.id.clone()).collect();
        let Ok(blobs) = self.checkout.read_blobs(&ids) else { return Ok(None) };
        let mut versions = BTreeMap::new();
        for (once, blob) in lost.into_iter().zip(blobs) {
            let Blob::Bytes(bytes) = blob else { continue };
            if let Ok(signed) = SignedEntry::parse(&bytes)
                && file_path(&signed.entry, &signed.id).as_str() == path_of(&once)
            {
                let lost = Lost { once, bytes, signed };
                versions.entry(path_of(&lost.once)).or_insert_with(Vec::new).push(lost);
            }
        }
        let mut policies = evidence.policies.clone();
        let all = || versions.values().flatten();
        for commit in all().map(|lost| &lost.once.stood_in).collect::<HashSet<_>>() {
            self.add_policies(commit, &mut policies)?;
        }
        let keys = Keys::of(&policies);
        versions.values_mut().for_each(|all| all.retain(|lost| keys.signed(&lost.signed)));
        let mut verdicts = Verdicts::default();
        for round in 0..versions.values().map(Vec::len).max().unwrap_or(0).min(ROUNDS + 1) {
            let these: Vec<_> = versions.values().filter_map(|all| all.get(round)).collect();
            let whole = with(evidence, &policies, &these);
            let record = Record::judge(&whole, Some(trust), self.world.now);
            for lost in these {
                let id = lost.signed.id;
                let at = record.dag.index(&id);
                let holds = at.is_some_and(|at| record.verdict(at) != Verdict::Refused);
                // Of too many contents in one place nobody can say that none was an entry.
                if holds || round == ROUNDS {
                    verdicts.hold.push((lost.once.clone(), id));
                } else if may_hold_later(&record, &id) {
                    verdicts.late.push(lost.once.name.clone());
                }
            }
        }
        Ok(Some(verdicts))
    }

    fn add_policies(
        &self,
        commit: &ObjectId,
        policies: &mut BTreeMap<String, Vec<u8>>,
    ) -> Result<(), DeedError> {
        let mut files = self.checkout.files_in(commit, POLICIES)?;
        files.retain(|file| !policies.contains_key(file.path.as_str()));
        let ids: Vec<_> = files.iter().map(|file| file.id.clone()).collect();
        for (file, blob) in files.into_iter().zip(self.checkout.read_blobs(&ids)?) {
            if let Blob::Bytes(bytes) = blob {
                policies.insert(file.path.to_string(), bytes);
            }
        }
        Ok(())
    }
}

/// Tells whether only the clock keeps an entry from holding.
fn may_hold_later(record: &Record, id: &EntryId) -> bool {
    let about = |finding: &&Finding| finding.entry == Some(*id);
    record.findings.iter().filter(about).any(|finding| finding.code == Code::BadTime)
}

pub(super) fn path_of(once: &Once) -> String {
    format!("{LOG}/{}", once.name)
}

fn taken_out(once: &Once, id: EntryId, fix: String) -> Finding {
    let message = match &once.gone_in {
        Some(commit) => {
            let commit = &commit.as_str()[..12];
            format!("commit {commit} took this entry out of the log, which only grows")
        }
        None => "this entry is committed, and was removed from the work tree".to_owned(),
    };
    let finding = breach(Code::MissingEntry, path_of(once), message);
    Finding { entry: Some(id), fix: Some(fix), ..finding }
}

pub(super) fn unread(once: &Once) -> Finding {
    let message =
        "this file stood in the log, and nothing tells what it was: its bytes are not at hand";
    let fix = format!("git cat-file -p {}", once.id.as_str());
    let finding = breach(Code::MissingEntry, path_of(once), message.to_owned());
    Finding { fix: Some(fix), ..finding }
}

fn unwalked(why: &str, fix: &str) -> Finding {
    let message = format!("history not checked: {why}");
    let finding = breach(Code::Unwalked, LOG, message);
    Finding { severity: Severity::Note, fix: Some(fix.to_owned()), ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cleaned_away_is_not_missed_while_all_else_is_the_same() {
        let path = |short: Short| format!(".secrets/log/2026-01/x-{short:016x}.entry");
        let present = |all: &[Short]| {
            let paths: Vec<_> = all.iter().copied().map(path).collect();
            Present::of(paths.iter().map(String::as_str))
        };
        let trust = Trust { root: EntryId([7; 32]) };
        let commit = ObjectId::parse(&[b'a'; 40]).unwrap();
        let state = present(&[1]).state(trust);
        let names = vec![1, 7, Short::MAX];
        let walked = Walked { commit, names, cleaned: Some((state, vec![7])), is_cut: false };
        assert_eq!(present(&[1]).missing(&walked, trust), HashSet::from([Short::MAX]));
        let other = present(&[1, 2]).missing(&walked, trust);
        assert_eq!(other, HashSet::from([7, Short::MAX]));
        let all = present(&[Short::MAX, 7, 1]);
        assert!(all.missing(&walked, trust).is_empty());
    }
}
