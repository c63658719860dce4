//! `tenure mv`: another key, or another name of a file; deadlines and duties go along.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, Reason};
use crate::deeds::mv::{self, Plan};
use crate::output::Output;
use crate::world::World;

/// Give a value another key or a file another name; type, deadline and duties go along
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A file that git renamed already is only written down; for files no key that reads is needed.

Examples:
  tenure mv prod/DB_URL DATABASE_URL
  tenure mv prod/DB_URL secrets/db.env#URL
  tenure mv secrets/prod.env secrets/prod-api.env")]
pub(crate) struct Args {
    /// ENV/KEY, ENV/PATH#KEY or a file
    #[arg(value_name = "FROM")]
    from: String,

    /// KEY, PATH#KEY or a file, in the same environment
    #[arg(value_name = "TO")]
    to: String,

    #[command(flatten)]
    reason: Reason,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let plan = Plan {
        from: args.from.clone(),
        to: args.to.clone(),
        env: global.env.clone(),
        reason: args.reason.text.clone(),
    };
    out.show(&mv::mv(world, &plan)?)?;
    Ok(Exit::Done)
}
