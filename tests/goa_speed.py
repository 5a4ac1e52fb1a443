#!/usr/bin/env python3
"""GOA's speed beside Python: one run, three programs, the same rule and the same instance.

    python3 tests/goa_speed.py target/release/examples/goa_speed target/release/offload-bench

(1) the naive rule in plain Python, one pair at a time; (2) the naive rule fully vectorised in numpy; (3) `goa`, the algorithm alone, the least of many runs. All three
must make the same decisions. Needs numpy. Prints the ratios.
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


def plain(users, servers, gain):
    n, m = len(users), len(servers)
    plan, load, power = [None] * n, [0] * m, [0.0] * m

    def delta(i, j):
        u, s = users[i], servers[j]
        rate = s["bandwidth_hz"] * math.log2(1 + u["tx_power_w"] * gain[i][j] / (s["noise_w"] + power[j]))
        work = u["edge_work_flop"] * max(1 / s["user_cap_flops"], (load[j] + 1) / s["capacity_flops"])
        return u["uncertainty"] * (u["payload_bits"] * (load[j] + 1) / rate + work - u["local_delay_s"])

    for must in (True, False):
        while True:
            best = None
            for i in range(n):
                if plan[i] is None and (users[i]["uncertainty"] > TAU) == must:
                    for j in range(m):
                        d = delta(i, j)
                        if best is None or d < best[0]:
                            best = (d, i, j)
            if best is None or (not must and best[0] >= 0):
                break
            _, i, j = best
            plan[i] = j
            load[j] += 1
            for other in range(m):
                if other != j:
                    power[other] += users[i]["tx_power_w"] * gain[i][other]
    return plan


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
    best, begun = math.inf, time.perf_counter()
    while time.perf_counter() - begun < seconds:
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
    slow, a = least(lambda: plain(*arguments), 3)
    fast, b = least(lambda: vectorised(*arguments), 3)
    assert a == ours and b == ours, "decisions differ"
    lines = subprocess.run([speed], check=True, capture_output=True, text=True).stdout
    line = next(x for x in lines.splitlines() if f"tau={TAU} goa:" in x)
    goa = float(line.split("goa:")[1].split()[0]) * 1e-6
    print(f"N = {N}, M = {M}, tau = {TAU}; same decisions from all three")
    print(f"plain Python {slow * 1e3:.1f} ms, numpy {fast * 1e3:.2f} ms, goa {goa * 1e6:.1f} us (least of many runs each)")
    print(f"goa is {slow / goa:.0f} times faster than plain Python and {fast / goa:.0f} times faster than numpy")
    print(line)


main()
