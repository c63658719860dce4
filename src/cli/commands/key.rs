//! `tenure key`: new keys.

use clap::Subcommand;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::DeedError;
use crate::deeds::key::{self, Cover};
use crate::output::{Form, Output};
use crate::world::World;
use crate::world::terminal::write_stdout;

/// Make keys
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(New),
}

/// Make an SSH key pair of your own in ~/.config/tenure, to read and to sign with
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure key new --passphrase
  tenure key new --machine | gh secret set TENURE_IDENTITY")]
struct New {
    /// Ask for a passphrase that the key lies under
    #[arg(long, conflicts_with = "machine")]
    passphrase: bool,

    /// Make an age identity for a machine and write it to stdout, which is no terminal
    #[arg(long)]
    machine: bool,
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let Command::New(args) = &args.command;
    if args.machine {
        return machine(out);
    }
    let cover = if args.passphrase { Cover::Passphrase } else { Cover::Plain };
    out.show(&key::person(world, cover)?)?;
    Ok(Exit::Done)
}

fn machine(out: &mut Output<'_>) -> Result<Exit, Failure> {
    if out.is(Form::Json) {
        return Err(DeedError::Refuse {
            what: "with --machine stdout carries the private key and nothing else".to_owned(),
            instead: Some("leave --json out".to_owned()),
        }
        .into());
    }
    let (identity, recipient) = key::machine()?;
    write_stdout(&identity).map_err(DeedError::from)?;
    out.note(&format!("recipient  {recipient}"));
    Ok(Exit::Done)
}
