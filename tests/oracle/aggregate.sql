-- Statements that mean the same to SQLite: aggregates. compare.py runs them through both engines.
CREATE TABLE t (g int, h varchar(10), x int, y decimal(10,2), z double precision, d date, b boolean, big bigint, sm smallint);
INSERT INTO t VALUES
 (1, 'a', 1, 1.10, 1.5, '2020-01-01', true, 5000000000, 1),
 (1, 'a', 2, NULL, 2.5, '2020-01-05', false, 1, 2),
 (1, 'b', NULL, 3.30, NULL, NULL, NULL, NULL, NULL),
 (2, 'b', 4, 4.40, -1.5, '2019-12-31', true, -7, 30000),
 (2, NULL, 4, 4.40, 0, '2022-02-02', true, 3, 30000),
 (NULL, 'a', 7, -7.70, 1e10, '2020-01-01', false, 9, -4),
 (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (3, 'c', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE e (g int, x int, y decimal(10,2), z double precision, d date, h varchar(3));
SELECT count(*), count(x), count(DISTINCT x), count(h), count(DISTINCT h), count(b) FROM t;
SELECT sum(x), sum(y), sum(z), sum(big), sum(sm) FROM t;
SELECT avg(x), avg(y), avg(z), avg(big), avg(sm) FROM t;
SELECT min(x), max(x), min(y), max(y), min(z), max(z) FROM t;
SELECT min(h), max(h), min(d), max(d), min(big), max(sm) FROM t;
SELECT sum(DISTINCT x), avg(DISTINCT x), min(DISTINCT x), max(DISTINCT x), sum(DISTINCT y), count(DISTINCT y) FROM t;
SELECT count(*), count(x), sum(x), avg(x), min(x), max(x) FROM e;
SELECT sum(y), avg(y), sum(z), min(d), max(h), count(DISTINCT h) FROM e;
SELECT g, count(*) FROM e GROUP BY g;
SELECT count(*) FROM e HAVING count(*) > 0;
SELECT count(*) FROM e HAVING count(*) = 0;
SELECT g, count(*), count(x), sum(x), avg(x), min(x), max(x) FROM t GROUP BY g;
SELECT g, sum(y), avg(y), min(y), max(y) FROM t GROUP BY g;
SELECT g, sum(z), min(d), max(d), min(h), max(h) FROM t GROUP BY g;
SELECT h, count(*), sum(big), max(sm) FROM t GROUP BY h;
SELECT g, h, count(*) FROM t GROUP BY g, h;
SELECT b, count(*) FROM t GROUP BY b;
SELECT d, count(*) FROM t GROUP BY d;
SELECT y, count(*) FROM t GROUP BY y;
SELECT g, count(DISTINCT x), count(DISTINCT h), sum(DISTINCT x) FROM t GROUP BY g;
SELECT g, count(DISTINCT x), sum(x), count(*) FROM t GROUP BY g;
SELECT count(*) FILTER (WHERE x > 2), sum(x) FILTER (WHERE h = 'a'), count(x) FILTER (WHERE b) FROM t;
SELECT count(*) FILTER (WHERE NULL), sum(x) FILTER (WHERE false), min(h) FILTER (WHERE x IS NULL) FROM t;
SELECT g, count(*) FILTER (WHERE h = 'a'), sum(x) FILTER (WHERE h = 'a'), max(d) FILTER (WHERE b) FROM t GROUP BY g;
SELECT g, count(DISTINCT x) FILTER (WHERE x < 5), sum(DISTINCT x) FILTER (WHERE h IS NOT NULL) FROM t GROUP BY g;
SELECT sum(x) FILTER (WHERE x > 1) - sum(x) FILTER (WHERE x <= 1) FROM t;
SELECT sum(x + 1), sum(x) + count(*), sum(x * 2) / count(x), max(x) - min(x) FROM t;
SELECT sum(CASE WHEN b THEN 1 ELSE 0 END), count(CASE WHEN b THEN 1 END), count(nullif(x, 4)) FROM t;
SELECT max(upper(h)), min(h || '!'), max(length(h)) FROM t;
SELECT sum(x) FROM t WHERE x > 100;
SELECT count(*) FROM t WHERE x > 100;
SELECT g, sum(x) FROM t WHERE x > 100 GROUP BY g;
SELECT sum(1), count(*), avg(2) FROM t WHERE false;
SELECT count(*), 'const' FROM t;
-- which rows an aggregate without GROUP BY returns
SELECT count(*) FROM t WHERE false;
SELECT count(*) FROM (SELECT 1 WHERE false) q;
SELECT max(n) FROM (SELECT count(*) AS n FROM t GROUP BY g) q;
SELECT count(*) FROM (SELECT DISTINCT g, h FROM t) q;
