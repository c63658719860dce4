//! The keyrings of all history, against the log: who opens them, and whether it says so.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::history::{KeyringFile, Past};
use super::{Asker, Question};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::finding::{Code, Finding, Severity};
use crate::keyring::{self, Generation};
use crate::log::entry::KeyringRecord;
use crate::names::{EntryId, EnvName, GenerationId, Sha256};
use crate::policy::{Policy, Recipient};
use crate::secret::Plaintext;
use crate::verify::Record;
use crate::verify::exposed::{Opens, Since, Who};
use crate::world::keys::{Identities, KeysError};

/// Who is asked about, with what can be tried.
pub(super) struct Asked {
    asker: Asker,
    keys: BTreeSet<Recipient>,
    /// The key in a file that is asked about.
    identities: Option<Identities>,
    /// Whether keyrings say anything about who is asked about.
    reads: bool,
}

impl Asked {
    pub(super) fn of(
        place: &Place<'_>,
        record: &Record,
        question: Question<'_>,
    ) -> Result<Self, DeedError> {
        let mut identities = None;
        let (kind, text, keys) = match question {
            Question::Member(name) => ("member", name.to_string(), record.recipients_ever(name)),
            Question::Recipient(key) => ("recipient", key.fingerprint(), [key.clone()].into()),
            Question::Vendor(vendor) => ("vendor", vendor.to_owned(), BTreeSet::new()),
            Question::Key(file) => {
                let path = place.world.from.join(file);
                let mut own = Identities::of_file(path, place.world.terminal);
                let public = own.public()?.into_iter().filter_map(|found| found.recipient);
                let keys = public.filter_map(|text| text.parse().ok()).collect();
                identities = Some(own);
                ("key", file.display().to_string(), keys)
            }
        };
        let reads = !matches!(question, Question::Vendor(_));
        let recipients = keys.iter().map(Recipient::fingerprint).collect();
        Ok(Self { asker: Asker { kind, text, recipients }, keys, identities, reads })
    }

    pub(super) fn is_key(&self) -> bool {
        self.identities.is_some()
    }

    pub(super) fn told(self) -> Asker {
        self.asker
    }

    /// Opens a keyring with the key that is asked about; with the user's own, and only where that costs
    /// nothing, where a name is.
    fn open(&mut self, place: &Place<'_>, bytes: &[u8]) -> Result<Option<Plaintext>, DeedError> {
        let opened = match &mut self.identities {
            Some(identities) => identities.open(bytes).map(Some),
            None => place.world.identities().open_freely(bytes),
        };
        match opened {
            Ok(opened) => Ok(opened),
            // Whoever pushes a broken file does not keep the others from being looked at.
            Err(
                KeysError::None { .. }
                | KeysError::NotAge
                | KeysError::Damaged { .. }
                | KeysError::PluginFailed { .. },
            ) => Ok(None),
            Err(why) => Err(why.into()),
        }
    }
}

/// What the keyrings of all history say of who is asked about.
#[derive(Default)]
pub(super) struct Rings {
    /// What they open, by the log and by the history.
    pub(super) opens: Opens,
    /// The generations that their key opened: none where a name is asked about.
    pub(super) generations: Vec<Generation>,
    /// The environment of each generation: by the log, else by the folder of its keyring.
    pub(super) envs: BTreeMap<GenerationId, EnvName>,
    pub(super) opened: usize,
    pub(super) findings: Vec<Finding>,
}

/// A keyring that the log attests.
type Attested<'r> = (usize, &'r KeyringRecord, &'r Policy);

impl Rings {
    pub(super) fn judge(
        place: &Place<'_>,
        record: &Record,
        past: &Past,
        asked: &mut Asked,
    ) -> Result<Self, DeedError> {
        let mut rings = Self::none(record);
        if !asked.reads {
            return Ok(rings);
        }
        rings.opens = record.opens(&Who::Keys(&asked.keys));
        let attested: HashMap<Sha256, Attested<'_>> =
            record.keyrings_ever().into_iter().map(|it| (it.1.hash, it)).collect();
        let strange: BTreeSet<_> = past
            .keyrings
            .iter()
            .map(|file| file.hash)
            .filter(|hash| !attested.contains_key(hash))
            .collect();
        let claims = past.claims(place, record, &strange)?;
        for file in &past.keyrings {
            match attested.get(&file.hash) {
                Some(known) => rings.signed(place, record, (file, known), asked)?,
                None => rings.unsigned(place, (record, &claims), file, asked)?,
            }
        }
        Ok(rings)
    }

    /// A keyring that an entry names: it must be open to whom the entry's policy lets read, and to them only.
    fn signed(
        &mut self,
        place: &Place<'_>,
        record: &Record,
        (file, known): (&KeyringFile, &Attested<'_>),
        asked: &mut Asked,
    ) -> Result<(), DeedError> {
        let (at, ring, policy) = known;
        let readers = policy.reader_recipients(&ring.env);
        let mine: Vec<_> = readers.iter().filter(|(_, key)| asked.keys.contains(key)).collect();
        let is_key = asked.is_key();
        let (opens, lacks) = if is_key {
            let opened = asked.open(place, &file.bytes)?;
            let opens = opened.is_some();
            self.take(file, opened.as_ref());
            // Of a plugin's key, or one under a passphrase, no recipient is known.
            (opens, !opens)
        } else {
            let named = keyring::ssh_stanzas(&file.bytes).unwrap_or_default();
            let names = |key: &Recipient| key.ssh_stanza().is_some_and(|tag| named.contains(&tag));
            let hidden = |key: &Recipient| key.ssh_stanza().is_none();
            let lacks = mine.iter().any(|(_, key)| !hidden(key) && !names(key));
            (asked.keys.iter().any(names), lacks)
        };
        let says = |message: String| {
            let entry = Some(record.entries[*at].id);
            let env = Some(ring.env.clone());
            Finding { entry, env, ..found(Code::Altered, file, message) }
        };
        if opens && mine.is_empty() && !asked.keys.is_empty() {
            record.let_open(&mut self.opens, (*at, ring));
            let message = "it is wrapped for them, and the policy that its entry names is not";
            self.findings.push(says(message.to_owned()));
        } else if opens {
            record.let_open(&mut self.opens, (*at, ring));
        } else if lacks && !mine.is_empty() {
            let message = "its entry says that it is wrapped for them, and it is not";
            self.findings.push(says(message.to_owned()));
        }
        Ok(())
    }

    /// A keyring that no entry names: whoever made it told nobody.
    fn unsigned(
        &mut self,
        place: &Place<'_>,
        (record, claims): (&Record, &BTreeMap<Sha256, EntryId>),
        file: &KeyringFile,
        asked: &mut Asked,
    ) -> Result<(), DeedError> {
        let opened = asked.open(place, &file.bytes)?;
        let named = keyring::ssh_stanzas(&file.bytes).unwrap_or_default();
        let stanzas = keyring::stanzas(&file.bytes).unwrap_or_default();
        let names = |key: &Recipient| key.ssh_stanza().is_some_and(|tag| named.contains(&tag));
        let hides = stanzas.x25519 + stanzas.other > 0;
        let open_to_them =
            if asked.is_key() { opened.is_some() } else { asked.keys.iter().any(names) };
        if asked.is_key() && !open_to_them {
            return Ok(());
        }
        let maybe =
            !open_to_them && hides && asked.keys.iter().any(|key| key.ssh_stanza().is_none());
        let held = held(record, file, opened.as_ref());
        if open_to_them {
            let time = file.stood.commit.as_ref().map_or(place.world.now, |(_, time)| *time);
            let since = Since { time, entry: None };
            for id in &held {
                let first = self.opens.entry(*id).or_insert(since);
                *first = if since.time < first.time { since } else { *first };
            }
        }
        if asked.is_key() {
            self.take(file, opened.as_ref());
        }
        let claim = claims.get(&file.hash);
        self.findings.push(told(file, (open_to_them, maybe), &held, claim));
        Ok(())
    }

    /// Keeps what an opened keyring holds.
    pub(super) fn take(&mut self, file: &KeyringFile, opened: Option<&Plaintext>) {
        let Some(plain) = opened else { return };
        self.opened += 1;
        let folder = file.stood.path.as_str().split('/').nth(2);
        let env = folder.and_then(|folder| folder.parse::<EnvName>().ok());
        for generation in keyring::generations_in(plain) {
            if let Some(env) = &env {
                self.envs.entry(generation.id()).or_insert_with(|| env.clone());
            }
            if self.generations.iter().all(|known| known.id() != generation.id()) {
                self.generations.push(generation);
            }
        }
    }

    /// Nothing is opened yet.
    pub(super) fn none(record: &Record) -> Self {
        let rings = record.keyrings_ever().into_iter();
        let envs = rings.flat_map(|(_, ring, _)| {
            let all = ring.earlier.iter().chain([&ring.generation]);
            all.map(|generation| (*generation, ring.env.clone())).collect::<Vec<_>>()
        });
        Self { envs: envs.collect(), ..Self::default() }
    }
}

/// The generations that a keyring holds: all that were seen in it, or else those that its name stands for.
fn held(record: &Record, file: &KeyringFile, opened: Option<&Plaintext>) -> BTreeSet<GenerationId> {
    if let Some(plain) = opened {
        return keyring::generations_in(plain).iter().map(Generation::id).collect();
    }
    let name = file.stood.path.file_name().strip_suffix(".age").unwrap_or_default();
    let all = record.keyrings_ever().into_iter();
    let mut known = all.filter(|(_, ring, _)| ring.generation.to_string() == name);
    let known = known.next().map(|(_, ring, _)| ring);
    known.iter().flat_map(|it| it.earlier.iter().copied().chain([it.generation])).collect()
}

fn told(
    file: &KeyringFile,
    (open_to_them, maybe): (bool, bool),
    held: &BTreeSet<GenerationId>,
    claim: Option<&EntryId>,
) -> Finding {
    let whose = match (open_to_them, maybe) {
        (true, _) => "it is wrapped for them",
        (false, true) => "whom it is wrapped for its header does not say",
        (false, false) => "it is not wrapped for them",
    };
    let holds = match held.len() {
        0 => "what it holds is not known".to_owned(),
        1 => "it holds one generation".to_owned(),
        many => format!("it holds {many} generations"),
    };
    let stood = match &file.stood.commit {
        Some((commit, _)) => format!("of commit {}", commit.short()),
        None => "in the work tree".to_owned(),
    };
    let (message, severity) = match claim {
        Some(entry) => {
            let says =
                format!("entry {} of another branch names the keyring {stood}", entry.short());
            (format!("{says}: {whose}, {holds}"), Severity::Note)
        }
        None if open_to_them || maybe => {
            (format!("no entry names the keyring {stood}: {whose}, {holds}"), Severity::Found)
        }
        None => (format!("no entry names the keyring {stood}: {whose}, {holds}"), Severity::Note),
    };
    Finding { severity, entry: claim.copied(), ..found(Code::Unattested, file, message) }
}

fn found(code: Code, file: &KeyringFile, message: String) -> Finding {
    Finding {
        code,
        severity: Severity::Found,
        env: None,
        place: file.stood.path.to_string(),
        address: None,
        entry: None,
        message,
        fix: None,
    }
}
