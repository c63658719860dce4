//! `"NAME": "value"`, a member of a JSON object.

use zeroize::Zeroizing;

use crate::document::Format;
use crate::document::value::encode;

pub(super) fn member(name: &str, value: &str) -> Result<Zeroizing<String>, &'static str> {
    let value = encode(Format::Json, value).map_err(|_| "it has no spelling there")?;
    Ok(Zeroizing::new(["  \"", name, "\": ", &value].concat()))
}
