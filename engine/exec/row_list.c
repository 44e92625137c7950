/* Rows collected, then handed on as batches. */
#include "exec/row_list.h"

Status row_list_open(const Context *cx, RowList *list, const PhysicalNode *op) {
    list->column_count = op->column_count;
    return batch_init_like(cx, op, &list->out);
}

void row_list_close(RowList *list) {
    batch_free(&list->out);
    mem_free(list->values);
    arena_free(&list->arena);
}

Status row_list_add(const Context *cx, RowList *list, const Value *values) {
    if (list->rows == list->capacity) {
        uint64_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        Value *grown = mem_resize(cx, list->values, sizeof *grown * capacity * list->column_count);
        if (grown == NULL) {
            return OUT_OF_MEMORY;
        }
        list->values = grown;
        list->capacity = capacity;
    }
    Value *row = &list->values[list->rows * list->column_count];
    for (uint32_t c = 0; c < list->column_count; c++) {
        TRY(value_copy(cx, &list->arena, &values[c], &row[c]));
        row[c].type = list->out.columns[c].type;
    }
    list->rows++;
    return OK;
}

static Status fill_column(const Context *cx, const RowList *list, uint32_t column, uint32_t rows, Vector *out) {
    TRY(vector_prepare_flat(cx, out, out->type));
    TRY(vector_prepare_validity(cx, out, true));
    memset(out->data, 0, (size_t)rows * type_bytes(out->type));
    for (uint32_t i = 0; i < rows; i++) {
        const Value *value = &list->values[(list->at + i) * list->column_count + column];
        if (value->is_null) {
            bit_clear(out->validity, i);
        } else {
            value_store(value, out->data, i);
        }
    }
    return OK;
}

Status row_list_next(const Context *cx, RowList *list, const Batch **out, Flow *flow) {
    uint64_t left = list->rows - list->at;
    uint32_t rows = left < BATCH_ROWS_MAX ? (uint32_t)left : BATCH_ROWS_MAX;
    for (uint32_t c = 0; c < list->column_count; c++) {
        TRY(fill_column(cx, list, c, rows, &list->out.columns[c]));
    }
    list->at += rows;
    list->out.rows = rows;
    *out = &list->out;
    *flow = rows > 0 ? MORE_OUTPUT : DONE;
    return OK;
}
