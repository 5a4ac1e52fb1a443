# Two commands do everything on a fresh Debian machine with Rust: make demo, make test.
SHELL := /bin/sh
# Cargo may not be on the PATH of a fresh login; setup.sh writes .build-env when tools live in .venv-build.
ENV = export PATH="$$HOME/.cargo/bin:$$PATH"; if [ -f .build-env ]; then . ./.build-env; fi;
BENCH = target/release/offload-bench

.PHONY: setup build demo test gate lint targets bench bench-quick solvers goa-speed questions findings test-browser test-latex test-slurm pareto valgrind instructions test-kill overhead

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

# The gate that CI holds against every change. The folder is made anew: records of an older program would pass for this one's.
gate: build
	@rm -rf out/smoke
	@$(BENCH) run configs/smoke.toml -o out/smoke --quiet
	@$(BENCH) check out/smoke --gates gates/goa.toml

# `submit` on a real Slurm of five daemons on loopback; as root, for it installs slurm-wlm and munge. Takes two or three minutes.
test-slurm: build
	@python3 tests/slurm.py

# A campaign of 528 rows, killed 50 times and resumed, holds the records of an undisturbed one. Takes half a minute.
test-kill: build
	@python3 tests/kill_resume.py $(BENCH)

# Milliseconds that a row costs beside its solver, in the harness's process and in one of its own.
overhead: build
	@python3 tests/overhead.py $(BENCH)

lint: setup
	@$(ENV) cargo fmt --check
	@$(ENV) cargo clippy --release --locked --workspace --all-targets -- -D warnings

# The table of exact solvers in docs/benchmarks.md.
targets: build
	@$(ENV) cargo run --release --locked --example targets -p offload-tests

# docs/gap-vs-time.svg: every solver's gap against its time, certified, from configs/pareto.toml. The folder is made anew: times belong to one build.
pareto: build
	@rm -rf out/pareto
	@$(BENCH) run configs/pareto.toml -o out/pareto
	@$(BENCH) report out/pareto
	@cp out/pareto/figures/gap-vs-time.svg docs/gap-vs-time.svg

# As root on Debian it installs valgrind if that is missing; whoever needs it says so if it still is.
valgrind:
	@command -v valgrind >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends valgrind >/dev/null; } || true

# Instructions that solvers take, against tests/instructions.json (`make instructions RECORD=--record` rewrites it). Under a minute.
instructions: build valgrind
	@$(ENV) cargo build --release --locked -p offload-tests --example counted
	@$(ENV) python3 tests/instructions.py target/release/examples/counted $(RECORD)

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

# The tables of docs/real-data.md; EUA=FOLDER adds the rows of the EUA data set.
questions: build
	@python3 tests/questions.py $(BENCH) out/questions $(EUA)

# docs/findings.md: the paper's experiment, certified gaps, and the claims of its abstract beside what was measured.
findings: build
	@$(BENCH) reproduce --runs 500 --exact-runs 10 -o out/reproduce --findings docs/findings.md

# What the report's tests in a browser and with LaTeX use: a small campaign, and the same with another time limit.
out/pages/a/report.html: build
	@$(BENCH) run tests/pages-a.toml -o out/pages/a --quiet
	@$(BENCH) run tests/pages-b.toml -o out/pages/b --quiet
	@$(BENCH) report out/pages/a > out/pages/a/report.txt
	@$(BENCH) report --compare out/pages/a out/pages/b -o out/pages > out/pages/compare.txt

# Reports in a real browser; screenshots in out/browser. As root on Debian it installs what is missing.
test-browser: out/pages/a/report.html
	@command -v chromedriver >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get install -y -qq --no-install-recommends chromium chromium-driver fonts-dejavu-core >/dev/null; } || true
	@python3 tests/browser.py out/pages/a/report.html out/pages/compare.html

# paper.tex through pdflatex; pages as PNG in out/latex.
test-latex: out/pages/a/report.html
	@{ command -v pdflatex && command -v pdftoppm; } >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get install -y -qq --no-install-recommends texlive-latex-base texlive-latex-recommended texlive-pictures poppler-utils >/dev/null; } || true
	@tests/latex.sh out/pages/a
