//! Who may read or write a secret or an environment.

use super::{AsOf, Chain, Narrowed, Then, Wrapped, newest_keyrings};
use crate::deeds::DeedError;
use crate::deeds::find::Names;
use crate::deeds::member::list::{Flag, Listed, listed};
use crate::names::{Address, AddressQuery, EnvName, KeyPath, MemberName, RepoPath, Target};
use crate::policy::{self, Policy, Right};
use crate::verify::Record;
use crate::world::World;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'q> {
    /// The right that it is about.
    pub right: Right,
    /// The environment that an option names.
    pub env: Option<&'q EnvName>,
    /// A secret or an environment, as a user writes it.
    pub what: Option<&'q str>,
    /// As of when, as a user writes it.
    pub as_of: Option<&'q str>,
}

/// Who may do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhoCan {
    /// The right.
    pub right: Right,
    /// In which environment.
    pub env: EnvName,
    /// For which secret; none for the whole environment.
    pub secret: Option<Address>,
    /// As of when.
    pub as_of: AsOf,
    /// Those who may, by name.
    pub members: Vec<Holder>,
    /// Where a whole environment is asked about: the rules that leave some of it to fewer writers.
    pub narrowed: Vec<Narrowed>,
    /// The newest keyrings, where reading is asked about.
    pub keyrings: Vec<Wrapped>,
    /// Those who can change this by a policy.
    pub admins: Vec<MemberName>,
    /// How many of them must sign.
    pub threshold: u32,
}

/// A member who may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// What the policy says of them.
    pub member: Listed,
    /// By which ways; never empty.
    pub chains: Vec<Chain>,
    /// The fingerprints of the keys that they do it with.
    pub keys: Vec<String>,
    /// What keeps them from doing it, or should.
    pub flags: Vec<Flag>,
}

/// Tells who may, by the policy alone: no key is needed, and no file is looked at.
///
/// # Errors
/// [`DeedError::NoEnvironment`], [`DeedError::NoSecret`], [`DeedError::Ambiguous`]; what keeps the log
/// from being believed; those of a moment that is none.
pub fn can(world: &World, question: &Question<'_>) -> Result<WhoCan, DeedError> {
    let then = Then::load(world, question.as_of)?;
    let policy = then.policy()?;
    let about = about(policy, question)?;
    let env = about.env().clone();
    if !policy.environments.contains_key(&env) {
        return Err(DeedError::NoEnvironment { env, known: known(policy) });
    }
    let secret = match &about {
        About::Secret(query, text) => Some(secret(&then.record, query, text)?),
        About::Environment(_) => None,
    };
    let right = question.right;
    let as_of = then.as_of();
    let mut members = Vec::new();
    for member in policy.members.keys().filter_map(|name| listed(policy, name, as_of.day)) {
        let chains = chains(policy, &member.name, (&env, secret.as_ref()), right);
        if !chains.is_empty() {
            members.push(Holder::of(member, chains, right));
        }
    }
    let narrowed = if secret.is_none() && right == Right::Write {
        narrowings(policy, &env)
    } else {
        Vec::new()
    };
    let keyrings = match right {
        Right::Read => newest_keyrings(&then.record, policy, &env),
        Right::Write => Vec::new(),
    };
    Ok(WhoCan {
        right,
        secret,
        as_of,
        members,
        narrowed,
        keyrings,
        admins: policy.admins().into_iter().cloned().collect(),
        threshold: policy.admin.threshold,
        env,
    })
}

/// The rules of an environment that leave some secrets to fewer writers.
pub(super) fn narrowings(policy: &Policy, env: &EnvName) -> Vec<Narrowed> {
    let rule = |it: policy::Narrowing<'_>| Narrowed {
        pattern: it.pattern.as_str().to_owned(),
        roles: it.roles.to_vec(),
    };
    policy.narrowings(env).map(rule).collect()
}

impl Holder {
    fn of(member: Listed, chains: Vec<Chain>, right: Right) -> Self {
        let (keys, lacks) = match right {
            Right::Read => (member.reads_with.clone(), Flag::CannotRead),
            Right::Write => (member.signs_with.clone(), Flag::CannotSign),
        };
        let matters = |flag: &Flag| matches!(flag, Flag::Expired | Flag::NoOwner) || *flag == lacks;
        let flags = member.flags.iter().copied().filter(matters).collect();
        Self { member, chains, keys, flags }
    }
}

fn chains(
    policy: &Policy,
    who: &MemberName,
    (env, secret): (&EnvName, Option<&Address>),
    right: Right,
) -> Vec<Chain> {
    let Some(address) = secret else {
        let roles = policy.granting(who, env, right).into_iter();
        return roles.map(|role| Chain { role: role.clone(), narrowed: None }).collect();
    };
    let chain = |way: policy::Way<'_>| Chain {
        role: way.role.clone(),
        narrowed: way.narrowed.map(|(rule, by)| (rule.as_str().to_owned(), by.clone())),
    };
    policy.ways(who, address, right).into_iter().map(chain).collect()
}

/// What a question is about.
enum About {
    Environment(EnvName),
    Secret(AddressQuery, String),
}

impl About {
    fn env(&self) -> &EnvName {
        match self {
            Self::Environment(env) => env,
            Self::Secret(query, _) => &query.env,
        }
    }
}

/// A text without a slash names an environment, unless one is named already.
fn about(policy: &Policy, question: &Question<'_>) -> Result<About, DeedError> {
    match (question.what, question.env) {
        (None, Some(env)) => Ok(About::Environment(env.clone())),
        (None, None) => match known(policy).as_slice() {
            [only] => Ok(About::Environment(only.clone())),
            _ => Err(DeedError::WhichEnvironment { known: known(policy) }),
        },
        (Some(text), Some(env)) if text == env.as_str() => Ok(About::Environment(env.clone())),
        (Some(text), None) if !text.contains('/') => Ok(About::Environment(text.parse()?)),
        (Some(text), env) => Ok(About::Secret(AddressQuery::parse(text, env)?, text.to_owned())),
    }
}

fn known(policy: &Policy) -> Vec<EnvName> {
    policy.environments.keys().cloned().collect()
}

/// The one secret that a user means: of those that stand, else of those that the log ever named.
fn secret(record: &Record, query: &AddressQuery, text: &str) -> Result<Address, DeedError> {
    let env = &query.env;
    let standing: Vec<_> = record.signed(Some(env)).into_keys().collect();
    let mut ever: Vec<_> = (0..record.entries.len())
        .filter(|at| record.holds(*at))
        .flat_map(|at| record.entries[at].entry.files())
        .filter(|file| file.env == *env)
        .flat_map(|file| file.items.iter().map(|item| file.address(&item.key)))
        .collect();
    ever.sort();
    ever.dedup();
    for all in [&standing, &ever] {
        for target in &query.targets {
            let found: Vec<_> = all.iter().filter(|it| means(target, &it.path, &it.key)).collect();
            match found.as_slice() {
                [] => {}
                [one] => return Ok((*one).clone()),
                several => {
                    return Err(DeedError::Ambiguous {
                        env: env.clone(),
                        text: text.to_owned(),
                        found: several.iter().map(|it| (*it).clone()).collect(),
                    });
                }
            }
        }
    }
    Err(unknown(&standing, env, text))
}

fn means(target: &Target, path: &RepoPath, key: &KeyPath) -> bool {
    match target {
        Target::Key(wanted) => wanted.item() == *key,
        Target::InFile(file, wanted) => file == path && wanted.item() == *key,
        Target::File(file) => file == path && *key == KeyPath::Whole,
    }
}

fn unknown(standing: &[Address], env: &EnvName, text: &str) -> DeedError {
    let names = Names::of(standing);
    let names: Vec<_> = standing.iter().map(|address| names.short(address)).collect();
    let nearest = policy::nearest(text, names.iter().map(String::as_str)).map(str::to_owned);
    DeedError::NoSecret { env: env.clone(), text: text.to_owned(), nearest }
}
