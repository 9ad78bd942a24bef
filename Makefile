# Two commands for newcomers: `make demo` and `make test`. Both set up what they need.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
WITHOUT ?=

.PHONY: demo test check format lock clean help

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

demo: $(VENV)/.ready ## start the bastion before an embedded cluster; ARGS="--port 2222 --dir DIR"
	@. tests/gate/tools.sh && need_sandbox
	@exec $(BIN)/bastion demo $(ARGS)

test: $(VENV)/.ready ## the whole gate; WITHOUT="zsh mksh" leaves tools out and says so
	@$(SHELL) tests/gate/run.sh $(foreach tool,$(WITHOUT),--without $(tool))

check: $(VENV)/.ready ## format, lint, types and imports only
	@$(SHELL) tests/gate/run.sh --static

format: $(VENV)/.ready ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.ready ## resolve the dependencies anew: names, versions and hashes, no addresses
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q pyproject.toml --extra test --generate-hashes --universal --python-version 3.11 \
	  --no-emit-index-url --no-header --no-annotate -o requirements.lock

$(VENV)/.ready: requirements.lock pyproject.toml
	@. tests/gate/tools.sh && need_python
	python3 -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
