/* Makes the KeyFilter that a join's build side hands to the probe side's scan. */
#ifndef DEPOT_EXEC_JOIN_FILTER_H
#define DEPOT_EXEC_JOIN_FILTER_H

#include "core/predicate.h"
#include "exec/row_store.h"

/* Of an integer key column of a contiguous table. *filter: from cx->memory, moved to the caller. */
Status join_filter_create(const Context *cx, const RowTable *table, uint32_t column, KeyFilter **filter) MUST_CHECK;

#endif
