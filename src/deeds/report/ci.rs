//! What the jobs of CI do with us, from the tracked files that describe them.

use std::collections::BTreeSet;

use serde_yaml::Value;

use super::ground::Ground;
use crate::names::RepoPath;
use crate::world::WorldError;

/// What the jobs of CI do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ci {
    /// The files that run `tenure check`, sorted.
    pub checks: Vec<RepoPath>,
    /// The files in which a job keeps receipts of what `tenure run` gave it, sorted.
    pub receipts: Vec<RepoPath>,
    /// Actions that a job uses which opens secrets, and that are not named by a commit's id.
    pub unpinned: Vec<Unpinned>,
    /// Workflows that run us and that nobody can read.
    pub unreadable: Vec<RepoPath>,
}

/// An action that somebody else can change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unpinned {
    /// The workflow.
    pub path: RepoPath,
    /// Its job.
    pub job: String,
    /// The action, as the job names it.
    pub action: String,
}

/// Looks into the files that describe jobs.
///
/// # Errors
/// [`WorldError`] when git does not give a file.
pub fn ci(ground: &Ground<'_>) -> Result<Ci, WorldError> {
    let mut ci = Ci::default();
    let wanted = |path: &RepoPath| describes_jobs(path.as_str());
    ground.tracked.each_text(&ground.place.checkout, &wanted, &mut |path, text| {
        ci.look_into(path, text);
    })?;
    Ok(ci)
}

/// Where hosts look for jobs; and where people keep the scripts of theirs.
fn describes_jobs(path: &str) -> bool {
    const FOLDERS: [&str; 11] = [
        ".github/workflows/",
        ".gitea/workflows/",
        ".forgejo/workflows/",
        ".gitlab/",
        ".circleci/",
        ".buildkite/",
        ".woodpecker/",
        ".builds/",
        ".tekton/",
        ".ci/",
        "ci/",
    ];
    const FILES: [&str; 14] = [
        ".gitlab-ci.yml",
        ".gitlab-ci.yaml",
        ".travis.yml",
        ".drone.yml",
        ".woodpecker.yml",
        ".woodpecker.yaml",
        ".build.yml",
        ".cirrus.yml",
        "appveyor.yml",
        "azure-pipelines.yml",
        "azure-pipelines.yaml",
        "bitbucket-pipelines.yml",
        "cloudbuild.yaml",
        "jenkinsfile",
    ];
    let path = path.to_ascii_lowercase();
    FOLDERS.iter().any(|folder| path.starts_with(folder)) || FILES.contains(&path.as_str())
}

/// Workflows of the kind that names actions.
fn names_actions(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let hosts = [".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/"];
    let yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    yaml && hosts.iter().any(|folder| path.starts_with(folder))
}

impl Ci {
    fn look_into(&mut self, path: &RepoPath, text: &str) {
        if runs(text, &["check"]) {
            self.checks.push(path.clone());
        }
        if text.contains("--receipt") && runs(text, &["run", "exec"]) {
            self.receipts.push(path.clone());
        }
        if !names_actions(path.as_str()) {
            return;
        }
        match serde_yaml::from_str::<Value>(text) {
            Ok(workflow) => self.unpinned.extend(unpinned(path, &workflow)),
            Err(_) if runs(text, &OPENING) || names_a_key(text) => {
                self.unreadable.push(path.clone());
            }
            Err(_) => {}
        }
    }
}

/// The commands that open values.
const OPENING: [&str; 8] = ["run", "exec", "get", "export", "inject", "open", "decrypt", "edit"];

/// The options before which no command stands, and after which comes their value.
const VALUED: [&str; 14] = [
    "-C",
    "--dir",
    "-e",
    "--env",
    "-i",
    "--identity",
    "--root",
    "--reason",
    "--color",
    "--now",
    "--as-of",
    "--base-revision",
    "--min-policy",
    "--max-age",
];

/// Tells whether a text runs one of our commands in a line that is no comment.
fn runs(text: &str, commands: &[&str]) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        let comment = line.starts_with('#') || line.starts_with("//");
        let code = line.split(" #").next().unwrap_or_default();
        !comment && code.split(['&', ';', '|', '(', ')', '`']).any(|part| calls(part, commands))
    })
}

fn calls(part: &str, commands: &[&str]) -> bool {
    let bare: String = part
        .chars()
        .map(|c| if matches!(c, '"' | '\'' | ',' | '[' | ']') { ' ' } else { c })
        .collect();
    let mut words = bare.split_whitespace();
    let own = |word: &&str| *word == "tenure" || word.ends_with("/tenure");
    let spoken = |word: &str| matches!(word, "echo" | "printf");
    let before: Vec<_> = words.by_ref().take_while(|word| !own(word)).collect();
    if before.iter().any(|word| spoken(word)) {
        return false;
    }
    while let Some(word) = words.next() {
        if VALUED.contains(&word) {
            words.next();
        } else if !word.starts_with('-') {
            return commands.contains(&word);
        }
    }
    false
}

/// Tells whether a text names a variable that has a private key.
fn names_a_key(text: &str) -> bool {
    ["TENURE_IDENTITY", "SOPS_AGE_KEY"].iter().any(|name| text.contains(name))
}

fn unpinned(path: &RepoPath, workflow: &Value) -> BTreeSet<Unpinned> {
    let shared = hands_a_key(workflow.get("env"));
    let mut found = BTreeSet::new();
    for (name, job) in workflow.get("jobs").and_then(Value::as_mapping).into_iter().flatten() {
        let steps: Vec<&Value> =
            job.get("steps").and_then(Value::as_sequence).into_iter().flatten().collect();
        if !shared && !opens(job, &steps) {
            continue;
        }
        let used = std::iter::once(job).chain(steps).filter_map(|it| it.get("uses")?.as_str());
        found.extend(used.filter(|action| !is_pinned(action)).map(|action| Unpinned {
            path: path.clone(),
            job: name.as_str().unwrap_or_default().to_owned(),
            action: action.to_owned(),
        }));
    }
    found
}

/// Tells whether a job is given a key, or runs what needs one.
fn opens(job: &Value, steps: &[&Value]) -> bool {
    let given = |it: &Value| ["env", "with", "secrets"].iter().any(|key| hands_a_key(it.get(key)));
    given(job)
        || steps.iter().any(|step| given(step))
        || steps
            .iter()
            .filter_map(|step| step.get("run")?.as_str())
            .any(|text| runs(text, &OPENING) || names_a_key(text))
}

fn hands_a_key(given: Option<&Value>) -> bool {
    let mut given = given.and_then(Value::as_mapping).into_iter().flatten();
    given.any(|(name, value)| [name, value].into_iter().filter_map(Value::as_str).any(names_a_key))
}

/// A commit's id, or an image's hash, names what cannot change; what lies in this repository is of the
/// commit that runs.
fn is_pinned(action: &str) -> bool {
    let hex = |text: &str, digits: &[usize]| {
        digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if action.starts_with("./") {
        return true;
    }
    match action.rsplit_once('@') {
        Some((image, hash)) if image.starts_with("docker://") => {
            hash.strip_prefix("sha256:").is_some_and(|hash| hex(hash, &[64]))
        }
        Some((_, commit)) => hex(commit, &[40, 64]),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(path: &str, text: &str) -> Ci {
        let mut ci = Ci::default();
        ci.look_into(&path.parse().unwrap(), text);
        ci
    }

    #[test]
    fn a_line_that_runs_check_is_found_however_it_is_written() {
        for line in [
            "tenure check",
            "      - run: tenure check",
            "- script: \"./bin/tenure -e prod check --json\"",
            "cargo build && tenure --root abc check | tee log",
            "  sh 'tenure check'",
            "command: [\"tenure\", \"check\"]",
        ] {
            assert!(runs(line, &["check"]), "{line}");
        }
        for line in [
            "# tenure check",
            "run: true # tenure check",
            "tenure status",
            "tenure-check",
            "tenure -e check status",
            "tenure run -- ./check",
            "echo tenure check",
            "my-tenure check",
        ] {
            assert!(!runs(line, &["check"]), "{line}");
        }
    }

    #[test]
    fn only_files_of_ci_count() {
        for path in [".github/workflows/a.yml", ".gitlab-ci.yml", "ci/checks.yml", "Jenkinsfile"] {
            assert!(describes_jobs(path), "{path}");
        }
        for path in ["src/ci/a.yml", "docs/ci.md", ".github/dependabot.yml", "README.md"] {
            assert!(!describes_jobs(path), "{path}");
        }
        assert_eq!(look("ci/a.sh", "tenure check\n").checks.len(), 1);
        assert_eq!(look("ci/a.sh", "tenure status\n"), Ci::default());
    }

    const WORKFLOW: &str = "
jobs:
  deploy:
    steps:
      - uses: actions/checkout@v4
      - run: tenure run -e prod -- ./deploy
        env:
          KEY: ${{ secrets.TENURE_IDENTITY }}
";

    fn actions(text: &str) -> Vec<String> {
        let found = look(".github/workflows/a.yml", text).unpinned;
        found.into_iter().map(|it| format!("{} {}", it.job, it.action)).collect()
    }

    #[test]
    fn a_job_that_opens_secrets_names_its_actions_by_commit() {
        assert_eq!(actions(WORKFLOW), ["deploy actions/checkout@v4"]);
        let pinned = WORKFLOW.replace("@v4", &format!("@{}", "a".repeat(40)));
        assert_eq!(actions(&pinned), [""; 0]);
        // Of a job that opens nothing it is no matter.
        let other = WORKFLOW
            .replace("tenure run -e prod -- ./deploy", "make")
            .replace("TENURE_IDENTITY", "OTHER");
        assert_eq!(actions(&other), [""; 0]);
        // The key alone is enough.
        let key = WORKFLOW.replace("tenure run -e prod -- ./deploy", "make");
        assert_eq!(actions(&key).len(), 1);
        let shared = other.replace("jobs:", "env:\n  TENURE_IDENTITY: x\njobs:");
        assert_eq!(actions(&shared).len(), 1);
    }

    #[test]
    fn what_can_change_is_not_pinned() {
        let hash = "0".repeat(64);
        for action in ["a/b@main", "a/b@v1.2.3", "a/b", "docker://a:1", "a/b@abc123"] {
            assert!(!is_pinned(action), "{action}");
        }
        let image = format!("docker://a@sha256:{hash}");
        for action in ["./local", &format!("a/b@{}", &hash[..40]), &image] {
            assert!(is_pinned(action), "{action}");
        }
    }

    #[test]
    fn a_workflow_that_nobody_can_read_is_named_where_it_opens_secrets() {
        let path = ".github/workflows/a.yml";
        assert_eq!(look(path, "a: [\n  tenure get X\n").unreadable.len(), 1);
        assert_eq!(look(path, "a: [\n  make\n"), Ci::default());
    }
}
