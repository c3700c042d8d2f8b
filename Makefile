# `make run` serves the demo, `make check` runs the quick tests, `make test` runs all. Neither asks a question.
# Uses uv if it is installed, otherwise venv and pip.
.DEFAULT_GOAL := help
.PHONY: help venv venv-dev run check test soak mutants next lint format lock sbom clean

PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
# Compiled files are kept whatever the shell says: each process that a test starts reads them again.
unexport PYTHONDONTWRITEBYTECODE
DEMO := DEBUG=1 KB_PUBLIC_READ=$${KB_PUBLIC_READ:-1}

help: ## Show the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

venv: $(VENV)/installed ## Create .venv with the packages that the product needs

venv-dev: $(VENV)/installed-dev ## Create .venv with the packages that the tests need, too

$(BIN)/python:
	@echo "==> Creating $(VENV)"
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then \
	    if command -v uv >/dev/null; then exec uv venv --quiet --clear --python "$$(command -v $$python)" $(VENV); fi; \
	    exec "$$python" -m venv --clear $(VENV); \
	  fi; \
	done; echo "Codebook needs Python 3.11, 3.12, 3.13 or 3.14, and found none of them." >&2; exit 1

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

run: venv ## Serve the demo on PORT (default 8000), with the ZIM table and a user for each role
	@$(BIN)/python -c 'import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", $(PORT)))' 2>/dev/null \
	  || { echo "Port $(PORT) is in use or is not a valid port. Choose another: PORT=8001 make run" >&2; exit 1; }
	@$(DEMO) exec $(BIN)/python manage.py serve --demo --port $(PORT) --workers 1

check: venv-dev ## Check the code and run the quick tests on SQLite, in three minutes
	@$(MAKE) --no-print-directory lint
	@echo "==> Quick tests on SQLite"
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "not browser and not slow and not wide"

test: venv-dev ## Check the code and run every test on SQLite, on PostgreSQL and in Chromium
	@sh tests/tools.sh
	@$(MAKE) --no-print-directory lint
	@echo "==> Tests on SQLite, with Chromium"
	@$(BIN)/python -m pytest -q -n 3 --dist loadgroup
	@echo "==> Tests on PostgreSQL"
	@$(BIN)/python -m tests.postgres $(BIN)/python -m pytest -q -n 3 --dist loadgroup -m "not browser"

soak: venv-dev ## Run every failure test against real servers (takes minutes), draw new examples, and print the figures
	@sh tests/tools.sh soak
	@SOAK=1 $(BIN)/python -m pytest -q tests/faults
	@SOAK=1 $(BIN)/python -m pytest -q -n 2 -m "hypothesis and not wide" tests/exporting tests/importing tests/searching tests/text

mutants: venv-dev ## Break the product in 300 small ways, and print which of them no test sees (20 minutes)
	@$(BIN)/python -m tests.mutants $(MUTANTS)

next: venv-dev ## Run the quick tests with the next Django in .next; failures are allowed (needs Python 3.12)
	@$(BIN)/python -m venv --clear .next && .next/bin/python -m pip install -qq --disable-pip-version-check \
	  -r requirements-dev.txt --require-hashes && .next/bin/python -m pip install -qq --disable-pip-version-check "django>=6.1,<6.2"
	-@.next/bin/python -m pytest -q -n 2 --dist loadgroup -m "not browser and not slow and not wide" \
	  -W default::DeprecationWarning -W default::PendingDeprecationWarning

lint: venv-dev ## Check style, types, layers and templates
	@echo "==> Style, types, layers, templates"
	@$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports
	@$(BIN)/djlint --quiet --check --lint templates

format: venv-dev ## Format code and templates
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q . ; $(BIN)/djlint --quiet --reformat templates

lock: ## Update the locked requirements with hashes (needs uv)
	@for file in "-o requirements.txt" "--extra meaning -o requirements-meaning.txt -c requirements.txt" \
	  "--extra meaning --extra dev -o requirements-dev.txt -c requirements-meaning.txt"; do \
	  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" \
	    --extra postgres --extra redis --extra mcp --extra sso pyproject.toml $$file; \
	done

sbom: venv-dev ## Write sbom.cdx.json (CycloneDX) and licences.csv: every package that the product needs
	@$(BIN)/python -m venv --clear --without-pip .sbom
	@$(BIN)/python -m pip --python .sbom install -qq --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --output-reproducible \
	  -o sbom.cdx.json .sbom
	@$(BIN)/pip-licenses --python .sbom/bin/python --from mixed --with-system --with-urls --format csv \
	  --output-file licences.csv >/dev/null
	@echo "==> Wrote sbom.cdx.json and licences.csv"

clean: ## Delete everything that these commands created, including the demo's database
	@rm -rf $(VENV) staticfiles db.sqlite3* .pytest_cache .mypy_cache .ruff_cache .hypothesis .mutants .import_linter_cache .next .sbom sbom.cdx.json licences.csv
