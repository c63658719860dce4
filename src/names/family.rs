//! The values beside a current one while it is rotated: `KEY_NEXT` and `KEY_PREVIOUS`. Design, section 8.
//!
//! A name alone makes no family: whether a value is another's pending or previous one, the log says.

use super::{Address, KeyPath, RepoPath, Segment, Shared};

/// What a value is to the current one that it stands beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Not yet in its place.
    Next,
    /// No longer in its place, and not yet ended.
    Previous,
}

impl Stage {
    /// Both, in the order in which a value goes through them.
    pub const ALL: [Self; 2] = [Self::Next, Self::Previous];

    /// The word for people and machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Next => "pending",
            Self::Previous => "previous",
        }
    }

    /// What a key gets at its end: in lower case where it has lower-case letters itself.
    fn after_key(self, key: &str) -> &'static str {
        let lower = key.contains(char::is_lowercase);
        match (self, lower) {
            (Self::Next, false) => "_NEXT",
            (Self::Next, true) => "_next",
            (Self::Previous, false) => "_PREVIOUS",
            (Self::Previous, true) => "_previous",
        }
    }

    fn after_file(self) -> &'static str {
        match self {
            Self::Next => ".next",
            Self::Previous => ".previous",
        }
    }
}

impl Address {
    /// Where the pending or previous value of what stands here goes; none for what has no key of its own:
    /// the root of a document, and keys that stand more than once.
    #[must_use]
    pub fn beside(&self, stage: Stage) -> Option<Self> {
        let KeyPath::Place { document, segments } = &self.key else {
            let path = format!("{}{}", self.path, stage.after_file());
            return Some(Self { path: path.parse().ok()?, ..self.clone() });
        };
        let (last, above) = segments.split_last()?;
        let Segment::Key { name, nth: 1 } = last else { return None };
        let name = format!("{}{}", name.as_str(), stage.after_key(name.as_str()));
        Some(Self { key: with_last(*document, above, &name), ..self.clone() })
    }

    /// What this would be the pending or previous value of, by its name alone.
    #[must_use]
    pub fn beside_what(&self) -> Option<(Stage, Self)> {
        Stage::ALL.into_iter().find_map(|stage| Some((stage, self.without(stage)?)))
    }

    fn without(&self, stage: Stage) -> Option<Self> {
        let KeyPath::Place { document, segments } = &self.key else {
            let path: RepoPath =
                self.path.as_str().strip_suffix(stage.after_file())?.parse().ok()?;
            return Some(Self { path, ..self.clone() });
        };
        let (last, above) = segments.split_last()?;
        let Segment::Key { name, nth: 1 } = last else { return None };
        let ends = ["_NEXT", "_next", "_PREVIOUS", "_previous"].into_iter();
        let base = ends.filter_map(|end| Some((end, name.as_str().strip_suffix(end)?)));
        let (_, base) = base
            .filter(|(_, base)| !base.is_empty())
            .find(|(end, base)| stage.after_key(base) == *end)?;
        Some(Self { key: with_last(*document, above, base), ..self.clone() })
    }
}

fn with_last(document: u32, above: &[Segment], name: &str) -> KeyPath {
    let last = Segment::Key { name: Shared::of(name), nth: 1 };
    KeyPath::Place { document, segments: above.iter().cloned().chain([last]).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn each_name_has_one_beside_it_and_back() {
        for (base, next, previous) in [
            ("prod/a.env#KEY", "prod/a.env#KEY_NEXT", "prod/a.env#KEY_PREVIOUS"),
            (
                "prod/a.yaml#db.password",
                "prod/a.yaml#db.password_next",
                "prod/a.yaml#db.password_previous",
            ),
            ("prod/a.yaml#apiKey", "prod/a.yaml#apiKey_next", "prod/a.yaml#apiKey_previous"),
            (
                "prod/a.yaml#@2.\"a b\"",
                "prod/a.yaml#@2.\"a b_next\"",
                "prod/a.yaml#@2.\"a b_previous\"",
            ),
            ("prod/a.env#K9", "prod/a.env#K9_NEXT", "prod/a.env#K9_PREVIOUS"),
            ("prod/tls.pem#*", "prod/tls.pem.next#*", "prod/tls.pem.previous#*"),
        ] {
            for (stage, text) in [(Stage::Next, next), (Stage::Previous, previous)] {
                assert_eq!(address(base).beside(stage), Some(address(text)));
                assert_eq!(address(text).beside_what(), Some((stage, address(base))));
            }
        }
    }

    #[test]
    fn what_has_no_key_of_its_own_has_nothing_beside_it() {
        for text in ["prod/a.env#KEY#2", "prod/a.yaml#@1", "prod/a.yaml#@2"] {
            assert_eq!(address(text).beside(Stage::Next), None, "{text}");
        }
    }

    #[test]
    fn only_an_end_in_the_right_case_makes_a_name_that_of_another() {
        for text in [
            "prod/a.env#KEY",
            "prod/a.env#NEXT",
            "prod/a.env#_NEXT",
            "prod/a.env#KEY_next",
            "prod/a.env#key_NEXT",
            "prod/a.env#KEY_NEXT#2",
            "prod/.next#*",
            "prod/tls.pem.NEXT#*",
        ] {
            assert_eq!(address(text).beside_what(), None, "{text}");
        }
    }
}
