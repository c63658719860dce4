//! `tenure what-can`: what a member may read and write, and by which role.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::AsOf;
use crate::deeds::access::what;
use crate::names::MemberName;
use crate::output::Output;
use crate::output::sentences::{READERS_ARE_CLAIMED, TIMES_ARE_CLAIMS};
use crate::world::World;

/// What a member may read and write, and by which role; needs no key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure what-can ben
  tenure what-can ben --as-of HEAD~20 --json")]
pub(crate) struct Args {
    /// Their name
    #[arg(value_name = "MEMBER")]
    member: MemberName,

    #[command(flatten)]
    as_of: AsOf,
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let can = what::can(world, &args.member, args.as_of.text.as_deref())?;
    out.show(&can)?;
    if can.as_of.is_by_claimed_times() {
        out.note(TIMES_ARE_CLAIMS);
    }
    out.note(READERS_ARE_CLAIMED);
    Ok(Exit::Done)
}
