//! What stands beside a name or its value, and what that says: a user, a call, the end of a line.

use std::ops::Range;

/// Tells whether a text gives a value to what is called a user.
pub(super) fn names_user(text: &[u8]) -> bool {
    const USERS: [&[u8]; 4] = [b"user", b"uid", b"login", b"email"];
    (0..text.len()).any(|at| {
        let rest = &text[at..];
        let Some(word) = USERS.iter().find(|word| {
            rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
        }) else {
            return false;
        };
        let rest = &rest[word.len()..];
        let is_tail = |b: &u8| {
            b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' ' | b'"' | b'\'' | b']')
        };
        let tail = rest.iter().take(24).take_while(|b| is_tail(b)).count();
        matches!(rest.get(tail), Some(b'=' | b':'))
            && rest.get(tail + 1).is_some_and(|b| *b != b':')
    })
}

/// A call that sets something, as opposed to one that looks something up.
pub(super) fn is_setter(name: &[u8]) -> bool {
    const GETS: [&[u8]; 16] = [
        b"get",
        b"has",
        b"is",
        b"check",
        b"find",
        b"read",
        b"fetch",
        b"load",
        b"remove",
        b"delete",
        b"print",
        b"log",
        b"hash",
        b"validate",
        b"verify",
        b"parse",
    ];
    let name = name.rsplit(|b| *b == b'.').next().unwrap_or(name);
    let is_head = |head: &&[u8]| {
        name.get(..head.len()).is_some_and(|own| own.eq_ignore_ascii_case(head))
            && !name.get(head.len()).is_some_and(u8::is_ascii_lowercase)
    };
    // `test.pass("x")` sets nothing.
    let is_verb = [&b"pass"[..], b"auth", b"key"].contains(&name);
    !is_verb && !GETS.iter().any(is_head)
}

/// How far back the line before a verdict is looked for, and how far on the line after it.
const LINE: usize = 400;

/// Tells whether a name is what a suite of tests says of one, as it says of those before and after: `PASS: gcc/abi`.
pub(super) fn is_verdict(text: &[u8], name: &Range<usize>) -> bool {
    const VERDICTS: [&[u8]; 9] = [
        b"PASS: ",
        b"FAIL: ",
        b"XFAIL: ",
        b"XPASS: ",
        b"SKIP: ",
        b"ERROR: ",
        b"UNSUPPORTED: ",
        b"UNTESTED: ",
        b"UNRESOLVED: ",
    ];
    let begins = |line: &[u8]| VERDICTS.iter().any(|it| line.starts_with(it));
    let before = &text[name.start.saturating_sub(LINE)..name.start];
    let after = &text[name.end..text.len().min(name.end + LINE)];
    let is_word = [&b"PASS"[..], b"XPASS"].contains(&&text[name.clone()]);
    let previous = match before {
        [lines @ .., b'\n'] => lines.rsplit(|b| *b == b'\n').next().unwrap_or_default(),
        [] => &[],
        _ => return false,
    };
    is_word && (begins(previous) || follows(after, begins))
}

/// Tells something of the next line.
fn follows(text: &[u8], is: impl Fn(&[u8]) -> bool) -> bool {
    text.split(|b| *b == b'\n').nth(1).is_some_and(is)
}

/// What may follow a value in its line.
pub(super) fn is_end(rest: &[u8]) -> bool {
    let line = rest.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii();
    line.is_empty()
        || line == b"\\"
        || line.starts_with(b"#")
        || line.starts_with(b"//")
        || line.starts_with(b";")
        || line.starts_with(b"&&")
}

/// Takes quotes within quotes off, and the kind of an authorization.
pub(super) fn unwrapped(value: &[u8]) -> (usize, &[u8]) {
    let mut skip = 0;
    let mut rest = value;
    if let [open @ (b'"' | b'\''), inside @ .., close] = rest
        && open == close
    {
        (skip, rest) = (1, inside);
    }
    for kind in [&b"Basic "[..], b"Bearer ", b"Token ", b"token ", b"bearer ", b"basic "] {
        if let Some(after) = rest.strip_prefix(kind) {
            return (skip + kind.len(), after);
        }
    }
    (skip, rest)
}
