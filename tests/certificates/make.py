#!/usr/bin/env python3
"""Write the corpus of certificates and its index from the files in bases/ and instances/.

    make.py             rewrites accepted/, refused/, unreadable/ and index.json
    make.py BINARY      first makes bases/ and instances/ anew with this offload-bench

Every case states its verdict. It is compared with docs/examples/check_certificate.py, from which
the bounds in the index come. The output depends on nothing but the bases.
"""
import copy
import gzip
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "docs" / "examples"))
import check_certificate  # noqa: E402

# name: family, users, servers, seed, interference, threshold, weights, gap
BASES = {
    "mutant": ("paper", 4, 2, 3, "true", "0.5", "uncertainty", "1e-4"),
    "orthogonal": ("paper", 4, 2, 5, "false", "0.5", "uncertainty", "1e-4"),
    "infeasible": ("tight", 4, 2, 84679, "true", "0.2", "uncertainty", "1e-2"),
    "paper": ("paper", 12, 3, 101, "true", "0.5", "uncertainty", "1e-6"),
    "trace": ("trace", 10, 2, 12, "true", "0.7", "uniform", "1e-4"),
    "hotspot": ("hotspot", 9, 3, 13, "false", "0.5", "uncertainty", "1e-3"),
    "heterogeneous": ("heterogeneous", 10, 3, 14, "true", "0.3", "uncertainty", "1e-3"),
    "tight": ("tight", 8, 2, 15, "true", "0.9", "uncertainty", "1e-4"),
    "congested": ("congested", 12, 2, 16, "true", "0.6", "uniform", "1e-4"),
    "sparse": ("sparse", 10, 2, 17, "true", "1", "uncertainty", "1e-5"),
    "adversarial": ("adversarial", 8, 1, 18, "false", "0", "uniform", "1e-4"),
    "topology": ("topology", 9, 3, 19, "true", "0.5", "uncertainty", "1e-5"),
    "requests": ("requests", 8, 2, 20, "false", "0.8", "uncertainty", "1e-4"),
}
LEAF = {"leaf": 0}
CASES = []


def make_bases(binary):
    """Instances and certificates of all families."""
    for folder in ("bases", "instances"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        (HERE / folder).mkdir()
    for name, (family, users, servers, seed, on, threshold, weights, gap) in BASES.items():
        made = subprocess.run(
            [binary, "generate", "--family", family, "--users", str(users), "--servers",
             str(servers), "--seed", str(seed), "--set", f"interference={on}", "-o", HERE],
            check=True, capture_output=True, text=True).stdout.split()[-1]
        instance = HERE / "instances" / f"{name}.json"
        record = json.loads(Path(made).read_text())
        for user in record["users"] + record["servers"]:
            user.pop("position_m", None)  # not in the fingerprint
        instance.write_text(json.dumps(record) + "\n")
        Path(made).unlink()
        base = HERE / "bases" / f"{name}.json"
        subprocess.run(
            [binary, "solve", "--solver", "bnb", "--threshold", threshold, "--weights", weights,
             "--gap", gap, "--certificate", base, instance], check=False, capture_output=True)
        record = json.loads(base.read_text())
        record["instance_file"] = f"../instances/{name}.json"
        base.write_text(json.dumps(record) + "\n")


def load(base):
    """A fresh copy of a base."""
    return json.loads((HERE / "bases" / f"{base}.json").read_text())


def case(verdict, name, reason, change=None, base="mutant", fault=None, instance=None):
    """A case: `change` edits the base in place, or returns the text or bytes of the file."""
    record = load(base)
    data = change(record) if change else None
    if not isinstance(data, (str, bytes)):
        data = json.dumps(record) + "\n"
    packed = isinstance(data, bytes) and data[:1] == b"\x1f" or name.startswith("gzip")
    CASES.append((verdict, f"{name}.json" + (".gz" if packed else ""), reason,
                  data.encode() if isinstance(data, str) else data, fault, instance or base))


def accepted(name, reason, change=None, base="mutant", **more):
    """The claim holds: exit code 0."""
    case("accepted", name, reason, change, base, **more)


def refused(fault, name, reason, change, base="mutant", **more):
    """The claim does not hold: exit code 1."""
    case("refused", name, reason, change, base, fault=fault, **more)


def unreadable(name, reason, change, base="mutant"):
    """Not an offload-certificate/1: exit code 2."""
    case("unreadable", name, reason, change, base)


def put(**fields):
    """Set fields."""
    return lambda record: record.update(fields)


def tree(*nodes, claim=0, **fields):
    """Another tree, with a claim that any tree proves unless another is given."""
    return put(tree=list(nodes), lower_bound=claim, **fields)


def long_tree(*nodes):
    """The same, compressed."""
    return lambda record: pack(json.dumps({**record, "tree": list(nodes), "lower_bound": 1e-3}))


def without(key):
    """Leave out a field."""
    return lambda record: record.pop(key) and None


def text(old, new):
    """Replace text in the file."""
    def change(record):
        before = json.dumps(record)
        assert old in before, old
        return before.replace(old, new, 1)
    return change


def token(key, value):
    """Write a number of the top level in other words."""
    return lambda record: json.dumps({**record, key: "@"}).replace('"@"', value)


def node_text(node):
    """A tree of one node, as text."""
    return lambda record: json.dumps({**record, "lower_bound": 0, "tree": "@"}).replace(
        '"@"', f"[{node}]")


def edit(function):
    """Edit the record by a function that returns nothing of use."""
    return lambda record: function(record) and None


def assumed(bound, trust="solver", **fields):
    """A tree that is one assumed leaf."""
    return put(trust=trust, tree=[{"assumed": bound}], **fields)


def scaled(key, factor):
    """Multiply a claim."""
    return lambda record: record.update({key: record[key] * factor})


def accepted_cases(users, mandatory, sums):
    """Certificates that hold."""
    for base in BASES:
        CASES.append(("bases", f"{base}.json", "as written by the solver bnb", None, None, base))
    accepted("claim-zero", "a claim of 0 holds whatever the tree proves", put(lower_bound=0))
    accepted("claim-negative", "so does a claim below 0", put(lower_bound=-1.5))
    accepted("claim-zero-huge-multipliers", "the bound is far below 0, and beyond the doubles",
             edit(lambda r: (r.update(lower_bound=0), [m.update(users=[1e308] * users)
                                                       for m in r["multipliers"]])))
    accepted("claim-lowered", "a claim below what is proved", scaled("lower_bound", 0.5))
    accepted("zero-multipliers", "multipliers of 0 give a weak bound", edit(
        lambda r: (r.update(lower_bound=1e-6), [m.update(users=[0] * users, interference=[0, -0.0])
                                                for m in r["multipliers"]])))
    accepted("unused-multipliers", "multipliers that no node names",
             edit(lambda r: r["multipliers"].append(r["multipliers"][0])))
    accepted("no-multipliers", "no node needs any", assumed(1e-3, lower_bound=1e-3, multipliers=[]))
    accepted("fingerprint-upper-case", "hexadecimal digits of either case",
             lambda r: r.update(fingerprint=r["fingerprint"].upper()))
    accepted("no-plan", "assignment and objective are null", put(assignment=None, objective=None))
    accepted("plan-without-objective", "objective null claims nothing", put(objective=None))
    accepted("objective-within-tolerance", "off by a relative 1e-10",
             scaled("objective", 1 + 1e-10))
    accepted("optional-fields-left-out", "instance, solver, instance_file", edit(
        lambda r: [r.pop(key) for key in ("instance", "solver", "instance_file")]))
    accepted("unknown-fields", "at the top, in a node and in multipliers: ignored", edit(
        lambda r: (r.update(remark=1), r["tree"][-1].update(remark=[]),
                   r["multipliers"][0].update(remark={}))))
    accepted("threshold-minus-zero", "-0 is 0", token("threshold", "-0"), base="infeasible")
    accepted("number-forms", "1E-2 and 0.010 are numbers", token("lower_bound", "1.0E-2"))
    accepted("number-underflow", "1e-400 is the double 0", token("lower_bound", "1e-400"))
    accepted("solver-without-assumed", "trust solver, but all is proved", put(trust="solver"))
    accepted("assumed", "nothing is proved; the statement supports the claim",
             lambda r: assumed(r["lower_bound"])(r))
    accepted("assumed-part", "one assumed leaf and one proved",
             tree({"load": 0, "at": 1}, LEAF, {"assumed": 0.01}, claim=0.01, trust="solver"))
    accepted("assumed-negative", "a statement that says nothing", assumed(-1, lower_bound=0))
    accepted("infeasible-any-claim", "no plan exists, so any bound holds", put(lower_bound=5),
             base="infeasible")
    accepted("infeasible-by-leaf", "a leaf whose box holds no plan has bound +infinity",
             tree(LEAF, claim=None), base="infeasible")
    accepted("infeasible-by-empty", "the same by an empty node", tree({"empty": 0}, claim=None),
             base="infeasible")
    accepted("leaf", "the root closed at once", tree(LEAF, claim=1e-3))
    accepted("load-split", "both parts of a load range", tree({"load": 0, "at": 1}, LEAF, LEAF))
    accepted("load-above", "at above every load: the second box is empty",
             tree({"load": 0, "at": 2**64 - 1}, LEAF, {"empty": 0}, claim=1e-3))
    accepted("interference-split", "both parts of an interference range",
             tree({"interference": 1, "at": sums[1] / 3}, LEAF, LEAF))
    accepted("interference-negative", "at below 0: the first box is empty",
             tree({"interference": 1, "at": -1}, {"empty": 0}, LEAF, claim=1e-3))
    accepted("interference-integer", "at may be written as an integer",
             tree({"interference": 1, "at": 1}, LEAF, {"empty": 0}, claim=1e-3))
    accepted("interference-off-split", "with interference off every I is 0; at 1 cuts nothing",
             tree({"interference": 0, "at": 1}, LEAF, {"empty": 0}), base="orthogonal")
    accepted("interference-off-zero", "at 0 leaves I = 0 in both boxes",
             tree({"interference": 0, "at": 0}, LEAF, LEAF), base="orthogonal")
    accepted("interference-off-multipliers", "r counts as 0 when interference is off", edit(
        lambda r: [m.update(interference=[1e9, -1e9]) for m in r["multipliers"]]),
        base="orthogonal")
    accepted("user-split", "user 0 at server 1, or not",
             tree({"user": 0, "to": 1}, LEAF, LEAF))
    accepted("user-all-places", "a mandatory user at no server: the last box is empty",
             tree({"user": mandatory, "to": 0}, LEAF, {"user": mandatory, "to": 1}, LEAF,
                  {"empty": 0}, claim=1e-3))
    accepted("user-mandatory-local", "a mandatory user is never local",
             tree({"user": mandatory, "to": None}, {"empty": 0}, LEAF, claim=1e-3))
    accepted("tighten-nothing", "neither loads nor remove", tree({"tighten": 0}, LEAF))
    accepted("tighten-loads", "without remove", tree({"tighten": 0, "loads": [[0, 0, 3]]}, LEAF))
    accepted("tighten-remove", "without loads", tree({"tighten": 0, "remove": [[0, 1]]}, LEAF))
    accepted("tighten-twice", "the same server and place twice",
             tree({"tighten": 0, "loads": [[0, 0, 3], [0, 1, 4]], "remove": [[0, 1], [0, 1]]},
                  LEAF))
    accepted("tighten-empties", "lo > hi cuts everything off; its price is the bound",
             tree({"tighten": 0, "loads": [[0, 3, 2]]}, {"empty": 0}))
    accepted("tighten-removes-all", "all servers of a mandatory user are cut off",
             tree({"tighten": 0, "remove": [[mandatory, 0], [mandatory, 1], [mandatory, None]]},
                  {"empty": 0}))
    accepted("tighten-local", "local of another user, priced by its local term",
             edit(lambda r: tree({"tighten": 0, "remove": [[i, None] for i in range(users)
                                                           if i != mandatory]}, LEAF)(r)))
    accepted("tighten-whole-range", "a load range that cuts nothing costs nothing",
             tree({"tighten": 0, "loads": [[0, 0, 2**64 - 1]]}, LEAF, claim=1e-3))
    accepted("deep-first", "2,000 splits, each inside the first child of the one before",
             long_tree(*[{"load": 0, "at": 2}] * 2000, *[LEAF] * 2001))
    accepted("deep-second", "2,000 splits, each inside the second child of the one before",
             long_tree(*[{"load": 0, "at": 2}, LEAF] * 2000, LEAF))
    accepted("gzip", "compressed", lambda r: pack(json.dumps(r)))
    accepted("gzip-members", "two members make one file",
             lambda r: pack(json.dumps(r)[:500]) + pack(json.dumps(r)[500:]))


def refused_cases(users, mandatory):
    """Certificates whose claim does not hold."""
    other = load("orthogonal")["fingerprint"]
    refused("fingerprint", "fingerprint-other", "of another instance", put(fingerprint=other))
    refused("fingerprint", "instance-other", "checked against another instance", None,
            instance="orthogonal")
    refused("wrong-length", "plan-short", "a place is missing",
            edit(lambda r: r["assignment"].pop()))
    refused("wrong-length", "plan-empty", "not null, and no place", put(assignment=[]))
    refused("unknown-server", "plan-server", "there are 2 servers",
            edit(lambda r: r["assignment"].__setitem__(0, 2)))
    refused("mandatory-local", "plan-mandatory", "a mandatory user is local",
            edit(lambda r: (r["assignment"].__setitem__(mandatory, None), r.update(objective=None))))
    refused("over-cap", "plan-crowded", "all users at one server that admits fewer",
            put(assignment=[0] * 8, objective=None), base="tight")
    refused("objective", "objective-high", "above the plan's value by 1e-8",
            scaled("objective", 1 + 1e-8))
    refused("objective", "objective-low", "below the plan's value by 1e-8",
            scaled("objective", 1 - 1e-8))
    refused("objective", "objective-without-plan", "no plan has it", put(assignment=None))
    refused("objective", "weights-other", "the claims are those of the other weights",
            put(weights="uniform"))
    refused("lower-bound", "threshold-other", "other users are mandatory", put(threshold=1),
            base="paper")
    refused("lower-bound", "claim-high", "above what is proved by 1e-5", lambda r: r.update(
        lower_bound=max(r["lower_bound"], r["objective"]) * (1 + 1e-5)))
    refused("lower-bound", "claim-optimum", "the value of the plan is not proved",
            lambda r: r.update(tree=[LEAF], lower_bound=r["objective"]), base="paper")
    refused("lower-bound", "claim-infeasible", "a plan exists",
            put(lower_bound=None, assignment=None, objective=None))
    refused("lower-bound", "claim-infeasible-assumed", "a number never says that no plan exists",
            assumed(1e300, lower_bound=None), base="infeasible")
    refused("lower-bound", "multipliers-zero", "other multipliers prove less", edit(
        lambda r: [m.update(users=[0] * users, interference=[0, 0]) for m in r["multipliers"]]))
    refused("lower-bound", "multipliers-sign", "the signs are turned round", edit(
        lambda r: [m.update(users=[-x for x in m["users"]]) for m in r["multipliers"]]))
    refused("lower-bound", "multipliers-huge", "the bound is far below 0", edit(
        lambda r: [m.update(users=[1e308] * users) for m in r["multipliers"]]))
    refused("multipliers", "multipliers-short", "one user is missing",
            edit(lambda r: r["multipliers"][0]["users"].pop()))
    refused("multipliers", "multipliers-long", "one server too many",
            edit(lambda r: r["multipliers"][0]["interference"].append(0)))
    refused("multipliers", "multipliers-unused-short", "also where no node names them",
            edit(lambda r: r["multipliers"].append({"users": [], "interference": []})))
    refused("multipliers", "multipliers-off-missing", "one number per server with interference off",
            edit(lambda r: r["multipliers"][0].update(interference=[])), base="orthogonal")
    refused("unknown-server", "load-server", "there are 2 servers",
            tree({"load": 2, "at": 1}, LEAF, LEAF))
    refused("unknown-server", "interference-server", "there are 2 servers",
            tree({"interference": 2, "at": 1}, LEAF, LEAF))
    refused("unknown-server", "user-server", "there are 2 servers",
            tree({"user": 0, "to": 2}, LEAF, LEAF))
    refused("unknown-user", "user-unknown", "there are 4 users",
            tree({"user": users, "to": 0}, LEAF, LEAF))
    refused("unknown-server", "tighten-server", "there are 2 servers",
            tree({"tighten": 0, "loads": [[2, 0, 1]]}, LEAF))
    refused("unknown-user", "tighten-user", "there are 4 users",
            tree({"tighten": 0, "remove": [[users, 0]]}, LEAF))
    refused("empty-not-proved", "empty-root", "plans exist", tree({"empty": 0}))
    refused("empty-not-proved", "empty-load", "a load of N is possible",
            tree({"load": 0, "at": users - 1}, LEAF, {"empty": 0}))
    refused("empty-not-proved", "empty-interference-off", "I = 0 is in the second box as well",
            tree({"interference": 0, "at": 0}, LEAF, {"empty": 0}), base="orthogonal")
    refused("trust", "assumed-certified", "trust certified rests on no statement",
            lambda r: assumed(r["lower_bound"], "certified")(r))
    refused("trust", "assumed-certified-zero", "whatever is claimed",
            assumed(1, "certified", lower_bound=0, assignment=None, objective=None))
    refused("lower-bound", "assumed-low", "the statement is below the claim",
            lambda r: assumed(r["lower_bound"] * 0.9)(r))
    refused("bound-above-plan", "assumed-high", "the certificate's own plan is below the statement",
            assumed(10, lower_bound=10))


def unreadable_cases():
    """Files that are not of the format; no instance is needed to tell."""
    for key in ("format", "fingerprint", "threshold", "weights", "assignment", "objective",
                "lower_bound", "trust", "multipliers", "tree"):
        unreadable(f"missing-{key}", "a required key", without(key))
    for name, fields in (
            ("format-2", {"format": "offload-certificate/2"}),
            ("fingerprint-short", {"fingerprint": "0" * 63}),
            ("fingerprint-not-hexadecimal", {"fingerprint": "g" * 64}),
            ("threshold-above", {"threshold": 1.0000001}),
            ("threshold-below", {"threshold": -0.1}),
            ("threshold-text", {"threshold": "0.5"}),
            ("weights-unknown", {"weights": "Uniform"}),
            ("trust-unknown", {"trust": "Certified"}),
            ("objective-true", {"objective": True}),
            ("lower-bound-text", {"lower_bound": "0"}),
            ("tree-null", {"tree": None}),
            ("tree-object", {"tree": {"leaf": 0}}),
            ("multipliers-null", {"multipliers": None}),
            ("solver-number", {"solver": 1}),
            ("instance-null", {"instance": None})):
        unreadable(name, "a field has the wrong type or value", put(**fields))
    unreadable("plan-fraction", "1.0 is not an integer",
               edit(lambda r: r["assignment"].__setitem__(0, 1.0)))
    unreadable("plan-negative", "integers are not negative",
               edit(lambda r: r["assignment"].__setitem__(0, -1)))
    unreadable("multipliers-array", "multipliers are objects", put(multipliers=[[[], []]]))
    unreadable("multipliers-no-interference", "a required key",
               edit(lambda r: r["multipliers"][0].pop("interference")))
    unreadable("multipliers-element-null", "not a number",
               edit(lambda r: r["multipliers"][0]["users"].__setitem__(0, None)))
    unreadable("tree-empty", "the root is missing", put(tree=[]))
    unreadable("tree-cut", "the last leaf is missing", edit(lambda r: r["tree"].pop()))
    unreadable("tree-cut-claim-zero", "also where the claim needs no proof",
               tree({"load": 0, "at": 1}, LEAF))
    unreadable("tree-long", "a node after the last leaf", edit(lambda r: r["tree"].append(LEAF)))
    for name, node in (
            ("leaf-unknown", {"leaf": 99}),
            ("leaf-null", {"leaf": None}),
            ("leaf-true", {"leaf": True}),
            ("leaf-negative", {"leaf": -1}),
            ("node-empty", {}),
            ("node-null", None),
            ("node-array", []),
            ("node-unknown", {"branch": 0}),
            ("node-two-kinds", {"leaf": 0, "empty": 0}),
            ("node-foreign-key", {"leaf": 0, "at": 1}),
            ("assumed-null", {"assumed": None}),
            ("assumed-text", {"assumed": "1"})):
        unreadable(name, "not a node", tree(node, trust="solver"))
    for name, node in (
            ("load-no-at", {"load": 0}),
            ("load-fraction", {"load": 0, "at": 1.0}),
            ("load-negative", {"load": 0, "at": -1}),
            ("load-huge", {"load": 0, "at": 2**64}),
            ("user-no-to", {"user": 0}),
            ("user-text", {"user": 0, "to": "0"}),
            ("user-minus-one", {"user": 0, "to": -1}),
            ("interference-null", {"interference": 0, "at": None})):
        unreadable(name, "a split with a wrong or missing value", tree(node, LEAF, LEAF))
    for name, fields in (
            ("tighten-loads-null", {"loads": None}),
            ("tighten-remove-null", {"remove": None}),
            ("tighten-row-short", {"loads": [[0, 1]]}),
            ("tighten-row-long", {"remove": [[0, 0, 0]]}),
            ("tighten-lo-negative", {"loads": [[0, -1, 1]]}),
            ("tighten-foreign-key", {"at": 1})):
        unreadable(name, "not a tighten step", tree({"tighten": 0, **fields}, LEAF))
    unreadable("leaf-exponent", "0e0 is not an integer", node_text('{"leaf": 0e0}'))
    unreadable("leaf-minus-zero", "-0 is not an integer", node_text('{"leaf": -0}'))
    unreadable("leaf-400-digits", "beyond the doubles", node_text('{"leaf": %s}' % ("9" * 400)))
    for name, value in (("nan", "NaN"), ("infinity", "Infinity"), ("overflow", "1e400"),
                        ("leading-zero", "01"), ("plus", "+1"), ("no-digit", ".5"), ("hex", "0x1")):
        unreadable(f"number-{name}", "no JSON number, or not a finite double",
                   token("lower_bound", value))
    unreadable("twice-claim", "a key is given twice",
               text('"lower_bound":', '"lower_bound": 0, "lower_bound":'))
    unreadable("twice-node", "also in a node", node_text('{"leaf": 0, "leaf": 0}'))
    unreadable("twice-unknown", "also a key that no format knows", text("{", '{"a": 1, "a": 1, '))
    unreadable("byte-order-mark", "files are UTF-8 without it", lambda r: "\ufeff" + json.dumps(r))
    unreadable("utf-16", "files are UTF-8", lambda r: json.dumps(r).encode("utf-16"))
    unreadable("half-surrogate", "not a character", text('"bnb"', '"\\ud800"'))
    unreadable("trailing-comma", "not JSON", lambda r: json.dumps(r)[:-1] + ",}")
    unreadable("trailing-text", "not JSON", lambda r: json.dumps(r) + " x")
    unreadable("empty-file", "not JSON", lambda r: "")
    unreadable("array", "not an object", lambda r: json.dumps([r]))
    unreadable("gzip-cut", "the stream ends early", lambda r: pack(json.dumps(r))[:-9])
    unreadable("gzip-checksum", "the checksum is wrong",
               lambda r: pack(json.dumps(r))[:-8] + bytes(8))
    unreadable("gzip-tail", "other bytes after the last member",
               lambda r: pack(json.dumps(r)) + b"garbage")
    unreadable("gzip-plain", "the name ends in .gz, the file is plain", lambda r: json.dumps(r))


def pack(data):
    """A gzip member without a time stamp."""
    return gzip.compress(data.encode(), mtime=0)


def main():
    """Write the files and the index."""
    if sys.argv[1:]:
        make_bases(sys.argv[1])
    problem = json.loads((HERE / "instances" / "mutant.json").read_text())
    mandatory = [user["uncertainty"] > load("mutant")["threshold"] for user in problem["users"]]
    sums = [sum(user["tx_power_w"] * gains[j]
                for user, gains in zip(problem["users"], problem["gain"])) for j in range(2)]
    accepted_cases(len(mandatory), mandatory.index(True), sums)
    refused_cases(len(mandatory), mandatory.index(True))
    unreadable_cases()
    index, names = [], set()
    for folder in ("accepted", "refused", "unreadable"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        (HERE / folder).mkdir()
    for verdict, name, reason, data, fault, instance in CASES:
        file, problem = f"{verdict}/{name}", f"instances/{instance}.json"
        assert file not in names, file
        names.add(file)
        if data is not None:
            (HERE / file).write_bytes(data)
        code = {"bases": 0, "accepted": 0, "refused": 1, "unreadable": 2}[verdict]
        entry = {"file": file, "instance": problem, "exit": code, "reason": reason}
        try:
            result = check_certificate.Result(HERE / file, HERE / problem)
            found = None
            entry.update(lower_bound=result.lower, upper_bound=result.upper, assumed=result.assumed)
        except check_certificate.Fault as error:
            found = error.args[0]
        expected = [None, fault, "unreadable"][code]
        assert found == expected, (file, found, expected)
        if verdict == "refused":
            entry["fault"] = fault
        index.append(entry)
    lines = ",\n".join("  " + json.dumps(entry) for entry in index)
    (HERE / "index.json").write_text(f"[\n{lines}\n]\n")
    print(f"{len(index)} certificates")


if __name__ == "__main__":
    main()
