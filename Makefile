# Two commands do everything: `make run` serves the demo, `make test` proves the product.
# uv is used when it is there, otherwise venv and pip. Nothing asks a question.
.DEFAULT_GOAL := help
.PHONY: help venv venv-dev run test soak lint format lock screenshots clean

PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
DEMO := DEBUG=1 KB_PUBLIC_READ=$${KB_PUBLIC_READ:-1}

help: ## Show the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

venv: $(VENV)/installed ## Make .venv with what the product needs

venv-dev: $(VENV)/installed-dev ## ... and with what its tests need

$(BIN)/python:
	@echo "==> Making $(VENV)"
	@for python in python3 python3.13 python3.12 python3.11; do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then \
	    if command -v uv >/dev/null; then exec uv venv --quiet --clear --python "$$(command -v $$python)" $(VENV); fi; \
	    exec "$$python" -m venv --clear $(VENV); \
	  fi; \
	done; echo "Codebook needs Python 3.11, 3.12 or 3.13; none was found." >&2; exit 1

$(VENV)/installed: requirements.txt | $(BIN)/python
	@echo "==> Installing the packages of $<"
	@if command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python --require-hashes -r $<; \
	else $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<; fi
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt | $(BIN)/python
	@echo "==> Installing the packages of $<"
	@if command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python --require-hashes -r $<; \
	else $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<; fi
	@touch $@ $(VENV)/installed

run: venv ## Serve the demo on PORT (8000), with the ZIM table and a user for each role
	@$(BIN)/python -c 'import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", $(PORT)))' 2>/dev/null \
	  || { echo "Port $(PORT) is in use or not a port; choose another: PORT=8001 make run" >&2; exit 1; }
	@$(DEMO) $(BIN)/python manage.py demo
	@echo "==> Serving on http://127.0.0.1:$(PORT)/ (Ctrl-C stops)"
	@$(DEMO) exec $(BIN)/granian --interface wsgi --host 127.0.0.1 --port $(PORT) --workers 1 --backpressure 32 --log-level warning \
	  config.wsgi:application

test: venv-dev ## Check the code and run every test, on SQLite, on PostgreSQL and in Chromium
	@sh tests/tools.sh
	@$(MAKE) --no-print-directory lint
	@echo "==> Tests on SQLite, with Chromium"
	@$(BIN)/python -m pytest -q -n 3 --dist loadgroup
	@echo "==> Tests on PostgreSQL"
	@$(BIN)/python -m tests.postgres $(BIN)/python -m pytest -q -n 3 --dist loadgroup -m "not browser"

soak: venv-dev ## Run every test of faults: real servers, killed for real (some minutes), with figures
	@sh tests/tools.sh soak
	@SOAK=1 $(BIN)/python -m pytest -q tests/faults

lint: venv-dev ## Check style, types, layers and templates
	@echo "==> Style, types, layers, templates"
	@$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports
	@$(BIN)/djlint --quiet --check --lint templates

format: venv-dev ## Format code and templates
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q . ; $(BIN)/djlint --quiet --reformat templates

lock: ## Compile the hashed requirements again (needs uv)
	@for extra in "-o requirements.txt" "--extra dev --extra mcp --extra sso -o requirements-dev.txt -c requirements.txt"; do \
	  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
	    --custom-compile-command "make lock" --extra postgres --extra redis pyproject.toml $$extra; \
	done

clean: ## Remove what these commands made, the demo's database too
	@rm -rf $(VENV) staticfiles db.sqlite3* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
