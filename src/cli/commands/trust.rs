//! `tenure trust`: what this clone trusts.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::trust;
use crate::finding::Severity;
use crate::output::Output;
use crate::world::World;

/// What this clone trusts: the root of the log
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the log's root and heads, and what is pinned; asks once where nothing is
    #[command(after_help = "\
Examples:
  tenure trust show             compare what it prints with a colleague
  tenure trust show --json      exit 5 where nothing is trusted yet")]
    Show,
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    match args.command {
        Command::Show => show(world, out),
    }
}

fn show(world: &World, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let trusting = trust::show(world)?;
    out.show(&trusting)?;
    out.note(trust::FIRST_CLONE);
    Ok(match trusting.gravest {
        _ if !trusting.is_that() => {
            out.note(
                "CI: set TENURE_ROOT at the host; here: run this at a terminal, or pass --root",
            );
            Exit::Untrusted
        }
        Some(Severity::Breach) => Exit::Untrusted,
        Some(Severity::Invalid) => Exit::Invalid,
        Some(Severity::Found | Severity::Note) | None => Exit::Done,
    })
}
