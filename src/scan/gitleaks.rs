//! Reads a repository's `.gitleaks.toml`: its rules and allow lists, as far as they mean something here.

use serde::Deserialize;

use super::Level;
use super::passes::{Enough, Passes, Target};
use super::rule::{Group, Paths, Pattern, Reach, Rule, is_keyword, line_of};

/// What a `.gitleaks.toml` asks for.
#[derive(Debug, Default)]
pub struct Gitleaks {
    pub(super) rules: Vec<Rule>,
    pub(super) passes: Vec<Passes>,
    pub(super) off: Vec<String>,
    /// What in it is not heeded, to be told.
    pub unheeded: Vec<Unheeded>,
}

/// The file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rules of gitleaks are no valid TOML, or a field has another type there")]
pub struct GitleaksError {
    /// Counted from 1.
    pub line: usize,
}

/// Something in a `.gitleaks.toml` that is not heeded. Holds nothing of the file but ids of rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheeded {
    /// Rules in another file, or on a server.
    #[error("`extend` names another file, which is not read")]
    Extended,
    /// Exceptions by commit, which name no text.
    #[error("an allow list names commits: they let nothing pass here")]
    Commits,
    /// A rule that is not searched for.
    #[error("the rule `{rule}` has a pattern that cannot be run in linear time, or none")]
    Rule {
        /// The id.
        rule: String,
    },
    /// A pattern of an allow list that lets nothing pass.
    #[error("an allow list has a pattern that cannot be run in linear time")]
    Allowed,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct File {
    extend: Extend,
    allowlist: Option<List>,
    allowlists: Vec<List>,
    rules: Vec<RuleFields>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Extend {
    path: String,
    url: String,
    disabled_rules: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct List {
    target_rules: Vec<String>,
    condition: String,
    commits: Vec<String>,
    paths: Vec<String>,
    regex_target: String,
    regexes: Vec<String>,
    #[serde(alias = "stopWords")]
    stopwords: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RuleFields {
    id: String,
    description: String,
    regex: Option<String>,
    path: Option<String>,
    secret_group: Option<usize>,
    entropy: Option<f32>,
    keywords: Vec<String>,
    allowlist: Option<List>,
    allowlists: Vec<List>,
}

impl Gitleaks {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// With its line, where it is no TOML, or a field that is known has another type.
    pub fn read(text: &str) -> Result<Self, GitleaksError> {
        let file: File = toml::from_str(text).map_err(|error| GitleaksError {
            line: line_of(text, error.span().map_or(0, |span| span.start)),
        })?;
        let mut read = Self { off: file.extend.disabled_rules, ..Self::default() };
        if !file.extend.path.is_empty() || !file.extend.url.is_empty() {
            read.unheeded.push(Unheeded::Extended);
        }
        for list in file.allowlists.into_iter().chain(file.allowlist) {
            read.allow(list, None);
        }
        for rule in file.rules {
            read.rule(rule);
        }
        Ok(read)
    }

    fn rule(&mut self, mut fields: RuleFields) {
        let id = fields.id.clone();
        for list in
            std::mem::take(&mut fields.allowlists).into_iter().chain(fields.allowlist.take())
        {
            self.allow(list, Some(&id));
        }
        // Without a pattern of its own, a rule may still change that of ours: by its allow lists.
        if fields.regex.is_none() && fields.path.is_none() {
            return;
        }
        match fields.rule() {
            Some(rule) => self.rules.push(rule),
            None => self.unheeded.push(Unheeded::Rule { rule: id }),
        }
    }

    fn allow(&mut self, list: List, rule: Option<&str>) {
        if !list.commits.is_empty() {
            self.unheeded.push(Unheeded::Commits);
        }
        let mut compile = |texts: Vec<String>| {
            let count = texts.len();
            let patterns: Vec<Pattern> = texts.into_iter().filter_map(Pattern::new).collect();
            if patterns.len() < count {
                self.unheeded.push(Unheeded::Allowed);
            }
            patterns
        };
        let paths = compile(list.paths);
        let patterns = compile(list.regexes);
        let passes = Passes {
            rules: rule.map_or(list.target_rules, |rule| vec![rule.to_owned()]),
            enough: match list.condition.to_ascii_lowercase().as_str() {
                "and" | "&&" => Enough::All,
                _ => Enough::One,
            },
            paths: paths.into_iter().map(Paths::of_pattern).collect(),
            target: match list.regex_target.as_str() {
                "match" => Target::Whole,
                "line" => Target::Line,
                _ => Target::Secret,
            },
            patterns,
            words: list.stopwords.iter().map(|word| word.to_ascii_lowercase()).collect(),
        };
        // With all conditions asked for, commits are one that never holds.
        if passes.enough == Enough::One || list.commits.is_empty() {
            self.passes.push(passes);
        }
    }
}

impl RuleFields {
    fn rule(self) -> Option<Rule> {
        let keywords: Vec<String> =
            self.keywords.iter().map(|word| word.to_ascii_lowercase()).collect();
        // A keyword too short for ours would be found nowhere: then the pattern is searched everywhere.
        let is_fit = keywords.iter().all(|word| is_keyword(word));
        let pattern = match self.regex {
            Some(regex) => Some(Pattern::new(regex)?),
            None => None,
        };
        let pattern = pattern.map(|pattern| pattern.near(&keywords));
        let paths = match self.path {
            Some(path) => Paths::of_pattern(Pattern::new(path)?),
            None => Paths::default(),
        };
        let keywords = if is_fit && pattern.is_some() { keywords } else { Vec::new() };
        Some(Rule {
            id: self.id.into(),
            description: self.description.into(),
            keywords: keywords.into_iter().map(Into::into).collect(),
            pattern,
            group: match self.secret_group {
                None | Some(0) => Group::First,
                Some(number) => Group::Number(number),
            },
            entropy: self.entropy.filter(|bits| *bits > 0.0),
            random: false,
            checksum: None,
            paths,
            except: Vec::new(),
            reach: Reach::Whole,
            level: Level::Block,
            level_in_tests: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Rules, Scanner, Text};

    fn found(config: &str, path: &str, text: &str) -> Vec<String> {
        let rules = Rules::ours().with_gitleaks(Gitleaks::read(config).unwrap());
        let text = Text { path: path.as_bytes(), bytes: text.as_bytes(), new_lines: None };
        Scanner::new(&rules).scan(&text).iter().map(|hit| hit.rule.to_owned()).collect()
    }

    const RULE: &str = "[[rules]]\nid = 'acme'\ndescription = 'Acme key'\nregex = '''acme_([a-z]{8})'''\n\
                        keywords = ['ACME_']\n";
    const KEY: &str = "acme_qzxvkwpj";

    #[test]
    fn rules_find_what_they_find_there() {
        assert_eq!(found(RULE, "a", KEY), ["acme"]);
        assert!(found(RULE, "a", "acme_short").is_empty());
        let by_path = "[[rules]]\nid = 'pem'\npath = '''\\.pem$'''\n";
        assert_eq!(found(by_path, "a/b.pem", "x"), ["pem"]);
        assert!(found(by_path, "a/b.txt", "x").is_empty());
    }

    #[test]
    fn allow_lists_let_pass_what_they_let_pass_there() {
        for list in [
            "[allowlist]\npaths = ['''vendor/''']\n",
            "[[allowlists]]\nregexes = ['''^qzxv''']\n",
            "[allowlist]\nregexTarget = 'line'\nregexes = ['''test line''']\n",
            "[allowlist]\nstopwords = ['XVKW']\n",
            "[[allowlists]]\ntargetRules = ['acme']\nstopwords = ['xvkw']\n",
            "[[allowlists]]\ncondition = 'AND'\npaths = ['''vendor''']\nstopwords = ['xvkw']\n",
        ] {
            let text = format!("{KEY} # test line");
            assert!(found(&format!("{list}{RULE}"), "vendor/a", &text).is_empty(), "{list}");
        }
        for list in [
            "[[allowlists]]\ncondition = 'AND'\npaths = ['''other''']\nstopwords = ['xvkw']\n",
            "[[allowlists]]\ntargetRules = ['other']\nstopwords = ['xvkw']\n",
            "[allowlist]\n",
        ] {
            assert_eq!(found(&format!("{list}{RULE}"), "vendor/a", KEY), ["acme"], "{list}");
        }
    }

    #[test]
    fn what_is_not_heeded_is_told() {
        let config = "[extend]\npath = 'x'\n[allowlist]\ncommits = ['abc']\nregexes = ['(?=x)']\n\
                      [[rules]]\nid = 'bad'\nregex = '(?<!x)y'\n";
        let told = Gitleaks::read(config).unwrap().unheeded;
        let rule = Unheeded::Rule { rule: "bad".to_owned() };
        assert_eq!(told, [Unheeded::Extended, Unheeded::Commits, Unheeded::Allowed, rule]);
        assert_eq!(Gitleaks::read("a = 1\nrules = 3").unwrap_err().line, 2);
    }

    #[test]
    fn rules_can_be_switched_off() {
        let rules = Rules::ours();
        let first = rules.rules()[0].id().to_owned();
        let config = format!("[extend]\nuseDefault = true\ndisabledRules = ['{first}']\n");
        let rules = rules.with_gitleaks(Gitleaks::read(&config).unwrap());
        assert!(rules.rules().iter().all(|rule| rule.id() != first));
    }
}
