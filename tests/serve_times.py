#!/usr/bin/env python3
"""Measures what `serve:` adds to the time of a Python solver with numpy, and what growth it is given.

1. N = 120: time of a campaign per row beside the solver's own time (parsing the request, making
   arrays, solving, all measured inside the program).
2. Growth: a solver that prices all pairs at every step runs at several N. It writes its times into a
   file of its own; the exponent of the report must lie in agreement with them, whether the program
   states its times or offload-bench measures from request to answer.

Usage: PYTHON_WITH_NUMPY serve_times.py OFFLOAD_BENCH. Exit codes: 0 below the target and in agreement,
1 not, 2 usage.
"""

import csv
import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"

# ms per row.
TARGET = 2.0

# Runs of a campaign; the minimum counts, because other work on the machine only adds to it.
REPETITIONS = 3

# Time limit of one run, s.
LIMIT = 600

# Resamples of an interval.
RESAMPLES = 2000

HEAD = """format = "offload-config/1"
threads = 1
thresholds = {thresholds}
{more}
[[instances]]
family = "paper"
users = {users}
servers = [4]
seeds = {{ from = 1, count = {count} }}
"""

SOLVER = """[[solver]]
name = "{name}"
id = "serve:{python} {program}"
"""

TEN = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]

# The sizes of the growth: large enough that the work grows as a power.
USERS = [80, 160, 320, 640]

# The example with another algorithm: it prices all pairs at every step. It writes N and the seconds of
# each solve, and of all its work on the request, into the file that its first argument names.
PROGRAM = '''
import json, sys, time
import numpy as np
from serve_numpy import TINY, arrays, solve

def greedy(a, threshold):
    n = len(a["local"])
    loads, plan = np.zeros(len(a["band"])), [None] * n
    is_open = np.ones(n, dtype=bool)
    for _ in range(n):
        load = loads + 1
        delay = a["bits"][:, None] * load / (a["band"] * a["bits_per_band"])
        delay += a["work"][:, None] / np.minimum(a["cap"], a["capacity"] / load)
        delta = a["uncertainty"][:, None] * (delay - a["local"][:, None])
        delta[~is_open] = np.inf
        i, j = np.unravel_index(np.argmin(delta), delta.shape)
        if delta[i, j] >= 0 and a["uncertainty"][i] <= threshold:
            is_open[i] = False
            continue
        plan[i], is_open[i] = int(j), False
        loads[j] += 1
    return plan

def main():
    log = open(sys.argv[1], "a")
    algorithm = {"example": solve, "greedy": greedy}[sys.argv[2]]
    algorithm(arrays(TINY), 0.5)
    print(json.dumps({"protocol": "offload-solver/2", "name": "measured"}), flush=True)
    for line in sys.stdin:
        begin = time.perf_counter()
        request = json.loads(line)
        a = arrays(request["problem"])
        start = time.perf_counter()
        plan = algorithm(a, request["threshold"])
        seconds = time.perf_counter() - start
        answer = {"id": request["id"], "assignment": plan}
        if sys.argv[3] == "states":
            answer["algorithm_time_s"] = seconds
        text = json.dumps(answer)
        log.write(f"{len(plan)} {seconds} {time.perf_counter() - begin}\\n")
        log.flush()
        print(text, flush=True)

main()
'''


def run(bench, folder, out):
    """Runs the configuration of a folder; returns its seconds and its records."""
    start = time.monotonic()
    line = [bench, "run", folder / "c.toml", "-o", folder / out, "--quiet"]
    subprocess.run(line, check=True, timeout=LIMIT, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    text = (folder / out / "records.jsonl").read_text()
    return seconds, [json.loads(line) for line in text.splitlines()]


def logged(path):
    """The lines of a program's log: N, seconds of the algorithm, seconds of all its work."""
    rows = [line.split() for line in path.read_text().splitlines()]
    return [(int(n), float(seconds), float(work)) for n, seconds, work in rows]


def overhead(bench, folder, thresholds):
    """Rows, and the least seconds beside the program's own, of a campaign with 100 instances."""
    solver = SOLVER.format(name="s", python=sys.executable, program="program.py log example states")
    text = HEAD.format(thresholds=thresholds, more="", users=[120], count=100) + solver
    (folder / "c.toml").write_text(text)
    found = []
    for k in range(REPETITIONS):
        (folder / "log").unlink(missing_ok=True)
        seconds, records = run(bench, folder, f"out{len(thresholds)}-{k}")
        bad = [r["stop"] for r in records if r["status"] != "feasible"]
        assert not bad, bad[0]
        own = sum(work for _, _, work in logged(folder / "log"))
        between = sum(r["wall_time_s"] for r in records) - own
        found.append((seconds - own, between, len(records)))
    return min(found)


def exponent(points):
    """The slope of log seconds over log N by least squares."""
    xs, ys = [math.log(n) for n, _ in points], [math.log(t) for _, t in points]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs)


def interval(points):
    """The exponent with a 95 % bootstrap interval."""
    draw = random.Random(1)
    slopes = sorted(exponent(draw.choices(points, k=len(points))) for _ in range(RESAMPLES))
    return exponent(points), slopes[RESAMPLES // 40], slopes[-RESAMPLES // 40]


def growth(bench, folder):
    """Prints the exponents of the report and those measured inside; whether they agree."""
    text = HEAD.format(thresholds=[0.8], more='timing = "isolated"', users=USERS, count=8)
    for name in ("states", "silent"):
        program = f"program.py {name}.log greedy {name}"
        text += SOLVER.format(name=name, python=sys.executable, program=program)
    (folder / "c.toml").write_text(text)
    run(bench, folder, "growth")
    subprocess.run([bench, "report", folder / "growth"], check=True, timeout=LIMIT, stdout=subprocess.DEVNULL)
    with open(folder / "growth" / "growth.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    well = True
    for name, how in (("states", "as the program states it"), ("silent", "from request to answer")):
        row = next(r for r in rows if r["solver"] == name)
        given = [float(row[key]) for key in ("exponent", "exponent_low", "exponent_high")]
        inside = interval([(n, t) for n, t, _ in logged(folder / f"{name}.log")])
        agrees = given[1] <= inside[2] and inside[1] <= given[2]
        well &= agrees
        shown = ["{:.3f} ({:.3f} .. {:.3f})".format(*of) for of in (given, inside)]
        print(f"growth, {how}: {shown[0]}; inside the program {shown[1]}: {'agree' if agrees else 'DISAGREE'}")
    return well


def main():
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        print(__doc__, file=sys.stderr)
        return 2
    bench = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="offload-serve-") as name:
        folder = Path(name)
        shutil.copy(EXAMPLES / "serve_numpy.py", folder)
        (folder / "program.py").write_text(PROGRAM)
        few, many = overhead(bench, folder, [0.5]), overhead(bench, folder, TEN)
        row = 1e3 * (many[0] - few[0]) / (many[2] - few[2])
        whole, between = 1e3 * many[0] / many[2], 1e3 * many[1] / many[2]
        print(f"serve, N = 120: {many[2]} rows, {whole:.2f} ms a row beside the program's own time, start of program and "
              f"campaign included; {row:.2f} ms for each further row, {between:.2f} ms of it between request and answer; target {TARGET:g} ms")
        agree = growth(bench, folder)
    return 0 if whole < TARGET and agree else 1


if __name__ == "__main__":
    sys.exit(main())
