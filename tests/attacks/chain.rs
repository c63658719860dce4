//! Where an entry says that it stands in the chain of policies.

use tenure::log::entry::{Kind, Note, Op, PolicyStep};
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

/// Four admins, of whom two must sign: ana, ben, cleo, and dora, who has mallory's key here.
fn of_four() -> Estate {
    let estate = Estate { repo: crate::support::Repo::new() };
    estate.make_keys();
    let key = estate.public("mallory");
    let dora = format!("[members.dora]\nrecipients = [\"{key}\"]\nsigning-keys = [\"{key}\"]\n\n");
    let text = estate.policy_text().replace("threshold = 1", "threshold = 2");
    let text = text.replacen("[members.deploy]", &(dora + "[members.deploy]"), 1);
    let admins = "admin = [\"ana\", \"ben\", \"cleo\", \"dora\"]";
    estate.begin(&text.replace("admin = [\"ana\", \"ben\"]", admins));
    estate.set("ana", "prod/secrets/prod.env#DB_URL", "hunter2-two");
    estate.commit("of four");
    estate.honest();
    estate
}

/// Two admins take the right of some away: the first signs, the second approves.
fn taken(estate: &Estate, (one, two): (&str, &str), gone: &str) {
    estate.edit(POLICY, |text| {
        let left = text.replacen(&format!("\"{gone}\""), "", 1);
        let left = left.replace(", , ", ", ").replace(", ]", "]");
        left.replacen("[roles]\n", &format!("[roles]\nplain = [\"{gone}\"]\n"), 1)
    });
    let signed = estate.by(one, "--json policy sign -y").run().done().json();
    let id = signed["signed"]["policy_entry"].as_str().unwrap().to_owned();
    estate.by(two, &format!("policy sign -y {id}")).run().done();
    estate.commit(&format!("without {gone}"));
    estate.judged(0, &[]);
}

/// The right of ben, who approved the one policy, is taken by the other; and that of cleo, who signed the
/// other, by the one. Whoever needs such a word to win has not won.
#[test]
fn two_policies_that_each_need_somebody_whom_the_other_removed_fork() {
    for (on_side, verdict) in [(("cleo", "mallory"), 5), (("mallory", "cleo"), 5)] {
        let estate = of_four();
        estate.git("switch --quiet -c side");
        taken(&estate, on_side, "ben");
        estate.git("switch --quiet main");
        taken(&estate, ("ana", "ben"), "cleo");
        estate.git("merge --quiet --no-edit -X ours side");
        estate.judged(verdict, &["policy-fork"]);
    }
    // Who needs the word of one who was removed loses to who needs no such word.
    let estate = of_four();
    estate.git("switch --quiet -c side");
    let edit = |text: &str| text.replace("expires = 2026-06-01", "expires = 2026-07-01");
    estate.edit(POLICY, edit);
    let signed = estate.by("mallory", "--json policy sign -y").run().done().json();
    let id = signed["signed"]["policy_entry"].as_str().unwrap().to_owned();
    estate.by("cleo", &format!("policy sign -y {id}")).run().done();
    estate.commit("later");
    estate.git("switch --quiet main");
    taken(&estate, ("ana", "ben"), "cleo");
    let in_force = estate.read(POLICY);
    estate.git("merge --quiet --no-edit -X ours side");
    estate.write(POLICY, &in_force);
    estate.commit("merged");
    estate.judged(0, &[]);
    estate.honest();
}

/// Whoever approves a policy has it among what they saw.
#[test]
fn an_approval_that_does_not_come_after_the_policy_that_it_names() {
    let estate = of_four();
    let old = vec![estate.head()];
    estate.edit(POLICY, |text| text.replace("expires = 2026-06-01", "expires = 2026-07-01"));
    let signed = estate.by("ana", "--json policy sign -y").run().done().json();
    let target: EntryId = signed["signed"]["policy_entry"].as_str().unwrap().parse().unwrap();
    let wanted = estate.read(&estate.kept(target));
    estate.commit("proposed");
    let approved = |e: &Estate, on: Option<&Vec<EntryId>>| {
        let mut note = e.draft("ben", Kind::Note(Note::Approve { target }));
        note.policy = Some(e.root().parse().unwrap());
        note.parents = on.cloned().unwrap_or(note.parents);
        e.sign(note, &Pen::of("ben"));
        e.write(POLICY, &wanted);
    };
    estate.attacked(5, &["policy-altered", "not in force"], |e| approved(e, Some(&old)));
    estate.twin(|e| approved(e, None));
}

#[test]
fn an_entry_under_another_name_than_its_bytes_give() {
    let estate = Estate::new();
    let path = estate.path_of(estate.head());
    let altered = ["altered-entry", "not the one its bytes give"];
    for (from, to, words) in [
        ("/2026-01/20260101T", "/2026-02/20260201T", altered),
        ("T000000Z", "T000001Z", altered),
        ("/2026-01/", "/2026-02/", ["bad-entry", "this name is no log entry's"]),
    ] {
        estate.attacked(5, &words, |e| {
            let other = path.replacen(from, to, 1);
            assert_ne!(other, path);
            e.write(&other, e.read(&path));
            e.remove(&path);
        });
    }
}

impl Estate {
    /// An entry that is there, and is no policy.
    fn head_of_values(&self) -> EntryId {
        let log = self.log();
        let seal = log.iter().find(|signed| matches!(signed.entry.kind, Kind::Seal { .. }));
        seal.unwrap().id
    }
}
