//! Whose keys are at hand, and what they may do.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::member::listed_json;
use super::words::names;
use super::{Ink, Show, paint, safe};
use crate::deeds::member::list::{Listed, Standing as Admin};
use crate::deeds::whoami::{AtHand, Standing, Whoami};

impl Show for Whoami {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Standing::Members(members) = &self.standing {
            members.iter().try_for_each(|member| one(member, out))?;
        }
        self.keys.iter().try_for_each(|key| at_hand(key, out))
    }

    fn json(&self) -> Value {
        let members = match &self.standing {
            Standing::Members(members) => members.iter().map(listed_json).collect(),
            Standing::NoPolicy | Standing::Untrusted(_) => Vec::new(),
        };
        json!({
            "members": members,
            "policy": match &self.standing {
                Standing::Members(_) => "verified",
                Standing::NoPolicy => "none",
                Standing::Untrusted(_) => "untrusted",
            },
            "keys": self.keys.iter().map(key_json).collect::<Vec<_>>(),
        })
    }
}

fn one(member: &Listed, out: &mut dyn Write) -> io::Result<()> {
    let admin = if member.admin == Admin::Admin { ", signs policies" } else { "" };
    let name = paint(Ink::Green, member.name.as_str());
    writeln!(out, "{name}  {}; {}{admin}", member.kind.word(), names(&member.roles))?;
    let dash = |list: &[_]| if list.is_empty() { "-".to_owned() } else { names(list) };
    writeln!(out, "  reads   {}", dash(&member.reads))?;
    writeln!(out, "  writes  {}", dash(&member.writes))?;
    match member.flags.as_slice() {
        [] => Ok(()),
        flags => {
            let words: Vec<_> = flags.iter().map(|flag| flag.word()).collect();
            writeln!(out, "  look    {}", paint(Ink::Yellow, &words.join(", ")))
        }
    }
}

fn at_hand(key: &AtHand, out: &mut dyn Write) -> io::Result<()> {
    let found = &key.found;
    let mark = found.fingerprint.as_ref().or(found.recipient.as_ref());
    let mark = mark.map_or("", String::as_str);
    let whose = key.member.as_ref().map_or("no member's", |member| member.as_str());
    let mut can = vec![whose];
    can.extend(found.recipient.is_some().then_some("reads"));
    can.extend(found.can_sign.then_some("signs"));
    can.extend(found.encrypted.then_some("under a passphrase"));
    writeln!(out, "key  {}  {mark}  {}", safe(&found.source), can.join(", "))
}

fn key_json(key: &AtHand) -> Value {
    let found = &key.found;
    json!({
        "source": found.source,
        "recipient": found.recipient,
        "fingerprint": found.fingerprint,
        "reads": found.recipient.is_some(),
        "signs": found.can_sign,
        "encrypted": found.encrypted,
        "member": key.member,
    })
}
