# Both targets do all their set-up by themselves: one venv, which `demo` fills with what it needs and `test` with the rest.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO ?= demo
# auto, cpu or cuda, which needs a GPU and, until its extension is compiled, the CUDA toolkit.
RENDERER ?= auto
# Marks of tests that may be skipped for want of what they need; CI allows only a GPU to be missing.
MAY_SKIP ?= gpu,browser

.PHONY: demo test lint bench gpu clean

demo: .venv/.core $(if $(filter cuda,$(RENDERER)),.venv/.gpu)
	$(BIN)/camera-motion build --renderer $(RENDERER) --out $(DEMO)
	$(BIN)/camera-motion gallery $(DEMO)

test: .venv/.dev .venv36/.ready lint
	$(BIN)/python -m pytest -n 2 --may-skip $(MAY_SKIP)

lint: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# All that needs a GPU, or says what of it was left out: the comparison with the CPU renderer, and the figures.
gpu: .venv/.dev
	$(BIN)/python -m pytest -m gpu --may-skip gpu
	$(BIN)/python benchmarks/gpu.py

bench: .venv/.dev
	$(BIN)/python benchmarks/render.py
	$(BIN)/python benchmarks/scene.py
	$(BIN)/python benchmarks/pipeline.py
	$(BIN)/python benchmarks/engines.py
	$(BIN)/python benchmarks/scale.py --clips 2000
	$(BIN)/python benchmarks/loader.py $(DEMO)
	$(BIN)/python benchmarks/hub.py

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'camera-motion needs Python 3.11 or newer: make PYTHON=python3.11 ...' >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.core: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) install -c constraints.txt -e .
	@touch $@

.venv/.gpu: .venv/.core
	@command -v nvidia-smi >/dev/null || { echo 'no NVIDIA driver is here: make demo without RENDERER=cuda' >&2; exit 1; }
	$(PIP) install -c constraints.txt -e '.[gpu]'
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) install -c constraints.txt torch==2.13.0
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch .venv/.core $@

.venv36/.ready: tests/house/datasets36.txt
	$(PYTHON) -m venv .venv36
	.venv36/bin/python -m pip --disable-pip-version-check --quiet install -r $<
	@touch $@

clean:
	rm -rf .venv .venv36 dist demo
