//! `export NAME='value'`, for any POSIX shell.

use zeroize::Zeroizing;

/// Names that shells keep to themselves: assigning them fails or has no effect.
const KEPT: &[&str] = &[
    "BASHPID",
    "BASH_VERSINFO",
    "DIRSTACK",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "LINENO",
    "OPTARG",
    "OPTIND",
    "PPID",
    "RANDOM",
    "SECONDS",
    "SRANDOM",
    "UID",
    "_",
];

pub(super) fn line(name: &str, value: &str) -> Result<Zeroizing<String>, &'static str> {
    if KEPT.contains(&name) {
        return Err("shells keep a variable of this name to themselves");
    }
    if value.contains('\0') {
        return Err("it has a NUL byte");
    }
    let mut line = Zeroizing::new(String::with_capacity(name.len() + value.len() * 4 + 16));
    line.push_str("export ");
    line.push_str(name);
    line.push_str("='");
    for (at, part) in value.split('\'').enumerate() {
        line.push_str(if at > 0 { "'\\''" } else { "" });
        line.push_str(part);
    }
    line.push('\'');
    Ok(line)
}
