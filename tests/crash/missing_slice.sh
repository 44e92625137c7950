#!/usr/bin/env bash
# A slice's files that are gone give an error that names one, or the right answer where it is known without them; never fewer rows.
# Every data file is taken away in turn, then all files of one slice: scans, counts, hash joins, merge joins, aggregates, changes.
# usage: missing_slice.sh DEPOT
set -uo pipefail
source "$(dirname "$0")/../script.sh"
run() { timeout 60 "$depot" "$folder/w" --format csv --no-header "$@"; }

timeout 60 "$depot" "$folder/w" --nodes 2 --slices 2 -c "
    CREATE TABLE orders (k int, v int, s varchar(40)) DISTKEY (k) SORTKEY (k) WITH (block_rows = 2048);
    INSERT INTO orders SELECT n, n % 97, 'order ' || n % 11 FROM generate_series(1, 20000) AS g (n);
    CREATE TABLE lines (k int, q int) DISTKEY (k) SORTKEY (k);
    INSERT INTO lines SELECT n / 3, n % 7 FROM generate_series(1, 6000) AS g (n);
    CREATE TABLE spread (k int, w int) DISTSTYLE EVEN;
    INSERT INTO spread SELECT n, n % 5 FROM generate_series(1, 3000) AS g (n);
    CREATE TABLE names (k int, name varchar(20)) DISTSTYLE ALL;
    INSERT INTO names SELECT n, 'name ' || n FROM generate_series(0, 96) AS g (n);
    DELETE FROM orders WHERE v = 13" >/dev/null || { echo "FAILED: making the warehouse"; exit 1; }

queries=(
    "SELECT count(*) FROM orders"
    "SELECT count(*) FROM lines"
    "SELECT count(*), sum(v), min(s), max(s) FROM orders"
    "SELECT count(*), sum(w) FROM spread"
    "SELECT count(*), min(name), max(name) FROM names"
    "SELECT count(*), sum(v), sum(q) FROM orders JOIN lines ON orders.k = lines.k"
    "SELECT count(*), sum(v), sum(q), count(lines.k) FROM orders LEFT JOIN lines ON orders.k = lines.k"
    "SELECT count(*), sum(v) FROM orders WHERE NOT EXISTS (SELECT 1 FROM lines WHERE orders.k = lines.k)"
    "SELECT count(*), sum(v), sum(w) FROM orders JOIN spread ON orders.k = spread.k"
    "SELECT count(*), max(name) FROM orders JOIN names ON orders.v = names.k"
    "SELECT s, count(*), sum(v) FROM orders GROUP BY s ORDER BY s"
    "SELECT k, v FROM orders ORDER BY v DESC, k LIMIT 5"
    "SELECT max(r) FROM (SELECT row_number() OVER (PARTITION BY v ORDER BY k) AS r FROM orders) q"
)
answers=()
for sql in "${queries[@]}"; do
    answers+=("$(run -c "$sql")")
done
run -c "EXPLAIN ${queries[5]}" | grep -q "Merge Join" || complain "no merge join among the queries"
hash=$(run -c "SET enable_mergejoin = off" -c "${queries[5]}")
[ "$hash" = "${answers[5]}" ] || complain "merge join and hash join differ"

errors=0
ask_all() { # ask_all WHAT: every query, while files are away; sets `told`
    told=0
    for method in on off; do
        for i in "${!queries[@]}"; do
            answer=$(run -c "SET enable_mergejoin = $method" -c "${queries[i]}" 2>"$folder/error")
            status=$?
            if [ $status = 1 ] && grep -q 'tables/' "$folder/error"; then
                told=$((told + 1))
            elif [ $status != 0 ] || [ "$answer" != "${answers[i]}" ]; then
                complain "without $1: ${queries[i]} gave status $status, $answer $(head -n 1 "$folder/error")"
            fi
        done
    done
    errors=$((errors + told))
}
files=0
while read -r file; do
    mv "$folder/w/$file" "$folder/away"
    ask_all "$file"
    case $file in
        tables/names-*) ;; # copies: another node may have answered
        *) [ "$told" -gt 0 ] || complain "no query missed $file" ;;
    esac
    mv "$folder/away" "$folder/w/$file"
    files=$((files + 1))
done < <(cd "$folder/w" && find tables -type f | sort)

mkdir "$folder/slice"
for slice in 0 1 2 3; do
    (cd "$folder/w" && find tables -type f \( -name "s$slice-*" -o -path "*/s$slice-*/*" \) -exec cp --parents {} "$folder/slice" \; -delete)
    [ -n "$(ls -A "$folder/slice")" ] || complain "slice $slice has no files"
    ask_all "slice $slice"
    run -c "DELETE FROM orders WHERE k % 2 = 0" >/dev/null 2>&1 && complain "rows were deleted without slice $slice"
    run -c "CREATE TABLE copied AS SELECT * FROM orders" >/dev/null 2>&1 && complain "rows were copied without slice $slice"
    cp -r "$folder/slice/." "$folder/w"
    rm -rf "$folder/slice" && mkdir "$folder/slice"
done
errors_before=$errors
ask_all "nothing"
[ "$errors" = "$errors_before" ] || complain "errors with all files in place"
echo "$files files and 4 slices taken away, $errors errors, $failed failed"
[ "$failed" = 0 ]
