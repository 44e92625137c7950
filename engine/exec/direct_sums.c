/* See direct_sums.h. */
#include "exec/direct_sums.h"

#include "exec/row_store.h"

#include "kernels/agg_kernels.h"

#define ENTRIES_MAX ((uint32_t)1 << 16)       /* beyond, moving between columns and states costs more than it saves */
#define COPIED_ENTRIES_MAX ((uint32_t)1 << 9) /* so few that neighbouring rows often meet in one place */
#define COPIES 4u

static uint64_t magnitude(int64_t value) {
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

/* Rows of this column that 64 bits take in any case. */
static uint64_t rows_of_column(const PhysicalColumn *column) {
    uint64_t low = magnitude(column->domain.min), high = magnitude(column->domain.max);
    uint64_t most = low > high ? low : high;
    return most == 0 ? INT64_MAX : (uint64_t)INT64_MAX / most;
}

static uint32_t find_column(const SumPlan *plan, uint32_t slot) {
    uint32_t column = 0;
    while (column < plan->column_count && plan->slots[column] != slot) {
        column++;
    }
    return column;
}

static void plan_item(SumPlan *plan, const AggregateItem *item, const PhysicalColumn *columns, uint32_t i) {
    plan->column_of_item[i] = SUM_COLUMN_NONE;
    plan->is_summed[i] = false;
    if (item->has_filter || item->is_distinct || !aggregate_is_exact_sum(item->aggregate)) {
        return;
    }
    const PhysicalColumn *argument = item->arg_count == 0 ? NULL : &columns[item->args[0]];
    bool counts = item->aggregate->id == AGGREGATE_COUNT_STAR || item->aggregate->id == AGGREGATE_COUNT;
    if (argument != NULL && argument->domain.can_be_null) {
        return;
    }
    if (counts) {
        plan->is_summed[i] = true;
        return;
    }
    if (!argument->domain.has_range || !class_is_integer(type_class(argument->type)) ||
        rows_of_column(argument) < BATCH_ROWS_MAX) {
        return;
    }
    uint32_t column = find_column(plan, item->args[0]);
    if (column == plan->column_count) {
        plan->slots[plan->column_count++] = item->args[0];
    }
    uint64_t rows = rows_of_column(argument);
    plan->rows_max = rows < plan->rows_max ? rows : plan->rows_max;
    plan->column_of_item[i] = column;
    plan->is_summed[i] = true;
}

Status sum_plan_init(const Context *cx, SumPlan *plan, const PhysicalNode *op, uint32_t entries) {
    const AggregateSpec *spec = &op->aggregate;
    plan->entries = entries;
    plan->copies = entries <= COPIED_ENTRIES_MAX ? COPIES : 1;
    plan->rows_max = INT64_MAX;
    TRY_ALLOC(cx, plan->slots, sizeof *plan->slots * spec->item_count);
    TRY_ALLOC(cx, plan->column_of_item, sizeof *plan->column_of_item * spec->item_count);
    TRY_ALLOC_ZEROED(cx, plan->is_summed, sizeof *plan->is_summed * spec->item_count);
    for (uint32_t i = 0; i < spec->item_count && entries <= ENTRIES_MAX; i++) {
        plan_item(plan, &spec->items[i], op->children[0]->columns, i);
        plan->has_items |= plan->is_summed[i];
    }
    return OK;
}

void sum_plan_free(SumPlan *plan) {
    mem_free(plan->slots);
    mem_free(plan->column_of_item);
    mem_free(plan->is_summed);
}

Status sum_columns_init(const Context *cx, SumColumns *columns, const SumPlan *plan) {
    vector_init(&columns->scratch, type_make(TYPE_BIGINT));
    if (!plan->has_items) {
        return OK;
    }
    size_t numbers = (size_t)plan->copies * plan->entries;
    TRY_ALLOC_ZEROED(cx, columns->counts, sizeof *columns->counts * numbers);
    TRY_ALLOC_ZEROED(cx, columns->sums, sizeof *columns->sums * numbers * plan->column_count);
    TRY_ALLOC(cx, columns->values, sizeof *columns->values * BATCH_ROWS_MAX);
    return OK;
}

void sum_columns_free(SumColumns *columns) {
    mem_free(columns->counts);
    mem_free(columns->sums);
    mem_free(columns->values);
    vector_free(&columns->scratch);
}

bool sum_columns_have_room(const SumColumns *columns, const SumPlan *plan, uint32_t rows) {
    return columns->rows + rows <= plan->rows_max;
}

Status sum_columns_add(const Context *cx, SumColumns *columns, const SumPlan *plan, const Batch *in, const uint32_t *groups) {
    static const int input_of_class[CLASS_COUNT] = {[CLASS_I16] = INPUT_I16, [CLASS_I32] = INPUT_I32, [CLASS_I64] = INPUT_I64};
    uint32_t copy = plan->copies > 1 ? plan->entries : 0;
    agg_kernels->count(groups, in->rows, columns->counts, copy);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        const Vector *vector = &in->columns[plan->slots[c]];
        int64_t *sums = columns->sums + (size_t)c * plan->copies * plan->entries;
        if (vector->kind == VECTOR_CODES && vector->dictionary == NULL) {
            agg_kernels->sum[__builtin_ctz(vector->code_bytes)](vector->data, vector->base, groups, in->rows, sums, copy);
        } else if (vector->kind == VECTOR_FLAT) {
            agg_kernels->sum[input_of_class[type_class(vector->type)]](vector->data, 0, groups, in->rows, sums, copy);
        } else {
            TRY(vector_load_i64(cx, vector, in->rows, &columns->scratch, columns->values));
            agg_kernels->sum[INPUT_I64](columns->values, 0, groups, in->rows, sums, copy);
        }
    }
    columns->rows += in->rows;
    return OK;
}

/* The first copy takes in the others, which are emptied. */
static void fold_copies(uint64_t *numbers, const SumPlan *plan) {
    for (uint32_t copy = 1; copy < plan->copies; copy++) {
        uint64_t *others = numbers + (size_t)copy * plan->entries;
        for (uint32_t entry = 0; entry < plan->entries; entry++) {
            numbers[entry] += others[entry];
        }
        memset(others, 0, sizeof *others * plan->entries);
    }
}

void sum_columns_move(SumColumns *columns, const SumPlan *plan, const AggregateSpec *spec, const AggregateStates *layout,
                      uint8_t *states, uint8_t *is_used) {
    size_t numbers = (size_t)plan->copies * plan->entries;
    if (!plan->has_items || columns->rows == 0) {
        return;
    }
    fold_copies(columns->counts, plan);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        fold_copies((uint64_t *)columns->sums + c * numbers, plan);
    }
    for (uint32_t i = 0; i < spec->item_count; i++) {
        if (plan->is_summed[i]) {
            const int64_t *sums =
                plan->column_of_item[i] == SUM_COLUMN_NONE ? NULL : columns->sums + plan->column_of_item[i] * numbers;
            aggregate_add_sums(spec->items[i].aggregate, states + layout->offsets[i], layout->bytes, sums,
                               (const int64_t *)columns->counts, plan->entries);
        }
    }
    for (uint32_t entry = 0; entry < plan->entries; entry++) {
        is_used[entry] |= columns->counts[entry] > 0;
    }
    memset(columns->counts, 0, sizeof *columns->counts * plan->entries);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        memset(columns->sums + c * numbers, 0, sizeof *columns->sums * plan->entries);
    }
    columns->rows = 0;
}
