//! Check 5 for notes: what they may name, and who may sign them.

use super::Record;
use super::chain::Chain;
use super::entries::{Judge, Verdict};
use crate::finding::{Code, Finding};
use crate::log::dag::Dag;
use crate::log::entry::{Item, Kind, Note, Op, Origin};
use crate::log::parse::SignedEntry;
use crate::names::{Address, EntryId, MemberName};
use crate::policy::Policy;

/// Says what a signer may not say in a note, if anything. Whoever signs for a member may raise an alarm,
/// and may say that it is over; others count whether enough do.
pub(super) fn may_say(policy: &Policy, by: &MemberName, note: &Note) -> Result<(), String> {
    let admin = policy.is_admin(by);
    match note {
        Note::Approve { .. } | Note::IncidentAccept { .. } if !admin => {
            Err(format!("`{by}` is no admin"))
        }
        Note::Revoked { value, .. } if !admin && !policy.may_write(by, &value.address) => {
            Err(format!("`{by}` may not write {}", value.address))
        }
        Note::Approve { .. }
        | Note::Revoked { .. }
        | Note::IncidentOpen { .. }
        | Note::IncidentAccept { .. }
        | Note::IncidentClose { .. } => Ok(()),
    }
}

/// What a note may speak of: what its signer saw.
struct Known<'k> {
    entries: &'k [SignedEntry],
    dag: &'k Dag,
    chain: &'k Chain,
    saw: &'k dyn Fn(usize) -> bool,
}

impl Known<'_> {
    fn entry(&self, id: &EntryId) -> Option<&Kind> {
        let at = self.dag.index(id).filter(|at| (self.saw)(*at))?;
        Some(&self.entries[at].entry.kind)
    }

    /// Tells whether an origin is an item that made a value.
    fn made(&self, value: &Origin) -> bool {
        let seen = self.dag.index(&value.entry).filter(|at| (self.saw)(*at));
        let item = seen.and_then(|at| self.entries[at].entry.item(&value.address));
        item.is_some_and(|item| item.op == Op::New)
    }

    /// Insists that whoever says that a value was ended may write it wherever they saw it stand: it may have been
    /// moved to where they may not since it was made.
    fn may_end(&self, policy: &Policy, by: &MemberName, note: &Note) -> Result<(), String> {
        let Note::Revoked { value, .. } = note else { return Ok(()) };
        if policy.is_admin(by) {
            return Ok(());
        }
        match self.moved(value).find(|at| !policy.may_write(by, at)) {
            Some(at) => Err(format!("`{by}` may not write {at}")),
            None => Ok(()),
        }
    }

    /// Where a value was moved.
    fn moved(&self, value: &Origin) -> impl Iterator<Item = Address> {
        let files = self
            .entries
            .iter()
            .enumerate()
            .flat_map(|(at, signed)| signed.entry.files().iter().map(move |file| (at, file)));
        let items = files.flat_map(|(at, file)| file.items.iter().map(move |it| (at, file, it)));
        let moves = items.filter(|(at, _, item)| {
            item.op == Op::Move && self.comes_from(item, value) && (self.saw)(*at)
        });
        moves.map(|(_, file, item)| file.address(&item.key))
    }

    /// Tells whether an item carries on the value that another made.
    fn comes_from(&self, item: &Item, value: &Origin) -> bool {
        let mut of = item.of.as_ref();
        for _ in 0..=self.entries.len() {
            let Some(before) = of else { return false };
            if before == value {
                return true;
            }
            let at = self.dag.index(&before.entry);
            of = at.and_then(|at| self.entries[at].entry.item(&before.address)?.of.as_ref());
        }
        false
    }

    fn fits(&self, note: &Note) -> Result<(), String> {
        let stranger = |value: &&Origin| !self.made(value);
        if let Some(value) = note.values().iter().find(stranger) {
            let Origin { entry, address } = value;
            return Err(format!("no entry {} before it made {address}", entry.short()));
        }
        match note {
            // An approval of what its signer did not see counts for nothing, and is no fault.
            Note::Approve { .. } | Note::Revoked { .. } | Note::IncidentOpen { .. } => Ok(()),
            Note::IncidentAccept { target, value, .. } => self.causes(target, value),
            Note::IncidentClose { target } => match self.entry(target) {
                Some(Kind::Note(Note::IncidentOpen { .. })) => Ok(()),
                _ => Err(format!("entry {} opened no incident before it", target.short())),
            },
        }
    }

    /// Insists that an entry can be the reason to replace a value.
    fn causes(&self, target: &EntryId, value: &Origin) -> Result<(), String> {
        let fits = match self.entry(target) {
            Some(Kind::Note(Note::IncidentOpen { values, .. })) => values.contains(value),
            Some(Kind::Policy(_)) => self.chain.step(target).is_some(),
            _ => false,
        };
        let why = || format!("entry {} is no cause to replace {}", target.short(), value.address);
        fits.then_some(()).ok_or_else(why)
    }
}

impl Judge<'_> {
    /// A note names what its signer saw.
    pub(super) fn note(&self, at: usize, note: &Note) -> Result<(), Box<Finding>> {
        let signed = &self.entries[at].entry;
        let policy = signed.policy.and_then(|id| self.chain.step(&id)).map(|step| &step.policy);
        let may = policy.map_or(Ok(()), |policy| {
            self.known(at, |known| known.may_end(policy, &signed.by, note))
        });
        may.and_then(|()| self.known(at, |known| known.fits(note)))
            .map_err(|why| Box::new(self.refuse(at, Code::NotAllowed, why)))
    }

    /// Says what the signer of a note may not say under a policy, wherever they saw its values stand.
    pub(super) fn may_note(&self, policy: &Policy, at: usize, note: &Note) -> Result<(), String> {
        let by = &self.entries[at].entry.by;
        may_say(policy, by, note)?;
        self.known(at, |known| known.may_end(policy, by, note))
    }

    fn known<T>(&self, at: usize, ask: impl FnOnce(&Known<'_>) -> T) -> T {
        let saw =
            |other| self.dag.is_ancestor(other, at) && self.verdicts[other] != Verdict::Refused;
        ask(&Known { entries: self.entries, dag: self.dag, chain: &self.chain, saw: &saw })
    }
}

impl Record {
    /// Says why a note that a member signs now would be refused, if it would.
    ///
    /// # Errors
    /// The rule that it breaks, as a sentence about the entry.
    pub fn takes(&self, policy: &Policy, by: &MemberName, note: &Note) -> Result<(), String> {
        may_say(policy, by, note)?;
        let saw = |at| self.verdict(at) != Verdict::Refused;
        let known = Known { entries: &self.entries, dag: &self.dag, chain: &self.chain, saw: &saw };
        known.may_end(policy, by, note)?;
        known.fits(note)
    }
}
