//! Where an entry says that it stands in the chain of policies.

use tenure::log::entry::{Kind, Op, PolicyStep};
use tenure::names::EntryId;

use super::{Estate, Pen};

const POLICY: &str = ".secrets-policy.toml";
const KEY: &str = "prod/secrets/prod.env#API_KEY";

/// An estate with a second policy in force; gives the entries of both.
fn of_two() -> (Estate, EntryId, EntryId) {
    let estate = Estate::new();
    estate.edit(POLICY, |text| text.replace("expires = 2026-06-01", "expires = 2026-07-01"));
    estate.by("ben", "policy sign -y").run().done();
    estate.commit("second policy");
    estate.honest();
    let first = estate.root().parse().unwrap();
    let second = estate.step(2);
    (estate, first, second)
}

/// Has an admin sign a third policy that says of itself which one it is.
fn third(estate: &Estate, seq: u32, prev: EntryId) -> EntryId {
    let text = estate.read(POLICY).replace("revision = \"2-", "revision = \"3-");
    let step = PolicyStep { seq, prev: Some(prev), hash: estate.put_policy(&text) };
    estate.sign(estate.draft("ana", Kind::Policy(step)), &Pen::of("ana"))
}

fn third_honest(estate: &Estate) {
    third(estate, 3, estate.step(2));
}

/// It cannot even be said: the text that would say so is no entry.
#[test]
fn a_policy_that_follows_another_one_than_was_in_force() {
    let (estate, first, second) = of_two();
    let words = ["bad-entry", "`prev` is the same as `policy`"];
    estate.attacked(5, &words, |e| {
        let id = third(e, 3, second);
        let path = e.path_of(id);
        let text = e.read(&path);
        let (payload, _) = text.split_at(text.find("-----BEGIN SSH").unwrap());
        let new = payload.replace(&format!("prev = \"{second}\""), &format!("prev = \"{first}\""));
        assert_ne!(new, payload);
        let signature = e.signature(new.as_bytes(), &Pen::of("ana"));
        e.remove(&path);
        let short = EntryId::of(new.as_bytes()).short16();
        let path = format!("{}-{short}.entry", &path[..path.rfind('-').unwrap()]);
        e.write(&path, tenure::log::render::join(&new, &signature));
    });
    estate.twin(third_honest);
}

#[test]
fn a_policy_with_another_number_than_the_next() {
    let (estate, _, second) = of_two();
    for number in [2, 4, u32::MAX] {
        let words = ["policy-unauthorised", "does not follow policy 2"];
        estate.attacked(5, &words, |e| {
            third(e, number, second);
        });
    }
    estate.twin(third_honest);
}

#[test]
fn a_value_signed_under_a_policy_that_was_replaced_before_or_never_was() {
    let (estate, first, second) = of_two();
    let signed = |e: &Estate, by: &str, policy: EntryId| {
        let mut entry = e.draft(by, e.attesting(Op::Adopt, &[KEY]));
        entry.policy = Some(policy);
        e.sign(entry, &Pen::of(by));
    };
    let replaced = ["not-allowed", "policy 2 was in force for its signer"];
    estate.attacked(5, &replaced, |e| signed(e, "ben", first));
    let unknown = ["not-allowed", "not among its ancestors"];
    estate.attacked(5, &unknown, |e| signed(e, "ben", e.head_of_values()));
    estate.twin(|e| signed(e, "ben", second));
}

impl Estate {
    /// An entry that is there, and is no policy.
    fn head_of_values(&self) -> EntryId {
        let log = self.log();
        let seal = log.iter().find(|signed| matches!(signed.entry.kind, Kind::Seal { .. }));
        seal.unwrap().id
    }
}
