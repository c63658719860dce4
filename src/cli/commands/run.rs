//! `tenure run`: starts a program with the values of an environment as its variables.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::delivery::{Delivery, Inherit, Late, Order, gather, start};
use crate::deeds::handover;
use crate::deliver::Nesting;
use crate::output::handover::receipt;
use crate::output::{Output, safe};
use crate::world::{World, Writes};

/// Start a program with the secrets of an environment as its variables
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Values at the top of their file become variables under their own keys. Exit codes: those of the
program; 125 when it was not started, 126 when it cannot be executed, 127 when it is not found.

Examples:
  tenure run -e dev -- npm start
  tenure run -e prod --clean --only DB_URL -- ./migrate
  tenure run -e prod --receipt /var/log/job.json -- ./job
  tenure run -e dev -n -- true         which variables it would get

A receipt says which variables, entries, member, environment, time and root. Nobody signs it, so it
is declared and proves nothing; where it cannot be written, nothing is started.")]
pub(crate) struct Args {
    /// Only these variables; may be given more than once
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,

    /// Nested values too: database.password as DATABASE_PASSWORD
    #[arg(long)]
    flatten: bool,

    /// Give it no other variables but PATH, HOME and their like
    #[arg(long)]
    clean: bool,

    /// First write down, as JSON and without values, which names and entries it is given
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,

    /// The program and its arguments
    #[arg(
        value_name = "CMD",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    command: Vec<OsString>,
}

pub(crate) fn run(
    world: Result<World, Failure>,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let Some((program, words)) = args.command.split_first() else { return Ok(Exit::NotStarted) };
    let name = program.to_string_lossy();
    let begun = |world: World, out: &mut Output<'_>| {
        let order = Order {
            env: global.env.as_ref(),
            nesting: nesting(args.flatten),
            only: &args.only,
            late: Late::Refused,
        };
        let delivery = gather(&world, order)?;
        tell(&delivery, out);
        if world.writes == Writes::Dry {
            out.show(&delivery)?;
            return Ok(Exit::Done);
        }
        if let Some(file) = &args.receipt {
            handover::keep(&world, file, receipt(&delivery.handover).as_bytes())?;
        }
        let inherit = if args.clean { Inherit::Basics } else { Inherit::All };
        Err(start(&world, delivery, (program, words), inherit).into())
    };
    world.and_then(|world| begun(world, out)).map_err(|failure| failure.not_started(&name))
}

pub(super) fn nesting(flatten: bool) -> Nesting {
    if flatten { Nesting::Flattened } else { Nesting::LeftOut }
}

/// Says what is overdue, and what did not become a variable.
pub(super) fn tell(delivery: &Delivery, out: &mut Output<'_>) {
    for warning in &delivery.warnings {
        out.warn(&safe(warning));
    }
    let left = &delivery.variables.left;
    if !left.is_empty() {
        out.note(&format!("left out, being no variables: {} (-v lists them)", left.len()));
    }
    for pending in &delivery.variables.pending {
        let name = safe(&pending.to_string()).to_string();
        out.note(&format!("left out, being pending: {name} (--only takes it by its name)"));
    }
    for left in left {
        out.detail(&format!("  {}: {}", safe(&left.address.to_string()), left.why));
    }
}
