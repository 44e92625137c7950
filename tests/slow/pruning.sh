#!/usr/bin/env bash
# What is pruned is not opened: partitions through a join, blocks by zone maps, columns that no one asks for. Files of pruned
# partitions may be gone or damaged. usage: pruning.sh DEPOT
source "$(dirname "$0")/../script.sh"
cd "$(dirname "$0")/../.." || exit 1
run() { "$depot" "$folder/w" --format csv --no-header "$@"; }
explain() { run -c "EXPLAIN (ANALYZE, TIMING off) $1"; }
# numbers_of LABEL TEXT: the "a of b blocks" of the scan of lineorder
blocks() { sed -n "/Seq Scan on $1/,/Seq Scan on [^$1]/p" <<<"$2" | grep -o '[0-9]* of [0-9]* blocks' | head -n 1; }
skipped_percent() { awk '{ printf "%d", 100 - 100 * $1 / $3 }' <<<"$1"; }

"$depot" gen ssb --scale 0.1 --csv "$folder/csv" 2>/dev/null
lineorder=$(sed -n '/CREATE TABLE lineorder/,/^)/p' datasets/ssb/plain.sql)
{
    sed '/CREATE TABLE lineorder/,$d' datasets/ssb/plain.sql
    echo "$lineorder PARTITION BY (truncate(10000, lo_orderdate)) WITH (block_rows = 2048);"
    echo "${lineorder/lineorder/sorted_lineorder} SORTKEY (lo_orderdate) WITH (block_rows = 2048);"
    echo "${lineorder/lineorder/shuffled_lineorder} WITH (block_rows = 2048);"
    echo "CREATE TABLE events (d DATE, v INTEGER) PARTITION BY (year(d));"
    for table in dates customer supplier part; do
        echo "COPY $table FROM '$folder/csv/$table.tbl' (FORMAT csv, DELIMITER '|');"
    done
    for table in lineorder sorted_lineorder shuffled_lineorder; do
        echo "COPY $table FROM '$folder/csv/lineorder.tbl' (FORMAT csv, DELIMITER '|');"
    done
    echo "INSERT INTO events SELECT date '1990-01-01' + x, x FROM generate_series(0, 3651) g(x);"
} >"$folder/load.sql"
run -f "$folder/load.sql" || exit 1

q11=$(tr -d ';' <datasets/ssb/queries/q1_1.sql) q13=$(tr -d ';' <datasets/ssb/queries/q1_3.sql)
plan=$(explain "$q11")
check "Q1.1 reads 1 of 7 partitions through the join" grep -q '1 of 7 partitions' <<<"$plan"
plan=$(explain "SELECT sum(v) FROM events WHERE d BETWEEN '1995-03-01' AND '1995-04-30'")
check "a date range reads 1 of 10 partitions" grep -q '1 of 10 partitions' <<<"$plan"
check "and gives the right sum" [ "$(run -c "SELECT sum(v) FROM events WHERE d BETWEEN '1995-03-01' AND '1995-04-30'")" = "$(
    python3 -c "import datetime as t; o = t.date(1990, 1, 1); print(sum(x for x in range(3652) if t.date(1995, 3, 1) <= o + t.timedelta(x) <= t.date(1995, 4, 30)))")" ]

sorted13=$(blocks sorted_lineorder "$(explain "${q13//lineorder/sorted_lineorder}")")
shuffled13=$(blocks shuffled_lineorder "$(explain "${q13//lineorder/shuffled_lineorder}")")
echo "Q1.3 reads, sorted by lo_orderdate: $sorted13; shuffled: $shuffled13"
check "one week skips at least 97 % of the sorted blocks" [ "$(skipped_percent "$sorted13")" -ge 97 ]
check "and at most 2 % of the shuffled ones" [ "$(skipped_percent "$shuffled13")" -le 2 ]
december="SELECT sum(lo_revenue) FROM sorted_lineorder, dates WHERE lo_orderdate = d_datekey AND d_monthnuminyear = 12"
december_blocks=$(blocks sorted_lineorder "$(explain "$december")")
echo "every December reads: $december_blocks"
check "every December skips most blocks" [ "$(skipped_percent "$december_blocks")" -ge 80 ]

before=$(run -c "$q11")
find "$folder/w" -type d -name '*=1993*' | grep -q . || { echo "there is no partition directory of 1993"; failed=$((failed + 1)); }
find "$folder/w" -type d -name 'truncate_lo_orderdate=*' ! -name '*=1993*' | while read -r directory; do
    find "$directory" -type f | while read -r file; do
        printf 'damaged' | dd of="$file" conv=notrunc status=none
    done
done
check "damage in pruned partitions changes nothing" [ "$(run -c "$q11")" = "$before" ]
check "what reads them says so" bash -c "! '$depot' '$folder/w' -c 'SELECT sum(lo_tax) FROM lineorder' >/dev/null 2>'$folder/error' && grep -q XX001 '$folder/error'"
find "$folder/w" -type d -name 'truncate_lo_orderdate=*' ! -name '*=1993*' -exec rm -rf {} +
check "missing pruned partitions change nothing" [ "$(run -c "$q11")" = "$before" ]

strace -f -qq -e trace=openat -o "$folder/trace" "$depot" "$folder/w" -c "SELECT sum(lo_revenue) FROM sorted_lineorder WHERE lo_quantity = 7" >/dev/null
opened=$(grep -v ENOENT "$folder/trace" | grep -oE '[0-9a-f]+\.c[0-9]+"' | sed 's/.*\.//; s/"//' | sort -u)
echo "columns opened by a query over 2 of 17: $(tr '\n' ' ' <<<"$opened")"
check "a query over 2 of 17 columns opens 2" [ "$(wc -l <<<"$opened")" = 2 ]
finish
