//! What the hook sees in a commit, whatever git is told to show; and what it lets pass, since it is no news.

use std::fs;
use std::time::Instant;

use crate::support::{Outcome, Repo};

/// A token of a form that everybody knows, made up, in parts: no scanner takes this file for a leak.
pub(super) fn token(number: usize) -> String {
    format!("ghp_{}{number:04}", "q7Zk2LmX9vB4nR8tY1wC5sD3fG6hJ0pA")
}

pub(super) fn line(number: usize) -> String {
    format!("token = \"{}\"\n", token(number))
}

pub(super) fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("readme", "nothing to hide\n");
    repo.commit("first");
    repo
}

pub(super) fn judged(repo: &Repo) -> Outcome {
    let outcome = repo.run("hook run");
    for number in 0..10 {
        let shown =
            outcome.stderr.contains(&token(number)) || outcome.stdout.contains(&token(number));
        assert!(!shown, "a value is shown");
    }
    outcome
}

pub(super) fn blocked(repo: &Repo, place: &str) {
    let outcome = judged(repo);
    assert_eq!(outcome.code, 1, "{outcome}");
    assert!(outcome.stderr.contains(place), "{place}: {outcome}");
}

pub(super) fn stage(repo: &Repo, path: &str, bytes: impl AsRef<[u8]>) {
    repo.write(path, bytes);
    repo.git(&["add", "--force", "--", path]).done();
}

#[test]
fn no_attribute_and_no_setting_hides_a_file() {
    let repo = repo();
    repo.write(".gitattributes", "* -diff\n*.txt binary\n*.cfg diff=quiet\n");
    repo.git(&["config", "diff.quiet.textconv", "true"]).done();
    repo.git(&["config", "color.ui", "always"]).done();
    repo.git(&["config", "diff.external", "true"]).done();
    stage(&repo, "a.txt", line(1));
    stage(&repo, "b.cfg", line(2));
    stage(&repo, "c.rs", line(3));
    for place in ["a.txt:1", "b.cfg:1", "c.rs:1"] {
        blocked(&repo, place);
    }
}

#[test]
fn a_rename_a_copy_and_a_change_of_type_bring_what_they_bring() {
    let repo = repo();
    stage(&repo, "old.txt", format!("one\ntwo\nthree\n{}", line(1)));
    repo.git(&["commit", "-q", "--no-verify", "-m", "it is in already"]).done();
    repo.git(&["mv", "old.txt", "new.txt"]).done();
    blocked(&repo, "new.txt:4");
    repo.git(&["reset", "-q", "--hard"]).done();
    stage(&repo, "copy.txt", repo.read("old.txt"));
    blocked(&repo, "copy.txt:4");
    repo.git(&["reset", "-q", "--hard"]).done();
    fs::remove_file(repo.path().join("readme")).unwrap();
    std::os::unix::fs::symlink(token(2), repo.path().join("readme")).unwrap();
    repo.git(&["add", "--all"]).done();
    blocked(&repo, "readme:1");
}

#[test]
fn bytes_of_any_kind_are_looked_through() {
    let repo = repo();
    stage(&repo, "nul.bin", [b"\0\0\0".as_slice(), line(1).as_bytes(), b"\0"].concat());
    blocked(&repo, "nul.bin:1");
    let wide = "\u{feff}a\n".to_owned() + &line(2);
    let wide: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
    stage(&repo, "wide.ps1", wide);
    blocked(&repo, "wide.ps1:2");
    stage(&repo, "package-lock.json", format!("{{\"resolved\": \"{}\"}}\n", token(3)));
    blocked(&repo, "package-lock.json:1");
    stage(&repo, "vendor/x/y.go", line(4));
    blocked(&repo, "vendor/x/y.go:1");
}

#[test]
fn an_archive_is_unpacked() {
    use std::io::Write as _;
    let repo = repo();
    let pack = |name: &str, bytes: &[u8]| {
        let mut packed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let packed_by = zip::CompressionMethod::Deflated;
        let options = zip::write::SimpleFileOptions::default().compression_method(packed_by);
        packed.start_file(name, options).unwrap();
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap().into_inner()
    };
    let inner = pack("conf/app.env", line(1).as_bytes());
    stage(&repo, "dist.zip", pack("inner.jar", &inner));
    blocked(&repo, "dist.zip!/inner.jar!/conf/app.env:1");
    stage(&repo, "dist.zip", [b"#!/bin/sh\nexit\n".as_slice(), &inner].concat());
    blocked(&repo, "dist.zip!/conf/app.env:1");
    stage(&repo, "dist.zip", [&inner[..40], b"broken"].concat());
    judged(&repo).done();
    // However much one holds, and others within it, no more than so much is unpacked.
    let zeros = vec![0; 48 << 20];
    let bomb = pack("zeros", &zeros);
    let bomb = pack("inner.zip", &[bomb.clone(), bomb].concat());
    stage(&repo, "dist.zip", bomb);
    judged(&repo).done();
}

#[test]
fn names_and_the_targets_of_links_are_texts_too() {
    let repo = repo();
    stage(&repo, &format!("backup-{}.txt", token(1)), "nothing\n");
    let outcome = repo.run("hook run");
    assert_eq!(outcome.code, 1, "{outcome}");
    assert!(outcome.stderr.contains("its name"), "{outcome}");
    repo.git(&["reset", "-q", "--hard"]).done();
    std::os::unix::fs::symlink(token(2), repo.path().join("link")).unwrap();
    repo.git(&["add", "link"]).done();
    blocked(&repo, "link:1");
}

#[test]
fn what_is_staged_counts_and_nothing_else() {
    let fresh = Repo::new();
    stage(&fresh, "first.txt", line(1));
    blocked(&fresh, "first.txt:1");
    let repo = repo();
    stage(&repo, "gone.txt", line(2));
    fs::remove_file(repo.path().join("gone.txt")).unwrap();
    blocked(&repo, "gone.txt:1");
    repo.git(&["reset", "-q", "--hard"]).done();
    // Only a part of a file is staged: the secret is in the other one.
    stage(&repo, "part.txt", "one\ntwo\n");
    repo.write("part.txt", format!("one\ntwo\n{}", line(3)));
    judged(&repo).done();
}

#[test]
fn the_index_that_git_names_is_judged() {
    let repo = repo();
    repo.run("hook install").done();
    repo.write("readme", line(1));
    let refused = repo.git(&["commit", "-q", "-a", "-m", "all"]);
    assert!(refused.code == 1 && refused.stderr.contains("readme:1"), "{refused}");
    repo.write("other", "fine\n");
    repo.git(&["add", "other"]).done();
    let refused = repo.git(&["commit", "-q", "-m", "one", "readme"]);
    assert!(refused.code == 1 && refused.stderr.contains("readme:1"), "{refused}");
    repo.git(&["commit", "-q", "-m", "other"]).done();
}

#[test]
fn what_is_there_already_is_no_news() {
    let repo = repo();
    stage(&repo, "old.txt", format!("{}two\n", line(1)));
    repo.git(&["commit", "-q", "--no-verify", "-m", "it is in already"]).done();
    stage(&repo, "old.txt", format!("zero\n{}two and a half\n", line(1)));
    judged(&repo).done();
    // Laid out anew, as formatters and other systems' line ends do.
    stage(&repo, "old.txt", format!("\t  {}\r\ntwo\n", line(1).trim_end().replace(' ', "  ")));
    judged(&repo).done();
    stage(&repo, "old.txt", format!("zero\n{}two and a half\n{}", line(1), line(2)));
    blocked(&repo, "old.txt:4");
    repo.git(&["reset", "-q", "--hard"]).done();
    // A merge brings what another branch has, and what somebody adds to it.
    repo.git(&["checkout", "-q", "-b", "side"]).done();
    stage(&repo, "side.txt", line(3));
    repo.git(&["commit", "-q", "--no-verify", "-m", "side"]).done();
    repo.git(&["checkout", "-q", "-"]).done();
    repo.write("main.txt", "main\n");
    repo.commit("main");
    repo.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]).done();
    judged(&repo).done();
    stage(&repo, "side.txt", format!("{}{}", line(3), line(4)));
    blocked(&repo, "side.txt:2");
    // A clean one, for which git has not written down yet what it merges.
    repo.git(&["merge", "--abort"]).done();
    repo.run("hook install").done();
    repo.git(&["merge", "-q", "--no-ff", "-m", "both", "side"]).done();
}

#[test]
fn a_submodule_has_no_text_and_a_pointer_of_lfs_no_secret() {
    let repo = repo();
    let id = repo.git(&["rev-parse", "HEAD"]).done().stdout;
    let entry = format!("160000,{},sub", id.trim());
    repo.git(&["update-index", "--add", "--cacheinfo", &entry]).done();
    let oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    let pointer =
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12345\n");
    stage(&repo, "large.bin", pointer);
    judged(&repo).done();
    let entry = format!("160000,{},mirror-of-{}", id.trim(), token(1));
    repo.git(&["update-index", "--add", "--cacheinfo", &entry]).done();
    let named = judged(&repo);
    assert!(named.code == 1 && named.stderr.contains("its name"), "{named}");
    repo.git(&["commit", "-q", "--no-verify", "-m", "a submodule"]).done();
    let named = repo.run("scan --range HEAD~1..HEAD");
    assert!(named.code == 1 && named.stdout.contains("its name"), "{named}");
}

#[test]
fn a_pointer_and_a_link_are_refused_where_only_sealed_values_stand() {
    let repo = keeping();
    let kept = fs::read(repo.path().join("secrets/dev.env")).unwrap();
    let oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    let pointer =
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12345\n");
    let refused = |why: &str| {
        let outcome = judged(&repo);
        assert!(outcome.code == 5 && outcome.stderr.contains(why), "{why}: {outcome}");
    };
    stage(&repo, "secrets/dev.env", pointer);
    refused("altered  secrets/dev.env");
    fs::remove_file(repo.path().join("secrets/dev.env")).unwrap();
    std::os::unix::fs::symlink("/somewhere/else", repo.path().join("secrets/dev.env")).unwrap();
    repo.git(&["add", "secrets/dev.env"]).done();
    refused("secrets/dev.env");
    fs::remove_file(repo.path().join("secrets/dev.env")).unwrap();
    stage(&repo, "secrets/dev.env", kept);
    judged(&repo).done();
}

#[test]
fn what_git_stores_counts_whatever_attributes_make_of_it() {
    let repo = repo();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    repo.write(
        ".gitattributes",
        "*.utf working-tree-encoding=UTF-16LE\n*.txt text eol=crlf ident\n*.in filter=adds\n*.out filter=hides\n",
    );
    repo.git(&["config", "filter.adds.clean", &format!("sed 's/NAME/{}/'", token(1))]).done();
    repo.git(&["config", "filter.hides.clean", "sed 's/ghp_[A-Za-z0-9]*/NAME/'"]).done();
    stage(&repo, "a.out", line(2));
    judged(&repo).done();
    stage(&repo, "a.in", "token = \"NAME\"\n");
    blocked(&repo, "a.in:1");
    repo.git(&["rm", "-q", "--force", "a.in"]).done();
    stage(&repo, "a.utf", wide(&format!("one\n{}", line(3))));
    blocked(&repo, "a.utf:2");
    repo.git(&["rm", "-q", "--force", "a.utf"]).done();
    stage(&repo, "a.txt", format!("$Id$\r\n{}", line(4)));
    blocked(&repo, "a.txt:2");
}

#[test]
fn a_file_may_take_the_place_of_a_submodule() {
    let repo = repo();
    let id = repo.git(&["rev-parse", "HEAD"]).done().stdout;
    let entry = format!("160000,{},sub", id.trim());
    repo.git(&["update-index", "--add", "--cacheinfo", &entry]).done();
    repo.git(&["commit", "-q", "--no-verify", "-m", "submodule"]).done();
    stage(&repo, "sub", "nothing to hide\n");
    judged(&repo).done();
    stage(&repo, "sub", line(1));
    blocked(&repo, "sub:1");
    repo.git(&["rm", "-q", "--cached", "sub"]).done();
    judged(&repo).done();
}

#[test]
fn a_large_file_is_judged_to_its_end() {
    let repo = repo();
    let lines = "a line of words that say nothing at all\n".repeat(260_000);
    stage(&repo, "large.log", format!("{lines}{}", line(1)));
    blocked(&repo, "large.log:260001");
}

const PHRASE: &str = "kQ7-plume-anchor-93";

pub(super) fn keeping() -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("init --member ana").done();
    repo.tenure_fed(&["set", "dev/PHRASE"], PHRASE).done();
    repo.git(&["add", "--all"]).done();
    repo.git(&["commit", "-q", "--no-verify", "-m", "first"]).done();
    repo
}

#[test]
fn a_value_is_looked_for_in_the_commit_that_replaces_it_or_takes_it_away() {
    let repo = keeping();
    repo.tenure_fed(&["set", "dev/PHRASE"], "another-one-of-them-71").done();
    repo.write("notes.txt", format!("it was {PHRASE}\n"));
    repo.git(&["add", "--all"]).done();
    blocked(&repo, "notes.txt:1");
    repo.git(&["reset", "-q", "--hard"]).done();
    repo.run("restore").done();
    repo.run("unset dev/PHRASE -y").done();
    repo.write("notes.txt", format!("it was {PHRASE}\n"));
    repo.git(&["add", "--all"]).done();
    blocked(&repo, "notes.txt:1");
}

#[test]
fn a_value_that_was_set_just_now_is_looked_for_though_it_is_not_staged() {
    let repo = keeping();
    let (new, newer) = ("sunrise-lemur-violet-81x", "tundra-copper-sparrow-27");
    repo.tenure_fed(&["set", "dev/NEW"], new).done();
    stage(&repo, "notes.txt", format!("it is {new}\n"));
    blocked(&repo, "notes.txt:1:7  managed-value");
    repo.git(&["commit", "-q", "--no-verify", "-m", "notes alone", "--", "notes.txt"]).done();
    // In a file that git has never seen, by a generation that nobody has staged.
    repo.run("rekey -e dev").done();
    repo.write("secrets/dev.more.env", format!("OTHER={newer}\n"));
    repo.run("seal secrets/dev.more.env").done();
    stage(&repo, "notes.txt", format!("it is {newer}\n"));
    blocked(&repo, "notes.txt:1:7  managed-value");
    repo.write(".git/TEXT", format!("now {newer}\n"));
    assert_eq!(repo.run("hook run commit-msg .git/TEXT").code, 1);
}

#[test]
fn a_sealed_file_that_nobody_can_read_hides_none_of_its_values() {
    let repo = keeping();
    let sealed = std::fs::read(repo.path().join("secrets/dev.env")).unwrap();
    for broken in [&b"oops\n"[..], b"<<<<<<< ours\n", b"\xff\n"] {
        repo.write("secrets/dev.env", [sealed.as_slice(), broken].concat());
        repo.git(&["commit", "-q", "-a", "--no-verify", "-m", "broken"]).done();
        repo.git(&["update-ref", "refs/remotes/o/main", "HEAD"]).done();
        stage(&repo, "notes.txt", format!("it is {PHRASE}\n"));
        blocked(&repo, "notes.txt:1:7  managed-value");
        let said = "secrets/dev.env holds sealed values that cannot be read";
        let outcome = repo.run("scan --strict .gitattributes");
        assert!(outcome.code == 1 && outcome.stdout.contains(said), "no `{said}` in {outcome}");
        repo.git(&["rm", "-q", "-f", "notes.txt"]).done();
    }
}

#[test]
fn a_name_that_says_a_value_is_not_shown() {
    let repo = keeping();
    let named = format!("backup/{PHRASE}/x.txt");
    stage(&repo, &named, line(1));
    for line in
        ["hook run", "scan", "scan --staged --json", "scan --format sarif", "scan --format github"]
    {
        let outcome = repo.run(line);
        assert_eq!(outcome.code, 1, "{line}: {outcome}");
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!said.contains(PHRASE) && said.contains("backup/"), "{line}");
    }
}

#[test]
fn what_opens_nothing_blocks_nothing_once_the_signed_policy_says_so() {
    let repo = keeping();
    stage(&repo, "notes.txt", format!("zone {PHRASE}\n"));
    blocked(&repo, "if it opens nothing: type = \"config\" in its rule of the policy");
    let policy = repo.path().join(".secrets-policy.toml");
    let text = std::fs::read_to_string(&policy).unwrap();
    let rule = "\n[[secrets]]\nmatch = \"dev/PHRASE\"\ntype = \"config\"\n";
    repo.write(".secrets-policy.toml", format!("{text}{rule}"));
    repo.git(&["add", "--all"]).done();
    // Nobody has signed that.
    assert_ne!(judged(&repo).code, 0);
    repo.run("-y policy sign").done();
    repo.git(&["add", "--all"]).done();
    assert_eq!(judged(&repo).code, 0, "{}", judged(&repo));
    let scanned = repo.run("scan").done();
    let said = "it opens nothing, as the policy says";
    assert!(scanned.stdout.contains(said), "no `{said}` in {scanned}");
    // What nobody signed counts nowhere, though it lies in HEAD.
    repo.write(".secrets-policy.toml", format!("{text}{rule}# and more\n"));
    repo.write("more.txt", format!("zone {PHRASE}\n"));
    repo.git(&["add", "--all"]).done();
    repo.git(&["commit", "-q", "--no-verify", "-m", "unsigned"]).done();
    assert_eq!(repo.run("scan").code, 1);
    let push = format!("refs/heads/main {0} refs/heads/main {1}\n", head(&repo), "0".repeat(40));
    let pushed = repo.tenure_fed(&["hook", "run", "pre-push", "o", "elsewhere"], &push);
    assert!(pushed.code == 1 && pushed.stderr.contains("more.txt:1"), "{pushed}");
}

fn head(repo: &Repo) -> String {
    repo.git(&["rev-parse", "HEAD"]).done().stdout.trim().to_owned()
}

#[test]
fn a_value_that_stands_everywhere_takes_no_time() {
    let repo = keeping();
    let text = PHRASE.repeat(1 << 16);
    let started = Instant::now();
    stage(&repo, "many.txt", &text);
    assert_eq!(repo.run("hook run").code, 1);
    // Where time grows with the square of it, this takes hours.
    assert!(started.elapsed().as_secs() < 60);
}

#[test]
fn scan_tells_what_is_in_clear_where_it_must_be_sealed() {
    let repo = keeping();
    repo.write("secrets/dev/plain.env", "PASSWORD=by-no-means-sealed\n");
    let told = repo.run("scan");
    assert!(told.code == 1 && told.stdout.contains("secrets/dev/plain.env:1"), "{told}");
    repo.git(&["add", "--all"]).done();
    assert_eq!(repo.run("scan --staged").code, 1);
}

#[test]
fn too_many_findings_hide_nothing() {
    let repo = repo();
    let marked = |number: usize| format!("{} # gitleaks:allow\n", line(number).trim_end());
    let many: String = (0..20_100).map(|number| marked(number % 10_000)).collect();
    stage(&repo, "many.txt", format!("{many}{}", line(1)));
    let outcome = repo.run("hook run");
    assert_eq!(outcome.code, 1, "{}", outcome.stderr.lines().last().unwrap_or_default());
    let few: String = (0..300).map(marked).collect();
    stage(&repo, "many.txt", format!("{few}{}", line(1)));
    blocked(&repo, "many.txt:301");
}
