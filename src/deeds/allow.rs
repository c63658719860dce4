//! Exceptions of the guard: what `scan` finds, and what somebody says may stand there, with a reason that
//! others review. No value is kept in one, and none covers a value that is managed here.

use std::path::{Component, Path, PathBuf};

use super::DeedError;
use super::load::Place;
use super::scan::commits::MESSAGE;
use super::scan::{self, ALLOW, HIDDEN, Leak, MANAGED, Unexcused, What, Where, broken};
use crate::names::{RepoPath, quoted};
use crate::policy::Glob;
use crate::scan::{Allow, AllowError, AllowList};
use crate::world::{Change, Mode, World};

/// Longest reason in characters: reviewers read it.
const LONGEST: usize = 500;

/// Which finding may stand.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The file, as the user gave it.
    pub path: PathBuf,
    /// From 1; 0 for what the file's name says.
    pub line: usize,
    /// The byte in it, from 1; all findings of the line where it is not said.
    pub column: Option<usize>,
    /// Only what this rule finds.
    pub rule: Option<String>,
    /// Where it may stand, in place of that file alone.
    pub at: Option<Glob>,
}

/// What may stand from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    /// The exceptions that are new.
    pub added: Vec<Allow>,
    /// How many findings an exception let pass before.
    pub before: usize,
    /// What no exception covers: values that are managed here, and what stands in our own files.
    pub left: Vec<Leak>,
}

/// Lets one finding pass, of the work tree or else of what is staged; several where they stand in one line.
///
/// # Errors
/// [`DeedError::NoFinding`]; [`DeedError::Refuse`] where no exception can cover it, or the reason is none.
pub fn one(world: &World, wanted: &Wanted, reason: &str) -> Result<Allowed, DeedError> {
    readable(reason)?;
    let place = Place::to_write(world)?;
    let mut met = None;
    for path in readings(&place, &wanted.path)? {
        if let Some(found) = meant(world, &place, &path, wanted)? {
            met = Some((path, found));
            break;
        }
    }
    if met.is_none() {
        met = brought(&place, wanted)?;
    }
    let Some((path, found)) = met else {
        let (path, rule) = (wanted.path.display().to_string(), wanted.rule.clone());
        return Err(DeedError::NoFinding { path, line: wanted.line, rule });
    };
    if let Some(leak) = found.leaks.iter().find(|leak| leak.excusable.is_none()) {
        return Err(refuse(format!("what stands there is {}", held(leak)), Some(leak.fix.clone())));
    }
    let at = match &wanted.at {
        Some(glob) => widened(&place, &found, &path, glob)?,
        None => Glob::exactly(&path)
            .map_err(|_| refuse("no exception names our own files, or git's".to_owned(), None))?,
    };
    write(&place, found, reason, |_| Some(at.clone()))
}

/// What a path may mean: as the user gave it from where we are, and as `scan` prints it, from the root.
fn readings(place: &Place<'_>, given: &Path) -> Result<Vec<String>, DeedError> {
    let mut readings = vec![place.checkout.name_of(given)?];
    let is_plain = given.components().all(|part| matches!(part, Component::Normal(_)));
    readings.extend(given.to_str().filter(|_| is_plain).map(str::to_owned));
    readings.dedup();
    Ok(readings)
}

/// What is found at one reading of the place that is wanted; none where there is nothing.
fn meant(
    world: &World,
    place: &Place<'_>,
    path: &str,
    wanted: &Wanted,
) -> Result<Option<Unexcused>, DeedError> {
    let is_there = |path: &str| place.checkout.is_file_here(path);
    let mut found = match [path, file_of(path)].into_iter().find(|it| is_there(it)) {
        Some(file) => scan::in_tree(place, &[place.checkout.root.join(file)])?,
        // What is staged may be gone from the work tree.
        None => scan::nowhere(place)?,
    };
    let is_meant = |leak: &Leak| is_meant(leak, path, wanted);
    found.leaks.retain(is_meant);
    if found.leaks.is_empty() {
        found.leaks = scan::as_staged(&Place::staged(world)?)?;
        found.leaks.retain(is_meant);
    }
    if is_there(path) || !found.leaks.is_empty() {
        unmanaged(&found, path)?;
    }
    Ok(Some(found).filter(|found| !found.leaks.is_empty()))
}

/// The file of a path: what is packed in one is told as `FILE!/NAME`.
fn file_of(path: &str) -> &str {
    path.split_once("!/").map_or(path, |(file, _)| file)
}

fn is_meant(leak: &Leak, path: &str, wanted: &Wanted) -> bool {
    (leak.path == path || leak.path.contains(HIDDEN))
        && leak.line == wanted.line
        && wanted.column.is_none_or(|column| column == leak.column)
        && wanted.rule.as_ref().is_none_or(|rule| *rule == leak.rule)
}

/// What a place means as a push, `--range` and `--history` print it, `COMMIT:FILE`: the text that stood there then.
fn brought(place: &Place<'_>, wanted: &Wanted) -> Result<Option<(String, Unexcused)>, DeedError> {
    let given = wanted.path.to_str().and_then(|text| text.split_once(':'));
    let is_id = |text: &str| text.len() >= 7 && text.bytes().all(|it| it.is_ascii_hexdigit());
    let Some((commit, path)) = given.filter(|(commit, _)| is_id(commit)) else { return Ok(None) };
    if path == MESSAGE || path.starts_with("tag ") {
        let what = "no exception covers what a commit or a tag says: they name files".to_owned();
        return Err(refuse(what, Some(format!("git rebase -i {commit}~"))));
    }
    let Some(commit) = place.checkout.commit_named(commit)? else { return Ok(None) };
    let is_file = place.checkout.file_named(&commit, path)?.is_some();
    let file = if is_file { path } else { file_of(path) };
    let mut found = scan::in_commit(place, &commit, file)?;
    found.leaks.retain(|leak| is_meant(leak, path, wanted));
    unmanaged(&found, path)?;
    let path = path.to_owned();
    Ok(Some(found).filter(|found| !found.leaks.is_empty()).map(|found| (path, found)))
}

/// Lets all pass that is found in the work tree today.
///
/// # Errors
/// [`DeedError::Refuse`] where the reason is none, or holds what it excuses.
pub fn all(world: &World, reason: &str) -> Result<Allowed, DeedError> {
    readable(reason)?;
    let place = Place::to_write(world)?;
    let found = scan::in_tree(&place, &[])?;
    // A name that is not shown is no pattern.
    let is_shown = |leak: &Leak| !leak.path.contains(HIDDEN);
    write(&place, found, reason, |leak| Glob::exactly(&leak.path).ok().filter(|_| is_shown(leak)))
}

/// Lists the exceptions of the work tree.
///
/// # Errors
/// [`DeedError::Standard`] where the file is not well made.
pub fn list(world: &World) -> Result<Vec<Allow>, DeedError> {
    let place = Place::find(world)?;
    let (_, text) = read(&place)?;
    let list = AllowList::parse(&text).map_err(|why| faulty(&place, &why))?;
    Ok(list.entries().to_vec())
}

/// Takes those out that let nothing pass in the work tree, and gives them.
///
/// # Errors
/// As [`list`].
pub fn prune(world: &World) -> Result<Vec<Allow>, DeedError> {
    let place = Place::to_write(world)?;
    let gone = scan::scan(world, &Where::Tree(Vec::new()), &mut |_, _| ())?.idle;
    let (bytes, text) = read(&place)?;
    if !gone.is_empty() {
        let text = AllowList::taken_from(&text, &gone).map_err(|why| faulty(&place, &why))?;
        put(&place, bytes.as_deref(), text)?;
    }
    Ok(gone)
}

/// Adds exceptions for findings, each for the files that `at` says.
fn write(
    place: &Place<'_>,
    found: Unexcused,
    reason: &str,
    at: impl Fn(&Leak) -> Option<Glob>,
) -> Result<Allowed, DeedError> {
    let mut allowed = Allowed::default();
    for leak in found.leaks {
        let named = leak.excusable.zip(at(&leak));
        // Where a file's name is what was found, its path would hold it.
        let Some((text, path)) = named.filter(|(text, path)| !text.stands_in(path.as_str())) else {
            allowed.left.push(leak);
            continue;
        };
        if text.stands_in(reason) {
            let place = format!("{}:{}", leak.path, leak.line);
            return Err(refuse(format!("the reason holds what {place} has"), None));
        }
        let is_same =
            |own: &Allow| own.rule == leak.rule && own.path == path && own.text == text.hash;
        if found.allow.lets(&leak.rule, &leak.path, &text.hash) {
            allowed.before += 1;
        } else if !allowed.added.iter().any(is_same) {
            let (rule, reason) = (leak.rule, reason.to_owned());
            allowed.added.push(Allow { rule, path, text: text.hash, reason });
        }
    }
    if !allowed.added.is_empty() {
        let (bytes, text) = read(place)?;
        let text = AllowList::added_to(&text, allowed.added.clone());
        let text = text.map_err(|why| faulty(place, &why))?;
        put(place, bytes.as_deref(), text)?;
    }
    Ok(allowed)
}

/// A pattern that was asked for takes the file, and none that is sealed: there it would have no effect.
fn widened(
    place: &Place<'_>,
    found: &Unexcused,
    path: &str,
    glob: &Glob,
) -> Result<Glob, DeedError> {
    if !glob.takes_text(path) {
        return Err(refuse(format!("`{glob}` does not take `{path}`"), None));
    }
    match found.managed(place)?.into_iter().find(|path| glob.takes(path)) {
        Some(managed) => {
            let what = format!("`{glob}` takes `{managed}`, which no exception covers");
            Err(refuse(what, Some("a narrower pattern".to_owned())))
        }
        None => Ok(glob.clone()),
    }
}

fn unmanaged(found: &Unexcused, path: &str) -> Result<(), DeedError> {
    let policy = found.policy.as_ref();
    let Some(env) = policy.and_then(|policy| policy.environment_of_name(path)) else {
        return Ok(());
    };
    let what = format!("`{path}` belongs to {env}: no exception covers what stands in clear there");
    Err(refuse(what, Some(format!("tenure seal {}", quoted(path)))))
}

fn held(leak: &Leak) -> String {
    match &leak.what {
        What::Managed { address, .. } => format!("{address}: no exception covers a managed value"),
        What::Credential => format!("no matter of exceptions [{MANAGED}]"),
    }
}

fn readable(reason: &str) -> Result<(), DeedError> {
    // An ellipsis, as the advice has it, is no reason.
    let fits = reason.contains(char::is_alphanumeric) && reason.chars().count() <= LONGEST;
    if fits && !reason.chars().any(char::is_control) {
        return Ok(());
    }
    let instead = Some("--reason \"why it may stand there\"".to_owned());
    Err(refuse(format!("a reason is one line of words, of {LONGEST} characters at most"), instead))
}

fn read(place: &Place<'_>) -> Result<(Option<Vec<u8>>, String), DeedError> {
    let bytes = place.read(&ALLOW.parse()?)?;
    let text = String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned();
    Ok((bytes, text))
}

fn put(place: &Place<'_>, before: Option<&[u8]>, text: String) -> Result<(), DeedError> {
    let path: RepoPath = ALLOW.parse()?;
    let mut change = Change::new();
    change.based_on(path.clone(), before);
    change.put(path, text.into_bytes(), Mode::Keep);
    place.commit(&change)
}

fn faulty(place: &Place<'_>, why: &AllowError) -> DeedError {
    broken(place, ALLOW, why.line, &why.problem.to_string())
}

fn refuse(what: String, instead: Option<String>) -> DeedError {
    DeedError::Refuse { what, instead }
}
