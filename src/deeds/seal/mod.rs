//! Seals what lies in clear where the policy wants it sealed: new files, files that were opened in
//! place, and values that somebody wrote into a sealed file by hand.
//!
//! A file that differs is judged in the place of the sealed bytes that it came from: those it was opened
//! from, else HEAD's. So whatever else is wrong with the environment is found as for every other write,
//! and values that did not change get their tokens back.

mod committed;
mod form;
mod look;
mod named;
mod others;

use std::collections::BTreeMap;

use super::DeedError;
use super::attest::{Work, attest};
use super::brought::Brought;
use super::enact::agree;
use super::fit::doubt;
use super::load::{Loaded, Place};
use super::opened::{self, Opened};
use super::pen::Receipt;
use super::ring::{self, Ring};
use super::rotate::Compared;
use super::sealing::{Resealed, Sealing, Whole};
use super::set::known_type;
use crate::document::{Document, Format, NotSpliceable};
use crate::log::entry::{Item, Op};
use crate::names::{Address, EnvName, KeyPath, RepoPath, TypeName, quoted};
use crate::seal as tokens;
use crate::secret::Plaintext;
use crate::verify::{FileForm, Verified};
use crate::world::{World, Writes};
use committed::{Committed, Origin};
use look::{Look, Signed};
use named::Named;
use others::nothing_else_wrong;

/// What `seal` is told.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Files and values; none means every managed file that differs.
    pub named: Vec<String>,
    /// Only this environment.
    pub env: Option<EnvName>,
    /// Whether a file that was sealed by value may now be sealed whole.
    pub whole: Whole,
    /// The type of new values that no rule gives one.
    pub kind: Option<TypeName>,
    /// Why.
    pub reason: Option<String>,
}

/// What was sealed.
#[derive(Debug)]
pub struct Sealed {
    /// The files, in order; none where nothing was to be done.
    pub files: Vec<SealedFile>,
    /// The entry; none where every value was the same as before.
    pub receipt: Option<Receipt>,
    /// What would not be taken from who sets it, each as a sentence.
    pub doubts: Vec<String>,
    /// The credentials that stood in clear, for all who see the repository, and are sealed as they are.
    pub cleared: Vec<String>,
    /// Whether what is new is known to be none that stood there before, where that matters.
    pub compared: Compared,
}

/// What was done to one file.
#[derive(Debug, PartialEq, Eq)]
pub struct SealedFile {
    /// Its environment.
    pub env: EnvName,
    /// The file.
    pub path: RepoPath,
    /// Values that were not there before.
    pub new: usize,
    /// Values that are others than before.
    pub changed: usize,
    /// Values that are gone.
    pub removed: usize,
    /// Values that kept their tokens.
    pub unchanged: usize,
    /// Whether it is sealed as one.
    pub whole: bool,
    /// Why, where it could have been sealed by value.
    pub why_whole: Option<NotSpliceable>,
}

/// A file that differs from what the log says of it.
struct Suspect {
    env: EnvName,
    path: RepoPath,
    disk: Vec<u8>,
    base: Base,
}

/// The sealed bytes that a file came from.
enum Base {
    /// It was never sealed.
    None,
    /// These.
    Known(Vec<u8>),
    /// Nobody kept them; what is left of its tokens stands in the file itself.
    Lost,
}

/// Seals.
///
/// # Errors
/// [`DeedError::Refused`] where something else is wrong; [`DeedError::StalePlaintext`];
/// [`DeedError::NotSpliceable`]; [`DeedError::Refuse`] for what is committed in clear and was not named.
pub fn seal(world: &World, plan: &Plan) -> Result<Sealed, DeedError> {
    let place = Place::to_write(world)?;
    let mut loaded = place.load(plan.env.as_ref())?;
    let named = Named::find(&place, &loaded, &plan.named, plan.env.as_ref())?;
    let suspects = suspects(&place, &loaded, &named)?;
    for suspect in &suspects {
        match &suspect.base {
            Base::Known(bytes) => {
                loaded.files.files.insert(suspect.path.clone(), bytes.clone());
            }
            Base::None => {
                loaded.files.files.remove(&suspect.path);
            }
            Base::Lost => {}
        }
    }
    let signed = loaded.record.signed(plan.env.as_ref());
    let mut verified = loaded.judged()?;
    nothing_else_wrong(&verified, &suspects)?;
    known_type(&verified, plan.kind.as_ref())?;
    take_for_signed(&mut verified, &signed, &suspects);
    let mut work = Work { reason: plan.reason.clone(), ..Work::default() };
    let mut sealed = Sealed {
        files: Vec::new(),
        receipt: None,
        doubts: Vec::new(),
        cleared: Vec::new(),
        compared: Compared::All,
    };
    seal_all(&place, &verified, &suspects, plan, (&mut work, &mut sealed))?;
    if work.is_empty() {
        place.commit(&work.writes)?;
    } else {
        sealed.receipt = Some(attest(&place, &verified, work)?);
    }
    if world.writes == Writes::Real {
        let paths: Vec<_> = suspects.iter().map(|suspect| &suspect.path).collect();
        opened::close(&place.checkout.own_state(), &paths)?;
    }
    Ok(sealed)
}

/// Finds the files that differ, and refuses those that are not this user's to seal.
fn suspects(place: &Place<'_>, loaded: &Loaded, named: &Named) -> Result<Vec<Suspect>, DeedError> {
    let policy = loaded.record.policy().ok_or(DeedError::NoPolicy)?;
    let signed = loaded.record.signed(None);
    let open = opened::list(&place.checkout.own_state())?;
    let mut suspects = Vec::new();
    for (path, bytes) in loaded.files.files.iter().filter(|(path, _)| named.takes(path)) {
        let Some(env) = policy.environment_of(path) else { continue };
        let look = Look::at(policy, env, path, bytes, &signed);
        let open = open.iter().find(|opened| opened.path == *path);
        if open.is_none() && !look.differs() {
            continue;
        }
        let head = place.checkout.head_file(path)?;
        let base = base(place, loaded, &look, open, head.as_deref())?;
        let known = match &base {
            Base::Known(bytes) => Some(bytes.as_slice()),
            Base::None | Base::Lost => None,
        };
        let commits = Committed::read(place, path, head.as_deref(), bytes)?;
        let committed = look.committed(known, &commits)?;
        look.missing(named, open.is_some())?;
        vouched(place, &look, named, &committed)?;
        suspects.push(Suspect { env: env.clone(), path: path.clone(), disk: bytes.clone(), base });
    }
    Ok(suspects)
}

/// The sealed bytes that a file came from, which must be those that the log attests now.
fn base(
    place: &Place<'_>,
    loaded: &Loaded,
    look: &Look<'_>,
    open: Option<&Opened>,
    head: Option<&[u8]>,
) -> Result<Base, DeedError> {
    if look.signed.is_empty() {
        return Ok(Base::None);
    }
    let Some(open) = open else {
        let head = head.filter(|head| look.is_signed(head));
        return Ok(head.map_or(Base::Lost, |head| Base::Known(head.to_vec())));
    };
    let from_head = head.filter(|head| crate::names::Sha256::of(head) == open.sealed);
    let kept = opened::base(&place.checkout.own_state(), open)?;
    let base = kept.or(from_head.map(<[u8]>::to_vec)).ok_or_else(|| DeedError::Refuse {
        what: format!("the sealed text that `{}` was opened from is no longer here", open.path),
        instead: Some(format!(
            "keep a copy of your changes, then: git restore {0} && tenure open --in-place {0}",
            quoted(&open.path)
        )),
    })?;
    if let Some((key, live)) = look.newer(&base) {
        let by = loaded.record.entries[live.entry].entry.by.clone();
        return Err(DeedError::StalePlaintext { path: open.path.clone(), key: key.clone(), by });
    }
    Ok(Base::Known(base))
}

/// Asks before somebody signs what was committed in clear, perhaps by another; only where it was named.
fn vouched(
    place: &Place<'_>,
    look: &Look<'_>,
    named: &Named,
    committed: &[(KeyPath, Origin)],
) -> Result<(), DeedError> {
    let unnamed = committed.iter().find(|(key, _)| !named.has(look.path, key));
    let Some((first, origin)) = unnamed.or(committed.first()) else { return Ok(()) };
    let touch = match origin {
        Origin::Head => place.checkout.last_commit_touching(look.path)?,
        Origin::Version(id) => place.checkout.commit_bringing(look.path, id)?,
    };
    let who = touch.map_or_else(|| "somebody".to_owned(), |touch| touch.to_string());
    if let Some((key, _)) = unnamed {
        let what = match key {
            KeyPath::Whole => format!("`{}` was committed in clear by {who}", look.path),
            key => format!("`{key}` in `{}` was committed in clear by {who}", look.path),
        };
        let address = match key {
            KeyPath::Whole => look.path.to_string(),
            key => format!("{}/{}#{key}", look.env, look.path),
        };
        let instead = Some(format!("look at it; if it is right: tenure seal {}", quoted(&address)));
        return Err(DeedError::Refuse { what, instead });
    }
    let (what, it) = match (first, committed.len()) {
        (KeyPath::Whole, _) => (format!("{} was", look.path), "it"),
        (first, 1) => (format!("{first} in {} was", look.path), "it"),
        (_, several) => (format!("{several} values in {} were", look.path), "them"),
    };
    let question = format!("{what} committed in clear by {who}. Sign {it} as yours?");
    agree(place.world, &question)
}

/// Lets a file without a base be compared with what was signed of it; of any other, what was signed in clear and
/// may no longer stand so.
fn take_for_signed<'r>(verified: &mut Verified<'r>, signed: &Signed<'r>, suspects: &[Suspect]) {
    for suspect in suspects.iter().filter(|suspect| !matches!(suspect.base, Base::Lost)) {
        let clear = signed.iter().filter(|(address, live)| {
            address.path == suspect.path
                && live.item.generation.is_none()
                && !verified.policy.is_clear(&address.env, &address.key)
                && !verified.live.contains_key(address)
        });
        let clear: Vec<_> = clear.map(|(address, live)| (address.clone(), *live)).collect();
        verified.take_for_live(clear.into_iter());
    }
    for suspect in suspects.iter().filter(|suspect| matches!(suspect.base, Base::Lost)) {
        let mine = signed.iter().filter(|(address, _)| address.path == suspect.path);
        verified.take_for_live(mine.map(|(address, live)| (address.clone(), *live)));
        let whole = |file: &crate::verify::VerifiedFile<'_>| matches!(file.form, FileForm::Whole);
        if verified.files.get(&suspect.path).is_some_and(whole) {
            verified.files.remove(&suspect.path);
        }
    }
}

fn seal_all(
    place: &Place<'_>,
    verified: &Verified<'_>,
    suspects: &[Suspect],
    plan: &Plan,
    (work, sealed): (&mut Work, &mut Sealed),
) -> Result<(), DeedError> {
    let mut rings: BTreeMap<&EnvName, Ring> = BTreeMap::new();
    for suspect in suspects {
        if !rings.contains_key(&suspect.env) {
            let ring = Ring::open(place.world, verified, &suspect.env)?;
            ring.current()?;
            rings.insert(&suspect.env, ring);
        }
        let ring = &rings[&suspect.env];
        let clear = in_clear(verified, ring, suspect)?;
        let sealing = Sealing { verified, env: &suspect.env, ring, today: place.today() };
        let kind = |_: &KeyPath| plan.kind.clone();
        let resealed = sealing.reseal(&suspect.path, &clear, &kind, plan.whole)?;
        let brought = sealing.brought(&resealed, &clear)?;
        let doubt = |new: &Brought| doubt(verified.policy, new, place.today());
        sealed.doubts.extend(brought.iter().filter_map(doubt));
        sealed.compared = sealed.compared.and(sealing.pays_with_new(place, &resealed, &brought)?);
        let cleared = resealed.bared().map(|key| resealed.change.address(key));
        sealed.cleared.extend(cleared.map(|address| verified.record.name_of(&address)));
        sealed.files.push(count(verified, suspect, &resealed)?);
        work.writes.based_on(suspect.path.clone(), Some(&suspect.disk));
        work.file(resealed.change, resealed.bytes);
    }
    Ok(())
}

/// The clear text of a file in which tokens and clear values may stand side by side.
fn in_clear(
    verified: &Verified<'_>,
    ring: &Ring,
    suspect: &Suspect,
) -> Result<Plaintext, DeedError> {
    let as_it_is = || Ok(Plaintext::from(suspect.disk.clone()));
    let attested_whole = match (&suspect.base, verified.files.get(&suspect.path)) {
        (Base::Known(_), Some(file)) => matches!(file.form, FileForm::Whole),
        _ => false,
    };
    if attested_whole && suspect.disk == verified.files[&suspect.path].bytes {
        return ring.open_file(verified, &suspect.path);
    }
    let format = Format::of(&suspect.path).filter(|_| !attested_whole);
    let (Some(format), Ok(text)) = (format, std::str::from_utf8(&suspect.disk)) else {
        return as_it_is();
    };
    let refuse = |why| DeedError::NotSpliceable { path: suspect.path.clone(), why };
    match Document::parse(format, text) {
        Ok(document) => {
            let clear = |key: &KeyPath| verified.policy.is_clear(&suspect.env, key);
            let scope = ring::scope(verified, &suspect.env, &clear);
            Ok(tokens::open(&document, &scope, ring.opener())?)
        }
        // Tokens in a text that is not understood could not be opened, and would be sealed once more.
        Err(why) if text.contains("sealed.v1.") || text.contains("dropped.v1.") => Err(refuse(why)),
        Err(_) => as_it_is(),
    }
}

fn count(
    verified: &Verified<'_>,
    suspect: &Suspect,
    resealed: &Resealed,
) -> Result<SealedFile, DeedError> {
    let change = &resealed.change;
    let before = |item: &&Item| verified.live.contains_key(&change.address(&item.key));
    let made = || change.items.iter().filter(|item| item.op != Op::Delete);
    let changed = made().filter(before).count();
    let removed = change.items.len() - made().count();
    let mine = verified.live.keys().filter(|address| address.path == suspect.path).count();
    let whole = tokens::is_whole(&resealed.bytes);
    let stands = |at: &Address| at.path == suspect.path && verified.live.contains_key(at);
    let owed = verified.obligations.iter().any(|debt| stands(&debt.address));
    let was_whole = verified.live.contains_key(&change.address(&KeyPath::Whole));
    if whole && owed && !was_whole {
        return Err(DeedError::Refuse {
            what: format!("values of `{}` must be rotated before it is sealed whole", suspect.path),
            instead: Some(format!("tenure rotate --due -e {}", suspect.env)),
        });
    }
    Ok(SealedFile {
        env: suspect.env.clone(),
        path: suspect.path.clone(),
        new: made().count() - changed,
        changed,
        removed,
        unchanged: mine - changed - removed,
        whole,
        why_whole: resealed.why_whole.clone(),
    })
}
