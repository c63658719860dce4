//! age plugins: programs named `age-plugin-NAME` that hold a key elsewhere, as in a token.
//!
//! One is started only for the user's own identity, or for recipients of a policy that was verified.

use age::Callbacks;
use age::plugin::{Identity, IdentityPluginV1, Recipient, RecipientPluginV1};
use age::secrecy::SecretString;

use super::KeysError;
use crate::world::terminal::Terminal;

/// Answers what a plugin asks for, through the terminal; where nobody is there, with nothing.
#[derive(Debug, Clone)]
pub(super) struct Answers(Terminal);

impl Callbacks for Answers {
    fn display_message(&self, message: &str) {
        // A message that nobody sees changes nothing.
        let _ = self.0.say(message);
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let question = match no {
            Some(no) => format!("{message} (yes: {yes}, no: {no})"),
            None => format!("{message} (yes: {yes})"),
        };
        self.0.confirm(&question).ok()
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        self.0.line(description).ok()
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        let answer = self.0.unlocking(description).ok()?;
        answer.expose_text().map(|text| SecretString::from(text.to_owned()))
    }
}

/// Finds the plugin of an identity of the user's.
pub(super) fn identity(
    identity: &Identity,
    terminal: Terminal,
) -> Result<IdentityPluginV1<Answers>, KeysError> {
    let name = identity.plugin();
    IdentityPluginV1::new(name, std::slice::from_ref(identity), Answers(terminal))
        .map_err(|_| KeysError::Plugin { name: name.to_owned() })
}

/// Finds the plugins of recipients `age1NAME1…` and makes one recipient of each plugin.
///
/// The texts must come from a verified policy: the programs are started when something is sealed.
pub fn plugin_recipients(
    texts: &[String],
    terminal: Terminal,
) -> Result<Vec<Box<dyn age::Recipient + Send>>, KeysError> {
    let recipients = texts
        .iter()
        .map(|text| {
            text.parse::<Recipient>().map_err(|_| KeysError::PluginRecipient { text: text.clone() })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut names: Vec<_> = recipients.iter().map(Recipient::plugin).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| one_plugin(name, &recipients, terminal)).collect()
}

fn one_plugin(
    name: &str,
    recipients: &[Recipient],
    terminal: Terminal,
) -> Result<Box<dyn age::Recipient + Send>, KeysError> {
    let plugin = RecipientPluginV1::new(name, recipients, &[], Answers(terminal))
        .map_err(|_| KeysError::Plugin { name: name.to_owned() })?;
    Ok(Box::new(plugin))
}
