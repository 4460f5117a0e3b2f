# Everything that is done with this project from a clone. Each target first sets up what it needs, once:
# a virtual environment in .venv, filled from the lock files, with the project itself installed as it lies here.

.DEFAULT_GOAL := install
.PHONY: install demo test check format generated generated-check bench prove screenshots lock clean help
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH

# The Python that .venv is made with: 3.11 or newer.
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; sys.version_info < (3, 11) or print("$(name)")' 2>/dev/null)))
PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet
RUNTIME := .venv/.runtime
DEVELOPMENT := .venv/.development
SYSTEM := .venv/.system
ARGS ?=

install: $(RUNTIME) ## Set up what running Cockpit needs
	@echo "Ready: .venv/bin/cockpit. 'make demo' shows it at work, 'make help' lists the rest."

demo: $(RUNTIME) ## Open Cockpit on a sandbox of its own; without a terminal, carry the demo out and print its verdict
	@.venv/bin/cockpit demo $(ARGS)

test: $(DEVELOPMENT) $(SYSTEM) ## Run the tests; ARGS=... goes to pytest
	@.venv/bin/pytest --numprocesses 4 $(ARGS)

check: $(DEVELOPMENT) generated-check ## Format, lint, types, which room may import which, generated files up to date
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: $(DEVELOPMENT) ## Format the code, and mend what the linter can
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

generated: $(DEVELOPMENT) ## Write the files that follow from the code: the checklist schema, the pages on kinds of check and of action, and on the production checklist
	@mkdir -p docs
	@.venv/bin/cockpit schema > checklists/schema.json
	@.venv/bin/cockpit kinds --markdown > docs/checks.md
	@.venv/bin/cockpit actions --markdown > docs/actions.md
	@.venv/bin/cockpit show production --markdown > docs/production-checklist.md

generated-check: $(DEVELOPMENT) # Whether those files are what the code would write.
	@.venv/bin/cockpit schema | diff -u checklists/schema.json - >&2 \
		|| { echo "checklists/schema.json is stale: run 'make generated'." >&2; exit 1; }
	@.venv/bin/cockpit kinds --markdown | diff -u docs/checks.md - >&2 \
		|| { echo "docs/checks.md is stale: run 'make generated'." >&2; exit 1; }
	@.venv/bin/cockpit actions --markdown | diff -u docs/actions.md - >&2 \
		|| { echo "docs/actions.md is stale: run 'make generated'." >&2; exit 1; }
	@.venv/bin/cockpit show production --markdown | diff -u docs/production-checklist.md - >&2 \
		|| { echo "docs/production-checklist.md is stale: run 'make generated'." >&2; exit 1; }
	@.venv/bin/python tests/screenshots.py --check

bench: $(DEVELOPMENT) $(SYSTEM) ## Print each figure of speed and size beside its peer or limit
	@for program in tests/bench/bench_*.py; do .venv/bin/python "$$program" $(ARGS) || exit; done

prove: $(DEVELOPMENT) $(SYSTEM) ## Try every promise of SECURITY.md for long, and write its figures there; ARGS="NAME..." tries some, --short all quickly
	@.venv/bin/python -m tests.prove --write SECURITY.md $(ARGS)

screenshots: $(DEVELOPMENT) ## Write screenshots/ from real runs
	@.venv/bin/python tests/screenshots.py $(ARGS)

lock: .venv/bin/python ## Write the lock files again; ARGS=--upgrade takes newer versions
	@.venv/bin/python -m venv build/lock
	@build/lock/bin/python -m pip --disable-pip-version-check --quiet install uv
	@build/lock/bin/uv $(COMPILE) --group build --output-file requirements.lock $(ARGS)
	@build/lock/bin/uv $(COMPILE) --group dev --constraints requirements.lock --output-file requirements-dev.lock $(ARGS)

COMPILE := pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

clean: ## Remove everything that was made here
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find cockpit tests -name __pycache__ -prune -exec rm -rf {} +

help: ## List the targets
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | expand -t 14

# --- How it is set up ---

$(RUNTIME): requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing Cockpit into .venv ..."
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@echo "Installing what tests and checks need into .venv ..."
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Cockpit needs Python 3.11 or newer, and none was found." \
		"Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		package=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
		$(call apt_install,$$package) || { echo "Python cannot make virtual environments here: install" \
			"$$package (as root: apt-get install $$package), then run make again." >&2; exit 1; }; }
	@$(PYTHON) -m venv --clear .venv

# Programs and servers that tests start. Without them, the tests that need one say what is missing.
$(SYSTEM): $(wildcard tests/servers/packages.txt) | .venv/bin/python
	@missing="$(call missing_packages)"; test -z "$$missing" || $(call apt_install,$$missing) \
		|| echo "Some tests need Debian packages that are missing here:$$missing" >&2
	@touch $@

missing_packages = $$(sed 's/\#.*//' tests/servers/packages.txt 2>/dev/null | xargs -r -n 1 | while read -r name; do \
	dpkg-query --show --showformat '$${db:Status-Status}' "$$name" 2>/dev/null | grep -qx installed || printf ' %s' "$$name"; done)

apt_install = { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && echo "Installing Debian packages: $(1)" \
	&& apt-get -qq update \
	&& DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $(1) >/dev/null; }
