//! `tenure set`: a new value, from a hidden prompt, stdin or a file; never from an argument.

use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::{DeedError, set};
use crate::names::{AddressQuery, TypeName};
use crate::output::Output;
use crate::world::World;

/// Set one value; it comes from a hidden prompt, from stdin, or from a file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure set prod/STRIPE_KEY --type api-key
  openssl rand -hex 32 | tenure set -e dev SESSION_KEY
  tenure set prod/secrets/tls.pem --from-file tls.pem")]
pub(crate) struct Args {
    /// ENV/KEY or ENV/PATH#KEY
    #[arg(value_name = "SECRET")]
    secret: String,

    /// Not taken: a value in an argument is seen by every process
    #[arg(hide = true)]
    value: Vec<String>,

    /// The secret's type, as the policy names it
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<TypeName>,

    /// Take the value from a file, every byte of it
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,

    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    if !args.value.is_empty() {
        return Err(DeedError::Refuse {
            what: "a value is never taken from an argument, where other processes see it"
                .to_owned(),
            instead: Some("leave it out: you are asked, or: tenure set SECRET < FILE".to_owned()),
        }
        .into());
    }
    let query = AddressQuery::parse(&args.secret, global.env.as_ref()).map_err(DeedError::from)?;
    let wish = set::Wish { kind: args.kind.clone(), reason: args.reason.clone() };
    let given = set::given(world, &query, args.from_file.as_deref())?;
    let done = set::set(world, &query, &args.secret, &wish, &given)?;
    out.show(&done)?;
    Ok(Exit::Done)
}
