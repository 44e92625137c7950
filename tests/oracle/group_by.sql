-- Statements that mean the same to SQLite: group_by. compare.py runs them through both engines.
CREATE TABLE s (id int, region varchar(10), product varchar(10), amount decimal(10,2), qty int, sold date);
INSERT INTO s VALUES
 (1, 'north', 'apple', 10.00, 1, '2021-01-05'), (2, 'north', 'pear', 20.50, 2, '2021-01-15'),
 (3, 'south', 'apple', 5.25, 3, '2021-02-01'), (4, 'south', 'apple', NULL, 4, '2021-02-03'),
 (5, NULL, 'pear', 7.75, 5, '2021-03-09'), (6, 'east', 'plum', 0.00, NULL, '2022-01-05'),
 (7, 'north', 'apple', 10.00, 1, '2022-01-15'), (8, NULL, NULL, 1.00, 8, NULL);
SELECT region, sum(amount) FROM s GROUP BY region;
SELECT region, sum(amount) FROM s GROUP BY 1;
SELECT region AS r, sum(amount) FROM s GROUP BY r;
SELECT upper(region) AS u, count(*) FROM s GROUP BY u;
SELECT upper(region), count(*) FROM s GROUP BY upper(region);
SELECT upper(region) || '-' || count(*) FROM s GROUP BY upper(region);
SELECT length(product), region IS NULL, count(*) FROM s GROUP BY 1, 2;
SELECT qty % 2, count(*), sum(amount) FROM s GROUP BY qty % 2;
SELECT qty % 2 + 1, count(*) FROM s GROUP BY qty % 2;
SELECT CASE WHEN amount > 8 THEN 'big' ELSE 'small' END AS size, count(*) FROM s GROUP BY size;
SELECT count(*) FROM s GROUP BY region;
SELECT 1 FROM s GROUP BY region;
SELECT region FROM s GROUP BY region, product;
SELECT region, product, count(*) FROM s GROUP BY product, region;
SELECT region, region, count(*) FROM s GROUP BY region;
SELECT sum(amount), region FROM s GROUP BY region HAVING sum(amount) > 9;
SELECT region FROM s GROUP BY region HAVING count(*) > 1;
SELECT region FROM s GROUP BY region HAVING region IS NOT NULL AND max(qty) < 5;
SELECT region FROM s GROUP BY region HAVING sum(amount) IS NULL;
SELECT product, count(*) FROM s WHERE region = 'north' GROUP BY product HAVING count(*) >= 1;
SELECT region, avg(amount) FROM s GROUP BY region HAVING avg(amount) BETWEEN 5 AND 15;
SELECT count(*) FROM s HAVING min(qty) = 1;
SELECT count(*) FROM s HAVING min(qty) = 2;
SELECT region, sum(qty) FROM s GROUP BY region ORDER BY sum(qty) DESC NULLS LAST, region;
SELECT region, sum(amount) / sum(qty) FROM s GROUP BY region;
SELECT sum(amount) AS amount FROM s GROUP BY product ORDER BY amount;
SELECT s.region, count(*) FROM s GROUP BY s.region;
SELECT region, count(*) FROM s GROUP BY s.region;
SELECT DISTINCT region FROM s;
SELECT DISTINCT region, product FROM s;
SELECT DISTINCT region, product FROM s ORDER BY region NULLS FIRST, product NULLS LAST;
SELECT DISTINCT amount FROM s;
SELECT DISTINCT qty % 3 FROM s;
SELECT DISTINCT count(*) FROM s GROUP BY region;
SELECT DISTINCT ON_ FROM (SELECT 1 AS ON_ UNION ALL SELECT 1) q;
SELECT ALL region FROM s;
SELECT DISTINCT NULL, 1 FROM s;
SELECT DISTINCT sold FROM s WHERE sold < '2021-02-02';
SELECT count(*), count(DISTINCT region), count(DISTINCT product) FROM s;
SELECT q.region, q.n FROM (SELECT region, count(*) AS n FROM s GROUP BY region) q WHERE q.n > 1;
SELECT n, count(*) FROM (SELECT region, count(*) AS n FROM s GROUP BY region) q GROUP BY n;
SELECT a.region, count(*) FROM s a JOIN s b ON a.product = b.product GROUP BY a.region;
SELECT region, product, sum(qty) FROM s GROUP BY (region), (product);
-- a column named like an input column: GROUP BY takes the input column
SELECT qty % 2 AS qty, count(*) FROM s GROUP BY qty;
-- primary keys determine the other columns
CREATE TABLE p (id int PRIMARY KEY, name varchar(10), price int);
INSERT INTO p VALUES (1, 'a', 10), (2, 'b', 20), (3, NULL, NULL);
SELECT id, name, count(*) FROM p GROUP BY id;
SELECT p.name, sum(s.qty) FROM p JOIN s ON s.id = p.id GROUP BY p.id;
