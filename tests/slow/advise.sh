#!/usr/bin/env bash
# ADVISE on the log of SSB's 13 queries, 4 nodes of 2 slices, everything EVEN: its proposals, applied as they stand, lower the bytes
# moved and scanned, and the time, as measured before and after. Answers stay the same.
# Much below scale 0.3 a query is over before its blocks weigh anything. usage: advise.sh DEPOT [SCALE]
set -e
depot=$(realpath "$1")
scale=${2:-0.3}
queries=$(dirname "$(realpath "$0")")/../../datasets/ssb/queries
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$depot" gen ssb --scale "$scale" --design plain --nodes 4 --slices 2 --into "$work/w" > /dev/null 2>&1
cat "$queries"/*.sql > "$work/queries.sql"

# The queries 16 times; per query the counters and the least time, for other work disturbs single runs. Columns: moved, scanned, microseconds.
measure() {
    { for run in {1..16}; do cat "$work/queries.sql"; done
      echo "SELECT 'FIGURES', sum(moved), sum(scanned), sum(time) FROM (SELECT query_text, max(moved_bytes) AS moved,
            max(scanned_bytes) AS scanned, min(execution_time) AS time FROM sys_query_history WHERE moved_bytes IS NOT NULL
            GROUP BY query_text) AS q;"; } > "$work/run.sql"
    "$depot" "$work/w" --no-header --format csv -f "$work/run.sql" > "$work/out.csv"
    grep '^FIGURES' "$work/out.csv" | cut -d, -f2-
}
answers() { "$depot" "$work/w" --no-header --format csv -f "$work/queries.sql" | sort | md5sum; }

IFS=, read -r moved scanned time <<< "$(measure)"
before=$(answers)
{ cat "$work/queries.sql"; echo "ADVISE;"; } > "$work/advise.sql"
"$depot" "$work/w" --no-header --format csv -f "$work/advise.sql" 2> "$work/notices" | grep -o '^"\?ALTER TABLE [^;]*;' | tr -d '"' > "$work/design.sql"
cat "$work/design.sql"
grep estimated "$work/notices"
"$depot" "$work/w" -f "$work/design.sql" > /dev/null 2>&1
IFS=, read -r moved_after scanned_after time_after <<< "$(measure)"
printf 'EVEN:    %10s bytes moved %10s bytes scanned %8s us\nadvised: %10s bytes moved %10s bytes scanned %8s us\n' \
    "$moved" "$scanned" "$time" "$moved_after" "$scanned_after" "$time_after"
[ "$before" = "$(answers)" ] || { echo "FAILED: the answers differ"; exit 1; }
[ $((moved_after * 4)) -lt "$moved" ] || { echo "FAILED: the bytes moved are more than a quarter"; exit 1; } # groups still meet
[ "$scanned_after" -lt "$scanned" ] || { echo "FAILED: as many bytes are scanned"; exit 1; }
[ "$time_after" -lt "$time" ] || { echo "FAILED: it takes as long"; exit 1; }
echo "passed"
