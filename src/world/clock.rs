//! The time, read once a run.

use jiff::Timestamp;

/// Tells the present time in whole seconds: what entries can hold.
#[must_use]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_time_has_no_fraction() {
        assert_eq!(super::now().subsec_nanosecond(), 0);
    }
}
