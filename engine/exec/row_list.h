/* Few rows that are made one by one before a source hands them on: what the storage and the catalog tell of themselves. */
#ifndef DEPOT_EXEC_ROW_LIST_H
#define DEPOT_EXEC_ROW_LIST_H

#include "exec/exec.h"

typedef struct RowList {
    Arena arena;   /* of texts */
    Value *values; /* rows × columns; owned */
    uint64_t rows, capacity, at;
    uint32_t column_count;
    Batch out;
} RowList;

Status row_list_open(const Context *cx, RowList *list, const PhysicalNode *op);
void row_list_close(RowList *list);
/* A row more; text is copied. Whole numbers take the type of their column. */
Status row_list_add(const Context *cx, RowList *list, const Value *values);
/* The next batch; DONE at the end. */
Status row_list_next(const Context *cx, RowList *list, const Batch **out, Flow *flow);

/* Values of a row; text NULL is NULL. */
static inline Value row_text(const char *text) {
    Type type = type_make(TYPE_VARCHAR);
    return text == NULL ? value_null(type) : value_text(type, text_view(text, (uint32_t)strlen(text)));
}
static inline Value row_number(uint64_t number) {
    return value_i64(type_make(TYPE_BIGINT), (int64_t)number);
}
static inline Value row_integer(int64_t number) {
    return value_i64(type_make(TYPE_BIGINT), number);
}
static inline Value row_boolean(bool is_true) {
    return value_i64(type_make(TYPE_BOOLEAN), is_true);
}
static inline Value row_double(double number) {
    return value_f64(type_make(TYPE_DOUBLE), number);
}
/* Microseconds UTC since 1970. */
static inline Value row_moment(int64_t micros) {
    return value_i64(type_make(TYPE_TIMESTAMP), micros);
}
static inline Value row_null(void) {
    return value_null(type_make(TYPE_VARCHAR));
}

#endif
