//! The smaller terms of a policy: clocks, links, consumers, and words with a fixed spelling.

use jiff::civil::Date;

use crate::names::{KeyPath, MemberName, RoleName, Sha256};

use super::glob::Glob;

/// Makes an enum of words with a fixed spelling in the policy.
macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $word:literal,)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $vdoc])+ $variant,)+ }

        impl $name {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in the policy.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl Spelt for $name {
            const SPELLINGS: &'static str = words!(@list $($word)+);
            fn spelt(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.word() == word)
            }
        }
    )+};
    (@list $first:literal $($rest:literal)*) => { concat!("`", $first, "`" $(, ", `", $rest, "`")*) };
}

/// A word that the policy may only spell in one of a few ways.
pub(super) trait Spelt: Sized {
    /// All spellings, for a message.
    const SPELLINGS: &'static str;

    /// Reads the word.
    fn spelt(word: &str) -> Option<Self>;
}

words! {
    /// What sealing does to comments.
    Comments {
        /// They are sealed like values.
        Sealed = "sealed",
        /// They stay readable.
        Clear = "clear",
    }
    /// Where an environment's secrets are kept.
    Store {
        /// In sealed files of this repository.
        Files = "files",
        /// In a store that we do not see: only declared.
        Elsewhere = "elsewhere",
    }
    /// Who issues a secret.
    Origin {
        /// We do.
        Internal = "internal",
        /// Somebody else does.
        ThirdParty = "third-party",
    }
    /// Who holds a secret.
    Custody {
        /// We do.
        Own = "own",
        /// The customer does: its deadline is shown, never red.
        Customer = "customer",
    }
    /// How a consumer gets its values.
    Access {
        /// As variables of a program that `run` starts.
        Run = "run",
        /// As a file that `inject` fills.
        Inject = "inject",
        /// One by one, by `get`.
        Get = "get",
    }
    /// Whether two values can be in use at once, and how.
    Strategy {
        /// Both are accepted for a while.
        Dual = "dual",
        /// Only one is: a planned interruption.
        Single = "single",
        /// Two users at the issuer take turns: a new value is for the one who is not in use.
        Alternating = "alternating",
        /// Signatures of both are verified for a while: the new one is out before it signs.
        KeyRing = "key-ring",
        /// The old one stays to decrypt what it encrypted.
        KeepOld = "keep-old",
    }
    /// A word of document 5D, section 1.
    Word {
        /// Keys and client secrets of interfaces.
        ApiKeys = "API keys",
        /// Tokens and webhook secrets.
        Tokens = "tokens",
        /// Passwords of people and of programs.
        Passwords = "passwords",
        /// Certificates with their keys.
        Certificates = "certificates",
        /// Keys that encrypt, sign or open a shell.
        EncryptionKeys = "encryption keys",
    }
    /// What an organisation may want logged.
    LoggedEvent {
        /// Each reading of a value: nobody can log that offline.
        Reads = "reads",
        /// Each change of a value or of the policy.
        Changes = "changes",
        /// Joining, leaving, changing a key.
        AuthEvents = "auth-events",
        /// Refusals.
        AccessDenials = "access-denials",
        /// What admins did.
        PrivilegeUse = "privilege-use",
        /// Findings.
        SecurityAlerts = "security-alerts",
    }
    /// A duty of the shared responsibility matrix.
    Duty {
        /// Making or ordering a secret.
        Create = "create",
        /// Keeping it.
        Store = "store",
        /// Bringing it to where it is used.
        Distribute = "distribute",
        /// Replacing it.
        Rotate = "rotate",
        /// Ending it at its issuer.
        Revoke = "revoke",
        /// Recording what happens to it.
        Log = "log",
        /// Telling people.
        Alert = "alert",
        /// Acting on an incident.
        Respond = "respond",
    }
    /// A party of the shared responsibility matrix.
    Party {
        /// Whoever runs the solution.
        Provider = "provider",
        /// Whoever uses it.
        Customer = "customer",
        /// Whoever issues a secret.
        ThirdParty = "third-party",
        /// Whoever hosts the repository.
        CodeHost = "code-host",
        /// Whoever runs the jobs.
        Ci = "ci",
    }
}

/// How long a value may live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotateEvery {
    /// So many days, from 1.
    Days(u32),
    /// Without an end by date.
    Never,
}

/// A decision not to rotate, with an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept {
    /// Why.
    pub reason: String,
    /// The last UTC day.
    pub until: Date,
}

/// Why a cadence is enough, and when that was last thought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskNote {
    /// The reasoning.
    pub text: String,
    /// The UTC day.
    pub date: Date,
}

/// The two users at an issuer who take turns with a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Users {
    /// The key, in the same file, that names the one in use.
    pub key: KeyPath,
    /// Their names, which are no secret; they differ.
    pub names: [String; 2],
}

impl Users {
    /// The one whose turn comes after another's; none after a stranger's.
    #[must_use]
    pub fn after(&self, name: &[u8]) -> Option<&str> {
        let [one, other] = &self.names;
        match name {
            name if name == one.as_bytes() => Some(other),
            name if name == other.as_bytes() => Some(one),
            _ => None,
        }
    }
}

/// A program or job that uses secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consumer {
    /// How it gets its values.
    pub access: Option<Access>,
    /// The machine that it reads as.
    pub member: Option<MemberName>,
    /// Where its code lies.
    pub paths: Vec<Glob>,
}

/// Deadlines that nothing narrower sets, in days. Mission, section D.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clocks {
    /// Warning before a deadline.
    pub warn_before: u32,
    /// Values that a leaver could read; if not set, 1 for the environment `prod` and 7 elsewhere.
    pub leaver: Option<u32>,
    /// How long a previous value may stay.
    pub overlap: u32,
    /// Between two reviews of who has access.
    pub access_review: u32,
    /// Between two reviews of document 5D.
    pub review_5d: u32,
    /// Between two reviews of the plan.
    pub review_plan: u32,
    /// The life of a machine's key.
    pub machine_keys: u32,
    /// The life of a person's key.
    pub people_keys: u32,
    /// How long events are kept.
    pub keep_events: u32,
    /// The life of a value without a type.
    pub untyped: u32,
    /// From so many days after a deadline on, `run` refuses; off unless set.
    pub refuse_overdue_after: Option<u32>,
    /// Days for which a value past its deadline is a warning before it is a failure; none unless set.
    pub grace: Option<u32>,
}

impl Default for Clocks {
    fn default() -> Self {
        Self {
            warn_before: 14,
            leaver: None,
            overlap: 7,
            access_review: 90,
            review_5d: 365,
            review_plan: 365,
            machine_keys: 90,
            people_keys: 365,
            keep_events: 90,
            untyped: 90,
            refuse_overdue_after: None,
            grace: None,
        }
    }
}

/// A document outside of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// A path or a URL.
    pub to: String,
    /// The hash of its text when it was last read, if the policy holds one.
    pub sha256: Option<Sha256>,
}

/// Documents that reports refer to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The third-party secrets and credentials procedure.
    pub third_party: Option<Link>,
    /// The security logging procedure.
    pub security_logging: Option<Link>,
    /// The organisation's security policy.
    pub org_policy: Option<Link>,
    /// The compliance documents.
    pub compliance: Option<Link>,
    /// The incident response runbook.
    pub incident_response: Option<Link>,
}

/// Who approves what in the procedure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Procedure {
    /// Roles that approve for security.
    pub security: Vec<RoleName>,
    /// Roles that approve for the platform.
    pub platform_owner: Vec<RoleName>,
}

/// What the organisation wants logged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logging {
    /// The kinds of events.
    pub required: Vec<LoggedEvent>,
}
