//! Many writers at once, and writers that are killed: each write is there whole or not at all.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::commands::seal::started;
use crate::support::{NOW, Repo, skip, skipped};

fn set_at_once(writers: usize) {
    let repo = started();
    let start = |n: usize| {
        let command = repo.command(env!("CARGO_BIN_EXE_tenure"));
        let key = format!("dev/KEY{n}");
        let mut command = command.args(&["--now", NOW, "set", &key, "--generate", "hex:8"]).raw();
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..writers).map(start).collect();
    for mut child in children {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    let text = repo.read("secrets/dev.env");
    for n in 0..writers {
        assert!(text.lines().any(|line| line.starts_with(&format!("KEY{n}="))), "KEY{n}: {text}");
    }
    repo.run("check").done();
}

#[test]
fn twenty_four_at_once_lose_nothing() {
    set_at_once(24);
}

#[test]
#[ignore = "64 processes take about ten seconds on two cores"]
fn sixty_four_at_once_lose_nothing() {
    set_at_once(64);
}

/// All files of a work tree whose names are those of unfinished writes; but for what is only remembered,
/// beside the cache, where a reader that is killed may leave one.
fn left_behind(repo: &Repo) -> Vec<String> {
    let remembered = repo.path().join(".git/tenure");
    let all = walkdir::WalkDir::new(repo.path()).into_iter();
    let all = all.filter_entry(move |file| file.path() != remembered).filter_map(Result::ok);
    let names = all.map(|file| file.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".tenure-")).collect()
}

#[test]
fn a_killed_writer_leaves_the_old_state_or_the_new_one() {
    let repo = started();
    repo.tenure_fed(&["set", "dev/A"], "value 0").done();
    let began = Instant::now();
    repo.tenure_fed(&["set", "dev/B"], "b").done();
    let usual = began.elapsed();
    let mut now = "value 0".to_owned();
    for n in 1..=20_u32 {
        let new = format!("value {n}");
        repo.write(".git/new", &new);
        let command = repo.command(env!("CARGO_BIN_EXE_tenure"));
        let args = ["--now", NOW, "set", "dev/A", "--from-file", ".git/new"];
        let mut command = command.args(&args).raw();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Most of a write's time goes by before its first file: look closely at the second half.
        std::thread::sleep(usual / 2 + usual.saturating_mul(n) / 36);
        let _ended_already = child.kill();
        child.wait().unwrap();
        repo.run("check").done();
        let found = repo.run("get dev/A").done().stdout;
        assert!(found == now || found == new, "{found:?} is neither {now:?} nor {new:?}");
        now = found;
    }
    repo.tenure_fed(&["set", "dev/C"], "c").done();
    assert_eq!(left_behind(&repo), Vec::<String>::new());
    repo.run("check").done();
    assert!(began.elapsed() < Duration::from_secs(60));
}

/// What happens at each amount of room that is left, from none on: the exit code and the value then.
const FULL: &str = r#"
mount -t tmpfs -o size=4m tmpfs "$DISK" && cp -a . "$DISK" && cd "$DISK" || exit 8
for room in $(seq 0 4 60); do
    left=$(df --output=avail -k . | tail -n 1)
    dd if=/dev/zero of=.git/filler bs=1k count=$((left - room)) 2>/dev/null
    printf 'value %s' "$room" | "$TENURE" --now "$NOW" set dev/A >/dev/null 2>&1
    code=$?
    rm .git/filler
    "$TENURE" --now "$NOW" check >/dev/null 2>&1 || exit 9
    echo "$code:$room:$("$TENURE" --now "$NOW" get dev/A)"
done
"#;

#[test]
fn case_62_a_full_disk_leaves_the_old_state_or_the_new_one() {
    let unshare = skip!("unshare");
    let repo = started();
    if repo.command(&unshare).args(&["-rm", "true"]).run().code != 0 {
        return skipped("a kernel that lets a test mount a disk of its own");
    }
    repo.tenure_fed(&["set", "dev/A"], "value").done();
    let disk = repo.folder().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let command = repo.command(&unshare).args(&["-rm", "sh", "-c", FULL]);
    let command = command.env("DISK", &disk).env("NOW", NOW);
    let told = command.env("TENURE", env!("CARGO_BIN_EXE_tenure")).run().done();
    let mut now = "value".to_owned();
    let mut codes = Vec::new();
    for line in told.stdout.lines() {
        let (code, rest) = line.split_once(':').unwrap();
        let (room, found) = rest.split_once(':').unwrap();
        let new = format!("value {room}");
        assert!(found == new || (code != "0" && found == now), "{line} after {now}");
        codes.push(code == "0");
        now = found.to_owned();
    }
    assert!(codes.contains(&true) && codes.contains(&false), "{told}");
}
