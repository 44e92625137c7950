#!/usr/bin/env bash
# The q-error at join outputs, over the suite of tools/bench/joins, TPC-H and, where the corpora are there, TPC-DS: median at most 3,
# 90th percentile at most 30. usage: joins.sh [DEPOT] (SCALE=0.05 and CORPORA=../shared/corpora may be set)
set -u
depot=$(realpath "${1:-build/release/depot}")
cd "$(dirname "$0")/../.." || exit 1
corpora=${CORPORA:-../shared/corpora}
names=suite
[ -d "$corpora/tpch/queries" ] && names="$names tpch"
[ -d "$corpora/tpcds/queries" ] && names="$names tpcds"
# shellcheck disable=SC2086 # several names
exec tools/bench/joins.py --depot "$depot" --scale "${SCALE:-0.05}" --queries "$corpora" --check $names
