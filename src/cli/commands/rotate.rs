//! `tenure rotate`: new values in the place of old ones.

use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, Reason};
use crate::deeds::rotate::{self, New, Wanted, What};
use crate::deeds::set::{self, Wish};
use crate::deeds::{DeedError, find};
use crate::names::{AddressQuery, quoted};
use crate::output::Output;
use crate::rotation::generate::Spec;
use crate::world::World;
use crate::world::terminal::Terminal;

/// Replace a value by a new one, with a new deadline; refuses the old value
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure rotate prod/STRIPE_KEY
  tenure rotate prod/DB_PASSWORD --generate hex:32
  tenure rotate --due -e prod              all that is overdue or owed, all or none")]
pub(crate) struct Args {
    /// ENV/KEY, ENV/PATH#KEY, or ENV/PATH of a file that is sealed whole
    #[arg(value_name = "SECRET", required_unless_present = "due", conflicts_with = "due")]
    secret: Option<String>,

    /// Not taken: a value in an argument is seen by every process
    #[arg(hide = true)]
    value: Vec<String>,

    /// Everything that is overdue, and everything owed since somebody left
    #[arg(long)]
    due: bool,

    /// Make the value: password:32, hex:32, ssh-ed25519 … (all: tenure help set); without SPEC as its type says
    #[arg(long, value_name = "SPEC", num_args = 0..=1)]
    #[expect(
        clippy::option_option,
        reason = "clap's shape of an option whose value may be left out"
    )]
    generate: Option<Option<Spec>>,

    /// Take the value from a file, every byte of it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["generate", "due"])]
    from_file: Option<PathBuf>,

    #[command(flatten)]
    fit: super::set::Fit,

    #[command(flatten)]
    reason: Reason,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    if !args.value.is_empty() {
        return Err(super::set::value_in_argument());
    }
    let what = match &args.secret {
        Some(secret) => {
            super::set::no_value_within(secret)?;
            let query = AddressQuery::parse(secret, global.env.as_ref());
            What::One(query.map_err(DeedError::from)?, secret.clone())
        }
        None => What::Due(global.env.clone()),
    };
    let agenda = rotate::agenda(world, &what)?;
    for address in &agenda.by_hand {
        let edit = quoted(&address.path);
        out.warn(&format!("{address} is no single value; change it with: tenure edit {edit}"));
    }
    if agenda.wanted.is_empty() {
        out.note("nothing is overdue or owed");
        return Ok(Exit::Done);
    }
    one_at_a_time(world, args, &agenda.wanted)?;
    let ask = |wanted: &Wanted| one(world, args, out, wanted);
    let new: Vec<_> = agenda.wanted.iter().map(ask).collect::<Result<_, _>>()?;
    let wish = Wish { reason: args.reason.text.clone(), ..Wish::default() };
    let wish = args.fit.wish(world, wish)?;
    let rotated = rotate::rotate(world, new, &wish)?;
    out.show(&rotated)?;
    rotated.values.iter().for_each(|set| super::set::beside(out, set));
    let mut ends: Vec<_> = agenda.wanted.iter().map(|wanted| wanted.revoke.as_deref()).collect();
    ends.sort_unstable();
    ends.dedup();
    ends.into_iter().for_each(|revoke| end_the_old(out, revoke));
    Ok(Exit::Done)
}

/// Refuses several values from one stdin: nothing would say where one ends.
fn one_at_a_time(world: &World, args: &Args, wanted: &[Wanted]) -> Result<(), Failure> {
    let made = |wanted: &&Wanted| args.generate.is_some() && wanted.generator.is_some();
    let asked = wanted.iter().filter(|wanted| !made(wanted)).count();
    if asked < 2 || world.terminal == Terminal::Person {
        return Ok(());
    }
    let what = format!("{asked} values want a new one, and nobody is there to ask for each");
    let instead = "tenure rotate SECRET, one by one, or run it at a terminal".to_owned();
    Err(DeedError::Refuse { what, instead: Some(instead) }.into())
}

/// Asks for one new value, or leaves it to the generator.
fn one(world: &World, args: &Args, out: &mut Output<'_>, wanted: &Wanted) -> Result<New, Failure> {
    let found: find::Found = wanted.found.clone();
    let address = found.address();
    let due = args.secret.is_none();
    let generated = args.generate.is_some() && (!due || wanted.generator.is_some());
    if generated {
        let generator = args.generate.clone().flatten().or_else(|| wanted.generator.clone());
        return Ok(New { found, value: None, generator });
    }
    if due {
        out.note(&format!("{}/{}", address.env, address.key));
    }
    if let Some(runbook) = &wanted.runbook {
        out.note(&format!("how    {runbook}"));
    }
    let value = set::given(world, "new value", set::Shape::of(&found), args.from_file.as_deref())?;
    Ok(New { found, value: Some(value), generator: None })
}

/// Says what a new value does not do.
pub(super) fn end_the_old(out: &mut Output<'_>, revoke: Option<&str>) {
    let how = revoke.map(|how| format!(" ({how})")).unwrap_or_default();
    out.note(&format!("the old value is still in git history: end it at its issuer{how}"));
}
