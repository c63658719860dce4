//! What a valid policy may still get wrong.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

use crate::finding::{Code, Finding, Severity};
use crate::names::{EnvName, MemberName, RepoPath, RoleName, TypeName};

use super::cadence::known_type;
use super::glob::EnvPattern;
use super::terms::{RotateEvery, Store, Strategy};
use super::{MemberKind, PATH, Policy};

/// Lists what is doubtful in a policy, given its text and the paths of the repository's files.
///
/// A fault that only files show, or that makes the rules contradict each other, is
/// [`Severity::Invalid`]; all else is a note. Sorted by line.
#[must_use]
pub fn lint(policy: &Policy, text: &str, files: &[RepoPath]) -> Vec<Finding> {
    let mut report = Report { lines: Lines::of(text), findings: Vec::new() };
    patterns(policy, files, &mut report);
    environments(policy, &mut report);
    admins(policy, &mut report);
    members(policy, &mut report);
    roles(policy, &mut report);
    types(policy, &mut report);
    rules(policy, &mut report);
    locked(policy, &mut report);
    report.findings.sort_by_key(|(line, _)| *line);
    report.findings.into_iter().map(|(_, finding)| finding).collect()
}

/// The line of a field of a policy's text, or of what stands around it; 1 if nothing does.
#[must_use]
pub fn line_of(text: &str, path: &[&str]) -> usize {
    Lines::of(text).at(path)
}

/// The line of an element of a list of a policy's text, such as a `[[table]]`; of the list if there are not as many.
#[must_use]
pub fn line_of_element(text: &str, path: &[&str], index: usize) -> usize {
    Lines::of(text).element(path, index)
}

/// The findings so far, each with its line.
struct Report<'t> {
    lines: Lines<'t>,
    findings: Vec<(usize, Finding)>,
}

impl Report<'_> {
    fn note(&mut self, path: &[&str], message: String, fix: &str) {
        let line = self.lines.at(path);
        self.add(line, (Code::Lint, Severity::Note), message, fix);
    }

    fn fault(&mut self, line: usize, message: String, fix: &str) {
        self.add(line, (Code::PolicyInvalid, Severity::Invalid), message, fix);
    }

    fn add(&mut self, line: usize, verdict: (Code, Severity), message: String, fix: &str) {
        let finding = Finding {
            code: verdict.0,
            severity: verdict.1,
            env: None,
            place: format!("{PATH}:{line}"),
            address: None,
            entry: None,
            message,
            fix: Some(fix.to_owned()),
        };
        self.findings.push((line, finding));
    }
}

/// Finds the line of a field by its path.
struct Lines<'t> {
    text: &'t str,
    root: Option<DeTable<'t>>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, root: DeTable::parse(text).ok().map(toml::Spanned::into_inner) }
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|b| *b == b'\n').count()
    }

    /// The line of the deepest step that is there; 1 if none is.
    fn at(&self, path: &[&str]) -> usize {
        let mut table = self.root.as_ref();
        let mut offset = 0;
        for step in path {
            let Some((key, value)) = table.and_then(|table| table.get_key_value(*step)) else {
                break;
            };
            offset = key.span().start;
            table = value.get_ref().as_table();
        }
        self.line(offset)
    }

    /// The line of an element of a list, or of the list.
    fn element(&self, path: &[&str], index: usize) -> usize {
        let mut value = None;
        let mut table = self.root.as_ref();
        for step in path {
            value = table.and_then(|table| table.get(*step));
            table = value.and_then(|value| value.get_ref().as_table());
        }
        let array = value.and_then(|value| value.get_ref().as_array());
        match array.and_then(|array| array.get(index)) {
            Some(element) => self.line(self.offset(element)),
            None => self.at(path),
        }
    }

    /// Where an element begins; a `[[table]]` begins with its first field.
    fn offset(&self, element: &toml::Spanned<DeValue<'t>>) -> usize {
        let first = element
            .get_ref()
            .as_table()
            .and_then(|table| table.keys().map(|key| key.span().start).min());
        first.unwrap_or(element.span().start)
    }
}

fn patterns(policy: &Policy, files: &[RepoPath], report: &mut Report<'_>) {
    for file in files {
        let envs = policy.environments_of(file);
        if let [one, other, ..] = envs.as_slice() {
            let line = report.lines.at(&["environments", other.as_str(), "files"]);
            report.fault(
                line,
                format!("`{file}` belongs to both `{one}` and `{other}`"),
                "narrow the patterns under `files` so that each file has one environment",
            );
        }
    }
    for (name, environment) in &policy.environments {
        for (index, glob) in environment.files.iter().enumerate() {
            if files.iter().any(|file| glob.takes(file)) {
                continue;
            }
            let line = report.lines.element(&["environments", name.as_str(), "files"], index);
            let message = format!("the pattern `{glob}` of `{name}` takes no file yet");
            let fix = "check its spelling, or seal a first file there";
            report.add(line, (Code::Lint, Severity::Note), message, fix);
        }
    }
}

fn environments(policy: &Policy, report: &mut Report<'_>) {
    for (name, environment) in &policy.environments {
        let path = ["environments", name.as_str(), "writers"];
        let signs = |member: &MemberName| {
            policy.members.get(member).is_some_and(|m| !m.signing_keys.is_empty())
        };
        if environment.store == Store::Files && !policy.writers(name).into_iter().any(signs) {
            report.note(
                &path,
                format!("nobody can write `{name}`: its writers have no signing key"),
                "add a role with a person who has a signing key",
            );
        }
        let readers = policy.readers(name);
        if environment.store == Store::Files && readers.len() == 1 {
            report.note(
                &["environments", name.as_str(), "readers"],
                format!("`{name}` has one reader: a lost key loses its values"),
                "add a second reader",
            );
        }
    }
}

fn admins(policy: &Policy, report: &mut Report<'_>) {
    if policy.environments.is_empty() {
        return;
    }
    let admins = policy.admins();
    let signs = |member: &&&MemberName| {
        policy.members.get(**member).is_some_and(|m| !m.signing_keys.is_empty())
    };
    if admins.iter().filter(signs).count() == 1 {
        report.note(
            &["admin", "roles"],
            "one admin only: without that key nobody can change the policy".to_owned(),
            "add a second admin, and keep one key offline",
        );
    }
    for role in &policy.admin.roles {
        let members = policy.roles.get(role).into_iter().flatten();
        for machine in members.filter(|member| is_machine(policy, member)) {
            report.note(
                &["roles", role.as_str()],
                format!(
                    "machine `{machine}` is in the admin role `{role}`, which gives it nothing"
                ),
                "take it out of the role",
            );
        }
    }
}

fn is_machine(policy: &Policy, member: &MemberName) -> bool {
    policy.members.get(member).is_some_and(|member| member.kind == MemberKind::Machine)
}

fn members(policy: &Policy, report: &mut Report<'_>) {
    for (name, member) in &policy.members {
        let path = ["members", name.as_str()];
        let reads = policy.readable_by(name);
        if !policy.roles.values().flatten().any(|member| member == name) {
            report.note(&path, format!("member `{name}` is in no role"), "add them to a role");
        }
        if member.recipients.is_empty() && !reads.is_empty() {
            report.note(
                &path,
                format!("member `{name}` is a reader without a recipient, and can open nothing"),
                "add a recipient, or take them out of the reading roles",
            );
        }
        if member.kind == MemberKind::Machine {
            machine(policy, name, &reads, report);
        }
    }
}

fn machine(
    policy: &Policy,
    name: &MemberName,
    reads: &BTreeSet<&EnvName>,
    report: &mut Report<'_>,
) {
    let path = ["members", name.as_str()];
    let Some(member) = policy.members.get(name) else { return };
    if member.owner.is_none() {
        let fix = "add `owner = \"…\"`, a person";
        report.note(&path, format!("machine `{name}` has no owner"), fix);
    }
    if member.expires.is_none() {
        let fix = "add `expires = …`, a date such as 2027-05-01";
        report.note(&path, format!("machine `{name}` has a key that never expires"), fix);
    }
    if reads.len() > 1 {
        let envs: Vec<String> = reads.iter().map(|env| format!("`{env}`")).collect();
        report.note(
            &path,
            format!("machine `{name}` reads {}", envs.join(" and ")),
            "give each environment a machine of its own",
        );
    }
}

fn roles(policy: &Policy, report: &mut Report<'_>) {
    let environments =
        policy.environments.values().flat_map(|e| e.readers.iter().chain(&e.writers));
    let rules = policy.secrets.iter().filter_map(|rule| rule.writers.as_ref()).flatten();
    let procedure = policy.procedure.security.iter().chain(&policy.procedure.platform_owner);
    let used: BTreeSet<&RoleName> =
        environments.chain(&policy.admin.roles).chain(rules).chain(procedure).collect();
    for role in policy.roles.keys().filter(|role| !used.contains(role)) {
        report.note(
            &["roles", role.as_str()],
            format!("nothing names the role `{role}`"),
            "name it in an environment, or remove it",
        );
    }
}

fn types(policy: &Policy, report: &mut Report<'_>) {
    for (name, described) in &policy.types {
        if let Some((lives, ceiling)) = beyond(name, described.rotate_every) {
            report.note(
                &["types", name.as_str(), "rotate-every"],
                format!("`{name}` lives {lives}, longer than the {ceiling} that are advised"),
                &format!("set `rotate-every` to \"{ceiling}d\" or less"),
            );
        }
        let turns = described.strategy == Some(Strategy::Alternating);
        if turns && policy.secrets.iter().all(|rule| rule.users.is_none()) {
            report.note(
                &["types", name.as_str(), "strategy"],
                format!("the users of `{name}` take turns, and no rule says who they are"),
                "add `users = { key = \"DB_USER\", names = [\"app_a\", \"app_b\"] }` to a [[secrets]]",
            );
        }
    }
    for (index, rule) in policy.secrets.iter().enumerate() {
        let alike = policy.secrets.iter().filter(|other| other.matches == rule.matches);
        let kind =
            rule.kind.as_ref().or_else(|| alike.filter_map(|it| it.kind.as_ref()).next_back());
        let Some((lives, ceiling)) = kind.and_then(|kind| beyond(kind, rule.rotate_every)) else {
            continue;
        };
        let line = report.lines.element(&["secrets"], index);
        let pattern = rule.matches.as_str();
        let message =
            format!("`{pattern}` lives {lives}, longer than the {ceiling} that are advised");
        let fix = format!("set `rotate-every` to \"{ceiling}d\" or less");
        report.add(line, (Code::Lint, Severity::Note), message, &fix);
    }
}

/// How long a value lives, and how long it should, where the first is more than the second.
fn beyond(kind: &TypeName, every: Option<RotateEvery>) -> Option<(String, u32)> {
    let ceiling = known_type(kind)?.ceiling?;
    match every? {
        RotateEvery::Never => Some(("for ever".to_owned(), ceiling)),
        // A ceiling is far above one day.
        RotateEvery::Days(days) if days > ceiling => Some((format!("{days} days"), ceiling)),
        RotateEvery::Days(_) => None,
    }
}

/// A rule whose writers are no writers of its environment locks its secrets.
fn locked(policy: &Policy, report: &mut Report<'_>) {
    for (index, rule) in policy.secrets.iter().enumerate() {
        let (Some(roles), EnvPattern::One(env)) = (&rule.writers, &rule.matches.env) else {
            continue;
        };
        let writers = policy.writers(env);
        let mut named = roles.iter().filter_map(|role| policy.roles.get(role)).flatten();
        if named.any(|member| writers.contains(member)) {
            continue;
        }
        let line = report.lines.element(&["secrets"], index);
        let message = format!(
            "nobody can write `{}`: its writers do not write `{env}`",
            rule.matches.as_str()
        );
        let fix = "name a role whose people write the environment";
        report.add(line, (Code::Lint, Severity::Note), message, fix);
    }
}

/// Two rules with one pattern and two types: the later one would win without a word.
fn rules(policy: &Policy, report: &mut Report<'_>) {
    for (index, rule) in policy.secrets.iter().enumerate() {
        let other = policy.secrets.iter().take(index).find(|earlier| {
            earlier.matches == rule.matches && earlier.kind.is_some() && earlier.kind != rule.kind
        });
        let (Some(kind), Some(other)) =
            (&rule.kind, other.and_then(|earlier| earlier.kind.as_ref()))
        else {
            continue;
        };
        let line = report.lines.element(&["secrets"], index);
        let pattern = rule.matches.as_str();
        report.fault(
            line,
            format!("`{pattern}` has two types, `{other}` and `{kind}`"),
            "keep one of the two rules",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse::samples::{BASE, DAN_SSH, parse};

    fn found(text: &str, files: &[&str]) -> Vec<(String, String, Severity)> {
        let files: Vec<RepoPath> = files.iter().map(|file| file.parse().unwrap()).collect();
        let findings = lint(&parse(text), text, &files);
        let line = |place: &str| -> String {
            let number: usize = place.rsplit(':').next().unwrap().parse().unwrap();
            text.lines().nth(number - 1).unwrap().trim().to_owned()
        };
        findings.into_iter().map(|f| (line(&f.place), f.message, f.severity)).collect()
    }

    const FILES: [&str; 3] = ["secrets/dev.env", "secrets/prod.env", "secrets/prod/a.pem"];

    /// The base policy with one text replaced has one finding more, of these words, at this line.
    fn one(from: &str, to: &str, message: &str, line: &str) {
        assert!(BASE.contains(from), "{from}");
        let findings = found(&BASE.replacen(from, to, 1), &FILES);
        let [(at, said, severity)] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!((said.as_str(), at.as_str()), (message, line));
        assert_eq!(*severity, Severity::Note);
    }

    #[test]
    fn a_good_policy_has_no_finding() {
        assert_eq!(found(BASE, &FILES), []);
    }

    #[test]
    fn each_doubt_is_noted_at_its_line() {
        one(
            "rotate-every = \"90d\"",
            "strategy = \"alternating\"\nrotate-every = \"90d\"",
            "the users of `api-key` take turns, and no rule says who they are",
            "strategy = \"alternating\"",
        );
        one("owner = \"ana\"\n", "", "machine `deploy-prod` has no owner", "[members.deploy-prod]");
        one(
            "expires = 2027-05-01\n",
            "",
            "machine `deploy-prod` has a key that never expires",
            "[members.deploy-prod]",
        );
        one(
            "rotate-every = \"90d\"",
            "rotate-every = \"91d\"",
            "`api-key` lives 91 days, longer than the 90 that are advised",
            "rotate-every = \"91d\"",
        );
        one(
            "rotate-every = \"90d\"",
            "rotate-every = \"never\"",
            "`api-key` lives for ever, longer than the 90 that are advised",
            "rotate-every = \"never\"",
        );
        one(
            "vendor = \"stripe\"\n",
            "vendor = \"stripe\"\nrotate-every = \"91d\"\n",
            "`prod/STRIPE_*` lives 91 days, longer than the 90 that are advised",
            "match = \"prod/STRIPE_*\"",
        );
        one("writers = [\"leads\"]\n", "", "nothing names the role `leads`", "leads = [\"ana\"]");
        one(
            "files = [\"secrets/dev.*\"]",
            "files = [\"secrets/dev.*\",\n \"more/**\"]",
            "the pattern `more/**` of `dev` takes no file yet",
            "\"more/**\"]",
        );
        one(
            "admin = [\"ana\", \"ben\"]",
            "admin = [\"ana\"]",
            "one admin only: without that key nobody can change the policy",
            "roles = [\"admin\"]",
        );
        one(
            "readers = [\"developer\"]",
            "readers = [\"developer\", \"deploy\"]",
            "machine `deploy-prod` reads `dev` and `prod`",
            "[members.deploy-prod]",
        );
        one(
            "admin = [\"ana\", \"ben\"]",
            "admin = [\"ana\", \"ben\", \"deploy-prod\"]",
            "machine `deploy-prod` is in the admin role `admin`, which gives it nothing",
            "admin = [\"ana\", \"ben\", \"deploy-prod\"]",
        );
        let cleo =
            "recipients = [\"age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa\"]";
        let signs = format!("signing-keys = [\"{DAN_SSH}\"]");
        one(
            cleo,
            &signs,
            "member `cleo` is a reader without a recipient, and can open nothing",
            "[members.cleo]",
        );
    }

    #[test]
    fn a_file_of_two_environments_and_a_secret_of_two_types_are_faults() {
        let text = BASE.replace("\"secrets/dev.*\"", "\"secrets/*.env\"");
        let findings = found(&text, &FILES);
        let message = "`secrets/prod.env` belongs to both `dev` and `prod`";
        assert!(findings.iter().any(|(at, said, severity)| {
            said == message && at.starts_with("files = ") && *severity == Severity::Invalid
        }));
        let text = format!("{BASE}\n[[secrets]]\nmatch = \"prod/STRIPE_*\"\ntype = \"token\"\n");
        let [(at, said, severity)] = &found(&text, &FILES)[..] else { panic!() };
        assert_eq!(said, "`prod/STRIPE_*` has two types, `api-key` and `token`");
        assert_eq!((at.as_str(), *severity), ("match = \"prod/STRIPE_*\"", Severity::Invalid));
    }

    #[test]
    fn no_finding_goes_without_a_fix() {
        let text = BASE.replace("expires = 2027-05-01\n", "").replace("owner = \"ana\"\n", "");
        let findings = lint(&parse(&text), &text, &[]);
        assert!(findings.len() > 3);
        assert!(findings.iter().all(|finding| finding.fix.is_some()));
    }
}
