//! How the values of each type are rotated: ages, triggers, and the verdict on it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::debts::{Debt, Outlived};
use super::ground::Ground;
use super::kinds::Kind;
use super::rotations::Rotation;
use super::secrets::{Secret, Stage};
use super::triggers::{self, Trigger};
use super::verdict::{Course, Reasons, Verdict, judge};
use crate::log::entry::Origin;
use crate::names::{EnvName, TypeName};
use crate::policy::{Accept, Policy, is_credential};
use crate::rotation::days_left;

/// How the values of a type are rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// The type; none for the values without one.
    pub kind: Option<TypeName>,
    /// The verdict on it.
    pub verdict: Verdict,
    /// The ages of its values in days, each once, the youngest first.
    pub ages: BTreeSet<i32>,
    /// Whether it has a cadence of its own.
    pub scheduled: bool,
    /// All that triggers its rotation.
    pub triggers: Vec<Trigger>,
    /// The open triggers, where, and with which date.
    pub open: BTreeSet<(Trigger, EnvName, Date)>,
}

/// What values there are, and what is owed of them and of those before them.
#[derive(Debug, Clone, Copy)]
pub struct Owing<'a> {
    /// The values that stand.
    pub secrets: &'a [Secret],
    /// The duties.
    pub debts: &'a [Debt],
    /// What another value took the place of, and nobody ended.
    pub outlived: &'a [Outlived],
}

/// Tells how the values of each type are rotated, in the order of the types.
#[must_use]
pub fn lifecycles(
    ground: &Ground<'_>,
    kinds: &[Kind],
    owing: &Owing<'_>,
    rotations: &[Rotation],
) -> Vec<Lifecycle> {
    let of = |kind: &Kind| {
        let mine: Vec<_> = owing.secrets.iter().filter(|it| it.kind == kind.name).collect();
        let debts: Vec<_> = owing.debts.iter().filter(|it| it.kind == kind.name).collect();
        let rotations = rotations.iter().filter(|it| it.kind == kind.name);
        let course = course(ground, kind, owing, rotations);
        let mut open: BTreeSet<_> =
            open_debts(&debts).map(|it| (it.trigger, it.address.env.clone(), it.due)).collect();
        open.extend(
            mine.iter()
                .filter(|it| it.days_late(ground.today).is_some())
                .filter_map(|it| Some((Trigger::Schedule, it.address.env.clone(), it.due?))),
        );
        let policy = ground.verified.policy;
        Lifecycle {
            kind: kind.name.clone(),
            verdict: judge(&course, ground.today),
            ages: mine.iter().map(|it| -days_left(it.made_on, ground.today)).collect(),
            scheduled: triggers::is_scheduled(policy, kind.name.as_ref()),
            triggers: triggers_of(policy, kind),
            open,
        }
    };
    kinds.iter().map(of).collect()
}

/// What triggers the rotation of a type: a cadence is its own, or all its values have one by rules.
fn triggers_of(policy: &Policy, kind: &Kind) -> Vec<Trigger> {
    let name = kind.name.as_ref();
    triggers::all(name, triggers::is_scheduled(policy, name) || kind.is_paced())
}

/// The duties that nobody bears and that are no exercise.
fn open_debts<'d>(debts: &[&'d Debt]) -> impl Iterator<Item = &'d Debt> {
    debts.iter().copied().filter(|it| it.accepted.is_none() && !it.drill)
}

fn course<'r>(
    ground: &Ground<'_>,
    kind: &Kind,
    owing: &Owing<'_>,
    rotations: impl Iterator<Item = &'r Rotation>,
) -> Course {
    let policy = ground.verified.policy;
    let said = kind.name.as_ref().and_then(|name| policy.types.get(name));
    let reasons = if !is_credential(kind.name.as_ref()) {
        Reasons::NoCredential
    } else if triggers_of(policy, kind).is_empty() {
        Reasons::None
    } else {
        Reasons::Some
    };
    let mine = owing.secrets.iter().filter(|it| it.kind == kind.name);
    let current = mine.filter(|it| it.stage == Stage::Current);
    Course {
        accept: said
            .and_then(|kind| kind.accept.clone())
            .map(|it| Accept { reason: ground.neutral.say(&it.reason), ..it }),
        reasons,
        runbook: kind.runbook.is_some(),
        finished: rotations.filter_map(|it| Some((it.finished?, it.timely?))).collect(),
        late: owing.late(|it| it == kind.name.as_ref(), ground.today),
        first_due: current.filter_map(|it| it.due).min(),
    }
}

impl Owing<'_> {
    /// By how many days each value is past its deadline, past the date of a duty to replace or to end it, or past
    /// its overlap; each value once. Those of some types.
    #[must_use]
    pub fn late(&self, of: impl Fn(Option<&TypeName>) -> bool, today: Date) -> Vec<i32> {
        let secrets = self.secrets.iter().filter(|it| of(it.kind.as_ref()));
        let secrets = secrets.filter_map(|it| Some((&it.made, it.days_late(today)?)));
        let debts = self.debts.iter().filter(|it| of(it.kind.as_ref()));
        let debts = debts.filter_map(|it| Some((&it.origin, it.late?)));
        let outlived = self.outlived.iter().filter(|it| of(it.kind.as_ref()));
        let outlived = outlived.filter_map(|it| Some((&it.origin, it.late?)));
        let mut late: BTreeMap<&Origin, i32> = BTreeMap::new();
        for (value, days) in secrets.chain(debts).chain(outlived) {
            let most = late.entry(value).or_insert(days);
            *most = days.max(*most);
        }
        late.into_values().collect()
    }
}
