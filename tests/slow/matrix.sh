#!/usr/bin/env bash
# The 13 SSB queries at scale 0.02 over the cross product of topologies, physical designs (distribution, partitions, sort order),
# every encoding forced in turn, batch sizes and threads: every answer equals SQLite's, and none is empty. Seed 2 is one at which
# all have rows. usage: matrix.sh DEPOT [small]
depot=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
topologies="1x1 1x2 1x8 4x2" encodings="auto raw constant runlength dict bitpack delta" batches="1 7 2048" threads="1 2"
[ "${2:-}" != small ] || { topologies="1x2 4x2" encodings="auto delta" batches="7 2048" threads="2"; }
"$depot" gen ssb --scale 0.02 --seed 2 --csv "$folder/csv" 2>/dev/null || exit 1

# What SQLite says, one sorted file per query.
{
    sed 's/^DISTSTYLE EVEN//' datasets/ssb/plain.sql
    for table in dates customer supplier part lineorder; do
        echo ".import $folder/csv/$table.tbl $table"
    done
} | sqlite3 "$folder/sqlite.db" || exit 1
for query in datasets/ssb/queries/*.sql; do
    name=$(basename "$query" .sql)
    sqlite3 -separator , "$folder/sqlite.db" <"$query" | sort >"$folder/$name.expected"
    [ "$(tr -d '\n ' <"$folder/$name.expected" | wc -c)" -gt 1 ] || { echo "$name has no rows"; exit 1; }
    echo "\\echo == $name"
    cat "$query"
done >"$folder/all.sql"

design_schema() { # the designs: as generated, tuned, sorted only, partitioned by bucket with another key
    case $1 in
    plain) cat datasets/ssb/plain.sql ;;
    tuned) cat datasets/ssb/plain.sql datasets/ssb/tuned.sql ;;
    sorted) sed '/CREATE TABLE lineorder/,/;/s/^DISTSTYLE EVEN/DISTSTYLE EVEN SORTKEY (lo_orderdate, lo_discount)/' datasets/ssb/plain.sql ;;
    bucket) sed -e '/CREATE TABLE lineorder/,/;/s/^DISTSTYLE EVEN/DISTKEY (lo_custkey) PARTITION BY (bucket(3, lo_suppkey))/' \
        -e '/CREATE TABLE customer/,/;/s/^DISTSTYLE EVEN/DISTKEY (c_custkey)/' datasets/ssb/plain.sql ;;
    esac
}

combinations=0 failed=0
for topology in $topologies; do
    for design in plain tuned sorted bucket; do
        for encoding in $encodings; do
            warehouse=$folder/w
            rm -rf "$warehouse"
            {
                design_schema $design
                for table in dates customer supplier part lineorder; do
                    echo "COPY $table FROM '$folder/csv/$table.tbl' (FORMAT csv, DELIMITER '|');"
                done
            } >"$folder/load.sql"
            "$depot" "$warehouse" --nodes "${topology%x*}" --slices "${topology#*x}" --set force_encoding=$encoding \
                --set block_rows=2048 --format csv -f "$folder/load.sql" 2>"$folder/errors" ||
                { cat "$folder/errors"; failed=$((failed + 1)); continue; }
            for batch in $batches; do
                for thread in $threads; do
                    combinations=$((combinations + 1))
                    "$depot" "$warehouse" --format csv --no-header --set batch_rows=$batch --set threads=$thread \
                        -f "$folder/all.sql" >"$folder/answers" 2>"$folder/errors" || cat "$folder/errors"
                    for query in datasets/ssb/queries/*.sql; do
                        name=$(basename "$query" .sql)
                        sed -n "/^== $name\$/,/^== /p" "$folder/answers" | grep -v '^== ' | sort |
                            cmp -s - "$folder/$name.expected" ||
                            { failed=$((failed + 1)); echo "$name differs: $topology $design $encoding batch $batch threads $thread"; }
                    done
                done
            done
        done
    done
done
echo "$combinations combinations of topology, design, encoding, batch size and threads, 13 answers each"
echo "$((combinations * 13 - failed)) passed, $failed failed"
[ $failed = 0 ]
