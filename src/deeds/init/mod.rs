//! Starts a repository: policy, first entry, keyrings, attributes, pin.

pub mod import;
pub mod undo;

use crate::deeds::DeedError;
use crate::deeds::attest::{Work, sign};
use crate::deeds::attributes;
use crate::deeds::enact::put_policy;
use crate::deeds::hooks::{self, Turned};
use crate::deeds::key::NewPair;
use crate::deeds::keyrings::renew;
use crate::deeds::load::Place;
use crate::deeds::member::keys::Keys;
use crate::deeds::own;
use crate::deeds::pen::Pen;
use crate::log::entry::{Kind, PolicyStep};
use crate::names::{EntryId, EnvName, MemberName, RepoPath, RepositoryId};
use crate::policy::{self, Policy, TemplateArgs};
use crate::world::keys::Found;
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
    let again = "tenure init --member NAME";
    let member = own::name(&place, plan.member.as_ref(), again)?;
    import::possible(&place, plan)?;
    let (key, new_key) = own::key_or_new(world)?;
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

fn refuse_again(place: &Place<'_>) -> Result<(), DeedError> {
    let evidence = place.log_evidence()?;
    if evidence.policy.is_none() && evidence.log.is_empty() {
        let Some(root) = place.pin()? else { return Ok(()) };
        // Only this state has no log: a branch of its own, or one from which somebody took it.
        return Err(DeedError::Refuse {
            what: format!("this clone trusts the log of root {} already", root.short()),
            instead: Some("git switch to the branch that has it, or: tenure restore".to_owned()),
        });
    }
    Err(DeedError::Refuse {
        what: "this repository has a policy or a log already".to_owned(),
        instead: Some("tenure policy show".to_owned()),
    })
}

fn first_policy(plan: &Plan, member: &MemberName, key: &Found) -> Result<String, DeedError> {
    let Keys { recipients, signing_keys } = own::keys(key)?;
    Ok(policy::template(&TemplateArgs {
        repository: RepositoryId::from_random(random()),
        member: member.clone(),
        recipients,
        signing_keys,
        environments: plan.environments.clone(),
        random: random(),
    }))
}
