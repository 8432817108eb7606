# Everything a newcomer or a CI needs, on a bare machine with Python 3.11 or newer. `make` alone lists it.
# pip's own settings (PIP_INDEX_URL and the like) are honoured; nothing here names a package index.

VENV := .venv
BIN := $(VENV)/bin
PEERS := $(VENV)/peers
FUZZ := $(VENV)/fuzz
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header --quiet $(LOCK_ARGS)
LOCK := $(COMPILE) pyproject.toml

# Django's plugin for mypy reads the settings, which will not be read without these two.
MYPY_ENVIRONMENT := DATABASE_URL=postgresql://localhost/khata KHATA_SECRET_KEY=none-of-this-is-ever-used-or-connected-to

.DEFAULT_GOAL := help
.PHONY: help demo test ci soak bench bench-short lint lock clean fuzz peers node-tour sms-peers localstripe browser wrk

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## run everything on this machine, the far ends simulated (ARGS="--port 9000" passes flags)
	@exec $(BIN)/khata demo $(ARGS)

# One order and the same examples unless others are asked for, so that what failed anywhere can be repeated everywhere.
SEED ?= 23
test: lint localstripe browser wrk ## check and test everything; installs what the tests need (SEED=7 for other orders and examples)
	$(BIN)/pytest --randomly-seed=$(SEED) --hypothesis-seed=$(SEED) $(ARGS)

ci: test ## what a change must pass

soak: $(VENV)/.test ## kill web, worker and database at random under load for minutes (KILLS=60)
	KHATA_TEST_KILLS=$(or $(KILLS),60) $(BIN)/pytest --timeout 3600 -p no:randomly tests/faults/test_kills_while_sending.py $(ARGS)

bench: $(VENV)/.test wrk ## measure everything on this machine, some minutes (ARGS="--only dispatch" for one line)
	$(BIN)/python -m bench --json build/bench.json $(ARGS)

bench-short: $(VENV)/.test wrk ## the same with tiny sizes: whether it still works, not how fast it is
	$(BIN)/python -m bench --short $(ARGS)

lint: $(VENV)/.test ## style, types, and which part may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(MYPY_ENVIRONMENT) $(BIN)/mypy
	$(BIN)/lint-imports

lock: $(VENV)/.test ## write the lock files anew after a change in pyproject.toml (LOCK_ARGS=--upgrade for newer ones)
	$(BIN)/pip install --quiet uv
	$(LOCK) --extra build -o requirements.lock
	$(LOCK) --extra build --extra test -o requirements-test.lock
	$(COMPILE) requirements-peers.in -o requirements-peers.lock
	$(COMPILE) requirements-fuzz.in -o requirements-fuzz.lock

clean: ## remove the virtual environment and every cache
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per set of packages: it is older than its lock file exactly when something has to be installed.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what Khata needs into $(VENV) …" >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.test: requirements-test.lock $(VENV)/.runtime
	@echo "Installing what the tests need into $(VENV) …" >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

$(BIN)/python:
	@for python in $(PYTHON) python3 python3.11 python3.12 python3.13 python3.14; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			$$python -m venv $(VENV) && exit 0; \
			rm -rf $(VENV); \
			echo "$$python cannot make a virtual environment: install its venv module (Debian: apt install python3-venv)." >&2; \
			exit 1; \
		fi; \
	done; \
	echo "Khata needs Python 3.11 or newer, and there is none: install it, or name it with PYTHON=/path/to/python3." >&2; \
	exit 1

# Other people's programs the tests speak to, apart from everything of ours: they are started, never imported.
localstripe: $(VENV)/.peers

$(VENV)/.peers: requirements-peers.lock $(VENV)/.test
	@echo "Installing what the tests speak to into $(PEERS) …" >&2
	@$(BIN)/python -m venv --clear $(PEERS)
	@sed -n '/^setuptools==/,/^    # via/p' requirements-peers.lock >$(PEERS)/builder.lock
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(PEERS)/builder.lock
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation \
		-r requirements-peers.lock
	@touch $@

peers: ## meet all programs nobody here wrote that are installed: the next two together
	@$(MAKE) --no-print-directory --keep-going node-tour sms-peers

node-tour: $(VENV)/.test ## walk through the sandbox gateway with Razorpay's own Node SDK (needs node and npm)
	$(BIN)/python -m tests.peers.node_tour

sms-peers: $(VENV)/.test ## SMS against node-smpp and Kannel (needs node and npm, and Debian's kannel and kannel-extras)
	$(BIN)/python -m tests.peers.sms

fuzz: $(VENV)/.fuzz ## feed the SMPP codec malformed PDUs, guided by coverage (SECONDS=600 for longer than a minute)
	PYTHONPATH=src $(FUZZ)/bin/python tests/fuzz/smpp_codec.py build/fuzz/smpp \
		-max_total_time=$(or $(SECONDS),60) -max_len=4096 -timeout=5 -rss_limit_mb=512 -artifact_prefix=build/fuzz/

$(VENV)/.fuzz: requirements-fuzz.lock | $(BIN)/python
	@echo "Installing what guides the fuzzing into $(FUZZ) …" >&2
	@$(BIN)/python -m venv --clear $(FUZZ)
	@$(FUZZ)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	@touch $@

# The journeys run in a real browser. KHATA_TEST_BROWSER names one that is somewhere else.
browser:
	@for name in "$$KHATA_TEST_BROWSER" chromium chromium-browser google-chrome; do \
		if [ -n "$$name" ] && command -v "$$name" >/dev/null; then exit 0; fi; \
	done; \
	if [ "$$(id -u)" = 0 ] && grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then \
		echo "Installing Chromium for the tests …"; \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-core >/dev/null && \
		exit 0; \
	fi; \
	echo "The tests need Chromium: install it, or name it with KHATA_TEST_BROWSER=/path/to/chromium." >&2; \
	exit 1

# The load generator of the benchmarks.
wrk:
	@if command -v wrk >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then \
		echo "Installing wrk for the benchmarks …"; \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk >/dev/null && \
		exit 0; \
	fi; \
	echo "The benchmarks need wrk, the HTTP load generator: install it." >&2; \
	exit 1
