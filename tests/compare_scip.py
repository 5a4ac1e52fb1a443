#!/usr/bin/env python3
"""Compares `bnb` and `milp` with SCIP on the plain non-convex program: time to a relative gap of
1e-3, or the gap at 60 s.

    pip install pyscipopt
    python3 tests/compare_scip.py [PROGRAM] > docs/src/results/scip.md

PROGRAM is target/release/offload-bench by default. Family `paper`, M = 4, threshold 0.8, weights
uncertainty, interference on, N = 6, 8, 12, 20, seeds 0..2; one after the other, up to seven minutes.
Prints Markdown. Gaps are (z - bound) / bound, with z the objective of the plan priced here from the
instance and bound the solver's own. A plan below another solver's bound means that one of them is
wrong: this is reported on stderr, and the exit code is 1.

SCIP's program, with I_j in nW and delays in ms to suit its absolute tolerances:

    min  sum_i v_i t_i (1 - sum_j x_ij) + sum_ij v_i (D_i/B_j q_ij + h_ij)
    sum_j x_ij <= 1 (= 1 for mandatory users),  n_j = sum_i x_ij,  I_j = sum_k S_kj sum_(l != j) x_kl
    p_ij = n_j x_ij          as p_ij >= n_j - K (1 - x_ij), p_ij >= x_ij, p_ij <= K x_ij, p_ij <= n_j
    q_ij log2(1 + S_ij/(s_j + I_j)) >= p_ij                  the only nonlinear rows
    h_ij >= w_i x_ij / f_j,  h_ij >= w_i p_ij / F_j

with x binary, n integer, and every variable bounded as the data allow. Three variants were slower on
N = 12: a separate variable for the rate, its reciprocal as a variable (bilinear in p), and the rate as
a difference of two logarithms.
"""

import json
import math
import os
import sys
import tempfile
import time

import pyscipopt

from pricing import price, program

SIZES, SEEDS, SERVERS, THRESHOLD = (6, 8, 12, 20), (0, 1, 2), 4, 0.8
TIME_LIMIT, GAP = 60, 1e-3
NANO, MILLI = 1e9, 1e3


def scip(instance):
    """Plan or None, lower bound in s, seconds spent solving."""
    users, servers = instance["users"], instance["servers"]
    everyone, places = range(len(users)), range(len(servers))
    power = [[u["tx_power_w"] * g * NANO for g in row] for u, row in zip(users, instance["gain"])]
    model = pyscipopt.Model()
    model.hideOutput()
    total = pyscipopt.quicksum
    x = [[model.addVar(f"x_{i}_{j}", "B") for j in places] for i in everyone]
    cost = 0
    for i in everyone:
        offloaded = total(x[i])
        model.addCons(offloaded == 1 if users[i]["uncertainty"] > THRESHOLD else offloaded <= 1)
        cost += users[i]["uncertainty"] * users[i]["local_delay_s"] * MILLI * (1 - offloaded)
    for j, server in enumerate(servers):
        noise = server["noise_w"] * NANO
        most = min(len(users), server["max_users"] if server.get("max_users") is not None else len(users))
        loudest = sum(power[i][j] for i in everyone)
        load = model.addVar(f"n_{j}", "I", 0, most)
        heard = model.addVar(f"I_{j}", "C", 0, loudest)
        model.addCons(load == total(x[i][j] for i in everyone))
        model.addCons(heard == total(power[k][j] * x[k][l] for k in everyone for l in places if l != j))
        for i, user in enumerate(users):
            product = model.addVar(f"p_{i}_{j}", "C", 0, most)
            model.addCons(product >= load - most * (1 - x[i][j]))
            model.addCons(product >= x[i][j])
            model.addCons(product <= most * x[i][j])
            model.addCons(product <= load)
            uplink = model.addVar(f"q_{i}_{j}", "C", 0, most / math.log2(1 + power[i][j] / (noise + loudest)))
            model.addCons(uplink * pyscipopt.log(1 + power[i][j] / (noise + heard)) >= math.log(2) * product)
            work = user["edge_work_flop"] * MILLI
            compute = model.addVar(f"h_{i}_{j}", "C", 0, work * max(1 / server["user_cap_flops"], most / server["capacity_flops"]))
            model.addCons(compute >= work / server["user_cap_flops"] * x[i][j])
            model.addCons(compute >= work / server["capacity_flops"] * product)
            cost += user["uncertainty"] * (user["payload_bits"] / server["bandwidth_hz"] * MILLI * uplink + compute)
    model.setObjective(cost, "minimize")
    model.setParam("limits/time", TIME_LIMIT)
    model.setParam("limits/gap", GAP)
    model.setParam("lp/threads", 1)
    start = time.perf_counter()
    model.optimize()
    spent = time.perf_counter() - start
    plan = None
    if model.getNSols() > 0:
        plan = [next((j for j in places if model.getVal(x[i][j]) > 0.5), None) for i in everyone]
    return plan, model.getDualbound() / MILLI, spent


def duration(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


def cell(value, bound, spent):
    """Time where the gap was reached, else the gap."""
    if value is None or bound is None or bound <= 0:
        return f"no gap in {duration(spent)}"
    gap = (value - bound) / bound
    # SCIP stops by its own objective, which may differ slightly from the true one within its tolerances.
    return f"{duration(spent)} ({gap:.3%})" if gap <= GAP * 1.01 else f"gap {gap:.2%} at {duration(spent)}"


def main():
    disagreements = 0
    version = pyscipopt.Model().version()
    print(f"""# Comparison with SCIP

`bnb` and `milp` against SCIP {version} (one thread, plain non-convex MINLP): time to a relative gap of
{GAP:g} with the proved gap in brackets, or the gap at {TIME_LIMIT} s. Family `paper`, M = {SERVERS}, threshold {THRESHOLD},
interference on.

Measured on 2 shared cores, one run after the other, by
`python3 tests/compare_scip.py target/release/offload-bench > docs/src/results/scip.md`.
""")
    print("| N | seed | bnb | milp | SCIP | SCIP's plan above bnb's |")
    print("|--:|--:|--:|--:|--:|--:|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for users in SIZES:
            for seed in SEEDS:
                program("generate", "--family", "paper", "--users", users, "--servers", SERVERS, "--seed", seed, "--output", folder)
                path = os.path.join(folder, f"paper-n{users}-m{SERVERS}-s{seed}.json")
                with open(path) as file:
                    instance = json.load(file)
                assert instance.get("interference", True)
                answers = {}
                for solver in ("bnb", "milp"):
                    answer = json.loads(program("solve", "--solver", solver, "--threshold", THRESHOLD, "--time-limit", TIME_LIMIT, "--gap", GAP, "--json", path))
                    value = price(instance, answer["assignment"], THRESHOLD)
                    if abs(value - answer["objective"]) > 1e-12 * value:
                        disagreements += 1
                        print(f"N {users} seed {seed}: {solver} says {answer['objective']!r}, its plan costs {value!r}", file=sys.stderr)
                    answers[solver] = value, answer["lower_bound"], answer["time_s"]
                plan, bound, spent = scip(instance)
                answers["SCIP"] = None if plan is None else price(instance, plan, THRESHOLD), bound, spent
                for one, (value, _, _) in answers.items():
                    for other, (_, bound, _) in answers.items():
                        if value is not None and bound is not None and value < bound * (1 - 1e-6):
                            disagreements += 1
                            print(f"N {users} seed {seed}: {one}'s plan costs {value!r}, below {other}'s bound {bound!r}", file=sys.stderr)
                best = answers["bnb"][0]
                above = "no plan" if answers["SCIP"][0] is None else f"{(answers['SCIP'][0] - best) / best:+.3%}"
                print(f"| {users} | {seed} | {' | '.join(cell(*answers[solver]) for solver in answers)} | {above} |", flush=True)
                print(f"N {users} seed {seed}: " + "; ".join(f"{s}: {v!r}, bound {b!r}, {t:.4f} s" for s, (v, b, t) in answers.items()), file=sys.stderr, flush=True)
    print(f"{disagreements} disagreements", file=sys.stderr)
    sys.exit(1 if disagreements else 0)


main()
