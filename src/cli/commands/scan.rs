//! `tenure scan`: looks for credentials and managed values where they do not belong.

use std::path::{Path, PathBuf};

use clap::ValueHint;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::report::kept;
use crate::deeds::scan::{self, Scanned, Where};
use crate::output::progress::Bar;
use crate::output::scanned::{Filed, Gitlab, Notes, Sarif, is_ours};
use crate::output::{Form, Output, OutputError};
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
  tenure scan --format sarif -o scan.sarif
  tenure scan --level warn               exit 1 also for what only warns")]
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
    /// Write them into this file, and say the sum on stderr
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// The least that exits 1; `block` also leaves out what only warns, which is shown where this is not given
    #[arg(long, value_enum, value_name = "LEVEL")]
    level: Option<Least>,
    /// Fail where values that are managed here could not be looked for, since no key at hand opens them
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Least {
    /// What the hook would block
    Block,
    /// All that is found
    Warn,
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
    let mut scanned = if args.stdin {
        scan::stdin(world, &args.name)?
    } else {
        let mut bar = Bar::new(out, "commits");
        let scanned = scan::scan(world, &args.place(), &mut |done, of| bar.step(done, of));
        drop(bar);
        scanned?
    };
    if args.level == Some(Least::Block) {
        scanned.keep_blocking();
    }
    match &args.output {
        Some(file) => written(world, file, args.format, &scanned, out)?,
        None if args.format == Format::Text => out.show(&scanned)?,
        None => out.raw(text(args.format, &scanned, out)?.as_bytes())?,
    }
    let unseen = args.strict && scanned.may_lack_values();
    let fails = match args.level {
        Some(Least::Warn) => scanned.found() > 0,
        Some(Least::Block) | None => scanned.blocks(),
    };
    Ok(if fails || unseen { Exit::Found } else { Exit::Done })
}

fn text(format: Format, scanned: &Scanned, out: &Output<'_>) -> Result<String, OutputError> {
    Ok(match format {
        Format::Text => out.text(scanned)?.to_string(),
        Format::Sarif => Sarif(scanned).text(),
        Format::Github => Notes(scanned).text(),
        Format::Gitlab => Gitlab(scanned).text(),
    })
}

/// Writes the findings into a file, and says so: people on stderr, and machines where they look for an answer.
fn written(
    world: &World,
    file: &Path,
    format: Format,
    scanned: &Scanned,
    out: &mut Output<'_>,
) -> Result<(), Failure> {
    kept::write_findings(world, file, &text(format, scanned, out)?, &is_ours)?;
    let filed = Filed { scanned, file: file.display().to_string() };
    match out.is(Form::Json) {
        true => out.show(&filed)?,
        false => out.show_aside(&filed)?,
    }
    Ok(())
}
