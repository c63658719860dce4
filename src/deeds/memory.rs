//! What need not be computed twice in one clone: which signatures of the log hold. Design, section 7.

use super::load::Place;
use crate::log::held::Held;
use crate::verify::Record;
use crate::world::{Cache, Writes};

const SIGNATURES: &str = "signatures";

/// Whether a deed uses what earlier ones found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// It does.
    Used,
    /// It computes all anew.
    Ignored,
}

impl Place<'_> {
    /// Computes everything anew, whatever this clone remembers.
    #[must_use]
    pub fn forgetful(mut self) -> Self {
        self.memory = Memory::Ignored;
        self
    }

    /// The cache and the signatures that it says hold; a cache that is not ours says nothing.
    pub(super) fn remembered(&self) -> (Option<Cache>, Held) {
        if self.memory == Memory::Ignored {
            return (None, Held::default());
        }
        let cache = Cache::open(&self.world.environment, self.checkout.shared_state());
        let bytes = cache.as_ref().and_then(|cache| cache.read(SIGNATURES));
        (cache, bytes.and_then(|bytes| Held::from_bytes(&bytes)).unwrap_or_default())
    }

    /// Adds what was found to hold.
    pub(super) fn remember(&self, cache: Option<&Cache>, mut held: Held, record: &Record) {
        let Some(cache) = cache.filter(|_| self.world.writes == Writes::Real) else { return };
        if record.remember(&mut held) {
            cache.write(SIGNATURES, &held.to_bytes());
        }
    }
}
