//! Deadlines that are nearer than those of a value's type: its own end, and the user's word.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::DeedError;
use super::find::Found;
use super::sealing::Sealing;
use super::set::Wish;
use crate::document::{Document, Format, value};
use crate::log::entry::{FileChange, Item, Op};
use crate::names::KeyPath;
use crate::rotation::expiry::Expiry;
use crate::secret::Plaintext;

impl Sealing<'_> {
    /// Makes the deadlines of new values nearer where they say themselves that they end, given the file's
    /// clear text.
    pub(super) fn nearer(&self, change: &mut FileChange, clear: &Plaintext) {
        let mut items: BTreeMap<KeyPath, &mut Item> = BTreeMap::new();
        for item in change.items.iter_mut().filter(|item| has_deadline(item)) {
            items.insert(item.key.clone(), item);
        }
        if let Some(item) = items.get_mut(&KeyPath::Whole) {
            lower(item, Expiry::read(clear.expose(), self.today), self.today);
            return;
        }
        let parsed = Format::of(&change.path).zip(clear.expose_text());
        let Some(Ok(document)) = parsed.map(|(format, text)| Document::parse(format, text)) else {
            return;
        };
        for leaf in &document.leaves {
            let Some(item) = items.get_mut(&leaf.path.item()) else { continue };
            let Ok(value) = value::decode(&document, leaf) else { continue };
            lower(item, Expiry::read(value.expose(), self.today), self.today);
        }
    }
}

/// Tells whether an item makes a value that may have a deadline.
fn has_deadline(item: &Item) -> bool {
    let never = |kind: &str| kind == "config" || kind == "canary";
    item.op == Op::New
        && item.generation.is_some()
        && !item.kind.as_ref().is_some_and(|kind| never(kind.as_str()))
}

fn lower(item: &mut Item, expiry: Option<Expiry>, today: Date) {
    item.due = expiry.map(|expiry| expiry.due(today)).into_iter().chain(item.due).min();
}

/// What a value says of its own end, with the password that the user gives for it.
pub(super) fn of(value: &Plaintext, wish: &Wish, today: Date) -> Option<Expiry> {
    let password = wish.password.as_ref().and_then(|password| password.expose_text());
    Expiry::read_with(value.expose(), password, today)
}

/// Tells whether a value is a PKCS#12 file that does not open with what the user gives.
pub(super) fn is_locked(value: &Plaintext, wish: &Wish) -> bool {
    let password = wish.password.as_ref().and_then(|password| password.expose_text());
    Expiry::is_locked(value.expose(), password)
}

/// Makes the deadlines of values nearer as they say themselves, and as the user says.
///
/// # Errors
/// [`DeedError::Refuse`] where the user's day is past, or later than what the type allows.
pub(super) fn heed(
    change: &mut FileChange,
    values: &[(&Found, &Plaintext)],
    wish: &Wish,
    today: Date,
) -> Result<(), DeedError> {
    for (found, value) in values {
        let key = found.key.item();
        let mine = change.items.iter_mut().find(|item| item.key == key && item.op == Op::New);
        let Some(item) = mine else { continue };
        if has_deadline(item) {
            lower(item, of(value, wish, today), today);
        }
        let Some(asked) = wish.due else { continue };
        if item.generation.is_none() {
            return Err(refused(&key, "stands in clear and has no deadline"));
        }
        if asked < today {
            return Err(refused(&key, &format!("cannot be due on {asked}, which is past")));
        }
        if let Some(latest) = item.due.filter(|latest| *latest < asked) {
            return Err(refused(&key, &format!("cannot be due later than {latest}")));
        }
        item.due = Some(asked);
    }
    Ok(())
}

fn refused(key: &KeyPath, why: &str) -> DeedError {
    let instead = "leave `--due` out, or name a nearer day".to_owned();
    DeedError::Refuse { what: format!("`{key}` {why}"), instead: Some(instead) }
}
