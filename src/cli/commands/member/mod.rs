//! `tenure member`: who is a member, who comes, who leaves.

mod owner;
mod remove;

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Reason;
use crate::deeds::enact::Vouch;
use crate::deeds::member::add::{self, MissingRoles};
use crate::deeds::member::keys::{Given, KeySource};
use crate::deeds::member::replace_key::{self, Fate};
use crate::deeds::member::{approve, list};
use crate::deeds::{DeedError, enact};
use crate::names::{MemberName, RoleName};
use crate::output::asked::asked;
use crate::output::enacted::{preview, warnings};
use crate::output::replaced::{replacing, still_stands};
use crate::output::sentences::{DEPLOY_KEY, READ_STAYS_READ, SIGNED_UNREAD, STOLEN_SIGNER};
use crate::output::{Form, Output};
use crate::policy::{MemberKind, Recipient, SigningKey};
use crate::secret::Plaintext;
use crate::world::terminal::write_stdout;
use crate::world::{World, Writes};

/// Who is a member, who comes, who leaves
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(Box<Add>),
    Approve(Approve),
    ReplaceKey(Box<ReplaceKey>),
    Remove(remove::Args),
    Owner(owner::Args),
    List(List),
}

/// Add a member to the policy, and give them what their roles read
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure member add ben --role developer --ssh-key ben.pub
  tenure member add ci-prod --role deploy --create-role --kind machine --owner ana --generate \\
    | gh secret set TENURE_IDENTITY")]
struct Add {
    /// Their name; it stays in the log for ever
    #[arg(value_name = "NAME")]
    name: MemberName,

    /// A role they get; may be given more than once
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<RoleName>,

    /// Make the roles that the policy does not have
    #[arg(long)]
    create_role: bool,

    #[command(flatten)]
    keys: KeyArgs,

    /// person or machine; a machine only reads
    #[arg(long, value_name = "KIND", default_value = "person", hide_possible_values = true)]
    kind: Kind,

    /// The person who answers for a machine
    #[arg(long, value_name = "NAME")]
    owner: Option<MemberName>,

    /// The last day of the keys, as 2027-05-01
    #[arg(long, value_name = "DATE")]
    expires: Option<Date>,

    /// Make a machine's key, and write its private half to stdout, which is no terminal
    #[arg(long)]
    generate: bool,

    #[command(flatten)]
    reason: Reason,
}

/// Public keys, as texts or files.
#[derive(Debug, clap::Args)]
pub(super) struct KeyArgs {
    /// A public key to read with: age1… or ssh-…; may be given more than once
    #[arg(long = "recipient", value_name = "KEY")]
    recipients: Vec<Recipient>,

    /// An SSH public key to sign with; may be given more than once
    #[arg(long = "signing-key", value_name = "KEY")]
    signing_keys: Vec<SigningKey>,

    /// A file with an SSH public key, to read and to sign with; may be given more than once
    #[arg(long = "ssh-key", value_name = "FILE")]
    ssh_keys: Vec<PathBuf>,
}

impl KeyArgs {
    pub(super) fn given(&self) -> Given {
        Given {
            recipients: self.recipients.clone(),
            signing_keys: self.signing_keys.clone(),
            ssh_keys: self.ssh_keys.clone(),
        }
    }
}

/// Grant what somebody asks for with `tenure join`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git switch join-ben && tenure member approve ben
  tenure member approve ben --role support      another role than ben asked for")]
struct Approve {
    /// The name of the request
    #[arg(value_name = "NAME")]
    name: MemberName,

    /// The roles to grant, in place of those that were asked for
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<RoleName>,

    #[command(flatten)]
    reason: Reason,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Person,
    Machine,
}

/// Give a member other keys; what a lost key opened must be rotated
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure member replace-key ben --ssh-key new.pub            a new laptop
  tenure member replace-key ben --ssh-key new.pub --lost     the old one was stolen
  tenure member replace-key ben --ssh-key new.pub --request  ask for it, as ben
  tenure member replace-key ci-prod --generate | gh secret set TENURE_IDENTITY")]
struct ReplaceKey {
    /// Their name
    #[arg(value_name = "NAME")]
    name: MemberName,

    // The keys that are given replace all of their kind.
    #[command(flatten)]
    keys: KeyArgs,

    /// The keys that go are lost or stolen: what they opened must be rotated, and nobody may have them again
    #[arg(long, conflicts_with = "request")]
    lost: bool,

    /// Vouch for what the lost keys signed last, as far as you may write it
    #[arg(long, requires = "lost")]
    vouch: bool,

    /// Make a machine's key, and write its private half to stdout, which is no terminal
    #[arg(long, conflicts_with = "request")]
    generate: bool,

    /// Ask an admin for it: write a request, signed with a key that you have now
    #[arg(long)]
    request: bool,

    #[command(flatten)]
    reason: Reason,
}

/// List the members, their keys and what they may do
#[derive(Debug, clap::Args)]
struct List {}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    match &args.command {
        Command::Add(args) => add_one(world, args, out),
        Command::Approve(args) => approve_one(world, args, out),
        Command::ReplaceKey(args) if args.request => {
            out.show(&replace_key::ask(world, &args.name, &args.keys.given())?)?;
            Ok(Exit::Done)
        }
        Command::ReplaceKey(args) => replace_one(world, args, out),
        Command::Remove(args) => remove::run(world, args, out),
        Command::Owner(args) => owner::run(world, args, out),
        Command::List(List {}) => {
            out.show(&list::list(world)?)?;
            Ok(Exit::Done)
        }
    }
}

fn add_one(world: &World, args: &Add, out: &mut Output<'_>) -> Result<Exit, Failure> {
    stdout_is_free(args.generate, out)?;
    let wish = add::Wish {
        name: args.name.clone(),
        kind: match args.kind {
            Kind::Person => MemberKind::Person,
            Kind::Machine => MemberKind::Machine,
        },
        roles: args.roles.clone(),
        missing_roles: if args.create_role { MissingRoles::Made } else { MissingRoles::Refused },
        keys: args.keys.given(),
        key: if args.generate { KeySource::Made } else { KeySource::Given },
        owner: args.owner.clone(),
        expires: args.expires,
        reason: args.reason.text.clone(),
    };
    let added = add::add(world, &wish, &mut |effect| announce(effect, out))?;
    warnings(&added.enacted).iter().for_each(|text| out.warn(text));
    match &added.identity {
        Some(_) => out.show_aside(&added)?,
        None => out.show(&added)?,
    }
    if added.kind == MemberKind::Machine {
        out.note(DEPLOY_KEY);
    }
    let again = format!("tenure member remove {}, then again", added.name);
    hand_out(world, added.identity.as_ref(), &again, out)
}

/// With a new private key on stdout nothing else may be there.
fn stdout_is_free(generate: bool, out: &Output<'_>) -> Result<(), DeedError> {
    if generate && out.is(Form::Json) {
        return Err(DeedError::Refuse {
            what: "with --generate stdout carries the private key and nothing else".to_owned(),
            instead: Some("leave --json out".to_owned()),
        });
    }
    Ok(())
}

/// Writes a machine's new private key to stdout, once; `again` is what to do where that fails.
fn hand_out(
    world: &World,
    identity: Option<&Plaintext>,
    again: &str,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let Some(identity) = identity.filter(|_| world.writes == Writes::Real) else {
        return Ok(Exit::Done);
    };
    match write_stdout(identity) {
        Ok(()) => {
            out.note("its private key went into the pipe and nowhere else");
            Ok(Exit::Done)
        }
        Err(why) => {
            out.warn(&format!("nobody has the new key: {again}"));
            Err(DeedError::from(why).into())
        }
    }
}

fn replace_one(world: &World, args: &ReplaceKey, out: &mut Output<'_>) -> Result<Exit, Failure> {
    stdout_is_free(args.generate, out)?;
    let wish = replace_key::Wish {
        name: args.name.clone(),
        keys: args.keys.given(),
        source: if args.generate { KeySource::Made } else { KeySource::Given },
        fate: if args.lost { Fate::Lost } else { Fate::Kept },
        vouch: if args.vouch { Vouch::Yes } else { Vouch::No },
        reason: args.reason.text.clone(),
    };
    let replaced = replace_key::replace_key(world, &wish, &mut |it| out.insist(&replacing(it)))?;
    warnings(&replaced.enacted).iter().for_each(|text| out.warn(text));
    match &replaced.identity {
        Some(_) => out.show_aside(&replaced)?,
        None => out.show(&replaced)?,
    }
    if let Some(text) = still_stands(&replaced) {
        out.warn(&text);
    }
    out.note(READ_STAYS_READ);
    if args.lost {
        out.note(STOLEN_SIGNER);
    }
    let again = format!("tenure member replace-key {} --generate, again", replaced.name);
    hand_out(world, replaced.identity.as_ref(), &again, out)
}

fn approve_one(world: &World, args: &Approve, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let wish = approve::Wish {
        name: args.name.clone(),
        roles: args.roles.clone(),
        reason: args.reason.text.clone(),
    };
    let approved = approve::approve(world, &wish, &mut |asking| out.insist(&asked(asking)))?;
    warnings(&approved.enacted).iter().for_each(|text| out.warn(text));
    out.show(&approved)?;
    out.note(SIGNED_UNREAD);
    Ok(Exit::Done)
}

/// Says what would be signed, even to those who want quiet: they are asked about it.
pub(super) fn announce(effect: &enact::Effect, out: &mut Output<'_>) {
    out.insist(&preview(effect));
}
