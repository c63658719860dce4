//! Reads a repository's `.gitleaks.toml`: its rules and allow lists, as far as they mean something here.
//!
//! The rules that gitleaks has by default are not among them: ours stand in their place, many of the same id.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use self::dialect::of_go;
use self::list::{List, Rest};
use super::passes::Passes;
use super::paths::Paths;
use super::pattern::Pattern;
use super::rule::{Group, Reach, Rule, is_keyword, line_of};
use super::{Level, Rules};

mod dialect;
mod list;
mod unheeded;

use crate::names::is_hazard;
pub use unheeded::{Unheeded, Why};

/// The longest id in characters that is shown whole.
const LONGEST: usize = 120;
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

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct File {
    extend: Option<Spanned<Extend>>,
    #[serde(alias = "allowList")]
    allowlist: Option<Spanned<List>>,
    #[serde(alias = "allowLists")]
    allowlists: Vec<Spanned<List>>,
    rules: Vec<Spanned<RuleFields>>,
    #[serde(flatten)]
    rest: Rest,
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
struct RuleFields {
    id: String,
    description: String,
    regex: Option<String>,
    path: Option<String>,
    secret_group: Option<usize>,
    entropy: Option<f32>,
    keywords: Vec<String>,
    skip_report: bool,
    required: Vec<IgnoredAny>,
    #[serde(alias = "allowList")]
    allowlist: Option<Spanned<List>>,
    #[serde(alias = "allowLists")]
    allowlists: Vec<Spanned<List>>,
    #[serde(flatten)]
    rest: Rest,
}

impl Gitleaks {
    /// Reads the text of the file, and leaves patterns of rules for when they are met: one that cannot be run is
    /// not told, and finds nothing.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn skim(text: &str) -> Result<Self, GitleaksError> {
        Self::by(text, Care::Later)
    }

    /// Reads the text of the file.
    ///
    /// # Errors
    /// With its line, where it is no TOML, or a field that is known has another type.
    pub fn read(text: &str) -> Result<Self, GitleaksError> {
        Self::by(text, Care::Now)
    }

    fn by(text: &str, care: Care) -> Result<Self, GitleaksError> {
        let file: File = toml::from_str(text).map_err(|error| GitleaksError {
            line: line_of(text, error.span().map_or(0, |span| span.start)),
        })?;
        let mut reader = Reader {
            text,
            care,
            read: Self::default(),
            named: BTreeSet::new(),
            unheeded: Vec::new(),
            fields: None,
        };
        reader.file(file);
        Ok(reader.end())
    }

    /// Says which rules are switched off, or have allow lists, that neither the file nor these have.
    pub fn know(&mut self, rules: &Rules) {
        let own = &self.rules;
        let knows = |id: &str| own.iter().any(|rule| rule.id == id) || rules.knows(id);
        for told in &mut self.unheeded {
            if let Why::Unknown { ids } = &mut told.why {
                ids.retain(|id| !knows(id));
            }
        }
        self.unheeded.retain(|it| !matches!(&it.why, Why::Unknown { ids } if ids.is_empty()));
    }
}

/// When the patterns of rules are looked at.
#[derive(Debug, Clone, Copy)]
enum Care {
    Now,
    Later,
}

/// The state of reading one.
struct Reader<'t> {
    text: &'t str,
    care: Care,
    read: Gitleaks,
    /// The ids that are switched off, or have allow lists.
    named: BTreeSet<String>,
    /// What is not heeded, by its place in bytes.
    unheeded: Vec<(usize, Why)>,
    /// Where the first field is that is not known, and how many there are.
    fields: Option<(usize, usize)>,
}

impl Reader<'_> {
    fn file(&mut self, file: File) {
        self.rest(0, &file.rest);
        if let Some(extend) = file.extend {
            let at = start(&extend);
            let extend = extend.into_inner();
            if !extend.path.is_empty() || !extend.url.is_empty() {
                self.tell(at, Why::Extended);
            }
            self.named.extend(extend.disabled_rules.iter().cloned());
            self.read.off = extend.disabled_rules;
        }
        for list in file.allowlists.into_iter().chain(file.allowlist) {
            self.allow(list, None);
        }
        for rule in file.rules {
            self.rule(rule);
        }
        if let Some((at, count)) = self.fields {
            self.tell(at, Why::Fields { count });
        }
        let ids: Vec<_> =
            std::mem::take(&mut self.named).into_iter().filter(|id| is_id(id)).collect();
        self.tell(0, Why::Unknown { ids });
    }

    fn tell(&mut self, at: usize, why: Why) {
        self.unheeded.push((at, why));
    }

    /// Sorts what is not heeded, and counts lines once.
    fn end(self) -> Gitleaks {
        let Self { text, mut read, mut unheeded, .. } = self;
        unheeded.sort_by_key(|(at, _)| *at);
        let (mut line, mut from) = (1, 0);
        for (at, why) in unheeded {
            line += line_of(&text[from..], at - from) - 1;
            from = at;
            read.unheeded.push(Unheeded { line, why });
        }
        read
    }

    fn rest(&mut self, at: usize, rest: &Rest) {
        let more = rest.count();
        if more > 0 {
            let (first, count) = self.fields.unwrap_or((at, 0));
            self.fields = Some((first.min(at), count + more));
        }
    }

    fn rule(&mut self, rule: Spanned<RuleFields>) {
        let at = start(&rule);
        let mut fields = rule.into_inner();
        let id = fields.id.clone();
        self.rest(at, &fields.rest);
        if !is_id(&id) {
            return self.tell(at, Why::Id);
        }
        let lists = std::mem::take(&mut fields.allowlists).into_iter();
        for list in lists.chain(fields.allowlist.take()) {
            self.allow(list, Some(&id));
        }
        // Without a pattern of its own, a rule may still change that of ours: by its allow lists.
        if fields.regex.is_none() && fields.path.is_none() {
            if fields.entropy.is_some()
                || fields.secret_group.is_some()
                || !fields.keywords.is_empty()
            {
                self.tell(at, Why::Changed { rule: id.clone() });
            }
            self.named.insert(id);
            return;
        }
        if !fields.required.is_empty() {
            self.tell(at, Why::Required { rule: id });
        }
        // What is only there for others to stand near is nobody's finding.
        let is_silent = fields.skip_report;
        match fields.rule(self.care) {
            Ok(_) if is_silent => {}
            Ok(rule) => self.read.rules.push(rule),
            Err(why) => self.tell(at, why),
        }
    }

    fn allow(&mut self, list: Spanned<List>, rule: Option<&str>) {
        let at = start(&list);
        let list = list.into_inner();
        self.rest(at, &list.rest);
        if !list.commits.is_empty() {
            self.tell(at, Why::Commits);
        }
        match list.passes(rule) {
            Ok((passes, unheeded)) => {
                unheeded.into_iter().for_each(|why| self.tell(at, why));
                self.named.extend(passes.rules.iter().filter(|_| rule.is_none()).cloned());
                self.read.passes.push(passes);
            }
            Err(unheeded) => unheeded.into_iter().for_each(|why| self.tell(at, why)),
        }
    }
}

impl RuleFields {
    fn rule(self, care: Care) -> Result<Rule, Why> {
        let keywords: Vec<String> =
            self.keywords.iter().map(|word| word.to_ascii_lowercase()).collect();
        // A keyword too short for ours would be found nowhere: then the pattern is searched everywhere.
        let is_fit = keywords.iter().all(|word| is_keyword(word));
        let wrong = |field, why| Why::Rule { rule: self.id.clone(), field, why };
        let pattern = self.regex.map(|regex| match care {
            Care::Now => Pattern::searching(of_go(&regex)),
            Care::Later => Ok(Pattern::later(of_go(&regex))),
        });
        let pattern = pattern.transpose().map_err(|why| wrong("regex", why))?;
        let pattern = pattern.map(|it| it.near(&keywords));
        let path = self
            .path
            .map(|it| Pattern::new(of_go(&it)))
            .transpose()
            .map_err(|why| wrong("path", why))?;
        if pattern.is_none() && path.as_ref().is_none_or(|path| path.takes_all()) {
            return Err(Why::EveryFile { rule: self.id });
        }
        let keywords = if is_fit && pattern.is_some() { keywords } else { Vec::new() };
        Ok(Rule {
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
            paths: path.map(Paths::of_pattern).unwrap_or_default(),
            except: Vec::new(),
            reach: Reach::Whole,
            level: Level::Block,
            level_in_tests: None,
            is_second: false,
        })
    }
}

fn start<T>(part: &Spanned<T>) -> usize {
    part.span().start
}

/// Tells whether an id can be shown, and written into an exception.
fn is_id(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= LONGEST && !text.chars().any(is_hazard)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Rules, Scanner, Text};

    fn found(config: &str, path: &str, text: &str) -> Vec<String> {
        let rules = Rules::ours().with_gitleaks(Gitleaks::read(config).unwrap());
        let text = Text { path: path.as_bytes(), bytes: text.as_bytes() };
        let hits = Scanner::new(&rules).scan(&text);
        hits.iter().filter(|hit| hit.passed.is_none()).map(|hit| hit.rule.to_owned()).collect()
    }

    const RULE: &str = "[[rules]]\nid = 'acme'\ndescription = 'Acme key'\nregex = '''acme_([a-z]{8})'''\n\
                        keywords = ['ACME_']\n";
    const KEY: &str = "acme_qzxvkwpj";

    #[test]
    fn a_rule_that_is_skimmed_finds_the_same_and_nothing_where_it_cannot_be_run() {
        let found = |config: &str, text: &str| {
            let rules = Rules::only(Vec::new()).with_gitleaks(Gitleaks::skim(config).unwrap());
            let text = Text { path: b"a", bytes: text.as_bytes() };
            Scanner::new(&rules).scan(&text).len()
        };
        assert_eq!(found(RULE, KEY), 1);
        for bad in ["x*", "(?=x)", "((a{0,200}){0,200}){0,200}z", "a|"] {
            let rule = format!("[[rules]]\nid = 'bad'\nregex = '{bad}'\n");
            assert_eq!(found(&rule, "xaz acme_ az"), 0, "{bad}");
            assert_eq!(found(&format!("{rule}keywords = ['acme_']\n"), "xaz acme_ az"), 0, "{bad}");
            // It takes the place of none of ours.
            let rules = Rules::only(Gitleaks::read(RULE).unwrap().rules);
            let bad = rule.replace("'bad'", "'acme'");
            let rules = rules.with_gitleaks(Gitleaks::skim(&bad).unwrap());
            let text = Text { path: b"a", bytes: KEY.as_bytes() };
            assert_eq!(Scanner::new(&rules).scan(&text).len(), 1, "{bad}");
        }
        let rules = Rules::only(Gitleaks::read(RULE).unwrap().rules);
        let other = RULE.replace("acme_([", "other_([");
        let rules = rules.with_gitleaks(Gitleaks::skim(&other).unwrap());
        let text = Text { path: b"a", bytes: KEY.as_bytes() };
        assert!(Scanner::new(&rules).scan(&text).is_empty());
    }

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

    /// What of a file is not heeded, when it stands beside our own rules.
    fn told(config: &str) -> Vec<String> {
        let mut read = Gitleaks::read(config).unwrap();
        read.know(&Rules::ours());
        read.unheeded.iter().map(ToString::to_string).collect()
    }

    fn more_than_can_be_counted() -> String {
        format!("{}a{}z", "(".repeat(8), "{0,900})".repeat(8))
    }

    #[test]
    fn what_is_not_heeded_is_told_with_its_line() {
        let rule = |fields: &str| format!("\n[[rules]]\nid = 'own'\n{fields}\n");
        let plain = |text: &str| text.to_owned();
        for (config, line, word) in [
            (plain("[extend]\npath = 'x'\n"), 1, "`extend`"),
            (plain("\n[allowlist]\ncommits = ['abc']\n"), 2, "names commits"),
            (plain("\n[allowlist]\nregexes = ['(?=x)']\n"), 2, "`regexes`, which is no regular"),
            (plain("[[allowlists]]\ncondition = 'maybe'\npaths = ['a']\n"), 1, "condition"),
            (plain("[[allowlists]]\nregexTarget = 'file'\nregexes = ['a']\n"), 1, "condition"),
            (plain("[extend]\ndisabledRules = ['jwt', 'nobodys']\n"), 1, "the id `nobodys`"),
            (plain("[[allowlists]]\ntargetRules = ['mine']\npaths = ['a']\n"), 1, "the id `mine`"),
            (plain("\n[[rules]]\nregex = 'abc'\n"), 2, "has no id"),
            (plain("\n[[rules]]\nid = \"a\\u001b[31m\"\nregex = 'abc'\n"), 2, "has no id"),
            (rule("regex = '(?<!x)y'"), 2, "`own` is not searched for: its `regex` is no regular"),
            (rule("regex = 'x*'"), 2, "its `regex` takes an empty text"),
            (rule("regex = '((a{0,200}){0,200}){0,200}z'"), 2, "its `regex` is too large"),
            (rule(&format!("regex = '{}'", more_than_can_be_counted())), 2, "too large"),
            (rule("regex = 'abc'\npath = '(('"), 2, "its `path` is no regular"),
            (rule("path = '.*'"), 2, "its `path` takes every file"),
            (rule("regex = 'abc'\n[[rules.required]]\nid = 'jwt'"), 2, "only near"),
            (rule("regex = 'abc'\n[[rules.allowlists]]\nregexes = ['(']"), 5, "of the rule `own`"),
            (rule("regex = 'abc'\nfilter = 'x'"), 2, "unknown fields"),
            (plain("[[rules]]\nid = 'jwt'\nentropy = 4.5\n"), 1, "only its allow lists"),
        ] {
            let told = told(&config);
            assert!(told.len() == 1 && told[0].contains(word), "`{word}` of {config}: {told:?}");
            assert!(told[0].starts_with(&format!("line {line}: ")), "{config}: {told:?}");
        }
        assert_eq!(Gitleaks::read("a = 1\nrules = 3").unwrap_err().line, 2);
    }

    #[test]
    fn what_means_nothing_for_what_is_found_is_not_told() {
        let config = "title = 'x'\nminVersion = 'v8.25.0'\n[extend]\nuseDefault = true\n\
                      [allowlist]\ndescription = 'y'\npaths = ['a/']\n[[rules]]\nid = 'own'\n\
                      regex = 'abc'\ntags = ['z']\nsecretGroup = 0\n";
        assert_eq!(told(config), Vec::<String>::new());
    }

    #[test]
    fn no_list_lets_everything_pass() {
        for list in [
            "[allowlist]\npaths = ['.*']\n",
            "[allowlist]\npaths = ['^']\nregexes = ['zz']\n",
            "[allowlist]\nregexes = ['.']\n",
            "[allowlist]\nregexes = ['x*', 'zz']\n",
            "[allowlist]\nregexTarget = 'line'\nregexes = ['.+']\n",
            "[allowlist]\nstopwords = ['']\n",
            "[[allowlists]]\ntargetRules = ['acme']\nregexes = ['']\n",
            "[[allowlists]]\ncondition = 'AND'\npaths = ['.*']\nregexes = ['.*']\n",
        ] {
            assert_eq!(found(&format!("{list}{RULE}"), "vendor/a", KEY), ["acme"], "{list}");
            let told = told(&format!("{list}{RULE}"));
            assert!(told.iter().any(|it| it.contains("take everything")), "{list}: {told:?}");
        }
    }

    #[test]
    fn of_conditions_that_must_all_be_met_none_is_forgotten() {
        for (list, passes) in [
            ("paths = ['vendor']\nregexes = ['.*']", true),
            ("paths = ['vendor']\nregexes = ['(?=x)']", false),
            ("paths = ['vendor']\ncommits = ['abc']", false),
            ("paths = ['vendor']\nresources = ['x']", false),
            ("paths = ['vendor', '(?=x)']\nstopwords = ['xvkw']", true),
        ] {
            let config = format!("[[allowlists]]\ncondition = 'AND'\n{list}\n{RULE}");
            assert_eq!(found(&config, "vendor/a", KEY).is_empty(), passes, "{list}");
        }
    }

    #[test]
    fn a_rule_that_is_not_reported_finds_nothing() {
        assert!(found(&format!("{RULE}skipReport = true\n"), "a", KEY).is_empty());
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
