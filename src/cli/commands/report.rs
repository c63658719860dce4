//! `tenure report`: documents that follow from the repository, as Markdown.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueHint};
use jiff::civil::Date;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, View};
use crate::deeds::DeedError;
use crate::deeds::as_of::{self, Past};
use crate::deeds::report::shared::Keys;
use crate::deeds::report::{self, kept};
use crate::finding::Finding;
use crate::output::as_of::told;
use crate::output::report::{
    Compared, Document, Edition, Ics, Written, calendar, compare, five_d, five_d_of_nothing,
    opened_for, plan, stamped,
};
use crate::output::{Form, Output};
use crate::world::World;

/// Write a document that follows from policy, log and files; needs no key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure report 5d                       on stdout
  tenure report 5d -o docs/5d.md
  tenure report 5d --customer -o 5d.md
  tenure report 5d --check docs/5d.md    exit 1 when it says something else
  tenure report 5d --as-of 2027-05-01 -o audit.md
  tenure report plan -o docs/secrets-plan.md
  tenure report calendar -o deadlines.ics")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// How secrets are managed: storage, access, rotation, audit, incidents (document 5D)
    ///
    /// Of a state that `tenure check` refuses (exit 3 or 5) it says in place of numbers why they cannot be
    /// said, and exits so; such a document is not written into a file.
    #[command(name = "5d")]
    FiveD(FiveD),
    /// The Secrets Management Plan: the rules of the policy, with the hash that approvals are for
    Plan(Plan),
    /// Every deadline as a calendar (ICS): an event of a whole day each, announced before
    Calendar(Calendar),
}

#[derive(Debug, clap::Args)]
struct FiveD {
    /// Write it into this file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Compare this file with what the state here says on the file's own day
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["output", "customer", "texts"])]
    check: Option<PathBuf>,

    /// For customers: without the names of secrets, members, files and commands
    #[arg(long)]
    customer: bool,

    /// Open values with your keys, in memory: tells which serve two environments, and which keys were used
    #[arg(long, conflicts_with = "check")]
    with_keys: bool,

    #[command(flatten)]
    view: View,
}

#[derive(Debug, clap::Args)]
struct Plan {
    /// Write it into this file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Compare this file with what the policy in force says
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with = "output")]
    check: Option<PathBuf>,

    #[command(flatten)]
    view: View,
}

#[derive(Debug, clap::Args)]
struct Calendar {
    /// Write it into this file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    #[command(flatten)]
    view: View,
}

pub(crate) fn run(
    world: World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    global.of_all("a report")?;
    let view = match &args.what {
        What::FiveD(args) => &args.view,
        What::Plan(args) => &args.view,
        What::Calendar(args) => &args.view,
    };
    let world = &as_of::look(world, &view.texts, Past::Committed)?;
    let exit = match &args.what {
        What::FiveD(args) => document_5d(world, args, out),
        What::Plan(args) => the_plan(world, args, out),
        What::Calendar(args) => the_calendar(world, args, out),
    }?;
    if let Some(view) = &world.view {
        out.note(&told(view));
    }
    Ok(exit)
}

fn document_5d(world: &World, args: &FiveD, out: &mut Output<'_>) -> Result<Exit, Failure> {
    if let Some(file) = &args.check {
        return check(world, file, out);
    }
    let edition = if args.customer { Edition::Customer } else { Edition::Internal };
    let keys = if args.with_keys { Keys::AtHand } else { Keys::Unused };
    let report = match report::five_d(world, None, keys) {
        Err(DeedError::Refused(finding)) if args.output.is_none() => {
            let text = five_d_of_nothing(&finding, edition);
            out.show(&Document { name: "5d", text: &text })?;
            return Err(refused(&finding));
        }
        other => other?,
    };
    if report.shared.as_ref().is_some_and(|it| !it.same.is_empty()) {
        out.warn(
            "OI-20 tells whoever reads one environment a value of another: rotate it before this goes round",
        );
    }
    let document = Document { name: "5d", text: &five_d(&report, edition) };
    // What cannot be said is shown, with why; and never kept, nor taken for a pass.
    match (report.broken.first(), &args.output) {
        (None, file) => keep(world, file.as_deref(), &document, out),
        (Some(finding), Some(_)) => Err(refused(finding)),
        (Some(finding), None) => {
            out.show(&document)?;
            Err(refused(finding))
        }
    }
}

fn refused(finding: &Finding) -> Failure {
    DeedError::Refused(finding.clone().into()).into()
}

/// Writes a report into a file, or shows it.
fn keep(
    world: &World,
    file: Option<&Path>,
    document: &Document<'_>,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match file {
        Some(file) => {
            kept::write(world, file, document.text)?;
            written(document.name, file, out)
        }
        None => Ok(out.show(document).map(|()| Exit::Done)?),
    }
}

/// Says into which file it went: people on stderr, and machines where they look for an answer.
fn written(name: &'static str, file: &Path, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let written = Written { name, file: file.display().to_string() };
    match out.is(Form::Json) {
        true => out.show(&written)?,
        false => out.show_aside(&written)?,
    }
    Ok(Exit::Done)
}

/// A report keeps saying what it said on its day: only a hand, or another state, makes a difference.
fn check(world: &World, file: &Path, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let text = kept::read(world, file)?;
    let wanted = match stamped(&text) {
        Some((day, edition)) => {
            let report = again(world, &text, day)?;
            if let Some(finding) = report.broken.first() {
                return Err(refused(finding));
            }
            Some(five_d(&report, edition))
        }
        None => None,
    };
    let name = file.display().to_string();
    let compared = Compared { name, difference: compare(&text, wanted.as_deref()) };
    out.show(&compared)?;
    Ok(if compared.difference.is_none() { Exit::Done } else { Exit::Found })
}

/// The document of a kept one's day, made with as many keys.
fn again(world: &World, kept: &str, day: Date) -> Result<report::FiveD, Failure> {
    let with = opened_for(kept);
    let keys = if with.is_some() { Keys::AtHand } else { Keys::Unused };
    let report = report::five_d(world, Some(day), keys)?;
    let opened = report.shared.as_ref().map(|it| {
        let envs: Vec<_> = it.opened.keys().map(ToString::to_string).collect();
        if envs.is_empty() { "none".to_owned() } else { envs.join(", ") }
    });
    match (with, opened) {
        (Some(with), Some(opened)) if with != opened => Err(DeedError::Refuse {
            what: format!("it was made with keys of {with}, and those at hand open {opened}"),
            instead: Some("ask who has the same keys, or make it without: tenure report 5d".into()),
        }
        .into()),
        _ => Ok(report),
    }
}

fn the_plan(world: &World, args: &Plan, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let text = plan(&report::plan::plan(world)?);
    if let Some(file) = &args.check {
        let name = file.display().to_string();
        let compared =
            Compared { name, difference: compare(&kept::read(world, file)?, Some(&text)) };
        out.show(&compared)?;
        return Ok(if compared.difference.is_none() { Exit::Done } else { Exit::Found });
    }
    keep(world, args.output.as_deref(), &Document { name: "plan", text: &text }, out)
}

/// Shows the bytes as they are: the ends of its lines are part of the format.
fn the_calendar(world: &World, args: &Calendar, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let text = calendar(&report::calendar::calendar(world)?);
    match &args.output {
        Some(file) => {
            kept::write_calendar(world, file, &text)?;
            return written("calendar", file, out);
        }
        None if out.is(Form::Json) => out.show(&Ics(&text))?,
        None => out.raw(text.as_bytes())?,
    }
    Ok(Exit::Done)
}
