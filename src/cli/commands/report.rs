//! `tenure report`: documents that follow from the repository, as Markdown.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueHint};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::DeedError;
use crate::deeds::report::{self, kept};
use crate::finding::Finding;
use crate::output::Output;
use crate::output::report::{Compared, Document, Edition, compare, five_d, plan, stamped};
use crate::world::World;

/// Write a document that follows from policy, log and files; needs no key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure report 5d                       on stdout
  tenure report 5d -o docs/5d.md
  tenure report 5d --customer -o 5d.md
  tenure report 5d --check docs/5d.md    exit 1 when it says something else
  tenure report plan -o docs/secrets-plan.md")]
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
}

#[derive(Debug, clap::Args)]
struct FiveD {
    /// Write it into this file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Compare this file with what the state here says on the file's own day
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["output", "customer"])]
    check: Option<PathBuf>,

    /// For customers: without the names of secrets, members, files and commands
    #[arg(long)]
    customer: bool,
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
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    match &args.what {
        What::FiveD(args) => document_5d(world, args, out),
        What::Plan(args) => the_plan(world, args, out),
    }
}

fn document_5d(world: &World, args: &FiveD, out: &mut Output<'_>) -> Result<Exit, Failure> {
    if let Some(file) = &args.check {
        return check(world, file, out);
    }
    let edition = if args.customer { Edition::Customer } else { Edition::Internal };
    let report = report::five_d(world, None)?;
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
            out.note(&format!("written: {}", file.display()));
        }
        None => out.show(document)?,
    }
    Ok(Exit::Done)
}

/// A report keeps saying what it said on its day: only a hand, or another state, makes a difference.
fn check(world: &World, file: &Path, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let text = kept::read(world, file)?;
    let wanted = match stamped(&text) {
        Some((day, edition)) => {
            let report = report::five_d(world, Some(day))?;
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
