#!/usr/bin/env bash
# What the guard costs, in CPU time: the hook on one file of 18 KB, and on 100 files of 1 MB in all beside 1,000 managed
# values; a warm tree, without managed values and with 1,000; and inputs that are made to stall it.
# docs/performance.md has what came out.
#
#   benches/guard.sh TREE [RUNS]       a folder of real sources; 20 runs of each hook unless said, and 3 of the others
#
# Needs cargo, git, ssh-keygen and python3. Works in a folder of its own, with a home of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

tree=$(cd "${1:?'a folder of sources'}" && pwd)
runs=${2:-20}
. benches/scene.sh

"$python" - "$work" "$tenure" "$tree" "$runs" <<'PY'
import os, pathlib, random, resource, shutil, statistics, string, subprocess, sys

work, tenure, tree, runs = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
random.seed(7)
letters = string.ascii_letters + string.digits


def run(*command, cwd, text=None):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=text)
    # 1: something was found.
    if done.returncode not in (0, 1) or command[0] == "git" and done.returncode:
        sys.exit(done.stdout.decode())


def scene(name, values=None):
    """A repository; with a sealed file of so many values, if any."""
    folder = work / name
    run("git", "init", "-q", folder, cwd=work)
    if values:
        run(tenure, "-q", "-y", "init", "--member", "ana", cwd=folder)
        lines = [f"K{n}=" + "".join(random.choices(letters, k=random.choice([12, 16, 24, 40]))) for n in range(values)]
        (folder / "secrets").mkdir(exist_ok=True)
        (folder / "secrets/dev.env").write_text("\n".join(lines) + "\n")
        run(tenure, "-q", "seal", cwd=folder)
    else:
        (folder / "README").write_text("bench\n")
    run("git", "add", "-A", cwd=folder)
    run("git", "commit", "-q", "--no-verify", "-m", "bench", cwd=folder)
    return folder


def sources(count, size):
    """So many texts of so many bytes each, of the tree's."""
    found = []
    for path in sorted(pathlib.Path(tree).rglob("*.rs")) + sorted(pathlib.Path(tree).rglob("*.py")):
        content = path.read_bytes()
        if len(content) >= size:
            found.append(content[:size])
        if len(found) == count:
            return found
    sys.exit(f"{tree} has too few sources of {size} bytes")


def measure(name, command, cwd, times, size=None, stdin=None):
    """CPU time, user and system, and the most memory of a run."""
    took = []
    for _ in range(times + 1):
        text = open(stdin, "rb") if stdin else subprocess.DEVNULL
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(*command, cwd=cwd, text=text)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    # The first one fills the caches.
    middle = statistics.median(took[1:])
    rate = f"{size / 1e6 / middle:8.0f} MB per CPU s" if size else ""
    print(f"{name:44} {1000 * middle:9.1f} ms {1000 * min(took):9.1f} least {rate}", flush=True)


def peak(command, cwd, stdin):
    """The most memory of a run, in MiB."""
    measured = "import resource, subprocess, sys\n" \
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n" \
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    with open(stdin, "rb") as text:
        done = subprocess.run([sys.executable, "-c", measured, *command], cwd=cwd, stdin=text, stdout=subprocess.PIPE)
    return int(done.stdout)


hook = [tenure, "hook", "run", "pre-commit"]
plain, managed = scene("plain"), scene("managed", 1000)
(plain / "a.rs").write_bytes(sources(1, 18_000)[0])
run("git", "add", "-A", cwd=plain)
measure("hook, one file of 18 KB", hook, plain, runs)
for number, content in enumerate(sources(100, 10_000)):
    (managed / f"a{number}.rs").write_bytes(content)
run("git", "add", "-A", cwd=managed)
measure("hook, 100 files of 1 MB, 1,000 values", hook, managed, runs)

for folder in (plain, managed):
    shutil.copytree(tree, folder / "tree", ignore=shutil.ignore_patterns(".git"))
size = sum(path.stat().st_size for path in plain.rglob("*") if path.is_file() and ".git" not in path.parts)
measure("scan, warm tree", [tenure, "scan"], plain, 3, size)
measure("scan, warm tree, 1,000 values", [tenure, "scan"], managed, 3, size)

hostile = {
    "one line of letters": b"the quick brown fox jumps over it ",
    "quotes": b'"',
    "escaped quotes": b'\\\\"',
    "entities of entities": b"&amp;amp;",
    "three ways in turns": b'\\u0025&amp;%5c"+"',
    "hexadecimal": b"3333",
    "assigned": b'db_password = ' + b'"x9Kq2mWv7TzR4bNc"; ',
}
large, small = 200_000_000, 20_000_000
for name, part in hostile.items():
    size = large if part.endswith(b"it ") else small
    file = work / "text"
    file.write_bytes(part * (size // len(part)))
    command = [tenure, "scan", "--stdin"]
    measure(f"scan, {size // 1_000_000} MB of {name}", command, managed, 1, size, file)
    print(f"{'':44} {peak(command, managed, file):9} MiB")
PY
