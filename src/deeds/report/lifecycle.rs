//! How the values of each type are rotated: ages, triggers, and the verdict on it.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::debts::Debt;
use super::ground::Ground;
use super::kinds::Kind;
use super::rotations::Rotation;
use super::secrets::{Secret, Stage};
use super::triggers::{self, Trigger};
use super::verdict::{Course, Reasons, Verdict, judge};
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

/// Tells how the values of each type are rotated, in the order of the types.
#[must_use]
pub fn lifecycles(
    ground: &Ground<'_>,
    kinds: &[Kind],
    (secrets, debts): (&[Secret], &[Debt]),
    rotations: &[Rotation],
) -> Vec<Lifecycle> {
    let of = |kind: &Kind| {
        let mine: Vec<_> = secrets.iter().filter(|it| it.kind == kind.name).collect();
        let places: BTreeSet<_> = mine.iter().map(|secret| &secret.address).collect();
        let debts: Vec<_> = debts.iter().filter(|it| places.contains(&it.address)).collect();
        let rotations = rotations.iter().filter(|it| it.kind == kind.name);
        let course = course(ground, kind, (&mine, &debts), rotations);
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
    (mine, debts): (&[&Secret], &[&Debt]),
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
    let current = mine.iter().filter(|it| it.stage == Stage::Current);
    Course {
        accept: said
            .and_then(|kind| kind.accept.clone())
            .map(|it| Accept { reason: ground.neutral.say(&it.reason), ..it }),
        reasons,
        runbook: kind.runbook.is_some(),
        finished: rotations.filter_map(|it| Some((it.finished?, it.timely?))).collect(),
        late: mine.iter().filter_map(|it| late(it, debts, ground.today)).collect(),
        first_due: current.filter_map(|it| it.due).min(),
    }
}

/// By how many days a value is past its deadline, or past the date of a duty to replace it.
fn late(secret: &Secret, debts: &[&Debt], today: Date) -> Option<i32> {
    let mine = debts.iter().filter(|it| it.is_to_rotate(&secret.address));
    mine.filter_map(|it| it.late).chain(secret.days_late(today)).max()
}
