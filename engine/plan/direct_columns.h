/* Columns of small known domains as keys of arrays (expr/direct_keys.h). */
#ifndef DEPOT_PLAN_DIRECT_COLUMNS_H
#define DEPOT_PLAN_DIRECT_COLUMNS_H

#include "expr/direct_keys.h"
#include "plan/physical.h"

/* A key of a column's values; false if they are not known, or not few. Its place among other keys is not set. */
bool direct_key_open(DirectKey *key, const PhysicalColumn *column, uint32_t slot);
/* Keys of the input's columns `slots`, owned by the caller. INTERNAL_ERROR if their combinations are not few. */
Status direct_keys_init(const Context *cx, DirectKeys *keys, const PhysicalNode *input, const uint32_t *slots,
                        uint32_t count) MUST_CHECK;
void direct_keys_free(DirectKeys *keys);

#endif
