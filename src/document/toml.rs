//! TOML: `toml_edit` says whether a text is TOML, the events of `toml_parser` where its values stand.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use toml_parser::Source;
use toml_parser::parser::{Event, EventKind};

use super::lines::{comment_text, refuse, refuse_nul};
use super::{Document, Format, Leaf, Node, NotSpliceable};
use crate::names::{KeyPath, Segment};

/// Parses a TOML file.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, NotSpliceable> {
    let mut walker = walk(text)?;
    walker.drop_implied_tables();
    let Walker { leaves, comments, .. } = walker;
    Ok(Document { format: Format::Toml, text, leaves, comments })
}

/// A key with its value, directly under the root or a header.
pub(super) struct Statement {
    /// The header it stands under, counted from 1; 0 for none.
    pub(super) header: usize,
    /// The whole path of its key.
    pub(super) path: Vec<Segment>,
    /// From the first byte of the key to the last of the value.
    pub(super) span: Range<usize>,
}

/// A table's or list element's header.
pub(super) struct Header {
    /// The path of its table.
    pub(super) path: Vec<Segment>,
    /// With its brackets.
    pub(super) span: Range<usize>,
}

/// Lists headers and statements in the order of the text.
pub(super) fn outline(text: &str) -> Result<(Vec<Header>, Vec<Statement>), NotSpliceable> {
    let walker = walk(text)?;
    Ok((walker.headers, walker.statements))
}

fn walk(text: &str) -> Result<Walker<'_>, NotSpliceable> {
    refuse_nul(text)?;
    if let Err(error) = toml_edit::Document::parse(text) {
        return refuse(text, error.span().map_or(0, |span| span.start), "is no TOML");
    }
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut events: Vec<Event> = Vec::with_capacity(tokens.len());
    toml_parser::parser::parse_document(&tokens, &mut events, &mut ());
    let mut walker = Walker {
        text,
        source,
        leaves: Vec::new(),
        comments: Vec::new(),
        headers: Vec::new(),
        statements: Vec::new(),
        lists: HashMap::new(),
        open: vec![Open { path: Vec::new(), next: None, start: 0, leaves: 0 }],
        keys: Vec::new(),
        from: 0,
        pending: Vec::new(),
        in_header: false,
        empty_header: false,
    };
    for event in &events {
        walker.event(event)?;
    }
    walker.close_header();
    Ok(walker)
}

/// A table or list that is being read.
struct Open {
    path: Vec<Segment>,
    /// The next position, in a list.
    next: Option<u32>,
    start: usize,
    /// How many leaves there were before it.
    leaves: usize,
}

struct Walker<'t> {
    text: &'t str,
    source: Source<'t>,
    leaves: Vec<Leaf>,
    comments: Vec<Range<usize>>,
    headers: Vec<Header>,
    statements: Vec<Statement>,
    /// How many elements each list of tables has so far.
    lists: HashMap<Vec<Segment>, u32>,
    /// The table that statements go to, then the inline tables and lists that are open.
    open: Vec<Open>,
    /// The keys read since the last sign.
    keys: Vec<Segment>,
    /// Where the statement or header that is being read begins.
    from: usize,
    /// The path of the value to come.
    pending: Vec<Segment>,
    /// Whether keys are a header's.
    in_header: bool,
    /// Whether nothing stood yet under the last header.
    empty_header: bool,
}

impl Walker<'_> {
    fn event(&mut self, event: &Event) -> Result<(), NotSpliceable> {
        let span = event.span().start()..event.span().end();
        match event.kind() {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                self.close_header();
                self.open.truncate(1);
                self.from = span.start;
                self.in_header = true;
            }
            EventKind::StdTableClose => self.header(false, span.end),
            EventKind::ArrayTableClose => self.header(true, span.end),
            EventKind::SimpleKey => self.key(event, span.start)?,
            EventKind::KeyValSep => {
                self.empty_header &= self.open.len() > 1;
                self.pending = self.container().path.clone();
                self.pending.append(&mut self.keys);
            }
            EventKind::InlineTableOpen => self.push(span.start, None),
            EventKind::ArrayOpen => self.push(span.start, Some(0)),
            EventKind::InlineTableClose => self.pop(Node::Mapping, span.end),
            EventKind::ArrayClose => self.pop(Node::List, span.end),
            EventKind::Scalar => {
                let path = self.value_path();
                self.statement(&path, span.end);
                self.leaf(path, Node::Scalar, span);
            }
            EventKind::Comment => {
                self.comments.extend(comment_text(self.text, span.start, span.end));
            }
            EventKind::Error => return refuse(self.text, span.start, "is no TOML"),
            EventKind::KeySep
            | EventKind::ValueSep
            | EventKind::Whitespace
            | EventKind::Newline => {}
        }
        Ok(())
    }

    fn container(&mut self) -> &mut Open {
        self.open.last_mut().expect("the root is never taken off")
    }

    fn key(&mut self, event: &Event, start: usize) -> Result<(), NotSpliceable> {
        let mut name = Cow::Borrowed("");
        let raw = self.source.get(event);
        let Some(raw) = raw else { return refuse(self.text, start, "is no TOML") };
        raw.decode_key(&mut name, &mut ());
        if self.keys.is_empty() && self.open.len() == 1 && !self.in_header {
            self.from = start;
        }
        self.keys.push(Segment::key(name));
        Ok(())
    }

    /// Finds the table of a header: a list of tables on the way means its last element.
    fn header(&mut self, list: bool, end: usize) {
        let mut path = Vec::new();
        let keys = std::mem::take(&mut self.keys);
        let last = keys.len().saturating_sub(1);
        for (n, key) in keys.into_iter().enumerate() {
            path.push(key);
            if list && n == last {
                let count = self.lists.entry(path.clone()).or_insert(0);
                path.push(Segment::Index(*count));
                *count += 1;
            } else if let Some(count) = self.lists.get(&path) {
                path.push(Segment::Index(count.saturating_sub(1)));
            }
        }
        self.headers.push(Header { path: path.clone(), span: self.from..end });
        self.container().path = path;
        self.from = end;
        self.in_header = false;
        self.empty_header = true;
    }

    /// Records the table of the last header as empty, if nothing stood under it.
    fn close_header(&mut self) {
        if let Some(header) = self.headers.last().filter(|_| self.empty_header) {
            let (path, at) = (header.path.clone(), header.span.start);
            self.leaf(path, Node::Mapping, at..at);
        }
        self.empty_header = false;
    }

    fn value_path(&mut self) -> Vec<Segment> {
        let open = self.container();
        let Some(n) = open.next else { return std::mem::take(&mut self.pending) };
        open.next = Some(n + 1);
        let mut path = open.path.clone();
        path.push(Segment::Index(n));
        path
    }

    fn push(&mut self, start: usize, next: Option<u32>) {
        let path = self.value_path();
        let leaves = self.leaves.len();
        self.open.push(Open { path, next, start, leaves });
    }

    fn pop(&mut self, node: Node, end: usize) {
        if self.open.len() < 2 {
            return;
        }
        let Some(open) = self.open.pop() else { return };
        self.statement(&open.path, end);
        if self.leaves.len() == open.leaves {
            self.leaf(open.path, node, open.start..open.start);
        }
    }

    /// Records a statement, if its value has just ended.
    fn statement(&mut self, path: &[Segment], end: usize) {
        if self.open.len() > 1 {
            return;
        }
        let (header, span) = (self.headers.len(), self.from..end);
        self.statements.push(Statement { header, path: path.to_vec(), span });
        self.from = end;
    }

    fn leaf(&mut self, path: Vec<Segment>, node: Node, span: Range<usize>) {
        self.leaves.push(Leaf {
            path: KeyPath::of(path),
            node,
            tag: String::new(),
            anchor: String::new(),
            note: String::new(),
            span,
        });
    }

    /// Takes off the empty tables that have tables below them: those imply them.
    fn drop_implied_tables(&mut self) {
        let mut paths: Vec<KeyPath> = self.leaves.iter().map(|leaf| leaf.path.clone()).collect();
        paths.sort();
        self.leaves.retain(|leaf| {
            let next = paths.partition_point(|path| *path <= leaf.path);
            let below = |path: &KeyPath| path.segments().starts_with(leaf.path.segments());
            leaf.node != Node::Mapping || !paths.get(next).is_some_and(below)
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::contract;

    const TOKEN: &str = "\"sealed.v1.AAAA_-\"";

    fn found(text: &str) -> Vec<String> {
        let document = parse(text).unwrap();
        let one = |l: &Leaf| match l.node {
            Node::Scalar => format!("{}={}", l.path, &text[l.span.clone()]),
            node => format!("{} {node:?}", l.path),
        };
        document.leaves.iter().map(one).collect()
    }

    #[test]
    fn values_have_their_whole_path() {
        let text = "\
a = 1 # c
b.\"c d\" = '''x
y'''
e = [ 1, [\"f\"], [], { g = 2, h = {} } ] #
[t]
i = 1979-05-27 07:32:00
[[l]]
j = true
[l.m]
k = inf
[[l.n]]
o = 1
[[l.n]]
[[l]]
[[l.n]]
[u]
[u.v]
";
        assert_eq!(
            found(text),
            [
                "a=1",
                "b.\"c d\"='''x\ny'''",
                "e[0]=1",
                "e[1][0]=\"f\"",
                "e[2] List",
                "e[3].g=2",
                "e[3].h Mapping",
                "t.i=1979-05-27 07:32:00",
                "l[0].j=true",
                "l[0].m.k=inf",
                "l[0].n[0].o=1",
                "l[0].n[1] Mapping",
                "l[1].n[0] Mapping",
                "u.v Mapping",
            ]
        );
        let comments = parse(text).unwrap().comments;
        assert_eq!(comments.into_iter().map(|c| &text[c]).collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn what_is_no_toml_is_refused() {
        for (text, line) in [("a = 1\na = 2", 2), ("a", 1), ("a = \0", 1), ("a = \"\n", 1)] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text:?}");
        }
        let deep = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse(&deep).is_err());
    }

    #[test]
    fn edits_of_what_stands_around_values_are_seen() {
        let sealed = "# s\na = \"s.a\"\n[t]\nb = \"s.b\"\n[[l]]\nc = \"s.c\"\n[[l]]\n[u]\n";
        for (old, new) in [
            ("[t]\nb = \"s.b\"", "b = \"s.b\"\n[t]"),
            ("[[l]]\nc", "[l]\nc"),
            ("[[l]]\n[u]", "[u]"),
            ("[[l]]\nc = \"s.c\"\n[[l]]", "[[l]]\n[[l]]\nc = \"s.c\""),
            ("[u]\n", ""),
            ("\"s.a\"", "'s.a'"),
            ("\"s.a\"", "[\"s.a\"]"),
            ("\"s.a\"", "\"s.a\"\nz = []"),
            ("# s", "# s\rz = 1"),
            ("a =", "a.b ="),
        ] {
            let edited = sealed.replacen(old, new, 1);
            assert!(contract::sees(parse, sealed, &edited), "{edited:?}");
        }
        assert!(!contract::sees(parse, sealed, &sealed.replace("a = ", "\"a\"  =  ")));
    }

    #[test]
    fn the_outline_knows_whole_statements() {
        let text = "\u{feff}a.b = [1,\n 2] # c\n[ t ] # d\n  c = { d = 1 }\n[[l]]\n";
        let (headers, statements) = outline(text).unwrap();
        let spans: Vec<_> = headers.iter().map(|h| &text[h.span.clone()]).collect();
        assert_eq!(spans, ["[ t ]", "[[l]]"]);
        let spans: Vec<_> = statements.iter().map(|s| (s.header, &text[s.span.clone()])).collect();
        assert_eq!(spans, [(0, "a.b = [1,\n 2]"), (1, "c = { d = 1 }")]);
    }

    fn value() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            Just("1"),
            Just("-inf"),
            Just("true"),
            Just("07:32:00"),
            Just("\"\""),
            Just("'#'"),
            Just("\"\"\"a\n# b\"\"\""),
            Just("'''\n'a'''"),
            Just("\"\\\"#\\u00e4\""),
        ]
        .prop_map(str::to_owned);
        scalar.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3)
                    .prop_map(|v| format!("[{}]", v.join(" , # x\n"))),
                prop::collection::vec(inner, 0..3).prop_map(|v| {
                    let pairs = v.iter().enumerate().map(|(n, v)| format!("k{n}.z = {v}"));
                    format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_slices_can_be_replaced(
            tables in prop::collection::vec(
                (any::<bool>(), "[ab](\\.[cd])?", prop::collection::vec(value(), 0..3)), 0..4),
            mask in any::<u64>(),
        ) {
            let mut text = String::new();
            for (list, name, values) in tables {
                text += &if list { format!("[[{name}]]#c\n") } else { format!("[{name}]\r\n") };
                for (n, value) in values.iter().enumerate() {
                    text += &format!("v{n}.\"w \" = {value} # c d \n");
                }
            }
            contract::check(&text, parse, TOKEN, mask)?;
        }

        #[test]
        fn any_text_is_refused_or_keeps_the_contract(
            text in "[ab=1\\[\\]{}.,#'\" \n\r\u{feff}]{0,20}", mask in any::<u64>(),
        ) {
            contract::check(&text, parse, TOKEN, mask)?;
        }
    }
}
