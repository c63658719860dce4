//! Edits of the policy's text that keep its comments and layout.

/// The sequence number of a revision such as `3-9f2c41ab`.
pub(super) fn sequence(revision: &str) -> Option<u32> {
    let (number, digits) = revision.split_once('-')?;
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let plain = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
    (plain && digits.len() == 8 && digits.bytes().all(hex)).then(|| number.parse().ok())?
}
