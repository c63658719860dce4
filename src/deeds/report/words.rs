//! Sentences of ours with the texts of others in them, kept apart: no mark in theirs is one of ours.

/// A sentence, in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Words(Vec<Part>);

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Plain text, to the letter.
    Said(String),
    /// A name, a path or a command, to the letter.
    Code(String),
}

impl Words {
    /// Begins with plain text, be it of others.
    #[must_use]
    pub fn said(text: impl Into<String>) -> Self {
        Self(vec![Part::Said(text.into())])
    }

    /// Goes on with plain text, be it of others.
    #[must_use]
    pub fn say(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Said(text.into()));
        self
    }

    /// Goes on with a name, a path or a command.
    #[must_use]
    pub fn code(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Code(text.into()));
        self
    }

    /// Goes on with several of them, with commas.
    #[must_use]
    pub fn codes<T: Into<String>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        let texts = texts.into_iter().enumerate();
        texts.fold(self, |words, (at, text)| match at {
            0 => words.code(text),
            _ => words.say(", ").code(text),
        })
    }

    /// Goes on with a text of ours, in which code stands between backticks.
    #[must_use]
    pub fn ours(mut self, text: &'static str) -> Self {
        self.0.append(&mut Self::from(text).0);
        self
    }

    /// Goes on with another sentence.
    #[must_use]
    pub fn then(mut self, mut other: Self) -> Self {
        self.0.append(&mut other.0);
        self
    }

    /// The parts, in their order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// Tells whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A text of ours, in which code stands between backticks. Only what stands in the program is one.
impl From<&'static str> for Words {
    fn from(text: &'static str) -> Self {
        let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
        let part = |(at, part): (usize, &str)| match at % 2 {
            0 => Part::Said(part.to_owned()),
            _ => Part::Code(part.to_owned()),
        };
        Self(parts.map(part).collect())
    }
}

/// A command of the checks as code; what else they advise as text.
#[must_use]
pub fn commanded(fix: &str) -> Words {
    if fix.starts_with("tenure ") || fix.starts_with("git ") {
        Words::default().code(fix)
    } else {
        Words::said(fix.replace('`', ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_ours_only_where_the_text_is() {
        let words = Words::from("set `a` under `b`").say("`c`").code("`d`");
        let said = |text: &str| Part::Said(text.to_owned());
        let code = |text: &str| Part::Code(text.to_owned());
        let wanted =
            [said("set "), code("a"), said(" under "), code("b"), said("`c`"), code("`d`")];
        assert_eq!(words.parts(), wanted);
    }

    #[test]
    fn several_stand_with_commas() {
        let words = Words::default().codes(["a", "b"]);
        assert_eq!(words.parts().len(), 3);
        assert!(Words::default().codes([""; 0]).is_empty());
    }

    #[test]
    fn a_command_is_code_and_advice_is_not() {
        assert_eq!(commanded("tenure rotate 'dev/A`'").parts().len(), 1);
        assert!(matches!(commanded("tenure x").parts(), [Part::Code(_)]));
        assert_eq!(commanded("set `x`"), Words::said("set x"));
    }
}
