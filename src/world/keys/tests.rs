//! The cases of keys: where they are looked for, what they may be, when somebody is asked.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use age::armor::{ArmoredWriter, Format};
use age::secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

use super::*;

type Recipient = Box<dyn age::Recipient>;

fn seal(recipients: &[Recipient], text: &str) -> Vec<u8> {
    let recipients = recipients.iter().map(|recipient| &**recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).unwrap();
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).unwrap();
    let mut writer = encryptor.wrap_output(armor).unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap().finish().unwrap()
}

fn native() -> (Plaintext, Recipient) {
    let identity = age::x25519::Identity::generate();
    let text = identity.to_string().expose_secret().to_owned();
    (Plaintext::from(text), Box::new(identity.to_public()))
}

fn ssh_recipient(public: &PublicKey) -> Recipient {
    let line = public_line(public).unwrap();
    Box::new(line.parse::<age::ssh::Recipient>().unwrap())
}

fn locked_age_file(text: &Plaintext, passphrase: &str) -> Vec<u8> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(2);
    seal(&[Box::new(recipient)], text.expose_text().unwrap())
}

fn copy(text: &Plaintext) -> Plaintext {
    Plaintext::from(text.expose().to_vec())
}

/// Opens a file; counts who was asked, and answers with the passphrase.
fn open(
    keys: &mut Identities,
    file: &[u8],
    passphrase: &str,
) -> (Result<Plaintext, KeysError>, Vec<String>) {
    let mut asked = Vec::new();
    let result = keys.open_asking(file, &mut |name| {
        asked.push(name.to_owned());
        Ok(Plaintext::from(passphrase.to_owned()))
    });
    (result, asked)
}

fn at(places: KeyPlaces) -> Identities {
    Identities::new(places, Terminal::Nobody)
}

fn given(path: &Path) -> Identities {
    at(KeyPlaces { given: vec![path.to_owned()], ..KeyPlaces::default() })
}

fn home() -> (TempDir, KeyPlaces) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_owned();
    fs::create_dir_all(path.join(".config/tenure")).unwrap();
    fs::create_dir_all(path.join(".config/sops/age")).unwrap();
    fs::create_dir_all(path.join(".ssh")).unwrap();
    let places =
        KeyPlaces { config: Some(path.join(".config")), home: Some(path), ..KeyPlaces::default() };
    (home, places)
}

fn ssh_keygen(path: &Path, args: &[&str]) -> Option<PublicKey> {
    let done = Command::new("ssh-keygen")
        .args(["-q", "-f"])
        .arg(path)
        .args(args)
        .stdout(Stdio::null())
        .status();
    if done.is_err() {
        eprintln!("skipped: no ssh-keygen here");
        return None;
    }
    assert!(done.unwrap().success());
    file::beside(path)
}

#[test]
fn the_key_in_a_variable_opens_what_it_was_sealed_to() {
    let ((key, recipient), (other, _)) = (native(), native());
    let file = seal(&[recipient], "clear");
    let mut keys = at(KeyPlaces { identity: Some(key), ..KeyPlaces::default() });
    assert_eq!(keys.open(&file).unwrap().expose(), b"clear");
    assert_eq!(keys.open(&file).unwrap().expose(), b"clear", "a second time");
    let mut keys = at(KeyPlaces { sops_key: Some(other), ..KeyPlaces::default() });
    let fault = keys.open(&file).unwrap_err();
    assert_eq!(fault.to_string(), "none of your keys opens it; tried: SOPS_AGE_KEY");
}

#[test]
fn an_identity_file_has_several_keys_and_comments() {
    let ((one, _), (two, recipient)) = (native(), native());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.txt");
    let (one, two) = (one.expose_text().unwrap(), two.expose_text().unwrap());
    fs::write(&path, format!("# mine\r\n{one}\r\n\r\n  # and\n{two}")).unwrap();
    assert_eq!(given(&path).open(&seal(&[recipient], "x")).unwrap().expose(), b"x");
}

#[test]
fn a_bad_file_given_by_name_is_an_error_that_shows_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k");
    let file = seal(&[native().1], "x");
    let bad = [
        "# c\nAGE-SECRET-KEY-1SECRETSECRET",
        "",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n-----END OPENSSH PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n",
        "ssh-ed25519 AAAASECRET x",
        "-----BEGIN AGE ENCRYPTED FILE-----\nSECRET\n",
        "age-encryption.org/v1\nSECRET",
    ];
    for text in bad {
        fs::write(&path, text).unwrap();
        let fault = given(&path).open(&file).unwrap_err();
        assert!(matches!(fault, KeysError::Malformed { .. }), "{fault}");
        let shown = format!("{fault} {fault:?}");
        assert!(shown.contains("/k") && !shown.contains("SECRET"), "{shown}");
    }
    fs::write(&path, bad[0]).unwrap();
    assert!(given(&path).open(&file).unwrap_err().to_string().contains("(line 2)"));
    fs::write(&path, b"\xff\xfe").unwrap();
    assert!(matches!(given(&path).open(&file), Err(KeysError::Malformed { .. })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(given(&path).open(&file), Err(KeysError::Unreadable { .. })));
    assert!(matches!(given(folder.path()).open(&file), Err(KeysError::Unreadable { .. })));
}

#[test]
fn an_age_file_to_a_recipient_is_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k");
    fs::write(&path, seal(&[native().1], "x")).unwrap();
    let fault = given(&path).public().unwrap_err();
    assert!(fault.to_string().contains("none under a passphrase"), "{fault}");
}

#[test]
fn a_file_that_is_not_age_is_said_to_be_none() {
    let mut keys = at(KeyPlaces::default());
    for file in [&b""[..], b"hello", b"age-encryption.org/v1\n-> X25519 x\n"] {
        assert!(matches!(keys.open(file), Err(KeysError::NotAge)));
    }
}

#[test]
fn absent_places_are_no_error_and_are_named() {
    let (_home, places) = home();
    let fault = at(places).open(&seal(&[native().1], "x")).unwrap_err();
    let KeysError::None { tried } = fault else { panic!("{fault}") };
    assert_eq!(tried[0], "~/.config/tenure (no key there)");
    assert_eq!(tried[2], "~/.ssh/id_ed25519 (no key there)");
}

#[test]
fn the_folder_of_the_configuration_is_searched_and_its_junk_is_told() {
    let (home, places) = home();
    let (key, recipient) = native();
    let folder = home.path().join(".config/tenure");
    fs::write(folder.join("notes.md"), "buy milk").unwrap();
    fs::write(folder.join("work.txt"), key.expose()).unwrap();
    let mut keys = at(places);
    assert_eq!(keys.open(&seal(&[recipient], "x")).unwrap().expose(), b"x");
    let faults = keys.faults().unwrap();
    assert_eq!(faults.len(), 1);
    assert_eq!(
        faults[0].to_string(),
        "the key of ~/.config/tenure/notes.md cannot be used (line 1): it is no age identity"
    );
}

#[test]
fn ssh_keys_open_with_and_without_a_passphrase() {
    for (kind, passphrase) in [("ed25519", ""), ("ed25519", "horse"), ("rsa", ""), ("rsa", "horse")]
    {
        let (home, places) = home();
        let path = home.path().join(format!(".ssh/id_{kind}"));
        let Some(public) = ssh_keygen(&path, &["-t", kind, "-N", passphrase]) else { return };
        let file = seal(&[native().1, ssh_recipient(&public)], "clear");
        let mut keys = at(places);
        let (clear, asked) = open(&mut keys, &file, "horse");
        assert_eq!(clear.unwrap().expose(), b"clear", "{kind} {passphrase}");
        assert_eq!(asked.len(), usize::from(!passphrase.is_empty()));
        let (again, asked) = open(&mut keys, &file, "no longer needed");
        assert!(again.is_ok() && asked.is_empty());
    }
}

#[test]
fn a_key_unlocked_to_open_also_signs_in_this_process() {
    let (home, places) = home();
    let words = Plaintext::from("horse".to_owned());
    let made = new_key_pair(&home.path().join(".config/tenure"), "x", Some(&words)).unwrap();
    let mut keys = at(places);
    assert!(keys.ssh_keys(&|_| true).unwrap()[0].private.is_none());
    let (clear, _) = open(&mut keys, &seal(&[ssh_recipient(&made.public)], "x"), "horse");
    assert!(clear.is_ok());
    let unlocked = &keys.ssh_keys(&|_| true).unwrap()[0];
    let private = unlocked.private.unwrap();
    assert!(unlocked.unlocked && private.public_key().key_data() == made.public.key_data());
}

#[test]
fn a_key_pasted_with_crlf_into_a_variable_opens() {
    let folder = tempfile::tempdir().unwrap();
    let made = new_key_pair(folder.path(), "x", None).unwrap();
    let text = fs::read_to_string(&made.path).unwrap().replace('\n', "\r\n");
    for text in [text.clone(), text.trim_end().to_owned(), format!("\n {text}\n")] {
        let identity = Some(Plaintext::from(text));
        let mut keys = at(KeyPlaces { identity, ..KeyPlaces::default() });
        let file = seal(&[ssh_recipient(&made.public)], "x");
        assert_eq!(keys.open(&file).unwrap().expose(), b"x");
    }
}

#[test]
fn a_pem_rsa_key_opens() {
    let (home, places) = home();
    let path = home.path().join(".ssh/id_rsa");
    let args = ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""];
    let Some(public) = ssh_keygen(&path, &args) else { return };
    assert!(fs::read_to_string(&path).unwrap().starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    let (clear, _) = open(&mut at(places), &seal(&[ssh_recipient(&public)], "x"), "");
    assert_eq!(clear.unwrap().expose(), b"x");
}

#[test]
fn a_passphrase_is_asked_only_for_a_key_that_the_file_names() {
    let (home, places) = home();
    let words = Plaintext::from("horse".to_owned());
    let made = new_key_pair(&home.path().join(".config/tenure"), "x", Some(&words)).unwrap();
    let mut keys = at(places);
    let (result, asked) = open(&mut keys, &seal(&[native().1], "x"), "horse");
    assert!(matches!(result, Err(KeysError::None { .. })));
    assert!(asked.is_empty());
    let (result, asked) = open(&mut keys, &seal(&[ssh_recipient(&made.public)], "x"), "wrong");
    let fault = result.unwrap_err();
    assert!(matches!(fault, KeysError::Passphrase { .. }), "{fault}");
    assert_eq!(asked, [format!("~/.config/tenure/id_ed25519 ({})", made.fingerprint)]);
}

#[test]
fn nobody_is_asked_while_a_later_key_is_free() {
    let (home, mut places) = home();
    let ((inside, locked_recipient), (free, recipient)) = (native(), native());
    let path = home.path().join("locked.age");
    fs::write(&path, locked_age_file(&inside, "horse")).unwrap();
    let witness = home.path().join("ran");
    places.given = vec![path];
    places.identity = Some(free);
    places.identity_cmd = Some(format!("touch '{}'; echo x", witness.display()).into());
    let mut keys = at(places);
    let (clear, asked) = open(&mut keys, &seal(&[recipient, locked_recipient], "x"), "horse");
    assert_eq!(clear.unwrap().expose(), b"x");
    assert!(asked.is_empty() && !witness.exists());
}

#[test]
fn a_passphrase_encrypted_age_file_opens_and_is_asked_for_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("locked.age");
    let (inside, recipient) = native();
    fs::write(&path, locked_age_file(&inside, "horse")).unwrap();
    let file = seal(&[recipient], "x");
    let mut keys = given(&path);
    let (result, _) = open(&mut keys, &file, "donkey");
    assert!(matches!(result, Err(KeysError::Passphrase { .. })));
    let (clear, asked) = open(&mut keys, &file, "horse");
    assert_eq!((clear.unwrap().expose(), asked.len()), (&b"x"[..], 1));
    let (clear, asked) = open(&mut keys, &file, "");
    assert!(clear.is_ok() && asked.is_empty());
    let fault = given(&path).open(&file).unwrap_err();
    assert!(matches!(fault, KeysError::Prompt { .. }), "{fault}");
}

#[test]
fn a_command_prints_the_key_or_fails_loudly() {
    let (key, recipient) = native();
    let file = seal(&[recipient], "x");
    let command = |text: String| {
        at(KeyPlaces { identity_cmd: Some(text.into()), ..KeyPlaces::default() }).open(&file)
    };
    let text = key.expose_text().unwrap();
    assert_eq!(command(format!("printf '%s\\n' {text}")).unwrap().expose(), b"x");
    let fault = command("echo SECRET; exit 3".to_owned()).unwrap_err();
    assert!(matches!(fault, KeysError::Command { .. }));
    assert!(!format!("{fault} {fault:?}").contains("SECRET"), "{fault:?}");
}

#[test]
fn what_is_shown_of_keys_needs_no_passphrase() {
    let (home, mut places) = home();
    let words = Plaintext::from("horse".to_owned());
    let made = new_key_pair(&home.path().join(".config/tenure"), "me", Some(&words)).unwrap();
    let (key, _) = native();
    places.identity = Some(copy(&key));
    let found = at(places).public().unwrap();
    assert_eq!(found.len(), 2);
    assert!(found[0].recipient.as_deref().unwrap().starts_with("age1"));
    assert!(!found[0].can_sign && !found[0].encrypted);
    assert_eq!(found[1].source, "~/.config/tenure/id_ed25519");
    assert_eq!(found[1].fingerprint.as_ref(), Some(&made.fingerprint));
    assert!(found[1].recipient.as_deref().unwrap().starts_with("ssh-ed25519 AAAA"));
    assert!(found[1].can_sign && found[1].encrypted && !found[1].readable_by_others);
    fs::set_permissions(&made.path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(given(&made.path).public().unwrap()[0].readable_by_others);
}

#[test]
fn an_ecdsa_key_signs_but_seals_nothing() {
    let (home, _) = home();
    let path = home.path().join("k");
    let Some(public) = ssh_keygen(&path, &["-t", "ecdsa", "-N", ""]) else { return };
    let found = given(&path).public().unwrap();
    assert!(found[0].can_sign && found[0].recipient.is_none());
    assert_eq!(found[0].public.as_ref().map(PublicKey::key_data), Some(public.key_data()));
}

#[test]
fn a_new_pair_is_the_user_s_alone_and_never_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("a/tenure");
    let made = new_key_pair(&folder, "ana@laptop", None).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&made.path), mode(&folder)), (0o600, 0o700));
    let before = fs::read(&made.path).unwrap();
    assert!(matches!(new_key_pair(&folder, "x", None), Err(KeysError::Exists { .. })));
    fs::remove_file(folder.join("id_ed25519.pub")).unwrap();
    assert!(matches!(new_key_pair(&folder, "x", None), Err(KeysError::Exists { .. })));
    assert_eq!(fs::read(&made.path).unwrap(), before);
    let printed = Command::new("ssh-keygen").arg("-y").arg("-f").arg(&made.path).output();
    if let Ok(printed) = printed {
        let line = String::from_utf8(printed.stdout).unwrap();
        assert_eq!(line.trim(), made.public.to_openssh().unwrap().trim());
    }
}

#[test]
fn no_key_is_made_inside_a_repository() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".git")).unwrap();
    let made = new_key_pair(&home.path().join("a/b"), "x", None);
    assert!(matches!(made, Err(KeysError::InRepository { .. })));
    assert!(!home.path().join("a").exists());
}

#[test]
fn a_machine_s_identity_is_a_file_that_age_reads() {
    let (text, recipient) = machine_identity();
    let recipient: age::x25519::Recipient = recipient.parse().unwrap();
    let file = seal(&[Box::new(recipient)], "x");
    assert!(age::IdentityFile::from_buffer(text.expose()).is_ok());
    let mut keys = at(KeyPlaces { identity: Some(text), ..KeyPlaces::default() });
    assert_eq!(keys.open(&file).unwrap().expose(), b"x");
}

#[test]
fn a_plugin_that_is_not_there_is_named_after_all_else_failed() {
    let plugin = age::plugin::Identity::default_for_plugin("tenuretest").unwrap().to_string();
    let (key, recipient) = native();
    let text = format!("{plugin}\n{}", key.expose_text().unwrap());
    let mut keys = at(KeyPlaces { identity: Some(Plaintext::from(text)), ..KeyPlaces::default() });
    assert!(keys.open(&seal(&[recipient], "x")).is_ok());
    let fault = keys.open(&seal(&[native().1], "x")).unwrap_err();
    assert_eq!(fault.to_string(), "the program `age-plugin-tenuretest` cannot be started");
}

#[test]
fn a_damaged_file_is_not_called_a_missing_key() {
    let (key, recipient) = native();
    let mut file = seal(&[recipient], "a longer text");
    let text = String::from_utf8(file.clone()).unwrap();
    let armor = base64::Engine::decode(
        &base64::prelude::BASE64_STANDARD,
        text.lines().filter(|line| !line.starts_with('-')).collect::<String>(),
    );
    let mut binary = armor.unwrap();
    let last = binary.len() - 1;
    binary[last] ^= 1;
    file.clone_from(&binary);
    let mut keys = at(KeyPlaces { identity: Some(key), ..KeyPlaces::default() });
    assert!(matches!(keys.open(&file), Err(KeysError::Damaged { .. })));
}

/// Wraps the file key by not wrapping it.
const PLUGIN: &str = r#"#!/bin/sh
key=
while read -r line; do
  case "$line" in
    '-> recipient-stanza 0 fake' | '-> wrap-file-key'*) read -r key ;;
    '-> done'*) read -r _; break ;;
  esac
done
case "$1" in
  *identity-v1) printf -- '-> file-key 0\n%s\n' "$key" ;;
  *recipient-v1) printf -- '-> recipient-stanza 0 fake\n%s\n' "$key" ;;
esac
read -r _; read -r _
printf -- '-> done\n\n'
"#;

/// A test may not change its own `PATH`, so this one starts the next with another.
#[test]
fn a_plugin_seals_and_opens() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("age-plugin-tenurefake");
    fs::write(&program, PLUGIN).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "world::keys::tests::with_a_plugin_in_path"])
        .env("PATH", folder.path())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("sealed and opened"), "{printed}");
}

#[test]
#[ignore = "needs the PATH that `a_plugin_seals_and_opens` gives it"]
fn with_a_plugin_in_path() {
    let hrp = bech32::Hrp::parse("age1tenurefake").unwrap();
    let text = bech32::encode::<bech32::Bech32>(hrp, b"x").unwrap();
    let Ok(recipients) = plugin_recipients(&[text], Terminal::Nobody) else { return };
    let recipients: Vec<Recipient> = recipients
        .into_iter()
        .map(|recipient| recipient as Recipient)
        .chain([native().1])
        .collect();
    let file = seal(&recipients, "clear");
    let identity = age::plugin::Identity::default_for_plugin("tenurefake").unwrap().to_string();
    let places = KeyPlaces { identity: Some(Plaintext::from(identity)), ..KeyPlaces::default() };
    assert_eq!(at(places).open(&file).unwrap().expose(), b"clear");
    println!("sealed and opened");
}

#[test]
fn a_text_that_is_no_plugin_s_recipient_starts_nothing() {
    for text in ["age1/../x1qqqq", "ssh-ed25519 AAAA", ""] {
        let result = plugin_recipients(&[text.to_owned()], Terminal::Nobody);
        assert!(matches!(result, Err(KeysError::PluginRecipient { .. })));
    }
}
