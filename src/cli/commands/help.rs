//! `tenure help`: what `--help` prints, for those who begin with the word.

use clap::error::ErrorKind;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::{CliError, grammar};
use crate::output::Output;

/// Print the help of a command, as `COMMAND --help` does
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure help set
  tenure help member add")]
pub(crate) struct Args {
    /// The command; without one, the help of all
    command: Vec<String>,
}

pub(crate) fn run(args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let root = grammar();
    let mut page = &root;
    let no_such = || CliError::NoSuchPage { command: args.command.join(" ") };
    for word in &args.command {
        page = page.find_subcommand(word).ok_or_else(no_such)?;
    }
    let words = ["tenure"].into_iter().chain(args.command.iter().map(String::as_str));
    let asked = grammar().try_get_matches_from(words.chain(["--help"]));
    // Nothing but the help comes of it: each word is a command.
    let told = asked.err().filter(|told| told.kind() == ErrorKind::DisplayHelp);
    let text = told.ok_or_else(no_such)?.render();
    out.styled(&text.ansi().to_string(), &text.to_string())?;
    Ok(Exit::Done)
}
