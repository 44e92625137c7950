#!/usr/bin/env bash
# What SHOW CREATE prints makes the same relation again: run on an empty warehouse, it prints the same.
set -eu
depot=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/tables.sql" <<'EOF'
CREATE TABLE a (id INTEGER PRIMARY KEY, "Odd Name" VARCHAR(20) NOT NULL DEFAULT 'it''s', d DATE, n DECIMAL(10,2) ENCODE zstd,
    t TIMESTAMP, z TIMESTAMPTZ, r REAL, x DOUBLE PRECISION, c CHAR(3), b BOOLEAN, s SMALLINT, g BIGINT ENCODE raw, v VARCHAR,
    CHECK (n > 0), UNIQUE (d, t)) DISTKEY (id) SORTKEY (d, id) PARTITION BY (year(d), bucket(4, id), s);
CREATE TABLE b (x INTEGER REFERENCES a (id), "select" INTEGER, CONSTRAINT odd CHECK ("select" % 2 = 1)) DISTSTYLE ALL;
CREATE TABLE c (x INTEGER) DISTSTYLE EVEN SORTKEY (x);
CREATE VIEW w AS WITH big AS (SELECT id, n FROM a WHERE n > 1) SELECT id AS "Id", sum(n) AS total FROM big GROUP BY 1;
EOF
show() {
    for name in "TABLE a" "TABLE b" "TABLE c" "VIEW w"; do
        "$depot" "$1" --format csv --no-header -c "SHOW CREATE $name" | sed 's/^"//; s/"$//; s/""/"/g'
        echo ";"
    done
}
"$depot" "$dir/first" -f "$dir/tables.sql" >/dev/null 2>&1
show "$dir/first" >"$dir/first.sql"
"$depot" "$dir/second" -f "$dir/first.sql" >/dev/null 2>&1
show "$dir/second" >"$dir/second.sql"
[ "$(grep -c CREATE "$dir/first.sql")" = 4 ] && diff "$dir/first.sql" "$dir/second.sql" && echo "show_create: round trip as it should be"
