#!/usr/bin/env python3
"""Measures what the paper left open: real topologies and heterogeneous hardware. Prints the tables of
docs/src/results/questions.md.

    python3 tests/questions.py target/release/offload-bench out/questions [FOLDER OF THE EUA DATA]

One campaign per row: 10 seeds, thresholds 0.6, 0.8 and 1, `bnb` asked for a gap of 0.1 % within 60 s,
its certificates re-checked. Intervals are 95 %: percentile bootstrap over instances, 2,000 resamples
with a fixed seed. With the folder of the EUA data set (sites and users of Melbourne) its rows are
added. Takes about ten minutes on two cores. Finished campaigns are kept in the folder.
"""
import csv
import random
import subprocess
import sys
from pathlib import Path

CONFIG = """format = "offload-config/1"
thresholds = [0.6, 0.8, 1.0]
solvers = ["goa", "goa-marginal", "local-search", "bnb"]
certificates = true
threads = 2
[budget]
time_limit_s = 60
gap = 1e-3
[[instances]]
family = "{family}"
users = [{users}]
servers = [{servers}]
seeds = {{ from = 0, count = 10 }}
parameters = {{ {parameters} }}
"""

TOPOLOGY = [
    ("free space (the paper's), hexagonal grid", 120, 4, {"path_loss": "free-space", "power_control": False}),
    ("UMi street canyon", 120, 4, {}),
    ("UMi, no power control", 120, 4, {"power_control": False}),
    ("UMi, always line of sight", 120, 4, {"sight": "los"}),
    ("UMi, never line of sight", 120, 4, {"sight": "nlos"}),
    ("UMa, sites 500 m apart", 120, 4, {"path_loss": "uma", "spacing_m": 500, "radius_m": 250}),
]

REQUESTS = [
    ("laptops, A100 servers", {"devices": "laptop", "gpus": "a100"}),
    ("phones, A100 servers", {"devices": "phone", "gpus": "a100"}),
    ("phones and laptops (7:3), A100 servers", {"devices": "phone:0.7,laptop:0.3", "gpus": "a100"}),
    ("phones and laptops (7:3), H100 servers", {"devices": "phone:0.7,laptop:0.3", "gpus": "h100"}),
    ("phones and laptops (7:3), T4 and H100 servers (1:1)", {"devices": "phone:0.7,laptop:0.3", "gpus": "t4:1,h100:1"}),
    ("the same, planned with the mean answer length", {"devices": "phone:0.7,laptop:0.3", "gpus": "t4:1,h100:1", "planner": "mean"}),
]


def toml(value):
    return {True: "true", False: "false"}.get(value, value) if isinstance(value, (bool, int)) else f'"{value}"'


def measure(bench, folder, family, users, servers, parameters):
    folder.mkdir(parents=True, exist_ok=True)
    text = ", ".join(f"{key} = {toml(value)}" for key, value in parameters.items())
    config = folder / "campaign.toml"
    config.write_text(CONFIG.format(family=family, users=users, servers=servers, parameters=text))
    for words in (["run", str(config), "-o", str(folder), "--quiet", "--redo"], ["report", str(folder)]):
        subprocess.run([bench, *words], check=True, stdout=subprocess.DEVNULL)
    with open(folder / "gaps.csv", newline="") as file:
        return list(csv.DictReader(file))


def interval(by_instance):
    """Mean over rows, resampling whole instances."""
    groups = list(by_instance.values())
    draw = random.Random(1)
    mean = lambda chosen: sum(map(sum, chosen)) / sum(map(len, chosen))
    means = sorted(mean(draw.choices(groups, k=len(groups))) for _ in range(2000))
    return mean(groups), means[49], means[1949]


def cell(rows, solver, column, digits):
    groups = {}
    for row in rows:
        if row["solver"] == solver:
            if row[column] == "":
                return "–"
            groups.setdefault(row["instance"], []).append(float(row[column]))
    return "{:.{d}f} ({:.{d}f} to {:.{d}f})".format(*interval(groups), d=digits)


def table(bench, folder, title, variants):
    print(f"| {title} | N, M | `goa`: gap, % | `goa-marginal`: gap, % | `local-search`: gap, % | certified within 0.1 %, 1 % | `goa`: mean delay, ms | best plan: mean delay, ms | `goa`: accuracy, % |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for k, (name, family, users, servers, parameters) in enumerate(variants):
        rows = measure(bench, folder / f"{family}-{k}", family, users, servers, parameters)
        gap = "gap_guaranteed_pct"
        exact = [r for r in rows if r["solver"] == "bnb"]
        proved = ", ".join(str(sum(1 for r in exact if r["reference"] == "certified" and float(r[gap]) <= g * 1.001)) for g in (0.1, 1))
        gaps = " | ".join(cell(rows, s, gap, 1) for s in ("goa", "goa-marginal", "local-search"))
        delays = f"{cell(rows, 'goa', 'delay_mean_ms', 1)} | {cell(rows, 'bnb', 'delay_mean_ms', 1)}"
        print(f"| {name} | {users}, {servers} | {gaps} | {proved} of {len(exact)} | {delays} | {cell(rows, 'goa', 'accuracy_pct', 1)} |", flush=True)
    print()


def main():
    bench, folder, *eua = sys.argv[1:]
    folder = Path(folder)
    topologies = [(name, "topology", n, m, p) for name, n, m, p in TOPOLOGY]
    if eua:
        files = {"sites": f"{eua[0]}/site-optus-melbCBD.csv", "user_positions": f"{eua[0]}/users-melbcbd-generated.csv"}
        topologies += [
            ("EUA, Melbourne: 10 of 125 sites, 200 of 816 users", "topology", 200, 10, files),
            ("EUA: 10 neighbouring sites, users within 300 m", "topology", 100, 10, {**files, "site_choice": "nearest", "user_reach_m": 300}),
        ]
    table(bench, folder / "topologies", "topology", topologies)
    table(bench, folder / "hardware", "hardware", [(name, "requests", 60, 4, p) for name, p in REQUESTS])


main()
