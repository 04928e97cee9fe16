# Everything a newcomer, a developer and the continuous integration need. `make help` lists it.
PYTHON ?= python3.11
VENV   ?= .venv
JOBS   ?= 4
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
RECIPE := $(VENV)/.installed-for-training

PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal

.DEFAULT_GOAL := help
PEERS  := .venv-peers
VOCODE := .venv-vocode
# Debian packages with the programs that tests use; tests/support/programs.py says which is in which.
SERVICES := faketime nginx-light openssl postgresql prometheus prometheus-alertmanager redis-server strace systemd

# XTTS's tests have an environment of their own, for PyTorch is large. Where the usual PyTorch is built for CUDA,
# TORCH_INDEX=ADDRESS of an index with the CPU's build saves gigabytes. XTTS=0 leaves these tests out.
XTTS        ?= 1
XTTS_VENV   := .venv-xtts
XTTS_STAMP  := $(XTTS_VENV)/.installed
XTTS_BIN    := $(XTTS_VENV)/bin
TORCH       := torch==2.13.0
TORCH_INDEX ?=

.PHONY: help services install demo test test-xtts check check-all format lint types imports bench bench-peers hearing turns lines fuzz soak overload media crowd drill peers model licences clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Hatif needs $(PYTHON); set PYTHON=... to use another Python from 3.11 on" >&2; exit 1; }
	@echo "Installing Hatif and what it needs into $(VENV): a minute or two, once"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

install: $(STAMP)  ## Hatif and what it needs, into .venv

demo: $(STAMP)  ## one whole call in Arabic through the real daemon, before your eyes
	@$(BIN)/hatif demo

test: $(STAMP)  ## the tests; JOBS=N so many at a time, for whole calls mostly wait
ifeq ($(XTTS),0)
	$(PYTEST)
	@echo "XTTS's tests were left out (XTTS=0); make test-xtts runs them"
else
	@# XTTS's tests are installed and run beside the others, giving way to them, and shown at the end.
	@[ -e $(XTTS_STAMP) ] || echo "Meanwhile what XTTS's tests need is installed into $(XTTS_VENV) (2 GB, once; XTTS=0 leaves them out)"
	@mkdir -p build; \
	( $(MAKE) --no-print-directory $(XTTS_STAMP) && nice -n 5 $(MAKE) --no-print-directory test-xtts ) \
	  >build/test-xtts.log 2>&1 & beside=$$!; \
	echo '$(PYTEST)'; $(PYTEST); tested=$$?; \
	wait $$beside; tested_xtts=$$?; cat build/test-xtts.log; \
	exit $$((tested + tested_xtts))
endif

$(XTTS_STAMP): pyproject.toml constraints.txt constraints-xtts.txt
	@command -v $(PYTHON) >/dev/null || { echo "Hatif needs $(PYTHON); set PYTHON=... to use another Python from 3.11 on" >&2; exit 1; }
	@echo "Installing coqui-tts and PyTorch for XTTS's tests into $(XTTS_VENV): a few minutes and 2 GB, once"
	@$(PYTHON) -m venv $(XTTS_VENV)
	@$(XTTS_BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check \
	  $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) '$(TORCH)'
	@$(XTTS_BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --no-deps \
	  --constraint constraints-xtts.txt torchaudio
	@$(XTTS_BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt \
	  --constraint constraints-xtts.txt --editable '.[xtts]' pytest pytest-asyncio pytest-timeout
	@touch $@

services:  ## the system programs that some tests need, from Debian's packages; as root
	@[ -e /etc/debian_version ] || { echo "This is not Debian: install what has the same programs as $(SERVICES)" >&2; exit 1; }
	@[ "$$(id -u)" = 0 ] || { echo "Only root may install packages: sudo make services" >&2; exit 1; }
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $(SERVICES)
	@echo "Tests start these servers themselves; where they are not wanted as services:"
	@echo "  systemctl disable --now nginx postgresql prometheus prometheus-alertmanager redis-server"

test-xtts: $(XTTS_STAMP)  ## XTTS's real code over a tiny checkpoint, in an environment with PyTorch
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(XTTS_BIN)/python -m pytest --timeout 600 tests/xtts

check: $(STAMP) lint types imports test  ## all that must be green before a commit

check-all: PYTEST += --exhaustive
check-all: check  ## the same, with every provider in every fault

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

SPEECH ?= ../shared/speech/asc-val-ulaw8k.tar.xz
NOISE  ?= ../shared/speech/noise-ulaw8k.tar.xz

bench: $(STAMP)  ## all that is measured, beside a bare agent, into docs/benchmarks.md: twenty minutes; SPEECH=DIR, NOISE=DIR, ARGS
	$(BIN)/python benchmarks/bench.py --speech $(SPEECH) --noise $(NOISE) $(ARGS)

bench-peers: $(STAMP)  ## Pipecat and Vocode under the same load, into docs/benchmarks.md too; ARGS
	@for peer in $(PEERS) $(VOCODE); do \
	  $(MAKE) --no-print-directory $$peer/.installed || \
	    echo "$$peer could not be made (see above): what is in it is left out" >&2; \
	done
	$(BIN)/python benchmarks/bench.py --parts peers $(ARGS)

hearing: $(STAMP)  ## how well real people are heard; SPEECH=DIR names the recordings
	$(BIN)/python benchmarks/hearing.py --speech $(SPEECH)

turns: $(STAMP)  ## when turns end, what stops prompts, where the time until replies goes; SPEECH=DIR, NOISE=DIR
	$(BIN)/python benchmarks/turns.py --speech $(SPEECH) --noise $(NOISE)

lines: $(STAMP)  ## how well real people are heard over bad lines; SPEECH=DIR, NOISE=DIR, ARGS
	$(BIN)/python benchmarks/lines.py --speech $(or $(SPEECH),../shared/speech/asc-val-ulaw8k.tar.xz) \
	  --noise $(or $(NOISE),../shared/speech/noise-ulaw8k.tar.xz) $(ARGS)

fuzz: $(STAMP)  ## every provider's wire, SSML, files, tokens and webhooks against inputs chosen by coverage; SECONDS=N for each, PROVIDER=NAME for one
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt 'atheris>=3.0'
	@fuzz() { \
	  name=$$1; shift; echo "$$name"; mkdir -p build/fuzz/$$name; \
	  $(BIN)/python "$$@" -max_total_time=$(or $(SECONDS),30) -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/$$name- build/fuzz/$$name $$seeds >build/fuzz/$$name.log 2>&1; \
	  found=$$?; tail -n 8 build/fuzz/$$name.log; return $$found; \
	}; \
	for provider in $(or $(PROVIDER),$$($(BIN)/python -c 'from protocols import PROVIDERS; print(*PROVIDERS)')); do \
	  fuzz $$provider tests/fuzz/wires.py $$provider || exit 1; \
	done; \
	fuzz ssml tests/fuzz/ssml.py || exit 1; \
	for input in questionnaire settings token webhook; do \
	  case $$input in questionnaire) seeds=questionnaires;; settings) seeds=-seed_inputs=config.yaml;; *) seeds=;; esac; \
	  fuzz $$input tests/fuzz/inputs.py $$input || exit 1; \
	done

soak: $(STAMP)  ## KILLS=N daemons killed in mid-call, calls of every provider in real time, good and with every fault, CALLS=N of each, then calls for HOURS=2; 8 before a release
	$(BIN)/python -m pytest tests/survival/test_kills.py --kills $(or $(KILLS),200) --timeout 1800
	$(BIN)/python benchmarks/soak.py --calls $(or $(CALLS),3)
	@mkdir -p build
	$(BIN)/python benchmarks/endurance.py --hours $(or $(HOURS),2) --samples build/endurance.csv

overload: $(STAMP)  ## how many calls this machine carries, and what callers hear at twice that; ARGS
	$(BIN)/python benchmarks/overload.py $(ARGS)

media: $(STAMP)  ## what a call costs beside recognition, and a bare agent under the same load; ARGS
	$(BIN)/python benchmarks/media.py $(ARGS)

crowd: $(STAMP)  ## ten thousand calls, most of them cut short, and what is left of them; what a call takes; ARGS
	$(BIN)/python benchmarks/crowd.py $(ARGS)

drill: $(STAMP)  ## a large database backed up beside calls, checked, restored and opened; ANSWERS=N
	$(BIN)/python benchmarks/data.py --answers $(or $(ANSWERS),1000000)

$(PEERS)/.installed: benchmarks/peers.txt
	$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	@touch $@

# Its pins do not go together with Pipecat's.
$(VOCODE)/.installed: benchmarks/vocode.txt
	$(PYTHON) -m venv $(VOCODE)
	@$(VOCODE)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/vocode.txt
	@touch $@

peers: $(PEERS)/.installed  ## our wires beside Pipecat's serializers and the SDKs of Twilio and Plivo
	@PYTHONPATH=. $(PEERS)/bin/python benchmarks/peers.py

$(RECIPE): $(STAMP)
	@echo "Installing what making a model needs (PyTorch among it): some minutes, once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,training]'
	@touch $@

model: $(RECIPE)  ## make the embedded model from recordings; DATA=DIR names them
	@$(BIN)/python -m training make $(if $(DATA),--data $(DATA)) $(ARGS)

licences: $(STAMP)  ## NOTICE and docs/licences.md, from what every dependency declares now
	@mkdir -p build
	@# Older ones leave out what packages declare since metadata 2.4.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=26'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --dry-run --ignore-installed --report build/resolved.json \
	  --constraint constraints.txt --constraint constraints-xtts.txt '.[dev,media,piper,postgres,redis,tracing,training,xlsform,xtts]'
	@$(BIN)/python deploy/licences/write_licences.py build/resolved.json

clean:  ## remove what was installed and cached
	rm -rf $(VENV) $(PEERS) $(VOCODE) $(XTTS_VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
