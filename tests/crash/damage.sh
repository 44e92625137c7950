#!/usr/bin/env bash
# Every single-byte change in every file of a small warehouse gives an error that names a file, or the unchanged answer; never
# another answer, a crash or a hang. usage: damage.sh DEPOT [STEP: every STEP-th byte]
set -uo pipefail
source "$(dirname "$0")/../script.sh"
step=${2:-1}
question="SELECT * FROM lines ORDER BY n; SELECT min(day), max(word), count(price) FROM lines;
    SELECT count(*), sum(a), sum(b), sum(c), min(d), max(d), min(e), max(e), sum(f), count(g), sum(h) FROM blocks;
    SELECT a, count(*), sum(b), max(d), max(e) FROM blocks WHERE b > 100 AND c < 20 GROUP BY a ORDER BY a"
"$depot" "$folder/w" -c "CREATE TABLE lines (n integer, word varchar(30), day date, price decimal(10,2)) PARTITION BY (year(day));
    INSERT INTO lines SELECT g, 'word ' || g % 7, DATE '1995-12-01' + g, g / 4.0 FROM generate_series(1, 60) AS s(g);
    CREATE TABLE blocks (a smallint ENCODE bitpack, b integer ENCODE delta, c bigint ENCODE runlength, d varchar(20) ENCODE dict,
        e varchar(20) ENCODE lzo, f double precision ENCODE zstd, g date, h integer) DISTSTYLE EVEN WITH (block_rows = 2048);
    INSERT INTO blocks SELECT g % 5, g, g / 200, 'name ' || g % 7, 'text ' || g / 50, g / 4, CASE WHEN g % 3 = 0 THEN NULL
        ELSE DATE '2000-01-01' + g / 100 END, g / 4 * 7919 % 1000 FROM generate_series(1, 4200) AS s(g);
    DELETE FROM lines WHERE n % 7 = 3; DELETE FROM blocks WHERE b % 10 = 4 OR b BETWEEN 300 AND 700" >/dev/null ||
    fail "making the warehouse"
python3 "$(dirname "$0")/damage.py" "$depot" "$folder" "$question" "$step"
