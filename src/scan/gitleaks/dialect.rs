//! Regular expressions as Go reads them, in the words of ours. Both take linear time and mean the same by nearly
//! all; but what Go takes for a plain character is here and there an error, or something else.

use std::iter::Peekable;
use std::str::CharIndices;

/// Rewrites a pattern of Go's: a brace that counts nothing, a bracket within brackets, `&&` and the like in them,
/// and `\Q…\E`. <https://github.com/google/re2/wiki/Syntax>
pub(super) fn of_go(text: &str) -> String {
    let mut to = String::with_capacity(text.len() + 8);
    let mut chars = text.char_indices().peekable();
    while let Some((at, character)) = chars.next() {
        match character {
            '\\' => escaped(text, at, &mut chars, &mut to),
            '[' => class(text, &mut chars, &mut to),
            '{' if !counts(&text[at + 1..]) => to.push_str(r"\{"),
            _ => to.push(character),
        }
    }
    to
}

type Chars<'t> = Peekable<CharIndices<'t>>;

/// Copies what a backslash begins.
fn escaped(text: &str, at: usize, chars: &mut Chars<'_>, to: &mut String) {
    let Some((_, next)) = chars.next() else { return to.push('\\') };
    let rest = &text[at..];
    let length = match next {
        'Q' => {
            let quoted = rest[2..].find(r"\E").map_or(rest.len(), |end| end + 2);
            to.push_str(&regex_syntax::escape(&rest[2..quoted]));
            return skip(chars, at + quoted + 2);
        }
        // `\p{Greek}` and `\x{10FFFF}` have braces of their own.
        'p' | 'P' | 'x' if rest[2..].starts_with('{') => {
            rest.find('}').map_or(rest.len(), |end| end + 1)
        }
        _ => 1 + next.len_utf8(),
    };
    to.push_str(&rest[..length]);
    skip(chars, at + length);
}

fn skip(chars: &mut Chars<'_>, to: usize) {
    while chars.next_if(|(at, _)| *at < to).is_some() {}
}

/// Copies a class up to its end, of which the opening bracket was read.
fn class(text: &str, chars: &mut Chars<'_>, to: &mut String) {
    to.push('[');
    if chars.next_if(|(_, next)| *next == '^').is_some() {
        to.push('^');
    }
    // What stands first is a bracket like any other character.
    if chars.next_if(|(_, next)| *next == ']').is_some() {
        to.push_str(r"\]");
    }
    let mut last = ' ';
    while let Some((at, character)) = chars.next() {
        let is_twice = last == character;
        last = character;
        match character {
            '\\' => escaped(text, at, chars, to),
            '[' if text[at + 1..].starts_with(':') => {
                let end = text[at..].find(":]").map_or(text.len(), |end| at + end + 2);
                to.push_str(&text[at..end]);
                skip(chars, end);
            }
            '[' => to.push_str(r"\["),
            '&' | '~' | '-' if is_twice => {
                to.push('\\');
                to.push(character);
            }
            _ => to.push(character),
        }
        if character == ']' {
            return;
        }
    }
}

/// Tells whether what follows a brace is `n}`, `n,}` or `n,m}`.
fn counts(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else { return false };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    !least.is_empty() && is_number(least) && is_number(most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_go_takes_for_a_character_is_one() {
        for (go, ours) in [
            (r"^\${(?:[A-Z_]+)}$", r"^\$\{(?:[A-Z_]+)}$"),
            (r"(?:\d+|{\d+})", r"(?:\d+|\{\d+})"),
            (r"a{2}b{2,}c{2,3}d{,3}{x", r"a{2}b{2,}c{2,3}d\{,3}\{x"),
            (r"\{\d{0,2}}", r"\{\d{0,2}}"),
            (r"[^[{]x[[:alpha:]]", r"[^\[{]x[[:alpha:]]"),
            (r"[]a]{3}[^]]", r"[\]a]{3}[^\]]"),
            (r"[a&&b--c~~]", r"[a&\&b-\-c~\~]"),
            (r"\Qa.b{\E+c", r"a\.b\{+c"),
            (r"\p{Greek}{2}\x{10FFFF}\PN", r"\p{Greek}{2}\x{10FFFF}\PN"),
            (r"[\]\p{L}[]", r"[\]\p{L}\[]"),
            ("ü{2}[ü]{", "ü{2}[ü]\\{"),
            ("\\", "\\"),
        ] {
            assert_eq!(of_go(go), ours, "{go}");
        }
    }

    proptest! {
        #[test]
        fn what_both_read_stays(text in r"(\PC{0,3}|[\[\]{}\\^&~:QEpx,0-9-]){0,12}") {
            let parse = |text: &str| {
                regex_syntax::ParserBuilder::new().utf8(false).build().parse(text).ok()
            };
            let go = of_go(&text);
            let odd = ["{,", "\\Q", "&&", "--", "~~"].iter().any(|it| text.contains(it));
            let odd = odd || text.matches('[').count() > 1;
            if let (Some(own), false) = (parse(&text), odd) {
                prop_assert_eq!(Some(own), parse(&go), "{} {}", text, go);
            }
        }
    }
}
