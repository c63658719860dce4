//! Whether what a rule's pattern found is what the rule means, and how grave it is where it stands.

use std::borrow::Cow;
use std::ops::Range;

use super::of_tests::Setting;
use super::placeholder::is_monotonous;
use super::rule::{Group, Rule};
use super::{Level, hosts, model, value};

/// What our own rule files write where a scanner would take an example for a leak.
const SPLIT: &[u8] = "¦".as_bytes();

/// Gives the part of a match that is the secret.
pub(super) fn secret(group: Group, captures: &regex::bytes::Captures<'_>) -> Option<Range<usize>> {
    let range = |found: regex::bytes::Match<'_>| found.range();
    match group {
        Group::Named => captures.name("secret").map(range),
        Group::Number(number) => captures.get(number).map(range),
        Group::First => {
            let groups = captures.iter().skip(1).flatten();
            groups.map(range).find(|range| !range.is_empty())
        }
    }
}

/// How grave a match of a rule is; none, where it is not what the rule means.
pub(super) fn of_rule(
    rule: &Rule,
    text: &[u8],
    span: &Range<usize>,
    (setting, prefixes): (&Setting, &Prefixes),
) -> Option<Level> {
    let secret = &text[span.clone()];
    if !is_one(rule, secret) || secret.windows(SPLIT.len()).any(|part| part == SPLIT) {
        return None;
    }
    let is_weak = || secret.len() <= 12 && !value::is_random(&spelt(secret), 12.0);
    let is_of_no_use = prefixes.begin(secret, rule) || (hosts::follow(text, span.end) && is_weak());
    let level = rule.level_at(setting.place_of(text, span.start));
    Some(if is_of_no_use { Level::Warn } else { level })
}

/// Writes letters for the digits and marks that stand for them: `p4ssw0rd`.
fn spelt(text: &[u8]) -> Vec<u8> {
    let letter = |byte: &u8| match byte {
        b'0' => b'o',
        b'1' | b'!' => b'i',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        b'7' => b't',
        byte => *byte,
    };
    text.iter().map(letter).collect()
}

/// Tells whether what a pattern found is what its rule means.
fn is_one(rule: &Rule, secret: &[u8]) -> bool {
    let is_excepted = || {
        // A pattern that cannot be compiled excepts nothing.
        let takes = |regex: &regex::bytes::Regex| regex.is_match(secret);
        rule.except.iter().any(|except| except.get().is_some_and(takes))
    };
    // What is searched in whole, such as a file by its name, may have no secret of its own.
    let is_drawn = secret.is_empty() || !is_monotonous(secret);
    rule.entropy.is_none_or(|least| model::entropy(secret) >= least)
        && (!rule.random || model::is_random(secret))
        && rule.checksum.is_none_or(|checksum| checksum.holds(secret))
        && is_drawn
        && !is_excepted()
}

/// How the tokens begin that issuers made up to be known, with the rule that knows the rest of them.
///
/// What begins so and is not of that rule's form was cut off or made up; another rule, which goes by a name
/// or a header, does not make it a token.
#[derive(Debug)]
pub(super) struct Prefixes(Vec<(Cow<'static, str>, Cow<'static, str>)>);

/// The longest such beginning.
const LONGEST: usize = 32;

impl Prefixes {
    pub(super) fn of(rules: &[Rule]) -> Self {
        let mut all = Vec::new();
        for rule in rules.iter().filter(|rule| rule.paths.is_empty()) {
            let Some(pattern) = &rule.pattern else { continue };
            let Some((_, head)) = pattern.text.split_once("(?P<secret>") else { continue };
            let words = rule.keywords.iter().filter(|word| begins(head, word));
            all.extend(words.map(|word| (word.clone(), rule.id.clone())));
        }
        all.sort();
        Self(all)
    }

    /// Tells whether a text begins as the tokens of a rule other than this one.
    fn begin(&self, text: &[u8], rule: &Rule) -> bool {
        rule.paths.is_empty() && self.owner(text).is_some_and(|owner| *owner != rule.id)
    }

    /// The rule whose tokens begin as a text.
    pub(super) fn owner(&self, text: &[u8]) -> Option<&Cow<'static, str>> {
        let head = text[..text.len().min(LONGEST)].to_ascii_lowercase();
        let at = self.0.partition_point(|(prefix, _)| prefix.as_bytes() <= head.as_slice());
        let (prefix, owner) = self.0.get(at.checked_sub(1)?)?;
        head.starts_with(prefix.as_bytes()).then_some(owner)
    }
}

/// Tells whether what a pattern finds begins with a keyword that was made up to be one: it ends in a mark.
fn begins(pattern: &str, word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let head = pattern.find(|c| !is_plain(c)).map_or(pattern, |end| &pattern[..end]);
    let is_mark = (4..=LONGEST).contains(&word.len()) && word.ends_with(['_', '-', '.']);
    is_mark && head.len() > 1 && word.starts_with(&head.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::*;

    #[test]
    fn what_begins_as_a_token_of_another_rule_is_known() {
        let rules = Rules::ours();
        let prefixes = Prefixes::of(&rules.rules);
        let owner = |text: &str| prefixes.owner(text.as_bytes()).map(ToString::to_string);
        assert_eq!(owner("ghp_short").as_deref(), Some("github-pat"));
        assert_eq!(owner("px-dep-x").as_deref(), Some("new-relic-pixie-key"));
        assert_eq!(owner("q8Rw2kLm"), None);
        assert_eq!(owner("hvb.short").as_deref(), Some("vault-service-token"));
        assert!(prefixes.0.len() > 50);
    }
}
