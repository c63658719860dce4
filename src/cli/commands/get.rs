//! `tenure get`: one value on stdout, and nothing else.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::{DeedError, get};
use crate::names::AddressQuery;
use crate::output::Output;
use crate::output::value::Shown;
use crate::world::World;

/// Print one value, exactly: no line break is added
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure get prod/DB_URL
  tenure get -e dev database.password
  tenure get prod/secrets/prod.yaml#database.password
  tenure get prod/secrets/tls.pem")]
pub(crate) struct Args {
    /// ENV/KEY, ENV/PATH#KEY, or ENV/PATH of a file that is sealed whole
    #[arg(value_name = "SECRET")]
    secret: String,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let query = AddressQuery::parse(&args.secret, global.env.as_ref()).map_err(DeedError::from)?;
    let value = get::get(world, &query, &args.secret)?;
    if global.json {
        out.show(&Shown { address: &args.secret, value: &value })?;
    } else {
        crate::world::terminal::write_stdout(&value).map_err(DeedError::from)?;
    }
    Ok(Exit::Done)
}
