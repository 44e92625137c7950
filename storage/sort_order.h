/* The order of a segment's rows by the table's compound sort key: ascending, NULLs last, equal rows as they came. */
#ifndef DEPOT_STORAGE_SORT_ORDER_H
#define DEPOT_STORAGE_SORT_ORDER_H

#include "core/schema.h"
#include "storage/column_buffer.h"

/* *order = NULL if the rows are in order already (or there is no key), else row numbers; owned by the caller. */
Status sort_order_find(const Context *cx, const TableSchema *schema, const ColumnBuffer *columns, uint32_t rows,
                       uint32_t **order) MUST_CHECK;

#endif
