#!/usr/bin/env bash
# kill -9 at random points of ALTER TABLE and ALTER WAREHOUSE RESIZE: a table stands in its old design or in its new one, the
# warehouse on its old slices or on its new ones, always with all rows. usage: kill_rewrites.sh DEPOT [KILLS]
set -uo pipefail
source "$(dirname "$0")/../script.sh"
kills=${2:-40}
rows=${ROWS:-200000}
# What all tables hold, whatever they stand on.
content() {
    sql "SELECT 'key', count(*), sum(k), sum(v), count(s) FROM t UNION ALL SELECT 'even', count(*), sum(k), sum(v), count(s) FROM e
         UNION ALL SELECT 'all', count(*), sum(k), sum(v), count(s) FROM a
         UNION ALL SELECT 'joined', count(*), sum(t.k), sum(e.v), count(a.s) FROM t JOIN e USING (k) LEFT JOIN a USING (k) ORDER BY 1"
}
slices() { sql "SELECT count(DISTINCT node) || 'x' || count(*) / count(DISTINCT node) FROM stv_slices"; }
design() { sql "SELECT diststyle || ' ' || sortkey_num FROM svv_table_info WHERE \"table\" = 't'"; }

"$depot" "$folder/w" --nodes 2 --slices 2 -c "CREATE TABLE t (k int, v int, s varchar(20)) DISTKEY (k) SORTKEY (k);
    CREATE TABLE e (k int, v int, s varchar(20)) DISTSTYLE EVEN PARTITION BY (bucket(3, v));
    CREATE TABLE a (k int, v int, s varchar(20)) DISTSTYLE ALL;
    INSERT INTO t SELECT x, x % 97, 'row ' || x % 1000 FROM generate_series(1, $rows) AS g(x);
    INSERT INTO e SELECT k, v, s FROM t; INSERT INTO a SELECT k, v, s FROM t WHERE k <= 5000; DELETE FROM e WHERE k % 10 = 0" \
    >/dev/null || fail "filling"
expected=$(content) || fail "reading"
# A statement, and what it brings about.
changes=("ALTER WAREHOUSE RESIZE NODES 3 SLICES 1" "ALTER TABLE t ALTER DISTSTYLE EVEN, ALTER SORTKEY (v, k)"
    "ALTER WAREHOUSE RESIZE NODES 4 SLICES 2" "ALTER TABLE t ALTER DISTKEY k, ALTER SORTKEY NONE"
    "BEGIN; ALTER TABLE t ALTER SORTKEY (k); ALTER WAREHOUSE RESIZE NODES 2 SLICES 2; COMMIT")
after=("3x1 KEY(k) 1" "3x1 EVEN 2" "4x2 EVEN 2" "4x2 KEY(k) 0" "2x2 KEY(k) 1")
now="2x2 KEY(k) 1" killed=0 finished=0 round=0 took_us=400000
while [ $killed -lt "$kills" ]; do
    at=$((finished % ${#changes[@]}))
    round=$((round + 1))
    [ $round -le $((kills * 6)) ] || fail "only $killed of $round runs were killed in time"
    started=$(date +%s%N)
    "$depot" "$folder/w" -c "${changes[$at]}" >/dev/null 2>"$folder/errors" &
    pid=$!
    # Every third change may come to its end, so that all of them have their turn.
    if [ $((round % 3)) != 0 ]; then
        kill_after $pid "$(random_below $took_us)"
    fi
    wait_for_end $pid "\"${changes[$at]}\""
    [ $status = 137 ] && killed=$((killed + 1)) || took_us=$((($(date +%s%N) - started) / 1000))
    found="$(slices) $(design)"
    [ "$found" = "$now" ] || [ "$found" = "${after[$at]}" ] || fail "\"${changes[$at]}\" made of $now: $found"
    [ $status = 137 ] || [ "$found" = "${after[$at]}" ] || fail "a finished change was lost: ${changes[$at]}"
    [ "$found" = "$now" ] || finished=$((finished + 1))
    now=$found
    got=$(content) || fail "reading after round $round: $got"
    [ "$got" = "$expected" ] || fail "\"${changes[$at]}\" changed what is there: $got"
    if [ $((round % 10)) = 0 ]; then
        check_warehouse "after round $round"
    fi
done
sql "DROP TABLE t; DROP TABLE e; DROP TABLE a" >/dev/null || fail "DROP TABLE"
check_nothing_is_left
echo "$round rounds: $killed killed, $finished changes came through; every one whole"
