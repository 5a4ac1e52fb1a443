#!/usr/bin/env python3
"""Test docs/examples/check_certificate.py on the corpus and on fresh certificates.

    check_certificates.py [BINARY [COUNT]] [--program]

Without BINARY only the corpus in tests/certificates is checked. With it, COUNT certificates
(default 100) of all families are made by that offload-bench, and both checkers must agree:

- both accept the certificate, and the program proves no more than the checker;
- both accept it when the claim is raised to what the checker proves, and the program then proves
  the same up to a relative 1e-9; both refuse it when the claim is raised further, and the program
  then prints no bound;
- where all plans can be tried, no bound is above the optimum.

--program runs BINARY over the corpus as well. Exit code: 0 all passed, 1 some failed, 2 a package
is missing.
"""
import itertools
import json
import math
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "docs" / "examples"))
try:
    import check_certificate
except ImportError as error:
    print(f"{error}: pip install python-flint blake3", file=sys.stderr)
    sys.exit(2)

FAMILIES = ["paper", "trace", "hotspot", "heterogeneous", "tight", "congested", "sparse",
            "adversarial", "topology", "requests"]
SIZES = [(4, 2), (5, 3), (7, 2), (9, 3), (12, 2), (12, 4), (16, 3), (20, 2)]
THRESHOLDS = [0, 0.2, 0.5, 0.7, 0.9, 1]
GAPS = ["1e-2", "1e-3", "1e-4", "1e-6"]
# Most plans that are tried to find an optimum.
MAX_PLANS = 3000


class Failure(Exception):
    """Why a case fails."""


def expect(condition, message):
    """Fail unless the condition holds."""
    if not condition:
        raise Failure(message)


def run(*command):
    """Run the program."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          errors="replace", timeout=600)


def check(certificate, instance):
    """The checker's result, or its fault."""
    try:
        return check_certificate.Result(certificate, instance)
    except check_certificate.Fault as fault:
        return fault


def code(result):
    """The exit code that belongs to a result."""
    if isinstance(result, check_certificate.Fault):
        return 2 if result.args[0] == "unreadable" else 1
    return 0


def corpus_case(entry, folder, program):
    """One entry of the index."""
    certificate, instance = folder / entry["file"], folder / entry["instance"]
    result = check(certificate, instance)
    expect(code(result) == entry["exit"], f"exit {code(result)}, not {entry['exit']}: {result}")
    if entry["exit"] == 1:
        expect(result.args[0] == entry["fault"], f"{result.args[0]}, not {entry['fault']}")
    if entry["exit"] == 0:
        for found, key in ((result.lower, "lower_bound"), (result.upper, "upper_bound")):
            listed = entry[key]
            expect(found == listed or None not in (found, listed)
                   and math.isclose(found, listed, rel_tol=1e-12), f"{key} {found}, not {listed}")
        expect(result.assumed == entry["assumed"], f"{result.assumed} assumed leaves")
    if program:
        done = run(program, "verify", "--instance", instance, certificate)
        expect(done.returncode == entry["exit"], f"the program exits with {done.returncode}: "
               + " ".join((done.stdout + done.stderr).split())[-300:])


def optimum(path, threshold, weights):
    """The least F(x) over all plans that keep the rules, infinite if there is none."""
    file = json.loads(path.read_text())
    users, servers, on = file["users"], file["servers"], file.get("interference", True)
    signal = [[user["tx_power_w"] * g for g in row] for user, row in zip(users, file["gain"])]
    places = range(len(servers))
    best = math.inf
    for plan in itertools.product(*([*([] if user["uncertainty"] > threshold else [None]), *places]
                                    for user in users)):
        loads = [plan.count(j) for j in places]
        if any(server.get("max_users") is not None and load > server["max_users"]
               for load, server in zip(loads, servers)):
            continue
        heard = [sum(row[j] for row, p in zip(signal, plan) if p not in (None, j)) * on
                 for j in places]
        value = 0.0
        for user, row, j in zip(users, signal, plan):
            delay = user["local_delay_s"]
            if j is not None:
                server = servers[j]
                snr = row[j] / (server["noise_w"] + heard[j])
                rate = server["bandwidth_hz"] * math.log2(1 + snr)
                pace = max(1 / server["user_cap_flops"], loads[j] / server["capacity_flops"])
                delay = user["payload_bits"] * loads[j] / rate + user["edge_work_flop"] * pace
            value += delay * (user["uncertainty"] if weights == "uncertainty" else 1)
        best = min(best, value)
    return best


def program_bound(binary, certificate, instance, wanted):
    """The lower bound that the program prints; None when it says that no plan exists."""
    done = run(binary, "verify", "--instance", instance, certificate)
    output = " ".join((done.stdout + done.stderr).split())
    expect(done.returncode == wanted, f"the program exits with {done.returncode}: {output[-300:]}")
    found = re.search(r"lower bound\s+(\S+)", output)
    return float(found[1]) if found else None


def fresh_case(binary, number, folder):
    """Make a certificate and check it with both programs; returns what was made."""
    rng = random.Random(number)
    family, (users, servers) = FAMILIES[number % len(FAMILIES)], rng.choice(SIZES)
    threshold, weights = rng.choice(THRESHOLDS), rng.choice(["uncertainty", "uniform"])
    interference, gap = rng.choice(["true", "false"]), rng.choice(GAPS)
    made = run(binary, "generate", "--family", family, "--users", users, "--servers", servers,
               "--seed", rng.randrange(10**6), "--set", f"interference={interference}",
               "-o", folder)
    expect(made.returncode == 0, made.stderr)
    instance, certificate = Path(made.stdout.split()[-1]), folder / "certificate.json"
    certificate.unlink(missing_ok=True)
    run(binary, "solve", "--solver", "bnb", "--threshold", threshold, "--weights", weights, "--gap",
        gap, "--time-limit", 5, "--certificate", certificate, instance)
    expect(certificate.exists(), f"no certificate for {instance.name}")
    what = f"{instance.name}, threshold {threshold}, weights {weights}, gap {gap}"
    result = check(certificate, instance)
    expect(code(result) == 0, f"{what}: {result}")
    printed = program_bound(binary, certificate, instance, 0)
    best = optimum(instance, threshold, weights) if (servers + 1)**users <= MAX_PLANS else None
    if result.lower is None:
        expect(printed is None and best in (None, math.inf), f"{what}: no plan exists, or not")
        return
    file = json.loads(certificate.read_text())
    expect(file["lower_bound"] <= printed * (1 + 1e-12), f"{what}: {printed} is below the claim")
    expect(printed <= result.lower * (1 + 1e-12), f"{what}: {printed} is above {result.lower}")
    expect(best is None or result.lower <= best * (1 + 1e-12), f"{what}: above the optimum {best}")
    for factor, wanted in ((1 - 1e-11, 0), (1 + 1e-8, 1)):
        file["lower_bound"] = result.lower * factor
        certificate.write_text(json.dumps(file))
        expect(code(check(certificate, instance)) == wanted, f"{what}: claim times {factor}")
        printed = program_bound(binary, certificate, instance, wanted)
        if wanted:
            expect(printed is None, f"{what}: a refused certificate has the bound {printed}")
        else:
            expect(math.isclose(printed, result.lower, rel_tol=1e-9), f"{what}: {printed} is "
                   f"proved by the program, {result.lower} by the checker")


def main():
    """Run all cases and print a summary line."""
    words = [word for word in sys.argv[1:] if word != "--program"]
    binary, count = words[0] if words else None, int(words[1]) if words[1:] else 100
    program = binary if "--program" in sys.argv else None
    folder = HERE / "certificates"
    index = json.loads((folder / "index.json").read_text())
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        cases = [(entry["file"], lambda entry=entry: corpus_case(entry, folder, program))
                 for entry in index]
        scratch = Path(scratch)
        cases += [(f"fresh {number}", lambda number=number: fresh_case(binary, number, scratch))
                  for number in range(count if binary else 0)]
        for name, case in cases:
            try:
                case()
            except (Failure, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"{name}: {error}")
    print(f"{len(cases) - failed} passed, {failed} failed "
          f"({len(index)} of the corpus, {len(cases) - len(index)} fresh)")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
