#!/usr/bin/env bash
# How long it takes to judge logs in which the policy changed 100, 300 and 1,000 times, ten entries to each change:
# without a change of readers, and with one each time. docs/performance.md has what came out.
#
#   benches/policies.sh [RUNS]     5 runs unless said; the median and the least are printed
#
# Needs cargo, git, ssh-keygen and python3. Works in a folder of its own, with a home of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-5}
examples=grow
. benches/scene.sh
grow=${GROW:-$built/examples/grow}

for kind in plain readers; do
    for policies in 100 300 1000; do
        folder=$work/$kind-$policies
        mkdir "$folder"
        git -C "$folder" init -q
        root=$("$grow" "$folder" $((10 * policies)) 10 "$HOME/.ssh/id_ed25519" "$kind" "$policies")
        mkdir -p "$folder/.git/tenure"
        echo "root $root" > "$folder/.git/tenure/pin"
        git -C "$folder" add -A
        git -C "$folder" commit -qm bench
    done
done

"$python" - "$work" "$tenure" "$runs" <<'PY'
import resource, statistics, subprocess, sys

work, tenure, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])

def once(command):
    """CPU time, user and system, of one run, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)

print(f"{'':8} {'policies':>8} {'entries':>8} {'CPU ms':>8} {'least':>8} {'us/policy':>10}")
times = {}
# In turns, so that a busy moment of the machine meets all of them.
for _ in range(runs):
    for kind in ("plain", "readers"):
        for policies in (100, 300, 1000):
            command = [tenure, "--now", "2026-01-01T00:00:00Z", "-C", f"{work}/{kind}-{policies}", "check"]
            times.setdefault((kind, policies), []).append(once(command))
for (kind, policies), cpu in times.items():
    median = statistics.median(cpu)
    print(f"{kind:8} {policies:8} {10 * policies:8} {median:8.1f} {min(cpu):8.1f} {1000 * median / policies:10.1f}")
PY
