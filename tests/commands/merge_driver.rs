//! `tenure merge-driver`: with whatever git hands over, and without anything else.

use crate::support::{Outcome, Repo};

/// Merges three texts of a file of this name, in a folder that is no repository.
fn merged(path: &str, [o, a, b]: [&str; 3]) -> (Outcome, String) {
    let repo = Repo::new();
    let folder = repo.folder().join("nowhere");
    std::fs::create_dir(&folder).unwrap();
    for (name, text) in [("o", o), ("a", a), ("b", b)] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let command = repo.command(env!("CARGO_BIN_EXE_tenure"));
    let done = command.args(&["merge-driver", "o", "a", "b", path]).within(&folder).run();
    let names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "it leaves nothing beside them: {names:?}");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!((read("o").as_str(), read("b").as_str()), (o, b));
    (done, read("a"))
}

#[test]
fn neighbours_merge_without_key_log_or_repository() {
    let (done, text) =
        merged("secrets/x.env", ["A=1\nB=1\n", "A=2\nB=1\nX=1\n", "A=1\nB=2\nY=1\n"]);
    assert_eq!((done.code, text.as_str()), (0, "A=2\nB=2\nX=1\nY=1\n"), "{done}");
    let (done, text) = merged("x.json", ["", "{\"a\": \"1\"}\n", "{\"a\": \"1\"}\n"]);
    assert_eq!((done.code, text.as_str()), (0, "{\"a\": \"1\"}\n"), "{done}");
}

#[test]
fn what_both_change_is_named_and_exits_1() {
    let (done, text) = merged("secrets/x.env", ["A=1\n", "A=2\n", "A=3\n"]);
    assert_eq!(done.code, 1, "{done}");
    assert_eq!(text, "<<<<<<< ours\nA=2\n=======\nA=3\n>>>>>>> theirs\n");
    assert!(done.stderr.contains("both sides changed secrets/x.env: A"), "{done}");
}

#[test]
fn broken_files_merge_as_git_would() {
    let (done, text) = merged("x.json", ["{\nx\ny\nz\n", "{!\nx\ny\nz\n", "{\nx\ny\nz!\n"]);
    assert_eq!((done.code, text.as_str()), (0, "{!\nx\ny\nz!\n"), "{done}");
    let (done, text) = merged("x.json", ["{\n", "{!\n", "{?\n"]);
    assert_eq!(done.code, 1, "{done}");
    assert_eq!(text, "<<<<<<< ours\n{!\n=======\n{?\n>>>>>>> theirs\n");
    let (done, _) = merged("notes.txt", ["a\nb\nc\n", "x\nb\nc\n", "a\nb\ny\n"]);
    assert_eq!(done.code, 0, "{done}");
}

#[test]
fn a_key_that_both_add_at_different_places_is_a_conflict() {
    let base = "A=1\n\n\n\n\nB=1\n";
    let (ours, theirs) = (format!("X=1\n{base}"), format!("{base}X=2\n"));
    let (done, text) = merged("x.env", [base, &ours, &theirs]);
    assert_eq!(done.code, 1, "git itself would call this clean: {done}");
    assert!(text.contains("<<<<<<< ours\n"), "{text}");
}

#[test]
fn a_whole_file_is_always_a_conflict_and_ours_stays() {
    let whole = |body: &str| format!("-----BEGIN AGE ENCRYPTED FILE-----\n{body}\n");
    let (o, a, b) = (whole("o"), whole("a"), whole("b"));
    let (done, text) = merged("x.pem", [&o, &a, &b]);
    assert_eq!((done.code, text), (1, a), "{done}");
}

#[test]
fn what_is_not_there_is_said() {
    let repo = Repo::new();
    let done = repo.run("merge-driver o a b x.env");
    assert_eq!(done.code, 3, "{done}");
}
