# Everything works from a fresh clone: Python ≥ 3.11 with venv, and make, are all that is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup test lint docs demo clean

setup: $(READY)

# Rebuilt when the dependencies change; a half-made environment is never marked ready.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "dbsync needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[embedded]" --group dev
	@touch $@

test: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports

docs: setup
	$(BIN)/python docs/_reference.py
	$(BIN)/dbsync diagram --quiet --out docs/assets/schema.svg
	$(BIN)/mkdocs build --strict

demo: setup
	@sh demo.sh

clean:
	rm -rf $(VENV) site .dbsync .mypy_cache .ruff_cache .pytest_cache
