//! Advice on keys, signing and questions.

use super::{Advice, Exit};
use crate::world::keys::KeysError;
use crate::world::signer::SignerError;
use crate::world::terminal::TerminalError;

pub(crate) fn advice(error: &KeysError) -> Advice {
    match error {
        KeysError::None { tried } => Advice::of(Exit::NoKey)
            .hint(format!("tried: {}; give another with -i", tried.join(", "))),
        KeysError::Damaged { .. } | KeysError::NotAge => {
            Advice::of(Exit::Untrusted).hint("tenure check")
        }
        KeysError::Unreadable { place, .. } | KeysError::Malformed { place, .. } => {
            Advice::of(Exit::NoKey).at(place.clone()).hint("tenure doctor")
        }
        KeysError::Passphrase { place } => {
            Advice::of(Exit::NoKey).at(place.clone()).hint("try again with the right passphrase")
        }
        KeysError::Prompt { .. } => Advice::of(Exit::NoKey).hint(
            "run it at a terminal with nothing piped in, or give a key without a passphrase with -i",
        ),
        KeysError::Command { place, .. } => {
            Advice::of(Exit::NoKey).at(place.clone()).hint("run that command by hand")
        }
        KeysError::Plugin { name } => {
            Advice::of(Exit::NoKey).hint(format!("install age-plugin-{name}"))
        }
        KeysError::PluginFailed { place } => Advice::of(Exit::NoKey).at(place.clone()),
        KeysError::PluginRecipient { .. } => Advice::of(Exit::Invalid).hint("tenure policy lint"),
        KeysError::Exists { path } => Advice::of(Exit::Refused)
            .at(path.display().to_string())
            .hint("use it: tenure whoami; or name another folder"),
        KeysError::InRepository { folder } => Advice::of(Exit::Refused)
            .at(folder.display().to_string())
            .hint("name a folder outside every repository"),
        KeysError::Unwritable { .. } | KeysError::Generate(_) => Advice::of(Exit::Invalid),
    }
}

pub(crate) fn signer(error: &SignerError) -> Advice {
    match error {
        SignerError::NoKey { .. } => {
            Advice::of(Exit::NoKey).hint("give the key that the policy names with -i")
        }
        SignerError::Keys(why) => advice(why),
        SignerError::Git(why) => super::world::advice(why),
        SignerError::NoProgram { place } => {
            Advice::of(Exit::NoKey).at(place.clone()).hint("install OpenSSH")
        }
        SignerError::NoFile { place } => {
            Advice::of(Exit::NoKey).at(place.clone()).hint("give the key's file with -i")
        }
        SignerError::Passphrase { place } => {
            Advice::of(Exit::NoKey).at(place.clone()).hint("try again with the right passphrase")
        }
        SignerError::Prompt { .. } => Advice::of(Exit::NoKey).hint(
            "run it at a terminal with nothing piped in, or add the key to the agent: ssh-add",
        ),
        SignerError::Failed { place, .. } => {
            Advice::of(Exit::NoKey).at(place.clone()).hint("tenure doctor")
        }
        SignerError::Mismatch { place, .. } => Advice::of(Exit::NoKey)
            .at(place.clone())
            .hint("the .pub file beside it belongs to another key: ssh-keygen -y -f KEY > KEY.pub"),
        SignerError::Io { place, .. } => Advice::of(Exit::NoKey).at(place.clone()),
    }
}

pub(crate) fn terminal(error: &TerminalError) -> Advice {
    match error {
        TerminalError::Nobody { .. } => {
            Advice::of(Exit::Refused).hint("run it at a terminal, or give the answer as an option")
        }
        TerminalError::Aborted { .. } | TerminalError::EditorFailed => Advice::of(Exit::Aborted),
        TerminalError::TooLong { .. } | TerminalError::SeveralLines => {
            Advice::of(Exit::Refused).hint("give it on stdin, or from a file")
        }
        TerminalError::BrokenPipe => Advice::of(Exit::ReaderGone),
        TerminalError::TooMuch { .. } => Advice::of(Exit::Refused),
        TerminalError::Stream { .. } => Advice::of(Exit::Refused),
        TerminalError::NoMemoryFolder => {
            Advice::of(Exit::Refused).hint("set XDG_RUNTIME_DIR to a folder on tmpfs")
        }
        TerminalError::Signals | TerminalError::EditorFile { .. } => Advice::of(Exit::Refused),
        TerminalError::EditorStart(_) => Advice::of(Exit::Refused).hint("set EDITOR"),
        TerminalError::Signalled { signal } => {
            Advice::of(Exit::killed(u8::try_from(*signal).unwrap_or(0)))
        }
    }
}
