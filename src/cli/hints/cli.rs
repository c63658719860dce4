//! Advice on what the command line itself refuses.

use super::{Advice, Exit};
use crate::cli::CliError;

pub(crate) fn advice(error: &CliError) -> Advice {
    match error {
        CliError::NoSuchPage { .. } => {
            Advice::of(Exit::Refused).hint("`tenure --help` lists the commands")
        }
    }
}
