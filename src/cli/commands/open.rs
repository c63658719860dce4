//! `tenure open`: a whole file in clear, on stdout, in another file or in its own place.

use std::path::PathBuf;

use clap::ValueHint;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::deeds::DeedError;
use crate::deeds::open::{Wanted, in_place, into_file, text};
use crate::names::quoted;
use crate::output::value::Shown;
use crate::output::{Output, safe};
use crate::world::World;
use crate::world::terminal::write_stdout;

/// Print a sealed file in clear, byte for byte
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure open secrets/prod.yaml
  tenure open -o /run/user/1000/tls.pem prod/secrets/tls.pem
  tenure open --in-place secrets/dev.env && $EDITOR secrets/dev.env && tenure seal")]
pub(crate) struct Args {
    /// The file's PATH, or ENV/PATH
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: String,

    /// Write it into this file, which only you can read
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Put the clear text in the place of the sealed file, until `tenure seal`
    #[arg(long, conflicts_with = "output")]
    in_place: bool,
}

pub(crate) fn run(
    world: &World,
    global: &Global,
    args: &Args,
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let wanted = Wanted { text: &args.file, env: global.env.as_ref() };
    if args.in_place {
        let opened = in_place(world, wanted)?;
        out.show(&opened)?;
        let path = safe(opened.path.as_str()).into_owned();
        out.note(&format!("tenure check reports it until: tenure seal {}", quoted(&path)));
        return Ok(Exit::Done);
    }
    if let Some(target) = &args.output {
        let opened = into_file(world, wanted, target)?;
        if opened.in_sight_of_git {
            out.warn("git does not ignore that file: keep it out of the next commit");
        }
        out.show(&opened)?;
        return Ok(Exit::Done);
    }
    let (path, text) = text(world, wanted)?;
    if global.json {
        out.show(&Shown { address: path.as_str(), value: &text })?;
    } else {
        write_stdout(&text).map_err(DeedError::from)?;
    }
    Ok(Exit::Done)
}
