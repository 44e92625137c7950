-- What does a join cost when both sides come sorted? Run it:  depot W -f datasets/lessons/6_merge_join.sql
--
-- A hash join builds a table of one side in memory and looks every row of the other side up in it. If both tables have the join's
-- column as DISTKEY and as first SORTKEY, equal keys meet by walking along both: no hash table, no sort, a few batches of memory.

\echo Lesson 6: sorted, co-located tables are merged
DROP SCHEMA IF EXISTS lesson CASCADE;
ALTER WAREHOUSE RESIZE NODES 4 SLICES 2;
CREATE SCHEMA lesson;
SET search_path = lesson, public;

CREATE TABLE orders (id int, day date, note varchar(40)) DISTKEY (id) SORTKEY (id);
CREATE TABLE lines (order_id int, price int, note varchar(40)) DISTKEY (order_id) SORTKEY (order_id);
INSERT INTO orders SELECT i, date '2024-01-01' + i % 366, 'order ' || i FROM generate_series(1, 350000) AS g(i);
INSERT INTO lines SELECT 1 + i % 350000, i % 1000, 'line ' || i FROM generate_series(1, 350000) AS g(i);

\echo
\echo Merged. Look at the Memory of the join, and that no Hash stands below it:
EXPLAIN (ANALYZE, TIMING off)
SELECT count(*), max(orders.note), max(lines.note) FROM orders JOIN lines ON id = order_id;
-- expect: says XN Merge Join DS_DIST_NONE
-- expect: never says XN Hash
-- expect: never says XN Sort
-- expect: Bytes Moved = 0
-- remember: Memory as merged

\echo
\echo Hashed, by a setting:
SET enable_mergejoin = off;
EXPLAIN (ANALYZE, TIMING off)
SELECT count(*), max(orders.note), max(lines.note) FROM orders JOIN lines ON id = order_id;
-- expect: says XN Hash Join DS_DIST_NONE
-- expect: Memory > 10 * merged
RESET enable_mergejoin;

\echo
\echo Without the sort key it cannot be merged, though rows still stand together:
ALTER TABLE lines ALTER SORTKEY NONE;
EXPLAIN SELECT count(*), max(orders.note), max(lines.note) FROM orders JOIN lines ON id = order_id;
-- expect: says XN Hash Join DS_DIST_NONE

DROP SCHEMA lesson CASCADE;
