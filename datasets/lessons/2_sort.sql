-- What does a sort key save? Run it:  depot W -f datasets/lessons/2_sort.sql
--
-- Every block knows the least and the greatest value of its rows (its zone map; stv_blocklist shows them all). A condition skips
-- the blocks whose range cannot hold a match. In a sorted table neighbours stand together, ranges are narrow, and nearly every
-- block is skipped; in a shuffled one each block spans everything, and all are read.

\echo Lesson 2: zone maps skip blocks of a sorted table, and none of a shuffled one
DROP SCHEMA IF EXISTS lesson CASCADE;
CREATE SCHEMA lesson;
SET search_path = lesson, public;

-- The same 400,000 events twice; the numbers of the shuffled ones jump about.
CREATE TABLE shuffled (moment int, sensor int, reading int) DISTSTYLE EVEN WITH (block_rows = 2048);
INSERT INTO shuffled SELECT i * 7919::bigint % 400000, i % 100, i * 31 % 1009 FROM generate_series(0, 399999) AS g(i);
CREATE TABLE sorted (moment int, sensor int, reading int) DISTSTYLE EVEN SORTKEY (moment) WITH (block_rows = 2048);
INSERT INTO sorted SELECT * FROM shuffled;

\echo
\echo Question: the readings of one hundred moments. Shuffled: look at the Funnel, every block is read.
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT sum(reading) FROM shuffled WHERE moment BETWEEN 5000 AND 5099;
-- remember: Blocks as shuffled
-- remember: Bytes Scanned as bytes
-- expect: Blocks > 190

\echo
\echo Sorted by the moment: one block on each of the 8 slices, two where the range crosses an edge.
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT sum(reading) FROM sorted WHERE moment BETWEEN 5000 AND 5099;
-- expect: Blocks <= 16
-- expect: Bytes Scanned < 0.15 * bytes

\echo
\echo The sort key helps its leading column only: by sensor, the sorted table is as bad as the other.
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT sum(reading) FROM sorted WHERE sensor = 7;
-- expect: Blocks = shuffled

\echo
\echo A table can be sorted afterwards. The notice says what that costs: all of it is written again.
ALTER TABLE shuffled ALTER SORTKEY (moment);
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT sum(reading) FROM shuffled WHERE moment BETWEEN 5000 AND 5099;
-- expect: Blocks <= 16

DROP SCHEMA lesson CASCADE;
