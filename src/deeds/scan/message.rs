//! The message of a commit that is about to be made.

use std::collections::{BTreeSet, HashSet};
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
const SCISSORS: &[u8] = b"------------------------ >8 ------------------------";

/// Looks through a message in a file of git's, but for what git itself put there for the editor.
pub(in crate::deeds) fn scan(place: &Place<'_>, file: &Path) -> Result<Scanned, DeedError> {
    let text = place.checkout.given_file(file)?;
    let standards = Standards::of(place)?;
    // What the commit replaces is what its message is the likeliest to tell.
    let values = Values::staged(place, &place.checkout.staged_changes()?)?;
    let mut judge = Judge::new(&standards, values);
    let mut leaks = leaks_of(&mut judge, &text);
    // What git wrote costs several questions to know, and seldom matters.
    let own = if leaks.is_empty() { None } else { Own::of(place, &text)? };
    if let Some(own) = &own {
        leaks = leaks_of(&mut judge, &own.taken_out(&text));
    }
    judge.scanned.texts = 1;
    judge.scanned.bytes = text.len() as u64;
    // What `git commit -a` staged is staged no more, once the hook refuses.
    let all = match place.world.environment.git_index_file.as_ref() {
        Some(index) if index.ends_with("index.lock") => "-a ",
        _ => "",
    };
    // The difference of before stands in the message, and git takes it out again only so.
    let verbose = own.and_then(|own| own.below).map_or("", |_| "--verbose ");
    let file = quoted(file.display().to_string());
    let again = format!("git commit {all}{verbose}--edit --file {file}");
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

/// What git itself writes into a message that is to be edited, and takes out of it again.
///
/// Whether it takes out whatever begins like a comment, or stands below its scissors, only the command line says, which
/// no hook is told. So what somebody else wrote there counts, and costs them a deletion at most.
struct Own {
    /// What its lines begin with, or one of these.
    marks: Vec<String>,
    /// What they tell behind it: names of files and branches are no text of who commits.
    state: HashSet<Vec<u8>>,
    /// Where the difference begins that it shows, if it does, in lines.
    below: Option<usize>,
    /// The lines of that which are of no file.
    heads: HashSet<Vec<u8>>,
    /// Those of files: which mark each has depends on how they were compared.
    files: BTreeSet<Vec<u8>>,
}

impl Own {
    /// Asks git what it writes; nothing where nobody edits the message.
    fn of(place: &Place<'_>, text: &[u8]) -> Result<Option<Self>, DeedError> {
        let environment = &place.world.environment;
        if environment.unedited {
            return Ok(None);
        }
        let mut own = Self::marked(place.checkout.comment_mark()?);
        let state = place.checkout.status_lines(environment.git_prefix.as_deref())?;
        own.state = lines(&state).map(<[u8]>::to_vec).collect();
        own.below = own.below_scissors(text);
        if own.below.is_some() {
            own.shows(&place.checkout.differences()?);
        }
        Ok(Some(own))
    }

    fn marked(mark: Option<String>) -> Self {
        let marks = match mark {
            Some(mark) => vec![mark],
            // Those that git chooses from.
            None => "#;@!$%^&|:".chars().map(String::from).collect(),
        };
        let (state, heads) = (HashSet::new(), HashSet::new());
        Self { marks, state, below: None, heads, files: BTreeSet::new() }
    }

    /// Takes in a difference.
    fn shows(&mut self, differences: &[u8]) {
        for line in lines(differences) {
            match of_file(line) {
                Some(text) => self.files.insert(text.to_vec()),
                None => self.heads.insert(line.to_vec()),
            };
        }
    }

    /// Blanks its lines, so that all others keep their places.
    fn taken_out(&self, text: &[u8]) -> Vec<u8> {
        let is_own = |(at, line): (usize, &[u8])| {
            let is_below = self.below.is_some_and(|below| at >= below);
            self.is_of_state(line) || is_below && self.is_of_difference(line)
        };
        let lines = lines(text).enumerate();
        let kept = lines.map(|(at, line)| if is_own((at, line)) { b"" } else { line });
        kept.collect::<Vec<_>>().join(&b'\n')
    }

    /// Finds the first line below git's scissors. It writes them with a mark, and a difference as the last of all: where
    /// comments follow, an old message was taken up again, and is kept with all that stood below it.
    fn below_scissors(&self, text: &[u8]) -> Option<usize> {
        let is_cut = |line| self.comments(line).any(|it| it.strip_prefix(b" ") == Some(SCISSORS));
        let at = lines(text).position(is_cut)?;
        let last = lines(text).rfind(|line| !line.is_empty())?;
        self.comments(last).next().is_none().then_some(at + 1)
    }

    /// What a line says behind a mark.
    fn comments<'l>(&self, line: &'l [u8]) -> impl Iterator<Item = &'l [u8]> {
        self.marks.iter().filter_map(move |mark| line.strip_prefix(mark.as_bytes()))
    }

    fn is_of_state(&self, line: &[u8]) -> bool {
        // Git puts a blank behind the mark, but before no tab.
        let told = |it: &[u8]| match it.strip_prefix(b" ") {
            Some(told) => self.state.contains(told),
            None => it.starts_with(b"\t") && self.state.contains(it),
        };
        self.comments(line).any(told)
    }

    fn is_of_difference(&self, line: &[u8]) -> bool {
        if let Some(text) = of_file(line) {
            return self.files.contains(text);
        }
        // Behind the places of a hunk stands the beginning of a line above it.
        let ends = line.windows(4).position(|it| it == b" @@ ");
        match ends.filter(|_| line.starts_with(b"@@ -")) {
            Some(at) => {
                let above = &line[at + 4..];
                let next = self.files.range(above.to_vec()..).next();
                next.is_some_and(|next| next.starts_with(above))
            }
            None => self.heads.contains(line),
        }
    }
}

/// What a line of a difference shows of a file.
fn of_file(line: &[u8]) -> Option<&[u8]> {
    let (mark, text) = line.split_first()?;
    matches!(mark, b'+' | b'-' | b' ').then_some(text)
}

fn lines(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stays of a message, by what git tells of its state and shows of differences.
    fn kept(mark: Option<&str>, (state, shown): (&str, &str), text: &str) -> String {
        let mut own = Own::marked(mark.map(str::to_owned));
        own.state = lines(state.as_bytes()).map(<[u8]>::to_vec).collect();
        own.below = own.below_scissors(text.as_bytes());
        own.shows(shown.as_bytes());
        String::from_utf8(own.taken_out(text.as_bytes())).unwrap()
    }

    fn cut(mark: &str) -> String {
        format!("{mark} {}", String::from_utf8_lossy(SCISSORS))
    }

    const SHOWN: &str = "diff --git a/f b/f\n@@ -1,3 +1,3 @@\n fn main() {\n-old\n+new\n";

    #[test]
    fn what_git_tells_of_its_state_is_its_own_with_its_mark() {
        let told = ("On branch x\n\tmodified:   f\n", "");
        assert_eq!(kept(Some("#"), told, "a\n# On branch x\n#\tmodified:   f"), "a\n\n");
        assert_eq!(kept(Some("//"), told, "// On branch x\n# On branch x"), "\n# On branch x");
        assert_eq!(kept(None, told, "; On branch x\n@\tmodified:   f"), "\n");
        for theirs in ["On branch x", "# On branch xy", "#\tOn branch x", "#On branch x", "# f"] {
            assert_eq!(kept(Some("#"), told, theirs), theirs);
        }
    }

    #[test]
    fn below_the_scissors_the_difference_is_gits_own_and_nothing_else() {
        let cut = cut("#");
        let text = |below: &str| format!("a\n{cut}\n# Do not…\n{below}");
        let left = |below: &str| {
            let kept = kept(Some("#"), ("", SHOWN), &text(below));
            kept.strip_prefix(&text("")).map(str::to_owned).unwrap()
        };
        assert_eq!(left("diff --git a/f b/f\n@@ -7 +8 @@ fn ma\n-old\n new\n"), "\n\n\n\n");
        for theirs in ["old", "-older", "*old", "diff --git a/x b/x", "@@ -7 +8 @@ fn x"] {
            assert_eq!(left(&format!("{theirs}\n-old")), format!("{theirs}\n"));
        }
        // An old message that was taken up again: git keeps its difference.
        assert_eq!(left("-old\n# On branch x\n"), "-old\n# On branch x\n");
    }

    #[test]
    fn other_scissors_are_no_scissors() {
        for line in [
            format!("x {}", String::from_utf8_lossy(SCISSORS)),
            cut(";"),
            format!("{} ", cut("#")),
            format!(" {}", cut("#")),
        ] {
            let text = format!("a\n{line}\n-old\n");
            assert_eq!(kept(Some("#"), ("", SHOWN), &text), text);
        }
        assert_eq!(
            kept(None, ("", SHOWN), &format!("{}\n-old", cut(";"))),
            format!("{}\n", cut(";"))
        );
    }
}
