//! `tenure hook`: the guard that git runs before a commit and before a push.

use std::ffi::OsString;
use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::DeedError;
use crate::deeds::guard::{self, Guarded, Passing};
use crate::deeds::hooks::{self, Hook};
use crate::finding::Severity;
use crate::names::quoted;
use crate::output::{Output, OutputError, Show};
use crate::world::World;
use crate::world::terminal::{self, Prompts};

/// Guard commits and pushes: hooks that judge what git is about to take
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Put the hooks where git looks for them (one that is there already is kept and runs first), and tell git
    /// how to merge and diff sealed files
    Install,
    /// Take the hooks away, and put back those that were there before
    Uninstall,
    /// Judge what git is about to take; exit 0 lets it go on
    #[command(after_help = "\
Nobody is asked for anything: values that are managed here are looked for as far as a key at hand opens them
without a question.

  pre-commit, pre-merge-commit    what is staged
  prepare-commit-msg FILE …       the same, for cherry-pick, revert and rebase alone: git runs no other hook there
  commit-msg FILE                 the message
  pre-push REMOTE URL             each commit that the push brings, with its message; stdin is git's

Examples:
  tenure hook run               exit 1: a secret or plaintext is staged; 3: the policy is broken;
                                5: policy, log or sealed files are not what was signed")]
    Run(Run),
}

#[derive(Debug, clap::Args)]
struct Run {
    /// Which hook git runs
    #[arg(value_enum, value_name = "HOOK", default_value = "pre-commit")]
    hook: Name,
    /// What git gives to that hook
    #[arg(value_name = "ARG", trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    PreCommit,
    PreMergeCommit,
    PrepareCommitMsg,
    CommitMsg,
    PrePush,
}

impl Args {
    /// Tells whether somebody may be asked something: a hook asks nobody.
    pub(crate) fn prompts(&self) -> Prompts {
        match self.command {
            Command::Run(_) => Prompts::Forbidden,
            Command::Install | Command::Uninstall => Prompts::Allowed,
        }
    }
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let run = match &args.command {
        Command::Install => return turned(&hooks::install(world)?, out),
        Command::Uninstall => return turned(&hooks::uninstall(world)?, out),
        Command::Run(run) => run,
    };
    let judged = judge(world, global, run, out);
    Ok(judged.unwrap_or_else(|failure| {
        let exit = failure.tell(out);
        if !global.json {
            let way_out = guard::way_out(world, run.hook());
            out.note(&format!("nothing was judged; to skip this hook once: {way_out}"));
        }
        exit
    }))
}

impl Run {
    fn hook(&self) -> Hook {
        match self.hook {
            Name::PreCommit => Hook::PreCommit,
            Name::PreMergeCommit => Hook::PreMergeCommit,
            Name::PrepareCommitMsg => Hook::PrepareCommitMsg,
            Name::CommitMsg => Hook::CommitMsg,
            Name::PrePush => Hook::PrePush,
        }
    }

    /// The first of what git gives to the hook.
    fn first(&self, what: &str) -> Result<&OsString, DeedError> {
        self.args.first().ok_or_else(|| DeedError::Refuse {
            what: format!("git gives {what} to this hook, and there is none"),
            instead: Some("tenure hook install".to_owned()),
        })
    }
}

fn turned(turned: &hooks::Turned, out: &mut Output<'_>) -> Result<Exit, Failure> {
    out.show(turned)?;
    if turned.stands() {
        out.note(hooks::A_HOOK_CAN_BE_SKIPPED);
    }
    if let Some(folder) = turned.relative.as_ref().filter(|_| turned.stands()) {
        out.warn(&format!(
            "`core.hooksPath` is `{folder}` in each work tree and each clone of its own; commit it: git add {folder}"
        ));
        for tree in &turned.unguarded {
            let tree = tree.display().to_string();
            out.warn(&format!("no hooks in {tree}: tenure -C {} hook install", quoted(&tree)));
        }
    }
    if turned.shared {
        out.warn("this folder lies outside of the repository: other repositories may use it too");
    }
    Ok(Exit::Done)
}

fn judge(world: &World, global: &Global, run: &Run, out: &mut Output<'_>) -> Result<Exit, Failure> {
    match run.hook() {
        Hook::PreCommit | Hook::PreMergeCommit => index(&guard::staged(world)?, global, out),
        Hook::PrepareCommitMsg => match guard::replayed(world)? {
            Some(guarded) => index(&guarded, global, out),
            None => Ok(Exit::Done),
        },
        Hook::CommitMsg => {
            let file = run.first("the message's file")?;
            passing(&guard::message(world, Path::new(file))?, global, out)
        }
        Hook::PrePush => {
            let remote = run.first("the name of the other side")?.to_string_lossy();
            let url = run.args.get(1).map(|url| url.to_string_lossy());
            let other = (remote.as_ref(), url.as_deref());
            passing(&guard::pushed(world, other, &mut terminal::stdin())?, global, out)
        }
    }
}

fn index(guarded: &Guarded, global: &Global, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let gravest = guarded.gravest();
    said(guarded, gravest.is_some(), global, out)?;
    if let Some(root) = guarded.unpinned.filter(|_| !global.json) {
        out.warn(&format!(
            "this clone trusts no root yet, so the log was judged by its own, {root}: \
             run `tenure trust show` at a terminal"
        ));
    }
    Ok(match gravest {
        Some(Severity::Breach) => Exit::Untrusted,
        Some(Severity::Invalid) => Exit::Invalid,
        Some(Severity::Found | Severity::Note) => Exit::Found,
        None => Exit::Done,
    })
}

fn passing(passing: &Passing, global: &Global, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let blocks = passing.scanned.blocks();
    // An ordinary message needs no word of its own beside the one on what is staged.
    if blocks || passing.hook != Hook::CommitMsg || global.json {
        said(passing, blocks, global, out)?;
    }
    Ok(if blocks { Exit::Found } else { Exit::Done })
}

/// Says all on stderr: whoever commits did not ask for an answer.
fn said(
    judged: &impl Show,
    blocks: bool,
    global: &Global,
    out: &mut Output<'_>,
) -> Result<(), Failure> {
    if global.json {
        return Ok(out.show(judged)?);
    }
    let mut text = Vec::new();
    judged.human(&mut text).map_err(OutputError::from)?;
    let text = String::from_utf8_lossy(&text);
    match blocks {
        true => out.fail(&text, &serde_json::Value::Null),
        false => out.note(&text),
    }
    Ok(())
}
