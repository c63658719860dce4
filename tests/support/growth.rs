//! Long logs, made in process: real entries with real signatures, of several people, on branches that meet
//! again, under policies that change.
//!
//! What comes out depends on the length that is asked for alone, but for keys, nonces and tokens.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand_core::OsRng;
use ssh_key::{Algorithm, PrivateKey};
use tenure::document::{Document, Format, items};
use tenure::keyring::{Generation, Keyring};
use tenure::log::entry::{Entry, FileChange, Item, KeyringRecord, Kind, Op, PolicyStep};
use tenure::log::name::file_path;
use tenure::log::render::join;
use tenure::log::signature::sign_ed25519;
use tenure::names::{Address, EntryId, EnvName, KeyPath, MemberName, RepoPath, Sha256};
use tenure::policy::Policy;
use tenure::seal::{Binding, Part};

/// When the first entry is signed, and over how many days the others follow.
const FIRST: &str = "2025-02-01T00:00:00Z";
const DAYS: i64 = 330;

const ENVS: [&str; 4] = ["dev", "prod", "qa", "staging"];
/// The first signs what needs an admin; only they read and write prod.
const PEOPLE: [&str; 6] = ["ana", "ben", "cleo", "dora", "emil", "finn"];

/// How long a log is to be, how many values are to stand in each of four environments, and what changes
/// policies.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) entries: usize,
    pub(crate) values: usize,
    pub(crate) steps: Steps,
}

/// How often the policy changes, and what that means.
#[derive(Clone, Copy)]
pub(crate) enum Steps {
    /// Some twelve times: each time one more machine reads qa.
    Few,
    /// So many times, with no change of readers.
    Plain(usize),
    /// So many times: each time one more machine reads qa, of which the last ten stay.
    Readers(usize),
}

/// How many machines stay where they come and go.
const STAY: usize = 10;

/// Fills the work tree of an empty repository; gives the root. The key is the first member's.
pub(crate) fn grow(folder: &Path, ana: &PrivateKey, size: Size) -> EntryId {
    let mut others = PEOPLE[1..].iter().map(|_| PrivateKey::random(&mut OsRng, Algorithm::Ed25519));
    let mut keys = vec![ana.clone()];
    keys.extend(others.by_ref().map(|key| key.expect("the system gives random bytes")));
    let mut growing = Growing {
        folder: folder.to_owned(),
        size,
        keys,
        readers: Vec::new(),
        steps: 0,
        policy: None,
        root: None,
        heads: [None; 3],
        written: 0,
        rings: BTreeMap::new(),
        tokens: BTreeMap::new(),
        last: BTreeMap::new(),
    };
    growing.all();
    growing.root.expect("a log begins with its root")
}

/// One value that an entry sets.
type Touch = (usize, usize);

struct Growing {
    folder: PathBuf,
    size: Size,
    keys: Vec<PrivateKey>,
    /// Machines that read qa.
    readers: Vec<age::x25519::Identity>,
    steps: u32,
    policy: Option<EntryId>,
    root: Option<EntryId>,
    /// The newest entry outside of branches, and those of the two branches.
    heads: [Option<EntryId>; 3],
    written: usize,
    rings: BTreeMap<usize, Keyring>,
    tokens: BTreeMap<Touch, String>,
    /// The entry that sets a value last; only there is a token needed.
    last: BTreeMap<Touch, usize>,
}

impl Growing {
    fn all(&mut self) {
        for at in 0..self.size.entries {
            self.last.extend(self.touches(at).into_iter().map(|touch| (touch, at)));
        }
        while self.written < self.size.entries {
            match self.written {
                0 => self.step(),
                1 => self.wrap(&[0, 1, 2, 3]),
                at if self.is_step(at) => self.step(),
                at if self.is_wrap(at) => self.wrap(&[2]),
                at => self.seal(at),
            }
        }
        for (env, name) in ENVS.iter().enumerate() {
            let mine = self.tokens.range((env, 0)..(env + 1, 0));
            let lines = mine.map(|((_, key), token)| format!("key_{key:03}: {token}\n"));
            self.write(&format!("secrets/{name}.yaml"), lines.collect::<String>());
        }
        let sealed = ENVS.map(|env| format!("/secrets/{env}.* -text diff=tenure merge=tenure\n"));
        let ours = "/.secrets/** -text\n/.secrets-policy.toml -text\n";
        self.write(".gitattributes", ours.to_owned() + &sealed.concat());
    }

    /// How many entries lie between two policies.
    fn apart(&self) -> usize {
        match self.size.steps {
            Steps::Few => (self.size.entries / 12).max(40) / 40 * 40,
            Steps::Plain(steps) | Steps::Readers(steps) => self.size.entries / steps,
        }
    }

    /// A new policy.
    fn is_step(&self, at: usize) -> bool {
        at > 6 && at.is_multiple_of(self.apart())
    }

    /// Keyrings for those who read by the policy just signed.
    fn is_wrap(&self, at: usize) -> bool {
        !matches!(self.size.steps, Steps::Plain(_)) && self.is_step(at - 1)
    }

    /// Of each forty entries, twelve stand on two branches, in turns; of fewer between two policies as many
    /// for their number.
    fn branch(&self, at: usize) -> Option<usize> {
        let cycle = self.apart().min(40);
        (cycle / 2..cycle * 4 / 5).contains(&(at % cycle)).then_some(at % 2)
    }

    /// What the entry of a number sets. The values of two branches differ.
    fn touches(&self, at: usize) -> Vec<Touch> {
        let values = self.size.values;
        match at {
            0 | 1 => Vec::new(),
            2..6 => (0..values).map(|key| (at - 2, key)).collect(),
            _ if self.is_step(at) || self.is_wrap(at) => Vec::new(),
            _ => {
                let mixed = at.wrapping_mul(0x9E37_79B9) >> 7;
                let keys = (0..=mixed % 3).map(|n| (mixed / 3 + n * 14) % values);
                let side = |key: usize| key / 2 * 2 + self.branch(at).unwrap_or(key % 2);
                let env = mixed / 5 % 4;
                let mut keys: Vec<_> = keys.map(|key| (env, side(key).min(values - 1))).collect();
                // The last value alone has no other side.
                keys.retain(|(_, key)| self.branch(at).is_none_or(|side| key % 2 == side));
                keys.sort_unstable();
                keys.dedup();
                if keys.is_empty() { vec![(env, self.branch(at).unwrap_or(0))] } else { keys }
            }
        }
    }

    fn seal(&mut self, at: usize) {
        let touches = self.touches(at);
        let env = touches[0].0;
        let policy = self.policy_now();
        let day = self.time().to_zoned(TimeZone::UTC).date();
        let path: RepoPath = format!("secrets/{}.yaml", ENVS[env]).parse().expect("a plain path");
        let address = |key| Address { env: env_name(env), path: path.clone(), key };
        let items = touches.iter().map(|touch| Item {
            op: Op::New,
            key: key_path(touch.1),
            of: None,
            generation: Some(self.rings[&env].newest().id()),
            kind: None,
            due: policy.due(&address(key_path(touch.1)), None, day),
            hash: None,
        });
        let mut items: Vec<_> = items.collect();
        for (item, touch) in items.iter_mut().zip(&touches) {
            item.hash = Some(self.value(*touch, at, &policy));
        }
        let files = vec![FileChange { env: env_name(env), path, items }];
        let signer = if ENVS[env] == "prod" { at % 2 } else { at % PEOPLE.len() };
        self.sign(signer, Kind::Seal { files, keyrings: Vec::new() });
    }

    /// Seals a value where it is the one that stays; any hash will do for one that is replaced.
    fn value(&mut self, touch: Touch, at: usize, policy: &Policy) -> Sha256 {
        if self.last.get(&touch) != Some(&at) {
            return Sha256::of(format!("{touch:?} {at}").as_bytes());
        }
        let (env, key) = (env_name(touch.0), key_path(touch.1));
        let binding =
            Binding { repository: &policy.repository, env: &env, part: Part::Value, path: &key };
        let value = format!("value-{}-{}-of-{at}", ENVS[touch.0], touch.1);
        let current = self.rings[&touch.0].newest().value_key();
        let token = current.seal(&binding, value.as_bytes(), &mut OsRng).expect("it is short");
        let text = format!("key_{:03}: {token}\n", touch.1);
        let document = Document::parse(Format::Yaml, &text).expect("plain YAML is taken");
        let hash = items(&document)[&key].hash;
        self.tokens.insert(touch, token);
        hash
    }

    fn step(&mut self) {
        if self.steps > 0 && !matches!(self.size.steps, Steps::Plain(_)) {
            self.readers.push(age::x25519::Identity::generate());
        }
        self.steps += 1;
        let text = self.policy_text();
        let hash = Sha256::of(text.as_bytes());
        let name = hash.to_string();
        self.write(".secrets-policy.toml", &text);
        let kept = format!(".secrets/policies/{}.toml", name.trim_start_matches("sha256:"));
        self.write(&kept, &text);
        let step = PolicyStep { seq: self.steps, prev: self.policy, hash };
        let first = self.policy.is_none();
        let id = self.sign(0, if first { Kind::Init(step) } else { Kind::Policy(step) });
        self.root = self.root.or(Some(id));
        self.policy = Some(id);
    }

    /// New keyrings of environments, by the first member.
    fn wrap(&mut self, envs: &[usize]) {
        let policy = self.policy_now();
        let mut keyrings = Vec::new();
        for at in envs {
            let env = env_name(*at);
            let earlier = self.rings.remove(at);
            let known = earlier.iter().flat_map(Keyring::generations).map(Generation::id).collect();
            let ring = Keyring::grown(Generation::generate(&mut OsRng), earlier);
            let readers = policy.reader_recipients(&env);
            let readers: Vec<_> = readers.iter().map(|(_, key)| recipient(key.as_str())).collect();
            let bytes = ring.wrap(readers.iter().map(AsRef::as_ref)).expect("age wraps it");
            let generation = ring.newest().id();
            self.write(&format!(".secrets/keys/{env}/{generation}.age"), &bytes);
            keyrings.push(KeyringRecord {
                env,
                generation,
                recipient: ring.newest().recipient(),
                earlier: known,
                hash: Sha256::of(&bytes),
            });
            self.rings.insert(*at, ring);
        }
        self.sign(0, Kind::Seal { files: Vec::new(), keyrings });
    }

    fn time(&self) -> Timestamp {
        let first: Timestamp = FIRST.parse().expect("a time");
        let apart = DAYS * 86_400 / i64::try_from(self.size.entries).expect("a short log");
        first + SignedDuration::from_secs(apart * i64::try_from(self.written).expect("short"))
    }

    fn sign(&mut self, signer: usize, kind: Kind) -> EntryId {
        let [main, left, right] = self.heads;
        let (parents, head) = match self.branch(self.written) {
            None if left.is_some() => (vec![left, right], 0),
            None => (vec![main], 0),
            Some(side) => (vec![self.heads[1 + side].or(main)], 1 + side),
        };
        let parents = parents.into_iter().flatten().collect();
        let mut entry = Entry {
            kind,
            root: self.root,
            parents,
            policy: self.policy,
            time: self.time(),
            by: PEOPLE[signer].parse::<MemberName>().expect("a plain name"),
            reason: None,
        };
        entry.sort();
        let payload = entry.render().expect("it keeps the grammar");
        let id = EntryId::of(payload.as_bytes());
        let signature = sign_ed25519(payload.as_bytes(), &self.keys[signer]).expect("it signs");
        self.write(file_path(&entry, &id).as_str(), join(&payload, &signature));
        self.written += 1;
        self.heads[head] = Some(id);
        if head == 0 {
            self.heads[1..].fill(None);
        }
        id
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.folder.join(path);
        let folder = path.parent().expect("files lie in folders");
        fs::create_dir_all(folder).expect("a folder can be made");
        fs::write(path, bytes).expect("a file can be written");
    }
}

impl Growing {
    fn policy_now(&self) -> Policy {
        Policy::parse(&self.policy_text()).expect("this policy is in order")
    }

    fn policy_text(&self) -> String {
        let public = |key: &PrivateKey| key.public_key().to_openssh().expect("a key has a text");
        let person = |(name, key): (&&str, &PrivateKey)| {
            let key = public(key);
            let key = key.split(' ').take(2).collect::<Vec<_>>().join(" ");
            format!("[members.{name}]\nrecipients = [\"{key}\"]\nsigning-keys = [\"{key}\"]\n\n")
        };
        let people: String = PEOPLE.iter().zip(&self.keys).map(person).collect();
        let leave = match self.size.steps {
            Steps::Readers(_) => self.readers.len().saturating_sub(STAY),
            Steps::Few | Steps::Plain(_) => 0,
        };
        let machine = |(at, key): (usize, &age::x25519::Identity)| {
            let key = key.to_public();
            let about = "kind = \"machine\"\nowner = \"ana\"";
            format!("[members.m{at:02}]\n{about}\nrecipients = [\"{key}\"]\n\n")
        };
        let machines: String = self.readers.iter().enumerate().skip(leave).map(machine).collect();
        let names: Vec<_> = (leave..self.readers.len()).map(|at| format!("\"m{at:02}\"")).collect();
        let deploy = match names.as_slice() {
            [] => String::new(),
            names => format!("deploy = [{}]\n", names.join(", ")),
        };
        let environment = |env: &&str| {
            let role = if **env == *"prod" { "admin" } else { "developer" };
            let more = if **env == *"qa" && !names.is_empty() { ", \"deploy\"" } else { "" };
            format!(
                "[environments.{env}]\nfiles = [\"secrets/{env}.*\"]\n\
                 readers = [\"{role}\"{more}]\nwriters = [\"{role}\"]\n\n"
            )
        };
        let environments: String = ENVS.iter().map(environment).collect();
        format!(
            "version = 1\nrevision = \"{}-00000000\"\n\
             repository = \"0198c9d2-7b1e-4c8a-9f00-0123456789ab\"\n\n\
             {people}{machines}[roles]\nadmin = [\"ana\", \"ben\"]\n\
             developer = [\"ana\", \"ben\", \"cleo\", \"dora\", \"emil\", \"finn\"]\n{deploy}\n\
             [admin]\nroles = [\"admin\"]\nthreshold = 1\n\n\
             [clocks]\nuntyped = \"730d\"\n\n{environments}",
            self.steps
        )
    }
}

fn env_name(env: usize) -> EnvName {
    ENVS[env].parse().expect("a plain name")
}

fn key_path(key: usize) -> KeyPath {
    format!("key_{key:03}").parse().expect("a plain key")
}

fn recipient(text: &str) -> Box<dyn age::Recipient> {
    if text.starts_with("age1") {
        return Box::new(text.parse::<age::x25519::Recipient>().expect("it was parsed before"));
    }
    Box::new(text.parse::<age::ssh::Recipient>().expect("it was parsed before"))
}
