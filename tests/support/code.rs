//! Rust source as the rules of the house look at it.

/// A file, with the parts that rules ask about.
pub(crate) struct Source {
    /// The path below the package, with `/`.
    pub(crate) path: String,
    /// The text without the tests at its end.
    pub(crate) text: String,
    /// The same, with comments and the insides of literals blanked: every byte at its place.
    pub(crate) code: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = blank_literals(text);
        let end = code.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        Self { path: path.to_owned(), text: text[..end].to_owned(), code: code[..end].to_owned() }
    }

    /// Gives the room: the folder below `src`, or the file's own name; none for `lib` and `main`.
    pub(crate) fn room(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/")?;
        let room = below.split('/').next()?.trim_end_matches(".rs");
        (room != "lib" && room != "main").then_some(room)
    }

    /// Tells whether the file is a room's front page, where `super` is the crate.
    pub(crate) fn is_front_page(&self) -> bool {
        self.room().is_some_and(|room| {
            self.path == format!("src/{room}.rs") || self.path == format!("src/{room}/mod.rs")
        })
    }

    /// Tells whether the whole file is tests, kept beside what it tests.
    pub(crate) fn is_tests(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Gives the number of the line that a byte stands in.
    pub(crate) fn line_at(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    /// Finds a word or path in the code, where no longer word ends with it.
    pub(crate) fn places<'a>(&'a self, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
        let starts = |at: usize| {
            let before = self.code[..at].chars().next_back();
            !needle.starts_with(is_word) || !before.is_some_and(is_word)
        };
        self.code.match_indices(needle).map(|(at, _)| at).filter(move |at| starts(*at))
    }

    /// Lists the first names that follow a path such as `crate::`, groups in braces included.
    pub(crate) fn names_after(&self, prefix: &str) -> Vec<(usize, String)> {
        let found = self.places(prefix).flat_map(|at| {
            let tail = &self.code[at + prefix.len()..];
            let names = if let Some(group) = tail.strip_prefix('{') {
                group_heads(group)
            } else {
                vec![leading_word(tail)]
            };
            names.into_iter().map(move |name| (at, name))
        });
        found.collect()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn leading_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| is_word(*c)).collect()
}

/// Lists the first word of each member of a `use` group, up to its closing brace.
fn group_heads(group: &str) -> Vec<String> {
    let mut heads = vec![leading_word(group)];
    let mut depth = 0_usize;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(leading_word(&group[at + 1..])),
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

/// Replaces comments, and the insides of strings and characters, by spaces; keeps line breaks.
pub(crate) fn blank_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (keep, blank) = piece(rest, code.chars().next_back());
        let length = if keep + blank == 0 { first.len_utf8() } else { keep + blank };
        let kept = if keep + blank == 0 { length } else { keep };
        code.push_str(&rest[..kept]);
        for byte in rest[kept..length].bytes() {
            code.push(if byte == b'\n' { '\n' } else { ' ' });
        }
        rest = &rest[length..];
    }
    code
}

/// Measures what stands at the start: so many bytes to keep, then so many to blank; (0, 0) where
/// it is plain code.
fn piece(text: &str, before: Option<char>) -> (usize, usize) {
    if text.starts_with("//") {
        return (0, text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return (0, block_comment(text));
    }
    if let Some(inside) = text.strip_prefix('"') {
        return (1, quoted(inside, '"'));
    }
    let word_goes_on = before.is_some_and(is_word);
    if let Some((open, inside)) = raw_string(text).filter(|_| !word_goes_on) {
        return (open, inside);
    }
    match text.strip_prefix('\'') {
        Some(inside) if is_character(inside) => (1, quoted(inside, '\'')),
        _ => (0, 0),
    }
}

/// Measures a block comment, nested ones included.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        match rest {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Measures the inside of a literal with its closing quote, which is blanked too.
fn quoted(inside: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    inside.len()
}

/// Measures `r"`, `br#"` and their like, and what they hold.
fn raw_string(text: &str) -> Option<(usize, usize)> {
    let after = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inside = after[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&close).map_or(inside.len(), |at| at + close.len());
    Some((text.len() - inside.len(), length))
}

/// Tells the rest of `'a'` and `'\n'` from that of the lifetime `'a`.
fn is_character(inside: &str) -> bool {
    let mut characters = inside.chars();
    match characters.next() {
        Some('\\') => true,
        Some(_) => characters.next() == Some('\''),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_in_place() {
        for text in ["a // b\nc", "\"é\" x", r#"'\'' + "x\"y""#, r##"br#"a"b"# + c"##] {
            assert_eq!(blank_literals(text).len(), text.len(), "{text}");
        }
        assert_eq!(blank_literals("a // b\nc"), "a     \nc");
        assert_eq!(blank_literals("a /* b /* c */ d */ e"), "a                   e");
        assert_eq!(blank_literals("fn f<'a>(x: &'a str)"), "fn f<'a>(x: &'a str)");
        assert!(!blank_literals(r#"f("x\"y", 'z', '\'') + g"#).contains(['x', 'y', 'z']));
        assert!(blank_literals(r#"f("x\"y", 'z', '\'') + g"#).ends_with("+ g"));
        assert!(!blank_literals(r##"r#"a"b"# + br"c" + g"##).contains(['a', 'c']));
        assert!(blank_literals(r##"r#"a"b"# + br"c" + g"##).ends_with("+ g"));
    }

    #[test]
    fn groups_are_looked_into() {
        let source = Source::new("src/log/mod.rs", "use crate::{names::{A, B}, policy, seal::X};");
        let names: Vec<_> = source.names_after("crate::").into_iter().map(|(_, n)| n).collect();
        assert_eq!(names, ["names", "policy", "seal"]);
    }

    #[test]
    fn tests_at_the_end_are_left_out() {
        let source = Source::new("src/a.rs", "x();\n#[cfg(test)]\nmod tests {\n y();\n}\n");
        assert_eq!(source.text, "x();\n");
    }
}
