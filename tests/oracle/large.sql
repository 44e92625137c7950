-- Tables past one batch and one block, made without functions that SQLite lacks.
CREATE TABLE digit (d int);
INSERT INTO digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE fact (id int, k int, g int, s varchar(20), n decimal(10,2));
INSERT INTO fact SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d,
 (a.d * 7 + b.d * 131 + c.d * 17 + e.d * 1009 + f.d * 3) % 1500,
 CASE WHEN (a.d + b.d) % 9 = 0 THEN NULL ELSE (a.d + c.d * 3 + e.d) % 13 END,
 CASE WHEN c.d = 7 THEN NULL ELSE 's' || (a.d * c.d + e.d) END,
 (a.d * 100 + b.d * 7 - e.d * 55) * 0.25
 FROM digit a, digit b, digit c, digit e, digit f WHERE f.d < 3;
CREATE TABLE dim (k int, name varchar(20), grp int);
INSERT INTO dim SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d, 'name ' || (a.d + b.d), CASE WHEN a.d = 3 THEN NULL ELSE (a.d + b.d + c.d) % 11 END
 FROM digit a, digit b, digit c, digit e WHERE e.d < 2 AND a.d <> 5;
SELECT count(*), count(g), count(s), sum(id), sum(k), sum(g), sum(n), min(s), max(s), min(n), max(n) FROM fact;
SELECT g, count(*), sum(n), avg(k), min(id), max(id) FROM fact GROUP BY g;
SELECT s, count(*), sum(k) FROM fact GROUP BY s;
SELECT g, s, count(*), sum(n) FROM fact GROUP BY g, s;
SELECT k, count(*), sum(id), count(DISTINCT g), count(DISTINCT s) FROM fact GROUP BY k;
SELECT count(DISTINCT k), count(DISTINCT g), count(DISTINCT s), count(DISTINCT n) FROM fact;
SELECT k % 7, g, count(*) FROM fact GROUP BY k % 7, g HAVING count(*) > 100;
SELECT id / 1000, count(*), sum(n) FROM fact WHERE s LIKE 's1%' GROUP BY id / 1000;
SELECT count(*), sum(n) FROM fact WHERE g IN (1, 3, 5) AND k BETWEEN 100 AND 900;
SELECT count(*), sum(n) FROM fact WHERE g NOT IN (1, 3, 5) OR s IS NULL;
SELECT count(*), sum(id) FROM fact WHERE s LIKE '%3' AND n < 0;
SELECT count(*), sum(id) FROM fact WHERE s > 's2' AND s <= 's44' AND g <> 4;
SELECT count(*), sum(id) FROM fact WHERE id >= 29990 OR id < 5 OR id = 12345;
SELECT count(*), sum(id) FROM fact WHERE (g = 1 AND k < 300) OR (g = 2 AND k > 1200) OR g IS NULL;
SELECT count(*), sum(id) FROM fact WHERE CASE WHEN g > 6 THEN n ELSE k END > 200;
SELECT DISTINCT g, k % 3 FROM fact WHERE s = 's9';
SELECT count(*), sum(f.n), sum(d.grp) FROM fact f JOIN dim d ON f.k = d.k;
SELECT d.grp, count(*), sum(f.n) FROM fact f JOIN dim d ON f.k = d.k GROUP BY d.grp;
SELECT d.name, f.g, count(*) FROM fact f JOIN dim d ON f.k = d.k WHERE d.grp IN (2, 5) AND f.n > 0 GROUP BY d.name, f.g;
SELECT d.grp, count(*), count(d.k), sum(f.n) FROM fact f LEFT JOIN dim d ON f.k = d.k GROUP BY d.grp;
SELECT d.grp, count(*), count(f.k), sum(f.n) FROM fact f RIGHT JOIN dim d ON f.k = d.k AND f.g = 3 GROUP BY d.grp;
SELECT count(*), count(f.id), count(d.k), sum(f.n), sum(d.grp) FROM fact f FULL JOIN dim d ON f.k = d.k AND f.id < 9000;
SELECT count(*), sum(f.id) FROM fact f LEFT JOIN dim d ON f.k = d.k AND d.grp = 4 WHERE d.k IS NULL;
SELECT count(*), sum(f.id) FROM fact f LEFT JOIN dim d ON f.k = d.k WHERE d.grp = 4 OR d.grp IS NULL;
SELECT count(*), sum(a.id) FROM fact a JOIN fact b ON a.id = b.id + 1 AND a.g = b.g;
SELECT count(*), sum(a.id), sum(b.id) FROM fact a JOIN fact b ON a.k = b.k AND a.g < b.g WHERE a.id < 2000;
SELECT count(*) FROM fact a JOIN dim b ON a.s = 's' || b.grp WHERE a.id < 3000 AND b.k < 200;
SELECT count(*), sum(f.id) FROM fact f JOIN dim d ON f.k = d.k JOIN dim e ON f.g = e.k JOIN dim h ON d.grp = h.k WHERE e.grp < 6;
SELECT count(*), sum(f.id) FROM fact f JOIN dim d ON f.k < d.k AND f.k + 3 > d.k WHERE f.id < 500;
SELECT count(*), sum(id) FROM fact WHERE k IN (SELECT k FROM dim WHERE grp = 3);
SELECT count(*), sum(id) FROM fact WHERE k NOT IN (SELECT k FROM dim WHERE grp > 3);
SELECT count(*), sum(id) FROM fact WHERE g NOT IN (SELECT grp FROM dim);
SELECT count(*), sum(id) FROM fact WHERE n > (SELECT avg(n) FROM fact);
SELECT count(*), sum(c), max(c) FROM (SELECT k, g, count(*) AS c FROM fact GROUP BY k, g) q;
SELECT q.g, q.c, d.grp FROM (SELECT g, count(*) AS c FROM fact GROUP BY g) q LEFT JOIN dim d ON d.k = q.g;
SELECT count(*), sum(k) FROM (SELECT k FROM fact WHERE g = 1 UNION SELECT k FROM dim WHERE grp = 1) q;
SELECT count(*), sum(k) FROM (SELECT k FROM fact WHERE g = 1 UNION ALL SELECT k FROM dim WHERE grp = 1) q;
SELECT count(*), sum(k) FROM (SELECT k FROM fact EXCEPT SELECT k FROM dim) q;
SELECT count(*), sum(k) FROM (SELECT k FROM fact INTERSECT SELECT k FROM dim WHERE grp = 7) q;
SELECT id, n, k FROM fact ORDER BY n DESC, k, id LIMIT 20;
SELECT id, s FROM fact ORDER BY s NULLS FIRST, id DESC LIMIT 10 OFFSET 2995;
SELECT id, g FROM fact WHERE k < 40 ORDER BY g DESC NULLS LAST, id LIMIT 50;
SELECT k, sum(n) FROM fact GROUP BY k ORDER BY sum(n) DESC, k LIMIT 12;
SELECT DISTINCT s FROM fact ORDER BY s DESC NULLS LAST LIMIT 7;
SELECT sum(r), max(r) FROM (SELECT row_number() OVER (PARTITION BY g ORDER BY id) AS r FROM fact) q;
SELECT sum(r), sum(dr) FROM (SELECT rank() OVER (PARTITION BY k % 5 ORDER BY n) AS r, dense_rank() OVER (PARTITION BY k % 5 ORDER BY n) AS dr FROM fact) q;
SELECT sum(a), count(a), sum(b), count(b) FROM (SELECT lag(id, 2) OVER (PARTITION BY g ORDER BY id) AS a, lead(n, 1, 0) OVER (PARTITION BY s ORDER BY id) AS b FROM fact) q;
SELECT sum(x), count(x), min(x), max(x) FROM (SELECT sum(n) OVER (PARTITION BY k ORDER BY id ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING) AS x FROM fact) q;
SELECT sum(x), min(x), max(x) FROM (SELECT avg(n) OVER (PARTITION BY g ORDER BY n) AS x FROM fact) q;
SELECT sum(x), sum(y) FROM (SELECT min(n) OVER (ORDER BY id ROWS BETWEEN 50 PRECEDING AND 20 PRECEDING) AS x, max(k) OVER (ORDER BY id ROWS BETWEEN 10 FOLLOWING AND 30 FOLLOWING) AS y FROM fact) q;
SELECT sum(x), sum(y), sum(z) FROM (SELECT first_value(id) OVER w AS x, last_value(id) OVER w AS y, nth_value(id, 3) OVER w AS z FROM fact WINDOW w AS (PARTITION BY k ORDER BY n, id)) q;
SELECT sum(x), max(x) FROM (SELECT ntile(9) OVER (PARTITION BY g ORDER BY id) AS x FROM fact) q;
SELECT g, sum(n), rank() OVER (ORDER BY sum(n) DESC), sum(sum(n)) OVER (ORDER BY g NULLS LAST ROWS UNBOUNDED PRECEDING) FROM fact GROUP BY g;
SELECT count(*) FILTER (WHERE g = 1), sum(n) FILTER (WHERE s IS NULL), count(DISTINCT k) FILTER (WHERE n > 0) FROM fact;
SELECT g, count(DISTINCT s) FILTER (WHERE k > 700), sum(DISTINCT k), avg(DISTINCT k) FROM fact GROUP BY g;
WITH big AS (SELECT k, sum(n) AS total FROM fact GROUP BY k), top AS (SELECT max(total) AS m FROM big) SELECT big.k FROM big, top WHERE total = m;
WITH r AS (SELECT id, row_number() OVER (PARTITION BY s ORDER BY n DESC, id) AS p FROM fact) SELECT id FROM r WHERE p = 1;
