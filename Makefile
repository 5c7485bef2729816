# make run: installs what the page needs, then serves it and prints its address.   make test: installs the rest, then lints, type-checks and tests.
PYTHON ?= python3
BIN := .venv/bin
# Checked before the environment is made: with an older one, pip would fail with a riddle and the environment would stay.
OLD = Python 3.11 or newer is needed here. Name one, for example: make PYTHON=python3.12 clean run
NEW = -c 'import sys; sys.exit("$(OLD)" if sys.version_info < (3, 11) else 0)'
VENV = if test -x $(BIN)/python; then $(BIN)/python $(NEW); else $(PYTHON) $(NEW) && $(PYTHON) -m venv .venv; fi

.PHONY: run test test-all screenshots clean

.venv/run.stamp: requirements.txt
	@$(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/test.stamp: requirements.txt requirements-dev.txt
	@$(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch .venv/run.stamp $@

run: .venv/run.stamp
	$(BIN)/python -m streamlit run app.py

test: .venv/test.stamp
	@sh tests/browser/install_chromium.sh
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/python -m pytest -q -m "not slow"

test-all: .venv/test.stamp
	@sh tests/browser/install_chromium.sh
	$(BIN)/python -m pytest -q

# The README's pictures of the page, taken in chromium.
screenshots: .venv/test.stamp
	@sh tests/browser/install_chromium.sh
	PYTHONPATH=. $(BIN)/python tests/browser/screenshots.py

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
