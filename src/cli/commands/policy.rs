//! `tenure policy`: shown, examined, signed.

use clap::Subcommand;

use super::member::announce;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Reason;
use crate::deeds::enact::Vouch;
use crate::deeds::policy::{lint, show, sign};
use crate::output::Output;
use crate::output::enacted::warnings;
use crate::output::sentences::SIGNED_UNREAD;
use crate::world::World;

/// Show, examine or sign the policy
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(Show),
    Lint(Lint),
    Sign(Sign),
}

/// Show the policy in force
#[derive(Debug, clap::Args)]
struct Show {}

/// Examine the policy's file; needs no log and no key
#[derive(Debug, clap::Args)]
struct Lint {}

/// Sign the policy's file as it was edited by hand, and put it in force
#[derive(Debug, clap::Args)]
struct Sign {
    /// Vouch for values that were signed by those who may no longer write them
    #[arg(long)]
    vouch: bool,

    #[command(flatten)]
    reason: Reason,
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    match &args.command {
        Command::Show(Show {}) => {
            let shown = show::show(world)?;
            if let Some(finding) = &shown.altered {
                out.warn(&format!("{}: {}; tenure policy lint", finding.place, finding.message));
            }
            out.show(&shown)?;
            Ok(Exit::Done)
        }
        Command::Lint(Lint {}) => {
            let linted = lint::lint(world)?;
            out.show(&linted)?;
            Ok(if linted.is_broken() { Exit::Invalid } else { Exit::Done })
        }
        Command::Sign(args) => {
            let vouch = if args.vouch { Vouch::Yes } else { Vouch::No };
            let signed = sign::sign(world, vouch, args.reason.text.clone(), &mut |effect| {
                announce(effect, out);
                out.note(SIGNED_UNREAD);
            })?;
            warnings(&signed.enacted).iter().for_each(|text| out.warn(text));
            out.show(&signed)?;
            Ok(Exit::Done)
        }
    }
}
