//! The time, read once a run.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Tells the present time in whole seconds: what entries can hold.
#[must_use]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Tells the time since the start.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_time_has_no_fraction() {
        assert_eq!(super::now().subsec_nanosecond(), 0);
    }
}
