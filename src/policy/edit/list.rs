//! Lists and tables of a TOML text, edited so that a comment stays with the line it stands on.

use toml::de::{DeTable, DeValue};
use toml_edit::{Array, RawString, Value};

/// Where a list names something.
pub(super) fn position(list: &Array, name: &str) -> Option<usize> {
    list.iter().position(|value| value.as_str() == Some(name))
}

fn raw(text: Option<&RawString>) -> String {
    text.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

/// Adds a text at the end, laid out like the element before it.
pub(super) fn push(list: &mut Array, name: &str) {
    let trailing = raw(Some(list.trailing()));
    let comma = list.trailing_comma();
    let last = list.len().wrapping_sub(1);
    let Some(before) = list.get_mut(last) else {
        list.push(name);
        return;
    };
    let prefix = raw(before.decor().prefix());
    // What stands between the last element and the bracket: a comment of its line may be in it.
    let tail = if comma { trailing } else { raw(before.decor().suffix()) };
    let Some(line_end) = tail.find('\n') else {
        before.decor_mut().set_suffix("");
        list.push_formatted(Value::from(name).decorated(" ", tail));
        return;
    };
    let indent = prefix.rsplit_once('\n').map_or("    ", |(_, indent)| indent);
    let (comment, rest) = tail.split_at(line_end);
    let own_prefix = format!("{comment}\n{indent}");
    if comma {
        list.push_formatted(Value::from(name).decorated(own_prefix, ""));
        list.set_trailing(rest);
    } else {
        before.decor_mut().set_suffix("");
        list.push_formatted(Value::from(name).decorated(own_prefix, rest));
    }
    list.set_trailing_comma(comma);
}

/// Removes a text, with the comment on its own line.
pub(super) fn remove(list: &mut Array, name: &str) {
    let Some(at) = position(list, name) else { return };
    let comma = list.trailing_comma();
    let removed = list.remove(at);
    let prefix = raw(removed.decor().prefix());
    if let Some(next) = list.get_mut(at) {
        let joined = joined(&prefix, &raw(next.decor().prefix()), Beside::Element);
        next.decor_mut().set_prefix(joined);
    } else if comma {
        let joined = joined(&prefix, &raw(Some(list.trailing())), Beside::Bracket);
        list.set_trailing(joined);
    } else if let Some(last) = at.checked_sub(1).and_then(|before| list.get_mut(before)) {
        let joined = joined(&prefix, &raw(removed.decor().suffix()), Beside::Bracket);
        last.decor_mut().set_suffix(joined);
    }
    list.set_trailing_comma(comma && !list.is_empty());
}

/// What comes after a removed element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Element,
    Bracket,
}

/// The text before the next thing, once the element between two such texts is gone: the line of the
/// element before keeps its end, the rest is the next one's.
fn joined(before: &str, after: &str, beside: Beside) -> String {
    match (before.find('\n'), after.find('\n')) {
        (Some(line_end), Some(next)) => format!("{}{}", &before[..line_end], &after[next..]),
        (None, None) if beside == Beside::Element => before.to_owned(),
        (Some(_), None) if beside == Beside::Element || before.contains('#') => before.to_owned(),
        _ => after.to_owned(),
    }
}

/// The text without the table `[members.NAME]` and the comment lines right above it; none where the
/// member is not written as a table of its own.
pub(super) fn without_table(text: &str, name: &str) -> Option<String> {
    let root = DeTable::parse(text).ok()?;
    let members = root.get_ref().get("members")?.get_ref().as_table()?;
    let (key, value) = members.get_key_value(name)?;
    let DeValue::Table(table) = value.get_ref() else { return None };
    let mut start = line_start(text, key.span().start);
    if !text[start..].trim_start_matches([' ', '\t']).starts_with('[') {
        return None;
    }
    let last = table.values().map(|value| value.span().end).max();
    let mut end = line_end(text, last.unwrap_or(0).max(key.span().end));
    while start > 0 {
        let above = line_start(text, start - 1);
        if !text[above..start].trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    let after = line_end(text, end);
    let above = start.checked_sub(1).map_or("", |at| &text[line_start(text, at)..at]);
    if above.trim().is_empty() && text[end..after].trim().is_empty() {
        end = after;
    }
    Some(format!("{}{}", &text[..start], &text[end..]))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |before| before + 1)
}

/// The offset after the line that holds `at`.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |ahead| at + ahead + 1)
}
