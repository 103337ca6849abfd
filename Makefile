# Everything the house can do. `make run` and `make test` are all a newcomer needs.
SHELL := /bin/sh
# Each of our processes would compile all of Duka anew, which is a third of what its start costs.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
CODE := manage.py huey_config.py site money mpesa shops periodic tests

.PHONY: run test browser check lint types layers migrations coverage bench faults format pins clean forget

run: $(VENV)/.run
	@exec $(PY) manage.py start

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Duka needs Python 3.11 or newer; name one: make run PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.run: requirements/base.txt | $(VENV)/bin/python
	@echo "Installing what the product needs ..."
	@$(PIP) -r requirements/base.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/bin/python
	@echo "Installing what the tests need ..."
	@$(PIP) -r requirements/dev.txt
	@touch $@ $(VENV)/.run

# Three processes on two cores: journeys wait most of their time. COVER=1 counts the branches too;
# LONG=1 runs what takes minutes as well: processes killed, backups restored, queues frozen.
TESTS := -n 3 --dist loadgroup tests --ignore=tests/browser
COVERING := --cov --cov-branch

test: $(VENV)/.dev
	$(PY) -m pytest $(TESTS) $(if $(LONG),,-m 'not long') $(if $(COVER),$(COVERING) --cov-report=)

# SHORT=1 sees each journey on a phone, and one of each file on a desk.
browser: $(VENV)/.dev
	SHORT=$(SHORT) $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder tests/browser

check: lint types layers migrations coverage

lint: $(VENV)/.dev
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

types: $(VENV)/.dev
	PYTHONPATH=site $(BIN)/mypy $(CODE)

layers: $(VENV)/.dev
	PYTHONPATH=site:. $(BIN)/lint-imports

migrations: $(VENV)/.dev
	$(PY) manage.py makemigrations --check --dry-run

# COVERED=1 reports what `make test COVER=1` counted, as .ci/run does, which has just run it.
coverage: $(VENV)/.dev
	$(if $(COVERED),$(BIN)/coverage report,$(PY) -m pytest -q $(TESTS) --ignore=tests/journeys $(COVERING) --cov-report=term)

bench: $(VENV)/.dev
	@failed=; \
	for bench in monitor_rate posting posting_together posting_contenders statements callbacks jobs counter; do \
	  PYTHONPATH=site:. $(PY) -m tests.bench.$$bench $(or $(SCALE),1) || failed="$$failed $$bench"; \
	done; \
	PYTHONPATH=site:. $(PY) -m tests.bench.first_sale || failed="$$failed first_sale"; \
	if [ -n "$$failed" ]; then echo "missed a bar:$$failed"; exit 1; fi

# Any order, odd bodies, killed processes; SCALE=0.1 is a short run. Starts servers of its own.
faults: $(VENV)/.dev
	@PYTHONPATH=site:. $(PY) -m tests.faults.everything $(or $(SCALE),1)

format: $(VENV)/.dev
	$(BIN)/ruff check --fix --exit-zero $(CODE)
	$(BIN)/ruff format $(CODE)

# Needs uv on the PATH; writes the pinned sets from the hand-written ones, for all platforms.
pins:
	@cd requirements && for set in base prod dev; do \
	  uv pip compile -q --universal --python-version 3.11 --no-header --no-emit-index-url \
	    --annotation-style=line $$set.in -o $$set.txt || exit 1; done

# What can be made again; `make forget` is for the data.
clean:
	rm -rf $(VENV) .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# Deletes the database, the books and the queues of the copy in var/.
forget:
	rm -rf var
