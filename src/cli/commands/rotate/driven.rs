//! Rotations by a command of the user's.

use std::time::Duration;

use super::{Args, stepped_notes, unshown};
use crate::cli::commands::set as set_command;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::rotate::Asked;
use crate::deeds::rotate::drive::{Drive, Driven, Driver, Told, drive};
use crate::deeds::set::Wish;
use crate::names::quoted;
use crate::output::rotated::Drove;
use crate::output::{Output, safe};
use crate::world::World;

/// The command that the user gives, if one.
pub(super) fn driver(args: &Args) -> Option<Driver<'_>> {
    let command = args.with.as_deref()?.as_ref();
    Some(Driver { command, limit: Duration::from_secs(args.timeout) })
}

/// Drives one secret after the other; the first that fails ends it, and those before it are done.
pub(super) fn driven(
    world: &World,
    args: &Args,
    (asked, driver): (&[Asked], Driver<'_>),
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let wish = Wish { reason: args.reason.text.clone(), ..Wish::default() };
    let wish = args.fit.wish(world, wish)?;
    let generator = args.generate.as_ref().and_then(Option::as_ref);
    let mut all = Vec::new();
    for one in asked {
        let how = Drive { driver, wish: &wish, haste: args.haste(), generator };
        let done = drive(world, one, how, &mut |told| tell(&told, out));
        let done = done.map_err(|why| unshown(why, asked))?;
        say(&done, out);
        all.push(done);
    }
    out.show(&Drove(&all))?;
    Ok(Exit::Done)
}

fn say(done: &Driven, out: &mut Output<'_>) {
    if let Some(begun) = &done.begun {
        if begun.lost > 0 {
            super::not_compared(begun.lost, out);
        }
        begun.values.iter().for_each(|set| set_command::beside(out, set));
    }
    match (&done.stepped, done.waits) {
        (Some(stepped), _) => stepped_notes(stepped, out),
        (None, Some(day)) => {
            out.note(&format!(
                "both go out from now on; the same command promotes the new one, from {day} on"
            ));
        }
        (None, None) => out.note("the command was not started"),
    }
}

/// Shows what a command printed, without the values that it was given: to all where it failed.
pub(super) fn tell(told: &Told, out: &mut Output<'_>) {
    let address = &told.address;
    let name = quoted(format!("{}/{}", address.env, address.key)).to_string();
    let word = told.part.word();
    if told.worked {
        out.note(&safe(&format!("{name} {word}: done")));
    }
    for line in told.printed.lines() {
        let line = format!("{name} {word}| {line}");
        match told.worked {
            true => out.note(&safe(&line)),
            false => out.insist(&safe(&line)),
        }
    }
}
