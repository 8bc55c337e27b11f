# `make specs` runs the specs, `make test` every check; both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: specs test lint docs screenshots bench performance random-orders accounts-table clean

specs: $(VENV)/specs
	@echo "truestep: running the specs"
	@$(BIN)/behave

test: lint
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml docs/ci/github.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci docs/ci/gitlab.yml
	$(BIN)/kubernetes-validate --strict --quiet docs/ci/kubernetes.yaml

docs: $(VENV)/specs
	$(BIN)/python -m truestep steps > docs/steps.md
	$(BIN)/python -m truestep settings > docs/settings.md

# Pictures of the report, from runs of these features; takes a Chromium.
screenshots: $(VENV)/test
	$(BIN)/python docs/screenshots.py

bench: $(VENV)/test
	$(BIN)/python bench/run.py

performance: $(VENV)/test
	$(BIN)/python -m bench.page

# The specs in 20 orders, by four workers: what one scenario leaves to another shows.
random-orders: $(VENV)/specs
	@for seed in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do \
	  $(BIN)/behave -f null -D backend=embedded -j 4 -D order=random -D seed=$$seed || exit 1; \
	done

accounts-table: $(VENV)/test
	$(BIN)/python -m bench.accounts

clean:
	rm -rf $(VENV) reports build

# The first of these that is new enough; a virtual environment that failed half-way is removed.
$(BIN)/python:
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "truestep: making $(VENV) with $$($$python --version)"; \
	    $$python -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); exit 1; \
	  fi; \
	done; \
	echo "truestep: no Python 3.11 or newer was found, and $(PYTHON) is: $$($(PYTHON) --version 2>&1)" >&2; \
	echo "  Looked at: $(PYTHON), then python3.14 to python3.11, on PATH" >&2; \
	echo "  Try: install a newer Python, or name one: make PYTHON=/path/to/python3.12" >&2; \
	exit 1

$(VENV)/specs: requirements.txt pyproject.toml | $(BIN)/python
	@echo "truestep: installing requirements.txt (the first time, a minute or so)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/test: requirements-dev.txt $(VENV)/specs
	@echo "truestep: installing requirements-dev.txt"
	@$(PIP) -r requirements-dev.txt
	@touch $@
