//! Makes the frozen files of what is refused, once: `cargo test -- --ignored make_what_is_refused`.

use std::collections::BTreeMap;
use std::fs;

use base64::Engine as _;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use ed25519_dalek::Signer as _;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Digest as _;
use ssh_key::PublicKey;
use ssh_key::public::{Ed25519PublicKey, KeyData, SkEd25519};
use tenure::log::entry::{Entry, Kind, Op};
use tenure::log::name::file_path;
use tenure::log::parse::SignedEntry;
use tenure::log::render::join;
use tenure::names::EntryId;
use tenure::policy::Policy;

use super::refused::{changed, decoded};
use super::{array, folder, json as read, text, unhex, variant};
use crate::attacks::{Estate, Pen};

const API_KEY: &str = "prod/secrets/prod.env#API_KEY";
const DB_URL: &str = "prod/secrets/prod.env#DB_URL";
const ENV: &str = "secrets/prod.env";
const POLICY: &str = ".secrets-policy.toml";

/// A name, the word and the exit code of `check`, and how the base is changed.
type Case = (&'static str, &'static str, i32, fn(&Estate));

fn write(file: &str, value: &Value) {
    let text = serde_json::to_string_pretty(value).unwrap();
    fs::write(folder().join("refused").join(file), text + "\n").unwrap();
}

#[test]
#[ignore = "makes the frozen files; they are never made again"]
fn make_what_is_refused() {
    assert!(!folder().join("refused").exists(), "frozen files are never made again");
    fs::create_dir(folder().join("refused")).unwrap();
    repositories();
    entries();
    tokens();
    names();
}

fn files(estate: &Estate) -> BTreeMap<String, String> {
    let listed = estate.list(".").into_iter();
    let kept = listed.filter(|path| !path.starts_with(".git/"));
    kept.map(|path| (path.clone(), estate.read(&path))).collect()
}

fn repositories() {
    let base = Estate::new();
    let before = files(&base);
    for (path, text) in &before {
        let to = folder().join("refused/base").join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, text).unwrap();
    }
    let root = base.root();
    let one = |(name, word, exit, change): &Case| {
        let estate = Estate::new();
        change(&estate);
        let after = files(&estate);
        let remove: Vec<_> = before.keys().filter(|path| !after.contains_key(*path)).collect();
        let write: BTreeMap<_, _> =
            after.iter().filter(|(path, text)| before.get(*path) != Some(text)).collect();
        let case =
            json!({ "name": name, "word": word, "exit": exit, "remove": remove, "write": write });
        let checked = changed(&case).tenure(&["--root", &root, "--json", "check"]);
        assert_eq!(checked.code, *exit, "{name}: {checked}");
        assert!(checked.stdout.contains(&format!("\"{word}\"")), "{name}: {checked}");
        case
    };
    let cases: Vec<_> = CASES.iter().map(one).collect();
    let signers = base.by("ana", "log signers").run().done().stdout;
    write("repositories.json", &json!({ "root": root, "signers": signers, "cases": cases }));
}

const CASES: [Case; 30] = [
    ("a field that is not known", "bad-entry", 5, |e| resigned(e, "by =", "bye = \"x\"\nby =")),
    ("a field twice", "bad-entry", 5, |e| {
        resigned(e, "by = \"ben\"\n", "by = \"ben\"\nby = \"ben\"\n");
    }),
    ("a file that is no entry", "bad-entry", 5, |e| e.write(".secrets/log/2026-01/junk", "x\n")),
    ("an entry of version 2", "update-tenure", 3, |e| {
        by(e, "ben", &Pen::of("ben"));
        resigned(e, "v = 1\n", "v = 2\n");
    }),
    ("a byte changed", "altered-entry", 5, |e| {
        e.edit(&newest(e), |text| text.replacen("by = \"ben\"", "by = \"bem\"", 1));
    }),
    ("an entry under another name", "altered-entry", 5, |e| {
        let path = newest(e);
        let (stem, id) = path.split_at(path.rfind('-').unwrap() + 1);
        let other = format!("{stem}0000{}", &id[4..]);
        e.write(&other, e.read(&path));
        e.remove(&path);
    }),
    ("signed by another member", "bad-signature", 5, |e| by(e, "ben", &Pen::of("cleo"))),
    ("signed for git", "bad-signature", 5, |e| {
        by(e, "ben", &Pen { key: "ben", namespace: "git", hash: "sha512" });
    }),
    ("signed over SHA-256", "bad-signature", 5, |e| {
        by(e, "ben", &Pen { key: "ben", namespace: "log@tenure", hash: "sha256" });
    }),
    ("a security key that nobody touched", "refused-key", 5, |e| touched(e, 0)),
    ("a parent is gone", "missing-entry", 5, |e| {
        let head = e.log().into_iter().find(|signed| signed.id == e.head()).unwrap();
        e.remove(&e.path_of(head.entry.parents[0]));
    }),
    ("an entry of another log", "other-root", 5, |e| {
        let other = Estate::with_policy(str::to_owned);
        let path = other.path_of(other.head());
        e.write(&path, other.read(&path));
    }),
    ("a policy signed by no admin", "policy-unauthorised", 5, |e| {
        e.sign_policy(&next(e, "threshold = 1", "threshold = 1 # more"), "cleo", &Pen::of("cleo"));
    }),
    ("a policy that nobody signed", "policy-altered", 5, |e| {
        e.edit(POLICY, |text| text.replace("rotate-every = \"90d\"", "rotate-every = \"900d\""));
    }),
    ("a policy's kept bytes are gone", "policy-altered", 5, |e| {
        e.remove(&e.list(".secrets/policies")[0]);
    }),
    ("a policy with a field that is not known", "policy-invalid", 3, |e| {
        e.edit(POLICY, |text| text.replacen("version = 1", "version = 1\nverison = 1", 1));
    }),
    ("two policies follow one", "policy-fork", 5, fork),
    ("an item of an environment that they may not write", "not-allowed", 5, |e| {
        by(e, "cleo", &Pen::of("cleo"));
    }),
    ("signed on the parents of before, by one who left", "removed-key", 5, |e| {
        let old = e.head();
        e.sign_policy(&without_ben(e), "ana", &Pen::of("ana"));
        let mut entry = again(e, "ben");
        (entry.parents, entry.policy) = (vec![old], Some(e.root().parse().unwrap()));
        e.sign(entry, &Pen::of("ben"));
    }),
    ("the writer left, and nobody vouched", "writer-gone", 5, |e| {
        e.sign_policy(&without_ben(e), "ana", &Pen::of("ana"));
    }),
    ("an hour before its parents", "bad-time", 5, |e| timed(e, -60)),
    ("an hour after now", "bad-time", 5, |e| timed(e, 60)),
    ("a deadline later than the type allows", "bad-due", 5, |e| {
        let mut kind = e.attesting(Op::New, &[DB_URL]);
        let Kind::Seal { files, .. } = &mut kind else { unreachable!() };
        let due = &mut files[0].items[0].due;
        *due = due.map(|due| due.tomorrow().unwrap());
        e.sign(e.draft("ben", kind), &Pen::of("ben"));
    }),
    ("a new value of a generation that is not current", "old-generation", 5, |e| {
        e.wrap(&Policy::parse(&e.read(POLICY)).unwrap());
        e.sign(e.draft("ben", e.attesting(Op::New, &[API_KEY])), &Pen::of("ben"));
    }),
    ("two entries for one value", "concurrent", 5, |e| {
        let (one, before) = (e.attesting(Op::New, &[API_KEY]), e.read(ENV));
        let one = Entry { reason: Some("one".to_owned()), ..e.draft("ben", one) };
        e.set("ben", "prod/API_KEY", "hunter2-other");
        assert_ne!(e.read(ENV), before);
        e.sign(one, &Pen::of("ben"));
    }),
    ("two tokens exchanged", "altered", 5, |e| {
        e.edit(ENV, |text| {
            let tokens: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).collect();
            let [(a, one), (b, two)] = tokens[..] else { unreachable!() };
            format!("{a}={two}\n{b}={one}\n")
        });
    }),
    ("a keyring changed", "altered", 5, |e| {
        let path = e.list(".secrets/keys/prod").remove(0);
        e.edit(&path, |text| text.replacen("\n-----END", "\n\n-----END", 1));
    }),
    ("a value in clear that is new", "unattested", 5, |e| {
        e.edit(ENV, |text| format!("{text}{}", text.replace("DB_URL", "DB_URI")));
    }),
    ("a value is gone", "missing", 5, |e| {
        e.edit(ENV, |text| text.lines().take(1).map(|line| format!("{line}\n")).collect());
    }),
    ("readers changed, and no keyring since", "stale-readers", 1, |e| {
        let readers = "readers = [\"admin\", \"deploy\"]";
        e.sign_policy(&next(e, readers, "readers = [\"admin\"]"), "ana", &Pen::of("ana"));
    }),
];

fn newest(estate: &Estate) -> String {
    estate.path_of(estate.head())
}

/// An entry that attests again what stands: allowed for admins.
fn again(estate: &Estate, by: &str) -> Entry {
    estate.draft(by, estate.attesting(Op::Adopt, &[API_KEY]))
}

fn by(estate: &Estate, who: &str, pen: &Pen<'_>) {
    estate.sign(again(estate, who), pen);
}

fn timed(estate: &Estate, minutes: i64) {
    let mut entry = again(estate, "ben");
    entry.time += SignedDuration::from_mins(minutes);
    estate.sign(entry, &Pen::of("ben"));
}

/// Replaces the newest entry by one with another payload, signed as it should be.
fn resigned(estate: &Estate, find: &str, put: &str) {
    let path = newest(estate);
    let text = estate.read(&path);
    let payload = text[..text.find("-----BEGIN").unwrap()].replacen(find, put, 1);
    let signature = estate.signature(payload.as_bytes(), &Pen::of("ben"));
    let id = EntryId::of(payload.as_bytes()).short16();
    estate.remove(&path);
    let stem = &path[..=path.rfind('-').unwrap()];
    estate.write(&format!("{stem}{id}.entry"), join(&payload, &signature));
}

fn next(estate: &Estate, from: &str, to: &str) -> String {
    let text = estate.read(POLICY).replacen("\"1-00000001\"", "\"2-00000002\"", 1);
    assert!(text.contains(from));
    text.replacen(from, to, 1)
}

fn without_ben(estate: &Estate) -> String {
    let text = next(estate, "\"ana\", \"ben\"", "\"ana\"");
    let from = text.find("[members.ben]").unwrap();
    let to = from + text[from..].find("\n\n").unwrap() + 2;
    format!("{}{}", &text[..from], &text[to..])
}

fn fork(estate: &Estate) {
    let head = estate.head();
    let [one, two] = ["ana's", "ben's"]
        .map(|whose| next(estate, "threshold = 1", &format!("threshold = 1 # {whose}")));
    estate.sign_policy(&one, "ana", &Pen::of("ana"));
    let step = tenure::log::entry::PolicyStep {
        seq: 2,
        prev: Some(estate.root().parse().unwrap()),
        hash: estate.put_policy(&two),
    };
    let mut entry = estate.draft("ben", Kind::Policy(step));
    (entry.policy, entry.parents) = (Some(estate.root().parse().unwrap()), vec![head]);
    estate.sign(entry, &Pen::of("ben"));
    estate.write(POLICY, &one);
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// Gives ben a security key in the next policy, and signs with it; the flags say whether it was touched.
fn touched(estate: &Estate, flags: u8) {
    let key = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let point = Ed25519PublicKey(key.verifying_key().to_bytes());
    let public = PublicKey::from(KeyData::SkEd25519(SkEd25519::new(point, "ssh:")));
    let line = public.to_openssh().unwrap();
    let old = format!("signing-keys = [\"{}\"]", estate.public("ben"));
    let new = old.replace(']', &format!(", \"{}\"]", line.trim()));
    estate.sign_policy(&next(estate, &old, &new), "ana", &Pen::of("ana"));
    let mut entry = again(estate, "ben");
    entry.sort();
    let payload = entry.render().unwrap();
    let digest = sha2::Sha512::digest(payload.as_bytes());
    let head = [&b"SSHSIG"[..], &string(b"log@tenure"), &string(b""), &string(b"sha512")].concat();
    let data = [head, string(&digest)].concat();
    let trailer = [flags, 0, 0, 0, 7];
    let data =
        [&sha2::Sha256::digest("ssh:")[..], &trailer, &sha2::Sha256::digest(data)[..]].concat();
    let inner = [
        string(b"sk-ssh-ed25519@openssh.com"),
        string(&key.sign(&data).to_bytes()),
        trailer.to_vec(),
    ]
    .concat();
    let blob = [
        b"SSHSIG\0\0\0\x01".to_vec(),
        string(&public.to_bytes().unwrap()),
        string(b"log@tenure"),
        string(b""),
        string(b"sha512"),
        string(&inner),
    ]
    .concat();
    let base64 = base64::engine::general_purpose::STANDARD.encode(blob);
    let lines: Vec<_> =
        base64.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let lines = lines.join("\n");
    let armor = format!("-----BEGIN SSH SIGNATURE-----\n{lines}\n-----END SSH SIGNATURE-----\n");
    let path = file_path(&entry, &EntryId::of(payload.as_bytes()));
    estate.write(path.as_str(), join(&payload, &armor));
}

/// The rule, what of the base breaks it, and by what.
const RULES: [(&str, &str, &str); 40] = [
    ("a space at the end of a line", "v = 1\n", "v = 1 \n"),
    ("two spaces", "v = 1", "v  = 1"),
    ("an empty line", "v = 1\n", "v = 1\n\n"),
    ("a byte order mark", "v = 1", "\u{feff}v = 1"),
    ("a number with a leading zero", "v = 1", "v = 01"),
    ("a number with a sign", "v = 1", "v = +1"),
    ("no version", "v = 1\n", ""),
    ("fields in another order", "by = \"ana\"\n", "reason = \"x\"\nby = \"ana\"\n"),
    ("a field as a table", "by = \"ana\"", "by = { a = \"ana\" }"),
    ("a string over lines", "by = \"ana\"", "by = \"\"\"ana\"\"\""),
    ("an escape where none is needed", "by = \"ana\"", "by = \"\\u0061na\""),
    ("a name in capitals", "by = \"ana\"", "by = \"Ana\""),
    ("an empty name", "by = \"ana\"", "by = \"\""),
    ("a fraction of a second", "00:00:00Z", "00:00:00.5Z"),
    ("an offset for Z", "00:00:00Z", "00:00:00+00:00"),
    ("a small z", "00:00:00Z", "00:00:00z"),
    ("a space for T", "T00:00:00Z", " 00:00:00Z"),
    ("a day that is none", "2026-01-01T", "2026-02-30T"),
    ("a time before 1970", "2026-01-01T", "1969-01-01T"),
    ("an id in capitals", "root = \"", "root = \"A"),
    ("no parents", "parents = [\"", "parents = []\nold = [\""),
    ("a reason with a line break", "reason = \"", "reason = \"a\\u000a"),
    ("a reason with a space before it", "reason = \"", "reason = \" "),
    ("an empty reason", "reason = \"grammar \\\"alone\\\"\"", "reason = \"\""),
    ("an environment in capitals", "env = \"prod\"", "env = \"Prod\""),
    ("a path that leaves the repository", "path = \"secrets", "path = \"../secrets"),
    ("a path from the root of all", "path = \"secrets", "path = \"/secrets"),
    ("a path into .git", "path = \"secrets", "path = \".GIT"),
    ("items on one line", "items = [\n", "items = ["),
    ("an item with three spaces", "  { op", "   { op"),
    ("an item without a comma", " },\n", " }\n"),
    ("an op that is not known", "op = \"rekey\"", "op = \"renew\""),
    ("an op in capitals", "op = \"rekey\"", "op = \"Rekey\""),
    ("new that carries something on", "op = \"rekey\"", "op = \"new\""),
    ("rekey that carries nothing on", "op = \"new\"", "op = \"rekey\""),
    ("a generation in capitals", "gen = \"05", "gen = \"0A"),
    ("a hash of another kind", "hash = \"sha256:", "hash = \"sha512:"),
    ("a day as a string", "due = 2026-03-01", "due = \"2026-03-01\""),
    ("a day with a time", "due = 2026-03-01", "due = 2026-03-01T00:00:00Z"),
    ("a key inside a list", "key = \"A\"", "key = \"A[0]\""),
];

fn entries() {
    let base = "every-op.entry";
    let text = fs::read_to_string(folder().join("entries").join(base)).unwrap();
    let one = |(rule, find, put): &(&str, &str, &str)| {
        let changed = text.replacen(find, put, 1);
        assert_ne!(changed, text, "{rule}");
        let why = SignedEntry::parse(changed.as_bytes()).map(|_| ()).expect_err(rule);
        json!({ "rule": rule, "find": find, "put": put, "error": variant(&why) })
    };
    let rules: Vec<_> = RULES.iter().map(one).collect();
    write("entries.json", &json!({ "base": base, "rules": rules }));
}

/// Seals any plaintext, with any associated data, under the key and the nonce of one token.
fn sealing(good: &Value) -> impl Fn(&[u8], &[u8]) -> String {
    let id = decoded(text(good, "token"))[..16].to_vec();
    let mut key = [0; 32];
    let info = [&b"tenure/v1/value"[..], &unhex(text(good, "recipient"))].concat();
    hkdf::Hkdf::<sha2::Sha256>::new(None, &array(text(good, "secret")))
        .expand(&info, &mut key)
        .unwrap();
    let cipher = XChaCha20Poly1305::new((&key).into());
    move |plain: &[u8], aad: &[u8]| {
        let sealed = cipher.encrypt(&[6; 24].into(), Payload { msg: plain, aad }).unwrap();
        let bytes = [&id[..], &[6; 24], &sealed].concat();
        let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        format!("sealed.v1.{base64}")
    }
}

/// Tokens that a key's owner made, but not as the format says; and tokens that others changed.
fn tokens() {
    let good = read("tokens.json")["good"][0].clone();
    let part = |text: &str| {
        [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat()
    };
    let data = |parts: [&str; 5]| parts.map(part).concat();
    let (repository, env) = (text(&good, "repository"), text(&good, "environment"));
    let right = data(["1", repository, env, "value", text(&good, "path")]);
    let made = sealing(&good);
    let plain = |length: u32, size: usize| {
        let mut plain = [&length.to_le_bytes()[..], b"postgres://x"].concat();
        plain.resize(size, 0);
        plain
    };
    let mut dirty = plain(12, 32);
    dirty[31] = 1;
    let token = text(&good, "token");
    assert_eq!(decoded(&made(&plain(12, 32), &right)).len(), decoded(token).len());
    let swapped = format!("{}-{}", &token[..20], &token[21..]);
    let cases = [
        ("a longer padding than the shortest", made(&plain(12, 64), &right)),
        ("no padding", made(&plain(12, 16), &right)),
        ("a byte of padding that is no zero", made(&dirty, &right)),
        ("a length beyond its bytes", made(&plain(29, 32), &right)),
        ("a length that overflows", made(&plain(u32::MAX, 32), &right)),
        ("nothing", made(&[], &right)),
        (
            "associated data of version 2",
            made(&plain(12, 32), &data(["2", repository, env, "value", "DB_URL"])),
        ),
        (
            "associated data without lengths",
            made(&plain(12, 32), format!("1{repository}{env}valueDB_URL").as_bytes()),
        ),
        ("no associated data", made(&plain(12, 32), b"")),
        ("another generation's id", swapped),
        ("a standard Base64 alphabet", token.replacen(['-', '_'], "+", 1)),
        ("a line break", format!("{token}\n")),
        ("a space before it", format!(" {token}")),
        ("another case", token.replacen("sealed", "Sealed", 1)),
        ("another word", token.replacen("sealed.v1.", "dropped.v1.", 1)),
        ("cut in the id", token[..20].to_owned()),
        ("cut in the tag", token[..token.len() - 8].to_owned()),
    ];
    let mut bad = Vec::new();
    for (name, token) in cases {
        let mut vector = good.clone();
        assert_ne!(vector["token"], token.as_str(), "{name}");
        vector["name"] = name.into();
        vector["token"] = token.into();
        vector["error"] = variant(&super::open(&vector).map(|_| ()).expect_err(name)).into();
        bad.push(vector);
    }
    write("tokens.json", &json!({ "good": good, "bad": bad }));
}

fn names() {
    write(
        "names.json",
        &json!({
            "address": [
                "", "prod", "prod/", "prod/x", "prod/x#", "prod/#a", "/x#a", "Prod/x#a", "prod/x#a[0]", "prod/x#[0]",
                "prod//x#a", "prod/../x#a", "prod/.git/x#a", "prod/x/#a", "prod/x#a.", "prod/x#a b", "prod/x#a#1",
                "prod/x#@1.a", "prod/x\\y#a", "prod/x#\"a\"", "prod/x\u{7f}#a",
            ],
            "query": ["", "prod", "DB_URL", "Prod/DB_URL", "/DB_URL"],
            "key-path": [
                "", ".", "a.", ".a", "a..b", "a b", "a[", "a[]x", "a[01]", "a[-1]", "a[4294967296]", "[0]", "[]", "@",
                "@0", "@01", "@1.a", "@1a", "a#", "a#0", "a#1", "a#02", "\"a\"", "\"a", "\"\\u0061\"", "\"\\/\"", "a*",
                "**", "ä", "a\n",
            ],
            "path": [
                "", "/", "/a", "a/", "a//b", ".", "..", "a/.", "a/../b", ".git", ".GIT/config", "a/.Git/b", "a\\b",
                "a#b", "a\"b", "a\nb", "a\u{0}b", "a\u{9b}b",
            ],
            "environment": ["", "Prod", "-prod", "_prod", "prod/x", "prod.x", "prod x", "pröd"],
            "entry": [
                ".secrets/log/2026-11/20261121T192000Z-0707070707070707.entry~",
                ".secrets/log/2026-11/20261121T192000Z-0707070707070707.ENTRY",
                ".secrets/log/2026-10/20261121T192000Z-0707070707070707.entry",
                ".secrets/log/2026-11/20261131T192000Z-0707070707070707.entry",
                ".secrets/log/2026-11/20261121T246000Z-0707070707070707.entry",
                ".secrets/log/2026-11/20261121T192000Z-070707070707070.entry",
                ".secrets/log/2026-11/20261121T192000Z-070707070707070A.entry",
                ".secrets/log/x/2026-11/20261121T192000Z-0707070707070707.entry",
                ".secrets/log/20261121T192000Z-0707070707070707.entry",
            ],
        }),
    );
}
