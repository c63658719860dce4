//! `tenure set`: a new value, from a hidden prompt, stdin or a file; never from an argument.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, Reason};
use crate::deeds::DeedError;
use crate::deeds::fit::Insist;
use crate::deeds::rotate::Compared;
use crate::deeds::set::{self, Shape, Source, Wish};
use crate::deeds::{aim, ignored, request};
use crate::names::{AddressQuery, TypeName};
use crate::output::{Output, safe};
use crate::rotation::days;
use crate::rotation::generate::Spec;
use crate::scan::managed::LeftOut;
use crate::world::World;
use crate::world::terminal::Terminal;

/// Set one value; it comes from a hidden prompt, from stdin, or from a file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure set prod/STRIPE_KEY --type api-key
  openssl rand -hex 32 | tenure set -e dev SESSION_KEY
  tenure set prod/secrets/tls.pem --from-file tls.pem
  tenure set prod/OLD_TOKEN --type token --keep        only its type changes

Generators:
  password:32             letters, digits, - _ .; 12 or more (password:32:alnum: letters and digits)
  password:32:symbols     a small and a capital letter, a digit and a symbol at least
  password:20:set=0123456789   these characters, in the order of their codes
  passphrase:6            words of the EFF's long list (CC BY 3.0)
  hex:32, base64:32       random bytes; hmac:64: base64url, for a JWT or an HMAC
  uuid                    version 4
  ssh-ed25519, age, x25519, rsa:3072, rsa:4096, ec:p256, ec:p384
                          private keys; the public one is shown
  cert:example.test:90d   a self-signed certificate and its key; more names after commas
  testca:example.test:90d the same by an authority made for it, whose certificate stands beside it
  ca:test:3650d           an authority for tests; cert:example.test:90d:ca=TEST_CA is signed by the one
                          that stands as the secret TEST_CA of the same environment")]
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

    /// Make the value: password:32, hex:32, ssh-ed25519 … (all below); without SPEC as its type says
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

    /// Keep the value that stands there, and give it the type of --type or of the policy's rule; its deadline
    /// moves no later, and goes only with --reason, signed by an admin
    #[arg(long, conflicts_with_all = ["generate", "from_file", "from_age", "file"])]
    keep: bool,

    /// Its deadline, nearer than what its type allows
    #[arg(long, value_name = "DATE")]
    due: Option<Date>,

    #[command(flatten)]
    fit: Fit,

    #[command(flatten)]
    reason: Reason,
}

/// The options of what a value must be.
#[derive(Debug, clap::Args)]
pub(super) struct Fit {
    /// The password of a PKCS#12 file, to read when its certificate ends; it is not kept
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// Take a value that everybody guesses, has ended, or is a credential under the type `config`
    #[arg(long)]
    anyway: bool,
}

impl Fit {
    /// Adds them to what else is said of a value.
    pub(super) fn wish(&self, world: &World, wish: Wish) -> Result<Wish, Failure> {
        let file = self.password_file.as_deref();
        let password = file.map(|file| set::password(world, file)).transpose()?;
        let insist = if self.anyway { Insist::Anyway } else { Insist::No };
        Ok(Wish { password, insist, ..wish })
    }
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
    let wish = Wish {
        kind: args.kind.clone(),
        reason: args.reason.text.clone(),
        file: args.file.clone(),
        due: args.due,
        ..Wish::default()
    };
    let wish = args.fit.wish(world, wish)?;
    let source = match (&args.generate, &args.from_age) {
        _ if args.keep => Source::Kept,
        (Some(spec), _) => Source::Generated(spec.clone()),
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
    beside(out, &done);
    // Of what is no secret nobody wants to hear it.
    if let Some(why) = done.left_out.filter(|_| !done.kind.as_ref().is_some_and(is_config)) {
        let why = match why {
            LeftOut::Short => "too short",
            LeftOut::Common => "too common",
        };
        out.note(&format!("`scan` and the hooks do not look for it elsewhere: it is {why}"));
    }
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

/// Says what a new value is beside its answer: the public half of a key that was made, and what its
/// certificate wants.
pub(super) fn beside(out: &mut Output<'_>, set: &set::Set) {
    if let Some(public) = &set.public {
        out.note(public);
    }
    compared(out, set.compared);
    if let Some(what) = set.retyped.as_ref().and_then(|it| it.doubt.as_deref()) {
        out.warn(&safe(&format!("it stays, and would not be taken as a new value: {what}")));
    }
    if set.locked {
        out.warn("when its certificate ends is not known: --password-file FILE opens it to read");
    }
    let public = set.kind.as_ref().is_some_and(|kind| kind.as_str() == "certificate");
    if let Some((life, allowed)) =
        set.ends.filter(|_| public).and_then(|ends| ends.beyond_the_rules())
    {
        out.warn(&format!(
            "its certificate lives {}: browsers take {allowed} at most from a public issuer",
            days(life)
        ));
    }
}

fn is_config(kind: &TypeName) -> bool {
    kind.as_str() == "config"
}

/// Says with what a value that pays a duty was not compared.
pub(super) fn compared(out: &mut Output<'_>, compared: Compared) {
    match compared {
        Compared::All => {}
        Compared::Without(lost) => out.warn(&not_compared(lost)),
        Compared::Blindly => out.warn(
            "a new value is owed, and who does not read the environment cannot tell whether this one is new",
        ),
    }
}

/// Says that earlier values are nowhere any more.
pub(super) fn not_compared(lost: usize) -> String {
    format!("earlier values that are nowhere in this clone, and were not compared with: {lost}")
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
