# make film and make test are all one needs to know; each sets itself up first when needed.
VENV    ?= .venv
FILM    ?= spirals
QUALITY ?= m
ARGS    ?=
EXAMPLES ?= 5000
SCENES  ?=
BENCH   ?= $(filter-out cuda,$(basename $(notdir $(wildcard benchmarks/[a-z]*.py))))

BIN   := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: film test fuzz setup lint format gallery bench bench-cuda bench-render clean help

film: $(READY)  ## train what the film needs, then render it (FILM=spirals QUALITY=l|m|h|p|k)
	$(BIN)/neurofilm film $(FILM) --quality $(QUALITY) --overwrite

test: $(READY)  ## run the tests, a file on each core (ARGS=... goes to pytest; -n0 for one at a time)
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile $(ARGS)

fuzz: $(READY)  ## damage, kill and repeat at random for some minutes (EXAMPLES=... damaged files of each kind)
	NEUROFILM_FUZZ=long EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/fuzz tests/engine/test_faults.py tests/scenes/test_faults.py tests/cli/test_film_kills.py $(ARGS)

setup: $(READY)  ## make .venv with neurofilm in it, and nothing else (PYTHON=... picks the interpreter)

lint: $(READY)  ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(READY)  ## let ruff lay out the code and mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY)  ## measure against the alternatives, each pair in one run (BENCH=... picks a file of benchmarks/)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	set -e; for name in $(BENCH); do $(BIN)/python -m benchmarks.$$name $(ARGS); done

bench-cuda: $(READY)  ## measure training on an NVIDIA GPU against PyTorch on it and against the CPU
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench,cuda]'
	$(BIN)/python -m benchmarks.cuda $(ARGS)

bench-render: $(READY)  ## measure pictures alone (ARGS=mobjects|scenes|memory|workers, or ARGS="scenes --scene warp")
	$(BIN)/python -m benchmarks.render $(ARGS)

gallery: $(READY)  ## draw the storyboards of docs/gallery.md again (SCENES="..." picks some; about ten minutes for all)
	$(BIN)/python tools/make_gallery.py $(SCENES)

clean:  ## remove .venv and everything that tools left; runs/ and films/ stay
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt tools/setup.sh
	@tools/setup.sh $(VENV)
