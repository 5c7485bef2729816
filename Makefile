# The environment is .venv; each command installs into it what it needs, once.
PYTHON ?= python3
BIN := .venv/bin
# Checked before the environment is made: with an older one, pip would fail with a riddle and the environment would stay.
OLD = Python 3.11 or newer is needed here. Name one, for example: make PYTHON=python3.12 clean run
NEW = -c 'import sys; sys.exit("$(OLD)" if sys.version_info < (3, 11) else 0)'
VENV = if test -x $(BIN)/python; then $(BIN)/python $(NEW); else $(PYTHON) $(NEW) && $(PYTHON) -m venv .venv; fi
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -r

.DEFAULT_GOAL := help
.PHONY: help run lint format test-fast test test-all screenshots clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

.venv/run.stamp: requirements.txt
	@$(VENV)
	@$(INSTALL) requirements.txt
	@touch $@

.venv/test.stamp: requirements.txt requirements-dev.txt
	@$(VENV)
	@$(INSTALL) requirements-dev.txt
	@touch .venv/run.stamp $@

run: .venv/run.stamp  ## serve the page and print its address
	@$(BIN)/python -m streamlit run app.py

lint: .venv/test.stamp  ## format, lint rules and types, without changing anything
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary .

format: .venv/test.stamp  ## put the code into its format and repair what the linter can
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

test-fast: .venv/test.stamp  ## tests of the library and the command line, in less than two minutes
	@$(BIN)/python -m pytest -q -m "not slow" tests/face3d tests/test_*.py --ignore=tests/test_app.py --ignore=tests/test_packaging.py

test: lint  ## lint, then all tests but the slow ones; what a change must pass
	@sh tests/browser/install_chromium.sh
	@$(BIN)/python -m pytest -q -m "not slow"

test-all: .venv/test.stamp  ## all tests, the slow ones too, with new random examples
	@sh tests/browser/install_chromium.sh
	@$(BIN)/python -m pytest -q --hypothesis-profile=random

screenshots: .venv/test.stamp  ## take the README's pictures of the page in chromium
	@sh tests/browser/install_chromium.sh
	@PYTHONPATH=.:tests $(BIN)/python tests/browser/screenshots.py

clean:  ## remove the environment and the caches
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
