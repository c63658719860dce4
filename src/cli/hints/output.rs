//! Advice on output that did not arrive.

use super::{Advice, Exit};
use crate::output::OutputError;

/// Ends with the code of a reader that went away: a verdict may be lost, so it is never 0.
pub(crate) fn advice(error: &OutputError) -> Advice {
    match error {
        OutputError::ReaderGone | OutputError::Lost(_) => Advice::of(Exit::ReaderGone),
    }
}
