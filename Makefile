# One command each; the environments are built on first use and rebuilt when the pins change.
VENV     ?= .venv
RUN_VENV ?= .venv-run
PY       := $(VENV)/bin/python
PINS     := requirements.txt requirements/nodeps.txt requirements/decode.txt constraints.txt \
            tools/install.sh
DEV_PINS := $(PINS) requirements/dev.txt requirements/dev-nodeps.txt

.PHONY: run test test-browser test-full check soak bench bench-gpu config-doc clean

# Where it is set, every process compiles anew what it imports, and pytest rewrites every assert.
unexport PYTHONDONTWRITEBYTECODE

run: $(RUN_VENV)/.installed  ## the main job on test_input.json: local storage, demo checkpoint
	LOG_FORMAT=text $(RUN_VENV)/bin/python -m worker job test_input.json

test: $(VENV)/.installed  ## every test that needs neither a GPU nor an account
	@# Three on two cores: most of them wait.
	$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test-browser: $(VENV)/.installed  ## the page in Chromium (Debian: chromium, chromium-driver); skipped without
	$(PY) -m pytest -m browser -rs tests/browser

test-full: $(VENV)/.installed  ## 200 mixed jobs, Ceph, a checkpoint of the published size: 3 GB of disk, 8 GB of memory
	-tools/ceph.sh  # without it, the tests on Ceph say that they were left out
	@# Hypothesis marks its tests; the usual ones try a fifth of their examples.
	$(PY) -m pytest -m "slow or hypothesis" --hypothesis-profile=full -rs

check: $(VENV)/.installed  ## lint, formatting, types, layers, Dockerfile
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache --no-logo
	$(VENV)/bin/hadolint Dockerfile

soak: $(VENV)/.installed  ## 2,000 mixed jobs, two workers, kills and faults: about 10 minutes
	$(PY) -m tools.soak

bench: $(VENV)/.installed .venv-bench/.installed  ## figures of the README, measured here
	$(PY) -m bench

bench-gpu: $(VENV)/.installed  ## the engine on a GPU, 5 minutes; without one a rehearsal: docs/bench-gpu.md
	$(PY) -m bench.gpu

config-doc: $(VENV)/.installed  ## rewrites what is generated from the settings and measurements
	$(PY) -m tools.docs.config
	$(PY) -m tools.hub
	$(PY) -m tools.docs.errors
	$(PY) -m tools.docs.job
	$(PY) -m tools.docs.scaling
	$(PY) -m bench.gpu --page

$(RUN_VENV)/.installed: $(PINS)
	tools/install.sh $(RUN_VENV)
	@touch $@

$(VENV)/.installed: $(DEV_PINS)
	tools/install.sh $(VENV) dev
	@touch $@

.venv-bench/.installed: $(DEV_PINS) requirements/bench.txt
	tools/install.sh .venv-bench bench
	@touch $@

clean:
	rm -rf $(VENV) $(RUN_VENV) .venv-bench data models
