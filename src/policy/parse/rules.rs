//! The sections that say how secrets live: types, rules, clocks, consumers, and what reports need.

use std::collections::BTreeMap;

use crate::names::{ConsumerName, EnvName, MemberName, RoleName, TypeName};
use crate::policy::cadence::KNOWN_TYPES;
use crate::policy::glob::{AddressGlob, EnvPattern};
use crate::policy::problem::PolicyError;
use crate::policy::table::{Fields, Value};
use crate::policy::terms::{
    Accept, Clocks, Consumer, Duty, Link, Links, Logging, Party, Procedure, RiskNote, RotateEvery,
    Users,
};
use crate::policy::{Environment, SecretRule, SecretType};

use super::{Members, Roles, role_list};

/// What a rule of secrets may name.
pub(super) struct Known<'p> {
    pub(super) roles: &'p Roles,
    pub(super) environments: &'p BTreeMap<EnvName, Environment>,
    pub(super) types: &'p BTreeMap<TypeName, SecretType>,
    pub(super) consumers: &'p BTreeMap<ConsumerName, Consumer>,
}

pub(super) fn types(
    top: &mut Fields<'_, '_>,
) -> Result<BTreeMap<TypeName, SecretType>, PolicyError> {
    let named = top.named::<TypeName>("types")?;
    named.into_iter().map(|(name, value)| Ok((name.clone(), secret_type(&name, value)?))).collect()
}

fn secret_type(name: &TypeName, value: Value<'_, '_>) -> Result<SecretType, PolicyError> {
    let mut fields = value.fields(format!("[types.{name}]"))?;
    let parsed = SecretType {
        rotate_every: fields.read("rotate-every", rotate_every)?,
        warn_before: fields.read("warn-before", Value::days)?,
        grace: fields.read("grace", Value::days)?,
        refuse_overdue_after: fields.read("refuse-overdue-after", Value::days)?,
        generate: fields.read("generate", Value::word)?,
        runbook: fields.read("runbook", Value::word)?,
        word: fields.read("word", Value::spelt)?,
        accept: fields.read("accept", accept)?,
        description: fields.read("description", Value::line)?,
        revoke: fields.read("revoke", Value::line)?,
        overlap: fields.read("overlap", Value::days)?,
        strategy: fields.read("strategy", Value::spelt)?,
        risk_note: fields.read("risk-note", risk_note)?,
    };
    fields.done()?;
    Ok(parsed)
}

fn rotate_every(value: Value<'_, '_>) -> Result<RotateEvery, PolicyError> {
    if value.is("never") { Ok(RotateEvery::Never) } else { value.days().map(RotateEvery::Days) }
}

fn accept(value: Value<'_, '_>) -> Result<Accept, PolicyError> {
    let mut fields = value.fields("`accept`".to_owned())?;
    let reason = fields.required("reason")?.line()?;
    let until = fields.required("until")?.date()?;
    fields.done()?;
    Ok(Accept { reason, until })
}

fn risk_note(value: Value<'_, '_>) -> Result<RiskNote, PolicyError> {
    let mut fields = value.fields("`risk-note`".to_owned())?;
    let text = fields.required("text")?.line()?;
    let date = fields.required("date")?.date()?;
    fields.done()?;
    Ok(RiskNote { text, date })
}

pub(super) fn consumers(
    top: &mut Fields<'_, '_>,
    members: &Members,
) -> Result<BTreeMap<ConsumerName, Consumer>, PolicyError> {
    let named = top.named::<ConsumerName>("consumers")?;
    named
        .into_iter()
        .map(|(name, value)| {
            let mut fields = value.fields(format!("[consumers.{name}]"))?;
            let consumer = Consumer {
                access: fields.read("access", Value::spelt)?,
                member: fields.read("member", |v| member(v, members))?,
                paths: fields.read("paths", |v| v.some(Value::parsed))?.unwrap_or_default(),
            };
            fields.done()?;
            Ok((name, consumer))
        })
        .collect()
}

fn member(value: Value<'_, '_>, members: &Members) -> Result<MemberName, PolicyError> {
    let name: MemberName = value.parsed()?;
    if members.contains_key(&name) {
        return Ok(name);
    }
    Err(value.unknown("member", name.as_str(), members.keys().map(MemberName::as_str)))
}

pub(super) fn secrets(
    top: &mut Fields<'_, '_>,
    known: &Known<'_>,
) -> Result<Vec<SecretRule>, PolicyError> {
    let Some(value) = top.take("secrets") else { return Ok(Vec::new()) };
    value.elements()?.into_iter().map(|rule| secret_rule(rule, known)).collect()
}

fn secret_rule(value: Value<'_, '_>, known: &Known<'_>) -> Result<SecretRule, PolicyError> {
    let mut fields = value.fields("[[secrets]]".to_owned())?;
    let rule = SecretRule {
        matches: pattern(fields.required("match")?, known)?,
        kind: fields.read("type", |v| kind(v, known))?,
        rotate_every: fields.read("rotate-every", rotate_every)?,
        warn_before: fields.read("warn-before", Value::days)?,
        owner: fields.read("owner", Value::line)?,
        origin: fields.read("origin", Value::spelt)?,
        vendor: fields.read("vendor", Value::line)?,
        writers: fields.read("writers", |v| role_list(v, known.roles))?,
        used_by: fields.read("used-by", |v| v.list(|v| consumer(v, known)))?.unwrap_or_default(),
        users: fields.read("users", users)?,
        custody: fields.read("custody", Value::spelt)?,
        copies: fields.read("copies", |v| v.list(Value::line))?.unwrap_or_default(),
        contact: fields.read("contact", Value::line)?,
    };
    fields.done()?;
    Ok(rule)
}

/// Reads `{ key = "DB_USER", names = ["app_a", "app_b"] }`.
fn users(value: Value<'_, '_>) -> Result<Users, PolicyError> {
    let mut fields = value.fields("`users`".to_owned())?;
    let key = fields.required("key")?.parsed()?;
    let names = fields.required("names")?;
    fields.done()?;
    let two = names.some(Value::line)?.try_into();
    Ok(Users { key, names: two.map_err(|_| names.shape("two different names"))? })
}

/// An environment misspelt here would silently narrow nothing, so it must exist.
fn pattern(value: Value<'_, '_>, known: &Known<'_>) -> Result<AddressGlob, PolicyError> {
    let glob: AddressGlob = value.parsed()?;
    match &glob.env {
        EnvPattern::One(name) if !known.environments.contains_key(name) => {
            let environments = known.environments.keys().map(EnvName::as_str);
            Err(value.unknown("environment", name.as_str(), environments))
        }
        _ => Ok(glob),
    }
}

fn kind(value: Value<'_, '_>, known: &Known<'_>) -> Result<TypeName, PolicyError> {
    let name: TypeName = value.parsed()?;
    let names = known.types.keys().map(TypeName::as_str);
    let mut names = names.chain(KNOWN_TYPES.iter().map(|kind| kind.name));
    if names.clone().any(|known| known == name.as_str()) {
        return Ok(name);
    }
    Err(value.unknown("type", name.as_str(), names.by_ref()))
}

fn consumer(value: Value<'_, '_>, known: &Known<'_>) -> Result<ConsumerName, PolicyError> {
    let name: ConsumerName = value.parsed()?;
    if known.consumers.contains_key(&name) {
        return Ok(name);
    }
    let consumers = known.consumers.keys().map(ConsumerName::as_str);
    Err(value.unknown("consumer", name.as_str(), consumers))
}

pub(super) fn clocks(top: &mut Fields<'_, '_>) -> Result<Clocks, PolicyError> {
    let mut clocks = Clocks::default();
    let Some(mut fields) = top.section("clocks")? else { return Ok(clocks) };
    let days: [(&'static str, &mut u32); 9] = [
        ("warn-before", &mut clocks.warn_before),
        ("overlap", &mut clocks.overlap),
        ("access-review", &mut clocks.access_review),
        ("review-5d", &mut clocks.review_5d),
        ("review-plan", &mut clocks.review_plan),
        ("machine-keys", &mut clocks.machine_keys),
        ("people-keys", &mut clocks.people_keys),
        ("keep-events", &mut clocks.keep_events),
        ("untyped", &mut clocks.untyped),
    ];
    for (name, clock) in days {
        if let Some(days) = fields.read(name, Value::days)? {
            *clock = days;
        }
    }
    clocks.leaver = fields.read("leaver", Value::days)?;
    clocks.refuse_overdue_after = fields.read("refuse-overdue-after", Value::days)?;
    clocks.grace = fields.read("grace", Value::days)?;
    fields.done()?;
    Ok(clocks)
}

pub(super) fn links(top: &mut Fields<'_, '_>) -> Result<Links, PolicyError> {
    let Some(mut fields) = top.section("links")? else { return Ok(Links::default()) };
    let links = Links {
        third_party: fields.read("third-party", link)?,
        security_logging: fields.read("security-logging", link)?,
        org_policy: fields.read("org-policy", link)?,
        compliance: fields.read("compliance", link)?,
        incident_response: fields.read("incident-response", link)?,
    };
    fields.done()?;
    Ok(links)
}

/// Reads `"docs/policy.md"` or `{ to = "docs/policy.md", sha256 = "sha256:…" }`.
fn link(value: Value<'_, '_>) -> Result<Link, PolicyError> {
    if !value.is_table() {
        return Ok(Link { to: value.word()?, sha256: None });
    }
    let mut fields = value.fields(format!("`{}`", value.name()))?;
    let to = fields.required("to")?.word()?;
    let sha256 = fields.read("sha256", Value::parsed)?;
    fields.done()?;
    Ok(Link { to, sha256 })
}

pub(super) fn procedure(top: &mut Fields<'_, '_>, roles: &Roles) -> Result<Procedure, PolicyError> {
    let Some(mut fields) = top.section("procedure")? else { return Ok(Procedure::default()) };
    let mut read = |name| -> Result<Vec<RoleName>, PolicyError> {
        Ok(fields.read(name, |v| role_list(v, roles))?.unwrap_or_default())
    };
    let security = read("security")?;
    let platform_owner = read("platform-owner")?;
    fields.done()?;
    Ok(Procedure { security, platform_owner })
}

pub(super) fn logging(top: &mut Fields<'_, '_>) -> Result<Logging, PolicyError> {
    let Some(mut fields) = top.section("logging")? else { return Ok(Logging::default()) };
    let required = fields.read("required", |v| v.list(Value::spelt))?.unwrap_or_default();
    fields.done()?;
    Ok(Logging { required })
}

pub(super) fn responsibility(
    top: &mut Fields<'_, '_>,
) -> Result<BTreeMap<Duty, Vec<Party>>, PolicyError> {
    let mut matrix = BTreeMap::new();
    let Some(mut fields) = top.section("responsibility")? else { return Ok(matrix) };
    for duty in Duty::ALL {
        if let Some(parties) = fields.read(duty.word(), |v| v.some(Value::spelt))? {
            matrix.insert(*duty, parties);
        }
    }
    fields.done()?;
    Ok(matrix)
}
