#!/usr/bin/env python3
"""Check a certificate (`offload-certificate/1`) against its instance (`offload-instance/1`).

    check_certificate.py CERTIFICATE [INSTANCE]      (Python 3.9, pip install python-flint blake3)

Exit code: 0 the claim holds, 1 it is refused, 2 a file cannot be read or is not of its format.
A second implementation of docs/src/reference/certificate.md, written from the documents alone, in
their words and symbols. The doubles of the files are exact numbers. What decides which plans a box
holds (counts, ranges of interference) is computed with integers and fractions. Costs and bounds
are balls (`arb`) that contain the true value; of a bound the lower end counts.
"""
import gzip
import json
import math
import re
import struct
import sys
from collections import namedtuple
from pathlib import Path

from blake3 import blake3
from flint import arb, ctx, fmpq

ctx.prec = 128  # bits; more would make bounds sharper, fewer would make them weaker, never false
MAX_BYTES = 2**29  # of a file after decompression
MAX_NODES = 2**21
INFINITE = arb("inf")
USER = ["payload_bits", "tx_power_w", "local_delay_s", "edge_work_flop", "uncertainty"]
USER_OPTIONAL = ["edge_time_s", "correct_local", "correct_edge"]
SERVER = ["bandwidth_hz", "noise_w", "capacity_flops", "user_cap_flops"]


class Fault(Exception):
    """Why a claim does not hold: a kind and a message. Kind `unreadable` is exit code 2."""


def demand(condition, message, kind="unreadable"):
    """Raise the fault unless the condition holds."""
    if not condition:
        raise Fault(kind, message)


def read_json(path, file_format):
    """The JSON object in a file. A key given twice, NaN and infinity are faults, not values."""

    def pairs(items):
        demand(len(dict(items)) == len(items), f"{path}: a key is given twice")
        return dict(items)

    try:
        with (gzip.open if path.name.endswith(".gz") else open)(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        demand(len(data) <= MAX_BYTES, f"{path}: more than {MAX_BYTES} bytes")
        value = json.loads(data.decode("utf-8"), object_pairs_hook=pairs,
                           # -0 and numbers of more than 20 digits are no integers
                           parse_int=lambda x: float(x) if x == "-0" or len(x) > 20 else int(x))
        # Refuses NaN, infinity (also from 1e999) and half a surrogate pair.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (OSError, EOFError, ValueError, RecursionError, gzip.zlib.error) as error:
        raise Fault("unreadable", f"{path}: {error}") from error
    demand(isinstance(value, dict) and value.get("format") == file_format,
           f"{path}: not an {file_format}")
    return value


def get(record, key, kind=object):
    """A required field of a JSON object; `kind` is its Python type."""
    demand(isinstance(record, dict) and key in record and isinstance(record[key], kind),
           f"{key} is missing or of the wrong type")
    return record[key]


def number(value):
    """A double; -0 becomes 0."""
    demand(type(value) in (int, float), f"not a number: {value!r}")
    return float(value) + 0.0


def integer(value):
    """An integer from 0 to 2^64 - 1, written without fraction and exponent."""
    demand(type(value) is int and 0 <= value < 2**64, f"not an integer: {value!r}")
    return value


def place(value):
    """A server, or None for local."""
    return None if value is None else integer(value)


def index(value, count, name):
    """An integer below `count`, or None."""
    demand(value is None or value < count, f"there is no {name} {value}", f"unknown-{name}")
    return value


def exact(value):
    """A double as a fraction."""
    return fmpq(*value.as_integer_ratio())


class Problem:
    """An instance with its fingerprint, a threshold and weights."""

    def __init__(self, path, threshold, weights):
        file = read_json(path, "offload-instance/1")
        self.name, on = file.get("name", path.name), file.get("interference")
        users, servers, gain = (get(file, key, list) for key in ("users", "servers", "gain"))
        self.n, self.m, on = len(users), len(servers), True if on is None else on
        gain = rows(*[number] * self.m)(gain)
        demand(self.n == len(gain) and self.n and self.m and type(on) is bool,
               f"{path}: gain is not N rows of M, or interference is not true or false")

        def optional(record, name, layout="<Bd", read=number):
            value = record.get(name)
            return b"\0" if value is None else struct.pack(layout, 1, read(value))

        user_rows = [[number(get(user, name)) for name in USER] for user in users]
        self.server = [[number(get(server, name)) for name in SERVER] for server in servers]
        parts = [b"offload-instance/1\n", bytes([on]), struct.pack("<QQ", self.n, self.m),
                 optional(file, "reference_flops")]
        for user, row in zip(users, user_rows):
            parts += [struct.pack("<5d", *row), *(optional(user, name) for name in USER_OPTIONAL)]
        for server, row in zip(servers, self.server):
            parts += [struct.pack("<4d", *row), optional(server, "max_users", "<BQ", integer)]
        parts += [struct.pack(f"<{self.m}d", *row) for row in gain]
        self.fingerprint = blake3(b"".join(parts)).hexdigest()
        payload, power, local, work, a = zip(*user_rows)
        demand(0 <= min(a) and max(a) <= 1 and sys.float_info.min <= min(map(min, (
            payload, power, local, work, *self.server, *gain))), f"{path}: a number out of range")
        limits = [server.get("max_users") for server in servers]
        self.max_users = [self.n if limit is None else min(limit, self.n) for limit in limits]
        self.signal = [[exact(p) * exact(g) for g in row] for p, row in zip(power, gain)]
        self.leak = [[s * on for s in row] for row in self.signal]  # as it enters interference
        self.ranges = [(fmpq(0), sum(column)) for column in zip(*self.leak)]
        self.mandatory = [x > threshold for x in a]
        self.local, self.upload, self.work = (  # with v_i
            [arb(x) * (arb(v) if weights == "uncertainty" else 1) for x, v in zip(values, a)]
            for values in (local, payload, work))
        self.uplinks = {}

    def costs(self, j, n, interference):
        """c_ij(n, I) of every user i."""
        band, noise, capacity, cap = self.server[j]
        if (j, interference) not in self.uplinks:
            self.uplinks[j, interference] = [
                d * arb.const_log2() / (band * arb(row[j] / (exact(noise) + interference)).log1p())
                for d, row in zip(self.upload, self.signal)]
        pace = arb.max(1 / arb(cap), n / arb(capacity))
        return [n * up + w * pace for up, w in zip(self.uplinks[j, interference], self.work)]

    def objective(self, plan):
        """F(plan). A plan that breaks a rule is a fault."""
        demand(len(plan) == self.n, "the plan is not one place for every user", "wrong-length")
        demand(all(p is None or p < self.m for p in plan), "no such server", "unknown-server")
        demand(not any(must and p is None for must, p in zip(self.mandatory, plan)),
               "a mandatory user is local", "mandatory-local")
        total = sum(cost for cost, p in zip(self.local, plan) if p is None)
        for j in range(self.m):
            count = plan.count(j)
            demand(count <= self.max_users[j], f"server {j} has too many users", "over-cap")
            away = sum(row[j] for row, p in zip(self.leak, plan) if p not in (None, j))
            total += sum(c for c, p in zip(self.costs(j, count, away), plan) if p == j)
        return total


def rows(*types):
    """A function that reads a list of rows of these types."""
    def read(table):
        demand(isinstance(table, list) and all(isinstance(row, list) and len(row) == len(types)
               for row in table), f"not a list of rows: {table!r:.80}")
        return [[kind(value) for kind, value in zip(types, row)] for row in table]
    return read


# Kinds of nodes: how many children, the type of the value, further keys and their types.
KINDS = {"load": (2, integer, {"at": integer}), "interference": (2, integer, {"at": number}),
         "user": (2, integer, {"to": place}), "leaf": (0, integer, {}), "empty": (0, integer, {}),
         "tighten": (1, integer, {"loads": rows(integer, integer, integer),
                                  "remove": rows(integer, place)}), "assumed": (0, number, {})}
NODE_KEYS = {*KINDS, "at", "to", "loads", "remove"}


def read_node(node, multipliers):
    """A node as a tuple: kind, its value, and the values of its further keys."""
    kinds = [kind for kind in KINDS if isinstance(node, dict) and kind in node]
    demand(len(kinds) == 1, f"not a node of one kind: {node!r:.80}")
    kind, (_, read, others) = kinds[0], KINDS[kinds[0]]
    demand(NODE_KEYS & set(node) <= {kind, *others}, f"a key is not of a {kind} node")
    demand(kind not in ("leaf", "tighten", "empty") or integer(node[kind]) < multipliers,
           f"multipliers {node[kind]} do not exist")
    node = {"loads": [], "remove": [], **node}
    return (kind, read(node[kind]), *(read(get(node, key)) for key, read in others.items()))


class Certificate:
    """The fields of a certificate. All that can be checked without the instance is checked."""

    def __init__(self, path):
        file = read_json(path, "offload-certificate/1")
        self.fingerprint, self.weights, self.trust = (
            get(file, key, str) for key in ("fingerprint", "weights", "trust"))
        self.threshold = number(get(file, "threshold"))
        demand(re.fullmatch("[0-9a-fA-F]{64}", self.fingerprint) and 0 <= self.threshold <= 1
               and self.weights in ("uncertainty", "uniform")
               and self.trust in ("certified", "solver") and isinstance(file.get("solver", ""), str)
               and isinstance(file.get("instance", ""), str), "a field is wrong")
        self.objective, self.lower_bound = (
            None if get(file, key) is None else number(file[key])
            for key in ("objective", "lower_bound"))
        plan = get(file, "assignment", (list, type(None)))
        self.plan, self.hint = plan and list(map(place, plan)), str(file.get("instance_file"))
        self.multipliers = [[list(map(number, get(record, key, list)))
                             for key in ("users", "interference")]
                            for record in get(file, "multipliers", list)]
        self.tree, missing = [], 1
        for node in get(file, "tree", list):
            demand(missing and len(self.tree) < MAX_NODES, "nodes after the last leaf, or too many")
            self.tree.append(read_node(node, len(self.multipliers)))
            missing += KINDS[self.tree[-1][0]][0] - 1
        demand(not missing, "the tree ends before its last leaf")


def cut(pairs, j, low, high):
    """A list of ranges, range j cut to low..high."""
    return [*pairs[:j], (max(pairs[j][0], low), min(pairs[j][1], high)), *pairs[j + 1:]]


class Box(namedtuple("Box", "loads ranges places")):
    """Ranges of n_j and of I_j, and the sets A_i, in which None is local."""

    def replace(self, i, places):
        """The box with another set A_i."""
        return self._replace(places=[*self.places[:i], places, *self.places[i + 1:]])

    def effective_loads(self):
        """The loads that counting leaves. In an empty box these are empty ranges."""
        must = sum(None not in a for a in self.places)
        may = sum(bool(a - {None}) for a in self.places)
        loads = [(max(low, self.places.count({j})), min(high, sum(j in a for a in self.places)))
                 for j, (low, high) in enumerate(self.loads)]
        while all(self.places) and all(low <= high for low, high in loads + self.ranges):
            lows, highs = map(sum, zip(*loads))
            new = [(max(lo, must - highs + hi), min(hi, may - lows + lo)) for lo, hi in loads]
            if new == loads:
                return loads
            loads = new
        return [(1, 0) for _ in loads]

    def effective_ranges(self, problem, j, loads):
        """For each load n of server j, the least and the greatest I_j that are possible with it."""
        h = [row[j] if a - {j, None} else fmpq(0) for a, row in zip(self.places, problem.leak)]
        sure = [fmpq(0) if None in a else s for a, s in zip(self.places, h)]
        others = [i for i, a in enumerate(self.places) if j in a and a != {j}]
        sure_here = sorted((sure[i] for i in others), reverse=True)
        h_here = sorted(h[i] for i in others)
        low, high = self.ranges[j]
        for n in range(loads[0], loads[1] + 1):
            m = max(0, n - self.places.count({j}))
            yield n, (max(low, sum(sure) - sum(sure_here[:m])), min(high, sum(h) - sum(h_here[:m])))


class Bound:
    """B_k(box), and what becomes of it in a tighten step. All values are lower ends."""

    def __init__(self, problem, multipliers, box, with_costs=True):
        users, interference, e = multipliers
        self.users, loads = sum(users), box.effective_loads()
        self.local = [(cost if with_costs else 0) - u for cost, u in zip(problem.local, users)]
        self.kept = [arb.min(arb(0), x) if None in a else 0 for x, a in zip(self.local, box.places)]
        self.tables, self.least = [], []  # for every server (n, V_j, prices, the n-th least price)
        for j in range(problem.m):
            table, here = [], [i for i, a in enumerate(box.places) if j in a]
            for n, ends in box.effective_ranges(problem, j, loads[j]):
                for end in ends if ends[0] <= ends[1] else ():
                    costs = problem.costs(j, n, end) if with_costs else [0] * problem.n
                    prices = {i: (costs[i] + e[i][j]).lower() for i in here}
                    chosen = sorted(prices.values())[:n]
                    value = (interference[j] * arb(end) + sum(chosen)).lower()
                    table.append((n, value, prices, chosen[-1] if n else None))
            self.tables.append(table)
            self.least.append(min((row[1] for row in table), default=INFINITE))

    def total(self, server=None, local=None, value=None):
        """The bound; with the minimum of a server, or the term of a local user, replaced."""
        servers = [value if j == server else least for j, least in enumerate(self.least)]
        terms = [value if i == local else kept for i, kept in enumerate(self.kept)]
        return (self.users + sum(terms) + sum(servers)).lower()

    def of_place(self, i, p):
        """The bound on plans with user i at place p, which is in A_i."""
        if p is None:
            return self.total(local=i, value=self.local[i])
        # The least set of n users that contains i: i takes the place of the n-th, or is among them.
        forced = [(value + arb.max(arb(0), prices[i] - last)).lower()
                  for n, value, prices, last in self.tables[p] if n]
        return self.total(server=p, value=min(forced, default=INFINITE))


def check_tree(problem, certificate):
    """The least of the bounds of all leaves and tighten steps, and how many are assumed."""
    n, m, places = problem.n, problem.m, frozenset(range(problem.m))
    multipliers = []
    for users, interference in certificate.multipliers:
        demand(len(users) == n and len(interference) == m,
               "multipliers are not one number for every user and every server", "multipliers")
        users, interference = list(map(exact, users)), list(map(exact, interference))
        leaks = [[r * s for r, s in zip(interference, row)] for row in problem.leak]
        e = [[arb(own - u - sum(row)) for own in row] for u, row in zip(users, leaks)]
        multipliers.append((list(map(arb, users)), list(map(arb, interference)), e))
    least, assumed, boxes = INFINITE, 0, [Box(
        [(0, limit) for limit in problem.max_users], problem.ranges,
        [places if must else places | {None} for must in problem.mandatory])]
    for kind, value, *rest in certificate.tree:
        box = boxes.pop()
        if kind == "load":
            for ends in ((rest[0] + 1, n), (0, rest[0])):
                boxes.append(box._replace(loads=cut(box.loads, index(value, m, "server"), *ends)))
        elif kind == "interference":
            (low, high), at = box.ranges[index(value, m, "server")], exact(rest[0])
            for ends in ((at, high), (low, at)):
                boxes.append(box._replace(ranges=cut(box.ranges, value, *ends)))
        elif kind == "user":
            allowed, to = box.places[index(value, n, "user")], {index(rest[0], m, "server")}
            boxes += [box.replace(value, allowed - to), box.replace(value, allowed & to)]
        elif kind == "assumed":
            least, assumed = min(least, arb(value)), assumed + 1
        elif kind == "empty":
            demand(Bound(problem, multipliers[value], box, with_costs=False).total() > 0,
                   "a box is not shown to hold no plan", "empty-not-proved")
        elif kind == "leaf":
            least = min(least, Bound(problem, multipliers[value], box).total())
        else:
            bound, child = Bound(problem, multipliers[value], box), box
            for j, low, high in rest[0]:
                child = child._replace(loads=cut(child.loads, index(j, m, "server"), low, high))
                least = min([least, *(bound.total(server=j, value=value) for load, value, _, _
                                      in bound.tables[j] if not low <= load <= high)])
            for i, p in rest[1]:
                allowed = child.places[index(i, n, "user")]
                child = child.replace(i, allowed - {index(p, m, "server")})
                least = min(least, bound.of_place(i, p)) if p in box.places[i] else least
            boxes.append(child)
    return least, assumed


class Result:
    """A claim that holds. What is proved: `lower`, None if no plan exists; `upper`, None if no plan
    is known. `assumed` is the number of leaves without proof."""

    def __init__(self, path, instance_path=None):
        self.certificate = claim = Certificate(path)
        hints = path.parent / claim.hint, Path(claim.hint)
        instance = instance_path or max(hints, key=Path.is_file)
        self.problem = problem = Problem(instance, claim.threshold, claim.weights)
        demand(claim.fingerprint.lower() == problem.fingerprint,
               f"not of this instance, which is {problem.fingerprint}", "fingerprint")
        value = INFINITE if claim.plan is None else problem.objective(claim.plan)
        self.upper = None if claim.plan is None else math.nextafter(float(value.upper()), math.inf)
        demand(claim.objective is None or claim.plan is not None and abs(arb(claim.objective)
               - value) <= arb("1e-9") * value, f"the plan costs {self.upper}", "objective")
        least, self.assumed = check_tree(problem, claim)
        demand(not self.assumed or claim.trust == "solver", "assumed leaves", "trust")
        demand(not least > value, "the plan costs less than the assumed bound", "bound-above-plan")
        scale = max((sum(map(abs, u)) + sum(abs(x) * float(arb(high)) for x, (_, high)
                    in zip(r, problem.ranges)) for u, r in claim.multipliers), default=0)
        bound = claim.lower_bound
        demand(least == INFINITE if bound is None else bound <= 0
               or least >= arb(bound) - min(1e-12 * (bound + scale), 1e-9 * bound),
               f"lower_bound is {bound}, but less is proved", "lower-bound")
        # Costs are not negative. An assumed leaf proves nothing beyond that.
        lower = 0.0 if self.assumed else max(0.0, math.nextafter(float(least), -math.inf))
        self.lower = None if least == INFINITE else lower


def main():
    """Print what is proved, or why the claim is refused."""
    if len(sys.argv) not in (2, 3):
        return print(__doc__) or 2
    try:
        result = Result(*map(Path, sys.argv[1:]))
    except Fault as fault:
        print(("" if fault.args[0] == "unreadable" else "refused: ") + ": ".join(fault.args))
        return 2 if fault.args[0] == "unreadable" else 1
    claim, lower, upper = result.certificate, result.lower, result.upper
    gap = 100 * (upper / lower - 1) * (1 + 1e-5) + 1e-12 if lower and upper else math.inf
    leaves = sum(node[0] in ("leaf", "empty") for node in claim.tree)
    print(f"instance     {result.problem.name}\nfingerprint  {result.problem.fingerprint}\n"
          f"threshold    {claim.threshold}\nweights      {claim.weights}\n"
          f"lower bound  {'no plan exists' if lower is None else lower}\n"
          f"upper bound  {'no plan known' if upper is None else upper}\n"
          f"gap          {f'at most {gap:.6g} %' if gap < math.inf else 'none'}\n"
          f"leaves       {leaves} proved, {result.assumed} assumed\n" + (
              "certified" if not result.assumed else
              f"not proved: the claim {claim.lower_bound} rests on assumed leaves"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
