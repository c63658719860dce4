//! What the guard's rules of a policy get wrong: a pattern that cannot be run, an example that is not found.

use crate::deeds::scan::rule_text;
use crate::finding::{Code, Finding, Severity};
use crate::policy::{self, GuardRule, PATH, Policy, nearest};
use crate::scan::{Rule, Rules, Scanner, Text};

/// What is wrong with the rules of the repository's own, and with those that it switches off.
pub(super) fn faults(policy: &Policy, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let guard = &policy.guard;
    for (at, rule) in guard.rules.iter().enumerate() {
        let line = policy::line_of_element(text, &["guard", "rules"], at);
        if guard.rules[..at].iter().any(|earlier| earlier.id == rule.id) {
            findings
                .push(invalid(line, format!("two rules of the guard have the id `{}`", rule.id)));
        }
        match Rule::new(rule_text(rule)) {
            Err(why) => findings.push(invalid(line, format!("rule `{}`: {why}", rule.id))),
            Ok(checked) => {
                let wrong = untrue(rule, checked).into_iter();
                findings.extend(
                    wrong.map(|message| note(line, message, "mend the pattern, or the example")),
                );
            }
        }
    }
    let known = Rules::ours();
    for (at, id) in guard.off.iter().enumerate().filter(|(_, id)| !known.knows(id)) {
        let ids = known.rules().iter().map(Rule::id);
        let fix = match nearest(id, ids) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "take it out".to_owned(),
        };
        let line = policy::line_of_element(text, &["guard", "off"], at);
        findings.push(note(line, format!("there is no rule `{id}` to switch off"), &fix));
    }
    findings
}

/// The examples of a rule that it misses, and the near misses that it finds.
fn untrue(rule: &GuardRule, checked: Rule) -> Vec<String> {
    let rules = Rules::only(vec![checked]);
    let scanner = Scanner::new(&rules);
    let path = rule.paths.first().map(|path| path.as_str().replace("**/", "").replace('*', "x"));
    let finds = |example: &str| {
        let plain = example.replace('¦', "");
        let path = path.as_deref().unwrap_or("example");
        let text = Text { path: path.as_bytes(), bytes: plain.as_bytes() };
        scanner.scan(&text).iter().any(|hit| hit.passed.is_none() && hit.rule == rule.id)
    };
    let missed = rule.examples.iter().enumerate().filter(|(_, it)| !finds(it));
    let missed = missed.map(|(at, _)| format!("rule `{}` misses its example {}", rule.id, at + 1));
    let found = rule.near_misses.iter().enumerate().filter(|(_, it)| finds(it));
    let found = found.map(|(at, _)| format!("rule `{}` finds its near miss {}", rule.id, at + 1));
    missed.chain(found).collect()
}

fn invalid(line: usize, message: String) -> Finding {
    let severity = Severity::Invalid;
    let finding = note(line, message, "mend that rule, or take it out");
    Finding { code: Code::PolicyInvalid, severity, ..finding }
}

fn note(line: usize, message: String, fix: &str) -> Finding {
    Finding {
        code: Code::Lint,
        severity: Severity::Note,
        env: None,
        place: format!("{PATH}:{line}"),
        address: None,
        entry: None,
        message,
        fix: Some(fix.to_owned()),
    }
}
