//! `tenure resolve`: ends disputes, with a writer's word for what is to stand.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, Reason};
use crate::deeds::resolve::{self, Plan};
use crate::output::Output;
use crate::output::resolved::{preview, warnings};
use crate::world::World;

/// End disputes: say which of several signed values stands, or vouch for one whose signer is gone
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --take it is what stands in the file, if that is one of the values in dispute.
No key that reads is needed.

Examples:
  tenure resolve
  tenure resolve prod/DB_URL
  tenure resolve prod/DB_URL --take 5d2a91
  tenure resolve secrets/prod.pem --take none -y")]
pub(crate) struct Args {
    /// ENV/KEY, ENV/PATH#KEY or a file; without one, all that is in dispute
    #[arg(value_name = "SECRET")]
    named: Vec<String>,

    /// The entry whose value is to stand, or none: then nothing stands there
    #[arg(long, value_name = "ENTRY")]
    take: Option<String>,

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
        named: args.named.clone(),
        env: global.env.clone(),
        take: args.take.clone(),
        reason: args.reason.text.clone(),
    };
    let resolved = resolve::resolve(world, &plan, &mut |endings| out.insist(&preview(endings)))?;
    out.show(&resolved)?;
    warnings(&resolved.endings).iter().for_each(|text| out.warn(text));
    Ok(Exit::Done)
}
