//! `tenure export`: the stock readers of each format get every value back.

use super::seal::started;
use crate::support::{Repo, skip, snapshot};

/// Values that tempt a quoting, by name.
const VALUES: [(&str, &str); 9] = [
    ("A_QUOTE", "it's \"so\""),
    ("B_DOLLAR", "$HOME ${X} $(id) `id`"),
    ("C_LINES", "one\ntwo\n"),
    ("D_SPACE", "  both ends  "),
    ("E_HASH", "a #b#"),
    ("F_BACKSLASH", "a\\n\\\\b"),
    ("G_UNICODE", "ä€𝄞"),
    ("NO", "no"),
    ("Z_EMPTY", ""),
];

/// A repository with these values in a JSON file of `dev`, which holds any of them.
fn with(values: &[(&str, &str)]) -> Repo {
    let repo = started();
    let object: serde_json::Map<_, _> =
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    repo.write("secrets/dev.json", serde_json::to_string_pretty(&object).unwrap());
    repo.run("seal").done();
    repo
}

/// Asks a program that was given the values for all of them; it prints each with a NUL behind it.
fn heard(
    repo: &Repo,
    program: impl AsRef<std::ffi::OsStr>,
    script: &str,
    stdin: &str,
) -> Vec<String> {
    let outcome = repo.command(program).args(&["-c", script]).feed(stdin).done();
    let mut heard: Vec<_> = outcome.stdout.split('\0').map(str::to_owned).collect();
    assert_eq!(heard.pop().as_deref(), Some(""));
    heard
}

fn wanted() -> Vec<String> {
    VALUES.iter().map(|(_, value)| (*value).to_owned()).collect()
}

fn print_all() -> String {
    VALUES.iter().map(|(name, _)| format!("printf '%s\\0' \"${name}\"; ")).collect()
}

#[test]
fn shells_get_every_value_back() {
    let repo = with(&VALUES);
    let text = repo.run("export -e dev --format shell").done().stdout;
    let script = format!("eval \"$(cat)\"; {}", print_all());
    // Backticks and $( ) of our output are never looked at by the shell that evaluates it.
    assert_eq!(heard(&repo, skip!("bash"), &script, &text), wanted());
    assert_eq!(heard(&repo, skip!("dash"), &script, &text), wanted());
}

#[test]
fn python_gets_every_value_back_from_json_and_yaml() {
    let repo = with(&VALUES);
    let python = skip!("python3");
    let print = "for k in sorted(d): sys.stdout.write(d[k] + '\\0')";
    let json = repo.run("export -e dev --format json").done().stdout;
    let script = format!(
        "import json,sys\nsys.stdout.reconfigure(encoding='utf-8')\nd = json.loads(sys.stdin.buffer.read())\n{print}"
    );
    assert_eq!(heard(&repo, &python, &script, &json), wanted());
    if repo.command(&python).args(&["-c", "import yaml"]).run().code != 0 {
        return crate::support::skipped("PyYAML");
    }
    let yaml = repo.run("export -e dev --format yaml").done().stdout;
    let script = format!(
        "import yaml,sys\nsys.stdout.reconfigure(encoding='utf-8')\nd = yaml.safe_load(sys.stdin.buffer.read())\n{print}"
    );
    assert_eq!(heard(&repo, &python, &script, &yaml), wanted());
}

#[test]
fn dotenvy_gets_back_what_dotenv_can_hold() {
    let all: Vec<_> = VALUES.iter().filter(|(name, _)| *name != "A_QUOTE").copied().collect();
    let all: Vec<_> = all.into_iter().filter(|(name, _)| *name != "B_DOLLAR").collect();
    let text = with(&all).run("export -e dev --format dotenv").done().stdout;
    let read: Vec<_> = dotenvy::from_read_iter(text.as_bytes()).map(Result::unwrap).collect();
    let read: Vec<_> = read.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(read, all);
}

#[test]
fn a_shell_that_sources_a_dotenv_file_gets_the_same() {
    let hard = |name: &str| matches!(name, "A_QUOTE" | "B_DOLLAR");
    let all: Vec<_> = VALUES.iter().filter(|(name, _)| !hard(name)).copied().collect();
    let repo = with(&all);
    let text = repo.run("export -e dev --format dotenv").done().stdout;
    repo.write("clear.env", text);
    let print: String =
        all.iter().map(|(name, _)| format!("printf '%s\\0' \"${name}\"; ")).collect();
    let values: Vec<_> = all.iter().map(|(_, value)| (*value).to_owned()).collect();
    assert_eq!(heard(&repo, skip!("bash"), &format!(". ./clear.env; {print}"), ""), values);
}

#[test]
fn what_dotenv_cannot_hold_is_refused_whole() {
    let refused = with(&[("A", "ok"), ("B", "'\"$x")]).run("export -e dev --format dotenv");
    snapshot!(refused, @r"
    exit 2
    --- stderr
    error: dev/secrets/dev.json#B cannot be written as dotenv: no quotes around it mean the same to all readers
      at: secrets/dev.json B
    hint: tenure export --format json
    ");
}

#[test]
fn only_the_named_values_leave_and_it_is_said_how_many() {
    snapshot!(with(&VALUES).run("export -e dev --format shell --only NO,E_HASH"), @r"
    exit 0
    --- stdout
    export E_HASH='a #b#'
    export NO='no'
    --- stderr
    2 values of dev leave in clear: keep them off disks
    ");
}

#[test]
fn a_format_must_be_named() {
    let refused = with(&[("A", "ok")]).run("export -e dev");
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
}

#[test]
fn no_environment_is_assumed() {
    snapshot!(with(&[("A", "ok")]).run("export --format json"), @r"
    exit 2
    --- stderr
    error: no environment is named
    hint: say which with -e: dev, prod
    ");
}
