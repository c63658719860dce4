//! Case 55, and what goes with it: the hook judges the index, and never launders. Whatever is staged, it
//! signs nothing, seals nothing, and leaves every file as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::Estate;
use crate::support::{Outcome, below, stock};

const ENV: &str = "secrets/prod.env";
const YAML: &str = "secrets/prod.yaml";

/// Every file with its bytes, git's own but its objects among them, and what git says is staged.
struct State(BTreeMap<PathBuf, Vec<u8>>, String);

impl State {
    /// Insists that nothing differs, and names what does.
    #[track_caller]
    fn same(&self, other: &Self, what: &str) {
        let all = self.0.keys().chain(other.0.keys());
        let moved: Vec<_> = all.filter(|path| self.0.get(*path) != other.0.get(*path)).collect();
        assert!(moved.is_empty(), "{what}: {moved:?}");
        assert_eq!(self.1, other.1, "{what}");
    }
}

impl Estate {
    fn hooked() -> Self {
        let estate = Self::new();
        estate.by("ana", "hook install").run().done();
        estate.commit("base");
        estate
    }

    fn state(&self) -> State {
        let root = self.repo.path();
        let kept = |path: &PathBuf| !path.starts_with(root.join(".git/objects"));
        let read = |path: PathBuf| {
            let bytes = if path.is_symlink() { Vec::new() } else { fs::read(&path).unwrap() };
            (path, bytes)
        };
        let files = below(&root).into_iter().filter(kept).map(read).collect();
        State(files, self.line("ls-files -s").stdout)
    }

    fn line(&self, line: &str) -> Outcome {
        self.repo.git(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Commits as ben, whose keys lie where a program looks for them.
    fn commits(&self, line: &str, within: &Path) -> Outcome {
        let git = stock("git").unwrap();
        let line: Vec<_> = line.split_whitespace().collect();
        let command = self.repo.command(git).args(&line).args(&["-m", "try"]);
        command.env("TENURE_IDENTITY_FILE", self.key("ben")).within(within).run()
    }

    /// Tries to commit; it must not happen, for that reason, and nothing must be signed, sealed or moved.
    #[track_caller]
    fn refused_commit(&self, line: &str, within: &Path, word: &str) {
        let (log, head) = (self.list(".secrets"), self.line("rev-parse HEAD").stdout);
        let tried = self.commits(line, within);
        assert_ne!(tried.code, 0, "{line}: {tried}");
        assert!(tried.stderr.contains(word), "no `{word}` in {tried}");
        assert!(!tried.stderr.contains("hunter2"), "a value is shown: {tried}");
        assert_eq!(self.list(".secrets"), log, "{line}");
        assert_eq!(self.line("rev-parse HEAD").stdout, head, "{line}");
    }

    #[track_caller]
    fn accepted_commit(&self, line: &str, within: &Path) {
        let done = self.commits(line, within);
        assert_eq!(done.code, 0, "{line}: {done}");
    }

    /// Insists that what HEAD holds is well: in a new clone, which has nothing but that.
    #[track_caller]
    fn well_committed(&self, value: &str) {
        let clone = self.repo.folder().join("committed");
        let _absent = fs::remove_dir_all(&clone);
        self.line(&format!("clone -q --no-hardlinks . {}", clone.display())).done();
        let root = self.root();
        let checked = self.by("ana", "check --root").arg(&root).within(&clone).run();
        assert_eq!(checked.code, 0, "{checked}");
        let got = self.by("ana", "get prod/DB_URL --root").arg(&root).within(&clone).run();
        assert_eq!(got.stdout, value, "{got}");
    }
}

/// The bytes of prod.env before its value was set anew, and again now.
fn old_file(estate: &Estate) -> (String, String) {
    let old = estate.read(ENV);
    estate.set("ben", "prod/DB_URL", "hunter2-three");
    let new = estate.read(ENV);
    estate.commit("three");
    (old, new)
}

#[test]
fn case_55_an_old_file_is_staged() {
    let estate = Estate::hooked();
    let here = estate.repo.path();
    let (old, new) = old_file(&estate);
    estate.well_committed("hunter2-three");
    estate.write(ENV, &old);
    estate.line("add --all").done();
    estate.refused_commit("commit -q", &here, "old version");
    assert_eq!(estate.read(ENV), old);
    let before = estate.state();
    let judged = estate.by("ben", "hook run").run();
    assert_eq!(judged.code, 5, "{judged}");
    before.same(&estate.state(), "an old file");
    // The same by somebody entitled, through the program.
    estate.write(ENV, &new);
    estate.set("ben", "prod/DB_URL", "hunter2-two");
    estate.line("add --all").done();
    estate.accepted_commit("commit -q", &here);
    estate.well_committed("hunter2-two");
}

/// What is staged, and the exit code that the hook answers with.
type Staging = (&'static str, i32, fn(&Estate));

/// What may be staged.
fn stagings() -> Vec<Staging> {
    vec![
        ("nothing", 0, |_| {}),
        ("an honest value", 0, |e| e.set("ben", "prod/API_KEY", "hunter2-new")),
        ("a line in clear", 1, |e| e.edit(ENV, |text| format!("{text}X=evil\n"))),
        ("a new file in clear", 1, |e| e.write("secrets/prod.new.env", "A=hunter2\n")),
        ("a comment in clear", 1, |e| e.edit(ENV, |text| format!("# hunter2\n{text}"))),
        ("a value in clear", 5, |e| {
            e.edit(ENV, |text| {
                let line = text.lines().find(|line| line.starts_with("DB_URL=")).unwrap();
                text.replace(line, "DB_URL=hunter2-two")
            });
        }),
        ("a key renamed", 5, |e| e.edit(ENV, |text| text.replace("API_KEY=", "API_KEYS="))),
        ("a file of another environment", 5, |e| e.write(ENV, e.read("secrets/staging.env"))),
        ("a file deleted", 5, |e| e.remove(YAML)),
        ("a keyring changed", 5, |e| {
            let ring = e.list(".secrets/keys/prod").remove(0);
            e.edit(&ring, |text| text.replacen('A', "B", 1));
        }),
        ("a policy nobody signed", 5, |e| {
            e.edit(".secrets-policy.toml", |text| format!("{text}# evil\n"));
        }),
        ("a policy that is none", 3, |e| e.write(".secrets-policy.toml", "version = ")),
        ("an entry that is none", 5, |e| e.write(".secrets/log/2026-01/junk.entry", "x")),
        ("an entry changed", 5, |e| {
            e.edit(&e.path_of(e.head()), |text| text.replacen("by = \"ben\"", "by = \"bem\"", 1));
        }),
        ("an entry deleted", 5, |e| e.remove(&e.path_of(e.head()))),
        ("a link", 5, |e| {
            e.remove(ENV);
            std::os::unix::fs::symlink("/etc/passwd", e.repo.path().join(ENV)).unwrap();
        }),
        ("a file that is open", 5, |e| {
            e.by("ben", &format!("open --in-place {ENV}")).run().done();
        }),
        ("text that breaks its format", 5, |e| {
            e.edit(YAML, |text| format!("{text}<<<<<<< ours\n"));
        }),
    ]
}

#[test]
fn whatever_is_staged_every_file_stays_byte_for_byte() {
    let estate = Estate::hooked();
    let here = estate.repo.path();
    for (what, exit, stage) in stagings() {
        stage(&estate);
        estate.line("add --all").done();
        let before = estate.state();
        let judged = estate.by("ben", "-y hook run").run();
        assert_eq!(judged.code, exit, "{what}: {judged}");
        before.same(&estate.state(), what);
        let committed = estate.commits("commit -q --allow-empty", &here);
        assert_eq!(committed.code == 0, exit == 0, "{what}: {committed}");
        // Git writes its own files, the hook none.
        let after = estate.state();
        let own = |state: State| {
            let files =
                state.0.into_iter().filter(|(path, _)| !path.starts_with(here.join(".git")));
            State(files.collect(), state.1)
        };
        own(before).same(&own(after), what);
        estate.line("reset -q --hard").done();
        estate.line("clean -fdq").done();
    }
}

#[test]
fn a_sealed_file_is_staged_and_another_one_lies_there() {
    let estate = Estate::hooked();
    let here = estate.repo.path();
    estate.set("ben", "prod/DB_URL", "hunter2-three");
    estate.line("add --all").done();
    let staged = estate.read(ENV);
    // In clear, and of a later value whose entry is not staged: neither is committed.
    estate.set("ben", "prod/DB_URL", "hunter2-four");
    let later = estate.read(ENV) + "X=evil\n";
    estate.write(ENV, &later);
    estate.accepted_commit("commit -q", &here);
    assert_eq!(estate.line(&format!("show HEAD:{ENV}")).stdout, staged);
    assert_eq!(estate.read(ENV), later);
    estate.well_committed("hunter2-three");
}

#[test]
fn clear_text_is_staged_and_the_sealed_file_lies_there() {
    let estate = Estate::hooked();
    let here = estate.repo.path();
    let sealed = estate.read(ENV);
    estate.edit(ENV, |text| format!("{text}X=evil\n"));
    estate.line("add --all").done();
    estate.write(ENV, &sealed);
    estate.refused_commit("commit -q", &here, "plaintext");
    assert_eq!(estate.read(ENV), sealed);
}

#[test]
fn entries_and_files_that_do_not_belong_together() {
    let estate = Estate::hooked();
    let here = estate.repo.path();
    let first = estate.read(ENV);
    estate.set("ben", "prod/DB_URL", "hunter2-three");
    let second = estate.read(ENV);
    estate.line("add --all").done();
    estate.set("ben", "prod/DB_URL", "hunter2-four");
    let third = estate.read(ENV);
    let staged = |of: &str| {
        estate.write(ENV, of);
        estate.line(&format!("add {ENV}")).done();
    };
    // One entry staged, one not: only the file between them fits.
    for wrong in [&first, &third] {
        staged(wrong);
        estate.refused_commit("commit -q", &here, "altered");
    }
    estate.line("add .secrets").done();
    for wrong in [&first, &second] {
        staged(wrong);
        estate.refused_commit("commit -q", &here, "old version");
    }
    // The newest entry without the one that it descends from.
    let older = estate.log().into_iter().map(|signed| signed.id);
    let newest = estate.head();
    let parent = older.filter(|id| *id != newest).find(|id| {
        let signed = estate.log().into_iter().find(|signed| signed.id == newest).unwrap();
        signed.entry.parents.contains(id)
    });
    staged(&third);
    estate.line(&format!("rm -q --cached {}", estate.path_of(parent.unwrap()))).done();
    estate.refused_commit("commit -q", &here, "missing-entry");
    estate.line("add .secrets").done();
    estate.accepted_commit("commit -q", &here);
    estate.well_committed("hunter2-four");
}

#[test]
fn commit_all_takes_files_along_and_new_entries_not() {
    let estate = Estate::hooked();
    let here = estate.repo.path();
    estate.set("ben", "prod/DB_URL", "hunter2-three");
    estate.refused_commit("commit -q -a", &here, "git add .secrets");
    estate.line("add .secrets").done();
    estate.accepted_commit("commit -q -a", &here);
    estate.well_committed("hunter2-three");
}

#[test]
fn an_amended_commit_is_judged_like_any_other() {
    let estate = Estate::hooked();
    let here = estate.repo.path();
    let (old, new) = old_file(&estate);
    estate.write(ENV, &old);
    estate.refused_commit("commit -q -a --amend", &here, "old version");
    // With the entry that says so, as if it had never been.
    estate.line(&format!("rm -q --cached {}", estate.path_of(estate.head()))).done();
    estate.line(&format!("add {ENV}")).done();
    estate.refused_commit("commit -q --amend", &here, "only grows");
    estate.write(ENV, &new);
    estate.line("add --all").done();
    estate.set("ben", "prod/API_KEY", "hunter2-new");
    estate.line("add --all").done();
    estate.accepted_commit("commit -q --amend", &here);
    estate.well_committed("hunter2-three");
}

#[test]
fn a_linked_work_tree_is_judged_by_its_own_index() {
    let estate = Estate::hooked();
    let (old, _) = old_file(&estate);
    let linked = estate.repo.folder().join("linked");
    estate.line(&format!("worktree add -q {}", linked.display())).done();
    let git = |line: &str| {
        let line: Vec<_> = line.split_whitespace().collect();
        estate.repo.command(stock("git").unwrap()).args(&line).within(&linked).run().done();
    };
    fs::write(linked.join(ENV), old).unwrap();
    git("add --all");
    estate.refused_commit("commit -q", &linked, "old version");
    // The index of the other work tree says nothing here, nor this one there.
    estate.write("readme", "x");
    estate.line("add readme").done();
    estate.accepted_commit("commit -q", &estate.repo.path());
    estate.edit(ENV, |text| format!("{text}X=evil\n"));
    estate.line("add --all").done();
    git("checkout -q HEAD -- secrets");
    let set = estate.by("ben", "set prod/DB_URL").within(&linked).feed("hunter2-linked");
    assert_eq!(set.code, 0, "{set}");
    git("add --all");
    let log = estate.list(".secrets");
    estate.accepted_commit("commit -q", &linked);
    assert_eq!(estate.list(".secrets"), log);
    estate.refused_commit("commit -q", &estate.repo.path(), "plaintext");
}
