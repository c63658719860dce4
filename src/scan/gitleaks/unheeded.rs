//! What of a `.gitleaks.toml` is not heeded: told, since whoever wrote it counts on it.

use crate::scan::pattern::PatternProblem;

/// Something in a `.gitleaks.toml` that is not heeded. Holds nothing of the file but ids of rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Unheeded {
    /// Counted from 1.
    pub line: usize,
    /// What it is.
    pub why: Why,
}

/// Why something is not heeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Rules in another file, or on a server.
    #[error("`extend` names another file, which is not read")]
    Extended,
    /// Exceptions by commit, which name no text.
    #[error("an allow list names commits: they let nothing pass here")]
    Commits,
    /// A rule without a name, or with one that nobody could write.
    #[error("a rule has no id, or one of characters that cannot be shown: it is not searched for")]
    Id,
    /// A rule that is not searched for.
    #[error("the rule `{rule}` is not searched for: its `{field}` {why}")]
    Rule {
        /// The id.
        rule: String,
        /// `regex` or `path`.
        field: &'static str,
        /// What is wrong with it.
        why: PatternProblem,
    },
    /// A rule that every file breaks.
    #[error("the rule `{rule}` is not searched for: its `path` takes every file")]
    EveryFile {
        /// The id.
        rule: String,
    },
    /// A rule that changes what a rule of ours is.
    #[error("the rule `{rule}` has neither `regex` nor `path`: only its allow lists are heeded")]
    Changed {
        /// The id.
        rule: String,
    },
    /// A rule that counts only beside others.
    #[error("the rule `{rule}` is to find only near what others find: it finds without them")]
    Required {
        /// The id.
        rule: String,
    },
    /// A pattern that lets nothing pass.
    #[error("an allow list{} lets nothing pass by one of its `{field}`, which {why}", of(.rule.as_deref()))]
    Allowed {
        /// The rule that the list is for; none where it stands outside of rules.
        rule: Option<String>,
        /// `paths` or `regexes`.
        field: &'static str,
        /// What is wrong with it.
        why: PatternProblem,
    },
    /// A part of a list that would let everything pass.
    #[error("an allow list{} lets nothing pass by one of its `{field}`, which would take everything", of(.rule.as_deref()))]
    Everything {
        /// The rule that the list is for; none where it stands outside of rules.
        rule: Option<String>,
        /// `paths`, `regexes` or `stopwords`.
        field: &'static str,
    },
    /// A list in other words than those that are known.
    #[error("an allow list{} has a condition that is not known here: it lets nothing pass", of(.rule.as_deref()))]
    Condition {
        /// The rule that the list is for; none where it stands outside of rules.
        rule: Option<String>,
    },
    /// Fields of other programs, or of later versions.
    #[error("unknown fields mean nothing here: {count}, of which this is the first")]
    Fields {
        /// How many.
        count: usize,
    },
    /// Ids that are switched off, or have allow lists, and are nobody's.
    #[error("no rule here has the id {}", quoted(.ids))]
    Unknown {
        /// The ids.
        ids: Vec<String>,
    },
}

fn of(rule: Option<&str>) -> String {
    rule.map(|rule| format!(" of the rule `{rule}`")).unwrap_or_default()
}

fn quoted(ids: &[String]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}
