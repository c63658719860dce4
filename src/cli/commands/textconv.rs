//! `tenure textconv`: git starts it for `git diff` where `.gitattributes` says `diff=tenure`.

use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::driver;
use crate::output::Output;
use crate::world::World;

/// Show a sealed file for a diff, tokens cut short; nothing is opened and nothing is verified
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  git config diff.tenure.textconv 'tenure textconv'")]
pub(crate) struct Args {
    /// The file
    file: PathBuf,
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    out.show(&driver::textconv(world, &args.file)?)?;
    Ok(Exit::Done)
}
