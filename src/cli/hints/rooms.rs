//! Advice on the pure rooms.

use super::{Advice, Exit};
use crate::deliver::DeliverError;
use crate::document::value::ValueError;
use crate::keyring::KeyringError;
use crate::log::EntryError;
use crate::log::request::RequestError;
use crate::names::{Address, NameError, quoted};
use crate::policy::edit::EditError;
use crate::policy::{PATH, PolicyError};
use crate::rotation::RotationError;
use crate::seal::SealError;
use crate::world::child::ChildError;

pub(crate) fn name(error: &NameError) -> Advice {
    let NameError { .. } = error;
    Advice::of(Exit::Refused)
}

pub(crate) fn policy(error: &PolicyError) -> Advice {
    let hint = error.fix().unwrap_or_else(|| "tenure policy lint".to_owned());
    Advice::of(Exit::Invalid).at(format!("{PATH}:{}", error.line)).hint(hint)
}

pub(crate) fn edit(error: &EditError) -> Advice {
    match error {
        EditError::Invalid(why) => policy(why),
        EditError::Breaks(_) => Advice::of(Exit::Invalid).hint("tenure policy show"),
        EditError::MemberExists { .. } | EditError::RoleExists { .. } => {
            Advice::of(Exit::Refused).hint("choose another name")
        }
        EditError::UnknownMember { nearest, .. } => {
            let hint = nearest.as_ref().map(|name| format!("did you mean `{name}`?"));
            Advice::of(Exit::Unknown).hint(hint.unwrap_or_else(|| "tenure member list".to_owned()))
        }
        EditError::UnknownRole { nearest, .. } => {
            let hint = nearest.as_ref().map(|name| format!("did you mean `{name}`?"));
            let others =
                || "tenure policy show lists them; member add --create-role makes it".to_owned();
            Advice::of(Exit::Unknown).hint(hint.unwrap_or_else(others))
        }
        EditError::UnknownEnvironment { .. } => {
            Advice::of(Exit::Unknown).hint("tenure policy show")
        }
        EditError::LeavesNobody { .. } => Advice::of(Exit::Refused)
            .at(PATH)
            .hint("put somebody else there first: tenure member add NAME --role ROLE"),
        EditError::AlreadyThere { .. } | EditError::NotThere { .. } | EditError::Layout { .. } => {
            Advice::of(Exit::Refused).at(PATH)
        }
    }
}

pub(crate) fn value(error: &ValueError) -> Advice {
    match error {
        ValueError::Malformed { .. }
        | ValueError::Ambiguous { .. }
        | ValueError::NotWritable { .. } => Advice::of(Exit::Refused).hint("tenure edit"),
        ValueError::Occupied => Advice::of(Exit::Refused),
        ValueError::ByHand { .. } | ValueError::NotSpliceable(_) => {
            Advice::of(Exit::Refused).hint("tenure edit FILE")
        }
    }
}

pub(crate) fn seal(error: &SealError) -> Advice {
    match error {
        SealError::Refused(key) => Advice::of(Exit::Untrusted).hint(format!(
            "tenure check; where that finds nothing, its writer sealed it so: tenure set {} with the right value",
            quoted(format!("ENV/{key}"))
        )),
        SealError::NotAToken | SealError::StructureChanged => {
            Advice::of(Exit::Untrusted).hint("tenure check")
        }
        SealError::UnknownGeneration(_) | SealError::WholeRefused => {
            Advice::of(Exit::NoKey).hint("tenure check")
        }
        SealError::TooLong(_) | SealError::WholeFailed => Advice::of(Exit::Refused),
        SealError::ForeignToken(_) => Advice::of(Exit::Refused)
            .hint("a token cannot be copied to another place: put the value itself there"),
    }
}

pub(crate) fn keyring(error: &KeyringError) -> Advice {
    match error {
        KeyringError::NoReaders => {
            Advice::of(Exit::Invalid).at(PATH).hint("give the environment a reader")
        }
        KeyringError::WriteFailed => Advice::of(Exit::Refused),
        KeyringError::NotAge | KeyringError::BadLine(_) | KeyringError::OtherGenerations => {
            Advice::of(Exit::Untrusted).hint("tenure check")
        }
        KeyringError::BadRecipient(_) => {
            Advice::of(Exit::Invalid).at(PATH).hint("tenure policy lint")
        }
    }
}

pub(crate) fn entry(error: &EntryError) -> Advice {
    match error {
        EntryError::Reason { .. } => {
            Advice::of(Exit::Refused).hint("give another --reason, on one line")
        }
        EntryError::TooLarge => Advice::of(Exit::Refused).hint("do it in several steps"),
        EntryError::LineEndings { .. }
        | EntryError::NotText { .. }
        | EntryError::Version { .. }
        | EntryError::Checkpoint
        | EntryError::Expected { .. }
        | EntryError::Name { .. }
        | EntryError::Rule { .. }
        | EntryError::Signature { .. } => Advice::of(Exit::Untrusted).hint("tenure check"),
    }
}

pub(crate) fn request(error: &RequestError) -> Advice {
    match error {
        RequestError::TooLarge
        | RequestError::Grammar(_)
        | RequestError::Recipient { .. }
        | RequestError::SigningKey { .. }
        | RequestError::Rule(_) => {
            Advice::of(Exit::Refused).hint("have it written anew: tenure join --role ROLE")
        }
    }
}

pub(crate) fn rotation(error: &RotationError) -> Advice {
    match error {
        RotationError::NoGenerator | RotationError::Length { .. } => {
            Advice::of(Exit::Refused).hint("--generate password:32")
        }
        RotationError::Issued => Advice::of(Exit::Refused).hint("--generate hmac:64"),
        RotationError::Set => {
            Advice::of(Exit::Refused).hint("--generate password:20:set=0123456789")
        }
        RotationError::Host => Advice::of(Exit::Refused).hint("--generate cert:example.test:90d"),
        RotationError::Authority => Advice::of(Exit::Refused)
            .hint("make one: tenure set ENV/TEST_CA --generate ca:test:3650d"),
        RotationError::Outlives(_) => {
            Advice::of(Exit::Refused).hint("ask for fewer days, or rotate the authority first")
        }
        RotationError::NotMade => Advice::of(Exit::Refused),
    }
}

pub(crate) fn child(error: &ChildError) -> Advice {
    match error {
        ChildError::NotFound { .. } => Advice::of(Exit::NotFound),
        ChildError::NotExecutable { .. } => Advice::of(Exit::NotExecutable),
        ChildError::Interrupted { signal, .. } => {
            let exit = Exit::killed(u8::try_from(*signal).unwrap_or(0));
            Advice::of(exit).hint("the same command goes on from there")
        }
        ChildError::BadVariable { .. }
        | ChildError::BadArgument { .. }
        | ChildError::Lost { .. }
        | ChildError::Harden(_) => Advice::of(Exit::NotStarted),
    }
}

pub(crate) fn deliver(error: &DeliverError) -> Advice {
    let place = |address: &Address| format!("{} {}", address.path, address.key);
    match error {
        DeliverError::Twice { places, .. } => Advice::of(Exit::Refused)
            .at(place(&places[1]))
            .hint("take one of them away with tenure unset, or leave the name out with --only"),
        DeliverError::Repeated(address) => Advice::of(Exit::Refused)
            .at(place(address))
            .hint(format!("keep one of them: tenure edit {}", quoted(&address.path))),
        DeliverError::Steers { name, address } => {
            Advice::of(Exit::Refused).at(place(address)).hint(format!(
                "if that is meant: allow-env = [\"{name}\"] under [environments.{}] in {PATH}",
                address.env
            ))
        }
        DeliverError::Nul(address) => Advice::of(Exit::Refused)
            .at(place(address))
            .hint(format!("tenure get {} writes it to stdout", quoted(address))),
        DeliverError::Unreadable { address, .. } => Advice::of(Exit::Refused)
            .at(place(address))
            .hint(format!("tenure edit {}", quoted(&address.path))),
        DeliverError::NoVariable { nearest, .. } => Advice::of(Exit::Unknown).hint(match nearest {
            Some(near) => format!("did you mean {near}?"),
            None => "tenure list".to_owned(),
        }),
        DeliverError::NotWritable { address, .. } => {
            Advice::of(Exit::Refused).at(place(address)).hint("tenure export --format json")
        }
    }
}
