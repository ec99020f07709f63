# Two commands do everything on a fresh machine: `make demo` shows the product, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CHECKOV := .venv-audit
DOCS := .venv-docs

.PHONY: images prices page help demo tune-demo tune-benchmark workers-benchmark tune-chaos test compiled fast prerequisites check format audit benchmark versions chaos rivals agreement scale deployer soak guard-month mutations coverage misbehaviour compatibility package generated docs clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

demo: $(READY) ## Plan, create, look at, change and remove an environment on the emulator
	$(BIN)/python demo/demo.py

tune-demo: $(READY) ## Tune with four workers on this machine, compare with plain Optuna, and draw the plots (two minutes)
	$(BIN)/python demo/tuning.py

# Six at a time on two cores: an environment's life is mostly waiting, since the provider looks at AWS every ten seconds.
test: prerequisites check compiled $(CHECKOV)/.ready $(DOCS)/.ready ## Format check, lint, types, every test; lists the slowest
	$(BIN)/pytest --numprocesses 6 --dist loadgroup --no-loadscope-reorder --durations=50

# pytest adds to each assertion what a failure shows, for 8 s of CPU. Kept, that is done once and not in each worker.
unexport PYTHONDONTWRITEBYTECODE
compiled: $(READY)
	@said=$$($(BIN)/pytest --collect-only --quiet --no-header) || { echo "$$said"; exit 1; }

fast: $(READY) ## The tests that start no process
	$(BIN)/pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder -m fast

prerequisites: ## Get the programs of the system that tests run for real
	@tests/prerequisites.sh

check: $(READY) ## Format check, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY) ## Format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

audit: $(READY) $(CHECKOV)/.ready ## Let cloudsplaining and checkov judge the seed's environment and the default; prints two tables
	$(BIN)/python -m benchmarks.audit

benchmark: $(READY) ## Measure start-up, synth, up, plan and the editor's script; prints two tables
	$(BIN)/python -m benchmarks.benchmark
	$(BIN)/python benchmarks/editor.py

tune-benchmark: $(READY) ## Measure what controllers and workers add to each trial, beside bare Optuna (eight minutes)
	$(BIN)/python -m benchmarks.tuning

workers-benchmark: $(READY) ## Run 200 workers at once on PostgreSQL; counts lost trials, connections and memory (five minutes)
	$(BIN)/python -m benchmarks.workers

tune-chaos: $(READY) ## Kill workers, controllers and the database 100 times in 500 trials (fifteen minutes)
	$(BIN)/python -m benchmarks.tuning_chaos

versions: $(READY) ## Compare CPU and time of help, synth, init, plan and up with the first version's, in turns (ten minutes)
	$(BIN)/python -m benchmarks.versions

chaos: $(READY) ## Kill processes at random moments under random faults; compares what is left (an hour)
	$(BIN)/python -m benchmarks.chaos

page: $(READY) ## Measure how soon the page of `studioctl ui` is there and shows what changed (two minutes)
	$(BIN)/python -m benchmarks.page

rivals: $(READY) ## Let two people run up on one state in S3, ten times (ten minutes)
	$(BIN)/python -m benchmarks.rivals

agreement: $(READY) ## Compare fast plans with full ones after 500 random changes (an hour and a half)
	$(BIN)/python -m benchmarks.agreement

scale: $(READY) ## Measure what 10 and 100 users cost: seconds, calls to AWS, memory (half an hour)
	$(BIN)/python -m benchmarks.scale

guard-month: $(READY) ## A month of twenty people, watched by two guards at once with throttling and kills (half an hour)
	$(BIN)/python -m benchmarks.guard_month

soak: $(READY) ## Let the provider, started once, make 50,000 calls; counts answers that got lost (an hour or two)
	$(BIN)/python -m benchmarks.soak

mutations: $(READY) ## Make each listed mistake in a copy of the code; the tests must notice it (ten minutes)
	$(BIN)/python -m tests.mutations

coverage: $(READY) ## Measure in a clone which branches of src the whole suite takes; prints a table by room (an hour)
	$(BIN)/python -m benchmarks.coverage $(BEFORE)

deployer: $(READY) ## Live two lives with the deployer's policy alone, on the emulator (ten minutes)
	$(BIN)/python -m benchmarks.deployer

misbehaviour: $(READY) ## Let AWS fail in each way, for each command that writes (half an hour)
	$(BIN)/python -m benchmarks.misbehaviour

package: ## Build the wheel, and try it in clean environments without and with extras
	@PYTHON=$(PYTHON) tests/package.sh

compatibility: $(READY) ## Let this version go on with an environment that the first version made (ten minutes)
	$(BIN)/python -m benchmarks.compatibility

generated: $(READY) ## Write the files that are made from the code, pictures among them
	$(BIN)/python -m tests.generated

images: $(READY) ## Renew the table of when AWS's images end from AWS's page (needs the internet, no account)
	$(BIN)/python -m tests.distribution

prices: $(READY) ## Renew the table of prices from AWS's public price list (needs the internet, no account)
	$(BIN)/python -m tests.prices

docs: $(DOCS)/.ready ## Build the documentation as a site with search: build/docs/index.html
	$(DOCS)/bin/sphinx-build --fail-on-warning --keep-going --quiet docs build/docs
	@echo "Open build/docs/index.html"

clean: ## Remove the virtual environments, the site and what the demo left
	rm -rf $(VENV) $(CHECKOV) $(DOCS) .demo build dist

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "studioctl needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[audit,local,terraform,tune]' --group dev
	@touch $@

# checkov cannot live beside our libraries: docs/explanation/dependencies.md
$(CHECKOV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/python -m pip install --quiet --upgrade pip
	$(CHECKOV)/bin/python -m pip install --quiet --group checkov
	@touch $@

# Sphinx wants a newer docutils than the AWS CLI, which tests use.
$(DOCS)/.ready: pyproject.toml
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --upgrade pip
	$(DOCS)/bin/python -m pip install --quiet --group docs
	@touch $@
