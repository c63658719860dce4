//! Keeps the process's memory out of core files and away from other processes of the same user.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Why the process could not be closed off.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HardenError {
    /// The kernel refused to make the process undumpable.
    #[error("the process cannot be made undumpable")]
    Dumpable(#[source] std::io::Error),
    /// The kernel refused to lower the limit on core files.
    #[error("core files cannot be forbidden")]
    Cores(#[source] std::io::Error),
}

/// The process is closed off; remembers the limit on core files that a child gets back.
#[derive(Debug, Clone, Copy)]
pub struct Hardened {
    cores: Rlimit,
}

/// Forbids core files, and on Linux reading this process through `/proc` or a debugger.
///
/// To be called before any key is read. Only the soft limit is lowered: a child of `run` can have it
/// back, and needs no more, since `exec` makes a process dumpable again.
pub fn harden() -> Result<Hardened, HardenError> {
    let cores = getrlimit(Resource::Core);
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: cores.maximum })
        .map_err(|fault| HardenError::Cores(fault.into()))?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .map_err(|fault| HardenError::Dumpable(fault.into()))?;
    Ok(Hardened { cores })
}

/// Tells whether this process leaves no core file behind.
#[must_use]
pub fn cores_are_off() -> bool {
    getrlimit(Resource::Core).current == Some(0)
}

impl Hardened {
    /// Gives back the limit on core files that this process was started with.
    pub(super) fn restore(self) -> Result<(), HardenError> {
        setrlimit(Resource::Core, self.cores).map_err(|fault| HardenError::Cores(fault.into()))
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn forbids_cores_and_reading_and_gives_the_limit_back() {
        let before = getrlimit(Resource::Core);
        let hardened = harden().unwrap();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(
            rustix::process::dumpable_behavior().unwrap(),
            rustix::process::DumpableBehavior::NotDumpable
        );
        hardened.restore().unwrap();
        assert_eq!(getrlimit(Resource::Core), before);
        let dumpable = rustix::process::DumpableBehavior::Dumpable;
        rustix::process::set_dumpable_behavior(dumpable).unwrap();
    }
}
