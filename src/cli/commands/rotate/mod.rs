//! `tenure rotate`: new values in the place of old ones, at once or step by step.

mod driven;
mod ended;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::commands::set as set_command;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, Reason};
use crate::deeds::rotate::{
    self, Asked, Haste, New, Promotion, Rotated, Step, Stepped, Turn, Wanted, What,
};
use crate::deeds::set::{self, Wish};
use crate::deeds::{DeedError, find, request};
use crate::names::{AddressQuery, quoted};
use crate::output::{Form, Output, safe};
use crate::policy::Strategy;
use crate::rotation::generate::Spec;
use crate::world::terminal::Terminal;
use crate::world::{World, Writes};

/// Replace values by new ones, with new deadlines; refuses every value that a secret had before
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("step").multiple(false),
    group = clap::ArgGroup::new("waits").multiple(true).args(["promote", "finish", "with"]),
    after_help = "\
Without downtime, in three steps: --begin puts a new value beside KEY, as KEY_NEXT. --promote makes it
KEY, and the one before KEY_PREVIOUS; `run` and `export` deliver both. KEY_NEXT goes out only where it is
asked for with --only; that of a key ring goes out at once. --undo goes back one step. --finish takes KEY_PREVIOUS away and records that the old
value was ended at its issuer.

By a command of your own, --with CMD: it is started once a step, and gets values by pipes only.
  create   stdin: the current value; stdout: the new one, or nothing for a generator's
  set      stdin: the new value, for the issuer to accept; the file $TENURE_CURRENT: the current one
  test     stdin: the new value; ends with 0 where it works; then it is promoted
  finish   stdin: an old value, for the issuer to refuse; the file $TENURE_CURRENT: the current one
What it prints is shown without the values. Where a step fails nothing more is signed, both values stay, and
the same command goes on from there: set, test and finish may run again, and must bear it.

Examples:
  tenure rotate prod/STRIPE_KEY
  tenure rotate prod/DB_PASSWORD prod/SESSION_KEY --generate hex:32
  tenure rotate prod/STRIPE_KEY --begin
  tenure rotate prod/STRIPE_KEY --promote
  tenure rotate prod/STRIPE_KEY --finish -- ./is-refused
  tenure rotate prod/DB_PASSWORD --with ./new-password
  tenure rotate --due -e prod              all that is overdue or owed, all or none"
)]
pub(crate) struct Args {
    /// ENV/KEY, ENV/PATH#KEY, or ENV/PATH of a file that is sealed whole
    #[arg(value_name = "SECRET", required_unless_present = "due", conflicts_with = "due")]
    secrets: Vec<String>,

    /// Everything that is overdue, and everything owed since somebody left; prod first
    #[arg(long, conflicts_with = "step")]
    due: bool,

    /// Put a new value beside the current one
    #[arg(long, group = "step")]
    begin: bool,

    /// Make the pending value the current one
    #[arg(long, group = "step", conflicts_with_all = ["generate", "from_file", "from_age"])]
    promote: bool,

    /// Take a pending value away, or bring the previous one back
    #[arg(long, group = "step", conflicts_with_all = ["generate", "from_file", "from_age"])]
    undo: bool,

    /// Record that what was before was ended at its issuer, and take it away; after --, a program that gets
    /// the old value and ends with 1 where it is refused, with 0 where it is still taken
    #[arg(
        long,
        visible_alias = "done",
        group = "step",
        conflicts_with_all = ["generate", "from_file", "from_age"]
    )]
    finish: bool,

    /// With --promote and --finish: what a job wrote with `run --receipt`; may be given more than once
    #[arg(long, value_name = "FILE", requires = "step", conflicts_with_all = ["begin", "undo"])]
    receipt: Vec<PathBuf>,

    /// Promote a signing key before all who verify have had a day to get it, or end one that they still need
    #[arg(long, requires = "waits")]
    early: bool,

    /// With --finish: refuse while a consumer that the policy names has shown no receipt
    #[arg(long, requires = "finish")]
    strict: bool,

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

    /// Take the value that somebody sealed as `tenure request` says
    #[arg(long, value_name = "FILE", conflicts_with_all = ["generate", "from_file", "due"])]
    from_age: Option<PathBuf>,

    /// A shell command of yours that takes part, as CMD STEP ADDRESS: steps create, set and test, then the new
    /// value is promoted; with --finish the step finish
    #[arg(
        long,
        value_name = "CMD",
        value_parser = clap::builder::NonEmptyStringValueParser::new(),
        conflicts_with_all = ["due", "begin", "promote", "undo", "from_file", "from_age"]
    )]
    with: Option<String>,

    /// With --with: how long each step may take, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "with",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    timeout: u64,

    #[command(flatten)]
    fit: set_command::Fit,

    #[command(flatten)]
    reason: Reason,

    /// With --finish: a program that tells whether the old value is refused
    #[arg(value_name = "PROBE", last = true, requires = "finish")]
    probe: Vec<OsString>,
}

impl Args {
    fn haste(&self) -> Haste {
        if self.early { Haste::Early } else { Haste::No }
    }
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let asked = asked(global, &args.secrets)?;
    let reason = args.reason.text.as_deref();
    let unknown = |why| unshown(why, &asked);
    if args.promote {
        let (receipts, haste) = (args.receipt.as_slice(), args.haste());
        let promotion = Promotion { reason, tried: None, receipts, haste };
        let done = rotate::promote(world, &asked, promotion).map_err(unknown)?;
        return stepped(&done, out);
    }
    if args.undo {
        let done = rotate::undo(world, &asked, reason).map_err(unknown)?;
        return stepped(&done, out);
    }
    if args.finish {
        return ended::ended(world, args, &asked, out);
    }
    if let Some(driver) = driven::driver(args) {
        return driven::driven(world, args, (&asked, driver), out);
    }
    let what = match args.due {
        true => What::Due(global.env.clone()),
        false => What::Named(asked.clone()),
    };
    let step = if args.begin { Step::Begin } else { Step::InPlace };
    let agenda = rotate::agenda(world, &what, step).map_err(unknown)?;
    for left in &agenda.left {
        let line = format!("{} {}; {}", left.address, left.why, left.fix);
        out.warn(&safe(&line));
    }
    if agenda.wanted.is_empty() {
        match agenda.left.is_empty() {
            true => out.note("nothing is overdue or owed"),
            false => out.note("nothing else is overdue or owed"),
        }
        if out.is(Form::Json) {
            out.show(&agenda)?;
        }
        return Ok(Exit::Done);
    }
    if args.due && world.writes == Writes::Dry {
        out.show(&agenda)?;
        return Ok(Exit::Done);
    }
    one_at_a_time(world, args, &agenda.wanted)?;
    let ask = |wanted: &Wanted| one(world, args, out, wanted);
    let new: Vec<_> = agenda.wanted.iter().map(ask).collect::<Result<_, _>>()?;
    let wish = Wish { reason: args.reason.text.clone(), ..Wish::default() };
    let wish = args.fit.wish(world, wish)?;
    let rotated = rotate::rotate(world, new, &wish, step)?;
    out.show(&rotated)?;
    rotated.values.iter().for_each(|set| set_command::beside(out, set));
    say_after(&rotated, &agenda.wanted, out);
    Ok(Exit::Done)
}

/// What the words mean. All but the first may be a value that somebody meant to set: they are not repeated.
fn asked(global: &Global, words: &[String]) -> Result<Vec<Asked>, Failure> {
    let mut asked = Vec::new();
    for word in words {
        set_command::no_value_within(word)?;
        let query = AddressQuery::parse(word, global.env.as_ref());
        let query = match query {
            Err(_) if !asked.is_empty() => return Err(set_command::value_in_argument()),
            query => query.map_err(DeedError::from)?,
        };
        asked.push(Asked { query, text: word.clone() });
    }
    Ok(asked)
}

fn unshown(why: DeedError, asked: &[Asked]) -> Failure {
    let later = |text: &str| asked.iter().skip(1).any(|one| one.text == text);
    let no_secret = matches!(&why, DeedError::NoSecret { text, .. } if later(text));
    let no_env = matches!(&why, DeedError::NoEnvironment { env, .. }
        if asked.first().is_some_and(|first| first.query.env != *env));
    if !no_secret && !no_env {
        return why.into();
    }
    let what =
        "a word after the first names no secret; it may be a value, and is not repeated here";
    let instead =
        "a value is never taken from an argument: you are asked for it; names: tenure list";
    DeedError::Refuse { what: what.to_owned(), instead: Some(instead.to_owned()) }.into()
}

fn stepped(done: &Stepped, out: &mut Output<'_>) -> Result<Exit, Failure> {
    out.show(done)?;
    stepped_notes(done, None, out);
    Ok(Exit::Done)
}

/// Says what a step leaves to be done, with the command that took part in it.
fn stepped_notes(done: &Stepped, with: Option<&str>, out: &mut Output<'_>) {
    let with = with.map(|command| format!(" --with {}", quoted(command))).unwrap_or_default();
    for value in done.values.iter().filter(|value| value.is_credential) {
        let how = value.revoke.as_ref().map(|how| format!(" ({how})")).unwrap_or_default();
        let name = &value.name;
        let then = format!("then: tenure rotate {name} --finish{with}");
        let line = match &value.turn {
            Turn::Promoted { until: Some(day), .. } => {
                format!("both go out; end the old one at its issuer{how} by {day}, {then}")
            }
            Turn::Promoted { previous: None, .. } => format!(
                "planned interruption: who has the old value takes the new one now; \
                 end the old one at its issuer{how}, {then}"
            ),
            Turn::Promoted { until: None, .. } => {
                "both go out; the old one stays while anything needs it to be decrypted".to_owned()
            }
            Turn::Dropped(_) | Turn::Restored(_) => {
                format!("end the value that was new for {name} at its issuer{how}, {then}")
            }
        };
        out.note(&safe(&line));
    }
}

/// Says that some earlier values could not be looked at.
fn not_compared(lost: usize, out: &mut Output<'_>) {
    out.warn(&set_command::not_compared(lost));
}

/// Says what new values do not do.
fn say_after(rotated: &Rotated, wanted: &[Wanted], out: &mut Output<'_>) {
    if rotated.lost > 0 {
        not_compared(rotated.lost, out);
    }
    if rotated.step == Step::Begin {
        let names: Vec<_> = wanted.iter().map(|one| one.name.as_str()).collect();
        let then = format!("tenure rotate {} --promote", names.join(" "));
        out.note(&safe(&format!("bring it to its issuer and to those who use it, then: {then}")));
        if wanted.iter().any(|it| it.strategy == Some(Strategy::KeyRing)) {
            out.note(
                "`run` and `export` deliver it from now on, so that it is known before it signs",
            );
        }
        return;
    }
    if wanted.iter().any(|it| it.strategy == Some(Strategy::Single)) {
        out.note("planned interruption: this type takes one value at a time");
    }
    let mut ends: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
    // What stays to decrypt is told already, and is not ended yet.
    for one in wanted.iter().filter(|it| it.strategy != Some(Strategy::KeepOld)) {
        ends.entry(one.revoke.as_deref()).or_default().push(one.name.clone());
    }
    ends.into_iter().for_each(|(revoke, names)| end_the_old(out, revoke, &names));
}

/// Refuses several values from one stdin: nothing would say where one ends.
fn one_at_a_time(world: &World, args: &Args, wanted: &[Wanted]) -> Result<(), Failure> {
    let made = |wanted: &&Wanted| generates(args, wanted);
    let asked = wanted.iter().filter(|wanted| !made(wanted)).count();
    if (args.from_file.is_some() || args.from_age.is_some()) && wanted.len() > 1 {
        let what = "one file has one new value, and several want one".to_owned();
        return Err(DeedError::Refuse { what, instead: Some("one by one".to_owned()) }.into());
    }
    if asked < 2 || world.terminal == Terminal::Person {
        return Ok(());
    }
    let what = format!("{asked} values want a new one, and nobody is there to ask for each");
    let instead = "tenure rotate SECRET, one by one, or run it at a terminal".to_owned();
    Err(DeedError::Refuse { what, instead: Some(instead) }.into())
}

/// Tells whether a value is made and not asked for. Of all that is due, what has no generator is asked for,
/// unless one is said for all.
fn generates(args: &Args, wanted: &Wanted) -> bool {
    let said = matches!(args.generate, Some(Some(_)));
    said || (args.generate.is_some() && (!args.due || wanted.generator.is_some()))
}

/// Asks for one new value, or leaves it to the generator.
fn one(world: &World, args: &Args, out: &mut Output<'_>, wanted: &Wanted) -> Result<New, Failure> {
    let found: find::Found = wanted.found.clone();
    let address = found.address();
    if generates(args, wanted) {
        let generator = args.generate.clone().flatten().or_else(|| wanted.generator.clone());
        return Ok(New { found, value: None, generator });
    }
    if args.due || args.secrets.len() > 1 {
        out.note(&format!("{}/{}", address.env, address.key));
    }
    if let Some(runbook) = &wanted.runbook {
        out.note(&format!("how    {runbook}"));
    }
    let shape = set::Shape::of(&found);
    let value = match args.from_age.as_deref() {
        Some(file) => request::received(world, &found, file)?,
        None => match set::given(world, "new value", shape, args.from_file.as_deref()) {
            Err(why @ DeedError::NoValue) if wanted.generator.is_some() => {
                let make = format!("tenure rotate {} --generate", wanted.name);
                let instead = format!("{make}; or give it on stdin, or at a terminal");
                return Err(
                    DeedError::Refuse { what: why.to_string(), instead: Some(instead) }.into()
                );
            }
            value => value?,
        },
    };
    Ok(New { found, value: Some(value), generator: None })
}

/// Says what a new value does not do.
pub(super) fn end_the_old(out: &mut Output<'_>, revoke: Option<&str>, names: &[String]) {
    let then = names.join(" ");
    let how = revoke.map(|how| format!(" ({how}), then: tenure rotate {then} --finish"));
    let how = how.unwrap_or_default();
    let line = format!("the old value is still in git history: end it at its issuer{how}");
    out.note(&safe(&line));
}
