//! Reads TOML tables strictly: fields are asked for by name, and what nobody asked for is an error.

use std::str::FromStr;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::nearest::nearest;
use super::problem::{PolicyError, Problem};
use super::recipient::is_private;
use super::terms::Spelt;

/// Longest free text in characters: reports have to show it.
const MAX_TEXT: usize = 500;
/// Longest regular expression in characters.
const MAX_PATTERN: usize = 4000;
/// Longest duration in days: ten years.
const MAX_DAYS: u32 = 3660;

/// Makes an error at an offset of the text.
pub(super) fn error_at(text: &str, offset: usize, problem: Problem) -> PolicyError {
    let before = text.as_bytes().iter().take(offset);
    PolicyError { line: 1 + before.filter(|b| **b == b'\n').count(), problem }
}

/// The fields of one table, and which of them were asked for.
pub(super) struct Fields<'d, 't> {
    text: &'d str,
    table: &'d DeTable<'t>,
    place: String,
    at: usize,
    asked: Vec<&'static str>,
}

impl<'d, 't> Fields<'d, 't> {
    /// The outermost table.
    pub(super) fn top(text: &'d str, table: &'d DeTable<'t>) -> Self {
        Self { text, table, place: "the policy".to_owned(), at: 0, asked: Vec::new() }
    }

    /// Asks for a field.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Value<'d, 't>> {
        self.asked.push(name);
        let (key, value) = self.table.get_key_value(name)?;
        Some(Value { text: self.text, name, at: key.span().start, value: value.get_ref() })
    }

    /// Asks for a field that must be there.
    pub(super) fn required(&mut self, name: &'static str) -> Result<Value<'d, 't>, PolicyError> {
        self.take(name).ok_or_else(|| self.missing(name))
    }

    /// The error for a field that must be there.
    pub(super) fn missing(&self, field: &'static str) -> PolicyError {
        self.fail(Problem::MissingField { place: self.place.clone(), field })
    }

    /// An error about the table as a whole.
    pub(super) fn fail(&self, problem: Problem) -> PolicyError {
        error_at(self.text, self.at, problem)
    }

    /// Asks for an optional field and reads it.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Value<'d, 't>) -> Result<T, PolicyError>,
    ) -> Result<Option<T>, PolicyError> {
        self.take(name).map(read).transpose()
    }

    /// Asks for an optional table.
    pub(super) fn section(&mut self, name: &'static str) -> Result<Option<Self>, PolicyError> {
        self.take(name).map(|value| value.fields(format!("[{name}]"))).transpose()
    }

    /// Asks for an optional table of named things, and names them.
    pub(super) fn named<T: FromStr<Err: Into<Problem>>>(
        &mut self,
        name: &'static str,
    ) -> Result<Vec<(T, Value<'d, 't>)>, PolicyError> {
        let Some(value) = self.take(name) else { return Ok(Vec::new()) };
        let DeValue::Table(table) = value.value else {
            return Err(value.shape("a table"));
        };
        let read = |(key, inner): (&'d Spanned<_>, &'d Spanned<DeValue<'t>>)| {
            let key: &Spanned<toml::de::DeString<'t>> = key;
            let at = key.span().start;
            let parsed =
                key.get_ref().parse().map_err(|e: T::Err| error_at(self.text, at, e.into()))?;
            Ok((parsed, Value { text: self.text, name, at, value: inner.get_ref() }))
        };
        table.iter().map(read).collect()
    }

    /// Ends the reading: a field that nobody asked for is an error.
    pub(super) fn done(self) -> Result<(), PolicyError> {
        self.only(&self.asked)
    }

    /// Refuses every field but these.
    pub(super) fn only(&self, known: &[&'static str]) -> Result<(), PolicyError> {
        let unknown = self.table.keys().find(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(key) = unknown else { return Ok(()) };
        let field = shown(key.get_ref());
        let nearest = nearest(&field, known.iter().copied()).map(str::to_owned);
        let problem = Problem::UnknownField { place: self.place.clone(), field, nearest };
        Err(error_at(self.text, key.span().start, problem))
    }
}

/// A key's text if it looks like a field, else nothing: it may be anything that was pasted.
fn shown(key: &str) -> String {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let harmless = key.len() <= 32 && key.bytes().all(plain);
    if harmless { key.to_owned() } else { String::new() }
}

/// A value, with the field that it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Value<'d, 't> {
    text: &'d str,
    name: &'static str,
    at: usize,
    value: &'d DeValue<'t>,
}

impl<'d, 't> Value<'d, 't> {
    /// An error here.
    pub(super) fn fail(&self, problem: Problem) -> PolicyError {
        error_at(self.text, self.at, problem)
    }

    /// The error for a value of another shape.
    pub(super) fn shape(&self, wants: &'static str) -> PolicyError {
        self.fail(Problem::Shape { field: self.name, wants })
    }

    /// The field's name.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The error for a name that stands for nothing.
    pub(super) fn unknown<'c>(
        &self,
        what: &'static str,
        name: &str,
        known: impl IntoIterator<Item = &'c str>,
    ) -> PolicyError {
        let nearest = nearest(name, known).map(str::to_owned);
        self.fail(Problem::Unknown { field: self.name, what, name: name.to_owned(), nearest })
    }

    /// Reads a table.
    pub(super) fn fields(self, place: String) -> Result<Fields<'d, 't>, PolicyError> {
        let DeValue::Table(table) = self.value else { return Err(self.shape("a table")) };
        Ok(Fields { text: self.text, table, place, at: self.at, asked: Vec::new() })
    }

    /// Tells whether it is a table.
    pub(super) fn is_table(self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    fn str(self) -> Result<&'d str, PolicyError> {
        match self.value {
            DeValue::String(text) => Ok(text),
            _ => Err(self.shape("a text in quotes")),
        }
    }

    /// Reads a checked text.
    pub(super) fn parsed<T: FromStr<Err: Into<Problem>>>(self) -> Result<T, PolicyError> {
        self.str()?.parse().map_err(|e: T::Err| self.fail(e.into()))
    }

    /// Reads a free text: one line that is no private key.
    pub(super) fn line(self) -> Result<String, PolicyError> {
        let text = self.str()?;
        if is_private(text) {
            return Err(self.fail(Problem::PrivateKey { field: self.name }));
        }
        self.within(text, MAX_TEXT, "one line of 1 to 500 characters")
    }

    /// Reads a regular expression or a text for one: a line, which may well name how private keys begin.
    pub(super) fn pattern(self) -> Result<String, PolicyError> {
        self.within(self.str()?, MAX_PATTERN, "one line of 1 to 4000 characters")
    }

    fn within(self, text: &str, most: usize, wants: &'static str) -> Result<String, PolicyError> {
        let fits = !text.trim().is_empty() && text.chars().count() <= most;
        if !fits || text.chars().any(char::is_control) {
            return Err(self.shape(wants));
        }
        Ok(text.to_owned())
    }

    /// Reads a text without blanks, such as a path, a URL or a generator.
    pub(super) fn word(self) -> Result<String, PolicyError> {
        let text = self.line()?;
        if text.contains(char::is_whitespace) {
            return Err(self.shape("one word without blanks"));
        }
        Ok(text)
    }

    /// Reads a word with a fixed spelling.
    pub(super) fn spelt<T: Spelt>(self) -> Result<T, PolicyError> {
        T::spelt(self.str()?).ok_or_else(|| self.shape(T::SPELLINGS))
    }

    /// Reads a duration such as `90d`, in days.
    pub(super) fn days(self) -> Result<u32, PolicyError> {
        let digits = self.str()?.strip_suffix('d').unwrap_or_default();
        let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(days @ 1..=MAX_DAYS) if plain => Ok(days),
            _ => Err(self.shape("whole days from \"1d\" to \"3660d\"")),
        }
    }

    /// Tells whether it is this very text.
    pub(super) fn is(self, word: &str) -> bool {
        matches!(self.value, DeValue::String(text) if text.as_ref() == word)
    }

    /// Reads a day, written without quotes.
    pub(super) fn date(self) -> Result<Date, PolicyError> {
        let wants = || self.shape("a date such as 2027-05-01, without quotes");
        let DeValue::Datetime(stamp) = self.value else { return Err(wants()) };
        let (Some(date), None, None) = (stamp.date, stamp.time, stamp.offset) else {
            return Err(wants());
        };
        let year = i16::try_from(date.year).map_err(|_| wants())?;
        let month = i8::try_from(date.month).map_err(|_| wants())?;
        let day = i8::try_from(date.day).map_err(|_| wants())?;
        Date::new(year, month, day).map_err(|_| wants())
    }

    /// Reads a whole number from 0.
    pub(super) fn count(self) -> Result<u32, PolicyError> {
        let wants = || self.shape("a whole number");
        let DeValue::Integer(number) = self.value else { return Err(wants()) };
        u32::from_str_radix(number.as_str(), number.radix()).map_err(|_| wants())
    }

    /// Reads a number from 0 to 8, in thousandths.
    pub(super) fn thousandths(self) -> Result<u16, PolicyError> {
        let wants = || self.shape("a number from 0.0 to 8.0 with at most three decimals");
        let text = match self.value {
            DeValue::Float(number) => number.as_str(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            _ => return Err(wants()),
        };
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let is_short = part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
        let number = format!("{whole}{part:0<3}").parse::<u16>();
        match number {
            Ok(number @ 0..=8000) if is_short => Ok(number),
            _ => Err(wants()),
        }
    }

    /// Reads `true` or `false`.
    pub(super) fn truth(self) -> Result<bool, PolicyError> {
        match self.value {
            DeValue::Boolean(truth) => Ok(*truth),
            _ => Err(self.shape("`true` or `false`")),
        }
    }

    /// Reads a list; it may be empty.
    pub(super) fn elements(self) -> Result<Vec<Self>, PolicyError> {
        let DeValue::Array(array) = self.value else { return Err(self.shape("a list")) };
        let element = |inner: &'d Spanned<DeValue<'t>>| Self {
            at: inner.span().start,
            value: inner.get_ref(),
            ..self
        };
        Ok(array.iter().map(element).collect())
    }

    /// Reads a list of different things, each by `read`; it may be empty.
    pub(super) fn list<T: PartialEq>(
        self,
        read: impl Fn(Self) -> Result<T, PolicyError>,
    ) -> Result<Vec<T>, PolicyError> {
        let mut list = Vec::new();
        for element in self.elements()? {
            let item = read(element)?;
            if list.contains(&item) {
                return Err(element.fail(Problem::Repeated { field: self.name }));
            }
            list.push(item);
        }
        Ok(list)
    }

    /// Reads a list of different things that has at least one.
    pub(super) fn some<T: PartialEq>(
        self,
        read: impl Fn(Self) -> Result<T, PolicyError>,
    ) -> Result<Vec<T>, PolicyError> {
        let list = self.list(read)?;
        if list.is_empty() {
            return Err(self.fail(Problem::EmptyList { field: self.name }));
        }
        Ok(list)
    }
}
