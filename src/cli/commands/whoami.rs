//! `tenure whoami`: whose keys are at hand.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::whoami::{self, Standing};
use crate::output::Output;
use crate::world::World;

/// Show the keys at hand, the member they belong to, and what that member may do
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(world: &World, _args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let found = whoami::whoami(world)?;
    out.show(&found)?;
    if found.keys.is_empty() {
        out.note("no key is at hand: tenure key new");
    }
    match found.standing {
        Standing::NoPolicy => {
            out.note("no policy here, so no key is a member's");
            Ok(Exit::Done)
        }
        Standing::Untrusted(why) => Err(why.into()),
        Standing::Members(members) if members.is_empty() => {
            out.note("none of them is a member's: ask to become one: tenure join");
            Ok(Exit::NoKey)
        }
        Standing::Members(_) => Ok(Exit::Done),
    }
}
