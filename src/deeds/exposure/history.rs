//! All that git keeps of keyrings, sealed files and the log, and what lies in the work tree beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use crate::deeds::DeedError;
use crate::deeds::load::{LOG, Place};
use crate::log::name::file_path;
use crate::log::parse::SignedEntry;
use crate::names::{EntryId, RepoPath, Sha256};
use crate::policy::{Policy, Search};
use crate::verify::Record;
use crate::world::{Blob, Brought, ObjectId};

const KEYS: &str = ".secrets/keys";

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Log and keyrings.
    Keyrings,
    /// Sealed files, too.
    Everything,
}

/// Where a content stood.
#[derive(Debug, Clone)]
pub(super) struct Stood {
    pub(super) path: RepoPath,
    /// The commit that brought it, and when; none where it only lies in the index or the work tree.
    pub(super) commit: Option<(ObjectId, Timestamp)>,
}

/// A keyring file that ever stood anywhere.
pub(super) struct KeyringFile {
    pub(super) stood: Stood,
    pub(super) bytes: Vec<u8>,
    pub(super) hash: Sha256,
}

/// What git keeps.
pub(super) struct Past {
    /// Different ones, ancestors first.
    pub(super) keyrings: Vec<KeyringFile>,
    /// Different contents of each sealed file, ancestors first: read when asked for.
    pub(super) files: Vec<(Stood, ObjectId)>,
    /// Those that no commit and no index has.
    pub(super) loose: Vec<(Stood, Vec<u8>)>,
    /// The commit that brought a file of the log.
    entries: HashMap<RepoPath, (ObjectId, ObjectId)>,
    pub(super) is_cut: bool,
}

impl Past {
    /// Lists all there is; reads keyrings alone.
    pub(super) fn gather(
        place: &Place<'_>,
        record: &Record,
        scope: Scope,
    ) -> Result<Self, DeedError> {
        let managed = Managed::of(record);
        let mut paths = vec![KEYS.to_owned(), LOG.to_owned()];
        if scope == Scope::Everything {
            paths.extend(managed.searched());
        }
        let until = place.world.view.as_ref().and_then(|view| view.commit.as_ref());
        let ever = place.checkout.ever(&paths, until)?;
        let mut past = Self {
            keyrings: Vec::new(),
            files: Vec::new(),
            loose: Vec::new(),
            entries: HashMap::new(),
            is_cut: ever.is_cut,
        };
        let mut rings = Vec::new();
        let mut seen = HashSet::new();
        let staged = match until {
            Some(_) => Vec::new(),
            None => place.checkout.index_files()?,
        };
        let staged = staged.into_iter();
        let staged =
            staged.filter_map(|file| Some((Stood { path: file.path?, commit: None }, file.id)));
        let brought = ever.contents.into_iter().map(|Brought { path, id, commit, time }| {
            (Stood { path, commit: Some((commit, time)) }, id)
        });
        for (stood, id) in brought.chain(staged) {
            if !seen.insert((stood.path.clone(), id.clone())) {
                continue;
            }
            if below(&stood.path, LOG) {
                let commit = stood.commit.map(|(commit, _)| (commit, id));
                past.entries.extend(commit.map(|it| (stood.path, it)));
            } else if below(&stood.path, KEYS) {
                rings.push((stood, id));
            } else if scope == Scope::Everything && managed.takes(&stood.path) {
                past.files.push((stood, id));
            }
        }
        past.read_keyrings(place, rings)?;
        past.add_loose(place, record, scope)?;
        Ok(past)
    }

    fn read_keyrings(
        &mut self,
        place: &Place<'_>,
        rings: Vec<(Stood, ObjectId)>,
    ) -> Result<(), DeedError> {
        let (stood, ids): (Vec<_>, Vec<_>) = rings.into_iter().unzip();
        let (mut known, mut found, mut is_cut) = (HashSet::new(), Vec::new(), false);
        place.checkout.each_blob_here(&ids, &mut |at, blob| match blob {
            Some(Blob::Bytes(bytes)) => {
                let hash = Sha256::of(&bytes);
                if known.insert(hash) {
                    found.push(KeyringFile { stood: stood[at].clone(), bytes, hash });
                }
            }
            // Too large for a keyring that anything opens.
            Some(Blob::TooLarge(_)) => {}
            None => is_cut = true,
        })?;
        self.keyrings = found;
        self.is_cut |= is_cut;
        Ok(())
    }

    /// What lies in the work tree, and nowhere else.
    fn add_loose(
        &mut self,
        place: &Place<'_>,
        record: &Record,
        scope: Scope,
    ) -> Result<(), DeedError> {
        let evidence = place.file_evidence(record, None)?;
        for (path, bytes) in evidence.keyrings {
            let hash = Sha256::of(&bytes);
            if !self.keyrings.iter().any(|known| known.hash == hash) {
                let stood = Stood { path, commit: None };
                self.keyrings.push(KeyringFile { stood, bytes, hash });
            }
        }
        if scope == Scope::Everything {
            let loose = evidence.files.into_iter();
            self.loose = loose.map(|(path, bytes)| (Stood { path, commit: None }, bytes)).collect();
        }
        Ok(())
    }

    /// The commit that brought an entry; none where it is not committed.
    pub(super) fn commit_of(&self, signed: &SignedEntry) -> Option<ObjectId> {
        let found = self.entries.get(&file_path(&signed.entry, &signed.id));
        found.map(|(commit, _)| commit.clone())
    }

    /// The entries of other branches, judged by nobody, that name keyrings with some hashes.
    pub(super) fn claims(
        &self,
        place: &Place<'_>,
        record: &Record,
        hashes: &BTreeSet<Sha256>,
    ) -> Result<BTreeMap<Sha256, EntryId>, DeedError> {
        let mut claims = BTreeMap::new();
        if hashes.is_empty() {
            return Ok(claims);
        }
        let here = record.entries.iter().map(|signed| file_path(&signed.entry, &signed.id));
        let here: HashSet<_> = here.collect();
        let others = self.entries.iter().filter(|(path, _)| !here.contains(path));
        let ids: Vec<_> = others.map(|(_, (_, id))| id.clone()).collect();
        place.checkout.each_blob_here(&ids, &mut |_, blob| {
            let Some(Blob::Bytes(bytes)) = blob else { return };
            let Ok(signed) = SignedEntry::parse(&bytes) else { return };
            let named = signed.entry.keyrings().iter().map(|keyring| keyring.hash);
            claims.extend(named.filter(|it| hashes.contains(it)).map(|it| (it, signed.id)));
        })?;
        Ok(claims)
    }
}

fn below(path: &RepoPath, folder: &str) -> bool {
    path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Which files ever were managed: by a policy that was in force, or in an entry.
struct Managed<'r> {
    policies: Vec<&'r Policy>,
    named: BTreeSet<RepoPath>,
}

impl<'r> Managed<'r> {
    fn of(record: &'r Record) -> Self {
        let policies = record.steps_in_force().map(|step| &*step.policy).collect();
        Self { policies, named: record.named_files(None) }
    }

    fn takes(&self, path: &RepoPath) -> bool {
        let takes = |policy: &&Policy| !policy.environments_of(path).is_empty();
        self.named.contains(path) || self.policies.iter().any(takes)
    }

    /// Where git is to look.
    fn searched(&self) -> BTreeSet<String> {
        let place = |search: Search<'r>| match search {
            Search::File(at) | Search::Folder(at) | Search::Tree(at) => at.to_owned(),
        };
        let all = self.policies.iter().flat_map(|policy| policy.searches(None)).map(place);
        let places: BTreeSet<_> = all.collect();
        if places.contains("") {
            return [".".to_owned()].into();
        }
        let outside =
            |path: &&RepoPath| !places.iter().any(|it| it == path.as_str() || below(path, it));
        let named: Vec<_> = self.named.iter().filter(outside).map(ToString::to_string).collect();
        places.into_iter().chain(named).collect()
    }
}
