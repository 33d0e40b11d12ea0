SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.ONESHELL:

PYTHON ?= python3
BIN := .venv/bin
# What `make generate` writes, and nobody edits.
GENERATED := dashboards/mlvitals_dashboards/generated alerts/mlvitals_alerts/generated docs jmx

export PYTHONUNBUFFERED := 1

.PHONY: help
help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: env
env: ## Make .venv from constraints.txt, unless it is there
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is missing: apt-get install python3 python3-venv" >&2; exit 1; }
	$(PYTHON) -m compose.environment

.PHONY: demo
demo: env ## Run the whole stack here: Airflow, MLflow, HDFS, mlvitals, Prometheus, Alertmanager (Ctrl-C ends it)
	@exec $(BIN)/python -m compose.demo

.PHONY: demo-check
demo-check: env ## Run the demo once and check what it shows and that nothing of it is left
	@exec $(BIN)/python -m compose.check

.PHONY: lint
lint: env ## Style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: test
test: lint generated-fresh programs ## Lint and every test, with real servers
	$(BIN)/pytest --numprocesses 2 --dist loadfile

.PHONY: test-unit
test-unit: env ## The tests that start no server
	$(BIN)/pytest --numprocesses 2 -m "not live"

.PHONY: test-lowest
test-lowest: ## The tests that start no server, on the oldest dependencies that pyproject.toml allows
	@$(PYTHON) -m compose.environment lowest
	.venv-lowest/bin/pytest --numprocesses 2 -m "not live" --ignore tests/live --ignore tests/browser

.PHONY: programs
programs: env
	@$(BIN)/python -m compose.programs
	$(BIN)/python -m compose.airflow
	$(BIN)/python -m compose.jars
	$(BIN)/python -m compose.newest

.PHONY: generate
generate: env ## Write all generated files: dashboards, rules, reference pages, jmx_exporter's configurations
	@$(BIN)/python -m mlvitals_alerts
	$(BIN)/python -m mlvitals_dashboards
	$(BIN)/python docs/generate.py
	$(BIN)/python jmx/generate.py
	cd docs/example-plugin
	../../$(BIN)/python -m mlvitals_alerts mlvitals_jobs.alerts
	../../$(BIN)/python -m mlvitals_dashboards mlvitals_jobs.dashboards

.PHONY: generated-fresh
generated-fresh: env
	@state() { find $(GENERATED) -type f -not -path '*/__pycache__/*' -exec sha256sum {} + 2>/dev/null | sort -k 2; }
	before=$$(state)
	$(MAKE) --no-print-directory generate
	diff <(echo "$$before") <(state) || { echo "error: these generated files were stale; they are written anew: commit them" >&2; exit 1; }

.PHONY: pictures
pictures: env ## Draw docs/pictures anew from the running stack, 7 minutes (needs Node and Chromium)
	@exec $(BIN)/python -m compose.pictures

.PHONY: preview-check
preview-check: env ## Look at every panel, drawn by Grafana's own components (needs Node and Chromium, else skipped)
	@$(BIN)/pytest dashboards/preview

.PHONY: schema
schema: ## Make Grafana's dashboard schema and its lists of units and calculations anew (needs Node)
	dashboards/schema/make.sh

.PHONY: bench
bench: env ## Measure scrapes, collections of MLflow and Airflow, memory (10 minutes, 7 GB for a while)
	@for benchmark in benchmarks/*.py; do $(BIN)/python -m "benchmarks.$$(basename "$$benchmark" .py)"; done

.PHONY: soak
soak: env ## Endurance, load, kill -9: PARTS (all of: cycles load kills outages), SEED of kills, P99 (2000 ms) of load, MINUTES (30) of outages
	@exec $(BIN)/python -m compose.soak --minutes $(or $(MINUTES),30) --p99 $(or $(P99),2000) $(addprefix --seed ,$(SEED)) $(PARTS)

.PHONY: constraints
constraints: ## Pin the newest versions of the development environment in constraints.txt
	@$(PYTHON) -m compose.environment constraints

.PHONY: clean
clean: ## Remove environments and tool caches; the cache folder in your home stays
	rm -rf .venv .venv-lowest dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
