#!/usr/bin/env bash
# How much CPU time it takes to open a file that tenure sealed, beside `age -d` on the same bytes, and beside
# sops where it is installed. docs/performance.md has what came out.
#
#   benches/compare.sh [RUNS]          20 runs unless said
#
# Needs cargo, git, ssh-keygen, age and python3. Works in a folder of its own, with a home of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-20}
programs="age age-keygen"
. benches/scene.sh
age-keygen -o "$work/age.key" 2>/dev/null
export SOPS_AGE_KEY_FILE=$work/age.key

# A YAML file of so many values, in groups of 20 as people have them.
values() {
    "$python" - "$1" <<'PY'
import secrets, sys
for n in range(int(sys.argv[1])):
    if n % 20 == 0:
        print(f"service-{n // 20:02d}:")
    print(f"  key_{n % 20:02d}: {secrets.token_urlsafe(24)}")
PY
}

# A repository with such a file and a log of 100 entries.
repository() {
    local folder=$work/$1
    mkdir -p "$folder/secrets"
    git -C "$folder" init -q
    (
        cd "$folder"
        "$tenure" init --member ana
        values "$1" > secrets/dev.yaml
        cp secrets/dev.yaml "$work/$1.yaml"
        "$tenure" seal
        while [ "$(find .secrets/log -type f | wc -l)" -lt 100 ]; do
            printf 'value-%s' "$RANDOM$RANDOM" | "$tenure" set dev/service-00.key_07
        done
        git add -A && git commit -qm bench
        "$tenure" open secrets/dev.yaml > "$work/$1.yaml"
        "$tenure" check
    ) >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    age -R "$HOME/.ssh/id_ed25519.pub" -o "$work/$1.age" "$work/$1.yaml"
    if command -v sops >/dev/null; then
        sops --encrypt --age "$(age-keygen -y "$work/age.key")" "$work/$1.yaml" > "$work/$1.sops.yaml"
    fi
}

repository 20
repository 1000

"$python" - "$work" "$tenure" "$runs" <<'PY'
import os, resource, shutil, statistics, subprocess, sys

work, tenure, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
identity = os.path.expanduser("~/.ssh/id_ed25519")

def cpu(command):
    """CPU time of one run, user and system, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)

def peak(command):
    """Peak memory in MiB, by way of GNU time: a process that Python starts has Python's own peak."""
    if not os.access("/usr/bin/time", os.X_OK):
        return None
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *command], check=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return int(done.stderr.split()[-1]) / 1024

def first(command, count):
    """Before each run, what the clone remembers of its log is forgotten."""
    times = []
    for _ in range(count):
        os.remove(f"{command[2]}/.git/tenure/signatures")
        times.append(cpu(command))
    return statistics.median(times)

print(f"{'':34} {'CPU ms':>8} {'x age':>7} {'peak MiB':>9}")
def row(name, time, base, memory):
    ratio = f"{time / base:7.2f}" if base else f"{'':7}"
    print(f"{name:34} {time:8.2f} {ratio} {'' if memory is None else format(memory, '9.1f')}")

version = [tenure, "--version"]
row("tenure --version", statistics.median(cpu(version) for _ in range(runs)), None, peak(version))
for count in ("20", "1000"):
    clone = f"{work}/{count}"
    commands = {
        "age -d": ["age", "-d", "-i", identity, f"{work}/{count}.age"],
        "tenure get": [tenure, "-C", clone, "get", "dev/service-00.key_11"],
        "tenure open": [tenure, "-C", clone, "open", "dev/secrets/dev.yaml"],
    }
    if shutil.which("sops"):
        commands["sops -d"] = ["sops", "-d", f"{work}/{count}.sops.yaml"]
    for command in commands.values():
        cpu(command)
    # In turns, so that a busy moment of the machine meets all of them.
    times = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            times[name].append(cpu(command))
    base = statistics.median(times["age -d"])
    for name, command in commands.items():
        row(f"{name}, {count} values", statistics.median(times[name]), base, peak(command))
    opening = commands["tenure open"]
    row(f"tenure open, {count} values, first", first(opening, runs), base, None)
PY
