# The whole developer interface. Needs Python 3.11 or newer with venv, and nothing else: every target sets up
# what it needs in .venv, and is quick from the second time on.

# The interpreter that .venv is made with; after `make clean` another one can be chosen.
PYTHON ?= python3
# Only `make lock` needs uv.
UV ?= uv

VENV := .venv
BIN := $(VENV)/bin
# The least share of lines and branches that the tests must reach, in percent.
COVERAGE := 90

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.embedded ## Watch one meeting from its booking to its recording, all on this machine (2 minutes)
	@$(BIN)/python -m embedded.demo

.PHONY: dev
dev: $(VENV)/.embedded ## Run Temporal, worker, bridge and a simulated Meeting BaaS until Ctrl-C
	@$(BIN)/python -m embedded

.PHONY: test
test: $(VENV)/.dev ## Run the tests and measure their coverage
	$(BIN)/pytest -n 3 --dist loadgroup --cov --cov-report=term --cov-fail-under=$(COVERAGE)

.PHONY: check
check: $(VENV)/.dev ## Check style, types, imports between rooms, and the container files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/hadolint Dockerfile

.PHONY: lock
lock: ## For maintainers: write requirements/*.txt anew from pyproject.toml (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	$(LOCK) --extra embedded --extra dev pyproject.toml -o requirements/dev.txt
	$(LOCK) -c requirements/dev.txt pyproject.toml -o requirements/runtime.txt
	echo setuptools | $(LOCK) -c requirements/dev.txt --extra embedded pyproject.toml - -o requirements/embedded.txt

LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock"

.PHONY: clean
clean: ## Remove what these targets made, except the data of `make dev`
	rm -rf $(VENV) .minutekeeper/demo *.egg-info build .coverage .coverage.* .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: each stands for a lock that is installed whole. The dev lock contains the embedded one.

INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check

$(VENV)/.embedded: requirements/embedded.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the embedded stack needs into $(VENV) (once)"
	@$(INSTALL) --require-hashes -r requirements/embedded.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing what developers need into $(VENV) (once)"
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.embedded

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
