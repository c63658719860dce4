//! `tenure unset`: a value is gone.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, Reason};
use crate::deeds::{DeedError, unset};
use crate::names::AddressQuery;
use crate::output::Output;
use crate::world::World;

/// Take a value out of its file, or a file away that is sealed whole
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure unset prod/OLD_KEY
  tenure rm -e dev database.password")]
pub(crate) struct Args {
    /// ENV/KEY, ENV/PATH#KEY, or ENV/PATH of a file that is sealed whole
    #[arg(value_name = "SECRET")]
    secret: String,

    #[command(flatten)]
    reason: Reason,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let query = AddressQuery::parse(&args.secret, global.env.as_ref()).map_err(DeedError::from)?;
    let gone = unset::unset(world, &query, &args.secret, args.reason.text.as_deref())?;
    out.show(&gone)?;
    let names = std::slice::from_ref(&gone.name);
    super::rotate::end_the_old(out, gone.revoke.as_deref(), names);
    Ok(Exit::Done)
}
