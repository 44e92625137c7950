#!/usr/bin/env bash
# EXPLAIN (ANALYZE, TIMING off, MEMORY off) prints the same bytes at any number of threads and in every run, so that slides and
# homework can quote it: joins that move rows, join filters, aggregates, windows, sorts, LIMITs that stop scans early.
set -e
depot=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/setup.sql" <<'SQL'
CREATE TABLE f (a int, b int, d date, v decimal(10,2)) DISTKEY (a) SORTKEY (d) PARTITION BY (year(d));
CREATE TABLE g (a int, b int, s varchar(30)) DISTKEY (b);
CREATE TABLE c (k int, name varchar(20)) DISTSTYLE EVEN;
CREATE TABLE e (k int, x int) DISTSTYLE ALL;
INSERT INTO f SELECT n, n % 977, date '1995-01-01' + n % 1461, n % 1000 FROM generate_series(1, 60000) g(n);
INSERT INTO g SELECT n, n % 977, 'text ' || n % 100 FROM generate_series(1, 30000) g(n);
INSERT INTO c SELECT n, 'name ' || n FROM generate_series(0, 976) g(n);
INSERT INTO e SELECT n, n % 7 FROM generate_series(0, 976) g(n);
DELETE FROM g WHERE a % 10 = 3;
SQL
cat >"$dir/queries.sql" <<'SQL'
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT count(*), sum(v) FROM f WHERE d BETWEEN '1996-02-01' AND '1996-05-31' AND b < 100;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT name, sum(v) FROM f JOIN c ON f.b = c.k WHERE name LIKE 'name 1%' GROUP BY name ORDER BY 2 DESC, 1 LIMIT 5;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT count(*) FROM f JOIN g ON f.b = g.b JOIN e ON e.k = g.b WHERE e.x = 3 AND g.a < 900;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT count(*) FROM f JOIN g ON f.a = g.a LEFT JOIN c ON c.k = g.b WHERE s <> 'text 5';
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT s, count(DISTINCT b) FROM g GROUP BY s;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT max(r) FROM (SELECT rank() OVER (PARTITION BY b ORDER BY v, a) AS r FROM f) t;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT a FROM f WHERE b = 5 LIMIT 3;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT * FROM g ORDER BY s, a LIMIT 10;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) WITH x AS (SELECT b, sum(v) AS n FROM f GROUP BY b) SELECT count(*) FROM x JOIN x y ON x.n = y.n;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT b FROM f WHERE b IN (SELECT b FROM g WHERE a < 50) UNION SELECT k FROM e;
EXPLAIN (ANALYZE, TIMING off, MEMORY off, FORMAT JSON) SELECT count(*) FROM f JOIN g ON f.b = g.b WHERE g.a < 900;
SQL
wrong=0 checks=0
for topology in 1x2 2x2 4x2; do
    "$depot" "$dir/w$topology" --nodes "${topology%x*}" --slices "${topology#*x}" -f "$dir/setup.sql" >/dev/null 2>&1
    for threads in 1 2 8 8; do
        "$depot" "$dir/w$topology" --set threads=$threads --format tsv -f "$dir/queries.sql" >"$dir/out" 2>&1
        checks=$((checks + 1))
        if [ ! -e "$dir/first$topology" ]; then
            mv "$dir/out" "$dir/first$topology"
        elif ! cmp -s "$dir/out" "$dir/first$topology"; then
            wrong=$((wrong + 1))
            echo "WRONG   $topology with $threads threads"
            diff "$dir/first$topology" "$dir/out" | head -20
        fi
    done
    ! grep -q "^ERROR" "$dir/first$topology" || { echo "WRONG   $(grep "^ERROR" "$dir/first$topology")" && wrong=$((wrong + 1)); }
    grep -q "^Bytes Moved: [1-9]" "$dir/first$topology" || [ $topology = 1x2 ] || { echo "WRONG   nothing moves" && wrong=$((wrong + 1)); }
done
echo "$checks runs, $wrong wrong"
[ $wrong = 0 ]
