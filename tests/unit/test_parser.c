/* The parser: trees of the main shapes, printing and parsing again, errors with place and hint, limits, splitting a text. */
#include "parser/lexer.h"
#include "parser/parse.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Fixture {
    Context cx;
    Error error;
    MemoryAccount memory;
    Arena arena;
} Fixture;

static void setup(Fixture *f) {
    memset(f, 0, sizeof *f);
    memory_account_init(&f->memory, NULL, "test", 0);
    f->cx = (Context){.error = &f->error, .memory = &f->memory};
    arena_init(&f->arena);
}

static void teardown(Fixture *f) {
    arena_free(&f->arena);
    cr_assert_eq(atomic_load(&f->memory.used_bytes), 0, "memory is left");
    memory_account_close(&f->memory);
}

/* The text's only statement; the test fails if it does not parse. */
static const AstStatement *parse(Fixture *f, const char *text) {
    AstStatementList list;
    Status status = parse_statements(&f->cx, &f->arena, text, strlen(text), &list);
    cr_assert_eq(status, OK, "%s: %s", text, f->error.message);
    cr_assert_eq(list.count, 1, "%s", text);
    return list.items[0];
}

static const AstSelect *parse_select(Fixture *f, const char *text) {
    const AstStatement *statement = parse(f, text);
    cr_assert_eq(statement->kind, AST_STATEMENT_QUERY);
    cr_assert_eq(statement->query->kind, AST_QUERY_SELECT);
    return statement->query->select;
}

static const AstExpr *parse_item(Fixture *f, const char *text) {
    return parse_select(f, text)->items.items[0]->expr;
}

/* ------------------------------------------------------------------------------------------------------ round trips */

static const char *const round_trips[] = {
    "COMPARE (JOIN broadcast, JOIN merge AND join_filters off, DEFAULT) SELECT 1",
    "COMPARE (TABLE s.t DISTKEY a SORTKEY (b, c), TABLE t DISTSTYLE EVEN AND TABLE u DISTKEY (k)) SELECT * FROM t JOIN u USING "
    "(k)",
    "COMPARE (PARTITION PRUNING on, SET partition_pruning = off, threads = 1) WITH w AS (SELECT 1) SELECT * FROM w",
    "ADVISE",
    "ADVISE FOR 20 QUERIES",
    "ADVISE SELECT a FROM t",
    "ADVISE FOR SELECT a FROM t",
    "EXPLAIN (NODES 32, SCALE 10000, DISTKEY t(a), SORTKEY s.t(a, b), DISTSTYLE u ALL, PARTITION t(year(d), e)) SELECT 1",
    "EXPLAIN (TABLE t DISTKEY a SORTKEY b PARTITION BY (month(d))) SELECT 1",
    "SELECT 1",
    "SELECT 1, 1.5, .5, 2., 1e10, 1.5E-3, 'it''s', NULL, TRUE, FALSE, $$a'b$$, $x$ $$ $x$, E'a\\tb\\'\\u00e9\\x41'",
    "SELECT a, t.a, s.t.a, d.s.t.a, \"A b\"\"c\", *, t.*, s.t.* FROM t",
    "SELECT ALL a x, b AS select, c \"Y\" FROM t AS u (a, b), v w",
    "SELECT DISTINCT a FROM t; ",
    "SELECT DISTINCT ON (a, b + 1) a FROM t",
    "SELECT TOP 5 a FROM t ORDER BY a",
    "(SELECT TOP 1 a FROM t) UNION SELECT 2",
    "SELECT /*+ BROADCAST(d) LEADING(f d) */ 1 FROM f /*+ ignored */, d",
    "SELECT a + b * c - d / e % f ^ g || h, (a + b) * c, a - (b - c), a / (b * c), -a, - - a, +a, -5, - -5, -(-5), 2 ^ -3, ~a "
    "& ~b | c # d << 2 >> 3",
    "SELECT a = b, a <> b, a != b, a < b, a <= b, a > b, a >= b, (a = b) = c, a = (b = c), a ~ b, a ~* b, a !~ b, a !~* b",
    "SELECT a AND b OR c AND NOT d, a AND (b OR c), NOT (a AND b), NOT a = b, (NOT a) = b, a OR (b OR c), a AND (b AND c)",
    "SELECT a IS NULL, a IS NOT NULL, a ISNULL, a NOTNULL, a IS TRUE, a IS NOT FALSE, a IS UNKNOWN, a = b IS NULL",
    "SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b + 1 AND c",
    "SELECT a BETWEEN 1 AND 2 AND b, a NOT BETWEEN SYMMETRIC b + 1 AND c, (a BETWEEN 1 AND 2) = c, a BETWEEN (b AND c) AND d",
    "SELECT a IN (1, 2), a NOT IN (SELECT 1), (a, b) IN ((1, 2), (3, 4)), a IN ((SELECT 1)), a + 1 IN (1) AND b",
    "SELECT a LIKE 'x%', a NOT LIKE b || '%' ESCAPE '!', a ILIKE b, a NOT ILIKE b, a SIMILAR TO b, a NOT SIMILAR TO b ESCAPE "
    "'x'",
    "SELECT EXISTS (SELECT 1), NOT EXISTS (SELECT 1 FROM t), (SELECT 1) + 2, ((SELECT 1))",
    "SELECT a = ANY (SELECT 1), a < ALL (SELECT 1), a <> SOME (SELECT 1), a + 1 >= ANY (SELECT 1) AND b",
    "SELECT ROW(), ROW(1), ROW(1, 2), (1, 2), (1, (2, 3))",
    "SELECT CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE 'z' END, CASE WHEN a THEN 1 END, CASE WHEN a THEN 1 ELSE 2 END",
    "SELECT CAST(a AS int), a::decimal(12, 2)::text, TRY_CAST(a AS DATE), CAST(a AS double precision), a::character varying(3)",
    "SELECT a::varchar(max), a::character(5), a::timestamp(3) with time zone, a::time without time zone, a::interval day to "
    "second",
    "SELECT a::timestamp, a::timestamptz, a::time with time zone, a::interval, a::interval(3), -5::int, (-5)::int, -a::int",
    "SELECT DATE '2020-01-01', TIMESTAMP '2020-01-01 00:00', TIMESTAMP WITH TIME ZONE 'x', TIME '1:00', INTERVAL '1' DAY",
    "SELECT INTERVAL '1-2' YEAR TO MONTH, INTERVAL '1 day' alias, d + INTERVAL '1' MONTH * 3",
    "SELECT EXTRACT(year FROM d), EXTRACT('epoch' FROM d), POSITION('a' IN b), POSITION(a || b IN (c)), POSITION(position(a in "
    "b) IN c)",
    "SELECT SUBSTRING(a FROM 2 FOR 3), SUBSTRING(a FROM 2), SUBSTRING(a FOR 3), SUBSTRING(a, 2, 3), OVERLAY(a PLACING b FROM 1 "
    "FOR 2)",
    "SELECT TRIM(a), TRIM(BOTH FROM a), TRIM(LEADING 'x' FROM a), TRIM(TRAILING FROM a), TRIM(BOTH 'x' FROM a), TRIM('x' FROM "
    "a)",
    "SELECT d AT TIME ZONE 'Europe/Berlin' AT TIME ZONE 'UTC', CURRENT_DATE, CURRENT_TIMESTAMP(3), CURRENT_USER, LOCALTIME, "
    "SYSDATE",
    "SELECT f(), f(a, b), s.f(a), left(a, 1), right(a, 1), year(d), coalesce(a, b), nullif(a, b), dateadd(month, 1, d)",
    "SELECT count(*), count(DISTINCT a), count(ALL a), APPROXIMATE count(DISTINCT a), sum(a) FILTER (WHERE b > 1), t.count(*)",
    "SELECT string_agg(a, ',' ORDER BY b DESC NULLS LAST, c), percentile_cont(0.5) WITHIN GROUP (ORDER BY a) OVER (PARTITION "
    "BY b)",
    "SELECT rank() OVER (), rank() OVER w, sum(a) OVER (w ORDER BY b), lag(a, 1) IGNORE NULLS OVER (ORDER BY b) FROM t WINDOW "
    "w AS (PARTITION BY a), v AS (w)",
    "SELECT lag(a IGNORE NULLS) OVER w, lag(f(a) RESPECT NULLS) OVER w FROM t WINDOW w AS (ORDER BY a)",
    "SELECT sum(a) OVER (ORDER BY b ROWS 3 PRECEDING), sum(a) OVER (ORDER BY b ROWS BETWEEN 1 + 1 PRECEDING AND CURRENT ROW)",
    "SELECT sum(a) OVER (RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW)",
    "SELECT sum(a) OVER (GROUPS UNBOUNDED PRECEDING EXCLUDE TIES), sum(a) OVER (ROWS CURRENT ROW EXCLUDE GROUP)",
    "SELECT sum(a) OVER (ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING EXCLUDE NO OTHERS)",
    "SELECT position, extract, trim, substring, overlay, timestamp, time, interval, filter, over, top, at, cube, year FROM t",
    "SELECT a FROM t WHERE b GROUP BY a, b + 1, 3 HAVING count(*) > 1 QUALIFY row_number() OVER (ORDER BY a) = 1 ORDER BY 1 "
    "DESC",
    "SELECT a FROM t GROUP BY ALL ORDER BY ALL DESC NULLS FIRST",
    "SELECT a FROM t GROUP BY (), ROLLUP (a, (b, c)), CUBE (a), GROUPING SETS ((a, b), a, (), ROLLUP (a), GROUPING SETS (b))",
    "SELECT grouping(a, b) FROM t GROUP BY (a, b)",
    "SELECT * EXCLUDE (a), t.* EXCLUDE (b, c) FROM t",
    "SELECT a FROM t GROUP BY DISTINCT ROLLUP (a), CUBE (a, b)",
    "SELECT 1 LIMIT 10",
    "SELECT 1 LIMIT ALL",
    "SELECT 1 OFFSET 5 ROWS",
    "SELECT 1 LIMIT $1 OFFSET $2",
    "SELECT 1 OFFSET ? LIMIT ?",
    "SELECT 1 FETCH FIRST ROW ONLY",
    "SELECT 1 OFFSET 2 FETCH NEXT 3 ROWS ONLY",
    "SELECT 1 ORDER BY 1 FETCH FIRST (1 + 2) ROWS WITH TIES",
    "SELECT * FROM a, b JOIN c ON b.x = c.x LEFT OUTER JOIN d USING (x, y) CROSS JOIN e NATURAL JOIN f NATURAL LEFT JOIN g",
    "SELECT * FROM a RIGHT JOIN b ON TRUE FULL JOIN c ON FALSE INNER JOIN d ON 1 = 1",
    "SELECT * FROM a JOIN b JOIN c ON b.x = c.x ON a.x = b.x",
    "SELECT * FROM (a JOIN b ON TRUE) AS j (x, y), ((a CROSS JOIN b) CROSS JOIN (c CROSS JOIN d)), (a NATURAL JOIN b) CROSS "
    "JOIN c",
    "SELECT * FROM (SELECT 1) s, (VALUES (1, 2), (3, 4)) AS v (a, b), LATERAL (SELECT s.a) l, ((SELECT 1)) x, (SELECT 1)",
    "SELECT * FROM generate_series(1, 10) g, LATERAL f(g) WITH ORDINALITY AS x (a, n), s.f()",
    "SELECT * FROM 'data/*.csv' f JOIN t AT (VERSION 3) u ON f.a = u.a, t AT (VERSION 4)",
    "SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION ALL SELECT 4 INTERSECT SELECT 5 EXCEPT ALL SELECT 6 ORDER BY 1 LIMIT 1",
    "(SELECT 1 ORDER BY 1) UNION ALL (SELECT 2 LIMIT 1) UNION ALL (SELECT 3 UNION SELECT 4)",
    "SELECT 1 EXCEPT (SELECT 2 EXCEPT SELECT 3)",
    "((SELECT 1))",
    "(SELECT 1 LIMIT 3) ORDER BY 1",
    "(WITH a AS (SELECT 1) SELECT * FROM a) LIMIT 1",
    "WITH a AS (SELECT 1), b (x, y) AS MATERIALIZED (SELECT 1, 2), c AS NOT MATERIALIZED (VALUES (1)) SELECT * FROM a, b, c",
    "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT * FROM t ORDER BY n",
    "VALUES (1, 'a'), (2, NULL) ORDER BY 1",
    "TABLE s.t",
    "TABLE t ORDER BY 1",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN VERBOSE SELECT 1",
    "EXPLAIN ANALYZE VERBOSE INSERT INTO t VALUES (1)",
    "EXPLAIN (ANALYZE, TIMING off, FORMAT json, NODES 4, SCALE 0.5, X = 'y', Z -1) SELECT 1",
    "EXPLAIN (SELECT 1)",
    "EXPLAIN CREATE TABLE t AS SELECT 1",
    "CREATE TABLE t (LIKE s INCLUDING DEFAULTS INCLUDING COMMENTS)",
    "CREATE TABLE t (LIKE s INCLUDING ALL EXCLUDING INDEXES, a int)",
    "CREATE TABLE IF NOT EXISTS s.t FROM FILE 'x.csv' (DELIMITER ';', header)",
    "CREATE SCHEMA s",
    "CREATE SCHEMA IF NOT EXISTS \"S 1\"",
    "CREATE VIEW v AS SELECT 1",
    "CREATE OR REPLACE TEMP VIEW s.v (a, \"B\") AS (SELECT 1, 2 UNION SELECT 3, 4) ORDER BY 1",
    "DROP TABLE a, s.b CASCADE",
    "DROP VIEW IF EXISTS v, w RESTRICT",
    "DROP SCHEMA s CASCADE",
    "COMMENT ON TABLE s.t IS 'it''s'",
    "COMMENT ON COLUMN s.t.a IS NULL",
    "COMMENT ON VIEW v IS 'x'",
    "COMMENT ON SCHEMA s IS 'x'",
    "PREPARE p AS SELECT $1 + 1",
    "PREPARE p (int, varchar(3), timestamp with time zone) AS INSERT INTO t VALUES ($1, $2, $3)",
    "EXECUTE p",
    "EXECUTE p (1, 'x' || 'y')",
    "DEALLOCATE PREPARE p",
    "DEALLOCATE ALL",
    "SHOW CREATE TABLE s.t",
    "DESCRIBE FILE 'x.csv' (DELIMITER ';')",
    "SELECT view, schema, comment, prepare, execute, replace, replace(a, b, c), deallocate FROM comment AS view",
    "CREATE TABLE t (a int)",
    "CREATE TEMPORARY TABLE IF NOT EXISTS s.t (timestamp timestamp, date date, \"select\" text)",
    "CREATE TABLE t (a int NOT NULL PRIMARY KEY ENCODE az64 DISTKEY SORTKEY, b decimal(12, 2) DEFAULT 1 + 2 NULL UNIQUE CHECK "
    "(b > 0), c varchar(3) REFERENCES u (x) CONSTRAINT n NOT NULL)",
    "CREATE TABLE t (a int DEFAULT 5 NOT NULL, b int REFERENCES u, PRIMARY KEY (a), CONSTRAINT u UNIQUE (a, b), FOREIGN KEY "
    "(a, b) REFERENCES u, CONSTRAINT f FOREIGN KEY (a) REFERENCES u (x), CHECK (a > b))",
    "CREATE TABLE t (a int, b int) DISTSTYLE KEY DISTKEY (a) COMPOUND SORTKEY (a, b) PARTITION BY (a, year(b), month(b), "
    "day(b), bucket(16, a), truncate(10000, b)) ENCODE AUTO WITH (block_rows = 2048, x 'y')",
    "CREATE TABLE t (a int) DISTSTYLE ALL SORTKEY AUTO",
    "CREATE TABLE t (a int) INTERLEAVED SORTKEY (a) DISTSTYLE EVEN",
    "CREATE TABLE t (a int) PARTITIONED BY (a) DISTSTYLE AUTO",
    "CREATE TABLE t DISTKEY (a) SORTKEY (b) AS SELECT 1 AS a, 2 AS b",
    "CREATE TABLE t (a, b) DISTSTYLE ALL AS VALUES (1, 2) WITH NO DATA",
    "CREATE TABLE t AS SELECT 1 WITH DATA",
    "CREATE TABLE t (LIKE s.u INCLUDING DEFAULTS) DISTSTYLE EVEN",
    "CREATE TABLE t (a int, LIKE u)",
    "ALTER TABLE s.t ALTER DISTKEY a, ALTER SORTKEY (a, b), ALTER COLUMN c ENCODE raw",
    "ALTER TABLE t ALTER DISTSTYLE KEY DISTKEY a",
    "ALTER TABLE t ALTER DISTSTYLE EVEN, ALTER SORTKEY NONE, ALTER SORTKEY AUTO, ALTER COMPOUND SORTKEY (a)",
    "ALTER TABLE alter ALTER DISTKEY distkey, ALTER PARTITION BY (year(a)), ALTER ENCODE AUTO",
    "ALTER TABLE IF EXISTS t RENAME TO rename, RENAME a TO b, RENAME COLUMN rename TO statistics",
    "ALTER TABLE t SET STATISTICS (rows = 1000)",
    "ALTER WAREHOUSE RESIZE NODES 4 SLICES 2",
    "ALTER WAREHOUSE RESIZE (NODES 4, SLICES 2)",
    "DROP TABLE t",
    "DROP TABLE IF EXISTS a, s.b CASCADE",
    "DROP TABLE t RESTRICT",
    "INSERT INTO t VALUES (1, DEFAULT), (NULL, 2)",
    "INSERT INTO s.t (a, b) SELECT 1, 2",
    "INSERT INTO t (a) (SELECT 1)",
    "INSERT INTO t DEFAULT VALUES",
    "WITH x AS (SELECT 1) INSERT INTO t (a) WITH y AS (SELECT 2) SELECT * FROM x, y",
    "INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x",
    "DELETE FROM t",
    "WITH x AS (SELECT 1) DELETE FROM s.t AS a USING u, (SELECT 1) AS b WHERE a.x = u.x AND delete > 1",
    "UPDATE t SET a = 1, b = DEFAULT WHERE c",
    "WITH x AS (SELECT 1) UPDATE t AS z SET (a, b) = (1, DEFAULT), c = (SELECT 1), (d, e) = (SELECT 1, 2), (f, g) = ROW (3, 4) "
    "FROM x, y "
    "JOIN w ON true WHERE a = 1 OR b",
    "UPDATE set SET set = set",
    "MERGE INTO t AS a USING s ON a.x = s.x AND s.y WHEN MATCHED AND s.z > 1 THEN UPDATE SET x = 1, (y, z) = (2, 3) WHEN "
    "MATCHED THEN "
    "DELETE WHEN NOT MATCHED AND true THEN INSERT (x, y) VALUES (1, DEFAULT) WHEN NOT MATCHED THEN DO NOTHING",
    "WITH q AS (SELECT 1) MERGE INTO t USING (SELECT 1 AS x) AS s ON true WHEN NOT MATCHED THEN INSERT DEFAULT VALUES WHEN "
    "MATCHED THEN DO "
    "NOTHING",
    "MERGE INTO merge USING update ON matched WHEN NOT MATCHED THEN INSERT VALUES (nothing, truncate)",
    "TRUNCATE t",
    "TRUNCATE TABLE a, s.b CASCADE",
    "COPY t FROM 'a.csv'",
    "COPY t (a, b) FROM STDIN (FORMAT csv, DELIMITER '|', HEADER, HEADER true, NULL AS '', QUOTE '\"', FORCE_NULL (a, b), ONLY "
    "NEW FILES)",
    "COPY t FROM 'x*.gz' CSV GZIP DELIMITER AS '|' IGNOREHEADER 1 NULL AS '' MAXERROR AS 10 DATEFORMAT 'auto' QUOTE AS '''' "
    "ESCAPE ENCODING utf8 FORMAT AS tsv COMPRESSION zstd ONLY NEW FILES",
    "COPY t TO STDOUT WITH (FORMAT csv)",
    "COPY (SELECT 1) TO 'x' WITH CSV HEADER",
    "COPY t FROM 'x' WITH DELIMITER '|'",
    "ANALYZE",
    "ANALYZE t",
    "ANALYZE VERBOSE",
    "ANALYZE COMPRESSION",
    "ANALYZE COMPRESSION COMPROWS 1000",
    "ANALYZE COMPRESSION s.t (a, b) COMPROWS 1000",
    "ANALYZE VERBOSE s.t (a, b)",
    "BEGIN",
    "BEGIN WORK",
    "START TRANSACTION READ ONLY",
    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ WRITE",
    "COMMIT",
    "END",
    "ROLLBACK",
    "ABORT TRANSACTION",
    "SET threads = 2",
    "SET threads TO 2",
    "SET SESSION x TO on",
    "SET LOCAL s.x = 'a b'",
    "SET x TO DEFAULT",
    "SET x = -1",
    "SET search_path TO a, b",
    "SET TIME ZONE 'UTC'",
    "SET memory_limit = '256 MB'",
    "RESET x",
    "RESET ALL",
    "SHOW x",
    "SHOW ALL",
    "SHOW FUNCTIONS",
    "SHOW TABLES",
    "SHOW TIME ZONE",
    "DESCRIBE s.t",
    "DESCRIBE FILE 'x.csv'",
};

Test(parser, prints_what_parses_to_the_same_text) {
    Fixture f;
    setup(&f);
    for (size_t i = 0; i < sizeof round_trips / sizeof round_trips[0]; i++) {
        const char *first = ast_print(&f.cx, &f.arena, parse(&f, round_trips[i]));
        const char *second = ast_print(&f.cx, &f.arena, parse(&f, first));
        cr_expect_str_eq(first, second, "%s", round_trips[i]);
    }
    teardown(&f);
}

static const struct {
    const char *text, *printed;
} spellings[] = {
    {"select a::int, b from t x where (a = 1) and ((b)) or c", "SELECT CAST(a AS int), b FROM t AS x WHERE a = 1 AND b OR c"},
    {"SELECT a AND (b OR c), (a + b) * c, a - (b - c), - - a, NOT (a = b)",
     "SELECT a AND (b OR c), (a + b) * c, a - (b - c), - -a, NOT a = b"},
    {"SELECT a = b NOT IN (1), a NOT LIKE b = c", "SELECT a = b NOT IN (1), a NOT LIKE b = c"},
    {"SELECT lag(f(x) IGNORE NULLS) OVER w", "SELECT lag(f(x)) IGNORE NULLS OVER w"},
    {"SELECT x AS year, y AS from", "SELECT x AS \"year\", y AS \"from\""},
    {"SELECT TOP 3 a FROM t", "SELECT a FROM t LIMIT 3"},
    {"COPY t FROM 'f' CSV GZIP NULL AS 'x'", "COPY t FROM 'f' (FORMAT csv, COMPRESSION gzip, NULL 'x')"},
    {"COPY t FROM 'f' (format CSV, null as 'x')", "COPY t FROM 'f' (FORMAT csv, NULL 'x')"},
    {"(SELECT 1 LIMIT 3) ORDER BY 1", "SELECT * FROM (SELECT 1 LIMIT 3) AS query ORDER BY 1"},
    {"explain analyze select 1", "EXPLAIN (ANALYZE) SELECT 1"},
    {"SELECT TRIM(LEADING 'x' FROM a), POSITION(a IN b), SUBSTRING(a FOR 2)",
     "SELECT ltrim(a, 'x'), POSITION(a IN b), substring(a, 1, 2)"},
    {"SELECT 'a' -- goes on\n 'b'\n'c', 1::double, x::double precision",
     "SELECT 'abc', CAST(1 AS DOUBLE), CAST(x AS DOUBLE PRECISION)"},
    {"CREATE LOCAL TEMP TABLE t (a double)", "CREATE TEMP TABLE t (a DOUBLE)"},
    {"SET TIME ZONE 'UTC'", "SET timezone = 'UTC'"},
    {"SELECT sum(a) OVER (ROWS 3 PRECEDING)", "SELECT sum(a) OVER (ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)"},
    {"\xef\xbb\xbfSELECT 1 -- a comment\n /* another /* inside */ */", "SELECT 1"},
};

Test(parser, has_one_spelling) {
    Fixture f;
    setup(&f);
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        cr_expect_str_eq(ast_print(&f.cx, &f.arena, parse(&f, spellings[i].text)), spellings[i].printed);
    }
    teardown(&f);
}

/* ------------------------------------------------------------------------------------------------------------ trees */

Test(parser, builds_flat_conditions) {
    Fixture f;
    setup(&f);
    const AstExpr *and = parse_item(&f, "SELECT a AND b AND c AND (d AND e)");
    cr_assert_eq(and->kind, AST_AND);
    cr_assert_eq(and->args.count, 4);
    cr_assert_eq(and->args.items[3]->kind, AST_AND);
    cr_assert_eq(parse(&f, "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3")->query->set.inputs.count, 3);
    teardown(&f);
}

Test(parser, binds_as_postgresql_does) {
    Fixture f;
    setup(&f);
    const AstExpr *expr = parse_item(&f, "SELECT NOT a = b OR c");
    cr_assert_eq(expr->kind, AST_OR);
    cr_assert_eq(expr->args.items[0]->kind, AST_NOT);
    expr = parse_item(&f, "SELECT a = b IN (1)");
    cr_assert_str_eq(expr->symbol, "=");
    cr_assert_eq(expr->args.items[1]->kind, AST_IN);
    expr = parse_item(&f, "SELECT -2 ^ 2");
    cr_assert_str_eq(expr->symbol, "^");
    cr_assert_str_eq(expr->args.items[0]->text, "-2");
    expr = parse_item(&f, "SELECT -5::int");
    cr_assert_eq(expr->kind, AST_UNARY);
    expr = parse_item(&f, "SELECT a || b = c + d * e");
    cr_assert_str_eq(expr->symbol, "=");
    expr = parse_item(&f, "SELECT a BETWEEN 1 AND 2 AND b");
    cr_assert_eq(expr->kind, AST_AND);
    cr_assert_eq(expr->args.items[0]->kind, AST_BETWEEN);
    teardown(&f);
}

Test(parser, remembers_positions) {
    Fixture f;
    setup(&f);
    const AstStatement *statement = parse(&f, "  SELECT a + f(b) AS x FROM s.t u;");
    cr_assert_eq(statement->start, 2);
    cr_assert_eq(statement->end, 33);
    const AstSelect *select = statement->query->select;
    const AstExpr *plus = select->items.items[0]->expr;
    cr_assert_eq(plus->pos, 11);
    cr_assert_eq(plus->args.items[0]->pos, 9);
    cr_assert_eq(plus->args.items[1]->pos, 13);
    cr_assert_eq(select->from.items[0]->pos, 28);
    cr_assert_eq(select->from.items[0]->alias_pos, 32);
    cr_assert_eq(select->from.items[0]->table.name->parts[1].pos, 30);
    teardown(&f);
}

Test(parser, names_columns_as_postgresql_does) {
    static const struct {
        const char *expr, *name;
    } cases[] = {
        {"a", "a"},
        {"t.a", "a"},
        {"1", "?column?"},
        {"a + 1", "?column?"},
        {"sum(a)", "sum"},
        {"a::int", "a"},
        {"1::int", "int"},
        {"CASE WHEN a THEN 1 END", "case"},
        {"(SELECT b)", "b"},
        {"EXISTS (SELECT 1)", "exists"},
        {"EXTRACT(year FROM d)", "extract"},
        {"DATE '2020-01-01'", "date"},
    };
    Fixture f;
    setup(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AstExpr *expr;
        cr_assert_eq(parse_expression(&f.cx, &f.arena, cases[i].expr, strlen(cases[i].expr), &expr), OK);
        cr_expect_str_eq(ast_column_name(expr), cases[i].name, "%s", cases[i].expr);
    }
    teardown(&f);
}

Test(parser, counts_parameters) {
    Fixture f;
    setup(&f);
    cr_assert_eq(parse(&f, "SELECT $3, $1")->parameter_count, 3);
    cr_assert_eq(parse(&f, "SELECT ?, ?")->parameter_count, 2);
    cr_assert_eq(parse_select(&f, "SELECT ?, ?")->items.items[1]->expr->parameter, 1);
    teardown(&f);
}

Test(parser, folds_names_and_keeps_hints) {
    Fixture f;
    setup(&f);
    const AstSelect *select = parse_select(&f, "SELECT /*+ BROADCAST(d) */ ABC, \"AbC\" FROM T");
    cr_assert_str_eq(select->hints, " BROADCAST(d) ");
    cr_assert_eq(select->hints_pos, 7);
    cr_assert_str_eq(select->items.items[0]->expr->name->parts[0].text, "abc");
    cr_assert_str_eq(select->items.items[1]->expr->name->parts[0].text, "AbC");
    teardown(&f);
}

Test(parser, reads_strings) {
    Fixture f;
    setup(&f);
    cr_expect_str_eq(parse_item(&f, "SELECT 'it''s \\n'")->text, "it's \\n");
    cr_expect_str_eq(parse_item(&f, "SELECT e'a\\n\\'\\x41\\101\\u00e9\\U0001F600'''")->text,
                     "a\n'AA\xc3\xa9\xf0\x9f\x98\x80'");
    cr_expect_str_eq(parse_item(&f, "SELECT $a$x $$ ' $a$")->text, "x $$ ' ");
    cr_expect_str_eq(parse_item(&f, "SELECT ''")->text, "");
    teardown(&f);
}

/* Every keyword is what its class says: usable as a column, a function, neither, and always after AS. */
Test(parser, keywords_are_names_where_their_class_allows) {
    Fixture f;
    setup(&f);
    for (uint32_t i = 0; i < keyword_count(); i++) {
        const Keyword *keyword = keyword_at(i);
        char text[200];
        AstStatementList list;
        cr_assert(i == 0 || strcmp(keyword_at(i - 1)->word, keyword->word) < 0, "%s is out of order", keyword->word);
        snprintf(text, sizeof text, "SELECT 1 AS %s, t.%s FROM t", keyword->word, keyword->word);
        cr_expect_eq(parse_statements(&f.cx, &f.arena, text, strlen(text), &list), OK, "%s", text);
        snprintf(text, sizeof text, "SELECT x.%s FROM x AS %s", keyword->word, keyword->word);
        bool is_name = keyword->class == KEYWORD_UNRESERVED || keyword->class == KEYWORD_COLUMN;
        cr_expect_eq(parse_statements(&f.cx, &f.arena, text, strlen(text), &list) == OK, is_name, "%s", text);
        snprintf(text, sizeof text, "CREATE TABLE t (%s int NULL)", keyword->word);
        cr_expect_eq(parse_statements(&f.cx, &f.arena, text, strlen(text), &list) == OK, is_name, "%s", text);
    }
    teardown(&f);
}

/* ----------------------------------------------------------------------------------------------------------- errors */

static const struct {
    const char *text;
    Status status;
    SourcePos pos;
    const char *message, *hint; /* hint: a part of it; NULL: none */
} errors[] = {
    {"SELCT 1", SYNTAX_ERROR, 0, "syntax error at or near \"SELCT\"", "SELECT"},
    {"SELECT a FORM t", SYNTAX_ERROR, 14, "syntax error at or near \"t\"", "FROM"},
    {"SELECT a FROM t WEHRE a = 1", SYNTAX_ERROR, 22, "syntax error at or near \"a\"", "WHERE"},
    {"SELECT a FROM t GRUOP BY a", SYNTAX_ERROR, 22, "syntax error at or near \"BY\"", "GROUP"},
    {"SELECT a FROM t ODER BY a", SYNTAX_ERROR, 21, "syntax error at or near \"BY\"", "ORDER"},
    {"CREATE TABEL t (a int)", SYNTAX_ERROR, 7, "syntax error at or near \"TABEL\"", "TABLE"},
    {"INSERT INTO t VALEUS (1)", SYNTAX_ERROR, 14, "syntax error at or near \"VALEUS\"", "VALUES"},
    {"SELECT a,, b", SYNTAX_ERROR, 9, "syntax error at or near \",\"", NULL},
    {"SELECT a, FROM t", SYNTAX_ERROR, 10, "syntax error at or near \"FROM\"", "comma too much"},
    {"SELECT a b c FROM t", SYNTAX_ERROR, 11, "syntax error at or near \"c\"", "comma missing"},
    {"SELECT f(a b) FROM t", SYNTAX_ERROR, 11, "syntax error at or near \"b\"", "comma missing"},
    {"SELECT (1 + 2", SYNTAX_ERROR, 13, "syntax error at end of input", "line 1, column 8"},
    {"SELECT 1)", SYNTAX_ERROR, 8, "syntax error at or near \")\"", "No parenthesis is open"},
    {"SELECT", SYNTAX_ERROR, 6, "syntax error at end of input", NULL},
    {"SELECT ;", SYNTAX_ERROR, 7, "syntax error at or near \";\"", NULL},
    {"SELECT 'abc", SYNTAX_ERROR, 7, "unterminated quoted string", "closing quote"},
    {"SELECT $$abc", SYNTAX_ERROR, 7, "unterminated dollar-quoted string", "stands again"},
    {"SELECT \"abc", SYNTAX_ERROR, 7, "unterminated quoted name", "double quote"},
    {"SELECT 1 /* abc", SYNTAX_ERROR, 9, "unterminated /* comment", NULL},
    {"SELECT \"\"", SYNTAX_ERROR, 7, "a name in double quotes must not be empty", NULL},
    {"SELECT 1_000", SYNTAX_ERROR, 7, "trailing junk after numeric literal at or near \"1_000\"", "underscores"},
    {"SELECT 12abc", SYNTAX_ERROR, 7, "trailing junk after numeric literal at or near \"12abc\"", NULL},
    {"SELECT 0x1F", SYNTAX_ERROR, 7, "trailing junk after numeric literal at or near \"0x1F\"", NULL},
    {"SELECT $1a", SYNTAX_ERROR, 7, "trailing junk after parameter at or near \"$1a\"", NULL},
    {"SELECT $0", UNDEFINED_PARAMETER, 7, "there is no parameter $0", NULL},
    {"SELECT ?, $1", SYNTAX_ERROR, 10, "a statement cannot mix parameters written ? and $n", NULL},
    {"SELECT a == b", SYNTAX_ERROR, 10, "syntax error at or near \"=\"", "single ="},
    {"SELECT a = b = c", SYNTAX_ERROR, 13, "syntax error at or near \"=\"", "do not chain"},
    {"SELECT order FROM t", SYNTAX_ERROR, 7, "syntax error at or near \"order\"", "double quotes"},
    {"SELECT * FROM (SELECT 1 WHERE", SYNTAX_ERROR, 29, "syntax error at end of input", "not closed"},
    {"SELECT 1 + SELECT 2", SYNTAX_ERROR, 11, "syntax error at or near \"SELECT\"", "parentheses"},
    {"SELECT E'\\u00zz'", INVALID_ESCAPE, 7, "invalid escape sequence in the string", NULL},
    {"SELECT '\xff'", INVALID_ENCODING, 8, "the text is not valid UTF-8: byte 0xff", NULL},
    {"SELECT a->b", FEATURE_NOT_SUPPORTED, 8, "the operator -> is not supported yet", "JSON"},
    {"SELECT a[1]", FEATURE_NOT_SUPPORTED, 8, "an array type or subscript is not supported yet", NULL},
    {"SELECT 1 INTO t", FEATURE_NOT_SUPPORTED, 9, "SELECT … INTO is not supported yet", "CREATE TABLE"},
    {"SELECT * FROM t FOR UPDATE", FEATURE_NOT_SUPPORTED, 16, "SELECT … FOR UPDATE is not supported yet", "snapshot"},
    {"CREATE INDEX i ON t (a)", FEATURE_NOT_SUPPORTED, 0, "CREATE INDEX is not supported yet", "SORTKEY skips blocks"},
    {"CREATE UNIQUE INDEX i ON t (a)", FEATURE_NOT_SUPPORTED, 0, "CREATE INDEX is not supported yet",
     "PARTITION BY skips files"},
    {"CREATE OR REPLACE TABLE t (a int)", FEATURE_NOT_SUPPORTED, 0, "CREATE OR REPLACE TABLE is not supported yet",
     "DROP TABLE"},
    {"CREATE VIEW v AS SELECT 1 WITH NO SCHEMA BINDING", FEATURE_NOT_SUPPORTED, 26,
     "WITH NO SCHEMA BINDING is not supported yet", "CASCADE"},
    {"CREATE MATERIALIZED VIEW v AS SELECT 1", FEATURE_NOT_SUPPORTED, 0, "CREATE MATERIALIZED VIEW is not supported yet", NULL},
    {"ALTER TABLE t ADD COLUMN a int", FEATURE_NOT_SUPPORTED, 14, "ALTER TABLE … ADD COLUMN is not supported yet",
     "makes a changed copy"},
    {"ALTER TABLE t ALTER COLUMN c TYPE int", FEATURE_NOT_SUPPORTED, 29,
     "ALTER TABLE … ALTER COLUMN … TYPE is not supported yet", "makes a changed copy"},
    {"ALTER TABLE t ALTER SORTKEY nothing", SYNTAX_ERROR, 28, "syntax error at or near \"nothing\"", "SORTKEY NONE"},
    {"ALTER VIEW v RENAME TO w", FEATURE_NOT_SUPPORTED, 0, "ALTER VIEW is not supported yet", "CREATE OR REPLACE VIEW"},
    {"VACUUM FULL t", FEATURE_NOT_SUPPORTED, 0, "VACUUM is not supported yet", NULL},
    {"UNLOAD ('SELECT 1') TO 'x'", FEATURE_NOT_SUPPORTED, 0, "UNLOAD is not supported yet", NULL},
    {"ANALYZE COMPRESSION t COMPROWS 0", INVALID_PARAMETER_VALUE, 31, "COMPROWS takes a number of rows from 1 on", NULL},
    {"INSERT OVERWRITE t SELECT 1", FEATURE_NOT_SUPPORTED, 0, "INSERT OVERWRITE is not supported yet", NULL},
    {"INSERT INTO t VALUES (1) RETURNING a", FEATURE_NOT_SUPPORTED, 25, "RETURNING is not supported yet", NULL},
    {"GRANT SELECT ON t TO u", FEATURE_NOT_SUPPORTED, 0, "GRANT is not supported yet", NULL},
    {"SAVEPOINT a", FEATURE_NOT_SUPPORTED, 0, "SAVEPOINT is not supported yet", NULL},
    {"ROLLBACK TO a", FEATURE_NOT_SUPPORTED, 0, "ROLLBACK TO SAVEPOINT is not supported yet", NULL},
    {"CREATE TABLE t (a int IDENTITY(1, 1))", FEATURE_NOT_SUPPORTED, 22, "IDENTITY is not supported yet", NULL},
    {"CREATE TABLE t (a int) FROM FILE 'x.csv'", SYNTAX_ERROR, 13,
     "CREATE TABLE … FROM FILE takes no columns: the file has them", "COPY"},
    {"CREATE TABLE t (LIKE s INCLUDING ROWS)", SYNTAX_ERROR, 33, "unknown option \"rows\" of LIKE", "DEFAULTS"},
    {"SELECT * FROM t TABLESAMPLE (10)", FEATURE_NOT_SUPPORTED, 16, "TABLESAMPLE is not supported yet", NULL},
    {"CREATE TABLE t", SYNTAX_ERROR, 13, "CREATE TABLE needs a list of columns or AS and a query", NULL},
    {"CREATE TABLE t (a)", SYNTAX_ERROR, 16, "column \"a\" has no type", NULL},
    {"CREATE TABLE t (a int) AS SELECT 1", SYNTAX_ERROR, 18, "columns of CREATE TABLE … AS take no types: the query has them",
     NULL},
    {"CREATE TABLE t (a int) DISTSTYLE SOME", SYNTAX_ERROR, 33, "unknown distribution style \"some\"", "EVEN"},
    {"CREATE TABLE t (a int) PARTITION BY (hour(a))", SYNTAX_ERROR, 37, "unknown partition transform \"hour\"", "bucket"},
    {"CREATE TABLE t (a int) PARTITION BY (bucket(0, a))", INVALID_TABLE_DEFINITION, 44, "bucket() needs a positive number",
     NULL},
    {"CREATE TABLE t (a int) DISTKEY (a, b)", SYNTAX_ERROR, 35, "DISTKEY takes one column", NULL},
    {"SELECT a.b.c.d.e FROM t", SYNTAX_ERROR, 7, "name has more than 4 parts", NULL},
    {"SELECT sum(a) OVER (ROWS BETWEEN CURRENT ROW AND 1 PRECEDING)", WINDOWING_ERROR, 20,
     "a window frame cannot end before it starts", NULL},
    {"SELECT * FROM a JOIN b WHERE TRUE", SYNTAX_ERROR, 23, "syntax error at or near \"WHERE\"", "needs ON"},
    {"SELECT * FROM a LEFT SEMI JOIN b ON TRUE", FEATURE_NOT_SUPPORTED, 21, "SEMI JOIN is not supported yet", "EXISTS"},
    {"SELECT (a +) FROM t", SYNTAX_ERROR, 11, "syntax error at or near \")\"", NULL},
    {"SELECT 'a' 'b'", SYNTAX_ERROR, 11, "syntax error at or near \"'b'\"", "comma missing"},
    {"SELECT 1 LIMIT 2, 3", SYNTAX_ERROR, 16, "syntax error at or near \",\"", "OFFSET"},
    {"SELECT 1; SELECT 2; SELCT 3", SYNTAX_ERROR, 20, "syntax error at or near \"SELCT\"", "SELECT"},
    {"SELECT \u201cx\u201d y z", SYNTAX_ERROR, 17, "syntax error at or near \"z\"", "comma missing"},
};

Test(parser, says_what_is_wrong_and_where) {
    Fixture f;
    setup(&f);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        AstStatementList list;
        error_clear(&f.error);
        Status status = parse_statements(&f.cx, &f.arena, errors[i].text, strlen(errors[i].text), &list);
        cr_expect_eq(status, errors[i].status, "%s: %s", errors[i].text, f.error.message);
        cr_expect_eq(f.error.pos, errors[i].pos, "%s: at %u", errors[i].text, f.error.pos);
        cr_expect_str_eq(f.error.message, errors[i].message, "%s: %s", errors[i].text, f.error.message);
        if (errors[i].hint == NULL) {
            cr_expect_str_eq(f.error.hint, "", "%s: %s", errors[i].text, f.error.hint);
        } else {
            cr_expect_not_null(strstr(f.error.hint, errors[i].hint), "%s: %s", errors[i].text, f.error.hint);
        }
    }
    teardown(&f);
}

Test(parser, long_names_and_zero_bytes_are_refused) {
    Fixture f;
    AstStatementList list;
    char text[300] = "SELECT ";
    setup(&f);
    memset(text + 7, 'a', 128);
    cr_expect_eq(parse_statements(&f.cx, &f.arena, text, 135, &list), NAME_TOO_LONG);
    cr_expect_eq(parse_statements(&f.cx, &f.arena, text, 134, &list), OK);
    cr_expect_eq(parse_statements(&f.cx, &f.arena, "SELECT \0 1", 10, &list), INVALID_ENCODING);
    cr_expect_eq(parse_statements(&f.cx, &f.arena, "SELECT 'a\0b'", 12, &list), SYNTAX_ERROR);
    cr_expect_eq(parse_statements(&f.cx, &f.arena, "SELECT 1 -- \xff", 13, &list), INVALID_ENCODING);
    teardown(&f);
}

/* ----------------------------------------------------------------------------------------------------------- limits */

/* head, `count` times part, tail */
static char *repeat(const char *head, const char *part, uint32_t count, const char *tail) {
    char *text = malloc(strlen(head) + strlen(part) * count + strlen(tail) + 1), *at = text;
    at += sprintf(at, "%s", head);
    for (uint32_t i = 0; i < count; i++) {
        at += sprintf(at, "%s", part);
    }
    sprintf(at, "%s", tail);
    return text;
}

static Status parse_repeated(Fixture *f, const char *head, const char *part, uint32_t count, const char *tail) {
    char *text = repeat(head, part, count, tail);
    AstStatementList list;
    Status status = parse_statements(&f->cx, &f->arena, text, strlen(text), &list);
    if (status == OK) {
        cr_expect_not_null(ast_print(&f->cx, &f->arena, list.items[0]));
    }
    free(text);
    return status;
}

Test(parser, takes_long_chains_and_refuses_deep_nesting) {
    Fixture f;
    setup(&f);
    cr_expect_eq(parse_repeated(&f, "SELECT a", " AND a = 1", 20000, ""), OK);
    cr_expect_eq(parse_repeated(&f, "SELECT a", " AND b OR c", 20000, ""), OK);
    cr_expect_eq(parse_repeated(&f, "SELECT 1", " UNION ALL SELECT 1", 20000, ""), OK);
    cr_expect_eq(parse_repeated(&f, "INSERT INTO t VALUES (1)", ", (1)", 20000, ""), OK);
    cr_expect_eq(parse_repeated(&f, "SELECT 1", " + 1", 900, ""), OK);
    cr_expect_eq(parse_repeated(&f, "SELECT 1", " + 1", 20000, ""), STATEMENT_TOO_COMPLEX);
    cr_expect_eq(parse_repeated(&f, "SELECT a", "::int", 20000, ""), STATEMENT_TOO_COMPLEX);
    cr_expect_eq(parse_repeated(&f, "SELECT ", "NOT ", 20000, "1"), STATEMENT_TOO_COMPLEX);
    cr_expect_eq(parse_repeated(&f, "SELECT ", "(", 20000, "1"), STATEMENT_TOO_COMPLEX);
    cr_expect_eq(parse_repeated(&f, "SELECT ", "(SELECT ", 20000, "1"), STATEMENT_TOO_COMPLEX);
    cr_expect_eq(parse_repeated(&f, "SELECT ", "f(", 20000, "1"), STATEMENT_TOO_COMPLEX);
    cr_expect_eq(parse_repeated(&f, "SELECT ", "CASE WHEN ", 20000, "1"), STATEMENT_TOO_COMPLEX);
    cr_expect_eq(parse_repeated(&f, "SELECT * FROM t", " CROSS JOIN t", 20000, ""), STATEMENT_TOO_COMPLEX);
    cr_expect_eq(parse_repeated(&f, "SELECT 1 GROUP BY ", "GROUPING SETS (", 20000, ""), STATEMENT_TOO_COMPLEX);
    teardown(&f);
}

Test(parser, survives_want_of_memory_at_any_point) {
    Fixture f;
    setup(&f);
    static const char text[] =
        "WITH a (x) AS (SELECT lag(b) IGNORE NULLS OVER (w ORDER BY c ROWS 3 PRECEDING) FROM t WINDOW w AS (ORDER BY d)) "
        "SELECT CASE x WHEN 1 THEN 'a' END, EXTRACT(year FROM d) AS y, -5, a.* FROM a JOIN b USING (c) "
        "WHERE x IN (1, 2) AND y BETWEEN 1 AND 2 GROUP BY ROLLUP (a) UNION SELECT 1 ORDER BY 1 LIMIT 3";
    for (int64_t nth = 1; nth < 20; nth++) {
        AstStatementList list;
        memory_fail_nth(nth);
        Status status = parse_statements(&f.cx, &f.arena, text, sizeof text - 1, &list);
        memory_fail_nth(0);
        cr_expect(status == OK || status == OUT_OF_MEMORY, "%s", f.error.message);
        arena_free(&f.arena);
    }
    teardown(&f);
}

/* Any text gives a tree or an error: statements cut off, with tokens dropped and doubled. */
Test(parser, survives_broken_statements) {
    Fixture f;
    setup(&f);
    for (size_t i = 0; i < sizeof round_trips / sizeof round_trips[0]; i++) {
        size_t bytes = strlen(round_trips[i]);
        char *text = malloc(bytes * 2 + 1);
        for (size_t cut = 0; cut < bytes; cut++) {
            AstStatementList list;
            memcpy(text, round_trips[i], cut);
            memcpy(text + cut, round_trips[i] + cut / 2, bytes - cut / 2);
            (void)!parse_statements(&f.cx, &f.arena, text, cut, &list);
            (void)!parse_statements(&f.cx, &f.arena, text, cut + bytes - cut / 2, &list);
            (void)!parse_statements(&f.cx, &f.arena, text + cut, bytes - cut / 2, &list);
        }
        free(text);
        arena_free(&f.arena);
    }
    teardown(&f);
}

/* -------------------------------------------------------------------------------------------------------- splitting */

Test(parser, splits_statements) {
    Fixture f;
    setup(&f);
    static const char text[] = ";; SELECT ';' ; SELCT 2; SELECT $$;$$ /* ; */ -- ;\n;SELECT 4";
    AstStatement *statement;
    size_t at = 0, bytes = sizeof text - 1;
    cr_assert_eq(parse_statement(&f.cx, &f.arena, text, bytes, &at, &statement), OK);
    cr_assert_eq(statement->start, 3);
    cr_assert_eq(statement->end, 13);
    cr_assert_eq(parse_statement(&f.cx, &f.arena, text, bytes, &at, &statement), SYNTAX_ERROR);
    cr_assert_eq(f.error.pos, 16);
    cr_assert_eq(at, 24, "at %zu", at);
    cr_assert_eq(parse_statement(&f.cx, &f.arena, text, bytes, &at, &statement), OK);
    cr_assert_eq(statement->start, 25);
    cr_assert_eq(parse_statement(&f.cx, &f.arena, text, bytes, &at, &statement), OK);
    cr_assert_eq(parse_statement(&f.cx, &f.arena, text, bytes, &at, &statement), OK);
    cr_assert_null(statement);
    cr_assert_eq(at, bytes);
    teardown(&f);
}

Test(parser, knows_when_a_statement_is_complete) {
    static const struct {
        const char *text;
        size_t end; /* 0: not complete */
    } cases[] = {
        {"SELECT 1;", 9},     {"SELECT 1; SELECT 2;", 9}, {"SELECT 1", 0},       {"SELECT ';", 0},
        {"SELECT ';';", 11},  {"SELECT 1 -- ;", 0},       {"SELECT 1 /* ; ", 0}, {"SELECT /*;*/;", 13},
        {"SELECT $$;", 0},    {"SELECT $$;$$;", 13},      {"SELECT \";\";", 11}, {"", 0},
        {"SELECT E'\\';", 0}, {"SELECT 1_0 \xff;", 13},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t end, bytes = strlen(cases[i].text);
        bool is_complete = sql_statement_complete(cases[i].text, bytes, &end);
        cr_expect_eq(is_complete, cases[i].end > 0, "%s", cases[i].text);
        cr_expect_eq(end, is_complete ? cases[i].end : bytes, "%s: %zu", cases[i].text, end);
    }
    cr_expect(sql_is_blank(" -- x\n /* y */ ;", 16));
    cr_expect_not(sql_is_blank(" 1", 2));
}

Test(parser, parses_an_expression_alone) {
    Fixture f;
    AstExpr *expr;
    setup(&f);
    cr_assert_eq(parse_expression(&f.cx, &f.arena, "a > 0 AND b", 11, &expr), OK);
    cr_assert_str_eq(ast_print_expr(&f.cx, &f.arena, expr), "a > 0 AND b");
    cr_assert_eq(parse_expression(&f.cx, &f.arena, "a > ", 4, &expr), SYNTAX_ERROR);
    cr_assert_eq(parse_expression(&f.cx, &f.arena, "a; b", 4, &expr), SYNTAX_ERROR);
    cr_assert_eq(parse_expression(&f.cx, &f.arena, "", 0, &expr), SYNTAX_ERROR);
    teardown(&f);
}
