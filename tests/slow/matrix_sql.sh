#!/usr/bin/env bash
# All SQL tests over topologies, batch sizes and threads: every answer is the same. usage: matrix_sql.sh DEPOT
depot=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
runs=0 failed=0
for topology in "1 1" "1 2" "4 2"; do
    read -r nodes slices <<<"$topology"
    for batch in 1 7 2048; do
        for threads in 1 2; do
            runs=$((runs + 1))
            "$depot" test --nodes "$nodes" --slices "$slices" --set batch_rows=$batch --set threads=$threads tests/sql >/tmp/matrix_sql.$$ ||
                { failed=$((failed + 1)); echo "$nodes x $slices, batch_rows $batch, threads $threads:"; cat /tmp/matrix_sql.$$; }
            rm -f /tmp/matrix_sql.$$
        done
    done
done
echo "$runs combinations of topology, batch size and threads, $failed failed"
[ "$failed" = 0 ]
