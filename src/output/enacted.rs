//! What a new policy changes, and what was signed of it.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::words::{count, names};
use super::{Ink, paint, safe};
use crate::deeds::enact::{About, Effect, Enacted, Hindrance, NewReaders, Signed, Stale, Waiting};
use crate::policy::{Sign, Weight};

/// What a policy changes, as lines for whoever is asked to sign it.
#[must_use]
pub fn preview(effect: &Effect) -> String {
    let mut lines = Vec::new();
    match &effect.about {
        About::Next => {}
        About::Proposal(it) => lines.push(format!("{}, waits{}", said(it), why(it))),
        About::Against(it) => lines.push(format!("against {}{}:", said(it), why(it))),
    }
    for change in &effect.changes {
        let ink = match change.sign {
            Sign::Added => Ink::Green,
            Sign::Removed => Ink::Red,
        };
        let text = change.to_string();
        let (sign, rest) = text.split_at(1);
        lines.push(format!("{}{}", paint(ink, sign), safe(rest)));
    }
    if effect.changes.is_empty() {
        lines.push("nothing but the text changes: no right, no rule".to_owned());
    }
    lines.extend(effect.readers.iter().map(readers));
    if let Some(first) = effect.voiceless.first() {
        let values = count(effect.voiceless.len(), "value");
        let more = if effect.voiceless.len() > 1 { ", …" } else { "" };
        lines.push(format!("{values} signed by somebody who may write no longer: {first}{more}"));
    }
    lines.join("\n")
}

/// Names a policy of the log.
pub(super) fn said(signed: &Signed) -> String {
    let Signed { seq, entry, by, signed, .. } = signed;
    let others: Vec<_> = signed.iter().filter(|who| *who != by).cloned().collect();
    let others = match others.is_empty() {
        true => String::new(),
        false => format!(" and {}", names(&others)),
    };
    format!("policy {seq} of entry {}, signed by {by}{others}", entry.short())
}

fn why(signed: &Signed) -> String {
    signed.reason.as_ref().map(|text| format!(": {}", safe(text))).unwrap_or_default()
}

fn readers(new: &NewReaders) -> String {
    let values = count(new.values, "value");
    let mut parts = Vec::new();
    if !new.gains.is_empty() {
        parts.push(format!("{} will read {values} in {}", names(&new.gains), new.env));
    }
    if !new.loses.is_empty() {
        parts.push(format!("{} could read {values} in {}", names(&new.loses), new.env));
    }
    if parts.is_empty() {
        parts.push(format!("{values} in {} will be read with other keys", new.env));
    }
    for (who, keys) in &new.keys {
        parts.push(format!("  {who} reads with {}", keys.join(", ")));
    }
    parts.join("\n")
}

/// What was signed, in a line; then what remains to be done by others.
pub(super) fn receipt(enacted: &Enacted, out: &mut dyn Write) -> io::Result<()> {
    if !enacted.renewed.is_empty() {
        writeln!(out, "new keyring for {}; no value changed", names(&enacted.renewed))?;
    }
    if enacted.vouched > 0 {
        let values = count(enacted.vouched, "value");
        writeln!(out, "{} vouches for {values} of those who may write them no longer", enacted.by)?;
    }
    let (seq, entry) = (enacted.seq, enacted.entry.short());
    let Some(Waiting { lacks, may, voiceless, follows }) = &enacted.waiting else {
        return writeln!(out, "policy {seq} in force. Entry {entry}, signed by {}.", enacted.by);
    };
    writeln!(out, "policy {seq} signed, not in force. Entry {entry}, signed by {}.", enacted.by)?;
    let command = match follows {
        0 | 1 => format!("sign {}", enacted.policy.short16()),
        _ => "reconcile".to_owned(),
    };
    let vouch = if *voiceless > 0 { " --vouch" } else { "" };
    writeln!(out, "wants {lacks} more of {}: tenure policy {command}{vouch}", names(may))
}

/// What the signer could not do, one warning each.
#[must_use]
pub fn warnings(enacted: &Enacted) -> Vec<String> {
    let mut all: Vec<_> = enacted.stale.iter().map(stale).collect();
    if let Some(waiting) = &enacted.waiting {
        all.push(format!(
            "until {} more of {} signed, every key that it takes away reads and signs on: push it now",
            waiting.lacks,
            names(&waiting.may)
        ));
    }
    if let Some(first) = enacted.orphans.first() {
        all.push(format!(
            "{} without a writer's word, {first} first: a writer of {} runs `tenure resolve`",
            count(enacted.orphans.len(), "value"),
            first.env
        ));
    }
    all
}

fn stale(stale: &Stale) -> String {
    let env = &stale.env;
    let fix = match (stale.why, stale.ask.as_slice()) {
        (Hindrance::Finding, _) => {
            format!("mend what `tenure check -e {env}` finds, then `tenure rekey -e {env}`")
        }
        (Hindrance::NotAllowed | Hindrance::NoKey, []) => {
            "no other reader may make one: make one of its readers a writer or an admin".to_owned()
        }
        (Hindrance::NotAllowed | Hindrance::NoKey, ask) => {
            format!("ask {} to run `tenure rekey -e {env}`", names(ask))
        }
    };
    format!(
        "stale-readers: {env} needs a new keyring, and nothing is sealed in it until then: {fix}"
    )
}

/// The look for machines of what a policy changes.
pub(super) fn effect_json(effect: &Effect) -> Value {
    let change = |change: &crate::policy::Change| {
        json!({
            "sign": match change.sign { Sign::Added => "added", Sign::Removed => "removed" },
            "about": match change.weight { Weight::Access => "access", Weight::Rule => "rule" },
            "subject": change.subject,
            "text": change.text,
        })
    };
    let readers = |new: &NewReaders| json!({ "environment": new.env, "values": new.values, "gains": new.gains, "loses": new.loses, "keys": new.keys });
    let about = match &effect.about {
        About::Next => Value::Null,
        About::Proposal(signed) => json!({ "proposal": signed_json(signed) }),
        About::Against(signed) => json!({ "against": signed_json(signed) }),
    };
    json!({
        "about": about,
        "changes": effect.changes.iter().map(change).collect::<Vec<_>>(),
        "readers": effect.readers.iter().map(readers).collect::<Vec<_>>(),
        "voiceless": effect.voiceless,
    })
}

/// The look for machines of a policy that was signed.
pub(super) fn signed_json(signed: &Signed) -> Value {
    let Signed { entry, seq, by, reason, signed } = signed;
    json!({ "entry": entry, "policy": seq, "by": by, "reason": reason, "signed": signed })
}

/// The look for machines of what was signed.
pub(super) fn enacted_json(enacted: &Enacted) -> Value {
    let stale = |stale: &Stale| {
        json!({
            "environment": stale.env,
            "why": match stale.why {
                Hindrance::NotAllowed => "not-allowed",
                Hindrance::Finding => "finding",
                Hindrance::NoKey => "no-key",
            },
            "ask": stale.ask,
        })
    };
    json!({
        "entry": enacted.entry,
        "policy": enacted.seq,
        "policy_entry": enacted.policy,
        "in_force": enacted.waiting.is_none(),
        "waiting": enacted.waiting.as_ref().map(|it| json!({ "lacks": it.lacks, "may": it.may })),
        "by": enacted.by,
        "renewed": enacted.renewed,
        "stale_readers": enacted.stale.iter().map(stale).collect::<Vec<_>>(),
        "vouched": enacted.vouched,
        "orphans": enacted.orphans,
        "incidents": enacted.alarms,
        "paths": enacted.paths,
    })
}
