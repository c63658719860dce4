//! `tenure rekey`: new keyrings, for the readers that the policy names now.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, Reason};
use crate::deeds::rekey::{self, Values};
use crate::output::Output;
use crate::world::World;

/// Make a new keyring for the readers of today; without --env, wherever they changed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure rekey
  tenure rekey -e prod --reseal")]
pub(crate) struct Args {
    /// Seal every value anew under it; deadlines stay as they are
    #[arg(long)]
    reseal: bool,

    #[command(flatten)]
    reason: Reason,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let values = if args.reseal { Values::Move } else { Values::Stay };
    let rekeyed = rekey::rekey(world, global.env.as_ref(), values, args.reason.text.as_deref())?;
    out.show(&rekeyed)?;
    Ok(Exit::Done)
}
