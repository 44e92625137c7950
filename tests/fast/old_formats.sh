#!/usr/bin/env bash
# Warehouses of older formats open, answer, and take new rows, views and schemas: tests/golden/manifest-<version>.
# usage: old_formats.sh DEPOT
set -uo pipefail
depot=$(realpath "${1:-build/dev/depot}")
golden=$(realpath "$(dirname "$0")/../golden")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
wrong=0
# expect NAME WANTED SQL…: what depot prints, errors included
expect() {
    local name=$1 wanted=$2 got
    shift 2
    got=$("$depot" "$dir/w" --format csv --no-header --keep-going -c "$*" 2>&1 | grep -v "^LINE\|^ *^\|^HINT\|^NOTICE")
    if [ "$got" != "$wanted" ]; then
        wrong=$((wrong + 1))
        printf 'WRONG   %s\n    wanted: %s\n    got:    %s\n' "$name" "$wanted" "$got"
    fi
}

cp -r "$golden/manifest-1" "$dir/w"
got=$("$depot" "$dir/w" --read-only --format csv --no-header -c "SELECT count(*), sum(price), min(d), max(d) FROM orders" 2>&1)
[ "$got" = "6,10.50,2019-12-31,2020-01-05" ] || { wrong=1; echo "WRONG   read-only: $got"; }
expect "rows" "2,two" "SELECT * FROM public.parent WHERE id = 2"
expect "a check keeps its name" 'ERROR:  new row for relation "orders" violates check constraint "orders_check" (23514)' \
    "INSERT INTO orders VALUES (-1, 1, NULL, 1)"
expect "a default" "2020-01-01" "INSERT INTO orders (id) VALUES (7)" "; SELECT d FROM orders WHERE id = 7"
expect "views and schemas" "7" "CREATE SCHEMA s" "; CREATE VIEW s.v AS SELECT count(*) AS n FROM orders" "; SELECT n FROM s.v"
expect "a key holds its table" 'ERROR:  cannot drop table parent because other objects depend on it (2BP01)' "DROP TABLE parent"
expect "written anew" "6" "SELECT count(*) FROM orders WHERE price IS NOT NULL"
"$depot" check "$dir/w" >"$dir/check" 2>&1 || { wrong=1; cat "$dir/check"; }
[ $wrong = 0 ] && echo "old formats: all right"
exit $((wrong > 0))
