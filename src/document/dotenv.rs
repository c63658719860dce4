//! dotenv: `KEY=value` lines, as far as their many readers agree.
//!
//! Accepted: blank lines, `#` comments, and `[export ]KEY=value`, white space allowed before the key and
//! around `=`. A value is unquoted, or in `'`, `"` or backticks over any number of lines. A comment
//! behind a value needs white space before its `#`. Refused, since readers cut them differently: a
//! value that begins with `#`, a quote in a comment behind an even number of blanks, text behind a closing
//! quote, quotes that stay open for some reader, also between backticks (to dotenvy they are no quotes), a
//! backslash at the end of a line or (in a quoted value) in doubt before a quote.
//!
//! Readers such as bash and docker give meaning to what others skip (`export`, blanks, a comment behind
//! a value, CR): a leaf's note tells all of that, so that none of it can be changed behind our back.

use super::lines::{
    Repeats, comment_text, line_end, next_line, refuse, refuse_odd_breaks, skip_blanks, start,
};
use super::{Document, Format, Leaf, Node, NotSpliceable};
use crate::names::KeyPath;

/// Parses a dotenv file.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, NotSpliceable> {
    refuse_odd_breaks(text)?;
    let document =
        Document { format: Format::Dotenv, text, leaves: Vec::new(), comments: Vec::new() };
    let mut scanner = Scanner { text, document, seen: Repeats::default() };
    let mut at = start(text);
    while at < text.len() {
        at = scanner.line(at)?;
    }
    Ok(scanner.document)
}

/// Tells whether a text is a key that all readers take.
pub(super) fn is_key(text: &str) -> bool {
    key_len(text) == text.len() && !text.is_empty()
}

fn key_len(text: &str) -> usize {
    let first = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    let later = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    if !text.bytes().next().is_some_and(first) {
        return 0;
    }
    text.bytes().take_while(|b| later(*b)).count()
}

struct Scanner<'t> {
    text: &'t str,
    document: Document<'t>,
    seen: Repeats<'t>,
}

/// Where the parts of an assignment lie.
struct Parts {
    line: usize,
    key: usize,
    key_end: usize,
    value: usize,
    value_end: usize,
}

impl Scanner<'_> {
    /// Reads one line, or an assignment over several; gives the start of the next.
    fn line(&mut self, line: usize) -> Result<usize, NotSpliceable> {
        let at = skip_blanks(self.text, line);
        let end = line_end(self.text, at);
        if at == end {
            return Ok(next_line(self.text, at));
        }
        if self.text[at..].starts_with('#') {
            self.document.comments.extend(comment_text(self.text, at, end));
            return Ok(next_line(self.text, at));
        }
        self.assignment(line, at)
    }

    fn assignment(&mut self, line: usize, at: usize) -> Result<usize, NotSpliceable> {
        let text = self.text;
        let mut key = at;
        if let Some(rest) = text[at..].strip_prefix("export")
            && rest.starts_with([' ', '\t'])
        {
            key = skip_blanks(text, text.len() - rest.len());
        }
        let key_end = key + key_len(&text[key..]);
        let sign = skip_blanks(text, key_end);
        if key_end == key || !text[sign..].starts_with('=') {
            return refuse(text, key, "is no `KEY=value`, comment or blank line");
        }
        let value = skip_blanks(text, sign + 1);
        let (value, value_end) = match text[value..].bytes().next() {
            Some(b'#') => return refuse(text, value, "a value begins with `#`"),
            Some(quote @ (b'\'' | b'"' | b'`')) => {
                let end = self.quoted(value, quote)?;
                // dotenvy knows no backticks: it would look for the end of a quote between them below.
                if quote == b'`' && text[value..end].lines().any(leaves_quote_open_to_dotenvy) {
                    return refuse(text, value, "a quote between backticks stays open on its line");
                }
                (value, end)
            }
            _ if value == line_end(text, value) => (sign + 1, sign + 1),
            _ => (value, self.unquoted(value)?),
        };
        self.tail(&Parts { line, key, key_end, value, value_end })
    }

    /// Finds the end of a quoted value, after its closing quote.
    fn quoted(&self, open: usize, quote: u8) -> Result<usize, NotSpliceable> {
        let mut slashes = 0_usize;
        for (n, byte) in self.text.as_bytes()[open + 1..].iter().enumerate() {
            let at = open + 1 + n;
            if *byte == quote && slashes == 0 {
                return Ok(at + 1);
            }
            // In double quotes `\"` is an escape for all; for the rest readers differ.
            if *byte == quote && (quote != b'"' || slashes.is_multiple_of(2)) {
                return refuse(self.text, at, "readers differ about a backslash before a quote");
            }
            slashes = if *byte == b'\\' { slashes + 1 } else { 0 };
        }
        refuse(self.text, open, "a quote stays open")
    }

    /// Finds the end of an unquoted value: of the line, or before the white space before a `#`.
    fn unquoted(&self, from: usize) -> Result<usize, NotSpliceable> {
        let line = &self.text[from..line_end(self.text, from)];
        let bytes = line.as_bytes();
        let comment = (1..bytes.len())
            .find(|n| bytes[*n] == b'#' && matches!(bytes[n - 1], b' ' | b'\t'))
            .unwrap_or(bytes.len());
        let value = line[..comment].trim_end_matches([' ', '\t']);
        if value.ends_with('\\') {
            return refuse(self.text, from, "a backslash stands at the end of an unquoted value");
        }
        if leaves_quote_open(value) || leaves_quote_open_to_dotenvy(value) {
            return refuse(self.text, from, "a quote inside an unquoted value stays open");
        }
        Ok(from + value.len())
    }

    /// Reads what follows the value on its line, and records the leaf.
    fn tail(&mut self, parts: &Parts) -> Result<usize, NotSpliceable> {
        let text = self.text;
        let end = line_end(text, parts.value_end);
        let sign = skip_blanks(text, parts.value_end);
        let mut after = text[parts.value_end..sign].to_owned();
        let mut comment = None;
        if sign < end {
            if !text[sign..].starts_with('#') || sign == parts.value_end {
                return refuse(text, sign, "text follows a closing quote");
            }
            // `dotenvy` sees no comment behind an even number of blanks, and looks for the quote's end below.
            // White space at a value's end, which is in Unicode alone, counts with the blanks.
            let even = (sign - parts.value_end).is_multiple_of(2)
                || text[..parts.value_end].ends_with(char::is_whitespace);
            if even && text[sign..end].contains(['\'', '"', '\\']) {
                return refuse(text, sign, "a quote or backslash in a comment behind two blanks");
            }
            after.push('#');
            comment = comment_text(text, sign, end);
        }
        if text[end..].starts_with('\r') {
            after.push('\r');
        }
        self.leaf(parts, &after);
        self.document.comments.extend(comment);
        Ok(next_line(text, end))
    }

    fn leaf(&mut self, parts: &Parts, after: &str) {
        let text = self.text;
        // A byte order mark becomes part of the first key, or of nothing, as readers go.
        let first = self.document.leaves.is_empty();
        let from = if first && parts.line == start(text) { 0 } else { parts.line };
        let before = &text[from..parts.key];
        let sign = &text[parts.key_end..parts.value];
        let plain = before.is_empty() && sign == "=" && after.is_empty();
        let note = if plain { String::new() } else { format!("{before}_{sign}_{after}") };
        let segment = self.seen.segment(None, &text[parts.key..parts.key_end]);
        let empty = parts.value == parts.value_end;
        self.document.leaves.push(Leaf {
            path: KeyPath::of(vec![segment]),
            node: if empty { Node::Empty } else { Node::Scalar },
            tag: String::new(),
            anchor: String::new(),
            note,
            span: parts.value..parts.value_end,
        });
    }
}

/// Tells whether a shell would look for a closing quote on the next line.
fn leaves_quote_open(value: &str) -> bool {
    let mut open = None;
    let mut escaped = false;
    for byte in value.bytes() {
        match (open, byte) {
            _ if escaped => escaped = false,
            (None | Some(b'"' | b'`'), b'\\') => escaped = true,
            (Some(quote), b) if b == quote => open = None,
            (None, b'\'' | b'"' | b'`') => open = Some(byte),
            _ => {}
        }
    }
    open.is_some()
}

/// Tells whether dotenvy would: it knows no backticks, and a backslash takes any character, in each quote.
fn leaves_quote_open_to_dotenvy(line: &str) -> bool {
    let mut open = None;
    let mut escaped = false;
    for byte in line.bytes() {
        match (open, byte) {
            _ if escaped => escaped = false,
            (_, b'\\') => escaped = true,
            (Some(quote), b) if b == quote => open = None,
            (None, b'\'' | b'"') => open = Some(byte),
            _ => {}
        }
    }
    open.is_some() || escaped
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::document::contract;

    const TOKEN: &str = "sealed.v1.AAAA_-";

    fn slices(text: &str) -> Vec<(String, String, String)> {
        let document = parse(text).unwrap();
        let slice = |leaf: &Leaf| text[leaf.span.clone()].to_owned();
        document.leaves.iter().map(|l| (l.path.to_string(), l.note.clone(), slice(l))).collect()
    }

    fn one(text: &str) -> (String, String) {
        let [(_, note, slice)] = slices(text).try_into().unwrap();
        (slice, note)
    }

    #[test]
    fn values_end_where_readers_agree() {
        for (text, slice, note) in [
            ("A=b", "b", ""),
            ("A=b\n", "b", ""),
            ("A=", "", ""),
            ("A=  \n", "", "_=_  "),
            ("A=''", "''", ""),
            ("A=b c # d", "b c", "_=_ #"),
            ("A=b#c", "b#c", ""),
            ("A=\"b # c\nB=d\" # e\n", "\"b # c\nB=d\"", "_=_ #"),
            ("A='b\"\\n'", "'b\"\\n'", ""),
            ("A=`b\"'\"`", "`b\"'\"`", ""),
            ("A=`b\n'c'\nd`", "`b\n'c'\nd`", ""),
            ("A=\"b\\\"c\"", "\"b\\\"c\"", ""),
            ("export A=b", "b", "export _=_"),
            ("  A = b  \n", "b", "  _ = _  "),
            ("A=b\r\n", "b", "_=_\r"),
            ("\u{feff}A=b", "b", "\u{feff}_=_"),
            ("A={\"b\": \"c\"}", "{\"b\": \"c\"}", ""),
        ] {
            assert_eq!(one(text), (slice.into(), note.into()), "{text:?}");
        }
        assert_eq!(slices("export=a\n")[0].0, "export");
    }

    #[test]
    fn a_repeated_key_is_counted() {
        let paths: Vec<_> = slices("A=1\nB=2\nA=3\nA.b-c=4").into_iter().map(|s| s.0).collect();
        assert_eq!(paths, ["A", "B", "A#2", "\"A.b-c\""]);
    }

    #[test]
    fn what_readers_cut_differently_is_refused() {
        for (text, line) in [
            ("A", 1),
            ("A=b\nexport A", 2),
            ("A: b", 1),
            ("1A=b", 1),
            ("=b", 1),
            ("A=#b", 1),
            ("A= # b", 1),
            ("A='b", 1),
            ("A='b'c", 1),
            ("A=\"b\"#c", 1),
            ("A='b\\'", 1),
            ("A=\"b\\\\\"", 1),
            ("A=it's", 1),
            ("A=b\\\nB=c", 1),
            ("A=b\rB=c", 1),
            ("# b\u{2028}B=c", 1),
            ("\n# b\u{85}B=c", 2),
            ("# b\u{c}B=c", 1),
            ("A=\0", 1),
            ("A=b\n'c'", 2),
            ("A=b\nB=c  # don't\nC=d", 2),
            ("A=\t\t# \\\nB=c", 1),
            ("A=b\u{a0} # don't\nB=c", 1),
            ("A=`it's`\nB=c", 1),
            ("A=`b\nit's\n'`\nB=c", 1),
            ("A=b'c\\'\nB=c", 1),
            ("A=b`'`\nB=c", 1),
        ] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text:?}");
        }
        // Behind one blank, or three, all readers see the comment.
        for text in ["A=b # don't\nB=c", "A=b   # \"\nB=c", "# don't\nB=c"] {
            assert!(parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn the_text_of_comments_is_found() {
        let text = "#\n# a b \r\n#c\n  #  d\nA=b # e\nB='c'\t#f\n#   \n";
        let document = parse(text).unwrap();
        let comments: Vec<_> = document.comments.iter().map(|c| &text[c.clone()]).collect();
        assert_eq!(comments, ["a b", "c", " d", "e", "f"]);
    }

    #[test]
    fn edits_that_only_some_readers_notice_are_seen() {
        let sealed = "# s.v1.x\nA=s.v1.a\nB=s.v1.b # s.v1.y\nC=\n";
        for (old, new) in [
            ("A=", "export A="),
            ("A=", " A="),
            ("A=", "A ="),
            ("A=", "A= "),
            ("s.v1.a", "s.v1.a "),
            ("s.v1.a", "s.v1.a # c"),
            ("s.v1.a", "s.v1.a#c"),
            ("s.v1.a", "s.v1.a\\"),
            ("s.v1.a", "s.v1.a\r"),
            ("s.v1.a", "'s.v1.a'"),
            ("s.v1.a", "s.v1.a$B"),
            ("s.v1.a", "\u{a0}s.v1.a"),
            ("s.v1.b # s.v1.y", "s.v1.b"),
            ("s.v1.x", "s.v1.x\rA=c"),
            ("s.v1.x", "s.v1.x\u{2029}A=c"),
            ("s.v1.x", "s.v1.x\0"),
            ("A=s.v1.a", "#A=s.v1.a"),
            ("A=s.v1.a", "A=s.v1.a\nA=c"),
            ("A=s.v1.a", "unset A\nA=s.v1.a"),
            ("C=", "C= # c"),
            ("C=", "C=''"),
        ] {
            let edited = sealed.replacen(old, new, 1);
            assert!(contract::sees(parse, sealed, &edited), "{edited:?}");
        }
        // What a reader that knows the format skips stays free.
        assert!(!contract::sees(parse, sealed, &format!("\n{sealed}# c\n")));
    }

    #[test]
    fn other_readers_see_the_same_keys_and_only_values_changed() {
        let text = "\
# c 'o
A=b
export B='c d'
C=\"e\\nf\" # it's
  D = g
E=
F=\"h
i=j\"
G=k#l
";
        let read = |text: &str| -> BTreeMap<String, String> {
            dotenvy::from_read_iter(text.as_bytes()).map(Result::unwrap).collect()
        };
        let document = parse(text).unwrap();
        let plain = read(text);
        let sealed = contract::sealed(&document, TOKEN);
        let keys = |map: &BTreeMap<String, String>| map.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&read(&sealed)), keys(&plain));
        assert_eq!(plain.len(), document.leaves.len());
        for (key, value) in read(&sealed) {
            assert_eq!(value, if key == "E" { "" } else { TOKEN }, "{key}");
        }
    }

    fn line() -> impl Strategy<Value = String> {
        let before = prop_oneof![4 => Just(""), 1 => Just("export "), 1 => Just(" \t")];
        let sign = prop_oneof![4 => Just("="), 1 => Just(" = ")];
        let value = prop_oneof![
            "[a-z$#{}=:/-]{0,8}",
            "'[a-z #\"\n$]{0,8}'",
            "\"[a-z #'\n$]{0,8}\"",
            "`[a-z #'\"\n]{0,8}`",
        ];
        let after =
            prop_oneof![3 => Just(""), 1 => Just(" "), 1 => Just(" # c 'd\""), 1 => Just("\t#")];
        let assignment = (before, "[AB]", sign, value, after)
            .prop_map(|(b, k, s, v, a)| format!("{b}{k}{s}{v}{a}"));
        prop_oneof![4 => assignment, 1 => "[ \t]{0,2}#?", 1 => "# ?[^\\r\\n]{0,6}"]
    }

    proptest! {
        #[test]
        fn any_slices_can_be_replaced(
            lines in prop::collection::vec((line(), prop_oneof![3 => Just("\n"), 1 => Just("\r\n")]), 0..8),
            cut in 0..3_usize,
            mask in any::<u64>(),
        ) {
            let mut text: String = lines.iter().map(|(line, end)| format!("{line}{end}")).collect();
            for _ in 0..cut {
                text.pop();
            }
            contract::check(&text, parse, TOKEN, mask)?;
        }

        #[test]
        fn any_text_is_refused_or_keeps_the_contract(
            text in "[AB=#'\"` \t\n\r\\\\\u{feff}ü]{0,30}", mask in any::<u64>(),
        ) {
            contract::check(&text, parse, TOKEN, mask)?;
        }
    }
}
