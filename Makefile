# Needs Python 3.11 or later and make; everything else is installed into .venv by name, version and hash.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE ?=
.DEFAULT_GOAL := help
.PHONY: help setup demo test check chaos fuzz lock clean triage-report

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## */\t/' | expand -t 12

setup: .venv/installed  ## make .venv and install Crossdock into it

.venv/installed: constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup  ## everything at once on free ports: SAMPLES=<folder> real payloads, JSON=<file> the result
	$(BIN)/crossdock demo $(if $(SAMPLES),--samples "$(SAMPLES)") $(if $(JSON),--json-file "$(JSON)")

test: setup  ## all tests but the long ones, in parallel
	$(BIN)/pytest -n 2 --dist worksteal -m "not chaos and not fuzz"

check: setup  ## ruff, mypy strict, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

chaos: setup  ## kill -9 of every process at random under load, then account for every message
	$(BIN)/pytest -m chaos -s tests

fuzz: setup  ## adapters under damaged payloads and documents drawn from contracts: FUZZ_SEED=<seed> one again
	$(BIN)/pytest -m fuzz tests/fuzz

MODELS ?= build/triage-models
UCI := $(or $(SAMPLES),$(CROSSDOCK_SAMPLES),$(wildcard ../shared/samples))
triage-report: setup  ## train a model from nothing and examine it: MODELS=<folder>, SAMPLES=<folder> for the UCI log
	$(BIN)/crossdock triage train --simulate --examine --out "$(MODELS)" \
		--report docs/generated/triage-report.json $(if $(UCI),--samples "$(UCI)")

lock: setup  ## resolve the dependencies anew into constraints.txt
	$(BIN)/python -m venv .venv/lock
	.venv/lock/bin/pip install --quiet pip-tools
	.venv/lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --all-extras --all-build-deps \
		--no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--output-file constraints.txt pyproject.toml

clean:  ## remove what make made
	rm -rf .venv .crossdock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
