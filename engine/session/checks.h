/* CHECK constraints over batches in table order, for what loads rows without a plan: COPY and the appender. */
#ifndef DEPOT_SESSION_CHECKS_H
#define DEPOT_SESSION_CHECKS_H

#include "bind/bind.h"

/* One thread's state. `schema` and `bound` are borrowed. All zero: nothing to close. */
typedef struct RowChecks {
    const TableSchema *schema;
    const BoundCheck *bound;
    ExprState **states; /* schema->check_count */
} RowChecks;

Status row_checks_open(const Context *cx, const TableSchema *schema, const BoundCheck *bound, RowChecks *checks);
void row_checks_close(RowChecks *checks);
/* CHECK_VIOLATION if a row makes a condition false. */
Status row_checks_run(const Context *cx, const RowChecks *checks, const Batch *batch);

#endif
