/* Where rows are and which exchanges bring them together (distribution.h). */
#include "plan/distribution.h"

#include "plan/cost.h"

/* ---------------------------------------------------------------------------------------------------------------- placements
 */

static Status placement_single(Lowering *low, ColumnId id, bool nulls_together, Placement *placement) {
    HashKey *key;
    ColumnId *ids;
    TRY_NEW(low->cx, low->arena, key);
    TRY_NEW(low->cx, low->arena, ids);
    ids[0] = id;
    *key = (HashKey){1, ids};
    *placement = (Placement){PLACED_HASHED, 1, key, nulls_together};
    return OK;
}

Status placement_of_table(Lowering *low, const LogicalNode *get, Placement *placement) {
    const TableVersion *table = get->get.table;
    *placement = (Placement){.kind = table->dist_style == DIST_ALL ? PLACED_REPLICATED : PLACED_RANDOM};
    if (table->dist_style != DIST_KEY) {
        return OK;
    }
    for (uint32_t i = 0; i < get->column_count; i++) {
        if (low->logical->columns[get->columns[i]].table_column == table->schema->dist_column) {
            bool has_nulls = table->statistics[table->schema->dist_column].range.nulls > 0;
            return placement_single(low, get->columns[i], !has_nulls, placement);
        }
    }
    return OK; /* the key is not read: nothing above can use it */
}

bool hash_key_has(const HashKey *key, ColumnId id) {
    for (uint32_t i = 0; i < key->count; i++) {
        if (key->ids[i] == id) {
            return true;
        }
    }
    return false;
}

/* The outputs of a Project that hold the key, possibly widened. */
static Status key_project(Lowering *low, const HashKey *in, const ColumnId *ids, Expr *const *exprs, uint32_t count,
                          HashKey *out) {
    ColumnId *found;
    TRY_NEW_ARRAY(low->cx, low->arena, found, count + 1);
    *out = (HashKey){0, found};
    for (uint32_t i = 0; i < count; i++) {
        const Expr *column = expr_widened_column(exprs[i]);
        if (column != NULL && column->kind == EXPR_COLUMN && hash_key_has(in, column->column)) {
            found[out->count++] = ids[i];
        }
    }
    return OK;
}

Status placement_project(Lowering *low, const Placement *in, const ColumnId *ids, Expr *const *exprs, uint32_t count,
                         Placement *out) {
    *out = *in;
    if (in->kind != PLACED_HASHED) {
        return OK;
    }
    HashKey *keys;
    TRY_NEW_ARRAY(low->cx, low->arena, keys, in->key_count);
    for (uint32_t k = 0; k < in->key_count; k++) {
        TRY(key_project(low, &in->keys[k], ids, exprs, count, &keys[k]));
        if (keys[k].count == 0) {
            *out = (Placement){.kind = PLACED_RANDOM};
            return OK;
        }
    }
    out->keys = keys;
    return OK;
}

bool placement_groups(const Subplan *input, const uint32_t *slots, uint32_t count) {
    const Placement *placement = &input->placement;
    if (placement->kind != PLACED_HASHED || !placement->nulls_together) {
        return false;
    }
    for (uint32_t k = 0; k < placement->key_count; k++) {
        bool is_grouped = false;
        for (uint32_t i = 0; i < count && !is_grouped; i++) {
            is_grouped = hash_key_has(&placement->keys[k], input->layout[slots[i]]);
        }
        if (!is_grouped) {
            return false;
        }
    }
    return true;
}

/* ----------------------------------------------------------------------------------------------------------------- exchanges
 */

void run_on_leader(PhysicalNode *node) {
    node->on_leader = true;
    for (uint32_t i = 0; i < node->child_count; i++) {
        run_on_leader(node->children[i]);
    }
}

/* An Exchange over *place with the same columns. */
static Status exchange_over(Lowering *low, PhysicalNode **place, ExchangeKind kind) {
    PhysicalNode *input = *place, *node;
    TRY_NEW(low->cx, low->arena, node);
    TRY_NEW(low->cx, low->arena, node->children);
    *node = (PhysicalNode){.kind = PHYSICAL_EXCHANGE,
                           .child_count = 1,
                           .children = node->children,
                           .column_count = input->column_count,
                           .columns = input->columns,
                           .rows = input->rows,
                           .width = input->width};
    node->children[0] = input;
    node->exchange.kind = kind;
    node->on_leader = kind == EXCHANGE_GATHER;
    *place = node;
    return OK;
}

Status exchange_gather(Lowering *low, PhysicalNode **place) {
    TRY(exchange_over(low, place, EXCHANGE_GATHER));
    const PhysicalNode *input = (*place)->children[0];
    if (input->kind == PHYSICAL_SORT) {
        (*place)->exchange.merge_key_count = input->sort.key_count;
        (*place)->exchange.merge_keys = input->sort.keys;
    }
    cost_node(*place);
    return OK;
}

Status exchange_to_leader(Lowering *low, Subplan *subplan) {
    PlacementKind kind = subplan->placement.kind;
    subplan->placement = (Placement){.kind = PLACED_LEADER};
    if (!moves_rows(low) || kind == PLACED_LEADER) {
        return OK;
    }
    if (kind == PLACED_REPLICATED) {
        run_on_leader(subplan->node);
        return OK;
    }
    return exchange_gather(low, &subplan->node);
}

Status exchange_hash(Lowering *low, Subplan *subplan, const uint32_t *slots, uint32_t count, NullRows nulls) {
    HashKey *keys;
    bool has_nulls = false;
    TRY_NEW_ARRAY(low->cx, low->arena, keys, count);
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = (HashKey){1, &subplan->layout[slots[i]]};
        has_nulls |= subplan->node->columns[slots[i]].domain.can_be_null;
    }
    if (moves_rows(low)) {
        if (subplan->placement.kind == PLACED_REPLICATED) {
            run_on_leader(subplan->node); /* one copy of each row */
        }
        uint32_t *copy;
        TRY_NEW_ARRAY(low->cx, low->arena, copy, count);
        memcpy(copy, slots, count * sizeof *slots);
        TRY(exchange_over(low, &subplan->node, EXCHANGE_HASH));
        subplan->node->exchange.key_count = count;
        subplan->node->exchange.keys = copy;
        subplan->node->exchange.nulls_stay = nulls == NULLS_STAY;
        cost_node(subplan->node);
    }
    subplan->placement = (Placement){PLACED_HASHED, count, keys, nulls == NULLS_MEET || !has_nulls};
    return OK;
}

Status exchange_broadcast(Lowering *low, Subplan *subplan) {
    if (moves_rows(low)) {
        TRY(exchange_over(low, &subplan->node, EXCHANGE_BROADCAST));
        cost_node(subplan->node);
    }
    subplan->placement = (Placement){.kind = PLACED_REPLICATED};
    return OK;
}
