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

/// The kind of secrets whose end at the issuer is to be recorded, and the days that they have for it.
pub(super) const ENDED: (&str, i64) = ("API", 7);

/// The number of a departure, in the order of time.
pub(super) type Departure = usize;

/// An environment and a key.
type Place = (&'static str, String);

/// A value that stands.
#[derive(Debug, Clone)]
struct Value {
    /// Its number, in the order of time.
    made: usize,
    due: Option<Date>,
    /// The departures that whoever made it knew of.
    knew: BTreeSet<Departure>,
    /// The keys at which it ever stood.
    stood: BTreeSet<String>,
}

/// A value that stands no more, and nobody said that it was ended.
#[derive(Debug)]
struct Spent {
    place: Place,
    value: Value,
    replaced: Date,
}

/// Somebody left.
#[derive(Debug)]
struct Gone {
    day: Date,
    envs: BTreeSet<&'static str>,
}

/// Something leaked, or it is practised.
#[derive(Debug)]
pub(super) struct Incident {
    pub(super) id: String,
    pub(super) drill: bool,
    day: Date,
    exposed: BTreeSet<usize>,
    pub(super) closed: bool,
}

/// The whole repository, as far as deadlines go.
#[derive(Debug, Default)]
pub(super) struct Model {
    values: BTreeMap<Place, Value>,
    spent: Vec<Spent>,
    gone: Vec<Gone>,
    pub(super) incidents: Vec<Incident>,
    made: usize,
    /// The name before, of a place that got another one.
    renamed: BTreeMap<Place, String>,
}

/// Days that something is due, by name; one for each cause.
pub(super) type Dues = Vec<(String, Date)>;

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
        self.made += 1;
        let stood = BTreeSet::from([key.to_owned()]);
        let value = Value { made: self.made, due, knew: knew.clone(), stood };
        if let Some(old) = self.values.insert((env_of(env), key.to_owned()), value) {
            self.replaced(env, key, old, day);
        }
    }

    pub(super) fn removed(&mut self, env: &str, key: &str, day: Date) {
        let old = self.values.remove(&(env_of(env), key.to_owned())).unwrap();
        self.replaced(env, key, old, day);
    }

    fn replaced(&mut self, env: &str, key: &str, value: Value, replaced: Date) {
        if key.starts_with(ENDED.0) {
            let place = (env_of(env), key.to_owned());
            self.spent.push(Spent { place, value, replaced });
        }
    }

    /// The same value under another name.
    pub(super) fn moved(&mut self, env: &str, from: &str, to: &str) {
        let mut value = self.values.remove(&(env_of(env), from.to_owned())).unwrap();
        value.stood.insert(to.to_owned());
        self.values.insert((env_of(env), to.to_owned()), value);
        self.renamed.insert((env_of(env), to.to_owned()), from.to_owned());
    }

    /// All values that ever stood at a place, or at its names before, are ended at their issuer.
    pub(super) fn ended(&mut self, env: &str, key: &str) {
        let mut names = vec![key.to_owned()];
        while let Some(before) = self.renamed.get(&(env_of(env), names[names.len() - 1].clone())) {
            names.push(before.clone());
        }
        let ends =
            |it: &Spent| it.place.0 == env && names.iter().any(|at| it.value.stood.contains(at));
        self.spent.retain(|it| !ends(it));
    }

    /// The places of an environment where something waits for its end.
    pub(super) fn to_end(&self, env: &str) -> BTreeSet<String> {
        let mine = self.spent.iter().filter(|it| it.place.0 == env);
        mine.map(|it| it.place.1.clone()).collect()
    }

    /// All of an environment leaked, or one value of it.
    pub(super) fn leaked(
        &mut self,
        id: String,
        drill: bool,
        day: Date,
        only: (&str, Option<&str>),
    ) {
        let (env, key) = only;
        let here = |place: &Place| place.0 == env && key.is_none_or(|key| place.1 == key);
        let standing = self.values.iter().filter(|(place, _)| here(place)).map(|(_, it)| it.made);
        let spent = self.spent.iter().filter(|it| key.is_none() && here(&it.place));
        let exposed = standing.chain(spent.map(|it| it.value.made)).collect();
        self.incidents.push(Incident { id, drill, day, exposed, closed: false });
    }

    /// Whether anything that an incident exposed still stands, or waits for its end.
    pub(super) fn is_over(&self, incident: &Incident) -> bool {
        let standing = self.values.values().map(|it| it.made);
        let mut all = standing.chain(self.spent.iter().map(|it| it.value.made));
        !all.any(|made| incident.exposed.contains(&made))
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

    /// Of each value with duties the most pressing one: drills come last, then what is not red yet.
    pub(super) fn owed(&self, today: Date) -> Dues {
        let spent = self.spent.iter().map(|it| (&it.place, &it.value));
        let all = self.values.iter().chain(spent);
        let first = |(place, value): (&Place, &Value)| {
            let all = self.duties(place.0, value);
            let rank = |(due, red): &(Date, Red)| {
                (matches!(red, Red::Never), !red.is_on(*due, today), *due)
            };
            Some((name(place), all.into_iter().min_by_key(rank)?.0))
        };
        all.filter_map(first).collect::<Bag>().0
    }

    /// What is owed of a value: to each who left since and could read it, and to each incident that exposed it.
    fn duties(&self, env: &str, value: &Value) -> Vec<(Date, Red)> {
        let days = ENVS.iter().find(|(of, _)| *of == env).unwrap().1;
        let gone = self.gone.iter().enumerate();
        let gone =
            gone.filter(|(number, it)| !value.knew.contains(number) && it.envs.contains(env));
        let left = gone.map(|(_, it)| (it.day.saturating_add(days.days()), Red::Late));
        let mine = self.incidents.iter().filter(|it| !(it.drill && it.closed));
        let mine = mine.filter(|it| it.exposed.contains(&value.made));
        left.chain(mine.map(|it| (it.day, if it.drill { Red::Never } else { Red::Now }))).collect()
    }

    /// The days by which values must be ended that others took the place of.
    pub(super) fn previous(&self) -> Dues {
        let due = |it: &Spent| it.replaced.saturating_add(ENDED.1.days());
        self.spent.iter().map(|it| (name(&it.place), due(it))).collect::<Bag>().0
    }

    /// Whether `check` is to find something.
    pub(super) fn is_red(&self, today: Date) -> bool {
        let spent = self.spent.iter().map(|it| (&it.place, &it.value));
        let mut all = self.values.iter().chain(spent);
        let red = |(due, red): (Date, Red)| red.is_on(due, today);
        !self.overdue(today).is_empty()
            || all.any(|(place, value)| self.duties(place.0, value).into_iter().any(red))
            || self.previous().iter().any(|(_, due)| *due < today)
            || self.incidents.iter().any(|it| !it.drill && !it.closed)
    }

    /// The values that `rotate --due` is to make new.
    pub(super) fn pressing(&self, env: &str, today: Date) -> Vec<String> {
        let mine = self.values.iter().filter(|((of, _), _)| *of == env);
        let late = |value: &Value| value.due.is_some_and(|due| due < today);
        let mine = mine.filter(|(_, it)| late(it) || !self.duties(env, it).is_empty());
        mine.map(|((_, key), _)| key.clone()).collect()
    }
}

/// When a duty makes a day red.
#[derive(Clone, Copy)]
enum Red {
    Now,
    Late,
    Never,
}

impl Red {
    fn is_on(self, due: Date, today: Date) -> bool {
        match self {
            Self::Now => true,
            Self::Late => due < today,
            Self::Never => false,
        }
    }
}

/// Things in order, of which some may be there twice.
struct Bag(Dues);

impl FromIterator<(String, Date)> for Bag {
    fn from_iter<T: IntoIterator<Item = (String, Date)>>(all: T) -> Self {
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort();
        Self(all)
    }
}

fn name((env, key): &Place) -> String {
    format!("{env}/{key}")
}
