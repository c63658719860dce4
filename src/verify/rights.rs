//! Check 5, second half: whether a signer may do everything that an entry does.

use super::notes::may_say;
use crate::log::entry::{Entry, FileChange, Item, KeyringRecord, Kind, Op};
use crate::policy::Policy;

/// Tells whether anything that an entry does was its signer's right under one policy, and no longer is
/// under the next.
pub(super) fn taken(before: &Policy, after: &Policy, entry: &Entry) -> bool {
    let (files, keyrings) = match &entry.kind {
        Kind::Seal { files, keyrings } => (files, keyrings),
        // A note is judged by where its values were moved, too: see there.
        Kind::Note(_) | Kind::Init(_) | Kind::Policy(_) => return false,
    };
    let item = |file: &FileChange, item: &Item| {
        let may = |policy| may_do(policy, entry, (file, manages(policy, file)), item).is_ok();
        may(before) && !may(after)
    };
    let keyring = |keyring: &KeyringRecord| {
        may_wrap(before, entry, keyring).is_ok() && may_wrap(after, entry, keyring).is_err()
    };
    files.iter().any(|file| file.items.iter().any(|it| item(file, it)))
        || keyrings.iter().any(keyring)
}

/// Says what the signer may not do, if anything.
pub(super) fn check(policy: &Policy, entry: &Entry) -> Result<(), String> {
    match &entry.kind {
        Kind::Init(_) | Kind::Policy(_) => Ok(()),
        Kind::Note(note) => may_say(policy, &entry.by, note),
        Kind::Seal { files, keyrings } => {
            files.iter().try_for_each(|file| may_change(policy, entry, file))?;
            keyrings.iter().try_for_each(|keyring| may_wrap(policy, entry, keyring))
        }
    }
}

fn may_change(policy: &Policy, entry: &Entry, file: &FileChange) -> Result<(), String> {
    // Asked once for all its items.
    let managed = manages(policy, file);
    file.items.iter().try_for_each(|item| may_do(policy, entry, (file, managed), item))
}

/// Tells whether a file belongs to the environment that is said.
fn manages(policy: &Policy, file: &FileChange) -> bool {
    policy.environment_of(&file.path) == Some(&file.env)
}

fn may_do(
    policy: &Policy,
    entry: &Entry,
    (file, managed): (&FileChange, bool),
    item: &Item,
) -> Result<(), String> {
    if !managed && item.op != Op::Delete {
        return Err(format!("`{}` is no file of {}", file.path, file.env));
    }
    if !policy.may_write(&entry.by, &file.address(&item.key)) {
        return Err(format!("`{}` may not write {} in {}", entry.by, item.key, file.env));
    }
    if item.op == Op::Extend && !policy.is_admin(&entry.by) {
        return Err(format!("`{}` is no admin, and may not extend {}", entry.by, item.key));
    }
    // A move ends its source: who may not write there may not move away from there.
    if let Some(of) = item.of.as_ref().filter(|of| !policy.may_write(&entry.by, &of.address)) {
        return Err(format!("`{}` may not move {}", entry.by, of.address));
    }
    Ok(())
}

fn may_wrap(policy: &Policy, entry: &Entry, keyring: &KeyringRecord) -> Result<(), String> {
    let (by, env) = (&entry.by, &keyring.env);
    if !policy.readers(env).contains(by) {
        return Err(format!("`{by}` signs a keyring of {env} and is no reader of it"));
    }
    if policy.may_make_keyring(by, env) {
        return Ok(());
    }
    Err(format!("`{by}` signs a keyring of {env} and is neither a writer of it nor an admin"))
}
