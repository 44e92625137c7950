/* Pairs of joined rows: residual conditions and output batches. See join_output.h. */
#include "exec/join_output.h"

#include "exec/exec.h"

static bool mark_slot(const Expr *node, void *is_used) {
    if (node->kind == EXPR_SLOT) {
        ((bool *)is_used)[node->slot] = true;
    }
    return true;
}

static Status open_residual(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op) {
    const PhysicalNode *probe = op->children[0], *build = op->children[1];
    uint32_t count = probe->column_count + build->column_count;
    TRY_ALLOC_ZEROED(cx, emitter->is_used, count * sizeof(bool));
    expr_walk(op->join.residual, mark_slot, emitter->is_used);
    Type *types;
    TRY_ALLOC(cx, types, sizeof *types * count);
    for (uint32_t c = 0; c < count; c++) {
        types[c] = c < probe->column_count ? probe->columns[c].type : build->columns[c - probe->column_count].type;
    }
    Status status = batch_init(cx, &emitter->combined, types, count);
    for (uint32_t c = 0; status == OK && c < count; c++) { /* unused columns stay NULL */
        Value null = value_null(types[c]);
        status = vector_set_constant(cx, &emitter->combined.columns[c], &null);
    }
    mem_free(types);
    TRY(status);
    return expr_state_create(cx, op->join.residual, &emitter->residual);
}

Status join_emitter_open(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op) {
    vector_init(&emitter->left, type_make(TYPE_BIGINT));
    vector_init(&emitter->right, type_make(TYPE_BIGINT));
    TRY_ALLOC(cx, emitter->rest, sizeof *emitter->rest);
    TRY(batch_init_like(cx, op, &emitter->out));
    return op->join.residual == NULL ? OK : open_residual(cx, emitter, op);
}

void join_emitter_close(JoinEmitter *emitter) {
    batch_free(&emitter->out);
    batch_free(&emitter->combined);
    mem_free(emitter->is_used);
    mem_free(emitter->rest);
    expr_state_free(emitter->residual);
    vector_free(&emitter->left);
    vector_free(&emitter->right);
}

/* -------------------------------------------------------------------------------------------------------- narrowing pairs */

static void keep_pairs(JoinPairs *pairs, const uint16_t *kept, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        pairs->probe[i] = pairs->probe[kept[i]];
        pairs->build[i] = pairs->build[kept[i]];
    }
    pairs->count = count;
}

/* The columns of the pairs that the residual reads. */
static Status fill_combined(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                            const RowTable *table, const JoinPairs *pairs) {
    Batch *combined = &emitter->combined;
    combined->rows = pairs->count;
    for (uint32_t c = 0; c < combined->column_count; c++) {
        if (!emitter->is_used[c]) {
            continue;
        }
        if (c < in->column_count) {
            TRY(vector_gather(cx, &in->columns[c], pairs->probe, pairs->count, &combined->columns[c]));
        } else {
            TRY(row_table_gather(cx, table, c - op->children[0]->column_count, pairs->build, pairs->count, false,
                                 &combined->columns[c]));
        }
    }
    return OK;
}

Status join_filter_pairs(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                         const RowTable *table, JoinPairs *pairs) {
    if (emitter->residual == NULL || pairs->count == 0) {
        return OK;
    }
    TRY(fill_combined(cx, emitter, op, in, table, pairs));
    uint16_t kept[BATCH_ROWS_MAX];
    uint32_t count = 0;
    TRY(expr_select(cx, emitter->residual, &emitter->combined, kept, &count));
    keep_pairs(pairs, kept, count);
    return OK;
}

Status join_note_unknown_pairs(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                               const RowTable *table, const JoinPairs *pairs, uint64_t *unknown) {
    if (emitter->residual == NULL || pairs->count == 0) {
        return OK;
    }
    TRY(fill_combined(cx, emitter, op, in, table, pairs));
    const Vector *truth;
    TRY(expr_eval(cx, emitter->residual, &emitter->combined, &truth));
    for (uint32_t i = 0; truth->validity != NULL && i < pairs->count; i++) {
        if (!vector_is_valid(truth, i)) {
            bit_set(unknown, pairs->probe[i]);
        }
    }
    return OK;
}

/* kept = the lanes where both are equal and not NULL. */
static Status list_equal_lanes(const Context *cx, const Vector *a, const Vector *b, uint32_t count, Vector *flat_a,
                               Vector *flat_b, uint16_t *kept, uint32_t *kept_count) {
    StorageClass class_a = type_class(a->type), class_b = type_class(b->type);
    uint32_t found = 0;
    if (class_is_integer(class_a) && class_is_integer(class_b)) {
        int64_t wide_a[BATCH_ROWS_MAX], wide_b[BATCH_ROWS_MAX];
        TRY(vector_load_i64(cx, a, count, flat_a, wide_a));
        TRY(vector_load_i64(cx, b, count, flat_b, wide_b));
        for (uint32_t i = 0; i < count; i++) {
            kept[found] = (uint16_t)i;
            found += wide_a[i] == wide_b[i];
        }
    } else if (class_a == CLASS_TEXT) {
        TRY(vector_flatten(cx, a, count, flat_a));
        TRY(vector_flatten(cx, b, count, flat_b));
        const Text *text_a = flat_a->data, *text_b = flat_b->data;
        for (uint32_t i = 0; i < count; i++) {
            kept[found] = (uint16_t)i;
            found += text_equal(&text_a[i], &text_b[i]);
        }
    } else {
        for (uint32_t i = 0; i < count; i++) {
            Value value_a = vector_value(a, i), value_b = vector_value(b, i);
            kept[found] = (uint16_t)i;
            found += value_compare(&value_a, &value_b) == 0;
        }
    }
    if (a->validity != NULL || b->validity != NULL) {
        uint32_t valid = 0;
        for (uint32_t i = 0; i < found; i++) {
            kept[valid] = kept[i];
            valid += vector_is_valid(a, kept[i]) && vector_is_valid(b, kept[i]);
        }
        found = valid;
    }
    *kept_count = found;
    return OK;
}

Status join_verify_pairs(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                         const RowTable *table, JoinPairs *pairs) {
    Status status = OK;
    Vector flat_a, flat_b;
    vector_init(&flat_a, type_make(TYPE_BIGINT));
    vector_init(&flat_b, type_make(TYPE_BIGINT));
    for (uint32_t k = 0; k < op->join.key_count && pairs->count > 0; k++) {
        const Vector *probe = &in->columns[op->join.probe_keys[k]];
        uint16_t kept[BATCH_ROWS_MAX];
        uint32_t count = 0;
        TRY_GOTO(vector_gather(cx, probe, pairs->probe, pairs->count, &emitter->left));
        TRY_GOTO(row_table_gather(cx, table, op->join.build_keys[k], pairs->build, pairs->count, false, &emitter->right));
        TRY_GOTO(list_equal_lanes(cx, &emitter->left, &emitter->right, pairs->count, &flat_a, &flat_b, kept, &count));
        if (count < pairs->count) {
            keep_pairs(pairs, kept, count);
        }
    }
done:
    vector_free(&flat_a);
    vector_free(&flat_b);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- output */

static uint32_t output_count(const PhysicalNode *op) {
    return op->column_count - join_adds_mark(op->join.kind);
}

Status join_emit_pairs(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in, const RowTable *table,
                       const JoinPairs *pairs, bool has_missing, bool keeps_probe) {
    emitter->out.rows = pairs->count;
    for (uint32_t c = 0; c < output_count(op); c++) {
        JoinOutput output = op->join.outputs[c];
        Vector *out = &emitter->out.columns[c];
        if (output.from_build) {
            TRY(row_table_gather(cx, table, output.slot, pairs->build, pairs->count, has_missing, out));
        } else if (keeps_probe) {
            vector_borrow(out, &in->columns[output.slot]);
        } else {
            TRY(vector_gather(cx, &in->columns[output.slot], pairs->probe, pairs->count, out));
        }
    }
    return OK;
}

static Status emit_probe_rows(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                              const uint16_t *rows, uint32_t count) {
    emitter->out.rows = count;
    for (uint32_t c = 0; c < output_count(op); c++) {
        const Vector *from = &in->columns[op->join.outputs[c].slot];
        if (count == in->rows) {
            vector_borrow(&emitter->out.columns[c], from);
        } else {
            TRY(vector_gather(cx, from, rows, count, &emitter->out.columns[c]));
        }
    }
    return OK;
}

static Status emit_marks(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                         const uint64_t *matched, const uint64_t *unknown) {
    TRY(emit_probe_rows(cx, emitter, op, in, NULL, in->rows));
    Vector *mark = &emitter->out.columns[op->column_count - 1];
    TRY(vector_prepare_flat(cx, mark, type_make(TYPE_BOOLEAN)));
    TRY(vector_prepare_validity(cx, mark, true));
    uint8_t *marks = mark->data;
    for (uint32_t i = 0; i < in->rows; i++) {
        marks[i] = bit_get(matched, i);
        if (!marks[i] && bit_get(unknown, i)) {
            bit_clear(mark->validity, i);
        }
    }
    return OK;
}

/* Rows [0, count) whose bit is `wanted`; returns how many. */
static uint32_t list_rows(const uint64_t *bits, uint32_t count, bool wanted, uint16_t *rows) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (bit_get(bits, i) == wanted) {
            rows[found++] = (uint16_t)i;
        }
    }
    return found;
}

/* Preserved probe rows without a partner, padded with NULLs. */
static Status emit_padded_rows(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                               const RowTable *table, const uint64_t *matched) {
    JoinPairs *rest = emitter->rest;
    rest->count = list_rows(matched, in->rows, false, rest->probe);
    memset(rest->build, 0xff, sizeof *rest->build * rest->count); /* ROW_NONE */
    return join_emit_pairs(cx, emitter, op, in, table, rest, true, false);
}

void join_begin_batch(const JoinEmitter *emitter, uint32_t rows, uint64_t *matched, uint64_t *unknown) {
    memset(matched, 0, sizeof *matched * VALIDITY_WORDS);
    memset(unknown, 0, sizeof *unknown * VALIDITY_WORDS);
    if (emitter->seen != NULL) {
        memcpy(matched, emitter->seen->matched, BITS_WORDS(rows) * sizeof *matched);
        memcpy(unknown, emitter->seen->unknown, BITS_WORDS(rows) * sizeof *unknown);
    }
}

Status join_finish_batch(const Context *cx, JoinEmitter *emitter, const PhysicalNode *op, const Batch *in,
                         const RowTable *table, const uint64_t *matched, const uint64_t *unknown, const Batch **out) {
    uint16_t rows[BATCH_ROWS_MAX];
    uint64_t refused[VALIDITY_WORDS];
    uint32_t count;
    if (emitter->seen != NULL && !emitter->seen->is_last) {
        memcpy(emitter->seen->matched, matched, BITS_WORDS(in->rows) * sizeof *matched);
        memcpy(emitter->seen->unknown, unknown, BITS_WORDS(in->rows) * sizeof *unknown);
        return OK;
    }
    switch (op->join.kind) {
    case JOIN_LEFT:
    case JOIN_FULL:
    case JOIN_SINGLE: TRY(emit_padded_rows(cx, emitter, op, in, table, matched)); break;
    case JOIN_SEMI:
    case JOIN_ANTI:
        count = list_rows(matched, in->rows, op->join.kind == JOIN_SEMI, rows);
        TRY(emit_probe_rows(cx, emitter, op, in, rows, count));
        break;
    case JOIN_ANTI_NULL:
        for (uint32_t w = 0; w < VALIDITY_WORDS; w++) {
            refused[w] = matched[w] | unknown[w];
        }
        count = list_rows(refused, in->rows, false, rows);
        TRY(emit_probe_rows(cx, emitter, op, in, rows, count));
        break;
    case JOIN_EXISTS:
    case JOIN_MARK: TRY(emit_marks(cx, emitter, op, in, matched, unknown)); break;
    default: return OK;
    }
    *out = emitter->out.rows > 0 ? &emitter->out : NULL;
    return OK;
}

Status join_emit_unmatched(const Context *cx, Batch *out, const PhysicalNode *op, const RowTable *table, const uint32_t *rows,
                           uint32_t count) {
    out->rows = count;
    for (uint32_t c = 0; c < op->column_count; c++) {
        JoinOutput output = op->join.outputs[c];
        if (output.from_build) {
            TRY(row_table_gather(cx, table, output.slot, rows, count, false, &out->columns[c]));
        } else {
            Value null = value_null(op->columns[c].type);
            TRY(vector_set_constant(cx, &out->columns[c], &null));
        }
    }
    return OK;
}

Status fail_second_row(const Context *cx) {
    return fail(cx, CARDINALITY_VIOLATION, "more than one row returned by a subquery used as an expression");
}
