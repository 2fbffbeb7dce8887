# Every target does its own set-up, once: what it needs goes into .venv through constraints.txt.
# On a machine where pip would bring CUDA builds of PyTorch, the CPU build is much smaller:
#   make demo PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu"

PYTHON ?= python3
PIP_FLAGS ?=
VENV := .venv
BIN := $(VENV)/bin
# What the benchmarks train on: a corpus's name or file.
CORPUS ?= fra-eng

.PHONY: demo test test-all lint types layering docs bench fuzz soak release clean

demo: $(VENV)/.installed-train
	$(BIN)/charseq demo

test: $(VENV)/.installed-test
	$(BIN)/pytest -m "not slow"

test-all: $(VENV)/.installed-test
	$(BIN)/pytest

lint: $(VENV)/.installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.installed-test
	$(BIN)/mypy

layering: $(VENV)/.installed-test
	$(BIN)/lint-imports

docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks.start
	$(BIN)/python -m benchmarks.checkpoints
	$(BIN)/python -m benchmarks.translating $(CORPUS)
	$(BIN)/python -m benchmarks.exports $(CORPUS)
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.scale $(CORPUS)
	$(BIN)/python -m benchmarks.training $(CORPUS)
	$(BIN)/python -m benchmarks.profile $(CORPUS)
	$(BIN)/python -m benchmarks.quality $(CORPUS)
	$(BIN)/python -m benchmarks.preset --corpus $(CORPUS)
	@echo 'On a machine with a GPU: $(BIN)/python -m benchmarks.gpu $(CORPUS)'

# A million inputs for each of our parsers, and 20,000 for ONNX Runtime; see fuzz/RECORD.md.
fuzz: $(VENV)/.installed-fuzz
	for target in corpus archive model export keras checkpoint history settings; do \
		$(BIN)/python -m fuzz.run $$target || exit 1; \
	done
	$(BIN)/python -m fuzz.exports

# Kills, resumes and a million lines in a pipe, in at most ten minutes; SECONDS=60 for a short form.
SECONDS ?= 600
soak: $(VENV)/.installed-test
	$(BIN)/python tests/soak.py --seconds $(SECONDS)

# See docs/releasing.md.
RELEASE := build/release
release: $(VENV)/.installed-release
	rm -rf $(RELEASE) dist
	for copy in one two; do \
		mkdir -p $(RELEASE)/$$copy && git archive HEAD | tar -x -C $(RELEASE)/$$copy && \
		$(BIN)/python -m build --outdir $(RELEASE)/dist-$$copy $(RELEASE)/$$copy || exit 1; \
	done
	diff -r $(RELEASE)/dist-one $(RELEASE)/dist-two
	cp -r $(RELEASE)/dist-one dist
	$(BIN)/pip-audit --strict --no-deps --disable-pip --requirement constraints.txt
	$(PYTHON) -m venv $(RELEASE)/environment
	$(RELEASE)/environment/bin/pip install --quiet --constraint constraints.txt $(PIP_FLAGS) \
		"$$(ls dist/*.whl)[train,serve,keras,files]"
	$(BIN)/cyclonedx-py environment --output-reproducible --output-file dist/charseq.cdx.json \
		$(RELEASE)/environment

clean:
	rm -rf $(VENV) site build dist

$(VENV)/.installed-%: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt $(PIP_FLAGS) --editable ".[$*]"
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
