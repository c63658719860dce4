//! What a value says of its own end: certificates (PEM, DER, PKCS#12) and JSON Web Tokens.
//!
//! Whatever cannot be read says nothing. Nobody vouches for what is read here: it only ever makes a deadline
//! nearer, so a forged end harms nobody but who seals it.

mod certificate;
mod pkcs12;
mod token;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The longest value that is looked at, in bytes.
const LONGEST: usize = 4 << 20;

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A certificate.
    Certificate,
    /// A token, as its claim `exp` says.
    Token,
}

impl What {
    /// The word for people and for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Token => "token",
        }
    }

    /// The days before its end at which its deadline is. Mission, section C.
    fn margin(self) -> i64 {
        match self {
            Self::Certificate => 7,
            Self::Token => 14,
        }
    }
}

/// The end of a value, as it says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// What ends.
    pub what: What,
    /// The UTC day on which its life begins, if it says so.
    pub since: Option<Date>,
    /// The UTC day on which it ends: no longer usable on the next, and perhaps not on all of this one.
    pub until: Date,
    /// The days of its life, a begun one counted as a whole, if it says so.
    pub life: Option<u32>,
    /// Whether somebody else signed it, as far as that shows: a certificate for use by the public may.
    pub issued: bool,
}

impl Expiry {
    /// Reads a value or a whole file; none where it has no end, or none that can be read.
    ///
    /// Of several certificates, the one that ends first counts; an authority's that ended already does not
    /// where another one goes on, since files of many authorities carry such.
    #[must_use]
    pub fn read(value: &[u8], today: Date) -> Option<Self> {
        Self::read_with(value, None, today)
    }

    /// Reads a value that may be a PKCS#12 file with this password.
    #[must_use]
    pub fn read_with(value: &[u8], password: Option<&str>, today: Date) -> Option<Self> {
        if value.len() > LONGEST {
            return None;
        }
        if let Some(expiry) = token::read(value) {
            return Some(expiry);
        }
        let mut all = certificate::pem(value);
        if all.is_empty() {
            let outer = certificate::in_base64(value);
            let value = outer.as_ref().map_or(value, |der| der.as_slice());
            all.extend(certificate::der(value));
            if all.is_empty() {
                all = pkcs12::certificates(value, password)?;
            }
        }
        certificate::nearest(&all, today)
    }

    /// Tells whether a value is a PKCS#12 file, perhaps in base64, whose certificates do not open with this
    /// password.
    #[must_use]
    pub fn is_locked(value: &[u8], password: Option<&str>) -> bool {
        if value.len() > LONGEST {
            return false;
        }
        let outer = certificate::in_base64(value);
        pkcs12::is_locked(outer.as_ref().map_or(value, |der| der.as_slice()), password)
    }

    /// Tells whether it was over before a day began.
    #[must_use]
    pub fn is_over(&self, today: Date) -> bool {
        self.until < today
    }

    /// The deadline that it makes for a value set on a day: so many days before its end, yet in no more than
    /// the last third of its life, and not before that day unless it was over then.
    #[must_use]
    pub fn due(&self, today: Date) -> Date {
        if self.is_over(today) {
            return self.until;
        }
        let third = self.life.map_or(i64::MAX, |life| i64::from(life / 3));
        let margin = self.what.margin().min(third);
        self.until.saturating_sub(margin.days()).max(today)
    }

    /// The days that a certificate lives, and the fewer that the issuers' rules allow for one of its first
    /// day, where it was issued and lives longer. CA/Browser Forum, SC-081v3 and SC-031.
    #[must_use]
    pub fn beyond_the_rules(&self) -> Option<(u32, u32)> {
        let since = self.since.filter(|_| self.what == What::Certificate && self.issued)?;
        let from = |year, month, day| since >= jiff::civil::date(year, month, day);
        let allowed = match () {
            () if from(2029, 3, 15) => 47,
            () if from(2027, 3, 15) => 100,
            () if from(2026, 3, 15) => 200,
            () if from(2020, 9, 1) => 398,
            () => 825,
        };
        self.life.filter(|life| *life > allowed).map(|life| (life, allowed))
    }
}

/// Counts the days between two times in seconds, both of them included.
fn days(since: i64, until: i64) -> Option<u32> {
    let seconds = until.checked_sub(since)?.checked_add(1)?;
    u32::try_from(seconds.div_euclid(86_400) + i64::from(seconds % 86_400 != 0)).ok()
}

/// The UTC day of a time in seconds; none beyond the calendar.
fn day(seconds: i64) -> Option<Date> {
    Some(Timestamp::from_second(seconds).ok()?.to_zoned(TimeZone::UTC).date())
}

#[cfg(test)]
mod tests;
