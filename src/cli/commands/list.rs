//! `tenure list`: what stands where, until when, made by whom.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds;
use crate::output::Output;
use crate::world::World;

/// List every secret with its deadline and who set it; needs no key, shows no value
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure list
  tenure list -e prod --json")]
pub(crate) struct Args {}

pub(crate) fn run(
    world: &World,
    global: &Global,
    _args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let listed = deeds::list::list(world, global.env.as_ref())?;
    if let Some(doubt) = &listed.doubt {
        let word = doubt.code.word();
        out.warn(&format!("the list is not complete [{word}]: tenure check says why"));
    }
    out.show(&listed)?;
    Ok(Exit::Done)
}
