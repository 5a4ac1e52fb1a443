"""Helpers of the Python tests: reading and comparing the records of a campaign."""

import json

# Differ from run to run.
TIMES = ["time_s", "times_s", "wall_time_s", "algorithm_time_s", "cpu_s", "peak_memory_bytes"]


def rows(folder):
    """The number of complete records of a campaign; one that is being written does not count."""
    path = folder / "records.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def key(record):
    """The fields that identify a record within a campaign."""
    return tuple(str(record[field]) for field in ("fingerprint", "threshold", "weights", "solver", "seed"))


def timeless(folder):
    """The records of a campaign without times, as texts, sorted by key."""
    records = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    records.sort(key=key)
    for record in records:
        for field in TIMES:
            del record[field]
        for moment in record["trajectory"]:
            del moment["time_s"]
    return [json.dumps(record, sort_keys=True) for record in records]
