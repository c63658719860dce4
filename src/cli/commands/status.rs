//! `tenure status`: the repository at a glance. No gate: that is `check`.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, View};
use crate::deeds;
use crate::deeds::as_of::{self, Past};
use crate::deeds::report::shared::Keys;
use crate::output::Output;
use crate::output::as_of::Viewed;
use crate::world::World;

/// Show environments, readers, deadlines and what is next, at a glance; for a verdict see check
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure status
  tenure status --as-of 2027-05-01               what will be due by then
  tenure status --as-of v1.4                     as it was in that commit")]
pub(crate) struct Args {
    #[command(flatten)]
    view: View,
}

pub(crate) fn run(
    world: World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let world = as_of::look(world, &args.view.texts, Past::Committed)?;
    let mut status = deeds::status::status(&world, global.env.as_ref())?;
    // They need every entry, and what git tracks: more than a glance costs.
    if global.json && global.env.is_none() {
        let report = deeds::report::five_d(&world, None, Keys::Unused);
        status.numbers =
            report.ok().filter(deeds::report::FiveD::can_be_said).map(|report| report.numbers());
    }
    out.show(&Viewed { view: world.view.as_ref(), of: &status })?;
    Ok(Exit::Done)
}
