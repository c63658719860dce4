//! Where an entry's file lies: `.secrets/log/2026-11/20261121T192000Z-<id16>.entry`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::entry::Entry;
use crate::names::{EntryId, RepoPath};

const FOLDER: &str = ".secrets/log/";

/// What the name of an entry's file says. It proves nothing: only the bytes do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameParts {
    /// The claimed time.
    pub time: Timestamp,
    /// The first 16 digits of the claimed id.
    pub short: String,
}

/// Gives the path of an entry's file. Two parts follow from its time, the third from its id.
///
/// # Panics
/// Never: digits, `-`, `T` and `Z` make a path.
#[must_use]
pub fn file_path(entry: &Entry, id: &EntryId) -> RepoPath {
    path_of(entry.time, &id.short16()).parse().expect("digits and hyphens make a path")
}

fn path_of(time: Timestamp, short: &str) -> String {
    let at = time.to_zoned(TimeZone::UTC);
    format!(
        "{FOLDER}{:04}-{:02}/{:04}{:02}{:02}T{:02}{:02}{:02}Z-{short}.entry",
        at.year(),
        at.month(),
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
    )
}

/// Reads the path of an entry's file; none for any path that [`file_path`] would not give.
#[must_use]
pub fn parse_name(path: &str) -> Option<NameParts> {
    let (_month, name) = path.strip_prefix(FOLDER)?.split_once('/')?;
    let (stamp, short) = name.strip_suffix(".entry")?.split_once('-')?;
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if short.len() != 16 || !short.bytes().all(hex) {
        return None;
    }
    let (date, clock) = stamp.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || clock.len() != 6 {
        return None;
    }
    let number = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
    let time = DateTime::new(
        date.get(..4)?.parse().ok()?,
        number(date, 4, 6)?,
        number(date, 6, 8)?,
        number(clock, 0, 2)?,
        number(clock, 2, 4)?,
        number(clock, 4, 6)?,
        0,
    );
    let time = time.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    // Printing it again refuses what the lenient reading of numbers let pass, and a foreign month.
    (path_of(time, short) == path).then(|| NameParts { time, short: short.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::entry::{Kind, PolicyStep};
    use crate::names::Sha256;

    const PATH: &str = ".secrets/log/2026-11/20261121T192000Z-0707070707070707.entry";

    #[test]
    fn the_path_follows_from_time_and_id() {
        let entry = Entry {
            kind: Kind::Init(PolicyStep { seq: 1, prev: None, hash: Sha256::of(b"") }),
            root: None,
            parents: Vec::new(),
            policy: None,
            time: "2026-11-21T19:20:00Z".parse().unwrap(),
            by: "ana".parse().unwrap(),
            reason: None,
        };
        let path = file_path(&entry, &EntryId([7; 32]));
        assert_eq!(path.as_str(), PATH);
        let parts = parse_name(PATH).unwrap();
        assert_eq!((parts.time, parts.short.as_str()), (entry.time, "0707070707070707"));
    }

    #[test]
    fn junk_is_no_entrys_name() {
        for bad in [
            "",
            ".secrets/log/",
            ".secrets/log/2026-11/",
            ".secrets/log/README",
            &PATH[1..],
            &format!("{PATH}~"),
            &PATH.replace(".entry", ".ENTRY"),
            &PATH.replace("log/", "log/x/"),
            &PATH.replace("2026-11/", "2026-10/"),
            &PATH.replace("20261121", "20261131"),
            &PATH.replace("20261121", "2026+121"),
            &PATH.replace("T192000", "T246000"),
            &PATH.replace("T192000", "T19200"),
            &PATH.replace("T192000", "T192060"),
            &PATH.replace("-07", "-0G"),
            &PATH.replace("-07", "-0A"),
            &PATH.replace("-07", "-7"),
            &PATH.replace("-07", "-ä"),
        ] {
            assert_eq!(parse_name(bad), None, "{bad}");
        }
    }
}
