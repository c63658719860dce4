//! Who could read what, from when on: by the log, and by all that git keeps of keyrings and sealed files.
//!
//! The log alone says who could read. But whoever opens a keyring can wrap what it holds for somebody else and
//! push that; so every keyring that ever stood anywhere is looked at, too.

mod history;
mod rings;
mod tokens;
pub mod value;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use jiff::civil::Date;

use super::DeedError;
use super::enact::{Edited, nothing_blocks};
use super::find::Names;
use super::load::Place;
use crate::finding::Finding;
use crate::log::entry::{Grade, Kind, Note, Op, Origin};
use crate::log::parse::SignedEntry;
use crate::names::{Address, EntryId, EnvName, GenerationId, MemberName};
use crate::policy::edit::EditError;
use crate::policy::{self, Recipient};
use crate::verify::Record;
use crate::verify::exposed::{Exposed, Made, Who};
use crate::world::{ObjectId, World};

use history::{Past, Scope};
use rings::{Asked, Rings};

/// Who is asked about.
#[derive(Debug, Clone, Copy)]
pub enum Question<'q> {
    /// A member, now or ever.
    Member(&'q MemberName),
    /// Whoever has the private half of a recipient.
    Recipient(&'q Recipient),
    /// Whoever has the private key in a file.
    Key(&'q Path),
    /// A third party that the policy's rules name.
    Vendor(&'q str),
}

/// Which part of the answer is wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Values that could be read, and were in use, on this day or later.
    pub since: Option<Date>,
    /// Values that could be read, and were in use, on this day or before.
    pub until: Option<Date>,
    /// Of this environment only.
    pub env: Option<EnvName>,
}

impl Wanted {
    fn takes(&self, exposed: &Exposed) -> bool {
        let env = &exposed.origin.address.env;
        exposed.within(self.since, self.until) && self.env.as_ref().is_none_or(|only| only == env)
    }
}

/// Shows how far a look through the history has come: done, of how many.
pub type Progress<'p> = &'p mut dyn FnMut(usize, usize);

/// What somebody could read.
#[derive(Debug)]
pub struct Exposure {
    /// Who.
    pub who: Asker,
    /// Which part was wanted.
    pub wanted: Wanted,
    /// The values: those in use first.
    pub values: Vec<Value>,
    /// What opens in the history, and no entry that is here names.
    pub unlogged: Vec<Unlogged>,
    /// Where the history says something else than the log.
    pub findings: Vec<Finding>,
    /// What was looked at.
    pub looked: Looked,
}

/// Who was asked about.
#[derive(Debug)]
pub struct Asker {
    /// What kind of question it was.
    pub kind: &'static str,
    /// The name, recipient or file that was asked about.
    pub text: String,
    /// The recipients that the answer rests on, as people compare them.
    pub recipients: Vec<String>,
}

/// A value that could be read.
#[derive(Debug)]
pub struct Value {
    /// From when until when, and where.
    pub window: Exposed,
    /// Its shortest name: where it stands, or by which it was in use last.
    pub name: String,
    /// How it is known.
    pub proof: Proof,
    /// The commit with the entry that shows that it is live or dead; none where that is not committed.
    pub commit: Option<ObjectId>,
    /// How it ended, and by whose word; none while it is live.
    pub end: Option<End>,
    /// Who said that its credential was ended at its issuer, and how that is known.
    pub revoked: Option<(MemberName, Grade)>,
}

/// How it is known that a value could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The log says who its keyrings are wrapped for.
    Log,
    /// A token of it was opened.
    Opened,
}

/// How a value ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// What took its place.
    pub by: Ending,
    /// Who signed that.
    pub signer: MemberName,
}

/// What took the place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Another value.
    Replaced,
    /// Nothing.
    Deleted,
}

/// A token that opens, and that no entry which is here names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unlogged {
    /// Where it stood.
    pub address: Address,
    /// The commit that brought it; none where it lies in the work tree.
    pub commit: Option<ObjectId>,
    /// The generation that opens it.
    pub generation: GenerationId,
}

/// What was looked at in the history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Different keyring files.
    pub keyrings: usize,
    /// How many of them a key opened.
    pub keyrings_opened: usize,
    /// Different contents of sealed files; none were needed where no key is at hand.
    pub files: usize,
    /// Different tokens and whole files that were opened.
    pub opened: usize,
    /// Whether not all of the history is at hand.
    pub is_cut: bool,
}

/// Tells which values somebody could read.
///
/// # Errors
/// [`EditError::UnknownMember`], [`DeedError::NoVendor`]; what keeps the log from being believed;
/// [`DeedError::Keys`] where the key that is asked about cannot be used.
pub fn exposure(
    world: &World,
    question: Question<'_>,
    wanted: Wanted,
    progress: Progress<'_>,
) -> Result<Exposure, DeedError> {
    let place = Place::find(world)?;
    let record = place.record()?;
    nothing_blocks(&record.findings, Edited::Refused)?;
    known(&record, question)?;
    let mut asked = Asked::of(&place, &record, question)?;
    let scope = if asked.is_key() { Scope::Everything } else { Scope::Keyrings };
    let past = Past::gather(&place, &record, scope)?;
    let rings = Rings::judge(&place, &record, &past, &mut asked)?;
    let made = record.values_made();
    let tokens = tokens::search(&place, (&record, &made), (&past, &rings), progress)?;
    let who = match question {
        Question::Vendor(vendor) => Who::Vendor(vendor),
        _ => Who::Opening(&rings.opens),
    };
    let exposed = record.exposed(&who).into_iter().filter(|exposed| wanted.takes(exposed));
    let shown = Shown::of(&record, &past, &made);
    let mut values: Vec<_> = exposed
        .map(|exposed| {
            let proof = shown.place(&exposed).map_or(Proof::Log, |at| tokens.proof_of(at));
            shown.value(exposed, proof)
        })
        .collect();
    sort(&mut values);
    let looked = Looked {
        keyrings: past.keyrings.len(),
        keyrings_opened: rings.opened,
        files: past.files.len(),
        opened: tokens.opened,
        is_cut: past.is_cut,
    };
    let unlogged = match (wanted.since, wanted.until) {
        (None, None) => tokens.unlogged,
        // Of these nobody says when they were in use.
        _ => Vec::new(),
    };
    Ok(Exposure { who: asked.told(), wanted, values, unlogged, findings: rings.findings, looked })
}

/// The live ones first, by name; then the dead, by name and day.
fn sort(values: &mut [Value]) {
    let key = |it: &Value| {
        (!it.window.is_live(), it.name.clone(), it.window.until, it.window.origin.entry)
    };
    values.sort_by_cached_key(key);
}

/// Refuses a name that nothing ever had.
fn known(record: &Record, question: Question<'_>) -> Result<(), DeedError> {
    match question {
        Question::Member(name) => {
            let all: BTreeSet<_> =
                record.steps_in_force().flat_map(|step| step.policy.members.keys()).collect();
            if all.contains(name) {
                return Ok(());
            }
            let nearest = policy::nearest(name.as_str(), all.iter().map(|it| it.as_str()));
            let nearest = nearest.map(str::to_owned);
            Err(EditError::UnknownMember { name: name.clone(), nearest }.into())
        }
        Question::Vendor(vendor) => {
            let rules = record.steps_in_force().flat_map(|step| &step.policy.secrets);
            let all: BTreeSet<_> = rules.filter_map(|rule| rule.vendor.as_deref()).collect();
            if all.contains(vendor) {
                return Ok(());
            }
            let nearest = policy::nearest(vendor, all.iter().copied()).map(str::to_owned);
            Err(DeedError::NoVendor { text: vendor.to_owned(), nearest })
        }
        Question::Recipient(_) | Question::Key(_) => Ok(()),
    }
}

/// Names values, and the commits that show what became of them.
struct Shown<'r> {
    record: &'r Record,
    past: &'r Past,
    made: &'r [Made],
    places: HashMap<&'r Origin, usize>,
    revoked: HashMap<&'r Origin, (&'r MemberName, Grade)>,
    signed: Vec<Address>,
}

impl<'r> Shown<'r> {
    fn of(record: &'r Record, past: &'r Past, made: &'r [Made]) -> Self {
        let holds = record.entries.iter().enumerate().filter(|(at, _)| record.holds(*at));
        let said = |(_, signed): (usize, &'r SignedEntry)| match &signed.entry.kind {
            Kind::Note(Note::Revoked { value, grade }) => Some((value, (&signed.entry.by, *grade))),
            _ => None,
        };
        Self {
            record,
            past,
            made,
            places: made.iter().enumerate().map(|(at, made)| (&made.origin, at)).collect(),
            revoked: holds.filter_map(said).collect(),
            signed: record.signed(None).into_keys().collect(),
        }
    }

    /// The place of a value among those that were made.
    fn place(&self, exposed: &Exposed) -> Option<usize> {
        self.places.get(&exposed.origin).copied()
    }

    fn name(&self, exposed: &Exposed) -> String {
        let was = || self.place(exposed).map(|at| self.record.called(&self.made[at]));
        let address = exposed.live_at.first().or_else(was).unwrap_or(&exposed.origin.address);
        let rivals = |it: &&Address| it.env == address.env && it.key == address.key;
        let rivals: BTreeSet<_> = self.signed.iter().filter(rivals).chain([address]).collect();
        Names::of(rivals).short(address)
    }

    fn value(&self, exposed: Exposed, proof: Proof) -> Value {
        let made = self.place(&exposed).map(|at| &self.made[at]);
        let revoked = self.revoked.get(&exposed.origin);
        Value {
            name: self.name(&exposed),
            proof,
            commit: exposed.shown.and_then(|entry| self.commit(&entry)),
            revoked: revoked.map(|(who, grade)| ((*who).clone(), *grade)),
            end: made.and_then(|made| self.end(made)),
            window: exposed,
        }
    }

    fn commit(&self, entry: &EntryId) -> Option<ObjectId> {
        let at = self.record.dag.index(entry)?;
        self.past.commit_of(&self.record.entries[at])
    }

    fn end(&self, made: &Made) -> Option<End> {
        let entry = &self.record.entries[made.ended?].entry;
        let replaced = |address: &Address| {
            let item = entry.item(address);
            item.is_some_and(|item| item.op != Op::Delete)
        };
        let by = match made.versions.iter().any(|version| replaced(&version.address)) {
            true => Ending::Replaced,
            false => Ending::Deleted,
        };
        Some(End { by, signer: entry.by.clone() })
    }
}
