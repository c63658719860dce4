//! `tenure init`: starts a repository, or takes that back.

use std::convert::Infallible;
use std::str::FromStr;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::DeedError;
use crate::deeds::hooks::{A_HOOK_CAN_BE_SKIPPED, Turned};
use crate::deeds::init::import::Import;
use crate::deeds::init::{self, undo};
use crate::names::{EnvName, MemberName};
use crate::output::Output;
use crate::output::sentences::LOST_ADMINS;
use crate::output::started::{notes, warnings};
use crate::world::World;

/// Start keeping secrets in this repository
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure init
  tenure init --member ana --environment dev --environment prod --import .env=dev
  tenure init --undo")]
pub(crate) struct Args {
    /// Your name as a member; it stays in the log for ever [default: git's user.name]
    #[arg(long, value_name = "NAME")]
    member: Option<MemberName>,

    /// An environment to begin with; may be given more than once
    #[arg(long = "environment", value_name = "ENV", default_values = ["dev", "prod"])]
    environments: Vec<EnvName>,

    /// Seal a copy of a plain file into an environment; the file itself stays
    #[arg(long = "import", value_name = "PATH=ENV")]
    imports: Vec<Pair>,

    /// Take back what init did, as long as nothing was signed since
    #[arg(long, conflicts_with_all = ["member", "environments", "imports"])]
    undo: bool,
}

/// `PATH=ENV`, as it was given.
#[derive(Debug, Clone)]
struct Pair(String);

impl FromStr for Pair {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl Pair {
    fn import(&self) -> Result<Import, DeedError> {
        let Some((path, env)) = self.0.rsplit_once('=') else {
            return Err(DeedError::Refuse {
                what: "`--import` does not say into which environment".to_owned(),
                instead: Some("--import .env=dev".to_owned()),
            });
        };
        Ok(Import { path: path.into(), env: env.parse()? })
    }
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    if args.undo {
        out.show(&undo::undo(world)?)?;
        return Ok(Exit::Done);
    }
    let imports = args.imports.iter().map(Pair::import).collect::<Result<_, _>>()?;
    let (member, environments) = (args.member.clone(), args.environments.clone());
    let started = init::init(world, &init::Plan { member, environments, imports })?;
    out.show(&started)?;
    notes(&started).iter().for_each(|text| out.note(text));
    warnings(&started).iter().for_each(|text| out.warn(text));
    if started.hook.as_ref().is_ok_and(Turned::stands) {
        out.note(A_HOOK_CAN_BE_SKIPPED);
    }
    out.note(LOST_ADMINS);
    Ok(Exit::Done)
}
