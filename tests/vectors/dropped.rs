//! Frozen dropped tokens: made once by `cargo test -- --ignored make_the_dropped_vectors`, read for ever.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tenure::keyring::recipient_bytes;
use tenure::names::{GenerationId, KeyPath};
use tenure::seal::{Binding, Form, Part, drop_value, form_of};
use tenure::secret::GenerationKey;
use zeroize::Zeroizing;

use super::{folder, json, key, list, open, text, variant};

const REPOSITORY: &str = "0198c9d2-0000-4000-8000-000000000001";

fn identity(byte: u8) -> age::x25519::Identity {
    GenerationKey::clamped(Zeroizing::new([byte; 32])).age_identity().parse().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn dropped((env, part, path): (&str, Part, &str), plain: &str, byte: u8) -> Value {
    let public = identity(byte).to_public();
    let recipient = recipient_bytes(&public.to_string()).unwrap();
    let secret = GenerationKey::clamped(Zeroizing::new([byte; 32]));
    let (repository, env_name) = (REPOSITORY.parse().unwrap(), env.parse().unwrap());
    let key_path: KeyPath = path.parse().unwrap();
    let binding = Binding { repository: &repository, env: &env_name, part, path: &key_path };
    json!({
        "secret": hex(secret.expose()),
        "recipient": hex(&recipient),
        "generation": GenerationId::of(&recipient).to_string(),
        "repository": REPOSITORY,
        "environment": env,
        "part": if part == Part::Value { "value" } else { "comment" },
        "path": path,
        "plain": plain,
        "token": drop_value(&binding, plain.as_bytes(), &public).unwrap(),
    })
}

/// A token of any plaintext, for any recipients.
fn forged(plain: &[u8], recipients: &[age::x25519::Recipient]) -> String {
    use std::io::Write as _;
    let all = recipients.iter().map(|one| one as &dyn age::Recipient);
    let mut out = Vec::new();
    let mut writer = age::Encryptor::with_recipients(all).unwrap().wrap_output(&mut out).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap();
    format!("dropped.v1.{}", URL_SAFE_NO_PAD.encode(out))
}

#[test]
#[ignore = "makes the frozen file; it is never made again"]
fn make_the_dropped_vectors() {
    assert!(!folder().join("dropped.json").exists(), "frozen files are never made again");
    let mut good = vec![
        dropped(("prod", Part::Value, "DB_URL"), "postgres://x", 1),
        dropped(("dev", Part::Value, "\"a.b\".c"), "", 2),
        dropped(("dev", Part::Value, "@2.kind"), "\"quoted\"", 2),
        dropped(("dev", Part::Value, "KEY#2"), "zwölf", 3),
    ];
    good.extend(
        [28, 29, 253, 1_000]
            .map(|length| dropped(("dev", Part::Value, "K"), &"x".repeat(length), 4)),
    );
    let change = |what: &str, field: &str, value: &str| {
        let mut vector = good[0].clone();
        vector[field] = value.into();
        vector["what"] = what.into();
        vector["error"] = variant(&open(&vector).map(|_| ()).unwrap_err()).into();
        vector
    };
    let whole = good[0]["token"].as_str().unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(&whole["dropped.v1.".len()..]).unwrap();
    let with = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        edit(&mut bytes);
        format!("dropped.v1.{}", URL_SAFE_NO_PAD.encode(bytes))
    };
    let part = |text: &str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let data = ["1", REPOSITORY, "prod", "value", "DB_URL"].map(part).concat();
    let (me, other) = (identity(1).to_public(), identity(2).to_public());
    let only = std::slice::from_ref(&me);
    let padded = |zeros: usize| [&data[..], &part("postgres://x"), &vec![0; zeros][..]].concat();
    let mut dirty = padded(16);
    *dirty.last_mut().unwrap() = 1;
    let bad = [
        change("another environment", "environment", "dev"),
        change("another path", "path", "DB_URI"),
        change("another kind", "part", "comment"),
        change("another repository", "repository", "0198c9d2-0000-4000-8000-000000000002"),
        change("another generation's secret", "secret", good[1]["secret"].as_str().unwrap()),
        change("its end cut off", "token", &with(&|b| b.truncate(b.len() - 3))),
        change("a bit flipped", "token", &with(&|b| *b.last_mut().unwrap() ^= 1)),
        change("a byte behind it", "token", &with(&|b| b.push(0))),
        change("base64 with padding", "token", &format!("{whole}=")),
        change("another version", "token", &whole.replace("v1", "v2")),
        change("nothing in it", "token", "dropped.v1."),
        change("no age payload", "token", "dropped.v1.AAAAAAAA"),
        change("two recipients", "token", &forged(&padded(16), &[me.clone(), other])),
        change("no associated data", "token", &forged(&part("postgres://x"), only)),
        change("not padded", "token", &forged(&padded(0), only)),
        change("padded too far", "token", &forged(&padded(48), only)),
        change("padding that is no zero", "token", &forged(&dirty, only)),
    ];
    // The twin of the forged ones: what they differ from is taken.
    let mut twin = good[0].clone();
    twin["token"] = forged(&padded(16), only).into();
    assert_eq!(open(&twin).unwrap().expose_text(), Some("postgres://x"));
    super::generate::write("dropped.json", &json!({ "good": good, "bad": bad }));
}

#[test]
fn dropped_tokens_open() {
    let vectors = json("dropped.json");
    assert!(list(&vectors["good"]).len() >= 8 && list(&vectors["bad"]).len() >= 17);
    for vector in list(&vectors["good"]) {
        assert_eq!(key(vector).id().to_string(), text(vector, "generation"));
        assert_eq!(form_of(text(vector, "token")), Ok(Form::Dropped));
        let opened = open(vector).unwrap();
        assert_eq!(opened.expose_text(), Some(text(vector, "plain")), "{vector}");
    }
    for vector in list(&vectors["bad"]) {
        let why = open(vector).map(|_| ()).unwrap_err();
        assert_eq!(variant(&why), text(vector, "error"), "{vector}");
    }
}
