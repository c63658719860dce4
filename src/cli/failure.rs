//! A failure on its way to the user: what failed, where, why, and what mends it.

use std::error::Error;

use serde_json::json;

use super::exit::Exit;
use crate::deeds::DeedError;
use crate::output::{Ink, Output, findings, paint, safe};

pub use super::hints::Advice;

/// Why a command did not do its work.
#[derive(Debug)]
pub enum Failure {
    /// Whoever read our output went away; there is nobody to tell.
    ReaderGone,
    /// An error of a room, with the edge's advice.
    Told {
        /// The fact, and its sources.
        error: anyhow::Error,
        /// Exit code, place and hint.
        advice: Advice,
    },
}

impl Failure {
    /// Joins a room's error with the advice on it.
    pub fn new(error: impl Error + Send + Sync + 'static, advice: Advice) -> Self {
        Self::Told { error: anyhow::Error::new(error), advice }
    }

    /// Says that a program was not started, and why: 125, unless the program itself is the reason.
    #[must_use]
    pub(super) fn not_started(self, program: &str) -> Self {
        match self {
            Self::ReaderGone => Self::ReaderGone,
            Self::Told { error, advice } => {
                let exit = match advice.exit {
                    own @ (Exit::NotFound | Exit::NotExecutable) => own,
                    _ => Exit::NotStarted,
                };
                let error = error.context(format!("`{program}` was not started"));
                Self::Told { error, advice: Advice { exit, ..advice } }
            }
        }
    }

    /// Gives the exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::ReaderGone => Exit::ReaderGone,
            Self::Told { advice, .. } => advice.exit,
        }
    }

    /// Tells the user on stderr, and gives the exit code.
    ///
    /// With `--json` that is one object on one line: `{"version": 1, "error": {"code", "exit",
    /// "message", "at", "because", "hint", "finding"}}`, where `at`, `hint` and `finding` may be null,
    /// `because` is a list, and `finding` is as `check` shows it.
    pub fn tell(&self, out: &mut Output<'_>) -> Exit {
        if let Self::Told { error, advice } = self {
            out.fail(&human(error, advice), &machine(error, advice));
        }
        self.exit()
    }
}

fn human(error: &anyhow::Error, advice: &Advice) -> String {
    let mut lines = vec![line(Ink::Red, "error:", &error.to_string())];
    lines.extend(advice.at.iter().map(|at| line(Ink::Blue, "  at:", at)));
    let causes = error.chain().skip(1).map(|cause| line(Ink::Blue, "because:", &cause.to_string()));
    lines.extend(causes);
    lines.extend(advice.because.iter().map(|why| line(Ink::Blue, "because:", why)));
    lines.extend(advice.hint.iter().map(|hint| line(Ink::Green, "hint:", hint)));
    lines.concat()
}

fn line(ink: Ink, label: &str, text: &str) -> String {
    format!("{} {}\n", paint(ink, label), safe(text))
}

/// The finding that was in the way, if it was one.
fn finding(error: &anyhow::Error) -> Option<serde_json::Value> {
    let refused = error.chain().find_map(|cause| cause.downcast_ref::<DeedError>());
    match refused {
        Some(DeedError::Refused(finding)) => Some(findings::finding(finding)),
        _ => None,
    }
}

fn machine(error: &anyhow::Error, advice: &Advice) -> serde_json::Value {
    json!({ "error": {
        "code": advice.exit.word(),
        "exit": advice.exit.code(),
        "message": error.to_string(),
        "at": advice.at,
        "because": error
            .chain()
            .skip(1)
            .map(ToString::to_string)
            .chain(advice.because.iter().cloned())
            .collect::<Vec<_>>(),
        "hint": advice.hint,
        "finding": finding(error),
    }})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Form;

    #[derive(Debug, thiserror::Error)]
    #[error("the policy cannot be read")]
    struct Outer(#[source] std::io::Error);

    fn failure() -> Failure {
        let advice = Advice::of(Exit::Invalid).at(".secrets-policy.toml:3").hint("mend line 3");
        Failure::new(Outer(std::io::Error::other("it is \u{202e}odd\u{1b}[2J")), advice)
    }

    fn told(form: Form) -> (Exit, String, String) {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let exit = failure().tell(&mut Output::new(&mut stdout, &mut stderr).form(form));
        (exit, String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    #[test]
    fn says_what_where_why_and_what_mends_it() {
        let (exit, stdout, stderr) = told(Form::Human);
        assert_eq!((exit, stdout.as_str()), (Exit::Invalid, ""));
        assert_eq!(
            stderr,
            "error: the policy cannot be read\n  at: .secrets-policy.toml:3\n\
             because: it is \\u{202e}odd\\u{1b}[2J\nhint: mend line 3\n"
        );
    }

    #[test]
    fn is_one_line_of_json_for_machines() {
        let (_, stdout, stderr) = told(Form::Json);
        assert_eq!((stdout.as_str(), stderr.lines().count()), ("", 1));
        let value: serde_json::Value = serde_json::from_str(&stderr).unwrap();
        assert_eq!(value["version"], 1);
        assert_eq!(value["error"]["code"], "invalid");
        assert_eq!(value["error"]["exit"], 3);
        assert_eq!(value["error"]["because"][0], "it is \u{202e}odd\u{1b}[2J");
    }

    #[test]
    fn a_reader_that_went_away_is_told_nothing() {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let exit = Failure::ReaderGone.tell(&mut Output::new(&mut stdout, &mut stderr));
        assert_eq!((exit.code(), stderr.len()), (141, 0));
    }
}
