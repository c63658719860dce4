//! `tenure allow`: what `scan` finds may stand there, for a reason.

use std::str::FromStr;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::allow::{self, Wanted};
use crate::deeds::scan::ALLOW;
use crate::output::Output;
use crate::output::allowed::{Exceptions, Pruned};
use crate::policy::Glob;
use crate::world::World;

/// Let pass what `scan` finds somewhere, for a reason that others review
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes .secrets/allow.toml, which a pull request shows: the rule, the file, a hash of the text, the reason. The
same text passes wherever it moves in that file; another one there is found. Values that are managed here, and
files that must be sealed, have no exceptions.

Examples:
  tenure allow tests/login.rs:12 --reason \"made up for this test\"
  tenure allow docs/api.md:40:9 --rule jwt --path 'docs/**' --reason \"expired in 2019\"
  tenure allow --all --reason \"found before the hook was there; see issue 31\"
  tenure allow --prune")]
pub(crate) struct Args {
    /// Where it stands, as `scan` or a push prints it, with a commit before it or without; line 0 is the file's name
    #[arg(value_name = "FILE:LINE[:COLUMN]", required_unless_present_any = ["all", "list", "prune"])]
    place: Option<Spot>,
    /// Why it may stand there
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["list", "prune"])]
    reason: Option<String>,
    /// Only what this rule finds there
    #[arg(long, value_name = "ID", requires = "place")]
    rule: Option<String>,
    /// The files that it may stand in, in place of that one
    #[arg(long, value_name = "GLOB", requires = "place")]
    path: Option<Glob>,
    /// All that is found in the work tree today, each in its file
    #[arg(long, conflicts_with = "place")]
    all: bool,
    /// List the exceptions
    #[arg(long, conflicts_with_all = ["place", "all", "reason"])]
    list: bool,
    /// Take out the exceptions that let nothing pass in the work tree
    #[arg(long, conflicts_with_all = ["place", "all", "list", "reason"])]
    prune: bool,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Spot {
    path: String,
    line: usize,
    column: Option<usize>,
}

impl FromStr for Spot {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTS: &str = "give it as FILE:LINE or FILE:LINE:COLUMN";
        let number = |text: &str| text.parse::<usize>().ok();
        let (before, last) = text.rsplit_once(':').ok_or(WANTS)?;
        let last = number(last).ok_or(WANTS)?;
        let spot = match before.rsplit_once(':') {
            Some((path, line)) if number(line).is_some() => (path, number(line), Some(last)),
            _ => (before, Some(last), None),
        };
        match spot {
            ("", ..) | (_, None, _) => Err(WANTS),
            (path, Some(line), column) => Ok(Self { path: path.to_owned(), line, column }),
        }
    }
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    if args.list {
        out.show(&Exceptions(&allow::list(world)?))?;
        return Ok(Exit::Done);
    }
    if args.prune {
        let pruned = allow::prune(world)?;
        out.show(&Pruned(&pruned))?;
        return Ok(done(pruned.is_empty(), out));
    }
    let reason = args.reason.as_deref().unwrap_or_default();
    let allowed = match &args.place {
        None => allow::all(world, reason)?,
        Some(spot) => {
            let wanted = Wanted {
                path: spot.path.clone().into(),
                line: spot.line,
                column: spot.column,
                rule: args.rule.clone(),
                at: args.path.clone(),
            };
            allow::one(world, &wanted, reason)?
        }
    };
    out.show(&allowed)?;
    let exit = done(allowed.added.is_empty(), out);
    Ok(if allowed.left.is_empty() { exit } else { Exit::Found })
}

/// Says what is next where something was written.
fn done(is_nothing: bool, out: &mut Output<'_>) -> Exit {
    if !is_nothing {
        out.note(&format!("for the next commit: git add {ALLOW}"));
    }
    Exit::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_a_line_and_perhaps_a_column() {
        let spot = |path: &str, line, column| Ok(Spot { path: path.to_owned(), line, column });
        assert_eq!("a/b.rs:12".parse(), spot("a/b.rs", 12, None));
        assert_eq!("a:b:12:3".parse(), spot("a:b", 12, Some(3)));
        assert_eq!("a b:0".parse(), spot("a b", 0, None));
        for bad in ["", "a", "a:", ":3", "a:b", "3", "a:-1", ":1:2"] {
            assert!(bad.parse::<Spot>().is_err(), "{bad}");
        }
    }
}
