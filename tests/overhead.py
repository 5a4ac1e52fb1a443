#!/usr/bin/env python3
"""Measures what a campaign costs beside the solvers, per row: seconds of `run` on one thread minus the
solvers' own.

Cases: heuristics in the harness's process on N = 120, divided into instances (generated once for all
their rows) and rows; and GOA in a process of its own per row. Each value is the minimum of several
runs, because other work on the machine only adds to it. Usage: overhead.py OFFLOAD_BENCH. Exit codes:
0 below the targets, 1 above, 2 usage.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# ms per row.
TARGET_SHARED = 2.0
TARGET_ISOLATED = 10.0

# Runs of each campaign; the minimum counts.
REPETITIONS = 3

# Time limit of one run, s.
LIMIT = 300

HEAD = """format = "offload-config/1"
threads = 1
thresholds = {thresholds}
[[instances]]
family = "paper"
users = [120]
servers = [4]
seeds = {{ from = 0, count = {count} }}
"""

HEURISTICS = """[[solver]]
id = "goa"
[[solver]]
id = "dmin"
[[solver]]
id = "random"
"""

ISOLATED = """[[solver]]
id = "goa"
isolate = true
"""

TEN = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


def once(bench, folder, config):
    """Runs a campaign in a new folder; returns its rows, and the seconds and processor seconds that were not the solvers' own."""
    (folder / "c.toml").write_text(config)
    with tempfile.TemporaryDirectory(dir=folder) as out:
        before, start = os.times(), time.monotonic()
        subprocess.run([bench, "run", folder / "c.toml", "-o", out, "--quiet"], check=True, timeout=LIMIT, stdout=subprocess.DEVNULL)
        wall, after = time.monotonic() - start, os.times()
        records = [json.loads(line) for line in (Path(out) / "records.jsonl").read_text().splitlines()]
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return len(records), wall - sum(r["time_s"] for r in records), cpu - sum(r["cpu_s"] for r in records)


def least(bench, folder, solvers, count, thresholds):
    """Rows, and the least seconds and processor seconds beside the solvers' own."""
    config = HEAD.format(count=count, thresholds=thresholds) + solvers
    runs = [once(bench, folder, config) for _ in range(REPETITIONS)]
    return runs[0][0], min(r[1] for r in runs), min(r[2] for r in runs)


def main():
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        print(__doc__, file=sys.stderr)
        return 2
    bench = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="offload-overhead-") as name:
        folder = Path(name)
        start = least(bench, folder, HEURISTICS, 1, [0.5])
        few = least(bench, folder, HEURISTICS, 300, [0.5])
        many = least(bench, folder, HEURISTICS, 300, TEN)
        apart = least(bench, folder, ISOLATED, 30, TEN)
    # The same instances with ten times the rows: the additional time is that of the rows, the rest that of
    # the instances.
    row = 1e3 * (many[1] - few[1]) / (many[0] - few[0])
    instance = max(0.0, (1e3 * (few[1] - start[1]) - row * few[0]) / 300)
    shared, isolated = 1e3 * many[1] / many[0], 1e3 * apart[1] / apart[0]
    print(f"in one process: {many[0]} rows, {shared:.3f} ms a row beside the solver's own time ({1e3 * many[2] / many[0]:.3f} ms of it processor time)"
          f"; target {TARGET_SHARED:g} ms")
    print(f"  of it {row:.3f} ms for the row itself and {instance:.3f} ms for each instance, N = 120; a run starts and ends in {1e3 * start[1]:.0f} ms")
    print(f"in a process a row: {apart[0]} rows, {isolated:.3f} ms a row ({1e3 * apart[2] / apart[0]:.3f} ms of it processor time); "
          f"target {TARGET_ISOLATED:g} ms")
    return 0 if shared < TARGET_SHARED and isolated < TARGET_ISOLATED else 1


if __name__ == "__main__":
    sys.exit(main())
