//! `tenure incident`: an alarm, what it exposes, and how it ends.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};
use jiff::civil::Date;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::DeedError;
use crate::deeds::incident::open::{About, Wish};
use crate::deeds::incident::{accept, close, open, status};
use crate::names::{AddressQuery, EnvName, MemberName};
use crate::output::Output;
use crate::output::report::review::review;
use crate::output::sentences::{READ_STAYS_READ, READS_LEAVE_NO_TRACE};
use crate::policy::Recipient;
use crate::world::World;

/// Open an incident, see what it exposed, and close it when nothing is left
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Open(Open),
    Status(Status),
    Accept(Accept),
    Close(Close),
}

/// Sound the alarm: what was exposed must be replaced from today on
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure incident open --secret prod/STRIPE_KEY --reason 'seen in a paste'
  tenure incident open --member cleo --reason 'laptop stolen'
  tenure incident open --env dev --reason 'the host was taken over'
  tenure incident open --vendor stripe --reason 'their breach' --drill")]
struct Open {
    #[command(flatten)]
    about: Subject,

    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// An exercise: the same, and nothing turns red
    #[arg(long)]
    drill: bool,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Subject {
    /// A value that became known: ENV/KEY, ENV/PATH#KEY
    #[arg(long, value_name = "SECRET")]
    secret: Option<String>,

    /// A member, of now or of before, with all that they could read
    #[arg(long, value_name = "NAME")]
    member: Option<MemberName>,

    /// A public key whose private half is in other hands: age1… or ssh-…
    #[arg(long, value_name = "KEY")]
    recipient: Option<Recipient>,

    /// A supplier, as a rule of the policy names it
    #[arg(long, value_name = "NAME")]
    vendor: Option<String>,
}

/// Show how incidents stand
#[derive(Debug, clap::Args)]
struct Status {
    /// The beginning of an incident's id; all at a glance without
    #[arg(value_name = "ID")]
    id: Option<String>,
}

/// Bear, as an admin, that an exposed value is not replaced, until a day
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure incident accept 1a2b3c prod/OLD_KEY --reason 'the vendor is gone' --until 2027-05-01")]
struct Accept {
    /// The beginning of the id of an incident, or of the policy that took a reader away
    #[arg(value_name = "ID")]
    id: String,

    /// ENV/KEY, ENV/PATH#KEY, or ENV/PATH of a file that is sealed whole
    #[arg(value_name = "SECRET")]
    secret: String,

    /// Why, for the log; that nobody uses it is no reason
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// The last day, as 2027-05-01
    #[arg(long, value_name = "DATE")]
    until: Date,
}

/// Say that an incident is over: two members do, one of them an admin
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure incident close 1a2b3c -o docs/incidents/2026-11-21.md")]
struct Close {
    /// The beginning of its id
    #[arg(value_name = "ID")]
    id: String,

    /// The file that the review is written into, as Markdown
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: PathBuf,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match &args.command {
        Command::Open(args) => open_one(world, global, args, out),
        Command::Status(args) => {
            global.of_all("an incident")?;
            out.show(&status::status(world, args.id.as_deref())?)?;
            Ok(Exit::Done)
        }
        Command::Accept(args) => accept_one(world, global, args, out),
        Command::Close(args) => {
            global.of_all("an incident")?;
            out.show(&close::close(world, &args.id, &args.output, &review)?)?;
            Ok(Exit::Done)
        }
    }
}

fn open_one(
    world: &World,
    global: &Global,
    args: &Open,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let about = about(&args.about, global.env.as_ref())?;
    let wish = Wish { about, drill: args.drill, reason: args.reason.clone() };
    out.show(&open::open(world, &wish)?)?;
    out.note(READS_LEAVE_NO_TRACE);
    out.note(READ_STAYS_READ);
    Ok(Exit::Done)
}

fn about(subject: &Subject, env: Option<&EnvName>) -> Result<About, Failure> {
    let Subject { secret, member, recipient, vendor } = subject;
    if let Some(secret) = secret {
        super::set::no_value_within(secret)?;
        let query = AddressQuery::parse(secret, env).map_err(DeedError::from)?;
        return Ok(About::Secret(query, secret.clone()));
    }
    let member = member.clone().map(About::Member);
    let recipient = recipient.clone().map(About::Recipient);
    let vendor = vendor.clone().map(About::Vendor);
    let refuse = |what: &str, instead: &str| {
        Err(DeedError::Refuse { what: what.to_owned(), instead: Some(instead.to_owned()) }.into())
    };
    match (member.or(recipient).or(vendor), env) {
        (Some(about), None) => Ok(about),
        (None, Some(env)) => Ok(About::Env(env.clone())),
        (Some(_), Some(_)) => refuse(
            "an incident is about one thing: a member, a key, a vendor or an environment",
            "leave -e out: it is about all environments that were read",
        ),
        (None, None) => refuse(
            "nothing says what the incident is about",
            "one of --secret S, --member M, --recipient R, --vendor V, --env E",
        ),
    }
}

fn accept_one(
    world: &World,
    global: &Global,
    args: &Accept,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    super::set::no_value_within(&args.secret)?;
    let query = AddressQuery::parse(&args.secret, global.env.as_ref());
    let wish = accept::Wish {
        cause: args.id.clone(),
        query: query.map_err(DeedError::from)?,
        text: args.secret.clone(),
        reason: args.reason.clone(),
        until: args.until,
    };
    out.show(&accept::accept(world, &wish)?)?;
    Ok(Exit::Done)
}
