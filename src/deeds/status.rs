//! The state of a repository at a glance: per environment, and what comes next. It is no gate.

use jiff::civil::Date;

use super::DeedError;
use super::enact::policy_is_readable;
use super::find::Names;
use super::load::Place;
use super::member::request::FOLDER;
use super::report::numbers::Numbers;
use super::scan;
use crate::finding::{Code, Finding, Severity};
use crate::names::{Address, EntryId, EnvName, GenerationId, MemberName, RepoPath, Stage};
use crate::policy::MemberKind;
use crate::rotation::{self, Obligation, Owed, Previous, pressing};
use crate::verify::{Holder, Verified};
use crate::world::World;

/// A repository at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The environments, by name.
    pub environments: Vec<EnvStatus>,
    /// People, and machines.
    pub members: (usize, usize),
    /// How many entries hold, of how many.
    pub entries: (usize, usize),
    /// The root that the log was judged by.
    pub root: Option<EntryId>,
    /// Whether this clone has pinned it.
    pub pinned: bool,
    /// What must still be made worthless since somebody left or an incident was opened.
    pub obligations: Vec<Obligation>,
    /// The values that others took the place of, and that nobody ended.
    pub previous: Vec<Previous>,
    /// The day it is.
    pub today: Date,
    /// How many policies wait for approval.
    pub policies_wait: usize,
    /// Whose requests wait, by the names of their files; nobody has judged them here.
    pub requests: Vec<String>,
    /// The numbers of document 5D, where somebody asked for them and they can be said.
    pub numbers: Option<Numbers>,
    /// The incidents and drills that nobody closed, as the checks tell them.
    pub incidents: Vec<Finding>,
    /// What comes next: the earliest date that something is due.
    pub next: Option<Next>,
    /// The gravest finding that keeps values from leaving, or commands from writing.
    pub gravest: Option<Finding>,
}

/// An environment at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvStatus {
    /// Its name.
    pub env: EnvName,
    /// How many sealed values stand.
    pub values: usize,
    /// How many of them are overdue.
    pub overdue: usize,
    /// How many are due soon.
    pub due_soon: usize,
    /// How many have an open obligation, those among them that stand nowhere any more.
    pub obligations: usize,
    /// How many more have one of a drill alone.
    pub drilled: usize,
    /// How many are in custody of the customer: those that some of us open, and those that only they open.
    pub customers: (usize, usize),
    /// Who reads it.
    pub readers: Vec<MemberName>,
    /// The generation that new values are sealed to; none where readers changed since.
    pub keyring: Option<GenerationId>,
    /// The files that are opened in place.
    pub open: Vec<RepoPath>,
}

/// What is due next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The shortest name of the value; of the secret, where it is an old one that must be ended.
    pub name: String,
    /// Whether it must be replaced or ended.
    pub owed: Owed,
    /// The last UTC day in time.
    pub due: Date,
    /// Days until then; negative when it is over.
    pub days_left: i32,
    /// Who opens it, where it is in custody of the customer.
    pub custody: Option<Holder>,
}

/// Looks at one environment, or at all.
///
/// # Errors
/// Those of [`Place::load`]; [`DeedError::Refused`] where there is no policy to believe.
pub fn status(world: &World, scope: Option<&EnvName>) -> Result<Status, DeedError> {
    let place = Place::find(world)?;
    let loaded = place.to_read(scope)?;
    let verified = loaded.judged()?;
    policy_is_readable(&verified.findings)?;
    let policy = verified.policy;
    let envs = policy.environments.keys().filter(|env| scope.is_none_or(|only| only == *env));
    let machines = policy.members.values().filter(|m| m.kind == MemberKind::Machine).count();
    let root = verified.record.root();
    let mut gravest = gravest(&verified).cloned();
    scan::mask(&place, policy, &mut gravest)?;
    Ok(Status {
        environments: envs.map(|env| environment(&verified, env, place.today())).collect(),
        members: (policy.members.len() - machines, machines),
        entries: verified.record.counted(),
        root,
        pinned: root.is_some() && place.pin()? == root,
        policies_wait: verified.record.waiting().len(),
        requests: requests(&place)?,
        numbers: None,
        incidents: unclosed(&verified),
        next: next(&verified, place.today()),
        gravest,
        today: place.today(),
        obligations: verified.obligations,
        previous: verified.previous,
    })
}

/// What the checks say of incidents that nobody closed.
fn unclosed(verified: &Verified<'_>) -> Vec<Finding> {
    let unclosed = verified.findings.iter().filter(|finding| finding.code == Code::Incident);
    unclosed.cloned().collect()
}

/// The names of the files with requests.
fn requests(place: &Place<'_>) -> Result<Vec<String>, DeedError> {
    let files = place.list(FOLDER)?.files.into_iter();
    Ok(files.map(|path| path.file_name().trim_end_matches(".toml").to_owned()).collect())
}

fn gravest<'v>(verified: &'v Verified<'_>) -> Option<&'v Finding> {
    let bad = verified
        .findings
        .iter()
        .filter(|finding| finding.severity >= Severity::Invalid || finding.code == Code::Plaintext);
    bad.max_by_key(|finding| finding.severity)
}

fn environment(verified: &Verified<'_>, env: &EnvName, today: Date) -> EnvStatus {
    let mine = verified.live.iter().filter(|(address, _)| address.env == *env);
    let count = |code: Code| {
        // What is late in a customer's custody is not ours to mend. In its days of grace a value is overdue.
        let customers = |address: &Address| verified.holder(address).is_some();
        let ours = |finding: &&Finding| {
            code != Code::Overdue || !finding.address.as_ref().is_some_and(customers)
        };
        let of_env = |finding: &&Finding| {
            finding.env.as_ref() == Some(env) && finding.code == code && ours(finding)
        };
        verified.findings.iter().filter(of_env).count()
    };
    let current = verified.record.current_keyring(env);
    let held_by =
        |holder| mine.clone().filter(|(it, _)| verified.holder(it) == Some(holder)).count();
    let customers = (held_by(Holder::Managed), held_by(Holder::Held));
    let open =
        verified.open.iter().filter(|path| verified.policy.environment_of(path) == Some(env));
    let owed = pressing(&verified.obligations, today).into_iter();
    let (drilled, owed): (Vec<_>, Vec<_>) =
        owed.filter(|debt| debt.address.env == *env).partition(|debt| debt.is_drill());
    EnvStatus {
        env: env.clone(),
        values: mine.filter(|(_, live)| live.item.generation.is_some()).count(),
        overdue: count(Code::Overdue),
        due_soon: count(Code::DueSoon),
        obligations: owed.len(),
        drilled: drilled.len(),
        customers,
        readers: verified.policy.readers(env).into_iter().cloned().collect(),
        keyring: current.map(|keyring| keyring.record.generation),
        open: open.cloned().collect(),
    }
}

/// The value with the earliest date, be it its own deadline or an obligation's.
fn next(verified: &Verified<'_>, today: Date) -> Option<Next> {
    let deadlines = verified
        .live
        .keys()
        .filter_map(|address| Some((verified.deadline(address)?, address, Owed::Rotate)));
    let open = verified.obligations.iter().filter(|debt| !debt.is_accepted(today));
    let debts =
        open.filter(|debt| !debt.is_drill()).map(|debt| (debt.due, &debt.address, debt.owed));
    let previous = verified.previous.iter().map(|value| (value.due, &value.address, Owed::End));
    let (due, address, owed) = deadlines.chain(debts).chain(previous).min()?;
    let of = match verified.stage(address) {
        Some((Stage::Previous, base)) => base,
        Some((Stage::Next, _)) | None => address.clone(),
    };
    let gone = Some(&of).filter(|of| !verified.live.contains_key(of));
    let name = Names::of(verified.live.keys().chain(gone)).short(&of);
    let (days_left, custody) = (rotation::days_left(due, today), verified.holder(address));
    Some(Next { name, owed, due, days_left, custody })
}
