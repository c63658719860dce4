//! `tenure edit`: a file, or one value, in the editor.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, Reason};
use crate::deeds::edit;
use crate::output::Output;
use crate::world::World;

/// Edit a file, or one value, in $EDITOR; its file there is never on a disk
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure edit secrets/prod.yaml
  tenure edit dev                          the one file of an environment
  tenure edit prod/TLS_KEY                 one value")]
pub(crate) struct Args {
    /// A file, an environment with one file, or a secret; without it, the file of --env
    #[arg(value_name = "PATH|ENV|SECRET")]
    what: Option<String>,

    #[command(flatten)]
    reason: Reason,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let edited =
        edit::edit(world, args.what.as_deref(), global.env.as_ref(), args.reason.text.as_deref())?;
    out.show(&edited)?;
    super::set::compared(out, edited.compared);
    Ok(Exit::Done)
}
