#!/usr/bin/env python3
"""Makes a large campaign from a small one, to measure how `report` grows: copies of its records
on instances with other names and fingerprints.

Usage: make_records.py CAMPAIGN COUNT -o DIR   (about COUNT records; each copy scales its values by a
factor of its own)
"""
import argparse
import hashlib
import json
import os
import pathlib


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("campaign")
    parser.add_argument("count", type=int)
    parser.add_argument("-o", "--output", required=True)
    arguments = parser.parse_args()
    lines = pathlib.Path(arguments.campaign, "records.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines if line.strip()]
    if not records:
        raise SystemExit(f"{arguments.campaign}: holds no record")
    os.makedirs(arguments.output, exist_ok=True)
    target = pathlib.Path(arguments.output, "records.jsonl")
    written, copy = 0, 0
    with open(f"{target}.new", "w") as out:
        while written < arguments.count:
            for record in records[:arguments.count - written]:
                changed = dict(record)
                changed["fingerprint"] = hashlib.sha256(f"{copy} {record['fingerprint']}".encode()).hexdigest()
                changed["instance"] = f"{record['instance']}-{copy}"
                # One factor for all values of an instance keeps bounds below plans.
                factor = 1 + int(changed["fingerprint"][:6], 16) / 2**24
                for field in ("objective", "lower_bound"):
                    if changed[field] is not None:
                        changed[field] *= factor
                changed["trajectory"] = [
                    {key: value * factor if key != "time_s" and value is not None else value for key, value in moment.items()}
                    for moment in record.get("trajectory", [])]
                out.write(json.dumps(changed, separators=(",", ":")) + "\n")
                written += 1
            copy += 1
    os.replace(f"{target}.new", target)
    print(f"{written} records in {target}")


if __name__ == "__main__":
    main()
