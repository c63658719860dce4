//! `tenure man`: the manual pages, as roff.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::{CliError, grammar};
use crate::output::{Output, OutputError};

/// Print a manual page
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure man | man -l -
  tenure man member add > tenure-member-add.1")]
pub(crate) struct Args {
    /// The command whose page to print, in place of the main page
    command: Vec<String>,
}

pub(crate) fn run(args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let mut root = grammar();
    // Fills in the full names, "tenure member add", which pages are titled with.
    root.build();
    let mut page = root;
    for word in &args.command {
        let Some(found) = page.find_subcommand(word) else {
            return Err(CliError::NoSuchPage { command: args.command.join(" ") }.into());
        };
        page = found.clone();
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).map_err(OutputError::Lost)?;
    out.raw(&text)?;
    Ok(Exit::Done)
}
