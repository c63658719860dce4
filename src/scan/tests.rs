//! All rules against their examples, lines as people write them, and what holds of any text.

use std::collections::BTreeSet;
use std::ops::Range;

use proptest::prelude::*;
use serde::Deserialize;

use super::rule::{Rule, RuleText, SOURCES, read};
use super::{Hit, Level, Pieces, Rules, Scanner, TOO_MANY, Text};

fn scan<'r>(scanner: &Scanner<'r>, path: &str, text: &[u8]) -> Vec<Hit<'r>> {
    let mut hits = scanner.scan(&Text { path: path.as_bytes(), bytes: text });
    hits.retain(|hit| hit.passed.is_none());
    hits
}

/// What is found in a text that comes in parts.
fn in_pieces<'r, 't>(
    mut pieces: Pieces<'_, 'r>,
    parts: impl IntoIterator<Item = &'t [u8]>,
) -> Vec<Hit<'r>> {
    let mut found = Vec::new();
    for part in parts {
        pieces.push(part, &mut |piece| found.extend(piece.hits.iter().cloned()));
    }
    pieces.finish(&mut |piece| found.extend(piece.hits.iter().cloned()));
    found.retain(|hit| hit.passed.is_none());
    found
}

fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[derive(Deserialize)]
struct File {
    rules: Vec<RuleText>,
}

fn all() -> Vec<RuleText> {
    let files = SOURCES.iter().map(|(path, text)| {
        read(text).unwrap_or_else(|error| panic!("{path}:{}: {error}", error.line));
        toml::from_str::<File>(text).unwrap()
    });
    files.flat_map(|file| file.rules).collect()
}

/// A path that a glob takes.
fn path(rule: &RuleText) -> String {
    rule.paths.first().map_or_else(
        || "file.txt".to_owned(),
        |glob| glob.replace("**/", "a/").replace("**", "a").replace(['*', '?'], "x"),
    )
}

/// Takes the marks out that keep scanners from taking our rule files for leaks.
fn plain(example: &str) -> String {
    example.replace('¦', "")
}

#[test]
fn every_rule_finds_its_examples_and_no_near_miss() {
    let mut wrong = Vec::new();
    for text in all() {
        let path = path(&text);
        let (id, examples, misses) =
            (text.id.clone(), text.examples.clone(), text.near_misses.clone());
        assert!(!examples.is_empty() && !misses.is_empty(), "{id}: an example and a near miss");
        let rules = Rules::only(vec![Rule::new(text).unwrap()]);
        let scanner = Scanner::new(&rules);
        let finds = |example: &str| {
            let hits = scan(&scanner, &path, plain(example).as_bytes());
            hits.iter().any(|hit| hit.rule == id)
        };
        wrong.extend(examples.iter().filter(|it| !finds(it)).map(|it| format!("{id} misses {it}")));
        wrong.extend(misses.iter().filter(|it| finds(it)).map(|it| format!("{id} finds {it}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_our_rules_is_what_their_files_say() {
    let rules = Rules::ours();
    let texts = all();
    assert_eq!(rules.rules().len(), texts.len());
    for (own, text) in rules.rules().iter().zip(texts) {
        let read = Rule::new(text).unwrap();
        let facts = |rule: &Rule| {
            let Rule { id, description, keywords, pattern, except, .. } = rule.clone();
            let except: Vec<_> = except.iter().map(|it| it.text.clone()).collect();
            let pattern = pattern.map(|it| (it.text.clone(), it.shape()));
            let numbers = (rule.entropy, rule.random, rule.checksum, rule.level);
            format!("{:?}", (id, description, keywords, pattern, except, numbers, &rule.paths))
        };
        assert_eq!(facts(own), facts(&read));
        assert!(
            read.pattern.is_some_and(|pattern| pattern.get().is_some()),
            "{} is too large",
            own.id
        );
    }
    let ids: BTreeSet<_> = rules.rules().iter().map(Rule::id).collect();
    assert_eq!(ids.len(), rules.rules().len(), "an id stands twice");
}

/// Where the hits that block stand.
fn blocking(scanner: &Scanner<'_>, path: &str, text: &str) -> Vec<Range<usize>> {
    let hits = scan(scanner, path, text.as_bytes());
    hits.into_iter().filter(|hit| hit.level == Level::Block).map(|hit| hit.span).collect()
}

/// Lines as people write them in many languages: what is left of a line's first `|` says whether there is
/// a secret (`+`), one that is known to be missed (`?`) or none (`-`), and the extension of the file.
#[test]
fn lines_with_a_secret_are_told_from_those_without() {
    let rules = Rules::ours();
    let scanner = Scanner::new(&rules);
    let (mut wrong, mut found, mut missed) = (Vec::new(), 0, 0);
    for line in include_str!("lines.txt").lines() {
        let (kind, code) = line.split_once('|').unwrap();
        let (sign, extension) = kind.split_once(' ').unwrap();
        let path = format!("src/a.{extension}");
        let is_found = !blocking(&scanner, &path, &(plain(code) + "\n")).is_empty();
        if is_found != (sign == "+") {
            wrong.push(line);
        }
        found += usize::from(sign == "+");
        missed += usize::from(sign == "?");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found * 10 >= (found + missed) * 9, "{found} found, {missed} missed");
}

/// Files that hold credentials, and some that do not, each after a line with its path. A `¦` stands within
/// each secret, and is taken out.
#[test]
fn credential_files_are_found_out_and_nothing_beside_their_secrets() {
    let rules = Rules::ours();
    let scanner = Scanner::new(&rules);
    let mut wrong = Vec::new();
    for file in include_str!("files.txt").split("=== ").skip(1) {
        let (path, text) = file.split_once('\n').unwrap();
        let mut marks = Vec::new();
        let mut whole = String::new();
        for part in text.split_inclusive('¦') {
            let part = part.strip_suffix('¦').map_or((part, false), |part| (part, true));
            whole.push_str(part.0);
            marks.extend(part.1.then_some(whole.len()));
        }
        let hits = blocking(&scanner, path, &whole);
        let line = |at: usize| format!("{path}:{}", whole[..at].matches('\n').count() + 1);
        let missed = marks.iter().filter(|mark| !hits.iter().any(|hit| hit.contains(mark)));
        wrong.extend(missed.map(|mark| format!("missed: {}", line(*mark))));
        let beside = hits.iter().filter(|hit| !marks.iter().any(|mark| hit.contains(mark)));
        wrong.extend(beside.map(|hit| format!("no secret: {}", line(hit.start))));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_opens_nothing_warns_or_is_let_be() {
    let rules = Rules::ours();
    let scanner = Scanner::new(&rules);
    let levels = |path: &str, text: &str| -> Vec<Level> {
        scan(&scanner, path, plain(text).as_bytes()).iter().map(|hit| hit.level).collect()
    };
    let hash = "password_hash: $2b$12$¦6kdg9rsjGhtMNIAhogek3VcATS1ybSdzwzV8lLiWRb3Zq89uatFRC";
    for (path, text) in [
        ("a.yml", hash),
        ("a.yml", "url: redis://:p4ss¦w0rd@localhost:6379"),
        ("a.py", "password = 'super$¦ecret'"),
        ("a.py", "def f():\n    \"\"\"\n    passwd='k8Qz¦mL2x'\n"),
        ("a.rs", "/// let password = \"k8Qz¦mL2x\";\n\n\n/// let password = \"k8Qz¦mL2x\";\n"),
        ("a.txt", "apikey: hvs.JGbZZaCkOSgsZ¦56uhGlTK2zyC1j2mwhy0VLp4"),
    ] {
        let levels = levels(path, text);
        assert!(!levels.is_empty() && !levels.contains(&Level::Block), "{text}");
    }
    for (path, text) in [
        ("a.py", "secret = 'JBSWY3DP¦EHPK3PXP'"),
        ("a.ini", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG¦/bPxRfiCYEXAMPLEKEY"),
        ("a.ini", "aws_access_key_id = AKIAIOSFO¦DNN7EXAMPLE"),
        ("a.js", "stripe('sk_test_4eC39HqLyjW¦DarjtT1zdp7dc')"),
        (
            "a.md",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6Ikpv¦aG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
        ),
        ("a.rs", "//! Where it stands: `database.password`, `hosts[0]`, `@2.kind`."),
        (
            "a.rs",
            "const KEY: &str = \"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\";",
        ),
        ("a.rs", "[\"user\", \"password\", \"mysqldump7\", \"jwt_secret\", \"q8Rw2kLmz0Xc\"]"),
        (
            "tokens.json",
            "\"secret\": \"0001010101010101010101010101010101010101010101010101010101010141\"",
        ),
    ] {
        assert_eq!(levels(path, text), [], "{text}");
    }
}

#[test]
fn utf_16_is_read_and_places_are_those_of_its_bytes() {
    let rules = Rules::ours();
    let scanner = Scanner::new(&rules);
    let text = "# schlüssel\r\nAPI_KEY=UnArl63XykWZ\r\n";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bytes = [&[0xFF, 0xFE], wide.as_slice()].concat();
    let hits = scan(&scanner, ".env", &bytes);
    assert_eq!(hits.len(), 1);
    let secret: Vec<u8> =
        concat!("UnArl6", "3XykWZ").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!((hits[0].line, &bytes[hits[0].span.clone()]), (2, secret.as_slice()));
    assert_eq!(in_pieces(Pieces::new(&scanner, b".env"), bytes.chunks(7)), hits);
}

#[test]
fn many_short_texts_of_two_bytes_a_letter_have_their_places() {
    let rules = Rules::ours();
    let scanner = Scanner::new(&rules);
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let one = [wide(concat!("API_KEY=", "UnArl63XykWZ")), vec![0xff; 9]].concat();
    let text = one.repeat(300);
    let hits = scan(&scanner, ".env", &text);
    let places: Vec<_> = hits.iter().map(|hit| hit.span.clone()).collect();
    let secrets = (0..300).map(|number| number * one.len() + 16..number * one.len() + 40);
    assert_eq!(places, secrets.collect::<Vec<_>>());
}

#[test]
fn a_rule_of_the_same_id_takes_the_place_of_ours() {
    let id = Rules::ours().rules()[0].id().to_owned();
    let text = RuleText {
        id: id.clone(),
        description: "ours no more".to_owned(),
        keywords: vec!["acme".to_owned()],
        pattern: "acme_[0-9]+".to_owned(),
        ..RuleText::default()
    };
    let rules = Rules::ours().with(vec![Rule::new(text).unwrap()]);
    let same: Vec<_> = rules.rules().iter().filter(|rule| rule.id() == id).collect();
    assert_eq!((same.len(), same[0].description()), (1, "ours no more"));
}

#[test]
fn hits_of_a_hostile_text_are_bounded() {
    let rules = Rules::ours();
    let scanner = Scanner::new(&rules);
    let text = b"API_KEY=UnArl63XykWZ\n".repeat(20_000);
    let hits = scan(&scanner, ".env", &text);
    assert!(!hits.is_empty() && hits.len() <= 20_001);
}

#[test]
fn too_many_hits_are_said_of_each_piece() {
    let rules = Rules::ours();
    let scanner = Scanner::new(&rules);
    let many = b"API_KEY=UnArl63XykWZ # gitleaks:allow\n".repeat(30_000);
    let text = [many.as_slice(), &b"nothing at all here\n".repeat(100_000)].concat();
    let pieces = Pieces::with_window(&scanner, b"a.txt", 1 << 20, 64 << 10);
    let found = in_pieces(pieces, [text.as_slice()]);
    assert!(found.iter().any(|hit| hit.rule == TOO_MANY));
}

/// Lines of all kinds, some with a secret.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z =:(){};\"']{0,80}",
        "API_KEY=[A-Za-z0-9]{20}",
        "password: \"[a-z]{4,8}[0-9]{2}[!#]\"",
        "user = [a-z]{4}",
        "x = [A-Za-z0-9]{40}",
        Just("-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5\n".to_owned()),
        Just("token = ENC[AES256_GCM,data:b0xvw+/8=,iv:zXc=,tag:59s==,type:str]".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pieces_find_what_the_whole_finds(
        lines in proptest::collection::vec(line(), 0..1200),
        cuts in proptest::collection::vec(1_usize..9000, 1..30),
    ) {
        let rules = Rules::ours();
        let scanner = Scanner::new(&rules);
        let text = lines.join("\n").into_bytes();
        let whole = scan(&scanner, "a.txt", &text);
        let pieces = Pieces::with_window(&scanner, b"a.txt", 16 << 10, 8 << 10);
        let (mut rest, mut cuts, mut parts) = (text.as_slice(), cuts.iter().cycle(), Vec::new());
        while !rest.is_empty() {
            let (part, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            parts.push(part);
            rest = later;
        }
        prop_assert_eq!(in_pieces(pieces, parts), whole);
        let wide: Vec<u8> = text_of(&text).encode_utf16().flat_map(u16::to_be_bytes).collect();
        let wide = [&[0xFE, 0xFF], wide.as_slice()].concat();
        let pieces = Pieces::with_window(&scanner, b"a.txt", 16 << 10, 8 << 10);
        prop_assert_eq!(in_pieces(pieces, wide.chunks(5001)), scan(&scanner, "a.txt", &wide));
    }

    #[test]
    fn no_bytes_make_it_fail(
        parts in proptest::collection::vec(prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            proptest::sample::select(vec![
                "password", "key", "secret", "=", ":=", " = \"", "'", "\\\"", "\"\"\"", "value",
                "ENC[AES256_GCM,", "-----BEGIN AGE ENCRYPTED FILE-----", "token: String = ", "<", ">", "</",
                "sealed.v1.", "encrypted:", "$ANSIBLE_VAULT;", "(", ",", "|| ", " is ", "\n", "user=",
                "tenure:allow", "secretlint-disable", "Bearer ", "://a:b@c", "AKIA", "ghp_",
            ]).prop_map(|part| part.as_bytes().to_vec()),
        ], 0..24),
    ) {
        let rules = Rules::ours();
        let scanner = Scanner::new(&rules);
        let text = parts.concat();
        for hit in scan(&scanner, "x", &text) {
            prop_assert!(hit.span.start < hit.span.end && hit.span.end <= text.len());
            prop_assert!(hit.whole.end <= text.len() && hit.line <= hit.last_line);
            prop_assert!(hit.line >= 1 && hit.column >= 1);
        }
    }
}
