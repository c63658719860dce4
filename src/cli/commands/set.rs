//! `tenure set`: a new value, from a hidden prompt, stdin or a file; never from an argument.

use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, Reason};
use crate::deeds::DeedError;
use crate::deeds::set::{self, Shape, Source, Wish};
use crate::deeds::{aim, ignored, request};
use crate::names::{AddressQuery, TypeName};
use crate::output::Output;
use crate::rotation::generate::Spec;
use crate::world::World;
use crate::world::terminal::Terminal;

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

    /// Make the value: password:32, hex:32, base64:32, uuid; without SPEC as its type says
    #[arg(long, value_name = "SPEC", num_args = 0..=1)]
    #[expect(
        clippy::option_option,
        reason = "clap's shape of an option whose value may be left out"
    )]
    generate: Option<Option<Spec>>,

    /// The file that a new key goes into
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,

    /// Take the value from a file, every byte of it
    #[arg(long, value_name = "FILE", conflicts_with = "generate")]
    from_file: Option<PathBuf>,

    /// Take the value that somebody sealed as `tenure request` says
    #[arg(long, value_name = "FILE", conflicts_with_all = ["generate", "from_file"])]
    from_age: Option<PathBuf>,

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
        return Err(value_in_argument());
    }
    no_value_within(&args.secret)?;
    let query = AddressQuery::parse(&args.secret, global.env.as_ref()).map_err(DeedError::from)?;
    let wish =
        Wish { kind: args.kind.clone(), reason: args.reason.text.clone(), file: args.file.clone() };
    let source = match (args.generate, &args.from_age) {
        (Some(spec), _) => Source::Generated(spec),
        (None, Some(file)) => Source::Sent(request::sent(world, file)?),
        (None, None) => {
            if world.terminal == Terminal::Person && args.from_file.is_none() {
                aim::ready(world, &query, &args.secret, &wish)?;
            }
            let shape = Shape::asked(&query);
            Source::Given(set::given(world, "value", shape, args.from_file.as_deref())?)
        }
    };
    let done = set::set(world, &query, &args.secret, &wish, &source)?;
    out.show(&done)?;
    let paths = done.receipt.as_ref().map(|receipt| receipt.paths.as_slice()).unwrap_or_default();
    if let Some(ignored) = ignored::written(world, paths) {
        out.warn(&ignored.warning());
    }
    if let (Some(asked), Some(kind)) = (&args.kind, &done.kind)
        && asked != kind
    {
        out.warn(&format!("the policy's rule gives it the type `{kind}`, not `{asked}`"));
    }
    Ok(Exit::Done)
}

/// Refuses `KEY VALUE` without a word of it.
pub(super) fn value_in_argument() -> Failure {
    let what = "a value is never taken from an argument, where other processes see it";
    let instead = "leave it out: you are asked, or: tenure set SECRET < FILE";
    DeedError::Refuse { what: what.to_owned(), instead: Some(instead.to_owned()) }.into()
}

/// Refuses `KEY=VALUE` too; a key that really has a `=` in it is written as a JSON string.
pub(super) fn no_value_within(secret: &str) -> Result<(), Failure> {
    let quoted = secret.find('"').is_some_and(|quote| secret.find('=') > Some(quote));
    if secret.contains('=') && !quoted { Err(value_in_argument()) } else { Ok(()) }
}
