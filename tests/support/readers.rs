//! What the stock parsers of the formats see in a file, before and after it was sealed.
//!
//! The fuzz targets compile this file, too.

use serde::Deserialize as _;

/// Has a stock parser read both texts, and compares; a text that it refuses in clear says nothing.
pub(crate) type Compare = fn(plain: &str, sealed: &str) -> Result<(), String>;

fn is_token(text: &str) -> bool {
    text.starts_with("sealed.v1.")
}

pub(crate) fn yaml(plain: &str, sealed: &str) -> Result<(), String> {
    let read = |text: &str| -> Result<Vec<serde_yaml::Value>, String> {
        serde_yaml::Deserializer::from_str(text)
            .map(|one| serde_yaml::Value::deserialize(one).map_err(|why| why.to_string()))
            .collect()
    };
    let Ok(plain) = read(plain) else { return Ok(()) };
    same_list(&plain, &read(sealed)?, same_yaml)
}

fn same_yaml(plain: &serde_yaml::Value, sealed: &serde_yaml::Value) -> Result<(), String> {
    use serde_yaml::Value;
    match (plain, sealed) {
        (Value::Mapping(plain), Value::Mapping(sealed)) => {
            let keys = plain.keys().eq(sealed.keys());
            let pairs = plain.values().zip(sealed.values());
            keys.then_some(()).ok_or("other keys")?;
            pairs.into_iter().try_for_each(|(one, two)| same_yaml(one, two))
        }
        (Value::Sequence(plain), Value::Sequence(sealed)) => same_list(plain, sealed, same_yaml),
        (Value::Tagged(plain), Value::Tagged(sealed)) => {
            (plain.tag == sealed.tag).then_some(()).ok_or("another tag")?;
            same_yaml(&plain.value, &sealed.value)
        }
        (Value::Mapping(_) | Value::Sequence(_), _) => Err("a mapping or list is gone".to_owned()),
        (_, Value::String(token)) if is_token(token) => Ok(()),
        (plain, sealed) if plain == sealed && plain.is_null() => Ok(()),
        (Value::String(plain), Value::String(sealed)) if plain.is_empty() && sealed.is_empty() => {
            Ok(())
        }
        (_, sealed) => Err(format!("{sealed:?} is not sealed")),
    }
}

pub(crate) fn json(plain: &str, sealed: &str) -> Result<(), String> {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text);
    let Ok(plain) = read(plain) else { return Ok(()) };
    same_json(&plain, &read(sealed).map_err(|why| why.to_string())?)
}

fn same_json(plain: &serde_json::Value, sealed: &serde_json::Value) -> Result<(), String> {
    use serde_json::Value;
    match (plain, sealed) {
        (Value::Object(plain), Value::Object(sealed)) => {
            plain.keys().eq(sealed.keys()).then_some(()).ok_or("other keys")?;
            plain.values().zip(sealed.values()).try_for_each(|(one, two)| same_json(one, two))
        }
        (Value::Array(plain), Value::Array(sealed)) => same_list(plain, sealed, same_json),
        (Value::Object(_) | Value::Array(_), _) => Err("an object or array is gone".to_owned()),
        (_, Value::String(token)) if is_token(token) => Ok(()),
        (_, sealed) => Err(format!("{sealed} is not sealed")),
    }
}

pub(crate) fn toml(plain: &str, sealed: &str) -> Result<(), String> {
    let Ok(plain) = plain.parse::<toml::Table>() else { return Ok(()) };
    let sealed = sealed.parse::<toml::Table>().map_err(|why| why.to_string())?;
    same_toml(&toml::Value::Table(plain), &toml::Value::Table(sealed))
}

fn same_toml(plain: &toml::Value, sealed: &toml::Value) -> Result<(), String> {
    use toml::Value;
    match (plain, sealed) {
        (Value::Table(plain), Value::Table(sealed)) => {
            plain.keys().eq(sealed.keys()).then_some(()).ok_or("other keys")?;
            plain.values().zip(sealed.values()).try_for_each(|(one, two)| same_toml(one, two))
        }
        (Value::Array(plain), Value::Array(sealed)) => same_list(plain, sealed, same_toml),
        (Value::Table(_) | Value::Array(_), _) => Err("a table or array is gone".to_owned()),
        (_, Value::String(token)) if is_token(token) => Ok(()),
        (_, sealed) => Err(format!("{sealed} is not sealed")),
    }
}

pub(crate) fn dotenv(plain: &str, sealed: &str) -> Result<(), String> {
    let read = |text: &str| -> Result<Vec<(String, String)>, String> {
        let pairs = dotenvy::from_read_iter(text.as_bytes());
        pairs.map(|pair| pair.map_err(|why| why.to_string())).collect()
    };
    let Ok(plain) = read(plain) else { return Ok(()) };
    same_list(&plain, &read(sealed)?, |(one, before), (two, after)| {
        (one == two).then_some(()).ok_or("other keys")?;
        let empty = before.is_empty() && after.is_empty();
        (empty || is_token(after)).then_some(()).ok_or(format!("{one} is not sealed"))
    })
}

fn same_list<T>(
    plain: &[T],
    sealed: &[T],
    same: impl Fn(&T, &T) -> Result<(), String>,
) -> Result<(), String> {
    (plain.len() == sealed.len()).then_some(()).ok_or("another number of elements")?;
    plain.iter().zip(sealed).try_for_each(|(one, two)| same(one, two))
}
