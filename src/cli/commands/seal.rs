//! `tenure seal`: what lies in clear where the policy wants it sealed.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::{Global, Reason};
use crate::deeds::sealing::Whole;
use crate::deeds::{ignored, seal};
use crate::names::TypeName;
use crate::output::{Output, safe};
use crate::world::World;

/// Seal files that lie in clear: new ones, opened ones, and values added by hand
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure seal                              every managed file that differs
  tenure seal secrets/prod.env
  tenure seal prod/API_KEY                 a value that somebody committed in clear")]
pub(crate) struct Args {
    /// Files, or secrets as ENV/KEY; without one, all that differs
    #[arg(value_name = "PATH|SECRET")]
    what: Vec<String>,

    /// Seal a file as one that can no longer be sealed value by value
    #[arg(long)]
    whole: bool,

    /// The type of new values that no rule of the policy gives one
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<TypeName>,

    #[command(flatten)]
    reason: Reason,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let plan = seal::Plan {
        named: args.what.clone(),
        env: global.env.clone(),
        whole: if args.whole { Whole::Allowed } else { Whole::Refused },
        kind: args.kind.clone(),
        reason: args.reason.text.clone(),
    };
    let sealed = seal::seal(world, &plan)?;
    out.show(&sealed)?;
    super::set::compared(out, sealed.compared);
    for name in &sealed.cleared {
        let what = "stood in clear, for all who see the repository: it must rotate";
        out.warn(&safe(&format!("{name} {what}: tenure rotate {name}")));
    }
    if let Some(first) = sealed.doubts.first() {
        let more = match sealed.doubts.len() {
            1 => String::new(),
            several => format!(" (1 of {several} such)"),
        };
        out.warn(&safe(&format!("sealed as it stands, and no good as a new value: {first}{more}")));
    }
    let paths = sealed.receipt.as_ref().map(|receipt| receipt.paths.as_slice()).unwrap_or_default();
    if let Some(ignored) = ignored::written(world, paths) {
        out.warn(&ignored.warning());
    }
    Ok(Exit::Done)
}
