//! Who may what, which file belongs where, and what the rules say of one secret.

use std::collections::BTreeSet;

use crate::names::{
    Address, ConsumerName, EnvName, KeyPath, MemberName, RepoPath, RoleName, TypeName,
};

use super::terms::{Custody, Origin, RotateEvery, Users};
use super::{Environment, MemberKind, Policy, Recipient, SecretRule};

/// Where to look for an environment's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Search<'p> {
    /// At one path.
    File(&'p str),
    /// In a folder and not below; empty for the root.
    Folder(&'p str),
    /// In a folder and below; empty for the root.
    Tree(&'p str),
}

/// What all matching rules say of one secret together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule<'p> {
    /// Its type.
    pub kind: Option<&'p TypeName>,
    /// Another type that an earlier rule gives: a finding.
    pub other_kind: Option<&'p TypeName>,
    /// How long its values may live, whatever their type says.
    pub rotate_every: Option<RotateEvery>,
    /// Days before its deadline from which on it is announced, whatever its type says.
    pub warn_before: Option<u32>,
    /// Who answers for it.
    pub owner: Option<&'p str>,
    /// Who issues it.
    pub origin: Option<Origin>,
    /// The third party.
    pub vendor: Option<&'p str>,
    /// The roles that may write it, of those that may write its environment.
    pub writers: Option<&'p [RoleName]>,
    /// Who uses it.
    pub used_by: &'p [ConsumerName],
    /// Which users at the issuer take turns with it.
    pub users: Option<&'p Users>,
    /// Who holds it.
    pub custody: Option<Custody>,
    /// Who else holds copies.
    pub copies: &'p [String],
    /// Whom to ask.
    pub contact: Option<&'p str>,
}

impl<'p> Rule<'p> {
    /// Puts a later rule over this one, field by field.
    fn over(&mut self, rule: &'p SecretRule) {
        if rule.kind.is_some() {
            self.other_kind = self.kind.filter(|kind| Some(*kind) != rule.kind.as_ref());
            self.kind = rule.kind.as_ref();
        }
        self.over_beside(rule);
    }

    /// Puts over this one what a later rule says of the values beside those that it takes.
    fn over_beside(&mut self, rule: &'p SecretRule) {
        self.rotate_every = rule.rotate_every.or(self.rotate_every);
        self.warn_before = rule.warn_before.or(self.warn_before);
        self.owner = rule.owner.as_deref().or(self.owner);
        self.origin = rule.origin.or(self.origin);
        self.vendor = rule.vendor.as_deref().or(self.vendor);
        self.writers = rule.writers.as_deref().or(self.writers);
        self.custody = rule.custody.or(self.custody);
        self.users = rule.users.as_ref().or(self.users);
        self.contact = rule.contact.as_deref().or(self.contact);
        if !rule.used_by.is_empty() {
            self.used_by = &rule.used_by;
        }
        if !rule.copies.is_empty() {
            self.copies = &rule.copies;
        }
    }
}

impl Policy {
    /// The members of any of these roles.
    fn members_of(&self, roles: &[RoleName]) -> BTreeSet<&MemberName> {
        roles.iter().filter_map(|role| self.roles.get(role)).flatten().collect()
    }

    fn is_person(&self, member: &MemberName) -> bool {
        self.members.get(member).is_some_and(|member| member.kind == MemberKind::Person)
    }

    fn has_role(&self, member: &MemberName, roles: &[RoleName]) -> bool {
        let mut named = roles.iter().filter_map(|role| self.roles.get(role));
        named.any(|members| members.contains(member))
    }

    /// Who reads an environment; nobody if it does not exist.
    #[must_use]
    pub fn readers(&self, env: &EnvName) -> BTreeSet<&MemberName> {
        self.environments.get(env).map(|e| self.members_of(&e.readers)).unwrap_or_default()
    }

    /// Who writes some of an environment's secrets; nobody if it does not exist. Machines never do.
    #[must_use]
    pub fn writers(&self, env: &EnvName) -> BTreeSet<&MemberName> {
        let mut writers =
            self.environments.get(env).map(|e| self.members_of(&e.writers)).unwrap_or_default();
        writers.retain(|member| self.is_person(member));
        writers
    }

    /// The public keys that an environment's keyring is wrapped for, by member, in the policy's order.
    #[must_use]
    pub fn reader_recipients(&self, env: &EnvName) -> Vec<(&MemberName, &Recipient)> {
        let members =
            self.readers(env).into_iter().filter_map(|name| self.members.get_key_value(name));
        members
            .flat_map(|(name, member)| member.recipients.iter().map(move |key| (name, key)))
            .collect()
    }

    /// The environments that a member reads.
    #[must_use]
    pub fn readable_by(&self, member: &MemberName) -> BTreeSet<&EnvName> {
        let reads = |e: &Environment| self.has_role(member, &e.readers);
        self.environments.iter().filter(|(_, e)| reads(e)).map(|(name, _)| name).collect()
    }

    /// The people whose signatures put a policy in force.
    #[must_use]
    pub fn admins(&self) -> BTreeSet<&MemberName> {
        let mut admins = self.members_of(&self.admin.roles);
        admins.retain(|member| self.is_person(member));
        admins
    }

    /// Tells whether a member is one of [`Self::admins`].
    #[must_use]
    pub fn is_admin(&self, member: &MemberName) -> bool {
        self.is_person(member) && self.has_role(member, &self.admin.roles)
    }

    /// Tells whether a member may write one secret: a person, in a writing role of the environment,
    /// and in the secret's own writers where a rule narrows them.
    ///
    /// Does not ask whether the path belongs to the environment: a file that no pattern takes any more
    /// must still be deletable. See [`Self::environments_of`].
    #[must_use]
    pub fn may_write(&self, member: &MemberName, address: &Address) -> bool {
        let narrowed = || self.rule(address).writers;
        self.may_write_some(member, &address.env)
            && narrowed().is_none_or(|roles| self.has_role(member, roles))
    }

    /// Tells whether a member may write any secret of an environment at all.
    #[must_use]
    pub fn may_write_some(&self, member: &MemberName, env: &EnvName) -> bool {
        let writers = self.environments.get(env).map(|e| e.writers.as_slice());
        self.is_person(member) && self.has_role(member, writers.unwrap_or_default())
    }

    /// Tells whether a member may make a keyring of an environment: a reader who is a writer of it, or an admin.
    #[must_use]
    pub fn may_make_keyring(&self, member: &MemberName, env: &EnvName) -> bool {
        self.readers(env).contains(member)
            && (self.is_admin(member) || self.may_write_some(member, env))
    }

    /// The environment of a path; none where none or several take it: see [`Self::environments_of`].
    #[must_use]
    pub fn environment_of(&self, path: &RepoPath) -> Option<&EnvName> {
        self.environment_of_name(path.as_str())
    }

    /// The same for whatever git may call a file: one that is no [`RepoPath`] is never sealed, and must not lie there.
    #[must_use]
    pub fn environment_of_name(&self, name: &str) -> Option<&EnvName> {
        match self.environments_of_name(name).as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// All environments whose patterns take a path. More than one is a fault of the policy.
    #[must_use]
    pub fn environments_of(&self, path: &RepoPath) -> Vec<&EnvName> {
        self.environments_of_name(path.as_str())
    }

    fn environments_of_name(&self, name: &str) -> Vec<&EnvName> {
        let takes = |e: &Environment| e.files.iter().any(|glob| glob.takes_name(name));
        self.environments.iter().filter(|(_, e)| takes(e)).map(|(name, _)| name).collect()
    }

    /// Where to look for the files of one environment, or of all; sorted.
    #[must_use]
    pub fn searches(&self, env: Option<&EnvName>) -> Vec<Search<'_>> {
        let wanted = self.environments.iter().filter(|(name, _)| env.is_none_or(|e| e == *name));
        let mut searches: Vec<Search<'_>> = wanted
            .flat_map(|(_, e)| &e.files)
            .map(|glob| match (glob.literal(), glob.folder()) {
                (Some(path), _) => Search::File(path),
                (None, (folder, true)) => Search::Tree(folder),
                (None, (folder, false)) => Search::Folder(folder),
            })
            .collect();
        searches.sort_unstable();
        searches.dedup();
        searches
    }

    /// The folders, without a wildcard and none inside another, under which all files of one environment,
    /// or of all, lie. An empty text stands for the root: everywhere.
    #[must_use]
    pub fn literal_prefixes(&self, env: Option<&EnvName>) -> Vec<String> {
        let wanted = self.environments.iter().filter(|(name, _)| env.is_none_or(|e| e == *name));
        let folders: BTreeSet<&str> =
            wanted.flat_map(|(_, e)| &e.files).map(|glob| glob.folder().0).collect();
        let inside = |one: &str, other: &str| {
            one != other
                && (other.is_empty()
                    || one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/')))
        };
        let outermost = |one: &&&str| !folders.iter().any(|other| inside(one, other));
        folders.iter().filter(outermost).map(|folder| (*folder).to_owned()).collect()
    }

    /// What the rules say of one secret: all that take it, a later one winning field by field.
    ///
    /// What is said of `KEY` holds for `KEY_NEXT` and `KEY_PREVIOUS` too, but for the type, which each value
    /// has by its own history: who may not write a value plants none beside it either.
    #[must_use]
    pub fn rule(&self, address: &Address) -> Rule<'_> {
        let mut rule = Rule::default();
        if self.secrets.is_empty() {
            return rule;
        }
        let beside = address.beside_what().map(|(_, base)| base);
        for one in &self.secrets {
            if one.matches.takes(address) {
                rule.over(one);
            } else if beside.as_ref().is_some_and(|base| one.matches.takes(base)) {
                rule.over_beside(one);
            }
        }
        rule
    }

    /// Tells whether a value of an environment stands in clear. A whole file never does.
    #[must_use]
    pub fn is_clear(&self, env: &EnvName, key: &KeyPath) -> bool {
        self.environments.get(env).is_some_and(|e| e.clear.iter().any(|glob| glob.takes(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse::samples::{BASE, parse};

    fn env(name: &str) -> EnvName {
        name.parse().unwrap()
    }

    fn member(name: &str) -> MemberName {
        name.parse().unwrap()
    }

    fn names(members: &BTreeSet<&MemberName>) -> Vec<String> {
        members.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn roles_decide_who_reads() {
        let policy = parse(BASE);
        assert_eq!(names(&policy.readers(&env("prod"))), ["ana", "ben", "deploy-prod"]);
        assert_eq!(names(&policy.readers(&env("dev"))), ["ana", "ben", "cleo"]);
        assert!(policy.readers(&env("nowhere")).is_empty());
        let recipients = policy.reader_recipients(&env("prod"));
        assert_eq!(recipients.len(), 3);
        assert_eq!(recipients[2].0, &member("deploy-prod"));
        assert_eq!(names(&policy.admins()), ["ana", "ben"]);
        assert!(policy.is_admin(&member("ana")) && !policy.is_admin(&member("cleo")));
        assert!(policy.readable_by(&member("cleo")).contains(&env("dev")));
        assert!(!policy.readable_by(&member("cleo")).contains(&env("prod")));
    }

    #[test]
    fn a_rule_narrows_the_writers_and_never_widens_them() {
        let policy = parse(BASE);
        let stripe: Address = "prod/secrets/prod.env#STRIPE_KEY".parse().unwrap();
        let other: Address = "prod/secrets/prod.env#OTHER".parse().unwrap();
        let dev: Address = "dev/secrets/dev.env#X".parse().unwrap();
        assert!(policy.may_write(&member("ana"), &stripe));
        assert!(!policy.may_write(&member("ben"), &stripe));
        assert!(policy.may_write(&member("ben"), &other));
        assert!(policy.may_write(&member("cleo"), &dev));
        assert!(!policy.may_write(&member("cleo"), &other));
        assert!(policy.may_write_some(&member("ben"), &env("prod")));
        assert!(!policy.may_write_some(&member("nobody"), &env("prod")));
        let wider = parse(&BASE.replace("writers = [\"leads\"]", "writers = [\"developer\"]"));
        assert!(!wider.may_write(&member("cleo"), &stripe));
    }

    #[test]
    fn a_machine_writes_nothing_whatever_its_roles() {
        let policy =
            parse(&BASE.replace("writers = [\"admin\"]", "writers = [\"admin\", \"deploy\"]"));
        let other: Address = "prod/secrets/prod.env#OTHER".parse().unwrap();
        assert!(!policy.may_write(&member("deploy-prod"), &other));
        assert!(!policy.may_write_some(&member("deploy-prod"), &env("prod")));
        assert!(!policy.writers(&env("prod")).contains(&member("deploy-prod")));
    }

    #[test]
    fn a_later_rule_wins_field_by_field() {
        let text = format!(
            "{BASE}\n[[secrets]]\nmatch = \"*/STRIPE_KEY\"\ntype = \"token\"\ncontact = \"them\"\n"
        );
        let policy = parse(&text);
        let rule = policy.rule(&"prod/secrets/prod.env#STRIPE_KEY".parse().unwrap());
        assert_eq!(rule.kind.map(TypeName::as_str), Some("token"));
        assert_eq!(rule.other_kind.map(TypeName::as_str), Some("api-key"));
        assert_eq!((rule.vendor, rule.contact), (Some("stripe"), Some("them")));
        let rule = policy.rule(&"prod/secrets/prod.env#OTHER".parse().unwrap());
        assert_eq!(rule, Rule::default());
    }

    #[test]
    fn what_is_said_of_a_value_holds_for_those_beside_it_but_for_the_type() {
        let policy = parse(BASE);
        for text in
            ["prod/secrets/prod.env#STRIPE_KEY_NEXT", "prod/secrets/prod.env#STRIPE_KEY_PREVIOUS"]
        {
            let beside: Address = text.parse().unwrap();
            assert!(policy.may_write(&member("ana"), &beside));
            assert!(!policy.may_write(&member("ben"), &beside));
        }
        let exact = parse(&BASE.replace("prod/STRIPE_*", "prod/STRIPE_KEY"));
        let rule = exact.rule(&"prod/secrets/prod.env#STRIPE_KEY_NEXT".parse().unwrap());
        assert_eq!((rule.kind, rule.vendor), (None, Some("stripe")));
        assert!(!exact.may_write(&member("ben"), &"prod/a.env#STRIPE_KEY_NEXT".parse().unwrap()));
        let other: Address = "prod/secrets/prod.env#STRIPE_KEY_NEXT2".parse().unwrap();
        assert!(exact.may_write(&member("ben"), &other));
    }

    #[test]
    fn a_path_has_the_environment_whose_patterns_take_it() {
        let policy = parse(BASE);
        let of = |path: &str| policy.environment_of(&path.parse().unwrap()).cloned();
        assert_eq!(of("secrets/prod.env"), Some(env("prod")));
        assert_eq!(of("secrets/prod/a/b.pem"), Some(env("prod")));
        assert_eq!(of("src/main.rs"), None);
        let policy = parse(&BASE.replace("\"secrets/dev.*\"", "\"secrets/*\""));
        let path = "secrets/prod.env".parse().unwrap();
        assert_eq!(policy.environment_of(&path), None);
        assert_eq!(policy.environments_of(&path).len(), 2);
    }

    #[test]
    fn prefixes_hold_every_pattern_and_no_more_than_needed() {
        let policy = parse(BASE);
        assert_eq!(policy.literal_prefixes(Some(&env("prod"))), ["secrets"]);
        assert_eq!(policy.literal_prefixes(None), ["secrets"]);
        let policy = parse(&BASE.replace("\"secrets/dev.*\"", "\".env\", \"a/*/b\""));
        assert_eq!(policy.literal_prefixes(Some(&env("dev"))), [""]);
        assert_eq!(policy.searches(Some(&env("dev"))), [Search::File(".env"), Search::Tree("a")]);
    }

    #[test]
    fn clear_keys_are_the_environments_own() {
        let policy = parse(BASE);
        assert!(policy.is_clear(&env("dev"), &"HOST".parse().unwrap()));
        assert!(policy.is_clear(&env("dev"), &"db.port".parse().unwrap()));
        assert!(!policy.is_clear(&env("dev"), &"db.password".parse().unwrap()));
        assert!(!policy.is_clear(&env("prod"), &"HOST".parse().unwrap()));
        assert!(!policy.is_clear(&env("dev"), &KeyPath::Whole));
    }
}
