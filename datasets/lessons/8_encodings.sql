-- How few bytes can a column be? Run it:  depot W -f datasets/lessons/8_encodings.sql
--
-- Each block of a column is stored in an encoding: as it is (raw), as differences, in few bits, as runs, as numbers of a
-- dictionary's entries. Which one is small depends on the values and on their order. ENCODE AUTO, the default, tries them on each
-- column that is loaded.

\echo Lesson 8: encodings, and what order does to them
DROP SCHEMA IF EXISTS lesson CASCADE;
CREATE SCHEMA lesson;
SET search_path = lesson, public;

CREATE TABLE raw_log (day date ENCODE raw, country varchar(20) ENCODE raw, status int ENCODE raw, price int ENCODE raw)
    DISTSTYLE EVEN;
INSERT INTO raw_log SELECT date '2024-01-01' + i / 1000, 'country ' || i * 31 % 17, 200 + i % 3, i * 7919::bigint % 100003
FROM generate_series(0, 199999) AS g(i);
CREATE TABLE log (day date, country varchar(20), status int, price int) DISTSTYLE EVEN;
INSERT INTO log SELECT * FROM raw_log;

\echo
\echo Bytes per column, raw and as ENCODE AUTO stores it:
SELECT name AS "table", col, sum(bytes) AS bytes, sum(num_values) AS rows
FROM svv_diskusage WHERE name IN ('log', 'raw_log') GROUP BY 1, 2 ORDER BY 2, 1;

\echo
\echo A scan reads as many bytes as its columns take. Raw:
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT country, max(price) FROM raw_log WHERE status = 200 GROUP BY country;
-- remember: Bytes Scanned as raw

\echo
\echo Encoded:
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT country, max(price) FROM log WHERE status = 200 GROUP BY country;
-- expect: Bytes Scanned < 0.25 * raw
-- remember: Bytes Scanned as encoded

\echo
\echo Sorted by the country, equal values stand in runs: a run is one value and a length.
ALTER TABLE log ALTER SORTKEY (country, status);
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT country, max(price) FROM log WHERE status = 200 GROUP BY country;
-- expect: Bytes Scanned < encoded

\echo
\echo Which encoding would be smallest? ANALYZE COMPRESSION tries all of them on a sample:
ANALYZE COMPRESSION raw_log;
-- expect: says bitpack

DROP SCHEMA lesson CASCADE;
