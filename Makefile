# `make run` sets everything up and serves; `make test` sets everything up and tests.
# Both may be the first command on a bare machine, and both may be given again.

BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run test setup check unit test-clients test-python312 bench wheel clean

help: ## Show what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: setup ## Set everything up and serve at http://127.0.0.1:8080
	@exec $(BIN)/huegis up

test: check ## Set everything up and run every test
	@$(BIN)/pytest

setup: ## Install what running needs, where it is missing
	@scripts/setup

check: ## Set up for tests, then format, lint, types and the walls between the rooms
	@scripts/setup --test
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

unit: ## Run the fast tests only
	@scripts/setup --test
	@$(BIN)/pytest tests/unit

test-clients: ## Try the service with QGIS, GDAL, OWSLib and schemathesis, and walk through its conformance classes
	@scripts/setup --test
	@$(BIN)/pytest tests/clients tests/conformance

test-python312: ## Run the unit and API tests with Python 3.12 and the later pygeoapi, where that is present
	@scripts/setup --test
	@scripts/test-python312

bench: ## Run every benchmark; each prints its ratio
	@scripts/setup --test
	@scripts/setup-bench
	@$(BIN)/python -m benchmarks

wheel: ## Build the wheel, install it in a clean environment and run it from another folder
	@scripts/setup --test
	@scripts/check-wheel

clean: ## Remove what set-up and tests made, but never the data in var/
	rm -rf .venv node_modules build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
