//! `tenure exposure`: who could read what, from when on, and what of it is still in use.

use std::path::PathBuf;

use clap::ValueHint;
use jiff::civil::Date;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, View};
use crate::deeds::DeedError;
use crate::deeds::as_of::{self, Past};
use crate::deeds::exposure::value;
use crate::deeds::exposure::{Exposure, Question, Wanted, exposure};
use crate::deeds::set::{Shape, given};
use crate::finding::Severity;
use crate::names::MemberName;
use crate::output::Output;
use crate::output::as_of::Viewed;
use crate::output::progress::Bar;
use crate::output::sentences::{READ_STAYS_READ, READS_LEAVE_NO_TRACE, TIMES_ARE_CLAIMS};
use crate::policy::Recipient;
use crate::world::{self, World};

/// Which values somebody could read, from when on, and which of them are still in use
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("who").required(true)),
    after_help = "\
Examples:
  tenure exposure cleo
  tenure exposure cleo --since 2027-02-01 --until 2027-02-20
  tenure exposure --key ~/lost-laptop/id_ed25519
  tenure exposure --vendor stripe --json
  tenure exposure --value < leaked.txt

Exit codes: 0 answered, whatever the answer; 1 the history has a keyring that opens to them and that
the log does not say; 6 nobody has this name"
)]
pub(crate) struct Args {
    /// A member, now or ever
    #[arg(value_name = "MEMBER", group = "who")]
    member: Option<String>,

    /// Whoever has the private half of this: age1… or "ssh-ed25519 AAAA…"
    #[arg(long, value_name = "RECIPIENT", group = "who")]
    recipient: Option<Recipient>,

    /// Whoever has the private key in FILE: every keyring of all history is tried with it
    #[arg(long, value_name = "FILE", group = "who", value_hint = ValueHint::FilePath)]
    key: Option<PathBuf>,

    /// A third party that rules of the policy name
    #[arg(long, value_name = "VENDOR", group = "who")]
    vendor: Option<String>,

    /// Which value a leaked one is: asked for, or read from stdin; opens all that your own keys open
    #[arg(long, group = "who")]
    value: bool,

    /// Only what could be read, and was in use, on this UTC day or later
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,

    /// Only what could be read, and was in use, on this UTC day or before
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,

    #[command(flatten)]
    view: View,
}

pub(crate) fn run(
    world: World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    in_order(args)?;
    let world = &as_of::look(world, &args.view.texts, Past::Committed)?;
    let view = world.view.as_ref();
    let wanted = Wanted { since: args.since, until: args.until, env: global.env.clone() };
    let member = args.member.as_deref().map(named).transpose()?;
    let exit = match args.question(member.as_ref()) {
        Some(question) => {
            let mut bar = Bar::new(out, "contents");
            let answer = exposure(world, question, wanted, &mut |done, of| bar.step(done, of));
            drop(bar);
            answered(&answer?, view, out)?
        }
        None => {
            let leaked = given(world, "leaked value", Shape::Value, None)?;
            let mut bar = Bar::new(out, "contents");
            let found = value::find(world, &leaked, &wanted, &mut |done, of| bar.step(done, of));
            drop(bar);
            out.show(&Viewed { view, of: &found? })?;
            Exit::Done
        }
    };
    out.note(READS_LEAVE_NO_TRACE);
    out.note(READ_STAYS_READ);
    out.note(TIMES_ARE_CLAIMS);
    Ok(exit)
}

impl Args {
    /// What is asked; none for a value.
    fn question<'a>(&'a self, member: Option<&'a MemberName>) -> Option<Question<'a>> {
        member
            .map(Question::Member)
            .or_else(|| self.recipient.as_ref().map(Question::Recipient))
            .or_else(|| self.key.as_deref().map(Question::Key))
            .or_else(|| self.vendor.as_deref().map(Question::Vendor))
    }
}

/// Refuses a span that ends before it begins: no answer would be one.
fn in_order(args: &Args) -> Result<(), Failure> {
    let Some((since, until)) = args.since.zip(args.until).filter(|(since, until)| since > until)
    else {
        return Ok(());
    };
    let what =
        format!("nothing lies between --since {since} and --until {until}: that is before it");
    let instead = Some(format!("the other way round: --since {until} --until {since}"));
    Err(DeedError::Refuse { what, instead }.into())
}

/// A member's name; what is none may be a value, and is not repeated.
fn named(text: &str) -> Result<MemberName, Failure> {
    text.parse().map_err(|_| {
        let what = "this is no member's name".to_owned();
        let instead =
            "a leaked value is never an argument: tenure exposure --value < FILE".to_owned();
        DeedError::Refuse { what, instead: Some(instead) }.into()
    })
}

fn answered(
    answer: &Exposure,
    view: Option<&world::View>,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    out.show(&Viewed { view, of: answer })?;
    let says_more = answer.findings.iter().any(|finding| finding.severity >= Severity::Found);
    Ok(if says_more { Exit::Found } else { Exit::Done })
}
