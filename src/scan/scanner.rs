//! The one walk over a text, and what becomes of what it finds.

use std::collections::HashMap;
use std::ops::Range;

use super::assigned::Names;
use super::keywords::Keywords;
use super::of_tests::Setting;
use super::passes::Found;
use super::regions::{self, Kind, Regions};
use super::rule::{Reach, Rule};
use super::shape::Shape;
use super::text::{Lines, has_run};
use super::value::Net;
use super::verdict::{self, Prefixes};
use super::{Excusable, Hit, Level, Pass, Rules, TOO_MANY, Text, assigned, marks, published, runs};

/// How far before a keyword its rule's pattern is searched, and how far after it.
const BEFORE: usize = 256;
const AFTER: usize = 1024;
/// How much of a file is searched by a rule that knows its path and no keyword.
const HEAD: usize = 64 << 10;
/// How many hits of a text are looked at; that there are more is one of its own, which nothing lets pass.
const MOST: usize = 20_000;
/// How many matches of a rule that is searched in whole texts.
const FEW: usize = 1000;

#[derive(Debug, Clone, Copy)]
enum Target {
    Rule(usize),
    Name,
    Region(Kind),
}

/// Rules made ready to search with.
#[derive(Debug)]
pub struct Scanner<'r> {
    rules: &'r Rules,
    keywords: Keywords<'r>,
    targets: Vec<Target>,
    /// How long each keyword is.
    lengths: Vec<usize>,
    /// The rules that have no keywords.
    bare: Vec<usize>,
    /// The rules that hold for some paths only.
    local: Vec<usize>,
    /// The rules that others of the same id stand before, and these.
    seconds: Vec<(usize, usize)>,
    prefixes: Prefixes<'r>,
}

/// A text as the walk sees it: all of it, or a piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'t> {
    pub(super) path: &'t str,
    pub(super) bytes: &'t [u8],
    /// The kind of region that the piece begins in.
    pub(super) open: Option<Kind>,
    pub(super) is_begin: bool,
}

/// Who found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Rule(usize),
    Net(Net),
    /// What is found is more than is looked at: the rest may be anything.
    Flood,
}

/// A hit before it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) source: Source,
    pub(super) level: Level,
    pub(super) span: Range<usize>,
    pub(super) whole: Range<usize>,
}

/// A hit, and what lets it pass.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) raw: Raw,
    pub(super) passed: Option<Pass>,
    pub(super) excusable: Excusable,
}

impl<'r> Scanner<'r> {
    /// Makes rules ready. Cheap: patterns are compiled when their keyword is first met.
    #[must_use]
    pub fn new(rules: &'r Rules) -> Self {
        let mut words: Vec<&[u8]> = Vec::new();
        let mut targets = Vec::new();
        for (at, rule) in rules.rules.iter().enumerate() {
            words.extend(rule.keywords.iter().map(|word| word.as_bytes()));
            targets.resize(words.len(), Target::Rule(at));
        }
        for stem in assigned::STEMS {
            words.push(stem.as_bytes());
            targets.push(Target::Name);
        }
        for (marker, kind) in &regions::MARKERS {
            words.push(marker.as_bytes());
            targets.push(Target::Region(*kind));
        }
        let numbered = |is: fn(&Rule) -> bool| {
            let rules = rules.rules.iter().enumerate();
            rules.filter(|(_, rule)| is(rule)).map(|(at, _)| at).collect()
        };
        let all = || rules.rules.iter().enumerate();
        let (seconds, firsts): (Vec<_>, Vec<_>) = all().partition(|(_, rule)| rule.is_second);
        let firsts: HashMap<_, _> = firsts.into_iter().map(|(at, rule)| (rule.id(), at)).collect();
        let pair = |(at, rule): (usize, &Rule)| Some((at, *firsts.get(rule.id())?));
        let seconds = seconds.into_iter().filter_map(pair).collect();
        Self {
            rules,
            seconds,
            lengths: words.iter().map(|word| word.len()).collect(),
            keywords: Keywords::new(words),
            targets,
            bare: numbered(|rule| rule.keywords.is_empty()),
            local: numbered(|rule| !rule.paths.is_empty()),
            prefixes: Prefixes::of(&rules.rules),
        }
    }

    /// Looks through a text. The hits stand in its order; of hits that overlap, one is told.
    #[must_use]
    pub fn scan(&self, text: &Text<'_>) -> Vec<Hit<'r>> {
        let path = String::from_utf8_lossy(text.path);
        let view = View { path: &path, bytes: text.bytes, open: None, is_begin: true };
        let (hits, _) = self.look(view);
        self.tell(hits, &mut Lines::new(text.bytes, 1, 0))
    }

    /// Gives the hits of a view as its bytes are, the best of those that overlap, and the regions that hide others.
    pub(super) fn look_at(&self, view: View<'_>) -> (Vec<Judged>, Regions) {
        let mut walk = Walk::new(self, view);
        self.keywords.find(view.bytes, |word, at| walk.met(word, at));
        walk.end();
        let level = walk.names.level_of_runs();
        let (mut hits, regions, walk_flooded) = (walk.hits, walk.regions, walk.is_flooded);
        runs::find(view.bytes, level, |raw| push(&mut hits, raw));
        let is_flooded = walk_flooded || hits.len() >= MOST;
        let is_known = |raw: &Raw| published::is_one(&view.bytes[raw.span.clone()]);
        hits.retain(|raw| !regions.hide(&raw.span) && !is_known(raw));
        let judge = |raw: Raw| Judged {
            passed: self.passes(view, &regions, &raw),
            excusable: Excusable::of(&view.bytes[raw.span.clone()]),
            raw,
        };
        let on = best(hits).into_iter().filter(|raw| !self.is_off(raw));
        let mut hits: Vec<_> = on.map(judge).collect();
        if is_flooded {
            let end = view.bytes.len().saturating_sub(1);
            let (source, level, span) = (Source::Flood, Level::Block, end..end);
            let raw = Raw { source, level, whole: span.clone(), span };
            hits.push(Judged { raw, passed: None, excusable: Excusable::of(b"") });
        }
        (hits, regions)
    }

    fn is_off(&self, raw: &Raw) -> bool {
        matches!(raw.source, Source::Net(net) if self.rules.off.iter().any(|id| id == net.id()))
    }

    fn passes(&self, view: View<'_>, regions: &Regions, raw: &Raw) -> Option<Pass> {
        let (from, to) = (raw.whole.start.min(raw.span.start), raw.whole.end.max(raw.span.end));
        if regions.mark_off(&raw.span) || marks::pass(view.bytes, from, to, self.id(raw)) {
            return Some(Pass::Mark);
        }
        let found = Found {
            rule: self.id(raw),
            path: view.path,
            secret: &view.bytes[raw.span.clone()],
            whole: &view.bytes[raw.whole.clone()],
            line: marks::line(view.bytes, from, to),
        };
        self.rules.passes.iter().any(|passes| passes.take(&found)).then_some(Pass::List)
    }

    fn id(&self, raw: &Raw) -> &'r str {
        match raw.source {
            Source::Rule(at) => self.rules.rules[at].id(),
            Source::Net(net) => net.id(),
            Source::Flood => TOO_MANY,
        }
    }

    /// Gives hits their names and lines.
    pub(super) fn tell(&self, hits: Vec<Judged>, lines: &mut Lines<'_>) -> Vec<Hit<'r>> {
        let tell = |Judged { raw, passed, excusable }| {
            let (line, column) = lines.place(raw.span.start);
            // The next hit may begin before this one's last byte only if they are one: they do not overlap.
            let (last_line, _) = lines.place(raw.span.end.max(raw.span.start + 1) - 1);
            let description = match raw.source {
                Source::Rule(at) => self.rules.rules[at].description(),
                Source::Net(net) => net.description(),
                Source::Flood => "more findings than are looked at",
            };
            let (rule, level) = (self.id(&raw), raw.level);
            let (span, whole) = (raw.span, raw.whole);
            Hit {
                rule,
                description,
                level,
                span,
                whole,
                line,
                column,
                last_line,
                excusable,
                passed,
            }
        };
        hits.into_iter().map(tell).collect()
    }
}

/// Of hits that overlap, keeps the best: of a rule rather than of a net, blocking rather than not, then the
/// one that begins first.
fn best(mut hits: Vec<Raw>) -> Vec<Raw> {
    hits.sort_by_key(|raw| (raw.span.start, raw.span.end));
    let worth = |raw: &Raw| (matches!(raw.source, Source::Rule(_)), raw.level);
    let mut kept: Vec<Raw> = Vec::with_capacity(hits.len());
    for raw in hits {
        match kept.last_mut() {
            Some(last) if raw.span.start < last.span.end => {
                if worth(&raw) > worth(last) {
                    *last = raw;
                }
            }
            _ => kept.push(raw),
        }
    }
    kept
}

/// The state of a walk.
struct Walk<'s, 'r, 't> {
    scanner: &'s Scanner<'r>,
    view: View<'t>,
    /// Of each rule, the part of the text round its keywords that was not searched yet.
    windows: Vec<Range<usize>>,
    /// Whether each rule holds for the path.
    holds: Vec<bool>,
    names: Names<'t>,
    setting: Setting,
    regions: Regions,
    hits: Vec<Raw>,
    /// Whether a pattern takes more than is looked at.
    is_flooded: bool,
}

impl<'s, 'r, 't> Walk<'s, 'r, 't> {
    fn new(scanner: &'s Scanner<'r>, view: View<'t>) -> Self {
        let rules = &scanner.rules.rules;
        let mut holds = vec![true; rules.len()];
        for at in &scanner.local {
            holds[*at] = rules[*at].paths.take(view.path);
        }
        Self {
            scanner,
            view,
            windows: vec![0..0; rules.len()],
            holds,
            names: Names::new(view.bytes, view.path),
            setting: Setting::of(view),
            regions: Regions::continuing(view.bytes, view.open),
            hits: Vec::new(),
            is_flooded: false,
        }
    }

    fn met(&mut self, word: usize, at: usize) {
        match self.scanner.targets[word] {
            Target::Rule(rule) if self.holds[rule] => self.widen(rule, at, word),
            Target::Rule(_) => {}
            Target::Name => {
                let known = (&self.setting, &self.scanner.prefixes);
                let hits = &mut self.hits;
                self.names.look(at, known, |raw| push(hits, raw));
            }
            Target::Region(kind) => {
                self.regions.mark(self.view.bytes, at, self.scanner.lengths[word], kind);
            }
        }
    }

    /// Adds the surroundings of a keyword to those that a rule's pattern is to search.
    fn widen(&mut self, rule: usize, at: usize, word: usize) {
        let most = self.scanner.rules.rules[rule].reach();
        let from = at.saturating_sub(most.min(BEFORE));
        let to = self.view.bytes.len().min(at + self.scanner.lengths[word] + most.min(AFTER));
        let window = &mut self.windows[rule];
        if from <= window.end && window.start < window.end {
            window.start = window.start.min(from);
            window.end = window.end.max(to);
        } else {
            let full = std::mem::replace(window, from..to);
            if full.start < full.end {
                self.search(rule, full);
            }
        }
    }

    fn end(&mut self) {
        for rule in 0..self.windows.len() {
            let window = std::mem::take(&mut self.windows[rule]);
            if window.start < window.end {
                self.search(rule, window);
            }
        }
        for at in 0..self.scanner.bare.len() {
            let rule = self.scanner.bare[at];
            let length = self.view.bytes.len();
            match (self.holds[rule], self.scanner.rules.rules[rule].reach) {
                (true, Reach::Head) if self.view.is_begin => self.search(rule, 0..length.min(HEAD)),
                (true, Reach::Whole) => self.search(rule, 0..length),
                _ => {}
            }
        }
    }

    fn search(&mut self, at: usize, window: Range<usize>) {
        let rules = &self.scanner.rules.rules;
        let rule = &rules[at];
        let first = self.scanner.seconds.iter().find(|(second, _)| *second == at);
        if first.is_some_and(|(_, first)| rules[*first].runs()) {
            return;
        }
        let text = &self.view.bytes[..window.end];
        let raw = |level, span, whole| Raw { source: Source::Rule(at), level, span, whole };
        let place = self.setting.place_of(text, window.start);
        let Some(pattern) = &rule.pattern else {
            let none = window.start..window.start;
            return push(&mut self.hits, raw(rule.level_at(place), none.clone(), none));
        };
        // One that cannot be run is told by who reads the rules.
        let is_there = |shape: &Shape| has_run(&text[window.start..], shape.run);
        let shape = pattern.shape().filter(is_there);
        let Some(pattern) = shape.and_then(|_| pattern.get()) else { return };
        let mut from = window.start;
        // Each match may be searched for up to the end of the text.
        let mut left = if rule.reach == Reach::Whole { FEW } else { MOST };
        while from <= text.len() {
            if left == 0 || self.hits.len() >= MOST {
                self.is_flooded = true;
                return;
            }
            left -= 1;
            let Some(found) = pattern.find_at(text, from) else { break };
            from = found.end().max(found.start() + 1);
            let whole = found.range();
            let span = match pattern.captures_at(text, whole.start) {
                Some(captures) => rule.group.of(&captures).unwrap_or(whole.clone()),
                None => whole.clone(),
            };
            let known = (&self.setting, &self.scanner.prefixes);
            if let Some(level) = verdict::of_rule(rule, self.view.bytes, (&span, &whole), known) {
                push(&mut self.hits, raw(level, span, whole));
            }
        }
    }
}

fn push(hits: &mut Vec<Raw>, raw: Raw) {
    if hits.len() < MOST {
        hits.push(raw);
    }
}
