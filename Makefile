PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint protos clean

demo: .venv/.server  ## install what serving needs, ask the embedded model about the sample article over gRPC
	$(BIN)/python examples/demo.py

test: .venv/.dev lint  ## everything: lint, types, import contracts, tests
	$(BIN)/python -Im pytest

lint: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

protos: .venv/.dev  ## regenerate the Python code of the contract
	$(BIN)/python protos/generate.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.server: pyproject.toml | .venv/bin/python
	$(PIP) --editable '.[server]'
	touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) 'pip>=25.1'
	$(PIP) --constraint constraints.txt --editable '.[server,train,evaluation]' --group dev
	touch $@ .venv/.server

clean:
	rm -rf .venv build dist
