# Perennial. Every target sets up what it needs first; `make help` lists them.
#
#   CARGO_TARGET_DIR   where Cargo builds (default ~/.cache/perennial-target, so that clones share dependencies)
#   PERENNIAL_VENV     Python environment of the outside tools (default ~/.cache/perennial-venv)
#   PERENNIAL_SKIP     names of checks to leave out, with commas; each is printed as skipped
#   STORE, PORT        folder and port of `make demo`; `make bench` takes STORE too

SHELL := /bin/bash
export CARGO_TARGET_DIR ?= $(HOME)/.cache/perennial-target
export PERENNIAL_VENV ?= $(HOME)/.cache/perennial-venv

.DEFAULT_GOAL := help
.PHONY: help setup demo test judges bench fmt

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## system packages and Python environment for everything below
	@scripts/setup.sh judges

demo: ## ingest the shipped fixtures into a new store, serve it, print three things to try
	@scripts/setup.sh demo
	@scripts/demo.sh

test: ## every check: format, lints, docs, tests, outside tools in small numbers
	@scripts/setup.sh test
	@scripts/test.sh

judges: ## full numbers and outside tools on a release build; writes docs/JUDGES.md
	@scripts/setup.sh judges
	@scripts/judges.sh

bench: ## the scenarios of docs/PERFORMANCE.md on a release build
	@scripts/setup.sh build
	@scripts/bench.sh

fmt: ## format the Rust source
	@cargo fmt
