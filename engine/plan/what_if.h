/* A warehouse that is not there: planned as if it had other nodes, more rows or another design. Read by estimates (rows,
 * distinct counts), by placement (distribution, nodes) and by costs; never by what runs. */
#ifndef DEPOT_PLAN_WHAT_IF_H
#define DEPOT_PLAN_WHAT_IF_H

#include "storage/warehouse.h"

/* Another design for one table; what is not set stays as it is. */
typedef struct DesignChange {
    const TableVersion *table;
    bool sets_distribution;
    DistStyle dist_style;
    uint32_t dist_column; /* DIST_KEY */
    bool sets_sort_key;
    uint32_t sort_key_count;
    const uint32_t *sort_keys; /* columns of the table */
} DesignChange;

typedef struct WhatIf {
    uint32_t nodes; /* 0: as they are */
    double scale;   /* times the rows of every table; 1: as they are */
    uint32_t change_count;
    const DesignChange *changes;
} WhatIf;

#endif
