//! The text of an entry, read strictly: a line at a time, in the one layout that [`super::render`]
//! prints. That is simpler than TOML in general, faster, and leaves nothing to hide in.

use std::borrow::Cow;

use super::entry::{
    Entry, FileChange, Item, KeyringRecord, Kind, Note, Op, Origin, PolicyStep, VERSION,
};
use super::held::Held;
use super::lines::{Fields, Lines, name};
use super::signature::Signature;
use super::{EntryError, MARKER, MAX_BYTES, render};
use crate::names::EntryId;

/// An entry whose text is in order. Who signed it, and whether they may, is still open.
#[derive(Debug, Clone)]
pub struct SignedEntry {
    /// The hash of the payload.
    pub id: EntryId,
    /// What it says.
    pub entry: Entry,
    /// The bytes that were hashed and parsed, and over which the signature goes; none where it is known
    /// to hold over them.
    pub payload: Option<Vec<u8>>,
    /// Parsed, not verified.
    pub signature: Signature,
}

impl SignedEntry {
    /// Reads the whole of a file.
    ///
    /// # Errors
    /// [`EntryError::LineEndings`] where git has changed the file on its way;
    /// [`EntryError::Version`] and [`EntryError::Checkpoint`] for what a newer program reads,
    /// whatever else is in it; any other for a file that is no entry.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        Self::parse_knowing(&Held::default(), bytes)
    }

    /// As [`SignedEntry::parse`], and leaves out what was done before for an entry that is among `held`.
    ///
    /// # Errors
    /// As [`SignedEntry::parse`].
    pub fn parse_knowing(held: &Held, bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_BYTES {
            return Err(EntryError::TooLarge);
        }
        if bytes.contains(&b'\r') {
            let before = bytes.split(|b| *b == b'\r').next().unwrap_or_default();
            return Err(EntryError::LineEndings { line: line_of(bytes, before.len()) });
        }
        check_version(bytes)?;
        let text = std::str::from_utf8(bytes)
            .map_err(|e| EntryError::NotText { line: line_of(bytes, e.valid_up_to()) })?;
        let (payload, armor) = split(text)?;
        let id = EntryId::of(payload.as_bytes());
        // An entry's own faults are told before those of its signature.
        let signature = Signature::from_armor(armor).map_err(|why| EntryError::Signature { why });
        match signature {
            Ok(signature) if held.has(&id, &signature) => {
                Ok(Self { id, entry: Entry::parse_lines(payload)?, payload: None, signature })
            }
            signature => {
                let entry = Entry::parse(payload)?;
                let payload = Some(payload.as_bytes().to_vec());
                Ok(Self { id, entry, payload, signature: signature? })
            }
        }
    }
}

impl Entry {
    /// Reads a payload without a signature. Takes exactly what [`Entry::render`] can give.
    ///
    /// # Errors
    /// As [`SignedEntry::parse`].
    pub fn parse(payload: &str) -> Result<Self, EntryError> {
        let entry = Self::parse_lines(payload)?;
        let printed = render::write(&entry, payload.len())?;
        if printed != payload {
            let same = printed.bytes().zip(payload.bytes()).take_while(|(a, b)| a == b).count();
            let line = line_of(payload.as_bytes(), same);
            return Err(EntryError::Rule { line, why: "is not in the canonical layout" });
        }
        Ok(entry)
    }

    /// Reads a payload, and leaves it open whether it is laid out as it should be.
    fn parse_lines(payload: &str) -> Result<Self, EntryError> {
        check_version(payload.as_bytes())?;
        let mut lines = Lines::of(payload);
        let entry = entry(&mut lines)?;
        if !lines.are_read() {
            return Err(lines.expected("the end, or the next field"));
        }
        Ok(entry)
    }
}

pub(super) fn line_of(bytes: &[u8], at: usize) -> usize {
    1 + bytes.iter().take(at).filter(|b| **b == b'\n').count()
}

/// The first line of an entry of any version is `v = N`, so that an old program can tell.
pub(super) fn check_version(bytes: &[u8]) -> Result<(), EntryError> {
    let wanted = EntryError::Expected { line: 1, wanted: "`v = 1`" };
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let number = line.strip_prefix(b"v = ").and_then(|n| std::str::from_utf8(n).ok());
    let number = number.filter(|n| n.starts_with(|c: char| ('1'..='9').contains(&c)));
    match number.filter(|n| n.bytes().all(|b| b.is_ascii_digit())).map(str::parse) {
        Some(Ok(version)) if version == u64::from(VERSION) => Ok(()),
        Some(Ok(version)) => Err(EntryError::Version { version }),
        _ => Err(wanted),
    }
}

/// Searches from the end, and the payload with `contains`: both are quick, and the file may be large.
pub(super) fn split(text: &str) -> Result<(&str, &str), EntryError> {
    let wrong = |why| Err(EntryError::Signature { why });
    let Some(at) = text.rfind(MARKER) else { return wrong("is missing") };
    let (payload, armor) = text.split_at(at);
    if payload.contains(MARKER) {
        return wrong("stands there more than once");
    }
    if !payload.ends_with('\n') {
        return wrong("does not begin a line");
    }
    Ok((payload, armor))
}

fn entry(lines: &mut Lines<'_>) -> Result<Entry, EntryError> {
    lines.field("v", "`v`")?;
    let word = lines.field("kind", "`kind`")?;
    let read_kind = match &*word.string()? {
        "init" => init,
        "policy" => policy,
        "seal" => seal,
        "note" => note,
        "checkpoint" => return Err(EntryError::Checkpoint),
        _ => return Err(word.expected("a kind: init, policy, seal or note")),
    };
    let (mut root, mut parents, mut policy) = (None, Vec::new(), None);
    if word.string()? != "init" {
        root = Some(lines.field("root", "`root`")?.name()?);
        parents = lines.field("parents", "`parents`")?.list()?;
        policy = Some(lines.field("policy", "`policy`")?.name()?);
    }
    let time = lines.field("time", "`time`")?.time()?;
    let by = lines.field("by", "`by`")?.name()?;
    let reason = lines.optional("reason").map(|r| r.string().map(Cow::into_owned)).transpose()?;
    Ok(Entry { kind: read_kind(lines)?, root, parents, policy, time, by, reason })
}

fn init(lines: &mut Lines<'_>) -> Result<Kind, EntryError> {
    let seq = lines.field("seq", "`seq`")?.number()?;
    let hash = lines.field("policy-hash", "`policy-hash`")?.name()?;
    Ok(Kind::Init(PolicyStep { seq, prev: None, hash }))
}

fn policy(lines: &mut Lines<'_>) -> Result<Kind, EntryError> {
    let seq = lines.field("seq", "`seq`")?.number()?;
    let prev = Some(lines.field("prev", "`prev`")?.name()?);
    let hash = lines.field("policy-hash", "`policy-hash`")?.name()?;
    Ok(Kind::Policy(PolicyStep { seq, prev, hash }))
}

fn note(lines: &mut Lines<'_>) -> Result<Kind, EntryError> {
    Note::read(lines).map(Kind::Note)
}

fn seal(lines: &mut Lines<'_>) -> Result<Kind, EntryError> {
    let mut files = Vec::new();
    while lines.table("[[file]]")? {
        files.push(file(lines, files.last())?);
    }
    let mut keyrings = Vec::new();
    while lines.table("[[keyring]]")? {
        keyrings.push(keyring(lines)?);
    }
    Ok(Kind::Seal { files, keyrings })
}

fn file(lines: &mut Lines<'_>, before: Option<&FileChange>) -> Result<FileChange, EntryError> {
    let mut env = lines.field("env", "`env`")?.name()?;
    // The files of one environment share its name, so that to compare them is to compare their paths.
    if let Some(before) = before.filter(|before| before.env == env) {
        env = before.env.clone();
    }
    let path = lines.field("path", "`path`")?.name()?;
    lines.exactly("items = [", "`items = [`")?;
    let mut items = Vec::new();
    loop {
        let line = lines.line();
        let text = lines.take();
        if text == "]" {
            break;
        }
        let text = text.strip_prefix("  { ").and_then(|text| text.strip_suffix(" },"));
        let text = text.ok_or(EntryError::Expected { line, wanted: "an item, or `]`" })?;
        items.push(item(text, line)?);
    }
    // Most files have few items, and a log has many files.
    items.shrink_to_fit();
    Ok(FileChange { env, path, items })
}

fn keyring(lines: &mut Lines<'_>) -> Result<KeyringRecord, EntryError> {
    Ok(KeyringRecord {
        env: lines.field("env", "`env`")?.name()?,
        generation: lines.field("gen", "`gen`")?.name()?,
        recipient: lines.field("recipient", "`recipient`")?.string()?.into_owned(),
        earlier: lines.field("earlier", "`earlier`")?.list()?,
        hash: lines.field("hash", "`hash`")?.name()?,
    })
}

fn item(text: &str, line: usize) -> Result<Item, EntryError> {
    let mut fields = Fields::of(text, line);
    let missing = |wanted| EntryError::Expected { line, wanted };
    let word = fields.string("op")?.ok_or_else(|| missing("an item that begins with `op`"))?;
    let op = Op::ALL.into_iter().find(|op| op.word() == word);
    let item = Item {
        op: op.ok_or_else(|| missing("an item with an `op` that is known"))?,
        key: fields.name("key")?.ok_or_else(|| missing("an item with `key` after `op`"))?,
        of: fields.string("of")?.map(|text| origin(&text, line)).transpose()?,
        generation: fields.name("gen")?,
        kind: fields.name("type")?,
        due: fields.due()?,
        hash: fields.name("hash")?,
    };
    if !fields.are_read() {
        return Err(missing("an item with known fields, each once and in order"));
    }
    Ok(item)
}

fn origin(text: &str, line: usize) -> Result<Origin, EntryError> {
    if !text.contains(':') {
        let wanted = "an item with `<entry>:<address>` as `of`";
        return Err(EntryError::Expected { line, wanted });
    }
    name(text, line)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::log::render::join;
    use crate::names::{
        Address, EnvName, GenerationId, KeyPath, RepoPath, Segment, Sha256, Shared,
    };

    /// By a key made for tests only; it does not belong to the payloads here.
    const ARMOR: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgxc4tNIt8i7jvIzoqzqqZdPLMVc
teFe7PKKZORO9j5REAAAAKbG9nQHRlbnVyZQAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gt
ZWQyNTUxOQAAAEC0IpQ47zlWqLohbrFliGD1sCDemmJyaFhGNZFWtYkm5Aeibb+wVkrNvD
EQZhHdyM7M2dGpeTH5Zq7jEF+hg/EM
-----END SSH SIGNATURE-----
";

    const SEAL: &str = r#"v = 1
kind = "seal"
root = "1111111111111111111111111111111111111111111111111111111111111111"
parents = ["2222222222222222222222222222222222222222222222222222222222222222", "3333333333333333333333333333333333333333333333333333333333333333"]
policy = "1111111111111111111111111111111111111111111111111111111111111111"
time = "2026-11-21T19:20:00Z"
by = "ana"
reason = "she said \"now\""

[[file]]
env = "prod"
path = "secrets/prod.env"
items = [
  { op = "delete", key = "\"a.b\".c", of = "4444444444444444444444444444444444444444444444444444444444444444:prod/secrets/prod.env#\"a.b\".c" },
  { op = "rekey", key = "DB_URL", of = "4444444444444444444444444444444444444444444444444444444444444444:prod/secrets/prod.env#DB_URL", gen = "55555555555555555555555555555555", type = "db-credential", due = 2026-12-24, hash = "sha256:6666666666666666666666666666666666666666666666666666666666666666" },
  { op = "new", key = "STRIPE_KEY", hash = "sha256:7777777777777777777777777777777777777777777777777777777777777777" },
]

[[keyring]]
env = "prod"
gen = "82dab32a9aedffb4925a762f879f6fdd"
recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
earlier = ["55555555555555555555555555555555"]
hash = "sha256:8888888888888888888888888888888888888888888888888888888888888888"
"#;

    const INIT: &str = r#"v = 1
kind = "init"
time = "2026-11-21T19:20:00Z"
by = "ana"
seq = 1
policy-hash = "sha256:7777777777777777777777777777777777777777777777777777777777777777"
"#;

    const POLICY: &str = r#"v = 1
kind = "policy"
root = "1111111111111111111111111111111111111111111111111111111111111111"
parents = ["2222222222222222222222222222222222222222222222222222222222222222"]
policy = "1111111111111111111111111111111111111111111111111111111111111111"
time = "2026-11-21T19:20:00Z"
by = "ana"
seq = 2
prev = "1111111111111111111111111111111111111111111111111111111111111111"
policy-hash = "sha256:7777777777777777777777777777777777777777777777777777777777777777"
"#;

    const NOTE: &str = r#"v = 1
kind = "note"
root = "1111111111111111111111111111111111111111111111111111111111111111"
parents = ["2222222222222222222222222222222222222222222222222222222222222222"]
policy = "1111111111111111111111111111111111111111111111111111111111111111"
time = "2026-11-21T19:20:00Z"
by = "ben"
note = "approve"
target = "2222222222222222222222222222222222222222222222222222222222222222"
"#;

    fn file(payload: &str) -> Result<SignedEntry, EntryError> {
        SignedEntry::parse(format!("{payload}{ARMOR}").as_bytes())
    }

    #[test]
    fn each_kind_is_read_and_is_toml() {
        for payload in [SEAL, INIT, POLICY, NOTE] {
            let signed = file(payload).unwrap();
            assert_eq!(signed.entry.render().unwrap(), payload);
            assert_eq!(signed.id, EntryId::of(payload.as_bytes()));
            assert_eq!(signed.payload.unwrap(), payload.as_bytes());
            payload.parse::<toml::Table>().unwrap();
        }
    }

    #[test]
    fn toml_says_what_the_entry_says() {
        let table: toml::Table = SEAL.parse().unwrap();
        let entry = Entry::parse(SEAL).unwrap();
        assert_eq!(table["reason"].as_str(), entry.reason.as_deref());
        let items = table["file"][0]["items"].as_array().unwrap();
        assert_eq!(items[0]["key"].as_str(), Some("\"a.b\".c"));
        assert_eq!(entry.files()[0].items[0].key.to_string(), "\"a.b\".c");
        assert_eq!(items[1]["due"].as_datetime().unwrap().to_string(), "2026-12-24");
        assert_eq!(entry.files()[0].items[1].due, Some(date(2026, 12, 24)));
    }

    /// A piece of `SEAL`, and what must not stand in its place.
    const FAULTS: &[(&str, &str)] = &[
        ("v = 1\n", "v = 1 \n"),
        ("v = 1\n", "v  = 1\n"),
        ("v = 1\n", "# a comment\nv = 1\n"),
        ("v = 1\n", "v = 1\n\n"),
        ("v = 1\n", "v = 1\nv = 1\n"),
        ("v = 1\n", "v = 01\n"),
        ("v = 1\n", "v = 0x1\n"),
        ("v = 1\n", "v = +1\n"),
        ("v = 1\n", "\u{feff}v = 1\n"),
        ("\"seal\"", "'seal'"),
        ("\"seal\"", "\"steal\""),
        ("by = \"ana\"\n", ""),
        ("by = \"ana\"\n", "by = \"ana\"\nby = \"ana\"\n"),
        ("by = \"ana\"\n", "by = \"ana\"\nfor = \"ben\"\n"),
        ("by = \"ana\"\n", "by = \"ana\" # me\n"),
        ("by = \"ana\"", "by = \"\\u0061na\""),
        ("by = \"ana\"", "by = \"Ana\""),
        ("by = \"ana\"", "by = \"\"\"ana\"\"\""),
        ("19:20:00Z", "19:20:00.5Z"),
        ("19:20:00Z", "19:20:00+00:00"),
        ("19:20:00Z", "19:20:00z"),
        ("T19:20", " 19:20"),
        ("2026-11-21T", "1969-11-21T"),
        ("\\\"now\\\"", "\\u0022now\\u0022"),
        ("\\\"now\\\"", "now\" or \""),
        ("she said", "she\tsaid"),
        ("she said", "she\\tsaid"),
        ("she said", "she\\u0009said"),
        ("she said", "she\u{202e}said"),
        ("she said", "\\uD800"),
        ("2222\", \"3333", "2222\",\"3333"),
        (
            "3333333333333333333333333333333333333333333333333333333333333333",
            "2222222222222222222222222222222222222222222222222222222222222222",
        ),
        ("[\"2222", "[\"9222"),
        ("\n\n[[file]]", "\n[[file]]"),
        ("\n\n[[file]]", "\n\n\n[[file]]"),
        ("[[file]]", "[file]"),
        ("items = [\n", "items = [ \n"),
        ("items = [\n", "items = []\n"),
        ("\n]\n", "\n ]\n"),
        ("  { op", "{ op"),
        (" },\n]", " }\n]"),
        ("op = \"new\", key", "key"),
        ("op = \"new\"", "op = \"renew\""),
        ("op = \"new\", key", "op = \"new\", op = \"new\", key"),
        ("key = \"STRIPE_KEY\"", "key = \"DB_URL\""),
        ("key = \"STRIPE_KEY\"", "key = \"AA\""),
        ("key = \"STRIPE_KEY\"", "key = \"STRIPE_KEY[0]\""),
        ("key = \"STRIPE_KEY\"", "key = \"STRIPE_KEY\", secret = true"),
        ("key = \"STRIPE_KEY\"", "\"key\" = \"STRIPE_KEY\""),
        ("due = 2026-12-24", "due = \"2026-12-24\""),
        ("due = 2026-12-24", "due = 2026-02-30"),
        ("due = 2026-12-24", "due = 2026-12-24T00:00:00"),
        ("due = 2026-12-24", "due = -001-12-24"),
        ("due = 2026-12-24", "due = +026-12-24"),
        (", due = 2026-12-24", ", due = 2026-12-24, due = 2026-12-24"),
        ("\"sha256:77", "\"sha512:77"),
        ("\"sha256:77", "\"77"),
        (
            "earlier = [\"55555555555555555555555555555555",
            "earlier = [\"82dab32a9aedffb4925a762f879f6fdd",
        ),
        ("gen = \"82da", "gen = \"02da"),
        ("[[keyring]]", "[[file]]"),
    ];

    #[test]
    fn what_is_read_takes_no_more_room_than_it_needs() {
        let file = |path: &str| {
            let (_, file) = SEAL.split_once("\n[[file]]\n").unwrap();
            let (file, _) = file.split_once("\n[[keyring]]").unwrap();
            format!("\n[[file]]\n{}", file.replace("secrets/prod.env", path))
        };
        let (head, _) = SEAL.split_once("\n[[file]]\n").unwrap();
        let (one, other) = (file("secrets/prod/a.env"), file("secrets/prod/b.env"));
        let entry = Entry::parse(&format!("{head}{one}{other}")).unwrap();
        let [one, other] = entry.files() else { panic!("two files were written") };
        assert_eq!(one.env.as_str().as_ptr(), other.env.as_str().as_ptr());
        assert_eq!((one.items.len(), one.items.capacity()), (3, 3));
        assert_eq!(other.items.capacity(), 3);
    }

    #[test]
    fn any_other_layout_is_refused() {
        for (from, to) in FAULTS {
            let changed = SEAL.replacen(from, to, 1);
            assert_ne!(changed, SEAL, "{from}");
            let error = file(&changed).map(|_| ());
            let error = error.expect_err(&format!("{from} to {to}"));
            assert!(!error.needs_newer_program(), "{from} to {to}: {error}");
        }
        assert!(file(&SEAL[..SEAL.len() - 1]).is_err());
        assert!(file(&format!("{SEAL}\n")).is_err());
        assert!(file(&format!("{SEAL}{NOTE}")).is_err());
        assert!(file("").is_err());
    }

    #[test]
    fn fields_belong_to_their_kind() {
        let target = NOTE.lines().last().unwrap();
        for bad in [
            INIT.replace("seq = 1", "seq = 2"),
            INIT.replace("by =", "root = \"11\"\nby ="),
            INIT.replace("\"init\"", "\"policy\""),
            INIT.replace("seq = 1\n", "seq = 1\nprev = \"11\"\n"),
            INIT.replace("seq = 1\n", ""),
            format!("{INIT}{target}\n"),
            POLICY.replace("seq = 2", "seq = 1"),
            POLICY.replace("prev = \"1", "prev = \"2"),
            POLICY.replace("\"policy\"", "\"init\""),
            NOTE.replace("\"approve\"", "\"accept\""),
            NOTE.replace("\"note\"\n", "\"seal\"\n"),
            NOTE.replace(target, ""),
            NOTE.split_inclusive('\n').filter(|l| !l.starts_with("root")).collect(),
            NOTE.split_inclusive('\n').filter(|l| !l.starts_with("policy")).collect(),
            SEAL.replace("parents = [", "parents = []#"),
            SEAL[..SEAL.find("\n[[file").unwrap()].to_owned(),
        ] {
            assert!(file(&bad).is_err(), "{bad}");
        }
        let none = NOTE.replace(
            "[\"2222222222222222222222222222222222222222222222222222222222222222\"]",
            "[]",
        );
        let why = "all but `init` have parents";
        assert_eq!(file(&none).unwrap_err(), EntryError::Rule { line: 4, why });
    }

    #[test]
    fn an_op_has_its_fields() {
        let of = |rest: &str| format!("of = \"{}:{rest}\", ", "4".repeat(64));
        let same = of("prod/secrets/prod.env#STRIPE_KEY");
        let other = of("prod/secrets/prod.env#OLD");
        let item = |op: &str, of: &str| {
            let from = "op = \"new\", key = \"STRIPE_KEY\", ";
            file(&SEAL.replace(from, &format!("op = \"{op}\", key = \"STRIPE_KEY\", {of}")))
        };
        assert!(item("new", "").is_ok() && item("new", &same).is_err());
        assert!(item("move", &other).is_ok() && item("move", &same).is_err());
        assert!(item("move", &of("dev/secrets/prod.env#STRIPE_KEY")).is_ok());
        assert!(item("move", "of = \"44:prod/a#b\", ").is_err() && item("move", "").is_err());
        for op in ["rekey", "adopt", "extend"] {
            assert!(item(op, &same).is_ok() && item(op, &other).is_err() && item(op, "").is_err());
        }
        assert!(item("delete", &same).is_err());
        let gone = SEAL.replace("op = \"rekey\"", "op = \"delete\"");
        assert!(file(&gone).is_err());
        let no_hash = SEAL.replace(
            "\"STRIPE_KEY\", hash = \"sha256:7777777777777777777777777777777777777777777777777777777777777777\"",
            "\"STRIPE_KEY\"",
        );
        assert!(no_hash != SEAL && file(&no_hash).is_err());
    }

    #[test]
    fn a_newer_version_is_never_a_broken_entry() {
        let two = "v = 2\nkind = \"merge\"\nwhat = { is = \"this\" }\n";
        assert_eq!(file(two).unwrap_err(), EntryError::Version { version: 2 });
        let bare = SignedEntry::parse(b"v = 10\n\xff").unwrap_err();
        assert!(bare.needs_newer_program());
        let checkpoint = NOTE.replace("\"note\"", "\"checkpoint\"");
        assert_eq!(file(&checkpoint).unwrap_err(), EntryError::Checkpoint);
        for bad in ["v = 0\n", "v = -2\n", "v = 2.0\n", "v = \n", "v = 2x\n", "w = 2\n", "v=2\n"] {
            assert!(!file(bad).unwrap_err().needs_newer_program(), "{bad}");
        }
    }

    #[test]
    fn there_is_one_signature_and_nothing_after_it() {
        let good = format!("{NOTE}{ARMOR}");
        assert!(SignedEntry::parse(good.as_bytes()).is_ok());
        for bad in [
            NOTE.to_owned(),
            format!("{NOTE}{ARMOR}{ARMOR}"),
            format!("{good}\n"),
            format!("{good}# end\n"),
            good.trim_end().to_owned(),
            format!("{NOTE}\n{ARMOR}"),
            format!("{NOTE} {ARMOR}"),
            good.replace("U1NI", "U1NJ"),
            good.replace("U1NI", " 1NI"),
            good.replace("U1NI", "U1N-"),
            good.replace("hg/EM", "hg/E"),
            good.replace("hg/EM", "hg/EN="),
            good.replace("\nteFe", "\nt\neFe"),
            good.replace("\nEQZh", "\n\nEQZh"),
            good.replace("BEGIN SSH SIGNATURE", "BEGIN SSH SIGNATURES"),
            good.replace("BEGIN SSH", "BEGIN PGP"),
        ] {
            let error = SignedEntry::parse(bad.as_bytes()).unwrap_err();
            assert!(!error.needs_newer_program(), "{bad}");
        }
    }

    #[test]
    fn the_marker_of_a_signature_stands_in_no_string() {
        let marked = SEAL.replace("she said", "-----BEGIN SSH SIGNATURE-----");
        assert!(file(&marked).is_err());
        assert!(matches!(Entry::parse(&marked), Err(EntryError::Reason { .. })));
        let path = SEAL.replace("secrets/prod.env", "-----BEGIN SSH");
        let error = Entry::parse(&path).unwrap_err();
        assert!(matches!(error, EntryError::Rule { why: "holds the marker of a signature", .. }));
    }

    #[test]
    fn damage_by_git_is_told_apart() {
        let file = format!("{NOTE}{ARMOR}").replace('\n', "\r\n");
        let error = SignedEntry::parse(file.as_bytes()).unwrap_err();
        assert_eq!(error, EntryError::LineEndings { line: 1 });
        let mut bytes = format!("{NOTE}{ARMOR}").into_bytes();
        bytes[20] = 0xff;
        assert_eq!(SignedEntry::parse(&bytes).unwrap_err(), EntryError::NotText { line: 3 });
    }

    #[test]
    fn a_mebibyte_is_read_and_not_a_byte_more() {
        let item = SEAL.lines().find(|line| line.contains("STRIPE")).unwrap();
        let (head, tail) = SEAL.split_once(&format!("{item}\n")).unwrap();
        let many = |n: usize| -> String {
            let items = (0..n).map(|n| item.replace("KEY", &format!("{n:06}")) + "\n");
            format!("{head}{}{tail}", items.collect::<String>())
        };
        let one = item.len() + 4;
        let n = (MAX_BYTES - ARMOR.len() - many(0).len()) / one;
        let room = MAX_BYTES - ARMOR.len() - many(n).len();
        let full = many(n).replacen("she said", &format!("she said{}", "x".repeat(room)), 1);
        assert_eq!(full.len() + ARMOR.len(), MAX_BYTES);
        let entry = file(&full).unwrap().entry;
        assert_eq!(entry.render(), Err(EntryError::TooLarge));
        let over = full.replacen("she said", "she saidx", 1);
        assert_eq!(file(&over).unwrap_err(), EntryError::TooLarge);
    }

    #[test]
    fn joining_lays_the_armor_out_anew() {
        let expected = format!("{NOTE}{ARMOR}").into_bytes();
        assert_eq!(join(NOTE, ARMOR), expected);
        assert_eq!(join(NOTE, &ARMOR.replace('\n', "\r\n")), expected);
        assert_eq!(join(NOTE, ARMOR.trim_end()), expected);
        let wide = ARMOR.replace("Vc\nte", "Vcte").replace("2gt\n", "2\ngt");
        assert_eq!(join(NOTE, &wide), expected);
        assert!(SignedEntry::parse(&join(NOTE, "")).is_err());
        assert!(SignedEntry::parse(&join(NOTE, "no armor")).is_err());
    }

    #[test]
    fn sorting_makes_an_entry_that_prints() {
        let sorted = Entry::parse(SEAL).unwrap();
        let mut entry = sorted.clone();
        entry.parents.reverse();
        if let Kind::Seal { files, .. } = &mut entry.kind {
            files[0].items.reverse();
        }
        assert!(matches!(entry.render(), Err(EntryError::Rule { line: 4, .. })));
        entry.sort();
        assert_eq!(entry, sorted);
    }

    fn hash() -> impl Strategy<Value = Sha256> {
        any::<[u8; 32]>().prop_map(Sha256)
    }

    fn key() -> impl Strategy<Value = KeyPath> {
        let segment = ("[\\PC\\n\u{7f}\u{9f}\u{202e}\"\\\\]{0,6}|[A-Z_]{1,9}", 1..3_u32)
            .prop_map(|(name, nth)| Segment::Key { name: Shared::of(&name), nth });
        prop_oneof![
            1 => Just(KeyPath::Whole),
            9 => (1..3_u32, prop::collection::vec(segment, 0..3))
                .prop_map(|(document, segments)| KeyPath::Place { document, segments }),
        ]
    }

    fn item(env: EnvName, path: RepoPath) -> impl Strategy<Value = Item> {
        let op = prop::sample::select(Op::ALL.to_vec());
        let fields = (
            any::<Option<[u8; 16]>>().prop_map(|g| g.map(GenerationId)),
            prop::option::of("[a-z][a-z-]{0,9}".prop_map(|t| t.parse().unwrap())),
            prop::option::of((1970..9999_i16, 1..13_i8, 1..29_i8)),
            hash(),
        );
        (op, key(), any::<[u8; 32]>(), fields).prop_map(move |(op, key, entry, fields)| {
            let (generation, kind, due, hash) = fields;
            let due = due.map(|(y, m, d)| date(y, m, d));
            let mut address = Address { env: env.clone(), path: path.clone(), key: key.clone() };
            if op == Op::Move {
                address.env = "elsewhere".parse().unwrap();
            }
            let of = (op != Op::New).then_some(Origin { entry: EntryId(entry), address });
            let hash = Some(hash);
            let item = Item { op, key, of, generation, kind, due, hash };
            if op != Op::Delete {
                return item;
            }
            Item { generation: None, kind: None, due: None, hash: None, ..item }
        })
    }

    fn change() -> impl Strategy<Value = FileChange> {
        let env = "[a-d]".prop_map(|e| e.parse::<EnvName>().unwrap());
        let path = "[a-c ä/]{1,3}".prop_filter_map("a path", |p| p.parse::<RepoPath>().ok());
        (env, path).prop_flat_map(|(env, path)| {
            prop::collection::vec(item(env.clone(), path.clone()), 1..6).prop_map(
                move |mut items| {
                    items.sort_by_key(|item| item.key.to_string());
                    items.dedup_by_key(|item| item.key.to_string());
                    FileChange { env: env.clone(), path: path.clone(), items }
                },
            )
        })
    }

    fn ring() -> impl Strategy<Value = KeyringRecord> {
        let earlier = prop::collection::hash_set(any::<[u8; 16]>().prop_map(GenerationId), 0..3);
        (any::<[u8; 32]>(), earlier, hash()).prop_map(|(bytes, earlier, hash)| {
            let hrp = bech32::Hrp::parse("age").unwrap();
            KeyringRecord {
                env: "prod".parse().unwrap(),
                generation: GenerationId::of(&bytes),
                recipient: bech32::encode::<bech32::Bech32>(hrp, &bytes).unwrap(),
                earlier: earlier.into_iter().collect(),
                hash,
            }
        })
    }

    fn any_entry() -> impl Strategy<Value = Entry> {
        let kind = (prop::collection::vec(change(), 0..3), prop::collection::vec(ring(), 1..3))
            .prop_map(|(mut files, keyrings)| {
                files.sort_by(|a, b| (&a.env, &a.path).cmp(&(&b.env, &b.path)));
                files.dedup_by(|a, b| (&a.env, &a.path) == (&b.env, &b.path));
                Kind::Seal { files, keyrings }
            });
        let parents = prop::collection::hash_set(any::<[u8; 32]>().prop_map(EntryId), 1..4);
        let reason = prop::option::of("[a-zä\"\\\\\u{200d}👩][ -~\u{202e}]{0,20}[a-z]");
        (kind, parents, 0..253_402_200_000_i64, reason).prop_map(|(kind, parents, time, reason)| {
            let mut entry = Entry {
                kind,
                root: Some(EntryId([1; 32])),
                parents: parents.into_iter().collect(),
                policy: Some(EntryId([2; 32])),
                time: Timestamp::from_second(time).unwrap(),
                by: "ana".parse().unwrap(),
                reason,
            };
            entry.sort();
            entry
        })
    }

    proptest! {
        #[test]
        fn parsing_takes_back_printing(entry in any_entry()) {
            let text = entry.render().unwrap();
            let table: toml::Table = text.parse().unwrap();
            prop_assert_eq!(Entry::parse(&text), Ok(entry.clone()));
            prop_assert_eq!(table.get("reason").and_then(|r| r.as_str()), entry.reason.as_deref());
            for (file, read) in entry.files().iter().enumerate() {
                for (n, item) in read.items.iter().enumerate() {
                    let told = &table["file"][file]["items"][n];
                    let key = item.key.to_string();
                    prop_assert_eq!(told["key"].as_str(), Some(key.as_str()));
                }
            }
        }

        #[test]
        fn what_is_read_is_the_only_text(
            entry in any_entry(),
            at in any::<prop::sample::Index>(),
            end in 0..4_usize,
            by in "[ -~\n\"\\\\ä]{0,3}",
        ) {
            let mut bytes = entry.render().unwrap().into_bytes();
            let from = at.index(bytes.len());
            let to = (from + end).min(bytes.len());
            bytes.splice(from..to, by.bytes());
            bytes.extend(ARMOR.bytes());
            if let Ok(read) = SignedEntry::parse(&bytes) {
                prop_assert_eq!(read.entry.render().unwrap().into_bytes(), read.payload.unwrap());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = SignedEntry::parse(&bytes);
            let head = [b"v = 1\nkind = \"seal\"\n", bytes.as_slice()].concat();
            let _ = SignedEntry::parse(&head);
        }
    }
}
