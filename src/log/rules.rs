//! What the parts of an entry must be among themselves, whoever signed them.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};
use jiff::civil::{Date, date};

use super::EntryError;
use super::entry::{FileChange, Item, Op};
use crate::names::{Address, GenerationId, Segment};

/// Deadlines before this day are typing errors, and not all of them would print with four digits.
const FIRST_DUE: Date = date(1970, 1, 1);

/// A reviewer reads it in a column of a log.
const LONGEST_REASON: usize = 4096;

/// One line that says something.
pub(super) fn check_reason(reason: &str) -> Result<(), EntryError> {
    let why = if reason.trim().is_empty() {
        "is empty"
    } else if reason.trim() != reason {
        "begins or ends with white space"
    } else if reason.len() > LONGEST_REASON {
        "is longer than 4,096 bytes"
    } else if reason.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        "has a line break or another control character"
    } else if reason.contains(super::MARKER) {
        "holds the marker of a signature"
    } else {
        return Ok(());
    };
    Err(EntryError::Reason { why })
}

/// Tells whether a day may be a deadline.
pub(super) fn is_a_deadline(day: Date) -> bool {
    day >= FIRST_DUE
}

/// Which fields an op has, and what it may carry on.
pub(super) fn check_item(file: &FileChange, item: &Item) -> Result<(), &'static str> {
    if !item.key.segments().iter().all(|step| matches!(step, Segment::Key { .. })) {
        return Err("an item's key is never inside a list");
    }
    if item.due.is_some_and(|due| !is_a_deadline(due)) {
        return Err("a deadline is not before 1970");
    }
    let has_value = item.generation.is_some() || item.kind.is_some() || item.due.is_some();
    match (item.op, item.hash) {
        (Op::Delete, None) if has_value => return Err("`delete` has no `gen`, `type`, `due`"),
        (Op::Delete, Some(_)) => return Err("`delete` has no `hash`"),
        (Op::Delete, None) | (_, Some(_)) => {}
        (_, None) => return Err("all but `delete` have `hash`"),
    }
    let same = |at: &Address| at.env == file.env && at.path == file.path && at.key == item.key;
    match (item.op, &item.of) {
        (Op::New, None) => Ok(()),
        (Op::New, Some(_)) => Err("`new` carries nothing on"),
        (_, None) => Err("all but `new` have `of`"),
        (Op::Move, Some(of)) if same(&of.address) => Err("`move` comes from another address"),
        (Op::Move, Some(_)) => Ok(()),
        (_, Some(of)) if same(&of.address) => Ok(()),
        (_, Some(_)) => Err("only `move` comes from another address"),
    }
}

/// The generation of a recipient in the form that age writes: lower case, X25519.
pub(super) fn generation_of(recipient: &str) -> Option<GenerationId> {
    if recipient.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let checked = CheckedHrpstring::new::<Bech32>(recipient).ok()?;
    if checked.hrp() != Hrp::parse("age").ok()? {
        return None;
    }
    let bytes: Vec<u8> = checked.byte_iter().collect();
    Some(GenerationId::of(bytes.as_slice().try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_text() {
        assert_eq!(check_reason("scheduled; see “OPS-7” 👩‍💻"), Ok(()));
        let long = "x".repeat(4097);
        for bad in ["", " ", " x", "x ", "a\nb", "a\u{1b}[31m", "a\u{2028}b", "\u{85}", &long] {
            assert!(matches!(check_reason(bad), Err(EntryError::Reason { .. })), "{bad:?}");
        }
        assert!(check_reason("-----BEGIN SSH SIGNATURE-----").is_err());
    }

    #[test]
    fn only_an_x25519_recipient_of_age_has_a_generation() {
        let good = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
        assert!(generation_of(good).is_some());
        let hrp = Hrp::parse("age").unwrap();
        let short = bech32::encode::<Bech32>(hrp, &[1; 31]).unwrap();
        let other = bech32::encode::<Bech32>(Hrp::parse("agf").unwrap(), &[1; 32]).unwrap();
        for bad in ["", "age1", &good.to_uppercase(), &good.replace("wj", "wk"), &short, &other] {
            assert_eq!(generation_of(bad), None, "{bad}");
        }
    }
}
