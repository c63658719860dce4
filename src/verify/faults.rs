//! What is wrong with a whole file, or with a place of which only a part stands.

use super::verdicts::breach;
use crate::finding::{Code, Finding, Severity};
use crate::names::{EnvName, RepoPath, quoted};

/// Tells whether it is open which value stands, or whose word: what a writer can decide.
pub(super) fn is_dispute(code: Code) -> bool {
    matches!(code, Code::Concurrent | Code::RemovedKey | Code::WriterGone)
}

/// Tells whether a fault of this kind is over once a writer has set the value anew.
pub(super) fn ends_with_a_new_value(code: Code) -> bool {
    is_dispute(code) || matches!(code, Code::BadDue | Code::OldGeneration)
}

/// What was signed of a mapping or list is its anchor or tag: where that is gone and the rest still stands,
/// the place is not missing.
pub(super) fn bared(finding: Finding) -> Finding {
    if finding.code != Code::Missing {
        return finding;
    }
    let message =
        "not what was signed: its anchor or tag is gone, and its contents stand".to_owned();
    Finding { code: Code::Altered, message, ..finding }
}

pub(super) fn unreadable(env: &EnvName, path: &RepoPath, why: &str, stands: bool) -> Finding {
    if stands {
        let message = format!("this sealed file can no longer be read: {why}");
        let fix =
            format!("tenure restore {path}; in a merge: take one line of each pair, then git add");
        return breach(Code::Altered, path.as_str(), message).in_env(env).fix(fix);
    }
    unsealed(env, path, false)
}

pub(super) fn unsealed(env: &EnvName, path: &RepoPath, sealed_whole: bool) -> Finding {
    if sealed_whole {
        return breach(Code::Unattested, path.as_str(), "no entry names this sealed file")
            .in_env(env)
            .fix(format!("git rm {}", quoted(path)));
    }
    breach(Code::Plaintext, path.as_str(), format!("this file of {env} is not sealed"))
        .in_env(env)
        .graded(Severity::Found)
        .fix(format!("tenure seal {}", quoted(path)))
}
