#!/usr/bin/env python3
"""Compares the statistics of the crate `reports` with those of scipy (Holm: statsmodels) on 20
random data sets.

    python3 -m venv .venv-check && .venv-check/bin/pip install numpy scipy statsmodels
    .venv-check/bin/python tests/check_statistics.py

Prints the greatest difference of each statistic. Exit code 1 when one is beyond its tolerance.
"""
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests

SETS = 20


def data_set(rng):
    n = int(rng.integers(8, 80))
    values = np.exp(rng.normal(size=n))
    clusters = rng.integers(0, max(3, n // 3), size=n)
    count = int(rng.integers(6, 120))
    differences = rng.normal(0.3, 1, size=count)
    if rng.random() < 0.5:
        differences = np.round(differences, 1)  # ties and zeros
    sizes = rng.choice([20.0, 40, 60, 80, 100], size=60)
    times = 1e-3 * sizes**1.7 * np.exp(0.4 * rng.normal(size=60))
    limit = np.quantile(times, rng.choice([0.6, 0.7, 0.85])) if rng.random() < 0.7 else np.inf
    censored = times > limit
    moments = sorted(float(t) for t in rng.uniform(0, 10, size=4))
    objectives = sorted((float(z) for z in 1 + rng.exponential(size=4)), reverse=True)
    return {
        "values": values.tolist(),
        "clusters": clusters.tolist(),
        "differences": differences.tolist(),
        "p_values": (rng.random(9) ** 3).tolist(),
        "right": (rng.random(n) < 1 / (1 + values)).tolist(),
        "sizes": sizes.tolist(),
        "times": np.minimum(times, limit).tolist(),
        "censored": censored.tolist(),
        "probabilities": rng.random(10).tolist(),
        "moments": list(zip(moments, objectives)),
    }


def signed_rank_p(d, count):
    """Exact over all signs where scipy's exact method does not apply (ties); scipy elsewhere."""
    d = d[d != 0]
    ranks = stats.rankdata(np.abs(d))
    ties = len(np.unique(ranks)) < len(ranks)
    if count > 50:
        return stats.wilcoxon(d, method="approx", correction=False).pvalue
    if not ties:
        return stats.wilcoxon(d, method="exact").pvalue
    chance = {0: 1.0}
    for r in ranks:
        step = {}
        for s, p in chance.items():
            for t in (s, s + int(round(2 * r))):
                step[t] = step.get(t, 0.0) + p / 2
        chance = step
    seen = int(round(2 * ranks[d > 0].sum()))
    below = sum(p for s, p in chance.items() if s <= seen)
    above = sum(p for s, p in chance.items() if s >= seen)
    return min(1.0, 2 * min(below, above))


def tobit(s):
    x, y = np.log(s["sizes"]), np.log(s["times"])
    late = np.array(s["censored"])

    def loss(theta):
        z = (y - theta[0] - theta[1] * x) / math.exp(theta[2])
        return -np.where(late, stats.norm.logsf(z), stats.norm.logpdf(z) - theta[2]).sum()

    line = stats.linregress(x, y)
    best = optimize.minimize(loss, [line.intercept, line.slope, -1.0], method="Nelder-Mead",
                             options={"xatol": 1e-11, "fatol": 1e-12, "maxiter": 20000, "maxfev": 20000})
    return best.x[1], math.exp(best.x[0]), math.exp(best.x[2]), line.slope


def integral(moments, end):
    gap, since, total = 1.0, 0.0, 0.0
    for t, z in moments:
        total += gap * (t - since)
        gap, since = (abs(z - 1) / max(abs(z), 1)), t
    return total + gap * (end - since)


def cluster_mean_interval(values, clusters, seed):
    """scipy's BCa bootstrap of a ratio of sums over clusters, paired."""
    ids = np.unique(clusters)
    sums = np.array([values[clusters == c].sum() for c in ids])
    sizes = np.array([(clusters == c).sum() for c in ids], dtype=float)
    ratio = lambda a, b, axis=-1: a.sum(axis=axis) / b.sum(axis=axis)
    r = stats.bootstrap((sums, sizes), ratio, paired=True, vectorized=True, n_resamples=20000, method="BCa", random_state=seed)
    return r.confidence_interval


class Check:
    def __init__(self):
        self.worst = {}
        self.failed = False

    def compare(self, name, ours, theirs, tolerance, scale=None):
        ours, theirs = np.atleast_1d(np.array(ours, float)), np.atleast_1d(np.array(theirs, float))
        size = np.maximum(np.abs(theirs), 1e-300) if scale is None else scale
        worst = float(np.max(np.abs(ours - theirs) / size)) if ours.shape == theirs.shape else math.inf
        old = self.worst.get(name, (0.0, tolerance))[0]
        self.worst[name] = (max(old, worst), tolerance)
        if not worst <= tolerance:
            self.failed = True


def check_set(check, s, ours, seed):
    values, clusters = np.array(s["values"]), np.array(s["clusters"])
    d = np.array(s["differences"])
    check.compare("mean", ours["mean"], np.mean(values), 1e-12)
    check.compare("quantiles (type 7)", ours["quantiles"], np.quantile(values, [0.05, 0.5, 0.95]), 1e-12)
    check.compare("shifted geometric mean", ours["geometric"], stats.gmean(values + 1e-3) - 1e-3, 1e-10)
    test = ours["wilcoxon"]
    scipys = stats.wilcoxon(d[d != 0])
    check.compare("Wilcoxon statistic", min(test["plus"], test["minus"]), scipys.statistic, 1e-12)
    check.compare("Wilcoxon p", test["p"], signed_rank_p(d, test["count"]), 1e-8)
    check.compare("Holm", ours["holm"], multipletests(s["p_values"], method="holm")[1], 1e-10)
    right = np.array(s["right"])
    u = stats.mannwhitneyu(values[~right], values[right]).statistic
    check.compare("area under ROC", ours["area"], u / (right.sum() * (~right).sum()), 1e-12)
    slope, factor, deviation, line = tobit(s)
    check.compare("scaling exponent", ours["scaling"]["exponent"], slope, 1e-5)
    check.compare("scaling factor", ours["scaling"]["factor"], factor, 1e-4)
    check.compare("scaling deviation", ours["scaling"]["deviation"], deviation, 1e-4)
    if not any(s["censored"]):
        check.compare("scaling = least squares", ours["scaling"]["exponent"], line, 1e-9)
    p = np.array(s["probabilities"])
    check.compare("normal cdf", ours["cdf"], stats.norm.cdf(6 * p - 3), 1e-12)
    check.compare("normal quantile", ours["ppf"], stats.norm.ppf(p), 1e-9, scale=1.0)
    ecdf = stats.ecdf(values).cdf
    check.compare("distribution x", [q[0] for q in ours["distribution"]], ecdf.quantiles, 1e-12)
    check.compare("distribution share", [q[1] for q in ours["distribution"]], ecdf.probabilities, 1e-12)
    times, late = np.array(s["times"]), np.array(s["censored"])
    check.compare("PAR10", ours["par10"], np.where(late, 70.0, times).mean(), 1e-12)
    check.compare("primal integral", ours["primal_integral"], integral(s["moments"], 10.0), 1e-12)
    for name, found, ids in [("BCa mean, clusters", "mean_interval", clusters),
                             ("BCa mean", "mean_interval_by_value", np.arange(len(values)))]:
        low, high = cluster_mean_interval(values, ids, seed)
        check.compare(name + " (share of width)", ours[found][1:], [low, high], 0.12, scale=high - low)
    r = stats.bootstrap((values,), np.median, n_resamples=20000, method="percentile", random_state=seed, vectorized=True)
    low, high = r.confidence_interval
    check.compare("percentile median (share of width)", ours["median_interval"][1:], [low, high], 0.15, scale=high - low)


def main():
    root = Path(__file__).resolve().parent.parent
    rng = np.random.default_rng(2026)
    sets = [data_set(rng) for _ in range(SETS)]
    command = ["cargo", "run", "--release", "-q", "-p", "offload-tests", "--example", "statistics"]
    run = subprocess.run(command, cwd=root, input=json.dumps(sets), capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"the example `statistics` failed:\n{run.stderr}")
    check = Check()
    for seed, (s, ours) in enumerate(zip(sets, json.loads(run.stdout))):
        check_set(check, s, ours, seed)
    for name, (worst, tolerance) in check.worst.items():
        print(f"{'ok  ' if worst <= tolerance else 'FAIL'} {name}: greatest difference {worst:.2g}, allowed {tolerance:g}")
    print(f"{SETS} data sets, scipy against offload-reports")
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
