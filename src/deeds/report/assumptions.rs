//! What is taken for granted, with how well it is known. Mission, section H.

use std::collections::BTreeSet;

use super::events::Events;
use super::rotations::Rotation;
use super::shared::Shared;
use crate::log::entry::Grade as Ended;
use crate::names::EnvName;

/// Something that is taken for granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumption {
    /// What, as a sentence without names.
    pub text: String,
    /// How well it is known.
    pub grade: Grade,
    /// More on that, without names.
    pub note: Option<String>,
    /// Who signed it, each once; nobody where nobody's name belongs there.
    pub by: BTreeSet<String>,
}

/// How well something is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// Members, or those who run the hosts, say so.
    Declared,
    /// Nobody does.
    Unknown,
    /// Whoever has the keys can recompute it.
    Proven,
}

impl Grade {
    /// The word in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Unknown => "unknown",
            Self::Proven => "proven",
        }
    }
}

/// Lists what is taken for granted, in the mission's order.
#[must_use]
pub fn assumptions(
    events: &Events,
    rotations: &[Rotation],
    shared: Option<&Shared>,
) -> Vec<Assumption> {
    let plain = |text: &str, grade| Assumption {
        text: text.to_owned(),
        grade,
        note: None,
        by: BTreeSet::new(),
    };
    vec![
        plain("Readers' private keys are protected.", Grade::Unknown),
        plain("Nobody kept a copy after a lawful read.", Grade::Unknown),
        plain("The ciphers hold.", Grade::Unknown),
        alone(shared),
        plain("The code host refuses force-push and wants review.", Grade::Declared),
        plain("Memory and logs of CI are closed to others.", Grade::Declared),
        plain("Clocks are right.", Grade::Declared),
        ended(events),
        differ(rotations),
    ]
}

/// Whether a value serves two environments: what nobody opened, nobody knows.
fn alone(shared: Option<&Shared>) -> Assumption {
    let names = |envs: &mut dyn Iterator<Item = &EnvName>| {
        envs.map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let proof = "a reader of both can prove it".to_owned();
    let (grade, note) = match shared {
        None => (Grade::Unknown, proof),
        Some(it) if !it.same.is_empty() => {
            let keys = names(&mut it.opened.keys());
            (Grade::Proven, format!("it is not so: see OI-20; with keys of {keys}"))
        }
        Some(it) if it.closed.is_empty() => {
            (Grade::Proven, format!("with keys of {}", names(&mut it.opened.keys())))
        }
        Some(it) => {
            let closed = names(&mut it.closed.iter());
            (Grade::Unknown, format!("not computed: no key for {closed}; {proof}"))
        }
    };
    let text = "No value serves two environments.".to_owned();
    Assumption { text, grade, note: Some(note), by: BTreeSet::new() }
}

fn ended(events: &Events) -> Assumption {
    let probed = events.ended.iter().filter(|it| it.grade == Ended::Probed).count();
    let (text, note) = match (events.ended.len(), probed) {
        (0, _) => ("Issuers refuse values that are ended.".to_owned(), "none was ended yet"),
        (all, 0) => (refuse(all), "not probed"),
        (all, probed) if all == probed => (refuse(all), "each probed once, when it was ended"),
        (all, _) => (refuse(all), "some probed once, when they were ended"),
    };
    let by = BTreeSet::new();
    Assumption { text, grade: Grade::Declared, note: Some(note.to_owned()), by }
}

fn refuse(count: usize) -> String {
    if count == 1 {
        "Issuers refuse the 1 value that was ended.".to_owned()
    } else {
        format!("Issuers refuse the {count} values that were ended.")
    }
}

fn differ(rotations: &[Rotation]) -> Assumption {
    let text = match rotations.len() {
        0 => "A rotated value differs from those before; none was rotated yet.".to_owned(),
        1 => "The 1 rotated value differs from those before.".to_owned(),
        count => format!("The {count} rotated values differ from those before."),
    };
    let by = rotations.iter().map(|it| it.by.to_string()).collect();
    Assumption { text, grade: Grade::Declared, note: Some("a reader can prove it".to_owned()), by }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::deeds::report::events::Ended as Credential;

    fn ends(grades: &[Ended]) -> Events {
        let credential = |grade: &Ended| Credential {
            name: "dev/A".to_owned(),
            on: date(2026, 1, 1),
            by: "ana".parse().unwrap(),
            grade: *grade,
        };
        Events { ended: grades.iter().map(credential).collect(), ..Events::default() }
    }

    #[test]
    fn what_was_probed_is_said() {
        use Ended::{Declared, Probed};
        let said = |grades: &[Ended]| {
            let all = assumptions(&ends(grades), &[], None);
            assert_eq!(all.len(), 9);
            (all[7].text.clone(), all[7].note.clone().unwrap())
        };
        assert_eq!(said(&[]).1, "none was ended yet");
        assert_eq!(said(&[Declared]).0, "Issuers refuse the 1 value that was ended.");
        assert_eq!(said(&[Declared, Declared]).1, "not probed");
        assert_eq!(said(&[Declared, Probed]).1, "some probed once, when they were ended");
        assert_eq!(said(&[Probed]).1, "each probed once, when it was ended");
    }

    #[test]
    fn nothing_is_proven_that_cannot_be() {
        let all = assumptions(&ends(&[]), &[], None);
        let unknown = all.iter().filter(|it| it.grade == Grade::Unknown).count();
        assert_eq!(unknown, 4);
        assert_eq!(all[3].note.as_deref(), Some("a reader of both can prove it"));
    }
}
