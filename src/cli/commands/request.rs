//! `tenure request`: one line with which somebody without tenure seals a value for us.

use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::{DeedError, request};
use crate::names::AddressQuery;
use crate::output::{Output, requested, safe};
use crate::world::World;

/// Ask somebody without tenure for a value: prints the line that seals it with stock age
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The line holds no secret. What it makes can be sent on any channel: only the readers of the
environment open it, and only for this one value; after their next change it is refused.

Examples:
  tenure request acme/DATA_KEY                      send the line to who has the value
  tenure set acme/DATA_KEY --from-age value.age     take in what they send back")]
pub(crate) struct Args {
    /// ENV/KEY or ENV/PATH#KEY, or ENV/PATH for a whole file
    #[arg(value_name = "SECRET")]
    secret: String,

    /// The file that a new key goes into
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let query = AddressQuery::parse(&args.secret, global.env.as_ref()).map_err(DeedError::from)?;
    let request = request::request(world, &query, &args.secret, args.file.as_deref())?;
    out.show(&request)?;
    requested::notes(&request).iter().for_each(|note| out.note(&safe(note)));
    Ok(Exit::Done)
}
