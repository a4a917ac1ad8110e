# The developer interface. Needs Python 3.11 or newer with venv, and nothing else: every target installs what it
# needs into .venv the first time.

# The interpreter that .venv is made with; after `make clean` another one can be chosen.
PYTHON ?= python3
# Only `make lock` needs uv.
UV ?= uv

VENV := .venv
BIN := $(VENV)/bin
LOCKS := deploy/requirements
# The least coverage of lines and branches by the tests, in percent.
COVERAGE := 90

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The provider that `make demo` and `make dev` simulate: meetingbaas, meetingbaas-v2 or recall.
PROVIDER ?= meetingbaas

.PHONY: demo
demo: $(VENV)/.embedded ## Run a meeting from booking to recording, and one from a calendar (1 minute)
	@$(BIN)/python -m devtools.stack.demo --provider $(PROVIDER)

.PHONY: dev
dev: $(VENV)/.embedded ## Run Temporal, worker, bridge and a simulated Meeting BaaS until Ctrl-C
	@$(BIN)/python -m devtools.stack --provider $(PROVIDER)

# Work is stolen, not assigned by groups: pytest-xdist then goes on when one of its processes ends.
.PHONY: test
test: $(VENV)/.dev $(VENV)/.generator ## Run the tests, what failed once more on its own, and measure their coverage
	$(BIN)/pytest -n 4 --dist worksteal --cov --cov-report= || \
		$(BIN)/pytest --last-failed --last-failed-no-failures none --cov --cov-append --cov-report=
	$(BIN)/coverage report --fail-under=$(COVERAGE)

.PHONY: check
check: $(VENV)/.dev ## Check style, types, import layers, and the container files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/hadolint Dockerfile

# Seed and size of the run; the same seed plans the same meetings, kills and faults.
SEED ?= 7
MEETINGS ?= 500

.PHONY: chaos
chaos: $(VENV)/.embedded ## Kill and freeze processes while meetings run, and check the result (9 minutes)
	@$(BIN)/python -m devtools.chaos --seed $(SEED) --meetings $(MEETINGS)

.PHONY: twins
twins: $(VENV)/.embedded ## A small chaos run with only meetings that several workflows share (2 minutes)
	@$(BIN)/python -m devtools.chaos --seed $(SEED) --meetings 60 --short --twins 1

# Number of events in the year; each takes about two seconds.
EVENTS ?= 200

.PHONY: year
year: $(VENV)/.dev ## Run a calendar through a year of virtual time, with failures (10 minutes)
	@$(BIN)/python -m tests.workflows.year --seed $(SEED) --events $(EVENTS)

# Names of benchmarks with commas between them; empty: all.
ONLY ?=

.PHONY: bench
bench: $(VENV)/.embedded ## Measure lateness, throughput, memory and actions on this machine (10 minutes)
	@$(BIN)/python -m devtools.benchmarks $(if $(ONLY),--only $(ONLY))

.PHONY: docs
docs: $(VENV)/.dev ## Regenerate docs/settings.md and docs/cli.md
	@$(BIN)/python -m tests.docs.generate

# Mutants of each file, a sample that is the same for the same code; 0 for all of them.
SAMPLE ?= 12

.PHONY: mutants
mutants: $(VENV)/.dev ## Change the code in small ways, and see whether the fast tests notice (15 minutes)
	@SAMPLE=$(SAMPLE) $(BIN)/poodle $(if $(ONLY),--only '$(ONLY)')

.PHONY: fingerprint
fingerprint: | $(BIN)/python ## Record the commands of the workflows after an edit (docs/workflow-changes.md)
	@$(BIN)/python -m tests.replay.fingerprint

# The release to record, and optionally only some paths: PATHS="completed failed-account".
VERSION ?=
PATHS ?=

.PHONY: histories
histories: $(VENV)/.dev ## For maintainers: record histories of VERSION=…, against which later code is replayed
	@test -n "$(VERSION)" || { echo "Name the release, as in minutekeeper/__init__.py: make histories VERSION=0.1.0"; exit 1; }
	@$(BIN)/python -m tests.replay.record $(VERSION) $(PATHS)

.PHONY: lock
lock: ## For maintainers: lock pyproject.toml in deploy/requirements/*.txt (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	$(LOCK) --group dev pyproject.toml -o $(LOCKS)/dev.txt
	$(LOCK) -c $(LOCKS)/dev.txt pyproject.toml -o $(LOCKS)/runtime.txt
	echo setuptools | $(LOCK) -c $(LOCKS)/dev.txt --group embedded pyproject.toml - -o $(LOCKS)/embedded.txt
	$(LOCK) --group pyproject.toml:generator -o $(LOCKS)/generator.txt

LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock"

.PHONY: clean
clean: ## Remove what these targets created, except the data of `make dev`
	rm -rf $(VENV) .minutekeeper/demo .minutekeeper/chaos .minutekeeper/benchmarks *.egg-info build .coverage .coverage.* \
		.hypothesis .import_linter_cache .mypy_cache .poodle .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamp files: each means that a lock is installed completely. The dev lock contains the embedded one.

INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check

$(VENV)/.embedded: $(LOCKS)/embedded.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the embedded stack needs into $(VENV) (once)"
	@$(INSTALL) --no-deps --require-hashes -r $(LOCKS)/embedded.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(LOCKS)/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing what developers need into $(VENV) (once)"
	@$(INSTALL) --no-deps --require-hashes -r $(LOCKS)/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.embedded

# What makes a client from docs/openapi.json, in an environment of its own: it wants other versions than the rest.
$(VENV)/.generator: $(LOCKS)/generator.txt | $(BIN)/python
	@echo "Installing the generator of API clients into $(VENV)/generator (once)"
	@$(BIN)/python -m venv --clear $(VENV)/generator
	@$(VENV)/generator/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(LOCKS)/generator.txt
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Minutekeeper needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
		echo "Choose another one: make PYTHON=python3.13"; \
		exit 1; \
	}
	@$(PYTHON) -m venv --clear $(VENV) || { \
		rm -rf $(VENV); \
		echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; \
		exit 1; \
	}
