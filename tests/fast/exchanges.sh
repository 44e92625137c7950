#!/usr/bin/env bash
# What exchanges say they sent is what the transport between the nodes carried, and adds up to the closing lines.
# usage: exchanges.sh DEPOT
source "$(dirname "$0")/../script.sh"
run() { timeout 60 "$depot" "$folder/w" --nodes 4 --slices 2 --format csv --no-header -c "$1"; }
analyze() { run "EXPLAIN (ANALYZE, VERBOSE, TIMING off, MEMORY off) $1"; }
sum_of() { # sum_of LABEL PLAN: of the byte counts in the lines with that label
    grep -o "$1: [0-9]* [a-z]*, [0-9]* bytes" <<<"$2" | awk '{ sum += $(NF - 1) } END { printf "%d", sum }'
}
total_of() { sed -n "s/^\"*Bytes $1: \([0-9]*\).*/\1/p" <<<"$2"; }
filter_bytes() { grep -o 'Join filter sent: [0-9]*' <<<"$1" | awk '{ sum += $NF } END { printf "%d", sum }'; }
check_sums() { # check_sums NAME PLAN
    local sent transport filters
    sent=$(sum_of Sent "$2") transport=$(sum_of Transport "$2") filters=$(filter_bytes "$2")
    check "$1: exchanges sent something" [ "$sent" -gt 0 ]
    check "$1: $sent bytes sent, $transport on the transport" [ "$sent" = "$transport" ]
    check "$1: the closing lines" [ $(($(total_of Moved "$2") + $(total_of "To Leader" "$2"))) = $((sent + filters)) ]
}

run "CREATE TABLE f (k INTEGER, j INTEGER, v INTEGER, s VARCHAR(40)) DISTSTYLE EVEN;
     CREATE TABLE d (k INTEGER, w INTEGER, s VARCHAR(40)) DISTSTYLE EVEN;
     INSERT INTO f SELECT x % 5000, x % 7, x, 'a text of some length, number ' || x FROM generate_series(1, 40000) g(x);
     INSERT INTO d SELECT x, x * 2, 'another text: ' || x FROM generate_series(1, 6000) g(x);" >/dev/null || exit 1

narrow=$(analyze "SELECT f.v, d.w FROM f FULL JOIN d ON f.k = d.k")
wide=$(analyze "SELECT f.v, d.w, f.s, d.s FROM f FULL JOIN d ON f.k = d.k")
check_sums "redistribution" "$narrow"
check_sums "redistribution of wide rows" "$wide"
check "wider columns move more" [ "$(total_of Moved "$wide")" -gt "$(total_of Moved "$narrow")" ]
check_sums "inner join" "$(analyze "SELECT sum(f.v), sum(d.w) FROM f JOIN d ON f.k = d.k")"
check_sums "groups" "$(analyze "SELECT k, count(*) FROM f GROUP BY k")"
check_sums "distinct" "$(analyze "SELECT count(DISTINCT v) FROM f")"
check_sums "window" "$(analyze "SELECT sum(x) FROM (SELECT row_number() OVER (PARTITION BY k ORDER BY v) AS x FROM f) q")"
check_sums "sorted" "$(analyze "SELECT v FROM f ORDER BY v")"
rows=$(grep -o 'Rows of slice [0-9]* to slices: [^"]*' <<<"$narrow" | sed 's/.*slices: //; s/[0-9]*: //g' | tr -d ' ' |
    awk -F, '{ for (i = 1; i <= NF; i++) sum += $i } END { print sum }')
check "rows by pair of slices: all $rows of both tables" [ "$rows" = 46000 ]
for threads in 1 8; do
    check "the same bytes with $threads threads" \
        [ "$(run "SET threads = $threads; EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT f.v, d.w FROM f FULL JOIN d ON f.k = d.k")" = \
        "$(run "EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT f.v, d.w FROM f FULL JOIN d ON f.k = d.k")" ]
done

run "CREATE TABLE hot DISTSTYLE EVEN AS SELECT CASE WHEN v % 10 < 4 THEN 7 ELSE k END AS k, v FROM f; ANALYZE hot" >/dev/null
salted=$(run "SET join_move = both; EXPLAIN (ANALYZE, VERBOSE, TIMING off, MEMORY off) SELECT hot.v, d.w FROM hot LEFT JOIN d ON hot.k = d.k")
plain=$(run "SET join_move = both; SET enable_salting = off; EXPLAIN (ANALYZE, TIMING off) SELECT hot.v FROM hot LEFT JOIN d ON hot.k = d.k")
skew_of() { sed -n '/Distribute by hot.k/,$p' <<<"$1" | grep -o 'Skew: [0-9.]*' | head -n 1 | cut -d' ' -f2; }
check_sums "salted" "$salted"
check "a hot key is salted: $(skew_of "$plain") becomes $(skew_of "$salted")" \
    awk -v a="$(skew_of "$salted")" -v b="$(skew_of "$plain")" 'BEGIN { exit !(a < 1.3 && b > 2) }'
counted="SET join_move = both; EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT hot.v, d.w FROM hot LEFT JOIN d ON hot.k = d.k"
check "rows are salted alike with 1 and 8 threads" [ "$(run "SET threads = 1; $counted")" = "$(run "SET threads = 8; $counted")" ]

# Rows without a key have no partner to travel to.
run "CREATE TABLE keyless DISTSTYLE EVEN AS SELECT CAST(NULL AS INTEGER) AS k, v FROM f" >/dev/null
keyless=$(run "SET join_move = both; EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT keyless.v, d.w FROM keyless LEFT JOIN d ON keyless.k = d.k")
check "NULL keys stay where they are" [ "$(sed -n '/Distribute by keyless.k/,$p' <<<"$keyless" | grep -o 'Sent: [0-9]* rows' | head -n 1)" = "Sent: 0 rows" ]

# Keys of a build side that is on all nodes reach scans below an exchange: rows and partitions that no one wants are not sent.
run "CREATE TABLE parts (k INTEGER, v INTEGER) DISTSTYLE EVEN PARTITION BY (truncate(1000, k));
     INSERT INTO parts SELECT k, v FROM f;" >/dev/null
filtered="SELECT sum(parts.v), sum(d.w), count(*) FROM parts JOIN d ON parts.k = d.k WHERE d.w BETWEEN 3000 AND 3400"
with=$(run "SET join_move = both; EXPLAIN (ANALYZE, VERBOSE, TIMING off, MEMORY off) $filtered")
without=$(run "SET join_move = both; SET join_filters = off; EXPLAIN (ANALYZE, VERBOSE, TIMING off, MEMORY off) $filtered")
check_sums "filtered before sending" "$with"
check "one partition of five is read" grep -q '1 of 5 partitions -> ' <<<"$with"
check "keys of all nodes" grep -q 'Join filters: k in k of all nodes' <<<"$with"
check "filters are counted" [ "$(filter_bytes "$with")" -gt 0 ]
filter_transport=$(grep -o 'Join filter transport: [0-9]* messages, [0-9]*' <<<"$with" | awk '{ sum += $NF } END { printf "%d", sum }')
check "filters travel as messages" [ "$(filter_bytes "$with")" = "$filter_transport" ]
check "they save more than they cost" [ $(($(total_of Moved "$with") * 5)) -lt "$(total_of Moved "$without")" ]
check "and change no answer" [ "$(run "SET join_move = both; $filtered")" = "$(run "SET join_filters = off; $filtered")" ]

# Keys too far apart for a bitmap.
run "CREATE TABLE wide_f DISTSTYLE EVEN AS SELECT CAST(v AS BIGINT) * 2654435761 % 1000000007 AS k, v, s FROM f;
     CREATE TABLE wide_d DISTSTYLE EVEN AS SELECT CAST(k AS BIGINT) * 2654435761 % 1000000007 AS k, w FROM d;" >/dev/null
far="SELECT sum(wide_f.v), sum(wide_d.w), max(wide_f.s) FROM wide_f JOIN wide_d ON wide_f.k = wide_d.k WHERE wide_d.w % 50 = 4"
bloom=$(run "SET join_move = both; EXPLAIN (ANALYZE, VERBOSE, TIMING off, MEMORY off) $far")
check_sums "Bloom filter" "$bloom"
check "a Bloom filter" grep -q 'Join filters: k in k of all nodes (Bloom filter)' <<<"$bloom"
kept=$(sed -n '/Seq Scan on wide_f/,$p' <<<"$bloom" | grep -o '[0-9]* rows kept' | head -n 1 | cut -d' ' -f1)
check "240 keys are there, $kept rows are sent" [ "$kept" -ge 240 -a "$kept" -lt 2000 ]
check "Bloom filters change no answer" [ "$(run "SET join_move = both; $far")" = "$(run "SET join_filters = off; $far")" ]
one_node=$(timeout 60 "$depot" "$folder/one" --nodes 1 --slices 4 --format csv --no-header -c "
    CREATE TABLE f (k INTEGER, v INTEGER) DISTSTYLE EVEN; INSERT INTO f SELECT x % 50, x FROM generate_series(1, 40000) g(x);
    EXPLAIN (ANALYZE, VERBOSE, TIMING off, MEMORY off) SELECT a.v FROM f a FULL JOIN f b ON a.v = b.v AND a.k = b.k")
check "one node moves nothing" [ "$(total_of Moved "$one_node")$(total_of "To Leader" "$one_node")" = 00 ]
check "one node has no transport" [ "$(grep -c Transport <<<"$one_node")" = 0 ]
finish
