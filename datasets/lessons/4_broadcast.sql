-- When is copying a table to every node cheap? Run it:  depot W -f datasets/lessons/4_broadcast.sql
--
-- A join whose tables are not by its key has two ways out. It broadcasts the inner side: every node gets all of its rows, the
-- outer side stays where it is. Or it redistributes: each row of either side goes to the one node that its key belongs to. A
-- broadcast costs the inner side times the other nodes, a redistribution both sides about once: small tables are broadcast, large
-- ones are not, and the more nodes there are, the smaller "small" is.

\echo Lesson 4: small tables are broadcast, large ones redistributed
DROP SCHEMA IF EXISTS lesson CASCADE;
ALTER WAREHOUSE RESIZE NODES 4 SLICES 2;
CREATE SCHEMA lesson;
SET search_path = lesson, public;

CREATE TABLE facts (key int, amount int) DISTSTYLE EVEN;
INSERT INTO facts SELECT i * 7919::bigint % 100000, i % 1000 FROM generate_series(1, 100000) AS g(i);
CREATE TABLE small (key int, name varchar(12)) DISTSTYLE EVEN;
INSERT INTO small SELECT i, 'n' || i FROM generate_series(1, 500) AS g(i);
CREATE TABLE large (key int, name varchar(12)) DISTSTYLE EVEN;
INSERT INTO large SELECT i, 'n' || i FROM generate_series(1, 100000) AS g(i);

\echo
\echo 500 rows, three times over the network:
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT count(name), sum(amount) FROM facts LEFT JOIN small USING (key);
-- expect: says DS_BCAST_INNER
-- remember: Bytes Moved as few

\echo
\echo The other way, forced. Look at Bytes Moved: now the facts travel, too.
SET join_move = both;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT count(name), sum(amount) FROM facts LEFT JOIN small USING (key);
-- expect: says DS_DIST_BOTH
-- expect: Bytes Moved > 5 * few
RESET join_move;

\echo
\echo As many rows as the facts have. Copying them to all nodes would cost more than moving each row of both sides once:
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT count(name), sum(amount) FROM facts JOIN large USING (key);
-- expect: says DS_DIST_BOTH
-- remember: Bytes Moved as both

\echo
\echo The broadcast, forced:
SET join_move = broadcast;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT count(name), sum(amount) FROM facts JOIN large USING (key);
-- expect: says DS_BCAST_INNER
-- expect: Bytes Moved > both
RESET join_move;

\echo
\echo DISTSTYLE ALL is a broadcast made once, when rows are loaded: no query moves them again.
ALTER TABLE small ALTER DISTSTYLE ALL;
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT count(name), sum(amount) FROM facts LEFT JOIN small USING (key);
-- expect: says DS_DIST_ALL_NONE
-- expect: Bytes Moved = 0

DROP SCHEMA lesson CASCADE;
