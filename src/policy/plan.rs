//! What a plan for secrets is approved for: the rules of a policy, and not who is in a role.

use crate::names::{EnvName, Sha256, Sha256Writer, TypeName};

use super::terms::{Accept, Clocks, Consumer, Link, Links, Logging, Procedure, RiskNote};
use super::{Admin, Environment, Policy, RotateEvery, SecretRule, SecretType};

/// One rule, as its parts: no part of it can be taken for another one's.
type Parts = Vec<String>;

impl Policy {
    /// The hash of the rules. Members, who is in a role, who answers for a secret or is asked about it, and
    /// which machine a consumer reads as leave it as it is, and so does the layout of the text.
    #[must_use]
    pub fn plan_hash(&self) -> Sha256 {
        let mut rules: Vec<Parts> = vec![vec!["plan".to_owned(), "1".to_owned()]];
        rules.extend(self.environments.iter().map(|(name, it)| environment(self, name, it)));
        rules.extend(self.planned_types().into_iter().map(|name| secret_type(self, name)));
        rules.extend(self.secrets.iter().map(secret));
        rules.extend(self.consumers.iter().map(|(name, it)| consumer(name.as_str(), it)));
        rules.push(clocks(&self.clocks));
        rules.push(admin(&self.admin));
        rules.extend(links(&self.links));
        rules.extend(procedure(&self.procedure));
        rules.push(logging(&self.logging));
        rules.extend(self.responsibility.iter().map(|(duty, parties)| {
            let parties = parties.iter().map(|party| party.word().to_owned());
            [words(["duty", duty.word()]), set(parties)].concat()
        }));
        let mut hash = Sha256Writer::default();
        for rule in rules {
            hash = hash.part(&u32::try_from(rule.len()).unwrap_or(u32::MAX).to_le_bytes());
            hash = rule.iter().fold(hash, |hash, part| hash.part(part.as_bytes()));
        }
        hash.finish()
    }

    /// The types that the policy describes or gives to secrets, by name.
    #[must_use]
    pub fn planned_types(&self) -> Vec<&TypeName> {
        let given = self.secrets.iter().filter_map(|rule| rule.kind.as_ref());
        let mut types: Vec<_> = self.types.keys().chain(given).collect();
        types.sort();
        types.dedup();
        types
    }
}

fn words<const N: usize>(words: [&str; N]) -> Parts {
    words.into_iter().map(str::to_owned).collect()
}

/// A list of which the order says nothing, with its length.
fn set(texts: impl IntoIterator<Item = String>) -> Parts {
    let mut texts: Parts = texts.into_iter().collect();
    texts.sort();
    texts.dedup();
    texts.insert(0, texts.len().to_string());
    texts
}

fn said(text: Option<&str>) -> Parts {
    text.map_or_else(|| words(["no"]), |text| words(["yes", text]))
}

/// What a policy may say since version 1 of the hash: nothing where it does not, so that the hash of every
/// policy from before stays what was approved.
fn since(name: &str, said: Option<String>) -> Parts {
    said.map_or_else(Parts::new, |text| vec![name.to_owned(), text])
}

fn every(every: RotateEvery) -> String {
    match every {
        RotateEvery::Never => "never".to_owned(),
        RotateEvery::Days(days) => days.to_string(),
    }
}

fn days(days: Option<u32>) -> Parts {
    said(days.map(|days| days.to_string()).as_deref())
}

fn texts<T: ToString>(list: &[T]) -> Parts {
    set(list.iter().map(T::to_string))
}

fn environment(policy: &Policy, name: &EnvName, it: &Environment) -> Parts {
    let Environment { files, readers, writers, clear, comments, allow_env, .. } = it;
    let Environment { refuse_overdue_after: _, leaver: _, store, runtime_only, .. } = it;
    [
        words(["environment", name.as_str()]),
        set(files.iter().map(|glob| glob.as_str().to_owned())),
        texts(readers),
        texts(writers),
        days(policy.refuse_overdue_after(name, None)),
        set(clear.iter().map(|glob| glob.as_str().to_owned())),
        words([comments.word()]),
        set(allow_env.iter().cloned()),
        words([store.word()]),
        vec![runtime_only.to_string()],
        vec![policy.leaver_days(name).to_string()],
    ]
    .concat()
}

/// With what holds for the type where the policy says nothing of it.
fn secret_type(policy: &Policy, name: &TypeName) -> Parts {
    let none = SecretType::default();
    let described = policy.types.get(name).unwrap_or(&none);
    let SecretType { generate, runbook, accept, description, revoke, strategy, risk_note, .. } =
        described;
    let accept = match accept {
        None => words(["no"]),
        Some(Accept { reason, until }) => vec!["yes".into(), reason.clone(), until.to_string()],
    };
    let risk_note = match risk_note {
        None => words(["no"]),
        Some(RiskNote { text, date }) => vec!["yes".into(), text.clone(), date.to_string()],
    };
    [
        words(["type", name.as_str()]),
        vec![every(policy.rotate_every(Some(name))), policy.warn_before(Some(name)).to_string()],
        vec![policy.overlap(Some(name)).to_string()],
        said(generate.as_deref()),
        said(runbook.as_deref()),
        said(policy.word(name).map(|word| word.word())),
        accept,
        said(description.as_deref()),
        said(revoke.as_deref()),
        said(strategy.map(|it| it.word())),
        risk_note,
        since("grace", policy.grace(Some(name)).map(|days| days.to_string())),
        since("refuse", described.refuse_overdue_after.map(|days| days.to_string())),
    ]
    .concat()
}

/// Without who answers for it and whom to ask. The order of the rules counts: a later one wins.
fn secret(rule: &SecretRule) -> Parts {
    let SecretRule { matches, kind, owner: _, origin, vendor, writers, .. } = rule;
    let SecretRule { used_by, users, custody, copies, contact: _, .. } = rule;
    let turn = users.as_ref().map(|users| users.key.to_string());
    [
        words(["secret", matches.as_str()]),
        said(kind.as_ref().map(TypeName::as_str)),
        said(origin.map(|it| it.word())),
        said(vendor.as_deref()),
        writers.as_ref().map_or_else(|| words(["no"]), |roles| texts(roles)),
        texts(used_by),
        said(turn.as_deref()),
        set(users.iter().flat_map(|users| users.names.clone())),
        said(custody.map(|it| it.word())),
        texts(copies),
        since("rotate-every", rule.rotate_every.map(every)),
        since("warn-before", rule.warn_before.map(|days| days.to_string())),
    ]
    .concat()
}

fn consumer(name: &str, it: &Consumer) -> Parts {
    let Consumer { access, member: _, paths } = it;
    [
        words(["consumer", name]),
        said(access.map(|it| it.word())),
        set(paths.iter().map(|glob| glob.as_str().to_owned())),
    ]
    .concat()
}

fn clocks(clocks: &Clocks) -> Parts {
    let Clocks { warn_before, leaver, overlap, access_review, review_5d, review_plan, .. } = clocks;
    let Clocks {
        machine_keys, people_keys, keep_events, untyped, refuse_overdue_after, grace, ..
    } = clocks;
    let set = [
        warn_before,
        overlap,
        access_review,
        review_5d,
        review_plan,
        machine_keys,
        people_keys,
        keep_events,
        untyped,
    ];
    [
        words(["clocks"]),
        set.into_iter().map(u32::to_string).collect(),
        days(*leaver),
        days(*refuse_overdue_after),
        since("grace", grace.map(|days| days.to_string())),
    ]
    .concat()
}

fn admin(Admin { roles, threshold }: &Admin) -> Parts {
    [words(["admin"]), texts(roles), vec![threshold.to_string()]].concat()
}

fn links(links: &Links) -> Vec<Parts> {
    let Links { third_party, security_logging, org_policy, compliance, incident_response } = links;
    let all = [
        ("third-party", third_party),
        ("security-logging", security_logging),
        ("org-policy", org_policy),
        ("compliance", compliance),
        ("incident-response", incident_response),
    ];
    let link = |(name, link): (&str, &Option<Link>)| {
        let Link { to, sha256 } = link.as_ref()?;
        let hash = said(sha256.map(|hash| hash.to_string()).as_deref());
        Some([words(["link", name, to]), hash].concat())
    };
    all.into_iter().filter_map(link).collect()
}

fn procedure(Procedure { security, platform_owner }: &Procedure) -> [Parts; 2] {
    [("security", security), ("platform-owner", platform_owner)]
        .map(|(name, roles)| [words(["approves", name]), texts(roles)].concat())
}

fn logging(Logging { required }: &Logging) -> Parts {
    [words(["logging"]), set(required.iter().map(|it| it.word().to_owned()))].concat()
}

#[cfg(test)]
mod tests {
    use crate::policy::parse::samples::{BASE, parse};

    /// The base policy, and with one text replaced: whether both have one hash.
    fn keeps(from: &str, to: &str) -> bool {
        assert!(BASE.contains(from), "{from}");
        let other = BASE.replacen(from, to, 1);
        assert_ne!(other, BASE);
        parse(&other).plan_hash() == parse(BASE).plan_hash()
    }

    #[test]
    fn who_comes_and_leaves_voids_no_approval() {
        for (from, to) in [
            ("    \"cleo\", # since May\n", ""),
            ("admin = [\"ana\", \"ben\"]", "admin = [\"ana\", \"cleo\", \"ben\"]"),
            ("owner = \"ana\"\n", "owner = \"ben\"\n"),
            ("expires = 2027-05-01", "expires = 2028-05-01"),
            ("owner = \"payments\"", "owner = \"finance\""),
            ("revision = \"3-9f2c41ab\"", "revision = \"4-9f2c41ab\""),
            ("# People.", "# Humans."),
            ("readers = [\"admin\", \"deploy\"]", "readers = [\"deploy\", \"admin\"]"),
        ] {
            assert!(keeps(from, to), "{from} -> {to}");
        }
    }

    #[test]
    fn every_rule_counts() {
        for (from, to) in [
            ("readers = [\"admin\", \"deploy\"]", "readers = [\"admin\"]"),
            ("writers = [\"developer\"]", "writers = [\"admin\"]"),
            ("\"secrets/prod/**\"", "\"secrets/live/**\""),
            ("refuse-overdue-after = \"14d\"", "refuse-overdue-after = \"15d\""),
            ("refuse-overdue-after = \"14d\"", "refuse-overdue-after = \"14d\"\nleaver = \"2d\""),
            (
                "refuse-overdue-after = \"14d\"",
                "refuse-overdue-after = \"14d\"\nruntime-only = true",
            ),
            ("clear = [\"HOST\", \"*.port\"]", "clear = [\"HOST\"]"),
            ("clear = [\"HOST\"", "comments = \"clear\"\nclear = [\"HOST\""),
            ("clear = [\"HOST\"", "allow-env = [\"LD_X\"]\nclear = [\"HOST\""),
            ("rotate-every = \"90d\"", "rotate-every = \"30d\""),
            ("rotate-every = \"90d\"", "rotate-every = \"90d\"\nwarn-before = \"3d\""),
            ("rotate-every = \"90d\"", "rotate-every = \"90d\"\noverlap = \"3d\""),
            ("rotate-every = \"90d\"", "rotate-every = \"90d\"\ngrace = \"3d\""),
            ("rotate-every = \"90d\"", "rotate-every = \"90d\"\nrefuse-overdue-after = \"3d\""),
            ("vendor = \"stripe\"", "vendor = \"stripe\"\nrotate-every = \"7d\""),
            ("vendor = \"stripe\"", "vendor = \"stripe\"\nwarn-before = \"7d\""),
            ("[roles]", "[clocks]\ngrace = \"1d\"\n[roles]"),
            ("rotate-every = \"90d\"", "rotate-every = \"90d\"\nrevoke = \"ask\""),
            ("rotate-every = \"90d\"", "rotate-every = \"90d\"\nrunbook = \"a.md\""),
            ("rotate-every = \"90d\"", "rotate-every = \"90d\"\ngenerate = \"hex:32\""),
            ("rotate-every = \"90d\"", "rotate-every = \"90d\"\nstrategy = \"single\""),
            ("rotate-every = \"90d\"", "rotate-every = \"90d\"\ndescription = \"x\""),
            (
                "rotate-every = \"90d\"",
                "rotate-every = \"90d\"\naccept = { reason = \"x\", until = 2027-01-01 }",
            ),
            (
                "rotate-every = \"90d\"",
                "rotate-every = \"90d\"\nrisk-note = { text = \"x\", date = 2027-01-01 }",
            ),
            ("[types.api-key]", "[types.token]\n[types.api-key]"),
            ("match = \"prod/STRIPE_*\"", "match = \"prod/PAY_*\""),
            ("origin = \"third-party\"", "origin = \"internal\""),
            ("vendor = \"stripe\"", "vendor = \"other\""),
            ("vendor = \"stripe\"", "vendor = \"stripe\"\ncopies = [\"them\"]"),
            ("vendor = \"stripe\"", "vendor = \"stripe\"\ncustody = \"customer\""),
            (
                "vendor = \"stripe\"",
                "vendor = \"stripe\"\nusers = { key = \"U\", names = [\"a\", \"b\"] }",
            ),
            ("writers = [\"leads\"]", "writers = [\"admin\"]"),
            ("threshold = 1", "threshold = 2"),
            ("[roles]", "[clocks]\nkeep-events = \"1d\"\n[roles]"),
            ("[roles]", "[clocks]\nuntyped = \"1d\"\n[roles]"),
            ("[roles]", "[links]\ncompliance = \"a.md\"\n[roles]"),
            ("[roles]", "[procedure]\nsecurity = [\"admin\"]\n[roles]"),
            ("[roles]", "[procedure]\nplatform-owner = [\"admin\"]\n[roles]"),
            ("[roles]", "[logging]\nrequired = [\"reads\"]\n[roles]"),
            ("[roles]", "[responsibility]\nrotate = [\"provider\"]\n[roles]"),
            ("[roles]", "[consumers.shop]\naccess = \"run\"\n[roles]"),
        ] {
            assert!(!keeps(from, to), "{from} -> {to}");
        }
    }

    #[test]
    fn another_hash_of_the_organisations_policy_is_another_plan() {
        let link = |hash: &str| {
            let hash = hash.repeat(64);
            let to = "docs/policy.md";
            parse(&format!(
                "{BASE}\n[links]\norg-policy = {{ to = \"{to}\", sha256 = \"sha256:{hash}\" }}\n"
            ))
            .plan_hash()
        };
        assert_ne!(link("a"), link("b"));
        assert_eq!(link("a"), link("a"));
    }

    #[test]
    fn types_are_planned_that_are_described_or_given() {
        let policy = parse(&BASE.replace("[types.api-key]", "[types.token]"));
        let planned: Vec<_> = policy.planned_types().iter().map(|it| it.as_str()).collect();
        assert_eq!(planned, ["api-key", "token"]);
    }
}
