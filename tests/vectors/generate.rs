//! Makes the frozen files of a format version, once: `cargo test -- --ignored make_the_vectors`.
//!
//! A new version gets a folder of its own; what is frozen is never made again.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use jiff::civil::date;
use rand_core::OsRng;
use serde_json::{Value, json};
use tenure::document::{Document, items, whole_hash};
use tenure::keyring::recipient_bytes;
use tenure::log::entry::{Entry, FileChange, Item, Kind, Note, Op, Origin};
use tenure::log::parse::SignedEntry;
use tenure::log::render::join;
use tenure::log::signature::sign_ed25519;
use tenure::names::{EntryId, GenerationId, KeyPath, Sha256};
use tenure::seal::{Binding, Part, ValueKey};
use tenure::secret::GenerationKey;
use zeroize::Zeroizing;

use super::{folder, format, variant};
use crate::commands::member::new_key;
use crate::support::{Repo, below, stock};

const REPOSITORY: &str = "0198c9d2-0000-4000-8000-000000000001";

const ENV: &str = "# the database\nHOST=localhost\nPASSWORD='p w'\nEMPTY=\n";
const YAML: &str = "# two documents\nbase: &base\n  user: ana\n  empty:\ncopy: *base\nport: 5432\n\
    hosts:\n  - one\n  - {name: two, tags: []}\nnote: |\n  line one\n  line two\ntagged: !mine x\n---\nkind: second\n";
const JSON: &str =
    "{\n  \"a.b\": {\"x\": 1, \"y\": null},\n  \"list\": [true, \"two\"],\n  \"none\": {}\n}\n";
const TOML: &str =
    "# a table\n[database]\nurl = \"postgres://x\" # where\nports = [1, 2]\nsince = 2026-01-01\n";
const INI: &str = "; old\n[section]\nkey = value\n";
const PROPERTIES: &str = "# java\ndb.url = jdbc:x\nlong = one \\\n  two\n";
const PEM: &str = "-----BEGIN TEST-----\nbm8ga2V5\n-----END TEST-----\n";

pub(super) fn write(file: &str, value: &Value) {
    fs::create_dir_all(folder()).unwrap();
    let text = serde_json::to_string_pretty(value).unwrap();
    fs::write(folder().join(file), text + "\n").unwrap();
}

#[test]
#[ignore = "makes the frozen files; they are never made again"]
fn make_the_vectors() {
    assert!(!folder().join("README.md").exists(), "frozen files are never made again");
    tokens();
    key_paths();
    hashes();
    repository();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn token((env, part, path): (&str, Part, &str), plain: &str, secret: [u8; 32]) -> Value {
    let secret = GenerationKey::clamped(Zeroizing::new(secret));
    let recipient = x25519_dalek::x25519(*secret.expose(), x25519_dalek::X25519_BASEPOINT_BYTES);
    let key = ValueKey::derive(&secret, &recipient);
    let (repository, env_name) = (REPOSITORY.parse().unwrap(), env.parse().unwrap());
    let key_path: KeyPath = path.parse().unwrap();
    let binding = Binding { repository: &repository, env: &env_name, part, path: &key_path };
    let token = key.seal(&binding, plain.as_bytes(), &mut OsRng).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&token[10..]).unwrap();
    json!({
        "secret": hex(secret.expose()),
        "recipient": hex(&recipient),
        "generation": GenerationId::of(&recipient).to_string(),
        "repository": REPOSITORY,
        "environment": env,
        "part": if part == Part::Value { "value" } else { "comment" },
        "path": path,
        "plain": plain,
        "padded": bytes.len() - 56,
        "token": token,
    })
}

fn tokens() {
    let mut good = vec![
        token(("prod", Part::Value, "DB_URL"), "postgres://x", [1; 32]),
        token(("prod", Part::Value, "\"a.b\".c"), "", [0xff; 32]),
        token(("dev", Part::Value, "hosts[].name"), "'quoted'", [2; 32]),
        token(("dev", Part::Value, "@2.kind"), "|\n  block\n", [2; 32]),
        token(("dev", Part::Comment, "@1"), "a comment", [2; 32]),
        token(("dev", Part::Value, "KEY#2"), "zwölf", [3; 32]),
    ];
    for length in [28, 29, 252, 253, 1_000, 10_000] {
        good.push(token(("dev", Part::Value, "K"), &"x".repeat(length), [4; 32]));
    }
    let refused = |vector: &Value| variant(&super::open(vector).map(|_| ()).unwrap_err());
    let change = |field: &str, value: &str| {
        let mut vector = good[0].clone();
        vector[field] = value.into();
        vector["error"] = refused(&vector).into();
        vector
    };
    let whole = good[0]["token"].as_str().unwrap().to_owned();
    let flipped = format!("{}{}", &whole[..80], if &whole[80..81] == "A" { "B" } else { "A" });
    let bad = [
        change("environment", "dev"),
        change("path", "DB_URI"),
        change("part", "comment"),
        change("repository", "0198c9d2-0000-4000-8000-000000000002"),
        change("recipient", good[1]["recipient"].as_str().unwrap()),
        change("token", &whole[..whole.len() - 4]),
        change("token", &(flipped + &whole[81..])),
        change("token", &format!("{whole}=")),
        change("token", &whole.replace("v1", "v2")),
        change("token", "sealed.v1."),
    ];
    write("tokens.json", &json!({ "good": good, "bad": bad }));
}

fn key_paths() {
    let good = [
        "STRIPE_KEY",
        "database.password",
        "\"a.b\".c",
        "@2.kind",
        "@1",
        "@3",
        "@1[0]",
        "hosts[0].name",
        "a[1][2].b[3]",
        "KEY#2",
        "section.KEY#2",
        "*",
        "\"*\"",
        "\"\"",
        "\"ä \\\"\"",
        "\"\\u0001\\n\\t\"",
        "@2[0].x#3",
    ];
    let vector = |text: &&str| {
        let path: KeyPath = text.parse().unwrap();
        json!({
            "text": text,
            "bound": path.bound().to_string(),
            "item": path.item().to_string(),
        })
    };
    let good: Vec<_> = good.iter().map(vector).collect();
    let bad = [
        "", ".a", "a.", "a..b", "[0]", "a[01]", "a#1", "a#0", "@1.a", "@0", "\"a\"", "a b", "a[",
        "\"a", "a#", "a*", "ä",
    ];
    write("key-paths.json", &json!({ "good": good, "bad": bad }));
}

fn hashes() {
    let document = |name: &str, text: &str| {
        let document = Document::parse(format(name), text).unwrap();
        let found: serde_json::Map<_, _> = items(&document)
            .into_iter()
            .map(|(key, item)| (key.to_string(), item.hash.to_string().into()))
            .collect();
        json!({ "format": name, "text": text, "items": found })
    };
    let documents = [
        document("env", ENV),
        document("env", "export A=1 # why\nA=2\n"),
        document("yaml", YAML),
        document("yaml", "a: |2\n  two and one\nb: {}\nc: []\nd: !t {x: 1}\n1: typed\n"),
        document("yaml", "x: &x {a: 1}\ny: {b: 2, <<: *x}\n"),
        document("json", JSON),
        document("json", "\"alone\"\n"),
        document("toml", TOML),
        document("ini", INI),
        document("properties", PROPERTIES),
    ];
    let whole = ["", "bytes\n"]
        .map(|text| json!({ "text": text, "hash": whole_hash(text.as_bytes()).to_string() }));
    write("items.json", &json!({ "documents": documents, "whole": whole }));
}

/// Makes a repository with both kinds of readers, both kinds of files and a step of the policy.
fn repository() {
    let repo = Repo::new();
    repo.ssh_key();
    let root = repo.tenure(&["--json", "init", "--member", "ana"]).done().json()["root"].clone();
    for (path, text) in [
        ("secrets/dev.env", ENV),
        ("secrets/dev.yaml", YAML),
        ("secrets/dev/app.json", JSON),
        ("secrets/dev/app.toml", TOML),
        ("secrets/dev/app.ini", INI),
        ("secrets/dev/app.properties", PROPERTIES),
        ("secrets/dev/tls.pem", PEM),
        ("secrets/prod.env", "STRIPE_KEY=sk_test_1\n"),
    ] {
        repo.write(path, text);
    }
    repo.run("seal --reason first").done();
    let add = "member add ci --role developer --kind machine --owner ana --generate -y";
    let machine = repo.run(add).done().stdout;
    let (public, _) = new_key(&repo, "ben");
    repo.tenure(&["member", "add", "ben", "--role", "developer", "--ssh-key", &public, "-y"])
        .done();
    repo.tenure_fed(&["set", "dev/PASSWORD"], "sealed to the newest generation").done();
    repo.run("unset dev/secrets/dev/app.ini#section.key").done();
    repo.run("member remove ben --reason left -y").done();
    repo.run("rekey -e dev --reseal").done();
    repo.commit("frozen");
    repo.run("check").done();
    freeze(&repo, &machine);
    let expected = expected(&repo, &root);
    write("repository.json", &expected);
    entries(&repo);
}

fn freeze(repo: &Repo, machine: &str) {
    let to = folder().join("repository");
    for part in [".secrets", "secrets"] {
        super::copy(&repo.path().join(part), &to.join(part));
    }
    for part in [".secrets-policy.toml", ".gitattributes"] {
        fs::copy(repo.path().join(part), to.join(part)).unwrap();
    }
    let keys = folder().join("keys");
    fs::create_dir_all(&keys).unwrap();
    fs::copy(repo.home().join(".ssh/id_ed25519"), keys.join("ana.ssh")).unwrap();
    fs::write(keys.join("ci.age"), machine).unwrap();
}

fn expected(repo: &Repo, root: &Value) -> Value {
    let addresses = [
        "dev/HOST",
        "dev/PASSWORD",
        "dev/port",
        "dev/base.user",
        "dev/note",
        "dev/@2.kind",
        "dev/hosts[0]",
        "dev/\"a.b\".x",
        "dev/database.url",
        "dev/\"db.url\"",
        "dev/long",
        "dev/secrets/dev/tls.pem",
    ];
    let paths = [
        "secrets/dev.env",
        "secrets/dev.yaml",
        "secrets/dev/app.json",
        "secrets/dev/app.toml",
        "secrets/dev/app.properties",
        "secrets/dev/tls.pem",
    ];
    let all = |command: &str, names: &[&str]| -> Value {
        let one =
            |name: &&str| ((*name).to_owned(), repo.tenure(&[command, name]).done().stdout.into());
        Value::Object(names.iter().map(one).collect())
    };
    let (values, files) = (all("get", &addresses), all("open", &paths));
    let mut anas = values.clone();
    anas["prod/STRIPE_KEY"] = "sk_test_1".into();
    json!({
        "root": root,
        "readers": [
            { "key": "ana.ssh", "values": anas, "files": files, "refused": [] },
            { "key": "ci.age", "values": values, "files": files, "refused": ["prod/STRIPE_KEY"] },
        ],
        "keyrings": keyrings(repo),
    })
}

fn keyrings(repo: &Repo) -> Vec<Value> {
    let age = stock("age").expect("the vectors are made with age at hand");
    let keygen = stock("age-keygen").expect("the vectors are made with age at hand");
    let read = |file: PathBuf| {
        let key = repo.home().join(".ssh/id_ed25519");
        let opened = repo.command(&age).args(&["-d", "-i"]).arg(key).arg(&file).run().done();
        let recipients = repo.command(&keygen).arg("-y").feed(opened.stdout).done().stdout;
        let recipients: Vec<_> = recipients.lines().map(str::to_owned).collect();
        let ids: Vec<_> = recipients
            .iter()
            .map(|text| GenerationId::of(&recipient_bytes(text).unwrap()).to_string())
            .collect();
        let path = file.strip_prefix(repo.path()).unwrap().to_str().unwrap();
        json!({ "file": path, "key": "ana.ssh", "generations": ids, "recipients": recipients })
    };
    below(&repo.path().join(".secrets/keys")).into_iter().map(read).collect()
}

fn entries(repo: &Repo) {
    let to = folder().join("entries");
    fs::create_dir_all(&to).unwrap();
    let (mut good, mut sample) = (Vec::new(), String::new());
    for file in below(&repo.path().join(".secrets/log")) {
        let bytes = fs::read(&file).unwrap();
        let entry = SignedEntry::parse(&bytes).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        fs::write(to.join(name), &bytes).unwrap();
        good.push(
            json!({ "file": name, "id": entry.id.to_string(), "by": entry.entry.by.as_str() }),
        );
        if entry.entry.files().len() == 1 {
            sample = String::from_utf8(bytes).unwrap();
        }
    }
    for (name, kind) in kinds() {
        let bytes = signed(repo, kind);
        let entry = SignedEntry::parse(&bytes).unwrap();
        let name = format!("{name}.entry");
        fs::write(to.join(&name), &bytes).unwrap();
        good.push(
            json!({ "file": name, "id": entry.id.to_string(), "by": entry.entry.by.as_str() }),
        );
    }
    let at = sample.find("-----BEGIN").unwrap();
    let (payload, armor) = sample.split_at(at);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("version-2", sample.replacen("v = 1", "v = 2", 1).into()),
        ("checkpoint", sample.replacen("\"seal\"", "\"checkpoint\"", 1).into()),
        ("unknown-kind", sample.replacen("\"seal\"", "\"steal\"", 1).into()),
        ("unknown-field", sample.replacen("by = ", "for = \"ben\"\nby = ", 1).into()),
        (
            "field-twice",
            sample.replacen("by = \"ana\"\n", "by = \"ana\"\nby = \"ana\"\n", 1).into(),
        ),
        ("field-missing", sample.replacen("by = \"ana\"\n", "", 1).into()),
        ("comment", sample.replacen("v = 1\n", "v = 1\n# no\n", 1).into()),
        ("other-quotes", sample.replacen("\"seal\"", "'seal'", 1).into()),
        ("line-endings", sample.replace('\n', "\r\n").into()),
        ("not-utf-8", [payload.as_bytes(), b"\xff\n", armor.as_bytes()].concat()),
        ("no-signature", payload.into()),
        ("two-signatures", format!("{sample}{armor}").into()),
        ("text-after-signature", format!("{sample}x\n").into()),
        ("signature-cut", sample[..sample.len() - 40].into()),
        ("empty", Vec::new()),
        ("junk", b"junk\n".to_vec()),
    ];
    let mut bad = Vec::new();
    for (name, bytes) in cases {
        let why = SignedEntry::parse(&bytes).map(|_| ()).unwrap_err();
        let file = format!("bad-{name}.entry");
        fs::write(to.join(&file), bytes).unwrap();
        bad.push(json!({ "file": file, "error": variant(&why) }));
    }
    write("entries.json", &json!({ "good": good, "bad": bad }));
}

/// What no command writes yet, for the grammar alone.
fn kinds() -> [(&'static str, Kind); 2] {
    let file = "prod/secrets/prod.env";
    let id = EntryId::of(b"an earlier entry");
    let item = |op: Op, key: &str| Item {
        op,
        key: key.parse().unwrap(),
        of: (op != Op::New).then(|| Origin {
            entry: id,
            address: format!("{file}#{}", if op == Op::Move { "OLD" } else { key })
                .parse()
                .unwrap(),
        }),
        generation: (op != Op::Delete).then_some(GenerationId([5; 16])),
        kind: (op != Op::Delete).then(|| "api-key".parse().unwrap()),
        due: (op != Op::Delete).then(|| date(2026, 3, 1)),
        hash: (op != Op::Delete).then(|| Sha256::of(key.as_bytes())),
    };
    let items = Op::ALL.into_iter().zip(["A", "\"b.c\"", "D", "E#2", "@2.F", "G"]);
    let items = items.map(|(op, key)| item(op, key)).collect();
    let files = vec![FileChange {
        env: "prod".parse().unwrap(),
        path: "secrets/prod.env".parse().unwrap(),
        items,
    }];
    [
        ("note-approve", Kind::Note(Note::Approve { target: id })),
        ("every-op", Kind::Seal { files, keyrings: Vec::new() }),
    ]
}

pub(super) fn signed(repo: &Repo, kind: Kind) -> Vec<u8> {
    let id = EntryId::of(b"an earlier entry");
    let mut entry = Entry {
        kind,
        root: Some(id),
        parents: vec![id],
        policy: Some(id),
        time: "2026-01-01T00:00:00Z".parse().unwrap(),
        by: "ana".parse().unwrap(),
        reason: Some("grammar \"alone\"".to_owned()),
    };
    entry.sort();
    let payload = entry.render().unwrap();
    let key = fs::read(repo.home().join(".ssh/id_ed25519")).unwrap();
    let key = ssh_key::PrivateKey::from_openssh(key).unwrap();
    join(&payload, &sign_ed25519(payload.as_bytes(), &key).unwrap())
}
