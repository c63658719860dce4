//! What is plainly no secret: references to one, templates, and texts that stand for one.

/// Words that people write where a secret is to be, in lower case; only as the whole of a text, so that a
/// password which holds one is still seen.
const STAND_INS: &str = "\
    password passwd pass pwd passphrase secret token key apikey api_key api-key test testing \
    tests changeme change_me change-me changeit change example sample dummy fake foo bar \
    foobar foo_bar baz qux hello user username login guest default demo none null nil \
    undefined true false string abc abcd abcdef qwerty todo fixme redacted masked hidden \
    removed empty unset required optional notasecret not-a-secret not-set insecure \
    yourpassword your-password your_password placeholder value text bearer basic invalid wrong \
    correct newpass newpassword oldpassword hunter userid user_id p x pw";

/// Long words that no random text holds, and that long texts made to look real do.
const IN_LONG: [&[u8]; 9] = [
    b"example",
    b"placeholder",
    b"changeme",
    b"change_me",
    b"redacted",
    b"your_",
    b"your-",
    b"dummy",
    b"xxxxx",
];
const LONG: usize = 16;

/// What a template, or a reference to a variable, holds.
const TEMPLATES: [&[u8]; 14] = [
    b"${",
    b"{{",
    b"}}",
    b"<%",
    b"$(",
    b"%(",
    b"#{",
    b"%{",
    b"&lt;",
    b"$[",
    b"@{",
    b"*****",
    b"...",
    b"\xE2\x80\xA6",
];

/// Tells whether a text stands for a secret and is none.
pub(super) fn is_placeholder(text: &[u8]) -> bool {
    is_template(text) || is_stand_in(text) || is_row(text) || is_monotonous(text)
}

/// `${X}`, `{{ x }}`, `<your key>`, `%X%`, `$X`, `[x]`.
pub(super) fn is_template(text: &[u8]) -> bool {
    let (Some(first), Some(last)) = (text.first(), text.last()) else { return true };
    let is_enclosed = matches!(
        (first, last),
        (b'<', b'>') | (b'{', b'}') | (b'[', b']') | (b'%', b'%') | (b'(', b')') | (b'`', b'`')
    );
    let is_variable = *first == b'$'
        && text[1..].iter().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'>' | b'-' | b'$')
        })
        && text.get(1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    is_enclosed
        || is_variable
        || (text.starts_with(b"__") && text.ends_with(b"__"))
        || TEMPLATES.iter().any(|part| holds(text, part))
}

fn is_stand_in(text: &[u8]) -> bool {
    let is_letter = |b: &u8| b.is_ascii_alphabetic();
    let end = text.iter().rposition(is_letter).map_or(0, |at| at + 1);
    let start = text.iter().position(is_letter).unwrap_or(end);
    // Digits and marks round the word are what forms ask for: `Password123!`.
    let word = &text[start..end];
    let is_short = text.len() - word.len() <= 4;
    let is_word =
        is_short && STAND_INS.split(' ').any(|own| own.as_bytes().eq_ignore_ascii_case(word));
    is_word || (text.len() >= LONG && IN_LONG.iter().any(|part| holds(text, part)))
}

/// Rows of a keyboard, of the alphabet, of digits.
fn is_row(text: &[u8]) -> bool {
    const ROWS: [&[u8]; 4] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm", b"1234567890abcdef"];
    let next = |a: u8, b: u8| {
        let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
        let beside = |row: &&[u8]| row.windows(2).any(|two| two == [a, b] || two == [b, a]);
        a == b || a.abs_diff(b) == 1 || ROWS.iter().any(beside)
    };
    if text.len() < 6 {
        return false;
    }
    let steps = text.windows(2).filter(|two| next(two[0], two[1])).count();
    steps * 10 >= (text.len() - 1) * 8
}

/// Tells whether a text was made up to look like what machines make: it counts, in letters or digits, or in
/// both by turns.
pub(super) fn counts(text: &[u8]) -> bool {
    let follows = |two: &[u8]| {
        let (a, b) = (two[0].to_ascii_lowercase(), two[1].to_ascii_lowercase());
        a.abs_diff(b) == 1 || two == b"90"
    };
    let longest = |text: &[u8]| {
        let mut run = 1;
        let runs = text.windows(2).map(|two| {
            run = if follows(two) { run + 1 } else { 1 };
            run
        });
        runs.max().unwrap_or(1)
    };
    let only = |takes: fn(&u8) -> bool| -> Vec<u8> { text.iter().copied().filter(takes).collect() };
    longest(text) >= 7
        || (longest(&only(u8::is_ascii_alphabetic)) >= 8 && longest(&only(u8::is_ascii_digit)) >= 6)
}

/// Tells whether letters stand crossed out, as manuals do it: `T00000000/B00000000/XXXXXXXXXXXX`.
pub(super) fn is_crossed_out(text: &[u8]) -> bool {
    const ROW: usize = 8;
    text.windows(ROW)
        .any(|row| matches!(row[0], b'X' | b'*') && row.iter().all(|byte| *byte == row[0]))
}

/// Few characters, or the same ones again and again.
pub(super) fn is_monotonous(text: &[u8]) -> bool {
    let mut seen = [false; 256];
    text.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    let distinct = seen.iter().filter(|seen| **seen).count();
    let repeats =
        |period: usize| text.len() >= 2 * period && text[period..] == text[..text.len() - period];
    // A draw of so many characters has more kinds of them, even of hexadecimal digits.
    let is_few = distinct <= 2 || distinct * 8 < text.len().min(128);
    is_few || (text.len() >= 8 && distinct <= 3) || (1..=12).any(repeats)
}

/// Tells whether a text is an element of a list that is looked up: `hosts[0]`, `Jobs[-1].JobId`.
pub(super) fn is_element(text: &[u8]) -> bool {
    let Some(open) = text.iter().position(|b| *b == b'[') else { return false };
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
    let inside = &text[open + 1..];
    let Some(close) = inside.iter().position(|b| *b == b']') else { return false };
    let (inside, rest) = (&inside[..close], &inside[close + 1..]);
    let inside = inside.strip_prefix(b"-").unwrap_or(inside);
    let is_path = rest.is_empty() || (rest[0] == b'.' && rest.iter().all(is_name));
    open > 0
        && !inside.is_empty()
        && is_path
        && text[..open].iter().all(is_name)
        && inside.iter().all(is_name)
}

/// Tells whether a text that stands without quotes is code: a call, a path of names, an index.
pub(super) fn is_code(text: &[u8]) -> bool {
    let marks = |b: &u8| {
        matches!(
            b,
            b'(' | b')'
                | b'['
                | b']'
                | b'{'
                | b'}'
                | b'<'
                | b'>'
                | b'"'
                | b'\''
                | b'`'
                | b'|'
                | b'\\'
        )
    };
    text.iter().any(marks)
        || holds(text, b"::")
        || holds(text, b"->")
        || holds(text, b"&&")
        || matches!(text.first(), Some(b'&' | b'*' | b'$' | b'@' | b'%' | b'!' | b'.' | b'='))
}

/// Tells whether a text holds another, without regard to case.
pub(super) fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_stand_for_a_secret() {
        for text in [
            "${DB_PASSWORD}",
            "{{ .Values.password }}",
            "<your key>",
            "$TOKEN",
            "$config->secret",
            "xxxxxxxxxxxx",
            "************",
            "changeme",
            "Password123!",
            "test1234",
            "%SECRET%",
            "qwertyuiop",
            "1234567890",
            "abcdefghijklmnop",
            "asdfasdfasdf",
            "#{password}",
            "AKIAIOSFODNN7EXAMPLE",
            "your_api_key_goes_here",
            "[password]",
            "__TOKEN__",
            "",
            "%(password)s",
            "0123456789abcdef",
            "abc...xyz",
            "hunter42",
            "0001010101010101010101010101010101010101010101010101010101010141",
        ] {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn texts_that_may_be_one() {
        for text in [
            "hunter2x!",
            "super$ecret",
            "testRoses77",
            "P4ssw0rd#Lima",
            "my-secret-cat-9",
            "#gets0m3",
            "qVwYS81VP7Hb1DX8",
            "4ian1234",
            "passwordOfAna!7",
            "`123QWERasdf",
        ] {
            assert!(!is_placeholder(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn code_without_quotes() {
        for text in
            ["get_password()", "os.environ[x]", "Self::token", "self->pw", "&secret", "a.b()"]
        {
            assert!(is_code(text.as_bytes()), "{text}");
        }
        assert!(!is_code(b"hunter2x!") && !is_code(b"p@ss#word1"));
        assert!(is_element(b"hosts[0]") && is_element(b"a.b[name]"));
        assert!(is_element(b"Jobs[-1].JobId") && !is_element(b"q8[Rw2]kLm"));
        assert!(!is_element(b"q8[Rw2k") && !is_element(b"[0]") && !is_element(b"x![1]"));
    }

    #[test]
    fn what_is_crossed_out() {
        assert!(is_crossed_out(b"T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"));
        assert!(!is_crossed_out(b"T00000000/B00000000/XXXXXX") && !is_crossed_out(b"00000000"));
    }
}
