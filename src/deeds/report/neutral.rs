//! Free words of the policy without the names of third parties. Mission, section A (A11).

use std::collections::BTreeSet;

use crate::policy::Policy;

/// The names of third parties that a document does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Neutral(BTreeSet<String>);

/// What stands in their place.
const INSTEAD: &str = "the vendor";

impl Neutral {
    /// Takes the names that the rules of a policy give.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let names = policy.secrets.iter().filter_map(|rule| rule.vendor.as_deref());
        Self(names.map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect())
    }

    /// Gives a text in neutral words.
    #[must_use]
    pub fn say(&self, text: &str) -> String {
        self.0.iter().rev().fold(text.to_owned(), |text, name| without(&text, name))
    }
}

/// Replaces a name, given in lower case, where it stands as whole words.
fn without(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut before) = (text, ' ');
    while let Some(letter) = rest.chars().next() {
        let starts = !is_word(before);
        if let Some(end) = starts.then(|| named(rest, name)).flatten() {
            out.push_str(INSTEAD);
            rest = rest.get(end..).unwrap_or_default();
            before = 'r';
            continue;
        }
        out.push(letter);
        before = letter;
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    out
}

/// Where a name ends that a text begins with.
fn named(text: &str, name: &str) -> Option<usize> {
    let mut wanted = name.chars().peekable();
    let mut end = 0;
    for letter in text.chars() {
        if wanted.peek().is_none() {
            return (!is_word(letter)).then_some(end);
        }
        for lower in letter.to_lowercase() {
            if wanted.next() != Some(lower) {
                return None;
            }
        }
        end += letter.len_utf8();
    }
    wanted.peek().is_none().then_some(end)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn third_parties_are_not_named_in_free_words() {
        let neutral = Neutral(["paywell", "big cert & co"].map(str::to_owned).into());
        for (text, wanted) in [
            ("Paywell support, or PAYWELL's site", "the vendor support, or the vendor's site"),
            ("ask Big Cert & Co", "ask the vendor"),
            ("prod/PAYWELL_KEY of Paywellness", "prod/PAYWELL_KEY of Paywellness"),
            ("pay well", "pay well"),
            ("Zoë", "Zoë"),
        ] {
            assert_eq!(neutral.say(text), wanted);
        }
    }
}
