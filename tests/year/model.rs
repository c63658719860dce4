//! What must be overdue and owed, told by itself: it knows the rules of the documents, and none of the code.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;

/// The environments, with the days that a leaver's values have.
pub(super) const ENVS: [(&str, i64); 4] = [("dev", 7), ("qa", 7), ("staging", 7), ("prod", 1)];

/// The kinds of secrets: how their names begin, their type, and its days.
pub(super) const KINDS: [(&str, &str, Option<i64>); 5] = [
    ("API", "api-key", Some(45)),
    ("DB", "db-credential", Some(60)),
    ("TOK", "token", Some(30)),
    ("SIG", "signing-key", Some(365)),
    ("PW", "password", None),
];

/// The number of a departure, in the order of time.
pub(super) type Departure = usize;

/// A value that stands.
#[derive(Debug, Clone)]
struct Value {
    due: Option<Date>,
    /// The departures that whoever made it knew of.
    knew: BTreeSet<Departure>,
}

/// Somebody left.
#[derive(Debug)]
struct Gone {
    day: Date,
    envs: BTreeSet<&'static str>,
}

/// The whole repository, as far as deadlines go.
#[derive(Debug, Default)]
pub(super) struct Model {
    values: BTreeMap<(&'static str, String), Value>,
    gone: Vec<Gone>,
}

/// The environments that members of a role read.
pub(super) fn read_by(role: &str) -> BTreeSet<&'static str> {
    match role {
        "developer" => ["dev", "qa"].into(),
        "operator" => ["staging", "prod"].into(),
        _ => ENVS.map(|(env, _)| env).into(),
    }
}

/// The environment's own name, for as long as the program runs.
pub(super) fn env_of(name: &str) -> &'static str {
    ENVS.iter().find(|(env, _)| *env == name).unwrap().0
}

impl Model {
    /// Somebody who knows of these departures gives a secret a new value.
    pub(super) fn made(&mut self, env: &str, key: &str, day: Date, knew: &BTreeSet<Departure>) {
        let prefix = key.split('_').next().unwrap();
        let (_, _, days) = KINDS.iter().find(|(word, ..)| *word == prefix).unwrap();
        let due = days.map(|days| day.saturating_add(days.days()));
        self.values.insert((env_of(env), key.to_owned()), Value { due, knew: knew.clone() });
    }

    pub(super) fn removed(&mut self, env: &str, key: &str) {
        assert!(self.values.remove(&(env_of(env), key.to_owned())).is_some());
    }

    /// The same value under another name.
    pub(super) fn moved(&mut self, env: &str, from: &str, to: &str) {
        let value = self.values.remove(&(env_of(env), from.to_owned())).unwrap();
        self.values.insert((env_of(env), to.to_owned()), value);
    }

    pub(super) fn left(&mut self, role: &str, day: Date) -> Departure {
        self.gone.push(Gone { day, envs: read_by(role) });
        self.gone.len() - 1
    }

    pub(super) fn keys(&self, env: &str) -> Vec<String> {
        self.values.keys().filter(|(of, _)| *of == env).map(|(_, key)| key.clone()).collect()
    }

    /// The values whose deadline is over, with it.
    pub(super) fn overdue(&self, today: Date) -> BTreeSet<(String, Date)> {
        let due = |value: &Value| value.due.filter(|due| *due < today);
        let late = self.values.iter().filter_map(|(at, value)| Some((name(at), due(value)?)));
        late.collect()
    }

    /// The values that somebody could read who left since, with the earliest date.
    pub(super) fn owed(&self) -> BTreeSet<(String, Date)> {
        let first = |(env, value): (&str, &Value)| {
            let days = ENVS.iter().find(|(of, _)| *of == env).unwrap().1;
            let gone = self.gone.iter().enumerate();
            let mine =
                gone.filter(|(number, it)| !value.knew.contains(number) && it.envs.contains(env));
            mine.map(|(_, it)| it.day.saturating_add(days.days())).min()
        };
        let values = self.values.iter();
        values.filter_map(|(at, value)| Some((name(at), first((at.0, value))?))).collect()
    }

    /// The values that `rotate --due` is to make new.
    pub(super) fn pressing(&self, env: &str, today: Date) -> Vec<String> {
        let all = self.overdue(today).into_iter().chain(self.owed());
        let mine: BTreeSet<_> = all
            .filter_map(|(name, _)| Some(name.strip_prefix(env)?.strip_prefix('/')?.to_owned()))
            .collect();
        mine.into_iter().collect()
    }
}

fn name((env, key): &(&str, String)) -> String {
    format!("{env}/{key}")
}
