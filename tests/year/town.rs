//! The people of the year, each with a clone and a home, and what they do.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use serde_json::Value;

use super::model::{Departure, Dues, ENDED, ENVS, KINDS, Model, env_of, read_by};
use crate::support::{Repo, Team};

/// How much of a year.
pub(super) struct Size {
    pub(super) seed: u64,
    pub(super) days: usize,
    /// Files of each environment, one founded a day.
    pub(super) files: usize,
    /// Secrets of each file.
    pub(super) keys: usize,
}

/// A year that is over: hooks go by the real clock, and take no entry that is later than that.
const FIRST: Date = date(2025, 1, 1);

/// The most who are there at a time.
const MOST: usize = 12;

/// Somebody, with what their clone has seen.
struct Person {
    clone: Repo,
    role: &'static str,
    knows: BTreeSet<Departure>,
}

/// A number for each question, always the same ones: SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }
}

pub(super) struct Town {
    team: Team,
    people: BTreeMap<String, Person>,
    model: Model,
    dice: Dice,
    today: Date,
    /// The minute of the day: entries follow one another.
    minute: usize,
    /// How many ever came, and how many values were made.
    numbers: (usize, usize),
    keys: usize,
    root: String,
    /// What happened, and how often: a year in which nothing does would prove nothing.
    counts: BTreeMap<&'static str, usize>,
}

impl Town {
    pub(super) fn new(size: &Size) -> Self {
        let team = Team::new();
        let clone = team.person("ana");
        let people = BTreeMap::from([(
            "ana".to_owned(),
            Person { clone, role: "admin", knows: BTreeSet::new() },
        )]);
        let mut town = Self {
            team,
            people,
            model: Model::default(),
            dice: Dice(size.seed),
            today: FIRST,
            minute: 0,
            numbers: (0, 0),
            keys: size.keys,
            root: String::new(),
            counts: BTreeMap::new(),
        };
        town.begin();
        town
    }

    fn begin(&mut self) {
        let now = self.now();
        let ana = &mut self.people.get_mut("ana").unwrap().clone;
        ana.set_now(&now);
        let envs = ENVS.map(|(env, _)| format!("--environment {env}")).join(" ");
        let told = ana.run(&format!("init --member ana {envs}")).done();
        let words = told.stdout.split_whitespace();
        let root = words.clone().find(|word| word.len() == 64).map(str::to_owned);
        let pin = || ana.read(".git/tenure/pin").split_whitespace().nth(1).unwrap().to_owned();
        self.root = root.unwrap_or_else(pin);
        ana.write(".secrets-policy.toml", policy(&ana.read(".secrets-policy.toml")));
        ana.run("policy sign -y --reason town").done();
        ana.commit("the town");
        ana.git(&["push", "--quiet", "origin", "HEAD:main"]).done();
        ana.run("hook install").done();
        self.arrives("ben", "admin");
    }

    fn now(&self) -> String {
        format!("{}T{:02}:{:02}:00Z", self.today, self.minute / 60, self.minute % 60)
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(super) fn chance(&mut self, of: usize, all: usize) -> bool {
        self.dice.below(all) < of
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.dice.below(limit)
    }

    pub(super) fn sunrise(&mut self, day: usize) {
        self.today = FIRST.saturating_add(i64::try_from(day).unwrap().days());
        self.minute = 6 * 60;
    }

    /// Somebody's clone, at a later minute.
    fn at(&mut self, name: &str) -> &Repo {
        self.minute += 1;
        let now = self.now();
        let person = self.people.get_mut(name).unwrap();
        person.clone.set_now(&now);
        &person.clone
    }

    /// Brings what others did.
    fn pull(&mut self, name: &str) {
        self.at(name)
            .git(&["pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main"])
            .done();
        let all: BTreeSet<_> = self.people["ana"].knows.clone();
        self.people.get_mut(name).unwrap().knows.extend(all);
    }

    fn push(&mut self, name: &str) {
        let clone = self.at(name);
        clone.commit("work");
        clone.git(&["pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main"]).done();
        clone.git(&["push", "--quiet", "origin", "HEAD:main"]).done();
    }

    /// Does something in a clone that is up to date, and gives it to all.
    fn alone(&mut self, name: &str, act: impl FnOnce(&mut Self)) {
        self.pull(name);
        act(self);
        self.push(name);
    }

    /// Somebody who may write an environment.
    fn writer(&mut self, env: &str) -> String {
        let can = self.people.iter().filter(|(_, it)| read_by(it.role).contains(env));
        let can: Vec<_> = can.map(|(name, _)| name.clone()).collect();
        can[self.dice.below(can.len())].clone()
    }

    fn arrives(&mut self, name: &str, role: &'static str) {
        let clone = self.team.person(name);
        let key = clone.home().join(".ssh/id_ed25519.pub").display().to_string();
        let knows = self.people["ana"].knows.clone();
        self.people.insert(name.to_owned(), Person { clone, role, knows });
        self.alone("ana", |town| {
            let add = ["member", "add", name, "--role", role, "--ssh-key", &key, "-y"];
            town.at("ana").tenure(&add).done();
        });
        self.pull(name);
        let root = self.root.clone();
        self.at(name).tenure(&["--root", &root, "status"]).done();
        self.at(name).write(".git/tenure/pin", format!("root {root}\n"));
        // With it comes the driver that merges neighbouring lines.
        self.at(name).run("hook install").done();
    }

    fn leaves(&mut self, name: &str) {
        let role = self.people.remove(name).unwrap().role;
        self.at("ana").tenure(&["member", "remove", name, "-y", "--reason", "left"]).done();
        let departure = self.model.left(role, self.today);
        self.people.get_mut("ana").unwrap().knows.insert(departure);
        self.count("left");
    }

    pub(super) fn somebody_joins_or_leaves(&mut self) {
        let others: Vec<_> = self
            .people
            .iter()
            .filter(|(_, it)| it.role != "admin")
            .map(|(n, _)| n.clone())
            .collect();
        if self.people.len() < MOST && self.chance(1, 12) {
            self.numbers.0 += 1;
            let role = ["developer", "operator"][self.below(2)];
            self.arrives(&format!("p{:02}", self.numbers.0), role);
            self.count("joined");
        } else if !others.is_empty() && self.chance(1, 22) {
            let name = others[self.below(others.len())].clone();
            self.alone("ana", |town| town.leaves(&name));
        }
    }

    /// A new file of an environment.
    pub(super) fn founds(&mut self, env: &'static str, number: usize) {
        let who = self.writer(env);
        self.alone(&who.clone(), |town| {
            let mut text = String::new();
            for key in 0..town.keys {
                let (word, ..) = KINDS[key % KINDS.len()];
                let key = format!("{word}_{number}_{key}");
                town.numbers.1 += 1;
                text.push_str(&format!("{key}: plain-{}-{key}\n", town.numbers.1));
                let knows = town.people[&who].knows.clone();
                town.model.made(env, &key, town.today, &knows);
            }
            let path = format!("secrets/{env}/part{number}.yaml");
            let clone = town.at(&who);
            clone.write(&path, text);
            clone.tenure(&["seal", &path]).done();
        });
    }

    fn sets(&mut self, who: &str, env: &str, key: &str, file: Option<&str>) {
        self.numbers.1 += 1;
        let value = format!("value-{}-{key}", self.numbers.1);
        let address = match file {
            Some(file) => format!("{env}/{file}#{key}"),
            None => format!("{env}/{key}"),
        };
        self.at(who).tenure_fed(&["set", &address], value).done();
        let knows = self.people[who].knows.clone();
        self.model.made(env, key, self.today, &knows);
        self.count("set");
    }

    fn some_key(&mut self, env: &str) -> Option<String> {
        let keys = self.model.keys(env);
        (!keys.is_empty()).then(|| keys[self.dice.below(keys.len())].clone())
    }

    fn some_env(&mut self) -> &'static str {
        ENVS[self.dice.below(ENVS.len())].0
    }

    pub(super) fn rotates_one(&mut self) {
        let env = self.some_env();
        let (Some(key), who) = (self.some_key(env), self.writer(env)) else { return };
        self.alone(&who.clone(), |town| {
            let address = format!("{env}/{key}");
            town.at(&who).tenure(&["rotate", &address, "--generate", "hex:16"]).done();
            let knows = town.people[&who].knows.clone();
            town.model.made(env, &key, town.today, &knows);
            town.count("rotated");
        });
    }

    /// Makes new what is overdue or owed.
    pub(super) fn pays(&mut self, env: &str) {
        let pressing = self.model.pressing(env, self.today);
        if pressing.is_empty() {
            return;
        }
        let who = self.writer(env);
        self.alone(&who.clone(), |town| {
            town.at(&who).tenure(&["rotate", "--due", "-e", env, "--generate", "-y"]).done();
            let knows = town.people[&who].knows.clone();
            for key in pressing {
                town.model.made(env, &key, town.today, &knows);
                town.count("paid");
            }
        });
    }

    /// Has what was replaced in an environment ended at its issuer.
    pub(super) fn ends_some(&mut self, env: &'static str) {
        let who = self.writer(env);
        let all: Vec<_> = self.model.to_end(env).into_iter().take(3).collect();
        if all.is_empty() {
            return;
        }
        self.alone(&who.clone(), |town| {
            for key in all {
                // One word may end what stood at several names.
                if !town.model.to_end(env).contains(&key) {
                    continue;
                }
                let address = format!("{env}/{key}");
                town.at(&who).tenure(&["rotate", &address, "--finish"]).done();
                town.model.ended(env, &key);
                town.count("ended");
            }
        });
    }

    /// An environment or a value of it leaked, or it is practised.
    pub(super) fn alarm(&mut self, env: &'static str, one: bool, drill: bool) {
        let key = self.some_key(env).filter(|_| one);
        let address = key.as_ref().map(|key| format!("{env}/{key}"));
        let mut words = vec!["incident", "open", "--json", "--reason", "it leaked"];
        match &address {
            Some(address) => words.extend(["--secret", address]),
            None => words.extend(["-e", env]),
        }
        words.extend(drill.then_some("--drill"));
        self.alone("ben", |town| {
            let opened = town.at("ben").tenure(&words).done().json();
            let id = opened["incident"]["id"].as_str().unwrap().to_owned();
            let today = town.today;
            town.model.leaked(id, drill, today, (env, key.as_deref()));
            town.count("incidents");
        });
    }

    /// Closes the incidents of which nothing is left, each by two.
    pub(super) fn closes(&mut self) {
        let over = |it: &&super::model::Incident| !it.closed && self.model.is_over(it);
        let ids: Vec<_> =
            self.model.incidents.iter().filter(over).map(|it| it.id.clone()).collect();
        for id in ids {
            for who in ["ana", "ben"] {
                self.alone(who, |town| {
                    let review = format!("reviews/{}-{who}.md", &id[..12]);
                    let review = town.at(who).path().join(review).display().to_string();
                    std::fs::create_dir_all(town.at(who).path().join("reviews")).unwrap();
                    town.at(who).tenure(&["incident", "close", &id, "-o", &review]).done();
                });
            }
            self.model
                .incidents
                .iter_mut()
                .filter(|it| it.id == id)
                .for_each(|it| it.closed = true);
            self.count("closed");
        }
    }

    pub(super) fn renames_one(&mut self) {
        let env = self.some_env();
        let (Some(key), who) = (self.some_key(env), self.writer(env)) else { return };
        self.numbers.1 += 1;
        let to = format!("{key}_r{}", self.numbers.1);
        self.alone(&who.clone(), |town| {
            town.at(&who).tenure(&["mv", &format!("{env}/{key}"), &to]).done();
            town.model.moved(env, &key, &to);
            town.count("renamed");
        });
    }

    pub(super) fn removes_one(&mut self) {
        let env = self.some_env();
        let (Some(key), who) = (self.some_key(env), self.writer(env)) else { return };
        self.alone(&who.clone(), |town| {
            town.at(&who).tenure(&["unset", &format!("{env}/{key}"), "-y"]).done();
            let today = town.today;
            town.model.removed(env, &key, today);
            town.count("removed");
        });
    }

    pub(super) fn adds_one(&mut self) {
        let env = self.some_env();
        let who = self.writer(env);
        self.numbers.1 += 1;
        let (word, ..) = KINDS[self.below(KINDS.len())];
        let key = format!("{word}_n{}", self.numbers.1);
        let file = format!("secrets/{env}/part0.yaml");
        self.alone(&who.clone(), |town| town.sets(&who, env, &key, Some(&file)));
    }

    /// Two work at the same time: one sets a value, the other lets somebody go or sets another one.
    pub(super) fn apart(&mut self) {
        let env = self.some_env();
        let Some(key) = self.some_key(env).filter(|_| self.dice.below(6) == 0) else { return };
        self.pull("ana");
        self.pull("ben");
        let goes: Vec<_> = self
            .people
            .iter()
            .filter(|(_, it)| it.role != "admin")
            .map(|(n, _)| n.clone())
            .collect();
        if !goes.is_empty() && self.chance(1, 3) {
            let name = goes[self.below(goes.len())].clone();
            self.leaves(&name);
            self.count("left meanwhile");
        } else if let Some(other) = self.some_key(env).filter(|other| *other != key) {
            self.sets("ana", env, &other, None);
        } else {
            return;
        }
        self.push("ana");
        self.sets("ben", env_of(env), &key, None);
        self.push("ben");
        self.count("merged");
    }

    /// What `check` says in ana's clone is what the model says.
    pub(super) fn sunset(&mut self) {
        self.minute = 23 * 60;
        self.pull("ana");
        let checked = self.at("ana").run("check --json");
        let report = checked.json();
        let found = |code: &'static str| -> BTreeSet<(String, Date)> {
            let all = report["findings"].as_array().unwrap().iter();
            let mine = all.filter(|finding| finding["code"] == code);
            mine.map(|finding| (short(&finding["address"]), day_in(&finding["message"]))).collect()
        };
        let listed = |what: &str| -> Dues {
            let all = report[what].as_array().unwrap().iter();
            let due = |it: &Value| it["due"].as_str().unwrap().parse().unwrap();
            let mut all: Vec<_> = all.map(|it| (short(&it["address"]), due(it))).collect();
            all.sort();
            all
        };
        let (overdue, owed) = (self.model.overdue(self.today), self.model.owed(self.today));
        let when = format!("{} {:?}", self.today, self.counts);
        assert_eq!(found("overdue"), overdue, "{when}");
        assert_eq!(listed("obligations"), owed, "{when}");
        assert_eq!(listed("previous"), self.model.previous(), "{when}");
        assert_eq!(checked.code, i32::from(self.model.is_red(self.today)), "{when} {checked}");
        if !overdue.is_empty() {
            self.count("days with something overdue");
        }
        if !owed.is_empty() {
            self.count("days with something owed");
        }
    }

    /// Insists that much happened.
    pub(super) fn was_lively(&self) {
        let all =
            ["joined", "left", "merged", "paid", "set", "rotated", "renamed", "removed", "ended"];
        for what in all.into_iter().chain(["incidents", "closed"]) {
            assert!(self.counts.contains_key(what), "{what}: {:?}", self.counts);
        }
    }
}

/// `env/key` of `env/path#key`.
fn short(address: &Value) -> String {
    let (env, rest) = address.as_str().unwrap().split_once('/').unwrap();
    format!("{env}/{}", rest.rsplit_once('#').unwrap().1)
}

/// The first day that a message names.
fn day_in(message: &Value) -> Date {
    let mut words = message.as_str().unwrap().split([' ', ',', ':']);
    words.find_map(|word| word.parse().ok()).unwrap()
}

/// The first policy with the town's roles, types and rules.
fn policy(first: &str) -> String {
    let mut text = String::new();
    let mut section = String::new();
    for line in first.lines() {
        if line.starts_with('[') {
            section = line.to_owned();
        }
        let mine = KINDS.iter().find(|(_, kind, _)| section == format!("[types.{kind}]"));
        let line = match (section.as_str(), line) {
            ("[environments.staging]" | "[environments.prod]", it) if it.starts_with("readers") => {
                "readers = [\"admin\", \"operator\"]"
            }
            ("[environments.staging]" | "[environments.prod]", it) if it.starts_with("writers") => {
                "writers = [\"admin\", \"operator\"]"
            }
            ("[environments.dev]" | "[environments.qa]", it) if it.starts_with("readers") => {
                "readers = [\"admin\", \"developer\"]"
            }
            ("[environments.dev]" | "[environments.qa]", it) if it.starts_with("writers") => {
                "writers = [\"admin\", \"developer\"]"
            }
            ("[roles]", it) if it.starts_with("developer") => {
                "developer = [\"ana\"]\noperator = [\"ana\"]"
            }
            (_, it) => it,
        };
        match mine {
            Some((_, _, days)) if line.starts_with("rotate-every") => {
                let every = days.map_or("never".to_owned(), |days| format!("{days}d"));
                text.push_str(&format!("rotate-every = \"{every}\"\ngenerate = \"hex:16\"\n"));
                if KINDS.iter().any(|(word, kind, _)| {
                    (*word, section.as_str()) == (ENDED.0, &format!("[types.{kind}]"))
                }) {
                    text.push_str("revoke = \"ask its issuer\"\n");
                }
            }
            _ => text.push_str(&format!("{line}\n")),
        }
    }
    for (word, kind, _) in KINDS {
        text.push_str(&format!("\n[[secrets]]\nmatch = \"*/{word}_*\"\ntype = \"{kind}\"\n"));
    }
    text
}
