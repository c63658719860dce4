#!/usr/bin/env python3
"""Makes src/scan/model/table.rs: how natural one character is after another in names and words.

    tests/bench/train-model.py ~/.cargo/registry/src /usr/lib/python3 > src/scan/model/table.rs

Reads source files below the folders given, which must be clean: the sources of crates and of the
standard library of a language. From each file it takes the identifiers, dotted names and words of three to
forty characters, each once a file, so that one file's habits count little. Words with five
digits or more, and long words of hexadecimal digits only, are left out: they are data. A pair of
characters is counted by the square root of how many files hold the word that it stands in.

It also counts which three bytes in a row are met most often, case aside: keywords are looked for by others
of their bytes.

What is printed first is -log2 of the likelihood of the second character, in quarter bits, as the
character 48 + n; one row a first character, the last row for the beginning of a word.
"""

import collections
import math
import os
import re
import sys

LETTERS = "abcdefghijklmnopqrstuvwxyz" "ABCDEFGHIJKLMNOPQRSTUVWXYZ" "0123456789" "_-."
OTHER = len(LETTERS)
START = OTHER + 1
KINDS = (".rs", ".py", ".md", ".toml", ".js", ".c", ".h", ".go", ".java", ".txt", ".yml", ".sh")
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{2,39}")
PLACE = {letter: place for place, letter in enumerate(LETTERS)}


def count(folders):
    """Counts in how many files a word stands, and how often three bytes in a row."""
    counts, threes = collections.Counter(), collections.Counter()
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in sorted(names):
                path = os.path.join(place, name)
                if not name.endswith(KINDS) or os.path.getsize(path) > 300_000:
                    continue
                with open(path, encoding="utf-8", errors="ignore") as file:
                    text = file.read()
                counts.update(set(WORD.findall(text)))
                # A part of each file will do.
                part = text[:20_000].lower()
                threes.update(part[at : at + 3] for at in range(0, len(part) - 2))
    return counts, threes


def is_data(word):
    digits = sum(c.isdigit() for c in word)
    hexadecimal = all(c in "0123456789abcdefABCDEF" for c in word)
    return digits > 4 or (hexadecimal and digits > 1 and len(word) > 6)


def table(counts):
    pairs = [[0.05] * (OTHER + 1) for _ in range(START + 1)]
    for word, count in counts.items():
        # Most words that stand in one file only, in one place, are names; some are data.
        if is_data(word) or (count < 2 and sum(c.isdigit() for c in word) > 2):
            continue
        before = START
        for letter in word.rstrip(".-"):
            after = PLACE.get(letter, OTHER)
            pairs[before][after] += math.sqrt(count)
            before = after
    return pairs


def main():
    rows = []
    counts, threes = count(sys.argv[1:])
    for row in table(counts):
        total = sum(row)
        bits = (min(56, max(0, round(-4 * math.log2(count / total)))) for count in row)
        rows.append("".join(chr(48 + quarter) for quarter in bits))
    print("//! How many quarter bits a character takes after another one, in names and words.")
    print("//!")
    print("//! Made by `tests/bench/train-model.py`, whose head says how; never edited.")
    print()
    print(f"/// One row a first character: {len(LETTERS)} of them, any other, the beginning.")
    print(f"pub(super) const ROWS: [&[u8; {OTHER + 1}]; {START + 1}] = [")
    for row in rows:
        print(f'    br"{row}",')
    print("];")
    frequent = [three for three, _ in threes.most_common(4000) if three.isascii() and three.isprintable()]
    print()
    print("/// The three bytes in a row that are met most often in sources, the most frequent first.")
    print("pub(super) const FREQUENT: [&[u8]; FREQUENT_ROWS] = [")
    width = 24
    rows = ["".join(frequent[at : at + width]) for at in range(0, 1500, width)]
    for row in rows:
        print(f'    br#"{row}"#,')
    print("];")
    print(f"const FREQUENT_ROWS: usize = {len(rows)};")


main()
