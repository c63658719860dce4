//! Whether what a rule's pattern found is what the rule means, and how grave it is where it stands.

use std::ops::Range;
use std::sync::OnceLock;

use super::of_tests::{Place, Setting};
use super::placeholder::{is_crossed_out, is_monotonous};
use super::rule::Rule;
use super::{Level, hosts, published, weak};

/// What our own rule files write where a scanner would take an example for a leak.
const SPLIT: &[u8] = "¦".as_bytes();

/// How grave a match of a rule is; none, where it is not what the rule means.
pub(super) fn of_rule(
    rule: &Rule,
    text: &[u8],
    (span, whole): (&Range<usize>, &Range<usize>),
    (setting, prefixes): (&Setting, &Prefixes<'_>),
) -> Option<Level> {
    let secret = &text[span.clone()];
    if !rule.means(secret) {
        return None;
    }
    let place = setting.place_of(text, span.start);
    let level = rule.level_at(place);
    if !rule.is_ours() {
        return Some(level);
    }
    // A rule that knows a file by its path may look for no secret within.
    if secret.is_empty() {
        return Some(level);
    }
    if is_monotonous(secret) || is_crossed_out(secret) || is_split(secret) {
        return None;
    }
    // Who keeps credentials in a file of their own means them, whatever they are.
    let is_kept = !rule.paths.is_empty() && place == Place::Work;
    let is_of_no_use = prefixes.begin(secret, rule)
        || (hosts::follow(text, span.end) && weak::is_simple(secret))
        || published::is_public(text, span, whole)
        || (!is_kept && weak::is_guessed(text, span, place));
    Some(if is_of_no_use { Level::Warn } else { level })
}

fn is_split(secret: &[u8]) -> bool {
    secret.windows(SPLIT.len()).any(|part| part == SPLIT)
}

/// How the tokens begin that issuers made up to be known, with the rule that knows the rest of them.
///
/// What begins so and is not of that rule's form was cut off or made up; another rule, which goes by a name
/// or a header, does not make it a token.
///
/// Only few texts have a find that asks, so that they are gathered when one does.
#[derive(Debug)]
pub(super) struct Prefixes<'r> {
    rules: &'r [Rule],
    sorted: OnceLock<Vec<(&'r str, &'r str)>>,
}

/// The longest such beginning.
const LONGEST: usize = 32;

impl<'r> Prefixes<'r> {
    pub(super) const fn of(rules: &'r [Rule]) -> Self {
        Self { rules, sorted: OnceLock::new() }
    }

    fn gather(&self) -> Vec<(&'r str, &'r str)> {
        let mut all = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.paths.is_empty()) {
            let Some(pattern) = &rule.pattern else { continue };
            let Some((_, head)) = pattern.text.split_once("(?P<secret>") else { continue };
            let words = rule.keywords.iter().filter(|word| begins(head, word));
            all.extend(words.map(|word| (&**word, &*rule.id)));
        }
        all.sort_unstable();
        all
    }

    /// Tells whether a text begins as the tokens of a rule other than this one.
    fn begin(&self, text: &[u8], rule: &Rule) -> bool {
        rule.paths.is_empty() && self.owner(text).is_some_and(|owner| owner != rule.id)
    }

    /// The rule whose tokens begin as a text.
    pub(super) fn owner(&self, text: &[u8]) -> Option<&'r str> {
        let all = self.sorted.get_or_init(|| self.gather());
        let head = text[..text.len().min(LONGEST)].to_ascii_lowercase();
        let at = all.partition_point(|(prefix, _)| prefix.as_bytes() <= head.as_slice());
        let (prefix, owner) = all.get(at.checked_sub(1)?)?;
        head.starts_with(prefix.as_bytes()).then_some(*owner)
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
        let owner = |text: &str| prefixes.owner(text.as_bytes());
        assert_eq!(owner("ghp_short"), Some("github-pat"));
        assert_eq!(owner("px-dep-x"), Some("new-relic-pixie-key"));
        assert_eq!(owner("q8Rw2kLm"), None);
        assert_eq!(owner("hvb.short"), Some("vault-service-token"));
        assert!(prefixes.gather().len() > 50);
    }
}
