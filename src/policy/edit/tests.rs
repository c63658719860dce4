//! What edits do to the text, and what they leave alone.

use proptest::prelude::*;

use super::*;
use crate::policy::parse::samples::{BASE, DAN_SSH, parse};

const RANDOM: [u8; 4] = [0, 0xab, 1, 0xff];

fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn dan() -> NewMember {
    NewMember {
        name: name("dan"),
        kind: MemberKind::Person,
        recipients: vec![DAN_SSH.parse().unwrap()],
        signing_keys: vec![DAN_SSH.parse().unwrap()],
        owner: None,
        expires: Some(jiff::civil::date(2027, 5, 1)),
    }
}

/// The lines that only one of the two texts has.
fn changed<'t>(old: &'t str, new: &'t str) -> (Vec<&'t str>, Vec<&'t str>) {
    let only = |a: &'t str, b: &str| {
        a.lines().filter(|line| !b.lines().any(|other| other == *line)).collect()
    };
    (only(old, new), only(new, old))
}

#[test]
fn counting_up_changes_the_revision_and_keeps_its_comment() {
    let text = bump_revision(BASE, RANDOM).unwrap();
    let (gone, come) = changed(BASE, &text);
    assert_eq!(gone, ["revision = \"3-9f2c41ab\"            # new at each signing"]);
    assert_eq!(come, ["revision = \"4-00ab01ff\"            # new at each signing"]);
    assert_eq!(text.lines().count(), BASE.lines().count());
}

#[test]
fn a_new_member_stands_after_the_others_and_in_their_roles() {
    let text = add_member(BASE, &dan(), &[name("developer"), name("admin")], RANDOM).unwrap();
    let (gone, come) = changed(BASE, &text);
    assert_eq!(gone[1..], ["admin = [\"ana\", \"ben\"]"]);
    assert_eq!(come[1], "[members.dan]");
    let keys = [
        format!("recipients = [\"{DAN_SSH}\"]"),
        format!("signing-keys = [\"{DAN_SSH}\"]"),
        "admin = [\"ana\", \"ben\", \"dan\"]".to_owned(),
        "    \"dan\",".to_owned(),
    ];
    assert_eq!(come[2..], [&*keys[0], &*keys[1], &*keys[2], &*keys[3]]);
    assert!(text.contains("\"cleo\", # since May\n    \"dan\",\n]"), "{text}");
    assert!(text.contains("expires = 2027-05-01\n\n[roles]"), "{text}");
    let policy = parse(&text);
    assert!(policy.is_admin(&name("dan")));
    assert_eq!(policy.members[&name("dan")].expires, dan().expires);
}

#[test]
fn adding_and_removing_gives_back_the_text() {
    let roles = [name("developer"), name("admin")];
    let added = add_member(BASE, &dan(), &roles, RANDOM).unwrap();
    let removed = remove_member(&added, &name("dan"), RANDOM).unwrap();
    assert_eq!(removed.replace("5-00ab01ff", "3-9f2c41ab"), BASE);
    let windows = BASE.replace('\n', "\r\n");
    let added = add_member(&windows, &dan(), &roles, RANDOM).unwrap();
    let removed = remove_member(&added, &name("dan"), RANDOM).unwrap();
    assert_eq!(removed.replace("5-00ab01ff", "3-9f2c41ab"), windows);
}

#[test]
fn a_leaver_takes_only_their_own_comment_along() {
    let text = remove_member(BASE, &name("ben"), RANDOM).unwrap();
    let (gone, come) = changed(BASE, &text);
    assert_eq!(come.len(), 2, "{come:?}");
    assert!(gone.contains(&"# Ben is on call.") && !text.contains("ben"), "{text}");
    assert!(text.contains("\"ana\", # leads\n    \"cleo\", # since May\n]"), "{text}");
    assert!(text.contains("# People.\n") && text.contains("# Machines.\n"));
    assert!(!parse(&text).is_admin(&name("ben")));
}

#[test]
fn a_role_that_only_the_leaver_had_goes_with_them() {
    let text = remove_member(BASE, &name("deploy-prod"), RANDOM).unwrap();
    let policy = parse(&text);
    assert!(!policy.roles.contains_key(&name::<RoleName>("deploy")));
    assert!(text.contains("readers = [\"admin\"]\n"), "{text}");
    assert!(text.contains("# Machines.\n"));
}

#[test]
fn an_owner_who_leaves_is_no_owner_any_more() {
    let base = BASE.replace("owner = \"ana\"", "owner = \"ben\"");
    let policy = parse(&remove_member(&base, &name("ben"), RANDOM).unwrap());
    assert_eq!(policy.members[&name("deploy-prod")].owner, None);
}

#[test]
fn another_answers_for_a_machine_and_the_line_keeps_its_comment() {
    let base = BASE.replace("owner = \"ana\"", "owner = \"ana\" # for now");
    let mut edit = Edit::of(&base).unwrap();
    edit.give_owner(&name("deploy-prod"), &name("ben")).unwrap();
    let text = edit.finish(RANDOM).unwrap();
    assert_eq!(changed(&base, &text).1[1..], ["owner = \"ben\" # for now"]);
    let mut edit = Edit::of(&base.replace("owner = \"ana\" # for now\n", "")).unwrap();
    edit.give_owner(&name("deploy-prod"), &name("ben")).unwrap();
    let policy = parse(&edit.finish(RANDOM).unwrap());
    assert_eq!(policy.members[&name("deploy-prod")].owner, Some(name("ben")));
    let mut edit = Edit::of(&base).unwrap();
    let stranger = edit.give_owner(&name("deploy-prod"), &name("bem")).unwrap_err();
    assert!(matches!(stranger, EditError::UnknownMember { .. }));
    edit.give_owner(&name("ben"), &name("deploy-prod")).unwrap();
    let machine = edit.finish(RANDOM).unwrap_err();
    assert!(matches!(machine, EditError::Breaks(_)), "{machine}");
}

#[test]
fn a_role_that_only_those_had_who_leave_together_goes_with_them() {
    let both = BASE.replace("deploy = [\"deploy-prod\"]", "deploy = [\"deploy-prod\", \"ben\"]");
    let mut edit = Edit::of(&both).unwrap();
    edit.remove_members(&[&name("deploy-prod"), &name("ben")]).unwrap();
    let policy = parse(&edit.finish(RANDOM).unwrap());
    assert!(!policy.roles.contains_key(&name::<RoleName>("deploy")));
    assert!(!policy.members.contains_key(&name::<MemberName>("ben")));
}

#[test]
fn what_would_leave_nobody_is_refused() {
    let left = |who: &str| remove_member(BASE, &name(who), RANDOM).unwrap_err();
    // Only ana may write what `leads` guard: without her the rule would widen.
    let nobody =
        EditError::LeavesNobody { place: "secrets.writers".to_owned(), name: "leads".to_owned() };
    assert_eq!(left("ana"), nobody);
    let error = remove_from_role(BASE, &name("deploy"), &name("deploy-prod"), RANDOM).unwrap_err();
    assert!(matches!(error, EditError::LeavesNobody { .. }));
    let two = BASE.replace("threshold = 1", "threshold = 2");
    let error = remove_member(&two, &name("ben"), RANDOM).unwrap_err();
    assert!(matches!(error, EditError::Breaks(_)), "{error}");
}

#[test]
fn names_that_are_taken_or_unknown_are_refused() {
    let mut twice = dan();
    twice.name = name("ana");
    let error = add_member(BASE, &twice, &[], RANDOM).unwrap_err();
    assert!(matches!(error, EditError::MemberExists { .. }));
    let error = add_member(BASE, &dan(), &[name("develper")], RANDOM).unwrap_err();
    let nearest = Some("developer".to_owned());
    assert_eq!(error, EditError::UnknownRole { role: name("develper"), nearest });
    let error = remove_member(BASE, &name("clio"), RANDOM).unwrap_err();
    let nearest = Some("cleo".to_owned());
    assert_eq!(error, EditError::UnknownMember { name: name("clio"), nearest });
    let error = add_to_role(BASE, &name("admin"), &name("ana"), RANDOM).unwrap_err();
    assert!(matches!(error, EditError::AlreadyThere { .. }));
}

#[test]
fn a_role_is_made_and_given_a_right_in_one_edit() {
    let mut edit = Edit::of(BASE).unwrap();
    edit.add_member(&dan(), &[]).unwrap();
    edit.create_role(&name("audit"), &[name("dan")]).unwrap();
    edit.grant(&name("prod"), Right::Read, &name("audit")).unwrap();
    edit.withdraw(&name("prod"), Right::Read, &name("deploy")).unwrap();
    let policy = parse(&edit.finish(RANDOM).unwrap());
    assert!(policy.readers(&name("prod")).contains(&name::<MemberName>("dan")));
    assert!(!policy.readers(&name("prod")).contains(&name::<MemberName>("deploy-prod")));
}

#[test]
fn a_replaced_key_is_replaced_and_the_others_stay_as_written() {
    let mut edit = Edit::of(BASE).unwrap();
    let ana = parse(BASE).members[&name("ana")].clone();
    edit.set_keys(&name("ana"), &ana.recipients, &[DAN_SSH.parse().unwrap()]).unwrap();
    let text = edit.finish(RANDOM).unwrap();
    assert_eq!(changed(BASE, &text).1.len(), 2);
    assert!(text.contains("ana@example.com"));
}

#[test]
fn members_in_line_can_be_edited_too() {
    let (head, rest) = BASE.split_once("[members.cleo]").unwrap();
    let (recipients, rest) = rest.trim_start().split_once('\n').unwrap();
    let inline = format!("{head}[members]\ncleo = {{ {recipients} }} # new\n{rest}");
    let policy = parse(&remove_member(&inline, &name("cleo"), RANDOM).unwrap());
    assert!(!policy.members.contains_key(&name::<MemberName>("cleo")));
}

proptest! {
    /// Whatever the layout of a list, an edit changes its elements as asked, keeps every comment of the
    /// others, and removing what was added gives the text back.
    #[test]
    fn lists_keep_their_layout(
        comments in proptest::collection::vec(any::<bool>(), 3),
        lines in any::<bool>(),
        comma in any::<bool>(),
        gone in 0..3usize,
    ) {
        let names = ["ana", "ben", "cleo"];
        let mut list = String::from("[");
        for (i, name) in names.iter().enumerate() {
            list.push_str(if lines { "\n  " } else if i > 0 { " " } else { "" });
            let end = if i < 2 || comma { "," } else { "" };
            let comment = if lines && comments[i] { format!(" # of {name}") } else { String::new() };
            list.push_str(&format!("\"{name}\"{end}{comment}"));
        }
        list.push_str(if lines { "\n]" } else { "]" });
        let (head, rest) = BASE.split_once("developer = [").unwrap();
        let tail = rest.split_once(']').unwrap().1;
        let text = format!("{head}developer = {list}{tail}");
        let added = add_member(&text, &dan(), &[name("developer")], RANDOM).unwrap();
        prop_assert_eq!(parse(&added).roles[&name("developer")].len(), 4);
        let back = remove_member(&added, &name("dan"), RANDOM).unwrap();
        prop_assert_eq!(back.replace("5-00ab01ff", "3-9f2c41ab"), text.clone());
        let less = remove_from_role(&text, &name("developer"), &name(names[gone]), RANDOM).unwrap();
        prop_assert_eq!(parse(&less).roles[&name("developer")].len(), 2);
        for (i, name) in names.iter().enumerate() {
            let kept = less.contains(&format!("# of {name}"));
            prop_assert_eq!(kept, lines && comments[i] && i != gone);
        }
    }
}
