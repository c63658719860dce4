//! `tenure who-can`: who may read or write something, and by which role.

use clap::ValueEnum;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{AsOf, Global};
use crate::deeds::access::who::{self, Question};
use crate::output::Output;
use crate::output::sentences::{READERS_ARE_CLAIMED, TIMES_ARE_CLAIMS};
use crate::policy;
use crate::world::World;

/// Who may read or write a secret or an environment, and by which role; needs no key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure who-can read prod
  tenure who-can write prod/STRIPE_KEY
  tenure who-can read prod --as-of 2027-05-01")]
pub(crate) struct Args {
    /// read or write
    #[arg(value_name = "read|write", hide_possible_values = true)]
    right: Right,

    /// A secret as ENV/KEY, or an environment; without it the one that -e names
    #[arg(value_name = "SECRET|ENV")]
    what: Option<String>,

    #[command(flatten)]
    as_of: AsOf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Right {
    Read,
    Write,
}

impl From<Right> for policy::Right {
    fn from(right: Right) -> Self {
        match right {
            Right::Read => Self::Read,
            Right::Write => Self::Write,
        }
    }
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let question = Question {
        right: args.right.into(),
        env: global.env.as_ref(),
        what: args.what.as_deref(),
        as_of: args.as_of.text.as_deref(),
    };
    let can = who::can(world, &question)?;
    out.show(&can)?;
    if can.as_of.is_by_claimed_times() {
        out.note(TIMES_ARE_CLAIMS);
    }
    out.note(READERS_ARE_CLAIMED);
    Ok(Exit::Done)
}
