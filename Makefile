# Every target makes what it needs by itself: Python 3.11 or newer and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test test-rest test-all coverage bench bench-quick lint format manual package pythons check clean

help:
	@echo "make demo      tell the whole story on a local Google; no account, no network"
	@echo "make test      run the tests that need no process of their own, one real client, and some random days"
	@echo "make test-all  run every test"
	@echo "make coverage  the same, and how much of the code they reach, in processes of their own too"
	@echo "make bench     measure what watching costs, beside a naive notifier; about half an hour"
	@echo "make lint      ruff, mypy --strict, import-linter, codespell"
	@echo "make pythons   install into a clean environment of each Python that is found, and run unit and daemon tests there"
	@echo "make package   the same, and look at what an index would get"
	@echo "make manual    write the man page from the commands' --help"
	@echo "make check     lint and test-all"

$(VENV)/base.stamp: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/demo.stamp: pyproject.toml $(VENV)/base.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[demo]"
	@touch $@

$(VENV)/test.stamp: pyproject.toml $(VENV)/base.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]"
	@touch $@

$(VENV)/dev.stamp: pyproject.toml $(VENV)/base.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@

demo: $(VENV)/demo.stamp
	$(BIN)/syft-notify demo

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n auto -m "not thorough" --durations=10

test-rest: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n auto -m thorough --durations=10

test-all: test test-rest

coverage: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n auto --cov --cov-report=term

bench: $(VENV)/demo.stamp
	$(BIN)/python -m benchmarks

bench-quick: $(VENV)/demo.stamp
	$(BIN)/python -m benchmarks --quick

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

manual: $(VENV)/base.stamp
	$(BIN)/python -m manual

package: $(VENV)/dev.stamp
	$(BIN)/nox --parallel auto

pythons: $(VENV)/dev.stamp
	$(BIN)/nox --parallel auto -s pythons install

check: lint test-all

clean:
	rm -rf $(VENV) .interop .nox .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage*
