//! Cases and properties of values, for all formats.

use proptest::prelude::*;

use super::*;
use crate::document::{Document, Format};

/// Gives a document with one value, as another tool would write it around the slice.
fn around(format: Format, slice: &str) -> String {
    match format {
        Format::Yaml => format!("k: {slice}\n"),
        Format::Json => format!("{{\"k\": {slice}}}"),
        Format::Toml => format!("k = {slice}\n"),
        _ => format!("k={slice}\n"),
    }
}

fn read(format: Format, text: &str) -> Result<String, ValueError> {
    let document = Document::parse(format, text)?;
    let [leaf] = document.leaves.as_slice() else { panic!("one leaf expected: {text}") };
    Ok(decode(&document, leaf)?.expose_text().unwrap().to_owned())
}

fn value_of(format: Format, slice: &str) -> Result<String, ValueError> {
    read(format, &around(format, slice))
}

fn slice_of(format: Format, value: &str) -> Result<String, ValueError> {
    encode(format, value).map(|slice| slice.to_string())
}

#[test]
fn toml_strings_are_read_and_the_rest_is_as_written() {
    for (slice, value) in [
        ("\"a\\n\\u00e4\"", "a\nä"),
        ("'a\\n'", "a\\n"),
        ("\"\"\"\na\\\n   b\"\"\"", "ab"),
        ("'''\na'b'''", "a'b"),
        ("0x1F", "0x1F"),
        ("true", "true"),
        ("\"\"", ""),
    ] {
        assert_eq!(value_of(Format::Toml, slice).unwrap(), value, "{slice}");
    }
}

#[test]
fn dotenv_values_are_read_where_readers_agree() {
    for (slice, value) in [
        ("a b", "a b"),
        ("$A#b", "$A#b"),
        ("'a\\n$B'", "a\\n$B"),
        ("\"a\\n\\\"\\$B\\\\c\"", "a\n\"$B\\c"),
        ("`a\"'\"`", "a\"'\""),
        ("''", ""),
        ("\"a\nb\"", "a\nb"),
    ] {
        assert_eq!(value_of(Format::Dotenv, slice).unwrap(), value, "{slice}");
    }
    for slice in ["a\\nb", "{\"a\":1}", "\"\\x\""] {
        let error = value_of(Format::Dotenv, slice).unwrap_err();
        assert!(matches!(error, ValueError::Ambiguous { .. }), "{slice}");
    }
}

#[test]
fn dotenv_slices_are_the_simplest_that_all_readers_take() {
    for (value, slice) in [
        ("a-b/c=", "a-b/c="),
        ("", "''"),
        ("a b", "'a b'"),
        ("$a\"\\b", "'$a\"\\b'"),
        ("it's", "\"it's\""),
        ("a\nb", "\"a\nb\""),
        ("{\"a\":\n1}", "'{\"a\":\n1}'"),
        ("a b\\'", ""),
        ("'$", ""),
        ("a b\\", ""),
        ("a\rb", ""),
        ("a\u{2028}b", ""),
    ] {
        assert_eq!(slice_of(Format::Dotenv, value).unwrap_or_default(), slice, "{value:?}");
    }
}

#[test]
fn ini_values_stand_for_themselves_or_are_refused() {
    assert_eq!(slice_of(Format::Ini, "a=b;c\"d").unwrap(), "a=b;c\"d");
    for value in ["a\nb", " a", "a\t", "a\\", "\"a", "'a'", "a ;b", "#a", "\u{a0}a"] {
        assert!(encode(Format::Ini, value).is_err(), "{value:?}");
    }
}

#[test]
fn properties_are_written_in_ascii() {
    for (value, slice) in [
        (" a ", "\\u0020a\\u0020"),
        ("ä😀", "\\u00e4\\ud83d\\ude00"),
        ("a\\\n=", "a\\\\\\n="),
        // Behind a key that a blank ends, a sign would be the key's.
        ("= a", "\\= a"),
        (":=", "\\:="),
    ] {
        assert_eq!(slice_of(Format::Properties, value).unwrap(), slice);
        assert_eq!(value_of(Format::Properties, slice).unwrap(), value);
    }
    assert_eq!(value_of(Format::Properties, "a\\\n  b ").unwrap(), "ab ");
    assert!(value_of(Format::Properties, "a\\u00").is_err());
}

#[test]
fn json_strings_are_read_and_the_rest_is_as_written() {
    for (slice, value) in
        [("\"a\\n\\u00e4\\/\"", "a\nä/"), ("1e5", "1e5"), ("null", "null"), ("\"\"", "")]
    {
        assert_eq!(value_of(Format::Json, slice).unwrap(), value, "{slice}");
    }
}

#[test]
fn yaml_scalars_are_read_as_their_parser_does() {
    for (text, value) in [
        ("k: a b # c\n", "a b"),
        ("k: 'it''s'\n", "it's"),
        ("k: \"a\\x41\\n\"\n", "aA\n"),
        ("k: null\n", "null"),
        ("k: a\n  b\n\n  c\n", "a b\nc"),
        ("k: |\n  a\n   b\n", "a\n b\n"),
        ("k: |2-\n  a\n   b\n", "a\n b"),
        ("k: >-\n  a\n  b\n", "a b"),
        ("k: |+\n  a\n\n", "a\n\n"),
        ("k: \"a\n  b\"\n", "a b"),
        ("k: !!str 1\n", "1"),
        ("k: &a |\n  b\n", "b\n"),
        ("--- |\n a\n", "a\n"),
        ("k: |\n  ä\n", "ä\n"),
        ("k: |\r\n  a\r\n", "a\n"),
    ] {
        assert_eq!(read(Format::Yaml, text).unwrap(), value, "{text}");
    }
    let text = "'b': |1\n a\nc: |\n  d\nl: [ 'e\n  f' ]\n";
    let document = Document::parse(Format::Yaml, text).unwrap();
    let values: Vec<_> = document.leaves.iter().map(|l| decode(&document, l).unwrap()).collect();
    let values: Vec<_> = values.iter().map(|v| v.expose_text().unwrap()).collect();
    assert_eq!(values, ["a\n", "d\n", "e f"]);
}

#[test]
fn yaml_strings_are_plain_only_where_nothing_else_reads_so() {
    for (value, slice) in [
        ("abc.d-e/f", "abc.d-e/f"),
        ("Yes", "\"Yes\""),
        ("1", "\"1\""),
        ("", "\"\""),
        ("a: b", "\"a: b\""),
        ("a\n\u{85}", "\"a\\n\\u0085\""),
    ] {
        assert_eq!(slice_of(Format::Yaml, value).unwrap(), slice);
    }
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9 #'\"`$=:\\\\;!\n\r\t{}-]{0,10}", "\\PC{0,8}", any::<String>()]
}

fn takes_back(format: Format, value: &str, always: bool) -> Result<(), TestCaseError> {
    match encode(format, value) {
        Ok(slice) => prop_assert_eq!(value_of(format, &slice), Ok(value.to_owned()), "{:?}", slice),
        Err(error) => prop_assert!(!always, "{error}: {value:?}"),
    }
    Ok(())
}

proptest! {
    #[test]
    fn toml_reads_what_it_wrote(value in any_value()) {
        takes_back(Format::Toml, &value, true)?;
        let text = format!("k = {}", *encode(Format::Toml, &value).unwrap());
        let table: ::toml::Table = text.parse().unwrap();
        prop_assert_eq!(table["k"].as_str(), Some(value.as_str()));
    }

    #[test]
    fn json_reads_what_it_wrote(value in any_value()) {
        takes_back(Format::Json, &value, true)?;
        let slice = encode(Format::Json, &value).unwrap();
        prop_assert_eq!(serde_json::from_str::<String>(&slice).unwrap(), value);
    }

    #[test]
    fn yaml_reads_what_it_wrote(value in any_value()) {
        takes_back(Format::Yaml, &value, true)?;
        let text = around(Format::Yaml, &encode(Format::Yaml, &value).unwrap());
        let map: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        prop_assert_eq!(map["k"].as_str(), Some(value.as_str()));
    }

    #[test]
    fn properties_read_what_they_wrote(value in any_value()) {
        takes_back(Format::Properties, &value, true)?;
        // That reader knows no surrogate pairs.
        if value.chars().any(|c| c >= '\u{10000}') {
            return Ok(());
        }
        let text = format!("k={}", *encode(Format::Properties, &value).unwrap());
        let pairs = java_properties::read(text.as_bytes()).unwrap();
        prop_assert_eq!(pairs.get("k"), Some(&value));
    }

    #[test]
    fn ini_reads_what_it_wrote(value in any_value()) {
        takes_back(Format::Ini, &value, false)?;
        if let Ok(slice) = encode(Format::Ini, &value) {
            let option = ini::ParseOption { enabled_escape: false, ..Default::default() };
            let ini = ini::Ini::load_from_str_opt(&format!("k={}\nl=m\n", *slice), option).unwrap();
            prop_assert_eq!(ini.general_section().get("k"), Some(value.as_str()));
        }
    }

    #[test]
    fn dotenv_reads_what_it_wrote(value in any_value()) {
        takes_back(Format::Dotenv, &value, false)?;
        if let Ok(slice) = encode(Format::Dotenv, &value) {
            let text = format!("k={}\nl=m\n", *slice);
            let pairs: Vec<_> = dotenvy::from_read_iter(text.as_bytes()).map(Result::unwrap).collect();
            prop_assert_eq!(&pairs[0], &("k".to_owned(), value));
        }
    }
}
