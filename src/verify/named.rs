//! Names of values in the commands that findings tell people to run.

use std::collections::{BTreeSet, HashMap};

use super::Record;
use crate::names::{Address, EnvName, KeyPath, RepoPath, quoted};

/// The files in which each key of an environment stands, or ever stood.
pub(super) type FilesOfKeys = HashMap<(EnvName, KeyPath), BTreeSet<RepoPath>>;

impl Record {
    /// The name of a value in commands, as one word of a shell.
    #[must_use]
    pub fn name_of(&self, address: &Address) -> String {
        quoted(self.short_name(address))
    }

    /// The shortest name of a value: `ENV/KEY`, where no other file of the environment has the key or ever had it,
    /// else `ENV/PATH#KEY`; of a whole file `ENV/PATH`.
    #[must_use]
    pub fn short_name(&self, address: &Address) -> String {
        let Address { env, path, key } = address;
        match key {
            KeyPath::Whole => format!("{env}/{path}"),
            _ if self.was_elsewhere(address) => address.to_string(),
            key => format!("{env}/{key}"),
        }
    }

    /// Tells whether another file of the environment has the key, or ever had it.
    #[must_use]
    pub fn was_elsewhere(&self, address: &Address) -> bool {
        let Address { env, path, key } = address;
        let files = self.files_of_keys.get_or_init(|| self.find_files_of_keys());
        let files = files.get(&(env.clone(), key.clone()));
        files.is_some_and(|files| files.iter().any(|other| other != path))
    }

    fn find_files_of_keys(&self) -> FilesOfKeys {
        let mut found = FilesOfKeys::new();
        let entries = self.entries.iter().enumerate().filter(|(at, _)| self.holds(*at));
        for file in entries.flat_map(|(_, signed)| signed.entry.files()) {
            for item in &file.items {
                let files = found.entry((file.env.clone(), item.key.clone())).or_default();
                files.insert(file.path.clone());
            }
        }
        found
    }
}
