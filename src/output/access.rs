//! Who may do what: the way from member over role to environment, for people and for machines.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::words::{count, names};
use super::{Ink, Show, paint, safe};
use crate::deeds::access::what::{Reach, WhatCan};
use crate::deeds::access::who::{Holder, WhoCan};
use crate::deeds::access::{AsOf, Chain, Key, Moment, Narrowed, Wrapped};
use crate::deeds::member::list::{Flag, Listed};
use crate::names::{EnvName, MemberName};

impl Show for WhoCan {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let what = match &self.secret {
            Some(address) => safe(&address.to_string()).into_owned(),
            None => self.env.to_string(),
        };
        writeln!(out, "who can {} {what}: {}", self.right.word(), told(&self.as_of))?;
        if self.members.is_empty() {
            writeln!(out, "nobody")?;
        }
        let rows: Vec<_> = self.members.iter().flat_map(|it| rows(it, &self.env)).collect();
        table(&rows, out)?;
        narrowed(&self.narrowed, out)?;
        for ring in &self.keyrings {
            keyring(ring, out)?;
        }
        if self.keyrings.is_empty() && self.right == crate::policy::Right::Read {
            writeln!(out, "keyring  none yet, so nobody can read anything")?;
        }
        writeln!(out, "change   a policy signed by {} of {}", self.threshold, names(&self.admins))
    }

    fn json(&self) -> Value {
        json!({
            "right": self.right.word(),
            "environment": self.env,
            "secret": self.secret,
            "as_of": as_of_json(&self.as_of),
            "members": self.members.iter().map(|it| holder_json(it, &self.env)).collect::<Vec<_>>(),
            "narrowed": self.narrowed.iter().map(narrowed_json).collect::<Vec<_>>(),
            "keyrings": self.keyrings.iter().map(keyring_json).collect::<Vec<_>>(),
            "admins": self.admins,
            "threshold": self.threshold,
        })
    }
}

impl Show for WhatCan {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let kind = self.member.as_ref().map_or("no member", |member| member.kind.word());
        writeln!(out, "what {} can do, {kind}: {}", self.name, told(&self.as_of))?;
        if let Some(member) = &self.member {
            profile(member, out)?;
        }
        if let Some((roles, threshold)) = &self.admin {
            let ways: Vec<_> = roles.iter().map(|role| format!("{} → {role}", self.name)).collect();
            let many =
                if *threshold == 1 { "alone".to_owned() } else { format!("one of {threshold}") };
            writeln!(out, "admin    {}: signs policies, {many}", ways.join(", "))?;
        }
        for reach in &self.environments {
            reached(&self.name, reach, out)?;
        }
        if self.environments.is_empty() {
            writeln!(out, "reads    nothing\nwrites   nothing")?;
        }
        for ring in &self.still_open {
            let keys: Vec<_> = ring.beyond.iter().filter(|key| key.member == self.name).collect();
            writeln!(
                out,
                "{}  the newest keyring of {} is wrapped for {} still: entry {} by {}",
                paint(Ink::Yellow, "stale  "),
                ring.env,
                keys.iter().map(|key| key.key.as_str()).collect::<Vec<_>>().join(", "),
                ring.entry.short(),
                ring.by
            )?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let admin = self
            .admin
            .as_ref()
            .map(|(roles, threshold)| json!({ "roles": roles, "threshold": threshold }));
        json!({
            "member": self.name,
            "profile": self.member.as_ref().map(super::member::listed_json),
            "as_of": as_of_json(&self.as_of),
            "admin": admin,
            "environments": self
                .environments
                .iter()
                .map(|reach| reach_json(&self.name, reach))
                .collect::<Vec<_>>(),
            "still_open": self.still_open.iter().map(keyring_json).collect::<Vec<_>>(),
        })
    }
}

/// As of when, and by which policy.
fn told(as_of: &AsOf) -> String {
    let when = match &as_of.moment {
        Moment::Now => String::new(),
        Moment::Day(day) => format!("as of {day}, by claimed times, "),
        Moment::Entry(id) => format!("as of entry {}, ", id.short()),
        Moment::Commit(id) => format!("as of commit {}, ", id.short()),
    };
    match &as_of.policy {
        Some((number, id, by)) => {
            format!("{when}policy {number} (entry {} by {by})", id.short())
        }
        None => format!("{when}a policy without a log"),
    }
}

fn as_of_json(as_of: &AsOf) -> Value {
    let (word, what) = match &as_of.moment {
        Moment::Now => ("now", Value::Null),
        Moment::Day(day) => ("day", json!(day.to_string())),
        Moment::Entry(id) => ("entry", json!(id)),
        Moment::Commit(id) => ("commit", json!(id.as_str())),
    };
    let policy = as_of.policy.as_ref();
    json!({
        "moment": word,
        "of": what,
        "day": as_of.day.to_string(),
        "policy": policy.map(|(number, id, by)| json!({ "number": number, "entry": id, "by": by })),
    })
}

/// "ana → admin → prod", and by which role it passes where a rule narrows.
fn way(who: &MemberName, chain: &Chain, env: &EnvName) -> String {
    let narrowed = chain.narrowed.as_ref();
    let narrowed = narrowed.map(|(rule, by)| format!(", by {by} for {}", safe(rule)));
    format!("{who} → {} → {env}{}", chain.role, narrowed.unwrap_or_default())
}

/// The lines of one member: as many as they have ways or keys.
fn rows(holder: &Holder, env: &EnvName) -> Vec<[String; 5]> {
    let member = &holder.member;
    let lines = holder.chains.len().max(holder.keys.len()).max(1);
    let line = |at: usize| {
        let first = |text: String| if at == 0 { text } else { String::new() };
        let chain = holder.chains.get(at).map(|chain| way(&member.name, chain, env));
        [
            first(member.name.to_string()),
            first(member.kind.word().to_owned()),
            chain.unwrap_or_default(),
            holder.keys.get(at).cloned().unwrap_or_default(),
            first(flags(member, &holder.flags)),
        ]
    };
    (0..lines).map(line).collect()
}

fn flags(member: &Listed, flags: &[Flag]) -> String {
    let flag = |flag: &Flag| match (flag, member.expires) {
        (Flag::Expired, Some(day)) => format!("expired {day}"),
        (flag, _) => flag.word().to_owned(),
    };
    let flags: Vec<_> = flags.iter().map(flag).collect();
    let flags = if flags.is_empty() { None } else { Some(paint(Ink::Yellow, &flags.join(", "))) };
    let owner = member.owner.as_ref().map(|owner| format!("owner {owner}"));
    flags.into_iter().chain(owner).collect::<Vec<_>>().join("  ")
}

fn table(rows: &[[String; 5]], out: &mut dyn Write) -> io::Result<()> {
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let [a, b, c, d] = [0, 1, 2, 3].map(width);
    rows.iter().try_for_each(|[name, kind, way, key, flags]| {
        let line = format!("{name:a$}  {kind:b$}  {way:c$}  {key:d$}  {flags}");
        writeln!(out, "{}", line.trim_end())
    })
}

fn narrowed(rules: &[Narrowed], out: &mut dyn Write) -> io::Result<()> {
    rules.iter().try_for_each(|rule| {
        writeln!(out, "but      {}: of these only {}", safe(&rule.pattern), names(&rule.roles))
    })
}

/// What the newest keyring says, against the policy.
fn keyring(ring: &Wrapped, out: &mut dyn Write) -> io::Result<()> {
    let (entry, by) = (ring.entry.short(), &ring.by);
    if ring.is_current() {
        return writeln!(out, "keyring  entry {entry} by {by}: wrapped for exactly these keys");
    }
    let stale = paint(Ink::Yellow, "stale  ");
    let says = format!("the keyring of entry {entry} by {by}, under policy {},", ring.policy);
    for Key { member, key } in &ring.beyond {
        writeln!(out, "{stale}  {says} is wrapped for {member} too: {key}")?;
    }
    for Key { member, key } in &ring.lacking {
        writeln!(out, "{stale}  {says} is not wrapped for {member}: {key}")?;
    }
    writeln!(out, "fix      tenure rekey -e {}", ring.env)
}

fn profile(member: &Listed, out: &mut dyn Write) -> io::Result<()> {
    let roles = if member.roles.is_empty() { "none".to_owned() } else { names(&member.roles) };
    writeln!(out, "roles    {roles}")?;
    let flags = flags(member, &member.flags);
    if !flags.is_empty() {
        writeln!(out, "note     {flags}")?;
    }
    for key in &member.reads_with {
        let both = if member.signs_with.contains(key) { "reads, signs" } else { "reads" };
        writeln!(out, "key      {key}  {both}")?;
    }
    for key in member.signs_with.iter().filter(|key| !member.reads_with.contains(key)) {
        writeln!(out, "key      {key}  signs")?;
    }
    Ok(())
}

fn reached(who: &MemberName, reach: &Reach, out: &mut dyn Write) -> io::Result<()> {
    let ways = |roles: &[crate::names::RoleName]| {
        let way = |role| way(who, &Chain { role, narrowed: None }, &reach.env);
        roles.iter().cloned().map(way).collect::<Vec<_>>().join(", ")
    };
    if !reach.reads.is_empty() {
        let values = count(reach.values, "value");
        writeln!(out, "reads    {}: {values}", ways(&reach.reads))?;
    }
    if !reach.writes.is_empty() {
        let others = reach.not_writable.len();
        let number = count(reach.values - others, "value");
        let but = match reach.not_writable.as_slice() {
            [] => String::new(),
            some => format!(", not {}", safe(&some.join(" "))),
        };
        writeln!(out, "writes   {}: {number}{but}", ways(&reach.writes))?;
        narrowed(&reach.narrowed, out)?;
    }
    if !reach.not_yet.is_empty() {
        writeln!(
            out,
            "{}  the newest keyring of {} is not wrapped for {who} yet: tenure rekey -e {}",
            paint(Ink::Yellow, "stale  "),
            reach.env,
            reach.env
        )?;
    }
    Ok(())
}

fn chain_json(who: &MemberName, chain: &Chain, env: &EnvName) -> Value {
    let narrowed = chain.narrowed.as_ref();
    json!({
        "member": who,
        "role": chain.role,
        "environment": env,
        "narrowed_by": narrowed.map(|(rule, by)| json!({ "match": rule, "role": by })),
    })
}

fn holder_json(holder: &Holder, env: &EnvName) -> Value {
    let member = &holder.member;
    let chains = holder.chains.iter().map(|chain| chain_json(&member.name, chain, env));
    json!({
        "name": member.name,
        "kind": member.kind.word(),
        "chains": chains.collect::<Vec<_>>(),
        "keys": holder.keys,
        "owner": member.owner,
        "expires": member.expires.map(|day| day.to_string()),
        "flags": holder.flags.iter().map(|flag| flag.word()).collect::<Vec<_>>(),
    })
}

fn reach_json(who: &MemberName, reach: &Reach) -> Value {
    let chains = |roles: &[crate::names::RoleName]| {
        let chain = |role| chain_json(who, &Chain { role, narrowed: None }, &reach.env);
        roles.iter().cloned().map(chain).collect::<Vec<_>>()
    };
    json!({
        "environment": reach.env,
        "reads": chains(&reach.reads),
        "writes": chains(&reach.writes),
        "values": reach.values,
        "not_writable": reach.not_writable,
        "narrowed": reach.narrowed.iter().map(narrowed_json).collect::<Vec<_>>(),
        "not_yet": reach.not_yet.iter().map(keyring_json).collect::<Vec<_>>(),
    })
}

fn narrowed_json(rule: &Narrowed) -> Value {
    json!({ "match": rule.pattern, "roles": rule.roles })
}

fn keyring_json(ring: &Wrapped) -> Value {
    let keys = |some: &[Key]| {
        some.iter().map(|it| json!({ "member": it.member, "key": it.key })).collect::<Vec<_>>()
    };
    json!({
        "environment": ring.env,
        "generation": ring.generation,
        "entry": ring.entry,
        "by": ring.by,
        "policy": ring.policy,
        "current": ring.is_current(),
        "beyond": keys(&ring.beyond),
        "lacking": keys(&ring.lacking),
    })
}
