//! Signs entries of the log: through `ssh-keygen -Y sign`, so that agents, FIDO keys and PKCS#11 come
//! with it, or in this process where that program is missing or the key has no file.

mod error;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

use crate::log::signature::Purpose;
use crate::world::keys::{Identities, file};
use crate::world::terminal::Terminal;
use crate::world::wiped::{Folder, read_file};
use crate::world::{Environment, WITHHELD, WorldError};

pub use error::SignerError;

const PROGRAM: &str = "ssh-keygen";
const LIMIT: usize = 1 << 20;
/// What OpenSSH names its keys; those that age cannot use are here too.
const FILES: [&str; 5] = ["id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk"];

/// Where signing keys may be, beside the identities.
#[derive(Debug, Default)]
pub struct SigningPlaces {
    /// The home, for `~/.ssh`.
    pub home: Option<PathBuf>,
    /// `SSH_AUTH_SOCK`; none means that no agent is asked.
    pub agent: Option<OsString>,
    /// `TMPDIR`, else `/tmp`: for a public key that `ssh-keygen` wants to have in a file.
    pub tmpdir: Option<PathBuf>,
}

impl SigningPlaces {
    /// Takes the places from the environment.
    #[must_use]
    pub fn of(environment: &Environment) -> Self {
        Self {
            home: environment.home.clone(),
            agent: environment.ssh_auth_sock.clone().map(PathBuf::into_os_string),
            tmpdir: environment.tmpdir.clone(),
        }
    }
}

/// A key that may sign here, and the way to it.
pub struct Signer {
    place: String,
    public: PublicKey,
    means: Means,
    tmpdir: PathBuf,
    agent: Option<OsString>,
    program: &'static str,
}

/// What is signed, and for what.
#[derive(Clone, Copy)]
struct Payload<'p> {
    purpose: Purpose,
    bytes: &'p [u8],
}

enum Means {
    /// A private key's file; `ssh-keygen` asks the agent, or for a passphrase, by itself.
    File(PathBuf),
    /// The private key is held by the agent.
    Agent,
    /// The key came as text, or was unlocked in this run already.
    Memory(Box<PrivateKey>),
    /// The key came as text and is of a kind that only `ssh-keygen` signs with.
    Nothing,
}

/// Finds the first key at hand that is one of the allowed.
///
/// In this order: the SSH keys among the identities, the usual files in `~/.ssh`, the agent's keys, git's
/// signing key. `git_key` gives git's `user.signingKey` where its `gpg.format` is `ssh`: a path, or a public
/// key; it is called only where no other key is one.
pub fn find(
    identities: &mut Identities,
    places: &SigningPlaces,
    git_key: &dyn Fn() -> Result<Option<String>, WorldError>,
    allowed: &[PublicKey],
) -> Result<Signer, SignerError> {
    let may_sign = |key: &PublicKey| allowed.iter().any(|one| one.key_data() == key.key_data());
    let mut candidates = from_identities(identities, &may_sign)?;
    let mut at_hand = Vec::new();
    // Each next place costs more than the one before: the agent and git are programs to start.
    let more: [&dyn Fn() -> Result<Vec<Candidate>, WorldError>; 3] =
        [&|| Ok(from_home(places)), &|| Ok(from_agent(places)), &|| {
            Ok(git_key()?.map(|key| from_git(&key, places)).unwrap_or_default())
        }];
    for place in std::iter::once(None).chain(more.into_iter().map(Some)) {
        if let Some(place) = place {
            candidates.extend(place()?);
        }
        for candidate in candidates.drain(..) {
            if may_sign(&candidate.public) {
                return Ok(candidate.signer(places));
            }
            at_hand.push(format!("{} ({})", candidate.place, fingerprint(&candidate.public)));
        }
    }
    at_hand.dedup();
    Err(SignerError::NoKey { at_hand })
}

struct Candidate {
    place: String,
    public: PublicKey,
    means: Means,
}

impl Candidate {
    fn signer(self, places: &SigningPlaces) -> Signer {
        Signer {
            place: self.place,
            public: self.public,
            means: self.means,
            tmpdir: places.tmpdir.clone().unwrap_or_else(|| PathBuf::from("/tmp")),
            agent: places.agent.clone(),
            program: PROGRAM,
        }
    }
}

fn from_identities(
    identities: &mut Identities,
    may_sign: &dyn Fn(&PublicKey) -> bool,
) -> Result<Vec<Candidate>, SignerError> {
    let mut candidates = Vec::new();
    for key in identities.ssh_keys(may_sign)? {
        let means = match (key.path, key.private, key.unlocked) {
            // A file goes through `ssh-keygen`, but nobody is asked for a passphrase twice.
            (Some(path), _, false) => Means::File(path.to_owned()),
            (_, Some(private), _) => Means::Memory(Box::new(private.clone())),
            (Some(path), None, true) => Means::File(path.to_owned()),
            (None, None, _) => Means::Nothing,
        };
        candidates.push(Candidate {
            place: key.name.to_owned(),
            public: key.public.clone(),
            means,
        });
    }
    Ok(candidates)
}

fn from_home(places: &SigningPlaces) -> Vec<Candidate> {
    let folder = places.home.as_deref().map(|home| home.join(".ssh"));
    let files = folder.iter().flat_map(|folder| FILES.map(|name| folder.join(name)));
    files.filter(|path| path.is_file()).filter_map(|path| from_file(&path)).collect()
}

/// The public part lies beside the key, or at the head of its own file; neither needs a passphrase.
fn from_file(path: &Path) -> Option<Candidate> {
    let public = file::beside(path).or_else(|| {
        let bytes = read_file(path, LIMIT).ok()?;
        Some(PrivateKey::from_openssh(bytes.expose()).ok()?.public_key().clone())
    })?;
    Some(Candidate {
        place: path.display().to_string(),
        public,
        means: Means::File(path.to_owned()),
    })
}

fn from_agent(places: &SigningPlaces) -> Vec<Candidate> {
    let Some(socket) = &places.agent else { return Vec::new() };
    let listed = Command::new("ssh-add")
        .arg("-L")
        .env("SSH_AUTH_SOCK", socket)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let text = listed.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .filter_map(|line| PublicKey::from_openssh(line).ok())
        .map(|public| Candidate { place: "the SSH agent".to_owned(), public, means: Means::Agent })
        .collect()
}

fn from_git(key: &str, places: &SigningPlaces) -> Vec<Candidate> {
    let literal = PublicKey::from_openssh(key.strip_prefix("key::").unwrap_or(key));
    let place = "git's user.signingKey".to_owned();
    if let Ok(public) = literal {
        return vec![Candidate { place, public, means: Means::Agent }];
    }
    let path = match (key.strip_prefix("~/"), &places.home) {
        (Some(below), Some(home)) => home.join(below),
        _ => PathBuf::from(key),
    };
    let private =
        if path.extension() == Some(OsStr::new("pub")) { path.with_extension("") } else { path };
    let means = if private.is_file() { Means::File(private.clone()) } else { Means::Agent };
    let public = file::beside(&private).or_else(|| from_file(&private).map(|found| found.public));
    public.map(|public| Candidate { place, public, means }).into_iter().collect()
}

fn fingerprint(public: &PublicKey) -> String {
    public.fingerprint(HashAlg::Sha256).to_string()
}

impl Signer {
    /// The key that signs.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its fingerprint, `SHA256:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.public)
    }

    /// Where it was found.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Signs an entry's payload: an armored SSHSIG for `log@tenure` with sha512.
    ///
    /// Never returns a signature that does not verify with [`Signer::public`].
    pub fn sign(&self, payload: &[u8], terminal: Terminal) -> Result<String, SignerError> {
        self.sign_for(Purpose::Log, payload, terminal)
    }

    /// As [`Signer::sign`], for any purpose of ours.
    pub fn sign_for(
        &self,
        purpose: Purpose,
        payload: &[u8],
        terminal: Terminal,
    ) -> Result<String, SignerError> {
        let payload = Payload { purpose, bytes: payload };
        let armored = match &self.means {
            Means::Memory(private) => self.in_process(private, payload)?,
            Means::File(path) => match self.through_program(path, payload, terminal) {
                Err(SignerError::NoProgram { .. }) => self.with_file(path, payload, terminal)?,
                other => other?,
            },
            Means::Agent => self.through_agent(payload, terminal)?,
            Means::Nothing => return Err(SignerError::NoFile { place: self.place.clone() }),
        };
        let mismatch =
            || SignerError::Mismatch { place: self.place.clone(), fingerprint: self.fingerprint() };
        let signature = SshSig::from_pem(&armored).map_err(|_| mismatch())?;
        self.public
            .verify(purpose.namespace(), payload.bytes, &signature)
            .map_err(|_| mismatch())?;
        Ok(armored)
    }

    fn through_agent(
        &self,
        payload: Payload<'_>,
        terminal: Terminal,
    ) -> Result<String, SignerError> {
        let folder = Folder::make(&self.tmpdir).map_err(|fault| self.io(fault))?;
        let path = folder.path().join("key.pub");
        let line = self.public.to_openssh().map_err(|fault| self.io(io::Error::other(fault)))?;
        std::fs::write(&path, line).map_err(|fault| self.io(fault))?;
        self.through_program(&path, payload, terminal)
    }

    fn through_program(
        &self,
        key: &Path,
        payload: Payload<'_>,
        terminal: Terminal,
    ) -> Result<String, SignerError> {
        let mut child = match self.command(payload.purpose, key, terminal).spawn() {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
                return Err(SignerError::NoProgram { place: self.place.clone() });
            }
            other => other.map_err(|fault| self.io(fault))?,
        };
        if let Some(mut stdin) = child.stdin.take() {
            // Where it ended without reading, its status says so.
            let _ = stdin.write_all(payload.bytes);
        }
        let output = child.wait_with_output().map_err(|fault| self.io(fault))?;
        if output.status.success() {
            return String::from_utf8(output.stdout).map_err(|_| self.failed("no text".to_owned()));
        }
        if String::from_utf8_lossy(&output.stderr).contains("passphrase") {
            return Err(SignerError::Passphrase { place: self.place.clone() });
        }
        Err(self.failed(output.status.to_string()))
    }

    fn command(&self, purpose: Purpose, key: &Path, terminal: Terminal) -> Command {
        let mut command = Command::new(self.program);
        let namespace = purpose.namespace();
        command.args(["-q", "-Y", "sign", "-n", namespace, "-O", "hashalg=sha512", "-f"]).arg(key);
        if matches!(self.means, Means::Agent) {
            command.arg("-U");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        for name in WITHHELD {
            command.env_remove(name);
        }
        match &self.agent {
            Some(socket) => command.env("SSH_AUTH_SOCK", socket),
            None => command.env_remove("SSH_AUTH_SOCK"),
        };
        match terminal {
            // It asks for passphrases, and to touch a FIDO key, by itself.
            Terminal::Person | Terminal::Piped => command.stderr(Stdio::inherit()),
            // Else it would ask at the terminal that a hook or a pipe still has.
            Terminal::Nobody => command
                .stderr(Stdio::piped())
                .env("SSH_ASKPASS", "false")
                .env("SSH_ASKPASS_REQUIRE", "force"),
        };
        command
    }

    /// Without `ssh-keygen`: reads the key's file, asks for its passphrase if it has one.
    fn with_file(
        &self,
        path: &Path,
        payload: Payload<'_>,
        terminal: Terminal,
    ) -> Result<String, SignerError> {
        let place = || self.place.clone();
        let bytes = read_file(path, LIMIT).map_err(|fault| self.io(fault))?;
        let private = PrivateKey::from_openssh(bytes.expose())
            .map_err(|_| SignerError::NoProgram { place: place() })?;
        if !private.is_encrypted() {
            return self.in_process(&private, payload);
        }
        let passphrase = terminal
            .passphrase(&self.place)
            .map_err(|source| SignerError::Prompt { place: place(), source })?;
        let private = private
            .decrypt(passphrase.expose())
            .map_err(|_| SignerError::Passphrase { place: place() })?;
        self.in_process(&private, payload)
    }

    /// Ed25519 only: the RSA signatures of `ssh-key` 0.6 do not verify.
    fn in_process(
        &self,
        private: &PrivateKey,
        payload: Payload<'_>,
    ) -> Result<String, SignerError> {
        if private.algorithm() != Algorithm::Ed25519 {
            return Err(SignerError::NoProgram { place: self.place.clone() });
        }
        private
            .sign(payload.purpose.namespace(), HashAlg::Sha512, payload.bytes)
            .and_then(|signature| signature.to_pem(LineEnding::LF))
            .map_err(|_| self.failed("in process".to_owned()))
    }

    fn failed(&self, status: String) -> SignerError {
        SignerError::Failed { place: self.place.clone(), status }
    }

    fn io(&self, source: io::Error) -> SignerError {
        SignerError::Io { place: self.place.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::secret::Plaintext;
    use crate::world::keys::{KeyPair, KeyPlaces, new_key_pair};

    fn have_ssh_keygen() -> bool {
        let found = Command::new(PROGRAM).arg("-?").stderr(Stdio::null()).status().is_ok();
        if !found {
            eprintln!("skipped: no ssh-keygen here");
        }
        found
    }

    fn pair(folder: &Path) -> KeyPair {
        new_key_pair(folder, "test", None).unwrap()
    }

    fn identities(given: &[&Path]) -> Identities {
        let given = given.iter().map(|path| path.to_path_buf()).collect();
        Identities::new(KeyPlaces { given, ..KeyPlaces::default() }, Terminal::Nobody)
    }

    /// Checks a signature as a stranger would, with stock OpenSSH.
    fn accepted(pair: &PublicKey, payload: &[u8], armored: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("signers"), format!("ana {}\n", pair.to_openssh().unwrap().trim())).unwrap();
        fs::write(path("sig"), armored).unwrap();
        let mut child = Command::new(PROGRAM)
            .args(["-q", "-Y", "verify", "-I", "ana", "-n", "log@tenure", "-f"])
            .arg(path("signers"))
            .arg("-s")
            .arg(path("sig"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(payload).unwrap();
        child.wait().unwrap().success()
    }

    fn no_git() -> Result<Option<String>, WorldError> {
        Ok(None)
    }

    #[test]
    fn signs_through_ssh_keygen_what_ssh_keygen_verifies() {
        if !have_ssh_keygen() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let pair = pair(folder.path());
        let allowed = [pair.public.clone()];
        let mut keys = identities(&[&pair.path]);
        let signer = find(&mut keys, &SigningPlaces::default(), &no_git, &allowed).unwrap();
        let armored = signer.sign(b"payload\n", Terminal::Nobody).unwrap();
        assert!(accepted(&pair.public, b"payload\n", &armored));
        assert!(!accepted(&pair.public, b"payload", &armored));
    }

    #[test]
    fn signs_in_process_the_same_bytes_where_ssh_keygen_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let pair = pair(folder.path());
        let allowed = [pair.public.clone()];
        let mut keys = identities(&[&pair.path]);
        let mut signer = find(&mut keys, &SigningPlaces::default(), &no_git, &allowed).unwrap();
        let stock = have_ssh_keygen().then(|| signer.sign(b"p", Terminal::Nobody).unwrap());
        signer.program = "no-such-program-of-ours";
        let armored = signer.sign(b"p", Terminal::Nobody).unwrap();
        // Ed25519 is deterministic; only the line width of the armor may differ.
        let body = |text: &str| text.replace(['\n', '\r'], "");
        assert!(stock.is_none_or(|stock| body(&stock) == body(&armored)));
    }

    #[test]
    fn a_key_given_as_text_signs_in_process() {
        let folder = tempfile::tempdir().unwrap();
        let pair = pair(folder.path());
        let text = Plaintext::from(fs::read(&pair.path).unwrap());
        let places = KeyPlaces { identity: Some(text), ..KeyPlaces::default() };
        let mut keys = Identities::new(places, Terminal::Nobody);
        let allowed = [pair.public.clone()];
        let signer = find(&mut keys, &SigningPlaces::default(), &no_git, &allowed).unwrap();
        assert_eq!(signer.place(), "TENURE_IDENTITY");
        let armored = signer.sign(b"p", Terminal::Nobody).unwrap();
        assert!(!have_ssh_keygen() || accepted(&pair.public, b"p", &armored));
    }

    #[test]
    fn another_key_does_not_sign_and_is_named() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (mine, other) = (pair(one.path()), pair(two.path()));
        let mut keys = identities(&[&mine.path]);
        let fault =
            find(&mut keys, &SigningPlaces::default(), &no_git, &[other.public]).err().unwrap();
        assert!(fault.to_string().contains(&mine.fingerprint), "{fault}");
    }

    #[test]
    fn a_locked_key_fails_at_once_where_nobody_is_there() {
        if !have_ssh_keygen() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let words = Plaintext::from("correct horse".to_owned());
        let pair = new_key_pair(folder.path(), "test", Some(&words)).unwrap();
        let mut keys = identities(&[&pair.path]);
        let allowed = [pair.public.clone()];
        let signer = find(&mut keys, &SigningPlaces::default(), &no_git, &allowed).unwrap();
        let fault = signer.sign(b"p", Terminal::Nobody).unwrap_err();
        assert!(matches!(fault, SignerError::Passphrase { .. }), "{fault}");
    }

    #[test]
    fn a_public_part_of_another_key_is_noticed() {
        if !have_ssh_keygen() {
            return;
        }
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (mine, other) = (pair(one.path()), pair(two.path()));
        let signer = Signer {
            place: "k".to_owned(),
            public: other.public,
            means: Means::File(mine.path),
            tmpdir: one.path().to_owned(),
            agent: None,
            program: PROGRAM,
        };
        let fault = signer.sign(b"p", Terminal::Nobody).unwrap_err();
        assert!(matches!(fault, SignerError::Mismatch { .. }), "{fault}");
    }

    #[test]
    fn an_agent_signs() {
        let folder = tempfile::tempdir().unwrap();
        let pair = pair(&folder.path().join("keys"));
        let socket = folder.path().join("agent");
        let agent =
            Command::new("ssh-agent").args(["-D", "-a"]).arg(&socket).stdout(Stdio::null()).spawn();
        let Ok(mut agent) = agent else { return };
        let added = (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            let mut add = Command::new("ssh-add");
            add.arg("-q").arg(&pair.path).env("SSH_AUTH_SOCK", &socket).stderr(Stdio::null());
            add.status().is_ok_and(|status| status.success())
        });
        fs::remove_file(&pair.path).unwrap();
        let places = SigningPlaces {
            agent: Some(socket.into_os_string()),
            tmpdir: Some(folder.path().to_owned()),
            ..SigningPlaces::default()
        };
        let allowed = std::slice::from_ref(&pair.public);
        let signer = find(&mut identities(&[]), &places, &no_git, allowed);
        let signed = signer.and_then(|signer| signer.sign(b"p", Terminal::Nobody));
        agent.kill().unwrap();
        agent.wait().unwrap();
        assert!(added);
        assert!(accepted(&pair.public, b"p", &signed.unwrap()));
    }

    #[test]
    fn keys_in_ssh_and_git_s_own_are_found() {
        let home = tempfile::tempdir().unwrap();
        let pair = pair(&home.path().join("elsewhere"));
        let ssh = home.path().join(".ssh");
        fs::create_dir(&ssh).unwrap();
        fs::copy(&pair.path, ssh.join("id_ed25519_sk")).unwrap();
        let places = SigningPlaces { home: Some(home.path().to_owned()), ..Default::default() };
        let allowed = [pair.public.clone()];
        let too_soon = || panic!("git is asked only where no other key is one");
        let signer = find(&mut identities(&[]), &places, &too_soon, &allowed).unwrap();
        assert!(signer.place().ends_with("/.ssh/id_ed25519_sk"));
        fs::remove_file(ssh.join("id_ed25519_sk")).unwrap();
        for key in ["~/elsewhere/id_ed25519.pub", "~/elsewhere/id_ed25519"] {
            let git = || Ok(Some(key.to_owned()));
            let signer = find(&mut identities(&[]), &places, &git, &allowed).unwrap();
            assert!(matches!(&signer.means, Means::File(path) if *path == pair.path));
        }
        let git = || Ok(Some(format!("key::{}", pair.public.to_openssh().unwrap())));
        let signer = find(&mut identities(&[]), &places, &git, &allowed).unwrap();
        assert!(matches!(signer.means, Means::Agent));
    }
}
