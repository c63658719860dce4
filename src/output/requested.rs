//! What somebody is asked to seal: one line for a shell with stock age, and who will open it.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Show, safe};
use crate::deeds::request::Request;
use crate::deeds::set::Shape;
use crate::names::quoted;

impl Show for Request {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", safe(&line(self)))
    }

    fn json(&self) -> Value {
        json!({
            "address": self.address.to_string(),
            "recipient": self.recipient,
            "heading": self.heading,
            "command": line(self),
            "readers": self.readers,
            "takers": self.takers,
        })
    }
}

/// The line that is run where the value is: it reads the value from stdin, or from a file.
fn line(request: &Request) -> String {
    let Request { heading, recipient, .. } = request;
    let from = match request.shape {
        Shape::Value => "cat".to_owned(),
        Shape::File => "cat FILE".to_owned(),
    };
    // Always in quotes, and by printf: some shells read backslashes in the words of echo.
    let heading = format!("'{}'", heading.replace('\'', r"'\''"));
    format!("{{ printf '%s\\n' {heading}; {from}; }} | age -a -r {recipient} -o value.age")
}

/// What is said beside the line.
#[must_use]
pub fn notes(request: &Request) -> Vec<String> {
    let names = |all: &[crate::names::MemberName]| {
        all.iter().map(|who| who.as_str()).collect::<Vec<_>>().join(", ")
    };
    let how = match request.shape {
        Shape::Value => {
            "type or paste the value, then Enter and Ctrl-D; it makes value.age to send back"
        }
        Shape::File => "put the file's name for FILE; it makes value.age to send back",
    };
    let take = match request.takers.as_slice() {
        [] => "nobody reads and writes it: nobody can take it in".to_owned(),
        takers => format!(
            "to be taken in by {}: tenure set {} --from-age value.age",
            names(takers),
            quoted(&request.name)
        ),
    };
    vec![
        how.to_owned(),
        format!("who opens it: {}", names(&request.readers)),
        take,
        "whoever has this line can seal something: ask on another channel that it was them"
            .to_owned(),
    ]
}
