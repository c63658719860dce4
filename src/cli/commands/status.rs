//! `tenure status`: the repository at a glance. No gate: that is `check`.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds;
use crate::output::Output;
use crate::world::World;

/// Show environments, readers, deadlines and what is next, at a glance; for a verdict see check
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(
    world: &World,
    global: &Global,
    _args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let mut status = deeds::status::status(world, global.env.as_ref())?;
    // They need every entry, and what git tracks: more than a glance costs.
    if global.json && global.env.is_none() {
        let report = deeds::report::five_d(world, None);
        status.numbers =
            report.ok().filter(deeds::report::FiveD::can_be_said).map(|report| report.numbers());
    }
    out.show(&status)?;
    Ok(Exit::Done)
}
