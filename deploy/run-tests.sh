#!/usr/bin/env bash
# Runs every test with branch coverage and holds the coverage to its gates.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin

rm -f .coverage .coverage.*
"$bin/coverage" run -m pytest -n "${TEST_PROCESSES:-2}" --dist loadgroup "$@"
"$bin/coverage" combine --quiet
"$bin/coverage" report --show-missing --skip-covered --fail-under=90
# What the product is trusted for has no untested branch.
"$bin/coverage" report --include='app/transcripts/*,app/signatures/*' --skip-covered --fail-under=100
