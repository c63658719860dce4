//! Our hooks as scripts, and how we know them again: also where somebody changed them.

use super::{A_HOOK_CAN_BE_SKIPPED, Hook, kept};
use crate::world::Runner;

/// The line that says whose a hook is.
const MARK: &str = "# A hook of tenure: it judges what is staged.";

/// Lines of hooks that we wrote once, and write no more.
const ONCE: [&str; 7] = [
    "exec tenure hook run",
    "if [ -x \"$before\" ]; then",
    "if [ -f \"$before\" ]; then",
    "    \"$before\" \"$@\" || exit $?",
    "    sh -e \"$before\" \"$@\" || exit $?",
    "    say 2>/dev/null | \"$before\" \"$@\" || exit $?",
    "    say 2>/dev/null | sh -e \"$before\" \"$@\" || exit $?",
];

/// Whose a hook is that stands in the place of ours.
pub(super) enum Kind {
    /// Ours, of this version or another one.
    Ours,
    /// Ours, and before or behind it lines that somebody added.
    Added(Added),
    /// Ours, and changed within.
    Edited,
    /// Not ours.
    Theirs,
}

/// What somebody added to a hook of ours, as a hook of its own.
pub(super) struct Added(pub(super) String);

impl Kind {
    /// Looks at each line: whoever changes one leaves the others.
    pub(super) fn of(hook: Hook, bytes: &[u8]) -> Self {
        if !is_ours(hook, bytes) {
            return Self::Theirs;
        }
        let text = String::from_utf8_lossy(bytes);
        let scripts = [Runner::Git, Runner::Husky].map(|runner| script(hook, runner));
        let is_known = |line: &&str| {
            let line = line.trim_end();
            let mut ours = scripts.iter().flat_map(|script| script.lines()).chain(ONCE);
            ours.any(|own| own.trim_end() == line)
        };
        let lines: Vec<&str> = text.lines().collect();
        let is_first = |line: &str| line.starts_with("#!");
        // What says nothing belongs to neither.
        let told = |line: &&str| !line.trim().is_empty() && !is_first(line);
        let known = |line: &&str| told(line) && is_known(line);
        let (first, last) = (lines.iter().position(&known), lines.iter().rposition(known));
        let (Some(first), Some(last)) = (first, last) else { return Self::Edited };
        let (before, own, behind) = (&lines[..first], &lines[first..=last], &lines[last + 1..]);
        if own.iter().any(|line| told(line) && !is_known(line)) {
            return Self::Edited;
        }
        let added: Vec<&str> = before.iter().chain(behind).copied().collect();
        if !added.iter().any(told) {
            return Self::Ours;
        }
        // A comment alone is no hook.
        if !added.iter().any(|line| told(line) && !line.trim_start().starts_with('#')) {
            return Self::Edited;
        }
        let shell = lines.first().copied().filter(|line| is_first(line)).unwrap_or("#!/bin/sh");
        let added = added.into_iter().filter(|line| !is_first(line));
        let whole = [shell].into_iter().chain(added).map(|line| format!("{line}\n"));
        Self::Added(Added(whole.collect()))
    }
}

/// Tells whether a hook is ours, whatever somebody did to it: by what it says of itself, or by what it runs first,
/// wherever that stands. One that is taken for a stranger's would be run by the new one, and run itself.
pub(super) fn is_ours(hook: Hook, bytes: &[u8]) -> bool {
    let end = format!("/{}", kept(hook.name()));
    String::from_utf8_lossy(bytes).lines().map(str::trim).any(|line| {
        line.starts_with("# A hook of tenure")
            || line.starts_with("# `tenure hook uninstall` takes it away")
            || line.starts_with("before=$(dirname") && line.ends_with(&end)
    })
}

/// The hook as a script. What git says on stdin of a push is said to both, the one that was there and ours. A
/// tenure that is missing, or that ends in another way than with its verdict, lets nothing pass. What it runs first
/// does not run that once more, though it may lead back here.
pub(super) fn script(hook: Hook, runner: Runner) -> String {
    let (name, stops) = (hook.name(), hook.stops());
    let kept = kept(name);
    let (is_there, run) = match runner {
        Runner::Git => ("-x", r#""$before" "$@""#),
        Runner::Husky => ("-f", r#"sh -e "$before" "$@""#),
    };
    let (take, give) = match hook {
        Hook::PrePush => (
            "pushed=$(cat)\nsay() { [ -z \"$pushed\" ] || printf '%s\\n' \"$pushed\"; }\n",
            "say 2>/dev/null | ",
        ),
        _ => ("", ""),
    };
    // Past all of them at once: where tenure is missing, every one of them blocks.
    let way_out = match hook {
        Hook::PrePush => hook.way_out(None),
        _ => format!("git -c core.hooksPath=/dev/null {stops}"),
    };
    let skipped = A_HOOK_CAN_BE_SKIPPED.replace('`', "\\`");
    format!(
        r#"#!/bin/sh
{MARK}
# `tenure hook uninstall` takes it away. What was here before is {kept}, and runs first.
blocked() {{
    echo "tenure: {stops} blocked: $1, so nothing was judged" >&2
    echo "  fix  $2, or skip the hooks once: {way_out}" >&2
    echo "{skipped}" >&2
    exit 1
}}
{take}before=$(dirname "$0")/{kept}
this=$(CDPATH='' cd "$(dirname "$0")" && pwd)/{name}
if [ {is_there} "$before" ] && [ "${{TENURE_HOOK-}}" != "$this" ]; then
    {give}TENURE_HOOK=$this {run} || exit $?
fi
command -v tenure >/dev/null 2>&1 || blocked "the program tenure is not found" "install tenure"
status=0
{give}tenure hook run {name} "$@" || status=$?
case $status in
    0 | 1 | [3-7]) exit $status ;;
    *) blocked "tenure ended with $status" "install tenure again" ;;
esac
"#
    )
}
