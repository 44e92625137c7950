#!/usr/bin/env bash
# All SQL tests over topologies, batch sizes and threads, and those of operators that spill with everything spilled, row by row:
# every answer is the same. Files of large tables leave out batches of one row ("require batch_rows"). usage: matrix_sql.sh DEPOT
depot=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
runs=0 failed=0
run() { # run WHAT ARGUMENT...
    what=$1
    shift
    runs=$((runs + 1))
    "$depot" test "$@" >/tmp/matrix_sql.$$ || { failed=$((failed + 1)); echo "$what:"; cat /tmp/matrix_sql.$$; }
    rm -f /tmp/matrix_sql.$$
}
for topology in "1 1" "1 2" "4 2"; do
    read -r nodes slices <<<"$topology"
    for batch in 1 7 2048; do
        for threads in 1 2; do
            run "$nodes x $slices, batch_rows $batch, threads $threads" --nodes "$nodes" --slices "$slices" \
                --set batch_rows=$batch --set threads=$threads tests/sql
        done
    done
done
run "everything spilled row by row" --set batch_rows=1 --set force_spill=on tests/sql/{aggregate,cte,group_by,join,order,subquery,union,window}
echo "$runs combinations of topology, batch size and threads, $failed failed"
[ "$failed" = 0 ]
