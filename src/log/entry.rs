//! What an entry says. Design, section 6.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use super::note::{Grade, Note, Subject};
use crate::names::{
    Address, EntryId, EnvName, GenerationId, KeyPath, MemberName, NameError, RepoPath, Sha256,
    TypeName,
};

/// The only version of entries that this program writes.
pub const VERSION: u32 = 1;

/// The payload of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it does.
    pub kind: Kind,
    /// The id of `init`; none in `init` itself.
    pub root: Option<EntryId>,
    /// All heads the signer saw, sorted, without repetition; none in `init`.
    pub parents: Vec<EntryId>,
    /// The policy entry (or `init`) in force; none in `init`.
    pub policy: Option<EntryId>,
    /// The signer's claim, in UTC, whole seconds.
    pub time: Timestamp,
    /// The signer.
    pub by: MemberName,
    /// Why, in the signer's words; one line.
    pub reason: Option<String>,
}

impl Entry {
    /// The changes of files; none unless it is a seal.
    #[must_use]
    pub fn files(&self) -> &[FileChange] {
        match &self.kind {
            Kind::Seal { files, .. } => files,
            _ => &[],
        }
    }

    /// The new keyrings; none unless it is a seal.
    #[must_use]
    pub fn keyrings(&self) -> &[KeyringRecord] {
        match &self.kind {
            Kind::Seal { keyrings, .. } => keyrings,
            _ => &[],
        }
    }

    /// Finds the item of an address.
    #[must_use]
    pub fn item(&self, address: &Address) -> Option<&Item> {
        let mut files = self.files().iter();
        let file = files.find(|file| file.env == address.env && file.path == address.path)?;
        file.items.iter().find(|item| item.key == address.key)
    }
}

/// The kinds of entries, with what each carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Starts a log and puts the first policy in force.
    Init(PolicyStep),
    /// Proposes the next policy; it is in force once the previous one's threshold is reached.
    Policy(PolicyStep),
    /// Attests values, files and keyrings.
    Seal {
        /// Per file, what was done to its items.
        files: Vec<FileChange>,
        /// New keyrings.
        keyrings: Vec<KeyringRecord>,
    },
    /// A signed fact that moves no value.
    Note(Note),
}

/// A step of the policy chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyStep {
    /// 1 for `init`, then one more each.
    pub seq: u32,
    /// The policy entry before; none for `init`. Equal to the entry's `policy`.
    pub prev: Option<EntryId>,
    /// The hash of the policy's bytes.
    pub hash: Sha256,
}

/// What was done to the items of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// The environment.
    pub env: EnvName,
    /// The file.
    pub path: RepoPath,
    /// Sorted by key, one per key.
    pub items: Vec<Item>,
}

impl FileChange {
    /// The address of one of its keys.
    #[must_use]
    pub fn address(&self, key: &KeyPath) -> Address {
        Address { env: self.env.clone(), path: self.path.clone(), key: key.clone() }
    }
}

/// One line of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What was done.
    pub op: Op,
    /// The place; never inside a list.
    pub key: KeyPath,
    /// What it carries on; none for `new`.
    pub of: Option<Origin>,
    /// The generation of its token or tokens; none for what stands in clear, and for `delete`.
    pub generation: Option<GenerationId>,
    /// The secret type.
    pub kind: Option<TypeName>,
    /// The deadline: the last UTC day in time.
    pub due: Option<Date>,
    /// The hash of the slice on disk (design, section 3); none only for `delete`.
    pub hash: Option<Sha256>,
}

impl Item {
    /// The address that no longer has the value, where this item moves one here.
    #[must_use]
    pub fn moved_from(&self) -> Option<&Address> {
        self.of.as_ref().filter(|_| self.op == Op::Move).map(|of| &of.address)
    }
}

/// What was done to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Op {
    /// A new value, with a new deadline.
    New,
    /// The same value under another generation.
    Rekey,
    /// The same bytes under another address.
    Move,
    /// Another writer vouches for what stands.
    Adopt,
    /// Another deadline for the same value.
    Extend,
    /// The value is gone.
    Delete,
}

/// An item of an earlier entry, written `<entry>:<address>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The entry that has the item.
    pub entry: EntryId,
    /// The item's address there.
    pub address: Address,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.entry, self.address)
    }
}

impl std::str::FromStr for Origin {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let bad = NameError { what: "an earlier item", why: "must be `<entry>:<address>`" };
        let (entry, address) = text.split_once(':').ok_or(bad)?;
        Ok(Self { entry: entry.parse()?, address: address.parse()? })
    }
}

/// A new keyring file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyringRecord {
    /// The environment.
    pub env: EnvName,
    /// The new generation.
    pub generation: GenerationId,
    /// The generation's public recipient, `age1…`.
    pub recipient: String,
    /// The earlier generations it holds, newest first.
    pub earlier: Vec<GenerationId>,
    /// The hash of the keyring file's bytes.
    pub hash: Sha256,
}
