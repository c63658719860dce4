#!/usr/bin/env bash
# How long it takes to tell what somebody could read, over histories of 1,000 and 10,000 commits, each with its own
# content of a sealed file. docs/performance.md has what came out.
#
#   benches/exposure.sh [RUNS]     5 runs unless said; the median and the least are printed
#
# Needs cargo, git, ssh-keygen and python3. Works in a folder of its own, with a home of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-5}
for program in cargo git ssh-keygen python3; do
    command -v "$program" >/dev/null || { echo "missing: $program" >&2; exit 1; }
done

[ -n "${TENURE:-}" ] || cargo build --release --locked --bin tenure --example past >&2
built=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release
tenure=${TENURE:-$built/tenure}
past=${PAST:-$built/examples/past}
# By its own path: a shim may look for its settings in the home that is left here.
python=$(python3 -c 'import sys; print(sys.executable)')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_STATE_HOME=$work/home/.local/state
export GIT_CONFIG_NOSYSTEM=1
unset TENURE_IDENTITY TENURE_IDENTITY_FILE TENURE_IDENTITY_CMD TENURE_ROOT
mkdir -p -m 700 "$HOME/.ssh"
git config --global user.name ana
git config --global user.email ana@example.com
ssh-keygen -q -t ed25519 -N '' -C bench -f "$HOME/.ssh/id_ed25519"

for commits in 1000 10000; do
    folder=$work/$commits
    mkdir "$folder" "$work/keys-$commits"
    git -C "$folder" init -q
    root=$("$past" "$commits" "$HOME/.ssh/id_ed25519" "$work/keys-$commits")
    git -C "$folder" fast-import --quiet < "$work/keys-$commits/stream"
    git -C "$folder" symbolic-ref HEAD refs/heads/main
    git -C "$folder" reset -q --hard
    git -C "$folder" repack -qad
    mkdir -p "$folder/.git/tenure"
    echo "root $root" > "$folder/.git/tenure/pin"
done

"$python" - "$work" "$tenure" "$runs" <<'PY'
import json, resource, statistics, subprocess, sys, time

work, tenure, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])

def once(command, text):
    """CPU time, user and system, and wall time of one run, in milliseconds, and what it printed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    # 1: the history has keyrings that no entry names.
    assert done.returncode in (0, 1), done
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return 1000 * cpu, 1000 * wall, json.loads(done.stdout)

print(f"{'':22} {'commits':>8} {'CPU ms':>8} {'least':>8} {'wall ms':>8} {'least':>8} {'contents':>9} {'opened':>7}")
for name, line, text in (
    ("a member, by the log", ["p1"], b""),
    ("a key, all opened", ["--key", "{keys}/p1.txt"], b""),
    ("a leaked value", ["--value"], b"value-7"),
):
    for size in (1000, 10000):
        words = [word.replace("{keys}", f"{work}/keys-{size}") for word in line]
        command = [tenure, "--now", "2026-01-01T00:00:00Z", "-C", f"{work}/{size}", "exposure", "--json", *words]
        once(command, text)
        cpu, wall, said = zip(*(once(command, text) for _ in range(runs)))
        looked = said[0]["looked"]
        print(f"{name:22} {size:8} {statistics.median(cpu):8.0f} {min(cpu):8.0f} {statistics.median(wall):8.0f}"
              f" {min(wall):8.0f} {looked['contents']:9} {looked['opened']:7}")
PY
