//! A long history written straight into git: real entries, keyrings and tokens, branches that meet again, and
//! some that never do. What comes out depends on its length alone, but for keys, nonces and tokens.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand_core::OsRng;
use ssh_key::PrivateKey;
use tenure::document::{Document, Format, items, whole_hash};
use tenure::keyring::{Generation, Keyring};
use tenure::log::entry::{Entry, FileChange, Item, KeyringRecord, Kind, Op, Origin, PolicyStep};
use tenure::log::name::file_path;
use tenure::log::render::join;
use tenure::log::signature::sign_ed25519;
use tenure::names::{Address, EntryId, Sha256};
use tenure::policy::Policy;
use tenure::seal::{Binding, Part, drop_value, seal_whole};

const FIRST: &str = "2025-02-01T00:00:00Z";
pub(crate) const ENVS: [&str; 2] = ["dev", "prod"];
pub(crate) const FILES: [&str; 2] = ["secrets/dev.env", "secrets/prod.yaml"];
pub(crate) const WHOLE: &str = "secrets/prod.pem";
pub(crate) const REPOSITORY: &str = "0198c9d2-7b1e-4c8a-9f00-0123456789ab";
/// How many people come and go beside ana; and one who never was.
const PEOPLE: usize = 5;

/// What was built.
pub(crate) struct Built {
    pub(crate) root: EntryId,
    /// What each origin's value is in clear.
    pub(crate) values: BTreeMap<String, String>,
    /// Everybody's name and key; mallory is last.
    pub(crate) people: Vec<(String, age::x25519::Identity)>,
}

/// What stands at a key.
#[derive(Clone)]
struct Standing {
    token: String,
    entry: EntryId,
    due: Option<Date>,
    value: String,
}

/// A line of history: main, or a branch.
#[derive(Clone)]
struct Line {
    name: String,
    at: Option<usize>,
    heads: Vec<EntryId>,
    files: [BTreeMap<String, Standing>; 2],
    /// What the next commit writes.
    writes: BTreeMap<String, Vec<u8>>,
    /// All that was written since the line began.
    since: BTreeMap<String, Vec<u8>>,
}

struct Builder {
    stream: Vec<u8>,
    marks: usize,
    commits: usize,
    all: usize,
    seed: u64,
    ana: PrivateKey,
    people: Vec<(String, age::x25519::Identity)>,
    reads: [BTreeSet<usize>; 2],
    rings: [Option<Keyring>; 2],
    policy: Option<EntryId>,
    steps: u32,
    root: Option<EntryId>,
    values: BTreeMap<String, String>,
    whole: Option<(EntryId, Option<Date>)>,
}

/// Makes a history of so many commits, all signed with one key, as `git fast-import` reads it.
pub(crate) fn written(ana: PrivateKey, commits: usize) -> (Built, Vec<u8>) {
    let name = |at: usize| if at == PEOPLE { "mallory".to_owned() } else { format!("p{at}") };
    let people = (0..=PEOPLE).map(|at| (name(at), age::x25519::Identity::generate())).collect();
    let mut builder = Builder {
        stream: Vec::new(),
        marks: 0,
        commits: 0,
        all: commits,
        seed: 7,
        ana,
        people,
        reads: [[0, 1].into(), [1].into()],
        rings: [None, None],
        policy: None,
        steps: 0,
        root: None,
        values: BTreeMap::new(),
        whole: None,
    };
    builder.all();
    let Builder { root, values, people, stream, .. } = builder;
    (Built { root: root.unwrap(), values, people }, stream)
}

impl Builder {
    fn all(&mut self) {
        let mut main = Line {
            name: "main".to_owned(),
            at: None,
            heads: Vec::new(),
            files: [BTreeMap::new(), BTreeMap::new()],
            writes: BTreeMap::new(),
            since: BTreeMap::new(),
        };
        let attributes = "/.secrets/** -text\n/.secrets-policy.toml -text\n\
                          /secrets/*.* -text diff=tenure merge=tenure\n";
        main.writes.insert(".gitattributes".to_owned(), attributes.into());
        self.step(&mut main, &[0, 1]);
        while self.commits < self.all {
            let apart = (self.all / 20).max(100);
            if matches!(self.commits % apart, 10 | 30 | 50) {
                self.reader_changes(&mut main);
                continue;
            }
            match self.commits % 100 {
                60 => self.branch(&mut main),
                90 if self.commits % 500 == 190 => self.rogue(&main),
                _ => self.change(&mut main, "K"),
            }
        }
    }

    fn random(&mut self, below: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.seed >> 33).unwrap() % below
    }

    fn time(&self) -> Timestamp {
        let apart = 320 * 86_400 / i64::try_from(self.all).unwrap();
        let first: Timestamp = FIRST.parse().unwrap();
        first + SignedDuration::from_secs(apart * i64::try_from(self.commits).unwrap())
    }

    /// One commit that changes one value.
    fn change(&mut self, line: &mut Line, prefix: &str) {
        let (env, key) = (self.random(2), format!("{prefix}{:02}", self.random(12)));
        let other = format!("{prefix}M{:02}", self.random(12));
        let stands = line.files[env].get(&key).cloned();
        let is_free = !line.files[env].contains_key(&other);
        match (self.random(20), stands) {
            (0..=1, Some(old)) => self.carry_on(line, (env, &key, &key), Op::Rekey, &old),
            (2..=3, Some(old)) if is_free => {
                self.carry_on(line, (env, &key, &other), Op::Move, &old);
            }
            (4, Some(old)) => self.delete(line, (env, &key), &old),
            (5..=6, _) if prefix == "K" => self.whole(line),
            (way, _) => self.new_value(line, (env, &key), way < 10),
        }
        self.commit(line, &[]);
    }

    fn fresh(&mut self) -> String {
        format!("value-{}", self.values.len())
    }

    fn new_value(&mut self, line: &mut Line, (env, key): (usize, &str), dropped: bool) {
        let value = self.fresh();
        let token = self.token((env, key), &value, dropped);
        let due = self.policy_now().due(&address(env, key), None, self.day());
        let entry = self.seal(line, (env, key), (Op::New, None), (&token, due));
        self.values.insert(format!("{entry}:{}", address(env, key)), value.clone());
        self.stand(line, (env, key), Standing { token, entry, due, value });
    }

    fn carry_on(
        &mut self,
        line: &mut Line,
        (env, from, to): (usize, &str, &str),
        op: Op,
        old: &Standing,
    ) {
        let token = self.token((env, to), &old.value, false);
        let of = Origin { entry: old.entry, address: address(env, from) };
        let entry = self.seal(line, (env, to), (op, Some(of)), (&token, old.due));
        if op == Op::Move {
            line.files[env].remove(from);
        }
        self.stand(line, (env, to), Standing { token, entry, ..old.clone() });
    }

    fn delete(&mut self, line: &mut Line, (env, key): (usize, &str), old: &Standing) {
        let address = address(env, key);
        let of = Some(Origin { entry: old.entry, address: address.clone() });
        let (op, kind, due, hash, generation) = (Op::Delete, None, None, None, None);
        let item = Item { op, key: address.key.clone(), of, generation, kind, due, hash };
        self.sign_items(line, &address, item);
        line.files[env].remove(key);
        Self::write_file(line, env);
    }

    fn whole(&mut self, line: &mut Line) {
        let value = self.fresh();
        let ring = self.rings[1].as_ref().unwrap();
        let bytes = seal_whole(value.as_bytes(), &ring.newest().identity().to_public()).unwrap();
        let address: Address = format!("prod/{WHOLE}#*").parse().unwrap();
        let due = self.policy_now().due(&address, None, self.day());
        let item = Item {
            op: Op::New,
            key: address.key.clone(),
            of: None,
            generation: Some(ring.newest().id()),
            kind: None,
            due,
            hash: Some(whole_hash(&bytes)),
        };
        let entry = self.sign_items(line, &address, item);
        self.values.insert(format!("{entry}:{address}"), value);
        self.whole = Some((entry, due));
        line.writes.insert(WHOLE.to_owned(), bytes);
    }

    fn token(&self, (env, key): (usize, &str), value: &str, dropped: bool) -> String {
        let ring = self.rings[env].as_ref().unwrap().newest();
        let (repository, name) = (REPOSITORY.parse().unwrap(), ENVS[env].parse().unwrap());
        let path = key.parse().unwrap();
        let binding =
            Binding { repository: &repository, env: &name, part: Part::Value, path: &path };
        if dropped {
            return drop_value(&binding, value.as_bytes(), &ring.identity().to_public()).unwrap();
        }
        ring.value_key().seal(&binding, value.as_bytes(), &mut OsRng).unwrap()
    }

    fn seal(
        &mut self,
        line: &mut Line,
        (env, key): (usize, &str),
        (op, of): (Op, Option<Origin>),
        (token, due): (&str, Option<Date>),
    ) -> EntryId {
        let address = address(env, key);
        let text = row(env, key, token);
        let document = Document::parse(Format::of(&address.path).unwrap(), &text).unwrap();
        let hash = Some(items(&document)[&address.key].hash);
        let generation = Some(self.rings[env].as_ref().unwrap().newest().id());
        let item = Item { op, key: address.key.clone(), of, generation, kind: None, due, hash };
        self.sign_items(line, &address, item)
    }

    fn stand(&mut self, line: &mut Line, (env, key): (usize, &str), standing: Standing) {
        line.files[env].insert(key.to_owned(), standing);
        Self::write_file(line, env);
    }

    fn write_file(line: &mut Line, env: usize) {
        let rows = line.files[env].iter().map(|(key, it)| row(env, key, &it.token));
        let text = rows.collect::<String>();
        line.writes.insert(FILES[env].to_owned(), text.into_bytes());
    }

    /// Somebody comes or goes: a policy, and a keyring of the environment.
    fn reader_changes(&mut self, line: &mut Line) {
        let (env, who) = (self.random(2), self.random(PEOPLE));
        if !self.reads[env].remove(&who) {
            self.reads[env].insert(who);
        }
        self.step(line, &[env]);
    }

    fn step(&mut self, line: &mut Line, envs: &[usize]) {
        self.steps += 1;
        let text = self.policy_text();
        let hash = Sha256::of(text.as_bytes());
        let name = hash.to_string();
        let kept = format!(".secrets/policies/{}.toml", name.trim_start_matches("sha256:"));
        line.writes.insert(".secrets-policy.toml".to_owned(), text.clone().into_bytes());
        line.writes.insert(kept, text.into_bytes());
        let step = PolicyStep { seq: self.steps, prev: self.policy, hash };
        let first = self.policy.is_none();
        let id = self.sign(line, if first { Kind::Init(step) } else { Kind::Policy(step) });
        self.root = self.root.or(Some(id));
        self.policy = Some(id);
        let keyrings = envs.iter().map(|env| self.wrap(line, *env)).collect();
        self.sign(line, Kind::Seal { files: Vec::new(), keyrings });
        self.commit(line, &[]);
    }

    fn wrap(&mut self, line: &mut Line, env: usize) -> KeyringRecord {
        let old = self.rings[env].take();
        let earlier = old.iter().flat_map(Keyring::generations).map(Generation::id).collect();
        let ring = Keyring::grown(Generation::generate(&mut OsRng), old);
        let ana: age::ssh::Recipient = public(&self.ana).parse().unwrap();
        let own = self.reads[env].iter().map(|at| self.people[*at].1.to_public());
        let own: Vec<_> = own.collect();
        let readers = own.iter().map(|it| it as &dyn age::Recipient).chain([&ana as _]);
        let bytes = ring.wrap(readers).unwrap();
        let generation = ring.newest().id();
        let record = KeyringRecord {
            env: ENVS[env].parse().unwrap(),
            generation,
            recipient: ring.newest().recipient(),
            earlier,
            hash: Sha256::of(&bytes),
        };
        line.writes.insert(format!(".secrets/keys/{}/{generation}.age", ENVS[env]), bytes);
        self.rings[env] = Some(ring);
        record
    }

    /// Ten commits beside ten of main, merged; every other one squashed.
    fn branch(&mut self, main: &mut Line) {
        let squashed = (self.commits / 100).is_multiple_of(2);
        let mut side = Line { name: format!("side-{}", self.commits), ..main.clone() };
        side.since.clear();
        for _ in 0..10 {
            self.change(&mut side, "B");
            self.change(main, "K");
        }
        for env in 0..2 {
            main.files[env].retain(|key, _| key.starts_with('K'));
            let theirs = side.files[env].iter().filter(|(key, _)| key.starts_with('B'));
            main.files[env].extend(theirs.map(|(key, it)| (key.clone(), it.clone())));
        }
        main.heads.extend(side.heads.iter().copied());
        main.writes = side.since;
        (0..2).for_each(|env| Self::write_file(main, env));
        main.writes.remove(WHOLE);
        let merged = if squashed { Vec::new() } else { side.at.into_iter().collect() };
        self.commit(main, &merged);
    }

    /// A branch that stays beside: a keyring for two who should not have it, and a value, in no entry.
    fn rogue(&mut self, main: &Line) {
        use std::io::Write as _;
        let mut side = Line { name: format!("rogue-{}", self.commits), ..main.clone() };
        let whom = [PEOPLE, self.random(PEOPLE)].map(|at| self.people[at].1.to_public());
        let readers = whom.iter().map(|it| it as &dyn age::Recipient);
        let mut bytes = Vec::new();
        let mut writer =
            age::Encryptor::with_recipients(readers).unwrap().wrap_output(&mut bytes).unwrap();
        for generation in self.rings[1].as_ref().unwrap().generations() {
            use age::secrecy::ExposeSecret as _;
            writeln!(writer, "{}", generation.identity().to_string().expose_secret()).unwrap();
        }
        writer.finish().unwrap();
        side.writes.insert(format!(".secrets/keys/prod/copy-{}.age", self.commits), bytes);
        let value = format!("planted-{}", self.commits);
        let token = self.token((1, "PLANTED"), &value, false);
        let standing = Standing { token, entry: self.root.unwrap(), due: None, value };
        self.stand(&mut side, (1, "PLANTED"), standing);
        self.commit(&mut side, &[]);
    }

    fn sign_items(&mut self, line: &mut Line, address: &Address, item: Item) -> EntryId {
        let Address { env, path, .. } = address.clone();
        let files = vec![FileChange { env, path, items: vec![item] }];
        self.sign(line, Kind::Seal { files, keyrings: Vec::new() })
    }

    fn sign(&mut self, line: &mut Line, kind: Kind) -> EntryId {
        let mut entry = Entry {
            kind,
            root: self.root,
            parents: line.heads.clone(),
            policy: self.policy,
            time: self.time(),
            by: "ana".parse().unwrap(),
            reason: None,
        };
        entry.sort();
        let payload = entry.render().unwrap();
        let id = EntryId::of(payload.as_bytes());
        let signature = sign_ed25519(payload.as_bytes(), &self.ana).unwrap();
        let path = file_path(&entry, &id).to_string();
        line.writes.insert(path, join(&payload, &signature));
        line.heads = vec![id];
        id
    }

    fn commit(&mut self, line: &mut Line, merged: &[usize]) {
        self.marks += 1;
        let (mark, time) = (self.marks, self.time().as_second());
        let mut out = format!(
            "commit refs/heads/{}\nmark :{mark}\ncommitter ana <ana@example.com> {time} +0000\n\
             data 1\nx\n",
            line.name
        );
        line.at.iter().for_each(|at| out += &format!("from :{at}\n"));
        merged.iter().for_each(|at| out += &format!("merge :{at}\n"));
        self.stream.extend_from_slice(out.as_bytes());
        for (path, bytes) in &line.writes {
            let head = format!("M 100644 inline {path}\ndata {}\n", bytes.len());
            self.stream.extend_from_slice(head.as_bytes());
            self.stream.extend_from_slice(bytes);
            self.stream.push(b'\n');
        }
        line.since.append(&mut line.writes);
        line.at = Some(mark);
        self.commits += 1;
    }

    fn day(&self) -> Date {
        self.time().to_zoned(TimeZone::UTC).date()
    }

    fn policy_now(&self) -> Policy {
        Policy::parse(&self.policy_text()).unwrap()
    }

    fn policy_text(&self) -> String {
        let ana = public(&self.ana);
        let person = |(name, key): &(String, age::x25519::Identity)| {
            format!("[members.{name}]\nrecipients = [\"{}\"]\n\n", key.to_public())
        };
        let people: String = self.people[..PEOPLE].iter().map(person).collect();
        let role = |env: usize| {
            let names = self.reads[env].iter().map(|at| format!(", \"p{at}\""));
            format!("{} = [\"ana\"{}]\n", ENVS[env], names.collect::<String>())
        };
        let environment = |env: &str| {
            format!(
                "[environments.{env}]\nfiles = [\"secrets/{env}.*\"]\n\
                 readers = [\"{env}\"]\nwriters = [\"admin\"]\n\n"
            )
        };
        format!(
            "version = 1\nrevision = \"{}-00000000\"\nrepository = \"{REPOSITORY}\"\n\n\
             [members.ana]\nrecipients = [\"{ana}\"]\nsigning-keys = [\"{ana}\"]\n\n{people}\
             [roles]\nadmin = [\"ana\"]\n{}{}\n[admin]\nroles = [\"admin\"]\nthreshold = 1\n\n\
             [clocks]\nuntyped = \"730d\"\n\n{}{}",
            self.steps,
            role(0),
            role(1),
            environment("dev"),
            environment("prod")
        )
    }
}

fn public(key: &PrivateKey) -> String {
    let line = key.public_key().to_openssh().unwrap();
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn address(env: usize, key: &str) -> Address {
    format!("{}/{}#{key}", ENVS[env], FILES[env]).parse().unwrap()
}

fn row(env: usize, key: &str, token: &str) -> String {
    match env {
        0 => format!("{key}={token}\n"),
        _ => format!("{key}: {token}\n"),
    }
}
