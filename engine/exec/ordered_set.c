/* Which rows aggregation by sorting keeps in which order. See ordered_set.h. */
#include "exec/ordered_set.h"

#include "expr/aggregates.h"

/* Of the values of one item, over slots of the aggregation's input. */
typedef struct ItemOrder {
    uint32_t count;
    SortSlot keys[2 * AGGREGATE_ARGUMENTS_MAX];
} ItemOrder;

static void add_key(ItemOrder *order, SortSlot key) {
    for (uint32_t k = 0; k < order->count; k++) {
        if (order->keys[k].slot == key.slot) {
            return;
        }
    }
    order->keys[order->count++] = key;
}

/* The aggregate as it is over rows that come group by group. */
static Status streamed(const Context *cx, Arena *arena, const Aggregate *aggregate, const Aggregate **out) {
    *out = aggregate;
    if (aggregate->stream != NULL) {
        Aggregate *copy;
        TRY_NEW(cx, arena, copy);
        *copy = *aggregate;
        copy->stream(copy);
        *out = copy;
    }
    return OK;
}

/* What its ORDER BY says; then whatever brings equal values together, or its least value first. No keys: any order will do. */
static void find_order(const AggregateItem *item, const Aggregate *aggregate, ItemOrder *order) {
    bool is_distinct = item->is_distinct && item->arg_count > 0;
    *order = (ItemOrder){0};
    for (uint32_t k = 0; k < aggregate->order_count; k++) {
        const AggregateOrder *key = &aggregate->order[k];
        add_key(order, (SortSlot){item->args[key->argument], key->is_descending, key->nulls_first});
    }
    for (uint32_t a = 0; a < item->arg_count && (is_distinct || (aggregate->needs_count && order->count == 0)); a++) {
        add_key(order, (SortSlot){.slot = item->args[a]});
    }
}

static bool same_order(const ItemOrder *a, const ItemOrder *b) {
    bool is_same = a->count == b->count;
    for (uint32_t k = 0; k < a->count && is_same; k++) {
        const SortSlot *x = &a->keys[k], *y = &b->keys[k];
        is_same = x->slot == y->slot && x->is_descending == y->is_descending && x->nulls_first == y->nulls_first;
    }
    return is_same;
}

/* ------------------------------------------------------------------------------------------------------------------- shape */

/* The set's column of a slot of the aggregation's input. */
static uint32_t set_column(OrderedSet *set, const PhysicalNode *from, uint32_t slot) {
    uint32_t c = 0;
    while (c < set->input.column_count && set->slots[c] != slot) {
        c++;
    }
    if (c == set->input.column_count) {
        set->slots[c] = slot;
        set->input.columns[c] = from->columns[slot];
        set->input.column_count++;
    }
    return c;
}

static Status start_set(const Context *cx, Arena *arena, const PhysicalNode *op, OrderedSet *set) {
    const PhysicalNode *from = op->children[0];
    const AggregateSpec *spec = &op->aggregate;
    uint32_t *groups;
    AggregateItem *items;
    TRY_NEW_ARRAY(cx, arena, set->slots, from->column_count + 1);
    TRY_NEW_ARRAY(cx, arena, set->input.columns, from->column_count + 1);
    TRY_NEW_ARRAY(cx, arena, set->outputs, spec->item_count + 1);
    TRY_NEW_ARRAY(cx, arena, set->is_ordered, spec->item_count + 1);
    TRY_NEW_ARRAY(cx, arena, groups, spec->group_count + 1);
    TRY_NEW_ARRAY(cx, arena, items, spec->item_count + 1);
    for (uint32_t g = 0; g < spec->group_count; g++) {
        groups[g] = set_column(set, from, spec->groups[g]);
    }
    set->input.kind = PHYSICAL_PROJECT;
    set->spec = (AggregateSpec){.group_count = spec->group_count, .groups = groups, .items = items};
    return OK;
}

/* Adds item `i` of the aggregation. */
static Status add_item(const Context *cx, Arena *arena, const PhysicalNode *op, OrderedSet *set, uint32_t i,
                       const Aggregate *aggregate, bool is_ordered) {
    const AggregateItem *from = &op->aggregate.items[i];
    uint32_t *args, at = set->spec.item_count++;
    AggregateItem *item = (AggregateItem *)(uintptr_t)&set->spec.items[at];
    TRY_NEW_ARRAY(cx, arena, args, from->arg_count + 1);
    for (uint32_t a = 0; a < from->arg_count; a++) {
        args[a] = set_column(set, op->children[0], from->args[a]);
    }
    *item = *from;
    item->args = args;
    item->aggregate = aggregate;
    item->filter = from->has_filter ? set_column(set, op->children[0], from->filter) : 0;
    set->outputs[at] = i;
    set->is_ordered[at] = is_ordered;
    if (is_ordered) {
        set->values = set->values == NULL ? item : set->values;
        set->needs_count |= aggregate->needs_count;
    }
    return OK;
}

/* Every column is there by now: the sort by groups, then by the order of the values. */
static Status finish_set(const Context *cx, Arena *arena, const PhysicalNode *op, const ItemOrder *order, OrderedSet *set) {
    SortSlot *keys;
    uint32_t groups = set->spec.group_count;
    TRY_NEW_ARRAY(cx, arena, keys, groups + order->count + 1);
    for (uint32_t g = 0; g < groups; g++) {
        keys[g].slot = set->spec.groups[g];
    }
    for (uint32_t k = 0; k < order->count; k++) {
        keys[groups + k] = order->keys[k];
        keys[groups + k].slot = set_column(set, op->children[0], order->keys[k].slot);
    }
    set->child = &set->input;
    set->sort = (PhysicalNode){.kind = PHYSICAL_SORT,
                               .child_count = 1,
                               .children = &set->child,
                               .column_count = set->input.column_count,
                               .columns = set->input.columns,
                               .sort = {.key_count = groups + order->count, .keys = keys, .limit = -1}};
    TRY(aggregate_states_init(cx, &set->states, &set->spec));
    TRY(group_layout_init(cx, &set->groups, set->input.columns, set->spec.groups, groups, set->states.bytes));
    TRY(group_layout_init(cx, &set->counts, set->input.columns, set->spec.groups, groups, sizeof(uint64_t)));
    if (set->values != NULL && set->values->is_distinct) {
        TRY(group_layout_init(cx, &set->distinct, set->input.columns, set->values->args, set->values->arg_count, 0));
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------------- sets */

/* The set of an item whose values come in this order, made if there is none. */
static Status find_set(const Context *cx, Arena *arena, const PhysicalNode *op, const AggregateItem *item,
                       const ItemOrder *order, OrderedSet *sets, ItemOrder *orders, const AggregateItem **firsts,
                       uint32_t *count, OrderedSet **set) {
    uint32_t s = 0;
    while (s < *count && !(firsts[s]->is_distinct == item->is_distinct && aggregate_same_rows(firsts[s], item) &&
                           same_order(&orders[s], order))) {
        s++;
    }
    *set = &sets[s];
    if (s < *count) {
        return OK;
    }
    orders[s] = *order;
    firsts[s] = item;
    *count = s + 1;
    return start_set(cx, arena, op, *set);
}

static Status make_sets(const Context *cx, const PhysicalNode *op, Arena *arena, OrderedSet *sets, ItemOrder *orders,
                        uint32_t *count) {
    const AggregateSpec *spec = &op->aggregate;
    const Aggregate **aggregates;
    const AggregateItem **firsts;
    ItemOrder order;
    TRY_NEW_ARRAY(cx, arena, aggregates, spec->item_count + 1);
    TRY_NEW_ARRAY(cx, arena, firsts, spec->item_count + 1);
    for (uint32_t i = 0; i < spec->item_count; i++) {
        OrderedSet *set;
        TRY(streamed(cx, arena, spec->items[i].aggregate, &aggregates[i]));
        find_order(&spec->items[i], aggregates[i], &order);
        if (order.count > 0) {
            TRY(find_set(cx, arena, op, &spec->items[i], &order, sets, orders, firsts, count, &set));
            TRY(add_item(cx, arena, op, set, i, aggregates[i], true));
        }
    }
    if (*count == 0) {
        *count = 1;
        TRY(start_set(cx, arena, op, &sets[0]));
    }
    for (uint32_t i = 0; i < spec->item_count; i++) {
        find_order(&spec->items[i], aggregates[i], &order);
        if (order.count == 0) {
            TRY(add_item(cx, arena, op, &sets[0], i, aggregates[i], false));
        }
    }
    return OK;
}

Status ordered_sets_open(Task *task, const PhysicalNode *op, Arena *arena, OrderedSet **sets, uint32_t *count) {
    const Context *cx = &task->cx;
    ItemOrder *orders;
    *count = 0;
    TRY_NEW_ARRAY(cx, arena, *sets, op->aggregate.item_count + 1);
    TRY_NEW_ARRAY(cx, arena, orders, op->aggregate.item_count + 1);
    TRY(make_sets(cx, op, arena, *sets, orders, count));
    for (uint32_t s = 0; s < *count; s++) {
        OrderedSet *set = &(*sets)[s];
        TRY(finish_set(cx, arena, op, &orders[s], set));
        TRY(sort_open(task, &set->sort, &set->rows));
        set->rows.sorts_together = *count;
    }
    return OK;
}

void ordered_sets_close(OrderedSet *sets, uint32_t count, OperatorProfile *profile) {
    for (uint32_t s = 0; s < count; s++) {
        sort_close(&sets[s].sort, &sets[s].rows, profile);
        aggregate_states_free(&sets[s].states);
        group_layout_free(&sets[s].groups);
        group_layout_free(&sets[s].counts);
        group_layout_free(&sets[s].distinct);
    }
}

void ordered_set_view(const OrderedSet *set, const Batch *in, Batch *view) {
    for (uint32_t c = 0; c < set->input.column_count; c++) {
        vector_borrow(&view->columns[c], &in->columns[set->slots[c]]);
    }
    view->rows = in->rows;
}
