//! Section 3 of document 5D: where values lie, and whether they are encrypted there.

use super::Edition;
use super::markdown::{Doc, code, prose};
use super::words::{and, list, things};
use crate::deeds::report::FiveD;
use crate::deeds::report::storage::{Stored, Verdict};
use crate::names::EnvName;
use crate::output::sentences::{NAMES_ARE_VISIBLE, NOT_A_RUNNING_PROCESS};
use crate::policy::{Access, Store};

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    doc.section("3. Storage approach");
    doc.label("Storage mechanism", mechanism(&report.storage));
    doc.label("Encryption at rest", at_rest(report, edition));
    doc.label("Access method", method(report));
    doc.gap();
    doc.line(NOT_A_RUNNING_PROCESS);
    doc.line(NAMES_ARE_VISIBLE);
}

fn mechanism(storage: &[Stored]) -> String {
    let of = |word: &str, grade: &str, fits: &dyn Fn(&Stored) -> bool| {
        let mine: Vec<_> = storage.iter().filter(|it| fits(it)).map(|it| it.env.as_str()).collect();
        (!mine.is_empty()).then(|| format!("{word} ({}). *{grade}*", mine.join(", ")))
    };
    let files = |it: &Stored| it.store == Store::Files;
    let all = [
        of("Encrypted files", "proven", &|it| files(it) && it.at_rest() == Verdict::Yes),
        of("Centralized store", "declared", &|it| it.store == Store::Elsewhere),
        of("Unknown", "unknown", &|it| files(it) && it.at_rest() != Verdict::Yes),
    ];
    let said: Vec<_> = all.into_iter().flatten().collect();
    if said.is_empty() {
        "Unknown (no environment is defined). *unknown*".to_owned()
    } else {
        said.join(" ")
    }
}

fn at_rest(report: &FiveD, edition: Edition) -> String {
    let storage = &report.storage;
    let files: Vec<_> = storage.iter().filter(|it| it.store == Store::Files).collect();
    let has = |verdict| files.iter().any(|it| it.at_rest() == verdict);
    let (word, grade) = match () {
        () if has(Verdict::No) => ("No", "proven"),
        () if has(Verdict::Unknown) || files.is_empty() => ("Unknown", "unknown"),
        () => ("Yes", "proven"),
    };
    let mut text = format!("{word}.");
    if !files.is_empty() {
        let sealed = |it: &&Stored| format!("{} {} of {}", it.env, it.sealed, it.attested);
        let counts: Vec<_> = files.iter().map(sealed).collect();
        text += &format!(" {} values are sealed and attested by the signed log.", and(&counts));
    }
    for it in &files {
        text += &faults(it, edition);
    }
    let elsewhere = storage.iter().filter(|it| it.store == Store::Elsewhere).map(|it| &it.env);
    let elsewhere: Vec<_> = elsewhere.map(ToString::to_string).collect();
    if !elsewhere.is_empty() {
        text += &format!(" {}: kept elsewhere, Unknown.", and(&elsewhere));
    }
    let opened = match &report.shared {
        None => "none, no key was used".to_owned(),
        Some(it) => {
            let of = |env: &EnvName| {
                let stored = storage.iter().find(|it| it.env == *env);
                stored.map_or(0, |it| it.sealed)
            };
            let counts =
                it.opened.iter().map(|(env, count)| format!("{env} {count} of {}", of(env)));
            list(counts)
        }
    };
    format!("{text} *{grade}*; opened with a key: {opened}.")
}

/// Says what stands in clear, and what cannot be told.
fn faults(it: &Stored, edition: Edition) -> String {
    let mut text = String::new();
    let places = |all: &mut dyn Iterator<Item = &String>| list(all.map(|place| code(place)));
    if !it.in_clear.is_empty() {
        text += &match edition {
            Edition::Internal => format!(" In clear: {}.", places(&mut it.in_clear.iter())),
            Edition::Customer => {
                format!(" {} in clear: {}.", it.env, things(it.in_clear.len(), "place", "places"))
            }
        };
    }
    if !it.doubts.is_empty() {
        let doubt = |(word, place): &(&'static str, String)| format!("{word} at {}", code(place));
        text += &match edition {
            Edition::Internal => format!(" Not known: {}.", list(it.doubts.iter().map(doubt))),
            Edition::Customer => {
                format!(" {} not known: {}.", it.env, things(it.doubts.len(), "place", "places"))
            }
        };
    }
    if it.clear > 0 {
        let clear = things(it.clear, "value", "values");
        text += &format!(" By the policy {clear} of {} stand in clear.", it.env);
    }
    text
}

fn method(report: &FiveD) -> String {
    let of = |word: &str, fits: &dyn Fn(Option<Access>) -> bool| {
        let mine = report.consumers.iter().filter(|it| fits(it.access));
        let mine: Vec<_> = mine.map(|it| prose(it.name.as_str())).collect();
        (!mine.is_empty()).then(|| format!("{word} ({})", mine.join(", ")))
    };
    let variables = of("Environment variables", &|it| it == Some(Access::Run));
    let injected = of("Runtime injection", &|it| matches!(it, Some(Access::Inject | Access::Get)));
    let unknown = of("Unknown", &|it| it.is_none());
    let advice = variables.is_some();
    let said: Vec<_> = [variables, injected, unknown].into_iter().flatten().collect();
    if said.is_empty() {
        return "Unknown (no consumer is declared). *unknown*".to_owned();
    }
    let known = report.consumers.iter().any(|it| it.access.is_some());
    let mut text =
        format!("{}. *{}*.", said.join(", "), if known { "declared" } else { "unknown" });
    if advice {
        text += " Where the program allows it, prefer a file in memory to environment variables.";
    }
    text
}
