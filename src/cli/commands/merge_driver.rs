//! `tenure merge-driver`: git starts it where `.gitattributes` says `merge=tenure`.

use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::driver::{self, Outcome, Sides};
use crate::names::quoted;
use crate::output::{Output, safe};
use crate::world::World;

/// Merge a sealed file value by value, for git; `tenure hook install` tells git of it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
No key is read and nothing is signed. Exit 1 leaves git's markers round what both sides changed:
take one, then git add, then tenure resolve.

  git config merge.tenure.driver 'tenure merge-driver %O %A %B %P'")]
pub(crate) struct Args {
    /// The common base (%O)
    base: PathBuf,

    /// Ours, and where the result goes (%A)
    ours: PathBuf,

    /// Theirs (%B)
    theirs: PathBuf,

    /// The path in the repository (%P)
    path: String,
}

pub(crate) fn run(world: &World, args: &Args, out: &mut Output<'_>) -> Result<Exit, Failure> {
    let Args { base, ours, theirs, path } = args;
    match driver::merge_file(world, Sides { base, ours, theirs, path })? {
        Outcome::Clean => Ok(Exit::Done),
        Outcome::Conflict(keys) => {
            let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
            let what =
                if keys.is_empty() { String::new() } else { format!(": {}", keys.join(", ")) };
            out.note(&format!(
                "both sides changed {}{what}\n  fix  take one side, git add {}, then: tenure resolve",
                safe(path),
                safe(&quoted(path).to_string())
            ));
            Ok(Exit::Found)
        }
    }
}
