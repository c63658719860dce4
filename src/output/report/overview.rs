//! Section 1 of document 5D: what counts as a secret, and how many there are.

use super::Edition;
use super::markdown::Doc;
use super::words::{list, number, unsaid};
use crate::deeds::report::FiveD;
use crate::deeds::report::secrets::Stage;
use crate::names::EnvName;
use crate::policy::Word;

pub(super) fn write(doc: &mut Doc, report: &FiveD, edition: Edition) {
    let unsaid = unsaid(report, edition);
    doc.section("1. Overview");
    doc.line("Secrets include any sensitive values required for the solution to operate, such as:");
    for word in Word::ALL {
        let mine = report.kinds.iter().filter(|kind| kind.word == Some(*word));
        let count = match unsaid {
            None => number(mine.map(|kind| kind.count()).sum()),
            Some(_) => "cannot be said".to_owned(),
        };
        doc.line(format!("- {}: {count}", word.word()));
    }
    doc.paragraph("This document describes how secrets are protected throughout their lifecycle.");
    doc.paragraph(match unsaid {
        None => counts(report),
        Some(why) => format!("How many there are cannot be said: {why}."),
    });
}

fn counts(report: &FiveD) -> String {
    let all = report.secrets.len();
    let of_env = |env: &EnvName| report.secrets.iter().filter(|it| it.address.env == *env).count();
    let environments = report.storage.iter().map(|it| format!("{} {}", it.env, of_env(&it.env)));
    let untyped = report.kinds.iter().filter(|kind| kind.name.is_none());
    let wordless = report.kinds.iter().filter(|kind| kind.name.is_some() && kind.word.is_none());
    let wordless =
        list(wordless.map(|kind| format!("{} {}", super::prose(&kind.title), kind.count())));
    let wordless = if wordless == "none" {
        String::new()
    } else {
        format!(" Under none of these words: {wordless}.")
    };
    let stage = |stage| number(report.secrets.iter().filter(|it| it.stage == stage).count());
    let gone = report.outlived.iter().filter(|it| !it.stands).count();
    let previous = report.secrets.iter().filter(|it| it.stage == Stage::Previous).count();
    let in_no_file = match gone {
        0 => String::new(),
        _ => format!(" ({gone} in no file any more)"),
    };
    let values = if all == 1 { "value" } else { "values" };
    let places = report.storage.len();
    let environments_word = if places == 1 { "environment" } else { "environments" };
    format!(
        "{all} {values} in {places} {environments_word}: {}. Untyped: {}.{wordless} \
         Current {}, pending {}, previous {}{in_no_file}, revoked {}.",
        list(environments),
        number(untyped.map(|kind| kind.count()).sum()),
        stage(Stage::Current),
        stage(Stage::Pending),
        number(previous + gone),
        number(report.events.ended.len()),
    )
}
