//! Check 1, first half: every file of the log is an entry, and has the bytes of its name.

use super::LogEvidence;
use super::verdicts::breach;
use crate::finding::{Code, Finding, Severity};
use crate::log;
use crate::log::held::Held;
use crate::log::name::{file_path, parse_name};
use crate::log::parse::SignedEntry;
use crate::log::signature::{self, SignatureError};
use crate::names::{EntryId, quoted};

/// An entry, and whether its signature holds over its bytes, whoever made it.
type Proved = (SignedEntry, Result<(), SignatureError>);

/// Reads all entries; what is none becomes a finding. Whether their signatures hold stands beside them.
///
/// Only here work is shared out: each file is read by itself, and what came out is put in order again.
pub(super) fn read(
    evidence: &LogEvidence,
    findings: &mut Vec<Finding>,
) -> (Vec<SignedEntry>, Vec<Result<(), SignatureError>>) {
    let files: Vec<_> = evidence.log.iter().collect();
    let read = shared_out(&files, |(path, bytes)| {
        read_one(path, bytes, &evidence.held).map(|entry| {
            let proof = entry.payload.as_ref().map(|it| signature::holds(it, &entry.signature));
            (entry, proof.unwrap_or(Ok(())))
        })
    });
    let mut entries: Vec<Proved> = Vec::with_capacity(read.len());
    for one in read {
        match one {
            Ok(entry) => entries.push(entry),
            Err(finding) => findings.push(*finding),
        }
    }
    entries.into_iter().unzip()
}

/// Fewer items than this are not worth a thread.
const WORTH_A_THREAD: usize = 64;

/// Does something to each item, on all processors; gives the results in the order of the items.
fn shared_out<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let share = items.len().div_ceil(threads).max(WORTH_A_THREAD);
    let (mine, others) = items.split_at(share.min(items.len()));
    std::thread::scope(|scope| {
        let work = &work;
        let others: Vec<_> = others
            .chunks(share)
            .map(|share| scope.spawn(move || share.iter().map(work).collect::<Vec<_>>()))
            .collect();
        let mut all: Vec<R> = mine.iter().map(work).collect();
        for other in others {
            match other.join() {
                Ok(more) => all.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}

fn read_one(path: &str, bytes: &[u8], held: &Held) -> Result<SignedEntry, Box<Finding>> {
    let restore = || "tenure restore".to_owned();
    let bad = |code, what: &str| Box::new(breach(code, path, what).fix(restore()));
    let name = parse_name(path).ok_or_else(|| {
        let finding = breach(Code::BadEntry, path, "this name is no log entry's");
        Box::new(finding.fix(format!("rm {}", quoted(path))))
    })?;
    let of_name = |id: EntryId| id.short16() == name.short;
    match SignedEntry::parse_knowing(held, bytes) {
        Ok(entry) if of_name(entry.id) => {
            if file_path(&entry.entry, &entry.id).as_str() == path {
                Ok(entry)
            } else {
                let why = "its name is not the one its bytes give";
                Err(bad(Code::AlteredEntry, why).entry(entry.id).into())
            }
        }
        Ok(_) => Err(bad(Code::AlteredEntry, why_altered(bytes))),
        // What was changed is told as such, whatever it has become.
        Err(_) if was_changed(bytes, of_name) => Err(bad(Code::AlteredEntry, why_altered(bytes))),
        Err(why) if why.needs_newer_program() => Err(Box::new(
            breach(Code::UpdateTenure, path, why.to_string())
                .graded(Severity::Invalid)
                .fix("update tenure"),
        )),
        Err(why) => Err(bad(Code::BadEntry, &why.to_string())),
    }
}

/// Tells whether a file that is no entry has other bytes than those of its name, as far as it has any that
/// could be a payload: those before its first signature, or before its last.
fn was_changed(bytes: &[u8], of_name: impl Fn(EntryId) -> bool) -> bool {
    let mut payloads = log::payloads_of(bytes).peekable();
    payloads.peek().is_some() && !payloads.any(|payload| of_name(EntryId::of(payload)))
}

fn why_altered(bytes: &[u8]) -> &'static str {
    if bytes.contains(&b'\r') {
        "its line endings were changed: `.gitattributes` needs `/.secrets/** -text`"
    } else {
        "its bytes are not those of its name"
    }
}
