//! `tenure list`: what stands where, until when, made by whom.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, View};
use crate::deeds;
use crate::deeds::as_of::{self, Past};
use crate::output::Output;
use crate::output::as_of::Viewed;
use crate::world::World;

/// List every secret with its deadline and who set it; needs no key, shows no value
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure list
  tenure list -e prod --json
  tenure list --as-of 2027-05-01")]
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
    let listed = deeds::list::list(&world, global.env.as_ref())?;
    if let Some(doubt) = &listed.doubt {
        let word = doubt.code.word();
        out.warn(&format!("the list is not complete [{word}]: tenure check says why"));
    }
    out.show(&Viewed { view: world.view.as_ref(), of: &listed })?;
    Ok(Exit::Done)
}
