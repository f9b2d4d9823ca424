# `make run` sets everything up and serves; `make test` sets everything up and tests.
# Both may be the first command on a bare machine, and both may be given again.

BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run test setup check unit test-clients bench wheel clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

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

test-clients: ## Try the service with QGIS, GDAL and other clients
	@scripts/setup --test
	@$(BIN)/pytest tests/clients

bench: ## Run every benchmark; each prints its ratio
	@scripts/setup --test
	@$(BIN)/python -m benchmarks

wheel: ## Build the wheel, install it in a clean environment and run it from another folder
	@scripts/setup --test
	@scripts/check-wheel

clean: ## Remove what set-up and tests made, but never the data in var/
	rm -rf .venv node_modules build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
