//! The formats that `export` writes.

use zeroize::Zeroizing;

use super::{DeliverError, Variable, dotenv, json, shell, yaml};
use crate::secret::Plaintext;

/// A format of `export`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// `NAME=value` lines, for `dotenvy`, docker, node.
    Dotenv,
    /// One flat object.
    Json,
    /// One flat mapping.
    Yaml,
    /// `export NAME='…'` lines, for any POSIX shell.
    Shell,
}

impl Export {
    /// Writes variables so that the format's own readers get every value back.
    ///
    /// # Errors
    /// [`DeliverError::NotWritable`] where they would not.
    pub fn write(self, variables: &[Variable]) -> Result<Plaintext, DeliverError> {
        let (open, join, close) = match self {
            Self::Json if variables.is_empty() => ("{}\n", "", ""),
            Self::Json => ("{\n", ",\n", "\n}\n"),
            Self::Yaml if variables.is_empty() => ("{}\n", "", ""),
            Self::Yaml | Self::Dotenv | Self::Shell => ("", "\n", "\n"),
        };
        // Room for all of it, so that no copy is left behind by growing.
        let room = |v: &Variable| v.name.len() + v.value.len() * 6 + 16;
        let mut text =
            Zeroizing::new(String::with_capacity(16 + variables.iter().map(room).sum::<usize>()));
        text.push_str(open);
        for (at, variable) in variables.iter().enumerate() {
            text.push_str(if at > 0 { join } else { "" });
            text.push_str(&self.line(variable)?);
        }
        text.push_str(if variables.is_empty() { "" } else { close });
        Ok(Plaintext::from(text.as_bytes().to_vec()))
    }

    fn line(self, variable: &Variable) -> Result<Zeroizing<String>, DeliverError> {
        let refuse = |format, why| DeliverError::NotWritable {
            address: variable.address.clone().into(),
            format,
            why,
        };
        let name = &variable.name;
        let not_text = || refuse("text", "it is not UTF-8");
        let value = variable.value.expose_text().ok_or_else(not_text)?;
        match self {
            Self::Dotenv => dotenv::line(name, value).map_err(|why| refuse("dotenv", why)),
            Self::Json => json::member(name, value).map_err(|why| refuse("JSON", why)),
            Self::Yaml => yaml::entry(name, value).map_err(|why| refuse("YAML", why)),
            Self::Shell => shell::line(name, value).map_err(|why| refuse("shell", why)),
        }
    }
}

#[cfg(test)]
mod tests;
