//! Passwords that anybody would guess where they stand: the name of the user or of the program, words that say
//! what they are, a plain word for a service on a developer's machine. They shut nothing, and so they open nothing.

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::naming;
use super::of_tests::Place;
use super::placeholder::is_placeholder;
use super::value::is_random;

/// How far around a value names are looked for that it may be.
const NEAR: usize = 512;
/// How long a value may be that is words.
const LONGEST: usize = 64;
/// How long a name is at least, and at most.
const NAME: usize = 3;
const LONG: usize = 32;

/// Words by which a value says that it is not the one that counts, in lower case.
const OPEN: &str = "\
    test tests testing tester example sample dummy fake mock placeholder default demo change changed replace \
    insecure unsafe devel development developer local localhost foo bar foobar baz qux your temp tmp todo notasecret \
    deadbeef cafebabe redacted";
/// Words that say what kind of value it is: people do choose these, where it counts.
const KIND: &str = "\
    secret secrets password passwd passwort pass passw pw pwd passphrase passcode token apikey dev string value";
/// Words that stand beside these: what the value is for, and whom it asks to put another one there.
const BESIDE: &str = "\
    admin administrator root user username guest super my our the this that it is an me for only not real do dont use \
    used in to be please some any one of and or with very long enough strong weak random generic at least characters \
    chars bytes must should here insert enter set key keys api auth access login jwt session cookie hash salt sign \
    signing encryption encrypt private client server service database db app application web base ci common shared \
    new old initial first second next never safe secure cafe babe beef bad";

/// Tells whether a value is one that nobody has to be told.
///
/// `text[span]` is the value, and what stands round it counts, for a name is one only where it is somebody's.
pub(super) fn is_guessed(text: &[u8], span: &Range<usize>, place: Place) -> bool {
    let value = &text[span.clone()];
    if let Some((user, password)) = credentials(value) {
        return password.is_empty() || password == user || is_for_show(&password);
    }
    let is_there = |name: &[u8]| is_name_near(text, span, name);
    match place {
        _ if is_words(value, place, is_there) => true,
        Place::Development => is_plain(value),
        Place::Tests => is_simple(value),
        Place::Work => false,
    }
}

/// Tells whether a value is short and looks made up, for a place where that is enough.
pub(super) fn is_simple(value: &[u8]) -> bool {
    value.len() <= 12 && !is_random(&spelt(value), 12.0)
}

/// Tells whether a value is a word in small letters.
fn is_plain(value: &[u8]) -> bool {
    (NAME..=12).contains(&value.len())
        && value.iter().all(u8::is_ascii_lowercase)
        && !is_random(value, 12.0)
}

fn is_for_show(password: &[u8]) -> bool {
    is_placeholder(password) || is_words(password, Place::Tests, |_| false)
}

/// The user and the password of an `Authorization: Basic`.
fn credentials(value: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let letters = value.strip_suffix(b"=").unwrap_or(value);
    let letters = letters.strip_suffix(b"=").unwrap_or(letters);
    if !(5..=LONGEST).contains(&letters.len()) {
        return None;
    }
    let said = STANDARD_NO_PAD.decode(letters).ok()?;
    let colon = said.iter().position(|b| *b == b':').filter(|at| *at > 0)?;
    let is_text = said.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
    is_text.then(|| (said[..colon].to_vec(), said[colon + 1..].to_vec()))
}

/// Tells whether a value is made of words that say what it is, or is a name; for what is no work, also a name and
/// such words: `redispass`.
fn is_words(value: &[u8], place: Place, is_name: impl Fn(&[u8]) -> bool) -> bool {
    if value.len() > LONGEST {
        return false;
    }
    let (Some(start), Some(end)) = (
        value.iter().position(u8::is_ascii_alphabetic),
        value.iter().rposition(u8::is_ascii_alphabetic),
    ) else {
        return false;
    };
    let core = value[start..=end].to_ascii_lowercase();
    let others = value.iter().filter(|b| !b.is_ascii_alphabetic() && !is_joint(**b)).count();
    let plain = Walk::of(&core);
    let says = match plain.says() {
        // `p@ssw0rd` is that one word to everybody.
        Says::Nothing => Walk::of(&spelt(&core)).says(),
        Says::Kind if place == Place::Work => Says::Nothing,
        says => says,
    };
    // `password` is in the name of every password, and nobody's own for that.
    let is_gap = |gap: Range<usize>| {
        let is_own = gap.len() == core.len() && plain.says() != Says::Kind;
        (place != Place::Work || is_own) && is_name(&core[gap])
    };
    (says > Says::Nothing && others <= 6 && others <= core.len() + 2)
        || (others <= 3 && plain.gaps().any(is_gap))
}

const fn is_joint(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b'.')
}

/// Writes letters for the digits and marks that stand for them: `p4ssw0rd`.
fn spelt(text: &[u8]) -> Vec<u8> {
    let letter = |byte: &u8| match byte {
        b'0' => b'o',
        b'1' | b'!' => b'i',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        b'7' => b't',
        byte => *byte,
    };
    text.iter().map(letter).collect()
}

/// What words say of the value that they make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    Nothing,
    Kind,
    Open,
}

/// Up to where words of the lists go in a text, from its beginning and from its end.
struct Walk {
    /// What words say that end here.
    left: Vec<Option<Says>>,
    /// Whether words go on from here to the end.
    right: Vec<bool>,
}

impl Walk {
    fn of(text: &[u8]) -> Self {
        let end = text.len();
        let (mut left, mut right) = (vec![None; end + 1], vec![false; end + 1]);
        left[0] = Some(Says::Nothing);
        right[end] = true;
        for at in 0..end {
            let Some(before) = left[at] else { continue };
            for (length, says) in words(&text[at..]) {
                left[at + length] = left[at + length].max(Some(before.max(says)));
            }
        }
        for at in (0..end).rev() {
            right[at] = words(&text[at..]).any(|(length, _)| right[at + length]);
        }
        Self { left, right }
    }

    fn says(&self) -> Says {
        self.left.last().copied().flatten().unwrap_or(Says::Nothing)
    }

    /// What is left where words are taken off both ends.
    fn gaps(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let starts = (0..self.left.len()).filter(|at| self.left[*at].is_some());
        starts.flat_map(|start| {
            let ends = start + NAME..self.right.len();
            ends.filter(|end| self.right[*end]).map(move |end| start..end)
        })
    }
}

/// A word of the lists, and what it says.
type Word = (&'static [u8], Says);

/// The words of the lists by the letter that they begin with.
static WORDS: LazyLock<[Vec<Word>; 26]> = LazyLock::new(|| {
    let mut words: [Vec<_>; 26] = Default::default();
    for (list, says) in [(OPEN, Says::Open), (KIND, Says::Kind), (BESIDE, Says::Nothing)] {
        for word in list.split_ascii_whitespace().map(str::as_bytes) {
            words[usize::from(word[0] - b'a')].push((word, says));
        }
    }
    words
});

/// The words that a text may begin with, by their lengths, and what they say; what is no letter stands between words.
fn words(text: &[u8]) -> impl Iterator<Item = (usize, Says)> + '_ {
    let first = text.first().copied().unwrap_or_default();
    let between = (!first.is_ascii_lowercase()).then_some((1, Says::Nothing));
    let own = first.is_ascii_lowercase().then(|| &WORDS[usize::from(first - b'a')]);
    let heads = own.into_iter().flatten().filter(|(word, _)| text.starts_with(word));
    heads.map(|(word, says)| (word.len(), *says)).chain(between)
}

/// Tells whether something near bears a name: a user, an image, what is given the value.
fn is_name_near(text: &[u8], span: &Range<usize>, name: &[u8]) -> bool {
    if name.len() > LONG || is_random(name, 8.0) {
        return false;
    }
    let (from, to) = (span.start.saturating_sub(NEAR), text.len().min(span.end + NEAR));
    let start = text[from..span.start].iter().rposition(|b| *b == b'\n');
    let start = start.map_or(from, |at| from + at + 1);
    let end = text[span.end..to].iter().position(|b| *b == b'\n').map_or(to, |at| span.end + at);
    let own = [&text[start..span.start], &text[span.end..end]];
    let mut others = text[from..start].split(|b| *b == b'\n');
    own.into_iter().any(|part| places(part, name).any(|at| is_name_at(part, at, name)))
        || others.any(|line| is_named_in(line, name))
        || text[end..to].split(|b| *b == b'\n').any(|line| is_named_in(line, name))
}

/// The same of another line, which must be a setting: in prose, any word may stand.
fn is_named_in(line: &[u8], name: &[u8]) -> bool {
    let Some(operator) = line.iter().position(|b| matches!(b, b'=' | b':')) else { return false };
    let is_one = !line[operator + 1..].trim_ascii().iter().any(u8::is_ascii_whitespace);
    let is_named = |at: usize| (at < operator || is_one) && is_name_at(line, at, name);
    places(line, name).any(is_named)
}

/// Where a name stands in a line as a word.
fn places<'t>(line: &'t [u8], name: &'t [u8]) -> impl Iterator<Item = usize> + 't {
    let is_word = |at: usize| {
        let before = at.checked_sub(1).is_some_and(|at| line[at].is_ascii_alphanumeric());
        !before && !line.get(at + name.len()).is_some_and(u8::is_ascii_alphanumeric)
    };
    let windows = line.windows(name.len()).enumerate();
    let found = windows.filter(|(_, part)| part.eq_ignore_ascii_case(name)).map(|(at, _)| at);
    found.filter(move |at| is_word(*at))
}

/// Tells whether what stands at a place of a line is no password itself: after a name of one, after `-p`, between
/// `:` and `@`.
fn is_name_at(line: &[u8], at: usize, name: &[u8]) -> bool {
    let before = &line[..at];
    if before.ends_with(b":") && line.get(at + name.len()) == Some(&b'@') {
        return false;
    }
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let end = before.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |end| end + 1);
    let start = before[..end].iter().rposition(|b| !is_part(b)).map_or(0, |start| start + 1);
    let word = &before[start..end];
    let option = word.strip_prefix(b"-").filter(|rest| rest.len() == 1);
    naming::role(word).is_none() && option.is_none_or(|option| option.eq_ignore_ascii_case(b"u"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the value between the last two `¦` of a text is guessed.
    fn is_guessed_in(text: &str, place: Place) -> bool {
        let start = text.find('¦').unwrap();
        let plain = text.replacen('¦', "", 1);
        let end = plain.find('¦').unwrap();
        is_guessed(plain.replacen('¦', "", 1).as_bytes(), &(start..end), place)
    }

    fn is_word(value: &str) -> bool {
        is_guessed_in(&format!("x = ¦{value}¦\n"), Place::Work)
    }

    #[test]
    fn words_that_say_what_they_are() {
        for value in [
            "test-secret-that-is-long-enough",
            "development-secret",
            "Your_password123!",
            "REPLACE_ME",
            "changeit",
            "p@ssw0rd",
            "s3cr3t",
            "Test1234!",
            "Passw0rd!",
            "dXNlcm5hbWU6cGFzc3dvcmQ=",
            "dGVzdDp0ZXN0",
            "Zm9vOmJhcg==",
        ] {
            assert!(is_word(value), "{value}");
        }
        for value in ["mysecretpassword", "my-secret-pw", "ci_password_1", "devpass"] {
            assert!(!is_word(value), "{value}");
            assert!(is_guessed_in(&format!("x = ¦{value}¦\n"), Place::Development), "{value}");
        }
        for value in [
            "Winter-2026-Office",
            "my-secret-cat-9",
            "testRoses77",
            "P4ssw0rd#Lima",
            "passwordOfAna!7",
            "test8k2Lq0Zx",
            "secret90817263541",
            "gardengate",
            "admin",
            "aQ7rT5uV2wX9y",
            "YWRtaW46S2Q5M0xxUHo=",
            "1234567",
            "",
        ] {
            assert!(!is_word(value), "{value}");
        }
    }

    #[test]
    fn a_name_is_guessed_where_it_is_somebody_s() {
        for text in [
            "POSTGRES_USER: runner\nPOSTGRES_PASSWORD: ¦runner¦\n",
            "KEYCLOAK_ADMIN_PASSWORD: ¦admin¦",
            "image: quay.io/keycloak/keycloak:24\nenv:\n  KC_DB_PASSWORD: ¦keycloak¦\n",
            "Host=db;Username=postgres;Password=¦postgres¦;",
            "ALTER USER postgres PASSWORD '¦postgres¦';",
            "{\n \"password\": \"¦acme1¦\",\n \"user\": \"acme\"\n}",
            "The password is `¦admin123¦`. Login: admin / admin.",
            "postgres://acme:¦acme¦@db.corp.net/x",
        ] {
            assert!(is_guessed_in(text, Place::Work), "{text}");
        }
        for text in [
            "POSTGRES_USER: anna\nPOSTGRES_PASSWORD: ¦garden¦\n",
            "A_PASSWORD=¦garden¦\nB_PASSWORD=garden\n",
            "A_PASSWORD=¦garden¦\nA_URL=redis://x:garden@db.corp.net\n",
            "sshpass -p ¦garden¦ ssh a; sshpass -p garden ssh b\n",
            "A_PASSWORD=¦garden¦\nNobody knows the garden.\n",
            "keyPassword '¦password¦'\n",
            "user: q8Rw2kLmz0\npassword: ¦q8Rw2kLmz0¦\n",
            "user: acme\npassword: ¦acme-2026-Office¦\n",
        ] {
            assert!(!is_guessed_in(text, Place::Work), "{text}");
        }
    }

    #[test]
    fn a_place_says_what_is_enough() {
        let text = "DB_PASSWORD=¦banana¦\n";
        assert!(is_guessed_in(text, Place::Development) && !is_guessed_in(text, Place::Work));
        for value in ["tulipField", "Winter-2026-Office", "qzvxkwjp", "banana7"] {
            let text = format!("DB_PASSWORD=¦{value}¦\n");
            assert!(!is_guessed_in(&text, Place::Development), "{value}");
        }
        let text = "- REDIS_PASSWORD=¦redispass¦\n";
        assert!(is_guessed_in(text, Place::Development) && !is_guessed_in(text, Place::Work));
        assert!(is_guessed_in("login(\"a\", \"¦Roses77!¦\")", Place::Tests));
        assert!(!is_guessed_in("login(\"a\", \"¦q8Rw2kLmz0¦\")", Place::Tests));
    }
}
