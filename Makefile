# make demo and make test set everything up themselves; Python 3.11+ and make are all they need.
PYTHON ?= python3
BIN = .venv/bin
READY = .venv/.ready

.PHONY: demo test check bench calibrate load clean

demo: $(READY) ## a store with sample comparisons and the rating page
	$(BIN)/firsthand demo

# One thread of arithmetic for each of the two processes: with more than there are cores, they wait for one another.
test: export OMP_NUM_THREADS = 1
test: check ## every test; Debian's chromium is needed for the pages' own
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(READY) ## style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(READY) ## speed, as ratios in one run; figures go to docs/benchmarks.md by hand
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

calibrate: $(READY) ## simulations that show the intervals and tests keep their promises; long
	$(BIN)/python -m pytest -m calibration
	cd benchmarks && ../$(BIN)/python -m calibrate

load: $(READY) ## fifty kills of the rating site, twenty of a judging job, its memory, then how long a verdict takes; an hour
	$(BIN)/python -m pytest -m load
	$(BIN)/python benchmarks/serving.py

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

# torch first and alone: the pinned version decides the build, and nothing after it may change it.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $(READY)
