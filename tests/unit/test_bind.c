/* The binder over an in-memory warehouse: plans as logical_print shows them (without the lists of columns), and errors with
 * their SQLSTATE, place and hint. In the text of an error case a "^" stands before the token that the caret has to mark. */
#include "bind/bind.h"
#include "core/notice.h"
#include "core/settings.h"
#include "parser/parse.h"

#include <criterion/criterion.h>

#include <stdio.h>

static Error error;
static MemoryAccount account;
static Settings settings;
static Context cx;
static Arena arena;
static Warehouse *warehouse;
static Snapshot *snapshot;

static AstStatement *parse(const char *sql) {
    AstStatement *statement = NULL;
    size_t at = 0;
    cr_assert_eq(parse_statement(&cx, &arena, sql, strlen(sql), &at, &statement), OK, "%s: %s", sql, error.message);
    cr_assert_not_null(statement, "%s", sql);
    return statement;
}

static void take_snapshot(void) {
    if (snapshot != NULL) {
        snapshot_release(snapshot);
    }
    cr_assert_eq(warehouse_snapshot(&cx, warehouse, &snapshot), OK, "%s", error.message);
}

static TableSchema *define(const char *sql) {
    TableSchema *schema;
    LogicalPlan *query;
    Status status = bind_create_table(&cx, &arena, snapshot, parse(sql)->create_table, NULL, &schema, &query);
    cr_assert_eq(status, OK, "%s: %s", sql, error.message);
    return schema;
}

static void create(const char *sql) {
    Commit *commit;
    TableSchema *schema = define(sql);
    cr_assert_eq(commit_begin(&cx, warehouse, &commit), OK, "%s", error.message);
    cr_assert_eq(commit_create_table(&cx, commit, schema), OK, "%s", error.message);
    cr_assert_eq(commit_finish(&cx, commit), OK, "%s", error.message);
    take_snapshot();
}

static void setup(void) {
    memory_account_init(&account, NULL, "test", 0);
    settings_init(&settings);
    cx = (Context){.error = &error, .memory = &account, .settings = &settings, .notices = notice_list_create()};
    arena_init(&arena);
    WarehouseOptions options = {.create = true};
    cr_assert_eq(warehouse_open(&cx, NULL, &options, &warehouse), OK, "%s", error.message);
    take_snapshot();
    create("CREATE TABLE t (a INTEGER DEFAULT 7, b VARCHAR(3), c DECIMAL(12,2) CHECK (c > 0), d DATE, f DOUBLE PRECISION, "
           "g BOOLEAN NOT NULL, CHECK (a < 100 OR b IS NULL))");
    create("CREATE TABLE u (a BIGINT, b VARCHAR(10), e TIMESTAMP)");
    create("CREATE TABLE lineorder (lo_orderdate INTEGER, lo_revenue INTEGER, lo_discount INTEGER)");
    create("CREATE TABLE dates (d_datekey INTEGER PRIMARY KEY, d_year INTEGER, d_month INTEGER) DISTSTYLE ALL");
}

static void teardown(void) {
    snapshot_release(snapshot);
    snapshot = NULL;
    warehouse_close(warehouse);
    arena_free(&arena);
    notice_list_free(cx.notices);
    memory_account_close(&account);
}
TestSuite(bind, .init = setup, .fini = teardown);

static Status bind(const char *sql, LogicalPlan **plan) {
    AstStatement *statement = parse(sql);
    TableSchema *schema;
    CopySpec *copy;
    switch (statement->kind) {
    case AST_STATEMENT_QUERY: return bind_query(&cx, &arena, snapshot, statement->query, NULL, plan);
    case AST_STATEMENT_INSERT: return bind_insert(&cx, &arena, snapshot, statement->insert, NULL, plan);
    case AST_STATEMENT_COPY: return bind_copy(&cx, &arena, snapshot, statement->copy, &copy);
    default: return bind_create_table(&cx, &arena, snapshot, statement->create_table, NULL, &schema, plan);
    }
}

/* ------------------------------------------------------------------------------------------------------------------ plans */

/* The lists of columns end the lines. */
static void strip_columns(char *text) {
    char *to = text;
    for (char *line = text; *line != '\0';) {
        char *end = strchr(line, '\n'), *list = line;
        for (char *at = line; at < end; at++) {
            list = at[0] == ' ' && at[1] == '[' ? at : list;
        }
        memmove(to, line, (size_t)(list - line));
        to += list - line;
        *to++ = '\n';
        line = end + 1;
    }
    *to = '\0';
}

static void expect_plan(const char *sql, const char *expected) {
    LogicalPlan *plan;
    cr_assert_eq(bind(sql, &plan), OK, "%s: %s", sql, error.message);
    char *text = logical_print(&cx, &arena, plan);
    cr_assert_not_null(text);
    strip_columns(text);
    cr_expect_str_eq(text, expected, "%s\n%s", sql, text);
    for (uint32_t i = 0; i < plan->output_count; i++) {
        cr_expect_eq(plan->outputs[i], plan->root->columns[i], "%s", sql);
    }
}

Test(bind, selects) {
    expect_plan("SELECT 1", "Project 1\n  Values rows 1\n");
    expect_plan("SELECT sum(lo_revenue) AS r, d_year FROM lineorder, dates WHERE lo_orderdate = d_datekey AND lo_discount "
                "BETWEEN 1 AND 3 GROUP BY d_year ORDER BY r DESC LIMIT 2",
                "Limit 2\n  Sort sum(lineorder.lo_revenue) desc\n    Project sum(lineorder.lo_revenue), dates.d_year\n"
                "      Aggregate by dates.d_year calls sum(lineorder.lo_revenue)\n"
                "        Filter lineorder.lo_orderdate = dates.d_datekey AND lineorder.lo_discount >= 1 AND "
                "lineorder.lo_discount <= 3\n"
                "          Join inner\n            Get lineorder\n            Get dates\n");
    expect_plan("SELECT a FROM t ORDER BY c DESC NULLS LAST OFFSET 1",
                "Project t.a\n  Limit offset 1\n    Sort t.c desc nulls last\n      Project t.a, t.c\n        Get t\n");
    expect_plan("SELECT DISTINCT a FROM t ORDER BY 1", "Sort t.a\n  Aggregate by t.a\n    Project t.a\n      Get t\n");
    expect_plan("SELECT a + 1 AS x, count(*) FROM t GROUP BY x HAVING count(*) > 1",
                "Project t.a + 1, count(*)\n  Filter count(*) > 1\n    Aggregate by t.a + 1 calls count(*)\n      Get t\n");
    expect_plan("SELECT d_year, count(*) FROM dates GROUP BY d_datekey",
                "Project dates.d_year, count(*)\n  Aggregate by dates.d_datekey, dates.d_year calls count(*)\n    Get dates\n");
    expect_plan("SELECT a, sum(f) FROM t GROUP BY ALL",
                "Project t.a, sum(t.f)\n  Aggregate by t.a calls sum(t.f)\n    Get t\n");
    expect_plan("SELECT a FROM t QUALIFY row_number() OVER (PARTITION BY a % 2 ORDER BY f) = 1",
                "Project t.a\n  Filter row_number() = 1\n    Window by t.a % 2 order t.f calls row_number()\n"
                "      Project t.a, t.b, t.c, t.d, t.f, t.g, t.a % 2\n        Get t\n");
    expect_plan(
        "SELECT sum(sum(f)) OVER (ORDER BY a) FROM t GROUP BY a",
        "Project sum(sum(t.f))\n  Window order t.a calls sum(sum(t.f))\n    Aggregate by t.a calls sum(t.f)\n      Get t\n");
}

Test(bind, from) {
    expect_plan("SELECT * FROM t NATURAL JOIN u",
                "Project CAST(t.a AS bigint), CAST(t.b AS varchar(10)), t.c, t.d, t.f, t.g, u.e\n"
                "  Project t.a, t.b, t.c, t.d, t.f, t.g, u.a, u.b, u.e, CAST(t.a AS bigint), CAST(t.b AS varchar(10))\n"
                "    Join inner on CAST(t.a AS bigint) = u.a AND CAST(t.b AS varchar(10)) = u.b\n      Get t\n      Get u\n");
    expect_plan("SELECT a FROM t x FULL JOIN t y USING (a)",
                "Project coalesce(x.a, y.a)\n"
                "  Project x.a, x.b, x.c, x.d, x.f, x.g, y.a, y.b, y.c, y.d, y.f, y.g, coalesce(x.a, y.a)\n"
                "    Join full on x.a = y.a\n      Get t\n      Get t\n");
    expect_plan("WITH x(k) AS (SELECT a FROM t) SELECT p.k FROM x p, x q WHERE p.k = q.k",
                "Project t.a\n  Filter t.a = t.a\n    Join inner\n      Project t.a\n        Get t\n      Project t.a\n        "
                "Get t\n");
    expect_plan("SELECT n FROM (VALUES (1, 'a'), (2, 'b')) AS v(n, s)", "Project column1\n  Values rows 2\n");
    expect_plan("SELECT n FROM generate_series(1, 3) AS g(n)",
                "Project generate_series\n  TableFunction generate_series of 1, 3\n");
}

Test(bind, subqueries) {
    expect_plan("SELECT a FROM t WHERE a IN (SELECT a FROM u) AND a NOT IN (SELECT a FROM u) AND g",
                "Project t.a\n  Join anti null on CAST(t.a AS bigint) = u.a\n    Join semi on CAST(t.a AS bigint) = u.a\n"
                "      Filter t.g\n        Get t\n      Project u.a\n        Get u\n    Project u.a\n      Get u\n");
    expect_plan("SELECT a IN (SELECT a FROM u) FROM t",
                "Project IN\n  Join mark on CAST(t.a AS bigint) = u.a\n    Get t\n    Project u.a\n      Get u\n");
    expect_plan("SELECT a FROM t WHERE a > (SELECT max(a) FROM u)",
                "Project t.a\n  Filter CAST(t.a AS bigint) > max(u.a)\n    Join single\n      Get t\n      Project max(u.a)\n"
                "        Aggregate calls max(u.a)\n          Get u\n");
    expect_plan("SELECT 1 WHERE EXISTS (SELECT a FROM u)",
                "Project 1\n  Join semi\n    Values rows 1\n    Project u.a\n      Get u\n");
    expect_plan("SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
                "Project t.a\n  Join semi\n    Get t\n    Project 1\n      Filter u.a = CAST(t.a AS bigint)\n        Get u\n");
}

Test(bind, set_operations) {
    expect_plan("SELECT a FROM t UNION ALL SELECT NULL",
                "Union\n  Project t.a\n    Get t\n  Project NULL\n    Project NULL\n      Values rows 1\n");
    expect_plan(
        "SELECT b FROM t UNION SELECT b FROM u ORDER BY b",
        "Sort b\n  Aggregate by b\n    Union\n      Project CAST(t.b AS varchar(10))\n        Project t.b\n          Get t\n"
        "      Project u.b\n        Get u\n");
    expect_plan("SELECT d FROM t EXCEPT SELECT d FROM t",
                "Project d\n  Filter max = 0\n    Aggregate by d calls max\n      Union\n        Project t.d, 0\n"
                "          Project t.d\n            Get t\n        Project t.d, 1\n          Project t.d\n            Get t\n");
}

Test(bind, inserts) {
    expect_plan(
        "INSERT INTO u (e, a) SELECT d, a FROM t",
        "Insert into u\n  Project CAST(t.a AS bigint), NULL, CAST(t.d AS timestamp)\n    Project t.d, t.a\n      Get t\n");
    expect_plan(
        "INSERT INTO t (g, a) SELECT true, a FROM u",
        "Insert into t\n  Filter check_row(c > 0.00, 't_c_check', 't') AND check_row(a < 100 OR b IS NULL, 't_check', "
        "'t')\n    Project CAST(u.a AS integer), NULL, NULL, NULL, NULL, true\n      Project true, u.a\n        Get u\n");
    LogicalPlan *plan;
    cr_assert_eq(bind("INSERT INTO t (b, a, c) VALUES ('x', DEFAULT, 1), ('y', 3, 2.5)", &plan), OK, "%s", error.message);
    const LogicalNode *values = plan->root->children[0]->children[0]; /* below the Filter of the CHECKs */
    cr_assert_eq(plan->root->kind, LOGICAL_INSERT);
    cr_assert_eq(values->values.row_count, 2);
    cr_expect_eq(values->values.rows[0][0]->value.i64, 7);
    cr_expect_eq(values->values.rows[0][2]->value.i64, 100);
    cr_expect_eq(values->values.rows[1][2]->value.i64, 250);
    cr_expect(values->values.rows[1][5]->value.is_null);
}

Test(bind, parameters) {
    Value values[2] = {value_i64(type_make(TYPE_INTEGER), 5), value_text(type_varchar(0), text_view("1995-01-02", 10))};
    BindParameters parameters = {.count = 2, .values = values};
    LogicalPlan *plan;
    Status status =
        bind_query(&cx, &arena, snapshot, parse("SELECT a FROM t WHERE a > $1 AND d = $2 LIMIT $1")->query, &parameters, &plan);
    cr_assert_eq(status, OK, "%s", error.message);
    char *text = logical_print(&cx, &arena, plan);
    strip_columns(text);
    cr_expect_str_eq(text, "Limit 5\n  Project t.a\n    Filter t.a > 5 AND t.d = DATE '1995-01-02'\n      Get t\n", "%s", text);
    parameters.values = NULL;
    status = bind_query(&cx, &arena, snapshot, parse("SELECT a, $1 FROM t WHERE a > $1")->query, &parameters, &plan);
    cr_expect_eq(status, OK, "%s", error.message);
}

/* -------------------------------------------------------------------------------------------------------------------- DDL */

Test(bind, physical_design) {
    TableSchema *schema = define("CREATE TABLE n (k BIGINT DISTKEY NOT NULL, d DATE, r VARCHAR(9) ENCODE dict, UNIQUE (k)) "
                                 "SORTKEY (d, k) PARTITION BY (month(d), bucket(4, k)) WITH (block_rows = 4096)");
    cr_expect_eq(schema->dist_style, DIST_KEY);
    cr_expect_eq(schema->dist_column, 0);
    cr_expect_eq(schema->sort_key_count, 2);
    cr_expect_eq(schema->sort_keys[0], 1);
    cr_expect_eq(schema->partition_key_count, 2);
    cr_expect_eq(schema->partition_keys[1].transform, PARTITION_BUCKET);
    cr_expect_eq(schema->partition_keys[1].parameter, 4);
    cr_expect_eq(schema->block_rows, 4096);
    cr_expect_eq(schema->key_count, 1);
    cr_expect(schema->columns[0].not_null);
    const char *said = notice_take(cx.notices);
    while (said != NULL && strstr(said, "UNIQUE") == NULL) {
        said = notice_take(cx.notices);
    }
    cr_expect_not_null(said, "a declared key is said not to be enforced");
    schema = define("CREATE TABLE n (LIKE t INCLUDING DEFAULTS)");
    cr_expect_eq(schema->column_count, 6);
    cr_expect_str_eq(schema->columns[0].default_sql, "7");
    cr_expect_null(define("CREATE TABLE IF NOT EXISTS t (a INTEGER)"));
}

Test(bind, checks_and_defaults) {
    const TableSchema *schema = snapshot_find_table(snapshot, "public", "t")->schema;
    BoundCheck *checks;
    Expr **defaults;
    cr_assert_eq(schema->check_count, 2);
    cr_assert_eq(bind_checks(&cx, &arena, schema, &checks), OK, "%s", error.message);
    cr_expect_eq(checks[0].condition->type.id, TYPE_BOOLEAN);
    cr_expect_eq(checks[0].condition->args[0]->kind, EXPR_SLOT);
    cr_expect_eq(checks[0].condition->args[0]->slot, 2);
    cr_assert_eq(bind_defaults(&cx, &arena, schema, &defaults), OK, "%s", error.message);
    cr_expect_eq(defaults[0]->value.i64, 7);
    cr_expect(defaults[1]->value.is_null);
    cr_expect_eq(bind_check_violation(&cx, schema, &checks[0]), CHECK_VIOLATION);
}

Test(bind, copy_options) {
    CopySpec *spec;
    const char *sql = "COPY t (a, b) FROM 'x*.tbl.gz' DELIMITER '\\t' IGNOREHEADER 2 NULL AS 'NA' MAXERROR 5 GZIP";
    cr_assert_eq(bind_copy(&cx, &arena, snapshot, parse(sql)->copy, &spec), OK, "%s", error.message);
    cr_expect_eq(spec->delimiter, '\t');
    cr_expect(!spec->is_quoted);
    cr_expect_eq(spec->skip_lines, 2);
    cr_expect_str_eq(spec->null_text, "NA");
    cr_expect_eq(spec->max_errors, 5);
    cr_expect_eq(spec->compression, COPY_COMPRESSION_GZIP);
    cr_expect_eq(spec->field_count, 2);
    cr_expect_null(spec->defaults[0]);
    cr_expect_not_null(spec->defaults[2]);
    sql = "COPY t FROM 'x' (FORMAT csv, HEADER, DELIMITER ';', FORCE_NULL (b))";
    cr_assert_eq(bind_copy(&cx, &arena, snapshot, parse(sql)->copy, &spec), OK, "%s", error.message);
    cr_expect(spec->is_quoted && spec->quote == '"' && spec->delimiter == ';' && spec->skip_lines == 1);
    cr_expect(spec->null_if_quoted[1] && !spec->null_if_quoted[0]);
}

/* ----------------------------------------------------------------------------------------------------------------- errors */

typedef struct ErrorCase {
    const char *sql, *sqlstate, *message, *hint; /* message and hint: a part; hint NULL: any or none */
} ErrorCase;

static void expect_error(const ErrorCase *wanted) {
    char sql[400];
    LogicalPlan *plan;
    const char *caret = strchr(wanted->sql, '^');
    cr_assert_not_null(caret, "%s", wanted->sql);
    snprintf(sql, sizeof sql, "%.*s%s", (int)(caret - wanted->sql), wanted->sql, caret + 1);
    error_clear(&error);
    Status status = bind(sql, &plan);
    cr_assert_neq(status, OK, "%s was bound", sql);
    cr_expect_str_eq(status_sqlstate(status), wanted->sqlstate, "%s: %s", sql, error.message);
    cr_expect_not_null(strstr(error.message, wanted->message), "%s: %s", sql, error.message);
    cr_expect_eq(error.pos, (SourcePos)(caret - wanted->sql), "%s: at %u, not %u", sql, error.pos,
                 (unsigned)(caret - wanted->sql));
    cr_expect(wanted->hint == NULL || strstr(error.hint, wanted->hint) != NULL, "%s: hint \"%s\"", sql, error.hint);
}

Test(bind, errors_of_names) {
    static const ErrorCase cases[] = {
        {"SELECT ^lo_revnue FROM lineorder", "42703", "column \"lo_revnue\" does not exist", "\"lo_revenue\""},
        {"SELECT ^revenue FROM lineorder, dates", "42703", "revenue", "\"lo_revenue\" of \"lineorder\""},
        {"SELECT ^x.d_yaer FROM dates x", "42703", "column x.d_yaer does not exist", "x.d_year"},
        {"SELECT ^y.d_year FROM dates x", "42P01", "missing FROM-clause entry", ""},
        {"SELECT ^dates.d_year FROM dates x", "42P01", "invalid reference", "alias \"x\""},
        {"SELECT 1 FROM ^lineoder", "42P01", "relation \"lineoder\" does not exist", "\"lineorder\""},
        {"SELECT 1 FROM ^stl_vacuum", "0A000", "stl_vacuum", NULL},
        {"SELECT ^a FROM t, u", "42702", "ambiguous", "t.a or u.a"},
        {"SELECT 1 FROM t, ^t", "42712", "more than once", "alias"},
        {"SELECT 1 FROM t WHERE b = ^\"ASIA\"", "42703", "\"ASIA\"", "'ASIA'"},
        {"SELECT a AS total FROM t WHERE ^total > 1", "42703", "total", "alias of the select list"},
        {"SELECT ^t FROM t", "42703", "\"t\"", "t.*"},
        {"SELECT ^* ", "42601", "no tables", NULL},
        {"SELECT 1 FROM t, u JOIN dates ON ^t.a = d_year", "42P01", "\"t\"", "binds tighter"},
        {"SELECT 1 FROM t JOIN u USING (^x)", "42703", "left table", NULL},
        {"WITH x AS (SELECT 1), ^x AS (SELECT 2) SELECT 1", "42712", "WITH query name", NULL},
        {"WITH x AS (SELECT ^nope) SELECT 1", "42703", "nope", NULL},
        {"SELECT ^foo(a) FROM t", "42883", "function foo(integer) does not exist", NULL},
        {"SELECT ^array_agg(a) FROM t", "0A000", "array_agg()", NULL},
        {"SELECT a FROM t ORDER BY ^2", "42P10", "position 2", NULL},
        {"SELECT a FROM t GROUP BY ^0", "42P10", "position 0", NULL},
        {"SELECT a AS x, b AS x FROM t ORDER BY ^x", "42702", "ambiguous", NULL},
        {"SELECT sum(f) OVER ^w FROM t", "42704", "window \"w\"", NULL},
        {"SELECT ^$1", "42P02", "$1", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_error(&cases[i]);
    }
}

Test(bind, errors_of_clauses) {
    static const ErrorCase cases[] = {
        {"SELECT a FROM t WHERE ^sum(f) > 1", "42803", "not allowed in WHERE", "HAVING"},
        {"SELECT a FROM t WHERE ^rank() OVER () = 1", "42P20", "not allowed in WHERE", "QUALIFY"},
        {"SELECT 1 FROM t JOIN u ON ^count(*) = 1", "42803", "JOIN conditions", NULL},
        {"SELECT 1 FROM t GROUP BY ^count(*)", "42803", "GROUP BY", NULL},
        {"SELECT sum(^sum(f)) FROM t", "42803", "cannot be nested", NULL},
        {"SELECT sum(^rank() OVER ()) FROM t", "42803", "cannot contain window", NULL},
        {"SELECT ^a, sum(f) FROM t", "42803", "column \"t.a\" must appear in the GROUP BY", "GROUP BY t.a"},
        {"SELECT a, ^b FROM t GROUP BY a", "42803", "\"t.b\"", NULL},
        {"SELECT count(*) FROM t HAVING ^a > 1", "42803", "\"t.a\"", NULL},
        {"SELECT ^rank() FROM t", "42809", "requires an OVER", NULL},
        {"SELECT ^count() FROM t", "42809", "count()", "count(*)"},
        {"SELECT DISTINCT a FROM t ORDER BY ^f", "42P10", "SELECT DISTINCT", NULL},
        {"SELECT a FROM t LIMIT ^a", "42P10", "LIMIT", NULL},
        {"SELECT a FROM t LIMIT ^-1", "2201W", "negative", NULL},
        {"SELECT a FROM t OFFSET ^-1", "2201X", "negative", NULL},
        {"SELECT a FROM t UNION SELECT ^a, b FROM t", "42601", "same number of columns", NULL},
        {"SELECT a FROM t UNION SELECT a FROM t ORDER BY ^a + 1", "0A000", "UNION ORDER BY", "subquery"},
        {"SELECT (^SELECT a, b FROM t)", "42601", "only one column", NULL},
        {"SELECT a ^IN (SELECT a, b FROM t) FROM t", "42601", "too many columns", NULL},
        {"VALUES (1, 2), (^3)", "42601", "same length", NULL},
        {"SELECT a FROM t GROUP BY ROLLUP (a) HAVING ^f > 0", "42803", "must appear in the GROUP BY clause", NULL},
        {"SELECT DISTINCT ON (^a) a FROM t ORDER BY f", "42P10", "DISTINCT ON", "begin with"},
        {"SELECT ^rank() IGNORE NULLS OVER (ORDER BY a) FROM t", "0A000", "IGNORE NULLS", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_error(&cases[i]);
    }
}

Test(bind, errors_of_types) {
    static const ErrorCase cases[] = {
        {"SELECT a FROM t WHERE ^a", "42804", "argument of WHERE must be type boolean, not type integer", NULL},
        {"SELECT a FROM t WHERE g AND ^a", "42804", "argument of AND", NULL},
        {"SELECT a FROM t WHERE b ^> 1", "42883", "varchar(3) > integer", NULL},
        {"SELECT a FROM t WHERE d > ^'abc'", "22007", "abc", NULL},
        {"SELECT a FROM t UNION SELECT ^d FROM t", "42804", "UNION types integer and date", NULL},
        {"SELECT CASE WHEN g THEN ^1 ELSE d END FROM t", "42804", "CASE types", NULL},
        {"SELECT ^123456789012345678901234567890123456789", "22003", "39 digits", NULL},
        {"INSERT INTO t (a) VALUES (1), (^true)", "42804", "column \"a\" is of type integer but expression is of type boolean",
         NULL},
        {"INSERT INTO t (b) VALUES (^'four')", "22001", "", NULL},
        {"INSERT INTO t (^x) VALUES (1)", "42703", "column \"x\" of relation \"t\"", NULL},
        {"INSERT INTO t (a, ^a) VALUES (1, 2)", "42701", "more than once", NULL},
        {"INSERT INTO t (a, ^b) VALUES (1)", "42601", "more target columns", NULL},
        {"INSERT INTO t (a) VALUES (1, ^2)", "42601", "more expressions", NULL},
        {"CREATE TABLE ^t (a INTEGER)", "42P07", "already exists", NULL},
        {"CREATE TABLE n (a INTEGER, ^a INTEGER)", "42701", "more than once", NULL},
        {"CREATE TABLE n (a INTEGER DEFAULT ^true)", "42804", "default expression", NULL},
        {"CREATE TABLE n (a INTEGER DEFAULT ^b)", "0A000", "column reference in DEFAULT", NULL},
        {"CREATE TABLE n (a INTEGER CHECK (^x > 1))", "42703", "\"x\"", NULL},
        {"CREATE TABLE n (a INTEGER CHECK ((^SELECT true)))", "0A000", "check constraint", NULL},
        {"CREATE TABLE n (a INTEGER) DISTKEY (^b)", "42703", "DISTKEY", NULL},
        {"CREATE TABLE n (a INTEGER) ^DISTSTYLE KEY", "42P16", "needs a DISTKEY", NULL},
        {"CREATE TABLE n (a INTEGER) ^INTERLEAVED SORTKEY (a)", "0A000", "INTERLEAVED", NULL},
        {"CREATE TABLE n (a INTEGER) SORTKEY (a) ^SORTKEY (a)", "42601", "twice", NULL},
        {"CREATE TABLE n (a INTEGER PRIMARY KEY, b INTEGER ^PRIMARY KEY)", "42P16", "multiple primary keys", NULL},
        {"CREATE TABLE n (a INTEGER REFERENCES ^nope)", "42P01", "nope", NULL},
        {"CREATE TABLE n (a INTEGER) WITH (block_rows = ^1000)", "22023", "multiple of 2048", NULL},
        {"CREATE TABLE ^foo.n (a INTEGER)", "3F000", "schema \"foo\"", NULL},
        {"COPY ^nope FROM 'x'", "42P01", "nope", NULL},
        {"COPY t FROM 'x' (^DELIMTER ',')", "42601", "delimter", "\"delimiter\""},
        {"COPY t FROM 'x' (FORMAT ^parquet)", "0A000", "parquet", NULL},
        {"COPY t FROM 'x' (DELIMITER ^'ab')", "22023", "one-byte", NULL},
        {"COPY t FROM 'x' CSV QUOTE ^','", "22023", "different", NULL},
        {"COPY t FROM 'x' MAXERROR ^'many'", "22023", "maxerror", NULL},
        {"COPY t TO ^'x'", "0A000", "COPY", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_error(&cases[i]);
    }
}

/* Names of WITH that each use the one before twice come to 2^n queries if they are written out; the limit stops them early. */
Test(bind, too_many_queries) {
    char sql[4096];
    LogicalPlan *plan;
    size_t bytes = (size_t)snprintf(sql, sizeof sql, "WITH c0 AS (SELECT a FROM t)");
    for (int i = 1; i < 30; i++) {
        bytes += (size_t)snprintf(sql + bytes, sizeof sql - bytes, ", c%d AS NOT MATERIALIZED (SELECT x.a FROM c%d x, c%d y)",
                                  i, i - 1, i - 1);
    }
    snprintf(sql + bytes, sizeof sql - bytes, " SELECT a FROM c29");
    cr_expect_eq(bind(sql, &plan), STATEMENT_TOO_COMPLEX);
}
