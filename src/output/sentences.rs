//! What nothing can stop, in the words of `threats.md`, section 4: printed where it matters.

/// Where a member is removed.
pub const READ_STAYS_READ: &str = "What was read stays read: removing a reader takes back no value, \
     and old versions stay in the history.";

/// Where a key is lost or stolen.
pub const STOLEN_SIGNER: &str = "A stolen signing key signs as its owner until it is removed; what it \
     signed before stays until somebody vouches or seals anew.";

/// Where a machine is added.
pub const DEPLOY_KEY: &str = "A deploy key reads all that its environments hold and ever held, and a \
     host that runs your CI holds that key.";

/// Where a policy is signed.
pub const SIGNED_UNREAD: &str = "An admin who signs without reading grants what was asked.";

/// Where somebody asks who can do something.
pub const READERS_ARE_CLAIMED: &str = "age hides its recipients. We check how many a keyring has; who \
     they are is the word of whoever signed it.";

/// Where a repository is started.
pub const LOST_ADMINS: &str = "When every admin key is lost, nobody can change the policy. There is no \
     back door: keep one offline.";

/// With every list of entries. Mission, section I, L5.
pub const TIMES_ARE_CLAIMS: &str = "Times are claims of the signers; order comes from the log.";

/// Where it is told who could read. Mission, section I, L2.
pub const READS_LEAVE_NO_TRACE: &str = "Reads are not recorded: whoever holds a reader's key can open \
     values offline and leave no trace. No entry never means not read.";

/// Where it is told who may write. Mission, section I, L4.
pub const WRITERS_CAN_LEAK: &str =
    "A writer can leak or replace what they may write; a signature says who, not why.";

/// Where it is told how values lie. Mission, section I, L7.
pub const NOT_A_RUNNING_PROCESS: &str = "Encryption at rest does not protect a running process: whoever \
     reads its memory or environment has its values.";

/// Where it is told how values lie. Mission, section I, L8.
pub const NAMES_ARE_VISIBLE: &str = "Names, members, roles and deadlines are visible to all who can read \
     the repository; its encryption does not resist a quantum computer.";

/// Where it is told what is watched. Mission, section I, L9.
pub const NOTHING_IS_SENT: &str =
    "tenure sends nothing: a finding becomes an alert when CI or a calendar delivers it.";

/// Where a credential was ended at its issuer. Mission, section I, L6.
#[must_use]
pub fn end_is_declared(by: &str) -> String {
    format!("That the issuer refuses the old value is declared by {by}, not proven.")
}
