//! `tenure init`: starts a repository.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds;
use crate::names::{EnvName, MemberName};
use crate::output::Output;
use crate::world::World;

/// Start keeping secrets in this repository
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Your name as a member; it stays in the log for ever
    #[arg(long, value_name = "NAME")]
    member: MemberName,

    /// An environment to begin with; may be given more than once
    #[arg(long = "environment", value_name = "ENV", default_values = ["dev", "prod"])]
    environments: Vec<EnvName>,
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let plan =
        deeds::init::Plan { member: args.member.clone(), environments: args.environments.clone() };
    let started = deeds::init::init(world, &plan)?;
    out.show(&started)?;
    Ok(Exit::Done)
}
