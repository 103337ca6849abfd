# Everything the house can do. `make run` and `make test` are all a newcomer needs.
SHELL := /bin/sh
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
export PORT SIMULATOR_PORT VAR HOST
CODE := manage.py huey_config.py site money mpesa shops periodic tests

.PHONY: run test browser check lint types layers migrations coverage bench faults load format pins clean

run: $(VENV)/.run
	@exec $(PY) manage.py start

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Duka needs Python 3.11 or newer; name one: make run PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/base.txt | $(VENV)/bin/python
	@echo "Installing what the product needs ..."
	@$(PIP) -r requirements/base.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/bin/python
	@echo "Installing what the tests need ..."
	@$(PIP) -r requirements/dev.txt
	@touch $@ $(VENV)/.run

test: $(VENV)/.dev
	$(PY) -m pytest -n 2 --dist loadgroup tests --ignore=tests/browser

browser: $(VENV)/.dev
	$(PY) -m pytest tests/browser

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

coverage: $(VENV)/.dev
	$(PY) -m pytest -q -n 2 --dist loadgroup tests --ignore=tests/browser --ignore=tests/journeys --cov --cov-branch --cov-report=term
