-- Statements that mean the same to SQLite: expressions. compare.py runs them through both engines.
SELECT 1, -1, +1, - -1, 1.5, .5, 5., 1e3, 1E-2, 'text', '', NULL, true, false;
SELECT CASE WHEN 1 = 1 THEN 'y' ELSE 'n' END, CASE WHEN 1 = 2 THEN 'y' END, CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END;
SELECT CASE NULL WHEN NULL THEN 'null' ELSE 'other' END, CASE WHEN NULL THEN 1 ELSE 2 END;
SELECT CASE WHEN true THEN 1 ELSE 2.5 END, CASE WHEN false THEN 1 ELSE 2.5 END, CASE WHEN true THEN NULL ELSE 1 END;
SELECT CASE WHEN true THEN 1 WHEN 1 / 0 = 1 THEN 2 END;
SELECT nullif(1, 1), nullif(1, 2), nullif(NULL, 1), nullif('a', 'b'), nullif(1, NULL);
SELECT "Three" FROM (SELECT 3 AS "Three") q;
SELECT q.* FROM (SELECT 1 AS a, 2 AS b) q;
SELECT q.*, q.a + 1 FROM (SELECT 1 AS a, 2 AS b) q;
SELECT *, * FROM (SELECT 1 AS a) q;
SELECT A, a, "a", Q.A FROM (SELECT 1 AS a) q;
SELECT 1 WHERE 1 = 1;
SELECT 1 WHERE 1 = 0;
SELECT 1 -- a comment
 + 1;
VALUES (1, 'a'), (2, NULL), (3, 'c');
VALUES (1), (2.5), (NULL);
SELECT column1, column2 FROM (VALUES (1, 2)) v;
CREATE TABLE t (a int, b varchar(5));
INSERT INTO t VALUES (1, 'x'), (2, 'y');
SELECT t.* FROM t;
SELECT t.a, u.a FROM t, t AS u WHERE t.a < u.a;
SELECT a + a, a * a, -a, a = 1, a IS NULL, a || b FROM t;
SELECT a, a AS a FROM t;
SELECT 1 IN (1, 2), 3 IN (1, 2), NULL IN (1), 1 IN (NULL, 1), 2 IN (NULL, 1);
SELECT (SELECT 1) + 1, (SELECT NULL), EXISTS (SELECT 1), EXISTS (SELECT 1 WHERE false), NOT EXISTS (SELECT 1);
SELECT 2147483647 + 0, -2147483648, 2147483648, 9223372036854775807, -9223372036854775808, 9223372036854775808;
SELECT 1 + 2147483648, 10000000000 * 10, 99999999999999999999 + 1;
