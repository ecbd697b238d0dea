# Everything a developer runs. `make` lists it; each target makes the virtual environment it needs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
STAMP := .venv/.installed
PIP := --quiet --disable-pip-version-check
.PHONY: help install gen gen-check bump test test-others interop conformance check lint types wheel nightly bench demo clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(STAMP) ## make .venv with everything in it

$(STAMP): pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install $(PIP) 'pip>=25.1'
	@$(BIN)/python -m pip install $(PIP) --editable '.[codegen,cli]' --group dev
	@touch $@

gen: $(STAMP) ## write generated/ from schema/
	@$(BIN)/python -m mcpstruct_codegen gen

gen-check: $(STAMP) ## fail if generated/ is not what schema/ makes
	@$(BIN)/python -m mcpstruct_codegen gen --check

bump: $(STAMP) ## import a schema: REV=2026-07-28 SCHEMA=path-or-URL [SOURCE=url@commit] [FORCE=1]
	@[ -n "$(REV)" ] && [ -n "$(SCHEMA)" ] || { echo "usage: make bump REV=YYYY-MM-DD SCHEMA=path-or-URL [SOURCE=url@commit] [FORCE=1]"; exit 2; }
	@$(BIN)/python -m mcpstruct_codegen bump "$(REV)" "$(SCHEMA)" $(if $(SOURCE),--source "$(SOURCE)") $(if $(FORCE),--force)

test: $(STAMP) ## run the tests
	@$(BIN)/python -m pytest -n auto -m 'not slow' $(ARGS)

test-others: $(STAMP) ## run the tests on every other interpreter found
	@for python in $$(tests/interpreters.sh $(BIN)/python); do \
		env=.venvs/$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "== $$env"; \
		[ $$env/.installed -nt pyproject.toml ] || { \
			$$python -m venv $$env; \
			$$env/bin/python -m pip install $(PIP) 'pip>=25.1'; \
			$$env/bin/python -m pip install $(PIP) --editable '.[codegen,cli]' --group dev; \
			touch $$env/.installed; }; \
		HYPOTHESIS_PROFILE=few $$env/bin/python -m pytest -n auto -q -m 'not slow and not once' $(ARGS); \
	done

interop: $(STAMP) ## talk to clients and servers that others wrote, in environments of their own under .peers/
	@$(BIN)/python -m tests.interop.peers
	@MCPSTRUCT_INTEROP=1 $(BIN)/python -m pytest -n auto -m 'not slow' tests/interop $(ARGS)

conformance: $(STAMP) ## run the official conformance suite against a server and a client over HTTP; ARGS=--help says more
	@$(BIN)/python -m tests.conformance.run $(ARGS)

check: gen-check lint types ## freshness, lint and types

lint: $(STAMP) ## ruff: rules and layout
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP) ## pyright and mypy, both strict
	@$(BIN)/pyright
	@$(BIN)/mypy

wheel: $(STAMP) ## build the wheel and use it in a fresh environment
	@bash tests/wheel.sh

nightly: $(STAMP) ## what is too slow for every change: slow tests, 20 times the property tests, the benchmarks
	@$(BIN)/python -m tests.interop.peers
	@MCPSTRUCT_INTEROP=1 $(BIN)/python -m pytest -n auto -m slow --timeout 600
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -n auto -m 'not slow' --timeout 1200
	@$(MAKE) --no-print-directory bench

bench: $(STAMP) ## measure codecs and sessions beside their peers; writes docs/*.json and docs/*.svg
	@$(BIN)/python -m benchmarks.codec --json docs/benchmark.json --svg docs/benchmark.svg $(ARGS)
	@$(BIN)/python -m benchmarks.sessions --json docs/sessions.json --svg docs/sessions.svg $(ARGS)
	@if command -v wrk >/dev/null; then $(BIN)/python -m benchmarks.http --json docs/http.json $(ARGS); \
		else echo "wrk, which makes the load, is not installed: HTTP is not measured"; fi

demo: $(STAMP) ## show what it does
	@$(BIN)/python examples/demo.py

clean: ## remove everything that make made
	rm -rf .venv .venvs .bench .peers .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist
