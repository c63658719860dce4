//! A result that is of another day or state than now, and says so.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Show;
use crate::world::{ObjectId, View};

/// A result, and as of when it is; none is now.
pub struct Viewed<'a, T> {
    /// As of when.
    pub view: Option<&'a View>,
    /// The result.
    pub of: &'a T,
}

impl<T: Show> Show for Viewed<'_, T> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(view) = self.view {
            writeln!(out, "{}", told(view))?;
        }
        self.of.human(out)
    }

    fn json(&self) -> Value {
        let mut all = self.of.json();
        if let (Some(view), Some(fields)) = (self.view, all.as_object_mut()) {
            let commit = view.commit.as_ref().map(ObjectId::as_str);
            let view = json!({ "day": view.day.to_string(), "commit": commit });
            fields.insert("as_of".to_owned(), view);
        }
        all
    }
}

/// Says as of when a result is.
#[must_use]
pub fn told(view: &View) -> String {
    let what = match &view.commit {
        Some(commit) => format!("what commit {} holds", commit.short()),
        None => "what lies here".to_owned(),
    };
    format!("as of {}: {what}, by that day's calendar; a view, and no verdict on now", view.day)
}
