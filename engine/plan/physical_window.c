/* Lowering of windows: rows of a partition on one node, and whether they come sorted already. */
#include "plan/cost.h"
#include "plan/distribution.h"
#include "plan/estimate.h"

static Status window_items(Lowering *low, const LogicalNode *node, Subplan *input, const WindowItem **out) {
    uint32_t count = node->window.call_count;
    WindowItem *items;
    ExprList exprs = {0};
    TRY_NEW_ARRAY(low->cx, low->arena, items, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const WindowCall *call = &node->window.calls[i];
        TRY(lower_call_exprs(low, call->args, call->arg_count, call->filter, &exprs));
    }
    uint32_t *slots;
    TRY_NEW_ARRAY(low->cx, low->arena, slots, exprs.count + 1);
    TRY(lower_exprs(low, input, exprs.items, exprs.count, true, slots));
    for (uint32_t i = 0; i < count; i++) {
        const WindowCall *call = &node->window.calls[i];
        items[i] = (WindowItem){.id = call->id,
                                .type = call->type,
                                .aggregate = call->aggregate,
                                .arg_count = call->arg_count,
                                .args = slots,
                                .has_filter = call->filter != NULL,
                                .is_distinct = call->is_distinct,
                                .ignores_nulls = call->ignores_nulls,
                                .frame = call->frame,
                                .partition_keys = call->partition_keys,
                                .peer_keys = call->peer_keys};
        slots += call->arg_count;
        items[i].filter = items[i].has_filter ? *slots++ : 0;
    }
    *out = items;
    return OK;
}

/* ------------------------------------------------------------------------------------------------------- sorted already */

/* The window below filters and projections, whose order they keep; *slots are made slots of its output. NULL: there is none, or
 * a slot is computed above it. */
static const PhysicalNode *window_below(const PhysicalNode *node, uint32_t *slots, uint32_t count) {
    for (; node->kind == PHYSICAL_PROJECT || node->kind == PHYSICAL_FILTER; node = node->children[0]) {
        for (uint32_t i = 0; i < count && node->kind == PHYSICAL_PROJECT; i++) {
            const Expr *expr = node->project.exprs[slots[i]];
            if (expr->kind != EXPR_SLOT) {
                return NULL;
            }
            slots[i] = expr->slot;
        }
    }
    return node->kind == PHYSICAL_WINDOW ? node : NULL;
}

static SortSlot order_of(const WindowSpec *spec, uint32_t key) {
    return key < spec->partition_count ? (SortSlot){.slot = spec->partitions[key]} : spec->keys[key - spec->partition_count];
}

static bool has_slot(const uint32_t *slots, uint32_t count, uint32_t slot) {
    for (uint32_t i = 0; i < count; i++) {
        if (slots[i] == slot) {
            return true;
        }
    }
    return false;
}

/* Rows that a window puts out come by partition and in its order; each of its partitions is put out by one task. */
static bool order_covers(const WindowSpec *below, const uint32_t *slots, uint32_t partitions, const SortSlot *keys,
                         uint32_t key_count) {
    if (below->partition_count == 0 || partitions < below->partition_count ||
        partitions + key_count > below->partition_count + below->key_count) {
        return false;
    }
    for (uint32_t k = 0; k < partitions; k++) {
        SortSlot order = order_of(below, k);
        uint32_t earlier = 0;
        for (; earlier < k && order_of(below, earlier).slot != order.slot; earlier++) {
        }
        if (earlier < k || !has_slot(slots, partitions, order.slot)) {
            return false;
        }
    }
    for (uint32_t k = 0; k < key_count; k++) {
        SortSlot order = order_of(below, partitions + k);
        if (order.slot != slots[partitions + k] || order.is_descending != keys[k].is_descending ||
            order.nulls_first != keys[k].nulls_first) {
            return false;
        }
    }
    return true;
}

static Status note_order(Lowering *low, const PhysicalNode *input, WindowSpec *spec) {
    uint32_t *slots, count = spec->partition_count + spec->key_count;
    TRY_NEW_ARRAY(low->cx, low->arena, slots, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        slots[i] = order_of(spec, i).slot;
    }
    const PhysicalNode *below = window_below(input, slots, count);
    spec->is_sorted = below != NULL && order_covers(&below->window, slots, spec->partition_count, spec->keys, spec->key_count);
    return OK;
}

Status lower_window(Lowering *low, const LogicalNode *node, Subplan *out) {
    Subplan input;
    const WindowItem *items;
    TRY(lower_node(low, node->children[0], &input));
    TRY(window_items(low, node, &input, &items));
    uint32_t count = node->window.partition_count;
    uint32_t *partitions;
    TRY_NEW_ARRAY(low->cx, low->arena, partitions, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        TRY(subplan_slot(low, &input, node->window.partitions[i]->column, &partitions[i]));
    }
    PlacementKind kind = input.placement.kind;
    bool is_spread = kind == PLACED_RANDOM || kind == PLACED_HASHED;
    if (is_spread && !(count > 0 && placement_groups(&input, partitions, count))) {
        TRY(bring_together(low, &input, partitions, count, true));
    }
    TRY(lower_over(low, PHYSICAL_WINDOW, &input, node->window.call_count, out));
    WindowSpec *spec = &out->node->window;
    spec->partition_count = count;
    spec->partitions = partitions;
    TRY(lower_sort_keys(low, &input, node->window.keys, node->window.key_count, &spec->keys));
    spec->key_count = node->window.key_count;
    spec->item_count = node->window.call_count;
    spec->items = items;
    spec->row_limit = node->window.row_limit;
    spec->limit_keeps_ties = node->window.limit_keeps_ties;
    TRY(note_order(low, input.node, spec));
    for (uint32_t i = 0; i < node->window.call_count; i++) {
        lower_column(low, out, input.node->column_count + i, node->window.calls[i].output);
    }
    lower_finish(low, out);
    return OK;
}
