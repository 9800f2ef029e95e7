# One thread a process: small matrices gain nothing from more, and tests that share cores lose.
export OMP_NUM_THREADS = 1

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install -q -c constraints.txt

.PHONY: demo test test-all lint venv

demo: .venv/.demo  ## tune a real model with LearnedSampler, TPE and random search
	$(BIN)/python -m examples.digits_demo

test: lint  ## everything that a change must pass
	$(BIN)/python -m pytest -q

test-all: lint  ## the slow tests too
	$(BIN)/python -m pytest -q -m ""

lint: venv
	$(BIN)/ruff check .
	$(BIN)/mypy

venv: .venv/.dev

# The stamps say which set of packages .venv holds; pip leaves alone what is there already.
.venv/.demo: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) -e . joblib matplotlib scikit-learn tqdm
	touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) torch==2.13.0
	$(INSTALL) -e ".[train,ray,bench,dev]"
	touch $@

.venv/bin/python:
	$(PYTHON) -m venv .venv
