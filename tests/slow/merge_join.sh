#!/usr/bin/env bash
# Merge join and hash join on the same tables: orders and lineitem of TPC-H, distributed and sorted by the order key. Prints time
# and memory of both; the answers must be equal, the merge join must neither hash nor sort, and needs a tenth of the memory.
# usage: merge_join.sh DEPOT [SCALE]
source "$(dirname "$0")/../script.sh"
scale=${2:-0.5}
run() { timeout 600 "$depot" "$folder/w" --format csv --no-header "$@"; }

timeout 600 "$depot" gen tpch --scale "$scale" --into "$folder/w" --nodes 1 --slices 2 >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
run -c "CREATE TABLE o DISTKEY (o_orderkey) SORTKEY (o_orderkey) AS
        SELECT o_orderkey, o_custkey, o_orderdate, o_totalprice, o_orderpriority FROM orders" \
    -c "CREATE TABLE l DISTKEY (l_orderkey) SORTKEY (l_orderkey) AS
        SELECT l_orderkey, l_linenumber, l_quantity, l_extendedprice, l_shipdate FROM lineitem" >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }

# Bytes of the join's tables or windows, from the line below its own.
join_memory() { sed -n '/ Join DS_/,/Seq Scan/s/.*Memory: \([0-9]*\) bytes.*/\1/p' <<<"$1" | head -n 1; }
join_time() { sed -n 's/.* Join DS_.*time=\([0-9.]*\) ms.*/\1/p' <<<"$1"; }
query_time() { sed -n 's/^Execution Time: \([0-9.]*\) ms/\1/p' <<<"$1"; }
measure() { run -c "SET enable_mergejoin = $1" -c "$2" -c "EXPLAIN ANALYZE $2" | tr -d '"'; }

printf '%-12s %14s %14s %10s %12s %12s %12s %12s\n' query "merge bytes" "hash bytes" ratio "merge join ms" "hash join ms" "merge ms" "hash ms"
compare() { # compare NAME SQL
    local merge hash ratio
    merge=$(measure on "$2") hash=$(measure off "$2")
    grep -q 'Merge.* Join DS_DIST_NONE' <<<"$merge" || complain "$1 is not merged"
    grep -Eq 'XN (Hash|Sort)' <<<"$merge" && complain "$1 hashes or sorts"
    grep -q 'XN Hash ' <<<"$hash" || complain "$1 is not hashed"
    [ "$(grep -m 1 "^[0-9]" <<<"$merge")" = "$(grep -m 1 "^[0-9]" <<<"$hash")" ] || complain "$1: the answers differ"
    ratio=$(awk -v m="$(join_memory "$merge")" -v h="$(join_memory "$hash")" 'BEGIN { printf "%.1f", h / m }')
    awk -v r="$ratio" 'BEGIN { exit !(r >= 10) }' || complain "$1: only $ratio times less memory"
    printf '%-12s %14s %14s %10s %12s %12s %12s %12s\n' "$1" "$(join_memory "$merge")" "$(join_memory "$hash")" "$ratio" \
        "$(join_time "$merge")" "$(join_time "$hash")" "$(query_time "$merge")" "$(query_time "$hash")"
}
compare inner "SELECT count(*), sum(o_totalprice), sum(l_extendedprice) FROM o JOIN l ON o_orderkey = l_orderkey"
compare left "SELECT count(*), sum(l_extendedprice), max(o_orderdate) FROM o LEFT JOIN l ON o_orderkey = l_orderkey"
compare semi "SELECT count(*), sum(o_totalprice) FROM o WHERE EXISTS (SELECT 1 FROM l WHERE l_orderkey = o_orderkey)"
compare anti "SELECT count(*), sum(l_quantity) FROM l WHERE NOT EXISTS (SELECT 1 FROM o WHERE l_orderkey = o_orderkey)"
echo "$failed failed"
[ "$failed" = 0 ]
