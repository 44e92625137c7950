/* From what is known of columns to keys of arrays: see direct_columns.h. */
#include "plan/direct_columns.h"

#include "plan/moment_domain.h"

bool direct_key_open(DirectKey *key, const PhysicalColumn *column, uint32_t slot) {
    const ColumnDomain *domain = &column->domain;
    bool is_range = domain->dictionary == NULL && domain->has_range;
    uint64_t values = column_domain_size(column);
    *key = (DirectKey){.slot = slot,
                       .type = column->type,
                       .dictionary = domain->dictionary,
                       .min = is_range ? domain->min : 0,
                       .step = is_range && domain->step > 1 ? domain->step : 1,
                       .unit = domain->unit,
                       .values = (uint32_t)values};
    return values > 0 && values < INT32_MAX;
}

Status direct_keys_init(const Context *cx, DirectKeys *keys, const PhysicalNode *input, const uint32_t *slots, uint32_t count) {
    bool are_few = true;
    TRY_ALLOC_ZEROED(cx, keys->keys, sizeof *keys->keys * count);
    keys->count = count;
    for (uint32_t k = 0; k < count; k++) {
        are_few = direct_key_open(&keys->keys[k], &input->columns[slots[k]], slots[k]) && are_few;
    }
    if (!are_few || !direct_keys_place(keys)) {
        return fail(cx, INTERNAL_ERROR, "the plan groups directly by columns whose values are not few");
    }
    return OK;
}

void direct_keys_free(DirectKeys *keys) {
    mem_free(keys->keys);
    keys->keys = NULL;
}
