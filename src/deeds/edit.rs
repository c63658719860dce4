//! A file, or one value, in the user's editor; sealed again when it changed.

use std::path::Path;

use super::DeedError;
use super::attest::{Work, attest};
use super::beside::{Joined, is_marked, join};
use super::brought::Brought;
use super::find::{self, Found};
use super::fit::fits_in_file;
use super::get;
use super::load::{Loaded, Place};
use super::pen::Receipt;
use super::ring::Ring;
use super::rotate::Compared;
use super::sealing::{Sealing, Whole};
use super::set::{empty, with_value, without_line_break};
use crate::document::{Document, Format, NotSpliceable};
use crate::names::{AddressQuery, EnvName, KeyPath, RepoPath, Sha256, quoted};
use crate::secret::Plaintext;
use crate::verify::{FileForm, Verified};
use crate::world::World;
use crate::world::terminal::{Editor, Terminal};

/// What was edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The environment.
    pub env: EnvName,
    /// The file.
    pub path: RepoPath,
    /// The one value that was edited; none for the whole file.
    pub key: Option<KeyPath>,
    /// How many values are new, changed or gone.
    pub values: usize,
    /// The entry; none where nothing changed and nothing was written.
    pub receipt: Option<Receipt>,
    /// Whether what is new is known to be none that stood there before, where that matters.
    pub compared: Compared,
}

/// Lets the user edit a file, the one file of an environment, or one value.
///
/// While the editor is open nobody is kept from writing. What others wrote to the same lines of a file, or
/// to the same value, is never overwritten unseen; and what a person typed is kept until they let go of it.
///
/// # Errors
/// [`DeedError::NotSpliceable`] when what was edited is no longer of the file's format, and nobody is there
/// to edit it again; [`DeedError::Refuse`] when it changed meanwhile, likewise. Nothing is written then.
pub fn edit(
    world: &World,
    what: Option<&str>,
    env: Option<&EnvName>,
    reason: Option<&str>,
) -> Result<Edited, DeedError> {
    let mut draft = draft(world, what, env)?;
    let Some(mut new) = ask(world, &draft, &draft.clear)? else {
        return Ok(draft.edited());
    };
    loop {
        let tried = match seal(world, &draft, &new, reason) {
            Ok(Some(edited)) => return Ok(edited),
            Ok(None) => again(world, &draft, &new),
            Err(why) => Err(why),
        };
        match tried {
            Ok(next) => (draft, new) = next,
            Err(why) => once_more(world, why)?,
        }
    }
}

/// Lets a person try again with the text that they have.
fn once_more(world: &World, why: DeedError) -> Result<(), DeedError> {
    if world.terminal != Terminal::Person || matches!(why, DeedError::Aborted) {
        return Err(why);
    }
    world.terminal.say(&why.to_string())?;
    if world.terminal.confirm("nothing was written; try again with your text?")? {
        Ok(())
    } else {
        Err(why)
    }
}

/// Seals what was edited; none where it changed meanwhile.
fn seal(
    world: &World,
    draft: &Draft,
    new: &Plaintext,
    reason: Option<&str>,
) -> Result<Option<Edited>, DeedError> {
    let target = &draft.target;
    let mut edited = draft.edited();
    let place = Place::to_write(world)?;
    let loaded = place.load(Some(&target.env))?;
    let verified = loaded.verified(&target.env)?;
    if stands(&verified, target) != draft.before {
        return Ok(None);
    }
    let old = verified.files.get(&target.path).map(|file| file.bytes);
    let ring = Ring::open(world, &verified, &target.env)?;
    let made;
    let whole = match target.key {
        KeyPath::Whole => new,
        KeyPath::Place { .. } => {
            made = with_value(target, &ring.open_file(&verified, &target.path)?, new)?;
            &made
        }
    };
    let sealing =
        Sealing { verified: &verified, env: &target.env, ring: &ring, today: place.today() };
    let resealed = sealing.reseal(&target.path, whole, &|_| None, Whole::Refused)?;
    let brought = sealing.brought(&resealed, whole)?;
    let fits = |new: &Brought| fits_in_file(verified.policy, new, place.today());
    brought.iter().try_for_each(fits)?;
    edited.compared = sealing.pays_with_new(&place, &resealed, &brought)?;
    edited.values = resealed.change.items.len();
    let mut work = Work { reason: reason.map(str::to_owned), ..Work::default() };
    work.writes.based_on(target.path.clone(), old);
    work.file(resealed.change, resealed.bytes);
    if work.is_empty() {
        // A comment or a blank line may have changed, which no entry attests.
        place.commit(&work.writes)?;
    } else {
        edited.receipt = Some(attest(&place, &verified, work)?);
    }
    Ok(Some(edited))
}

/// Goes on from what others wrote meanwhile: joins both where they touched other lines of a file of values,
/// else lets a person decide.
fn again(world: &World, draft: &Draft, new: &Plaintext) -> Result<(Draft, Plaintext), DeedError> {
    let fresh = {
        let place = Place::find(world)?;
        let loaded = place.load(Some(&draft.target.env))?;
        of(world, &loaded.verified(&draft.target.env)?, draft.target.clone())?
    };
    let path = &fresh.target.path;
    let changed = || DeedError::Refuse {
        what: format!("`{path}` changed while you edited it; nothing was written"),
        instead: Some(format!("tenure edit {}", quoted(path))),
    };
    if fresh.format.is_none() {
        let question = format!("`{path}` changed while you edited it; put yours in its place?");
        let sure = world.terminal == Terminal::Person && world.terminal.confirm(&question)?;
        let new = Plaintext::from(new.expose().to_vec());
        return if sure { Ok((fresh, new)) } else { Err(changed()) };
    }
    let shown = match join(&draft.clear, new, &fresh.clear) {
        Joined::Apart(text) if is_fit(&fresh, &text).is_ok() => return Ok((fresh, text)),
        Joined::Apart(text) | Joined::Meeting(text) => text,
    };
    if world.terminal != Terminal::Person {
        return Err(changed());
    }
    world.terminal.say(&format!("`{path}` changed while you edited it: both are shown"))?;
    match ask(world, &fresh, &shown)? {
        Some(text) if !is_marked(&text) => Ok((fresh, text)),
        _ => Err(changed()),
    }
}

/// What is to be edited.
struct Draft {
    target: Found,
    /// What stood there when the editor was opened; see [`stands`].
    before: Option<Sha256>,
    /// What the editor shows first.
    clear: Plaintext,
    /// What the edited text must still be; none for one value, and for a file that is sealed whole.
    format: Option<Format>,
}

impl Draft {
    /// What was edited, as long as nothing was written.
    fn edited(&self) -> Edited {
        let Found { env, path, key } = self.target.clone();
        let key = Some(key).filter(|key| *key != KeyPath::Whole);
        Edited { env, path, key, values: 0, receipt: None, compared: Compared::All }
    }
}

fn draft(world: &World, what: Option<&str>, env: Option<&EnvName>) -> Result<Draft, DeedError> {
    let place = Place::find(world)?;
    let loaded = place.load(None)?;
    let target = target(&place, &loaded, what, env)?;
    of(world, &loaded.verified(&target.env)?, target)
}

/// What is to be edited of a place, as it stands now.
fn of(world: &World, verified: &Verified<'_>, target: Found) -> Result<Draft, DeedError> {
    let format = Format::of(&target.path).filter(|_| target.key == KeyPath::Whole);
    let Some(file) = verified.files.get(&target.path) else {
        let clear = Plaintext::from(empty(&target.path));
        return Ok(Draft { target, before: None, clear, format });
    };
    let ring = Ring::open(world, verified, &target.env)?;
    ring.current()?;
    let clear = match target.key {
        KeyPath::Whole => ring.open_file(verified, &target.path)?,
        KeyPath::Place { .. } => get::one(verified, &ring, &target)?,
    };
    let format = format.filter(|_| matches!(file.form, FileForm::Values(_)));
    Ok(Draft { before: stands(verified, &target), target, clear, format })
}

/// The hash of a value's item, or of a whole file's sealed bytes; none where nothing stands yet.
fn stands(verified: &Verified<'_>, target: &Found) -> Option<Sha256> {
    match target.key {
        KeyPath::Whole => verified.files.get(&target.path).map(|file| Sha256::of(file.bytes)),
        KeyPath::Place { .. } => verified.live.get(&target.address())?.item.hash,
    }
}

/// Finds what the user means: a file, an environment with one file, or a value.
fn target(
    place: &Place<'_>,
    loaded: &Loaded,
    what: Option<&str>,
    env: Option<&EnvName>,
) -> Result<Found, DeedError> {
    let policy = loaded.record.policy().ok_or(DeedError::NoPolicy)?;
    let known = || policy.environments.keys().cloned().collect::<Vec<_>>();
    let Some(text) = what else {
        let env = env.ok_or_else(|| DeedError::WhichEnvironment { known: known() })?;
        return only_file(&loaded.verified(env)?, env);
    };
    let path = place.checkout.repo_path(Path::new(text)).ok();
    let managed = path.as_ref().and_then(|path| policy.environment_of(path));
    if let (Some(path), Some(env)) = (path, managed) {
        return Ok(Found { env: env.clone(), path, key: KeyPath::Whole });
    }
    if let (None, Ok(named)) = (env, text.parse::<EnvName>()) {
        return only_file(&loaded.verified(&named)?, &named);
    }
    let query = AddressQuery::parse(text, env)?;
    if !policy.environments.contains_key(&query.env) {
        return Err(DeedError::NoEnvironment { env: query.env, known: known() });
    }
    find::value(&loaded.verified(&query.env)?, &query, text)
}

fn only_file(verified: &Verified<'_>, env: &EnvName) -> Result<Found, DeedError> {
    if !verified.policy.environments.contains_key(env) {
        let known = verified.policy.environments.keys().cloned().collect();
        return Err(DeedError::NoEnvironment { env: env.clone(), known });
    }
    let mine = verified.files.iter().filter(|(_, file)| file.env == *env);
    let paths: Vec<_> = mine.map(|(path, _)| path.clone()).collect();
    let path = match paths.as_slice() {
        [one] => one.clone(),
        [] => find::first_file(verified.policy, env).ok_or_else(|| DeedError::Refuse {
            what: format!("no pattern of {env} says where a new file should lie"),
            instead: Some("tenure edit PATH".to_owned()),
        })?,
        several => {
            let names: Vec<_> = several.iter().map(RepoPath::as_str).collect();
            return Err(DeedError::Refuse {
                what: format!("{env} has several files: {}", names.join(", ")),
                instead: Some(format!("tenure edit {}", names[0])),
            });
        }
    };
    Ok(Found { env: env.clone(), path, key: KeyPath::Whole })
}

/// Opens the editor, again and again where a person wants to mend what they wrote.
///
/// `shown` is the text that the editor begins with; none is given where it stays what stands there.
fn ask(world: &World, draft: &Draft, shown: &Plaintext) -> Result<Option<Plaintext>, DeedError> {
    let Draft { target, clear, .. } = draft;
    let editor = Editor::of(&world.environment);
    let suffix = suffix(target);
    let mut new = editor.edit(world.terminal, shown, &suffix)?;
    while let Some(text) = &new {
        let Err(why) = is_fit(draft, text) else { break };
        let broken = DeedError::Refuse {
            what: format!("`{}` is broken, {why}; nothing was written", target.path),
            instead: Some(format!("tenure edit {}", target.path)),
        };
        if world.terminal != Terminal::Person {
            return Err(broken);
        }
        world.terminal.say(&broken.to_string())?;
        if !world.terminal.confirm("edit it again?")? {
            return Err(broken);
        }
        new = editor.edit(world.terminal, text, &suffix)?.or(new);
    }
    let blank = |text: &Plaintext| text.expose().trim_ascii().is_empty();
    if new.as_ref().is_some_and(&blank) && !blank(clear) {
        // As git takes an empty message for an end: an editor that failed may leave this, too.
        return Err(DeedError::Refuse {
            what: "the editor left nothing; nothing was written".to_owned(),
            instead: Some("to take a value away: tenure unset SECRET".to_owned()),
        });
    }
    // Editors end a text with a line break, which a value does not have.
    let one_value = target.key != KeyPath::Whole && !clear.expose().ends_with(b"\n");
    let new = new.map(|text| if one_value { without_line_break(&text) } else { text });
    Ok(new.filter(|new| new.expose() != clear.expose()))
}

/// Whether a file is still of its format.
fn is_fit(draft: &Draft, text: &Plaintext) -> Result<(), NotSpliceable> {
    let Some(format) = draft.format else { return Ok(()) };
    let not_text = NotSpliceable { line: 1, why: "the file is not UTF-8" };
    Document::parse(format, text.expose_text().ok_or(not_text)?).map(|_| ())
}

/// The end of the file's name, by which editors choose their colours; a value has none.
fn suffix(target: &Found) -> String {
    let name = target.path.file_name();
    match name.rsplit_once('.') {
        Some((_, end)) if target.key == KeyPath::Whole => format!(".{end}"),
        _ => String::new(),
    }
}
