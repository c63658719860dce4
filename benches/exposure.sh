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
examples=past
. benches/scene.sh
past=${PAST:-$built/examples/past}

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
