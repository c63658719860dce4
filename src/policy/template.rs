//! The first policy of a repository: it explains itself to whoever opens it.

use std::fmt::Write as _;

use crate::names::{EnvName, MemberName, RepositoryId};

use super::cadence::{KNOWN_TYPES, KnownType};
use super::terms::RotateEvery;
use super::{Recipient, SigningKey};

/// What the first policy says.
#[derive(Debug, Clone)]
pub struct TemplateArgs {
    /// The repository's new id.
    pub repository: RepositoryId,
    /// The first member, who becomes admin.
    pub member: MemberName,
    /// Their keys to read with; at least one.
    pub recipients: Vec<Recipient>,
    /// Their keys to sign with; at least one.
    pub signing_keys: Vec<SigningKey>,
    /// The environments, as `dev` and `prod`.
    pub environments: Vec<EnvName>,
    /// The digits of the first revision.
    pub random: [u8; 4],
}

/// Writes the first policy. It parses, and its only lints are that files and a second admin are to come.
///
/// An environment whose name begins with `prod` is read and written by admins only.
#[must_use]
pub fn template(args: &TemplateArgs) -> String {
    let mut text = head(args);
    text.push_str(ENVIRONMENTS);
    for env in &args.environments {
        text.push_str(&environment(env));
    }
    text.push_str(TYPES);
    for kind in KNOWN_TYPES {
        text.push_str(&secret_type(kind));
    }
    text.push_str(RULES);
    text
}

fn quoted<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| format!("\"{}\"", item.to_string())).collect();
    items.join(", ")
}

fn head(args: &TemplateArgs) -> String {
    let TemplateArgs { repository, member, .. } = args;
    let revision = super::edit::next_revision("", args.random);
    let recipients = quoted(&args.recipients);
    let signing_keys = quoted(&args.signing_keys);
    // A role that nothing names would be a lint.
    let developer = if args.environments.iter().all(is_production) {
        String::new()
    } else {
        format!("developer = [\"{member}\"]\n")
    };
    format!(
        r#"# Who may read and write the secrets of this repository, and how long each may live.
#
# Edit it by hand or through `tenure member …`; comments and layout stay. An edit counts once an
# admin has signed it: `tenure policy lint`, then `tenure policy sign`, which shows it and asks.

version = 1
revision = "{revision}"    # new at each signing, so that two edits conflict in git
repository = "{repository}"

# Members are people and machines. `recipients` are public keys to read with: age1…, ssh-ed25519,
# ssh-rsa. `signing-keys` are SSH public keys to write with. A machine only reads:
#
#   [members.deploy-prod]
#   kind = "machine"
#   owner = "{member}"
#   recipients = ["age1…"]
#   expires = 2027-05-01             # reported when past; changes no reader by itself

[members.{member}]
recipients = [{recipients}]
signing-keys = [{signing_keys}]

# Roles name members, and all else names roles. A role names somebody, so add
# `deploy = ["deploy-prod"]` together with the machine, and `deploy` to the readers of prod.

[roles]
admin = ["{member}"]
{developer}
# Admins sign this file. Add a second one soon: when every admin key is lost, nobody can change it.

[admin]
roles = ["admin"]
threshold = 1                      # how many of them must sign
"#
    )
}

const ENVIRONMENTS: &str = r#"
# Environments are sets of files with their own readers and writers. `files` are patterns from the
# repository's root: `*` stays in a folder, `**` is any number of folders; no file may have two
# environments. Whoever reads an environment can read all of it. Also:
#
#   clear = ["HOST", "*.port"]       # values that stay readable
#   comments = "clear"               # else comments are sealed like values
#   refuse-overdue-after = "14d"     # `tenure run` refuses values so long after their deadline
"#;

fn is_production(env: &EnvName) -> bool {
    env.as_str().starts_with("prod")
}

fn environment(env: &EnvName) -> String {
    let production = is_production(env);
    let role = if production { "admin" } else { "developer" };
    let mut text = format!(
        "\n[environments.{env}]\nfiles = [\"secrets/{env}.*\", \"secrets/{env}/**\"]\n\
         readers = [\"{role}\"]\nwriters = [\"{role}\"]\n"
    );
    if production {
        text.push_str(
            "leaver = \"1d\"                      # what a leaver could read must be new by then\n",
        );
    }
    text
}

const TYPES: &str = r#"
# Types say how long a value may live: `rotate-every` in days, or "never" by date. The deadline is
# signed with the value. These are the defaults; change them to what you will really do. Also:
#
#   warn-before = "14d"              # when a deadline is announced
#   grace = "3d"                     # so long an overdue value is a warning in `tenure check`
#   generate = "password:32"         # how `tenure rotate` makes a new value
#   runbook = "docs/rotate.md"       # how to rotate it
#   revoke = "console, API keys"     # how the old value is ended at its issuer
"#;

fn secret_type(kind: &KnownType) -> String {
    let cadence = match kind.rotate_every {
        RotateEvery::Never => "never".to_owned(),
        RotateEvery::Days(days) => format!("{days}d"),
    };
    let mut text = format!("\n[types.{}]\n", kind.name);
    let field = format!("rotate-every = \"{cadence}\"");
    // Writing to a String cannot fail.
    let _ = match kind.hint {
        "" => writeln!(text, "{field}"),
        hint => writeln!(text, "{field:<34} # {hint}"),
    };
    text
}

const RULES: &str = r#"
# Rules say more of some secrets: their type, who answers for them, and who of the writers may write
# them. `match` is ENV/KEY or ENV/PATH#KEY; a later rule wins, field by field.
#
#   [[secrets]]
#   match = "prod/STRIPE_*"
#   type = "api-key"
#   owner = "payments"
#   origin = "third-party"
#   vendor = "stripe"
#   rotate-every = "30d"             # for these, whatever their type says
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse::samples::{AGE, ANA_SSH, parse};
    use crate::policy::{Policy, lint};

    fn args(envs: &[&str]) -> TemplateArgs {
        TemplateArgs {
            repository: RepositoryId::from_random([7; 16]),
            member: "ana".parse().unwrap(),
            recipients: vec![ANA_SSH.parse().unwrap(), AGE.parse().unwrap()],
            signing_keys: vec![ANA_SSH.parse().unwrap()],
            environments: envs.iter().map(|env| env.parse().unwrap()).collect(),
            random: [1, 2, 3, 4],
        }
    }

    #[test]
    fn the_first_policy_is_valid() {
        let text = template(&args(&["dev", "prod"]));
        let policy: Policy = parse(&text);
        assert_eq!(policy.revision, "1-01020304");
        assert!(policy.is_admin(&"ana".parse().unwrap()));
        let prod = "prod".parse().unwrap();
        assert_eq!(policy.environments[&prod].leaver, Some(1));
        assert_eq!(policy.environments[&prod].writers[0].as_str(), "admin");
        assert_eq!(policy.types.len(), KNOWN_TYPES.len());
    }

    #[test]
    fn the_first_policy_is_nearly_clean_whatever_its_environments() {
        for envs in [&["dev", "prod"][..], &["prod"], &["a", "b", "production"], &[]] {
            let text = template(&args(envs));
            for finding in lint(&parse(&text), &text, &[]) {
                let known = ["takes no file yet", "one admin only", "has one reader"];
                assert!(known.iter().any(|words| finding.message.contains(words)), "{finding:?}");
            }
        }
    }

    #[test]
    fn no_line_is_too_long_to_read_but_those_with_keys() {
        let text = template(&args(&["dev", "prod"]));
        for line in text.lines().filter(|line| !line.contains("AAAA")) {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn what_the_comments_show_can_be_uncommented() {
        let text = template(&args(&["dev", "prod"]));
        let machine = text
            .lines()
            .map(|line| line.strip_prefix("#   ").unwrap_or(line))
            .skip_while(|line| !line.starts_with("[[secrets]]"));
        let rule: Vec<&str> = machine.collect();
        let policy = parse(&format!("{text}\n{}\n", rule.join("\n")));
        assert_eq!(policy.secrets[0].vendor.as_deref(), Some("stripe"));
    }
}
