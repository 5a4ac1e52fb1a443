#!/usr/bin/env python3
"""Checks `offload-bench export` with independent solvers.

    pip install highspy pyscipopt pulp      (pulp only for its CBC binary; a `cbc` on the PATH also works)
    python3 tests/check_export.py [PROGRAM]     default: target/release/offload-bench

Ten small instances with interference off: the optimum of the exported MPS by HiGHS, SCIP and CBC, and
of the exported LP by HiGHS and SCIP, must equal the one that `--solver enumerate` finds, within 1e-6
relative. The enumerated plan is also priced here, from the instance file alone. Three instances with
interference on: the exported program is a relaxation, so its optimum must not be above the enumerated
one. An instance without any plan must be infeasible for every solver. Missing solvers are named and
skipped. One line per instance and solver; exit code 1 on any failure.

The costs of the export are seconds, about 1e-2, while the solvers' tolerance on reduced costs is 1e-7
absolute, so it is tightened to 1e-9 here. Without that, CBC ends with the second-best plan of the
first instance, 4e-8 s (1.04e-6 relative) above the best.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

from pricing import price, program

TOLERANCE = 1e-6

# family, N, M, seed, threshold
INTERFERENCE_OFF = [
    ("paper", 4, 2, 1, 0.6),
    ("paper", 8, 3, 2, 0.8),
    ("trace", 5, 2, 3, 0.7),
    ("trace", 7, 3, 4, 1.0),
    ("heterogeneous", 6, 3, 5, 0.6),
    ("heterogeneous", 8, 2, 6, 0.9),
    ("tight", 6, 2, 7, 0.8),
    ("tight", 8, 3, 8, 1.0),
    ("congested", 7, 2, 9, 0.6),
    ("congested", 8, 3, 10, 1.0),
]
INTERFERENCE_ON = [
    ("paper", 6, 2, 11, 0.8),
    ("heterogeneous", 7, 3, 12, 0.7),
    ("congested", 8, 3, 13, 0.6),
]


def generate(folder, family, users, servers, seed, interference):
    """The file of a fresh instance."""
    before = set(os.listdir(folder))
    program("generate", "--family", family, "--users", users, "--servers", servers, "--seed", seed,
            "--set", f"interference={'true' if interference else 'false'}", "--output", folder)
    (name,) = set(os.listdir(folder)) - before
    return os.path.join(folder, name)


# Each takes a file and gives the optimum, None for an infeasible program, or raises.

def by_highs(path):
    solver = highspy.Highs()
    for option, value in [("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.0),
                          ("dual_feasibility_tolerance", 1e-9)]:
        solver.setOptionValue(option, value)
    if solver.readModel(path) == highspy.HighsStatus.kError:
        raise RuntimeError("cannot read the file")
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(solver.modelStatusToString(status))
    return solver.getInfo().objective_function_value


def by_scip(path):
    model = pyscipopt.Model()
    model.hideOutput()
    model.readProblem(path)
    model.setParam("limits/gap", 0.0)
    model.setParam("numerics/dualfeastol", 1e-9)
    model.setParam("lp/threads", 1)
    model.optimize()
    if model.getStatus() == "infeasible":
        return None
    if model.getStatus() != "optimal":
        raise RuntimeError(model.getStatus())
    return model.getObjVal()


def by_cbc(path):
    """CBC prints 8 decimals only, so the optimum is added up from its solution and the file's cost row."""
    answer = path + ".cbc"
    run = subprocess.run([CBC, path, "-threads", "1", "-ratio", "0", "-allow", "0", "-dualT", "1e-9",
                          "-solve", "-printingOptions", "all", "-solution", answer], capture_output=True, text=True)
    if run.returncode != 0 or not os.path.exists(answer):
        raise RuntimeError(f"exit code {run.returncode}: {run.stdout[-200:]}")
    with open(answer) as file:
        lines = file.read().splitlines()
    status = lines[0].lower()
    if "infeasible" in status:
        return None
    if not status.startswith("optimal"):
        raise RuntimeError(lines[0])
    costs = mps_costs(path)
    values = {}
    for line in lines[1:]:
        fields = line.replace("**", " ").split()
        if fields[1] in costs:
            values[fields[1]] = float(fields[2])
    return sum(cost * values[name] for name, cost in costs.items())


def mps_costs(path):
    """Coefficients of the objective row of an MPS file, 0 for the other columns."""
    section, row, costs = None, None, {}
    with open(path) as file:
        for line in file:
            fields = line.split()
            if not fields:
                continue
            if not line[0].isspace():
                section = fields[0]
            elif section == "ROWS" and fields[0] == "N" and row is None:
                row = fields[1]
            elif section == "COLUMNS" and "'MARKER'" not in fields:
                costs.setdefault(fields[0], 0.0)
                for name, value in zip(fields[1::2], fields[2::2]):
                    if name == row:
                        costs[fields[0]] += float(value)
            elif section == "RHS" and row in fields[1::2]:
                raise RuntimeError("the objective has a constant, which this reader does not know")
    return costs


MISSING = []
try:
    import highspy
except ImportError:
    highspy = None
    MISSING.append("HiGHS (highspy)")
try:
    import pyscipopt
except ImportError:
    pyscipopt = None
    MISSING.append("SCIP (pyscipopt)")
CBC = shutil.which("cbc")
if CBC is None:
    try:
        import pulp
        CBC = pulp.PULP_CBC_CMD().path
        if not os.path.exists(CBC):
            CBC = None
    except ImportError:
        pass
if CBC is None:
    MISSING.append("CBC (pulp, or cbc on the PATH)")

SOLVERS = []
if highspy:
    SOLVERS += [("HiGHS", "mps", by_highs)]
if pyscipopt:
    SOLVERS += [("SCIP", "mps", by_scip)]
if CBC:
    SOLVERS += [("CBC", "mps", by_cbc)]
if highspy:
    SOLVERS += [("HiGHS", "lp", by_highs)]
if pyscipopt:
    SOLVERS += [("SCIP", "lp", by_scip)]


def show(value):
    return "infeasible" if value is None else f"{value:.12g}"


def main():
    counts = {True: 0, False: 0}

    def result(good, name, who, words):
        counts[good] += 1
        print(f"{'ok  ' if good else 'FAIL'} {name:<44} {who:<11} {words}", flush=True)

    for solver in MISSING:
        print(f"missing, left out: {solver}")
    with tempfile.TemporaryDirectory() as folder:
        for interference, cases in [(False, INTERFERENCE_OFF), (True, INTERFERENCE_ON)]:
            for family, users, servers, seed, threshold in cases:
                name = f"{family} n={users} m={servers} seed={seed} tau={threshold}{' interference' if interference else ''}"
                try:
                    path = generate(folder, family, users, servers, seed, interference)
                    answer = json.loads(program("solve", "--solver", "enumerate", "--threshold", threshold, "--gap", "0", "--json", path))
                    with open(path) as file:
                        instance = json.load(file)
                    best = answer["objective"]
                    if (best is None) != (answer["status"] == "infeasible") or answer["status"] not in ("optimal", "infeasible"):
                        raise RuntimeError(f"status {answer['status']}, objective {best}")
                    files = {}
                    for text in ("mps", "lp"):
                        files[text] = f"{path}.{text}"
                        program("export", "--format", text, "--threshold", threshold, "--output", files[text], path)
                except (RuntimeError, ValueError, KeyError) as fault:
                    result(False, name, "program", str(fault))
                    continue
                if best is None:
                    result(True, name, "enumerate", "infeasible")
                else:
                    own = price(instance, answer["assignment"])
                    result(abs(own - best) <= 1e-12 * best, name, "enumerate", f"{show(best)} (priced here: {show(own)})")
                for solver, text, solve in SOLVERS:
                    try:
                        value = solve(files[text])
                    except Exception as fault:  # whatever a solver's binding throws is a failed check
                        result(False, name, f"{solver} {text}", f"{type(fault).__name__}: {fault}")
                        continue
                    if best is None or value is None:
                        # A relaxation may have a solution where the problem has none, never the other way round.
                        result(best is None and (value is None or interference), name, f"{solver} {text}", show(value))
                    elif interference:
                        result(value <= best * (1 + TOLERANCE), name, f"{solver} {text}", f"{show(value)}, {(best - value) / best:.2%} below")
                    else:
                        difference = (value - best) / best
                        result(abs(difference) <= TOLERANCE, name, f"{solver} {text}", f"{show(value)}, relative difference {difference:.1e}")
    if not SOLVERS:
        result(False, "all", "", "no solver is installed")
    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(1 if counts[False] else 0)


main()
