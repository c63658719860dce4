//! Addresses: `ENV/PATH#KEY`, and what a user may write for one.

use std::fmt;
use std::str::FromStr;

use super::hazard::read_again;
use super::{EnvName, KeyPath, NameError, RepoPath, serde_as_text};

/// The full address of an item, `ENV/PATH#KEY`, as entries name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The environment.
    pub env: EnvName,
    /// The file.
    pub path: RepoPath,
    /// The place in the file; always one without list positions.
    pub key: KeyPath,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}#{}", self.env, self.path, self.key)
    }
}

impl FromStr for Address {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let bad = |why| NameError { what: "an address", why };
        let (env, rest) = text.split_once('/').ok_or(bad("must be `ENV/PATH#KEY`"))?;
        let (path, key) = rest.split_once('#').ok_or(bad("must be `ENV/PATH#KEY`"))?;
        let key: KeyPath = key.parse()?;
        if key.item() != key {
            return Err(bad("names a place inside a list"));
        }
        Ok(Self { env: env.parse()?, path: path.parse()?, key })
    }
}

serde_as_text!(Address);

/// What a user's words may mean inside an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A key, in whichever file has it.
    Key(KeyPath),
    /// A key of one file.
    InFile(RepoPath, KeyPath),
    /// A file, to be taken whole.
    File(RepoPath),
}

/// An address as users write it: `ENV/KEY`, `ENV/PATH#KEY`, `ENV/PATH`, or any of them without `ENV/`
/// where the environment is said otherwise. One text can have several readings; the files decide. What steers a
/// terminal may be written as we show it, `\u{202e}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressQuery {
    /// The environment.
    pub env: EnvName,
    /// The readings, the likeliest first; never empty.
    pub targets: Vec<Target>,
}

impl AddressQuery {
    /// Reads a user's text. With `env`, the text may leave the environment out.
    ///
    /// # Errors
    /// [`NameError`] when no reading is possible, or no environment is named at all.
    pub fn parse(text: &str, env: Option<&EnvName>) -> Result<Self, NameError> {
        let text = &*read_again(text);
        let split = text.split_once('/').and_then(|(e, rest)| Some((e.parse().ok()?, rest)));
        let (env, rest) = match (split, env) {
            (Some((named, rest)), Some(env)) if named == *env => (named, rest),
            (_, Some(env)) => (env.clone(), text),
            (Some((named, rest)), None) => (named, rest),
            (None, None) => {
                return Err(NameError {
                    what: "an address",
                    why: "must name its environment: `ENV/KEY`, or say it with `--env`",
                });
            }
        };
        let targets = readings(rest);
        if targets.is_empty() {
            return Err(NameError {
                what: "an address",
                why: "must be `ENV/KEY` or `ENV/PATH#KEY`",
            });
        }
        Ok(Self { env, targets })
    }
}

fn readings(rest: &str) -> Vec<Target> {
    let in_file = rest
        .split_once('#')
        .and_then(|(path, key)| Some(Target::InFile(path.parse().ok()?, key.parse().ok()?)));
    let key = rest.parse().ok().filter(|k| *k != KeyPath::Whole).map(Target::Key);
    let file = rest.parse().ok().map(Target::File);
    [in_file, key, file].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str, env: Option<&str>) -> Result<AddressQuery, NameError> {
        AddressQuery::parse(text, env.map(|e| e.parse().unwrap()).as_ref())
    }

    #[test]
    fn an_address_has_one_text() {
        for text in ["prod/secrets/prod.env#DB_URL", "dev/a.yaml#@2.x", "dev/a#b#2", "p/x.pem#*"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for bad in ["prod", "prod/x", "prod/x#", "prod/#a", "P/x#a", "prod/x#a[0]"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_read_as_it_is_shown() {
        let shown = query(r#"dev/"\u{202e}bidi""#, None).unwrap();
        assert_eq!(shown, query("dev/\"\u{202e}bidi\"", None).unwrap());
        let path = query(r"dev/secrets/a\u{200b}.env#KEY", None).unwrap();
        let wanted = "secrets/a\u{200b}.env".parse().unwrap();
        assert_eq!(path.targets[0], Target::InFile(wanted, "KEY".parse().unwrap()));
    }

    #[test]
    fn a_users_text_gets_every_reading() {
        let key = |text: &str| Target::Key(text.parse().unwrap());
        let found = query("prod/DB_URL", None).unwrap();
        assert_eq!(found.env.as_str(), "prod");
        assert_eq!(found.targets[0], key("DB_URL"));
        let found = query("DB_URL", Some("dev")).unwrap();
        assert_eq!((found.env.as_str(), &found.targets[0]), ("dev", &key("DB_URL")));
        let found = query("dev/secrets/a.yaml#db.url", Some("dev")).unwrap();
        let path = "secrets/a.yaml".parse().unwrap();
        assert_eq!(found.targets[0], Target::InFile(path, "db.url".parse().unwrap()));
        assert_eq!(query("prod/KEY#2", None).unwrap().targets[1], key("KEY#2"));
        assert!(query("DB_URL", None).is_err());
        assert!(query("prod/", None).is_err());
    }
}
