-- What does one hot key do to a cluster? Run it:  depot W -f datasets/lessons/5_skew.sql
--
-- Rows of equal keys stand together, so all rows of one customer are on one slice. If one customer makes half of the business,
-- this slice does half of the work, while the others wait. EVEN never has this problem. A join by a skewed key can be salted: the
-- hot key's outer rows are spread over all nodes, the few inner rows that they meet are copied to each.

\echo Lesson 5: a hot key fills one slice
DROP SCHEMA IF EXISTS lesson CASCADE;
ALTER WAREHOUSE RESIZE NODES 4 SLICES 2;
CREATE SCHEMA lesson;
SET search_path = lesson, public;

-- Customer 1 has every second sale.
CREATE TABLE sales (customer int, amount int) DISTKEY (customer);
INSERT INTO sales SELECT CASE WHEN i % 2 = 0 THEN 1 ELSE i % 20000 END, i % 100 FROM generate_series(1, 200000) AS g(i);
CREATE TABLE even_sales (customer int, amount int) DISTSTYLE EVEN;
INSERT INTO even_sales SELECT * FROM sales;
CREATE TABLE customers (customer int, name varchar(80)) DISTSTYLE EVEN;
INSERT INTO customers SELECT i, rpad('customer ' || i, 60, '.') FROM generate_series(0, 19999) AS g(i);
ANALYZE;

\echo
\echo Rows of the fullest slice per row of the emptiest (skew_rows), as Redshift shows it:
SELECT "table", diststyle, tbl_rows, round(skew_rows::decimal(9, 2), 2) AS skew_rows
FROM svv_table_info WHERE "table" IN ('sales', 'even_sales') ORDER BY 1;
-- expect: answer even_sales EVEN 200000 1.00

\echo
\echo A scan of the skewed table. Skew is the fullest slice over the mean of the 8: what a cluster waits for.
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT sum(amount) FROM sales;
-- expect: Skew > 3

\echo
\echo Dealt out one by one, all slices have the same:
EXPLAIN (ANALYZE, TIMING off, MEMORY off) SELECT sum(amount) FROM even_sales;
-- expect: Skew < 1.01

\echo
\echo A join by the hot key has to bring its rows together (customers are EVEN, copying them is forbidden here). Without salt:
SET join_move = both;
SET enable_salting = off;
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT count(name), sum(amount) FROM even_sales JOIN customers USING (customer);
-- expect: Skew > 3
-- expect: never says Salted
-- remember: Bytes Moved as unsalted

\echo
\echo With salt, which costs some copies of the hot key's one partner. The optimizer knows the hot key from the common values that ANALYZE found:
SET enable_salting = on;
EXPLAIN (ANALYZE, TIMING off, MEMORY off)
SELECT count(name), sum(amount) FROM even_sales JOIN customers USING (customer);
-- expect: Skew < 1.3
-- expect: says Salted: rows of 1 hot key are spread over all slices
-- expect: Bytes Moved < 1.1 * unsalted
RESET enable_salting;
RESET join_move;

DROP SCHEMA lesson CASCADE;
