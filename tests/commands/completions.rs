//! `tenure completions`.

use crate::support::{Repo, skip, snapshot};

#[test]
fn writes_a_script_that_bash_accepts() {
    let repo = Repo::new();
    let script = repo.run("completions bash");
    assert_eq!((script.code, script.stderr.as_str()), (0, ""));
    let bash = skip!("bash");
    let checked = repo.command(&bash).arg("-n").feed(&script.stdout);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""));
}

#[test]
fn says_which_shells_there_are() {
    snapshot!(Repo::new().run("completions tcsh"), @"
    exit 2
    --- stderr
    error: invalid value 'tcsh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]

      tip: a similar value exists: 'zsh'

    For more information, try '--help'.
    ");
}
