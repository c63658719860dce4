//! Starts a repository: policy, first entry, keyrings, attributes, pin.

use super::DeedError;
use super::attest::{Work, sign};
use super::keyrings::renew;
use super::load::Place;
use super::pen::Pen;
use crate::log::entry::{Kind, PolicyStep};
use crate::names::{EntryId, EnvName, MemberName, RepoPath, RepositoryId, Sha256};
use crate::policy::{self, Policy, Recipient, SigningKey, TemplateArgs};
use crate::world::keys::Found;
use crate::world::{Change, Mode, World, random, signer};

/// What `init` is told.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The first member, who becomes admin.
    pub member: MemberName,
    /// The environments to begin with.
    pub environments: Vec<EnvName>,
}

/// What `init` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The id of the first entry: what CI must trust.
    pub root: EntryId,
    /// The first member.
    pub member: MemberName,
    /// The environments.
    pub environments: Vec<EnvName>,
    /// The files that were written.
    pub paths: Vec<RepoPath>,
    /// The key that reads and signs.
    pub key: String,
}

/// Starts a repository with the caller's own key.
///
/// # Errors
/// [`DeedError::Refuse`] where a policy or a log is there already, or no SSH key is at hand.
pub fn init(world: &World, plan: &Plan) -> Result<Started, DeedError> {
    let place = Place::to_write(world)?;
    refuse_again(&place)?;
    let key = own_key(world)?;
    let text = first_policy(plan, &key)?;
    let policy = Policy::parse(&text)?;
    let mut change = Change::new();
    let hash = put_policy(&text, &mut change)?;
    let public = key.public.clone().into_iter().collect::<Vec<_>>();
    let places = world.signing_places(&place.checkout)?;
    let signer = signer::find(&mut world.identities(), &places, &public)?;
    let mut pen = Pen::first(&place, signer, plan.member.clone());
    let step = PolicyStep { seq: 1, prev: None, hash };
    let root = pen.sign(Kind::Init(step), None, &mut change)?;
    let mut work = Work { writes: change, ..Work::default() };
    for env in &plan.environments {
        renew(world, &policy, env, Vec::new(), &mut work)?;
    }
    attributes(&place, &policy, &mut work.writes)?;
    let (receipt, change) = sign(&mut pen, &policy, work)?;
    place.commit(&change)?;
    if world.writes == crate::world::Writes::Real {
        place.set_pin(root)?;
    }
    Ok(Started {
        root,
        member: plan.member.clone(),
        environments: plan.environments.clone(),
        paths: receipt.paths,
        key: key.fingerprint.unwrap_or(key.source),
    })
}

/// Puts a policy's bytes in place, and among those that were ever signed.
///
/// # Errors
/// [`DeedError::Name`], never for a hash.
pub fn put_policy(text: &str, change: &mut Change) -> Result<Sha256, DeedError> {
    let hash = Sha256::of(text.as_bytes());
    let name = hash.to_string();
    let kept = format!(".secrets/policies/{}.toml", name.trim_start_matches("sha256:"));
    change.put(policy::PATH.parse()?, text.as_bytes().to_vec(), Mode::Keep);
    change.put(kept.parse()?, text.as_bytes().to_vec(), Mode::Keep);
    Ok(hash)
}

fn refuse_again(place: &Place<'_>) -> Result<(), DeedError> {
    let evidence = place.log_evidence()?;
    if evidence.policy.is_none() && evidence.log.is_empty() {
        return Ok(());
    }
    Err(DeedError::Refuse {
        what: "this repository has a policy or a log already".to_owned(),
        instead: Some("tenure status".to_owned()),
    })
}

/// The first key at hand that can both read and sign.
fn own_key(world: &World) -> Result<Found, DeedError> {
    let found = world.identities().public()?;
    let fits = |key: &&Found| key.recipient.is_some() && key.public.is_some() && key.can_sign;
    found.iter().find(fits).cloned().ok_or_else(|| DeedError::Refuse {
        what: "no SSH key of yours is at hand that can both read and sign".to_owned(),
        instead: Some("tenure key new".to_owned()),
    })
}

fn first_policy(plan: &Plan, key: &Found) -> Result<String, DeedError> {
    let refuse =
        |what: String| DeedError::Refuse { what, instead: Some("tenure key new".to_owned()) };
    let recipient: Recipient = key
        .recipient
        .as_deref()
        .unwrap_or_default()
        .parse()
        .map_err(|why| refuse(format!("your key cannot read: {why}")))?;
    let public = key.public.as_ref().and_then(|public| public.to_openssh().ok());
    let signing: SigningKey = public
        .unwrap_or_default()
        .parse()
        .map_err(|why| refuse(format!("your key cannot sign: {why}")))?;
    Ok(policy::template(&TemplateArgs {
        repository: RepositoryId::from_random(random()),
        member: plan.member.clone(),
        recipients: vec![recipient],
        signing_keys: vec![signing],
        environments: plan.environments.clone(),
        random: random(),
    }))
}

/// Adds the lines that `.gitattributes` needs and does not have yet.
///
/// # Errors
/// [`DeedError::World`] when the file cannot be read.
pub fn attributes(
    place: &Place<'_>,
    policy: &Policy,
    change: &mut Change,
) -> Result<(), DeedError> {
    let path: RepoPath = ".gitattributes".parse()?;
    let old = place.files.read(&path)?.unwrap_or_default();
    let missing = missing_attributes(&String::from_utf8_lossy(&old), policy);
    if missing.is_empty() {
        return Ok(());
    }
    let mut new = old.clone();
    if !new.is_empty() && !new.ends_with(b"\n") {
        new.push(b'\n');
    }
    missing.iter().for_each(|line| new.extend(format!("{line}\n").bytes()));
    change.put(path, new, Mode::Keep);
    Ok(())
}

/// The lines of `.gitattributes` that keep line endings from breaking signatures and tokens.
#[must_use]
pub fn missing_attributes(text: &str, policy: &Policy) -> Vec<String> {
    let own = ["/.secrets/**".to_owned(), format!("/{}", policy::PATH)];
    let own = own.into_iter().map(|glob| format!("{glob} -text"));
    let globs = policy.environments.values().flat_map(|env| &env.files);
    let sealed = globs.map(|glob| format!("/{} -text diff=tenure merge=tenure", glob.as_str()));
    let has = |line: &String| text.lines().any(|old| old.trim_end() == line);
    own.chain(sealed).filter(|line| !has(line)).collect()
}
