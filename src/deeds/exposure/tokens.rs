//! The sealed files of all history, opened with the generations at hand: each token once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::history::{Past, Stood};
use super::rings::Rings;
use super::{Progress, Proof, Unlogged};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::deeds::past::parsed;
use crate::document::{Format, items, plain_hash, whole_hash};
use crate::keyring::Generation;
use crate::names::{Address, EnvName, GenerationId, KeyPath, RepositoryId, Sha256};
use crate::seal::{self, Binding, Part, ValueKey};
use crate::secret::Plaintext;
use crate::verify::Record;
use crate::verify::exposed::{Made, Version};
use crate::world::Blob;

/// What opened.
#[derive(Default)]
pub(super) struct Tokens {
    /// The values, by their places among those that were made.
    proven: BTreeSet<usize>,
    pub(super) unlogged: Vec<Unlogged>,
    pub(super) opened: usize,
}

impl Tokens {
    pub(super) fn proof_of(&self, made: usize) -> Proof {
        if self.proven.contains(&made) { Proof::Opened } else { Proof::Log }
    }
}

/// Opens all that the keyrings at hand open; nothing where no key is at hand.
pub(super) fn search(
    place: &Place<'_>,
    (record, made): (&Record, &[Made]),
    (past, rings): (&Past, &Rings),
    progress: Progress<'_>,
) -> Result<Tokens, DeedError> {
    let mut tokens = Tokens::default();
    let mut search = Search::of(record, made, rings)?;
    search.all(place, past, progress, &mut |hit| {
        tokens.opened += 1;
        match hit.made {
            Some(made) => {
                tokens.proven.insert(made);
            }
            None => tokens.unlogged.push(Unlogged::of(&hit)),
        }
    })?;
    tokens.unlogged.sort();
    // A list has many tokens.
    tokens.unlogged.dedup();
    Ok(tokens)
}

/// A token, or a whole file, that opened.
pub(super) struct Hit<'h> {
    /// The value, by its place among those that were made; none where no entry names it.
    pub(super) made: Option<usize>,
    pub(super) stood: &'h Stood,
    pub(super) address: Address,
    pub(super) generation: GenerationId,
    /// The slice that was sealed, or the whole file.
    pub(super) opened: Plaintext,
    /// The file's text and format with the token; none for a whole file.
    pub(super) within: Option<(&'h str, Format, &'h str)>,
}

impl Unlogged {
    pub(super) fn of(hit: &Hit<'_>) -> Self {
        Self {
            address: hit.address.clone(),
            commit: hit.stood.commit.as_ref().map(|(commit, _)| commit.clone()),
            generation: hit.generation,
        }
    }
}

/// Who sees what opens.
pub(super) type See<'s> = &'s mut dyn FnMut(Hit<'_>);

/// What is known of values, to find them by the hashes that were signed.
pub(super) struct Search<'s> {
    repository: RepositoryId,
    generations: &'s [Generation],
    keys: HashMap<GenerationId, ValueKey>,
    envs: &'s BTreeMap<GenerationId, EnvName>,
    made: &'s [Made],
    /// By hash: the values and which of their versions.
    known: HashMap<Sha256, Vec<(usize, usize)>>,
    seen: HashSet<String>,
}

impl<'s> Search<'s> {
    pub(super) fn of(
        record: &Record,
        made: &'s [Made],
        rings: &'s Rings,
    ) -> Result<Self, DeedError> {
        let policy = record.policy().ok_or(DeedError::NoPolicy)?;
        let mut known: HashMap<_, Vec<_>> = HashMap::new();
        for (at, value) in made.iter().enumerate() {
            for (version, it) in value.versions.iter().enumerate() {
                if let Some(hash) = it.hash {
                    known.entry(hash).or_default().push((at, version));
                }
            }
        }
        Ok(Self {
            repository: policy.repository.clone(),
            generations: &rings.generations,
            keys: rings.generations.iter().map(|it| (it.id(), it.value_key())).collect(),
            envs: &rings.envs,
            made,
            known,
            seen: HashSet::new(),
        })
    }

    /// Looks through all sealed files.
    pub(super) fn all(
        &mut self,
        place: &Place<'_>,
        past: &Past,
        progress: Progress<'_>,
        see: See<'_>,
    ) -> Result<(), DeedError> {
        if self.generations.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = past.files.iter().map(|(_, id)| id.clone()).collect();
        place.checkout.each_blob_here(&ids, &mut |at, blob| {
            progress(at + 1, ids.len());
            if let Some(Blob::Bytes(bytes)) = blob {
                self.file(&past.files[at].0, &bytes, see);
            }
        })?;
        for (stood, bytes) in &past.loose {
            self.file(stood, bytes, see);
        }
        Ok(())
    }

    fn file(&mut self, stood: &Stood, bytes: &[u8], see: See<'_>) {
        if seal::is_whole(bytes) {
            return self.whole(stood, bytes, see);
        }
        let (Some(format), Ok(text)) = (Format::of(&stood.path), std::str::from_utf8(bytes)) else {
            return;
        };
        let mut left = HashSet::new();
        for token in tokens_in(text) {
            // A token opens at one place only, so it is one value wherever it stood.
            if self.seen.contains(token) {
                continue;
            }
            self.seen.insert(token.to_owned());
            let hash = plain_hash(&format.slice_of_token(token));
            match self.version(&hash, stood) {
                Some((made, version)) => {
                    let key = version.address.key.clone();
                    self.open((Some(made), stood, (text, format, token)), (version, &key), see);
                }
                None => {
                    left.insert(token);
                }
            }
        }
        if !left.is_empty() {
            self.parsed(stood, (bytes, format, text), &left, see);
        }
    }

    /// Finds the value that a hash was signed for: at this path, or else at any.
    fn version(&self, hash: &Sha256, stood: &Stood) -> Option<(usize, &'s Version)> {
        let all = self.known.get(hash)?.iter();
        let mut all = all.map(|(made, at)| (*made, &self.made[*made].versions[*at])).peekable();
        let first = all.peek().copied();
        all.find(|(_, version)| version.address.path == stood.path).or(first)
    }

    /// Opens a token of which an entry says what it is.
    fn open(
        &self,
        (made, stood, within): (Option<usize>, &Stood, (&str, Format, &str)),
        (version, key): (&Version, &KeyPath),
        see: See<'_>,
    ) {
        let Some(generation) = version.generation else { return };
        let Some(own) = self.keys.get(&generation) else { return };
        let env = &version.address.env;
        let binding = Binding { repository: &self.repository, env, part: Part::Value, path: key };
        if let Ok(opened) = own.open(&binding, within.2) {
            let address = Address { path: stood.path.clone(), ..version.address.clone() };
            see(Hit { made, stood, address, generation, opened, within: Some(within) });
        }
    }

    /// Opens what only its place in the document tells: what lies in a list, has a tag or an anchor, or is
    /// named by no entry.
    fn parsed(
        &self,
        stood: &Stood,
        (bytes, format, text): (&[u8], Format, &str),
        left: &HashSet<&str>,
        see: See<'_>,
    ) {
        let Some(document) = parsed(&stood.path, bytes) else { return };
        for (key, item) in items(&document) {
            let leaves = item.leaves.iter().map(|at| &document.leaves[*at]);
            let tokens = leaves.filter_map(|leaf| Some((leaf, document.token(leaf)?)));
            let known = self.version(&item.hash, stood);
            for (leaf, token) in tokens.filter(|(_, token)| left.contains(token)) {
                let within = (text, format, token);
                match known {
                    Some((made, version)) => {
                        self.open((Some(made), stood, within), (version, &leaf.path), see);
                    }
                    None => self.unlogged((stood, within), (&key, &leaf.path), see),
                }
            }
        }
    }

    /// Tries what no entry names.
    fn unlogged(
        &self,
        (stood, within): (&Stood, (&str, Format, &str)),
        (item, leaf): (&KeyPath, &KeyPath),
        see: See<'_>,
    ) {
        let named = seal::generation_of(within.2).ok();
        let tried = self.keys.iter().filter(|(id, _)| named.is_none_or(|it| it == **id));
        for (id, key) in tried {
            let Some(env) = self.envs.get(id) else { continue };
            let binding =
                Binding { repository: &self.repository, env, part: Part::Value, path: leaf };
            if let Ok(opened) = key.open(&binding, within.2) {
                let (env, path) = (env.clone(), stood.path.clone());
                let address = Address { env, path, key: item.clone() };
                let within = Some(within);
                see(Hit { made: None, stood, address, generation: *id, opened, within });
                return;
            }
        }
    }

    fn whole(&mut self, stood: &Stood, bytes: &[u8], see: See<'_>) {
        let hash = whole_hash(bytes);
        if !self.seen.insert(hash.to_string()) {
            return;
        }
        let known = self.version(&hash, stood);
        let named = known.and_then(|(_, version)| version.generation);
        let tried = self.generations.iter().filter(|it| known.is_none() || Some(it.id()) == named);
        for generation in tried {
            let Ok(opened) = seal::open_whole(bytes, &generation.identity()) else { continue };
            let env = known.map(|(_, version)| &version.address.env);
            let Some(env) = env.or_else(|| self.envs.get(&generation.id())).cloned() else {
                return;
            };
            let address = Address { env, path: stood.path.clone(), key: KeyPath::Whole };
            let (made, generation) = (known.map(|(made, _)| made), generation.id());
            see(Hit { made, stood, address, generation, opened, within: None });
            return;
        }
    }
}

/// The texts in a file that have the form of a token.
fn tokens_in(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("sealed.v1.").chain(text.match_indices("dropped.v1."));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    starts.map(move |(at, _)| {
        let rest = &text[at..];
        let end = rest.find(|c: char| !plain(c)).unwrap_or(rest.len());
        &rest[..end]
    })
}
