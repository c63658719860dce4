//! A guided tour in a throwaway repository: `cargo run --release --example tour`.
//!
//! Every command that is printed is run as it stands, and what follows is its real output. Nothing outside
//! a temporary folder is read or written: home, keys and git configuration are the tour's own.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the tour stands outside of the program and shows it at work"
)]

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The chapters: a heading, and commands with the exit codes that they must end with.
const CHAPTERS: &[(&str, &[(&str, i32)])] = &[
    (
        "A key, a repository, three environments. (The first day lies a hundred days back.)",
        &[
            ("git init --quiet . && git config user.name ana", 0),
            ("tenure key new", 0),
            (
                "tenure --now $LONG_AGO init --member ana --environment dev --environment staging \
                 --environment prod",
                0,
            ),
        ],
    ),
    (
        "Values come from a prompt, a pipe or a file, never from an argument.",
        &[
            ("printf 'postgres://localhost/dev' | tenure --now $LONG_AGO set dev/DATABASE_URL", 0),
            (
                "printf 'sk_live_not_a_real_key' | tenure --now $LONG_AGO set prod/STRIPE_KEY --type api-key",
                0,
            ),
            ("tenure set prod/STRIPE_KEY sk_live_in_argv", 2),
        ],
    ),
    (
        "A whole file is sealed in place: keys and layout stay, values and comments do not.",
        &[
            (
                "printf '# for the staging cluster\\ndatabase:\\n  user: app\\n  password: hunter2\\nreplicas: 3\\n' > secrets/staging.yaml",
                0,
            ),
            ("tenure --now $LONG_AGO seal secrets/staging.yaml", 0),
            ("cat secrets/staging.yaml", 0),
            ("tenure open secrets/staging.yaml", 0),
            ("git add -A && git commit --quiet -m 'first secrets'", 0),
        ],
    ),
    (
        "The hook judges what is staged. Plaintext does not get in.",
        &[
            ("printf 'TOKEN=plain\\n' > secrets/dev.2.env && git add -A", 0),
            ("git commit -m oops", 1),
            ("git rm --quiet --cached secrets/dev.2.env && rm secrets/dev.2.env", 0),
        ],
    ),
    (
        "A machine for CI: its key goes into a pipe and nowhere else.",
        &[
            (
                "tenure -y member add deploy-prod --kind machine --owner ana --role deploy --create-role --generate > ../deploy.key",
                0,
            ),
            (
                "perl -0pi -e 's/(\\[environments\\.prod\\].*?readers = )\\[.*?\\]/${1}[\"admin\", \"deploy\"]/s' .secrets-policy.toml",
                0,
            ),
            ("tenure -y policy sign --reason 'deploy reads prod'", 0),
            ("git add -A && git commit --quiet -m 'deploy key'", 0),
        ],
    ),
    (
        "CI: a fresh clone, one variable and one pin.",
        &[
            ("git clone --quiet . ../ci", 0),
            ("cd ../ci && HOME=/nonexistent tenure run -e prod -- true", 125),
            (
                "cd ../ci && HOME=/nonexistent TENURE_ROOT=$ROOT TENURE_IDENTITY=\"$(cat ../deploy.key)\" \
                 tenure run -e prod -- sh -c 'echo the child has ${#STRIPE_KEY} characters and ${TENURE_IDENTITY:-no identity}'",
                0,
            ),
        ],
    ),
    (
        "A hundred days later a deadline is over: `check` goes red, without any key.",
        &[
            ("tenure check -e prod", 1),
            ("printf 'sk_live_not_a_real_key' | tenure rotate prod/STRIPE_KEY", 2),
            ("printf 'sk_live_another_one' | tenure rotate prod/STRIPE_KEY --reason 'deadline'", 0),
            ("tenure check -e prod", 0),
            ("git add -A && git commit --quiet -m 'rotate the key'", 0),
        ],
    ),
    (
        "Somebody changes a value behind our backs.",
        &[
            ("perl -pi -e 's/^STRIPE_KEY=.*/STRIPE_KEY=sk_forged/' secrets/prod.env", 0),
            ("tenure get prod/STRIPE_KEY", 5),
            ("git add -A && git commit -m forged", 1),
            ("git restore --staged secrets/prod.env && git restore secrets/prod.env", 0),
            ("tenure check -e prod", 0),
            ("tenure log list", 0),
        ],
    ),
];

fn main() -> ExitCode {
    // Called as `tenure`, this is the program itself: so the tour needs nothing that is installed.
    if std::env::args_os().next().is_some_and(|name| Path::new(&name).ends_with("tenure")) {
        return tenure::cli::main();
    }
    match tour() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("\nthe tour ended early: {why}");
            ExitCode::FAILURE
        }
    }
}

/// What stock tools say of the result; skipped with a word where one is missing.
const STOCK: &[(&str, &str, &str)] = &[
    (
        "ssh-keygen",
        "Anyone can check the log with stock OpenSSH.",
        "tenure log signers > ../signers && for e in .secrets/log/*/*.entry; do \
         sed '/^-----BEGIN SSH/,$d' $e | ssh-keygen -Y verify -f ../signers -I ana -n log@tenure \
         -s <(sed -n '/^-----BEGIN SSH/,$p' $e) || exit 1; done",
    ),
    (
        "age",
        "A keyring is an ordinary age file.",
        "age -d -i ~/.config/tenure/id_ed25519 .secrets/keys/dev/*.age | sed 's/KEY-1.*/KEY-1…/'",
    ),
];

/// The throwaway place: a home, a bin folder, a repository.
struct Place {
    folder: tempfile::TempDir,
    long_ago: String,
}

impl Place {
    fn make() -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        for name in ["home", "bin", "repo/secrets", "run"] {
            fs::create_dir_all(folder.path().join(name))?;
        }
        fs::set_permissions(folder.path().join("run"), fs::Permissions::from_mode(0o700))?;
        fs::copy(std::env::current_exe()?, folder.path().join("bin/tenure"))?;
        let long_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * 100);
        Ok(Self { folder, long_ago: long_ago.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A shell in the repository that knows nothing of the caller's home.
    fn shell(&self, line: &str) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut with_bin = self.path("bin").into_os_string();
        with_bin.push(":");
        with_bin.push(path);
        let mut shell = Command::new("bash");
        shell.args(["-c", line]).current_dir(self.path("repo")).env_clear();
        shell.env("PATH", with_bin).env("HOME", self.path("home")).env("LC_ALL", "C.UTF-8");
        shell.env("XDG_RUNTIME_DIR", self.path("run")).env("LONG_AGO", &self.long_ago);
        shell.env("GIT_CONFIG_NOSYSTEM", "1").env("ROOT", self.root().unwrap_or_default());
        for (name, value) in [("AUTHOR", "ana"), ("COMMITTER", "ana")] {
            shell.env(format!("GIT_{name}_NAME"), value);
            shell.env(format!("GIT_{name}_EMAIL"), "ana@example.com");
        }
        shell
    }

    /// The id of the log's first entry, which an admin would read off `tenure trust show`.
    fn root(&self) -> Option<String> {
        let pin = fs::read_to_string(self.path("repo/.git/tenure/pin")).ok()?;
        Some(pin.lines().next()?.strip_prefix("root ")?.to_owned())
    }

    /// Shows a command and its output, and insists on its exit code.
    fn run(&self, line: &str, wanted: i32) -> Result<(), Box<dyn Error>> {
        println!("\n$ {line}");
        let output = self.shell(&format!("exec 2>&1; {line}")).output()?;
        print!("{}", String::from_utf8_lossy(&output.stdout));
        let code = output.status.code().unwrap_or(-1);
        if code != 0 {
            println!("[exit {code}]");
        }
        if code == wanted {
            Ok(())
        } else {
            Err(format!("exit {code}, not {wanted}: {line}").into())
        }
    }

    fn has(&self, program: &str) -> bool {
        let found = self.shell(&format!("command -v {program} >/dev/null")).status();
        found.is_ok_and(|status| status.success())
    }
}

fn tour() -> Result<(), Box<dyn Error>> {
    let place = Place::make()?;
    println!("A throwaway place: {}", place.folder.path().display());
    for (heading, commands) in CHAPTERS {
        println!("\n== {heading}");
        commands.iter().try_for_each(|(line, wanted)| place.run(line, *wanted))?;
    }
    for (program, heading, line) in STOCK {
        println!("\n== {heading}");
        if place.has(program) {
            place.run(line, 0)?;
        } else {
            println!("(`{program}` is not installed here: left out)");
        }
    }
    println!("\nThat was the tour. The folder is gone now; README.md goes on from here.");
    Ok(())
}
