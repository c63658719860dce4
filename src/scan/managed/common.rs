//! Tells values that may stand anywhere by chance from those that are themselves alone.

use super::settings::is_setting;

/// The fewest bytes by which a value can be told.
pub(super) const SHORTEST: usize = 8;

/// Which pairs of letters are usual in English and in the names of programs: a row for each first letter, a bit for
/// each second one. Counted over the 58,110 words of the `phrase` list of miniLock; rarer pairs are one in seventy.
const PAIRS: [u32; 26] = [
    0x3fe_bd7e, 0x016_4993, 0x11e_4d95, 0x116_f95b, 0x1ff_f9ff, 0x11a_4931, 0x116_69d1, 0x11e_5911,
    0x23e_fc7f, 0x010_4011, 0x014_2911, 0x13c_ddbf, 0x114_d113, 0x13e_fdff, 0x1fe_fd7f, 0x11e_d991,
    0x010_0801, 0x13e_fdff, 0x15d_fd95, 0x15e_79f7, 0x00e_f97f, 0x000_4111, 0x006_6991, 0x008_8115,
    0x00c_b915, 0x210_4111,
];

/// Rows of keyboards, and what else people count along.
const ROWS: [&[u8]; 6] =
    [b"qwertyuiop", b"qwertzuiop", b"azertyuiop", b"asdfghjkl", b"zxcvbnm", b"1234567890"];

/// Words that are everywhere, even with a number after them.
const EVERYWHERE: [&str; 36] = [
    "admin",
    "administrator",
    "changeme",
    "client",
    "database",
    "default",
    "demo",
    "develop",
    "docker",
    "dummy",
    "example",
    "foobar",
    "guest",
    "hello",
    "letmein",
    "localhost",
    "login",
    "master",
    "mongo",
    "mongodb",
    "mysql",
    "passwd",
    "password",
    "passwort",
    "postgres",
    "private",
    "public",
    "qwerty",
    "redis",
    "root",
    "sample",
    "secret",
    "server",
    "test",
    "user",
    "welcome",
];

/// Tells whether a value of at least [`SHORTEST`] bytes may stand in a text by chance: words and names, numbers and
/// dates, what is repeated or counted along, addresses without a password.
pub(super) fn is_common(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let text = text.trim();
    is_repeated(text.as_bytes())
        || is_counted(text.as_bytes())
        || is_number(text)
        || is_reference(text)
        || is_placeholder(text)
        || is_setting(text)
        || Words::of(text).are_common(text)
}

/// Tells whether a text looks as if it was drawn at random, and not like words or a name.
pub(super) fn is_random(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return true };
    let has_blank = text.bytes().any(|byte| byte.is_ascii_whitespace());
    let words = Words::of(text);
    text.len() >= SHORTEST
        && !has_blank
        && distinct(text.as_bytes()) >= 6
        && !is_common(text.as_bytes())
        && words.in_words * 2 < words.letters + words.digits
}

fn distinct(text: &[u8]) -> usize {
    let mut seen = [false; 256];
    text.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    seen.iter().filter(|seen| **seen).count()
}

fn is_repeated(text: &[u8]) -> bool {
    let repeats = |period: usize| text.iter().zip(&text[period..]).all(|(one, two)| one == two);
    distinct(text) < 4 || (1..=text.len() / 2).any(|period| period <= 4 && repeats(period))
}

/// Tells whether nearly each byte is beside the one before it, in the alphabet or on a keyboard.
fn is_counted(text: &[u8]) -> bool {
    let beside = |row: &[u8], one: u8, two: u8| {
        row.windows(2).any(|pair| pair == [one, two] || pair == [two, one])
    };
    let is_step = |pair: &[u8]| {
        let [one, two] = [pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase()];
        one.abs_diff(two) <= 1 || ROWS.iter().any(|row| beside(row, one, two))
    };
    let mut others = text.windows(2).filter(|pair| !is_step(pair));
    others.nth(text.len() / 8).is_none()
}

/// Numbers, dates, versions, addresses of machines.
fn is_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits < 16
        && text.bytes().all(|byte| byte.is_ascii_digit() || b".-+:/ TZ,_()v".contains(&byte))
}

/// What stands for a value that is elsewhere.
fn is_reference(text: &str) -> bool {
    let ends = [("${", "}"), ("{{", "}}"), ("$(", ")"), ("<", ">"), ("%(", ")s"), ("op://", "")];
    ends.iter().any(|(first, last)| text.starts_with(first) && text.ends_with(last))
        && !text.contains('"')
}

fn is_placeholder(text: &str) -> bool {
    let letters = text.trim_end_matches(|letter: char| !letter.is_ascii_alphabetic());
    let start = letters.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic());
    let is_short_rest = text.len() - start.len() <= 5;
    is_short_rest && EVERYWHERE.iter().any(|word| start.eq_ignore_ascii_case(word))
}

/// What is said as often as words are, and is none.
const NAMES: [&str; 16] = [
    "http",
    "https",
    "html",
    "xml",
    "url",
    "ssh",
    "ssl",
    "tls",
    "tcp",
    "sql",
    "mysql",
    "postgresql",
    "smtp",
    "mqtt",
    "utf",
    "gcp",
];

/// How much of a text is words.
#[derive(Default)]
struct Words {
    letters: usize,
    digits: usize,
    in_words: usize,
    count: usize,
    /// Runs of three letters and more, words or not.
    pieces: usize,
    /// Digits that stand right beside a letter.
    glued: usize,
    longest_number: usize,
}

impl Words {
    fn of(text: &str) -> Self {
        let mut all = Self::default();
        let bytes = text.as_bytes();
        for piece in bytes.chunk_by(|one, two| belong(*one, *two)) {
            match piece[0] {
                first if first.is_ascii_alphabetic() => all.add_word(piece),
                first if first.is_ascii_digit() => {
                    all.digits += piece.len();
                    all.longest_number = all.longest_number.max(piece.len());
                }
                _ => {}
            }
        }
        let is_glued = |pair: &&[u8]| {
            let (one, two) = (pair[0], pair[1]);
            one.is_ascii_alphabetic() && two.is_ascii_digit()
                || one.is_ascii_digit() && two.is_ascii_alphabetic()
        };
        all.glued = bytes.windows(2).filter(is_glued).count();
        all
    }

    fn add_word(&mut self, word: &[u8]) {
        self.letters += word.len();
        self.pieces += usize::from(word.len() >= 3);
        if word.len() >= 3 && is_word(word) {
            self.in_words += word.len();
            self.count += 1;
        }
    }

    /// Few words, joined as in names, paths and addresses, with no more than small numbers in between.
    fn are_common(&self, text: &str) -> bool {
        let only = |marks: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || marks.as_bytes().contains(&byte))
        };
        let is_place = text.contains('.') || text.contains('/') || text.contains('@');
        let is_few = self.count <= 3 && self.letters <= 17 || is_place && self.count <= 9;
        // Capitals within are as in names; beside digits, or with little else, they are as in what is drawn at random.
        let has_both = text.contains(|it: char| it.is_ascii_uppercase())
            && text.contains(|it: char| it.is_ascii_lowercase());
        let is_named = text.contains(['-', '_', '.', '/', ':', '@']) && !has_both;
        let has_small_numbers = match self.glued {
            0 => self.longest_number <= 5,
            _ => is_named && self.longest_number <= 3 && self.digits * 3 <= self.letters,
        };
        // Short pieces between marks, as in `us-east-1`, are no words and yet common.
        let share = match (has_both, is_place) {
            (true, _) => 75,
            (false, true) => 50,
            (false, false) => 60 + 15 * self.glued.min(1),
        };
        // Three words and a number between or behind them are a phrase that somebody made; a rare word makes it no
        // more common.
        let is_phrase = !is_place && self.pieces >= 3 && self.longest_number >= 2;
        only("-_./:@ ,;?=&*~")
            && has_small_numbers
            && !is_phrase
            && is_few
            && self.in_words * 100 >= self.letters * share
            && self.letters > self.digits
    }
}

/// Whether two bytes are of one word or number; `dbPassword` is two.
fn belong(one: u8, two: u8) -> bool {
    if one.is_ascii_digit() {
        return two.is_ascii_digit();
    }
    let is_new_word = one.is_ascii_lowercase() && two.is_ascii_uppercase();
    one.is_ascii_alphabetic() && two.is_ascii_alphabetic() && !is_new_word
}

/// Tells whether letters follow one another as in words.
fn is_word(letters: &[u8]) -> bool {
    let place = |byte: u8| usize::from(byte.to_ascii_lowercase() - b'a');
    let is_usual = |pair: &[u8]| PAIRS[place(pair[0])] >> place(pair[1]) & 1 == 1;
    let rare = letters.windows(2).filter(|pair| !is_usual(pair)).count();
    if NAMES.iter().any(|name| letters.eq_ignore_ascii_case(name.as_bytes())) {
        return true;
    }
    let has_mixed_case = letters[1..].iter().any(u8::is_ascii_uppercase)
        && letters.iter().any(u8::is_ascii_lowercase);
    !has_mixed_case && rare <= letters.len() / 12
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_stand_anywhere_is_common() {
        let common = [
            "aaaaaaaa",
            "abababab",
            "xyzxyzxyz",
            "12345678",
            "abcdefgh",
            "0123456789abcdef",
            "qwertyuiop",
            "asdfghjkl",
            "2026-11-22",
            "2026-11-22T10:00:00Z",
            "192.168.100.200",
            "00000000-0000-0000-0000-000000000000",
            "localhost",
            "production",
            "development",
            "postgres",
            "postgres16",
            "password1",
            "changeme",
            "Admin123!",
            "localhost:5432",
            "us-east-1",
            "my-app-production",
            "https://api.example.com/v2/users",
            "https://example.com",
            "smtp.gmail.com:587",
            "/etc/ssl/certs/server.key",
            "info@example.com",
            "redis://localhost:6379/0",
            "application/json",
            "${DB_PASSWORD}",
            "{{ secret.key }}",
            "<your-api-key>",
            "noreply@mail.company.org",
            "python3.12-slim",
            "python:3.12-slim-bookworm",
            "postgres-16-alpine",
            "eu-central-1",
            "20261122",
            "MyCompany",
        ];
        for value in common {
            assert!(is_common(value.as_bytes()), "{value}");
            assert!(!is_random(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn what_is_itself_alone_is_not_common() {
        let own = [
            "hunter22",
            "xK7mQ2pL",
            "hunter2x!",
            "kq8Zw1Lm0pRt",
            "correct-horse-battery-staple",
            "new-horse-battery-99",
            "new-horse-27-battery",
            "main-otter-waltz-66",
            "p@ss/w0rd+x",
            concat!("AKIA", "IOSFODNN7EXAMPLF"),
            "4716398250617394",
            concat!("ghp_", "16C7e42F292c6912E7710c838347Ae178B4a"),
            "9f86d081884c7d65",
            "Tr0ub4dor&3",
            concat!("postgres://app:Xk29", "!dk_ls@db.example.com/app"),
            concat!("sk_", "live_4eC39HqLyjWDarjtT1zdp7dc"),
            "550e8400-e29b-41d4-a716-446655440000",
            "xkqzvbtwjfqp",
            "wörd-länge-ß-7x",
            "Summer2024!",
            "MIIEvQIBADANBgkq",
            concat!(
                "https://hooks.slack.",
                "com/services/T00000000/B00000000/XXq8ZkPw3mNv5RtYs7Lc2Jd9"
            ),
            "kXwPqRtYbNm",
        ];
        for value in own {
            assert!(!is_common(value.as_bytes()), "{value}");
        }
        assert!(is_random(b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"));
        assert!(is_random(concat!("ghp_", "16C7e42F292c6912E7710c838347Ae178B4a").as_bytes()));
        assert!(!is_random(b"-----BEGIN PRIVATE KEY-----"));
        assert!(!is_random(b"svc-backup@project-one.iam.gserviceaccount.com"));
    }
}
