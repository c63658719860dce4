//! `tenure join`: asks to become a member.

use super::member::KeyArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::join;
use crate::names::{MemberName, RoleName};
use crate::output::Output;
use crate::output::asked::warning;
use crate::world::World;

/// Ask to become a member; an admin grants it with `tenure member approve`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure join --role developer
  tenure join --role developer --name ben --recipient age1… --ssh-key ~/.ssh/id_ed25519_sk.pub")]
pub(crate) struct Args {
    /// A role you ask for; may be given more than once
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<RoleName>,

    /// Your name as a member; it stays in the log for ever [default: git's user.name]
    #[arg(long, value_name = "NAME")]
    name: Option<MemberName>,

    #[command(flatten)]
    keys: KeyArgs,
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let wish =
        join::Wish { name: args.name.clone(), roles: args.roles.clone(), keys: args.keys.given() };
    let asked = join::join(world, &wish)?;
    out.show(&asked)?;
    if let Some(text) = warning(&asked) {
        out.warn(&text);
    }
    Ok(Exit::Done)
}
