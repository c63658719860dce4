//! The message of a commit that is about to be made.

use std::path::Path;

use super::commits::MESSAGE;
use super::standards::Standards;
use super::texts::{Judge, Origin};
use super::values::Values;
use super::{Leak, Scanned, What, advice};
use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::names::quoted;

/// What git writes above what it takes from an edited message: `git commit --verbose`, `--cleanup=scissors`.
const SCISSORS: &str = "------------------------ >8 ------------------------";

/// Looks through a message in a file of git's, as far as git keeps it.
pub(in crate::deeds) fn scan(place: &Place<'_>, file: &Path) -> Result<Scanned, DeedError> {
    let text = place.checkout.given_file(file)?;
    let standards = Standards::of(place)?;
    // What the commit replaces is what its message is the likeliest to tell.
    let values = Values::staged(place, &place.checkout.staged_changes()?)?;
    let mut judge = Judge::new(&standards, values);
    let mut leaks = leaks_of(&mut judge, &text);
    // What git takes away costs several questions to know, and seldom matters.
    if !leaks.is_empty()
        && let Some(kept) = kept(place, &text)?
    {
        leaks = leaks_of(&mut judge, kept.as_bytes());
    }
    judge.scanned.texts = 1;
    judge.scanned.bytes = text.len() as u64;
    // What `git commit -a` staged is staged no more, once the hook refuses.
    let all = match place.world.environment.git_index_file.as_ref() {
        Some(index) if index.ends_with("index.lock") => "-a ",
        _ => "",
    };
    let again = format!("git commit {all}--edit --file {}", quoted(file.display().to_string()));
    let again = format!("take it out, with --amend once more if you gave it: {again}");
    let mend = |leak: Leak| {
        let fix = match &leak.what {
            What::Credential => again.clone(),
            What::Managed { .. } => leak.fix.replacen("take it out", &again, 1),
        };
        Leak { fix, ..leak }
    };
    let mut leaks: Vec<_> = leaks.into_iter().map(mend).collect();
    let who = if judge.values.is_some() { place.checkout.who_commits()? } else { Vec::new() };
    for (told, name) in who {
        let found = judge.carried(Origin { path: told.as_bytes(), commit: None }, &name);
        leaks.extend(found.into_iter().map(|leak| Leak { fix: advice::of_person(&leak), ..leak }));
    }
    Ok(judge.done(leaks))
}

fn leaks_of(judge: &mut Judge<'_>, text: &[u8]) -> Vec<Leak> {
    let origin = Origin { path: MESSAGE.as_bytes(), commit: None };
    judge.whole(origin, text).into_iter().map(|(leak, _)| leak).collect()
}

/// What stays of a message after its editor was closed, every line in its place; none where all of it does.
fn kept(place: &Place<'_>, text: &[u8]) -> Result<Option<String>, DeedError> {
    if place.world.environment.unedited {
        return Ok(None);
    }
    let cleanup = place.checkout.config("commit.cleanup")?;
    let comments_go = match cleanup.as_deref() {
        Some("verbatim" | "whitespace") => return Ok(None),
        Some("scissors") => false,
        _ => true,
    };
    let comment = match place.checkout.config("core.commentString")? {
        Some(own) => own,
        None => place.checkout.config("core.commentChar")?.unwrap_or_else(|| "#".to_owned()),
    };
    let text = String::from_utf8_lossy(text);
    Ok(Some(without(&text, comments_go.then_some(comment.as_str()))))
}

/// Blanks comment lines, and cuts at the scissors. Which mark git has chosen itself (`auto`) is not known: then
/// no line counts as a comment.
fn without(text: &str, comment: Option<&str>) -> String {
    let lines = text.split('\n').take_while(|line| !line.ends_with(SCISSORS));
    let is_comment =
        |line: &str| comment.is_some_and(|mark| mark != "auto" && line.starts_with(mark));
    let lines = lines.map(|line| if is_comment(line) { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_places() {
        let text = format!("one\n# two\nthree\n# {SCISSORS}\n+four\n");
        assert_eq!(without(&text, Some("#")), "one\n\nthree");
        assert_eq!(without(&text, None), "one\n# two\nthree");
        assert_eq!(without("; x\n# y", Some(";")), "\n# y");
        assert_eq!(without("auto x", Some("auto")), "auto x");
    }
}
