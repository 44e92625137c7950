#!/usr/bin/env bash
# Operators really spill when memory_limit is reached, and leave no file behind, not even when they are killed; what they have
# handed on they do not hold.
depot=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
rows="SELECT n, (n::bigint * 7919) % 1000003 AS x FROM generate_series(1, 1000000) AS g(n)"
"$depot" "$folder/w" -c "CREATE TABLE t (n INT, x BIGINT) DISTSTYLE EVEN; INSERT INTO t $rows" >/dev/null || exit 1
before=$(cd "$folder/w" && find . | sort)
check() { # check WHAT QUERY
    spilled=$("$depot" "$folder/w" --set memory_limit=32MB --format csv -c "EXPLAIN ANALYZE $2" | sed -n 's/^"\{0,1\}Spilled Bytes: \([0-9]*\).*/\1/p')
    if [ "${spilled:-0}" -gt 0 ]; then
        echo "$1: spilled $spilled bytes"
    else
        echo "$1: FAILED, nothing was spilled"
        failed=1
    fi
}
check "aggregation" "SELECT x, count(*) FROM t GROUP BY x"
parts=$("$depot" --set memory_limit=32MB --format csv -c "EXPLAIN ANALYZE SELECT x, count(*) FROM (SELECT (n::bigint * 7919) % 100000007 AS x FROM generate_series(1, 15000000) AS g(n)) s GROUP BY x" | sed -n 's/^"\{0,1\} *Split again: \([0-9]*\).*/\1/p')
if [ "${parts:-0}" -gt 0 ]; then
    echo "aggregation larger than memory in parts: $parts parts were split again"
else
    echo "aggregation larger than memory in parts: FAILED, none was split again"
    failed=1
fi
check "hash join" "SELECT count(*) FROM t a JOIN (SELECT x, n FROM t) b ON a.x = b.x AND a.n = b.n"
check "sort" "SELECT n FROM t ORDER BY x OFFSET 999999"
check "window" "SELECT max(r) FROM (SELECT row_number() OVER (PARTITION BY x % 1000 ORDER BY n) AS r FROM t) s"
peak() { # peak QUERY: kilobytes of memory
    "$depot" "$folder/w" --set threads=2 --format csv -c "EXPLAIN ANALYZE $1" | sed -n 's/^"\{0,1\}Peak Memory: \([0-9]*\)[0-9]\{3\}.*/\1/p'
}
many="(SELECT a.n + b.n * 1000000 AS n, x % 10000 AS y FROM t a, (VALUES (0), (1), (2)) AS b(n)) m"
one=$(peak "SELECT max(d) FROM (SELECT n - lag(n) OVER (PARTITION BY y ORDER BY n) AS d FROM $many) s")
two=$(peak "SELECT max(q) FROM (SELECT sum(d) OVER (PARTITION BY y ORDER BY n ROWS UNBOUNDED PRECEDING) AS q FROM (SELECT n, y, n - lag(n) OVER (PARTITION BY y ORDER BY n) AS d FROM $many) s) u")
if [ -n "$one" ] && [ -n "$two" ] && [ "$((two * 10))" -lt "$((one * 14))" ]; then
    echo "a window gives its rows back while the next one takes them: $one KB for one, $two KB for two"
else
    echo "one window after another: FAILED, $one KB for one, $two KB for two"
    failed=1
fi
("$depot" "$folder/w" --set memory_limit=32MB -c "SELECT count(*) FROM (SELECT x FROM t ORDER BY x OFFSET 1) s, t b WHERE s.x < b.n" >/dev/null 2>&1) &
sleep 0.5
pkill -9 -P $! 2>/dev/null
kill -9 $! 2>/dev/null
wait 2>/dev/null
[ "$(cd "$folder/w" && find . | sort)" = "$before" ] || { echo "files were left behind"; failed=1; }
[ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'depot-spill-*' 2>/dev/null)" ] || { echo "files were left in the temporary directory"; failed=1; }
exit $failed
