//! Check 8, first half: the keyrings of an environment, and which of them is current.

use std::collections::{BTreeMap, BTreeSet};

use super::verdicts::{breach, can};
use super::{FileEvidence, Live, Record, Verdict, Verified};
use crate::finding::{Code, Finding, Severity};
use crate::keyring::{self, Stanzas};
use crate::log::entry::{KeyringRecord, Kind};
use crate::names::{EntryId, EnvName, GenerationId, MemberName, RepoPath, Sha256, quoted};
use crate::policy::{Policy, Recipient};

/// A keyring that the log attests.
#[derive(Debug, Clone, Copy)]
pub struct CurrentKeyring<'r> {
    /// The position of its entry.
    pub entry: usize,
    /// What its entry says.
    pub record: &'r KeyringRecord,
}

/// The path of a generation's keyring file.
pub(super) fn path(env: &EnvName, generation: GenerationId) -> String {
    format!(".secrets/keys/{env}/{generation}.age")
}

impl Record {
    /// The keyrings of an environment that hold, parents before children.
    #[must_use]
    pub fn keyrings(&self, env: &EnvName) -> Vec<CurrentKeyring<'_>> {
        let mut found = Vec::new();
        for at in self.dag.order().iter().copied().filter(|at| self.holds(*at)) {
            if let Kind::Seal { keyrings, .. } = &self.entries[at].entry.kind {
                let mine = keyrings.iter().filter(|record| record.env == *env);
                found.extend(mine.map(|record| CurrentKeyring { entry: at, record }));
            }
        }
        found
    }

    /// The newest keyring whose readers are the policy's; none means `stale-readers`.
    #[must_use]
    pub fn current_keyring(&self, env: &EnvName) -> Option<CurrentKeyring<'_>> {
        let wanted = readers(self.policy()?, env);
        let all = self.keyrings(env);
        let newest = all.iter().rev().find(|keyring| {
            self.policy_at(keyring.entry).is_some_and(|policy| readers(policy, env) == wanted)
        })?;
        // A newer keyring for other readers means that values may be sealed to it already.
        let passed = |other: &CurrentKeyring<'_>| self.dag.is_ancestor(newest.entry, other.entry);
        (!all.iter().any(passed)).then_some(*newest)
    }

    /// Who can make the next keyring of an environment under a policy: its readers who may, and who read the newest
    /// one, where there is one, since it holds the generations before.
    #[must_use]
    pub fn keyring_makers<'p>(&self, policy: &'p Policy, env: &EnvName) -> Vec<&'p MemberName> {
        let newest = self.keyrings(env).last().and_then(|it| self.policy_at(it.entry));
        let opens =
            |who: &MemberName| newest.is_none_or(|policy| policy.readers(env).contains(who));
        let readers = policy.readers(env).into_iter();
        readers.filter(|who| policy.may_make_keyring(who, env) && opens(who)).collect()
    }

    /// The policy that an entry names.
    #[must_use]
    pub fn policy_at(&self, entry: usize) -> Option<&Policy> {
        let id = self.entries[entry].entry.policy?;
        self.chain.step(&id).map(|step| &*step.policy)
    }
}

/// The generations of one environment, for the many items that were sealed to few of them.
pub(super) struct Generations<'r, 'n> {
    pub(super) record: &'r Record,
    env: &'n EnvName,
    keyrings: Vec<CurrentKeyring<'r>>,
    asked: BTreeMap<(GenerationId, usize), bool>,
}

impl<'r, 'n> Generations<'r, 'n> {
    /// Lists those of an environment.
    pub(super) fn of(record: &'r Record, env: &'n EnvName) -> Self {
        Self { record, env, keyrings: record.keyrings(env), asked: BTreeMap::new() }
    }

    /// Tells whether a generation was current for the signer of an entry: its keyring is the entry's own
    /// or an ancestor's, no later one was known, and its readers were the policy's.
    pub(super) fn was_current(&mut self, generation: GenerationId, entry: usize) -> bool {
        let Self { record, env, keyrings, asked } = self;
        let judge = || judge(record, env, keyrings, (generation, entry));
        *asked.entry((generation, entry)).or_insert_with(judge)
    }
}

fn judge(
    record: &Record,
    env: &EnvName,
    keyrings: &[CurrentKeyring<'_>],
    (generation, entry): (GenerationId, usize),
) -> bool {
    let seen = |at: usize| at == entry || record.dag.is_ancestor(at, entry);
    let known: Vec<_> = keyrings.iter().filter(|keyring| seen(keyring.entry)).collect();
    let Some(mine) = known.iter().find(|keyring| keyring.record.generation == generation) else {
        return false;
    };
    let later = known.iter().any(|other| record.dag.is_ancestor(mine.entry, other.entry));
    let policies = record.policy_at(mine.entry).zip(record.policy_at(entry));
    !later && policies.is_some_and(|(then, now)| readers(then, env) == readers(now, env))
}

impl Verified<'_> {
    /// Tells whether an item's bytes would do here, whoever gave his word for them: they stand in clear, or
    /// their keyring is here, and was the right one to seal them with.
    #[must_use]
    pub fn is_sealed_rightly(&self, env: &EnvName, live: Live<'_>) -> bool {
        let Some(generation) = live.item.generation else { return true };
        let sealed_in = self.record.sealed_in(live).entry;
        self.keyrings.contains_key(&(env.clone(), generation))
            && Generations::of(self.record, env).was_current(generation, sealed_in)
    }
}

/// Who can open a keyring that is wrapped under a policy.
pub(super) fn readers<'p>(policy: &'p Policy, env: &EnvName) -> BTreeSet<(&'p str, &'p str)> {
    let pairs = policy.reader_recipients(env);
    pairs.into_iter().map(|(who, recipient)| (who.as_str(), recipient.as_str())).collect()
}

/// Compares the keyring files of some environments with the log.
pub(super) fn check<'e>(
    record: &Record,
    envs: &[&EnvName],
    evidence: &'e FileEvidence,
    findings: &mut Vec<Finding>,
) -> BTreeMap<(EnvName, GenerationId), &'e [u8]> {
    let mut good = BTreeMap::new();
    let mut named = BTreeSet::new();
    for env in envs {
        for keyring in record.keyrings(env) {
            let path = path(env, keyring.record.generation);
            match check_one(record, &keyring, &path, evidence) {
                Ok(bytes) => {
                    good.insert(((*env).clone(), keyring.record.generation), bytes);
                }
                Err(finding) => findings.push(finding.in_env(env)),
            }
            named.insert(path);
        }
        let folder = format!(".secrets/keys/{env}/");
        let strange =
            |path: &&RepoPath| path.as_str().starts_with(&folder) && !named.contains(path.as_str());
        let void = void(record, env);
        let strangers = evidence.keyrings.keys().filter(strange);
        findings.extend(strangers.map(|path| {
            let bytes = &evidence.keyrings[path];
            let finding = match void.get(&(path.as_str().to_owned(), Sha256::of(bytes))) {
                Some(id) => of_a_void_entry(path, *id),
                None => stranger(record, path),
            };
            finding.in_env(env)
        }));
        if record.current_keyring(env).is_none() {
            findings.push(stale(record, env));
        }
    }
    good
}

/// The keyrings that void entries made, by path and hash. They stay: whoever brought them, others build on their
/// commits. Nothing opens them, and what is sealed to them is no value of the environment.
fn void(record: &Record, env: &EnvName) -> BTreeMap<(String, Sha256), EntryId> {
    let entries = record.entries.iter().enumerate();
    let void = entries.filter(|(at, _)| record.verdict(*at) == Verdict::Void);
    let keyrings = void
        .flat_map(|(_, signed)| signed.entry.keyrings().iter().map(|keyring| (signed.id, keyring)));
    let mine = keyrings.filter(|(_, keyring)| keyring.env == *env);
    mine.map(|(id, keyring)| ((path(env, keyring.generation), keyring.hash), id)).collect()
}

fn of_a_void_entry(path: &RepoPath, id: EntryId) -> Finding {
    let message = "a void entry made this keyring: nothing is sealed to it, and it may stay";
    breach(Code::Unattested, path.as_str(), message).graded(Severity::Note).entry(id)
}

fn stranger(record: &Record, path: &RepoPath) -> Finding {
    let message = "no entry that holds names this keyring";
    breach(Code::Unattested, path.as_str(), message).fix(match record.dag.missing() {
        [] => format!("rm {}", quoted(path)),
        // The entry that names it may be among what is not here.
        _ => "tenure restore".to_owned(),
    })
}

fn stale(record: &Record, env: &EnvName) -> Finding {
    let message = if record.keyrings(env).is_empty() {
        format!("{env} has no keyring yet")
    } else {
        format!("the readers of {env} changed since its newest keyring")
    };
    let makers = record.policy().map(|policy| record.keyring_makers(policy, env));
    let message = message + &can(&makers.unwrap_or_default());
    breach(Code::StaleReaders, format!(".secrets/keys/{env}"), message)
        .in_env(env)
        .graded(Severity::Found)
        .fix(format!("tenure rekey -e {env}"))
}

fn check_one<'e>(
    record: &Record,
    keyring: &CurrentKeyring<'_>,
    path: &str,
    evidence: &'e FileEvidence,
) -> Result<&'e [u8], Box<Finding>> {
    let id = record.entries[keyring.entry].id;
    let restore = "tenure restore";
    let broken = |code, why: &str| Box::new(breach(code, path, why).entry(id).fix(restore));
    let missing = || broken(Code::Missing, "this keyring is signed, but not here");
    let key: RepoPath = path.parse().map_err(|_| missing())?;
    let bytes = evidence.keyrings.get(&key).ok_or_else(missing)?;
    if Sha256::of(bytes) != keyring.record.hash {
        return Err(broken(Code::Altered, "this keyring is not the one that was signed"));
    }
    let policy = record
        .policy_at(keyring.entry)
        .ok_or_else(|| broken(Code::Altered, "the policy of this keyring is not here"))?;
    let found = keyring::stanzas(bytes)
        .map_err(|_| broken(Code::Altered, "this keyring is no armored age file"))?;
    if !fits(found, &policy.reader_recipients(&keyring.record.env)) {
        let why = "this keyring is wrapped for another number of readers than its policy names";
        return Err(broken(Code::Altered, why));
    }
    Ok(bytes)
}

/// Compares counts: exact, but "at least" where a plugin may make any stanzas.
fn fits<T>(found: Stanzas, readers: &[(T, &Recipient)]) -> bool {
    let mut wanted = Stanzas::default();
    for (_, recipient) in readers {
        match recipient {
            Recipient::X25519(_) => wanted.x25519 += 1,
            Recipient::SshEd25519(_) | Recipient::SshRsa(_) => wanted.ssh += 1,
            Recipient::Plugin { .. } => wanted.other += 1,
        }
    }
    if wanted.other > 0 {
        let total = found.x25519 + found.ssh + found.other;
        return found.x25519 >= wanted.x25519
            && found.ssh >= wanted.ssh
            && total >= wanted.x25519 + wanted.ssh + wanted.other;
    }
    found == wanted
}
