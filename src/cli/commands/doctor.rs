//! `tenure doctor`: examines machine, keys and clone.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::doctor;
use crate::output::Output;
use crate::world::World;

/// Examine this machine, your keys and this clone, with a fix for each fault
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(world: &World, _args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let found = doctor::doctor(world)?;
    out.show(&found)?;
    Ok(if found.is_broken() { Exit::Found } else { Exit::Done })
}
