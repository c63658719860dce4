//! Bad input: each kind has its clear error and exit code, and nothing is written.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::commands::member::new_key;
use crate::support::{Outcome, Repo, stock};

const CLEAR: &str = "A=one\nB='two'\n";

/// A repository with two values in dev and one in prod, committed.
fn repository() -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("init --member ana").done();
    repo.write("secrets/dev.env", CLEAR);
    repo.write("secrets/prod.env", "A=live\n");
    repo.run("seal").done();
    repo.commit("secrets");
    repo
}

/// Everything in the work tree but git's own: links as links, files by their bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let about = path.symlink_metadata().unwrap();
        if path.ends_with(".git") || about.len() > 1 << 24 {
            found.insert(path, about.len().to_le_bytes().to_vec());
        } else if about.is_symlink() {
            found.insert(
                path.clone(),
                fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
            );
        } else if about.is_dir() {
            found.extend(tree(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Insists that a command line ends with a code, says these words, prints no value, and writes nothing.
#[track_caller]
fn refused(repo: &Repo, line: &str, code: i32, words: &[&str]) -> Outcome {
    let before = tree(&repo.path());
    let words_of_line: Vec<_> = line.split_whitespace().collect();
    let refused = repo.tenure_fed(&words_of_line, "another\n");
    assert_eq!(refused.code, code, "{line}: {refused}");
    for word in words {
        assert!(
            refused.stderr.contains(word) || refused.stdout.contains(word),
            "{word}: {refused}"
        );
    }
    assert!(tree(&repo.path()) == before, "`{line}` wrote something");
    refused
}

/// Insists that neither reading nor writing does anything.
#[track_caller]
fn blocked(repo: &Repo, code: i32, words: &[&str]) {
    for line in [
        "get dev/A",
        "set dev/A",
        "open secrets/dev.env",
        "export -e dev --format dotenv",
        "seal",
        "rekey -e dev",
    ] {
        let outcome = refused(repo, line, code, words);
        assert_eq!(outcome.stdout, "", "{line}");
    }
    refused(repo, "run -e dev -- true", 125, words);
}

#[test]
fn a_folder_without_a_repository() {
    let repo = repository();
    let elsewhere = repo.home().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    for line in ["get dev/A", "set dev/A", "seal", "check"] {
        let words: Vec<_> = line.split_whitespace().collect();
        let tenure = repo.command(env!("CARGO_BIN_EXE_tenure")).args(&words).within(&elsewhere);
        let outcome = tenure.feed("another\n");
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{outcome}");
        assert!(outcome.stderr.contains("there is no git repository"), "{outcome}");
    }
    assert_eq!(fs::read_dir(elsewhere).unwrap().count(), 0);
}

#[test]
fn a_bare_repository() {
    let repo = repository();
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare"]).done();
    let bare = repo.path().join("../bare");
    let tenure = repo.command(env!("CARGO_BIN_EXE_tenure")).args(&["get", "dev/A"]).within(bare);
    let outcome = tenure.run();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{outcome}");
    assert!(outcome.stderr.contains("is a bare repository"), "{outcome}");
}

#[test]
fn a_detached_head_is_as_good_as_a_branch() {
    let repo = repository();
    repo.git(&["checkout", "--quiet", "--detach"]).done();
    assert_eq!(repo.run("get dev/A").done().stdout, "one");
    repo.tenure_fed(&["set", "dev/A"], "other").done();
    repo.run("check").done();
}

#[test]
fn a_linked_work_tree_and_a_submodule_are_repositories() {
    let repo = repository();
    repo.git(&["worktree", "add", "--quiet", "../linked"]).done();
    let linked = repo.path().join("../linked");
    let tenure = |folder: &Path, args: &[&str]| {
        repo.command(env!("CARGO_BIN_EXE_tenure"))
            .args(&["--now", crate::support::NOW])
            .args(args)
            .within(folder)
            .run()
    };
    assert_eq!(tenure(&linked, &["get", "dev/A"]).done().stdout, "one");
    repo.git(&["init", "--quiet", "../outer"]).done();
    let outer = repo.path().join("../outer");
    let add =
        ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../ana-repo", "inner"];
    repo.command(stock("git").unwrap()).args(&add).within(&outer).run().done();
    let root = fs::read_to_string(repo.path().join(".git/tenure/pin")).unwrap();
    let root = root.lines().next().unwrap().trim_start_matches("root ").to_owned();
    let inner = outer.join("inner");
    assert_eq!(tenure(&inner, &["--root", &root, "get", "dev/A"]).done().stdout, "one");
}

#[test]
fn a_missing_policy() {
    let repo = repository();
    fs::remove_file(repo.path().join(".secrets-policy.toml")).unwrap();
    blocked(&repo, 3, &["there is no policy"]);
}

#[test]
fn a_broken_policy() {
    let repo = repository();
    let good = repo.read(".secrets-policy.toml");
    for (bad, place) in [
        (good.replacen("version = 1", "version = ", 1), ".secrets-policy.toml:"),
        (good.replacen("threshold = 1", "treshold = 1", 1), "treshold"),
        (good.replacen("admin = [\"ana\"]", "admin = [\"anna\"]", 1), "anna"),
    ] {
        assert_ne!(bad, good);
        repo.write(".secrets-policy.toml", bad);
        blocked(&repo, 3, &[place]);
    }
    repo.write(".secrets-policy.toml", b"version = 1\n\xff\n");
    blocked(&repo, 3, &["UTF-8"]);
}

#[test]
fn an_unknown_environment_file_or_secret() {
    let repo = repository();
    refused(&repo, "get staging/A", 6, &["staging"]);
    refused(&repo, "set staging/A", 6, &["staging"]);
    refused(&repo, "get dev/C", 6, &["there is no secret"]);
    refused(&repo, "open secrets/dev.yaml", 6, &["secrets/dev.yaml"]);
    refused(&repo, "open src/main.rs", 6, &["belongs to no environment"]);
}

#[test]
fn a_key_that_is_missing_malformed_or_a_strangers() {
    let repo = repository();
    let none = repo.home().join("none");
    fs::write(repo.home().join("junk"), "junk\n").unwrap();
    let (_, stranger) = new_key(&repo, "stranger");
    fs::remove_dir_all(repo.home().join(".ssh")).unwrap();
    let junk = repo.home().join("junk").display().to_string();
    let cut = repo.home().join("cut").display().to_string();
    let whole = fs::read_to_string(&stranger).unwrap();
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    for (file, word) in [
        (none.display().to_string().as_str(), "none"),
        (&junk, "junk"),
        (&cut, "cut"),
        (&stranger, "none of your keys opens dev"),
    ] {
        let outcome = refused(&repo, &format!("-i {file} get dev/A"), 4, &[word]);
        assert_eq!(outcome.stdout, "");
    }
    refused(&repo, "get dev/A", 4, &["none of your keys opens dev"]);
}

#[test]
fn a_token_that_is_cut_or_of_another_environment() {
    let repo = repository();
    let dev = repo.read("secrets/dev.env");
    let cut = dev.replacen(&dev[..dev.find('\n').unwrap()], &dev[..60], 1);
    let prod = repo.read("secrets/prod.env");
    for bad in [cut, prod.clone(), dev.replace("sealed.v1.", "sealed.v2.")] {
        repo.write("secrets/dev.env", &bad);
        refused(&repo, "check", 5, &["secrets/dev.env"]);
        for line in ["get dev/A", "set dev/A", "open secrets/dev.env"] {
            assert_eq!(refused(&repo, line, 5, &["secrets/dev.env"]).stdout, "");
        }
    }
    // Another environment's values are still to be had.
    assert_eq!(repo.run("get prod/A").done().stdout, "live");
}

#[test]
fn line_ends_marks_and_odd_bytes_come_back_as_they_were() {
    let repo = repository();
    for (path, bytes) in [
        ("secrets/dev/crlf.env", b"A=one\r\nB='two'\r\n".as_slice()),
        ("secrets/dev/bom.yaml", b"\xef\xbb\xbfa: one\n"),
        ("secrets/dev/bom.json", b"\xef\xbb\xbf{\"a\": 1}\n"),
        ("secrets/dev/nul.yaml", b"a: o\0ne\n"),
        ("secrets/dev/nul.env", b"A=o\0ne\n"),
        ("secrets/dev/latin.yaml", b"a: \xe4\n"),
        ("secrets/dev/latin.env", b"A=\xe4\n"),
        ("secrets/dev/broken.json", b"{\"a\": \n"),
        ("secrets/dev/empty.pem", b"x"),
    ] {
        repo.write(path, bytes);
        repo.run("seal").done();
        let sealed = fs::read(repo.path().join(path)).unwrap();
        assert!(!sealed.windows(3).any(|window| window == b"one"), "{path}");
        assert_eq!(repo.tenure(&["open", path]).done().stdout_bytes, bytes, "{path}");
    }
    repo.run("check").done();
}

#[test]
fn a_value_that_no_slice_can_hold() {
    let repo = repository();
    let before = tree(&repo.path());
    for value in [b"a\xff".as_slice(), b"", b"a\0b"] {
        let outcome = repo.tenure_fed(&["set", "dev/A"], value);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome}");
    }
    assert!(tree(&repo.path()) == before);
}

#[test]
#[expect(clippy::disallowed_types, reason = "a file can be long without being filled")]
fn a_file_beyond_all_measure() {
    let repo = repository();
    let file = fs::File::create(repo.path().join("secrets/dev.yaml")).unwrap();
    file.set_len((100 << 20) + 1).unwrap();
    for line in ["seal", "get dev/A", "check"] {
        refused(&repo, line, 3, &["secrets/dev.yaml", "larger than"]);
    }
}

#[test]
fn a_folder_in_a_files_place() {
    let repo = repository();
    fs::remove_file(repo.path().join("secrets/dev.env")).unwrap();
    repo.write("secrets/dev.env/inside", "x");
    refused(&repo, "check", 3, &["secrets/dev.env"]);
    for line in ["get dev/A", "set dev/A", "seal"] {
        assert_eq!(refused(&repo, line, 3, &["secrets/dev.env"]).stdout, "");
    }
}

#[test]
fn a_link_in_a_files_place() {
    let repo = repository();
    fs::remove_file(repo.path().join("secrets/dev.env")).unwrap();
    fs::write(repo.home().join("outside.env"), CLEAR).unwrap();
    symlink(repo.home().join("outside.env"), repo.path().join("secrets/dev.env")).unwrap();
    refused(&repo, "check", 5, &["secrets/dev.env", "symbolic link"]);
    for line in ["get dev/A", "set dev/A", "seal"] {
        assert_eq!(refused(&repo, line, 5, &["secrets/dev.env"]).stdout, "");
    }
    assert_eq!(fs::read_to_string(repo.home().join("outside.env")).unwrap(), CLEAR);
}

#[test]
fn a_disk_that_cannot_be_written() {
    let Some(unshare) = stock("unshare") else { return crate::support::skipped("unshare") };
    let repo = repository();
    let script = "mount --bind . . && mount -o remount,ro,bind . && cd . && exec \"$@\"";
    let inside = |args: &[&str]| {
        let tenure = env!("CARGO_BIN_EXE_tenure");
        let shell = ["-rm", "sh", "-c", script, "sh", tenure, "--now", crate::support::NOW];
        repo.command(&unshare).args(&shell).args(args).feed("another\n")
    };
    if inside(&["--version"]).code != 0 {
        return crate::support::skipped("unshare -rm");
    }
    let before = tree(&repo.path());
    for args in [&["set", "dev/A"][..], &["seal"], &["rekey", "-e", "dev"]] {
        let outcome = inside(args);
        assert_eq!(outcome.code, 3, "{args:?}: {outcome}");
        assert!(outcome.stderr.contains("Read-only file system"), "{outcome}");
    }
    assert!(tree(&repo.path()) == before);
    assert_eq!(inside(&["get", "dev/A"]).done().stdout, "one");
}
