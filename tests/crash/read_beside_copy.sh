#!/usr/bin/env bash
# Processes that open for reading (and for writing) during a COPY remove nothing of it and see the version before.
# usage: read_beside_copy.sh DEPOT
set -uo pipefail
source "$(dirname "$0")/../script.sh"
rows=600000
awk -v rows=$rows 'BEGIN { for (i = 1; i <= rows; i++) printf "%d|word number %d\n", i, i % 1000 }' >"$folder/rows.tbl"
run() { "$depot" "$folder/w" --format csv --no-header "$@"; }
run -c "CREATE TABLE lines (n integer, word varchar(30)); INSERT INTO lines VALUES (1, 'one')" >/dev/null || fail "making the table"
"$depot" "$folder/w" -c "COPY lines FROM '$folder/rows.tbl' (FORMAT csv, DELIMITER '|')" >/dev/null 2>"$folder/errors" &
pid=$!
reads=0
while kill -0 $pid 2>/dev/null; do
    before=$(find "$folder/w/tables" -type f | sort)
    [ $((reads % 2)) = 0 ] && mode=--read-only || mode=
    answer=$(run $mode -c "SELECT count(*) FROM lines") || fail "reading during COPY: $answer"
    [ "$answer" = 1 ] || [ "$answer" = $((rows + 1)) ] || fail "a part of the load is visible: $answer"
    if [ "$answer" = 1 ] && kill -0 $pid 2>/dev/null; then
        missing=$(comm -23 <(echo "$before") <(find "$folder/w/tables" -type f | sort))
        kill -0 $pid 2>/dev/null && [ -n "$missing" ] && [ "$(run -c "SELECT count(*) FROM lines")" = 1 ] &&
            fail "files vanished during COPY: $missing"
    fi
    reads=$((reads + 1))
done
wait $pid || fail "COPY: $(cat "$folder/errors")"
[ "$(run -c "SELECT count(*), sum(n) FROM lines")" = "$((rows + 1)),$((rows * (rows + 1) / 2 + 1))" ] || fail "the load is not whole"
[ $reads -ge 3 ] || fail "COPY was too fast to be watched"
check_warehouse "after COPY"
echo "$reads reads during one COPY; nothing was removed"
