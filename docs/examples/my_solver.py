#!/usr/bin/env python3
"""A solver for offload-bench in plain Python. Copy it and change `solve`.

    offload-bench solve INSTANCE --threshold 0.7 --solver 'exec:python3 my_solver.py'

It reads one JSON object from stdin and writes an offload-plan/1 to stdout. The protocol is
described in docs/src/use/external-solvers.md. Output on stderr is kept in the campaign's records.
offload-bench computes the value of the plan itself.
"""

import json
import math
import sys
import time


def solve(instance, threshold, weights, seed, time_limit_s):
    """Returns one entry per user: None = on the device, j = at server j, from 0.

    This example visits the users in descending order of uncertainty and sends each to the server
    that is fastest for it at that moment. Users whose uncertainty is at most the threshold are
    offloaded only if that is faster than their device. The example ignores interference and is not
    a good algorithm: replace it.
    """
    users, servers, gain = instance["users"], instance["servers"], instance["gain"]
    loads = [0] * len(servers)

    def delay(i, j):
        """Seconds until user i has its answer if it is the next user at server j."""
        user, server = users[i], servers[j]
        load = loads[j] + 1
        most = server.get("max_users")
        if most is not None and load > most:
            return math.inf
        signal = user["tx_power_w"] * gain[i][j]
        rate = server["bandwidth_hz"] / load * math.log2(1 + signal / server["noise_w"])
        if rate == 0:
            return math.inf
        speed = min(server["user_cap_flops"], server["capacity_flops"] / load)
        return user["payload_bits"] / rate + user["edge_work_flop"] / speed

    plan = [None] * len(users)
    for i in sorted(range(len(users)), key=lambda i: -users[i]["uncertainty"]):
        shortest, fastest = min((delay(i, j), j) for j in range(len(servers)))
        is_mandatory = users[i]["uncertainty"] > threshold
        if shortest < math.inf and (is_mandatory or shortest < users[i]["local_delay_s"]):
            plan[i] = fastest
            loads[fastest] += 1
    return plan


def main():
    request = json.load(sys.stdin)
    problem, budget = request["problem"], request["budget"]
    start = time.perf_counter()
    plan = solve(
        request["instance"],
        problem["threshold"],
        problem["weights"],
        budget["seed"],
        budget["time_limit_s"],
    )
    seconds = time.perf_counter() - start
    answer = {"format": "offload-plan/1", "assignment": plan, "algorithm_time_s": seconds}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
