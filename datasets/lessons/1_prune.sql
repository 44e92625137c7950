-- Which files does a query open? Run it:  depot W -f datasets/lessons/1_prune.sql
--
-- A table that is partitioned by day keeps the rows of each month in files of their own. A condition on the column itself says
-- which of them can hold a row; the others are never opened. Once the column stands inside of a function, nothing is known about
-- it before it is read.

\echo Lesson 1: partitions are skipped by conditions on the bare column
DROP SCHEMA IF EXISTS lesson CASCADE;
CREATE SCHEMA lesson;
SET search_path = lesson, public;

-- Two years of sales, 24 partitions.
CREATE TABLE sales (day date, shop int, amount int) DISTSTYLE EVEN PARTITION BY (month(day));
INSERT INTO sales SELECT date '2023-01-01' + i % 730, i % 50, i % 1000 FROM generate_series(0, 72999) AS g(i);

\echo
\echo Question: what was sold in March 2024? Asked badly, the column hidden in a function:
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT sum(amount) FROM sales WHERE to_char(day, 'YYYY-MM') = '2024-03';
-- expect: Partitions = 24 of 24
-- remember: Bytes Scanned as hidden

\echo
\echo The same question, a range of the column itself. Look at Partitions and at Bytes Scanned:
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT sum(amount) FROM sales WHERE day >= '2024-03-01' AND day < '2024-04-01';
-- expect: Partitions = 1 of 24
-- expect: Bytes Scanned < 0.1 * hidden

\echo
\echo Both give the same answer:
SELECT (SELECT sum(amount) FROM sales WHERE to_char(day, 'YYYY-MM') = '2024-03')
     - (SELECT sum(amount) FROM sales WHERE day >= '2024-03-01' AND day < '2024-04-01') AS difference;
-- expect: answer 0

\echo
\echo A join can prune, too: the months that the small side keeps are known before the large side is read.
CREATE TABLE holidays (day date, name varchar(20)) DISTSTYLE ALL;
INSERT INTO holidays VALUES ('2023-12-25', 'Christmas'), ('2024-01-01', 'New Year');
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT sum(amount) FROM sales JOIN holidays USING (day) WHERE name = 'New Year';
-- expect: Partitions = 1 of 24

\echo
\echo NO_PRUNE reads everything, to see what pruning saves:
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT /*+ NO_PRUNE(sales) */ sum(amount) FROM sales WHERE day >= '2024-03-01' AND day < '2024-04-01';
-- expect: Partitions = 24 of 24

DROP SCHEMA lesson CASCADE;
