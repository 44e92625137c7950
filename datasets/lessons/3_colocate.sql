-- Where do the rows of two facts meet? Run it:  depot W -f datasets/lessons/3_colocate.sql
--
-- A join needs rows of equal keys in one place. Tables with the same DISTKEY as the join have them there already: nothing moves
-- (DS_DIST_NONE). Otherwise rows cross the network on every run of the query, all columns that it needs with them.

\echo Lesson 3: facts that share a DISTKEY join in place, others move first
DROP SCHEMA IF EXISTS lesson CASCADE;
ALTER WAREHOUSE RESIZE NODES 4 SLICES 2;
CREATE SCHEMA lesson;
SET search_path = lesson, public;

CREATE TABLE orders (id int, customer int, note varchar(40)) DISTSTYLE EVEN;
CREATE TABLE lines (order_id int, part int, price int, note varchar(40)) DISTSTYLE EVEN;
INSERT INTO orders SELECT i, i % 5000, 'order ' || i FROM generate_series(1, 50000) AS g(i);
INSERT INTO lines SELECT 1 + i % 50000, i % 777, i % 1000, 'line ' || i FROM generate_series(1, 200000) AS g(i);

\echo
\echo Question: revenue of customer 42's orders against everybody's. Dealt out one by one, rows have to move. Look at Bytes Moved:
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT count(*), sum(price) FROM orders JOIN lines ON id = order_id WHERE customer >= 42;
-- expect: never says DS_DIST_NONE
-- remember: Bytes Moved as narrow
-- expect: Bytes Moved > 0

\echo
\echo A wider column in the SELECT travels along:
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT count(*), sum(price), max(orders.note), max(lines.note) FROM orders JOIN lines ON id = order_id WHERE customer >= 42;
-- expect: Bytes Moved > 1.5 * narrow
-- remember: Bytes Moved as wide

\echo
\echo One of them by the order's key: the other one still moves.
ALTER TABLE lines ALTER DISTKEY order_id;
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT count(*), sum(price), max(orders.note), max(lines.note) FROM orders JOIN lines ON id = order_id WHERE customer >= 42;
-- expect: Bytes Moved > 0
-- expect: Bytes Moved < wide

\echo
\echo Both: nothing moves.
ALTER TABLE orders ALTER DISTKEY id;
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT count(*), sum(price), max(orders.note), max(lines.note) FROM orders JOIN lines ON id = order_id WHERE customer >= 42;
-- expect: says DS_DIST_NONE
-- expect: Bytes Moved = 0

\echo
\echo A DISTKEY serves one join. By the part, lines are in the wrong places again:
CREATE TABLE parts (id int, name varchar(20)) DISTKEY (id);
INSERT INTO parts SELECT i, 'part ' || i FROM generate_series(0, 776) AS g(i);
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT name, sum(price) FROM lines JOIN parts ON part = id GROUP BY name;
-- expect: Bytes Moved > 0

DROP SCHEMA lesson CASCADE;
