//! `tenure policy`: shown, compared, examined, signed, reconciled.

use clap::Subcommand;

use super::member::announce;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Reason;
use crate::deeds::enact::Vouch;
use crate::deeds::policy::{diff, lint, reconcile, show, sign};
use crate::finding::Code;
use crate::output::Output;
use crate::output::enacted::warnings;
use crate::output::policy::origin;
use crate::output::sentences::SIGNED_UNREAD;
use crate::world::World;

/// Show, compare, examine, sign or reconcile the policy
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(Show),
    Lint(Lint),
    Diff(Diff),
    Sign(Sign),
    Reconcile(Reconcile),
}

/// Show the policy in force
#[derive(Debug, clap::Args)]
struct Show {}

/// Examine the policy's file; needs no log and no key
#[derive(Debug, clap::Args)]
struct Lint {}

/// Show who gains and who loses what: by unsigned edits, by a policy that waits, or between two
#[derive(Debug, clap::Args)]
struct Diff {
    /// A policy, by its entry, or as a commit has it; alone an entry is compared with the one before
    #[arg(value_name = "ENTRY|REV")]
    one: Option<String>,

    /// The policy to compare it with
    #[arg(value_name = "ENTRY|REV")]
    two: Option<String>,
}

/// Sign the policy's file as it was edited by hand, or approve what another admin signed
///
/// The policy comes in force once as many admins have signed it as the policy before wants. Until then
/// it waits, and the file goes back to the policy in force.
#[derive(Debug, clap::Args)]
struct Sign {
    /// The policy to approve, by its entry; left out where only one waits
    #[arg(value_name = "ENTRY")]
    entry: Option<String>,

    /// Vouch for values that were signed by those who may no longer write them
    #[arg(long)]
    vouch: bool,

    #[command(flatten)]
    reason: Reason,
}

/// Settle a fork: make one of the policies that two branches signed
///
/// Takes the changes of both sides, or the policy's file as you resolved it; shows what that changes of
/// each, and signs it. Admins of each side must.
#[derive(Debug, clap::Args)]
struct Reconcile {
    /// Take one of the policies whole, by its entry
    #[arg(long, value_name = "ENTRY")]
    take: Option<String>,

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
            let broken = shown.altered.as_ref().is_some_and(|it| it.code == Code::PolicyInvalid);
            Ok(if broken { Exit::Invalid } else { Exit::Done })
        }
        Command::Lint(Lint {}) => {
            let linted = lint::lint(world)?;
            out.show(&linted)?;
            Ok(if linted.is_broken() { Exit::Invalid } else { Exit::Done })
        }
        Command::Diff(args) => {
            out.show(&diff::diff(world, args.one.as_deref(), args.two.as_deref())?)?;
            Ok(Exit::Done)
        }
        Command::Reconcile(args) => settle(world, args, out),
        Command::Sign(args) => {
            let vouch = if args.vouch { Vouch::Yes } else { Vouch::No };
            let with = (vouch, args.reason.text.clone());
            let signed = sign::sign(world, args.entry.as_deref(), with, &mut |effect| {
                announce(effect, out);
                out.note(SIGNED_UNREAD);
            })?;
            warnings(&signed.enacted).iter().for_each(|text| out.warn(text));
            out.show(&signed)?;
            Ok(Exit::Done)
        }
    }
}

fn settle(world: &World, args: &Reconcile, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let wish = reconcile::Wish {
        take: args.take.clone(),
        vouch: if args.vouch { Vouch::Yes } else { Vouch::No },
        reason: args.reason.text.clone(),
    };
    let done = reconcile::reconcile(world, wish, &mut |source, effects| {
        out.insist(origin(source));
        effects.iter().for_each(|effect| announce(effect, out));
        out.note(SIGNED_UNREAD);
    })?;
    warnings(&done.enacted).iter().for_each(|text| out.warn(text));
    out.show(&done)?;
    Ok(Exit::Done)
}
