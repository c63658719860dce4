#!/usr/bin/env python3
"""Runs the guard, and whichever other scanners are installed, over one labelled corpus and one clean tree.

    tests/bench/guard.py LABELS FOLDER [CLEAN]

LABELS has a JSON object a line: file, kind (`tp` must be reported, `fp` must not), as beside the samples in
FOLDER. CLEAN is a folder of sources without secrets. TENURE names the binary (default: target/release/tenure).
Prints recall, near misses hit, findings per MB of clean source and MB per CPU second, a row an engine.
"""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

TENURE = os.environ.get("TENURE", "target/release/tenure")


def read_json(text):
    return json.loads(text) if text.strip() else []


def tenure(folder, out):
    text = run([TENURE, "scan", "--json"], folder)
    found = [it for it in json.loads(text)["findings"] if it["level"] == "error"]
    return [it["path"] for it in found]


def gitleaks(program):
    def scan(folder, out):
        run([program, "dir", ".", "--no-banner", "-f", "json", "-r", out], folder)
        return [it["File"] for it in read_json(pathlib.Path(out).read_text()) or []]

    return scan


def detect_secrets(folder, out):
    found = json.loads(run(["detect-secrets", "scan", "--all-files", "--no-verify"], folder))["results"]
    return [path for path, hits in found.items() for _ in hits]


def ripsecrets(folder, out):
    lines = run(["ripsecrets", "."], folder).splitlines()
    return [line.split(":", 1)[0].removeprefix("./") for line in lines if ":" in line]


def kingfisher(folder, out):
    text = run(["kingfisher", "scan", ".", "--no-validate", "--format", "jsonl"], folder)
    rows = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [row["finding"]["path"].removeprefix("./") for row in rows if "finding" in row]


ENGINES = {
    "tenure": (TENURE, tenure),
    "betterleaks": ("betterleaks", gitleaks("betterleaks")),
    "gitleaks": ("gitleaks", gitleaks("gitleaks")),
    "kingfisher": ("kingfisher", kingfisher),
    "detect-secrets": ("detect-secrets", detect_secrets),
    "ripsecrets": ("ripsecrets", ripsecrets),
}


def run(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode(errors="replace")


def repository(folder, scratch):
    """A copy in which nothing is ignored, as a repository: some engines ask for one."""
    copy = os.path.join(scratch, "tree")
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".git", ".gitignore"), symlinks=True)
    subprocess.run(["git", "init", "-q", copy], check=True)
    for root, _, files in os.walk(copy):
        for name in files:
            path = os.path.join(root, name)
            if not os.path.islink(path):
                os.chmod(path, 0o644)
    return copy


def timed(scan, folder, out):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = scan(folder, out)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def size(folder):
    files = (p for p in pathlib.Path(folder).rglob("*") if p.is_file() and ".git" not in p.parts)
    return sum(p.stat().st_size for p in files) / 1e6


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    labels = [json.loads(line) for line in open(sys.argv[1])]
    print("| engine | recall | near misses hit | clean: findings per MB | MB per CPU s |")
    print("|---|---|---|---|---|")
    for name, (program, scan) in ENGINES.items():
        if shutil.which(program) is None:
            print(f"| {name} | not installed | | | |")
            continue
        program_row(name, os.path.abspath(program) if name == "tenure" else program, scan, labels)


def program_row(name, program, scan, labels):
    global TENURE
    if name == "tenure":
        TENURE = program
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "out.json")
        hit = set(scan(repository(sys.argv[2], scratch), out))
        kinds = {kind: [it["file"] for it in labels if it["kind"] == kind] for kind in ("tp", "fp")}
        true = sum(file in hit for file in kinds["tp"])
        false = sum(file in hit for file in kinds["fp"])
        row = [name, f"{true}/{len(kinds['tp'])} ({100 * true / max(1, len(kinds['tp'])):.0f} %)", f"{false}/{len(kinds['fp'])}"]
    if len(sys.argv) > 3:
        with tempfile.TemporaryDirectory() as scratch:
            out = os.path.join(scratch, "out.json")
            tree = repository(sys.argv[3], scratch)
            scan(tree, out)
            found, seconds = timed(scan, tree, out)
            megabytes = size(tree)
            row += [f"{len(found) / megabytes:.3f}", f"{megabytes / seconds:.0f}"]
    else:
        row += ["", ""]
    print("| " + " | ".join(row) + " |", flush=True)


main()
