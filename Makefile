# The workflow, short to type. Everything is a command of run.py; `make help` lists it.
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help demo up test check format requirements bench soak doctor ci

help: ## This list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

demo: ## Try everything, with a pretend bol.com
	$(PYTHON) run.py demo

up: ## Run Stoqflow on this machine
	$(PYTHON) run.py up

test: ## The tests; ARGS="-k orders" chooses some
	$(PYTHON) run.py test $(ARGS)

check: ## The whole gate: lint, format, types, tests
	$(PYTHON) run.py check

format: ## Put the code into its form
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: ## The measurements; ARGS=NAME chooses one
	$(PYTHON) run.py bench $(ARGS)

soak: ## Two simulated days of many shops; ARGS="--seed 7" tells one story
	$(PYTHON) run.py soak $(ARGS)

doctor: ## What works here and what does not
	$(PYTHON) run.py doctor

requirements: ## Pin the packages of pyproject.toml anew, by hash
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header \
		--extra postgres pyproject.toml -o requirements.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header \
		--extra postgres --group dev --constraint requirements.txt pyproject.toml -o requirements-dev.txt

ci: ## What the build server does; installs Chromium and PostgreSQL on Debian
	.ci/run
