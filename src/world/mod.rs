//! The only room that touches the outside: files, git, keys, the terminal, programs, variables, the clock.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this room is where files, programs, variables and the clock are allowed"
)]

mod cache;
mod change;
pub mod child;
mod clock;
mod commits;
mod committed;
mod desk;
mod doing;
pub mod driver;
mod environment;
mod error;
mod ever;
mod files;
mod git;
pub mod harden;
mod history;
mod hooks;
mod index;
mod journal;
pub mod keys;
mod lock;
mod loose;
mod merge;
mod names;
mod newest;
mod objects;
mod past;
mod program;
mod pushed;
mod refs;
mod sides;
mod signals;
pub mod signer;
mod staged;
mod standing;
mod state;
mod template;
pub mod terminal;
mod tree;
mod whole;
mod wiped;

#[cfg(test)]
mod testing;

pub use cache::Cache;
pub use change::Change;
pub use clock::{Stopwatch, now};
pub use commits::{Step, Walk};
pub use desk::{
    Consent, Demands, Notes, Settings, View, World, Writes, current_folder, is_link, read_file,
    read_public, read_text,
};
pub use doing::Amid;
pub use environment::{Environment, HONOURED, WITHHELD};
pub use error::WorldError;
pub use ever::{Brought, Ever};
pub use files::{Files, LARGEST, Listing, Odd, OddKind, lines};
pub use git::{Checkout, Touch};
pub use history::{History, Once};
pub use hooks::{Hooks, Runner};
pub use lock::{Lock, Reading};
pub use merge::three_way;
pub use names::{Names, Remembered};
pub use objects::{Blob, ObjectId};
pub use program::is_program;
pub use pushed::{Doubt, Pushed, Theirs, Told};
pub use refs::TreeFile;
pub use sides::{merge_lines, read_side};
pub use staged::{FileMode, IndexFile, StagedChange};
pub use state::StateDir;
pub use tree::{Taker, each_file_below};
pub use whole::{Mode, make_folder, write_whole};

use rand_core::{OsRng, RngCore as _};

/// Draws bytes from the operating system's generator.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// The operating system's generator, for what draws by itself.
#[must_use]
pub fn generator() -> impl rand_core::CryptoRngCore {
    OsRng
}
