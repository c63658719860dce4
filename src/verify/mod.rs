//! The twelve checks of design section 7: evidence in, verdicts out. Needs no private key.
//!
//! [`Record::judge`] does 1 to 7, on the log and the policy; [`Verified::judge`] does 8 to 12, on the
//! files and keyrings that they name. Values leave the process from a [`Verified`] only.

mod brief;
mod chain;
mod cleared;
pub mod closers;
mod custody;
mod debts;
mod disk;
mod disputes;
mod due;
mod entries;
pub mod exposed;
mod family;
mod faults;
mod files;
pub mod incidents;
mod item;
mod keyrings;
mod late;
mod named;
mod notes;
mod open;
mod policies;
mod proposals;
mod reading;
mod renamed;
mod replayed;
mod rights;
mod spent;
mod standing;
mod verdicts;
mod views;
mod voids;
mod withdrawn;

use std::collections::BTreeMap;

use crate::log::held::Held;
use crate::names::{EntryId, RepoPath};

pub use brief::Brief;
pub use chain::{Chain, Parsed, Step, is_admin_with};
pub use custody::Holder;
pub use disk::{FileForm, InClear, in_clear};
pub use disputes::{Dispute, Side};
pub use entries::{Record, Verdict};
pub use family::{Made, Signed};
pub use files::{Verified, VerifiedFile};
pub use keyrings::CurrentKeyring;
pub(crate) use policies::parse_policy;
pub use proposals::{Proposal, Tally};
pub use standing::Live;

/// What lies in the repository beside the sealed files: bytes, not yet believed.
#[derive(Debug, Clone, Default)]
pub struct LogEvidence {
    /// `.secrets-policy.toml`; none where it is missing.
    pub policy: Option<Vec<u8>>,
    /// `.secrets/policies/`, by path.
    pub policies: BTreeMap<String, Vec<u8>>,
    /// `.secrets/log/`, by path.
    pub log: BTreeMap<String, Vec<u8>>,
    /// What lies there and is no regular file of a plain name, with why.
    pub strays: Vec<(String, &'static str)>,
    /// Signatures that this program found to hold before; empty is always right.
    pub held: Held,
}

/// The sealed files and keyrings: bytes, not yet believed.
#[derive(Clone, Debug, Default)]
pub struct FileEvidence {
    /// The files that the policy's globs match or the log names.
    pub files: BTreeMap<RepoPath, Vec<u8>>,
    /// `.secrets/keys/`, by path.
    pub keyrings: BTreeMap<RepoPath, Vec<u8>>,
    /// What a glob matches or lies under `.secrets/keys` and is no regular file of a plain name.
    pub strays: Vec<(String, &'static str)>,
    /// The sealed bytes of the files that this work tree has opened in place.
    pub opened: BTreeMap<RepoPath, Vec<u8>>,
}

/// What is trusted before anything is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust {
    /// The id of `init`, from the pin, `--root` or `TENURE_ROOT`.
    pub root: EntryId,
}
