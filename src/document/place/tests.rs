//! Cases and properties of places, for all formats.

use proptest::prelude::*;

use super::*;
use crate::document::value::encode;

fn added(format: Format, text: &str, path: &str) -> Result<String, ValueError> {
    let document = Document::parse(format, text)?;
    let slice = encode(format, "v")?;
    let edit = insert(&document, &path.parse().unwrap(), &slice)?;
    Ok(spliced(text, edit.at..edit.at, &edit.text).to_string())
}

fn removed(format: Format, text: &str, path: &str) -> Result<String, ValueError> {
    let document = Document::parse(format, text)?;
    let range = remove(&document, document.leaf(&path.parse().unwrap()).unwrap())?;
    Ok(spliced(text, range, "").to_string())
}

#[track_caller]
fn adds(format: Format, text: &str, path: &str, expected: &str) {
    assert_eq!(added(format, text, path).as_deref(), Ok(expected), "{path} in {text:?}");
}

#[track_caller]
fn removes(format: Format, text: &str, path: &str, expected: &str) {
    assert_eq!(removed(format, text, path).as_deref(), Ok(expected), "{path} of {text:?}");
}

#[test]
fn a_dotenv_key_goes_to_the_end() {
    let dotenv = Format::Dotenv;
    adds(dotenv, "", "K", "K=v\n");
    adds(dotenv, "A=1", "K", "A=1\nK=v\n");
    adds(dotenv, "A=1\r\n", "K", "A=1\r\nK=v\r\n");
    // Bash would read the CR as part of B's value.
    adds(dotenv, "A=1\r\nB=2", "K", "A=1\r\nB=2\nK=v\n");
    adds(dotenv, "K=1\n# c\n", "K#2", "K=1\n# c\nK=v\n");
    for path in ["A.B", "\"A B\"", "\"A=\\nB\"", "K#2"] {
        assert!(added(dotenv, "", path).is_err(), "{path}");
    }
    assert_eq!(added(dotenv, "K=", "K"), Err(ValueError::Occupied));
}

#[test]
fn a_dotenv_key_goes_with_its_lines() {
    let dotenv = Format::Dotenv;
    removes(dotenv, "A=1\nB='x\ny' # c\nC=3", "B", "A=1\nC=3");
    removes(dotenv, "A=1", "A", "");
    removes(dotenv, "\u{feff}A=1\nB=2", "B", "\u{feff}A=1\n");
    removes(dotenv, "A=1\nA=2\n", "A#2", "A=1\n");
    assert!(removed(dotenv, "A=1\nA=2\n", "A").is_err());
}

#[test]
fn an_ini_key_goes_to_the_end_of_its_section() {
    let ini = Format::Ini;
    adds(ini, "", "k", "k = v\n");
    adds(ini, "", "s.k", "[s]\nk = v\n");
    adds(ini, "[s]\na=1\n; c\n\n[t]\nb=2\n", "s.k", "[s]\na=1\nk=v\n; c\n\n[t]\nb=2\n");
    adds(ini, "[s]\n\ta = 1\n", "s.k", "[s]\n\ta = 1\n\tk = v\n");
    adds(ini, "[s]\n[t]\n", "s.k", "[s]\nk = v\n[t]\n");
    adds(ini, "[s]\na=1", "k", "k=v\n[s]\na=1");
    adds(ini, "b=1\n[s]\na=1", "k", "b=1\nk=v\n[s]\na=1");
    adds(ini, "[s]\r\na =1", "t.k", "[s]\r\na =1\r\n\r\n[t]\r\nk = v\r\n");
    removes(ini, "[s]\na=1\nb=2\n", "s.b", "[s]\na=1\n");
    removes(ini, "[s]\na=1\n", "s.a", "[s]\n");
    assert!(added(ini, "", "\"s]\\n[t\".k").is_err());
    assert!(added(ini, "", "a.b.c").is_err());
}

#[test]
fn a_properties_key_goes_to_the_end() {
    let properties = Format::Properties;
    adds(properties, "a = 1", "k", "a = 1\nk = v\n");
    adds(properties, "a=1\n", "b", "a=1\nb=v\n");
    assert!(added(properties, "", "\"k l\"").is_ok_and(|text| text == "k\\ l=v\n"));
    removes(properties, "a=1\nb = \\\n  2\\\n  3\nc=4\n", "b", "a=1\nc=4\n");
}

#[test]
fn a_toml_key_goes_to_its_table() {
    let toml = Format::Toml;
    adds(toml, "", "k", "k = \"v\"\n");
    adds(
        toml,
        "a = [1,\n2] # c\n\n[t]\nb = 1\n",
        "k",
        "a = [1,\n2] # c\nk = \"v\"\n\n[t]\nb = 1\n",
    );
    adds(toml, "[t]\nb = 1\n", "k", "k = \"v\"\n[t]\nb = 1\n");
    adds(toml, "[t]\n  b = 1\n\n[u]\n", "t.k", "[t]\n  b = 1\n  k = \"v\"\n\n[u]\n");
    adds(toml, "[t]\n[u]\n", "t.k", "[t]\nk = \"v\"\n[u]\n");
    adds(toml, "[t]\na.b = 1\n", "t.a.k", "[t]\na.b = 1\na.k = \"v\"\n");
    adds(toml, "t = { a = 1 }\n", "t.k", "t = { a = 1, k = \"v\" }\n");
    adds(toml, "t = {}\n", "t.k", "t = { k = \"v\" }\n");
    adds(toml, "a = 1", "t.\"x y\".k", "a = 1\n\n[t.\"x y\"]\nk = \"v\"\n");
    adds(toml, "[a.b]\nc = 1\n", "a.k", "[a.b]\nc = 1\n\n[a]\nk = \"v\"\n");
    assert!(added(toml, "a = 1\n", "a.k").is_err());
    removes(toml, "a = 1\nb = [\n1] # c\nc = 2\n", "c", "a = 1\nb = [\n1] # c\n");
    removes(toml, "[t]\nb = '''\nx''' # c\nc = 2\n", "t.b", "[t]\nc = 2\n");
    removes(toml, "a = 1\n[t] # c\n", "t", "a = 1\n");
    removes(toml, "t = { a = 1 }\n", "t.a", "t = {}\n");
    removes(toml, "t = { a = 1, b.c = 2 }\n", "t.b.c", "t = { a = 1 }\n");
    assert!(removed(toml, "t = [1]\n", "t[0]").is_err());
}

#[test]
fn a_json_member_goes_to_the_end_of_its_object() {
    let json = Format::Json;
    adds(json, "{}", "k", "{\"k\": \"v\"}");
    adds(json, "{\"a\":1}", "k", "{\"a\":1, \"k\":\"v\"}");
    adds(json, "{\"a\":1,\"b\":2}", "k", "{\"a\":1,\"b\":2,\"k\":\"v\"}");
    let text = "{\n    \"a\": {\n        \"b\": [1, {}]\n    }\n}\n";
    let in_a = "{\n    \"a\": {\n        \"b\": [1, {}],\n        \"k\": \"v\"\n    }\n}\n";
    adds(json, text, "a.k", in_a);
    let in_root = "{\n    \"a\": {\n        \"b\": [1, {}]\n    },\n    \"k\": \"v\"\n}\n";
    adds(json, text, "k", in_root);
    adds(json, "{\"a\": {}}", "a.b.\"k \"", "{\"a\": {\"b\": {\"k \": \"v\"}}}");
    assert!(added(json, "{\"a\": 1}", "a.k").is_err());
    assert!(added(json, "[]", "k").is_err());
    assert!(added(json, "{\"a\": []}", "a[0]").is_err());
}

#[test]
fn a_json_member_goes_with_its_comma() {
    let json = Format::Json;
    removes(json, "{\n  \"a\": 1,\n  \"b\": 2\n}", "a", "{\n  \"b\": 2\n}");
    removes(json, "{\n  \"a\": 1,\n  \"b\": 2\n}", "b", "{\n  \"a\": 1\n}");
    removes(json, "{\"\\\"\\\\\" : {\"a\": 1}}", "\"\\\"\\\\\".a", "{\"\\\"\\\\\" : {}}");
    removes(json, "{\"a\": 1, \"b\": {}}", "b", "{\"a\": 1}");
    assert!(removed(json, "[1]", "@1[0]").is_err());
}

#[test]
fn a_yaml_key_goes_to_the_end_of_its_mapping() {
    let yaml = Format::Yaml;
    adds(yaml, "a: 1\n", "k", "a: 1\nk: v\n");
    adds(yaml, "a: 1", "k", "a: 1\nk: v\n");
    adds(
        yaml,
        "a:\r\n    b: 1 # c\r\nd: 2\r\n",
        "a.k",
        "a:\r\n    b: 1 # c\r\n    k: v\r\nd: 2\r\n",
    );
    adds(yaml, "a:\n  b:\n    c: 1\n", "a.k", "a:\n  b:\n    c: 1\n  k: v\n");
    adds(
        yaml,
        "a:\n  b:\n    - c: |\n        x\n      d: 1\n",
        "a.k",
        "a:\n  b:\n    - c: |\n        x\n      d: 1\n  k: v\n",
    );
    adds(yaml, "a: |\n  x\n", "k", "a: |\n  x\nk: v\n");
    adds(yaml, "a: [\n  1,\n  2\n]\n", "k", "a: [\n  1,\n  2\n]\nk: v\n");
    adds(yaml, "a: {}\n", "a.k", "a: {k: v}\n");
    adds(yaml, "a: 1\n", "b.c.k", "a: 1\nb:\n  c:\n    k: v\n");
    adds(yaml, "a: 1\n---\nb: 1\n", "k", "a: 1\nk: v\n---\nb: 1\n");
    adds(yaml, "a: 1\n---\nb: 1\n", "@2.k", "a: 1\n---\nb: 1\nk: v\n");
    adds(yaml, "", "a.k", "a:\n  k: v\n");
    adds(yaml, "# c\n", "k", "# c\nk: v\n");
    adds(yaml, "a: 1\n", "\"b: c\"", "a: 1\n\"b: c\": v\n");
    adds(yaml, "a: {b: 1}\n", "a.k", "a: {b: 1, k: v}\n");
    adds(yaml, "{ a: 1 }\n", "b.k", "{ a: 1, b: {k: v} }\n");
    adds(yaml, "a: # c\n    # d\n  1\n", "k", "a: # c\n    # d\n  1\nk: v\n");
    assert!(added(yaml, "a: b, c\n", "a.k").is_err());
    assert!(added(yaml, "- 1\n", "k").is_err());
}

#[test]
fn a_yaml_key_goes_with_its_lines() {
    let yaml = Format::Yaml;
    removes(yaml, "a: 1\nb: |\n  x\n  y\nc: 2\n", "b", "a: 1\nc: 2\n");
    removes(yaml, "a:\n  b: 1 # c\n  c: 2\n", "a.b", "a:\n  c: 2\n");
    removes(yaml, "a: 1\nb:\n  long\nc: 2\n", "b", "a: 1\nc: 2\n");
    removes(yaml, "a: &x 1\nb: 2\n", "a", "b: 2\n");
    assert!(removed(yaml, "a: &x 1\nb: *x\n", "a").is_err());
    removes(yaml, "a: {b: 1, c: 2}\n", "a.b", "a: { c: 2}\n");
    removes(yaml, "a: {b: 1, c: 2}\n", "a.c", "a: {b: 1}\n");
    removes(yaml, "a: {b: 1}\n", "a.b", "a: {}\n");
    assert!(removed(yaml, "- 1\n", "@1[0]").is_err());
}

fn some_text() -> impl Strategy<Value = (Format, String)> {
    let lines = |line: &'static str, format: Format| {
        prop::collection::vec(line, 0..6).prop_map(move |lines| (format, lines.join("\n")))
    };
    prop_oneof![
        lines("(export )?[ABK]=('[a-z\n]{0,3}'|[a-z]{0,3})( # c)?\r?|# c|", Format::Dotenv),
        lines("[abk] ?[=:] ?[a-z]{0,3}|\\[[st]\\]|; c|", Format::Ini),
        lines("[abk] ?[=: ](\\\\\n)? ?[a-z]{0,3}|# c|#---|", Format::Properties),
        lines(
            "[abk](\\.[st])? = ([0-9]|\\{ a = 1 \\}|\\[1, 2\\]|\\{\\}) ?(# c)?|\\[[st]\\]|\\[\\[s\\]\\]|",
            Format::Toml
        ),
    ]
}

proptest! {
    /// `insert` and `remove` prove what they propose; here the two prove each other.
    #[test]
    fn what_was_added_can_be_removed(
        (format, text) in some_text(), path in "k(#2)?|[st]\\.k(#2)?",
    ) {
        let Ok(document) = Document::parse(format, &text) else { return Ok(()) };
        let path: KeyPath = path.parse().unwrap();
        let Ok(edit) = insert(&document, &path, &encode(format, "v").unwrap()) else { return Ok(()) };
        let longer = spliced(&text, edit.at..edit.at, &edit.text);
        let after = Document::parse(format, &longer).unwrap();
        let range = remove(&after, after.leaf(&path).unwrap());
        prop_assert!(range.is_ok(), "{range:?} {}", *longer);
        let range = range.unwrap();
        let shorter = spliced(&longer, range, "");
        let again = Document::parse(format, &shorter).unwrap();
        prop_assert!(same_leaves(&document, &again, &path), "{}\n{}", text, *shorter);
    }

    #[test]
    fn a_flat_key_always_finds_its_place((format, text) in some_text()) {
        let Ok(document) = Document::parse(format, &text) else { return Ok(()) };
        let path: KeyPath = "new".parse().unwrap();
        prop_assert!(insert(&document, &path, &encode(format, "v").unwrap()).is_ok(), "{}", text);
    }
}
