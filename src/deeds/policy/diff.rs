//! Shows what one policy gives and takes that another does not; signs nothing.

use crate::deeds::DeedError;
use crate::deeds::enact::{About, Edited, Effect, Signed, effect, nothing_blocks, policy_file};
use crate::deeds::load::Place;
use crate::names::Sha256;
use crate::policy::{PATH, Policy};
use crate::verify::{Record, Step, Verified};
use crate::world::World;

/// Two policies and what lies between them.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The older one.
    pub from: Side,
    /// The newer one.
    pub to: Side,
    /// What the newer one changes.
    pub effect: Effect,
    /// The policies that wait for approval beside these.
    pub waiting: Vec<Signed>,
}

/// Which policy is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// What lies in the policy's file.
    File,
    /// One of the log's.
    Entry(Signed),
    /// The policy's file as a commit has it, which nobody need have signed.
    Revision(String),
}

/// Compares two policies: the one in force with the policy's file, or where nobody edited that with the
/// only one that waits; a signed one with those that it follows; an old one with the one in force; or any
/// two.
///
/// # Errors
/// [`DeedError::NoEntry`] where a name is neither an entry of a policy nor a revision;
/// [`DeedError::Policy`] for one that cannot be read; [`DeedError::Refused`] where the log is not to be
/// believed.
pub fn diff(
    world: &World,
    one: Option<&str>,
    two: Option<&str>,
) -> Result<Vec<Compared>, DeedError> {
    let place = Place::find(world)?;
    let loaded = place.load(None)?;
    let verified = loaded.judged()?;
    nothing_blocks(&verified.findings, Edited::Forked)?;
    let looker = Looker { place: &place, verified: &verified };
    let pairs = match (one, two) {
        (None, _) => looker.edits()?,
        (Some(one), None) => looker.alone(one)?,
        (Some(one), Some(two)) => vec![(looker.named(one)?, looker.named(two)?)],
    };
    Ok(pairs.into_iter().map(|(from, to)| looker.compare(from, to)).collect())
}

type Named = (Side, Policy);

struct Looker<'l, 'w> {
    place: &'l Place<'w>,
    verified: &'l Verified<'l>,
}

impl Looker<'_, '_> {
    fn record(&self) -> &Record {
        self.verified.record
    }

    fn of(&self, step: &Step) -> Named {
        (Side::Entry(Signed::of(self.record(), step)), step.policy.clone())
    }

    /// The policy's file against the ends of the chain; an unedited one gives way to what waits.
    fn edits(&self) -> Result<Vec<(Named, Named)>, DeedError> {
        let text = policy_file(self.place)?;
        let hash = Sha256::of(text.as_bytes());
        let chain = &self.record().chain;
        let ends = chain.current_ends();
        let mut waiting = chain.proposals();
        waiting.retain(|it| !it.stale);
        if ends.iter().any(|step| step.hash == hash)
            && let [only] = waiting.as_slice()
        {
            return Ok(self.before(only.step));
        }
        let file = Policy::parse(&text)?;
        Ok(ends.iter().map(|step| (self.of(step), (Side::File, file.clone()))).collect())
    }

    fn before(&self, step: &Step) -> Vec<(Named, Named)> {
        let steps = &self.record().chain.steps;
        step.follows().map(|at| (self.of(&steps[at]), self.of(step))).collect()
    }

    fn alone(&self, name: &str) -> Result<Vec<(Named, Named)>, DeedError> {
        match self.step(name)? {
            Some(step) if step.prev.is_some() => Ok(self.before(step)),
            _ => {
                let from = self.named(name)?;
                let ends = self.record().chain.current_ends();
                Ok(ends.iter().map(|step| (from.clone(), self.of(step))).collect())
            }
        }
    }

    fn step(&self, name: &str) -> Result<Option<&Step>, DeedError> {
        let id = name.to_ascii_lowercase();
        let begins = |step: &&Step| step.id.to_string().starts_with(&id);
        let found: Vec<_> = self.record().chain.steps.iter().filter(begins).collect();
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            several => {
                let ids: Vec<_> = several.iter().map(|step| step.id.short16()).collect();
                Err(DeedError::Refuse {
                    what: format!("{} policies begin with `{id}`", several.len()),
                    instead: Some(format!("say more of it: {}", ids.join(", "))),
                })
            }
        }
    }

    fn named(&self, name: &str) -> Result<Named, DeedError> {
        if let Some(step) = self.step(name)? {
            return Ok(self.of(step));
        }
        let missing = || DeedError::NoEntry(name.to_owned());
        let commit = self.place.checkout.commit_named(name)?.ok_or_else(missing)?;
        let bytes = self.place.checkout.file_at(&commit, &PATH.parse()?)?.ok_or_else(missing)?;
        let text = String::from_utf8(bytes).map_err(|_| missing())?;
        Ok((Side::Revision(name.to_owned()), Policy::parse(&text)?))
    }

    fn compare(&self, from: Named, to: Named) -> Compared {
        let proposals = self.record().chain.proposals();
        let others = proposals.iter().filter(|it| !it.stale).map(|it| it.step);
        let waiting = others.map(|step| Signed::of(self.record(), step));
        let shown = |signed: &Signed| to.0 == Side::Entry(signed.clone());
        Compared {
            effect: Effect { about: About::Next, ..effect(self.verified, &from.1, &to.1) },
            waiting: waiting.filter(|signed| !shown(signed)).collect(),
            from: from.0,
            to: to.0,
        }
    }
}
