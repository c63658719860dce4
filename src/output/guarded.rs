//! What a commit would bring, as the hook says it.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::words::{count, counted};
use super::{Show, findings};
use crate::deeds::guard::{Guarded, Guards};
use crate::deeds::hooks::A_HOOK_CAN_BE_SKIPPED;
use crate::finding::{Code, Finding};

impl Show for Guarded {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let files = count(self.staged, "staged file");
        let took = self.took.as_millis();
        if self.blocking.is_empty() {
            return match self.guards {
                Guards::All => writeln!(out, "tenure: {files}, no plaintext ({took} ms)"),
                Guards::PolicyAlone => writeln!(
                    out,
                    "tenure: {files}; the policy has no environments, so no file is managed ({took} ms)"
                ),
                Guards::Nothing => writeln!(
                    out,
                    "tenure: {files}; there is no policy here, so nothing was judged ({took} ms)"
                ),
            };
        }
        writeln!(out, "tenure: commit blocked, {}", self.why())?;
        findings::grouped(&self.blocking, out)?;
        writeln!(out, "to skip this hook once: git commit --no-verify")?;
        writeln!(out, "{A_HOOK_CAN_BE_SKIPPED}")
    }

    fn json(&self) -> Value {
        json!({
            "staged": self.staged,
            "judged": match self.guards {
                Guards::Nothing => "nothing",
                Guards::PolicyAlone => "policy",
                Guards::All => "all",
            },
            "blocked": !self.blocking.is_empty(),
            "findings": self.blocking.iter().map(findings::finding).collect::<Vec<_>>(),
            "unpinned": self.unpinned,
            "milliseconds": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

impl Guarded {
    fn why(&self) -> String {
        let clear = |finding: &&Finding| {
            matches!(finding.code, Code::Plaintext | Code::PlainComment | Code::Open)
        };
        let plain = self.blocking.iter().filter(clear).count();
        let others = self.blocking.len() - plain;
        let plain_text = counted(plain, "plaintext secret is", "plaintext secrets are");
        let other_text = counted(others, "breach of the policy is", "breaches of the policy are");
        match (plain, others) {
            (0, _) => format!("{other_text} staged"),
            (_, 0) => format!("{plain_text} staged"),
            _ => format!("{plain_text} staged and {other_text}"),
        }
    }
}
