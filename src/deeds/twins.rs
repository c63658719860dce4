//! Files that git tracks beside managed ones, and that are the same file where case does not count: on most
//! machines with macOS or Windows, one of the two overwrites the other.

use crate::finding::{Code, Finding, Severity};
use crate::names::{EnvName, RepoPath, quoted};
use crate::policy::{Glob, PATH, Policy};

/// Finds tracked files that no environment manages, and that one would in other case; the log's, too.
pub(super) fn twins(policy: &Policy, tracked: &[RepoPath]) -> Vec<Finding> {
    let globs = lower_globs(policy);
    tracked.iter().filter_map(|path| twin(policy, &globs, tracked, path)).collect()
}

/// Tells whether the policy is about any of some paths, be it where the case of letters does not count.
pub(super) fn is_about<'p>(policy: &Policy, mut paths: impl Iterator<Item = &'p RepoPath>) -> bool {
    let globs = lower_globs(policy);
    paths.any(|path| {
        let lower = path.as_str().to_lowercase();
        let may_be = |path: &RepoPath| globs.iter().any(|(_, glob)| glob.takes(path));
        let ours = lower == PATH || lower.starts_with(".secrets");
        ours || !policy.environments_of(path).is_empty()
            || lower.parse().is_ok_and(|it| may_be(&it))
    })
}

fn lower_globs(policy: &Policy) -> Vec<(&EnvName, Glob)> {
    let lower = |glob: &Glob| glob.as_str().to_lowercase().parse::<Glob>().ok();
    policy
        .environments
        .iter()
        .flat_map(|(env, of)| of.files.iter().filter_map(move |glob| Some((env, lower(glob)?))))
        .collect()
}

fn twin(
    policy: &Policy,
    globs: &[(&EnvName, Glob)],
    tracked: &[RepoPath],
    path: &RepoPath,
) -> Option<Finding> {
    let lower: RepoPath = path.as_str().to_lowercase().parse().ok()?;
    let ours = |path: &RepoPath| path.as_str() == PATH || path.as_str().starts_with(".secrets/");
    if ours(path) || !policy.environments_of(path).is_empty() {
        return None;
    }
    let env = globs.iter().find(|(_, glob)| glob.takes(&lower)).map(|(env, _)| *env);
    let of = match env {
        Some(env) => format!("a file of {env}"),
        None if ours(&lower) => "one of tenure's own".to_owned(),
        None => return None,
    };
    let same = tracked.iter().find(|other| *other != path && is_same(other, &lower));
    let from = quoted(path);
    let fix = match same {
        None if lower != *path => format!("git mv {from} {}", quoted(&lower)),
        _ => format!("git rm --cached {from}"),
    };
    Some(Finding {
        code: Code::OtherCase,
        severity: Severity::Found,
        env: env.cloned(),
        place: path.to_string(),
        address: None,
        entry: None,
        message: format!("not managed, and yet {of} where the case of letters does not count"),
        fix: Some(fix),
    })
}

fn is_same(other: &RepoPath, lower: &RepoPath) -> bool {
    other.as_str().to_lowercase() == lower.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    const POLICY: &str = r#"version = 1
revision = "1-00000001"
repository = "0198c9d2-7b1e-4c8a-9f00-0123456789ab"
[members.ana]
signing-keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"]
recipients = ["age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"]
[roles]
admin = ["ana"]
[admin]
roles = ["admin"]
[environments.prod]
files = ["secrets/Prod.*", "deploy/**"]
readers = ["admin"]
writers = ["admin"]
"#;

    fn places(tracked: &[&str]) -> Vec<(String, String)> {
        let policy = Policy::parse(POLICY).unwrap();
        let tracked: Vec<RepoPath> = tracked.iter().map(|path| path.parse().unwrap()).collect();
        let found = twins(&policy, &tracked).into_iter();
        found.map(|finding| (finding.place, finding.fix.unwrap())).collect()
    }

    #[test]
    fn only_what_case_alone_keeps_apart_is_found() {
        let fine = [
            "secrets/Prod.env",
            "deploy/A.env",
            ".secrets/log/x",
            ".secrets-policy.toml",
            "src/Main.rs",
        ];
        assert_eq!(places(&fine), []);
        let mv = |from: &str, to: &str| (from.to_owned(), format!("git mv {from} {to}"));
        let rm = |from: &str| (from.to_owned(), format!("git rm --cached {from}"));
        assert_eq!(places(&["secrets/prod.env"]), [rm("secrets/prod.env")]);
        assert_eq!(places(&["Deploy/x.env"]), [mv("Deploy/x.env", "deploy/x.env")]);
        assert_eq!(places(&[".Secrets/log/x"]), [mv(".Secrets/log/x", ".secrets/log/x")]);
        let both = ["deploy/x.env", "DEPLOY/X.env"];
        assert_eq!(places(&both), [rm("DEPLOY/X.env")]);
    }
}
