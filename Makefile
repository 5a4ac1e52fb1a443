# Two commands do everything on a fresh Debian machine with Rust: make demo, make test.
SHELL := /bin/sh
# Cargo may not be on the PATH of a fresh login; setup.sh writes .build-env when tools live in .venv-build.
ENV = export PATH="$$HOME/.cargo/bin:$$PATH"; if [ -f .build-env ]; then . ./.build-env; fi;
BENCH = target/release/offload-bench

.PHONY: setup build demo test lint targets bench bench-quick solvers goa-speed test-slurm

setup:
	@./setup.sh

build: setup
	@$(ENV) cargo build --release --locked

demo: build
	@$(BENCH) run configs/demo.toml -o out/demo
	@$(BENCH) report out/demo
	@echo "The report: out/demo/report.md"

test: build
	@$(ENV) cargo test --release --locked --workspace

# `submit` on a real Slurm of five daemons on loopback; as root, for it installs slurm-wlm and munge. Takes a minute.
test-slurm: build
	@python3 tests/slurm.py

lint: setup
	@$(ENV) cargo fmt --check
	@$(ENV) cargo clippy --release --locked --workspace --all-targets -- -D warnings

# The table of exact solvers in docs/benchmarks.md.
targets: build
	@$(ENV) cargo run --release --locked --example targets -p offload-tests

# Scaling of every solver; ends with fitted exponents and target/criterion/scaling.svg.
bench: build
	@$(ENV) cargo bench --locked -p offload-tests --bench scaling

bench-quick: build
	@$(ENV) OFFLOAD_BENCH=quick cargo bench --locked -p offload-tests --bench scaling

# docs/solvers.md: every solver with its complexity, gap and time.
solvers: build
	@$(ENV) cargo run --release --locked --example solvers -p offload-tests > docs/solvers.new && mv docs/solvers.new docs/solvers.md

# GOA beside the same rule in numpy and in plain Python (needs numpy).
goa-speed: build
	@$(ENV) cargo build --release --locked -p offload-tests --example goa_speed
	@python3 tests/goa_speed.py target/release/examples/goa_speed $(BENCH)
