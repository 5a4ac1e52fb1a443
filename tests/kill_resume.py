#!/usr/bin/env python3
"""Kills a campaign of 660 rows 50 times with SIGKILL at random moments, resuming it each time.

At the end its records must be those of an undisturbed run, apart from times: none lost, none twice.
After each kill no process of the campaign may remain.
Usage: kill_resume.py OFFLOAD_BENCH [KILLS]. Exit codes: 0 passed, 1 failed, 2 usage. All processes
that it starts end with it, and every wait has a limit.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from records import key, rows, timeless

# 660 rows, 132 of them by bnb in processes of their own and 132 by a program that stays running. No
# time limit, so that the outcome does not depend on the machine's speed.
CONFIG = """format = "offload-config/1"
thresholds = [0.5, 0.8]
solvers = ["goa", "dmin", "local-search", "bnb"]
certificates = true
threads = 2
[[solver]]
name = "served"
id = "serve:python3 serve_solver.py"
env = ["OFFLOAD_KILL_TEST"]
[[instances]]
family = "paper"
users = [8, 24, 40]
servers = [4]
seeds = { from = 1, count = 11 }
parameters = { interference = [true, false] }
"""

TOTAL = 660

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"

# Average share of the remaining rows that is done until all kills have hit. With more, the campaign
# might end before.
SHARE = 0.8

# Limit on the time that processes of a killed campaign need to end, s.
PATIENCE = 10

# Time limit of one run, s.
LIMIT = 600

# Set in the environment of every process of the campaign, so that all of them can be found.
MARK = f"OFFLOAD_KILL_TEST={uuid.uuid4()}"


class Failed(Exception):
    """The test did not pass."""


def command(bench, folder, name):
    return [str(bench), "run", str(folder / "c.toml"), "-o", str(folder / name), "--quiet"]


def complete(bench, folder, name):
    """Runs a campaign to its end; returns its seconds."""
    start = time.monotonic()
    done = subprocess.run(command(bench, folder, name), capture_output=True, text=True, timeout=LIMIT)
    if done.returncode != 0:
        raise Failed(f"a run ended with exit code {done.returncode}: {done.stderr}")
    return time.monotonic() - start


def living():
    """Processes that carry the mark and still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if MARK.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def kill_after(bench, folder, delay):
    """Starts the campaign and kills its process group after some seconds; whether it was still running."""
    name, value = MARK.split("=")
    run = subprocess.Popen(command(bench, folder, "killed"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, start_new_session=True, env={**os.environ, name: value})
    try:
        run.wait(delay)
    except subprocess.TimeoutExpired:
        pass
    # The process is not yet reaped, so its number cannot belong to another group.
    hit = run.returncode is None
    if run.returncode:
        raise Failed(f"a run ended by itself with exit code {run.returncode}")
    if hit:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait(LIMIT)
    return hit


def wait_for_orphans():
    """Returns how long the workers of a killed run lived on, s; kills those that stay and fails."""
    start = time.monotonic()
    while time.monotonic() - start < PATIENCE:
        if not living():
            return time.monotonic() - start
        time.sleep(0.01)
    left = living()
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    raise Failed(f"{len(left)} processes ran on {PATIENCE} s after the kill")


def kill_often(bench, folder, kills, whole):
    """Kills runs until all kills have hit or the campaign is complete; returns kills, rows that were there, and how long orphans lived at most."""
    draw = random.Random(20260207)
    hits, there, longest = 0, 0, 0.0
    while hits < kills:
        mean = SHARE * whole * (1 - there / TOTAL) / (kills - hits)
        # Leaves time to start, so that kills also hit later stages.
        if not kill_after(bench, folder, draw.uniform(0, 2 * mean) + 0.01):
            break
        hits += 1
        longest = max(longest, wait_for_orphans())
        now = rows(folder / "killed")
        if now < there:
            raise Failed(f"kill {hits}: {now} rows where {there} were")
        there = now
    return hits, there, longest


def compare(bench, folder):
    """Both campaigns must hold the same records, each once."""
    whole, killed = timeless(folder / "whole"), timeless(folder / "killed")
    keys = [[key(json.loads(line)) for line in lines] for lines in (whole, killed)]
    twice = len(keys[1]) - len(set(keys[1]))
    lost = len(set(keys[0]) - set(keys[1]))
    other = sum(a != b for a, b in zip(whole, killed))
    if len(whole) != TOTAL or whole != killed:
        raise Failed(f"{len(whole)} rows undisturbed, {len(killed)} killed: {lost} lost, {twice} twice, {other} different")
    done = subprocess.run([str(bench), "verify", str(folder / "killed")], capture_output=True, text=True, timeout=LIMIT)
    if done.returncode != 0:
        raise Failed(f"verify refuses the killed campaign: {done.stdout}{done.stderr}")


def test(bench, kills, folder):
    for name in ("serve_solver.py", "my_solver.py"):
        shutil.copy(EXAMPLES / name, folder)
    (folder / "c.toml").write_text(CONFIG)
    whole = complete(bench, folder, "whole")
    hits, there, longest = kill_often(bench, folder, kills, whole)
    complete(bench, folder, "killed")
    compare(bench, folder)
    if hits < kills:
        raise Failed(f"only {hits} of {kills} kills hit a running campaign")
    print(f"test-kill: passed; {hits} kills, {there} of {TOTAL} rows before the last run ({whole:.1f} s undisturbed), workers gone "
          f"{1000 * longest:.0f} ms after a kill at the latest: none lost, none twice")


def main():
    if len(sys.argv) not in (2, 3) or not Path(sys.argv[1]).is_file():
        print(__doc__, file=sys.stderr)
        return 2
    bench, kills = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) == 3 else 50
    # Clean up on every signal.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="offload-kill-") as folder:
        try:
            test(bench, kills, Path(folder))
            return 0
        except (Failed, subprocess.TimeoutExpired) as e:
            print(f"test-kill: FAILED: {e}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
