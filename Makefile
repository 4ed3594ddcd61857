# Needs Python 3.11 or later and make; everything else is installed into .venv by name, version and hash.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE ?=
.DEFAULT_GOAL := help
.PHONY: help setup demo test check asyncapi openapi validators interface triage-report scoreboard mutants chaos fuzz lock clean

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

test: setup validators  ## all tests but the long ones, in parallel
	$(BIN)/pytest -n 2 --dist worksteal -m "not chaos and not fuzz"

check: setup  ## ruff, mypy strict, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

asyncapi: setup  ## docs/generated/asyncapi.json: what owners receive and answer, by the default settings
	$(BIN)/crossdock asyncapi --data build/documents --out docs/generated/asyncapi.json

openapi: setup  ## docs/generated/openapi.json: the HTTP calls, by the default settings
	$(BIN)/crossdock openapi --data build/documents --out docs/generated/openapi.json

validators: .venv/validators/installed  ## AsyncAPI's reference parser, where npm is there: tests use it

.venv/validators/installed: .venv/installed
	@if command -v npm >/dev/null; then \
		npm install --silent --no-audit --no-fund --ignore-scripts --no-package-lock --prefix .venv/validators \
			@asyncapi/parser@3.6.6 && touch $@ \
		|| echo "npm could not install it: the tests that need AsyncAPI's reference parser are skipped"; \
	else echo "npm is not there: the tests that need AsyncAPI's reference parser are skipped"; fi

interface: setup  ## longer against the OpenAPI document and both engines: EXAMPLES=<requests of each kind>
	EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/pytest contract-tests/test_http_interface.py contract-tests/test_both_engines.py

chaos: setup  ## kill -9 of every process at random under load, then account for every message
	$(BIN)/pytest -m chaos -s tests

fuzz: setup  ## adapters under damaged payloads and documents drawn from contracts: FUZZ_SEED=<seed> one again
	$(BIN)/pytest -m fuzz tests/fuzz

MODELS ?= build/triage-models
UCI := $(or $(SAMPLES),$(CROSSDOCK_SAMPLES),$(wildcard ../shared/samples))
triage-report: setup  ## train a model from nothing and examine it: MODELS=<folder>, SAMPLES=<folder> for the UCI log
	$(BIN)/crossdock triage train --simulate --examine --out "$(MODELS)" \
		--report docs/generated/triage-report.json $(if $(UCI),--samples "$(UCI)")

scoreboard: setup  ## our checker beside others, installed into a folder of their own: TABLES=<files>
	-$(BIN)/pip install --quiet --disable-pip-version-check --target .venv/others/py jsonsubschema
	-npm install --silent --no-audit --no-fund --prefix .venv/others json-schema-diff is-json-schema-subset
	$(BIN)/python bench/scoreboard.py contract-tests/compat/cases.json $(TABLES) --others .venv/others

mutants: setup  ## change the compatibility checker in one place at a time and see whether a test notices: COUNT=<mutants>
	$(BIN)/python bench/mutants.py $(if $(COUNT),--count $(COUNT))

lock: setup  ## resolve the dependencies anew into constraints.txt
	$(BIN)/python -m venv .venv/lock
	.venv/lock/bin/pip install --quiet pip-tools
	.venv/lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --all-extras --all-build-deps \
		--no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--output-file constraints.txt pyproject.toml

clean:  ## remove what make made
	rm -rf .venv .crossdock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
