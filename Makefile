# One thread a process: small matrices gain nothing from more, and tests that share cores lose.
export OMP_NUM_THREADS = 1

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install -q -c constraints.txt

# The oldest Python runs with the lowest versions that pyproject.toml allows, the newest with those
# of constraints.txt. What they test is all that needs neither torch nor Ray.
OLDEST := 3.10
NEWEST := 3.13
CORE := $(patsubst %,tests/spaces/test_%.py,cube conditional inference) \
	$(patsubst %,tests/adapters/optuna/test_%.py,conformance study_reader study_space) \
	tests/adapters/test_arguments.py \
	$(patsubst %,tests/policies/memory/test_%.py,candidates infer table) \
	$(patsubst %,tests/policies/recurrent/test_%.py,encodings feeding symmetry) \
	$(patsubst %,tests/test_%.py,checkpoint files proposal) tests/policies/test_trained.py

# One policy of each sort is enough here.
FEWER := "not lstm and not dnc and not kernel and not posterior-2"

# All that needs neither torch nor scipy, Ray's adapter included.
WITHOUT_TORCH := tests/spaces tests/adapters tests/fuzz $(CORE) tests/explanation/test_explain.py \
	tests/policies/memory/test_failures.py tests/policies/memory/test_studies.py \
	--ignore=tests/adapters/ray/test_trials.py

# What pyproject.toml asks for at least: of the package, and with WANTED=ray of this extra, too.
LOWEST := from importlib.metadata import requires; import os, re; \
	wanted = os.environ.get("WANTED", "-"); found = requires("l2l-sampler"); \
	found = [r for r in found if "extra" not in r or re.search(f"extra == .{wanted}.", r)]; \
	print(*(r.split(";")[0].replace(">=", "==") for r in found), sep="\n")

.PHONY: help demo docs peer-ax test test-all test-databases test-minimum fuzz package lint pythons venv

help:  ## say what each target does
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

demo: .venv/.demo  ## tune a real model with LearnedSampler, TPE and random search
	$(BIN)/python -m examples.digits_demo

test: lint pythons  ## everything that a change must pass
	$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile

test-all: test  ## the slow tests too, one after the other: some start clusters
	$(BIN)/python -m pytest -q -m slow

# Where servers cannot be installed or started, their tests are skipped and say why.
test-databases: venv  ## many workers, killed at random, on PostgreSQL, MariaDB, SQLite and a journal
	@if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && ! command -v mariadbd > /dev/null; \
	then timeout 120 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 300 \
		apt-get install -qq -y --no-install-recommends postgresql mariadb-server > /dev/null || true; fi
	$(INSTALL) -e ".[databases]"
	$(BIN)/python -m pytest -q -m databases -rs tests/databases

test-minimum: export WANTED = ray
test-minimum:  ## the lowest versions that pyproject.toml allows, Ray included, in an environment of their own
	$(PYTHON) -m venv .venv-minimum
	.venv-minimum/bin/pip install -q -e . hypothesis pytest
	.venv-minimum/bin/python -c '$(LOWEST)' | \
		.venv-minimum/bin/pip install -q -r /dev/stdin "pyarrow<20"  # later ones need numpy 2
	.venv-minimum/bin/pip list | grep -E "^(array-api-compat|numpy|optuna|ray|safetensors) "
	.venv-minimum/bin/python -m pytest -q -p no:cacheprovider -k $(FEWER) $(WITHOUT_TORCH)

fuzz: export FUZZ_EXAMPLES ?= 20000
fuzz: venv  ## files from strangers, FUZZ_EXAMPLES of each sort, with counts
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/fuzz --hypothesis-show-statistics

docs: export NO_MKDOCS_2_WARNING = 1
docs: venv  ## the documentation as a site, in site/index.html
	$(BIN)/mkdocs build --quiet
	@echo "Open site/index.html"

# Its packages ask for other versions than ours; the benchmarks ask it over a pipe.
peer-ax:  ## Ax, for the benchmarks, in an environment of its own
	$(PYTHON) -m venv .venv-ax
	.venv-ax/bin/pip install -q torch==2.13.0 ax-platform==1.3.1

package: venv  ## wheels and source distributions, checked, and the tests of the latter's core
	rm -rf dist build models/build
	$(INSTALL) build twine
	$(BIN)/python -m build -q --outdir dist .
	$(BIN)/python -m build -q --outdir dist models
	$(BIN)/python -m twine check --strict dist/*
	test "$$(find dist -name 'l2l_sampler-*.whl' -size -5M)"
	rm -rf dist/unpacked && mkdir dist/unpacked && tar xzf dist/l2l_sampler-*.tar.gz -C dist/unpacked --strip-components=1
	cd dist/unpacked && $(CURDIR)/$(BIN)/python -m pytest -q -p no:cacheprovider -k $(FEWER) $(CORE)

lint: venv  ## style, format, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# A shim of pyenv answers only where the version is named. Without pyenv the variable does nothing.
pythons:  ## the core tests under the oldest and the newest Python, where they are installed
	@for version in $(OLDEST) $(NEWEST); do \
		if PYENV_VERSION=$$version python$$version -c "" 2> /dev/null; \
		then $(MAKE) --no-print-directory core-$$version || exit 1; \
		else echo "Skipped: there is no python$$version here."; \
		fi; \
	done

core-%: export PYTHONPYCACHEPREFIX = .venv-$*/pycache
core-%: .venv-%/.core
	.venv-$*/bin/python -m compileall -q l2l_sampler train hpo_benchmarks examples tests
	.venv-$*/bin/python -m pytest -q -p no:cacheprovider -k $(FEWER) $(CORE)

venv: .venv/.dev  ## set up .venv with all that development needs

# The stamps say which set of packages .venv holds; pip leaves alone what is there already.
.venv/.demo: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) -e . joblib matplotlib scikit-learn tqdm
	touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) torch==2.13.0
	$(INSTALL) -e ".[train,ray,bench,dev,docs]" -e ./models
	touch $@

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv-$(OLDEST)/.core: pyproject.toml | .venv-$(OLDEST)/bin/python
	$(@D)/bin/pip install -q -e . hypothesis pytest
	$(@D)/bin/python -c '$(LOWEST)' | $(@D)/bin/pip install -q -r /dev/stdin
	touch $@

.venv-$(NEWEST)/.core: pyproject.toml constraints.txt | .venv-$(NEWEST)/bin/python
	$(@D)/bin/pip install -q -c constraints.txt -e . hypothesis pytest
	touch $@

.venv-%/bin/python:
	PYENV_VERSION=$* python$* -m venv .venv-$*
