//! Check 8, second half, and 9: one item on disk against what was signed of it.

use super::disk::OnDisk;
use super::keyrings::Generations;
use super::standing::found;
use super::verdicts::at;
use super::{Live, Record};
use crate::finding::{Code, Finding, Severity};
use crate::log::timeline::{Settled, Standing};
use crate::names::{Address, KeyPath, quoted};

/// Judges one address; gives what stands there, if anything should.
pub(super) fn judge<'r>(
    generations: &mut Generations<'r, '_>,
    address: &Address,
    candidates: &[Standing],
    disk: Option<&OnDisk>,
) -> Result<Option<Live<'r>>, Box<Finding>> {
    let record = generations.record;
    let hash = disk.map(|disk| disk.hash);
    let standing = match record.settle(address, candidates, hash.as_ref()) {
        Settled::Gone => return gone(record, address, candidates, disk),
        Settled::One(standing) => standing,
        Settled::Concurrent(rivals) => return Err(concurrent(record, address, &rivals)),
    };
    let live = Live { entry: standing.entry, item: record.item(standing) };
    if !record.holds(standing.entry) {
        return Err(void(record, address, live));
    }
    let Some(disk) = disk else {
        let message = format!("this is signed by `{}`, but not here", signer(record, live));
        let finding = found(record, Code::Missing, address, live, message);
        return Err(finding.fix(restore(address)).into());
    };
    same_bytes(record, address, live, disk)?;
    still_allowed(record, address, live)?;
    sealed_rightly(generations, address, live, disk)?;
    super::due::check(record, address, live)?;
    super::replayed::check(record, address, (live, disk))?;
    Ok(Some(live))
}

/// Nothing should stand here; a `delete` that is void does not make it so.
fn gone<'r>(
    record: &'r Record,
    address: &Address,
    candidates: &[Standing],
    disk: Option<&OnDisk>,
) -> Result<Option<Live<'r>>, Box<Finding>> {
    let holds = candidates.iter().any(|standing| record.holds(standing.entry));
    match (candidates.first(), disk) {
        (Some(first), _) if !holds => {
            let live = Live { entry: first.entry, item: record.item(*first) };
            Err(void(record, address, live))
        }
        (_, Some(disk)) => Err(unnamed(address, disk)),
        (_, None) => Ok(None),
    }
}

fn signer<'r>(record: &'r Record, live: Live<'_>) -> &'r str {
    record.entries[live.entry].entry.by.as_str()
}

fn restore(address: &Address) -> String {
    format!("tenure restore {}", quoted(&address.path))
}

/// Names an address as `tenure resolve` takes it: it looks among what is in dispute only.
fn resolve(address: &Address) -> String {
    let Address { env, path, key } = address;
    match key {
        KeyPath::Whole => format!("tenure resolve {}", quoted(format!("{env}/{path}"))),
        key => format!("tenure resolve {}", quoted(format!("{env}/{key}"))),
    }
}

fn unnamed(address: &Address, disk: &OnDisk) -> Box<Finding> {
    let sealed_whole = address.key == KeyPath::Whole && !disk.clear_text;
    if !disk.has_token() && !sealed_whole {
        let finding = at(Code::Plaintext, address, "nothing signed names this value in clear");
        let fix = format!("tenure seal {}", quoted(&address.path));
        return Box::new(finding.graded(Severity::Found).fix(fix));
    }
    Box::new(at(Code::Unattested, address, "nothing signed names this").fix(restore(address)))
}

fn concurrent(record: &Record, address: &Address, rivals: &[Standing]) -> Box<Finding> {
    let entry = |standing: &Standing| {
        let signed = &record.entries[standing.entry];
        format!("{} by `{}`", signed.id.short(), signed.entry.by)
    };
    let names: Vec<_> = rivals.iter().map(entry).collect();
    let message = format!("{} entries name its newest value: {}", rivals.len(), names.join(", "));
    let finding = at(Code::Concurrent, address, message).fix(resolve(address));
    Box::new(match rivals.first() {
        Some(rival) => finding.entry(record.entries[rival.entry].id),
        None => finding,
    })
}

fn void(record: &Record, address: &Address, live: Live<'_>) -> Box<Finding> {
    let by = signer(record, live);
    let message = format!("signed by `{by}`, whose key or right was taken away beside it");
    let fix = resolve(address);
    found(record, Code::RemovedKey, address, live, message).fix(fix).into()
}

fn same_bytes(
    record: &Record,
    address: &Address,
    live: Live<'_>,
    disk: &OnDisk,
) -> Result<(), Box<Finding>> {
    if live.item.hash == Some(disk.hash) {
        return Ok(());
    }
    let unsealed = disk.clear_text && live.item.generation.is_some();
    let what = match record.explain(address, disk.hash) {
        _ if unsealed => " (plaintext)",
        Some("old version") => " (old version)",
        Some(_) => " (other key's)",
        None => "",
    };
    let message = format!("not what `{}` signed{what}", signer(record, live));
    // Who un-sealed it by hand may want to keep what stands there now.
    let fix = match unsealed {
        true => format!("tenure seal {}, or: {}", quoted(&address.path), restore(address)),
        false => restore(address),
    };
    Err(found(record, Code::Altered, address, live, message).fix(fix).into())
}

fn still_allowed(record: &Record, address: &Address, live: Live<'_>) -> Result<(), Box<Finding>> {
    let by = &record.entries[live.entry].entry.by;
    if record.policy().is_some_and(|policy| policy.may_write(by, address)) {
        return Ok(());
    }
    let message = format!("`{by}`, who signed it, may no longer write here");
    let fix = resolve(address);
    Err(found(record, Code::WriterGone, address, live, message).fix(fix).into())
}

fn sealed_rightly(
    generations: &mut Generations<'_, '_>,
    address: &Address,
    live: Live<'_>,
    disk: &OnDisk,
) -> Result<(), Box<Finding>> {
    let record = generations.record;
    let stale = |message: &str| {
        let fix = format!("tenure set {}", record.name_of(address));
        Err(found(record, Code::OldGeneration, address, live, message).fix(fix).into())
    };
    let clear = record.policy().is_some_and(|policy| policy.is_clear(&address.env, &address.key));
    if disk.clear_text && !clear {
        let message = "this value stands in clear, and the policy does not allow it";
        let fix = format!("tenure seal {}", quoted(&address.path));
        let finding = found(record, Code::Plaintext, address, live, message);
        return Err(finding.graded(Severity::Found).fix(fix).into());
    }
    let whole = address.key == KeyPath::Whole;
    let Some(generation) = live.item.generation else {
        // Without it there would be neither a deadline nor a duty to rotate.
        let sealed = disk.has_token() || (whole && !disk.clear_text);
        return if sealed { stale("its entry names no generation") } else { Ok(()) };
    };
    if !whole && !disk.may_be_of(generation) {
        return stale("its token belongs to another generation than its entry says");
    }
    // Who carries on the bytes of another does not make them better than they were.
    if !generations.was_current(generation, record.sealed_in(live).entry) {
        return stale("it was sealed to a generation that was not current");
    }
    Ok(())
}
