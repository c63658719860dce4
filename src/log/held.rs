//! Signatures that were found to hold before, so that they need not be computed again.

use std::collections::BTreeSet;

use super::parse::SignedEntry;
use crate::names::{Sha256, Sha256Writer};

/// Signatures that hold over their payloads, each as [`SignedEntry::fact`].
///
/// Whether one does depends on nothing but the two, since the key is in the signature. So this says
/// nothing of who may sign: that is judged anew each time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held(BTreeSet<Sha256>);

const FACT: usize = 32;

impl Held {
    /// Reads the form that [`Held::to_bytes`] gives; none for any other.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (facts, rest) = bytes.as_chunks::<FACT>();
        let whole = rest.is_empty() && facts.is_sorted();
        whole.then(|| Self(facts.iter().map(|fact| Sha256(*fact)).collect()))
    }

    /// Gives the facts, sorted, one after the other.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|fact| fact.0).collect()
    }

    /// Tells whether an entry's signature is among them.
    #[must_use]
    pub fn has(&self, entry: &SignedEntry) -> bool {
        !self.0.is_empty() && self.0.contains(&entry.fact())
    }

    /// Adds an entry whose signature was found to hold.
    pub fn add(&mut self, entry: &SignedEntry) {
        self.0.insert(entry.fact());
    }
}

impl SignedEntry {
    /// Names the fact that this signature holds over this payload.
    #[must_use]
    pub fn fact(&self) -> Sha256 {
        let to = Sha256Writer::default().part(b"this signature holds").part(&self.id.0);
        self.signature.parts().iter().fold(to, |to, part| to.part(part)).finish()
    }
}
