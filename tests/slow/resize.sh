#!/usr/bin/env bash
# ALTER WAREHOUSE RESIZE through several topologies: the 13 queries of SSB, on tables with keys and on tables without, and the
# queries of TPC-H answer the same on each, and depot check finds nothing. usage: resize.sh [DEPOT]
set -uo pipefail
source "$(dirname "$0")/../script.sh"
cd "$(dirname "$0")/../.." || exit 2
report() { check "$2" [ "$1" = 0 ]; } # result, what
mkdir -p "$folder/sample.sql" "$folder/tpch.sql"
"$depot" gen sample --scale 0.02 --into "$folder/sample" >/dev/null 2>&1 || exit 2
"$depot" gen tpch --scale 0.01 --into "$folder/tpch" --design tuned --nodes 4 >/dev/null 2>&1 || exit 2
for query in datasets/ssb/queries/*.sql; do
    cp "$query" "$folder/sample.sql/"
    sed -E 's/\b(lineorder|customer|supplier|part|dates)\b/plain_\1/g' "$query" >"$folder/sample.sql/plain_$(basename "$query")"
done
cp datasets/tpch/queries/*.sql "$folder/tpch.sql/"
answers() { # warehouse, folder
    mkdir -p "$2"
    for query in "$folder/$1.sql"/*.sql; do
        timeout 120 "$depot" "$folder/$1" --format csv -f "$query" 2>&1 | sort >"$2/$(basename "$query")"
    done
}
for warehouse in sample tpch; do
    answers $warehouse "$folder/$warehouse.before"
    ! grep -l ERROR "$folder/$warehouse.before"/* >"$folder/errors"
    report $? "queries that fail on 4x2: $(cat "$folder/errors")"
    for topology in 1x1 3x1 2x4 8x1 4x2; do
        "$depot" "$folder/$warehouse" -c "ALTER WAREHOUSE RESIZE NODES ${topology%x*} SLICES ${topology#*x}" >/dev/null 2>"$folder/errors"
        report $? "resize to $topology: $(cat "$folder/errors")"
        answers $warehouse "$folder/$warehouse.after"
        for query in "$folder/$warehouse.sql"/*.sql; do
            name=$(basename "$query")
            cmp -s "$folder/$warehouse.before/$name" "$folder/$warehouse.after/$name"
            report $? "$name on $topology: $(diff "$folder/$warehouse.before/$name" "$folder/$warehouse.after/$name" | head -3)"
        done
        "$depot" check "$folder/$warehouse" >"$folder/errors" 2>&1
        report $? "check on $topology: $(cat "$folder/errors")"
    done
done
finish
