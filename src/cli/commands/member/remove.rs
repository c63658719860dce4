//! `tenure member remove`: somebody leaves.

use super::announce;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Reason;
use crate::deeds::member::remove::{self, Fate, Manner, Wish};
use crate::names::MemberName;
use crate::output::Output;
use crate::output::enacted::warnings;
use crate::output::sentences::READ_STAYS_READ;
use crate::world::World;

/// Remove a member; what they could read must be rotated
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure member remove cleo --reason 'left the team'
  tenure member remove cleo --new-owner ana     who answers for cleo's machines
  tenure member remove cleo --hostile --reason 'laptop seized'
  tenure -n member remove cleo                  what it would mean; nothing is written")]
pub(super) struct Args {
    /// Their name
    #[arg(value_name = "NAME")]
    name: MemberName,

    /// Who answers from now on for the machines that they answered for
    #[arg(long, value_name = "NAME", conflicts_with = "with_machines")]
    new_owner: Option<MemberName>,

    /// Remove the machines too that they answered for
    #[arg(long)]
    with_machines: bool,

    /// They part in anger, or their keys are in other hands: all is due today, as an incident
    #[arg(long)]
    hostile: bool,

    #[command(flatten)]
    reason: Reason,
}

pub(super) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let identities = match (&args.new_owner, args.with_machines) {
        (Some(owner), _) => Fate::Given(owner.clone()),
        (None, true) => Fate::Removed,
        (None, false) => Fate::Orphaned,
    };
    let manner = if args.hostile { Manner::Hostile } else { Manner::Friendly };
    let (name, reason) = (args.name.clone(), args.reason.text.clone());
    let wish = Wish { name, identities, manner, reason };
    let removed = remove::remove(world, &wish, &mut |effect| announce(effect, out))?;
    warnings(&removed.enacted).iter().for_each(|text| out.warn(text));
    out.show(&removed)?;
    out.note(READ_STAYS_READ);
    Ok(Exit::Done)
}
