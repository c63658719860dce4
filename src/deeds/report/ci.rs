//! Which tracked files of a CI run `tenure check`.

use super::ground::Ground;
use crate::names::RepoPath;
use crate::world::WorldError;

/// Folders in which a CI keeps its files.
const FOLDERS: [&str; 9] = [
    ".github/workflows/",
    ".gitea/workflows/",
    ".forgejo/workflows/",
    ".gitlab/",
    ".circleci/",
    ".buildkite/",
    ".woodpecker/",
    ".ci/",
    "ci/",
];

/// Files of a CI, by name.
const FILES: [&str; 7] = [
    ".gitlab-ci.yml",
    ".drone.yml",
    ".travis.yml",
    ".woodpecker.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
];

const CHECK: &str = "tenure check";

/// Lists the files of a CI that run it, sorted. Whether the jobs are run, nobody here can tell.
///
/// # Errors
/// [`WorldError`] when git does not give a file.
pub(super) fn runs_check(ground: &Ground<'_>) -> Result<Vec<RepoPath>, WorldError> {
    let mut found = Vec::new();
    ground.tracked.each_text(&ground.place.checkout, &is_of_ci, &mut |path, text| {
        if text.lines().any(runs) {
            found.push(path.clone());
        }
    })?;
    Ok(found)
}

fn is_of_ci(path: &RepoPath) -> bool {
    let text = path.as_str();
    FILES.contains(&text) || FOLDERS.iter().any(|folder| text.starts_with(folder))
}

fn runs(line: &str) -> bool {
    !line.trim_start().starts_with(['#', '/']) && line.contains(CHECK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_a_ci_count() {
        for path in [".github/workflows/a.yml", "ci/checks.yml", ".gitlab-ci.yml", "Jenkinsfile"] {
            assert!(is_of_ci(&path.parse().unwrap()), "{path}");
        }
        for path in ["README.md", "docs/ci/a.yml", ".github/dependabot.yml"] {
            assert!(!is_of_ci(&path.parse().unwrap()), "{path}");
        }
    }

    #[test]
    fn what_is_commented_out_does_not_run() {
        assert!(runs("      - run: tenure check --base main"));
        assert!(!runs("      # - run: tenure check"));
        assert!(!runs("      - run: tenure status"));
    }
}
