//! The options that every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use jiff::{SignedDuration, Timestamp};

use super::failure::Failure;
use crate::deeds::DeedError;
use crate::names::{EntryId, EnvName};

/// The options of design section 8 that stand before or after any command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Work as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true, value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,

    /// The environment to work on; never prod unless said
    #[arg(short, long, value_name = "ENV", global = true)]
    pub env: Option<EnvName>,

    /// A file with a private key of yours; may be given more than once
    #[arg(short, long, value_name = "FILE", global = true, value_hint = ValueHint::FilePath)]
    pub identity: Vec<PathBuf>,

    /// The id of the log's first entry that this run trusts, as 64 hex digits [env: TENURE_ROOT]
    #[arg(long, value_name = "HEX", global = true)]
    pub root: Option<EntryId>,

    /// Refuse a log whose policy in force has a lower number [env: TENURE_MIN_POLICY]
    #[arg(long, value_name = "N", global = true)]
    pub min_policy: Option<u32>,

    /// Refuse a log that lacks an entry of this revision, as of the target of a pull request
    #[arg(long = "base", value_name = "REV", global = true)]
    pub base_revision: Option<String>,

    /// Refuse a log whose newest entry is older, as in 7d or 36h: somebody may withhold the rest
    #[arg(long, value_name = "AGE", global = true, value_parser = age)]
    pub max_age: Option<SignedDuration>,

    /// Answer as one JSON object on stdout; errors as one on stderr
    #[arg(long, global = true)]
    pub json: bool,

    /// Say only the answer, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// Take every question as answered with yes
    #[arg(short, long, global = true)]
    pub yes: bool,

    /// Show what would be done, and write nothing
    #[arg(short = 'n', long, global = true)]
    pub dry_run: bool,

    /// Never ask; so by itself without a terminal or with CI
    #[arg(long, global = true)]
    pub non_interactive: bool,

    /// When to colour: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub color: ColorWhen,

    /// The time to take for now, for tests
    #[arg(long, value_name = "RFC3339", global = true, hide = true)]
    pub now: Option<Timestamp>,
}

impl Global {
    /// Refuses an environment where all are spoken of: to leave the others out without a word would be worse.
    pub(crate) fn of_all(&self, what: &str) -> Result<(), Failure> {
        let Some(env) = &self.env else { return Ok(()) };
        let refused = DeedError::Refuse {
            what: format!("{what} is of all environments, and not of {env} alone"),
            instead: Some("leave `-e` out".to_owned()),
        };
        Err(refused.into())
    }
}

/// Reads a length of time; a day has 24 hours.
fn age(text: &str) -> Result<SignedDuration, String> {
    let span =
        text.parse::<jiff::Span>().map_err(|_| "wanted is a time as 7d or 36h".to_owned())?;
    let age = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours());
    let age = age.map_err(|_| "months and years differ in length: say it in days".to_owned())?;
    if age.is_positive() { Ok(age) } else { Err("it must be longer than nothing".to_owned()) }
}

/// The option of every command that signs.
#[derive(Debug, Args)]
pub(crate) struct Reason {
    /// Why, for the log
    #[arg(long = "reason", value_name = "TEXT")]
    pub(crate) text: Option<String>,
}

/// The option of every question about another day or state.
#[derive(Debug, Args)]
pub(crate) struct AsOf {
    /// As of the end of a day (2027-05-01, by claimed times), an entry of the log, or a commit
    #[arg(long = "as-of", value_name = "DATE|ENTRY|REV")]
    pub(crate) text: Option<String>,
}

/// The option of what tells about the whole state, to ask about another day or state.
#[derive(Debug, Args)]
pub(crate) struct View {
    /// As of a day, or of a commit on its own day; both: that commit by that day's calendar. A day that is
    /// over is the newest commit of this branch up to then; nothing is written, and no pin moves
    #[arg(long = "as-of", value_name = "DATE|REV")]
    pub(crate) texts: Vec<String>,
}

/// When to colour human text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Into files and pipes too.
    Always,
    /// Nowhere.
    Never,
}
