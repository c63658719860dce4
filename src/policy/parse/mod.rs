//! From the policy's text to a [`Policy`]. Every rule of design section 5 that needs no other file.

mod rules;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use toml::de::DeTable;

use crate::names::{EnvName, MemberName, RoleName};

use super::problem::{PolicyError, Problem};
use super::table::{Fields, Value, error_at};
use super::terms::{Comments, Store};
use super::{Admin, Environment, Member, MemberKind, Policy};

type Members = BTreeMap<MemberName, Member>;
type Roles = BTreeMap<RoleName, Vec<MemberName>>;

const SECTIONS: &[&str] = &[
    "version",
    "revision",
    "repository",
    "members",
    "roles",
    "admin",
    "environments",
    "types",
    "secrets",
    "clocks",
    "consumers",
    "links",
    "procedure",
    "logging",
    "responsibility",
    "guard",
];

impl Policy {
    /// Reads a policy, strictly: what is not known is an error.
    ///
    /// # Errors
    /// The first problem, with its line.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let root = DeTable::parse(text).map_err(|error| {
            error_at(text, error.span().map_or(0, |span| span.start), Problem::Syntax)
        })?;
        let mut top = Fields::top(text, root.get_ref());
        let version = top.required("version")?;
        // Before all else: a later version may have fields that look wrong to us.
        if version.count()? != 1 {
            return Err(version.fail(Problem::Version));
        }
        // A misspelt section would otherwise show as whatever is missing without it.
        top.only(SECTIONS)?;
        sections(&mut top)
    }
}

fn sections(top: &mut Fields<'_, '_>) -> Result<Policy, PolicyError> {
    let revision = revision(top.required("revision")?)?;
    let repository = top.required("repository")?.parsed()?;
    let members = members(top)?;
    let roles = roles(top, &members)?;
    let environments = environments(top, &members, &roles)?;
    let admin = match top.section("admin")? {
        Some(fields) => admin(fields, &members, &roles)?,
        None if environments.is_empty() => Admin { roles: Vec::new(), threshold: 1 },
        None => return Err(top.missing("[admin]")),
    };
    let types = rules::types(top)?;
    let consumers = rules::consumers(top, &members)?;
    let known = rules::Known {
        roles: &roles,
        environments: &environments,
        types: &types,
        consumers: &consumers,
    };
    let secrets = rules::secrets(top, &known)?;
    let clocks = rules::clocks(top)?;
    let links = rules::links(top)?;
    let procedure = rules::procedure(top, &roles)?;
    let logging = rules::logging(top)?;
    let responsibility = rules::responsibility(top)?;
    let guard = super::guard::guard(top)?;
    Ok(Policy {
        revision,
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
    })
}

fn revision(value: Value<'_, '_>) -> Result<String, PolicyError> {
    let text = value.word()?;
    if super::edit::sequence(&text).is_none() {
        return Err(value.shape("a number, `-` and eight digits of 0-9a-f"));
    }
    Ok(text)
}

fn members(top: &mut Fields<'_, '_>) -> Result<Members, PolicyError> {
    let mut members = Members::new();
    let named = top.named::<MemberName>("members")?;
    for (name, value) in &named {
        let member = member(name, *value)?;
        if let Some(problem) = shared_key(&members, name, &member) {
            return Err(value.fail(problem));
        }
        members.insert(name.clone(), member);
    }
    for (name, value) in named {
        check_owner(&name, value, &members)?;
        if let Some(problem) = lost_key(&members, &name) {
            return Err(value.fail(problem));
        }
    }
    Ok(members)
}

fn member(name: &MemberName, value: Value<'_, '_>) -> Result<Member, PolicyError> {
    let mut fields = value.fields(format!("[members.{name}]"))?;
    let kind = match fields.take("kind") {
        None => MemberKind::Person,
        Some(kind) if kind.is("person") => MemberKind::Person,
        Some(kind) if kind.is("machine") => MemberKind::Machine,
        Some(kind) => return Err(kind.shape("`person` or `machine`")),
    };
    let recipients = fields.read("recipients", |v| v.list(Value::parsed))?.unwrap_or_default();
    let signing_keys = fields.read("signing-keys", |v| v.list(Value::parsed))?.unwrap_or_default();
    let lost_keys = fields.read("lost-keys", |v| v.list(Value::parsed))?.unwrap_or_default();
    let owner = fields.read("owner", Value::parsed)?;
    let expires = fields.read("expires", Value::date)?;
    fields.done()?;
    let member = Member { kind, recipients, signing_keys, lost_keys, owner, expires };
    let machine = kind == MemberKind::Machine;
    if machine && !member.signing_keys.is_empty() {
        return Err(value.fail(Problem::MachineSigns { member: name.clone() }));
    }
    if member.recipients.is_empty() && (machine || member.signing_keys.is_empty()) {
        return Err(value.fail(Problem::NoKey { member: name.clone() }));
    }
    Ok(member)
}

fn shared_key(members: &Members, name: &MemberName, member: &Member) -> Option<Problem> {
    members.iter().find_map(|(one, earlier)| {
        let what = if earlier.recipients.iter().any(|key| member.recipients.contains(key)) {
            "recipient"
        } else if earlier.signing_keys.iter().any(|key| member.signing_keys.contains(key)) {
            "signing key"
        } else {
            return None;
        };
        Some(Problem::SharedKey { what, one: one.clone(), other: name.clone() })
    })
}

/// Finds a key of a member that somebody lost.
fn lost_key(members: &Members, name: &MemberName) -> Option<Problem> {
    let member = members.get(name)?;
    let lost = members.iter().flat_map(|(by, m)| m.lost_keys.iter().map(move |key| (by, key)));
    let mut mine = lost.filter(|(_, lost)| {
        member.recipients.iter().any(|key| lost.reads(key))
            || member.signing_keys.iter().any(|key| lost.signs(key))
    });
    mine.next().map(|(by, _)| Problem::LostKeyInUse { member: name.clone(), by: by.clone() })
}

fn check_owner(
    name: &MemberName,
    value: Value<'_, '_>,
    members: &Members,
) -> Result<(), PolicyError> {
    let Some(owner) = members.get(name).and_then(|member| member.owner.as_ref()) else {
        return Ok(());
    };
    let line = value.fields(String::new())?.required("owner")?;
    match members.get(owner).map(|member| member.kind) {
        Some(MemberKind::Person) => Ok(()),
        Some(MemberKind::Machine) => {
            Err(line.fail(Problem::OwnedByMachine { member: name.clone() }))
        }
        None => Err(line.unknown("member", owner.as_str(), members.keys().map(MemberName::as_str))),
    }
}

fn roles(top: &mut Fields<'_, '_>, members: &Members) -> Result<Roles, PolicyError> {
    let named = top.named::<RoleName>("roles")?;
    named.into_iter().map(|(role, value)| role_members(role, value, members)).collect()
}

fn role_members(
    role: RoleName,
    value: Value<'_, '_>,
    members: &Members,
) -> Result<(RoleName, Vec<MemberName>), PolicyError> {
    let names = value.list(|element| {
        let member: MemberName = element.parsed()?;
        if members.contains_key(&member) {
            return Ok(member);
        }
        let known = members.keys().map(MemberName::as_str);
        let nearest = super::nearest::nearest(member.as_str(), known).map(str::to_owned);
        let role = role.clone();
        Err(element.fail(Problem::UnknownMemberInRole { role, member, nearest }))
    })?;
    if names.is_empty() {
        return Err(value.fail(Problem::EmptyRole { role }));
    }
    Ok((role, names))
}

/// Reads a list of roles that exist; it names at least one.
fn role_list(value: Value<'_, '_>, roles: &Roles) -> Result<Vec<RoleName>, PolicyError> {
    value.some(|element| {
        let role: RoleName = element.parsed()?;
        if roles.contains_key(&role) {
            return Ok(role);
        }
        Err(element.unknown("role", role.as_str(), roles.keys().map(RoleName::as_str)))
    })
}

fn admin(
    mut fields: Fields<'_, '_>,
    members: &Members,
    roles: &Roles,
) -> Result<Admin, PolicyError> {
    let named = fields.required("roles")?;
    let admin_roles = role_list(named, roles)?;
    let threshold = fields.take("threshold");
    let needed = threshold.map_or(Ok(1), Value::count)?;
    let mut signers: Vec<&MemberName> =
        admin_roles.iter().filter_map(|role| roles.get(role)).flatten().collect();
    signers.retain(|name| members.get(*name).is_some_and(|m| !m.signing_keys.is_empty()));
    signers.sort();
    signers.dedup();
    if signers.is_empty() {
        return Err(named.fail(Problem::NoAdmin));
    }
    if needed == 0 || usize::try_from(needed).map_or(true, |needed| needed > signers.len()) {
        let problem = Problem::Threshold { threshold: needed, admins: signers.len() };
        return Err(threshold.unwrap_or(named).fail(problem));
    }
    fields.done()?;
    Ok(Admin { roles: admin_roles, threshold: needed })
}

fn environments(
    top: &mut Fields<'_, '_>,
    members: &Members,
    roles: &Roles,
) -> Result<BTreeMap<EnvName, Environment>, PolicyError> {
    let named = top.named::<EnvName>("environments")?;
    named
        .into_iter()
        .map(|(name, value)| {
            let environment = environment(&name, value, roles)?;
            let reads = |role: &RoleName| {
                let mut names = roles.get(role).into_iter().flatten();
                names.any(|name| members.get(name).is_some_and(|m| !m.recipients.is_empty()))
            };
            let none = !environment.readers.iter().any(reads);
            if environment.store == Store::Files && none {
                return Err(value.fail(Problem::NoReader { env: name }));
            }
            Ok((name, environment))
        })
        .collect()
}

fn environment(
    name: &EnvName,
    value: Value<'_, '_>,
    roles: &Roles,
) -> Result<Environment, PolicyError> {
    let mut fields = value.fields(format!("[environments.{name}]"))?;
    let store = fields.read("store", Value::spelt)?.unwrap_or(Store::Files);
    let files = fields.read("files", |v| v.some(Value::parsed))?;
    let readers = fields.read("readers", |v| role_list(v, roles))?;
    let writers = fields.read("writers", |v| role_list(v, roles))?;
    if store == Store::Files {
        let all = [
            ("files", files.is_none()),
            ("readers", readers.is_none()),
            ("writers", writers.is_none()),
        ];
        if let Some((field, _)) = all.into_iter().find(|(_, missing)| *missing) {
            return Err(fields.missing(field));
        }
    }
    let environment = Environment {
        files: files.unwrap_or_default(),
        readers: readers.unwrap_or_default(),
        writers: writers.unwrap_or_default(),
        refuse_overdue_after: fields.read("refuse-overdue-after", Value::days)?,
        clear: fields.read("clear", |v| v.list(Value::parsed))?.unwrap_or_default(),
        comments: fields.read("comments", Value::spelt)?.unwrap_or(Comments::Sealed),
        allow_env: fields.read("allow-env", |v| v.list(variable))?.unwrap_or_default(),
        store,
        runtime_only: fields.read("runtime-only", Value::truth)?.unwrap_or_default(),
        leaver: fields.read("leaver", Value::days)?,
    };
    fields.done()?;
    Ok(environment)
}

fn variable(value: Value<'_, '_>) -> Result<String, PolicyError> {
    let text = value.word()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if text.starts_with(|c: char| c.is_ascii_digit()) || !text.bytes().all(plain) {
        return Err(value.shape("names of variables: letters, digits and `_`"));
    }
    Ok(text)
}
