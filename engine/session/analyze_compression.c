/* ANALYZE COMPRESSION: the encoding in which each column would be smallest, and how much smaller than raw; measured, not
 * applied (ALTER TABLE … ALTER COLUMN … ENCODE does that). */
#include "bind/bind.h"
#include "session/session.h"
#include "storage/compression.h"
#include "storage/encodings/encoding.h"

#include <stdio.h>

#define SAMPLE_ROWS_PER_SLICE 100000 /* Redshift's */

static Status add_finding(const Context *cx, Run *run, const TableVersion *table, uint32_t column, uint64_t rows_max) {
    CompressionFinding finding;
    char name[32], percent[16];
    TRY(compression_measure(cx, run->snapshot, table, column, rows_max, &finding));
    double saved = finding.raw_bytes == 0 ? 0 : 1 - (double)finding.best_bytes / (double)finding.raw_bytes;
    snprintf(percent, sizeof percent, "%.2f", saved * 100);
    const char *cells[] = {table->schema->name, table->schema->columns[column].name, encoding_describe(finding.best, name),
                           percent};
    return text_table_add(cx, &run->arena, run->table, cells);
}

static Status add_table(const Context *cx, Run *run, const TableVersion *table, const AstAnalyze *analyze) {
    Topology topology = snapshot_topology(run->snapshot);
    uint64_t rows_max = analyze->sample_rows > 0 ? (uint64_t)analyze->sample_rows
                                                 : (uint64_t)SAMPLE_ROWS_PER_SLICE * topology.nodes * topology.slices_per_node;
    for (uint32_t i = 0; i < analyze->columns.count; i++) {
        const AstIdent *ident = analyze->columns.items[i];
        uint32_t column = schema_find_column(table->schema, ident->text);
        if (column == UINT32_MAX) {
            return fail_at(cx, ident->pos, UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", ident->text,
                           table->schema->name);
        }
        TRY(add_finding(cx, run, table, column, rows_max));
    }
    for (uint32_t c = 0; analyze->columns.count == 0 && c < table->schema->column_count; c++) {
        TRY(add_finding(cx, run, table, c, rows_max));
    }
    return OK;
}

Status run_analyze_compression(const Context *cx, depot_statement *statement) {
    static const char *const heading[] = {"Table", "Column", "Encoding", "Est_reduction_pct"};
    Run *run = &statement->run;
    const AstAnalyze *analyze = statement->ast->analyze;
    TRY(transaction_read(cx, statement));
    TRY(text_table_create(cx, &run->arena, sizeof heading / sizeof *heading, heading, &run->table));
    if (analyze->table != NULL) {
        const TableVersion *table;
        TRY(bind_table(cx, &run->arena, run->snapshot, analyze->table, &table));
        return add_table(cx, run, table, analyze);
    }
    for (uint32_t i = 0; i < snapshot_table_count(run->snapshot); i++) {
        const TableVersion *table = snapshot_table(run->snapshot, i);
        if (table->schema->kind == RELATION_TABLE) {
            TRY(add_table(cx, run, table, analyze));
        }
    }
    return OK;
}
