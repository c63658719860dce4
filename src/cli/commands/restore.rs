//! `tenure restore`: what was signed stands again.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::restore::{self, Plan};
use crate::output::Output;
use crate::world::World;

/// Put back what was signed, from what git still has; nothing is signed and no key is needed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without a name: entries, policies and keyrings that are missing or altered, then every sealed file.
What somebody added in clear stays: tenure seal. Exit 1: some of it is nowhere in git.

Examples:
  tenure restore
  tenure restore secrets/prod.env
  tenure restore prod/DB_URL")]
pub(crate) struct Args {
    /// ENV/KEY, ENV/PATH#KEY or a file; without one, all that is not as it was signed
    #[arg(value_name = "SECRET")]
    named: Vec<String>,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let plan = Plan { named: args.named.clone(), env: global.env.clone() };
    let restored = restore::restore(world, &plan)?;
    out.show(&restored)?;
    Ok(if restored.lost.is_empty() { Exit::Done } else { Exit::Found })
}
