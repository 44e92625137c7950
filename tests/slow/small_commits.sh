#!/usr/bin/env bash
# Many small commits stay cheap, planning over many segments too, and a long result needs no memory. usage: small_commits.sh DEPOT
depot=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0
check() { # check NAME VALUE LIMIT: VALUE <= LIMIT
    if awk "BEGIN { exit !($2 <= $3) }"; then
        passed=$((passed + 1))
        echo "ok      $1: $2 (at most $3)"
    else
        failed=$((failed + 1))
        echo "FAILED  $1: $2 (at most $3)"
    fi
}
times() { grep -o '^Time: [0-9.]*' "$1" | cut -d' ' -f2; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

{
    echo "CREATE TABLE t (x INTEGER, y VARCHAR(10));"
    for i in $(seq 2000); do
        echo "INSERT INTO t VALUES ($i, 'row $i');"
    done
} >"$folder/inserts.sql"
"$depot" "$folder/w" --timing --format csv -f "$folder/inserts.sql" 2>"$folder/times" || exit 1
first=$(times "$folder/times" | sed -n '2,51p' | median)
last=$(times "$folder/times" | tail -n 50 | median)
check "the last INSERT against the first (medians of 50, ms: $first, $last)" "$(awk "BEGIN { print $last / $first }")" 2
"$depot" "$folder/w" --timing --format csv --no-header -c "SELECT sum(x) FROM t" >"$folder/sum" 2>"$folder/times"
check "SELECT sum(x) after 2,000 INSERTs, ms, cold" "$(times "$folder/times")" 5
check "its answer is right (0: yes)" "$([ "$(cat "$folder/sum")" = 2001000 ] && echo 0 || echo 1)" 0

# The same for changes of single rows in a table of several segments.
{
    echo "CREATE TABLE c (k INTEGER, n INTEGER, s VARCHAR(20));"
    echo "INSERT INTO c SELECT x, 0, 'row ' || x % 1000 FROM generate_series(1, 3000000) AS g(x);"
    for i in $(seq 2000); do
        echo "DELETE FROM c WHERE k = $((i * 1499));"
    done
    for i in $(seq 2000); do
        echo "UPDATE c SET n = n + 1 WHERE k = $((i * 1499 + 1));"
    done
} >"$folder/changes.sql"
"$depot" "$folder/c" --timing --format csv -f "$folder/changes.sql" 2>"$folder/times" || exit 1
for change in "DELETE 3 53 1953 2002" "UPDATE 2003 2053 3953 4002"; do
    read -r name from to late end <<<"$change"
    first=$(times "$folder/times" | sed -n "$from,${to}p" | median)
    last=$(times "$folder/times" | sed -n "$late,${end}p" | median)
    check "the last $name of one row against the first (medians of 50, ms: $first, $last)" "$(awk "BEGIN { print $last / $first }")" 2
done
"$depot" "$folder/c" --format csv --no-header -c "SELECT count(*), sum(n), count(DISTINCT k) FROM c" >"$folder/sum"
check "their rows are right (0: yes)" "$([ "$(cat "$folder/sum")" = 2998000,2000,2998000 ] && echo 0 || echo 1)" 0
check "delete maps beside the segments" "$(find "$folder/c" -name '*.d*' | wc -l)" 8

# 84 months × 8 slices.
"$depot" "$folder/p" --nodes 1 --slices 8 --format csv -c "CREATE TABLE m (d DATE, v INTEGER) PARTITION BY (month(d))" \
    -c "INSERT INTO m SELECT date '1992-01-01' + x % 2556, x FROM generate_series(1, 200000) g(x)" || exit 1
"$depot" "$folder/p" --timing --format csv -c "EXPLAIN SELECT sum(v) FROM m WHERE d = '1995-05-05'" -c "EXPLAIN SELECT sum(v) FROM m" \
    >/dev/null 2>"$folder/times"
check "EXPLAIN over 84 partitions × 8 slices, ms, cold" "$(times "$folder/times" | head -n 1)" 5

# 60 million rows through the API's step: what the program counts and what the process takes.
started=$(date +%s%N)
/usr/bin/env python3 - "$depot" "$folder" <<'PY' >"$folder/peak"
import resource, subprocess, sys
subprocess.run([sys.argv[1], "--set", "memory_limit=64MB", "--format", "csv", "--no-header", "-c",
                "SELECT * FROM generate_series(1, 60000000) AS g(x)"], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
PY
check "peak of the process that streams 60 million rows, MB" "$(cat "$folder/peak")" 64
echo "        ($(((($(date +%s%N) - started)) / 1000000)) ms)"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
