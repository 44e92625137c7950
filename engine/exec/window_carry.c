/* Windows without partitions are evaluated by slices. What a slice has to know of the rows before it, or of all rows, is
 * carried from slice to slice: the sums of each part are made when it has been sorted. Items that cannot be split like that are
 * evaluated for all rows at once, before the slices. */
#include "exec/window.h"

static bool counts_months(const WindowFrame *frame) {
    return (frame->start_range.type.id == TYPE_INTERVAL && frame->start_range.interval.months != 0) ||
           (frame->end_range.type.id == TYPE_INTERVAL && frame->end_range.interval.months != 0);
}

static SliceWay way_of_aggregate(const WindowItem *item) {
    const WindowFrame *frame = &item->frame;
    if (item->is_distinct || item->aggregate->collects) {
        return SLICE_WHOLE;
    }
    if (frame->start != BOUND_UNBOUNDED_PRECEDING && frame->end != BOUND_UNBOUNDED_FOLLOWING) {
        return SLICE_ALONE;
    }
    bool goes_on = window_frame_is_running(frame) && frame->end != BOUND_PRECEDING;
    bool can_carry = item->aggregate->is_plain && item->aggregate->state_bytes <= WINDOW_STATE_BYTES_MAX;
    return goes_on && can_carry ? SLICE_CARRIED : SLICE_WHOLE;
}

SliceWay window_way_of_item(const WindowItem *item) {
    if (item->frame.mode == FRAME_RANGE && counts_months(&item->frame)) { /* bounds depend on those of earlier rows */
        return SLICE_WHOLE;
    }
    if (item->id == WINDOW_AGGREGATE) {
        return way_of_aggregate(item);
    }
    return item->ignores_nulls ? SLICE_WHOLE : SLICE_ALONE;
}

Status window_add_totals(const Context *cx, WindowShared *shared, const PhysicalNode *op, uint32_t number) {
    WindowSlice slice = {.op = op,
                         .table = &shared->table,
                         .part = &shared->parts[0],
                         .from = shared->offsets[number],
                         .to = shared->offsets[number + 1]};
    TRY_ALLOC_ZEROED(cx, shared->carries[number], sizeof(WindowCarry) * op->window.item_count);
    for (uint32_t i = 0; i < op->window.item_count; i++) {
        const WindowItem *item = &op->window.items[i];
        if (window_way_of_item(item) == SLICE_CARRIED) {
            TRY(window_slice_total(cx, item, &slice, &shared->carries[number][i]));
        }
    }
    return OK;
}

/* Totals become the sums of all slices before; *sum ends as the total of all rows. */
static Status carry_item(const Context *cx, WindowShared *shared, const WindowItem *item, uint32_t i, WindowCarry *sum) {
    for (uint32_t p = 0; p < shared->sort_count; p++) {
        if (shared->carries[p] != NULL) {
            WindowCarry before = *sum;
            TRY(window_carry_add(cx, item, &shared->carries[p][i], sum));
            shared->carries[p][i] = before;
        }
    }
    for (uint32_t p = 0; p < shared->sort_count && window_frame_is_partition(&item->frame); p++) {
        if (shared->carries[p] != NULL) {
            shared->carries[p][i] = *sum;
        }
    }
    return OK;
}

static Status evaluate_whole(const Context *cx, WindowShared *shared, const PhysicalNode *op, uint32_t i) {
    WindowSlice all = {.op = op, .table = &shared->table, .part = &shared->parts[0], .from = 0, .to = shared->parts[0].count};
    return all.to == 0 ? OK : window_evaluate(cx, &op->window.items[i], &all, &shared->whole[i]);
}

Status window_add_carries(const Context *cx, WindowShared *shared, const PhysicalNode *op) {
    TRY_ALLOC_ZEROED(cx, shared->whole, sizeof *shared->whole * op->window.item_count);
    for (uint32_t i = 0; i < op->window.item_count; i++) {
        SliceWay way = window_way_of_item(&op->window.items[i]);
        WindowCarry sum = {0};
        if (way == SLICE_CARRIED) {
            TRY(carry_item(cx, shared, &op->window.items[i], i, &sum));
        } else if (way == SLICE_WHOLE) {
            TRY(evaluate_whole(cx, shared, op, i));
        }
    }
    return OK;
}

const WindowCarry *window_carry_of(const WindowShared *shared, const PhysicalNode *op, uint32_t number, uint32_t item) {
    bool is_carried = shared->parting == PARTING_BY_RANGE && shared->carries[number] != NULL &&
                      window_way_of_item(&op->window.items[item]) == SLICE_CARRIED;
    const WindowBefore *before = window_before_of(shared, number, item);
    return is_carried && (shared->befores[number] == NULL || before != NULL) ? &shared->carries[number][item] : NULL;
}

const WindowBefore *window_before_of(const WindowShared *shared, uint32_t number, uint32_t item) {
    bool has = shared->parting == PARTING_BY_RANGE && shared->befores[number] != NULL;
    return has && shared->befores[number][item].goes_on ? &shared->befores[number][item] : NULL;
}

void window_carries_free(WindowShared *shared, const PhysicalNode *op) {
    for (uint32_t p = 0; p < WINDOW_PARTS; p++) {
        mem_free(shared->carries[p]);
        mem_free(shared->befores[p]);
    }
    for (uint32_t i = 0; shared->whole != NULL && i < op->window.item_count; i++) {
        window_result_free(&shared->whole[i]);
    }
    mem_free(shared->whole);
}
