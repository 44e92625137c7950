#!/usr/bin/env bash
# Skew follows the generator's Zipf knob, where a table is distributed by the skewed key and where it is redistributed by it;
# salting brings the redistribution under 1.3 with the same answer; and on random tables salted joins give SQLite's rows.
# usage: salting.sh DEPOT (SEEDS random worlds, from FIRST on)
source "$(dirname "$0")/../script.sh"
cd "$(dirname "$0")/../.." || exit 1
less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }
run() { timeout 120 "$depot" "$folder/w$zipf" --format csv --no-header -c "SET join_move = both; $1"; }
# skew_below LINE PLAN: the first "Skew: N" behind that line
skew_below() { sed -n "/$1/,\$p" <<<"$2" | grep -o 'Skew: [0-9.]*' | head -n 1 | cut -d' ' -f2; }

join="SELECT count(*), sum(lo_revenue), sum(c_custkey) FROM lineorder, customer WHERE lo_custkey = c_custkey"
analyze="EXPLAIN (ANALYZE, TIMING off, MEMORY off)"
echo "zipf  by key  moved  salted  bytes moved  salted (rows of the fullest of 8 slices over the mean)"
before=0
for zipf in 0 0.8 1.1 1.4; do
    "$depot" gen ssb --scale 0.02 --zipf $zipf --nodes 4 --slices 2 --into "$folder/w$zipf" 2>/dev/null || exit 1
    run "CREATE TABLE by_key DISTKEY (lo_custkey) AS SELECT * FROM lineorder; ANALYZE lineorder; ANALYZE customer" >/dev/null
    stored=$(skew_below 'Seq Scan on by_key' "$(run "$analyze SELECT sum(lo_revenue) FROM by_key")")
    plain=$(run "SET enable_salting = off; $analyze $join") salted=$(run "$analyze $join")
    moved=$(skew_below 'Distribute by lineorder.lo_custkey' "$plain")
    evened=$(skew_below 'Distribute by lineorder.lo_custkey' "$salted")
    bytes() { sed -n 's/.*Bytes Moved: \([0-9]*\).*/\1/p' <<<"$1"; }
    echo "$zipf  $stored  $moved  $evened  $(bytes "$plain")  $(bytes "$salted")"
    check "$zipf: a table by the key and a redistribution by it are skewed alike" less "$(awk "BEGIN { d = $stored - $moved; print d < 0 ? -d : d }")" 0.03
    check "$zipf: more skew than before" less "$before" "$moved"
    check "$zipf: salted under 1.3" less "$evened" 1.3
    check "$zipf: the same answer" [ "$(run "$join")" = "$(run "SET enable_salting = off; $join")" ]
    before=$moved
done
check "the steepest is salted" grep -q 'Salted' <<<"$salted"
check "nothing is salted where salting is off" [ "$(grep -c Salted <<<"$plain")" = 0 ]
echo "$passed passed, $failed failed"
python3 -B tests/slow/salting.py "$depot" "${FIRST:-1}" "${SEEDS:-4}" && [ "$failed" = 0 ]
