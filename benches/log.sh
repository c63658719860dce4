#!/usr/bin/env bash
# How long it takes to verify logs of 100, 1,000 and 10,000 entries, and to read a value with and without what
# the clone remembers. docs/performance.md has what came out.
#
#   benches/log.sh [RUNS]          9 runs unless said; the median and the least are printed
#
# Needs cargo, git, ssh-keygen and python3. Works in a folder of its own, with a home of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-9}
examples=grow
. benches/scene.sh
grow=${GROW:-$built/examples/grow}

# Real entries with real signatures: 60 values in each of four environments, six people, branches, policies.
for entries in 100 1000 10000; do
    folder=$work/$entries
    mkdir "$folder"
    git -C "$folder" init -q
    root=$("$grow" "$folder" "$entries" 60 "$HOME/.ssh/id_ed25519")
    mkdir -p "$folder/.git/tenure"
    echo "root $root" > "$folder/.git/tenure/pin"
    git -C "$folder" add -A
    git -C "$folder" commit -qm bench
done

"$python" - "$work" "$tenure" "$runs" <<'PY'
import os, resource, statistics, subprocess, sys, time

work, tenure, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])

def once(command):
    """CPU time, user and system, and wall time of one run, in milliseconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return 1000 * cpu, 1000 * wall

def forget(clone, names):
    for name in names:
        path = f"{clone}/.git/tenure/{name}"
        if os.path.exists(path):
            os.remove(path)

SIZES = (100, 1000, 10000)
print(f"{'':22} {'entries':>8} {'CPU ms':>8} {'least':>8} {'wall ms':>8} {'least':>8} {'us/entry':>9}")
for name, line, forgotten in (
    ("check", ["check"], []),
    ("get, first time", ["get", "dev/key_003"], ["signatures", "state.dev"]),
    ("get, signatures known", ["get", "dev/key_003"], ["state.dev"]),
    ("get, log known", ["get", "dev/key_003"], []),
):
    clones = {size: f"{work}/{size}" for size in SIZES}
    times = {size: [] for size in SIZES}
    commands = {s: [tenure, "--now", "2026-01-01T00:00:00Z", "-C", c, *line] for s, c in clones.items()}
    for size in SIZES:
        once(commands[size])
    # In turns, so that a busy moment of the machine meets all of them.
    for _ in range(runs):
        for size in SIZES:
            forget(clones[size], forgotten)
            times[size].append(once(commands[size]))
    for size in SIZES:
        cpu, wall = zip(*times[size])
        each = "" if "known" in name else f"{1000 * statistics.median(cpu) / size:9.1f}"
        print(f"{name:22} {size:8} {statistics.median(cpu):8.1f} {min(cpu):8.1f}"
              f" {statistics.median(wall):8.1f} {min(wall):8.1f} {each}")
PY
