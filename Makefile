# Needs only Python 3.10 or newer and make; everything else is installed into $(VENV) on first use.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 0
# Number of processes that run tests, each with its own servers and browser.
JOBS ?= 2

RUN := $(VENV)/bin/python
SIMPLE := $(VENV)-simple-scaling-laws
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
# All notebooks except the page that Voila serves, which shows no stored output.
TUTORIALS := $(wildcard notebooks/[0-9]*.ipynb)
PARALLEL := -n $(JOBS) --dist loadfile --no-loadscope-reorder
QUICK_TESTS := $(if $(QUICK),-m "not slow and not browser")
NBVAL := --nbval --nbval-current-env --nbval-sanitize-with notebooks/sanitize.cfg --nbval-cell-timeout=120

# Threads cost more than they gain on arrays of this size, and make timings noisy.
export OMP_NUM_THREADS := 1

.PHONY: help test demo lint format benchmarks attacks bounds integrations kernels peer notebooks docs clean
.DEFAULT_GOAL := help

help:  ## List the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1 - \2/p' $(MAKEFILE_LIST)

demo: $(VENV)/app  ## Open the workbench on the shipped study, on this machine only (PORT=8866 picks the port)
	@$(VENV)/bin/chinchilla-nb python_stdlib --port $(PORT)

test: lint  ## Lint, check types, and run all tests (also in Chromium) and all notebooks
	@$(RUN) tests/browser/find_chromium.py
	$(RUN) -m pytest -q $(PARALLEL)
ifneq ($(NOTEBOOKS),)
	$(RUN) -m pytest -q $(PARALLEL) $(NBVAL) notebooks
endif

lint: $(VENV)/test  ## Lint and check types
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy

format: $(VENV)/test  ## Format the code, and fix what ruff can fix
	$(RUN) -m ruff check --fix
	$(RUN) -m ruff format

benchmarks: $(VENV)/test $(VENV)-peer/bin/python  ## Print all figures of speed and memory as one table
	@$(RUN) tests/browser/find_chromium.py
	@# It needs Python 3.12; without one the table leaves it out.
	-@test -x $(SIMPLE)/bin/python || $(PYTHON) scripts/make_peer.py $(SIMPLE) simple-scaling-laws==0.2.0 3.12
	@CHINCHILLA_PEER_PYTHON=$(abspath $(VENV)-peer/bin/python) \
	SIMPLE_SCALING_LAWS_PYTHON=$(abspath $(SIMPLE)/bin/python) $(RUN) tests/benchmarks/run_benchmarks.py

attacks: $(VENV)/test  ## Run the long attacks (SIZE=0.1 makes a tenth of the tries on storage and session)
	$(RUN) tests/attacks/run_attacks.py --size $(or $(SIZE),1)
	PYTHONPATH=tests $(RUN) tests/attacks/fuzz_configurations.py 40000
	PYTHONPATH=tests $(RUN) tests/attacks/wrong_kinds.py
	$(RUN) tests/attacks/panel_messages.py 10000

bounds:  ## Test the oldest versions that pyproject.toml allows, on Python 3.10 (QUICK=1 leaves out slow tests and browsers)
	$(PYTHON) scripts/test_bounds.py $(PARALLEL) $(QUICK_TESTS)

integrations:  ## Test with real trackers and training frameworks, in an environment of their own
	$(PYTHON) scripts/test_integrations.py

kernels:  ## Test the panels in real pages on ipykernel 6.31, 7.3 and 7.4
	$(PYTHON) scripts/test_kernels.py

peer: $(VENV)/test $(VENV)-peer/bin/python  ## Run docs/differences.md with the package chinchilla 0.2.0, in an environment of its own
	CHINCHILLA_PEER_PYTHON=$(abspath $(VENV)-peer/bin/python) $(RUN) -m pytest -q tests/peer

notebooks: $(VENV)/test  ## Run the notebooks again and store their outputs
	$(RUN) -m jupyter nbconvert --to notebook --execute --ExecutePreprocessor.store_widget_state=False --inplace $(TUTORIALS)

docs: $(VENV)/docs  ## Build the documentation into build/docs
	$(RUN) -m sphinx -W --keep-going -q docs build/docs
	@echo "  build/docs/index.html"

clean:  ## Remove everything that make has created
	rm -rf $(VENV) $(VENV)-peer $(SIMPLE) .venv-bounds .venv-integrations .venv-kernels .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

# Stamp files: packages are installed again only when pyproject.toml has changed.
$(VENV)/app: pyproject.toml scripts/make_environment.py
	@$(PYTHON) scripts/make_environment.py $(VENV) app
	@touch $@

$(VENV)/test: pyproject.toml scripts/make_environment.py
	@$(PYTHON) scripts/make_environment.py $(VENV) app,docs,test
	@touch $(VENV)/app $(VENV)/docs $@

$(VENV)/docs: pyproject.toml scripts/make_environment.py
	@$(PYTHON) scripts/make_environment.py $(VENV) docs
	@touch $@

$(VENV)-peer/bin/python:
	$(PYTHON) scripts/make_peer.py $(VENV)-peer chinchilla==0.2.0
