# Two commands do everything on a machine with Python 3.11: `make demo` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Every command starts several processes: compiled once, they start in a third of the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: engine demo serve test check bench drill mutants chaos schemathesis format openapi requirements clean

# The reader of plain documents in C, where there is a compiler; says so where there is none.
engine: $(VENV)/.runtime
	$(BIN)/python -m app.engine.build

demo: engine
	$(BIN)/python -m app demo $(ARGS)

serve: engine
	$(BIN)/python -m app serve $(ARGS)

# The gate: rules of the code, then every test with its coverage.
test: check
	deploy/test-packages.sh
	$(BIN)/python -m app.engine.build
	deploy/run-tests.sh

check: $(VENV)/.development engine
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m app openapi --check

# The verifier against its peers; needs quiet: ARGS=--quick for a minute, ARGS=--json for machines.
bench: $(VENV)/.development engine
	$(BIN)/python -m tests.bench.verify $(ARGS)

# Database and vault lost and restored (deploy/backup): what came back, and in which time.
drill: $(VENV)/.development
	$(BIN)/python -m pytest -q -s tests/journeys/test_backup_drill.py $(ARGS)

# Small faults put into a sample of the signature core, and which of them no test notices: a quarter
# of an hour on two idle cores. ARGS="--sample 100 --seed 2 --module verify" for other samples.
mutants: $(VENV)/.development
	$(BIN)/python -m tests.mutants.run $(ARGS)

# Web processes, workers, PostgreSQL and S3 killed at random under load, then a look at what is left:
# five minutes, or CHAOS_SECONDS=3600 for a night; ARGS="--seed 7 --clients 8". CHAOS_KEEP=FOLDER
# keeps the logs of a run that found something. Needs deploy/test-packages.sh once, like the tests.
chaos: $(VENV)/.development
	$(BIN)/python -m tests.chaos.run $(ARGS)

# The running service against its description, for long: SCHEMATHESIS_EXAMPLES=1000 for hours,
# SCHEMATHESIS_SEED=2 for other values.
schemathesis: $(VENV)/.development
	SCHEMATHESIS_EXAMPLES=$${SCHEMATHESIS_EXAMPLES:-50} $(BIN)/python -m pytest tests/integration/test_schemathesis.py $(ARGS)

format: $(VENV)/.development
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

openapi: $(VENV)/.development
	$(BIN)/python -m tests.examples
	$(BIN)/python -m app openapi

# uv comes by pip, pinned by hash like everything else, and installs the rest in seconds.
$(VENV)/bin/uv: requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	grep -A 1000 '^uv==' requirements-dev.txt | awk 'NR > 1 && /^[a-z]/ { exit } { print }' > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $(VENV)/uv.txt
	touch $@

$(VENV)/.runtime: requirements.txt $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --python $(BIN)/python -r requirements.txt
	touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --python $(BIN)/python -r requirements-dev.txt
	touch $@ $(VENV)/.runtime

requirements: $(VENV)/.development
	$(BIN)/uv pip compile --quiet --no-header --python-version 3.11 --generate-hashes pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --no-header --python-version 3.11 --generate-hashes --extra dev pyproject.toml -o requirements-dev.txt

clean:
	rm -rf $(VENV) app/engine/*.so .hocba .cache .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
