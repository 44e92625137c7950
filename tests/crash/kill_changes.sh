#!/usr/bin/env bash
# kill -9 at random points of DELETE, UPDATE, MERGE and transactions: all of a change is there or nothing of it, and the next writer
# leaves no file that no version names. usage: kill_changes.sh DEPOT [KILLS]
set -uo pipefail
depot=$(realpath "${1:-build/release/depot}")
kills=${2:-60}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
rows=${ROWS:-300000}

fail() {
    echo "FAILED: $1"
    exit 1
}
sql() { "$depot" "$dir/w" --format csv --no-header -c "$1"; }
# Every change keeps count(*) + sum(changes of `gone`) and moves `step` of all rows by one: half of a change shows.
state() {
    local answer
    answer=$(sql "SELECT min(step), max(step), count(*), count(DISTINCT k) FROM t") || fail "reading after a kill: $answer"
    IFS=, read -r least most count distinct <<<"$answer"
    [ "$least" = "$most" ] && [ "$count" = "$rows" ] && [ "$distinct" = "$rows" ] || fail "a part of a change is visible: $answer"
    echo "$least"
}
sql "CREATE TABLE t (k integer, step integer, s varchar(20)) DISTSTYLE KEY DISTKEY (k) PARTITION BY (bucket(3, k))" || fail "creating"
sql "INSERT INTO t SELECT x, 0, 'row ' || x % 1000 FROM generate_series(1, $rows) AS g(x)" >/dev/null || fail "filling"
changes=("UPDATE t SET step = step + 1"
    "MERGE INTO t USING (SELECT k AS q FROM t) AS s ON t.k = s.q WHEN MATCHED THEN UPDATE SET step = step + 1"
    "BEGIN; DELETE FROM t WHERE k % 2 = 0; UPDATE t SET step = step + 1; INSERT INTO t SELECT k + 1, step, s FROM t WHERE k < $rows;
     COMMIT"
    "BEGIN; CREATE TABLE u AS SELECT k, step + 1 AS step, s FROM t; TRUNCATE t; INSERT INTO t SELECT * FROM u; DROP TABLE u; COMMIT")
took_us=() # how long each takes when it is left alone: it is killed within that time
for change in "${changes[@]}"; do
    started=$(date +%s%N)
    sql "$change" >/dev/null || fail "\"$change\" unharmed"
    took_us+=($((($(date +%s%N) - started) / 1000)))
done
before=$(state) killed=0 finished=0 round=0
while [ $killed -lt "$kills" ]; do
    change=${changes[$((round % ${#changes[@]}))]}
    wait_us=$(((RANDOM * 32768 + RANDOM) % took_us[round % ${#changes[@]}]))
    round=$((round + 1))
    [ $round -le $((kills * 6)) ] || fail "only $killed of $round runs were killed in time"
    "$depot" "$dir/w" -c "$change" >/dev/null 2>"$dir/errors" &
    pid=$!
    sleep "$(printf '%d.%06d' $((wait_us / 1000000)) $((wait_us % 1000000)))"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    status=$?
    [ $status = 137 ] || [ $status = 0 ] || fail "\"$change\" ended with $status: $(cat "$dir/errors")"
    after=$(state) || { echo "$after"; exit 1; }
    [ "$after" = "$before" ] || [ "$after" = $((before + 1)) ] || fail "step $before before, $after after"
    [ $status = 137 ] || [ "$after" = $((before + 1)) ] || fail "a finished change was lost: $change"
    [ $status = 137 ] && killed=$((killed + 1)) || finished=$((finished + 1))
    before=$after
    if [ $((round % 15)) = 0 ]; then
        "$depot" check "$dir/w" >"$dir/check" 2>&1 || fail "check after round $round: $(cat "$dir/check")"
    fi
done
# A transaction that is killed while it is open: the next writer removes what it wrote.
mkfifo "$dir/statements"
"$depot" "$dir/w" --format csv --no-header <"$dir/statements" >"$dir/answers" 2>&1 &
pid=$!
exec 3>"$dir/statements"
echo "BEGIN; INSERT INTO t SELECT -x, 99, 'open' FROM generate_series(1, 100000) AS g(x); DELETE FROM t WHERE k > 0;
    SELECT count(*) FROM t;" >&3
for _ in $(seq 100); do
    grep -q 100000 "$dir/answers" && break
    sleep 0.1
done
grep -q 100000 "$dir/answers" || fail "the open transaction does not see its own rows: $(cat "$dir/answers")"
kill -9 $pid
wait $pid 2>/dev/null
exec 3>&-
[ "$(state)" = "$before" ] || fail "an open transaction left something behind"
sql "UPDATE t SET step = step" >/dev/null || fail "writing after the killed transaction"
sql "DROP TABLE t" >/dev/null || fail "DROP TABLE"
left=$(cd "$dir/w" && find . -type f | grep -vE '^\./(CURRENT|LOCK|manifests/root-[0-9]+)$')
[ -z "$left" ] || fail "files that no version names are left: $left"
[ -z "$(ls "$dir/w/tables")" ] || fail "directories are left: $(ls "$dir/w/tables")"
echo "$round rounds: $killed killed, $finished finished; every change was whole"
