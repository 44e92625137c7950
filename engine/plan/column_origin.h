/* Where a column of an operator comes from, if it is a table's column as it is stored. */
#ifndef DEPOT_PLAN_COLUMN_ORIGIN_H
#define DEPOT_PLAN_COLUMN_ORIGIN_H

#include "plan/physical.h"

typedef struct ColumnOrigin {
    const PhysicalNode *scan; /* NULL: computed */
    uint32_t column;          /* of the table */
} ColumnOrigin;

ColumnOrigin column_origin(const PhysicalNode *node, uint32_t slot);

#endif
