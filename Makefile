# make run: installs what the page needs, then opens it.   make test: installs the rest, then lints, type-checks and tests.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test test-all screenshots clean

.venv/run.stamp: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/test.stamp: requirements.txt requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
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
