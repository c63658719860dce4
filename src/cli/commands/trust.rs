//! `tenure trust`: what this clone trusts.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::trust::{self, accept};
use crate::finding::Severity;
use crate::output::{Form, Output, Show as _};
use crate::world::{World, Writes};

/// What this clone trusts: the root of the log, and what it has seen of it
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
    /// Trust what lies here in the place of what is pinned: another root, or a log that was cut
    #[command(after_help = "\
Shows what this clone has seen, what lies here, and every entry that is gone, with its signer. A person
is asked, and --yes is no answer. Without a terminal --root must name the root that is accepted.

Examples:
  tenure trust accept
  tenure trust accept --root ROOT -n       only look")]
    Accept,
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    match args.command {
        Command::Show => show(world, out),
        Command::Accept => accept(world, out),
    }
}

fn accept(world: &World, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    let accepted = accept::accept(world, &mut |acceptance| {
        let _written_to_memory = acceptance.human(&mut text);
        out.insist(&String::from_utf8_lossy(&text));
        out.insist(trust::FIRST_CLONE);
    })?;
    if out.is(Form::Json) {
        out.show(&accepted)?;
    }
    if world.writes == Writes::Real {
        out.note("this clone trusts this from now on");
    }
    Ok(Exit::Done)
}

fn show(world: &World, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let trusting = trust::show(world)?;
    out.show(&trusting)?;
    out.note(trust::FIRST_CLONE);
    Ok(match trusting.gravest() {
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
