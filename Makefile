PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint model fuzz image-check ray protos typescript clean

demo: .venv/.server  ## install what serving needs, ask the embedded model about the sample article over gRPC
	$(BIN)/python examples/demo.py

test: .venv/.dev lint  ## everything: lint, types, import contracts, tests
	$(BIN)/python -Im pytest

lint: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

RUNS := models/guillemet_models/training/runs
GOLD := ../shared/data/gold
model: .venv/.dev  ## make the embedded model from its encoder, about four hours on two CPUs; goes on where it was interrupted
	$(BIN)/guillemet train $(RUNS)/embedded.toml
	$(BIN)/guillemet train $(RUNS)/further.toml
	$(BIN)/guillemet train $(RUNS)/once-more.toml
	$(BIN)/guillemet train $(RUNS)/twice-more.toml
	$(BIN)/guillemet export outputs/twice-more outputs/guillemet-fr-small --name guillemet-fr-small --version 0.10.0 --bonus institution=0.5 --bonus content.indirect=0.5 --int8
	$(BIN)/guillemet calibrate outputs/guillemet-fr-small $(GOLD)/dev.jsonl

COUNT := 200000
fuzz: .venv/.dev  ## hostile input: COUNT texts, and COUNT messages to a server; goes on where the last run ended
	$(PIP) --group fuzz
	cd tests && ../$(BIN)/python -m fuzzing pipeline --executions $(COUNT) --output ../outputs/fuzzing/pipeline
	cd tests && ../$(BIN)/python -m fuzzing wire --executions $(COUNT) --output ../outputs/fuzzing/wire

image-check: .venv/.dev  ## carry out the steps of deploy/Dockerfile without Docker, and serve from what they make
	GUILLEMET_IMAGE_CHECK=1 $(BIN)/python -Im pytest tests/deploy/test_image.py

ray: .venv/.dev  ## the service and corpora on Ray, with real replicas and actors
	$(PIP) --constraint constraints.txt --editable '.[ray]'
	$(BIN)/python -Im pytest tests/server/ray

protos: .venv/.dev  ## regenerate the Python code of the contract
	$(BIN)/python protos/generate.py

# Any protoc will do that has Google's own types beside it; this one is a development dependency.
typescript: export PROTOC = $(CURDIR)/$(BIN)/python -m grpc_tools.protoc -I $(shell $(BIN)/python -c "import google.rpc.code_pb2 as it; print(it.__file__.removesuffix('/google/rpc/code_pb2.py'))")
typescript: .venv/.dev  ## build and test the example in TypeScript; needs Node
	cd examples/typescript && npm ci --no-audit --no-fund && npm run generate && npm run build
	$(BIN)/python -Im pytest tests/test_typescript.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.server: pyproject.toml | .venv/bin/python
	$(PIP) --editable '.[server]'
	touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) 'pip>=25.1'
	$(PIP) --constraint constraints.txt --editable '.[server,otel,train,evaluation,bench,parquet,pandas,polars]' --group dev
	touch $@ .venv/.server

clean:
	rm -rf .venv build dist examples/typescript/node_modules examples/typescript/generated examples/typescript/dist
