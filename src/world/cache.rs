//! What this clone need not compute again: believed only under a seal whose key lies outside of it.
//!
//! The key is made at random with the first use, under `$XDG_STATE_HOME/tenure`. Who can write to the git
//! folder cannot make a seal. No key, no cache; a cache that is not ours, or is damaged, is none.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use hmac::{Hmac, Mac as _};
use zeroize::Zeroizing;

use super::state::StateDir;
use super::{Environment, random};

type Seal = Hmac<sha2::Sha256>;

/// The name of the key's file.
const KEY: &str = "cache-key";

/// Other releases may judge by other rules: each believes only what it wrote itself.
const DOMAIN: &[u8] = concat!("tenure cache 2 of ", env!("CARGO_PKG_VERSION"), "\0").as_bytes();

const SEAL: usize = 32;

/// A clone's cache, with the key of its seals.
pub struct Cache {
    state: StateDir,
    key: Zeroizing<[u8; 32]>,
}

impl Cache {
    /// Finds the key, or makes it; none where neither can be.
    #[must_use]
    pub fn open(environment: &Environment, state: StateDir) -> Option<Self> {
        let folder = environment.state_home()?.join("tenure");
        let key = read_key(&folder).or_else(|| make_key(&folder))?;
        Some(Self { state, key })
    }

    /// Reads what was written under a name; none unless the seal is right.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        let bytes = self.state.read(name).ok()??;
        let (seal, rest) = bytes.split_first_chunk::<SEAL>()?;
        self.seal(name, rest).verify_slice(seal).ok()?;
        Some(rest.to_vec())
    }

    /// Seals and writes. A cache that cannot be written is none, which is no error.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let mut sealed = self.seal(name, bytes).finalize().into_bytes().to_vec();
        sealed.extend_from_slice(bytes);
        let _not_remembered = self.state.write(name, &sealed);
    }

    fn seal(&self, name: &str, bytes: &[u8]) -> Seal {
        let seal =
            Seal::new_from_slice(self.key.as_slice()).expect("HMAC takes keys of any length");
        // Of this clone: a cache that is copied from another one is none.
        let place = self.state.path(name);
        let place = place.as_os_str().as_encoded_bytes();
        seal.chain_update(DOMAIN).chain_update(place).chain_update(b"\0").chain_update(bytes)
    }
}

/// Reads the key; none unless nobody else can read or write it.
fn read_key(folder: &Path) -> Option<Zeroizing<[u8; 32]>> {
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(folder.join(KEY))
        .ok()?;
    let about = file.metadata().ok()?;
    let ours = about.uid() == rustix::process::geteuid().as_raw();
    if !about.is_file() || !ours || about.mode() & 0o077 != 0 || about.len() != 32 {
        return None;
    }
    let mut key = Zeroizing::new([0; 32]);
    file.read_exact(key.as_mut_slice()).ok()?;
    Some(key)
}

fn make_key(folder: &Path) -> Option<Zeroizing<[u8; 32]>> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).ok()?;
    let key = Zeroizing::new(random::<32>());
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(folder.join(KEY)).ok()?;
    file.write_all(key.as_slice()).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::world::testing::Repo;

    fn cache(repo: &Repo) -> Option<Cache> {
        Cache::open(&repo.environment(&[]), repo.checkout().shared_state())
    }

    fn key_of(repo: &Repo) -> std::path::PathBuf {
        repo.home().join(".local/state/tenure").join(KEY)
    }

    fn cache_of(repo: &Repo) -> std::path::PathBuf {
        repo.root().join(".git/tenure/facts")
    }

    #[test]
    fn what_was_written_is_read_by_the_same_user() {
        let repo = Repo::new();
        assert_eq!(cache(&repo).unwrap().read("facts"), None);
        cache(&repo).unwrap().write("facts", b"one");
        assert_eq!(cache(&repo).unwrap().read("facts").unwrap(), b"one");
        let mode = fs::metadata(key_of(&repo)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_somebody_changed_or_made_is_not_believed() {
        let repo = Repo::new();
        cache(&repo).unwrap().write("facts", b"one");
        let honest = fs::read(cache_of(&repo)).unwrap();
        for at in 0..honest.len() {
            let mut forged = honest.clone();
            forged[at] ^= 1;
            fs::write(cache_of(&repo), forged).unwrap();
            assert_eq!(cache(&repo).unwrap().read("facts"), None, "byte {at}");
        }
        for end in 0..honest.len() {
            fs::write(cache_of(&repo), &honest[..end]).unwrap();
            assert_eq!(cache(&repo).unwrap().read("facts"), None, "cut at {end}");
        }
        fs::rename(cache_of(&repo), repo.root().join(".git/tenure/others")).unwrap();
        fs::write(repo.root().join(".git/tenure/others"), &honest).unwrap();
        assert_eq!(cache(&repo).unwrap().read("others"), None, "under another name");
        fs::write(cache_of(&repo), &honest).unwrap();
        assert_eq!(cache(&repo).unwrap().read("facts").unwrap(), b"one");
    }

    #[test]
    fn another_key_believes_nothing() {
        let repo = Repo::new();
        cache(&repo).unwrap().write("facts", b"one");
        fs::remove_file(key_of(&repo)).unwrap();
        assert_eq!(cache(&repo).unwrap().read("facts"), None);
    }

    #[test]
    fn a_key_that_others_can_read_or_that_is_no_key_is_none() {
        let repo = Repo::new();
        cache(&repo).unwrap();
        let set = |mode| fs::set_permissions(key_of(&repo), fs::Permissions::from_mode(mode));
        for mode in [0o640, 0o604, 0o620, 0o602] {
            set(mode).unwrap();
            assert!(cache(&repo).is_none(), "{mode:o}");
        }
        set(0o600).unwrap();
        assert!(cache(&repo).is_some());
        fs::write(key_of(&repo), [0; 31]).unwrap();
        assert!(cache(&repo).is_none());
        fs::remove_file(key_of(&repo)).unwrap();
        std::os::unix::fs::symlink("/dev/zero", key_of(&repo)).unwrap();
        assert!(cache(&repo).is_none());
    }

    #[test]
    fn without_a_home_there_is_none() {
        let repo = Repo::new();
        let state = repo.checkout().shared_state();
        assert!(Cache::open(&Environment::of([]), state).is_none());
    }
}
