//! The policy: who is a member, who may read and write what, and how long each secret may live.

mod cadence;
mod clash;
mod custody;
mod diff;
pub mod edit;
mod glob;
mod grants;
mod guard;
mod lint;
mod lost_key;
mod nearest;
mod parse;
mod plan;
mod problem;
mod recipient;
mod rights;
mod signing_key;
mod table;
mod template;
mod terms;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::names::{ConsumerName, EnvName, MemberName, RepositoryId, RoleName, TypeName};

pub use cadence::is_credential;
pub use clash::Clash;
pub use diff::{Change, Sign, Weight, semantic_diff};
pub use glob::{AddressGlob, Glob, GlobError, KeyGlob};
pub use grants::{Narrowing, Right, Way};
pub use guard::{Guard, GuardRule};
pub use lint::{line_of, line_of_element, lint};
pub use lost_key::LostKey;
pub use nearest::nearest;
pub use problem::{PolicyError, Problem};
pub use recipient::{Recipient, RecipientError};
pub use rights::{Rule, Search};
pub use signing_key::{SigningKey, SigningKeyError};
pub use template::{TemplateArgs, template};
pub use terms::{
    Accept, Access, Clocks, Comments, Consumer, Custody, Duty, Link, Links, LoggedEvent, Logging,
    Origin, Party, Procedure, RiskNote, RotateEvery, Store, Strategy, Users, Word,
};

/// Where the policy stands in the repository.
pub const PATH: &str = ".secrets-policy.toml";

/// A policy that keeps every rule of design section 5: whoever holds one need not check names again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Sequence number and eight random digits, `3-9f2c41ab`; new at each signing.
    pub revision: String,
    /// The id that each token of this repository is bound to.
    pub repository: RepositoryId,
    /// People and machines.
    pub members: BTreeMap<MemberName, Member>,
    /// Named sets of members; none is empty, all their members exist.
    pub roles: BTreeMap<RoleName, Vec<MemberName>>,
    /// Who signs policies; no roles only where there is no environment.
    pub admin: Admin,
    /// Empty in a repository that only uses the guard.
    pub environments: BTreeMap<EnvName, Environment>,
    /// The types that the policy describes; the known words of mission section C exist without it.
    pub types: BTreeMap<TypeName, SecretType>,
    /// Rules of secrets, in the order of the text; a later one wins, field by field.
    pub secrets: Vec<SecretRule>,
    /// Deadlines that nothing narrower sets.
    pub clocks: Clocks,
    /// Programs and jobs that use secrets.
    pub consumers: BTreeMap<ConsumerName, Consumer>,
    /// Documents outside of us.
    pub links: Links,
    /// Who approves what in the procedure.
    pub procedure: Procedure,
    /// What the organisation wants logged.
    pub logging: Logging,
    /// Who does what: create, store, distribute, rotate …
    pub responsibility: BTreeMap<Duty, Vec<Party>>,
    /// What `scan` and the hooks look for beside our own rules.
    pub guard: Guard,
}

/// A person or a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// People may sign, machines only read.
    pub kind: MemberKind,
    /// Public keys that keyrings are wrapped for; may be empty for a person who only signs.
    pub recipients: Vec<Recipient>,
    /// Public keys whose signatures count; always empty for a machine.
    pub signing_keys: Vec<SigningKey>,
    /// Public keys that they had, and that are lost or stolen: nobody may have them again.
    pub lost_keys: Vec<LostKey>,
    /// The person who answers for a machine.
    pub owner: Option<MemberName>,
    /// The last UTC day of its keys. A finding when past, never a change of readers.
    pub expires: Option<Date>,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberKind {
    /// Somebody at a terminal.
    Person,
    /// A job or a server: it has no signing key.
    Machine,
}

impl MemberKind {
    /// The word in the policy.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Machine => "machine",
        }
    }
}

/// Who puts policies in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// The roles whose people are admins.
    pub roles: Vec<RoleName>,
    /// How many of them must sign; at least 1, at most as many as have a signing key.
    pub threshold: u32,
}

/// A set of secret files with its own readers and writers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Which files belong to it; empty only where the store is elsewhere.
    pub files: Vec<Glob>,
    /// The roles that read.
    pub readers: Vec<RoleName>,
    /// The roles whose people write.
    pub writers: Vec<RoleName>,
    /// From so many days after a deadline on, `run` refuses the value.
    pub refuse_overdue_after: Option<u32>,
    /// The keys whose values stand in clear.
    pub clear: Vec<KeyGlob>,
    /// What happens to comments.
    pub comments: Comments,
    /// Names of variables that `run` passes on although they steer loaders.
    pub allow_env: Vec<String>,
    /// Where the secrets are kept.
    pub store: Store,
    /// No person is to read it.
    pub runtime_only: bool,
    /// Days until the values that a leaver could read must be new.
    pub leaver: Option<u32>,
}

/// What holds for all secrets of a type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretType {
    /// How long a value may live.
    pub rotate_every: Option<RotateEvery>,
    /// Days before the deadline from which on it is announced.
    pub warn_before: Option<u32>,
    /// Days for which a value past its deadline is a warning before it is a failure.
    pub grace: Option<u32>,
    /// From so many days after a deadline on, `run` refuses the value.
    pub refuse_overdue_after: Option<u32>,
    /// How a new value is made, as `password:32`; the grammar is that of the room `rotation`.
    pub generate: Option<String>,
    /// How to rotate it: a path or a URL.
    pub runbook: Option<String>,
    /// The word of document 5D that it counts under.
    pub word: Option<Word>,
    /// A signed decision not to rotate.
    pub accept: Option<Accept>,
    /// What it is, for document 5D.
    pub description: Option<String>,
    /// How a value is ended at its issuer.
    pub revoke: Option<String>,
    /// Days that the previous value may stay beside the current one.
    pub overlap: Option<u32>,
    /// Whether two values can be in use at once.
    pub strategy: Option<Strategy>,
    /// Why this cadence is enough.
    pub risk_note: Option<RiskNote>,
}

/// What holds for the secrets that one pattern takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRule {
    /// Which secrets.
    pub matches: AddressGlob,
    /// Their type.
    pub kind: Option<TypeName>,
    /// How long their values may live, whatever their type says.
    pub rotate_every: Option<RotateEvery>,
    /// Days before the deadline from which on it is announced, whatever their type says.
    pub warn_before: Option<u32>,
    /// Who answers for them: a team or a member, in free words.
    pub owner: Option<String>,
    /// Whether we or a third party issue them.
    pub origin: Option<Origin>,
    /// The third party.
    pub vendor: Option<String>,
    /// Roles that may write them; narrows the environment's writers, never widens them.
    pub writers: Option<Vec<RoleName>>,
    /// The consumers that use them.
    pub used_by: Vec<ConsumerName>,
    /// The users at the issuer who take turns.
    pub users: Option<Users>,
    /// Who holds them.
    pub custody: Option<Custody>,
    /// Who else holds copies, in free words.
    pub copies: Vec<String>,
    /// Whom to ask at the third party.
    pub contact: Option<String>,
}
