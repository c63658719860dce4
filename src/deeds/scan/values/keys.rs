//! Sealed files, opened as far as keys at hand do it without a question: each token once, and each value once,
//! however many versions of a file hold it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use super::Value;
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::document::{Document, Format, Leaf, splice, value};
use crate::keyring::{self, Generation};
use crate::names::{Address, EnvName, KeyPath, RepoPath, RepositoryId};
use crate::seal::{self, Comments, Opener, Part, Scope, ValueKey};
use crate::secret::Plaintext;
use crate::world::{Blob, ObjectId};

/// The keyrings of then, by environment.
pub(super) type Rings = BTreeMap<EnvName, BTreeSet<ObjectId>>;

/// Whose a file is.
pub(super) type Owner<'o> = (&'o RepositoryId, &'o EnvName, &'o RepoPath);

/// What was opened.
pub(super) struct Opened<'p> {
    pub(super) place: &'p Place<'p>,
    rings: Rings,
    keys: BTreeMap<EnvName, Keys>,
    /// Files that opened, tokens, and values at their addresses, by hashes that mean nothing outside of this process.
    seen: HashSet<u64>,
    key: RandomState,
    pub(super) values: Vec<Value>,
    /// The files that hold tokens, and cannot be read as what they are called.
    pub(super) unread: BTreeSet<RepoPath>,
}

impl<'p> Opened<'p> {
    /// Begins with nothing, given the keyrings that no longer lie here.
    pub(super) fn with(place: &'p Place<'p>, rings: Rings) -> Self {
        let (keys, seen, key) = (BTreeMap::new(), HashSet::new(), RandomState::new());
        let (values, unread) = Default::default();
        Self { place, rings, keys, seen, key, values, unread }
    }

    /// Opens a file and keeps its values; tells whether all of it opened. Where a keyring of today does not, those of
    /// then are asked.
    pub(super) fn open(&mut self, owner: Owner<'_>, bytes: &[u8]) -> Result<bool, DeedError> {
        let env = owner.1;
        // What lies here is mostly what the newest commits brought.
        let content = self.key.hash_one((owner, bytes));
        if self.seen.contains(&content) {
            return Ok(true);
        }
        if !self.keys.contains_key(env) {
            self.keys.insert(env.clone(), Keys::of(self.place, env)?);
        }
        if self.try_open(owner, bytes) {
            // What cannot be read is asked for by each who comes.
            if !self.unread.contains(owner.2) {
                self.seen.insert(content);
            }
            return Ok(true);
        }
        let Some(more) = self.rings.remove(env) else { return Ok(false) };
        let more: Vec<_> = more.into_iter().collect();
        let rings = self.place.checkout.read_blobs(&more)?.into_iter().filter_map(Blob::bytes);
        let place = self.place;
        if let Some(keys) = self.keys.get_mut(env) {
            rings.for_each(|ring| keys.add(place, &ring));
        }
        Ok(self.try_open(owner, bytes))
    }

    fn try_open(&mut self, owner: Owner<'_>, bytes: &[u8]) -> bool {
        let (_, env, path) = owner;
        if seal::is_whole(bytes) {
            let address = Address { env: env.clone(), path: path.clone(), key: KeyPath::Whole };
            if self.seen.contains(&self.key.hash_one((&address, bytes))) {
                return true;
            }
            let generations = self.keys.get(env).map(|keys| keys.generations.as_slice());
            let open = |it: &Generation| seal::open_whole(bytes, &it.identity()).ok();
            let opened = generations.and_then(|them| them.iter().find_map(open));
            let is_open = opened.is_some();
            if let Some(text) = opened {
                self.seen.insert(self.key.hash_one((&address, bytes)));
                self.keep(address, text);
            }
            return is_open;
        }
        let text = std::str::from_utf8(bytes).ok();
        let sealed = text.zip(Format::of(path));
        match sealed.and_then(|(text, format)| Document::parse(format, text).ok()) {
            Some(sealed) if sealed.has_tokens() => self.open_values(owner, &sealed),
            // What is no sealed file has no values: that it should be one is said elsewhere.
            _ => {
                self.unread.extend(seal::may_have_token(bytes).then(|| path.clone()));
                true
            }
        }
    }

    /// Opens the tokens that were not seen before, and reads their values where they stand.
    fn open_values(&mut self, (repository, env, path): Owner<'_>, sealed: &Document<'_>) -> bool {
        let clear = |_: &KeyPath| false;
        let scope = Scope { repository, env, clear: &clear, comments: Comments::Sealed };
        let keys = self.keys.get(env).map(|keys| keys.keys.as_slice()).unwrap_or_default();
        let (mut all, mut slices): (_, Vec<(usize, Plaintext)>) = (true, Vec::new());
        for (at, leaf) in sealed.leaves.iter().enumerate() {
            let Some(token) = sealed.token(leaf) else { continue };
            let token_here = self.key.hash_one((repository, env, path, &leaf.path, token));
            if self.seen.contains(&token_here) {
                continue;
            }
            match Opener(keys).open(&scope.binding(Part::Value, &leaf.path), token) {
                Ok(slice) => {
                    self.seen.insert(token_here);
                    slices.push((at, slice));
                }
                Err(_) => all = false,
            }
        }
        if slices.is_empty() {
            return all;
        }
        let leaf = |at: usize| &sealed.leaves[at];
        let edits = slices.iter().map(|(at, slice)| (leaf(*at).span.clone(), slice.expose()));
        let text = Plaintext::from(splice(sealed.text, edits));
        let opened = text.expose_text().map(|text| Document::parse(sealed.format, text));
        let opened = opened.and_then(Result::ok);
        for (at, slice) in slices {
            let read = opened.as_ref().and_then(|opened| read(opened, (at, leaf(at)), &slice));
            let key = leaf(at).path.item();
            let address = Address { env: env.clone(), path: path.clone(), key };
            self.keep(address, read.unwrap_or(slice));
        }
        all
    }

    fn keep(&mut self, address: Address, value: Plaintext) {
        if self.seen.insert(self.key.hash_one((&address, value.expose()))) {
            self.values.push((address, value));
        }
    }
}

/// A value as readers of its file get it; none where what was opened has another place there.
fn read(opened: &Document<'_>, (at, leaf): (usize, &Leaf), slice: &Plaintext) -> Option<Plaintext> {
    // Places seldom move, and a file may have many.
    let same = opened.leaves.get(at).filter(|here| here.path == leaf.path);
    let here = same.or_else(|| opened.leaf(&leaf.path))?;
    let is_same = opened.slice(here).as_bytes() == slice.expose();
    is_same.then(|| value::decode(opened, here).ok()).flatten()
}

/// The generations of an environment that keys at hand open.
#[derive(Default)]
struct Keys {
    generations: Vec<Generation>,
    keys: Vec<ValueKey>,
}

impl Keys {
    fn of(place: &Place<'_>, env: &EnvName) -> Result<Self, DeedError> {
        let mut keys = Self::default();
        let folder = format!(".secrets/keys/{env}");
        let paths = place.list(&folder)?.files;
        for ring in place.read_each(&paths)?.into_iter().flatten() {
            keys.add(place, &ring);
        }
        // One that was made just now may not be staged yet.
        let lying = place.files.list(&folder).map(|listing| listing.files).unwrap_or_default();
        for path in lying.iter().filter(|path| paths.binary_search(path).is_err()) {
            if let Ok(Some(ring)) = place.files.read(path) {
                keys.add(place, &ring);
            }
        }
        Ok(keys)
    }

    fn add(&mut self, place: &Place<'_>, ring: &[u8]) {
        // One that is broken, or whose plugin fails, opens nothing: `check` says so.
        let opened = place.world.identities().open_freely(ring).ok().flatten();
        for new in opened.as_ref().map(keyring::generations_in).unwrap_or_default() {
            if self.keys.iter().all(|known| known.id() != new.id()) {
                self.keys.push(new.value_key());
                self.generations.push(new);
            }
        }
    }
}
