//! `tenure check`: judges the repository; needs no key.

use jiff::civil::Date;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::DeedError;
use crate::deeds::as_of::{self, Past};
use crate::deeds::check::{Checked, check};
use crate::deeds::range::check_range;
use crate::finding::Severity;
use crate::names::EnvName;
use crate::output::Output;
use crate::output::as_of::Viewed;
use crate::output::progress::Bar;
use crate::world::World;

/// Verify policy, log and every sealed file, and tell what is overdue; needs no key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure check
  tenure check -e prod --json
  tenure check --range origin/main..HEAD  and what each commit of a branch brought, whatever it skipped
  tenure check --as-of 2027-05-01        exit 1 where something here will be overdue on that day")]
pub(crate) struct Args {
    /// Judge what lies here by another day's calendar: a view, and no verdict on now; moves no pin
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,

    /// Look through what the commits bring that B has and A has not, messages included; exceptions are those of A
    #[arg(long, value_name = "A..B", conflicts_with = "as_of")]
    range: Option<String>,
}

fn checked(
    world: &World,
    scope: Option<&EnvName>,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Checked, DeedError> {
    let Some(range) = &args.range else { return check(world, scope) };
    let mut bar = Bar::new(out, "commits");
    let checked = check_range(world, scope, range, &mut |done, of| bar.step(done, of));
    drop(bar);
    checked
}

pub(crate) fn run(
    world: World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let day: Vec<_> = args.as_of.iter().map(ToString::to_string).collect();
    let world = as_of::look(world, &day, Past::Here)?;
    let checked = checked(&world, global.env.as_ref(), args, out)?;
    out.show(&Viewed { view: world.view.as_ref(), of: &checked })?;
    Ok(match checked.gravest() {
        Some(Severity::Breach) => Exit::Untrusted,
        Some(Severity::Invalid) => Exit::Invalid,
        Some(Severity::Found) => Exit::Found,
        Some(Severity::Note) | None => Exit::Done,
    })
}
