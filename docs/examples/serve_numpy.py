#!/usr/bin/env python3
"""A solver for offload-bench with numpy, started once for many problems.

    offload-bench solve INSTANCE --threshold 0.7 --solver 'serve:python3 serve_numpy.py'

The time of the algorithm starts after the arrays are made. `--no-time` leaves it out of the answer,
so that offload-bench takes the time from the request to the answer.
"""

import json
import sys
import time

import numpy as np

TINY = {
    "users": [
        {
            "payload_bits": 1,
            "tx_power_w": 1,
            "local_delay_s": 1,
            "edge_work_flop": 1,
            "uncertainty": 1,
        }
    ],
    "servers": [{"bandwidth_hz": 1, "noise_w": 1, "capacity_flops": 1, "user_cap_flops": 1}],
    "gain": [[1]],
}


def arrays(instance):
    """The instance as arrays: users in rows, servers in columns."""
    users, servers = instance["users"], instance["servers"]
    column = lambda rows, key: np.array([row[key] for row in rows], dtype=float)
    places = [np.inf if s.get("max_users") is None else s["max_users"] for s in servers]
    signal = column(users, "tx_power_w")[:, None] * np.array(instance["gain"], dtype=float)
    return {
        "local": column(users, "local_delay_s"),
        "uncertainty": column(users, "uncertainty"),
        "bits": column(users, "payload_bits"),
        "work": column(users, "edge_work_flop"),
        "bits_per_band": np.log2(1 + signal / column(servers, "noise_w")),
        "band": column(servers, "bandwidth_hz"),
        "capacity": column(servers, "capacity_flops"),
        "cap": column(servers, "user_cap_flops"),
        "places": np.array(places),
    }


def solve(a, threshold):
    """Users in descending order of uncertainty, each to the server that is fastest at that moment.

    Users whose uncertainty is at most the threshold are offloaded only if that is faster than their
    device. The example ignores interference and is not a good algorithm: replace it.
    """
    loads = np.zeros(len(a["band"]))
    plan = [None] * len(a["local"])
    for i in np.argsort(-a["uncertainty"], kind="stable"):
        load = loads + 1
        delay = a["bits"][i] * load / (a["band"] * a["bits_per_band"][i])
        delay += a["work"][i] / np.minimum(a["cap"], a["capacity"] / load)
        delay[load > a["places"]] = np.inf
        j = int(np.argmin(delay))
        is_mandatory = a["uncertainty"][i] > threshold
        if delay[j] < np.inf and (is_mandatory or delay[j] < a["local"][i]):
            plan[i] = j
            loads[j] += 1
    return plan


def main():
    with_time = "--no-time" not in sys.argv[1:]
    solve(arrays(TINY), 0.5)  # the first calls of numpy take longer
    hello = {"protocol": "offload-solver/2", "name": "numpy-example", "version": "1.0"}
    print(json.dumps(hello), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        problem = arrays(request["problem"])
        start = time.perf_counter()
        plan = solve(problem, request["threshold"])
        seconds = time.perf_counter() - start
        answer = {"id": request["id"], "assignment": plan}
        if with_time:
            answer["algorithm_time_s"] = seconds
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
