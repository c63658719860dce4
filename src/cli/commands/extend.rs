//! `tenure extend`: a later deadline for the same value.

use jiff::civil::Date;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::DeedError;
use crate::deeds::extend::{self, Plan};
use crate::names::AddressQuery;
use crate::output::Output;
use crate::world::World;

/// Give a value a later deadline; an admin signs why, and it is no later than a new value's would be
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is owed since somebody left, or for an incident, is not extended: only its rotation ends that.

Example:
  tenure extend prod/STRIPE_KEY --until 2027-02-01 --reason \"the vendor's portal is closed until January\"")]
pub(crate) struct Args {
    /// ENV/KEY, ENV/PATH#KEY, or ENV/PATH of a file that is sealed whole
    #[arg(value_name = "SECRET")]
    secret: String,

    /// The new deadline, in time on that day itself
    #[arg(long, value_name = "DATE")]
    until: Date,

    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let query = AddressQuery::parse(&args.secret, global.env.as_ref()).map_err(DeedError::from)?;
    let plan = Plan { until: args.until, reason: args.reason.clone() };
    out.show(&extend::extend(world, &query, &args.secret, &plan)?)?;
    Ok(Exit::Done)
}
