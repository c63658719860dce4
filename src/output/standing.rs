//! Commands that are told, as they can be pasted where the user stands: their paths are from the repository's root.

use crate::names::quoted;

/// Where the user stands, asked only where a command is told.
pub type Standing = Box<dyn Fn() -> Option<String>>;

/// How lines begin that tell a command.
const LINES: [&str; 3] = ["  fix  ", "hint:", "for the next commit: "];
/// What stands before a command within a line.
const BEFORE: [&str; 5] = ["", "&& ", ": ", "then ", "by "];
/// The programs that take a folder to work in.
const PROGRAMS: [&str; 2] = ["git ", "tenure "];

/// Gives each command of a text that names a path the folder in which that is meant.
pub(super) fn from_here(text: &str, standing: Option<&Standing>) -> String {
    let is_told = |line: &str| LINES.iter().any(|start| unpainted(line).starts_with(start));
    let Some(standing) = standing.filter(|_| text.lines().any(is_told)) else {
        return text.to_owned();
    };
    let Some(root) = standing() else { return text.to_owned() };
    let root = quoted(root);
    let lines = text.split_inclusive('\n');
    lines.map(|line| if is_told(line) { rooted(line, &root) } else { line.to_owned() }).collect()
}

/// A line without the colour that it begins with.
fn unpainted(line: &str) -> &str {
    match line.strip_prefix('\u{1b}') {
        Some(rest) => rest.split_once('m').map_or(line, |(_, rest)| rest),
        None => line,
    }
}

fn rooted(line: &str, root: &str) -> String {
    let start = LINES.iter().find_map(|start| {
        line.find(start).map(|at| at + start.len()).filter(|at| *at <= line.len())
    });
    let (label, mut rest) = line.split_at(start.unwrap_or_default());
    let mut rooted = label.to_owned();
    // What stands before the first command are blanks and colours.
    let mut is_first = true;
    while let Some((at, program)) = next(rest) {
        let before = &rest[..at];
        let begins = match is_first {
            true => before.chars().all(|c| !c.is_alphanumeric() || before.starts_with('\u{1b}')),
            false => false,
        };
        let begins = begins || BEFORE[1..].iter().any(|it| before.ends_with(it));
        rooted.push_str(before);
        rooted.push_str(program);
        rest = &rest[at + program.len()..];
        is_first = false;
        if begins && names_a_path(rest) {
            rooted.push_str(&format!("-C {root} "));
        }
    }
    rooted + rest
}

/// Where the next command begins, and its program.
fn next(text: &str) -> Option<(usize, &'static str)> {
    let is_word = |at: usize| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || c == 'm')
    };
    let places = PROGRAMS
        .into_iter()
        .flat_map(|program| text.match_indices(program).map(move |(at, _)| (at, program)));
    places.filter(|(at, _)| is_word(*at)).min()
}

/// Tells whether the words of a command, up to the next one, name a file.
fn names_a_path(rest: &str) -> bool {
    let end = ["&& ", ", ", "; "].iter().filter_map(|end| rest.find(end)).min();
    let command = &rest[..end.unwrap_or(rest.len())];
    let is_path = |word: &str| {
        let word = word.trim_matches('\'');
        word.contains('/') || word.starts_with('.') || word.rfind(':').is_some_and(|at| at > 0)
    };
    !command.starts_with('-') && command.split_whitespace().any(is_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let standing: Standing = Box::new(|| Some("../..".to_owned()));
        from_here(text, Some(&standing))
    }

    #[test]
    fn commands_with_paths_are_told_from_where_the_user_stands() {
        for (told, wanted) in [
            ("  fix  tenure seal a/b.env\n", "  fix  tenure -C ../.. seal a/b.env\n"),
            (
                "  fix  tenure seal a/b && git add .secrets a/b, or: git restore --staged a/b\n",
                "  fix  tenure -C ../.. seal a/b && git -C ../.. add .secrets a/b, or: git -C ../.. restore --staged a/b\n",
            ),
            (
                "  fix  take it out (`tenure set` keeps it); a false alarm: tenure allow a.py:2 --reason \"…\"\n",
                "  fix  take it out (`tenure set` keeps it); a false alarm: tenure -C ../.. allow a.py:2 --reason \"…\"\n",
            ),
            (
                "\u{1b}[1;32mhint:\u{1b}[0m mend that line, or: git restore --staged .gitleaks.toml\n",
                "\u{1b}[1;32mhint:\u{1b}[0m mend that line, or: git -C ../.. restore --staged .gitleaks.toml\n",
            ),
            (
                "for the next commit: git add .secrets/allow.toml",
                "for the next commit: git -C ../.. add .secrets/allow.toml",
            ),
            ("  fix  tenure policy reconcile\n", "  fix  tenure policy reconcile\n"),
            (
                "  fix  rename it with git mv; if it was: tenure check\n",
                "  fix  rename it with git mv; if it was: tenure check\n",
            ),
            ("a line that says tenure seal a/b\n", "a line that says tenure seal a/b\n"),
        ] {
            assert_eq!(shown(told), wanted);
        }
        assert_eq!(from_here("  fix  git add a/b", None), "  fix  git add a/b");
    }
}
