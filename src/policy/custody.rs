//! What a customer holds: which environments are wholly theirs, and which members are ours.

use super::glob::EnvPattern;
use super::terms::Custody;
use super::{MemberKind, Policy, SecretRule};
use crate::names::{Address, EnvName, MemberName};

impl Policy {
    /// Tells whether all that an environment can ever hold is the customer's: a rule for the whole of it
    /// says so, and no later one says otherwise of a part.
    #[must_use]
    pub fn is_customers(&self, env: &EnvName) -> bool {
        let speaking = self.secrets.iter().filter(|rule| rule.matches.may_take(env));
        let mut all = false;
        for rule in speaking {
            match rule.custody {
                Some(Custody::Customer) => all |= rule.is_of_all(env),
                Some(Custody::Own) => all = false,
                None => {}
            }
        }
        all
    }

    /// Tells whether a customer has a value in hand: it was made in their custody, and is there. One of ours that
    /// came there by a move stays ours.
    #[must_use]
    pub fn has_customer(&self, address: &Address, born: &Address) -> bool {
        [address, born].iter().all(|at| self.rule(at).custody == Some(Custody::Customer))
    }

    /// Tells whether a member is one of ours and not the customer's: an admin, or somebody who reads or
    /// writes anything that is not wholly the customer's. A machine is also whose its owner is.
    #[must_use]
    pub fn is_ours(&self, who: &MemberName) -> bool {
        let reaches =
            |env: &EnvName| self.readers(env).contains(who) || self.may_write_some(who, env);
        let mut others = self.environments.keys().filter(|env| !self.is_customers(env));
        if self.is_admin(who) || others.any(reaches) {
            return true;
        }
        match self.members.get(who) {
            Some(machine) if machine.kind == MemberKind::Machine => {
                // An owner is a person: this ends.
                machine.owner.as_ref().is_none_or(|owner| owner != who && self.is_ours(owner))
            }
            Some(_) => false,
            None => true,
        }
    }
}

impl SecretRule {
    /// Tells whether it speaks of every secret of an environment.
    fn is_of_all(&self, env: &EnvName) -> bool {
        let text = self.matches.as_str();
        let here = match &self.matches.env {
            EnvPattern::All => true,
            EnvPattern::One(name) => name == env,
        };
        here && matches!(text.split_once('/'), Some((_, "*" | "**#*")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse::samples::{BASE, parse};

    /// The policy of the samples, with an environment of a customer's: their person, and a machine.
    fn with(rules: &str, owner: &str) -> Policy {
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMXOLTSLfIu47yM6Ks6qmXTyzFXLXhXuzyimTkTvY+UR";
        let members = format!(
            "[members.zoe]\nrecipients = [\"{key}\"]\n\n[members.job]\nkind = \"machine\"\n\
             owner = \"{owner}\"\nrecipients = [\"{MACHINE}\"]\n\n[roles]\n\
             theirs = [\"zoe\", \"job\"]\n"
        );
        let env = "[environments.acme]\nfiles = [\"acme/**\"]\nreaders = [\"theirs\"]\n\
                   writers = [\"admin\"]\n";
        parse(&format!("{}\n{env}\n{rules}", BASE.replacen("[roles]\n", &members, 1)))
    }

    const MACHINE: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

    fn rule(pattern: &str, custody: &str) -> String {
        format!("[[secrets]]\nmatch = \"{pattern}\"\ncustody = \"{custody}\"\n\n")
    }

    #[test]
    fn an_environment_is_the_customers_when_a_rule_says_so_of_all_of_it() {
        let acme: EnvName = "acme".parse().unwrap();
        let is = |rules: &str| with(rules, "ana").is_customers(&acme);
        assert!(is(&rule("acme/*", "customer")));
        assert!(is(&rule("acme/**#*", "customer")));
        assert!(is(&rule("*/*", "customer")));
        assert!(!is(""));
        assert!(!is(&rule("acme/KEY*", "customer")));
        assert!(!is(&rule("prod/*", "customer")));
        assert!(!is(&(rule("acme/*", "customer") + &rule("acme/OUR_*", "own"))));
        assert!(is(&(rule("acme/*", "own") + &rule("acme/*", "customer"))));
    }

    #[test]
    fn who_reads_nothing_else_is_the_customers_and_a_machine_goes_with_its_owner() {
        let ours = |policy: &Policy, who: &str| policy.is_ours(&who.parse().unwrap());
        let theirs = with(&rule("acme/*", "customer"), "zoe");
        assert!(!ours(&theirs, "zoe") && !ours(&theirs, "job"));
        assert!(ours(&theirs, "ana") && ours(&theirs, "cleo"));
        let run_by_us = with(&rule("acme/*", "customer"), "ana");
        assert!(!ours(&run_by_us, "zoe") && ours(&run_by_us, "job"));
        let no_custody = with("", "zoe");
        assert!(ours(&no_custody, "zoe"));
    }
}
