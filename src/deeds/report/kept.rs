//! Reports that are kept in files: written where nothing else is overwritten, and read again.

use std::path::Path;

use crate::deeds::DeedError;
use crate::deeds::over::writes_over;
use crate::world::{Mode, World, Writes, make_folder, read_text, write_whole};

/// What every report has near its beginning.
const MARK: &str = "> **Document ID:** ";

/// What every calendar of ours has near its beginning.
const CALENDARS_MARK: &str = "\nPRODID:-//tenure//";

/// Reads a file that is to be a report.
///
/// # Errors
/// [`DeedError::World`] where it is no text; [`DeedError::Refuse`] where it is not there.
pub fn read(world: &World, file: &Path) -> Result<String, DeedError> {
    read_text(&world.from.join(file))?.ok_or_else(|| DeedError::Refuse {
        what: format!("there is no file `{}`", file.display()),
        instead: None,
    })
}

/// Writes a report into a file; over another report, and over nothing else.
///
/// # Errors
/// [`DeedError::Refuse`] where the file holds something else.
pub fn write(world: &World, file: &Path, text: &str) -> Result<(), DeedError> {
    over(world, file, text, ("a report", &|text| text.contains(MARK)))
}

/// Writes a calendar into a file; over another calendar of ours, and over nothing else.
///
/// # Errors
/// [`DeedError::Refuse`] where the file holds something else.
pub fn write_calendar(world: &World, file: &Path, text: &str) -> Result<(), DeedError> {
    over(world, file, text, ("a calendar of tenure", &|text| text.contains(CALENDARS_MARK)))
}

/// Writes what `scan` found into a file; over the same, and over nothing else.
///
/// # Errors
/// [`DeedError::Refuse`] where the file holds something else.
pub fn write_findings(
    world: &World,
    file: &Path,
    text: &str,
    is_ours: &dyn Fn(&str) -> bool,
) -> Result<(), DeedError> {
    over(world, file, text, ("findings of a scan", is_ours))
}

fn over(
    world: &World,
    file: &Path,
    text: &str,
    (what, is_ours): (&str, &dyn Fn(&str) -> bool),
) -> Result<(), DeedError> {
    let to = world.from.join(file);
    writes_over(&to, what, is_ours)?;
    if world.writes == Writes::Real {
        make_folder(&to)?;
        write_whole(&to, text.as_bytes(), Mode::Keep)?;
    }
    Ok(())
}
