# setup · demo · test · bench · serve — each sets up .venv first where needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
# uv does not read pip's setting for wheels that lie on disk.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export UV_LINK_MODE ?= copy

.PHONY: setup demo test lint bench witnesses serve lock clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cutbook needs Python 3.11 or newer; set PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
# Bytecode is compiled once, here: the sandbox has no right to write any.
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	$(BIN)/python -m compileall -q kb ingest codegen eval api
	@touch $@

demo: setup
	$(BIN)/cutbook demo

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# A file's tests stay together: what they set up is set up once.
test: lint
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile

bench: setup $(VENV)/.bench
	$(BIN)/python -m pytest -o addopts="" --benchmark-only --benchmark-columns=min,median,max,rounds tests

# coffea and ROOT (1 GB) change no pinned version. Without them the benchmarks run too, and say what they lack.
$(VENV)/.bench: $(VENV)/.ready
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraints requirements.txt --extra bench --requirements pyproject.toml \
		&& touch $@ || echo 'coffea and ROOT could not be installed: benchmarks run without them' >&2

# Which entry of the corpus needs which rule of the distiller: run it after changing rules.
witnesses: setup
	$(BIN)/python -m tests.distil.witnesses

serve: setup
	$(BIN)/cutbook serve

# Resolve, keeping what is pinned unless UPGRADE=--upgrade. Torch is resolved anew and its local build tag stays out,
# so that every machine takes its own build.
lock: setup
	grep -v '^torch==' requirements.txt > requirements.new
	$(BIN)/uv pip compile --quiet --extra dev --python-version 3.11 --no-annotate --no-header $(UPGRADE) --output-file requirements.new pyproject.toml
	sed 's/+cpu//' requirements.new > requirements.txt && rm requirements.new

clean:
	rm -rf $(VENV) demo-output .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks *.egg-info
