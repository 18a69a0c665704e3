# One verb each. Everything happens in .venv, made with the python3 at hand; nothing is fetched again while
# pyproject.toml stays as it is. The package index is the only thing that is asked of the network.

PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
PYTEST_ARGS ?=
BENCH_ARGS ?=

PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
BIN := $(VENV)/bin
CHARTS := src/sinan/web/static/vega.js
# Where Python may write no byte code by itself, every start would compile all that it imports: half a second.
BYTECODE := $(VENV)/bin/python -m compileall -q src

.DEFAULT_GOAL := help
.PHONY: help demo demo-web test check bench docs shape

help:  ## what there is
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.demo  ## three bundled models on eight generated benchmarks, a table and a plot; under 3 minutes
	$(BIN)/sinan run first-light -m needle/xs -m needle/s -m needle/m
	$(BIN)/sinan show last --plot first-light.png

demo-web: $(VENV)/.serve $(CHARTS)  ## the site with sample runs of bundled models; prints address and password
	$(BIN)/python tools/demo_web.py

test: $(VENV)/.test $(CHARTS)  ## all tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.check  ## style, types, the floors of the house, and the documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/python tools/docs.py --check

bench: $(VENV)/.test  ## speed, memory and faults, beside what they must be; a quarter of an hour
	$(BIN)/python bench/run.py $(BENCH_ARGS)

docs: $(VENV)/.demo  ## write the generated pages, then check links and commands
	$(BIN)/python tools/docs.py

shape: $(VENV)/.check  ## long files and functions, import cycles, the files one sample enters
	$(BIN)/python tools/shape.py

$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.demo: pyproject.toml | $(VENV)/.made
	$(PIP) install --quiet --editable '.[plot]'
	$(BYTECODE)
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.made
	$(PIP) install --quiet --group test --group web --group check --editable '.[plot,scoring,serve,postgres]'
	$(BYTECODE)
	@touch $@

# What browsers draw charts with; without it the site shows its tables alone.
$(CHARTS): tools/charts_bundle.py | $(VENV)/.serve
	$(BIN)/python tools/charts_bundle.py --again

$(VENV)/.serve: pyproject.toml | $(VENV)/.made
	$(PIP) install --quiet --editable '.[plot,serve]'
	$(BYTECODE)
	@touch $@

# What the tests against transformers need, and tools/needle; without it those tests say that they are skipped.
# torch comes first and alone, so that nothing else chooses another build of it.
$(VENV)/.train: pyproject.toml | $(VENV)/.made
	$(PIP) install --quiet '$(TORCH)'
	$(PIP) install --quiet --group train --group peers
	@touch $@

$(VENV)/.check: pyproject.toml | $(VENV)/.made
	$(PIP) install --quiet --group check --editable '.[plot,serve,postgres]'
	@touch $@
