//! What the program does, one file a deed. None knows commands, flags or exit codes.

pub mod access;
pub mod aim;
pub mod allow;
pub mod as_of;
pub mod attest;
pub mod attributes;
mod beside;
mod brought;
pub mod check;
pub mod delivery;
pub mod doctor;
pub mod driver;
mod dropping;
pub mod edit;
mod editing;
pub mod enact;
mod ends;
pub mod exposure;
pub mod extend;
pub mod find;
pub mod fit;
pub mod get;
mod given;
pub mod guard;
pub mod handover;
pub mod hooks;
pub mod ignored;
pub mod incident;
pub mod init;
pub mod join;
pub mod key;
pub mod keyrings;
pub mod list;
pub mod load;
pub mod log;
pub mod machines;
mod making;
pub mod member;
pub mod memory;
pub mod mv;
pub mod open;
pub mod opened;
mod over;
pub mod own;
pub mod past;
pub mod pen;
pub mod policy;
pub mod range;
pub mod rekey;
mod replay;
pub mod report;
pub mod request;
pub mod resolve;
pub mod restore;
mod retype;
pub mod ring;
pub mod rotate;
pub mod scan;
pub mod seal;
pub mod sealing;
pub mod set;
mod source;
pub mod status;
pub mod to_read;
pub mod trust;
mod twins;
pub mod unset;
pub mod whoami;

use crate::deliver::DeliverError;
use crate::document::NotSpliceable;
use crate::document::value::ValueError;
use crate::finding::Finding;
use crate::keyring::KeyringError;
use crate::log::EntryError;
use crate::log::request::RequestError;
use crate::names::{Address, EntryId, EnvName, KeyPath, MemberName, NameError, RepoPath, RoleName};
use crate::policy::PolicyError;
use crate::policy::edit::EditError;
use crate::rotation::RotationError;
use crate::seal::SealError;
use crate::world::WorldError;
use crate::world::child::ChildError;
use crate::world::harden::HardenError;
use crate::world::keys::KeysError;
use crate::world::signer::SignerError;
use crate::world::terminal::TerminalError;

/// The rule that alone was asked about, in a sentence.
fn of_rule(rule: Option<&str>) -> String {
    rule.map(|rule| format!(" by the rule `{rule}`")).unwrap_or_default()
}

/// Why a deed was not done: a room's reason, or one of the deeds' own.
#[derive(Debug, thiserror::Error)]
pub enum DeedError {
    /// A text is no name, path or key.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A policy cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A policy cannot be edited so.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A value cannot be read from, or put into, a document.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// Something does not seal or open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A keyring is not made or not read.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// An entry cannot be written.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A request is none, or cannot be written.
    #[error("the request cannot be used: {0}")]
    Request(#[from] RequestError),
    /// Files or git refuse.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A key cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Nothing was signed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// A question was not answered.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// A program was not started.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// Nothing is generated.
    #[error(transparent)]
    Rotation(#[from] RotationError),
    /// Values do not go out.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// The process cannot be closed off.
    #[error(transparent)]
    Harden(#[from] HardenError),
    /// Nothing is found there that could pass.
    #[error("nothing is found at {path}:{line}{}", of_rule(rule.as_deref()))]
    NoFinding {
        /// The file, as the user gave it.
        path: String,
        /// From 1; 0 for its name.
        line: usize,
        /// The only rule that was asked about.
        rule: Option<String>,
    },
    /// The file of rules or of exceptions is not well made.
    #[error("{path} line {line}: {why}")]
    Standard {
        /// Which file.
        path: &'static str,
        /// From 1.
        line: usize,
        /// What is wrong there.
        why: String,
        /// Whether HEAD has that file, perhaps as it should be.
        in_head: bool,
    },

    /// The repository is not in the state that this deed needs.
    #[error("{}", .0.message)]
    Refused(Box<Finding>),
    /// There is no policy to believe.
    #[error("there is no policy that can be believed")]
    NoPolicy,
    /// `TENURE_ROOT` is no id.
    #[error("`TENURE_ROOT` is no id of 64 hexadecimal digits")]
    BadRoot,
    /// `TENURE_MIN_POLICY` is no number.
    #[error("`TENURE_MIN_POLICY` is no number of a policy")]
    BadMinPolicy,
    /// The pin's file is damaged.
    #[error("the pin of this clone is damaged")]
    BadPin {
        /// Its file.
        file: std::path::PathBuf,
    },
    /// The root that was said is not the one that is pinned.
    #[error("you name the root {said}, and this clone has pinned {pinned}")]
    RootsDiffer {
        /// From `--root` or `TENURE_ROOT`.
        said: EntryId,
        /// From the pin.
        pinned: EntryId,
    },
    /// Nothing is trusted yet.
    #[error("this clone trusts no root yet")]
    NoRoot {
        /// The root that the log would have.
        root: Option<EntryId>,
    },
    /// The policy does not name this environment.
    #[error("there is no environment `{env}`")]
    NoEnvironment {
        /// The name that was asked for.
        env: EnvName,
        /// Those that there are.
        known: Vec<EnvName>,
    },
    /// No environment was named, and there is none to assume.
    #[error("no environment is named")]
    WhichEnvironment {
        /// Those that there are.
        known: Vec<EnvName>,
    },
    /// No attested file has this secret.
    #[error("there is no secret `{text}` in {env}")]
    NoSecret {
        /// The environment.
        env: EnvName,
        /// The text that was asked for.
        text: String,
        /// One that there is, if the text is nearly its name.
        nearest: Option<String>,
    },
    /// Several files have it.
    #[error("{} files of {env} have `{text}`", found.len())]
    Ambiguous {
        /// The environment.
        env: EnvName,
        /// The text that was asked for.
        text: String,
        /// Where it is.
        found: Vec<Address>,
    },
    /// No rule of any policy names this third party.
    #[error("no rule of the policy names the vendor `{text}`")]
    NoVendor {
        /// The text that was asked for.
        text: String,
        /// One that there is, if the text is nearly its name.
        nearest: Option<String>,
    },
    /// No entry of the log has an id that begins so.
    #[error("no entry of the log begins with `{0}`")]
    NoEntry(String),
    /// A text says no moment.
    #[error("`{0}` is no day, no entry of the log and no commit")]
    NoMoment(String),
    /// Nothing was in force yet.
    #[error("no policy was in force as of `{0}`")]
    NoPolicyThen(String),
    /// Nobody asks under this name.
    #[error("no request of `{name}` waits here")]
    NoRequest {
        /// The name.
        name: MemberName,
        /// Those whose requests wait.
        waiting: Vec<MemberName>,
    },
    /// No such file, or one that no environment manages.
    #[error("`{0}` belongs to no environment")]
    NotManaged(RepoPath),
    /// There is no such file.
    #[error("there is no file `{0}`")]
    NoFile(RepoPath),
    /// A file is not sealed value by value.
    #[error("`{path}` cannot be sealed value by value: {why}")]
    NotSpliceable {
        /// The file.
        path: RepoPath,
        /// Where and why.
        why: NotSpliceable,
    },
    /// None of the keys at hand opens an environment.
    #[error("none of your keys opens {env}")]
    NoKey {
        /// The environment.
        env: EnvName,
        /// Which keys were tried.
        tried: Vec<String>,
        /// Who can open it.
        readers: Vec<MemberName>,
        /// The roles that read it.
        roles: Vec<RoleName>,
    },
    /// No member has the key at hand.
    #[error("none of your keys belongs to a member who signs")]
    NotAMember {
        /// The keys at hand.
        at_hand: Vec<String>,
    },
    /// The member may not do this.
    #[error("`{by}` may not {what}")]
    NotAllowed {
        /// Who.
        by: MemberName,
        /// What: "write prod".
        what: String,
        /// Who may.
        may: Vec<MemberName>,
    },
    /// Somebody changed a value after the file was opened.
    #[error("`{by}` changed `{key}` since `{path}` was opened")]
    StalePlaintext {
        /// The file.
        path: RepoPath,
        /// The first value that differs.
        key: KeyPath,
        /// Who signed the newer one.
        by: MemberName,
    },
    /// The readers changed since the newest keyring: nothing is sealed to it.
    #[error("the readers of {env} changed since its newest keyring")]
    StaleReaders {
        /// The environment.
        env: EnvName,
        /// Who can make a new one.
        makers: Vec<MemberName>,
    },
    /// A parent's time is ahead of the clock.
    #[error("the newest entry says {0}, which is ahead of this machine's clock")]
    ClockBehind(jiff::Timestamp),
    /// Nothing was given where a value was asked for.
    #[error("the value is empty")]
    NoValue,
    /// The user said no, or nobody was there to say yes.
    #[error("nothing was done")]
    Aborted,
    /// What was asked for is refused, with why.
    #[error("{what}")]
    Refuse {
        /// The fact.
        what: String,
        /// What to do instead.
        instead: Option<String>,
    },
}
