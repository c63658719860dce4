//! Shows the policy in force.

use crate::deeds::DeedError;
use crate::deeds::enact::{Edited, Signed, nothing_blocks};
use crate::deeds::load::Place;
use crate::finding::{Code, Finding};
use crate::names::{EntryId, EnvName, MemberName, RepositoryId, RoleName};
use crate::policy::Policy;
use crate::verify::{Proposal, Record};
use crate::world::World;

/// The policy in force, for people.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its number and the entry that signs it; none in a repository without a log.
    pub signed: Option<(u32, EntryId, MemberName)>,
    /// Its revision.
    pub revision: String,
    /// The repository's id.
    pub repository: RepositoryId,
    /// Who signs policies, and how many of them must.
    pub admins: (Vec<MemberName>, u32),
    /// The roles.
    pub roles: Vec<(RoleName, Vec<MemberName>)>,
    /// The environments.
    pub environments: Vec<Environment>,
    /// The policies that wait for approval, and those that another one overtook.
    pub proposals: Vec<Waiting>,
    /// That the policy's file differs from it, if so.
    pub altered: Option<Finding>,
}

/// A policy that was signed and is not in force.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Who signed it.
    pub signed: Signed,
    /// How many admins it lacks; none where it follows a policy that is no longer in force.
    pub lacks: Option<usize>,
    /// Those who may approve it.
    pub may: Vec<MemberName>,
}

/// An environment, for people.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name.
    pub name: EnvName,
    /// Its files.
    pub files: Vec<String>,
    /// Who reads it.
    pub readers: Vec<MemberName>,
    /// Who writes it.
    pub writers: Vec<MemberName>,
}

/// Gives the policy in force, whatever lies in the policy's file.
///
/// # Errors
/// [`DeedError::Refused`] where the log is not to be believed.
pub fn show(world: &World) -> Result<Shown, DeedError> {
    let place = Place::find(world)?;
    let record = place.record()?;
    nothing_blocks(&record.findings, Edited::Expected)?;
    let blocked =
        |finding: &&Finding| matches!(finding.code, Code::PolicyAltered | Code::PolicyInvalid);
    let altered = record.findings.iter().find(blocked).cloned();
    let policy = match (record.policy(), &altered) {
        (Some(policy), _) => policy,
        (None, Some(finding)) => return Err(DeedError::Refused(finding.clone().into())),
        (None, None) => return Err(DeedError::NoPolicy),
    };
    let signed = record
        .chain
        .current()
        .map(|step| (step.seq, step.id, record.entries[step.entry].entry.by.clone()));
    Ok(Shown {
        signed,
        revision: policy.revision.clone(),
        repository: policy.repository.clone(),
        admins: (policy.admins().into_iter().cloned().collect(), policy.admin.threshold),
        roles: policy.roles.iter().map(|(role, names)| (role.clone(), names.clone())).collect(),
        environments: environments(policy),
        proposals: record.chain.proposals().iter().map(|it| waiting(&record, it)).collect(),
        altered,
    })
}

fn waiting(record: &Record, proposal: &Proposal<'_>) -> Waiting {
    Waiting {
        signed: Signed::of(record, proposal.step),
        lacks: (!proposal.stale).then_some(proposal.tally.lacks),
        may: proposal.tally.may.iter().map(|who| (*who).clone()).collect(),
    }
}

fn environments(policy: &Policy) -> Vec<Environment> {
    let of = |(name, env): (&EnvName, &crate::policy::Environment)| Environment {
        name: name.clone(),
        files: env.files.iter().map(|glob| glob.as_str().to_owned()).collect(),
        readers: policy.readers(name).into_iter().cloned().collect(),
        writers: policy.writers(name).into_iter().cloned().collect(),
    };
    policy.environments.iter().map(of).collect()
}
