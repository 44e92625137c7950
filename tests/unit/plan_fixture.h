/* What the planner's tests share: SSB's tables without rows in a warehouse in memory, with the statistics of scale 1 put in
 * their place, so that SQL text becomes a plan as it would over data. */
#ifndef DEPOT_TESTS_PLAN_FIXTURE_H
#define DEPOT_TESTS_PLAN_FIXTURE_H

#include "bind/bind.h"
#include "core/settings.h"
#include "parser/parse.h"
#include "plan/physical.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct PlanFixture {
    Error error;
    MemoryAccount memory;
    Settings settings;
    Context cx;
    Arena arena;
    Warehouse *warehouse;
    Snapshot *snapshot;
    LogicalPlan *logical;
    PhysicalPlan *physical;
    const char **lines;
    uint32_t line_count;
} PlanFixture;

#define MUST(f, call)                                                                                                          \
    do {                                                                                                                       \
        Status must_ = (call);                                                                                                 \
        cr_assert_eq(must_, OK, "%s: %s %s", #call, status_name(must_), (f)->error.message);                                   \
    } while (0)

/* CREATE TABLE, ALTER TABLE. */
static inline void fixture_define(PlanFixture *f, const AstStatement *ast, Snapshot *snapshot, Commit *commit) {
    if (ast->kind == AST_STATEMENT_ALTER_TABLE) {
        TableAlteration alteration;
        MUST(f, bind_alter_table(&f->cx, &f->arena, snapshot, ast->alter_table, &alteration));
        MUST(f, commit_redesign_table(&f->cx, commit, alteration.table->id, alteration.schema));
        return;
    }
    TableSchema *schema;
    LogicalPlan *query;
    MUST(f, bind_create_table(&f->cx, &f->arena, snapshot, ast->create_table, NULL, &schema, &query));
    MUST(f, commit_create_table(&f->cx, commit, schema));
}

static inline void fixture_ddl(PlanFixture *f, const char *sql) {
    AstStatementList statements;
    MUST(f, parse_statements(&f->cx, &f->arena, sql, strlen(sql), &statements));
    for (uint32_t i = 0; i < statements.count; i++) {
        Commit *commit;
        Snapshot *snapshot;
        MUST(f, warehouse_snapshot(&f->cx, f->warehouse, &snapshot));
        MUST(f, commit_begin(&f->cx, f->warehouse, &commit));
        fixture_define(f, statements.items[i], snapshot, commit);
        snapshot_release(snapshot);
        MUST(f, commit_finish(&f->cx, commit));
    }
}

static inline char *fixture_read(const char *path) {
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s: run from the top of the house", path);
    char *text = calloc(1, 1 << 16);
    cr_assert_gt(fread(text, 1, (1 << 16) - 1, file), 0);
    fclose(file);
    return text;
}

/* Makes the table look as if it held `rows` rows; every column gets `distinct` values until fixture_column says better. */
static inline TableVersion *fixture_rows(PlanFixture *f, const char *name, uint64_t rows, double distinct) {
    TableVersion *table = (TableVersion *)(uintptr_t)snapshot_find_table(f->snapshot, "public", name);
    cr_assert_not_null(table, "%s", name);
    ColumnStatistics *statistics = arena_alloc(&f->cx, &f->arena, table->schema->column_count * sizeof *statistics);
    cr_assert_not_null(statistics);
    for (uint32_t i = 0; i < table->schema->column_count; i++) {
        statistics[i] = (ColumnStatistics){.distinct = distinct, .average_bytes = 10, .range = {.rows = rows}};
    }
    table->rows = rows;
    table->statistics = statistics;
    table->sample = (SampleInfo){.is_taken = true, .table_rows = rows};
    return table;
}

static inline void fixture_column(PlanFixture *f, const char *name, const char *column, double distinct, int64_t min,
                                  int64_t max) {
    const TableVersion *table = snapshot_find_table(f->snapshot, "public", name);
    uint32_t index = schema_find_column(table->schema, column);
    cr_assert_neq(index, UINT32_MAX, "%s", column);
    ColumnStatistics *statistics = (ColumnStatistics *)(uintptr_t)&table->statistics[index];
    Type type = table->schema->columns[index].type;
    statistics->distinct = distinct;
    statistics->range.has_range = true;
    statistics->range.min = value_i64(type, min);
    statistics->range.max = value_i64(type, max);
}

static inline void fixture_distinct(PlanFixture *f, const char *name, const char *column, double distinct) {
    const TableVersion *table = snapshot_find_table(f->snapshot, "public", name);
    uint32_t index = schema_find_column(table->schema, column);
    ((ColumnStatistics *)(uintptr_t)&table->statistics[index])->distinct = distinct;
}

static inline void fixture_ssb(PlanFixture *f) {
    fixture_rows(f, "lineorder", 6001171, 1000);
    fixture_column(f, "lineorder", "lo_orderdate", 2406, 19920101, 19980802);
    fixture_column(f, "lineorder", "lo_custkey", 20000, 1, 30000);
    fixture_column(f, "lineorder", "lo_partkey", 200000, 1, 200000);
    fixture_column(f, "lineorder", "lo_suppkey", 2000, 1, 2000);
    fixture_column(f, "lineorder", "lo_discount", 11, 0, 10);
    fixture_column(f, "lineorder", "lo_quantity", 50, 1, 50);
    fixture_rows(f, "dates", 2556, 7);
    fixture_column(f, "dates", "d_datekey", 2556, 19920101, 19981231);
    fixture_column(f, "dates", "d_year", 7, 1992, 1998);
    fixture_rows(f, "customer", 30000, 250);
    fixture_column(f, "customer", "c_custkey", 30000, 1, 30000);
    fixture_rows(f, "supplier", 2000, 250);
    fixture_column(f, "supplier", "s_suppkey", 2000, 1, 2000);
    fixture_distinct(f, "customer", "c_region", 5);
    fixture_distinct(f, "supplier", "s_region", 5);
    fixture_distinct(f, "customer", "c_nation", 25);
    fixture_distinct(f, "supplier", "s_nation", 25);
    fixture_rows(f, "part", 200000, 25);
    fixture_column(f, "part", "p_partkey", 200000, 1, 200000);
}

static inline void fixture_open(PlanFixture *f, uint32_t nodes, const char *more_ddl) {
    memset(f, 0, sizeof *f);
    memory_account_init(&f->memory, NULL, "test", 0);
    settings_init(&f->settings);
    f->cx = (Context){.error = &f->error, .memory = &f->memory, .settings = &f->settings};
    arena_init(&f->arena);
    WarehouseOptions options = {.create = true, .topology = {nodes, 2}};
    MUST(f, warehouse_open(&f->cx, NULL, &options, &f->warehouse));
    static const char *const schema[] = {"datasets/ssb/plain.sql", "datasets/ssb/tuned.sql"};
    for (uint32_t i = 0; i < 2; i++) {
        char *ddl = fixture_read(schema[i]);
        fixture_ddl(f, ddl);
        free(ddl);
    }
    if (more_ddl != NULL) {
        fixture_ddl(f, more_ddl);
    }
    MUST(f, warehouse_snapshot(&f->cx, f->warehouse, &f->snapshot));
    fixture_ssb(f);
}

static inline void fixture_close(PlanFixture *f) {
    snapshot_release(f->snapshot);
    warehouse_close(f->warehouse);
    arena_free(&f->arena);
}

/* SQL → optimized logical plan → physical plan → EXPLAIN's lines. */
static inline void fixture_plan(PlanFixture *f, const char *sql) {
    AstStatementList statements;
    ExplainOptions options = {0};
    MUST(f, parse_statements(&f->cx, &f->arena, sql, strlen(sql), &statements));
    MUST(f, bind_query(&f->cx, &f->arena, f->snapshot, statements.items[0]->query, NULL, &f->logical));
    MUST(f, plan_optimize(&f->cx, f->logical));
    MUST(f, plan_physical(&f->cx, f->logical, snapshot_topology(f->snapshot), &f->physical));
    MUST(f, explain_lines(&f->cx, &f->arena, f->physical, NULL, &options, &f->lines, &f->line_count));
}

/* The plan's lines without their costs, one text. */
static inline const char *fixture_shape(PlanFixture *f) {
    const char *text = "";
    for (uint32_t i = 0; i < f->line_count; i++) {
        const char *cost = strstr(f->lines[i], "  (cost=");
        int bytes = cost == NULL ? (int)strlen(f->lines[i]) : (int)(cost - f->lines[i]);
        text = arena_format(&f->cx, &f->arena, "%s%.*s\n", text, bytes, f->lines[i]);
    }
    return text;
}

static inline void fixture_expect(PlanFixture *f, const char *sql, const char *shape) {
    fixture_plan(f, sql);
    cr_assert_str_eq(fixture_shape(f), shape, "\n%s\nis\n%s\nnot\n%s", sql, fixture_shape(f), shape);
}

static inline bool fixture_has(PlanFixture *f, const char *part) {
    return strstr(fixture_shape(f), part) != NULL;
}

#endif
