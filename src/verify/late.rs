//! Checks 11 and 12: deadlines and obligations; and what no reader has opened yet.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::disk::FileForm;
use super::files::{Verified, VerifiedFile};
use super::verdicts::at;
use crate::document::{Document, Leaf, Node};
use crate::finding::{Code, Severity};
use crate::names::{Address, KeyPath, RepoPath, quoted};
use crate::policy::Custody;
use crate::{rotation, seal};

impl Verified<'_> {
    /// Notes the values of which nobody but their signers knows what they are.
    pub(super) fn drops(&mut self) {
        for (path, file) in &self.files {
            let FileForm::Values(document) = &file.form else { continue };
            let dropped = |leaf: &&Leaf| document.token(leaf).is_some_and(seal::is_dropped);
            for leaf in document.leaves.iter().filter(dropped) {
                let (env, path, key) = (file.env.clone(), path.clone(), leaf.path.item());
                let message = "dropped by who cannot read it, and not opened by a reader since";
                let note = at(Code::Dropped, &Address { env, path, key }, message);
                let fix = format!("tenure rekey -e {}", file.env);
                self.findings.push(note.graded(Severity::Note).fix(fix));
            }
        }
    }

    /// Check 11.
    pub(super) fn deadlines(&mut self, today: Date) {
        for (address, live) in &self.live {
            let (Some(due), Some(_)) = (live.item.due, live.item.generation) else { continue };
            let left = rotation::days_left(due, today);
            let warn = i32::try_from(self.policy.warn_before(live.item.kind.as_ref()));
            let fix = || renewal(&self.files, address);
            if left < 0 {
                let message = format!("due {due}, {} days late", -left);
                let grade = self.grade(address, true);
                let finding = at(Code::Overdue, address, message).graded(grade);
                self.findings.push(finding.fix(fix()));
            } else if warn.is_ok_and(|warn| left <= warn) {
                let message = format!("due {due}, in {left} days");
                let finding = at(Code::DueSoon, address, message).graded(Severity::Note);
                self.findings.push(finding.fix(fix()));
            }
        }
    }

    /// Check 12: what leavers could read and nobody rotated since.
    pub(super) fn debts(&mut self, today: Date) {
        self.obligations = super::debts::open(self.record, &self.live, &self.badly_sealed);
        for debt in &self.obligations {
            let left = rotation::days_left(debt.due, today);
            let message =
                format!("must rotate by {}: `{}` {}", debt.due, debt.leaver, debt.cause.did());
            let grade = self.grade(&debt.address, left < 0);
            let finding = at(Code::Obligation, &debt.address, message).graded(grade);
            self.findings.push(finding.fix(renewal(&self.files, &debt.address)));
        }
    }

    /// What is late is red, unless a customer has it in hand.
    fn grade(&self, address: &Address, late: bool) -> Severity {
        let customers = self.policy.rule(address).custody == Some(Custody::Customer);
        if late && !customers { Severity::Found } else { Severity::Note }
    }
}

/// The command by which a value, a list or a whole file gets a new content.
fn renewal(files: &BTreeMap<RepoPath, VerifiedFile<'_>>, address: &Address) -> String {
    let Address { env, path, key } = address;
    let single =
        |document: &Document<'_>| document.leaf(key).is_some_and(|leaf| leaf.node == Node::Scalar);
    match files.get(path).map(|file| &file.form) {
        _ if *key == KeyPath::Whole => {
            format!("tenure rotate {} --from-file FILE", quoted(format!("{env}/{path}")))
        }
        Some(FileForm::Values(document)) if !single(document) => {
            format!("tenure edit {}", quoted(path))
        }
        _ => format!("tenure rotate {env}/{}", quoted(key)),
    }
}
