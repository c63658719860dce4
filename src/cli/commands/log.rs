//! `tenure log`: what was signed, and by whom.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::{DeedError, log};
use crate::finding::{Finding, Severity};
use crate::names::AddressQuery;
use crate::output::Output;
use crate::output::sentences::TIMES_ARE_CLAIMS;
use crate::world::World;

/// The signed log: who did what, newest first
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List entries, newest first; -e for one environment
    List(ListArgs),
    /// Show one entry: every item, its verdict, and how to check it with ssh-keygen
    Show {
        /// The beginning of its id
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Print who may sign, as `ssh-keygen -Y verify -f` reads it; members who left included
    Signers,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Only entries that touch this secret: ENV/KEY
    #[arg(value_name = "SECRET")]
    secret: Option<String>,

    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match &args.command {
        None => list(world, global, &args.list, out),
        Some(Command::List(args)) => list(world, global, args, out),
        Some(Command::Show { id }) => {
            let shown = log::show(world, id)?;
            out.show(&shown)?;
            out.note(TIMES_ARE_CLAIMS);
            Ok(verdict(&shown.findings))
        }
        Some(Command::Signers) => {
            out.show(&log::signers(world)?)?;
            Ok(Exit::Done)
        }
    }
}

fn list(
    world: &World,
    global: &Global,
    args: &ListArgs,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let secret = args.secret.as_ref().map(|text| AddressQuery::parse(text, global.env.as_ref()));
    let secret = secret.transpose().map_err(DeedError::from)?;
    let wanted = log::Wanted { env: global.env.clone(), secret, limit: args.limit };
    let lines = log::list(world, &wanted)?;
    out.show(&lines)?;
    out.note(TIMES_ARE_CLAIMS);
    Ok(verdict(&lines.findings))
}

fn verdict(findings: &[Finding]) -> Exit {
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Breach) => Exit::Untrusted,
        Some(Severity::Invalid) => Exit::Invalid,
        Some(Severity::Found | Severity::Note) | None => Exit::Done,
    }
}
