//! INI: sections of `key = value` lines, as far as its many readers agree.
//!
//! The value is the rest of the line without white space around it: comments behind values are not split
//! off, since readers differ. Accepted: `[section]` alone on its line (git's subsections too), `=` or `:`,
//! comment lines with `;` or `#`. Refused: a key without a value's sign, a line indented deeper than the
//! key before it (some readers join it to that one's value), a backslash at the end of a line or a name, a
//! quote that stays open.
//!
//! rust-ini takes an indented comment for the beginning of a key's name, which goes on to the next `=` or
//! `:`, over any number of lines. That sign must be the one of the next key: then it is this key alone that
//! such a reader never sees, and the key's note tells so.

use std::collections::{HashMap, HashSet};

use super::lines::{
    BOM, Repeats, comment_text, line_end, next_line, refuse, refuse_odd_breaks, skip_blanks, start,
};
use super::{Document, Format, Leaf, Node, NotSpliceable};
use crate::names::{KeyPath, Segment};

/// Parses an INI file.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, NotSpliceable> {
    refuse_odd_breaks(text)?;
    let mut scanner = Scanner { text, hiding: start(text) > 0, ..Scanner::default() };
    let mut at = start(text);
    while at < text.len() {
        scanner.line(at)?;
        at = next_line(text, at);
    }
    Ok(Document { format: Format::Ini, text, leaves: scanner.finish(), comments: scanner.comments })
}

#[derive(Default)]
struct Scanner<'t> {
    text: &'t str,
    leaves: Vec<Leaf>,
    comments: Vec<std::ops::Range<usize>>,
    section: Option<&'t str>,
    /// How often the header of each section stood so far.
    headers: HashMap<&'t str, u32>,
    /// Sections with their first header's end, in the order of the text.
    sections: Vec<(&'t str, usize)>,
    filled: HashSet<&'t str>,
    seen: Repeats<'t>,
    /// The indentation of the key before, if a line could carry it on.
    indent: Option<usize>,
    /// Where each header stands.
    header_lines: Vec<usize>,
    /// Where comments stand that are indented.
    indented: Vec<usize>,
    /// An indented comment or the mark stands above, and no key since: to rust-ini it begins a key's name.
    hiding: bool,
}

impl<'t> Scanner<'t> {
    fn line(&mut self, line: usize) -> Result<(), NotSpliceable> {
        let at = skip_blanks(self.text, line);
        let end = line_end(self.text, at);
        let rest = self.text[at..end].trim_end_matches([' ', '\t']);
        if rest.is_empty() {
            return Ok(());
        }
        if rest.ends_with('\\') {
            return refuse(self.text, at, "a backslash stands at the end of a line");
        }
        let comment = rest.starts_with([';', '#']);
        let indented = comment && (at > line || self.text[..at].ends_with(BOM));
        self.hiding |= indented;
        if self.hiding && (comment || rest.starts_with('[')) && rest.contains(['=', ':']) {
            return refuse(
                self.text,
                at,
                "has a key's sign in or below an indented comment or byte order mark",
            );
        }
        if comment {
            if indented {
                self.indented.push(at);
            }
            self.comments.extend(comment_text(self.text, at, end));
            return Ok(());
        }
        if self.indent.is_some_and(|before| at - line > before) {
            return refuse(self.text, at, "is indented deeper than the key before it");
        }
        if rest.starts_with('[') {
            return self.header(at, rest);
        }
        self.indent = Some(at - line);
        self.hiding = false;
        self.key(at, rest)
    }

    fn header(&mut self, at: usize, rest: &'t str) -> Result<(), NotSpliceable> {
        let name = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let Some(name) = name.filter(|n| !n.is_empty() && !n.contains(['[', ']'])) else {
            return refuse(self.text, at, "is no `[section]` that stands alone");
        };
        self.refuse_odd_name(at, name)?;
        self.section = Some(name);
        self.header_lines.push(at);
        self.indent = None;
        let times = self.headers.entry(name).or_insert(0);
        *times += 1;
        if *times == 1 {
            self.sections.push((name, at + rest.len()));
        }
        Ok(())
    }

    fn key(&mut self, at: usize, rest: &'t str) -> Result<(), NotSpliceable> {
        let Some(sign) = rest.find(['=', ':']) else {
            return refuse(
                self.text,
                at,
                "is no `key = value`, `[section]`, comment or blank line",
            );
        };
        let name = rest[..sign].trim_end_matches([' ', '\t']);
        if name.is_empty() {
            return refuse(self.text, at, "has no key before its sign");
        }
        self.refuse_odd_name(at, name)?;
        let value = skip_blanks(rest, sign + 1).min(rest.len());
        let empty = value == rest.len();
        self.refuse_open_quote(at + value, &rest[value..])?;
        let (from, to) = if empty { (sign + 1, sign + 1) } else { (value, rest.len()) };
        let segment = self.seen.segment(self.section, name);
        self.filled.extend(self.section);
        let note = self.note(&rest[sign..=sign]);
        self.leaves.push(Leaf {
            path: KeyPath::of(
                self.section.map(Segment::key).into_iter().chain([segment]).collect(),
            ),
            node: if empty { Node::Empty } else { Node::Scalar },
            tag: String::new(),
            anchor: String::new(),
            note,
            span: at + from..at + to,
        });
        Ok(())
    }

    /// White space that is none for all readers would give a name another meaning.
    fn refuse_odd_name(&self, at: usize, name: &str) -> Result<(), NotSpliceable> {
        let odd = |c: char| c.is_control() || (c.is_whitespace() && c != ' ') || c == '\u{feff}';
        if name.contains(odd) {
            return refuse(self.text, at, "has a name with a control character or odd white space");
        }
        // rust-ini takes the `]`, `=` or `:` behind it for a part of the name.
        if name.ends_with('\\') {
            return refuse(self.text, at, "has a name with a backslash at its end");
        }
        Ok(())
    }

    fn refuse_open_quote(&self, at: usize, value: &str) -> Result<(), NotSpliceable> {
        let open = |q: char| value.strip_prefix(q).is_some_and(|rest| !rest.contains(q));
        if open('"') || open('\'') || leaves_quote_open(value) {
            return refuse(self.text, at, "a quote stays open");
        }
        Ok(())
    }

    /// Tells what else counts: `:` for `=` (git knows only one), which of several sections of one name
    /// (WireGuard's peers), and a byte order mark, which some readers join to the first name.
    fn note(&self, sign: &str) -> String {
        let mut note = String::new();
        if self.leaves.is_empty() && start(self.text) > 0 {
            note.push_str("mark ");
        }
        if sign == ":" {
            note.push_str(": ");
        }
        let times = self.section.and_then(|section| self.headers.get(section)).unwrap_or(&1);
        if *times > 1 {
            note.push_str(&format!("section {times}"));
        }
        note.trim_end().to_owned()
    }

    /// Tells the next leaf of each indented comment, and how many headers stand between them: to rust-ini
    /// the line below such a comment is a part of a key's name.
    fn finish(&mut self) -> Vec<Leaf> {
        let mut leaves = self.with_empty_sections();
        for comment in &self.indented {
            let below = leaves.partition_point(|leaf| leaf.span.start < *comment);
            let Some(leaf) = leaves.get_mut(below) else { continue };
            let before = |place| self.header_lines.partition_point(|header| *header < place);
            let headers = before(leaf.span.start) - before(*comment);
            let word = format!("indented-comment:{headers}");
            if leaf.note.rsplit(' ').next() != Some(&word) {
                let gap = if leaf.note.is_empty() { "" } else { " " };
                leaf.note.extend([gap, &word]);
            }
        }
        leaves
    }

    /// Adds a leaf for each section without keys: that it stands there is meaning.
    fn with_empty_sections(&mut self) -> Vec<Leaf> {
        let mut leaves = std::mem::take(&mut self.leaves);
        for (name, end) in std::mem::take(&mut self.sections) {
            if self.filled.contains(name) {
                continue;
            }
            leaves.push(Leaf {
                path: KeyPath::of(vec![self.seen.segment(None, name)]),
                node: Node::Mapping,
                tag: String::new(),
                anchor: String::new(),
                note: String::new(),
                span: end..end,
            });
        }
        leaves.sort_by_key(|leaf| leaf.span.start);
        leaves
    }
}

/// Tells whether rust-ini would look for a closing quote on the next line: it reads one quoted text after
/// another, in which a backslash takes the quote behind it.
fn leaves_quote_open(value: &str) -> bool {
    let mut rest = value;
    while let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let mut escaped = false;
        let close = rest[1..].find(|c| {
            let closes = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let Some(close) = close else { return true };
        rest = &rest[close + 2..];
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::contract;

    const TOKEN: &str = "sealed.v1.AAAA_-";

    fn found(text: &str) -> Vec<(String, Node, String, String)> {
        let document = parse(text).unwrap();
        let leaves = document.leaves.into_iter();
        leaves.map(|l| (l.path.to_string(), l.node, l.note, text[l.span].to_owned())).collect()
    }

    #[test]
    fn keys_stand_under_their_sections() {
        let text =
            "a = b ; c\n[s]\nc: d e\t\r\n; x\n\tk=\n[remote \"o.x\"]\n  u = v\n  w = \"x y\"\n";
        // `k` is indented deeper than `c`.
        assert_eq!(parse(text).unwrap_err().line, 5);
        let text = text.replace("\tk", "k");
        assert_eq!(
            found(&text),
            [
                ("a".into(), Node::Scalar, String::new(), "b ; c".into()),
                ("s.c".into(), Node::Scalar, ":".into(), "d e".into()),
                ("s.k".into(), Node::Empty, String::new(), String::new()),
                ("\"remote \\\"o.x\\\"\".u".into(), Node::Scalar, String::new(), "v".into()),
                ("\"remote \\\"o.x\\\"\".w".into(), Node::Scalar, String::new(), "\"x y\"".into()),
            ]
        );
    }

    #[test]
    fn repeated_sections_and_keys_are_told_apart() {
        let text = "[p]\nk=1\n[e]\n[p]\nk=2\nl=3\n[e]\n";
        let short: Vec<_> = found(text).into_iter().map(|(p, _, n, _)| (p, n)).collect();
        let expected = [("p.k", ""), ("e", ""), ("p.k#2", "section 2"), ("p.l", "section 2")];
        assert_eq!(short, expected.map(|(p, n)| (p.to_owned(), n.to_owned())));
        assert_eq!(found("e=1\n[e]\n")[1].0, "e#2");
    }

    #[test]
    fn what_readers_cut_differently_is_refused() {
        for (text, line) in [
            ("a", 1),
            ("a=1\n b=2", 2),
            ("a=1\n [b]\n", 2),
            ("a=1\\\nb=2", 1),
            ("# c\\\nb=2", 1),
            (" # c=d\nb=2", 1),
            ("a=1\n\t; c: d", 2),
            ("\u{feff}# c: d", 1),
            (" # c\n; d=e\nb=2", 2),
            (" # c\n\n[s]\n# d\n#e:\nb=2", 5),
            ("a=1\n\t#\n[s=t]\nb=2", 3),
            ("\u{feff}[s]\n; d=e\nb=2", 2),
            ("\u{feff}\n; d=e\nb=2", 2),
            ("a\\=1\nb=2", 1),
            ("[a\\]\nb=2", 1),
            ("a=\"b\"\"c\nd=e\"", 1),
            ("a=\"b\\\"\nc=d", 1),
            ("[a] x=1", 1),
            ("[a] ; c", 1),
            ("[]", 1),
            ("[a", 1),
            ("=1", 1),
            ("a=\"b\nc=d\"", 1),
            ("a\u{a0}=1", 1),
            ("; a\rb=1", 1),
            ("; a\u{2028}b=1", 1),
            ("a=\0", 1),
        ] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text:?}");
        }
    }

    #[test]
    fn edits_that_only_some_readers_notice_are_seen() {
        let sealed = "; s.v1.x\n[p]\na = s.v1.a\nb = s.v1.b\n[p]\na = s.v1.c\n[e]\n";
        for (old, new) in [
            ("a = s", "a : s"),
            ("a = s", "A = s"),
            ("b = s.v1.b\n[p]", "[p]\nb = s.v1.b"),
            ("[p]\na = s.v1.c", "a = s.v1.c"),
            ("[p]", "[ p]"),
            ("[e]\n", ""),
            ("[e]\n", "[e]\n[f]\n"),
            ("b = s", " b = s"),
            ("s.v1.a", "s.v1.a ; c"),
            ("s.v1.a", "s.v1.a\\"),
            ("s.v1.a", "\"s.v1.a\""),
            ("s.v1.x", "s.v1.x\rq = 1"),
            ("s.v1.x", "s.v1.x\\"),
            ("s.v1.x\n", "s.v1.x\n[DEFAULT]\n"),
        ] {
            let edited = sealed.replacen(old, new, 1);
            assert!(contract::sees(parse, sealed, &edited), "{edited:?}");
        }
        assert!(!contract::sees(parse, sealed, &sealed.replace("; ", "\n# ")));
        // rust-ini would take the next line for a part of a key's name.
        for (before, after) in [("[p]", " # c\n[p]"), ("a = ", "\t; c\na = "), ("[e]", " #\n[e]")] {
            assert!(contract::sees(parse, sealed, &sealed.replacen(before, after, 1)), "{after:?}");
        }
        // A sign in a comment below would end that name, and so give the reader another key.
        let hidden = " # s.v1.x\n; s.v1.y\n[p]\na = s.v1.a\n; s.v1.z\nb = s.v1.b\n";
        for (old, new) in [("; s.v1.y", "; c: d"), ("[p]", "[p]\n# c = d"), ("[p]", "[o:p]\n[p]")] {
            assert!(contract::sees(parse, hidden, &hidden.replacen(old, new, 1)), "{new:?}");
        }
        assert!(!contract::sees(parse, hidden, &hidden.replace("; s.v1.z", "; c: d")));
        let (one, two) = ("a=1\n[s]\n #\nb=1\n", "a=1\n #\n[s]\n #\nb=1\n");
        assert!(contract::sees(parse, one, two));
    }

    #[test]
    fn other_readers_see_the_same_keys_and_only_values_changed() {
        let text = "; c\na = b c\n[s t]\nd=e\nf : g=h\n[u]\n# x\ni='j k'\nl=\n";
        let read = |text: &str| ini::Ini::load_from_str(text).unwrap();
        let document = parse(text).unwrap();
        let (plain, sealed) = (read(text), read(&contract::sealed(&document, TOKEN)));
        let all = |ini: &ini::Ini| -> Vec<(String, String, String)> {
            let of = |s: Option<&str>| s.unwrap_or_default().to_owned();
            ini.iter()
                .flat_map(|(s, p)| p.iter().map(move |(k, v)| (of(s), k.to_owned(), v.to_owned())))
                .collect()
        };
        let seen = all(&sealed);
        assert_eq!(seen.len(), document.leaves.len());
        for (leaf, (old, new)) in document.leaves.iter().zip(all(&plain).into_iter().zip(seen)) {
            assert_eq!((&old.0, &old.1), (&new.0, &new.1));
            let slice = &text[leaf.span.clone()];
            assert_eq!(old.2, slice.trim_matches('\''));
            assert_eq!(new.2, if slice.is_empty() { "" } else { TOKEN });
        }
    }

    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => ("[ \t]{0,1}", "[ab]", "( = |=|: )", "[a-z \"'=:;#]{0,8}[ \t]?").prop_map(|(i, k, s, v)| format!("{i}{k}{s}{v}")),
            1 => "\\[[ab]\\]",
            1 => "[;#] ?[^\\r\\n\\\\]{0,6}",
            1 => "[ \t]{0,2}",
        ]
    }

    proptest! {
        #[test]
        fn any_slices_can_be_replaced(
            lines in prop::collection::vec((line(), prop_oneof![3 => Just("\n"), 1 => Just("\r\n")]), 0..8),
            mask in any::<u64>(),
        ) {
            let text: String = lines.iter().map(|(line, end)| format!("{line}{end}")).collect();
            contract::check(&text, parse, TOKEN, mask)?;
            contract::check(text.trim_end(), parse, TOKEN, mask)?;
        }

        #[test]
        fn any_text_is_refused_or_keeps_the_contract(
            text in "[ab=:#;'\"\\[\\] \t\n\r\\\\\u{feff}\u{a0}ü]{0,30}", mask in any::<u64>(),
        ) {
            contract::check(&text, parse, TOKEN, mask)?;
        }
    }
}
