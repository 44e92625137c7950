#!/usr/bin/env bash
# kill -9 at random points of COPY: the version before or the one after is there, whole, and the next COPY works.
# usage: kill_copy.sh DEPOT [KILLS]
set -uo pipefail
source "$(dirname "$0")/../script.sh"
kills=${2:-100}
rows=${ROWS:-600000}
awk -v rows=$rows 'BEGIN { for (i = 1; i <= rows; i++)
    printf "%d|word number %d|%04d-%02d-%02d\n", i, i % 1000, 1992 + i % 7, 1 + i % 12, 1 + i % 28 }' >"$folder/rows.tbl"
sum=$((rows * (rows + 1) / 2))
copy="COPY lines FROM '$folder/rows.tbl' (FORMAT csv, DELIMITER '|')"
table="CREATE TABLE lines (n integer, word varchar(30), day date) DISTSTYLE KEY DISTKEY (n) PARTITION BY (year(day))"
# Number of whole copies of the file in the table; fails if there is a part of one.
copies() {
    local answer count total
    answer=$(sql "SELECT count(*), coalesce(sum(n), 0), count(DISTINCT word) FROM lines") || fail "reading after a kill: $answer"
    IFS=, read -r count total _ <<<"$answer"
    [ $((count % rows)) = 0 ] && [ "$total" = $((count / rows * sum)) ] || fail "a part of a load is visible: $answer"
    echo $((count / rows))
}

sql "$table" || fail "creating the table"
sql "$copy" >/dev/null || fail "the first COPY"
started=$(date +%s%N)
sql "$copy" >/dev/null || fail "the second COPY"
took_us=$((($(date +%s%N) - started) / 1000))
before=2 killed=0 finished=0 round=0
while [ $killed -lt "$kills" ]; do
    round=$((round + 1))
    [ $round -le $((kills * 4)) ] || fail "only $killed of $round runs were killed in time"
    "$depot" "$folder/w" -c "$copy" >/dev/null 2>"$folder/errors" &
    pid=$!
    kill_after $pid "$(random_below $took_us)"
    wait_for_end $pid COPY
    after=$(copies) || { echo "$after"; exit 1; }
    [ "$after" = "$before" ] || [ "$after" = $((before + 1)) ] || fail "$before loads before, $after after"
    [ $status = 137 ] || [ "$after" = $((before + 1)) ] || fail "a finished COPY was lost"
    [ $status = 137 ] && killed=$((killed + 1)) || finished=$((finished + 1))
    before=$after
    if [ $((round % 20)) = 0 ]; then
        check_warehouse "after round $round"
    fi
    if [ "$before" -ge 4 ]; then
        sql "DROP TABLE lines; $table" >/dev/null || fail "making the table anew"
        before=0
    fi
done
sql "$copy" >/dev/null || fail "the last COPY"
[ "$(copies)" = $((before + 1)) ] || fail "the last COPY is not there"
sql "DROP TABLE lines" >/dev/null || fail "DROP TABLE"
check_nothing_is_left
echo "$round rounds: $killed killed, $finished finished; every version was whole"
