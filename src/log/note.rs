//! What a note says: a signed fact that moves no value. Design, section 6; mission, section F.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::EntryError;
use super::entry::Origin;
use super::lines::Lines;
use super::render::Writer;
use super::rules::is_a_deadline;
use crate::names::{Address, EntryId, EnvName, MemberName, NameError};
use crate::policy::Recipient;

/// The kinds of notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// An admin's approval of a proposed policy.
    Approve {
        /// The policy entry that is approved.
        target: EntryId,
    },
    /// A credential was ended at its issuer.
    Revoked {
        /// The `new` item that made it.
        value: Origin,
        /// How well that is known.
        grade: Grade,
    },
    /// Values are, or may be, known to somebody who should not know them.
    IncidentOpen {
        /// What it is about.
        subject: Subject,
        /// Whether it is an exercise, which turns nothing red.
        drill: bool,
        /// The `new` items of the values exposed: sorted by their texts, each once, at least one.
        values: Vec<Origin>,
    },
    /// An admin bears, until a day, that a value is not replaced. The entry says why.
    IncidentAccept {
        /// The cause: a note that opened an incident, or a policy that took a reader away.
        target: EntryId,
        /// The `new` item of the value.
        value: Origin,
        /// The last day.
        until: Date,
    },
    /// A member's word that an incident is over.
    IncidentClose {
        /// The note that opened it.
        target: EntryId,
    },
}

impl Note {
    /// The words of all kinds.
    pub const WORDS: [&'static str; 5] =
        ["approve", "revoked", "incident-open", "incident-accept", "incident-close"];

    /// The word that stands in entries.
    #[must_use]
    pub fn word(&self) -> &'static str {
        let [approve, revoked, open, accept, close] = Self::WORDS;
        match self {
            Self::Approve { .. } => approve,
            Self::Revoked { .. } => revoked,
            Self::IncidentOpen { .. } => open,
            Self::IncidentAccept { .. } => accept,
            Self::IncidentClose { .. } => close,
        }
    }

    /// The `new` items that it names.
    #[must_use]
    pub fn values(&self) -> &[Origin] {
        match self {
            Self::Approve { .. } | Self::IncidentClose { .. } => &[],
            Self::Revoked { value, .. } | Self::IncidentAccept { value, .. } => {
                std::slice::from_ref(value)
            }
            Self::IncidentOpen { values, .. } => values,
        }
    }

    /// The entry that it is about.
    #[must_use]
    pub fn target(&self) -> Option<EntryId> {
        match self {
            Self::Approve { target }
            | Self::IncidentAccept { target, .. }
            | Self::IncidentClose { target } => Some(*target),
            Self::Revoked { .. } | Self::IncidentOpen { .. } => None,
        }
    }

    /// Puts its values into the order that entries demand.
    pub(super) fn sort(&mut self) {
        let Self::IncidentOpen { values, .. } = self else { return };
        values.sort_by_cached_key(ToString::to_string);
        values.dedup();
    }

    pub(super) fn read(lines: &mut Lines<'_>) -> Result<Self, EntryError> {
        let word = lines.field("note", "`note`")?;
        let note = match &*word.string()? {
            "approve" => Self::Approve { target: target(lines)? },
            "revoked" => Self::Revoked { value: value(lines)?, grade: grade(lines)? },
            "incident-open" => Self::IncidentOpen {
                subject: lines.field("subject", "`subject`")?.name()?,
                drill: drill(lines)?,
                values: values(lines)?,
            },
            "incident-accept" => Self::IncidentAccept {
                target: target(lines)?,
                value: value(lines)?,
                until: lines.field("until", "`until`")?.day()?,
            },
            "incident-close" => Self::IncidentClose { target: target(lines)? },
            _ => return Err(word.expected("a kind of note that is known")),
        };
        Ok(note)
    }

    pub(super) fn write(&self, reason: Option<&str>, to: &mut Writer) -> Result<(), EntryError> {
        to.text("note", self.word());
        match self {
            Self::Approve { target } | Self::IncidentClose { target } => aimed(target, to),
            Self::Revoked { value, grade } => {
                to.text("value", &value.to_string());
                to.text("grade", grade.word());
            }
            Self::IncidentOpen { subject, drill, values } => opened(subject, *drill, values, to)?,
            Self::IncidentAccept { target, value, until } => {
                if reason.is_none() {
                    return Err(to.broken("`incident-accept` has a reason"));
                }
                aimed(target, to);
                to.text("value", &value.to_string());
                if !is_a_deadline(*until) {
                    return Err(to.broken("a deadline is not before 1970"));
                }
                to.value("until", format_args!("{until}"));
            }
        }
        Ok(())
    }
}

fn target(lines: &mut Lines<'_>) -> Result<EntryId, EntryError> {
    lines.field("target", "`target`")?.name()
}

fn value(lines: &mut Lines<'_>) -> Result<Origin, EntryError> {
    lines.field("value", "`value`")?.name()
}

fn grade(lines: &mut Lines<'_>) -> Result<Grade, EntryError> {
    let word = lines.field("grade", "`grade`")?;
    let text = word.string()?;
    let grade = Grade::ALL.into_iter().find(|grade| grade.word() == text);
    grade.ok_or_else(|| word.expected("a grade: declared or probed"))
}

fn drill(lines: &mut Lines<'_>) -> Result<bool, EntryError> {
    let drill = lines.peek().starts_with("drill");
    if drill {
        lines.exactly("drill = true", "`drill = true`, or no `drill`")?;
    }
    Ok(drill)
}

fn values(lines: &mut Lines<'_>) -> Result<Vec<Origin>, EntryError> {
    lines.exactly("values = [", "`values = [`")?;
    let mut values = Vec::new();
    while lines.peek() != "]" {
        values.push(lines.listed("a value, or `]`")?.name()?);
    }
    lines.take();
    Ok(values)
}

fn aimed(target: &EntryId, to: &mut Writer) {
    to.value("target", format_args!("\"{target}\""));
}

fn opened(
    subject: &Subject,
    drill: bool,
    values: &[Origin],
    to: &mut Writer,
) -> Result<(), EntryError> {
    let text = subject.to_string();
    if text.parse().as_ref() != Ok(subject) {
        return Err(to.broken("`subject` is one line that names what it is about"));
    }
    to.text("subject", &text);
    if drill {
        to.value("drill", format_args!("true"));
    }
    if values.is_empty() {
        return Err(to.broken("`values` names one at least"));
    }
    to.plain("values = [");
    let mut before: Option<String> = None;
    for value in values {
        let text = value.to_string();
        let sorted = before.as_deref() < Some(text.as_str());
        if !sorted {
            return Err(to.broken("`values` is sorted, each once"));
        }
        to.listed(&text);
        before = Some(text);
    }
    to.plain("]");
    Ok(())
}

/// How well it is known that a credential was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// The signer says so.
    Declared,
    /// The signer says that a probe with the old value was refused.
    Probed,
}

impl Grade {
    /// Every grade.
    pub const ALL: [Self; 2] = [Self::Declared, Self::Probed];

    /// The word that stands in entries.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Probed => "probed",
        }
    }
}

/// What an incident is about, written `secret:ENV/PATH#KEY`, `member:NAME` and so on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// A value became known.
    Secret(Address),
    /// A member, with all that they could read.
    Member(MemberName),
    /// A key that opens keyrings: its recipient, as a policy has it, without a comment.
    Recipient(String),
    /// A supplier, as the policy's rules name it.
    Vendor(String),
    /// A whole environment.
    Env(EnvName),
}

/// The longest name of a supplier, in characters: what a policy takes.
const LONGEST_VENDOR: usize = 500;

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(address) => write!(f, "secret:{address}"),
            Self::Member(name) => write!(f, "member:{name}"),
            Self::Recipient(text) => write!(f, "recipient:{text}"),
            Self::Vendor(name) => write!(f, "vendor:{name}"),
            Self::Env(name) => write!(f, "env:{name}"),
        }
    }
}

impl FromStr for Subject {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let bad = |why| NameError { what: "what an incident is about", why };
        let known = bad("begins with `secret:`, `member:`, `recipient:`, `vendor:` or `env:`");
        let (kind, name) = text.split_once(':').ok_or(known.clone())?;
        match kind {
            "secret" => Ok(Self::Secret(name.parse()?)),
            "member" => Ok(Self::Member(name.parse()?)),
            "recipient" => match name.parse::<Recipient>() {
                Ok(known) if known.as_str() == name => Ok(Self::Recipient(name.to_owned())),
                _ => Err(bad("must name a recipient as a policy does, without a comment")),
            },
            "vendor" => {
                let fits = !name.trim().is_empty() && name.chars().count() <= LONGEST_VENDOR;
                if !fits || name.chars().any(char::is_control) {
                    return Err(bad("must name a supplier in one line of 1 to 500 characters"));
                }
                Ok(Self::Vendor(name.to_owned()))
            }
            "env" => Ok(Self::Env(name.parse()?)),
            _ => Err(known),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::log::entry::{Entry, Kind};

    const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

    fn head(reason: &str) -> String {
        let (one, two) = ("1".repeat(64), "2".repeat(64));
        format!(
            "v = 1\nkind = \"note\"\nroot = \"{one}\"\nparents = [\"{two}\"]\npolicy = \"{one}\"\n\
             time = \"2026-11-21T19:20:00Z\"\nby = \"ben\"\n{reason}"
        )
    }

    fn origin(digit: &str, key: &str) -> String {
        format!("{}:prod/secrets/prod.env#{key}", digit.repeat(64))
    }

    fn revoked() -> String {
        let value = origin("4", "DB_URL");
        format!("{}note = \"revoked\"\nvalue = \"{value}\"\ngrade = \"probed\"\n", head(""))
    }

    fn open() -> String {
        let (a, b) = (origin("4", "DB_URL"), origin("5", r#"\"a.b\""#));
        format!(
            "{}note = \"incident-open\"\nsubject = \"member:cleo\"\ndrill = true\nvalues = [\n  \
             \"{a}\",\n  \"{b}\",\n]\n",
            head("reason = \"found in a paste\"\n")
        )
    }

    fn accept() -> String {
        let (target, value) = ("3".repeat(64), origin("4", "DB_URL"));
        format!(
            "{}note = \"incident-accept\"\ntarget = \"{target}\"\nvalue = \"{value}\"\n\
             until = 2027-01-01\n",
            head("reason = \"the vendor is gone\"\n")
        )
    }

    fn close() -> String {
        format!("{}note = \"incident-close\"\ntarget = \"{}\"\n", head(""), "3".repeat(64))
    }

    #[test]
    fn each_kind_of_note_has_one_text_and_is_toml() {
        for (text, word) in
            [revoked(), open(), accept(), close()].into_iter().zip(&Note::WORDS[1..])
        {
            let entry = Entry::parse(&text).unwrap();
            let Kind::Note(note) = &entry.kind else { panic!("{text}") };
            assert_eq!(note.word(), *word);
            assert_eq!(entry.render().unwrap(), text);
            let table: toml::Table = text.parse().unwrap();
            assert_eq!(table["note"].as_str(), Some(*word));
        }
        let table: toml::Table = open().parse().unwrap();
        assert_eq!(table["values"][1].as_str(), Some(&*origin("5", "\"a.b\"")));
    }

    #[test]
    fn a_note_has_its_fields_and_no_others() {
        let target = format!("target = \"{}\"\n", "3".repeat(64));
        let faults = [
            (revoked(), "\"revoked\"", "\"revoke\""),
            (revoked(), "grade = \"probed\"\n", ""),
            (revoked(), "\"probed\"", "\"proven\""),
            (revoked(), "\"probed\"", "\"Probed\""),
            (revoked(), "grade = \"probed\"\n", "grade = \"probed\"\ngrade = \"probed\"\n"),
            (revoked(), "#DB_URL", "#DB_URL[0]"),
            (revoked(), ":prod/", "prod/"),
            (revoked(), "\"4", "\"A"),
            (revoked(), "value = \"4", "value = \"44"),
            (revoked(), "value = ", "target = "),
            (open(), "drill = true\n", "drill = false\n"),
            (open(), "drill = true\n", "drill = true\ndrill = true\n"),
            (open(), "drill = true\n", "drill = \"true\"\n"),
            (open(), "\"member:cleo\"", "\"cleo\""),
            (open(), "\"member:cleo\"", "\"member:Cleo\""),
            (open(), "\"member:cleo\"", "\"role:cleo\""),
            (open(), "\"member:cleo\"", "\"env:\""),
            (open(), "\"member:cleo\"", "\"vendor: \""),
            (open(), "\"member:cleo\"", "\"vendor:a\\u000Ab\""),
            (open(), "\"member:cleo\"", "\"secret:prod/DB_URL\""),
            (open(), "\"member:cleo\"", "\"recipient:age1x\""),
            (open(), "subject = \"member:cleo\"\n", ""),
            (open(), "  \"4", "  \"6"),
            (open(), "\"5", "\"3"),
            (open(), "  \"4", "\"4"),
            (open(), "\",\n]", "\"\n]"),
            (open(), "values = [\n", "values = []\n"),
            (open(), "\n]\n", "\n]\n\n"),
            (accept(), "reason = \"the vendor is gone\"\n", ""),
            (accept(), "until = 2027-01-01\n", ""),
            (accept(), "2027-01-01", "\"2027-01-01\""),
            (accept(), "2027-01-01", "2027-02-30"),
            (accept(), "2027-01-01", "2027-01-01T00:00:00Z"),
            (accept(), "2027-01-01", "1969-12-31"),
            (accept(), "2027-01-01", "+027-01-01"),
            (accept(), &target, ""),
            (close(), &target, ""),
            (close(), "\"3", "\"A"),
            (close(), "incident-close", "incident-shut"),
        ];
        for (text, from, to) in faults {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            Entry::parse(&changed).expect_err(&format!("{from} to {to}"));
        }
        // Sorted, but each value twice.
        let twice = open().replacen(&origin("5", r#"\"a.b\""#), &origin("4", "DB_URL"), 1);
        Entry::parse(&twice).unwrap_err();
        let values = open();
        let (before, _) = values.split_once("  \"4").unwrap();
        Entry::parse(&format!("{before}]\n")).unwrap_err();
    }

    #[test]
    fn an_empty_or_crooked_note_is_not_printed() {
        let entry = |note: Note, reason: Option<&str>| Entry {
            kind: Kind::Note(note),
            reason: reason.map(str::to_owned),
            ..Entry::parse(&close()).unwrap()
        };
        let value: Origin = origin("4", "DB_URL").parse().unwrap();
        let open = |subject, values| Note::IncidentOpen { subject, drill: false, values };
        let cleo = || Subject::Member("cleo".parse().unwrap());
        assert!(entry(open(cleo(), vec![value.clone()]), None).render().is_ok());
        assert!(entry(open(cleo(), Vec::new()), None).render().is_err());
        let crooked = [
            Subject::Vendor("a\nb".to_owned()),
            Subject::Vendor(String::new()),
            Subject::Recipient(format!("{RECIPIENT} me")),
            Subject::Recipient("AGE-SECRET-KEY-1".to_owned()),
        ];
        for subject in crooked {
            entry(open(subject, vec![value.clone()]), None).render().unwrap_err();
        }
        let target = EntryId([3; 32]);
        let accept = |until| Note::IncidentAccept { target, value: value.clone(), until };
        assert!(entry(accept(date(2027, 1, 1)), Some("why")).render().is_ok());
        entry(accept(date(2027, 1, 1)), None).render().unwrap_err();
        entry(accept(date(1969, 1, 1)), Some("why")).render().unwrap_err();
    }

    fn any_origin() -> impl Strategy<Value = Origin> {
        let address = prop::sample::select(vec![
            "prod/secrets/prod.env#DB_URL",
            "prod/a.yaml#\"a \\\" b\".c",
            "dev/x.pem#*",
            "p/ä.env#\"\u{202e}\"",
        ]);
        (0..4_u8, address).prop_map(|(entry, address)| Origin {
            entry: EntryId([entry; 32]),
            address: address.parse().unwrap(),
        })
    }

    fn any_note() -> impl Strategy<Value = Note> {
        let subject = prop_oneof![
            any_origin().prop_map(|value| Subject::Secret(value.address)),
            "[a-z]{1,9}".prop_map(|name| Subject::Member(name.parse().unwrap())),
            Just(Subject::Recipient(RECIPIENT.to_owned())),
            "[ -~]{0,5}[a-zä\u{200d}]".prop_map(Subject::Vendor),
            "[a-z]{1,9}".prop_map(|name| Subject::Env(name.parse().unwrap())),
        ];
        let target = any::<[u8; 32]>().prop_map(EntryId);
        let until = (1970..9999_i16, 1..13_i8, 1..29_i8).prop_map(|(y, m, d)| date(y, m, d));
        let grade = prop::sample::select(Grade::ALL.to_vec());
        prop_oneof![
            target.clone().prop_map(|target| Note::Approve { target }),
            target.clone().prop_map(|target| Note::IncidentClose { target }),
            (any_origin(), grade).prop_map(|(value, grade)| Note::Revoked { value, grade }),
            (target, any_origin(), until).prop_map(|(target, value, until)| Note::IncidentAccept {
                target,
                value,
                until
            }),
            (subject, any::<bool>(), prop::collection::vec(any_origin(), 1..6))
                .prop_map(|(subject, drill, values)| Note::IncidentOpen { subject, drill, values }),
        ]
    }

    proptest! {
        #[test]
        fn reading_a_note_takes_back_writing_it(note in any_note()) {
            let mut entry = Entry::parse(&accept()).unwrap();
            entry.kind = Kind::Note(note);
            entry.sort();
            let text = entry.render().unwrap();
            prop_assert!(text.parse::<toml::Table>().is_ok());
            prop_assert_eq!(Entry::parse(&text), Ok(entry));
        }

        #[test]
        fn what_is_read_of_a_note_is_its_only_text(
            note in any_note(),
            at in any::<prop::sample::Index>(),
            end in 0..4_usize,
            by in "[ -~\n\"\\\\ä]{0,3}",
        ) {
            let mut entry = Entry::parse(&accept()).unwrap();
            entry.kind = Kind::Note(note);
            entry.sort();
            let mut text = entry.render().unwrap();
            let ends: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
            let from = at.index(ends.len());
            let to = ends.get(from + end).copied().unwrap_or(text.len());
            text.replace_range(ends[from]..to, &by);
            if let Ok(read) = Entry::parse(&text) {
                prop_assert_eq!(read.render().unwrap(), text);
            }
        }
    }
}
