//! `tenure hook`: the guard that git runs before a commit.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::{guard, hooks};
use crate::finding::Severity;
use crate::output::{Output, Show as _};
use crate::world::World;

/// Guard commits: a hook that judges what is staged
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Put the hook where git looks for it (one that is there already is kept and runs first), and tell git
    /// how to merge and diff sealed files
    Install,
    /// Take the hook away, and put back the one that was there before
    Uninstall,
    /// Judge what is staged, and ask nothing; exit 0 lets the commit go on
    #[command(after_help = "\
Examples:
  tenure hook run               exit 1: plaintext is staged; 3: the policy is broken;
                                5: policy, log or sealed files are not what was signed")]
    Run,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match args.command {
        Command::Install => turned(&hooks::install(world)?, out),
        Command::Uninstall => turned(&hooks::uninstall(world)?, out),
        Command::Run => judge(world, global, out),
    }
}

fn turned(turned: &hooks::Turned, out: &mut Output<'_>) -> Result<Exit, Failure> {
    out.show(turned)?;
    if turned.stands() {
        out.note(hooks::A_HOOK_CAN_BE_SKIPPED);
    }
    if turned.shared {
        out.warn("this folder lies outside of the repository: other repositories may use it too");
    }
    Ok(Exit::Done)
}

fn judge(world: &World, global: &Global, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let guarded = guard::staged(world)?;
    if global.json {
        out.show(&guarded)?;
    } else {
        said(&guarded, out)?;
    }
    Ok(match guarded.gravest() {
        Some(Severity::Breach) => Exit::Untrusted,
        Some(Severity::Invalid) => Exit::Invalid,
        Some(Severity::Found | Severity::Note) => Exit::Found,
        None => Exit::Done,
    })
}

/// Says all on stderr: whoever commits did not ask for an answer.
fn said(guarded: &guard::Guarded, out: &mut Output<'_>) -> Result<(), Failure> {
    let mut text = Vec::new();
    guarded.human(&mut text).map_err(crate::output::OutputError::from)?;
    let text = String::from_utf8_lossy(&text);
    if guarded.gravest().is_none() {
        out.note(&text);
    } else {
        out.fail(&text, &serde_json::Value::Null);
    }
    if let Some(root) = guarded.unpinned {
        out.warn(&format!(
            "this clone trusts no root yet, so the log was judged by its own, {root}: \
             run `tenure trust show` at a terminal"
        ));
    }
    Ok(())
}
