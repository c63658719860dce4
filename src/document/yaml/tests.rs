//! What the YAML parser takes and refuses, and that what it takes can be cut and joined.

use proptest::prelude::*;

use super::*;
use crate::document::tree::testing::splice;

/// Texts that are easy to get wrong.
const NASTY: [&str; 31] = [
    "---\nseq:\n &anchor\n- \n- b\n",
    "",
    "a: b # c\n",
    "# only a comment",
    "a: |\n  two\n  lines\n\nb: >-\n  folded # no comment\n\n# yes\nc: |+\n  kept\n\n\nd: |2-\n  x\ne: |",
    "a: | # in the header\n  x\nb: |-\n  at the end",
    "- - |\n   x\n  - y\n-\n  - \"z\"\n",
    "a:\r\n  - |\r\n    x\r\n\r\n    y\r\n  - z # c\r\nb: 'q\r\n\r\n  r'\r\n",
    "--- |\n root\n...\n--- text # c\n---\n--- {a: b}\n",
    "a: plain\n  over\n\n  lines  # c\nb: \"q\n  \\\n  r\"\nc: 'it''s # no'\n",
    "{a: [], b: {}, c: &x [], d: !t {}, \"e\":\"f\",'g':1, h, i: , j: [k: l, {m: n}]}",
    "a: [\n  \"x\",\n  y # c\n]\nb: {\n  c: z\n}\n",
    "base: &b\n  x: 1\nuse:\n  y: 2\n  <<: *b\n  x: 3\nlist: &l !t\n- *b\n- &m\n- !!str\n",
    "? a\n: b\n? c\n? 'd' # x\n: - e\n  - ? f\n",
    "no: 1\n1: 2\n\"1x\": 3\n~: 4\n2026-01-01: 5\n",
    "a: &x !t # c\n  b: &y   | # d\n      e\n",
    "a: !!null\nb: &z\nc: *z\nd:   \ne: # c\nf:\n- \n-\n-   # c\n",
    "a: null\nb: ~\nc: ''\nd: \"\"\ne: 0x1F\nf: -x\ng: --- x\n",
    "a:\tb\t# c\n#\n# \n#x\n#\ty\n",
    "a: http://x#y\nb: x:y\nc: -1\nd: '# x'\nf: :y\n",
    "\"a b\": 1\n'a\\c': 2\n\"\\u00e9\\\"\": 3\na.b[0]: 4\n",
    "a: >\n\n  x\n   more\n\n  y\n\n \nb: c\n",
    "k: |\n\n\n  late\nl: |+\n\n\nm: >-\n\nn: o\n",
    "- |\n x\n# c\n-  |-\n   x\n- 'a'\n",
    "é: ü # ö\n日本: |\n  語\n",
    "a:\n- b:\n  - c:\n    - d\n",
    "[a, [b, [c, {d: [e]}]], \"f\", 'g' , ]",
    "a: b: c\n",
    "\"text\"\n",
    "---\n---\n",
    "a: |\n  sealed.v1.x\nb: sealed.v1.y\n",
];

fn told(text: &str) -> Vec<String> {
    let document = parse(text).unwrap_or_else(|e| panic!("{text:?}: {e}"));
    let tell = |l: &crate::document::Leaf| {
        let slice = &text[l.span.clone()];
        format!("{} {:?} {slice:?} {}/{}/{}", l.path, l.node, l.tag, l.anchor, l.note)
    };
    document.leaves.iter().map(tell).collect()
}

fn why(text: &str) -> (usize, &'static str) {
    let refused = parse(text).expect_err("the text should be refused");
    (refused.line, refused.why)
}

#[test]
fn nasty_texts_keep_places_and_bytes_when_spliced() {
    for text in NASTY {
        for n in 0..4 {
            splice(parse, text, "", |part| n == 0 || part % n.max(2) == n % 2);
        }
    }
    let refused: Vec<_> = NASTY.iter().filter(|text| parse(text).is_err()).collect();
    assert_eq!(refused, [&"a: b: c\n"]);
}

#[test]
fn slices_hold_quotes_and_block_headers_and_end_before_the_last_break() {
    let text = "a: |  # c\n  x\n  y\n\nb: \"q\n  r\"  # c\nc: plain\n  lines  \nd: |+\n  z\n\n\n";
    assert_eq!(
        told(text),
        [
            r#"a Scalar "|  # c\n  x\n  y" //"#,
            r#"b Scalar "\"q\n  r\"" //"#,
            r#"c Scalar "plain\n  lines" //"#,
            r#"d Scalar "|+\n  z\n\n" //"#,
        ]
    );
}

#[test]
fn every_kind_of_place_is_told() {
    let text = "a: &x !t\n  - b: *x\n  - []\nc:\nd: {}\ne: !!str ''\n--- &r\n- null\n---\n";
    assert_eq!(
        told(text),
        [
            r#"a List "" !t/x/"#,
            r#"a[0].b Alias "*x" //"#,
            r#"a[1] List "" //"#,
            r#"c Empty "" //"#,
            r#"d Mapping "" //"#,
            r#"e Scalar "''" !!str//"#,
            r#"@2 List "" /r/"#,
            r#"@2[0] Scalar "null" //"#,
            r#"@3 Empty "" //"#,
        ]
    );
}

#[test]
fn an_empty_value_lies_where_its_text_would_go() {
    for (text, place) in [
        ("a:\n", 2),
        ("a:   # c\n", 2),
        ("- \n", 1),
        ("? a\n:\n", 5),
        ("? a\n", 3),
        ("a: &x\n", 5),
        ("{a: , b}", 3),
        ("---\n", 3),
    ] {
        let leaf = parse(text).unwrap().leaves.swap_remove(0);
        assert_eq!((leaf.node, leaf.span), (Node::Empty, place..place), "{text:?}");
    }
}

#[test]
fn outside_brackets_a_text_may_begin_with_a_colon() {
    assert_eq!(
        told("[[]]\n---\n:a: :b\n"),
        [r#"@1[0] List "" //"#, r#"@2.":a" Scalar ":b" //typed:0"#,]
    );
}

#[test]
fn comments_are_what_stands_after_the_sign_and_one_space() {
    let text = "# a \n#b\n#  c\n#\n#   \nk: v # d\t\r\nl: |  # no\n  # no\n # e\nm: 'x # no' #f";
    let document = parse(text).unwrap();
    let comments: Vec<_> = document.comments.iter().map(|span| &text[span.clone()]).collect();
    assert_eq!(comments, ["a", "b", " c", "d", "e", "f"]);
}

#[test]
fn a_note_tells_keys_that_some_readers_take_for_no_string() {
    assert_eq!(told("1: a"), [r#""1" Scalar "a" //typed:0"#].map(|s| s.replace("\"1\" ", "1 ")));
    assert_eq!(told("'1': a"), [r#"1 Scalar "a" //"#]);
    assert_eq!(told("a: [{yes: {b: c}}]"), [r#"a[0].yes.b Scalar "c" //typed:2"#]);
    assert_eq!(told("a: [{\"yes\": {b: c}}]"), [r#"a[0].yes.b Scalar "c" //"#]);
    assert_eq!(told("yes: {no: []}"), [r#"yes.no List "" //typed:0 typed:1"#]);
}

#[test]
fn a_note_tells_what_stands_before_a_merge_key() {
    let before = told("b: &b {x: 1}\nu: {x: 2, w: [3], <<: *b, z: 4}\n");
    let notes: Vec<_> = before.iter().map(|leaf| leaf.rsplit('/').next().unwrap()).collect();
    assert_eq!(notes, ["", "", "before-merge:1", "before-merge:1", "typed:1", ""]);
    let quoted = told("u: {x: 2, \"<<\": {y: 3}}\n");
    assert!(quoted[0].ends_with("before-merge:1"), "Ruby merges a quoted sign too");
}

#[test]
fn what_readers_might_take_differently_is_refused() {
    for (text, line, reason) in [
        ("a: 1\na: 2\n", 2, "a key stands twice in one mapping"),
        ("a: 1\n'a': 2\n", 2, "a key stands twice in one mapping"),
        ("1: 1\n\"\\x31\": 2\n", 2, "a key stands twice in one mapping"),
        ("1: 1\n0x1: 2\n", 2, "two keys that are one for some readers"),
        ("\"1\": 1\nx: 2\n1.0: 3\n", 3, "two keys that are one for some readers"),
        ("a: {yes: 1, \"true\": 2}\n", 1, "two keys that are one for some readers"),
        ("a: &x 1\nb: &x 2\n", 2, "an anchor is defined twice"),
        ("%YAML 1.2\n---\na: b\n", 1, "the YAML parser refuses it"),
        ("[a]: b\n", 1, "a key that is a mapping or a list"),
        ("a: &x b\n*x : c\n", 2, "an alias as a key"),
        ("&x a: b\n", 1, "a key with a tag or an anchor"),
        ("!!str a: b\n", 1, "a key with a tag or an anchor"),
        ("a: !!int 1\n", 1, "a value with a tag that no sealed text can have"),
        ("? |\n  a\n: b\n", 2, "a key that is a block scalar"),
        (": a\n", 1, "a key without a text"),
        ("{?a: b}\n", 1, "a plain text that begins with a question mark or a colon"),
        ("[[:a]]\n", 1, "a plain text that begins with a question mark or a colon"),
        ("[?a]\n", 1, "a plain text that begins with a question mark or a colon"),
        ("\"\\ud834\\udd1e\": a\n", 1, "a key with an escaped surrogate"),
        ("a: !!str\n  b\n", 2, "a tag or an anchor on another line than its value"),
        ("a: &x\n  |\n  b\n", 3, "a tag or an anchor on another line than its value"),
        ("{a: !t, b}\n", 1, "a tag or an anchor without a space after it"),
        ("a: &x:y b\n", 1, "an anchor's name with a sign in it"),
        ("a: b\rc: d\n", 1, "a carriage return that ends no line"),
        ("a: b\n# x\u{2028}c: d\n", 2, "a character that is a line break only for some readers"),
        ("a: b\n# x\u{85}c: d\n", 2, "a character that is a line break only for some readers"),
        ("a: \"\0\"\n", 1, "a character that YAML does not allow"),
        ("a: \u{7f}\n", 1, "a character that YAML does not allow"),
        ("a: \u{feff}b\n", 1, "a character that YAML does not allow"),
        ("\u{feff}--- a\n", 1, "a byte order mark, which moves the first line"),
    ] {
        assert_eq!(why(text), (line, reason), "{text:?}");
    }
}

/// In a sealed file anybody can move what stands around a token, so no block scalar may depend on it.
#[test]
fn a_block_scalar_that_depends_on_what_is_around_it_is_refused() {
    let (spaces, cut) = (
        "a block scalar whose text begins with spaces",
        "a block scalar without its last line break",
    );
    for (text, reason) in [
        ("a: |2\n    x\n", spaces),
        ("a:\n b: >1\n\n   x\n", spaces),
        ("a: |\n  x", cut),
        ("a: |+\n  x\n\n  ", cut),
        ("a: |\n  x\n   ", cut),
        ("a: |-\n  x\n   ", cut),
        ("a: |+\n   ", cut),
        ("a: |1-\n\n", "a block scalar with an indentation indicator and no text"),
    ] {
        assert_eq!(why(text).1, reason, "{text:?}");
    }
    assert_eq!(told("a: |-\n  x"), [r#"a Scalar "|-\n  x" //"#]);
    assert_eq!(told("a: |2\n  x\n"), [r#"a Scalar "|2\n  x" //"#]);
}

fn attested(text: &str) -> String {
    let leaf = parse(text).unwrap().leaves.swap_remove(0);
    attested_slice(text, &leaf).into_owned()
}

#[test]
fn a_block_scalar_is_attested_without_its_own_indentation() {
    let plain = attested("a: |-\n  x\n\n    y\n");
    assert_eq!(plain, "|-\nx\n\n  y");
    for same in [
        "a: |-\n      x\n   \n        y\n",
        "a:\n  |-2\n  x\n\n    y",
        "- a: |-   # c\n     x\n\n       y\n",
        "a: |-\r\n  x\r\n\r\n    y\r\n",
    ] {
        assert_eq!(attested(same), plain, "{same:?}");
    }
    for other in ["a: |\n  x\n\n    y\n", "a: >-\n  x\n\n    y\n", "a: |-\n  x\n\n   y\n"] {
        assert_ne!(attested(other), plain, "{other:?}");
    }
    assert_eq!(attested("a: |+\n  x\n\n \nb: c"), "|+\nx\n\n");
    // Spaces on the last blank line are nothing; one blank line less is something.
    assert_eq!(attested("a: |+\n  x\n\n\nb: c"), "|+\nx\n\n");
    assert_eq!(attested("a: |+\n  x\n  \nb: c"), "|+\nx\n");
    assert_eq!(attested("a: '|-\n  x'"), "'|-\n  x'");
}

/// Some readers count the mark as a column: `b` would then stand beside `a`.
#[test]
fn a_byte_order_mark_that_is_added_is_seen() {
    let sealed = "a:\n b: sealed.v1.AA\n";
    assert!(crate::document::contract::sees(parse, sealed, &format!("\u{feff}{sealed}")));
}

#[test]
fn nesting_and_the_size_of_paths_have_an_end() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(&nested(128)).is_ok());
    assert_eq!(why(&nested(129)).1, "nested too deep");
    let blocks = |depth: usize| "- ".repeat(depth) + "x";
    assert!(parse(&blocks(128)).is_ok());
    assert_eq!(why(&blocks(129)).1, "nested too deep");
    assert!(parse(&nested(100_000)).is_err());
    let long = format!("? {}\n: [{}]\n", "k".repeat(40_000), "a,".repeat(20_000));
    assert_eq!(why(&long).1, "too many values under too long keys for one file");
}

#[test]
fn time_grows_with_the_size_only() {
    for text in [
        (0..40_000).map(|n| format!("k{n}: v # c\n")).collect(),
        "- |\n  x\n\n".repeat(40_000),
        "# c\n".repeat(100_000) + "a: b",
        format!("a: |\n  x\n{}b: c", "\n".repeat(400_000)),
        format!("[{}]", "\"x\", ".repeat(60_000)),
        format!("{}a: b", "---\n".repeat(50_000)),
    ] {
        assert!(parse(&text).is_ok());
    }
}

/// Documents made of what YAML files are made of, indented as its depth needs.
fn value(depth: u32) -> BoxedStrategy<Vec<String>> {
    let scalar = prop_oneof![
        "[a-z]{1,6}( [a-z#:]{1,4}){0,2}",
        "\"([a-z #:,]|\\\\n|\\\\\"){0,8}\"",
        "'([a-z #:,]|''){0,8}'",
        "(~|null|true|[0-9]{1,4}|-1\\.5|)",
        "(&[a-z]{8} |!t |!!str )[a-z]{1,4}",
        "\\[('[a-z]', |\"b\",|c , ?){0,3}\\]",
        "\\{(a: b, )?('c':\"d\")?\\}",
    ]
    .prop_map(|text| vec![text]);
    let block = ("[|>][-+]?( # c)?", prop::collection::vec("([a-z#:\"][a-z #:]{0,6}|)", 0..4))
        .prop_map(|(header, lines)| {
            let mut all = vec![header];
            all.extend(lines.into_iter().map(|l| if l.is_empty() { l } else { format!("  {l}") }));
            all
        });
    if depth == 0 {
        return prop_oneof![3 => scalar, 2 => block].boxed();
    }
    let children = prop::collection::vec((key(), "( # [a-z]{1,3})?", value(depth - 1)), 1..4);
    let collection = (any::<bool>(), children).prop_map(|(list, children)| {
        let mut all = vec![String::new()];
        for (key, comment, value) in children {
            let head = if list { "-".to_owned() } else { format!("{key}:") };
            let scalar = !value[0].is_empty() && !value[0].starts_with(['|', '>']);
            let comment = if scalar || value[0].is_empty() { &*comment } else { "" };
            all.push(format!("  {head} {}{comment}", value[0]));
            all.extend(
                value[1..].iter().map(|l| if l.is_empty() { l.clone() } else { format!("  {l}") }),
            );
        }
        all
    });
    prop_oneof![2 => scalar, 2 => block, 4 => collection].boxed()
}

fn key() -> BoxedStrategy<String> {
    prop_oneof![4 => "[a-z]{2,8}", 1 => "\"[a-z .]{1,6}\"", 1 => "[0-9]{1,3}"].boxed()
}

proptest! {
    #[test]
    fn made_documents_keep_places_and_bytes_when_spliced(
        values in prop::collection::vec(value(3), 1..3),
        crlf in any::<bool>(),
        mask in any::<u32>(),
    ) {
        let documents: Vec<_> = values.iter().map(|v| format!("--- {}\n", v.join("\n"))).collect();
        let text = documents.concat().replace('\n', if crlf { "\r\n" } else { "\n" });
        splice(parse, &text, "", |_| true);
        splice(parse, &text, "", |n| mask >> (n % 32) & 1 == 1);
    }

    #[test]
    fn garbage_is_refused_or_spliced(
        text in "([a-c:,#|>'\"&*!{}\\[\\]?% \t\r\n-]|: |- |\n  |<<: ){0,40}",
    ) {
        splice(parse, &text, "", |_| true);
        if let Ok(document) = parse(&text) {
            for leaf in &document.leaves {
                attested_slice(&text, leaf);
            }
        }
    }
}
