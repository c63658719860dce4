//! Gathers the values of an environment that go out together, and starts a program with them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::DeedError;
use super::find::{self, Names};
use super::handover::Handover;
use super::load::Place;
use super::ring::Ring;
use crate::deliver::{self, File, Nesting, Variable, Variables, Wanted};
use crate::document::Document;
use crate::names::{Address, EnvName, RepoPath};
use crate::policy::Custody;
use crate::rotation::{self, Cause, Obligation, Owed};
use crate::secret::Plaintext;
use crate::verify::{FileForm, Verified};
use crate::world::World;
use crate::world::child::Child;

/// What is to go out.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The environment; none takes the only one there is.
    pub env: Option<&'a EnvName>,
    /// What becomes of nested values.
    pub nesting: Nesting,
    /// Only these names; all where there are none.
    pub only: &'a [String],
    /// What becomes of values that are long overdue.
    pub late: Late,
}

/// What becomes of a value past the day from which the policy refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// Nothing goes out.
    Refused,
    /// It goes out with a warning.
    Told,
}

/// What goes out, and what is to be said beside it.
#[derive(Debug)]
pub struct Delivery {
    /// The environment.
    pub env: EnvName,
    /// The values with their names.
    pub variables: Variables,
    /// What is overdue.
    pub warnings: Vec<String>,
    /// What a receipt says of all that.
    pub handover: Handover,
}

/// Gathers the variables of one environment.
///
/// # Errors
/// [`DeedError::Refused`] where anything is wrong with the environment; [`DeedError::Deliver`];
/// [`DeedError::NoKey`].
pub fn gather(world: &World, order: Order<'_>) -> Result<Delivery, DeedError> {
    let place = Place::find(world)?;
    let env = find::environment(&place, order.env)?;
    let loaded = place.to_read(Some(&env))?;
    let verified = loaded.verified(&env)?;
    verified.open.iter().try_for_each(|path| find::sealed_again(&verified, path))?;
    let ring = Ring::open(world, &verified, &env)?;
    let clear = clear_files(&verified, &ring, &env)?;
    let mut files = BTreeMap::new();
    for (path, text) in &clear {
        files.insert((*path).clone(), parsed(&verified, path, text.as_ref())?);
    }
    let allowed = verified.policy.environments.get(&env).map(|e| e.allow_env.as_slice());
    let pending: Vec<_> = verified.pending(&env).into_iter().collect();
    let wanted = Wanted {
        nesting: order.nesting,
        only: order.only,
        allowed: allowed.unwrap_or_default(),
        pending: &pending,
    };
    let variables = deliver::variables(&env, &files, wanted)?;
    let warnings = warnings(&verified, &variables, order.late, place.today())?;
    let named = variables.all.iter().map(|it| (it.name.as_str(), &it.address));
    let handover = Handover::of(world, &verified, &env, named)?;
    Ok(Delivery { env, variables, warnings, handover })
}

/// The attested files of an environment in clear; none for one that is sealed whole, which is not opened.
fn clear_files<'v>(
    verified: &'v Verified<'_>,
    ring: &Ring,
    env: &EnvName,
) -> Result<Vec<(&'v RepoPath, Option<Plaintext>)>, DeedError> {
    let mine = verified.files.iter().filter(|(_, file)| file.env == *env);
    mine.map(|(path, file)| match file.form {
        FileForm::Values(_) => Ok((path, Some(ring.open_file(verified, path)?))),
        FileForm::Whole => Ok((path, None)),
    })
    .collect()
}

fn parsed<'t>(
    verified: &Verified<'_>,
    path: &RepoPath,
    text: Option<&'t Plaintext>,
) -> Result<File<'t>, DeedError> {
    let form = verified.files.get(path).map(|file| &file.form);
    let (Some(FileForm::Values(sealed)), Some(text)) = (form, text) else { return Ok(File::Whole) };
    let no_file = || DeedError::NoFile(path.clone());
    let document = Document::parse(sealed.format, text.expose_text().ok_or_else(no_file)?);
    let refuse = |why| DeedError::NotSpliceable { path: path.clone(), why };
    Ok(File::Values(document.map_err(refuse)?))
}

/// Tells what of these values is overdue.
///
/// # Errors
/// [`DeedError::Refuse`] for a value that the policy refuses by now.
fn warnings(
    verified: &Verified<'_>,
    variables: &Variables,
    late: Late,
    today: Date,
) -> Result<Vec<String>, DeedError> {
    let names = Names::of(verified.live.keys());
    let mut told = Vec::new();
    let mut seen: Vec<&Address> = Vec::new();
    for Variable { address, .. } in &variables.all {
        if seen.contains(&address) {
            continue;
        }
        seen.push(address);
        let name = names.short(address);
        told.extend(overdue(verified, address, &name, (late, today))?);
        told.extend(outlived(verified, address, &name, today));
        let debt = verified.owed_at(address, today);
        told.extend(debt.filter(|debt| debt.is_red(today)).map(|debt| owed(debt, &name)));
    }
    Ok(told)
}

fn owed(debt: &Obligation, name: &str) -> String {
    let done = match debt.owed {
        Owed::Rotate => "rotate",
        Owed::End => "be ended",
    };
    let (due, what) = (debt.due, debt.cause.what());
    match debt.cause {
        Cause::Left { .. } | Cause::LostKey { .. } => {
            format!("{name} had to {done} by {due}, since {what}")
        }
        Cause::Incident { .. } => format!("{name} must {done}: {what} since {due}"),
    }
}

/// Tells of a value that another took the place of, and that was to be ended by now. It is never refused.
fn outlived(verified: &Verified<'_>, address: &Address, name: &str, today: Date) -> Option<String> {
    let last = verified.ends_by(address).filter(|last| *last < today)?;
    Some(format!("{name} had to be ended by {last}, since another has its place"))
}

fn overdue(
    verified: &Verified<'_>,
    address: &Address,
    name: &str,
    (late, today): (Late, Date),
) -> Result<Option<String>, DeedError> {
    let left = verified.deadline(address).map(|due| (due, rotation::days_left(due, today)));
    let Some((due, left)) = left.filter(|(_, left)| *left < 0) else { return Ok(None) };
    let fact = format!("{name} is {} overdue", rotation::days(-left));
    let customers = verified.policy.rule(address).custody == Some(Custody::Customer);
    let kind = verified.live.get(address).and_then(|live| live.item.kind.as_ref());
    let limit = verified.policy.refuse_overdue_after(&address.env, kind);
    let limit = limit.filter(|_| !customers);
    let Some(limit) = limit else { return Ok(Some(fact)) };
    let from = due.saturating_add(i64::from(limit).days());
    if today < from {
        return Ok(Some(format!("{fact}; the policy refuses it from {from}")));
    }
    if late == Late::Told {
        return Ok(Some(format!("{fact}; the policy refuses it since {from}")));
    }
    Err(DeedError::Refuse {
        what: format!("{fact}; the policy refuses it since {from}"),
        instead: Some(verified.renewal(address)),
    })
}

/// How much of our own environment a program is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inherit {
    /// All but what gives keys.
    All,
    /// What a program needs to run at all: [`BASICS`].
    Basics,
}

/// The variables that a program keeps when it is given nothing else; `*` stands for any rest.
pub const BASICS: &[&str] = &[
    "COLORTERM",
    "HOME",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "LOGNAME",
    "PATH",
    "PWD",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
];

/// Puts a program in place of this process; comes back only when that fails.
pub fn start(
    world: &World,
    delivery: Delivery,
    (program, args): (&OsStr, &[OsString]),
    inherit: Inherit,
) -> DeedError {
    let all = delivery.variables.all.into_iter();
    let set: Vec<_> = all.map(|variable| (variable.name, variable.value)).collect();
    let names = world.environment.for_children().iter().map(|(name, _)| name);
    let remove: Vec<OsString> = match inherit {
        Inherit::All => Vec::new(),
        Inherit::Basics => names.filter(|name| !is_basic(name)).cloned().collect(),
    };
    let folder = &world.from;
    Child { program, args, folder, set: &set, remove: &remove }.exec(world.hardened).into()
}

fn is_basic(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        BASICS.iter().any(|basic| match basic.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *basic,
        })
    })
}
