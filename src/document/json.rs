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
            Some(b'"') => drop(self.string()?),
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
