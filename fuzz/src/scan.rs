//! The guard: no text that it stops at, and none in which it sees less in pieces than in the whole.

use std::sync::LazyLock;

use tenure::scan::managed::Managed;
use tenure::scan::{Gitleaks, Pieces, Rules, Scanner, Text, excerpt};
use tenure::secret::Plaintext;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::ours);

const PATHS: [&str; 8] = [
    "a.py",
    "config/prod.yaml",
    ".netrc",
    "src/tests/a.rs",
    "wp-config.php",
    ".env",
    "notes.md",
    "",
];

const VALUES: [&str; 3] =
    ["q7RkZ2vTn9Xw", "correct-horse-battery", concat!("postgres://app:", "Zp4vQ8mXwK2t@db.example.com/app")];

static MANAGED: LazyLock<Managed<usize>> = LazyLock::new(|| {
    let values = VALUES.iter().map(|value| Plaintext::from((*value).to_owned()));
    Managed::new(values.enumerate().collect(), b"a key that is no")
});

/// What is found lies in the text, in its order, is shown without the secret, and is the same where the text comes
/// in two pieces. A managed value is seen wherever it is put in.
///
/// # Panics
/// When it is not so.
pub fn scan(input: &[u8]) {
    let [path, cut, text @ ..] = input else { return };
    let path = PATHS[usize::from(*path) % PATHS.len()].as_bytes();
    let cut = usize::from(*cut) * text.len() / 256;
    let scanner = Scanner::new(&RULES);
    let hits = scanner.scan(&Text { path, bytes: text });
    let mut last = 0;
    for hit in &hits {
        assert!(last <= hit.span.start && hit.span.end <= text.len(), "out of order or place");
        assert!(hit.line >= 1 && hit.line <= hit.last_line && hit.column >= 1);
        last = hit.span.end.max(last);
        let secret = &text[hit.span.clone()];
        let shown = excerpt(text, hit.span.clone());
        assert!(
            secret.len() < 12 || !shown.as_bytes().windows(secret.len()).any(|it| it == secret)
        );
    }
    let mut pieces = Pieces::new(&scanner, path);
    let mut told = Vec::new();
    for part in [&text[..cut], &text[cut..]] {
        pieces.push(part, &mut |piece| told.extend(piece.hits.iter().cloned()));
    }
    pieces.finish(&mut |piece| told.extend(piece.hits.iter().cloned()));
    assert_eq!(told, hits, "another finding in pieces");
    for found in MANAGED.find(text, None) {
        assert!(found.span.start <= found.span.end && found.span.end <= text.len());
    }
    for (number, value) in VALUES.iter().enumerate() {
        let put = [&text[..cut], b"\n", value.as_bytes(), b"\n", &text[cut..]].concat();
        let place = cut + 1..cut + 1 + value.len();
        let is_it = |found: &tenure::scan::managed::Found| {
            found.value == number && found.span.start < place.end && place.start < found.span.end
        };
        assert!(MANAGED.find(&put, None).iter().any(is_it), "a value is not seen");
    }
}

/// Rules of gitleaks that are read can be searched with, whatever they are.
pub fn gitleaks(input: &[u8]) {
    let Some(Ok(read)) = std::str::from_utf8(input).ok().map(Gitleaks::read) else { return };
    let rules = Rules::only(Vec::new()).with_gitleaks(read);
    let text = b"key = acme_0123456789abcdef\npassword: x\n";
    drop(Scanner::new(&rules).scan(&Text { path: b"a/b.env", bytes: text }));
}
