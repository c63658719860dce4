//! An allow list of a `.gitleaks.toml`: which of its conditions are heeded.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Why;
use super::dialect::of_go;
use crate::scan::passes::{Enough, Passes, Target};
use crate::scan::paths::Paths;
use crate::scan::pattern::Pattern;

/// Fields that say nothing about what is found, in lower case.
const METADATA: [&str; 6] =
    ["title", "description", "minversion", "betterleaksminversion", "tags", "validate"];

/// Its fields.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct List {
    target_rules: Vec<String>,
    condition: String,
    pub(super) commits: Vec<String>,
    paths: Vec<String>,
    regex_target: String,
    regexes: Vec<String>,
    #[serde(alias = "stopWords")]
    stopwords: Vec<String>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// The fields that are not known.
#[derive(Deserialize, Default)]
pub(super) struct Rest(BTreeMap<String, IgnoredAny>);

impl Rest {
    /// Counts those that say something about what is found.
    pub(super) fn count(&self) -> usize {
        let is_known = |name: &String| METADATA.contains(&name.to_ascii_lowercase().as_str());
        self.0.keys().filter(|name| !is_known(name)).count()
    }
}

impl List {
    /// Makes it ready, and says which parts of it let nothing pass; only these, where it lets nothing pass at all.
    pub(super) fn passes(self, rule: Option<&str>) -> Result<(Passes, Vec<Why>), Vec<Why>> {
        let rule = rule.map(ToOwned::to_owned);
        let enough = match self.condition.to_ascii_lowercase().as_str() {
            "" | "or" | "||" => Some(Enough::One),
            "and" | "&&" => Some(Enough::All),
            _ => None,
        };
        let target = match self.regex_target.as_str() {
            "" | "secret" => Some(Target::Secret),
            "match" => Some(Target::Whole),
            "line" => Some(Target::Line),
            _ => None,
        };
        let Some((enough, target)) = enough.zip(target) else {
            return Err(vec![Why::Condition { rule }]);
        };
        // With all conditions asked for, one that is never met lets nothing pass.
        let is_lost = !self.commits.is_empty() || self.rest.count() > 0;
        if enough == Enough::All && is_lost {
            return Err(Vec::new());
        }
        let (has_paths, has_patterns) = (!self.paths.is_empty(), !self.regexes.is_empty());
        let mut whys = Vec::new();
        let mut compiled = |field, texts: Vec<String>| {
            let (patterns, bad): (Vec<_>, Vec<_>) =
                texts.iter().map(|it| Pattern::new(of_go(it))).partition(Result::is_ok);
            let bad = bad.into_iter().filter_map(Result::err);
            whys.extend(bad.map(|why| Why::Allowed { rule: rule.clone(), field, why }));
            patterns.into_iter().flatten().collect::<Vec<_>>()
        };
        let mut paths = compiled("paths", self.paths);
        let mut patterns = compiled("regexes", self.regexes);
        let words = self.stopwords.iter().map(|word| word.to_ascii_lowercase());
        let (words, empty): (Vec<_>, Vec<_>) = words.partition(|word| !word.is_empty());
        let takes_all = |patterns: &[Pattern]| patterns.iter().any(Pattern::takes_all);
        let wide = [
            (takes_all(&paths), "paths"),
            (takes_all(&patterns), "regexes"),
            (!empty.is_empty(), "stopwords"),
        ];
        let wide = wide.into_iter().filter(|(is_wide, _)| *is_wide);
        let wide = wide.map(|(_, field)| Why::Everything { rule: rule.clone(), field });
        // Among conditions that must all be met, one may take everything; but not each of them.
        let narrows = |patterns: &[Pattern]| !patterns.is_empty() && !takes_all(patterns);
        match enough {
            Enough::One => {
                whys.extend(wide);
                paths.retain(|it| !it.takes_all());
                patterns.retain(|it| !it.takes_all());
            }
            Enough::All if has_paths && paths.is_empty() || has_patterns && patterns.is_empty() => {
                return Err(whys);
            }
            Enough::All if words.is_empty() && !narrows(&paths) && !narrows(&patterns) => {
                whys.extend(wide);
                return Err(whys);
            }
            Enough::All => {}
        }
        let rules = rule.map_or(self.target_rules, |rule| vec![rule]);
        let paths = paths.into_iter().map(Paths::of_pattern).collect();
        Ok((Passes { rules, enough, paths, target, patterns, words }, whys))
    }
}
