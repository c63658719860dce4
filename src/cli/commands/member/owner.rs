//! `tenure member owner`: who answers for a machine.

use super::announce;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Reason;
use crate::deeds::member::owner;
use crate::names::MemberName;
use crate::output::Output;
use crate::output::enacted::warnings;
use crate::world::World;

/// Say which person answers for a machine
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure member owner deploy-prod ben")]
pub(super) struct Args {
    /// The machine
    #[arg(value_name = "NAME")]
    name: MemberName,

    /// The person
    #[arg(value_name = "OWNER")]
    owner: MemberName,

    #[command(flatten)]
    reason: Reason,
}

pub(super) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let reason = args.reason.text.clone();
    let mut show = |effect: &crate::deeds::enact::Effect| announce(effect, out);
    let owned = owner::give(world, &args.name, &args.owner, reason, &mut show)?;
    warnings(&owned.enacted).iter().for_each(|text| out.warn(text));
    out.show(&owned)?;
    Ok(Exit::Done)
}
