/* Inside COMPARE: the variants of a query (compare.c), tables rebuilt for them (compare_copy.c), what is told of them
 * (compare_report.c). */
#ifndef DEPOT_SESSION_COMPARE_H
#define DEPOT_SESSION_COMPARE_H

#include "plan/hints.h"
#include "session/bag.h"
#include "session/session.h"

#define COMPARE_RUNS_MAX 5

/* A table of the query, and the temporary copy of it that a variant reads instead. */
typedef struct TableCopy {
    uint64_t table_id, table_version; /* of the table when it was copied */
    const char *name;                 /* in TEMPORARY_SCHEMA */
} TableCopy;

/* What one run counted. */
typedef struct Figures {
    uint64_t rows_scanned, blocks, blocks_skipped, bytes_scanned, bytes_moved, peak_memory_bytes, spilled_bytes;
    double network_seconds;
} Figures;

typedef struct Variant {
    const AstVariant *ast;
    const char *name; /* as it was written */
    Settings settings;
    Hint *hints;
    uint32_t copy_count;
    TableCopy *copies;
    PhysicalPlan *plan;
    Bag bag;
    Figures figures;
    uint32_t run_count;
    uint64_t runs_ns[COMPARE_RUNS_MAX];    /* ascending */
    uint64_t slowest_ns[COMPARE_RUNS_MAX]; /* ascending; work of the node with the most, divided among its slices, and of the
                                            * leader */
    uint32_t feature_count;
    const char **features; /* of the plan: one per join and partitioned scan */
} Variant;

/* The table of the design, rebuilt; one that was built before for the same version of the table is used again. The bytes
 * written are told in a notice. */
Status compare_copy(const Context *cx, depot_statement *statement, const AstTableDesign *design, TableCopy *copy);
/* Fills run.table, and tells what follows in notices. */
Status compare_report(const Context *cx, depot_statement *statement, Variant *variants, uint32_t count);

#endif
