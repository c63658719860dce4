//! By which role somebody may do something: the way from a member over a role to an environment.

use crate::names::{Address, EnvName, MemberName, RoleName};

use super::glob::AddressGlob;
use super::{MemberKind, Policy};

/// What a role can let its members do in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Open its values.
    Read,
    /// Sign them.
    Write,
}

impl Right {
    /// The word in questions and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// One way by which a member has a right: a role of theirs that the environment names and, where a rule
/// narrows the writers of a secret, one that the rule names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way<'p> {
    /// The role that the environment names.
    pub role: &'p RoleName,
    /// What narrows it, and the role that passes.
    pub narrowed: Option<(&'p AddressGlob, &'p RoleName)>,
}

/// A rule that leaves some secrets of an environment to fewer writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Narrowing<'p> {
    /// Which secrets.
    pub pattern: &'p AddressGlob,
    /// The roles that write them, of those that write the environment.
    pub roles: &'p [RoleName],
}

impl Policy {
    /// The roles by which a member has a right in an environment; none where they have it not.
    #[must_use]
    pub fn granting(&self, member: &MemberName, env: &EnvName, right: Right) -> Vec<&RoleName> {
        let person = self.members.get(member).is_some_and(|it| it.kind == MemberKind::Person);
        let Some(env) = self.environments.get(env).filter(|_| right == Right::Read || person)
        else {
            return Vec::new();
        };
        let roles = match right {
            Right::Read => &env.readers,
            Right::Write => &env.writers,
        };
        self.of_member(member, roles)
    }

    /// All ways by which a member has a right to one secret; as [`Policy::may_write`] decides.
    #[must_use]
    pub fn ways(&self, member: &MemberName, address: &Address, right: Right) -> Vec<Way<'_>> {
        let roles = self.granting(member, &address.env, right);
        let narrowing = self.narrowing(address).filter(|_| right == Right::Write);
        let Some(narrowing) = narrowing else {
            return roles.into_iter().map(|role| Way { role, narrowed: None }).collect();
        };
        let passing = self.of_member(member, narrowing.roles);
        let through = |role| {
            passing.iter().map(move |by| Way { role, narrowed: Some((narrowing.pattern, *by)) })
        };
        roles.into_iter().flat_map(through).collect()
    }

    /// The roles by which a member is an admin.
    #[must_use]
    pub fn admin_by(&self, member: &MemberName) -> Vec<&RoleName> {
        if self.is_admin(member) { self.of_member(member, &self.admin.roles) } else { Vec::new() }
    }

    /// The rules that leave some secrets of an environment to fewer writers, in the policy's order.
    pub fn narrowings(&self, env: &EnvName) -> impl Iterator<Item = Narrowing<'_>> {
        let here = self.secrets.iter().filter(move |rule| rule.matches.may_take(env));
        here.filter_map(|rule| {
            Some(Narrowing { pattern: &rule.matches, roles: rule.writers.as_deref()? })
        })
    }

    /// The rule that says who of an environment's writers writes a secret: the last one that says so.
    fn narrowing(&self, address: &Address) -> Option<Narrowing<'_>> {
        let takes = |it: &Narrowing<'_>| it.pattern.takes(address);
        self.narrowings(&address.env).filter(takes).last()
    }

    /// Those of some roles that a member has, each once.
    fn of_member<'p>(&'p self, member: &MemberName, roles: &'p [RoleName]) -> Vec<&'p RoleName> {
        let has = |role: &&RoleName| self.roles.get(*role).is_some_and(|all| all.contains(member));
        let mut mine: Vec<_> = roles.iter().filter(has).collect();
        mine.dedup();
        mine
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse::samples::{BASE, parse};

    fn words(ways: &[Way<'_>]) -> Vec<String> {
        let word = |way: &Way<'_>| match way.narrowed {
            Some((pattern, by)) => format!("{}, {} by {by}", way.role, pattern.as_str()),
            None => way.role.to_string(),
        };
        ways.iter().map(word).collect()
    }

    #[test]
    fn a_right_has_every_way_that_leads_to_it() {
        let text =
            BASE.replace("readers = [\"developer\"]", "readers = [\"admin\", \"developer\"]");
        let policy = parse(&text);
        let address = "dev/secrets/dev.env#A".parse().unwrap();
        let of = |who: &str, right| words(&policy.ways(&who.parse().unwrap(), &address, right));
        assert_eq!(of("ana", Right::Read), ["admin", "developer"]);
        assert_eq!(of("cleo", Right::Read), ["developer"]);
        assert_eq!(of("ana", Right::Write), ["developer"]);
        assert_eq!(of("deploy-prod", Right::Read), Vec::<String>::new());
        assert_eq!(policy.admin_by(&"ana".parse().unwrap()).len(), 1);
        assert_eq!(policy.admin_by(&"cleo".parse().unwrap()).len(), 0);
    }

    #[test]
    fn a_way_to_a_narrowed_secret_passes_its_rule() {
        let policy = parse(BASE);
        let stripe = "prod/secrets/prod.env#STRIPE_KEY".parse().unwrap();
        let of = |who: &str, right| words(&policy.ways(&who.parse().unwrap(), &stripe, right));
        assert_eq!(of("ana", Right::Write), ["admin, prod/STRIPE_* by leads"]);
        assert_eq!(of("ben", Right::Write), Vec::<String>::new());
        assert_eq!(of("ben", Right::Read), ["admin"]);
        assert_eq!(policy.narrowings(&"prod".parse().unwrap()).count(), 1);
        assert_eq!(policy.narrowings(&"dev".parse().unwrap()).count(), 0);
    }

    /// The two answers to one question: whether, and by which way.
    #[test]
    fn there_is_a_way_exactly_where_there_is_the_right() {
        let more = "\n[[secrets]]\nmatch = \"*/STRIPE_KEY\"\nwriters = [\"developer\"]\n";
        let machine = BASE.replace("writers = [\"admin\"]", "writers = [\"admin\", \"deploy\"]");
        for text in [BASE.to_owned(), format!("{BASE}{more}"), machine] {
            let policy = parse(&text);
            for address in ["prod/secrets/prod.env#STRIPE_KEY", "prod/a#B", "dev/a#STRIPE_KEY"] {
                let address = address.parse().unwrap();
                for who in policy.members.keys() {
                    let way = !policy.ways(who, &address, Right::Write).is_empty();
                    assert_eq!(way, policy.may_write(who, &address), "{who} {address}");
                    let way = !policy.ways(who, &address, Right::Read).is_empty();
                    assert_eq!(way, policy.readers(&address.env).contains(who), "{who} {address}");
                }
            }
        }
    }
}
