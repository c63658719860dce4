//! Java properties, by the rules of `java.util.Properties.load`.
//!
//! A value's slice runs from its first character to the end of its logical line, lines carried on by a
//! backslash and white space at its end included. Natural lines end with `\n`, `\r` or `\r\n`.
//!
//! Java reads `=`, `:` and white space alike, and a key through its escapes; simpler readers do not, and
//! Spring cuts a file into documents at `#---`. A leaf's note tells all of that.

use std::borrow::Cow;
use std::ops::Range;

use zeroize::Zeroizing;

use super::lines::{Repeats, comment_text, refuse, refuse_nul, start};
use super::{Document, Format, Leaf, Node, NotSpliceable};
use crate::names::KeyPath;

/// Parses a properties file.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, NotSpliceable> {
    refuse_nul(text)?;
    let document =
        Document { format: Format::Properties, text, leaves: Vec::new(), comments: Vec::new() };
    let mut scanner =
        Scanner { text, at: start(text), document, seen: Repeats::default(), documents: 1 };
    while scanner.at < text.len() {
        scanner.line()?;
    }
    Ok(scanner.document)
}

/// Takes the escapes and the line ends after a backslash out of a key or value; none if a `\u` is
/// malformed.
pub(super) fn unescape(raw: &str) -> Option<Zeroizing<String>> {
    let mut out = Zeroizing::new(String::with_capacity(raw.len()));
    let mut rest = raw;
    while let Some(n) = rest.find('\\') {
        out.push_str(&rest[..n]);
        let mut chars = rest[n + 1..].chars();
        match chars.next()? {
            't' => out.push('\t'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            'f' => out.push('\u{c}'),
            'u' => out.push(unicode(&mut chars)?),
            c @ ('\n' | '\r') => {
                let next = chars.as_str();
                let next = if c == '\r' { next.strip_prefix('\n').unwrap_or(next) } else { next };
                chars = next.trim_start_matches([' ', '\t', '\u{c}']).chars();
            }
            c => out.push(c),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    Some(out)
}

/// Reads the digits after `\u`, and the second half of a surrogate pair.
fn unicode(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let high = hex(chars)?;
    if !(0xd800..0xdc00).contains(&high) {
        return char::from_u32(high);
    }
    let low = (chars.next()? == '\\' && chars.next()? == 'u').then(|| hex(chars))??;
    let low = (0xdc00..0xe000).contains(&low).then_some(low)?;
    char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
}

fn hex(chars: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |sum, _| Some(sum * 16 + chars.next()?.to_digit(16)?))
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    document: Document<'t>,
    seen: Repeats<'t>,
    documents: u32,
}

impl<'t> Scanner<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn at_line_end(&self) -> bool {
        matches!(self.peek(), None | Some(b'\n' | b'\r'))
    }

    fn skip_line_break(&mut self) {
        let crlf = self.text[self.at..].starts_with("\r\n");
        self.at = (self.at + 1 + usize::from(crlf)).min(self.text.len());
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\x0c')) {
            self.at += 1;
        }
    }

    /// Skips an escaped character, or a line's end and the next one's indentation.
    fn skip_escape(&mut self) -> Result<Escape, NotSpliceable> {
        self.at += 1;
        match self.peek() {
            None => refuse(self.text, self.at, "a backslash stands at the end of the file"),
            Some(b'\n' | b'\r') => {
                self.skip_line_break();
                self.skip_blanks();
                Ok(Escape::LineEnd)
            }
            Some(_) => {
                self.at += 1;
                Ok(Escape::Character)
            }
        }
    }

    /// Reads a logical line.
    fn line(&mut self) -> Result<(), NotSpliceable> {
        let first = self.at == start(self.text) && self.at > 0;
        self.skip_blanks();
        match self.peek() {
            None | Some(b'\n' | b'\r') => {}
            Some(b'#' | b'!') if first => {
                return refuse(self.text, self.at, "a byte order mark hides a comment's sign");
            }
            Some(b'#' | b'!') => self.comment(),
            Some(_) => self.pair()?,
        }
        self.skip_line_break();
        Ok(())
    }

    fn comment(&mut self) {
        let sign = self.at;
        while !self.at_line_end() {
            self.at += 1;
        }
        if self.text[sign + 1..self.at].trim() == "---" {
            self.documents += 1;
        } else {
            self.document.comments.extend(comment_text(self.text, sign, self.at));
        }
    }

    fn pair(&mut self) -> Result<(), NotSpliceable> {
        let key = self.at;
        let key_end = self.key()?;
        let sign = self.sign(key_end)?;
        let value = self.at;
        while !self.at_line_end() {
            if self.peek() == Some(b'\\') {
                self.skip_escape()?;
            } else {
                self.at += 1;
            }
        }
        self.leaf(key..key_end, sign, value..self.at)
    }

    fn key(&mut self) -> Result<usize, NotSpliceable> {
        let from = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'=' | b':' | b' ' | b'\t' | b'\x0c' | b'\n' | b'\r' => break,
                b'\\' => {
                    let at = self.at;
                    if self.skip_escape()? == Escape::LineEnd && at == from {
                        return refuse(self.text, at, "a line begins with its end's backslash");
                    }
                }
                _ => self.at += 1,
            }
        }
        Ok(self.at)
    }

    /// Skips what stands between key and value; tells it if it is not `=`.
    fn sign(&mut self, from: usize) -> Result<String, NotSpliceable> {
        let mut sign = None;
        let mut carried_on = false;
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\x0c') => self.at += 1,
                Some(b'\\') if self.line_ends_after_backslash() => {
                    self.skip_escape()?;
                    carried_on = true;
                }
                Some(byte @ (b'=' | b':')) if sign.is_none() => {
                    sign = Some(byte);
                    self.at += 1;
                }
                _ => break,
            }
        }
        let told = match sign {
            Some(b'=') => "",
            Some(_) => ":",
            None if self.at == from => "bare",
            None => "blank",
        };
        let carried_on = if carried_on { " carried on" } else { "" };
        Ok(format!("{told}{carried_on}").trim_start().to_owned())
    }

    fn line_ends_after_backslash(&self) -> bool {
        matches!(self.text.as_bytes().get(self.at + 1), Some(b'\n' | b'\r'))
    }

    fn leaf(
        &mut self,
        key: Range<usize>,
        sign: String,
        span: Range<usize>,
    ) -> Result<(), NotSpliceable> {
        let raw = &self.text[key.clone()];
        let Some(name) = unescape(raw) else {
            return refuse(self.text, key.start, "a key has a malformed `\\u`");
        };
        let name: Cow<'t, str> =
            if *name == raw { Cow::Borrowed(raw) } else { Cow::Owned(name.to_string()) };
        let mut notes = vec![sign];
        if name != raw {
            notes.push(format!("key {raw}"));
        }
        if self.documents > 1 {
            notes.push(format!("document {}", self.documents));
        }
        if self.document.leaves.is_empty() && start(self.text) > 0 {
            notes.push("mark".to_owned());
        }
        notes.retain(|note| !note.is_empty());
        self.document.leaves.push(Leaf {
            path: KeyPath::of(vec![self.seen.segment(None, name)]),
            node: if span.is_empty() { Node::Empty } else { Node::Scalar },
            tag: String::new(),
            anchor: String::new(),
            note: notes.join(", "),
            span,
        });
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Escape {
    Character,
    LineEnd,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::contract;

    const TOKEN: &str = "sealed.v1.AAAA_-";

    fn found(text: &str) -> Vec<(String, String, String)> {
        let document = parse(text).unwrap();
        let leaves = document.leaves.into_iter();
        leaves.map(|l| (l.path.to_string(), l.note, text[l.span].to_owned())).collect()
    }

    #[test]
    fn slices_and_notes_follow_the_rules_of_java() {
        for (text, path, note, slice) in [
            ("a=b", "a", "", "b"),
            ("  a = b \n", "a", "", "b "),
            ("a:b\r", "a", ":", "b"),
            ("a b", "a", "blank", "b"),
            ("a\t= :b", "a", "", ":b"),
            ("a", "a", "bare", ""),
            ("a=\n", "a", "", ""),
            ("a=  \r\n", "a", "", ""),
            ("a=b\\\n  c\\\r\n#d\n", "a", "", "b\\\n  c\\\r\n#d"),
            ("a=b\\\\\n", "a", "", "b\\\\"),
            ("a=b\\\n\n", "a", "", "b\\\n"),
            ("a = \\\n  b\n", "a", "carried on", "b"),
            ("a\\ b\\=c=d", "\"a b=c\"", "key a\\ b\\=c", "d"),
            ("\\u0061=d", "a", "key \\u0061", "d"),
            ("\\ud83d\\ude00=d", "\"😀\"", "key \\ud83d\\ude00", "d"),
            ("=d", "\"\"", "", "d"),
            ("\u{feff}a=d", "a", "mark", "d"),
        ] {
            assert_eq!(found(text), [(path.into(), note.into(), slice.into())], "{text:?}");
        }
        let keys: Vec<_> = found("a=1\n#---\na=2").into_iter().map(|l| (l.0, l.1)).collect();
        assert_eq!(keys, [("a".into(), String::new()), ("a#2".into(), "document 2".into())]);
        assert!(parse("#---\n").unwrap().comments.is_empty());
    }

    #[test]
    fn what_java_refuses_or_reads_oddly_is_refused() {
        for (text, line) in [
            ("a=b\\", 1),
            ("a\\", 1),
            ("\\u00=b", 1),
            ("\n\\ud83d=b", 2),
            ("\\\n#a=b", 1),
            ("a=\0", 1),
            ("\u{feff}# a\n", 1),
        ] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text:?}");
        }
    }

    fn read(text: &str) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        java_properties::PropertiesIter::new(text.as_bytes())
            .read_into(|key, value| pairs.push((key, value)))
            .unwrap();
        pairs
    }

    #[test]
    fn edits_that_only_some_readers_notice_are_seen() {
        let sealed = "# s.v1.x\na=s.v1.a\nb=\nc=s.v1.c\n";
        for (old, new) in [
            ("a=", "a:"),
            ("a=", "a "),
            ("a=", "a==="),
            ("a=", "\\u0061="),
            ("a=", "a=\\\n"),
            ("s.v1.a", "s.v1.a "),
            ("s.v1.a", "s.v1.a\\"),
            ("s.v1.a", "\\s.v1.a"),
            ("s.v1.a", "s.v1.a # c"),
            ("b=", "b"),
            ("c=", "#---\nc="),
            ("c=", "!--- \nc="),
            ("# s.v1.x", "# s.v1.x\ra=c"),
            ("# s.v1.x", "\\\n# s.v1.x"),
            ("# s", "\u{feff}# s"),
        ] {
            let edited = sealed.replacen(old, new, 1);
            assert!(contract::sees(parse, sealed, &edited), "{edited:?}");
        }
        assert!(!contract::sees(parse, sealed, &sealed.replace("# s", "\n ! s")));
    }

    #[test]
    fn other_readers_see_the_same_keys_and_only_values_changed() {
        let text = "# x\na=b\nc : d \\\n   e\nf g\\u0041\n! y\nh\\ i=\\ j \n\nk\n";
        let document = parse(text).unwrap();
        let sealed = read(&contract::sealed(&document, TOKEN));
        let plain = read(text);
        assert_eq!(plain.len(), document.leaves.len());
        for (leaf, (old, new)) in document.leaves.iter().zip(plain.iter().zip(sealed)) {
            assert_eq!(leaf.path.last_key(), Some(old.0.as_str()));
            assert_eq!(old.0, new.0);
            assert_eq!(*unescape(&text[leaf.span.clone()]).unwrap(), old.1);
            assert_eq!(new.1, if leaf.node == Node::Empty { "" } else { TOKEN });
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_keeps_the_contract(
            text in "[ab=:#! \t\u{c}\n\r\\\\u0\u{feff}ü-]{0,40}", mask in any::<u64>(),
        ) {
            contract::check(&text, parse, TOKEN, mask)?;
        }

        #[test]
        fn keys_and_values_are_those_of_another_reader(
            text in "([ab]{1,2}[ ]?[=: ][ ]?[ab=:# \\t]{0,4}(\\\\\\n[ ]?)?[ab]{0,3}\n|[#!][a-b ]{0,3}\n){0,6}",
        ) {
            let document = parse(&text).unwrap();
            let ours: Vec<_> = document.leaves.iter().map(|leaf| {
                let key = leaf.path.last_key().unwrap().to_owned();
                (key, unescape(&text[leaf.span.clone()]).unwrap().to_string())
            }).collect();
            prop_assert_eq!(ours, read(&text));
        }
    }
}
