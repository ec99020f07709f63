# Two commands do everything on a fresh machine: `make demo` shows the product, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Debian's packages of programs that tests run for real.
PACKAGES := buildah
READY := $(VENV)/.ready

.PHONY: help demo test system-packages check format benchmark chaos rivals misbehaviour generated clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: $(READY) ## Plan, create, look at, change and remove an environment on the emulator
	$(BIN)/python demo/demo.py

test: system-packages check ## Format check, lint, types, every test
	$(BIN)/pytest --numprocesses 4 --dist loadgroup --no-loadscope-reorder

system-packages:
	@command -v dpkg >/dev/null || exit 0; \
	missing=$$(for package in $(PACKAGES); do dpkg -s $$package >/dev/null 2>&1 || echo $$package; done); \
	[ -z "$$missing" ] && exit 0; \
	[ "$$(id -u)" = 0 ] || { echo "Tests need: sudo apt-get install" $$missing; exit 1; }; \
	apt-get update --quiet && apt-get install --quiet --yes --no-install-recommends $$missing

check: $(READY) ## Format check, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY) ## Format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmark: $(READY) ## Measure start-up, synth, up, plan and the editor's script; prints two tables
	$(BIN)/python -m benchmarks.benchmark
	$(BIN)/python benchmarks/editor.py

chaos: $(READY) ## Kill processes at random moments under random faults; compares what is left (an hour)
	$(BIN)/python -m benchmarks.chaos

rivals: $(READY) ## Let two people run up on one state in S3, ten times (ten minutes)
	$(BIN)/python -m benchmarks.rivals

misbehaviour: $(READY) ## Let AWS fail in each way, for each command that writes (half an hour)
	$(BIN)/python -m benchmarks.misbehaviour

generated: $(READY) ## Write the files that are made from the code
	$(BIN)/python -m tests.generated

clean: ## Remove the virtual environment and what the demo left
	rm -rf $(VENV) .demo

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "studioctl needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[local,terraform]' --group dev
	@touch $@
