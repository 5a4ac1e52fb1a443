"""Writes THIRD-PARTY-NOTICES.txt: the licences of everything that is compiled into the program.

Usage: notices.py FILE. The texts come from the sources that cargo has downloaded (`cargo fetch`).
tests/notices.rs checks that the file lists every package of Cargo.lock that is compiled in.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

TARGET = "x86_64-unknown-linux-gnu"
# C and C++ code inside packages, which has licences of its own. A package's own files come first.
BUNDLED = {
    "highs-sys": [
        ("HiGHS", ["HiGHS/LICENSE.txt"]),
        ("filereaderlp, in HiGHS", ["HiGHS/highs/io/filereaderlp/LICENSE"]),
        ("pdqsort, in HiGHS", ["HiGHS/extern/pdqsort/license.txt"]),
    ],
    "zstd-sys": [("Zstandard", ["zstd/LICENSE"])],
    "ring": [("BoringSSL and others, in ring", ["LICENSE-BoringSSL", "LICENSE-other-bits"])],
}
NAMES = re.compile(r"(licen[cs]e|copying|notice|unlicense)", re.I)


def cargo(*words):
    return subprocess.run(["cargo", *words], check=True, capture_output=True, text=True).stdout


def compiled_in():
    """Name and version of each package in the program; procedural macros only run in the compiler."""
    tree = cargo("tree", "--locked", "-p", "offload-bench", "-e", "normal,no-proc-macro",
                 "--target", TARGET, "--prefix", "none", "--format", "{p}")
    lines = {tuple(line.split()[:2]) for line in tree.splitlines() if "(/" not in line}
    return {(name, version.removeprefix("v")) for name, version in lines}


def licence_files(folder, expression):
    """The files to reproduce. Of a choice of licences that includes MIT, that one."""
    files = sorted(f for f in folder.iterdir() if f.is_file() and NAMES.search(f.name))
    if " OR " in expression or "/" in expression:
        mit = [f for f in files if "mit" in f.name.lower()]
        return mit or files
    return files


def text_of(files):
    return "\n\n".join(f.read_text(encoding="utf-8", errors="replace").strip() for f in files)


def main():
    metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1"))
    wanted = compiled_in()
    packages = [p for p in metadata["packages"] if (p["name"], p["version"]) in wanted]
    assert len(packages) == len(wanted), "a package of the tree is not in the metadata"
    by_text = {}
    listed = []
    for package in sorted(packages, key=lambda p: (p["name"], p["version"])):
        folder = Path(package["manifest_path"]).parent
        label = f"{package['name']} {package['version']}"
        expression = package["license"] or "see its licence file"
        listed.append(f"{label}: {expression}; {package['repository'] or 'https://crates.io'}")
        parts = [(label, licence_files(folder, expression))]
        parts += [(name, [folder / f for f in files])
                  for name, files in BUNDLED.get(package["name"], [])]
        for name, files in parts:
            text = text_of(files)
            if not text:
                by = ", ".join(package["authors"]) or "its authors"
                text = f"Copyright: {by}. Published under {expression}, without a licence file."
            by_text.setdefault(text, []).append(name)
    head = (
        "Third-party software in offload-bench\n\n"
        "The program offload-bench contains the Rust standard library (MIT OR Apache-2.0,\n"
        "https://www.rust-lang.org), a query trace measured on the bAbI questions (CC BY 3.0,\n"
        "Weston et al., https://arxiv.org/abs/1502.05698) and the packages below. Written by\n"
        "`make notices`.\n"
    )
    out = [head, "\n".join(listed) + "\n"]
    for text, names in sorted(by_text.items(), key=lambda item: item[1]):
        out.append("=" * 80 + "\n" + "\n".join(names) + "\n" + "-" * 80 + "\n\n" + text + "\n")
    # Form feeds and trailing spaces are left out, so that editors and git leave the file alone.
    whole = "\n".join(out).replace("\f", "").replace("\r", "")
    whole = "\n".join(line.rstrip() for line in whole.split("\n"))
    target = Path(sys.argv[1])
    new = target.with_suffix(".new")
    new.write_text(whole, encoding="utf-8")
    new.replace(target)
    print(f"{target}: {len(packages)} packages, {len(by_text)} licence texts")


main()
