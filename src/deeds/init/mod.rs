//! Starts a repository: policy, first entry, keyrings, attributes, pin.

pub mod import;
pub mod undo;

use crate::deeds::DeedError;
use crate::deeds::attest::{Work, sign};
use crate::deeds::attributes;
use crate::deeds::enact::{agree, put_policy};
use crate::deeds::hooks::{self, Turned};
use crate::deeds::key::{self, Cover, NewPair};
use crate::deeds::keyrings::renew;
use crate::deeds::load::Place;
use crate::deeds::pen::Pen;
use crate::log::entry::{Kind, PolicyStep};
use crate::names::{EntryId, EnvName, MemberName, RepoPath, RepositoryId};
use crate::policy::{self, Policy, Recipient, SigningKey, TemplateArgs};
use crate::world::keys::Found;
use crate::world::terminal::Terminal;
use crate::world::{Change, World, Writes, random};

use import::{Import, Imported, Loose};

/// What `init` is told.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The first member, who becomes admin; none takes git's `user.name`.
    pub member: Option<MemberName>,
    /// The environments to begin with.
    pub environments: Vec<EnvName>,
    /// Files in clear that are to be imported.
    pub imports: Vec<Import>,
}

/// What `init` did.
#[derive(Debug, Clone)]
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
    /// The key that was made, if none was at hand.
    pub new_key: Option<NewPair>,
    /// What was imported.
    pub imported: Vec<Imported>,
    /// Files in clear that look like secrets and were not imported.
    pub loose: Vec<Loose>,
    /// The hook, or why there is none.
    pub hook: Result<Turned, String>,
}

/// Starts a repository with the caller's own key, which is made where there is none.
///
/// # Errors
/// [`DeedError::Refuse`] where a policy or a log is there already; nothing is written then.
pub fn init(world: &World, plan: &Plan) -> Result<Started, DeedError> {
    let place = Place::to_write(world)?;
    refuse_again(&place)?;
    let member = member(&place, plan.member.as_ref())?;
    import::possible(&place, plan)?;
    let (key, new_key) = key_or_new(world)?;
    let (root, paths) = start(&place, plan, &member, &key)?;
    let loose = import::loose(&place, plan)?;
    // The imports are writes of their own, for which the right to write is taken anew.
    drop(place);
    let (imported, loose) = import::all(world, plan, loose)?;
    let hook = hooks::install(world).map_err(|why| why.to_string());
    let (environments, key) = (plan.environments.clone(), key.fingerprint.unwrap_or(key.source));
    Ok(Started { root, member, environments, paths, key, new_key, imported, loose, hook })
}

fn start(
    place: &Place<'_>,
    plan: &Plan,
    member: &MemberName,
    key: &Found,
) -> Result<(EntryId, Vec<RepoPath>), DeedError> {
    let world = place.world;
    let text = first_policy(plan, member, key)?;
    let policy = Policy::parse(&text)?;
    let mut change = Change::new();
    let hash = put_policy(&text, &mut change)?;
    let public = key.public.clone().into_iter().collect::<Vec<_>>();
    let signer = world.signer(&place.checkout, &public)?;
    let mut pen = Pen::first(place, signer, member.clone());
    let step = PolicyStep { seq: 1, prev: None, hash };
    let root = pen.sign(Kind::Init(step), None, &mut change)?;
    let mut work = Work { writes: change, ..Work::default() };
    for env in &plan.environments {
        renew(world, &policy, env, Vec::new(), &mut work)?;
    }
    attributes::add(place, &policy, &mut work.writes)?;
    let (_, change) = sign(&mut pen, &policy, work)?;
    place.commit(&change)?;
    if world.writes == Writes::Real {
        place.set_pin(root)?;
    }
    Ok((root, change.paths().cloned().collect()))
}

/// The first member's name: as said, else what git calls the user.
fn member(place: &Place<'_>, said: Option<&MemberName>) -> Result<MemberName, DeedError> {
    if let Some(said) = said {
        return Ok(said.clone());
    }
    let name = place.checkout.user_name()?.unwrap_or_default();
    slug(&name).parse().map_err(|_| DeedError::Refuse {
        what: "git does not know your name, and your name as a member is not said".to_owned(),
        instead: Some("tenure init --member NAME".to_owned()),
    })
}

/// A name in the grammar of members: "Ana Torres" becomes `ana-torres`.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(64);
    slug.trim_end_matches('-').to_owned()
}

/// The key at hand, or a new one.
fn key_or_new(world: &World) -> Result<(Found, Option<NewPair>), DeedError> {
    if let Some(found) = own_key(world)? {
        return Ok((found, None));
    }
    if world.terminal == Terminal::Person {
        agree(
            world,
            "no SSH key of yours can both read and sign; make one under ~/.config/tenure?",
        )?;
    }
    let pair = key::person(world, Cover::Plain)?;
    world.identities().also(&pair.path);
    let found = own_key(world)?.ok_or_else(|| DeedError::Refuse {
        what: "the key that was just made is not found".to_owned(),
        instead: Some("tenure doctor".to_owned()),
    })?;
    Ok((found, Some(pair)))
}

fn refuse_again(place: &Place<'_>) -> Result<(), DeedError> {
    let evidence = place.log_evidence()?;
    if evidence.policy.is_none() && evidence.log.is_empty() {
        return Ok(());
    }
    Err(DeedError::Refuse {
        what: "this repository has a policy or a log already".to_owned(),
        instead: Some("tenure policy show".to_owned()),
    })
}

/// The first key at hand that can both read and sign.
fn own_key(world: &World) -> Result<Option<Found>, DeedError> {
    let found = world.identities().public()?;
    let fits = |key: &&Found| key.recipient.is_some() && key.public.is_some() && key.can_sign;
    Ok(found.iter().find(fits).cloned())
}

fn first_policy(plan: &Plan, member: &MemberName, key: &Found) -> Result<String, DeedError> {
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
        member: member.clone(),
        recipients: vec![recipient],
        signing_keys: vec![signing],
        environments: plan.environments.clone(),
        random: random(),
    }))
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_users_name_becomes_a_members() {
        assert_eq!(slug("Ana Torres"), "ana-torres");
        assert_eq!(slug("  Ana  (work) "), "ana-work");
        assert_eq!(slug("Zoë"), "zo");
        assert_eq!(slug("山田"), "");
        assert_eq!(slug(&"x".repeat(99)).len(), 64);
    }
}
