//! Ways to write bytes as something else, and how each is undone at one place of a text.

/// A way in which a part of a text says something else than itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `%2F`, as in URLs.
    Percent,
    /// As forms have it: `%2F`, and `+` for a blank.
    Form,
    /// With a backslash, as JSON, shells and programming languages have it.
    Escape,
    /// `&amp;`, as HTML and XML have it.
    Entity,
    /// A quote within quotes (`''`, `'\''`), and other marks that stand twice, or behind a backtick, where they would mean
    /// something: `$$` in compose files, `%%` in crontabs, `` `$ `` in PowerShell.
    Quote,
    /// Nothing, where a text is broken: `" + "`, the end of a line.
    Joint,
    /// A blank, where a line is broken at one.
    Fold,
    /// The end of a line, without what the next one begins with: an indentation, the mark of a comment.
    Line,
}

/// What a part at the beginning of a text says, and how long the part is.
#[derive(Clone, Copy)]
pub(crate) struct Unit {
    bytes: [u8; 4],
    count: usize,
    pub(crate) length: usize,
}

/// The longest part of a text that stands for nothing.
const LONGEST_JOINT: usize = 200;

impl Unit {
    fn new(says: &[u8], length: usize) -> Self {
        let mut bytes = [0; 4];
        let count = says.len().min(4);
        bytes[..count].copy_from_slice(&says[..count]);
        Self { bytes, count, length }
    }

    fn letter(number: u32, length: usize) -> Option<Self> {
        let mut bytes = [0; 4];
        let count = char::from_u32(number)?.encode_utf8(&mut bytes).len();
        Some(Self { bytes, count, length })
    }

    fn byte(number: u32, length: usize) -> Option<Self> {
        Some(Self::new(&[u8::try_from(number).ok()?], length))
    }

    pub(crate) fn says(&self) -> &[u8] {
        &self.bytes[..self.count]
    }
}

impl Way {
    /// All but [`Self::Line`], which says what stands there: see [`margin`].
    pub(super) const ALL: [Self; 7] = [
        Self::Escape,
        Self::Percent,
        Self::Entity,
        Self::Joint,
        Self::Quote,
        Self::Form,
        Self::Fold,
    ];

    /// The first of them: those in which a text may be written whose parts are written in another.
    pub(super) const OUTER: [Self; 3] = [Self::Escape, Self::Percent, Self::Entity];

    /// Tells whether a part in this way may begin with a byte.
    #[inline]
    pub(super) const fn marks(self, byte: u8) -> bool {
        match self {
            Self::Percent => byte == b'%',
            Self::Form => matches!(byte, b'%' | b'+'),
            Self::Escape => byte == b'\\',
            Self::Entity => byte == b'&',
            Self::Quote => matches!(byte, b'"' | b'\'' | b'$' | b'%' | b'`'),
            Self::Joint => matches!(byte, b'"' | b'\'' | b'`' | b'\n' | b'\r'),
            Self::Fold | Self::Line => matches!(byte, b'\n' | b'\r'),
        }
    }

    /// What the beginning of a text says in this way; none where it says itself.
    pub(crate) fn unit(self, text: &[u8]) -> Option<Unit> {
        if !self.marks(*text.first()?) {
            return None;
        }
        match self {
            Self::Percent => percent(text),
            Self::Form if text[0] == b'+' => Some(Unit::new(b" ", 1)),
            Self::Form => percent(text),
            Self::Escape => escape(text),
            Self::Entity => entity(text),
            Self::Quote => quote(text),
            Self::Joint if matches!(text[0], b'\n' | b'\r') => {
                Some(Unit::new(b"", broken_line(text)?))
            }
            Self::Joint => Some(Unit::new(b"", joint(text)?)),
            Self::Fold => Some(Unit::new(b" ", broken_line(text)?)),
            Self::Line => {
                let end = end_of_line(text)?;
                Some(Unit::new(b"\n", end + margin(&text[end..])))
            }
        }
    }
}

/// Tells whether a byte may begin a part that says something else.
pub(super) fn is_mark(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%' | b'&' | b'"' | b'\'' | b'\n' | b'\r' | b'`' | b'+' | b'$')
}

/// Tells whether a text may go on where a quote has a byte after it.
#[inline]
pub(super) fn is_after_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b' ' | b'\t' | b'\n' | b'\r' | b'\\')
        || b"+.&,_^|~<>()".contains(&byte)
}

/// The number that so many digits say at the beginning of a text.
fn number(text: &[u8], length: usize, base: u32) -> Option<u32> {
    let digits = text.get(..length).filter(|digits| !digits.is_empty())?;
    digits.iter().try_fold(0_u32, |sum, byte| {
        sum.checked_mul(base)?.checked_add(char::from(*byte).to_digit(base)?)
    })
}

fn percent(text: &[u8]) -> Option<Unit> {
    Unit::byte(number(&text[1..], 2, 16)?, 3)
}

fn escape(text: &[u8]) -> Option<Unit> {
    let (first, rest) = text[1..].split_first()?;
    let named = |byte: u8| Some(Unit::new(&[byte], 2));
    match first {
        b'u' => unicode(rest),
        b'U' => Unit::letter(number(rest, 8, 16)?, 10),
        b'x' => Unit::byte(number(rest, 2, 16)?, 4),
        b'0'..=b'7' => {
            let digits = text[1..].iter().take(3).take_while(|it| (b'0'..=b'7').contains(it));
            let length = digits.count();
            Unit::byte(number(&text[1..], length, 8)? & 0xff, length + 1)
        }
        b'\n' | b'\r' => Some(Unit::new(b"", 1 + broken_line(&text[1..])?)),
        b'n' => named(b'\n'),
        b't' => named(b'\t'),
        b'r' => named(b'\r'),
        b'b' => named(8),
        b'f' => named(12),
        b'v' => named(11),
        b'a' => named(7),
        b'e' => named(27),
        0x80.. => {
            let more = rest.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count();
            Some(Unit::new(&text[1..2 + more], 2 + more))
        }
        other => named(*other),
    }
}

/// What follows `\u`: four digits, twice four for one letter, or some in braces.
fn unicode(rest: &[u8]) -> Option<Unit> {
    if rest.first() == Some(&b'{') {
        let length = rest.iter().take(8).position(|byte| *byte == b'}')?.checked_sub(1)?;
        return Unit::letter(number(&rest[1..], length, 16)?, length + 4);
    }
    let one = number(rest, 4, 16)?;
    let two = rest[4..].strip_prefix(b"\\u").and_then(|rest| number(rest, 4, 16));
    match two.filter(|two| (0xd800..0xdc00).contains(&one) && (0xdc00..0xe000).contains(two)) {
        Some(two) => Unit::letter(0x1_0000 + ((one - 0xd800) << 10) + (two - 0xdc00), 12),
        None => Unit::letter(one, 6),
    }
}

/// The entities of HTML that stand for what values are made of.
const NAMED: [(&[u8], &str); 40] = [
    (b"amp", "&"),
    (b"lt", "<"),
    (b"gt", ">"),
    (b"quot", "\""),
    (b"apos", "'"),
    (b"nbsp", "\u{a0}"),
    (b"sol", "/"),
    (b"bsol", "\\"),
    (b"plus", "+"),
    (b"equals", "="),
    (b"commat", "@"),
    (b"colon", ":"),
    (b"semi", ";"),
    (b"comma", ","),
    (b"period", "."),
    (b"dollar", "$"),
    (b"excl", "!"),
    (b"num", "#"),
    (b"percnt", "%"),
    (b"ast", "*"),
    (b"lpar", "("),
    (b"rpar", ")"),
    (b"quest", "?"),
    (b"lsqb", "["),
    (b"lbrack", "["),
    (b"rsqb", "]"),
    (b"rbrack", "]"),
    (b"lcub", "{"),
    (b"lbrace", "{"),
    (b"rcub", "}"),
    (b"rbrace", "}"),
    (b"verbar", "|"),
    (b"vert", "|"),
    (b"Hat", "^"),
    (b"lowbar", "_"),
    (b"grave", "`"),
    (b"auml", "ä"),
    (b"ouml", "ö"),
    (b"uuml", "ü"),
    (b"euro", "€"),
];

fn entity(text: &[u8]) -> Option<Unit> {
    let rest = &text[1..];
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'#';
    let length = rest.iter().take(11).take_while(is_name).count();
    if rest.get(length) != Some(&b';') {
        return None;
    }
    match &rest[..length] {
        [b'#', b'x' | b'X', digits @ ..] => {
            Unit::letter(number(digits, digits.len(), 16)?, length + 2)
        }
        [b'#', digits @ ..] => Unit::letter(number(digits, digits.len(), 10)?, length + 2),
        name => {
            let (_, says) = NAMED.iter().find(|(known, _)| *known == name)?;
            Some(Unit::new(says.as_bytes(), length + 2))
        }
    }
}

/// The ways of shells, SQL, tables and templates to write a mark where it would mean something.
fn quote(text: &[u8]) -> Option<Unit> {
    let whole = [(&b"'\\''"[..], b'\''), (b"'\"'\"'", b'\'')];
    if let Some((part, says)) = whole.into_iter().find(|(part, _)| text.starts_with(part)) {
        return Some(Unit::new(&[says], part.len()));
    }
    let [first, second, ..] = text else { return None };
    // Behind a backtick only what means something within quotes: most stand round a name.
    let is_twice = first == second;
    let is_behind = *first == b'`' && b"$\"'#(){}&;|<>@".contains(second);
    (is_twice || is_behind).then(|| Unit::new(&[*second], 2))
}

/// The length of what stands between two quoted parts of one text: from the end of one to the beginning of the next.
fn joint(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    let mut marks = 0;
    while at < text.len().min(LONGEST_JOINT) {
        match text[at] {
            b'"' | b'\'' | b'`' => return Some(at + 1),
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            b'/' | b'#' if at > 1 => at += comment(&text[at..])?,
            byte if b"+.&,\\_^|~<>()".contains(&byte) => {
                marks += 1;
                at += 1;
            }
            byte if at > 1 && byte.is_ascii_alphabetic() => return opening(&text[at..], at),
            _ => return None,
        }
        if marks > 6 {
            return None;
        }
    }
    None
}

/// The end of letters before a quote, as in `b"…"`.
fn opening(text: &[u8], at: usize) -> Option<usize> {
    let letters = text.iter().take(3).take_while(|byte| b"rbuflLRUBF".contains(byte)).count();
    let is_quote = matches!(text.get(letters), Some(b'"' | b'\'' | b'`'));
    (letters > 0 && is_quote).then_some(at + letters + 1)
}

fn comment(text: &[u8]) -> Option<usize> {
    if !text.starts_with(b"//") && !text.starts_with(b"#") {
        return None;
    }
    text.iter().take(LONGEST_JOINT).position(|byte| *byte == b'\n')
}

fn end_of_line(text: &[u8]) -> Option<usize> {
    if text.starts_with(b"\r\n") { Some(2) } else { text.starts_with(b"\n").then_some(1) }
}

/// The length of what says nothing at the beginning of a line: blanks, the marks of comments, lists, quotations and
/// changes, and lines that have nothing else.
pub(super) fn margin(text: &[u8]) -> usize {
    let is_margin = |byte: &&u8| b" \t\r\n#/+->*|;".contains(byte);
    text.iter().take(LONGEST_JOINT).take_while(is_margin).count()
}

/// The length of the end of a line and of what the next is indented with; a mark of a comment is part of that.
fn broken_line(text: &[u8]) -> Option<usize> {
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let end = end_of_line(text)?;
    let rest = &text[end..];
    let indent = rest.iter().take(LONGEST_JOINT).take_while(is_blank).count();
    let rest = &rest[indent..];
    if !rest.first().is_some_and(|byte| b"#/*>|;-".contains(byte)) {
        return Some(end + indent);
    }
    let marks = [&b"# "[..], b"// ", b"* ", b"> ", b"| ", b"; ", b"-- ", b"//! ", b"/// "];
    let mark = marks.into_iter().find(|mark| rest.starts_with(mark));
    let after = mark.map_or(0, |mark| {
        mark.len() + rest[mark.len()..].iter().take(LONGEST_JOINT).take_while(is_blank).count()
    });
    Some(end + indent + after)
}
