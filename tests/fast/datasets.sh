#!/usr/bin/env bash
# Every built-in data set: the same files at any number of threads, the same rows in a warehouse of either design as in the files,
# and every query of it runs, or is one that is refused by name.
set -eu
depot=$(realpath "$1")
queries=$(realpath "$(dirname "$0")/../../datasets")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failed=0

fail() {
    echo "datasets: $*"
    failed=1
}

for name in $("$depot" gen --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -v sample); do
    "$depot" gen "$name" --scale 0.01 --threads 1 --csv one 2>counts
    "$depot" gen "$name" --scale 0.01 --threads 3 --csv three --design tuned --nodes 2 --slices 2 --into tuned 2>again
    "$depot" gen "$name" --scale 0.01 --into plain 2>/dev/null
    diff -rq one three || fail "$name: more threads make other files"
    cmp -s counts again || fail "$name: other row counts"
    while IFS=': ' read -r table rows _; do
        for warehouse in tuned plain; do
            answer=$("$depot" --format csv --no-header "$warehouse" -c "SELECT count(*) FROM $table")
            [ "$answer" = "$rows" ] || fail "$name: $table has $answer rows in $warehouse, not $rows"
        done
        "$depot" tuned -c "CREATE TABLE copy_of AS SELECT * FROM $table WHERE false" \
            -c "COPY copy_of FROM 'one/$table.tbl' (FORMAT csv, DELIMITER '|')" >/dev/null
        both="SELECT count(*) FROM (SELECT * FROM $table EXCEPT SELECT * FROM copy_of) x"
        answer=$("$depot" --format csv --no-header tuned -c "$both" -c "DROP TABLE copy_of" | head -n 1)
        [ "$answer" = 0 ] || fail "$name: $answer rows of $table differ from its file"
    done <counts
    for query in "$queries/$name"/queries/*.sql; do
        if [ -e "$query" ]; then
            "$depot" tuned -f "$query" >/dev/null 2>error || grep -q 0A000 error || fail "$query: $(cat error)"
        fi
    done
    rm -rf one three tuned plain
done
[ "$failed" = 0 ] && echo "datasets: all as they should be"
exit "$failed"
