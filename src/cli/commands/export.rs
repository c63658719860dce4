//! `tenure export`: the values of an environment in clear on stdout, in a format that others read.

use clap::ValueEnum;

use super::run::{nesting, tell};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::DeedError;
use crate::deeds::delivery::{Late, Order, gather};
use crate::deliver::Export;
use crate::output::Output;
use crate::world::World;
use crate::world::terminal::write_stdout;

/// Print the secrets of an environment in clear, for programs that cannot be started by run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  eval \"$(tenure export -e dev --format shell)\"
  tenure export -e dev --format json | jq -r .DB_URL")]
pub(crate) struct Args {
    /// dotenv, json, yaml or shell
    #[arg(long, value_name = "FORMAT", required = true, hide_possible_values = true)]
    format: Format,

    /// Only these variables; may be given more than once
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,

    /// Nested values too: database.password as DATABASE_PASSWORD
    #[arg(long)]
    flatten: bool,
}

/// The formats, by the words of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Dotenv,
    Json,
    Yaml,
    Shell,
}

impl From<Format> for Export {
    fn from(format: Format) -> Self {
        match format {
            Format::Dotenv => Self::Dotenv,
            Format::Json => Self::Json,
            Format::Yaml => Self::Yaml,
            Format::Shell => Self::Shell,
        }
    }
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let order = Order {
        env: global.env.as_ref(),
        nesting: nesting(args.flatten),
        only: &args.only,
        late: Late::Told,
    };
    let delivery = gather(world, order)?;
    let text = Export::from(args.format).write(&delivery.variables.all).map_err(DeedError::from)?;
    tell(&delivery, out);
    let count = delivery.variables.all.len();
    out.note(&format!("{count} values of {} leave in clear: keep them off disks", delivery.env));
    write_stdout(&text).map_err(DeedError::from)?;
    Ok(Exit::Done)
}
