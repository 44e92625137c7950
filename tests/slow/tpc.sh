#!/usr/bin/env bash
# The answers of TPC-H's 22 queries and, where the corpora are there, TPC-DS's 99 equal DuckDB's on the same files. Needs npm (see
# tools/bench/run). At ties under a LIMIT, and where two ratios differ in the sixteenth digit alone, TPC-DS's may differ.
# usage: tpc.sh (SCALE=0.1 and CORPORA=../shared/corpora may be set; it builds the release preset itself)
set -u
cd "$(dirname "$0")/../.." || exit 1
scale=${SCALE:-0.1}
corpora=${CORPORA:-../shared/corpora}
failed=0
command -v npm >/dev/null || { echo "npm is not here: nothing was compared"; exit 0; }
tools/bench/run tpch --scale "$scale" --runs 0 || failed=1
if [ -d "$corpora/tpcds/queries" ]; then
    tools/bench/run tpcds --scale "$scale" --runs 0 --queries "$corpora/tpcds/queries" || failed=1
fi
exit "$failed"
