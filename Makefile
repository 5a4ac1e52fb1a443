# Two commands do everything on a fresh Debian machine with Rust: make demo, make test.
SHELL := /bin/sh
# Cargo may not be on the PATH of a fresh login; setup.sh writes .build-env when tools live in .venv-build.
ENV = export PATH="$$HOME/.cargo/bin:$$PATH"; if [ -f .build-env ]; then . ./.build-env; fi;
BENCH = target/release/offload-bench

.PHONY: setup build demo test lint bench

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

lint: setup
	@$(ENV) cargo fmt --check
	@$(ENV) cargo clippy --release --locked --workspace --all-targets -- -D warnings

bench: build
	@$(ENV) cargo run --release --locked --example targets -p offload-tests
