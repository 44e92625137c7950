#!/usr/bin/env bash
# The answers of TPC-H's 22 queries, of our own on the schema of TPC-DS and, where the corpora are there, TPC-DS's 99 equal DuckDB's
# on the same files. Needs npm (see tools/bench/run).
# Two of TPC-DS's queries are asked in a decided form, since as they stand several answers are right: 49 ranks ratios, which DuckDB
# divides as doubles (10309.95 / 15546.75 and 10710.63 / 16150.95 are both 63/95 and share a rank as decimals, not as doubles); 59
# orders by a store's id, which several rows of a store share, and cuts at 100.
# usage: tpc.sh (SCALE=0.1 and CORPORA=../shared/corpora may be set; it builds the release preset itself)
set -u
cd "$(dirname "$0")/../.." || exit 1
scale=${SCALE:-0.1}
corpora=${CORPORA:-../shared/corpora}
failed=0
command -v npm >/dev/null || { echo "npm is not here: nothing was compared"; exit 0; }
tools/bench/run tpch --scale "$scale" --runs 0 || failed=1
tools/bench/run tpcds --scale "$scale" --runs 0 || failed=1
if [ -d "$corpora/tpcds/queries" ]; then
    queries=$(mktemp -d)
    trap 'rm -rf "$queries"' EXIT
    cp "$corpora"/tpcds/queries/*.sql "$queries"
    sed -i 's/AS decimal(15,4)/AS double precision/g' "$queries/49.sql"
    sed -i -E 's/([a-z]+_sales1)\/([a-z]+_sales2) AS/CAST(\1 AS double precision)\/CAST(\2 AS double precision) AS/
               s/d_week_seq1 NULLS FIRST$/d_week_seq1 NULLS FIRST, 4, 5, 6, 7, 8, 9, 10/' "$queries/59.sql"
    tools/bench/run tpcds --scale "$scale" --runs 0 --queries "$queries" || failed=1
fi
exit "$failed"
