//! `tenure check`: judges the repository; needs no key.

use jiff::civil::Date;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds;
use crate::deeds::as_of::{self, Past};
use crate::finding::Severity;
use crate::output::Output;
use crate::output::as_of::Viewed;
use crate::world::World;

/// Verify policy, log and every sealed file, and tell what is overdue; needs no key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure check
  tenure check -e prod --json
  tenure check --as-of 2027-05-01        exit 1 where something here will be overdue on that day")]
pub(crate) struct Args {
    /// Judge what lies here by another day's calendar: a view, and no verdict on now; moves no pin
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
}

pub(crate) fn run(
    world: World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let day: Vec<_> = args.as_of.iter().map(ToString::to_string).collect();
    let world = as_of::look(world, &day, Past::Here)?;
    let checked = deeds::check::check(&world, global.env.as_ref())?;
    out.show(&Viewed { view: world.view.as_ref(), of: &checked })?;
    Ok(match checked.gravest() {
        Some(Severity::Breach) => Exit::Untrusted,
        Some(Severity::Invalid) => Exit::Invalid,
        Some(Severity::Found) => Exit::Found,
        Some(Severity::Note) | None => Exit::Done,
    })
}
