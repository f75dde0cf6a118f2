# The commands of the project. `make` alone lists them.
VENV ?= .venv
BIN := $(VENV)/bin
RUN := VENV=$(VENV) requirements/install.sh run
TEST := VENV=$(VENV) requirements/install.sh test
# One thread each: the physics and the network are measured per core, and two cores are enough.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export LP_NUM_THREADS ?= 1

.PHONY: help setup demo campaign campaign-full test test-graph test-slow check lint format bench ros clean lock

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## install what is missing, into .venv
	@$(RUN)

demo: ## the main job: citizens book, the simulated booth swabs, the records are kept
	@$(RUN)
	@$(BIN)/booth demo

# A cooperative person may be sent away unswabbed, with the arm out of the mouth, one time in 20.
ALLOW ?= 0.05
campaign: ## 50 simulated people, a process a core, and the report: out/campaign/report.html
	@$(RUN)
	$(BIN)/booth sim campaign out/campaign --episodes 50 --jobs 0 --allow $(ALLOW) --anew
	$(BIN)/booth sim report out/campaign

campaign-full: ## 1,000 simulated people; interrupted, it goes on where it stopped
	@$(RUN)
	$(BIN)/booth sim campaign out/campaign-full --episodes 1000 --jobs 0 --allow $(ALLOW); \
		flown=$$?; $(BIN)/booth sim report out/campaign-full && exit $$flown

test: ## the default tests, by two processes (under a quarter of an hour on 2 cores)
	@$(TEST)
	@$(MAKE) --no-print-directory ros
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

test-graph: ## whole booths of ROS 2 processes, killed and cancelled (under 12 minutes on 2 cores)
	@$(TEST)
	@$(MAKE) --no-print-directory ros
	$(BIN)/python -m pytest -m graph --reruns 1 tests/ros # a dozen processes on a busy machine: once more, and it is told

test-slow: ## the long campaigns
	@$(TEST)
	@$(MAKE) --no-print-directory ros
	$(BIN)/python -m pytest -m "slow and not graph" --timeout 7200 --hypothesis-profile explore

check: ## format, lint, types, layers, tests: all of it
	@$(MAKE) --no-print-directory lint test

lint: ## everything of check but the tests
	@$(TEST)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: ## write the one format
	@$(TEST)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: ## every benchmark, short form
	@$(TEST)
	@for file in benchmarks/[a-z]*.py; do \
		case $$file in */common.py) continue;; esac; \
		echo "== $$file"; $(BIN)/python $$file --quick || [ $$? -eq 2 ] || exit 1; \
	done

ros: ## build our ROS 2 interfaces and nodes
	@if [ -x robot_ws/build.sh ]; then VENV=$(VENV) robot_ws/build.sh; fi

clean: ## remove what the tools wrote, the environment excepted
	rm -rf out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis robot_ws/build robot_ws/install robot_ws/log

lock: ## pin the requirements again
	@$(TEST)
	$(BIN)/pip install -q uv
	for name in runtime:pyproject.toml dev:requirements/dev.in ros:requirements/ros.in; do \
		set=$${name%%:*}; file=$${name#*:}; \
		$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-annotate --no-header \
			--python-version 3.11 $$( [ $$set = runtime ] || echo -c requirements/runtime.txt ) \
			$$( [ $$set = ros ] && echo -c requirements/dev.txt ) $$file -o requirements/$$set.txt || exit 1; \
	done
