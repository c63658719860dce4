//! The pin: what this clone has seen, and where. Only its own text is taken, to the letter.

use std::fmt;

use crate::names::EntryId;
use crate::world::ObjectId;

/// What a clone trusts, and what it has seen of the protected branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The id of the first entry.
    pub root: EntryId,
    /// The newest state that was verified; none before the first.
    pub mark: Option<Mark>,
}

/// A state of the protected branch that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The name of the branch.
    pub branch: String,
    /// Its commit.
    pub commit: ObjectId,
    /// The newest entries of that commit, sorted; at least one.
    pub heads: Vec<EntryId>,
}

impl Pin {
    /// Trusts a root, and has seen nothing yet.
    #[must_use]
    pub fn of(root: EntryId) -> Self {
        Self { root, mark: None }
    }

    /// Reads the text that [`Pin`] prints; none for any other.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split_inclusive('\n');
        let mut field = |name: &str| {
            lines.next().map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.strip_suffix('\n'))
        };
        let root = field("root")??.parse().ok()?;
        let Some(branch) = field("branch") else { return Some(Self::of(root)) };
        let branch = branch.filter(|name| is_branch(name))?.to_owned();
        let commit = ObjectId::parse(field("commit")??.as_bytes())?;
        let mut heads: Vec<EntryId> = Vec::new();
        while let Some(head) = field("head") {
            let head = head?.parse().ok()?;
            if heads.last().is_some_and(|last| *last >= head) {
                return None;
            }
            heads.push(head);
        }
        let mark = Mark { branch, commit, heads };
        (!mark.heads.is_empty()).then_some(Self { root, mark: Some(mark) })
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "root {}", self.root)?;
        let Some(mark) = &self.mark else { return Ok(()) };
        writeln!(f, "branch {}\ncommit {}", mark.branch, mark.commit.as_str())?;
        mark.heads.iter().try_for_each(|head| f.write_fmt(format_args!("head {head}\n")))
    }
}

/// Tells whether a name can be kept as that of a branch: one line, and nothing that git would not take.
pub(super) fn is_branch(name: &str) -> bool {
    let refused = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    !name.is_empty() && !name.starts_with('-') && !name.contains("..") && !name.contains(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONE: &str = "1111111111111111111111111111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222222222222222222222222222";
    const COMMIT: &str = "cccccccccccccccccccccccccccccccccccccccc";

    fn whole() -> String {
        format!("root {ONE}\nbranch release/1.x\ncommit {COMMIT}\nhead {ONE}\nhead {TWO}\n")
    }

    #[test]
    fn a_pin_of_the_root_alone_stays_one() {
        let pin = Pin::parse(&format!("root {ONE}\n")).unwrap();
        assert_eq!((pin.root.to_string().as_str(), pin.mark), (ONE, None));
    }

    #[test]
    fn branch_commit_and_heads_are_read() {
        let pin = Pin::parse(&whole()).unwrap();
        let mark = pin.mark.clone().unwrap();
        assert_eq!((mark.branch.as_str(), mark.commit.as_str()), ("release/1.x", COMMIT));
        assert_eq!(mark.heads.len(), 2);
        assert_eq!(pin.to_string(), whole());
    }

    #[test]
    fn any_other_text_is_no_pin() {
        let long = "d".repeat(64);
        assert!(Pin::parse(&whole().replace(COMMIT, &long)).is_some());
        for (from, to) in [
            ("root ", ""),
            ("root ", "root  "),
            ("root ", " root "),
            ("\nbranch", "\r\nbranch"),
            ("branch release/1.x\n", ""),
            ("branch release/1.x", "branch "),
            ("branch release/1.x", "branch a b"),
            ("branch release/1.x", "branch -x"),
            ("branch release/1.x", "branch a..b"),
            (COMMIT, "cccc"),
            (COMMIT, "Cccccccccccccccccccccccccccccccccccccccc"),
            ("head 1", "heads 1"),
            (TWO, ONE),
            (TWO, "0000000000000000000000000000000000000000000000000000000000000000"),
            ("head 2222", "head 222"),
            ("head 2", "\nhead 2"),
            ("22\n", "22\nmore\n"),
            ("22\n", "22"),
        ] {
            let other = whole().replacen(from, to, 1);
            assert_ne!(other, whole(), "{from:?}");
            assert_eq!(Pin::parse(&other), None, "{other:?}");
        }
        let no_head = format!("root {ONE}\nbranch main\ncommit {COMMIT}\n");
        for text in ["", "\n", "junk", ONE, &no_head] {
            assert_eq!(Pin::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_and_nothing_else_is(
            text in "(root|head|branch|commit| |\n|[0-9a-f]{40}|[0-9a-f]{64}|main)*"
        ) {
            if let Some(pin) = Pin::parse(&text) {
                prop_assert_eq!(pin.to_string(), text);
            }
        }

        #[test]
        fn every_pin_is_read_back(
            root in any::<[u8; 32]>(),
            heads in proptest::collection::btree_set(any::<[u8; 32]>(), 1..4),
            branch in "[a-z][a-z0-9/-]{0,20}",
        ) {
            let heads = heads.into_iter().map(EntryId).collect();
            let commit = ObjectId::parse(COMMIT.as_bytes()).unwrap();
            let pin = Pin { root: EntryId(root), mark: Some(Mark { branch, commit, heads }) };
            prop_assert_eq!(Pin::parse(&pin.to_string()), Some(pin));
        }
    }
}
