#!/usr/bin/env bash
# What it costs to rename a file of 100 and of 1,000 values with `mv`, and to put back as many damaged values with
# `restore` where no version of the file has all of them. CPU time. docs/performance.md has what came out.
#
#   benches/values.sh [RUNS]       5 runs unless said; the median and the least are printed
#
# Needs cargo, git, ssh-keygen and python3. Works in a folder of its own, with a home of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-5}
. benches/scene.sh

for values in 100 1000; do
    folder=$work/$values
    mkdir -p "$folder/secrets/dev"
    git -C "$folder" init -q
    "$tenure" -C "$folder" -q init --member ana >/dev/null 2>&1
    for number in $(seq "$values"); do printf 'key_%04d: value-%s\n' "$number" "$number"; done \
        >"$folder/secrets/dev/many.yaml"
    "$tenure" -C "$folder" -q seal >/dev/null
    git -C "$folder" add -A
    git -C "$folder" commit -q --no-verify -m one
    # This version has another value anew, and not the second: none has all.
    printf 'new' | "$tenure" -C "$folder" -q set dev/key_0001 >/dev/null
    cp "$folder/secrets/dev/many.yaml" "$work/$values.right"
    sed -i 's/^key_0002: sealed.v1./&A/' "$folder/secrets/dev/many.yaml"
    git -C "$folder" add -A
    git -C "$folder" commit -q --no-verify -m two
done

"$python" - "$work" "$tenure" "$runs" <<'PY'
import resource, statistics, subprocess, sys

work, tenure, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])

def once(folder, *words):
    """CPU time, user and system, of one run and what it starts, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([tenure, *words], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)

times = {}
for _ in range(runs):
    for values in (100, 1000):
        folder, file = f"{work}/{values}", "secrets/dev/many.yaml"
        right = open(f"{work}/{values}.right").read()
        # Each second value is damaged, each tenth is gone.
        lines = [line.replace("v1.", "v1.A") if at % 2 else line for at, line in enumerate(right.splitlines())]
        damaged = [line for at, line in enumerate(lines) if at % 10 != 4]
        open(f"{folder}/{file}", "w").write("\n".join(damaged) + "\n")
        times.setdefault(("restore", values), []).append(once(folder, "restore"))
        times.setdefault(("mv", values), []).append(once(folder, "-n", "mv", file, "secrets/dev/other.yaml"))
print(f"{'':10} {'values':>6} {'CPU ms':>8} {'least':>8}")
for (name, values), cpu in sorted(times.items()):
    print(f"{name:10} {values:6} {statistics.median(cpu):8.1f} {min(cpu):8.1f}")
PY
