#!/usr/bin/env bash
# kill -9 at random points of DELETE, UPDATE, MERGE and transactions: all of a change is there or nothing of it, and the next writer
# leaves no file that no version names. usage: kill_changes.sh DEPOT [KILLS]
set -uo pipefail
source "$(dirname "$0")/../script.sh"
kills=${2:-60}
rows=${ROWS:-300000}
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
    wait_us=$(random_below $((took_us[round % ${#changes[@]}])))
    round=$((round + 1))
    [ $round -le $((kills * 6)) ] || fail "only $killed of $round runs were killed in time"
    "$depot" "$folder/w" -c "$change" >/dev/null 2>"$folder/errors" &
    pid=$!
    kill_after $pid $wait_us
    wait_for_end $pid "\"$change\""
    after=$(state) || { echo "$after"; exit 1; }
    [ "$after" = "$before" ] || [ "$after" = $((before + 1)) ] || fail "step $before before, $after after"
    [ $status = 137 ] || [ "$after" = $((before + 1)) ] || fail "a finished change was lost: $change"
    [ $status = 137 ] && killed=$((killed + 1)) || finished=$((finished + 1))
    before=$after
    if [ $((round % 15)) = 0 ]; then
        check_warehouse "after round $round"
    fi
done
# A transaction that is killed while it is open: the next writer removes what it wrote.
mkfifo "$folder/statements"
"$depot" "$folder/w" --format csv --no-header <"$folder/statements" >"$folder/answers" 2>&1 &
pid=$!
exec 3>"$folder/statements"
echo "BEGIN; INSERT INTO t SELECT -x, 99, 'open' FROM generate_series(1, 100000) AS g(x); DELETE FROM t WHERE k > 0;
    SELECT count(*) FROM t;" >&3
for _ in $(seq 100); do
    grep -q 100000 "$folder/answers" && break
    sleep 0.1
done
grep -q 100000 "$folder/answers" || fail "the open transaction does not see its own rows: $(cat "$folder/answers")"
kill -9 $pid
wait $pid 2>/dev/null
exec 3>&-
[ "$(state)" = "$before" ] || fail "an open transaction left something behind"
sql "UPDATE t SET step = step" >/dev/null || fail "writing after the killed transaction"
sql "DROP TABLE t" >/dev/null || fail "DROP TABLE"
check_nothing_is_left
echo "$round rounds: $killed killed, $finished finished; every change was whole"
