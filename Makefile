# Two commands: `make results` and `make test`. `make help` lists the rest.
#   PYTHON=python3.12   the interpreter to make .venv with (3.11 to 3.13)
#   CORES=2             how many cores Snakemake and the tests use (default: all)
#   STUDY=test          lay studies/test.yaml over config.yaml (default: config.yaml alone); several are laid
#                       over each other in their order: STUDY="paper paper_trees"
#   ARGS=...            more options for snakemake, or for pytest in `make test`
#   TORCH_INDEX=URL     the package index for torch alone, which decides its build. Default: pip's own, on
#                       plain Linux CUDA's build, 4.5 GB, which a vLLM for CPUs may not load (the pinned
#                       two ran together); the index of CPU builds: 0.8 GB
#   ENV=gpu             make .venv from envs/gpu.lock, which was only resolved, never run (default: cpu);
#                       .venv keeps this choice and TORCH_INDEX until they are named anew

PYTHON ?= python3
CORES ?= all
STUDY ?=
ARGS ?=
# Where neither is named, what .venv was made with. ENV not from the environment: there it often means
# something else.
ENV := $(or $(shell sed -n 's/^\# lock //p' .venv/made-from 2>&-),cpu)
ifeq ($(origin TORCH_INDEX),undefined)
TORCH_INDEX := $(shell sed -n 's/^\# torch from //p' .venv/made-from 2>&-)
endif

BIN := .venv/bin
OVERLAY := $(STUDY:%=studies/%.yaml)
ROOT := $(if $(STUDY),results/studies/$(lastword $(STUDY)),results)
SNAKEMAKE = $(BIN)/snakemake --cores $(CORES) $(if $(OVERLAY),--configfile $(OVERLAY))
RULES = Snakefile rules src/unspoken/experiments
LOCK = envs/$(ENV).lock
# What .venv must have been made from: this folder (its programs name it), this torch and this lock.
WANTED = printf '\043 %s\n' '$(CURDIR)' 'lock $(ENV)' 'torch from $(TORCH_INDEX)' | cat - $(LOCK)
# Python compiles what it imports, and keeps that; pip would compile all thirty thousand files.
INSTALL = $(BIN)/python -m pip install --quiet --no-compile
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help results test test-quick test-slurm test-faults test-models test-organisms lint lint-code lint-types format report plan status why fetch rebuild register replicate keep-findings findings-page export merge accept-code label cache clean-cache venv study lock clean

help: ## list these commands
	@sed -n 's/^#  /  /p; s/^\([a-z-]*\):.*## /  make \1|/p' Makefile | awk -F'|' \
	    'NF == 2 { printf "%-20s%s\n", $$1, $$2; next } { print }'

results: study ## make everything the study asks for (a second time: nothing)
	@$(SNAKEMAKE) $(ARGS)

test: venv ## run all tests
	@$(BIN)/python -m pytest --numprocesses $(CORES:all=auto) --maxprocesses 4 \
	    --dist loadfile --no-loadscope-reorder $(ARGS)

# Of tests/unit, without what is marked as needing a model or another program (see pyproject.toml).
test-quick: venv ## run the unit tests that need no model and no Snakemake
	@$(BIN)/python -m pytest tests/unit -m "not heavy" --numprocesses $(CORES:all=auto) --maxprocesses 4 \
	    --dist loadfile $(ARGS)

# Root on Debian or Ubuntu gets SLURM installed; elsewhere the tests say why they are skipped.
test-slurm: venv ## run a study on a SLURM cluster of this machine's own, and test it
	@test "$$(id -u)" != 0 || command -v slurmctld >/dev/null || ! command -v apt-get >/dev/null || \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	        --no-install-recommends slurm-wlm munge >/dev/null; } || \
	    echo "SLURM could not be installed; going on without" >&2
	@$(BIN)/python -m pytest tests/slurm $(ARGS)

test-faults: venv ## kill, fill and damage what can be, here and on the cluster, and see that nothing is lost
	@$(BIN)/python -m pytest tests/faults \
	    tests/workflow/test_generate_errors.py::test_a_full_disk_and_a_damaged_shard --verbose $(ARGS)

test-models: venv ## ask ten tiny models through vLLM and through transformers, and print how far they agree
	@$(BIN)/python -m pytest tests/models -s --quiet $(ARGS)

test-organisms: venv ## train organisms of ten seeds whose trends are known, and see that they are called so
	@$(BIN)/python -m pytest tests/organisms -s --quiet $(ARGS)

lint: venv ## check style, format, types, import rules, dead code and the workflow
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint-code lint-types

lint-code:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check $(RULES)
	$(BIN)/snakemake --lint
	$(BIN)/lint-imports
	$(BIN)/python .ci/dead_code.py

lint-types:
	$(BIN)/mypy

format: venv ## bring all code into the form that `make lint` wants
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt $(RULES)

report: study ## write Snakemake's own report of the study, one HTML file
	@$(SNAKEMAKE) --report $(ROOT)/report-snakemake.html $(ARGS)

status: venv ## say how the runs of this folder stand: what runs, how fast, what failed
	@$(BIN)/python -m unspoken.status

plan: study ## before a run: what it will take (time, memory, disk) and which effects it could show
	@$(BIN)/python -m unspoken.cost $(OVERLAY) --cores $(CORES) $(ARGS)

why: study ## say why each job would run that is not up to date
	@$(SNAKEMAKE) -n $(ARGS) 2>&1 | $(BIN)/python -m unspoken.why

fetch: study ## download what the study needs, before a run on nodes without a network
	@$(BIN)/snakemake --cores 1 $(if $(OVERLAY),--configfile $(OVERLAY)) fetch

register: study ## before a run: write down its tests and margins, in files to commit [SEEDS=11-15]
	@$(BIN)/python -m unspoken.study.register $(OVERLAY) $(if $(SEEDS),--seeds '$(SEEDS)')

replicate: study ## a study over several study seeds, pooled: make replicate SEEDS=1-3 [STUDY=...]
	@$(BIN)/python -m unspoken.study.replicate $(OVERLAY) --seeds '$(SEEDS)' -- --cores $(CORES) $(ARGS)

keep-findings: venv ## keep the numbers of a finished registered run in resources/findings/, to commit [STUDY=...]
	@$(BIN)/python -m unspoken.kept.keep '$(ROOT)'

findings-page: venv ## write docs/findings.md from resources/findings/
	@$(BIN)/python -m unspoken.kept.page

rebuild: venv ## say how to make one measurement again: make rebuild ID=... [STUDY=...]
	@test -n '$(ID)' || { echo 'Say which: make rebuild ID=, a measurement_id of the store' >&2; exit 2; }
	@$(BIN)/python -m unspoken.rebuild '$(ID)' --store '$(ROOT)/unspoken.duckdb'

export: venv ## write a study's replies as other tools read them: make export FORMAT=every_eval_ever [STUDY=...]
	@$(BIN)/python -m unspoken.experiments.faithfulness.export --root '$(ROOT)' --format '$(FORMAT)'

merge: venv ## one store of several: make merge INTO=all.duckdb STORES="a.duckdb b.duckdb"
	@test -n '$(INTO)' && test -n '$(STORES)' || { \
	    echo 'Say what to merge: make merge INTO=all.duckdb STORES="a.duckdb b.duckdb"' >&2; exit 2; }
	@$(BIN)/python scripts/merge_stores.py --into '$(INTO)' $(STORES)

# A pure refactor changes the code of jobs and none of their results. This tells Snakemake so: it
# marks what exists as made by the code as it is now, and runs nothing.
accept-code: study ## take finished results as made by the present code
	@$(SNAKEMAKE) --touch $(ARGS)

label: venv ## label chains by hand: make label MODEL=smollm2-135m-q4 INTO=labels.jsonl
	@test -n '$(MODEL)' && test -n '$(INTO)' || { \
	    echo 'Say whose chains and where to: make label MODEL=smollm2-135m-q4 INTO=labels.jsonl' >&2; exit 2; }
	@$(BIN)/python scripts/label_chains.py '$(ROOT)/faithfulness/$(MODEL)' --into '$(INTO)' \
	    $(OVERLAY:%=--study '%') $(ARGS)

cache: venv ## show the completion cache: rows and size by subject
	@$(BIN)/python -m unspoken.engines.cache_summary show

clean-cache: venv ## delete the completion cache
	@$(BIN)/python -m unspoken.engines.cache_summary clear

# Before any job: the study's files are sound, and no dead Snakemake's lock is in the way.
study: venv
	@for study in $(STUDY); do test -f "studies/$$study.yaml" || { \
	    echo "There is no study '$$study': studies/$$study.yaml is missing. Studies here:" \
	        $(basename $(notdir $(wildcard studies/*.yaml))) >&2; exit 2; }; done
	@$(BIN)/python -m unspoken.study.check config.yaml $(OVERLAY)
	@$(BIN)/python -m unspoken.locks

# The record of what .venv was made from is written last, so that an interrupted install counts as
# none. torch comes first and by itself: which build fits is the machine's business.
venv:
	@test -f $(LOCK) || { echo "There is no $(LOCK): ENV is cpu or gpu." >&2; exit 2; }
	@$(WANTED) | cmp -s - .venv/made-from || $(MAKE) --no-print-directory .venv

.PHONY: .venv
.venv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	    echo "Python 3.11 to 3.13 is needed, and $(PYTHON) is" \
	        "$$($(PYTHON) --version 2>&1 || true). Name another: make ... PYTHON=python3.12" >&2; \
	    exit 2; }
	@echo "Making .venv: some minutes, once. First torch ..."
	@$(PYTHON) -m venv --clear .venv
	@$(INSTALL) $(if $(TORCH_INDEX),--index-url '$(TORCH_INDEX)') \
	    "$$(grep -o '^torch==[^ ]*' envs/requirements.in)"
	@echo "... then the $$(grep -c '^[a-z]' $(LOCK)) packages of $(LOCK)."
	@$(INSTALL) --no-deps -r $(LOCK)
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@$(WANTED) > .venv/made-from

lock: ## renew both locks from envs/requirements.in (ARGS=--upgrade: with newer versions)
	envs/lock.sh $(PYTHON) $(ARGS)

clean: venv ## delete results/ and what Snakemake remembers of them
	@$(BIN)/python -m unspoken.locks
	find results -mindepth 1 ! -name .gitkeep -delete
	rm -rf .snakemake
