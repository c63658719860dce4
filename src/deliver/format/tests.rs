//! The libraries that read these formats get every value back.

use proptest::prelude::*;

use super::*;
use crate::names::Address;

fn variable(name: &str, value: &str) -> Variable {
    let address: Address = format!("dev/a.env#{name}").parse().unwrap();
    Variable { name: name.to_owned(), value: Plaintext::from(value.to_owned()), address }
}

fn written(format: Export, value: &str) -> Result<String, DeliverError> {
    let all = [variable("A", value), variable("NO", value)];
    Ok(format.write(&all)?.expose_text().unwrap().to_owned())
}

fn yaml(text: &str) -> Vec<(String, String)> {
    let read: std::collections::BTreeMap<String, String> = serde_yaml::from_str(text).unwrap();
    read.into_iter().collect()
}

fn dotenv(text: &str) -> Vec<(String, String)> {
    dotenvy::from_read_iter(text.as_bytes()).map(Result::unwrap).collect()
}

fn check(value: &str) {
    let both = vec![("A".to_owned(), value.to_owned()), ("NO".to_owned(), value.to_owned())];
    let json: std::collections::BTreeMap<String, String> =
        serde_json::from_str(&written(Export::Json, value).unwrap()).unwrap();
    assert_eq!(json.into_iter().collect::<Vec<_>>(), both);
    assert_eq!(yaml(&written(Export::Yaml, value).unwrap()), both);
    match written(Export::Dotenv, value) {
        Ok(text) => assert_eq!(dotenv(&text), both),
        Err(why) => assert!(matches!(why, DeliverError::NotWritable { format: "dotenv", .. })),
    }
}

#[test]
fn values_that_tempt_a_quoting_come_back() {
    for value in [
        "",
        " ",
        " a ",
        "it's",
        "\"q\"",
        "a\\b",
        "$HOME",
        "${X:-y}",
        "`id`",
        "$(id)",
        "a#b",
        "a #b",
        "l1\nl2\n",
        "\t",
        "ä€𝄞",
        "null",
        "true",
        "0x10",
        "1e3",
        "- a",
        "a: b",
        "{a}",
        "!x",
        "%d",
        "\u{85}\u{2028}",
        "\u{feff}x",
        "=",
        "a=b&c=d",
        "~",
        "'",
        "''",
        "\\'",
    ] {
        check(value);
    }
}

#[test]
fn nothing_at_all_is_still_of_its_format() {
    let text = |format: Export| format.write(&[]).unwrap().expose_text().unwrap().to_owned();
    assert_eq!(text(Export::Json), "{}\n");
    assert_eq!(text(Export::Yaml), "{}\n");
    assert_eq!(text(Export::Shell), "");
    assert_eq!(text(Export::Dotenv), "");
}

#[test]
fn a_name_that_shells_keep_is_refused() {
    let refused = Export::Shell.write(&[variable("UID", "0")]).unwrap_err();
    assert!(matches!(refused, DeliverError::NotWritable { format: "shell", .. }));
}

proptest! {
    #[test]
    fn any_text_comes_back(value in "[^\0]{0,40}") {
        check(&value);
    }
}
