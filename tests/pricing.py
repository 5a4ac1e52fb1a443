"""Shared by the checks with other solvers: running the program, pricing a plan independently."""

import math
import subprocess
import sys

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/release/offload-bench"


def program(*arguments):
    """The stdout of the program; raises if it fails."""
    run = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    if run.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: {run.stderr.strip()}")
    return run.stdout


def price(instance, assignment, threshold=1.0):
    """F(x) of docs/src/concepts/model.md, weights v = uncertainty; raises if a mandatory user is local."""
    users, servers, gain = instance["users"], instance["servers"], instance["gain"]
    load = [sum(a == j for a in assignment) for j in range(len(servers))]
    heard = [0.0] * len(servers)
    if instance.get("interference", True):
        heard = [sum(u["tx_power_w"] * gain[k][j] for k, u in enumerate(users) if assignment[k] not in (None, j))
                 for j in range(len(servers))]
    total = 0.0
    for i, user in enumerate(users):
        j = assignment[i]
        if j is None:
            if user["uncertainty"] > threshold:
                raise RuntimeError(f"mandatory user {i} is local")
            total += user["uncertainty"] * user["local_delay_s"]
            continue
        server = servers[j]
        rate = math.log2(1 + user["tx_power_w"] * gain[i][j] / (server["noise_w"] + heard[j]))
        total += user["uncertainty"] * (
            user["payload_bits"] * load[j] / (server["bandwidth_hz"] * rate)
            + user["edge_work_flop"] * max(1 / server["user_cap_flops"], load[j] / server["capacity_flops"]))
    return total
