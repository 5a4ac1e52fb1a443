#!/usr/bin/env python3
"""Counts instructions with valgrind: a regression test that is independent of other load and of the
machine's speed.

    python3 tests/instructions.py target/release/examples/counted [--record]

Two tests. Ratios of counts within this run have fixed limits, with any compiler. With the compiler and
the kind of processor that made tests/instructions.json, each count is also compared with the recorded
one: more than 10 % above fails, more than 10 % below asks for --record, which rewrites the file.
(Counts repeat to a millionth. The 10 % allow for the C library, which chooses its memcpy by processor.)
Exit codes: 0 passed, 1 failed, 2 counting failed.
"""
import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

RECORDED = Path(__file__).with_name("instructions.json")
TOLERANCE = 0.10
CASES = [("deltas", 120), ("evaluate", 120), ("evaluate", 1000), ("goa", 120), ("goa", 1000), ("goa-marginal", 120), ("goa-marginal", 1000),
         ("dmin", 120), ("local-search", 120), ("bnb", 60), ("bnb", 120), ("verify", 120)]
# (numerator, denominator, limit). The first is GOA's target. The others are a third to a half above the
# measured ratios, so that work that grows faster with N, or a check more costly than the solve, is
# noticed with every compiler.
LIMITS = [("goa 120", "deltas 120", 10), ("goa 1000", "goa 120", 25), ("goa-marginal 120", "goa 120", 8), ("verify 120", "bnb 120", 1)]


def fail(text):
    print(f"instructions: {text}", file=sys.stderr)
    sys.exit(2)


def count(program, work, users):
    """Instructions between entering and leaving `measured`."""
    # Names are matched demangled; the leading star matches the prefix that the mangling adds.
    valgrind = ["valgrind", "--tool=callgrind", "--toggle-collect=*counted::measured*", "--callgrind-out-file=/dev/null"]
    done = subprocess.run([*valgrind, program, work, str(users)], capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        fail(f"{work} {users} failed:\n{done.stderr[-2000:]}")
    if int(found[1]) == 0:
        fail(f"{work} {users}: nothing was counted; does {program} still have its symbols and a function `measured`?")
    return int(found[1])


def made_with():
    rustc = subprocess.run(["rustc", "-V"], capture_output=True, text=True, check=True).stdout.strip()
    return {"rustc": rustc, "machine": platform.machine()}


def against_limits(counts):
    print(f"\n{'ratio':<32} {'counted':>8} {'limit':>6}")
    held = True
    for what, over, limit in LIMITS:
        ratio = counts[what] / counts[over]
        held &= ratio <= limit
        print(f"{what + ' / ' + over:<32} {ratio:>8.2f} {limit:>6}{'' if ratio <= limit else '  FAILS'}")
    return held


def against_recorded(counts, recorded):
    print(f"\n{'case':<20} {'instructions':>14} {'recorded':>14} {'change':>9}")
    held = True
    for case, counted in counts.items():
        before = recorded.get(case)
        if before is None:
            held = False
            print(f"{case:<20} {counted:>14,} {'-':>14} {'':>9}  FAILS: record it (--record)")
            continue
        change = counted / before - 1
        held &= change <= TOLERANCE
        word = "  FAILS" if change > TOLERANCE else "  better: record it (--record)" if change < -TOLERANCE else ""
        print(f"{case:<20} {counted:>14,} {before:>14,} {100 * change:>+8.1f}%{word}")
    return held


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the built example `counted`")
    parser.add_argument("--record", action="store_true", help="rewrite tests/instructions.json")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        fail("valgrind is missing (Debian: apt-get install valgrind)")
    counts = {f"{work} {users}": count(options.program, work, users) for work, users in CASES}
    here = made_with()
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {"counts": {}}
    held = against_limits(counts)
    same = all(recorded.get(key) == value for key, value in here.items())
    if options.record or same:
        held &= against_recorded(counts, recorded["counts"]) or options.record
    else:
        maker = f"{recorded.get('rustc', 'nobody')}, {recorded.get('machine', 'nowhere')}"
        print(f"\nOnly ratios are judged: counts were recorded with {maker}; here is {here['rustc']}, {here['machine']}.")
        for case, counted in counts.items():
            print(f"{case:<20} {counted:>14,}")
    if options.record and held:
        RECORDED.write_text(json.dumps({**here, "counts": counts}, indent=2) + "\n")
        print(f"recorded in {RECORDED}")
    sys.exit(0 if held else 1)


main()
