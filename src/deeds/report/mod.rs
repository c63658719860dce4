//! Facts for reports: what policy, log and tracked files say on a day, as plain values. No key is used,
//! and nothing here holds a value.

pub mod access;
pub mod assumptions;
pub mod calendar;
pub mod ci;
pub mod consumers;
pub mod customer;
pub mod debts;
pub mod events;
pub mod ground;
pub mod incidents;
pub mod items;
pub mod kept;
pub mod kinds;
pub mod leavers;
pub mod lifecycle;
pub mod lineage;
pub mod link;
pub mod neutral;
pub mod numbers;
pub mod plan;
pub mod rotations;
pub mod secrets;
pub mod shared;
pub mod storage;
pub mod tracked;
pub mod triggers;
pub mod verdict;
pub mod watch;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::DeedError;
use super::check;
use super::find::Names;
use super::load::{Place, unbelieved};
use crate::finding::{Code, Finding, Severity};
use crate::names::{EntryId, Sha256, TypeName};
use crate::policy::Link;
use crate::verify::Verified;
use crate::world::World;

use access::Access;
use assumptions::Assumption;
use consumers::{Consumer, Usage};
use customer::Customer;
use debts::{Debt, Outlived};
use events::Events;
use ground::Ground;
use incidents::Incident;
use items::{Matter, OpenItem};
use kinds::Kind;
use leavers::Leaver;
use lifecycle::{Lifecycle, Owing};
use rotations::Timely;
use secrets::Secret;
use shared::{Keys, Shared};
use storage::Stored;
use tracked::Tracked;
use watch::Watch;

/// Of what state a report is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The day, in UTC.
    pub day: Date,
    /// The policy's number and the hash of its bytes; none where the repository needs no log.
    pub policy: Option<(u32, Sha256)>,
    /// The heads of the log, sorted.
    pub heads: Vec<EntryId>,
    /// The version of this program.
    pub version: &'static str,
}

/// All that document 5D says.
#[derive(Debug, Clone)]
pub struct FiveD {
    /// Of what state it is.
    pub stamp: Stamp,
    /// The day of the log's first entry.
    pub begun: Date,
    /// What keeps the state from being believed, the gravest first: then its numbers cannot be said.
    pub broken: Vec<Finding>,
    /// How often the checks are red, by what they found.
    pub red: BTreeMap<Code, usize>,
    /// The values, by address.
    pub secrets: Vec<Secret>,
    /// Their types.
    pub kinds: Vec<Kind>,
    /// The titles of the types that no value has.
    pub unused_kinds: Vec<String>,
    /// Who uses them, by type.
    pub usage: BTreeMap<Option<TypeName>, Usage>,
    /// The declared consumers.
    pub consumers: Vec<Consumer>,
    /// How they are kept, by environment.
    pub storage: Vec<Stored>,
    /// Who may do what.
    pub access: Access,
    /// How the values of each type are rotated, in the order of the types.
    pub lifecycles: Vec<Lifecycle>,
    /// What readers who were taken away could read besides what is in use, by name.
    pub leavers: Vec<Leaver>,
    /// The duties to rotate, by date.
    pub debts: Vec<Debt>,
    /// The values that another took the place of and that nobody ended, by date.
    pub outlived: Vec<Outlived>,
    /// The incidents and exercises on record.
    pub incidents: Vec<Incident>,
    /// What the log counts.
    pub events: Events,
    /// How many rotations were finished, and how many of them in time.
    pub finished: (usize, usize),
    /// What is watched.
    pub watch: Watch,
    /// What customers and third parties have to do with the values.
    pub customer: Customer,
    /// The patterns of the files in which environments keep their values.
    pub stores: BTreeSet<String>,
    /// Where the incident response runbook is.
    pub runbook: Option<Link>,
    /// The days between two reviews of this document.
    pub review_every: u32,
    /// Which values serve two environments; none where nothing was opened.
    pub shared: Option<Shared>,
    /// What is taken for granted.
    pub assumptions: Vec<Assumption>,
    /// What is to be done.
    pub items: Vec<OpenItem>,
}

/// Gathers what document 5D says of the state that is here, on a day; today unless one is named.
///
/// # Errors
/// [`DeedError::NoRoot`]; [`DeedError::Refused`] where there is no policy to believe, and so nothing to tell.
pub fn five_d(world: &World, day: Option<Date>, keys: Keys) -> Result<FiveD, DeedError> {
    let place = Place::find(world)?.forgetful();
    let loaded = place.load(None)?;
    let today = day.unwrap_or_else(|| place.today());
    let verified = Verified::judge(&loaded.record, &loaded.files, None, today)
        .ok_or_else(|| unbelieved(&loaded.record))?;
    let tracked = Tracked::of(&place.checkout, world.view.as_ref())?;
    let mut known: BTreeSet<_> = loaded.record.signed(None).into_keys().collect();
    known.extend(verified.live.keys().cloned());
    let names = Names::of(known.iter());
    let ground = Ground::of(&place, (&verified, today), tracked, names);
    let shared = shared::shared(&ground, keys)?;
    gather(&ground, shared)
}

fn gather(ground: &Ground<'_>, shared: Option<Shared>) -> Result<FiveD, DeedError> {
    let policy = ground.verified.policy;
    let findings = check::findings(ground.place, ground.verified, ground.today)?;
    let secrets = secrets::secrets(ground);
    let debts = debts::debts(ground, &secrets);
    let outlived = debts::outlived(ground);
    let kinds = kinds::kinds((policy, &ground.neutral), &secrets, &debts::kinds(&debts, &outlived));
    let access = access::access(ground, &secrets);
    let rotations = rotations::rotations(ground);
    let ends = rotations::ends(ground.verified.record);
    let timely = rotations.iter().filter(|it| it.timely == Some(Timely::Yes)).count();
    let globs = policy.environments.values().flat_map(|env| &env.files);
    let usage = consumers::usage(ground, &secrets)?;
    let storage = storage::storage(ground, &secrets);
    let incidents = incidents::incidents(ground);
    let events = events::events(ground, &rotations, &access);
    let ci = ci::ci(ground)?;
    let matter = Matter {
        ground,
        secrets: &secrets,
        kinds: &kinds,
        usage: &usage,
        stored: &storage,
        incidents: &incidents,
        ci: &ci,
        shared: shared.as_ref(),
    };
    let items = items::open(&matter)?;
    let owing = Owing { secrets: &secrets, debts: &debts, outlived: &outlived };
    Ok(FiveD {
        stamp: stamp(ground),
        begun: ground.begun(),
        unused_kinds: kinds::without_values(policy, &kinds),
        usage,
        consumers: consumers::consumers(policy, &secrets),
        storage,
        lifecycles: lifecycle::lifecycles(ground, &kinds, &owing, &rotations),
        assumptions: assumptions::assumptions(&events, &rotations, shared.as_ref()),
        shared,
        events,
        leavers: leavers::leavers(ground, &access.revoked, &ends),
        incidents,
        finished: (rotations.iter().filter(|it| it.finished.is_some()).count(), timely),
        watch: watch::watch(ground, &secrets, &ci),
        customer: customer::customer(ground, &secrets),
        stores: globs.map(|glob| glob.as_str().to_owned()).collect(),
        runbook: policy.links.incident_response.clone(),
        review_every: policy.clocks.review_5d,
        items,
        broken: findings.iter().filter(|it| it.severity > Severity::Found).cloned().collect(),
        red: red(&findings),
        outlived,
        access,
        debts,
        kinds,
        secrets,
    })
}

fn red(findings: &[Finding]) -> BTreeMap<Code, usize> {
    let mut red = BTreeMap::new();
    for finding in findings.iter().filter(|it| it.severity == Severity::Found) {
        *red.entry(finding.code).or_default() += 1;
    }
    red
}

fn stamp(ground: &Ground<'_>) -> Stamp {
    let record = ground.verified.record;
    Stamp {
        day: ground.today,
        policy: record.chain.current().map(|step| (step.seq, step.hash)),
        heads: record.dag.heads().to_vec(),
        version: env!("CARGO_PKG_VERSION"),
    }
}

impl FiveD {
    /// By how many days each value is late: past its deadline, past a duty to replace or to end it, or past its
    /// overlap. Section 6 counts the same by type.
    #[must_use]
    pub fn late(&self) -> Vec<i32> {
        let Self { secrets, debts, outlived, .. } = self;
        Owing { secrets, debts, outlived }.late(|_| true, self.stamp.day)
    }

    /// Tells whether the checks believe the state, so that its numbers can be said.
    #[must_use]
    pub fn can_be_said(&self) -> bool {
        self.broken.is_empty()
    }
}
