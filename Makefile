# Everything below needs Python >= 3.11 and the package index, nothing else.
#
#   make demo    score three small decoders on photographs and compare them
#   make test    the test suite, without what takes long
#   make test-rest  what takes long: slow tests, notebooks, browsers, clusters
#   make lint    style, types, import directions
#   make docs    the documentation as a site, with a reference of every public name, links checked
#   make bench   speed and memory as ratios against bare FFT, bare forward and peers
#   make calibrate  how often the score is wrong; QUICK=1 for a twentieth of the trials
#   make study-remedies  what a larger upsampling kernel learns, in pairs; some 25 minutes
#   make study   H1 and H2 of the paper under attack, in pairs; two hours, QUICK=1 ten minutes
#   make oracles other people's code that some tests compare with; without it they skip
#   make fuzz    damaged files of every format against the loaders, for MINUTES=5 on all cores; figures add up
#   make random-decoders  the whole command over 2000 random decoders; goes on where it was stopped
#   make census  steps found in published decoders, against an independent count (several GB)

PYTHON ?= python3
VENV ?= .venv
VENV_CENSUS ?= .venv-census
OUT ?= spectra-out/demo
MINUTES ?= 5

BIN := $(VENV)/bin
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
BROWSER := $(VENV)/.installed-browser
EXTRAS := $(VENV)/.installed-extras
DOCS := $(VENV)/.installed-docs
CENSUS := $(VENV_CENSUS)/.installed

# what `make test` leaves out
REST := slow or notebook or browser or cluster
# what skips in it where the extras are not installed
OF_EXTRAS := tests/inputs/test_sounds.py tests/spectrum/test_loops.py tests/inputs/test_zarr.py tests/inputs/test_volumes.py tests/run/test_arranged.py tests/load/test_damage_extras.py

.PHONY: oracles demo test test-rest lint docs bench calibrate study study-remedies census fuzz random-decoders train-demo
.DEFAULT_GOAL := test

demo: $(RUN)
	$(BIN)/python -m spectra.demo --out $(OUT)

# glibc keeps what is freed: without it each large map waits for the kernel's pages
test test-rest bench study study-remedies: export MALLOC_TRIM_THRESHOLD_ = 1073741824
test test-rest bench study study-remedies: export MALLOC_MMAP_THRESHOLD_ = 1073741824

test test-rest: export OMP_NUM_THREADS = 1
# many tests start the command: without bytecode each would compile the package again
test test-rest: export PYTHONDONTWRITEBYTECODE =
test: $(DEV)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not ($(REST))'

test-rest: $(DEV) $(BROWSER) $(EXTRAS)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m '$(REST)'
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not ($(REST))' $(OF_EXTRAS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(DOCS)
	$(BIN)/mkdocs build --strict --config-file docs/site/mkdocs.yml

# torchattacks asks for old releases of libraries that it does not import
oracles: $(DEV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[oracles]'
	$(BIN)/python -m pip install --quiet --no-deps torchattacks==3.5.1

bench: $(DEV)
	$(BIN)/python benchmarks/bench.py

calibrate: export OMP_NUM_THREADS = 1
calibrate: $(DEV)
	$(BIN)/python -m benchmarks.calibration $(if $(QUICK),--quick)
	$(BIN)/python -m benchmarks.calibration.planted $(if $(QUICK),--quick)

study: export OMP_NUM_THREADS = 1
study: $(RUN)
	$(BIN)/python -m spectra.study --network nafnet $(if $(QUICK),--quick)

study-remedies: export OMP_NUM_THREADS = 1
study-remedies: $(DEV)
	$(BIN)/python -m benchmarks.study

fuzz: export OMP_NUM_THREADS = 1
fuzz: $(DEV)
	$(BIN)/python benchmarks/fuzz_loaders.py --minutes $(MINUTES)

random-decoders: export OMP_NUM_THREADS = 1
random-decoders: $(DEV)
	$(BIN)/python -m benchmarks.random_decoders

census: export OMP_NUM_THREADS = 1
census: export PYTHONPATH = benchmarks
census: $(CENSUS)
	$(VENV_CENSUS)/bin/python -m census --part all --cost --whole --out docs/results/census.md

train-demo: $(RUN)
	$(BIN)/python -m spectra.demo.train

$(BIN)/python $(VENV_CENSUS)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than 3.11: name a newer one, make PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv $(@D:/bin=)

$(RUN): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(RUN)

$(BROWSER): pyproject.toml constraints.txt | $(DEV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[browser]'
	@touch $@

$(EXTRAS): pyproject.toml constraints.txt | $(DEV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[audio,dask,docs,fast,medical,zarr]'
	@touch $@

$(DOCS): pyproject.toml constraints.txt | $(DEV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[docs]'
	@touch $@

$(CENSUS): pyproject.toml benchmarks/census-constraints.txt | $(VENV_CENSUS)/bin/python
	$(VENV_CENSUS)/bin/python -m pip install --quiet --constraint benchmarks/census-constraints.txt \
		--editable '.[census]'
	@touch $@
