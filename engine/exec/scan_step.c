/* The scan's tests: turning conditions and join filters into steps, and steps into masks. */
#include "exec/join_filter.h"
#include "exec/scan.h"
#include "kernels/select_kernels.h"

/* An IN list over a wider range is evaluated as an expression. */
#define IN_RANGE_MAX ((uint64_t)1 << 20)
/* A segment's dictionary with more entries than this is not evaluated for the sake of a few blocks. */
#define SEGMENT_DICTIONARY_MAX 32768

/* ------------------------------------------------------------------------------------------------------------ analysis */

static bool same_representation(Type a, Type b) {
    return type_class(a) == type_class(b) && a.scale == b.scale;
}

static bool is_integer_constant(const Expr *expr, Type type) {
    return expr->kind == EXPR_CONSTANT && !expr->value.is_null && class_is_integer(type_class(expr->type)) &&
           same_representation(expr->type, type);
}

/* column op constant as a range. */
static bool range_of_compare(ScanStep *step, CompareOp op, int64_t value) {
    bool below_all = value == INT64_MIN, above_all = value == INT64_MAX;
    switch (op) {
    case COMPARE_EQ:
    case COMPARE_NE:
        step->low = step->high = value;
        step->is_inverted = op == COMPARE_NE;
        return true;
    case COMPARE_LT:
        step->high = value - !below_all;
        step->is_empty = below_all;
        return true;
    case COMPARE_LE: step->high = value; return true;
    case COMPARE_GT:
        step->low = value + !above_all;
        step->is_empty = above_all;
        return true;
    case COMPARE_GE: step->low = value; return true;
    }
    return false;
}

static bool analyse_compare(ScanStep *step, const Expr *expr) {
    const Expr *left = expr->args[0], *right = expr->args[1];
    CompareOp op = expr->compare;
    if (left->kind != EXPR_SLOT) {
        left = expr->args[1];
        right = expr->args[0];
        op = compare_swapped(op);
    }
    return left->kind == EXPR_SLOT && is_integer_constant(right, left->type) && range_of_compare(step, op, right->value.i64);
}

/* slot IN (integers): a bitmap over their range. */
static Status analyse_in(const Context *cx, ScanStep *step, const Expr *expr, bool *done) {
    if (expr->args[0]->kind != EXPR_SLOT || expr->arg_count < 2) {
        return OK;
    }
    int64_t min = INT64_MAX, max = INT64_MIN;
    for (uint32_t i = 1; i < expr->arg_count; i++) {
        if (!is_integer_constant(expr->args[i], expr->args[0]->type)) {
            return OK;
        }
        int64_t value = expr->args[i]->value.i64;
        min = value < min ? value : min;
        max = value > max ? value : max;
    }
    uint64_t range = (uint64_t)max - (uint64_t)min;
    if (range >= IN_RANGE_MAX) {
        return OK;
    }
    TRY_ALLOC_ZEROED(cx, step->own_keys.bitmap, BITS_WORDS(range + 1) * 8);
    for (uint32_t i = 1; i < expr->arg_count; i++) {
        bit_set(step->own_keys.bitmap, (uint64_t)expr->args[i]->value.i64 - (uint64_t)min);
    }
    step->own_keys.min = step->low = min;
    step->own_keys.max = step->high = max;
    step->keys = &step->own_keys;
    *done = true;
    return OK;
}

static Status analyse_filter(const Context *cx, ScanStep *step, const ScanFilter *filter) {
    const Expr *condition = filter->condition;
    step->filter = filter;
    step->reads_many = filter->column_count != 1;
    step->column = filter->column_count > 0 ? filter->columns[0] : 0;
    step->can_fail = expr_can_fail(condition);
    step->by_dictionary = !step->reads_many && !step->can_fail && !expr_is_volatile(condition);
    step->low = INT64_MIN;
    step->high = INT64_MAX;
    if (step->reads_many) {
        return OK;
    }
    if (condition->kind == EXPR_COMPARE) {
        step->by_value = analyse_compare(step, condition);
    } else if (condition->kind == EXPR_IN) {
        TRY(analyse_in(cx, step, condition, &step->by_value));
    }
    return OK;
}

const KeyFilter *scan_join_filter(Task *task, const ScanJoinFilter *filter) {
    return filter->of_all_nodes ? join_filter_of_all_nodes(task, filter->filter_id)
                                : query_filter(task->query, task->node, filter->filter_id);
}

static void step_of_join_filter(ScanStep *step, uint32_t column, const KeyFilter *keys) {
    step->column = column;
    step->by_dictionary = step->by_value = true;
    step->is_empty = keys->is_empty;
    step->low = keys->min;
    step->high = keys->max;
    step->keys = keys->bitmap != NULL ? keys : NULL;
    step->bloom = keys->bloom != NULL ? keys : NULL;
}

bool step_of_bound(const Task *task, const ScanTopFilter *filter, ScanStep *step) {
    int64_t bound = query_bound(task, filter->bound_id);
    *step = (ScanStep){.column = filter->column,
                       .is_top_filter = true,
                       .by_dictionary = true,
                       .by_value = true,
                       .keep_nulls = filter->nulls_first,
                       .low = filter->is_descending ? ~bound : INT64_MIN,
                       .high = filter->is_descending ? INT64_MAX : bound};
    return bound != NO_BOUND;
}

static bool is_plain_range(const ScanStep *step) {
    return step->by_value && step->filter != NULL && step->keys == NULL && !step->is_inverted;
}

/* a >= 1 AND a <= 3 are two conjuncts and one test. */
static bool merge_range(StepList *list, const ScanStep *step) {
    for (uint32_t i = 0; is_plain_range(step) && i < list->count; i++) {
        ScanStep *other = &list->steps[i];
        if (is_plain_range(other) && other->column == step->column) {
            other->low = step->low > other->low ? step->low : other->low;
            other->high = step->high < other->high ? step->high : other->high;
            other->is_empty |= step->is_empty || other->low > other->high;
            return true;
        }
    }
    return false;
}

/* -------------------------------------------------------------------------------------------------- tests of one value */

static bool value_passes(const ScanStep *step, int64_t value) {
    bool inside = !step->is_empty && value >= step->low && value <= step->high &&
                  (step->keys == NULL || key_filter_contains(step->keys, value)) &&
                  (step->bloom == NULL || key_filter_bloom_has(step->bloom, value));
    return inside != step->is_inverted;
}

/* Evaluates the condition for the rows of `batch`; mask[i] says whether it is true. */
static Status mask_of_condition(Task *task, StepState *state, Batch *batch, uint32_t n, uint8_t *mask) {
    uint16_t rows[BATCH_ROWS_MAX];
    uint32_t count;
    batch->rows = n;
    TRY(expr_select(&task->cx, state->condition, batch, rows, &count));
    memset(mask, 0, n);
    for (uint32_t i = 0; i < count; i++) {
        mask[rows[i]] = 1;
    }
    return OK;
}

static Status value_is_kept(Task *task, const ScanStep *step, StepState *state, Batch *batch, const Vector *constant,
                            uint8_t *keep) {
    if (step->by_value) {
        *keep = vector_is_valid(constant, 0) ? value_passes(step, vector_value(constant, 0).i64) : step->keep_nulls;
        return OK;
    }
    vector_borrow(&batch->columns[step->column], constant);
    return mask_of_condition(task, state, batch, 1, keep);
}

/* -------------------------------------------------------------------------------------------------------- dictionaries */

static Status fill_by_condition(Task *task, const ScanStep *step, StepState *state, Batch *batch, KeepTable *table) {
    const Dictionary *dictionary = table->dictionary;
    uint32_t bytes = type_bytes(dictionary->type);
    for (uint32_t first = 0; first < dictionary->size; first += BATCH_ROWS_MAX) {
        uint32_t n = dictionary->size - first < BATCH_ROWS_MAX ? dictionary->size - first : BATCH_ROWS_MAX;
        Vector entries = {.type = dictionary->type,
                          .kind = VECTOR_FLAT,
                          .data = (char *)(uintptr_t)dictionary->values + (size_t)first * bytes};
        vector_borrow(&batch->columns[step->column], &entries);
        TRY(mask_of_condition(task, state, batch, n, table->keep + first));
    }
    return OK;
}

static void describe_table(KeepTable *table) {
    uint32_t size = table->dictionary->size;
    table->kept = 0;
    for (uint32_t i = 0; i < size; i++) {
        if (table->keep[i]) {
            table->first = table->kept == 0 ? i : table->first;
            table->last = i;
            table->kept++;
        }
    }
    table->is_run = table->kept > 0 && table->last - table->first + 1 == table->kept;
}

static Status fill_table(Task *task, const ScanStep *step, StepState *state, Batch *batch, const Dictionary *dictionary,
                         const void *owner, KeepTable *table) {
    table->dictionary = NULL;
    if (table->capacity < dictionary->size) {
        mem_free(table->keep);
        table->keep = NULL;
        table->capacity = 0;
        TRY_ALLOC(&task->cx, table->keep, dictionary->size);
        table->capacity = dictionary->size;
    }
    KeepTable filled = *table;
    filled.dictionary = dictionary;
    filled.owner = owner;
    filled.low = step->low;
    filled.high = step->high;
    if (step->by_value) {
        for (uint32_t i = 0; i < dictionary->size; i++) {
            filled.keep[i] = value_passes(step, value_load(dictionary->type, dictionary->values, i).i64);
        }
    } else {
        TRY(fill_by_condition(task, step, state, batch, &filled));
    }
    describe_table(&filled);
    *table = filled;
    return OK;
}

/* The table for the dictionary of a vector, or NULL if the condition is better evaluated by rows. */
static Status table_for(Task *task, const ScanStep *step, StepState *state, Batch *batch, const Dictionary *dictionary,
                        const void *owner, const KeepTable **table) {
    *table = NULL;
    if (!step->by_dictionary) {
        return OK;
    }
    if (step->shared.dictionary == dictionary) {
        *table = &step->shared;
        return OK;
    }
    const KeepTable *last = &state->segment;
    if (last->dictionary != dictionary || last->owner != owner || last->low != step->low || last->high != step->high) {
        if (dictionary->size > SEGMENT_DICTIONARY_MAX && !step->by_value) {
            return OK;
        }
        TRY(fill_table(task, step, state, batch, dictionary, owner, &state->segment));
    }
    *table = &state->segment;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- masks */

static void apply_nulls(const Vector *vector, bool keep_nulls, uint32_t n, uint8_t *mask) {
    if (vector->validity != NULL) {
        select_kernels->nulls(vector->validity, keep_nulls, n, mask);
    }
}

/* What is worth testing on rows that are refused already: ranges run at tens of rows a nanosecond, look-ups at two or three,
 * and picking rows out of a block at about one. */
#define DENSE_FROM_RANGE 0.06
#define DENSE_FROM_LOOKUP 0.35
#define DENSE_NEVER 2.0

static void mask_by_table(const KeepTable *table, const ScanStep *step, const Vector *vector, uint32_t n, uint8_t *mask) {
    uint32_t width = select_width(vector->code_bytes);
    if (table->kept == 0 || table->kept == table->dictionary->size) {
        memset(mask, table->kept > 0, n);
    } else if (table->is_run) {
        select_kernels->range[width](vector->data, table->first, table->last - table->first, n, mask);
    } else {
        select_kernels->table[width](vector->data, table->keep, n, mask);
    }
    apply_nulls(vector, step->keep_nulls, n, mask);
}

/* The bounds of what a vector's elements can hold, as values. */
static void element_bounds(const Vector *vector, int64_t *low, __int128 *high, uint32_t *bytes) {
    if (vector->kind == VECTOR_CODES) {
        *bytes = vector->code_bytes;
        *low = vector->base;
        *high = (__int128)vector->base + (((__int128)1 << (8 * vector->code_bytes)) - 1);
        return;
    }
    *bytes = type_bytes(vector->type);
    *low = *bytes == 8 ? INT64_MIN : -((int64_t)1 << (8 * *bytes - 1));
    *high = *bytes == 8 ? INT64_MAX : ((int64_t)1 << (8 * *bytes - 1)) - 1;
    if (*bytes == 1) { /* BOOLEAN */
        *low = 0;
        *high = 1;
    }
}

/* The general test is the faster one for them. */
static bool fits_registers(const KeyFilter *keys) {
    return (uint64_t)keys->max - (uint64_t)keys->min < KEY_FILTER_REGISTER_BITS;
}

static int64_t element_at(const Vector *vector, uint32_t bytes, uint32_t row) {
    if (vector->kind == VECTOR_CODES) {
        const void *data = vector->data;
        uint32_t code = bytes == 1   ? ((const uint8_t *)data)[row]
                        : bytes == 2 ? ((const uint16_t *)data)[row]
                                     : ((const uint32_t *)data)[row];
        return (int64_t)((uint64_t)vector->base + code);
    }
    return vector_value(vector, row).i64;
}

/* Of the rows that are left. */
static void mask_by_bloom(const KeyFilter *bloom, const Vector *vector, uint32_t bytes, uint32_t n, uint8_t *mask) {
    for (uint32_t i = 0; i < n; i++) {
        mask[i] = mask[i] && key_filter_bloom_has(bloom, element_at(vector, bytes, i));
    }
}

static void mask_by_value(const ScanStep *step, const Vector *vector, ZoneAnswer zone, uint32_t n, uint8_t *mask) {
    int64_t low;
    __int128 high;
    uint32_t bytes;
    element_bounds(vector, &low, &high, &bytes);
    low = step->low > low ? step->low : low;
    high = step->high < high ? step->high : high;
    uint64_t base = vector->kind == VECTOR_CODES ? (uint64_t)vector->base : 0;
    if (step->is_empty || low > high) {
        memset(mask, 0, n);
    } else if (step->keys != NULL && zone == ZONE_INSIDE && vector->kind == VECTOR_CODES && !fits_registers(step->keys)) {
        select_kernels->bitmap_inside[select_width(bytes)](vector->data, base - (uint64_t)step->keys->min, step->keys->bitmap,
                                                           n, mask);
    } else if (step->keys != NULL) {
        select_kernels->bitmap[select_width(bytes)](vector->data, (uint64_t)low - base, (uint64_t)high - (uint64_t)low,
                                                    step->keys->bitmap, (uint64_t)low - (uint64_t)step->keys->min, n, mask);
    } else {
        select_kernels->range[select_width(bytes)](vector->data, (uint64_t)low - base, (uint64_t)high - (uint64_t)low, n, mask);
    }
    if (step->bloom != NULL && !step->is_empty) {
        mask_by_bloom(step->bloom, vector, bytes, n, mask);
    }
    if (step->is_inverted) {
        select_kernels->invert(n, mask);
    }
    apply_nulls(vector, step->keep_nulls, n, mask);
}

Status step_mask_rows(Task *task, StepState *state, Batch *batch, uint32_t n, uint8_t *mask) {
    return mask_of_condition(task, state, batch, n, mask);
}

Status step_mask(Task *task, const ScanStep *step, StepState *state, Batch *batch, const Vector *vector, const void *owner,
                 ZoneAnswer zone, uint32_t n, uint8_t *mask) {
    if (vector->kind == VECTOR_CONSTANT) {
        uint8_t keep;
        TRY(value_is_kept(task, step, state, batch, vector, &keep));
        memset(mask, keep, n);
        return OK;
    }
    if (vector->kind == VECTOR_CODES && vector->dictionary != NULL) {
        const KeepTable *table;
        TRY(table_for(task, step, state, batch, vector->dictionary, owner, &table));
        if (table != NULL) {
            state->dense_from = table->is_run ? DENSE_FROM_RANGE : DENSE_FROM_LOOKUP;
            mask_by_table(table, step, vector, n, mask);
            return OK;
        }
    } else if (step->by_value) {
        state->dense_from = step->keys == NULL && step->bloom == NULL ? DENSE_FROM_RANGE : DENSE_FROM_LOOKUP;
        mask_by_value(step, vector, zone, n, mask);
        return OK;
    }
    state->dense_from = DENSE_NEVER;
    vector_borrow(&batch->columns[step->column], vector);
    return mask_of_condition(task, state, batch, n, mask);
}

/* Are all keys from `low` to `high` there? */
static bool keys_cover(const KeyFilter *keys, int64_t low, int64_t high) {
    uint64_t first = (uint64_t)low - (uint64_t)keys->min, last = (uint64_t)high - (uint64_t)keys->min;
    for (uint64_t i = first; i <= last; i++) {
        if ((i & 63) == 0 && last - i >= 63 && keys->bitmap[i >> 6] == UINT64_MAX) {
            i += 63;
        } else if (!bit_get(keys->bitmap, i)) {
            return false;
        }
    }
    return true;
}

ZoneAnswer step_zone(const ScanStep *step, const ColumnRange *range) {
    if (!step->by_value || !range->has_range) {
        return ZONE_MAYBE;
    }
    int64_t low = range->min.i64, high = range->max.i64;
    bool outside = step->is_empty || high < step->low || low > step->high;
    bool inside = !outside && low >= step->low && high <= step->high;
    bool covered =
        inside && range->nulls == 0 && step->bloom == NULL && (step->keys == NULL || keys_cover(step->keys, low, high));
    if (range->nulls > 0) {
        return ZONE_MAYBE;
    }
    if (!outside && !covered) {
        return inside ? ZONE_INSIDE : ZONE_MAYBE;
    }
    return covered != step->is_inverted ? ZONE_ALWAYS : ZONE_NEVER;
}

/* ---------------------------------------------------------------------------------------------------- opening and closing */

Status step_open(Task *task, const ScanStep *step, StepState *state) {
    /* First guesses, until blocks have been measured: cheap and selective tests first. */
    state->cost_ns = step->by_value ? 0.3 : step->by_dictionary ? 0.5 : 4;
    state->dense_from = step->reads_many ? DENSE_NEVER : DENSE_FROM_LOOKUP;
    state->pass_rate = step->filter == NULL ? 0.5 : step->by_value ? 0.3 : 0.4;
    return step->filter != NULL ? expr_state_create(&task->cx, step->filter->condition, &state->condition) : OK;
}

void step_close(StepState *state) {
    expr_state_free(state->condition);
    mem_free(state->segment.keep);
}

/* What a NULL gives, and the table of the column's query dictionary. */
static Status prepare_step(Task *task, const ScanSpec *spec, ScanStep *step, Batch *batch) {
    if (step->reads_many || !step->by_dictionary || step->is_top_filter) {
        return OK;
    }
    StepState state = {0};
    Status status = step_open(task, step, &state);
    const Dictionary *dictionary = spec->dictionaries != NULL ? spec->dictionaries[step->column] : NULL;
    if (status == OK && !step->by_value) {
        Value null = value_null(batch->columns[step->column].type);
        Vector *column = &batch->columns[step->column];
        uint8_t keep = 0;
        TRY_GOTO(vector_set_constant(&task->cx, column, &null));
        TRY_GOTO(mask_of_condition(task, &state, batch, 1, &keep));
        step->keep_nulls = keep;
    }
    if (status == OK && dictionary != NULL) {
        TRY_GOTO(fill_table(task, step, &state, batch, dictionary, NULL, &step->shared));
    }
done:
    step_close(&state);
    return status;
}

static Status add_steps(Task *task, const ScanSpec *spec, StepList *list) {
    for (uint32_t i = 0; i < spec->filter_count; i++) {
        ScanStep *step = &list->steps[list->count];
        *step = (ScanStep){0};
        TRY(analyse_filter(&task->cx, step, &spec->filters[i]));
        list->count += !merge_range(list, step);
    }
    for (uint32_t i = 0; i < spec->join_filter_count; i++) {
        const KeyFilter *keys = scan_join_filter(task, &spec->join_filters[i]);
        if (keys != NULL) {
            list->steps[list->count] = (ScanStep){0};
            step_of_join_filter(&list->steps[list->count++], spec->join_filters[i].column, keys);
        }
    }
    if (spec->top_filter.is_there) {
        (void)step_of_bound(task, &spec->top_filter, &list->steps[list->count++]);
    }
    return OK;
}

static Status prepare_steps(Task *task, const ScanSpec *spec, StepList *list) {
    Batch batch = {0};
    Type *types;
    TRY_ALLOC(&task->cx, types, sizeof *types * spec->column_count);
    for (uint32_t i = 0; i < spec->column_count; i++) {
        types[i] = scan_column_type(spec, i);
    }
    Status status = batch_init(&task->cx, &batch, types, spec->column_count);
    mem_free(types);
    for (uint32_t i = 0; status == OK && i < list->count; i++) {
        ScanStep *step = &list->steps[i];
        status = prepare_step(task, spec, step, &batch);
        bool none_kept = step->shared.dictionary != NULL ? step->shared.kept == 0 : step->is_empty && !step->is_inverted;
        list->never |= none_kept && !step->keep_nulls;
    }
    batch_free(&batch);
    return status;
}

Status steps_build(Task *task, const PhysicalNode *op, StepList *list) {
    const ScanSpec *spec = &op->scan;
    TRY_ALLOC_ZEROED(&task->cx, list->steps, sizeof *list->steps * (spec->filter_count + spec->join_filter_count + 2));
    TRY(add_steps(task, spec, list));
    return list->count > 0 ? prepare_steps(task, spec, list) : OK;
}

void steps_free(StepList *list) {
    for (uint32_t i = 0; i < list->count; i++) {
        mem_free(list->steps[i].own_keys.bitmap);
        mem_free(list->steps[i].shared.keep);
    }
    mem_free(list->steps);
}
