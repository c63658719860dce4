//! What can be wrong with a policy, and where.

use crate::names::{EnvName, MemberName, NameError, RoleName};

use super::glob::GlobError;
use super::recipient::RecipientError;
use super::signing_key::SigningKeyError;

/// The first thing that is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct PolicyError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

impl PolicyError {
    /// What to do about it, as one sentence, where we know.
    #[must_use]
    pub fn fix(&self) -> Option<String> {
        match &self.problem {
            Problem::Version => Some("update tenure".to_owned()),
            problem => problem.nearest().map(|name| format!("did you mean `{name}`?")),
        }
    }
}

/// What is wrong with a policy. Holds names that keep their grammar, never a value of the file: it may
/// be a private key that somebody pasted.
///
/// `place` is a table as its header has it, such as `[members.ana]`; `nearest` is what was likely meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not TOML at all, or a key stands twice.
    #[error("this is no valid TOML, or a key stands twice")]
    Syntax,
    /// Written for a later program.
    #[error("the policy is of a version that this program does not know")]
    Version,
    /// A field that nobody knows; its text is empty if it looks like no field.
    #[error("{place} has a field that is not known{}", quoted(.field))]
    UnknownField {
        /// The table.
        place: String,
        /// The field, if its text is harmless.
        field: String,
        /// The field that was likely meant.
        nearest: Option<String>,
    },
    /// A field that must be there.
    #[error("{place} has no `{field}`")]
    MissingField {
        /// The table.
        place: String,
        /// The field.
        field: &'static str,
    },
    /// A field of another shape.
    #[error("`{field}` must be {wants}")]
    Shape {
        /// The field.
        field: &'static str,
        /// What it must be.
        wants: &'static str,
    },
    /// A list without an element.
    #[error("`{field}` names nobody and nothing")]
    EmptyList {
        /// The field.
        field: &'static str,
    },
    /// An element that stands twice in a list.
    #[error("`{field}` names the same twice")]
    Repeated {
        /// The field.
        field: &'static str,
    },
    /// A malformed name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A malformed recipient.
    #[error(transparent)]
    Recipient(#[from] RecipientError),
    /// A malformed signing key.
    #[error(transparent)]
    SigningKey(#[from] SigningKeyError),
    /// A malformed pattern.
    #[error(transparent)]
    Glob(#[from] GlobError),
    /// A private key stands where a text should.
    #[error("`{field}` holds a private key")]
    PrivateKey {
        /// The field.
        field: &'static str,
    },
    /// A role without members.
    #[error("role `{role}` names nobody")]
    EmptyRole {
        /// The role.
        role: RoleName,
    },
    /// A role names somebody who is not there.
    #[error("role `{role}` names the unknown member `{member}`")]
    UnknownMemberInRole {
        /// The role.
        role: RoleName,
        /// The name.
        member: MemberName,
        /// The member that was likely meant.
        nearest: Option<String>,
    },
    /// A field names something that is not there.
    #[error("`{field}` names the unknown {what} `{name}`")]
    Unknown {
        /// The field.
        field: &'static str,
        /// "member", "role", "type", "consumer", "environment".
        what: &'static str,
        /// The name.
        name: String,
        /// The name that was likely meant.
        nearest: Option<String>,
    },
    /// A person with no key at all, or a machine without a recipient.
    #[error("member `{member}` has no key")]
    NoKey {
        /// The member.
        member: MemberName,
    },
    /// A machine that could sign.
    #[error("machine `{member}` has a signing key; machines only read")]
    MachineSigns {
        /// The member.
        member: MemberName,
    },
    /// An owner who is no person.
    #[error("member `{member}` is owned by a machine")]
    OwnedByMachine {
        /// The member.
        member: MemberName,
    },
    /// One public key at two members: nobody could say whose it is.
    #[error("members `{one}` and `{other}` have the same {what}")]
    SharedKey {
        /// "recipient" or "signing key".
        what: &'static str,
        /// The member named first.
        one: MemberName,
        /// The other.
        other: MemberName,
    },
    /// A key that is lost or stolen is one that somebody has.
    #[error("member `{member}` has a key that `{by}` lost")]
    LostKeyInUse {
        /// Who has it.
        member: MemberName,
        /// Who lost it.
        by: MemberName,
    },
    /// Nobody could ever sign a policy.
    #[error("no admin has a signing key")]
    NoAdmin,
    /// More signatures than admins, or none.
    #[error("the threshold is {threshold}, and {} can sign", counted(.admins))]
    Threshold {
        /// What the policy asks for.
        threshold: u32,
        /// How many can sign.
        admins: usize,
    },
    /// A reader set that is empty would leave values that nobody opens.
    #[error("nobody in the readers of `{env}` has a recipient")]
    NoReader {
        /// The environment.
        env: EnvName,
    },
}

impl Problem {
    /// The name that was likely meant.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        match self {
            Self::UnknownField { nearest, .. }
            | Self::UnknownMemberInRole { nearest, .. }
            | Self::Unknown { nearest, .. } => nearest.as_deref(),
            _ => None,
        }
    }
}

fn counted(admins: &usize) -> String {
    format!("{admins} {}", if *admins == 1 { "admin" } else { "admins" })
}

fn quoted(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(": `{field}`") }
}
