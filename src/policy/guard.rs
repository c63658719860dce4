//! What the policy says of the guard: rules of the repository's own, and rules of ours that it switches off.

use super::glob::Glob;
use super::problem::PolicyError;
use super::table::{Fields, Value};

/// Rules for `scan` and the hooks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    /// Rules of the repository's own, in the order of the text; one with the id of a rule of ours takes its place.
    pub rules: Vec<GuardRule>,
    /// The ids of our rules that find nothing here.
    pub off: Vec<String>,
}

/// How one more kind of credential looks. Whether its patterns can be run, the room `scan` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardRule {
    /// What exceptions name it by.
    pub id: String,
    /// A noun phrase.
    pub description: String,
    /// Found without regard to case; the pattern is searched round them.
    pub keywords: Vec<String>,
    /// A regular expression over bytes; the group `secret` is what must be secret.
    pub pattern: String,
    /// The least Shannon entropy of the secret, in thousandths of a bit a byte.
    pub entropy: Option<u16>,
    /// Whether the secret must look random.
    pub random: bool,
    /// The name of the checksum that the secret ends with.
    pub checksum: Option<String>,
    /// The rule holds in files whose path one of them takes; everywhere where there are none.
    pub paths: Vec<Glob>,
    /// Regular expressions on the secret that make it none.
    pub except: Vec<String>,
    /// Whether a finding is only shown, and blocks nothing.
    pub only_warns: bool,
    /// The same in files of tests, where it differs.
    pub only_warns_in_tests: Option<bool>,
    /// Texts that the rule must find.
    pub examples: Vec<String>,
    /// Texts in which it must find nothing.
    pub near_misses: Vec<String>,
}

impl Guard {
    /// What it says, each with its subject, for those who read what changes.
    pub(super) fn statements(&self) -> Vec<(String, String)> {
        let Self { rules, off } = self;
        let off = off.iter().map(|id| ("guard".to_owned(), format!("rule `{id}` is off")));
        off.chain(rules.iter().flat_map(GuardRule::statements)).collect()
    }
}

impl GuardRule {
    fn statements(&self) -> Vec<(String, String)> {
        let Self {
            id,
            description,
            keywords,
            pattern,
            entropy,
            random,
            checksum,
            paths,
            except,
            only_warns,
            only_warns_in_tests,
            examples,
            near_misses,
        } = self;
        let level = |only_warns: bool| if only_warns { "only warns" } else { "blocks" };
        let mut said =
            vec![format!("finds a {description} by {pattern}"), level(*only_warns).to_owned()];
        said.extend(only_warns_in_tests.map(|it| format!("{} in tests", level(it))));
        said.extend(
            entropy.map(|bits| format!("entropy from {}.{:03} bits", bits / 1000, bits % 1000)),
        );
        said.extend(random.then(|| "must look random".to_owned()));
        said.extend(checksum.as_ref().map(|name| format!("checksum {name}")));
        said.extend(paths.iter().map(|path| format!("holds in {}", path.as_str())));
        for (what, texts) in [
            ("keyword", keywords),
            ("not where the secret is", except),
            ("must find", examples),
            ("must not find", near_misses),
        ] {
            said.extend(texts.iter().map(|text| format!("{what} {text}")));
        }
        let subject = format!("guard rule `{id}`");
        said.into_iter().map(|text| (subject.clone(), text)).collect()
    }
}

pub(super) fn guard(top: &mut Fields<'_, '_>) -> Result<Guard, PolicyError> {
    let Some(mut fields) = top.section("guard")? else { return Ok(Guard::default()) };
    let off = fields.read("off", |v| v.list(Value::word))?.unwrap_or_default();
    let rules = fields.read("rules", |v| v.list(rule))?.unwrap_or_default();
    fields.done()?;
    Ok(Guard { rules, off })
}

fn rule(value: Value<'_, '_>) -> Result<GuardRule, PolicyError> {
    let mut fields = value.fields("[[guard.rules]]".to_owned())?;
    let rule = GuardRule {
        id: fields.required("id")?.word()?,
        description: fields.required("description")?.line()?,
        keywords: fields.read("keywords", |v| v.list(Value::line))?.unwrap_or_default(),
        pattern: fields.required("pattern")?.pattern()?,
        entropy: fields.read("entropy", Value::thousandths)?,
        random: fields.read("random", Value::truth)?.unwrap_or_default(),
        checksum: fields.read("checksum", Value::word)?,
        paths: fields.read("paths", |v| v.list(Value::parsed))?.unwrap_or_default(),
        except: fields.read("except", |v| v.list(Value::pattern))?.unwrap_or_default(),
        only_warns: fields.read("level", level)?.unwrap_or_default(),
        only_warns_in_tests: fields.read("level-in-tests", level)?,
        examples: fields.read("examples", |v| v.list(Value::pattern))?.unwrap_or_default(),
        near_misses: fields.read("near-misses", |v| v.list(Value::pattern))?.unwrap_or_default(),
    };
    fields.done()?;
    Ok(rule)
}

fn level(value: Value<'_, '_>) -> Result<bool, PolicyError> {
    match (value.is("block"), value.is("warn")) {
        (true, _) => Ok(false),
        (_, true) => Ok(true),
        _ => Err(value.shape("`block` or `warn`")),
    }
}
