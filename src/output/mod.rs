//! Looks: how a result is shown to people and to machines. One file a result.

mod access;
pub mod allowed;
pub mod as_of;
pub mod asked;
mod checked;
mod converted;
mod delivery;
mod doctor;
pub mod enacted;
mod escape;
pub mod exposure;
pub mod findings;
mod guarded;
pub mod handover;
mod hooked;
mod incident;
mod key;
mod left;
mod listed;
mod logged;
mod member;
mod moved;
mod opened;
mod owed;
pub mod policy;
pub mod progress;
mod rekeyed;
pub mod replaced;
pub mod report;
pub mod requested;
pub mod resolved;
mod restored;
pub mod rotated;
pub mod scanned;
mod sealed;
pub mod sentences;
mod set;
pub mod standing;
pub mod started;
mod status;
mod trusting;
pub mod value;
mod whoami;
pub mod words;

use std::io::{self, Write};

use serde_json::{Value, json};
use zeroize::Zeroizing;

pub use escape::safe;
use progress::Bars;
use standing::{Standing, from_here};

/// A result with two looks.
///
/// The result is a finished value: what it says is decided before its first byte is printed.
pub trait Show {
    /// Writes it for people, in lines. Text of strangers goes through [`safe`].
    ///
    /// # Errors
    /// Passes on those of `out`.
    fn human(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Gives it for machines, as an object. [`Output`] adds `"version": 1`.
    fn json(&self) -> Value;
}

/// Why output did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The reader of the pipe went away.
    #[error("the reader of the output went away")]
    ReaderGone,
    /// Anything else, such as a full disk.
    #[error("the output cannot be written")]
    Lost(#[source] io::Error),
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::Lost(error),
        }
    }
}

/// Which of its two looks a result gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text, which may change from one version to the next.
    Human,
    /// One JSON object, to which a version only adds fields.
    Json,
}

/// How much is said beside the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Volume {
    /// Warnings and errors.
    Quiet,
    /// Notes too.
    Normal,
    /// Details too.
    Verbose,
}

/// Whether a stream shows colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// It is a terminal, or the user wants it so.
    On,
    /// Plain text only.
    Off,
}

/// The few colours that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Failures and what is overdue.
    Red,
    /// What is near its date.
    Yellow,
    /// What is well, and what mends.
    Green,
    /// Labels.
    Blue,
}

impl Ink {
    const ALL: [Self; 4] = [Self::Red, Self::Yellow, Self::Green, Self::Blue];
    const END: &'static str = "\u{1b}[0m";

    fn start(self) -> &'static str {
        match self {
            Self::Red => "\u{1b}[1;31m",
            Self::Yellow => "\u{1b}[1;33m",
            Self::Green => "\u{1b}[1;32m",
            Self::Blue => "\u{1b}[1;34m",
        }
    }
}

/// Colours a text of ours; [`Output`] takes the colour away where it does not belong.
#[must_use]
pub fn paint(ink: Ink, text: &str) -> String {
    format!("{}{text}{}", ink.start(), Ink::END)
}

/// Where a command says things: the answer on stdout, all else on stderr.
pub struct Output<'w> {
    stdout: &'w mut dyn Write,
    stderr: &'w mut dyn Write,
    form: Form,
    volume: Volume,
    stdout_colour: Colour,
    stderr_colour: Colour,
    bars: Bars,
    standing: Option<Standing>,
}

impl<'w> Output<'w> {
    /// Takes the two streams; human, of normal volume and without colour until told otherwise.
    #[must_use]
    pub fn new(stdout: &'w mut dyn Write, stderr: &'w mut dyn Write) -> Self {
        Self {
            stdout,
            stderr,
            form: Form::Human,
            volume: Volume::Normal,
            stdout_colour: Colour::Off,
            stderr_colour: Colour::Off,
            bars: Bars::Hidden,
            standing: None,
        }
    }

    /// Chooses the look of results.
    #[must_use]
    pub fn form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// Chooses how much is said on stderr.
    #[must_use]
    pub fn volume(self, volume: Volume) -> Self {
        Self { volume, ..self }
    }

    /// Chooses where colour is seen.
    #[must_use]
    pub fn colour(self, stdout: Colour, stderr: Colour) -> Self {
        Self { stdout_colour: stdout, stderr_colour: stderr, ..self }
    }

    /// Chooses whether bars are drawn.
    #[must_use]
    pub fn bars(self, bars: Bars) -> Self {
        Self { bars, ..self }
    }

    /// Says how to learn where the user stands: commands with paths are told from there.
    #[must_use]
    pub fn standing(self, standing: Standing) -> Self {
        Self { standing: Some(standing), ..self }
    }

    /// Shows the answer, all at once.
    ///
    /// # Errors
    /// When the answer did not arrive whole.
    pub fn show(&mut self, result: &impl Show) -> Result<(), OutputError> {
        let text = self.looks(result, self.stdout_colour)?;
        self.raw(text.as_bytes())
    }

    /// Gives the text of a result, as it would be shown where there are no colours: for a file.
    ///
    /// # Errors
    /// As [`Show::human`].
    pub fn text(&self, result: &impl Show) -> Result<Zeroizing<String>, OutputError> {
        self.looks(result, Colour::Off)
    }

    fn looks(&self, result: &impl Show, colour: Colour) -> Result<Zeroizing<String>, OutputError> {
        if self.form == Form::Json {
            return Ok(Zeroizing::new(escape::json_line(&versioned(result.json()))));
        }
        let mut bytes = Zeroizing::new(Vec::new());
        result.human(&mut *bytes)?;
        Ok(tidy(&self.pasted(&String::from_utf8_lossy(&bytes)), colour))
    }

    /// Tells people on stderr what was done, where stdout carries something else.
    ///
    /// # Errors
    /// Never for a reader that went away: nobody hears it then.
    pub fn show_aside(&mut self, result: &dyn Show) -> Result<(), OutputError> {
        let mut bytes = Zeroizing::new(Vec::new());
        result.human(&mut *bytes)?;
        self.note(&String::from_utf8_lossy(&bytes));
        Ok(())
    }

    /// Tells which look results get.
    #[must_use]
    pub fn is(&self, form: Form) -> bool {
        self.form == form
    }

    /// Writes bytes to stdout as they are: a value, a file, a script.
    ///
    /// # Errors
    /// When they did not arrive whole.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        self.stdout.write_all(bytes)?;
        Ok(self.stdout.flush()?)
    }

    /// Writes a text to stdout, with its colours where they are seen.
    ///
    /// # Errors
    /// When it did not arrive whole.
    pub fn styled(&mut self, coloured: &str, plain: &str) -> Result<(), OutputError> {
        let text = if self.stdout_colour == Colour::On { coloured } else { plain };
        self.raw(text.as_bytes())
    }

    /// Says a line on stderr, unless the user wants quiet.
    pub fn note(&mut self, text: &str) {
        self.say(Volume::Normal, text);
    }

    /// Says a line on stderr to those who want to hear more.
    pub fn detail(&mut self, text: &str) {
        self.say(Volume::Verbose, text);
    }

    /// Says a line on stderr even to those who want quiet.
    pub fn warn(&mut self, text: &str) {
        self.say(Volume::Quiet, &format!("{} {text}", paint(Ink::Yellow, "warning:")));
    }

    /// Says on stderr what a question is about, even to those who want quiet.
    pub fn insist(&mut self, text: &str) {
        self.say(Volume::Quiet, text);
    }

    /// Tells a failure on stderr, in the look of the answer that will not come.
    pub fn fail(&mut self, human: &str, json: &Value) {
        let text = match self.form {
            Form::Human => tidy(&self.pasted(human), self.stderr_colour),
            Form::Json => Zeroizing::new(escape::json_line(&versioned(json.clone()))),
        };
        self.tell(&text);
    }

    fn say(&mut self, from: Volume, text: &str) {
        if self.volume >= from {
            let text = tidy(&self.pasted(text), self.stderr_colour);
            self.tell(&format!("{}\n", text.trim_end_matches('\n')));
        }
    }

    fn pasted(&self, text: &str) -> Zeroizing<String> {
        Zeroizing::new(from_here(text, self.standing.as_ref()))
    }

    /// Writes to stderr. Where nobody hears it, there is nobody to be told either.
    fn tell(&mut self, text: &str) {
        let _unheard = self.stderr.write_all(text.as_bytes()).and_then(|()| self.stderr.flush());
    }
}

/// Adds the version of the JSON look, which no result can set.
fn versioned(value: Value) -> Value {
    let mut fields = match value {
        Value::Object(fields) => fields,
        other => serde_json::Map::from_iter([("result".to_owned(), other)]),
    };
    fields.insert("version".to_owned(), json!(1));
    Value::Object(fields)
}

/// Keeps or drops our own colours, and escapes whatever else could steer a terminal.
///
/// Results call [`safe`] on the text of strangers, line breaks included; this is the second net,
/// for what they forget.
fn tidy(text: &str, colour: Colour) -> Zeroizing<String> {
    let mut tidy = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(ink) = leading_ink(rest) {
            tidy.push_str(if colour == Colour::On { ink } else { "" });
            rest = rest.get(ink.len()..).unwrap_or_default();
            continue;
        }
        match character {
            '\n' | '\t' => tidy.push(character),
            _ => escape::push(&mut tidy, character),
        }
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    tidy
}

fn leading_ink(text: &str) -> Option<&'static str> {
    let inks = Ink::ALL.map(Ink::start);
    inks.into_iter().chain([Ink::END]).find(|ink| text.starts_with(ink))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Reason(&'static str);

    impl Show for Reason {
        fn human(&self, out: &mut dyn Write) -> io::Result<()> {
            writeln!(out, "{} {}", paint(Ink::Green, "reason"), self.0)
        }
        fn json(&self) -> Value {
            json!({ "reason": self.0, "version": 9 })
        }
    }

    struct Gone(io::ErrorKind);

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(form: Form, colour: Colour, text: &'static str) -> String {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut out = Output::new(&mut stdout, &mut stderr).form(form).colour(colour, colour);
        out.show(&Reason(text)).unwrap();
        assert!(stderr.is_empty());
        String::from_utf8(stdout).unwrap()
    }

    #[test]
    fn colour_is_taken_away_where_it_does_not_belong() {
        assert_eq!(shown(Form::Human, Colour::Off, "new"), "reason new\n");
        assert_eq!(shown(Form::Human, Colour::On, "new"), "\u{1b}[1;32mreason\u{1b}[0m new\n");
    }

    #[test]
    fn what_steers_a_terminal_is_shown_escaped_even_if_a_look_forgot() {
        let text = shown(Form::Human, Colour::On, "\u{1b}]0;owned\u{7}\r\u{202e}");
        assert!(text.ends_with("\\u{1b}]0;owned\\u{7}\\r\\u{202e}\n"), "{text:?}");
    }

    #[test]
    fn json_is_one_object_of_version_1() {
        let text = shown(Form::Json, Colour::On, "new\u{202e}\u{9b}");
        assert_eq!(text, "{\"reason\":\"new\\u202e\\u009b\",\"version\":1}\n");
    }

    #[test]
    fn json_that_is_no_object_becomes_one() {
        assert_eq!(versioned(json!([1])), json!({ "result": [1], "version": 1 }));
    }

    #[test]
    fn a_reader_that_went_away_differs_from_a_full_disk() {
        let mut stderr = Vec::new();
        let mut pipe = Gone(io::ErrorKind::BrokenPipe);
        let gone = Output::new(&mut pipe, &mut stderr).raw(b"x").unwrap_err();
        assert!(matches!(gone, OutputError::ReaderGone));
        let mut disk = Gone(io::ErrorKind::StorageFull);
        let lost = Output::new(&mut disk, &mut stderr).raw(b"x").unwrap_err();
        assert!(matches!(lost, OutputError::Lost(_)));
    }

    fn said(volume: Volume) -> String {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut out = Output::new(&mut stdout, &mut stderr).volume(volume);
        out.warn("w");
        out.note("n");
        out.detail("d");
        assert!(stdout.is_empty());
        String::from_utf8(stderr).unwrap()
    }

    #[test]
    fn volume_decides_what_is_said_on_stderr() {
        assert_eq!(said(Volume::Quiet), "warning: w\n");
        assert_eq!(said(Volume::Normal), "warning: w\nn\n");
        assert_eq!(said(Volume::Verbose), "warning: w\nn\nd\n");
    }
}
