//! The end of a rotation: what was before is ended at its issuer.

use super::driven::{self, driver};
use super::{Args, unshown};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::deeds::DeedError;
use crate::deeds::rotate::finish::{self, Answer, Waiting};
use crate::deeds::rotate::{Asked, drive};
use crate::log::entry::Grade;
use crate::names::{KeyPath, quoted};
use crate::output::rotated::Alive;
use crate::output::sentences::end_is_declared;
use crate::output::words::count;
use crate::output::{Output, safe};
use crate::world::child::Ending;
use crate::world::{World, Writes};

/// Ends what was before, once a program says that it is refused, where one is given.
pub(super) fn ended(
    world: &World,
    args: &Args,
    asked: &[Asked],
    out: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let mut waiting = finish::waiting(world, asked, &args.receipt, args.haste())
        .map_err(|why| unshown(why, asked))?;
    receipts(args, &waiting, out)?;
    if !args.probe.is_empty() && waiting.len() > 1 {
        return refuse("a program is asked about one secret", "one by one");
    }
    by_command(world, args, &mut waiting, out)?;
    let mut grade = Grade::Declared;
    for waits in waiting.iter_mut().filter(|_| !args.probe.is_empty()) {
        match probed(world, args, waits, out)? {
            Some(known) => grade = known,
            None => return Ok(Exit::Found),
        }
    }
    let done = finish::finish(world, asked, &waiting, grade, args.reason.text.as_deref())?;
    out.show(&done)?;
    done.values.iter().for_each(|waits| left(waits, out));
    out.note(&end_is_declared(done.receipt.by.as_str()));
    Ok(Exit::Done)
}

/// Says which old values wait for their end as before.
fn left(waits: &Waiting, out: &mut Output<'_>) {
    if waits.unasked.is_empty() {
        return;
    }
    let (address, all) = (&waits.address, waits.unasked.len());
    let name = match address.key {
        KeyPath::Whole => quoted(format!("{}/{}", address.env, address.path)),
        _ => quoted(address),
    };
    let never = waits.unasked.iter().filter(|it| it.was_pending).count();
    let never = match never {
        0 => String::new(),
        some => format!("; {some} of them never took its place, and its issuer may not know it"),
    };
    let values = count(all, "old value");
    out.warn(&safe(&format!(
        "{values} not at hand: no program was asked, and no end was recorded{never}; once it is refused: \
         tenure rotate {name} --finish"
    )));
}

/// Asks a program whether the old values are refused; none where one is still taken.
fn probed(
    world: &World,
    args: &Args,
    waits: &mut Waiting,
    out: &mut Output<'_>,
) -> Result<Option<Grade>, Failure> {
    let Some((program, words)) = args.probe.split_first() else {
        return Ok(Some(Grade::Declared));
    };
    let (answer, unasked) = finish::probe(world, waits, (program, words))?;
    waits.unasked = unasked;
    match answer {
        Answer::Refused => Ok(Some(Grade::Probed)),
        Answer::NotAsked => {
            out.note("the program was not started");
            Ok(Some(Grade::Declared))
        }
        Answer::Alive => {
            out.show(&Alive(waits))?;
            let how = waits.revoke.as_ref().map(|how| format!(" ({how})")).unwrap_or_default();
            out.warn(&safe(&format!("end it at its issuer{how}, then again")));
            Ok(None)
        }
        Answer::Unclear(ending) => {
            let how = match ending {
                Ending::Status(status) => format!("ended with {status}"),
                Ending::Signal(signal) => format!("was killed by signal {signal}"),
            };
            let what = format!("the program {how}: it could not tell; nothing was recorded");
            refuse(&what, "it ends with 1 where the old value is refused, with 0 where not")
        }
    }
}

/// Has a command of the user's end the old values at their issuer.
fn by_command(
    world: &World,
    args: &Args,
    waiting: &mut [Waiting],
    out: &mut Output<'_>,
) -> Result<(), Failure> {
    let Some(driver) = driver(args) else { return Ok(()) };
    for waits in waiting {
        waits.unasked = drive::end(world, waits, driver, &mut |told| driven::tell(&told, out))?;
    }
    if world.writes == Writes::Dry {
        out.note("the command was not started");
    }
    Ok(())
}

fn refuse<T>(what: &str, instead: &str) -> Result<T, Failure> {
    Err(DeedError::Refuse { what: what.to_owned(), instead: Some(instead.to_owned()) }.into())
}

/// Names the consumers that have shown no receipt of the new value.
fn receipts(args: &Args, waiting: &[Waiting], out: &mut Output<'_>) -> Result<(), Failure> {
    let mut without: Vec<_> = waiting.iter().flat_map(|waits| &waits.consumers).collect();
    without.sort();
    without.dedup();
    if without.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = without.iter().map(|name| name.as_str()).collect();
    let names = names.join(", ");
    if args.strict {
        let what = format!("nothing shows that these have the new value: {names}");
        return refuse(
            &what,
            "give the receipts of their runs with --receipt, or leave out --strict",
        );
    }
    out.warn(&format!("nothing shows that these have the new value: {names}"));
    Ok(())
}
