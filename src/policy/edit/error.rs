//! Why an edit was not made.

use crate::names::{EnvName, MemberName, RoleName};
use crate::policy::PolicyError;

/// Why an edit was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The policy is invalid.
    #[error(transparent)]
    Invalid(#[from] PolicyError),
    /// The policy would become invalid.
    #[error("that would break the policy: {}", .0.problem)]
    Breaks(PolicyError),
    /// The name is taken.
    #[error("there is a member `{name}` already")]
    MemberExists {
        /// The name.
        name: MemberName,
    },
    /// The name is taken.
    #[error("there is a role `{role}` already")]
    RoleExists {
        /// The name.
        role: RoleName,
    },
    /// Nobody has this name.
    #[error("there is no member `{name}`")]
    UnknownMember {
        /// The name.
        name: MemberName,
        /// Who was likely meant.
        nearest: Option<String>,
    },
    /// No role has this name.
    #[error("there is no role `{role}`")]
    UnknownRole {
        /// The name.
        role: RoleName,
        /// What was likely meant.
        nearest: Option<String>,
    },
    /// No environment has this name.
    #[error("there is no environment `{env}`")]
    UnknownEnvironment {
        /// The name.
        env: EnvName,
    },
    /// Nothing to do.
    #[error("`{place}` names `{name}` already")]
    AlreadyThere {
        /// The list.
        place: String,
        /// What it names.
        name: String,
    },
    /// Nothing to do.
    #[error("`{place}` does not name `{name}`")]
    NotThere {
        /// The list.
        place: String,
        /// What it does not name.
        name: String,
    },
    /// A list that must name somebody would name nobody.
    #[error("without `{name}`, `{place}` would name nobody")]
    LeavesNobody {
        /// The list.
        place: String,
        /// Its only element.
        name: String,
    },
    /// The text is laid out in a way that cannot be edited here, such as a list that is no list.
    #[error("`{place}` cannot be edited by a command")]
    Layout {
        /// The table or list.
        place: String,
    },
}
