-- What does the optimizer do with wrong statistics? Run it:  depot W -f datasets/lessons/7_statistics.sql
--
-- How a join moves its rows is decided before it runs, by how many rows each side is believed to have. SET STATISTICS fakes that
-- number: a table that was loaded since the last ANALYZE looks like this. ANALYZE repairs it.

\echo Lesson 7: a table believed to be small is copied to every node
DROP SCHEMA IF EXISTS lesson CASCADE;
ALTER WAREHOUSE RESIZE NODES 4 SLICES 2;
CREATE SCHEMA lesson;
SET search_path = lesson, public;

CREATE TABLE facts (key int, amount int) DISTSTYLE EVEN;
CREATE TABLE large (key int, name varchar(30)) DISTSTYLE EVEN;
INSERT INTO facts SELECT i * 7919::bigint % 100000, i % 1000 FROM generate_series(1, 100000) AS g(i);
INSERT INTO large SELECT i, 'a name with the number ' || i FROM generate_series(1, 100000) AS g(i);
ANALYZE;

\echo
\echo With true statistics both sides are redistributed:
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT count(name), sum(amount) FROM facts JOIN large USING (key);
-- expect: says DS_DIST_BOTH
-- remember: Bytes Moved as right

\echo
\echo Believed to have 100 rows. Look at rows= of the estimate and of what came, and at Bytes Moved:
ALTER TABLE large SET STATISTICS (rows = 100);
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT count(name), sum(amount) FROM facts JOIN large USING (key);
-- expect: says DS_BCAST_INNER
-- expect: Bytes Moved > 1.5 * right

\echo
\echo After ANALYZE:
ANALYZE large;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT count(name), sum(amount) FROM facts JOIN large USING (key);
-- expect: says DS_DIST_BOTH
-- expect: Bytes Moved = right

DROP SCHEMA lesson CASCADE;
