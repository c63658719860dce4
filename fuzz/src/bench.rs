//! One environment of one repository, with a generation and randomness that are the same each run.

use rand_core::{CryptoRng, Error, RngCore, impls};
use tenure::keyring::Generation;
use tenure::names::{EnvName, KeyPath, RepositoryId};
use tenure::seal::{Comments, Opener, Scope, Sealer, ValueKey};

/// Counts, and mixes the count (splitmix64): a finding must come again.
pub struct Counted(pub u64);

impl RngCore for Counted {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fill_bytes(&mut self, to: &mut [u8]) {
        impls::fill_bytes_via_next(self, to);
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(to);
        Ok(())
    }
}

impl CryptoRng for Counted {}

/// The environment.
pub struct Bench {
    /// The repository.
    pub repository: RepositoryId,
    /// Its name.
    pub env: EnvName,
    /// Its only generation.
    pub generation: Generation,
    /// The key of that.
    pub keys: [ValueKey; 1],
}

impl Default for Bench {
    fn default() -> Self {
        let generation = Generation::generate(&mut Counted(1));
        let keys = [generation.value_key()];
        let repository = RepositoryId::from_random([7; 16]);
        Self { repository, env: "prod".parse().unwrap(), generation, keys }
    }
}

fn nothing(_: &KeyPath) -> bool {
    false
}

impl Bench {
    /// Where its documents belong; nothing of them stays in clear.
    pub fn scope(&self) -> Scope<'_> {
        Scope {
            repository: &self.repository,
            env: &self.env,
            clear: &nothing,
            comments: Comments::Sealed,
        }
    }

    /// Opens its tokens.
    pub fn opener(&self) -> Opener<'_> {
        Opener(&self.keys)
    }

    /// Seals its documents.
    pub fn sealer(&self) -> Sealer<'_> {
        Sealer { scope: self.scope(), current: &self.keys[0], opener: self.opener() }
    }
}
