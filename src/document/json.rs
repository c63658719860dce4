//! JSON (RFC 8259) to the letter: what is anything else, or has one key twice, is refused.

use std::ops::Range;

use super::tree::{Collection, Key, Refusal, Tree, line_of};
use super::{Document, Format, Node, NotSpliceable};

/// Finds the values of a JSON text.
///
/// # Errors
/// [`NotSpliceable`] where the text is no JSON, is nested deeper than 128, or has a key twice.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, NotSpliceable> {
    let mut scanner = Scanner { text, at: 0, tree: Tree::new(text.len()) };
    if let Err(why) = scanner.document() {
        return Err(NotSpliceable { line: line_of(text, scanner.at), why });
    }
    let Scanner { tree, .. } = scanner;
    let leaves = tree.finish().map_err(|why| NotSpliceable { line: 1, why })?;
    Ok(Document { format: Format::Json, text, leaves, comments: Vec::new() })
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    tree: Tree,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<(), Refusal> {
        self.tree.next_document()?;
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        self.value()?;
        self.blank();
        if self.at == self.text.len() { Ok(()) } else { Err("something after the JSON value") }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }

    /// Recursive; the tree refuses what is nested too deep.
    fn value(&mut self) -> Result<(), Refusal> {
        self.blank();
        self.tree.arrive()?;
        let start = self.at;
        match self.peek() {
            Some(b'{') => return self.object(),
            Some(b'[') => return self.array(),
            Some(b'"') => {
                self.string()?;
            }
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        }
        self.tree.tell(Node::Scalar, (String::new(), String::new()), start..self.at)
    }

    fn object(&mut self) -> Result<(), Refusal> {
        self.tree.open(Collection::Mapping, self.at, false)?;
        self.at += 1;
        self.blank();
        if self.eat(b'}') {
            return self.tree.close();
        }
        loop {
            self.blank();
            let key = self.string()?;
            // Two spellings of one key are one key; half a surrogate pair is none.
            let name: String = serde_json::from_str(&self.text[key])
                .map_err(|_| "a key with half a surrogate pair")?;
            self.tree.key(&name, Key::Text)?;
            self.blank();
            if !self.eat(b':') {
                return Err("a key without its colon");
            }
            self.value()?;
            self.blank();
            if self.eat(b'}') {
                return self.tree.close();
            }
            if !self.eat(b',') {
                return Err("an object needs a comma or its end here");
            }
        }
    }

    fn array(&mut self) -> Result<(), Refusal> {
        self.tree.open(Collection::List, self.at, false)?;
        self.at += 1;
        self.blank();
        if self.eat(b']') {
            return self.tree.close();
        }
        loop {
            self.value()?;
            self.blank();
            if self.eat(b']') {
                return self.tree.close();
            }
            if !self.eat(b',') {
                return Err("an array needs a comma or its end here");
            }
        }
    }

    /// A string with its quotes.
    fn string(&mut self) -> Result<Range<usize>, Refusal> {
        let start = self.at;
        if !self.eat(b'"') {
            return Err("a string was expected here");
        }
        loop {
            match self.peek() {
                None => return Err("a string has no end"),
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0..=0x1f) => return Err("a control character in a string"),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok(start..self.at)
    }

    fn escape(&mut self) -> Result<(), Refusal> {
        self.at += 1;
        let letter = self.peek().ok_or("a string has no end")?;
        self.at += 1;
        match letter {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
                if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err("a malformed escape");
                }
                self.at += 4;
                Ok(())
            }
            _ => Err("a malformed escape"),
        }
    }

    fn number(&mut self) -> Result<(), Refusal> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        // `01` and `1x` end at the comma that the caller then misses.
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err("a malformed number") } else { Ok(()) }
    }

    fn word(&mut self) -> Result<(), Refusal> {
        let rest = &self.text[self.at..];
        let word = ["null", "true", "false"].into_iter().find(|word| rest.starts_with(word));
        self.at += word.ok_or("a value was expected here")?.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::tree::testing::splice;

    fn told(text: &str) -> Vec<String> {
        let document = parse(text).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        let tell = |l: &crate::document::Leaf| {
            assert!(l.tag.is_empty() && l.anchor.is_empty() && l.note.is_empty());
            format!("{} {:?} {}", l.path, l.node, &text[l.span.clone()])
        };
        document.leaves.iter().map(tell).collect()
    }

    fn why(text: &str) -> (usize, &'static str) {
        let refused = parse(text).expect_err("the text should be refused");
        (refused.line, refused.why)
    }

    #[test]
    fn every_kind_of_place_is_told() {
        let text =
            "\u{feff}{\"a\" : [1, -2.5e+3, {\"b\\u0063\":null}, [ ]],\r\n\t\"\":\"\",\"d\":{}}\n";
        assert_eq!(
            told(text),
            [
                "a[0] Scalar 1",
                "a[1] Scalar -2.5e+3",
                "a[2].bc Scalar null",
                "a[3] List ",
                "\"\" Scalar \"\"",
                "d Mapping ",
            ]
        );
        assert_eq!(told(" \"x\" "), ["@1 Scalar \"x\""]);
        assert_eq!(told("[]"), ["@1 List "]);
        let start = |text| parse(text).unwrap().leaves.swap_remove(0).span;
        assert_eq!(start("{\"a\": []}"), 6..6);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "[",
            "\"",
            "]",
            "{]",
            "[1,]",
            "[,1]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{'a':1}",
            "[1 2]",
            "01",
            "-",
            "+1",
            ".5",
            "1.",
            "1e",
            "0x1",
            "NaN",
            "nul",
            "True",
            "nulll",
            "[1]x",
            "1 2",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u12\"",
            "\"\t\"",
            "\"\0\"",
            "// c\n1",
            "[1]/**/",
            "\u{a0}1",
            "1\u{feff}",
            "\u{feff}\u{feff}1",
            "\"a\\",
            "\"\\ué12\"",
            "{\"a\":1\"b\":2}",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_refusal_tells_the_line() {
        assert_eq!(why("{\"a\": 1,\n\"\\u0061\": 2}"), (2, "a key stands twice in one mapping"));
        assert_eq!(why("{\n\n\"\\ud800\": 2}"), (3, "a key with half a surrogate pair"));
        assert!(parse("[\"\\ud800\"]").is_ok(), "a value is not looked into");
        assert_eq!(why("[\n01]").0, 2);
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&nested(128)).is_ok());
        assert_eq!(why(&nested(129)).1, "nested too deep");
        assert_eq!(why(&"[".repeat(1_000_000)).1, "nested too deep");
    }

    fn json() -> impl Strategy<Value = String> {
        let blank = || "[ \t\r\n]{0,2}";
        let leaf = prop_oneof![
            "null|true|false|-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,2})?([eE][+-]?[0-9]{1,2})?",
            "\"([ -!#-\\[\\]-~é\u{2028}]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-c]{4}){0,6}\"",
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            let spaced = (blank(), inner, blank()).prop_map(|(a, v, b)| a + &v + &b);
            let pair = ("[a-c\\\\n]{0,2}", spaced.clone())
                .prop_map(|(k, v)| format!("\"{}\":{v}", k.replace('\\', "\\\\")));
            prop_oneof![
                prop::collection::vec(spaced, 0..4).prop_map(|v| format!("[{}]", v.join(","))),
                prop::collection::vec(pair, 0..4).prop_map(|v| format!("{{{}}}", v.join(", "))),
            ]
        })
    }

    proptest! {
        #[test]
        fn texts_keep_places_and_bytes_when_spliced(text in json(), mask in any::<u32>()) {
            splice(parse, &text, "\"", |_| true);
            splice(parse, &text, "\"", |n| mask >> (n % 32) & 1 == 1);
        }

        #[test]
        fn what_passes_is_json_for_others_too(
            text in json(),
            at in any::<prop::sample::Index>(),
            put in "[\\[\\]{}:,\"\\\\0-9a-fu.e+ -]{0,2}",
            cut in 0..3_usize,
        ) {
            let mut chars: Vec<char> = text.chars().collect();
            let at = at.index(chars.len());
            let end = (at + cut).min(chars.len());
            chars.splice(at..end, put.chars());
            let text: String = chars.into_iter().collect();
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match parse(&text) {
                Ok(_) => {
                    let unread = text.contains("\\u") || text.contains(['e', 'E']);
                    prop_assert!(theirs.is_ok() || unread, "{text}");
                    splice(parse, &text, "\"", |_| true);
                }
                Err(refused) => prop_assert!(theirs.is_err() || refused.why.contains("twice"), "{text}"),
            }
        }
    }
}
