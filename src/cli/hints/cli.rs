//! Advice on what the command line itself refuses.

use super::{Advice, Exit};
use crate::cli::CliError;

pub(crate) fn advice(error: &CliError) -> Advice {
    match error {
        CliError::NoSuchPage { .. } => Advice {
            exit: Exit::Refused,
            at: None,
            hint: Some("`tenure --help` lists the commands".to_owned()),
        },
    }
}
