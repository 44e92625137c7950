#!/usr/bin/env bash
# The answers of TPC-H's 22 queries and, where the corpora are there, TPC-DS's 99 equal DuckDB's on the same files. Needs npm (see
# tools/bench/run). At ties under a LIMIT, and where two ratios differ in the sixteenth digit alone, TPC-DS's may differ.
# usage: tpc.sh [SCALE] [CORPORA]
set -u
cd "$(dirname "$0")/../.."
scale=${1:-0.1}
corpora=${2:-../shared/corpora}
failed=0
tools/bench/run tpch --scale "$scale" --runs 0 || failed=1
if [ -d "$corpora/tpcds/queries" ]; then
    tools/bench/run tpcds --scale "$scale" --runs 0 --queries "$corpora/tpcds/queries" || failed=1
fi
exit "$failed"
