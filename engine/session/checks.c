/* CHECK constraints, batch by batch. */
#include "session/checks.h"

Status row_checks_open(const Context *cx, const TableSchema *schema, const BoundCheck *bound, RowChecks *checks) {
    *checks = (RowChecks){.schema = schema, .bound = bound};
    TRY_ALLOC_ZEROED(cx, checks->states, sizeof(ExprState *) * (schema->check_count + 1));
    for (uint32_t i = 0; i < schema->check_count; i++) {
        TRY(expr_state_create(cx, bound[i].condition, &checks->states[i]));
    }
    return OK;
}

void row_checks_close(RowChecks *checks) {
    for (uint32_t i = 0; checks->states != NULL && i < checks->schema->check_count; i++) {
        expr_state_free(checks->states[i]);
    }
    mem_free(checks->states);
    *checks = (RowChecks){0};
}

Status row_checks_run(const Context *cx, const RowChecks *checks, const Batch *batch) {
    for (uint32_t i = 0; i < checks->schema->check_count; i++) {
        const Vector *result;
        TRY(expr_eval(cx, checks->states[i], batch, &result));
        for (uint32_t row = 0; row < batch->rows; row++) {
            Value value = vector_value(result, row);
            if (!value.is_null && value.i64 == 0) {
                return bind_check_violation(cx, checks->schema, &checks->bound[i]);
            }
        }
    }
    return OK;
}
