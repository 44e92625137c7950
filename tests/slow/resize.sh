#!/usr/bin/env bash
# ALTER WAREHOUSE RESIZE through several topologies: the 13 queries of SSB, on tables with keys and on tables without, and the
# queries of TPC-H answer the same on each, and depot check finds nothing. usage: resize.sh [DEPOT]
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
depot=$(realpath "${1:-build/release/depot}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
report() { # result, what
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $2"
    fi
}
mkdir -p "$dir/sample.sql" "$dir/tpch.sql"
"$depot" gen sample --scale 0.02 --into "$dir/sample" >/dev/null 2>&1 || exit 2
"$depot" gen tpch --scale 0.01 --into "$dir/tpch" --design tuned --nodes 4 >/dev/null 2>&1 || exit 2
for query in datasets/ssb/queries/*.sql; do
    cp "$query" "$dir/sample.sql/"
    sed -E 's/\b(lineorder|customer|supplier|part|dates)\b/plain_\1/g' "$query" >"$dir/sample.sql/plain_$(basename "$query")"
done
cp datasets/tpch/queries/*.sql "$dir/tpch.sql/"
answers() { # warehouse, folder
    mkdir -p "$2"
    for query in "$dir/$1.sql"/*.sql; do
        timeout 120 "$depot" "$dir/$1" --format csv -f "$query" 2>&1 | sort >"$2/$(basename "$query")"
    done
}
for warehouse in sample tpch; do
    answers $warehouse "$dir/$warehouse.before"
    ! grep -l ERROR "$dir/$warehouse.before"/* >"$dir/errors"
    report $? "queries that fail on 4x2: $(cat "$dir/errors")"
    for topology in 1x1 3x1 2x4 8x1 4x2; do
        "$depot" "$dir/$warehouse" -c "ALTER WAREHOUSE RESIZE NODES ${topology%x*} SLICES ${topology#*x}" >/dev/null 2>"$dir/errors"
        report $? "resize to $topology: $(cat "$dir/errors")"
        answers $warehouse "$dir/$warehouse.after"
        for query in "$dir/$warehouse.sql"/*.sql; do
            name=$(basename "$query")
            cmp -s "$dir/$warehouse.before/$name" "$dir/$warehouse.after/$name"
            report $? "$name on $topology: $(diff "$dir/$warehouse.before/$name" "$dir/$warehouse.after/$name" | head -3)"
        done
        "$depot" check "$dir/$warehouse" >"$dir/errors" 2>&1
        report $? "check on $topology: $(cat "$dir/errors")"
    done
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
