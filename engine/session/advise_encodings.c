/* Encodings: a column that is declared to be stored in one way, though another would take less. What the best one takes is
 * thought of from the column's statistics: whole numbers packed to the bits of their range, few different values as codes of a
 * dictionary. */
#include "session/advise.h"

#include <math.h>

#define WORTH 0.75 /* of the bytes there are now, which the estimate must stay below */

/* Bytes of all values under the smallest encoding that statistics can tell; infinite if they cannot. */
static double smallest(const TableVersion *table, uint32_t column) {
    const ColumnStatistics *statistics = &table->statistics[column];
    Type type = table->schema->columns[column].type;
    double rows = (double)table->rows, values = statistics->distinct < 1 ? 1 : statistics->distinct, least = INFINITY;
    double width = type_is_text(type) ? statistics->average_bytes + 2 : type_bytes(type);
    least = rows * ceil(log2(values + 1)) / 8 + values * width;
    if (statistics->range.has_range && class_is_integer(type_class(type))) {
        double range = (double)statistics->range.max.i64 - (double)statistics->range.min.i64 + 1;
        least = fmin(least, rows * ceil(log2(range + 1)) / 8);
    }
    return least;
}

static Status propose(const Context *cx, Advice *advice, const AdvisedTable *table, uint32_t column, double best,
                      const Price *now) {
    Run *run = &advice->statement->run;
    Arena *arena = &run->arena;
    const TableSchema *schema = table->table->schema;
    double bytes = (double)table->table->statistics[column].file_bytes, reads = table->reads[column];
    double slices = (double)advice->nodes * snapshot_topology(run->snapshot).slices_per_node;
    const char *name = advise_table_name(cx, arena, schema);
    const char *column_name = ast_print_ident(cx, arena, schema->columns[column].name);
    if (name == NULL || column_name == NULL) {
        return OUT_OF_MEMORY;
    }
    const char *cells[] = {
        arena_format(cx, arena, "ALTER TABLE %s ALTER COLUMN %s ENCODE auto;", name, column_name),
        arena_format(cx, arena, "%.0f %%", 100 * (bytes - best) * reads * BYTE_SCAN_NS / slices / now->nanoseconds), NULL,
        arena_format(cx, arena, "%.0f -> %.0f", bytes * reads, best * reads),
        arena_format(cx, arena, "read %.0f times by %.0f queries; about %.0f values in %llu rows", reads, advice->queries_run,
                     table->table->statistics[column].distinct, (unsigned long long)table->table->rows)};
    for (uint32_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        TRY(i != 2 && cells[i] == NULL ? OUT_OF_MEMORY : OK);
    }
    return text_table_add(cx, arena, run->table, cells);
}

Status advise_encodings(const Context *cx, Advice *advice, const Price *now) {
    for (uint32_t t = 0; t < advice->table_count; t++) {
        const AdvisedTable *table = &advice->tables[t];
        for (uint32_t i = 0; table->reads != NULL && i < table->table->schema->column_count; i++) {
            ColumnEncoding declared = table->table->schema->columns[i].encode;
            double best = smallest(table->table, i);
            bool is_declared = declared.encoding != 0 || declared.codec != 0;
            if (is_declared && table->reads[i] > 0 && best < WORTH * (double)table->table->statistics[i].file_bytes) {
                TRY(propose(cx, advice, table, i, best, now));
            }
        }
    }
    return OK;
}
