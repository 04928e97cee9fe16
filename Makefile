# Everything a newcomer, a developer and the continuous integration need. `make help` lists it.
PYTHON ?= python3.11
VENV   ?= .venv
JOBS   ?= 4
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
RECIPE := $(VENV)/.installed-for-training

.DEFAULT_GOAL := help
PEERS  := .venv-peers

.PHONY: help demo test check format lint types imports bench fuzz soak peers model clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Hatif needs $(PYTHON); set PYTHON=... to use another Python from 3.11 on" >&2; exit 1; }
	@echo "Installing Hatif and what it needs into $(VENV): a minute or two, once"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(STAMP)  ## one whole call in Arabic through the real daemon, before your eyes
	@$(BIN)/hatif demo

test: $(STAMP)  ## the tests; JOBS=N so many at a time, for whole calls mostly wait
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal

check: $(STAMP) lint types imports test  ## all that must be green before a commit

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

format: $(STAMP)  ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## how well real people are heard; SPEECH=DIR names the recordings
	$(BIN)/python benchmarks/hearing.py --speech $(or $(SPEECH),../shared/speech/asc-val-ulaw8k.tar.xz)

fuzz: $(STAMP)  ## every provider's wire against inputs chosen by coverage; SECONDS=N for each, PROVIDER=NAME for one
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt 'atheris>=3.0'
	@for provider in $(or $(PROVIDER),$$($(BIN)/python -c 'from protocols import PROVIDERS; print(*PROVIDERS)')); do \
	  echo "$$provider"; mkdir -p build/fuzz/$$provider; \
	  $(BIN)/python tests/fuzz/wires.py $$provider -max_total_time=$(or $(SECONDS),30) -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/$$provider- build/fuzz/$$provider 2>&1 | tail -n 8 || exit 1; \
	done

soak: $(STAMP)  ## calls of every provider to a real daemon in real time, good and with every fault; CALLS=N of each
	$(BIN)/python benchmarks/soak.py --calls $(or $(CALLS),3)

$(PEERS)/.installed: benchmarks/peers.txt
	$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	@touch $@

peers: $(PEERS)/.installed  ## our wires beside Pipecat's serializers and the SDKs of Twilio and Plivo
	@PYTHONPATH=. $(PEERS)/bin/python benchmarks/peers.py

$(RECIPE): $(STAMP)
	@echo "Installing what making a model needs (PyTorch among it): some minutes, once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,training]'
	@touch $@

model: $(RECIPE)  ## make the embedded model from recordings; DATA=DIR names them
	@$(BIN)/python -m training make $(if $(DATA),--data $(DATA)) $(ARGS)

clean:  ## remove what was installed and cached
	rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
