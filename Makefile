# `make help` lists the targets. `make demo` and `make test` work on a fresh Debian machine with Rust.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# A fresh login may not have cargo on its PATH. setup.sh writes .build-env when it installs tools in
# .venv-build.
ENV = export PATH="$$HOME/.cargo/bin:$$PATH"; if [ -f .build-env ]; then . ./.build-env; fi;
BENCH = target/release/offload-bench
# The folder of the pages and pictures that targets below rewrite.
BOOK = docs/src

.PHONY: help setup build demo test gate fmt lint docs mdbook targets bench bench-quick solvers goa-speed \
    questions findings test-browser test-latex test-slurm pareto valgrind instructions test-kill \
    overhead test-checker checker-venv serve-times numpy-venv deny notices

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install cmake, a C++ compiler and libclang if they are missing; as root also bubblewrap
	@./setup.sh

build: setup ## build the program, target/release/offload-bench
	@$(ENV) cargo build --release --locked

demo: build ## run configs/demo.toml, report it in out/demo, re-check every row (4 minutes)
	@$(BENCH) run configs/demo.toml -o out/demo
	@$(BENCH) report out/demo
	@echo "The report: out/demo/report.md"
	@$(BENCH) verify out/demo

test: build ## run all tests
	@$(ENV) cargo test --release --locked --workspace

# `cargo fmt` does not see the modules that a folder of solvers or families declares by its files.
fmt: ## format all Rust files
	@$(ENV) git ls-files -z '*.rs' | xargs -0 rustfmt --edition 2024

lint: setup ## check format and lints
	@$(ENV) git ls-files -z '*.rs' | xargs -0 rustfmt --edition 2024 --check
	@$(ENV) cargo clippy --release --locked --workspace --all-targets -- -D warnings

# Starts from an empty folder: records of an older program would pass for those of this one.
gate: build ## run configs/smoke.toml and judge it by gates/goa.toml, as CI does
	@rm -rf out/smoke
	@$(BENCH) run configs/smoke.toml -o out/smoke --quiet
	@$(BENCH) check out/smoke --gates gates/goa.toml

# Needs no Rust code of this workspace. mdbook is built from source if it is not on the PATH.
docs: mdbook ## build the book into out/book
	@$(ENV) PATH="$(CURDIR)/target/mdbook/bin:$$PATH" mdbook build docs
	@echo "The book: out/book/index.html"

mdbook:
	@$(ENV) export PATH="$(CURDIR)/target/mdbook/bin:$$PATH"; command -v mdbook >/dev/null \
	    || cargo install mdbook --version 0.5.4 --locked --no-default-features --features search \
	        --root target/mdbook \
	    || { echo "docs: mdbook is missing and could not be installed with cargo." >&2; \
	         echo "  Install it (https://rust-lang.github.io/mdBook), then run this again." >&2; exit 1; }

# As root it installs slurm-wlm and munge.
test-slurm: build ## test submit on a real Slurm of five daemons on loopback (3 minutes, as root)
	@python3 tests/slurm.py

test-kill: build ## kill a campaign of 660 rows 50 times, resume it, compare its records (30 s)
	@python3 tests/kill_resume.py $(BENCH)

test-checker: build checker-venv ## test the second certificate checker on a corpus and 100 fresh files
	@.venv-checker/bin/python tests/check_certificates.py $(BENCH) 100 --program

# python-flint and blake3 come as wheels from PyPI, once.
checker-venv:
	@[ -x .venv-checker/bin/python ] || python3 -m venv .venv-checker || { rm -rf .venv-checker; \
	    echo "test-checker: python3 cannot make virtual environments." >&2; \
	    echo "  On Debian: apt-get install python3-venv" >&2; exit 1; }
	@.venv-checker/bin/python -c 'import blake3, flint' 2>/dev/null \
	    || .venv-checker/bin/python -m pip install -q --retries 1 'python-flint>=0.6' 'blake3>=1' \
	    || { echo "test-checker: python-flint and blake3 are missing, and PyPI was not reached." >&2; \
	         echo "  With a network: .venv-checker/bin/pip install python-flint blake3" >&2; exit 1; }

# Advisories need a copy of the RustSec database, which cargo-deny fetches.
deny: ## check licences, sources and duplicates of dependencies (needs cargo-deny)
	@$(ENV) command -v cargo-deny >/dev/null || { echo "deny: cargo-deny is missing: cargo install --locked cargo-deny" >&2; exit 1; }
	@$(ENV) cargo deny check licenses bans sources
	@$(ENV) cargo deny check advisories || { echo "deny: advisories were not checked or list a package" >&2; exit 1; }

notices: ## rewrite THIRD-PARTY-NOTICES.txt: licences of what is compiled in
	@$(ENV) cargo fetch --locked
	@$(ENV) python3 tests/notices.py THIRD-PARTY-NOTICES.txt

overhead: build ## measure the overhead per row, in-process and in a separate process
	@python3 tests/overhead.py $(BENCH)

serve-times: build numpy-venv ## measure what serve: adds to the time of a solver with numpy
	@.venv-numpy/bin/python tests/serve_times.py $(BENCH)

# numpy comes as a wheel from PyPI, once.
numpy-venv:
	@[ -x .venv-numpy/bin/python ] || python3 -m venv .venv-numpy || { rm -rf .venv-numpy; \
	    echo "serve-times: python3 cannot make virtual environments." >&2; \
	    echo "  On Debian: apt-get install python3-venv" >&2; exit 1; }
	@.venv-numpy/bin/python -c 'import numpy' 2>/dev/null \
	    || .venv-numpy/bin/python -m pip install -q --retries 1 'numpy>=1.26' \
	    || { echo "serve-times: numpy is missing, and PyPI was not reached." >&2; exit 1; }

# As root on Debian it installs valgrind. Targets that need it report when it is missing.
valgrind:
	@command -v valgrind >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends valgrind >/dev/null; } || true

# `make instructions RECORD=--record` rewrites tests/instructions.json.
instructions: build valgrind ## compare instruction counts with tests/instructions.json (1 minute)
	@$(ENV) cargo build --release --locked -p offload-tests --example counted
	@$(ENV) python3 tests/instructions.py target/release/examples/counted $(RECORD)

bench: build ## measure how every solver scales; exponents in target/criterion (11 minutes)
	@$(ENV) cargo bench --locked -p offload-tests --bench scaling

bench-quick: build ## the same with a few sizes
	@$(ENV) OFFLOAD_BENCH=quick cargo bench --locked -p offload-tests --bench scaling

goa-speed: build ## compare the speed of GOA with numpy and plain Python (needs numpy)
	@$(ENV) cargo build --release --locked -p offload-tests --example goa_speed
	@python3 tests/goa_speed.py target/release/examples/goa_speed $(BENCH)

targets: build ## print the tables of exact solvers for results/benchmarks.md
	@$(ENV) cargo run --release --locked --example targets -p offload-tests

# EUA=FOLDER adds the rows of the EUA data set.
questions: build ## print the tables of results/questions.md (8 minutes)
	@python3 tests/questions.py $(BENCH) out/questions $(EUA)

solvers: build ## rewrite results/solvers.md: every solver with its complexity, gap and time
	@$(ENV) cargo run --release --locked --example solvers -p offload-tests > $(BOOK)/results/solvers.new \
	    && mv $(BOOK)/results/solvers.new $(BOOK)/results/solvers.md

findings: build ## rewrite results/findings.md: the paper's experiment and the claims of its abstract
	@$(BENCH) reproduce --runs 500 --exact-runs 10 -o out/reproduce --findings $(BOOK)/results/findings.md

# Starts from an empty folder: times belong to one build.
pareto: build ## redraw images/gap-vs-time.svg from configs/pareto.toml (5 minutes)
	@rm -rf out/pareto
	@$(BENCH) run configs/pareto.toml -o out/pareto
	@$(BENCH) report out/pareto
	@cp out/pareto/figures/gap-vs-time.svg $(BOOK)/images/gap-vs-time.svg

# Input of the next two: a small campaign, and the same with another time limit.
out/pages/a/report.html: build
	@$(BENCH) run tests/pages-a.toml -o out/pages/a --quiet
	@$(BENCH) run tests/pages-b.toml -o out/pages/b --quiet
	@$(BENCH) report out/pages/a > out/pages/a/report.txt
	@$(BENCH) report --compare out/pages/a out/pages/b -o out/pages > out/pages/compare.txt

# As root on Debian it installs chromium and its driver.
test-browser: out/pages/a/report.html ## test reports in a real browser; screenshots in out/browser
	@command -v chromedriver >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get install -y -qq --no-install-recommends chromium chromium-driver fonts-dejavu-core >/dev/null; } || true
	@python3 tests/browser.py out/pages/a/report.html out/pages/compare.html

# As root on Debian it installs LaTeX.
test-latex: out/pages/a/report.html ## compile paper.tex with pdflatex; pages as PNG in out/latex
	@{ command -v pdflatex && command -v pdftoppm; } >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get install -y -qq --no-install-recommends texlive-latex-base texlive-latex-recommended texlive-pictures poppler-utils >/dev/null; } || true
	@tests/latex.sh out/pages/a
