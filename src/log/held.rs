//! Entries whose layout and signature were found right before, so that neither is computed again.

use std::collections::BTreeSet;

use super::parse::SignedEntry;
use super::signature::Signature;
use crate::names::{EntryId, Sha256, Sha256Writer};

/// Facts, each of which says of a payload and a signature that the one is laid out as an entry is, and
/// that the other holds over it.
///
/// That depends on nothing but the two, since the key is in the signature. So this says nothing of who
/// may sign: that is judged anew each time.
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

    /// Tells whether this is known of the payload with this id and the signature.
    #[must_use]
    pub fn has(&self, id: &EntryId, signature: &Signature) -> bool {
        !self.0.is_empty() && self.0.contains(&fact(id, signature))
    }

    /// Adds an entry of which it was found.
    pub fn add(&mut self, entry: &SignedEntry) {
        self.0.insert(fact(&entry.id, &entry.signature));
    }
}

fn fact(id: &EntryId, signature: &Signature) -> Sha256 {
    let to = Sha256Writer::default().part(b"this signature holds").part(&id.0);
    signature.parts().iter().fold(to, |to, part| to.part(part)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_read() {
        let facts = |bytes: &[u8]| Held(bytes.iter().map(|b| Sha256([*b; 32])).collect());
        let held = facts(&[3, 1, 2]);
        assert_eq!(Held::from_bytes(&held.to_bytes()), Some(held.clone()));
        assert_eq!(Held::from_bytes(b""), Some(Held::default()));
        assert_eq!(Held::from_bytes(&held.to_bytes()[..95]), None);
        let reversed: Vec<u8> = [[2; 32], [1; 32]].concat();
        assert_eq!(Held::from_bytes(&reversed), None);
    }
}
