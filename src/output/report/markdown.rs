//! Writes Markdown: lines, tables, and text of strangers that stays text.

use crate::deeds::report::words::{Part, Words};
use crate::output::safe;

/// A document in the making.
#[derive(Debug, Default)]
pub(super) struct Doc(String);

impl Doc {
    /// Gives the text.
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Writes a line as it is.
    pub(super) fn line(&mut self, text: impl AsRef<str>) {
        self.0.push_str(text.as_ref());
        self.0.push('\n');
    }

    /// Leaves one line empty, however often it is asked for.
    pub(super) fn gap(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    /// Writes a paragraph.
    pub(super) fn paragraph(&mut self, text: impl AsRef<str>) {
        self.gap();
        self.line(text);
        self.gap();
    }

    /// Begins a section.
    pub(super) fn section(&mut self, heading: &str) {
        self.gap();
        self.line("---");
        self.paragraph(format!("## {heading}"));
    }

    /// Writes a bold label with what was found.
    pub(super) fn label(&mut self, label: &str, text: impl AsRef<str>) {
        self.line(format!("- **{label}:** {}", text.as_ref()));
    }

    /// Writes a point below a label.
    pub(super) fn point(&mut self, text: impl AsRef<str>) {
        self.line(format!("  - {}", text.as_ref()));
    }

    /// Writes a table; `indent` says below what it stands. Cells are Markdown already.
    pub(super) fn table(&mut self, indent: Indent, head: &[&str], rows: &[Vec<String>]) {
        let before = match indent {
            Indent::None => "",
            Indent::Label => "  ",
        };
        let row = |cells: Vec<&str>| format!("{before}| {} |", cells.join(" | "));
        self.gap();
        self.line(row(head.to_vec()));
        self.line(format!("{before}|{}", "---|".repeat(head.len())));
        for cells in rows {
            self.line(row(cells.iter().map(String::as_str).collect()));
        }
        self.gap();
    }
}

/// Below what a table stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Indent {
    /// Below nothing.
    None,
    /// Below a label.
    Label,
}

/// Writes text of strangers so that it is text: no link, no HTML, no table, no emphasis.
pub(super) fn prose(text: &str) -> String {
    let text = safe(text);
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        let marks = match letter {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '&' | '~' | '{' | '}' | '@' | '#'
            | '!' | '$' | '^' => true,
            // Inside of a word it is a letter like any other.
            '_' => !(before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric()),
            // An address would become a link by itself.
            ':' => after == '/',
            '.' => before == 'w' && after.is_ascii_alphanumeric(),
            _ => false,
        };
        if marks {
            out.push('\\');
        }
        out.push(letter);
        before = letter;
    }
    out
}

/// Writes a name, a path or a command as code, where Markdown can hold it so.
pub(super) fn code(text: &str) -> String {
    let text = safe(text);
    if text.is_empty() || text.contains(['`', '|', '\\']) || text.contains("{{") {
        return prose(&text);
    }
    format!("`{text}`")
}

/// Writes a sentence of which some parts are code.
pub(super) fn worded(words: &Words) -> String {
    let part = |part: &Part| match part {
        Part::Said(text) => prose(text),
        Part::Code(text) => code(text),
    };
    words.parts().iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    /// What a page shows, by a parser that is not ours: the texts of a table's cells, or of all.
    fn shown(page: &str) -> Result<Vec<String>, String> {
        let mut cells = vec![String::new()];
        for event in Parser::new_ext(page, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
            match event {
                Event::Text(text) | Event::Code(text) => cells.last_mut().unwrap().push_str(&text),
                Event::Start(Tag::TableCell) => cells.push(String::new()),
                Event::Start(
                    Tag::Paragraph
                    | Tag::Table(_)
                    | Tag::TableHead
                    | Tag::TableRow
                    | Tag::List(_)
                    | Tag::Item,
                )
                | Event::End(_) => {}
                other => return Err(format!("{other:?} in {page}")),
            }
        }
        Ok(cells)
    }

    /// Texts in which marks are as common as letters.
    fn texts() -> impl Strategy<Value = String> {
        let marks = prop::sample::select(vec![
            "`",
            "``",
            "|",
            "\\",
            "*",
            "_",
            "~~",
            "[",
            "](",
            ")",
            "<b>",
            "<!--",
            "-->",
            "&lt;",
            "&#124;",
            "{{",
            "}}",
            "{",
            "$",
            "$$",
            "^",
            "#",
            "!",
            "@a",
            ":",
            "//",
            "https://a.b",
            "www.a.b",
            "a@b.c",
            "\n",
            "\r\n",
            "\t",
            " ",
            "  ",
            "x",
            "[^1]",
            "::",
            "=",
            "-",
            "+",
            "1.",
            ">",
            ":smile:",
        ]);
        let mark = marks.prop_map(str::to_owned);
        let parts = prop_oneof![3 => mark, 1 => "\\PC{0,3}"];
        prop::collection::vec(parts, 0..9).prop_map(|parts| parts.concat())
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in
            ["prod/PAYMENT_API_KEY", "docs/rotate-api-key.md", "Zoë's, 7 days; (own)", "a: b"]
        {
            assert_eq!(prose(text), text);
        }
    }

    #[test]
    fn text_of_strangers_makes_no_link_no_html_and_no_cell() {
        for (text, wanted) in [
            ("a | b", "a \\| b"),
            ("[x](https://evil)", "\\[x\\](https\\://evil)"),
            ("<img src=x>", "\\<img src=x\\>"),
            ("www.evil.example", "www\\.evil.example"),
            ("ana@evil.example @ops #1", "ana\\@evil.example \\@ops \\#1"),
            ("*b* _i_ `c` ~~s~~", "\\*b\\* \\_i\\_ \\`c\\` \\~\\~s\\~\\~"),
            ("{{name}}", "\\{\\{name\\}\\}"),
            ("one\ntwo", "one\\\\ntwo"),
            ("&lt;", "\\&lt;"),
        ] {
            assert_eq!(prose(text), wanted, "{text}");
        }
        assert_eq!(code("a`b"), "a\\`b");
        assert_eq!(code("a{{b"), "a\\{\\{b");
        assert_eq!(code("a b"), "`a b`");
    }

    #[test]
    fn a_table_stands_apart() {
        let mut doc = Doc::default();
        doc.line("before");
        doc.table(Indent::Label, &["A", "B"], &[vec!["1".to_owned(), "2".to_owned()]]);
        doc.gap();
        doc.line("after");
        assert_eq!(doc.finish(), "before\n\n  | A | B |\n  |---|---|\n  | 1 | 2 |\n\nafter\n");
    }

    proptest! {
        /// Whatever a text holds, a reader of the page sees it to the letter, in its own cell, and nothing else.
        #[test]
        fn a_row_shows_each_text_in_its_own_cell(
            cells in prop::collection::vec((texts(), any::<bool>()), 1..4)
        ) {
            let row = cells.iter().map(|(text, is_code)| match is_code {
                true => worded(&Words::default().code(text.as_str())),
                false => worded(&Words::said(text.as_str())),
            });
            let row: Vec<_> = row.collect();
            let mut doc = Doc::default();
            doc.table(Indent::None, &vec!["A"; row.len()], &[row]);
            let page = doc.finish();
            let found = shown(&page).map_err(TestCaseError::fail)?;
            let wanted: Vec<_> = cells.iter().map(|(text, _)| safe(text).trim().to_owned()).collect();
            let found: Vec<_> =
                found[1 + cells.len()..].iter().map(|cell| cell.trim().to_owned()).collect();
            prop_assert_eq!(found, wanted, "{}", page);
        }

        /// So it is in a sentence.
        #[test]
        fn a_sentence_shows_a_text_to_the_letter(text in texts(), is_code: bool) {
            let words = Words::said("of ");
            let words = if is_code { words.code(text.as_str()) } else { words.say(text.as_str()) };
            let page = format!("  - {}, it says\n", worded(&words));
            let found = shown(&page).map_err(TestCaseError::fail)?.concat();
            prop_assert_eq!(found, format!("of {}, it says", safe(&text)), "{}", page);
        }

        /// What a reader of the rendered page would take for a mark is always a text.
        #[test]
        fn no_mark_is_left_bare(text in "\\PC*") {
            for shown in [prose(&text), code(&text)] {
                prop_assert!(!shown.contains("{{") && !shown.contains('\n'));
                let inside = shown.starts_with('`');
                let mut letters = shown.chars();
                while let Some(letter) = letters.next() {
                    if letter == '\\' && !inside {
                        prop_assert!(letters.next().is_some());
                        continue;
                    }
                    prop_assert!(inside || !"`*[]<>|&~{}@#!$^".contains(letter), "{}", shown);
                }
            }
        }
    }
}
