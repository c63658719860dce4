//! `tenure scan`: looks for credentials and managed values where they do not belong.

use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::scan::{self, Where};
use crate::output::Output;
use crate::output::progress::Bar;
use crate::output::scanned::{Gitlab, Notes, Sarif};
use crate::world::World;

/// Look for credentials, and for the values that are managed here, where they do not belong
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Values that are managed here are looked for as far as keys at hand open them without a question, in whatever
way they are written. No value is ever shown. Exit 1: something was found that the hook would block.

Examples:
  tenure scan                            every file that git does not ignore
  tenure scan src docs
  tenure scan --staged                   what a commit would bring
  tenure scan --range origin/main..HEAD  what this branch brings
  tenure scan --history                  all that was ever committed
  some-command | tenure scan --stdin
  tenure scan --format sarif > scan.sarif")]
pub(crate) struct Args {
    /// Only what lies below these paths
    #[arg(value_name = "PATH", conflicts_with_all = ["staged", "range", "history", "stdin"])]
    below: Vec<PathBuf>,
    /// What a commit of the index would bring, against HEAD
    #[arg(long, conflicts_with_all = ["range", "history", "stdin"])]
    staged: bool,
    /// What the commits bring that B has and A has not, messages included; exceptions are those of A
    #[arg(long, value_name = "A..B", conflicts_with_all = ["history", "stdin"])]
    range: Option<String>,
    /// What every commit ever brought that a reference leads to, also stash, notes and tags
    #[arg(long, conflicts_with = "stdin")]
    history: bool,
    /// A text on stdin
    #[arg(long)]
    stdin: bool,
    /// Judge the text on stdin as if it stood at this path
    #[arg(long, value_name = "PATH", requires = "stdin", default_value = "stdin")]
    name: String,
    /// How the findings are written
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Fail where values that are managed here could not be looked for, since no key at hand opens them
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people; one JSON object with --json
    Text,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// A code quality report of GitLab
    Gitlab,
}

impl Args {
    fn place(&self) -> Where {
        match &self.range {
            Some(range) => Where::Range(range.clone()),
            None if self.history => Where::History,
            None if self.staged => Where::Staged,
            None => Where::Tree(self.below.clone()),
        }
    }
}

pub(crate) fn run(
    world: &World,
    _global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let scanned = if args.stdin {
        scan::stdin(world, &args.name)?
    } else {
        let mut bar = Bar::new(out, "commits");
        let scanned = scan::scan(world, &args.place(), &mut |done, of| bar.step(done, of));
        drop(bar);
        scanned?
    };
    match args.format {
        Format::Text => out.show(&scanned)?,
        Format::Sarif => out.raw(Sarif(&scanned).text().as_bytes())?,
        Format::Github => out.raw(Notes(&scanned).text().as_bytes())?,
        Format::Gitlab => out.raw(Gitlab(&scanned).text().as_bytes())?,
    }
    let unseen = args.strict && !scanned.closed.is_empty();
    Ok(if scanned.blocks() || unseen { Exit::Found } else { Exit::Done })
}
