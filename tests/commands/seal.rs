//! `tenure seal`: what lies in clear is sealed, and nobody signs what another committed.

use crate::support::{Repo, Team, snapshot};

/// A repository with an environment `dev` and `prod`, and one member.
pub(crate) fn started() -> Repo {
    let repo = Repo::new();
    repo.ssh_key();
    repo.run("init --member ana").done();
    repo
}

const THREE: &str = "# first\nA=one\n\nB='two'\n\nC=three\n";

fn sealed() -> Repo {
    let repo = started();
    repo.write("secrets/dev.env", THREE);
    repo.run("seal").done();
    repo.commit("sealed");
    repo
}

fn line<'t>(text: &'t str, key: &str) -> &'t str {
    text.lines().find(|line| line.starts_with(key)).unwrap()
}

#[test]
fn a_new_file_is_sealed_value_by_value() {
    let repo = started();
    repo.write("secrets/dev.env", THREE);
    snapshot!(repo.run("seal"), @r"
    exit 0
    --- stdout
    secrets/dev.env  3 new
    Entry [id], signed by ana.
    ");
    let text = repo.read("secrets/dev.env");
    assert!(!text.contains("one") && !text.contains("first"), "{text}");
    assert_eq!(repo.run("get dev/B").done().stdout, "two");
    repo.run("check").done();
}

#[test]
fn an_unchanged_tree_is_left_alone() {
    let repo = sealed();
    snapshot!(repo.run("seal"), @r"
    exit 0
    --- stdout
    nothing to seal
    ");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn a_value_replaced_by_hand_is_sealed_and_the_others_keep_their_tokens() {
    let repo = sealed();
    let before = repo.read("secrets/dev.env");
    let edited = before.replace(line(&before, "B="), "B=other") + "D=four\n";
    repo.write("secrets/dev.env", &edited);
    assert_eq!(repo.run("check").code, 5);
    snapshot!(repo.run("seal"), @r"
    exit 0
    --- stdout
    secrets/dev.env  1 new, 1 changed, 2 unchanged
    Entry [id], signed by ana.
    ");
    let after = repo.read("secrets/dev.env");
    assert_eq!(line(&after, "A="), line(&before, "A="));
    assert_eq!(line(&after, "C="), line(&before, "C="));
    assert_eq!(repo.run("get dev/B").done().stdout, "other");
    repo.run("check").done();
}

#[test]
fn the_whole_file_in_clear_again_gives_the_same_tokens() {
    let repo = sealed();
    let before = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", THREE);
    snapshot!(repo.run("seal"), @r"
    exit 0
    --- stdout
    secrets/dev.env  3 unchanged
    No value is new, so nothing was signed.
    ");
    assert_eq!(repo.read("secrets/dev.env"), before);
}

#[test]
fn a_value_that_was_never_committed_can_be_replaced_by_hand() {
    let repo = started();
    repo.write("secrets/dev.env", THREE);
    repo.run("seal --type api-key").done();
    let before = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", before.replace(line(&before, "B="), "B=other"));
    repo.run("seal").done();
    assert_eq!(line(&repo.read("secrets/dev.env"), "A="), line(&before, "A="));
    assert_eq!(repo.run("get dev/B").done().stdout, "other");
    repo.run("check").done();
}

#[test]
fn what_is_committed_in_clear_is_refused_until_it_is_named() {
    let repo = sealed();
    let text = repo.read("secrets/dev.env") + "X=evil\n";
    repo.write("secrets/dev.env", &text);
    repo.commit("an outsider's");
    snapshot!(repo.run("seal"), @r"
    exit 2
    --- stderr
    error: `X` in `secrets/dev.env` was committed in clear by ana in commit [id]
    hint: look at it; if it is right: tenure seal 'dev/secrets/dev.env#X'
    ");
    assert_eq!(repo.read("secrets/dev.env"), text);
    snapshot!(repo.run("seal dev/X"), @r"
    exit 2
    --- stderr
    error: nobody is there to ask: X in secrets/dev.env was committed in clear by ana in commit [id]. Sign it as yours?
    hint: say yes beforehand with -y
    ");
    repo.run("seal dev/X --yes").done();
    assert_eq!(repo.run("get dev/X").done().stdout, "evil");
    repo.run("check").done();
}

/// A branch on which somebody wrote a value in clear, and took it out again.
fn with_a_side() -> Repo {
    let repo = sealed();
    let text = repo.read("secrets/dev.env");
    repo.git(&["switch", "--quiet", "-c", "side"]).done();
    repo.write("secrets/dev.env", format!("{text}X=evil\n"));
    repo.git(&["commit", "-q", "-a", "--no-verify", "--author=Mal <m@x>", "-m", "evil"]).done();
    repo.git(&["tag", "evil"]).done();
    repo.git(&["switch", "--quiet", "main"]).done();
    repo
}

#[test]
fn what_another_commit_has_in_clear_is_refused_before_head_has_it() {
    for bring in [
        "merge --squash side",
        "merge --no-commit --no-ff side",
        "cherry-pick -n side",
        "cherry-pick -n side~1",
        "restore --source side~1 secrets/dev.env",
    ] {
        let repo = with_a_side();
        if bring.contains('~') {
            repo.git(&["switch", "--quiet", "side"]).done();
            repo.git(&["tag", "-d", "evil"]).done();
            repo.git(&["revert", "--no-edit", "HEAD"]).done();
            repo.git(&["switch", "--quiet", "main"]).done();
        }
        repo.git(&bring.split(' ').collect::<Vec<_>>()).done();
        let text = repo.read("secrets/dev.env");
        assert!(text.ends_with("X=evil\n"), "{bring}");
        for line in ["seal", "seal secrets/dev.env", "seal dev/X", "seal --yes"] {
            let refused = repo.run(line);
            assert_eq!(refused.code, 2, "{bring}: {refused}");
            let who = "was committed in clear by Mal in commit";
            assert!(refused.stderr.contains(who), "{bring}: {refused}");
        }
        assert_eq!(repo.read("secrets/dev.env"), text);
        repo.run("seal dev/X --yes").done();
    }
}

#[test]
fn what_the_user_staged_or_stashed_is_their_own() {
    let repo = sealed();
    repo.write("secrets/dev.env", repo.read("secrets/dev.env") + "X=mine\n");
    repo.git(&["add", "-A"]).done();
    repo.git(&["stash", "-q"]).done();
    repo.git(&["stash", "apply", "-q", "--index"]).done();
    repo.run("seal").done();
    assert_eq!(repo.run("get dev/X").done().stdout, "mine");
}

#[test]
fn a_token_that_was_not_signed_here_is_refused() {
    let repo = sealed();
    let before = repo.read("secrets/dev.env");
    let (a, b) = (line(&before, "A="), line(&before, "B="));
    let swapped = before.replace(&b[2..], &a[2..]) + "D=four\n";
    repo.write("secrets/dev.env", &swapped);
    snapshot!(repo.run("seal"), @r"
    exit 5
    --- stderr
    error: what stands here in sealed form is not what was signed
      at: secrets/dev.env B [altered]
    hint: tenure restore secrets/dev.env
    ");
    assert_eq!(repo.read("secrets/dev.env"), swapped);
}

#[test]
fn a_line_that_is_gone_is_a_deletion_only_if_the_file_is_named() {
    let repo = sealed();
    let before = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", before.replace(line(&before, "B="), ""));
    assert_eq!(repo.run("seal").code, 5);
    snapshot!(repo.run("seal secrets/dev.env"), @r"
    exit 0
    --- stdout
    secrets/dev.env  1 removed, 2 unchanged
    Entry [id], signed by ana.
    ");
    repo.run("check").done();
}

#[test]
fn a_broken_line_does_not_make_a_file_whole() {
    let repo = started();
    let json = "{\n  \"a\": \"one\",\n  \"b\": \"two\"\n}\n";
    repo.write("secrets/dev.json", json);
    repo.run("seal").done();
    repo.commit("sealed");
    repo.write("secrets/dev.json", json.replace(",", ""));
    let refused = repo.run("seal");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("at: secrets/dev.json:3"), "{refused}");
    assert!(refused.stderr.contains("tenure seal --whole secrets/dev.json"), "{refused}");
    let whole = repo.run("seal --whole secrets/dev.json").done();
    assert!(whole.stdout.contains("sealed whole, since on line"), "{whole}");
    repo.run("check").done();
}

#[test]
fn a_file_of_no_known_format_is_sealed_whole() {
    let repo = started();
    repo.write("secrets/dev/tls.pem", "-----BEGIN KEY-----\nabc\n");
    snapshot!(repo.run("seal secrets/dev/tls.pem"), @r"
    exit 0
    --- stdout
    secrets/dev/tls.pem  sealed whole
    Entry [id], signed by ana.
    ");
    repo.commit("sealed");
    let sealed = repo.read("secrets/dev/tls.pem");
    repo.write("secrets/dev/tls.pem", "-----BEGIN KEY-----\nabc\n");
    repo.run("seal").done();
    assert_eq!(repo.read("secrets/dev/tls.pem"), sealed);
    repo.write("secrets/dev/tls.pem", "-----BEGIN KEY-----\ndef\n");
    repo.run("seal").done();
    repo.run("check").done();
}

#[test]
fn what_is_not_managed_is_not_sealed() {
    let repo = started();
    repo.write("notes.txt", "x");
    snapshot!(repo.run("seal notes.txt"), @r"
    exit 6
    --- stderr
    error: `notes.txt` belongs to no environment
      at: notes.txt
    hint: add a pattern for it to an environment in .secrets-policy.toml
    ");
    assert_eq!(repo.run("seal secrets/dev.env").code, 6);
    assert_eq!(repo.run("seal dev/NO").code, 6);
}

#[test]
fn an_opened_file_gets_its_tokens_back_though_nobody_committed_them() {
    let repo = started();
    repo.write("secrets/dev.env", THREE);
    repo.run("seal").done();
    let base = repo.read("secrets/dev.env");
    repo.run("open --in-place secrets/dev.env").done();
    repo.write("secrets/dev.env", THREE.replace("B='two'\n", "").replace("three", "3"));
    let done = repo.run("seal").done();
    assert!(done.stdout.contains("1 changed, 1 removed, 1 unchanged"), "{done}");
    assert_eq!(line(&repo.read("secrets/dev.env"), "A="), line(&base, "A="));
    let state = repo.path().join(".git/tenure").read_dir().unwrap().flatten();
    let left = state.filter(|file| file.file_name().to_string_lossy().starts_with("open"));
    assert_eq!(left.count(), 0);
    repo.run("check").done();
}

#[test]
fn nothing_is_sealed_where_no_root_is_trusted() {
    let team = Team::new();
    let (ana, ben) = (team.person("ana"), team.person("ben"));
    ana.run("init --member ana").done();
    ana.commit("init");
    ana.git(&["push", "--quiet", "origin", "HEAD"]).done();
    ben.git(&["pull", "--quiet", "origin", "main"]).done();
    ben.write("secrets/dev.env", "A=one\n");
    assert_eq!(ben.run("seal").code, 5);
    assert_eq!(ben.read("secrets/dev.env"), "A=one\n");
}

#[test]
fn a_dry_run_says_what_would_be_sealed() {
    let repo = started();
    repo.write("secrets/dev.env", THREE);
    repo.commit("clear");
    let refused = repo.run("seal --dry-run");
    assert_eq!(refused.code, 2, "{refused}");
    let shown = repo.run("seal --dry-run --yes secrets/dev.env").done();
    assert!(shown.stdout.contains("3 new"), "{shown}");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
}

#[test]
fn a_comment_in_clear_is_found_and_kept_from_being_committed() {
    let repo = started();
    repo.write("secrets/dev.env", "# old\nA=1\n");
    repo.run("seal").done();
    repo.commit("sealed");
    let sealed = repo.read("secrets/dev.env");
    repo.write("secrets/dev.env", format!("{sealed}# PASSWORD=hunter2\n"));
    let checked = repo.run("--json check");
    let finding = &checked.json()["findings"][0];
    assert_eq!((checked.code, finding["code"].as_str()), (1, Some("plaintext-comment")));
    assert_eq!(finding["place"], "secrets/dev.env:3");
    assert!(!checked.stdout.contains("hunter2"), "{checked}");
    // It gives no value another meaning, so reading goes on.
    assert_eq!(repo.run("get dev/A").done().stdout, "1");
    repo.git(&["add", "--all"]).done();
    let guarded = repo.run("hook run");
    assert_eq!(guarded.code, 1, "{guarded}");
    repo.run("seal secrets/dev.env").done();
    assert!(!repo.read("secrets/dev.env").contains("hunter2"));
    assert!(repo.read("secrets/dev.env").starts_with(&sealed));
    repo.run("check").done();
    let opened = repo.run("open secrets/dev.env").done();
    assert_eq!(opened.stdout, "# old\nA=1\n# PASSWORD=hunter2\n");
}
