#!/usr/bin/env bash
# Processes that open for reading (and for writing) during a COPY remove nothing of it and see the version before.
# usage: read_beside_copy.sh DEPOT
set -uo pipefail
depot=$(realpath "${1:-build/release/depot}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
rows=600000
awk -v rows=$rows 'BEGIN { for (i = 1; i <= rows; i++) printf "%d|word number %d\n", i, i % 1000 }' >"$dir/rows.tbl"

fail() {
    echo "FAILED: $1"
    exit 1
}
sql() { "$depot" "$dir/w" --format csv --no-header "$@"; }
sql -c "CREATE TABLE lines (n integer, word varchar(30)); INSERT INTO lines VALUES (1, 'one')" >/dev/null || fail "making the table"
"$depot" "$dir/w" -c "COPY lines FROM '$dir/rows.tbl' (FORMAT csv, DELIMITER '|')" >/dev/null 2>"$dir/errors" &
pid=$!
reads=0
while kill -0 $pid 2>/dev/null; do
    before=$(find "$dir/w/tables" -type f | sort)
    [ $((reads % 2)) = 0 ] && mode=--read-only || mode=
    answer=$(sql $mode -c "SELECT count(*) FROM lines") || fail "reading during COPY: $answer"
    [ "$answer" = 1 ] || [ "$answer" = $((rows + 1)) ] || fail "a part of the load is visible: $answer"
    if [ "$answer" = 1 ] && kill -0 $pid 2>/dev/null; then
        missing=$(comm -23 <(echo "$before") <(find "$dir/w/tables" -type f | sort))
        kill -0 $pid 2>/dev/null && [ -n "$missing" ] && [ "$(sql -c "SELECT count(*) FROM lines")" = 1 ] &&
            fail "files vanished during COPY: $missing"
    fi
    reads=$((reads + 1))
done
wait $pid || fail "COPY: $(cat "$dir/errors")"
[ "$(sql -c "SELECT count(*), sum(n) FROM lines")" = "$((rows + 1)),$((rows * (rows + 1) / 2 + 1))" ] || fail "the load is not whole"
[ $reads -ge 3 ] || fail "COPY was too fast to be watched"
"$depot" check "$dir/w" >"$dir/check" 2>&1 || fail "check: $(cat "$dir/check")"
echo "$reads reads during one COPY; nothing was removed"
