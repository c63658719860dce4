//! Duties: to replace a value, and to have the old one ended at its issuer. Mission, sections F and G.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::log::entry::Origin;
use crate::names::{Address, EntryId, MemberName};

/// A duty to make a value worthless, from one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// Where the value stands, or stood last.
    pub address: Address,
    /// The `new` item that made it.
    pub origin: Origin,
    /// Why.
    pub cause: Cause,
    /// The entry of the cause: a policy's, or the note that opened an incident.
    pub entry: EntryId,
    /// The day of the cause.
    pub since: Date,
    /// The last day in time. Of an incident it is the day of the cause, which is too late already.
    pub due: Date,
    /// What is left to do.
    pub owed: Owed,
    /// The word of enough admins that it is borne, also where its day is over.
    pub accepted: Option<Accepted>,
}

impl Obligation {
    /// Tells whether admins bear it on a day.
    #[must_use]
    pub fn is_accepted(&self, today: Date) -> bool {
        self.accepted.as_ref().is_some_and(|accepted| today <= accepted.until)
    }

    /// How pressing it is, the smallest first: borne ones last, drills before them, and else the one that is
    /// due first.
    #[must_use]
    pub fn rank(&self, today: Date) -> (bool, bool, bool, Date) {
        (self.is_accepted(today), self.is_drill(), !self.is_red(today), self.due)
    }

    /// Tells whether it is an exercise.
    #[must_use]
    pub fn is_drill(&self) -> bool {
        matches!(self.cause, Cause::Incident { drill: true, .. })
    }

    /// Tells whether it makes `check` red on a day, if the value is not in a customer's custody.
    #[must_use]
    pub fn is_red(&self, today: Date) -> bool {
        let late = match self.cause {
            Cause::Left { .. } | Cause::LostKey { .. } => self.due < today,
            Cause::Incident { drill, .. } => !drill,
        };
        late && !self.is_accepted(today)
    }
}

/// What is left to do about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owed {
    /// It must be replaced.
    Rotate,
    /// It is replaced, and must be ended: where it still stands as a previous value, and at its issuer.
    End,
}

impl Owed {
    /// The word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rotate => "rotate",
            Self::End => "end",
        }
    }
}

/// Why a value must become worthless.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A reader left.
    Left {
        /// Who.
        who: MemberName,
    },
    /// A reader's key is lost or stolen.
    LostKey {
        /// Whose.
        who: MemberName,
    },
    /// An incident exposed it.
    Incident {
        /// The note that opened it.
        id: EntryId,
        /// Whether it is an exercise.
        drill: bool,
    },
}

impl Cause {
    /// The word for machines.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Left { .. } => "left",
            Self::LostKey { .. } => "lost-key",
            Self::Incident { .. } => "incident",
        }
    }

    /// The member who left or lost a key.
    #[must_use]
    pub fn who(&self) -> Option<&MemberName> {
        match self {
            Self::Left { who } | Self::LostKey { who } => Some(who),
            Self::Incident { .. } => None,
        }
    }

    /// What happened, as a sentence.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::Left { who } => format!("`{who}` left"),
            Self::LostKey { who } => format!("`{who}` lost a key"),
            Self::Incident { id, drill: false } => format!("incident {} is open", id.short()),
            Self::Incident { id, drill: true } => format!("drill {} is open", id.short()),
        }
    }
}

/// The word of admins that something is borne for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The last day.
    pub until: Date,
    /// Who said so.
    pub by: Vec<MemberName>,
    /// Why, in the words of the last of them.
    pub reason: Option<String>,
}

/// Of the duties of each value the most pressing one.
#[must_use]
pub fn pressing(all: &[Obligation], today: Date) -> Vec<&Obligation> {
    let mut first: BTreeMap<(&Address, &Origin), &Obligation> = BTreeMap::new();
    for one in all {
        let known = first.entry((&one.address, &one.origin)).or_insert(one);
        if one.rank(today) < known.rank(today) {
            *known = one;
        }
    }
    first.into_values().collect()
}

/// A value that another took the place of, and that nobody ended yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    /// Where it stands, or stood last.
    pub address: Address,
    /// The `new` item that made it.
    pub origin: Origin,
    /// Whether it still stands beside the current one.
    pub stands: bool,
    /// The day on which another took its place.
    pub since: Date,
    /// The last day in time.
    pub due: Date,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn duty(cause: Cause, due: Date) -> Obligation {
        let address: Address = "prod/a.env#KEY".parse().unwrap();
        let origin = Origin { entry: EntryId([1; 32]), address: address.clone() };
        let (entry, since) = (EntryId([2; 32]), date(2026, 3, 1));
        Obligation { address, origin, cause, entry, since, due, owed: Owed::Rotate, accepted: None }
    }

    fn left(due: Date) -> Obligation {
        duty(Cause::Left { who: "cleo".parse().unwrap() }, due)
    }

    fn incident(drill: bool) -> Obligation {
        duty(Cause::Incident { id: EntryId([2; 32]), drill }, date(2026, 3, 1))
    }

    #[test]
    fn a_leavers_values_are_red_on_the_day_after_and_an_incidents_at_once() {
        let day = date(2026, 3, 8);
        let debt = left(day);
        assert!(!debt.is_red(day.yesterday().unwrap()) && !debt.is_red(day));
        assert!(debt.is_red(day.tomorrow().unwrap()));
        assert!(incident(false).is_red(date(2026, 3, 1)));
        assert!(!incident(true).is_red(date(2026, 12, 1)));
    }

    #[test]
    fn what_is_borne_is_not_red_until_its_day_is_over() {
        let day = date(2026, 4, 1);
        let accepted = Some(Accepted { until: day, by: Vec::new(), reason: None });
        for debt in [left(date(2026, 3, 8)), incident(false)] {
            let borne = Obligation { accepted: accepted.clone(), ..debt };
            assert!(!borne.is_red(day));
            assert!(borne.is_red(day.tomorrow().unwrap()));
        }
    }

    #[test]
    fn the_most_pressing_duty_of_a_value_speaks_for_it() {
        let today = date(2026, 3, 2);
        let until = date(2026, 4, 1);
        let accepted = Some(Accepted { until, by: Vec::new(), reason: None });
        let borne = Obligation { accepted, ..incident(false) };
        let (late, soon, drill) = (left(date(2026, 3, 1)), left(date(2026, 3, 9)), incident(true));
        let told = |all: &[&Obligation]| {
            let all: Vec<_> = all.iter().map(|it| (*it).clone()).collect();
            let first = pressing(&all, today);
            assert_eq!(first.len(), 1);
            first[0].clone()
        };
        assert_eq!(told(&[&soon, &late, &borne, &drill]), late);
        assert_eq!(told(&[&borne, &drill, &soon]), soon);
        assert_eq!(told(&[&borne, &drill]), drill);
        assert_eq!(told(&[&soon, &incident(false)]), incident(false));
        // Another value has duties of its own.
        let mut other = soon.clone();
        other.origin.entry = EntryId([3; 32]);
        assert_eq!(pressing(&[soon, other], today).len(), 2);
    }
}
