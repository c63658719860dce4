//! Requests that wait in `.secrets/requests`: who asks for what, and whether it could be granted.

use jiff::{SignedDuration, Timestamp};

use crate::deeds::DeedError;
use crate::deeds::load::Place;
use crate::log::request::{LARGEST, Request, RequestError, SignedRequest, Wanted};
use crate::names::{MemberName, RepoPath};
use crate::policy::{Policy, SigningKey};
use crate::verify::Record;

/// The folder of all requests.
pub const FOLDER: &str = ".secrets/requests";

/// How far ahead of now a request may be.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The path of a member's request.
///
/// # Errors
/// [`DeedError::Name`], never for a name.
pub fn path(name: &MemberName) -> Result<RepoPath, DeedError> {
    Ok(format!("{FOLDER}/{name}.toml").parse()?)
}

/// Reads a request, and gives the bytes that it was read from; none where none waits.
///
/// # Errors
/// [`DeedError::Request`] for a file that is none; [`DeedError::World`] for a link.
pub fn read(
    place: &Place<'_>,
    name: &MemberName,
) -> Result<Option<(Vec<u8>, SignedRequest)>, DeedError> {
    let limit = LARGEST as u64;
    let Some(bytes) = place.read_up_to(&path(name)?, limit)? else { return Ok(None) };
    let signed = SignedRequest::parse(&bytes)?;
    Ok(Some((bytes, signed)))
}

/// Judges a request against the policy in force: it is signed by a key that it names (or, for other
/// keys, by one of the member's now), it is for this log, and neither its name nor its keys are taken.
///
/// # Errors
/// [`DeedError::Refuse`] with the reason.
pub fn judge(
    signed: &SignedRequest,
    name: &MemberName,
    record: &Record,
    now: Timestamp,
) -> Result<(), DeedError> {
    let policy = record.policy().ok_or(DeedError::NoPolicy)?;
    let request = &signed.request;
    if request.name != *name {
        return refuse(format!("the request named `{name}` is one of `{}`", request.name));
    }
    if Some(request.root) != record.root() || request.repository != policy.repository {
        return refuse(format!(
            "the request of `{name}` is for another log, which starts at {}",
            request.root
        ));
    }
    if request.time.duration_since(now) > TOLERANCE {
        return refuse(format!("the request of `{name}` says {}, which is to come", request.time));
    }
    is_free(request, policy)?;
    let own = policy.members.get(name).map(|member| member.signing_keys.as_slice());
    let (keys, whose) = match request.wanted {
        Wanted::Join => (request.signing_keys.as_slice(), "that it names"),
        Wanted::Replace => (own.unwrap_or_default(), "that the policy names"),
    };
    if let Err(why) = signed.signed_by(keys) {
        return refuse(format!("the request of `{name}` is not signed by a key {whose}: {why}"));
    }
    is_new(request, record)
}

fn refuse(what: String) -> Result<(), DeedError> {
    Err(DeedError::Refuse { what, instead: Some("ask them for a new one: tenure join".to_owned()) })
}

/// Tells whether name and keys are nobody else's.
///
/// # Errors
/// [`DeedError::Refuse`] naming whose they are.
pub fn is_free(request: &Request, policy: &Policy) -> Result<(), DeedError> {
    let (name, taken) = (&request.name, policy.members.contains_key(&request.name));
    let refuse = |what: String, instead: &str| {
        Err(DeedError::Refuse { what, instead: Some(instead.to_owned()) })
    };
    match request.wanted {
        Wanted::Join if taken => {
            let what = format!("there is a member `{name}` already");
            return refuse(what, "a new member asks under another name: tenure join --name NAME");
        }
        Wanted::Replace if !taken => {
            return refuse(format!("there is no member `{name}`"), "tenure member list");
        }
        Wanted::Join | Wanted::Replace => {}
    }
    let lost = policy.lost_keys().find(|(_, lost)| {
        request.recipients.iter().any(|key| lost.reads(key))
            || request.signing_keys.iter().any(|key| lost.signs(key))
    });
    if let Some((by, lost)) = lost {
        let what = format!("`{by}` lost the key {}", lost.fingerprint());
        return refuse(what, "make a new one: tenure key new");
    }
    let others = policy.members.iter().filter(|(other, _)| *other != name);
    for (other, member) in others {
        let reads = member.recipients.iter().any(|key| request.recipients.contains(key));
        let signs = member.signing_keys.iter().any(|key| request.signing_keys.contains(key));
        if reads || signs {
            let what = format!("a key of this request is `{other}`'s already");
            return refuse(what, "everybody has keys of their own: tenure key new");
        }
    }
    Ok(())
}

/// A request that was granted before is no request of today: whoever kept its file could bring back a
/// member who left.
fn is_new(request: &Request, record: &Record) -> Result<(), DeedError> {
    let names = |policy: &Policy| match request.wanted {
        Wanted::Join => policy.members.contains_key(&request.name),
        Wanted::Replace => policy.members.values().any(|member| {
            let had = |key: &SigningKey| member.signing_keys.contains(key);
            request.signing_keys.iter().any(had)
                || request.recipients.iter().any(|key| member.recipients.contains(key))
        }),
    };
    let left = record.steps_in_force().filter(|step| {
        let before = step.prev.map(|prev| &record.chain.steps[prev].policy);
        before.is_some_and(|before| names(before)) && !names(&step.policy)
    });
    let left = left.map(|step| record.entries[step.entry].entry.time).max();
    match left {
        Some(left) if request.time <= left => Err(DeedError::Refuse {
            what: format!(
                "the request of `{}` is of {}, and what it asks for was taken away on {left}",
                request.name, request.time
            ),
            instead: Some("ask them for a new one: tenure join".to_owned()),
        }),
        _ => Ok(()),
    }
}

/// A file in the folder of requests.
#[derive(Debug)]
pub struct Waiting {
    /// Its path.
    pub path: String,
    /// What it asks for, or why it is no request that could be approved.
    pub state: Result<Request, String>,
}

/// The most files that are looked into: whoever can push can leave any number.
const MOST: usize = 100;

/// Looks at what lies in the folder of requests; a bad file is a word and never an error.
#[must_use]
pub fn waiting(place: &Place<'_>, record: &Record) -> Vec<Waiting> {
    let state = |why: &str| Err(why.to_owned());
    let listing = match place.list(FOLDER) {
        Ok(listing) => listing,
        Err(_) => {
            let path = FOLDER.to_owned();
            return vec![Waiting { path, state: state("it cannot be read") }];
        }
    };
    let odd = listing.odd.into_iter().map(|odd| (odd.path, Err("it is no regular file")));
    let files = listing.files.into_iter().map(|path| (path.to_string(), Ok(path)));
    let mut all: Vec<_> = odd.chain(files).collect();
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    let one = |(path, file): (String, Result<RepoPath, &str>)| {
        let state = file.map_err(str::to_owned).and_then(|file| look(place, record, &file));
        Waiting { path, state }
    };
    let mut all: Vec<_> = all.into_iter().map(one).collect();
    if more > 0 {
        let path = FOLDER.to_owned();
        all.push(Waiting { path, state: Err(format!("{more} more files are not looked into")) });
    }
    all
}

fn look(place: &Place<'_>, record: &Record, file: &RepoPath) -> Result<Request, String> {
    let name = file.as_str().strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/'));
    let name = name.and_then(|rest| rest.strip_suffix(".toml")?.parse::<MemberName>().ok());
    let name = name.ok_or_else(|| "its name is no member's".to_owned())?;
    let bytes = place.read(file).map_err(|why| why.to_string())?.unwrap_or_default();
    let signed = SignedRequest::parse(&bytes).map_err(|why: RequestError| why.to_string())?;
    judge(&signed, &name, record, place.world.now).map_err(|why| why.to_string())?;
    Ok(signed.request)
}
