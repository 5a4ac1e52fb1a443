#!/usr/bin/env python3
"""Compares the speed of GOA with Python: four programs, the same rule, the same instance.

    python3 tests/goa_speed.py target/release/examples/goa_speed target/release/offload-bench

1. The naive rule in plain Python, one pair at a time. Each pair counts its server's users and sums its
   interference from the table of decisions, as in the authors' implementation (hence their
   O(N^3 M^2)).
2. The same with loads and interference kept up to date.
3. The naive rule fully vectorised in numpy.
4. `goa`, the algorithm alone.

All must make the same decisions. Each time is the minimum of many runs (of three for program 1). Needs
numpy. Prints the ratios.
"""
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

N, M, TAU = 120, 4, 0.8


def greedy(n, m, uncertainty, delta, attach):
    """GOA's two steps, with every pair priced at every step."""
    plan = [None] * n
    for must in (True, False):
        while True:
            best = None
            for i in range(n):
                if plan[i] is None and (uncertainty[i] > TAU) == must:
                    for j in range(m):
                        d = delta(i, j)
                        if best is None or d < best[0]:
                            best = (d, i, j)
            if best is None or (not must and best[0] >= 0):
                break
            _, i, j = best
            plan[i] = j
            attach(i, j)
    return plan


def price(u, s, gain, load, power):
    rate = s["bandwidth_hz"] * math.log2(1 + u["tx_power_w"] * gain / (s["noise_w"] + power))
    work = u["edge_work_flop"] * max(1 / s["user_cap_flops"], load / s["capacity_flops"])
    return u["uncertainty"] * (u["payload_bits"] * load / rate + work - u["local_delay_s"])


def as_published(users, servers, gain):
    n, m = len(users), len(servers)
    decisions = [[0] * m for _ in range(n)]

    def delta(i, j):
        load = 1 + sum(decisions[k][j] for k in range(n))
        power = 0.0
        for k in range(n):
            for l in range(m):
                if l != j and decisions[k][l] == 1:
                    power += users[k]["tx_power_w"] * gain[k][j]
        return price(users[i], servers[j], gain[i][j], load, power)

    def attach(i, j):
        decisions[i][j] = 1

    return greedy(n, m, [u["uncertainty"] for u in users], delta, attach)


def plain(users, servers, gain):
    n, m = len(users), len(servers)
    load, power = [0] * m, [0.0] * m

    def delta(i, j):
        return price(users[i], servers[j], gain[i][j], load[j] + 1, power[j])

    def attach(i, j):
        load[j] += 1
        for other in range(m):
            if other != j:
                power[other] += users[i]["tx_power_w"] * gain[i][other]

    return greedy(n, m, [u["uncertainty"] for u in users], delta, attach)


def vectorised(users, servers, gain):
    get = lambda rows, key: np.array([r[key] for r in rows])
    v, bits, t, w = (get(users, k) for k in ("uncertainty", "payload_bits", "local_delay_s", "edge_work_flop"))
    signal = get(users, "tx_power_w")[:, None] * np.array(gain)
    band, noise, cap, total = (get(servers, k) for k in ("bandwidth_hz", "noise_w", "user_cap_flops", "capacity_flops"))
    n, m = signal.shape
    plan, load, power = np.full(n, -1), np.zeros(m), np.zeros(m)
    for must in (True, False):
        while True:
            waiting = (plan < 0) & ((v > TAU) == must)
            if not waiting.any():
                break
            rate = band * np.log2(1 + signal / (noise + power))
            delay = bits[:, None] * (load + 1) / rate + w[:, None] * np.maximum(1 / cap, (load + 1) / total)
            d = np.where(waiting[:, None], v[:, None] * (delay - t[:, None]), np.inf)
            i, j = divmod(int(d.argmin()), m)
            if not must and d[i, j] >= 0:
                break
            plan[i] = j
            load[j] += 1
            power += np.where(np.arange(m) == j, 0.0, signal[i])
    return [None if p < 0 else int(p) for p in plan]


def least(run, seconds):
    best, begun, times = math.inf, time.perf_counter(), 0
    while times < 3 or time.perf_counter() - begun < seconds:
        times += 1
        start = time.perf_counter()
        plan = run()
        best = min(best, time.perf_counter() - start)
    return best, plan


def main():
    speed, bench = (str(Path(p).resolve()) for p in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        words = f"generate --family paper --users {N} --servers {M} --seed 1 -o {folder}".split()
        subprocess.run([bench, *words], check=True, capture_output=True)
        path = next(Path(folder).iterdir())
        solve = [bench, "solve", str(path), "--solver", "goa", "--threshold", str(TAU), "--json"]
        ours = json.loads(subprocess.run(solve, check=True, capture_output=True, text=True).stdout)["assignment"]
        data = json.loads(path.read_text())
    arguments = data["users"], data["servers"], data["gain"]
    published, a = least(lambda: as_published(*arguments), 3)
    slow, b = least(lambda: plain(*arguments), 3)
    fast, c = least(lambda: vectorised(*arguments), 3)
    assert a == ours and b == ours and c == ours, "decisions differ"
    lines = subprocess.run([speed], check=True, capture_output=True, text=True).stdout
    line = next(x for x in lines.splitlines() if f"tau={TAU} goa:" in x)
    goa = float(line.split("goa:")[1].split()[0]) * 1e-6
    print(f"N = {N}, M = {M}, tau = {TAU}; same decisions from all four")
    for name, seconds in (
        ("plain Python, interference summed for each pair, as published", published),
        ("plain Python, loads and interference kept", slow),
        ("numpy, vectorised", fast),
    ):
        print(f"{name}: {seconds * 1e3:.2f} ms, {seconds / goa:.0f} times goa")
    print(line)


main()
