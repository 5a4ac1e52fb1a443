#!/usr/bin/env python3
"""A solver for offload-bench that is started once for many problems, in plain Python.

    offload-bench solve INSTANCE --threshold 0.7 --solver 'serve:python3 serve_solver.py'

The algorithm is `solve` of my_solver.py, which must be in the same folder. The protocol is described
in docs/src/use/external-solvers.md. Copy both files and change `solve`.
"""

import json
import sys
import time

from my_solver import solve


def say(message):
    """Writes one line. Nothing else may be written to stdout; print debugging output to stderr."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main():
    # Load models and warm up here: the time until the hello is not measured.
    say({"protocol": "offload-solver/2", "name": "example", "version": "1.0", "anytime": False})
    for line in sys.stdin:
        request = json.loads(line)
        start = time.perf_counter()
        try:
            plan = solve(
                request["problem"],
                request["threshold"],
                request["weights"],
                request["seed"],
                request["time_limit_s"],
            )
        except Exception as error:  # costs this row only
            say({"id": request["id"], "error": repr(error)})
            continue
        seconds = time.perf_counter() - start
        say({"id": request["id"], "assignment": plan, "algorithm_time_s": seconds})


if __name__ == "__main__":
    main()
