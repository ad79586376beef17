# make serve   opens the dashboard      make test    runs every test
# make check   formats, lints, types    make bench   measures, as ratios in one run
# make reference   makes the long runs that tests compare with   (some minutes)
# make calibrate   simulation-based calibration at length   (some minutes)
.PHONY: serve test check bench reference calibrate format browser
.DEFAULT_GOAL := serve

PORT ?= 5006
VENV := .venv
PY := $(VENV)/bin/python

# The first Python of version 3.12 or newer on the path.
FIND_PYTHON = for p in python3.12 python3.13 python3.14 python3 python; do \
	  $$p -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && { echo $$p; break; }; \
	done

serve: $(VENV)/.serve
	@$(PY) -m panel serve app.py --port $(PORT) --show

test: $(VENV)/.test browser
	@$(PY) -m pytest --numprocesses 2 --dist loadfile

check: $(VENV)/.test
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m pyright

format: $(VENV)/.test
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

bench: $(VENV)/.test
	@$(PY) -m benchmarks

reference: $(VENV)/.test
	@$(PY) -m benchmarks.reference

calibrate: $(VENV)/.test
	@$(PY) -m benchmarks.calibrate

$(PY):
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then \
	  echo "Nutshell needs Python 3.12 or newer and found none on the path: install one (https://www.python.org/downloads/) and run make again." >&2; \
	  exit 1; \
	fi; \
	$$python -m venv $(VENV)

$(VENV)/.serve: requirements.txt | $(PY)
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.test: requirements-test.txt requirements-dask.txt $(VENV)/.serve
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@

# The browser tests drive the system's Chromium: Debian's package where there is none.
browser: $(VENV)/.test
	@tests/browser/install.sh
