/* ANALYZE: a sample of a table's rows becomes what the optimizer knows of its columns; a faked number of rows is forgotten.
 * Reading is all that it does to a table: the rows of its new version are those of the old one. */
#include "bind/bind.h"
#include "session/session.h"
#include "storage/table_sample.h"

#include <inttypes.h>

/* The columns named, or NULL for all. */
static Status chosen_columns(const Context *cx, Arena *arena, const AstIdentList *names, const TableSchema *schema,
                             bool **columns) {
    *columns = NULL;
    if (names->count == 0) {
        return OK;
    }
    TRY_NEW_ARRAY(cx, arena, *columns, schema->column_count);
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t column = schema_find_column(schema, names->items[i]->text);
        if (column == UINT32_MAX) {
            return fail_at(cx, names->items[i]->pos, UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist",
                           names->items[i]->text, schema->name);
        }
        (*columns)[column] = true;
    }
    return OK;
}

static Status analyze_table(const Context *cx, depot_statement *statement, const TableVersion *table, const bool *columns) {
    Run *run = &statement->run;
    uint32_t threads = session_threads(&run->settings);
    SampleReport report;
    TableSample *sample;
    TRY(worker_pool_grow(cx, statement->db->pool, threads));
    TRY(table_sample_take(cx, run->snapshot, table, columns, statement->db->pool, threads, &report, &sample));
    if (statement->ast->analyze->is_verbose) {
        notice(cx,
               "INFO:  \"%s\": read %" PRIu64 " of %" PRIu64 " blocks of each column; %" PRIu64 " of %" PRIu64
               " rows in the sample; statistics were %.4g %% off",
               table->schema->name, report.blocks_read, report.blocks, sample->sampled_rows, table->rows,
               table_stats_off(table));
    }
    return commit_set_sample(cx, run->commit, table->id, sample);
}

Status run_analyze(const Context *cx, depot_statement *statement) {
    Run *run = &statement->run;
    const AstAnalyze *analyze = statement->ast->analyze;
    if (analyze->table != NULL) {
        const TableVersion *table;
        bool *columns;
        TRY(bind_table(cx, &run->arena, run->snapshot, analyze->table, &table));
        TRY(chosen_columns(cx, &run->arena, &analyze->columns, table->schema, &columns));
        return analyze_table(cx, statement, table, columns);
    }
    for (uint32_t i = 0; i < snapshot_table_count(run->snapshot); i++) {
        const TableVersion *table = snapshot_table(run->snapshot, i);
        bool is_stored = table_warehouse(table) == commit_warehouse(run->commit);
        if (is_stored && table->schema->kind == RELATION_TABLE) {
            TRY(analyze_table(cx, statement, table, NULL));
        }
    }
    return OK;
}
