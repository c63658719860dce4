//! Every variable we honour, in one list.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use crate::secret::Plaintext;

/// Every variable that is looked at, and what for.
pub const HONOURED: &[(&str, &str)] = &[
    ("TENURE_IDENTITY", "the private key itself: a deploy key in CI"),
    ("TENURE_IDENTITY_FILE", "a file with private keys"),
    ("TENURE_IDENTITY_CMD", "a command that prints private keys"),
    ("SOPS_AGE_KEY", "private keys, as SOPS takes them"),
    ("SOPS_AGE_KEY_FILE", "a file with private keys, as SOPS takes it"),
    ("TENURE_ROOT", "the id of the log's first entry, for CI"),
    ("TENURE_MIN_POLICY", "the least number of the policy in force, for CI"),
    ("HOME", "where ~/.config, ~/.local/state and ~/.ssh lie"),
    ("XDG_CONFIG_HOME", "where keys lie; ~/.config if unset"),
    ("XDG_STATE_HOME", "where the cache's key lies; ~/.local/state if unset"),
    ("XDG_RUNTIME_DIR", "memory-backed folder for the editor's file"),
    ("TMPDIR", "folder for the editor's file on macOS"),
    ("VISUAL", "the editor"),
    ("EDITOR", "the editor, if VISUAL is unset"),
    ("CI", "if set, and not `false` or `0`, nobody is asked anything"),
    ("TERM", "`dumb` means no colour"),
    ("NO_COLOR", "if set, no colour"),
    ("GIT_DIR", "as git honours it"),
    ("GIT_WORK_TREE", "as git honours it"),
    ("GIT_INDEX_FILE", "as git honours it"),
    ("GIT_PREFIX", "the folder that git was started in, for the commands that a hook names"),
    ("GIT_EDITOR", "`:` tells a hook that nobody edits the message"),
    ("SSH_AUTH_SOCK", "the agent that signs"),
    ("PATH", "where git, ssh-keygen and plugins are found"),
];

/// The variables that give keys: no program that we start gets them.
pub const WITHHELD: &[&str] = &[
    "TENURE_IDENTITY",
    "TENURE_IDENTITY_FILE",
    "TENURE_IDENTITY_CMD",
    "SOPS_AGE_KEY",
    "SOPS_AGE_KEY_FILE",
];

/// The variables of the process, read once. An empty variable counts as unset.
pub struct Environment {
    /// `HOME`, if it is absolute.
    pub home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`, if it is absolute.
    pub xdg_runtime_dir: Option<PathBuf>,
    /// `TMPDIR`, if it is absolute.
    pub tmpdir: Option<PathBuf>,
    /// `VISUAL`, else `EDITOR`: a command that may hold arguments.
    pub editor: Option<OsString>,
    /// Whether `CI` says that nobody watches.
    pub ci: bool,
    /// `TERM`.
    pub term: Option<OsString>,
    /// Whether `NO_COLOR` is set.
    pub no_color: bool,
    /// `GIT_DIR`, perhaps relative.
    pub git_dir: Option<PathBuf>,
    /// `GIT_WORK_TREE`, perhaps relative.
    pub git_work_tree: Option<PathBuf>,
    /// `GIT_INDEX_FILE`, perhaps relative.
    pub git_index_file: Option<PathBuf>,
    /// `GIT_PREFIX`: where git was started, from the top of the work tree.
    pub git_prefix: Option<PathBuf>,
    /// Whether `GIT_EDITOR` says that no editor is opened, as git tells its hooks.
    pub unedited: bool,
    /// `TENURE_ROOT`, unchecked.
    pub tenure_root: Option<String>,
    /// `TENURE_MIN_POLICY`, unchecked.
    pub tenure_min_policy: Option<String>,
    /// `TENURE_IDENTITY`.
    pub identity: Option<Plaintext>,
    /// `TENURE_IDENTITY_FILE`.
    pub identity_file: Option<PathBuf>,
    /// `TENURE_IDENTITY_CMD`.
    pub identity_cmd: Option<OsString>,
    /// `SOPS_AGE_KEY`.
    pub sops_age_key: Option<Plaintext>,
    /// `SOPS_AGE_KEY_FILE`.
    pub sops_age_key_file: Option<PathBuf>,
    /// `SSH_AUTH_SOCK`.
    pub ssh_auth_sock: Option<PathBuf>,
    /// `PATH`.
    pub path: Option<OsString>,
    xdg_config_home: Option<PathBuf>,
    xdg_state_home: Option<PathBuf>,
    children: Vec<(OsString, OsString)>,
}

impl Environment {
    /// Reads the variables of this process.
    #[must_use]
    pub fn read() -> Self {
        Self::of(std::env::vars_os())
    }

    /// Takes these variables for those of the process.
    #[must_use]
    pub fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut seen = Seen(variables.into_iter().collect());
        let children = seen.but_withheld();
        Self {
            home: seen.absolute("HOME"),
            xdg_config_home: seen.absolute("XDG_CONFIG_HOME"),
            xdg_state_home: seen.absolute("XDG_STATE_HOME"),
            xdg_runtime_dir: seen.absolute("XDG_RUNTIME_DIR"),
            tmpdir: seen.absolute("TMPDIR"),
            editor: seen.take("VISUAL").or(seen.take("EDITOR")),
            ci: seen.take("CI").is_some_and(|value| value != "false" && value != "0"),
            term: seen.take("TERM"),
            no_color: seen.take("NO_COLOR").is_some(),
            git_dir: seen.take("GIT_DIR").map(PathBuf::from),
            git_work_tree: seen.take("GIT_WORK_TREE").map(PathBuf::from),
            git_index_file: seen.take("GIT_INDEX_FILE").map(PathBuf::from),
            git_prefix: seen.take("GIT_PREFIX").map(PathBuf::from),
            unedited: seen.take("GIT_EDITOR").is_some_and(|value| value == ":"),
            tenure_root: seen.take("TENURE_ROOT").map(|id| id.to_string_lossy().into_owned()),
            tenure_min_policy: seen
                .take("TENURE_MIN_POLICY")
                .map(|number| number.to_string_lossy().into_owned()),
            identity: seen.secret("TENURE_IDENTITY"),
            identity_file: seen.take("TENURE_IDENTITY_FILE").map(PathBuf::from),
            identity_cmd: seen.take("TENURE_IDENTITY_CMD"),
            sops_age_key: seen.secret("SOPS_AGE_KEY"),
            sops_age_key_file: seen.take("SOPS_AGE_KEY_FILE").map(PathBuf::from),
            ssh_auth_sock: seen.take("SSH_AUTH_SOCK").map(PathBuf::from),
            path: seen.take("PATH"),
            children,
        }
    }

    /// Where configuration lies: `XDG_CONFIG_HOME`, else `~/.config`.
    #[must_use]
    pub fn config_home(&self) -> Option<PathBuf> {
        self.xdg_config_home.clone().or_else(|| Some(self.home.as_ref()?.join(".config")))
    }

    /// Where state outside the repository lies: `XDG_STATE_HOME`, else `~/.local/state`.
    #[must_use]
    pub fn state_home(&self) -> Option<PathBuf> {
        self.xdg_state_home.clone().or_else(|| Some(self.home.as_ref()?.join(".local/state")))
    }

    /// All variables but [`WITHHELD`]: what the programs that we start are given.
    #[must_use]
    pub fn for_children(&self) -> &[(OsString, OsString)] {
        &self.children
    }
}

// By hand: a variable of the user's may well be a secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment(…)")
    }
}

/// The variables that are still to be looked at.
struct Seen(BTreeMap<OsString, OsString>);

impl Seen {
    fn but_withheld(&self) -> Vec<(OsString, OsString)> {
        let kept = |name: &OsStr| !WITHHELD.iter().any(|withheld| name == *withheld);
        self.0.iter().filter(|(name, _)| kept(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
    }

    fn take(&mut self, name: &str) -> Option<OsString> {
        debug_assert!(HONOURED.iter().any(|(honoured, _)| *honoured == name), "{name}");
        self.0.remove(OsStr::new(name)).filter(|value| !value.is_empty())
    }

    fn absolute(&mut self, name: &str) -> Option<PathBuf> {
        self.take(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    fn secret(&mut self, name: &str) -> Option<Plaintext> {
        self.take(name).map(|value| Plaintext::from(value.into_encoded_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::of(pairs.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn empty_and_relative_folders_count_as_unset() {
        let env = environment(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "x"), ("TENURE_IDENTITY", "")]);
        assert_eq!(env.config_home(), Some("/h/.config".into()));
        assert!(env.identity.is_none());
        let env = environment(&[("XDG_CONFIG_HOME", "/x")]);
        assert_eq!(env.config_home(), Some("/x".into()));
        assert_eq!(env.state_home(), None);
    }

    #[test]
    fn no_child_is_given_a_key() {
        let all = HONOURED.iter().map(|(name, _)| (OsString::from(name), OsString::from("s3cret")));
        let env = Environment::of(all.chain([("OTHER".into(), "1".into())]));
        assert_eq!(env.identity.as_ref().unwrap().expose(), b"s3cret");
        assert_eq!(env.for_children().len(), HONOURED.len() + 1 - WITHHELD.len());
        assert!(!env.for_children().iter().any(|(name, _)| WITHHELD.iter().any(|w| name == w)));
        assert!(!format!("{env:?}").contains("s3cret"));
    }

    #[test]
    fn ci_may_be_switched_off() {
        assert!(environment(&[("CI", "true")]).ci);
        assert!(!environment(&[("CI", "false")]).ci);
        assert!(!environment(&[]).ci);
    }

    #[test]
    fn visual_goes_before_editor() {
        let env = environment(&[("VISUAL", "code -w"), ("EDITOR", "ed")]);
        assert_eq!(env.editor, Some("code -w".into()));
    }
}
