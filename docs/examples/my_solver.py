#!/usr/bin/env python3
"""A solver for offload-bench in Python (numpy only). Copy it and change `solve`.

    offload-bench solve INSTANCE --threshold 0.7 --solver 'exec:python3 my_solver.py'

It reads one JSON object from stdin and writes an offload-plan/1 to stdout. The protocol is described in
docs/src/use/external-solvers.md. Output on stderr is kept in the campaign's records. offload-bench computes the
value of the plan itself.
"""

import json
import sys

import numpy as np


def solve(instance, threshold, weights, seed, time_limit_s):
    """Returns one entry per user: None = on the device, j = at server j, from 0.

    This example visits the users by falling uncertainty and sends each to its fastest server at that moment. Users
    whose uncertainty is at most the threshold are offloaded only if that is faster than their device. It ignores
    interference and is not a good algorithm: replace it.
    """
    users, servers = instance["users"], instance["servers"]
    gain = np.array(instance["gain"])
    power = np.array([u["tx_power_w"] for u in users])
    payload = np.array([u["payload_bits"] for u in users])
    work = np.array([u["edge_work_flop"] for u in users])
    local = np.array([u["local_delay_s"] for u in users])
    uncertainty = np.array([u["uncertainty"] for u in users])
    band = np.array([s["bandwidth_hz"] for s in servers])
    noise = np.array([s["noise_w"] for s in servers])
    capacity = np.array([s["capacity_flops"] for s in servers])
    cap = np.array([s["user_cap_flops"] for s in servers])
    limit = np.array([len(users) if s.get("max_users") is None else s["max_users"] for s in servers])

    spectral = np.log2(1.0 + power[:, None] * gain / noise)
    load = np.zeros(len(servers), dtype=int)
    plan = [None] * len(users)
    for i in np.argsort(-uncertainty, kind="stable"):
        share = load + 1
        delay = payload[i] * share / (band * spectral[i]) + work[i] / np.minimum(cap, capacity / share)
        delay[load >= limit] = np.inf
        j = int(np.argmin(delay))
        if np.isfinite(delay[j]) and (uncertainty[i] > threshold or delay[j] < local[i]):
            plan[i] = j
            load[j] += 1
    return plan


def main():
    given = json.load(sys.stdin)
    problem, budget = given["problem"], given["budget"]
    plan = solve(given["instance"], problem["threshold"], problem["weights"], budget["seed"], budget["time_limit_s"])
    json.dump({"format": "offload-plan/1", "assignment": plan}, sys.stdout)


if __name__ == "__main__":
    main()
