//! What changes from one policy to the next, in the words that people read before they sign.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::names::{EnvName, MemberName};

use super::terms::{Clocks, Consumer, Duty, Link, Logging, Party, Procedure, RotateEvery};
use super::{Environment, Member, Policy, SecretRule, SecretType};

/// How much a change matters to whoever signs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Who can read, write or sign.
    Access,
    /// All else.
    Rule,
}

/// Whether a statement came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// Only the old policy says it.
    Removed,
    /// Only the new policy says it.
    Added,
}

/// One statement that only one of two policies makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// How much it matters; the graver first.
    pub weight: Weight,
    /// What it is about, such as ``environment `prod` ``.
    pub subject: String,
    /// Whether it came or went.
    pub sign: Sign,
    /// The statement, such as ``read by `ben` ``. Names keys by their full fingerprints.
    pub text: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.sign {
            Sign::Removed => '-',
            Sign::Added => '+',
        };
        write!(f, "{sign} {}: {}", self.subject, self.text)
    }
}

/// Lists what the new policy says and the old does not, and the reverse; access first.
///
/// Both policies are taken apart into statements, so no field can change unseen. The revision is left
/// out: it changes each time.
#[must_use]
pub fn semantic_diff(old: &Policy, new: &Policy) -> Vec<Change> {
    let (old, new) = (Statements::of(old).0, Statements::of(new).0);
    let change = |sign| {
        move |(weight, subject, text): &(Weight, String, String)| Change {
            weight: *weight,
            subject: subject.clone(),
            sign,
            text: text.clone(),
        }
    };
    let removed = old.difference(&new).map(change(Sign::Removed));
    let mut changes: Vec<Change> =
        removed.chain(new.difference(&old).map(change(Sign::Added))).collect();
    changes.sort();
    changes
}

fn in_days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// Everything a policy says.
#[derive(Default)]
struct Statements(BTreeSet<(Weight, String, String)>);

impl Statements {
    fn of(policy: &Policy) -> Self {
        // Taken apart by name: a new field does not compile until it has its statement.
        let Policy {
            revision: _,
            repository,
            members,
            roles,
            admin,
            environments,
            types,
            secrets,
            clocks,
            consumers,
            links,
            procedure,
            logging,
            responsibility,
            guard,
        } = policy;
        let mut all = Self::default();
        all.access("policy", format!("repository {repository}"));
        let signatures = if admin.threshold == 1 { "signature" } else { "signatures" };
        all.access("policy", format!("needs {} admin {signatures}", admin.threshold));
        for role in &admin.roles {
            all.access("policy", format!("role `{role}` is admin"));
        }
        for name in policy.admins() {
            all.access("policy", format!("signed by `{name}`"));
        }
        members.iter().for_each(|(name, member)| all.member(name, member));
        for (role, names) in roles {
            for name in names {
                all.access(&format!("role `{role}`"), format!("has `{name}`"));
            }
        }
        environments.iter().for_each(|(name, environment)| {
            all.environment(policy, name, environment);
        });
        for (name, kind) in types {
            all.secret_type(&format!("type `{name}`"), kind);
        }
        all.rules(secrets);
        all.clocks(clocks);
        for (name, consumer) in consumers {
            all.consumer(&format!("consumer `{name}`"), consumer);
        }
        all.links(links);
        all.duties(procedure, logging, responsibility);
        for (subject, text) in guard.statements() {
            all.rule(&subject, text);
        }
        all
    }

    fn duties(
        &mut self,
        procedure: &Procedure,
        logging: &Logging,
        responsibility: &BTreeMap<Duty, Vec<Party>>,
    ) {
        for (what, roles) in
            [("security", &procedure.security), ("the platform", &procedure.platform_owner)]
        {
            for role in roles {
                self.rule("procedure", format!("role `{role}` approves for {what}"));
            }
        }
        for event in &logging.required {
            self.rule("logging", format!("requires {}", event.word()));
        }
        for (duty, parties) in responsibility {
            let parties: Vec<&str> = parties.iter().map(|party| party.word()).collect();
            self.rule("responsibility", format!("{} by {}", duty.word(), parties.join(", ")));
        }
    }

    fn access(&mut self, subject: &str, text: String) {
        self.0.insert((Weight::Access, subject.to_owned(), text));
    }

    fn rule(&mut self, subject: &str, text: String) {
        self.0.insert((Weight::Rule, subject.to_owned(), text));
    }

    /// States an optional field, where it is set.
    fn field(&mut self, subject: &str, name: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.rule(subject, format!("{name} {value}"));
        }
    }

    fn member(&mut self, name: &MemberName, member: &Member) {
        let Member { kind, recipients, signing_keys, lost_keys, owner, expires } = member;
        let subject = format!("member `{name}`");
        self.access(&subject, format!("is a {}", kind.word()));
        for key in recipients {
            self.access(&subject, format!("reads with {}", key.fingerprint()));
        }
        for key in signing_keys {
            self.access(&subject, format!("signs with {}", key.fingerprint()));
        }
        for key in lost_keys {
            self.access(&subject, format!("lost the key {}", key.fingerprint()));
        }
        self.field(&subject, "owner", owner.as_ref());
        self.field(&subject, "expires", *expires);
    }

    fn environment(&mut self, policy: &Policy, name: &EnvName, environment: &Environment) {
        let Environment {
            files,
            readers,
            writers,
            refuse_overdue_after,
            clear,
            comments,
            allow_env,
            store,
            runtime_only,
            leaver,
        } = environment;
        let subject = format!("environment `{name}`");
        for (right, roles) in [("read", readers), ("written", writers)] {
            for role in roles {
                self.access(&subject, format!("{right} by role `{role}`"));
            }
        }
        for member in policy.readers(name) {
            self.access(&subject, format!("read by `{member}`"));
        }
        for member in policy.writers(name) {
            self.access(&subject, format!("written by `{member}`"));
        }
        for glob in files {
            self.access(&subject, format!("files {glob}"));
        }
        // What is not sealed, and what may steer a program, is a matter of access.
        for glob in clear {
            self.access(&subject, format!("leaves {} in clear", glob.as_str()));
        }
        for variable in allow_env {
            self.access(&subject, format!("lets {variable} through to programs"));
        }
        self.access(&subject, format!("comments are {}", comments.word()));
        self.rule(&subject, format!("kept in {}", store.word()));
        self.field(&subject, "runtime only:", runtime_only.then_some("yes"));
        self.field(&subject, "days until overdue values are refused:", *refuse_overdue_after);
        self.field(&subject, "days for a leaver's values:", *leaver);
    }

    fn secret_type(&mut self, subject: &str, kind: &SecretType) {
        let SecretType {
            rotate_every,
            warn_before,
            grace,
            refuse_overdue_after,
            generate,
            runbook,
            word,
            accept,
            description,
            revoke,
            overlap,
            strategy,
            risk_note,
        } = kind;
        self.rule(subject, "is described".to_owned());
        self.cadence(subject, *rotate_every);
        self.field(subject, "days of warning:", *warn_before);
        self.field(subject, "days of grace:", *grace);
        self.field(subject, "days until overdue values are refused:", *refuse_overdue_after);
        self.field(subject, "generated as", generate.as_ref());
        self.field(subject, "runbook", runbook.as_ref());
        self.field(subject, "counts under", word.map(|word| word.word()));
        let accept = accept.as_ref().map(|a| format!("until {}: {}", a.until, a.reason));
        self.field(subject, "not rotated by decision", accept);
        self.field(subject, "description:", description.as_ref());
        self.field(subject, "revoked by:", revoke.as_ref());
        self.field(subject, "days of overlap:", *overlap);
        self.field(subject, "strategy", strategy.map(|strategy| strategy.word()));
        let note = risk_note.as_ref().map(|note| format!("of {}: {}", note.date, note.text));
        self.field(subject, "risk note", note);
    }

    fn cadence(&mut self, subject: &str, every: Option<RotateEvery>) {
        let every = every.map(|every| match every {
            RotateEvery::Days(days) => format!("every {}", in_days(days)),
            RotateEvery::Never => "never by date".to_owned(),
        });
        self.field(subject, "rotates", every);
    }

    fn rules(&mut self, secrets: &[SecretRule]) {
        for (index, rule) in secrets.iter().enumerate() {
            let pattern = rule.matches.as_str();
            let earlier = secrets.iter().take(index).filter(|other| other.matches == rule.matches);
            let subject = match earlier.count() {
                0 => format!("secrets `{pattern}`"),
                n => format!("secrets `{pattern}`, rule {}", n + 1),
            };
            self.secret_rule(&subject, rule);
        }
        // A later rule wins, so their order says something too.
        if secrets.len() > 1 {
            let order: Vec<&str> = secrets.iter().map(|rule| rule.matches.as_str()).collect();
            self.rule("secrets", format!("in the order {}", order.join(", ")));
        }
    }

    fn secret_rule(&mut self, subject: &str, rule: &SecretRule) {
        let SecretRule {
            matches: _,
            kind,
            rotate_every,
            warn_before,
            owner,
            origin,
            vendor,
            writers,
            used_by,
            users,
            custody,
            copies,
            contact,
        } = rule;
        self.rule(subject, "have a rule".to_owned());
        self.field(subject, "type", kind.as_ref());
        self.cadence(subject, *rotate_every);
        self.field(subject, "days of warning:", *warn_before);
        for role in writers.iter().flatten() {
            self.access(subject, format!("written only by role `{role}`"));
        }
        self.field(subject, "owner", owner.as_ref());
        self.field(subject, "origin", origin.map(|origin| origin.word()));
        self.field(subject, "vendor", vendor.as_ref());
        for consumer in used_by {
            self.rule(subject, format!("used by `{consumer}`"));
        }
        for name in users.iter().flat_map(|users| &users.names) {
            self.rule(subject, format!("user {name:?} takes turns"));
        }
        self.field(subject, "user named by", users.as_ref().map(|users| &users.key));
        self.field(subject, "custody", custody.map(|custody| custody.word()));
        for holder in copies {
            self.rule(subject, format!("copy at {holder}"));
        }
        self.field(subject, "contact", contact.as_ref());
    }

    fn clocks(&mut self, clocks: &Clocks) {
        let Clocks {
            warn_before,
            leaver,
            overlap,
            access_review,
            review_5d,
            review_plan,
            machine_keys,
            people_keys,
            keep_events,
            untyped,
            refuse_overdue_after,
            grace,
        } = clocks;
        for (name, days) in [
            ("warn-before", Some(*warn_before)),
            ("leaver", *leaver),
            ("overlap", Some(*overlap)),
            ("access-review", Some(*access_review)),
            ("review-5d", Some(*review_5d)),
            ("review-plan", Some(*review_plan)),
            ("machine-keys", Some(*machine_keys)),
            ("people-keys", Some(*people_keys)),
            ("keep-events", Some(*keep_events)),
            ("untyped", Some(*untyped)),
            ("refuse-overdue-after", *refuse_overdue_after),
            ("grace", *grace),
        ] {
            self.field("clocks", name, days.map(in_days));
        }
    }

    fn consumer(&mut self, subject: &str, consumer: &Consumer) {
        let Consumer { access, member, paths } = consumer;
        self.rule(subject, "is declared".to_owned());
        self.field(subject, "gets values by", access.map(|access| access.word()));
        self.field(subject, "reads as", member.as_ref());
        for path in paths {
            self.rule(subject, format!("code in {path}"));
        }
    }

    fn links(&mut self, links: &super::Links) {
        let super::Links {
            third_party,
            security_logging,
            org_policy,
            compliance,
            incident_response,
        } = links;
        for (name, link) in [
            ("third-party", third_party),
            ("security-logging", security_logging),
            ("org-policy", org_policy),
            ("compliance", compliance),
            ("incident-response", incident_response),
        ] {
            let Some(Link { to, sha256 }) = link else { continue };
            self.rule("links", format!("{name} {to}"));
            self.field("links", name, sha256.as_ref());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse::samples::{ANA_SSH, ANA_SSH_FINGERPRINT, BASE, DAN_SSH, parse};

    fn shown(new: &str) -> Vec<String> {
        semantic_diff(&parse(BASE), &parse(new)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_the_revision_is_no_change() {
        assert_eq!(shown(&BASE.replace("3-9f2c41ab", "4-00000000")), [""; 0]);
        assert_eq!(shown(&format!("# a comment\n{BASE}")), [""; 0]);
    }

    #[test]
    fn a_role_shows_what_it_gives() {
        assert_eq!(
            shown(&BASE.replace("leads = [\"ana\"]", "leads = [\"ana\", \"ben\"]")),
            ["+ role `leads`: has `ben`"]
        );
        assert_eq!(
            shown(
                &BASE.replace("admin = [\"ana\", \"ben\"]", "admin = [\"ana\", \"ben\", \"cleo\"]")
            ),
            [
                "+ environment `prod`: read by `cleo`",
                "+ environment `prod`: written by `cleo`",
                "+ policy: signed by `cleo`",
                "+ role `admin`: has `cleo`",
            ]
        );
    }

    #[test]
    fn a_changed_key_shows_whole_fingerprints() {
        let new = BASE.replace(
            &format!("signing-keys = [\"{ANA_SSH}\"]"),
            &format!("signing-keys = [\"{DAN_SSH}\"]"),
        );
        let changes = shown(&new);
        assert_eq!(changes[0], format!("- member `ana`: signs with {ANA_SSH_FINGERPRINT}"));
        assert!(changes[1].starts_with("+ member `ana`: signs with SHA256:"));
    }

    #[test]
    fn no_change_of_meaning_goes_unseen() {
        for (from, to) in [
            ("threshold = 1", "threshold = 2"),
            ("expires = 2027-05-01\n", ""),
            ("refuse-overdue-after = \"14d\"\n", "refuse-overdue-after = \"15d\"\n"),
            ("clear = [\"HOST\", \"*.port\"]\n", "clear = [\"*\"]\n"),
            ("clear = ", "allow-env = [\"LD_PRELOAD\"]\nclear = "),
            ("clear = ", "comments = \"clear\"\nclear = "),
            ("rotate-every = \"90d\"", "rotate-every = \"never\""),
            ("rotate-every = \"90d\"", "warn-before = \"1d\""),
            ("rotate-every = \"90d\"", "rotate-every = \"90d\"\ngrace = \"1d\""),
            ("rotate-every = \"90d\"", "rotate-every = \"90d\"\nrefuse-overdue-after = \"1d\""),
            ("vendor = \"stripe\"", "vendor = \"stripe\"\nrotate-every = \"7d\""),
            ("vendor = \"stripe\"", "vendor = \"stripe\"\nwarn-before = \"1d\""),
            ("[types.api-key]", "[clocks]\ngrace = \"1d\"\n[types.api-key]"),
            ("vendor = \"stripe\"", "vendor = \"paypal\""),
            ("writers = [\"leads\"]\n", ""),
            ("[types.api-key]", "[types.token]\n[types.api-key]"),
            ("[types.api-key]", "[clocks]\nuntyped = \"1d\"\n[types.api-key]"),
            ("[types.api-key]", "[links]\ncompliance = \"x\"\n[types.api-key]"),
            ("[types.api-key]", "[logging]\nrequired = [\"reads\"]\n[types.api-key]"),
            ("[types.api-key]", "[responsibility]\nlog = [\"ci\"]\n[types.api-key]"),
            ("[types.api-key]", "[procedure]\nsecurity = [\"admin\"]\n[types.api-key]"),
            ("[types.api-key]", "[consumers.x]\naccess = \"run\"\n[types.api-key]"),
            ("[types.api-key]", "[guard]\noff = [\"jwt\"]\n[types.api-key]"),
            (
                "[types.api-key]",
                "[[guard.rules]]\nid = \"own\"\ndescription = \"x\"\nkeywords = [\"own-\"]\npattern = \"own-x\"\n\n[types.api-key]",
            ),
            ("repository = \"0198c9d2", "repository = \"1198c9d2"),
        ] {
            let new = BASE.replacen(from, to, 1);
            assert_ne!(new, BASE, "{from}");
            assert!(!shown(&new).is_empty(), "{to}");
        }
    }

    #[test]
    fn the_order_of_rules_is_a_change() {
        let one = "\n[[secrets]]\nmatch = \"dev/A*\"\ntype = \"token\"\n";
        let two = "\n[[secrets]]\nmatch = \"dev/AB*\"\ntype = \"config\"\n";
        let old = parse(&format!("{BASE}{one}{two}"));
        let new = parse(&format!("{BASE}{two}{one}"));
        assert_eq!(semantic_diff(&old, &new).len(), 2);
        let again = two.replace("AB*", "A*");
        let old = parse(&format!("{BASE}{one}{again}"));
        let new = parse(&format!("{BASE}{again}{one}"));
        assert!(!semantic_diff(&old, &new).is_empty());
    }
}
