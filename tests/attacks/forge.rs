//! Entries made by hand: with any parents, any signer, any words; signed by stock `ssh-keygen`.

use std::fs;

use jiff::Timestamp;
use tenure::document::{Document, Format, items, whole_hash};
use tenure::keyring::{Generation, Keyring};
use tenure::log::dag::Dag;
use tenure::log::entry::{Entry, FileChange, Item, KeyringRecord, Kind, Op, Origin, PolicyStep};
use tenure::log::name::file_path;
use tenure::log::parse::SignedEntry;
use tenure::log::render::join;
use tenure::names::{Address, EntryId, EnvName, KeyPath, Sha256};
use tenure::policy::Policy;
use tenure::seal::generation_of;

use super::Estate;
use crate::support::{NOW, stock};

/// What a signature is made for.
pub(crate) struct Pen<'a> {
    pub(crate) key: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) hash: &'a str,
}

impl<'a> Pen<'a> {
    pub(crate) fn of(key: &'a str) -> Self {
        Self { key, namespace: "log@tenure", hash: "sha512" }
    }
}

impl Estate {
    /// Reads all entries, the oldest path first.
    pub(crate) fn log(&self) -> Vec<SignedEntry> {
        let files = self.list(".secrets/log");
        let read = |path: &String| fs::read(self.repo.path().join(path)).unwrap();
        files.iter().map(|path| SignedEntry::parse(&read(path)).unwrap()).collect()
    }

    fn dag(&self) -> (Vec<SignedEntry>, Dag) {
        let log = self.log();
        let nodes: Vec<_> = log.iter().map(|e| (e.id, e.entry.parents.as_slice())).collect();
        let dag = Dag::build(&nodes).unwrap();
        (log, dag)
    }

    /// The newest entry, or the oldest of several.
    pub(crate) fn head(&self) -> EntryId {
        self.dag().1.heads()[0]
    }

    /// The path of an entry's file.
    pub(crate) fn path_of(&self, id: EntryId) -> String {
        let log = self.log();
        let signed = log.iter().find(|signed| signed.id == id).unwrap();
        file_path(&signed.entry, &signed.id).to_string()
    }

    /// Drafts an entry as an honest program would: on all heads, under the newest policy.
    pub(crate) fn draft(&self, by: &str, kind: Kind) -> Entry {
        let (log, dag) = self.dag();
        let steps = dag.order().iter().rev().map(|at| &log[*at]);
        let policy = steps
            .into_iter()
            .find(|signed| matches!(signed.entry.kind, Kind::Init(_) | Kind::Policy(_)));
        let time: Timestamp = NOW.parse().unwrap();
        Entry {
            kind,
            root: Some(self.root().parse().unwrap()),
            parents: dag.heads().to_vec(),
            policy: policy.map(|signed| signed.id),
            time: log.iter().map(|signed| signed.entry.time).max().unwrap_or(time).max(time),
            by: by.parse().unwrap(),
            reason: None,
        }
    }

    /// Signs an entry and puts its file into the log; gives its id.
    pub(crate) fn sign(&self, mut entry: Entry, pen: &Pen<'_>) -> EntryId {
        entry.sort();
        let payload = entry.render().unwrap();
        let id = EntryId::of(payload.as_bytes());
        let bytes = join(&payload, &self.signature(payload.as_bytes(), pen));
        self.write(file_path(&entry, &id).as_str(), bytes);
        id
    }

    /// Has stock `ssh-keygen` sign.
    pub(crate) fn signature(&self, payload: &[u8], pen: &Pen<'_>) -> String {
        let keygen = stock("ssh-keygen").expect("these tests need ssh-keygen");
        let hash = format!("hashalg={}", pen.hash);
        let args = ["-q", "-Y", "sign", "-O", &hash, "-n", pen.namespace, "-f"];
        let command = self.repo.command(keygen).args(&args).arg(self.key(pen.key));
        command.feed(payload).done().stdout
    }

    /// What stands on disk at an address, as an item that attests it anew, of the api-key's deadline.
    pub(crate) fn item(&self, address: &str, op: Op) -> (FileChange, Item) {
        let address: Address = address.parse().unwrap();
        if address.key == KeyPath::Whole {
            return self.whole(address, op);
        }
        let text = self.read(address.path.as_str());
        let document = Document::parse(Format::of(&address.path).unwrap(), &text).unwrap();
        let all = items(&document);
        let found = &all[&address.key];
        let token = document.token(&document.leaves[found.leaves[0]]);
        let live = self.newest(&address);
        let typed = live.as_ref().map(|(_, item)| item.clone());
        let item = Item {
            op,
            key: address.key.clone(),
            of: live
                .filter(|_| op != Op::New)
                .map(|(entry, _)| Origin { entry, address: address.clone() }),
            // A dropped token does not say it.
            generation: token.and_then(|token| {
                let named = || typed.as_ref().and_then(|item| item.generation);
                generation_of(token).ok().or_else(named)
            }),
            kind: typed.as_ref().and_then(|item| item.kind.clone()),
            due: typed.as_ref().and_then(|item| item.due),
            hash: Some(found.hash),
        };
        (FileChange { env: address.env, path: address.path, items: Vec::new() }, item)
    }

    /// As [`Self::item`], of a file that is sealed whole.
    fn whole(&self, address: Address, op: Op) -> (FileChange, Item) {
        let bytes = fs::read(self.repo.path().join(address.path.as_str())).unwrap();
        let (entry, live) = self.newest(&address).unwrap();
        let of = Some(Origin { entry, address: address.clone() }).filter(|_| op != Op::New);
        let item = Item { op, of, hash: Some(whole_hash(&bytes)), ..live };
        (FileChange { env: address.env, path: address.path, items: Vec::new() }, item)
    }

    /// The entry that names an address last, and how.
    pub(crate) fn newest(&self, address: &Address) -> Option<(EntryId, Item)> {
        let (log, dag) = self.dag();
        let entries = dag.order().iter().rev().map(|at| &log[*at]);
        entries
            .into_iter()
            .find_map(|signed| Some((signed.id, signed.entry.item(address)?.clone())))
    }

    /// The kind of an entry that attests what stands at some addresses.
    pub(crate) fn attesting(&self, op: Op, addresses: &[&str]) -> Kind {
        let mut files: Vec<FileChange> = Vec::new();
        for address in addresses {
            let (change, item) = self.item(address, op);
            match files.iter_mut().find(|file| file.path == change.path) {
                Some(file) => file.items.push(item),
                None => files.push(FileChange { items: vec![item], ..change }),
            }
        }
        Kind::Seal { files, keyrings: Vec::new() }
    }

    /// Starts a log with a policy: `init` and the keyrings, both by ana; pins it.
    pub(crate) fn begin(&self, text: &str) {
        let step = PolicyStep { seq: 1, prev: None, hash: self.put_policy(text) };
        let entry = Entry {
            kind: Kind::Init(step),
            root: None,
            parents: Vec::new(),
            policy: None,
            time: NOW.parse().unwrap(),
            by: "ana".parse().unwrap(),
            reason: None,
        };
        let root = self.sign(entry, &Pen::of("ana"));
        self.pin(&root.to_string());
        self.wrap(&Policy::parse(text).unwrap());
    }

    /// Signs a policy in another's name or one's own, and puts it in place.
    pub(crate) fn sign_policy(&self, text: &str, by: &str, pen: &Pen<'_>) -> EntryId {
        let (log, dag) = self.dag();
        let steps = dag.order().iter().rev().map(|at| &log[*at]);
        let (id, seq) = steps
            .into_iter()
            .find_map(|signed| match &signed.entry.kind {
                Kind::Init(step) | Kind::Policy(step) => Some((signed.id, step.seq)),
                _ => None,
            })
            .unwrap();
        let step = PolicyStep { seq: seq + 1, prev: Some(id), hash: self.put_policy(text) };
        self.sign(self.draft(by, Kind::Policy(step)), pen)
    }

    /// The entry of the policy of a number; the last of several.
    pub(crate) fn step(&self, number: u32) -> EntryId {
        let (log, dag) = self.dag();
        let is_it =
            |kind: &Kind| matches!(kind, Kind::Init(it) | Kind::Policy(it) if it.seq == number);
        let at = dag.order().iter().rev().find(|at| is_it(&log[**at].entry.kind)).unwrap();
        log[*at].id
    }

    /// The path at which the text of a policy is kept.
    pub(crate) fn kept(&self, policy: EntryId) -> String {
        let log = self.log();
        let signed = log.iter().find(|signed| signed.id == policy).unwrap();
        let (Kind::Init(step) | Kind::Policy(step)) = &signed.entry.kind else { unreachable!() };
        format!(".secrets/policies/{}.toml", step.hash.to_string().trim_start_matches("sha256:"))
    }

    /// Puts a policy's bytes in place and among those that were signed.
    pub(crate) fn put_policy(&self, text: &str) -> Sha256 {
        let hash = Sha256::of(text.as_bytes());
        let name = hash.to_string();
        self.write(".secrets-policy.toml", text);
        let name = name.trim_start_matches("sha256:");
        self.write(&format!(".secrets/policies/{name}.toml"), text);
        hash
    }

    /// Makes a new keyring of every environment, in one entry by ana.
    pub(crate) fn wrap(&self, policy: &Policy) {
        let rings = policy.environments.keys().map(|env| self.keyring(policy, env)).collect();
        let kind = Kind::Seal { files: Vec::new(), keyrings: rings };
        self.sign(self.draft("ana", kind), &Pen::of("ana"));
    }

    /// Writes a new keyring of an environment for the readers of a policy.
    pub(crate) fn keyring(&self, policy: &Policy, env: &EnvName) -> KeyringRecord {
        let ring = Keyring::grown(Generation::generate(&mut tenure::world::generator()), None);
        let readers: Vec<age::ssh::Recipient> = policy
            .reader_recipients(env)
            .into_iter()
            .map(|(_, recipient)| recipient.as_str().parse().unwrap())
            .collect();
        let bytes = ring.wrap(readers.iter().map(|reader| reader as &dyn age::Recipient)).unwrap();
        let generation = ring.newest().id();
        self.write(&format!(".secrets/keys/{env}/{generation}.age"), &bytes);
        KeyringRecord {
            env: env.clone(),
            generation,
            recipient: ring.newest().recipient(),
            earlier: Vec::new(),
            hash: Sha256::of(&bytes),
        }
    }
}
