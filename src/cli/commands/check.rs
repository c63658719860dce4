//! `tenure check`: judges the repository; needs no key.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds;
use crate::finding::Severity;
use crate::output::Output;
use crate::world::World;

/// Verify policy, log and every sealed file, and tell what is overdue; needs no key
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(
    world: &World,
    global: &Global,
    _args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let checked = deeds::check::check(world, global.env.as_ref())?;
    out.show(&checked)?;
    Ok(match checked.gravest() {
        Some(Severity::Breach) => Exit::Untrusted,
        Some(Severity::Invalid) => Exit::Invalid,
        Some(Severity::Found) => Exit::Found,
        Some(Severity::Note) | None => Exit::Done,
    })
}
