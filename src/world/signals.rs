//! Signals that are waited out, so that something is put in order before the process ends.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// Signals raise a flag while this lives, and do what they always do afterwards.
pub(super) struct Signals(&'static Flags);

/// Raised by handlers that are registered once and stay: taking them off would not bring back what the
/// signals do by default.
#[derive(Default)]
struct Flags {
    came: Arc<AtomicUsize>,
    typed: Arc<AtomicUsize>,
    idle: Arc<AtomicBool>,
}

static FLAGS: OnceLock<Flags> = OnceLock::new();

impl Signals {
    /// Starts to catch them; none where that cannot be.
    pub(super) fn catch() -> Option<Self> {
        let flags = FLAGS.get_or_init(Flags::default);
        flags.idle.store(false, Ordering::SeqCst);
        flags.came.store(0, Ordering::SeqCst);
        flags.typed.store(0, Ordering::SeqCst);
        static REGISTERED: OnceLock<bool> = OnceLock::new();
        let registered = *REGISTERED.get_or_init(|| {
            [SIGTERM, SIGHUP, SIGINT, SIGQUIT]
                .into_iter()
                .all(|signal| register(signal, flags).is_ok())
        });
        let caught = Self(flags);
        registered.then_some(caught)
    }

    /// The signal that somebody sent to end us. What a person types at the terminal is none: it reaches a
    /// program that has the terminal too, which knows what to do.
    pub(super) fn ended_by(&self) -> Option<i32> {
        raised(&self.0.came)
    }

    /// The signal that somebody sent or typed to end us.
    pub(super) fn stopped_by(&self) -> Option<i32> {
        self.ended_by().or_else(|| raised(&self.0.typed))
    }
}

fn raised(flag: &AtomicUsize) -> Option<i32> {
    i32::try_from(flag.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
}

fn register(signal: i32, flags: &Flags) -> io::Result<()> {
    use signal_hook::flag::{register_conditional_default, register_usize};
    register_conditional_default(signal, Arc::clone(&flags.idle))?;
    let flag = match signal {
        SIGTERM | SIGHUP => &flags.came,
        _ => &flags.typed,
    };
    if let Ok(number) = usize::try_from(signal) {
        register_usize(signal, Arc::clone(flag), number)?;
    }
    Ok(())
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.0.idle.store(true, Ordering::SeqCst);
    }
}
