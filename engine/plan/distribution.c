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

static bool key_has(const HashKey *key, ColumnId id) {
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
        if (column != NULL && column->kind == EXPR_COLUMN && key_has(in, column->column)) {
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
            is_grouped = key_has(&placement->keys[k], input->layout[slots[i]]);
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

Status exchange_hash(Lowering *low, Subplan *subplan, const uint32_t *slots, uint32_t count) {
    HashKey *keys;
    TRY_NEW_ARRAY(low->cx, low->arena, keys, count);
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = (HashKey){1, &subplan->layout[slots[i]]};
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
        cost_node(subplan->node);
    }
    subplan->placement = (Placement){PLACED_HASHED, count, keys, true};
    return OK;
}

static Status exchange_broadcast(Lowering *low, Subplan *subplan) {
    if (moves_rows(low)) {
        TRY(exchange_over(low, &subplan->node, EXCHANGE_BROADCAST));
        cost_node(subplan->node);
    }
    subplan->placement = (Placement){.kind = PLACED_REPLICATED};
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------------- joins
 */

static bool is_spread(PlacementKind kind) {
    return kind == PLACED_RANDOM || kind == PLACED_HASHED;
}

/* Unmatched build rows come out, so each may be on one node only. */
static bool keeps_build_rows(JoinKind kind) {
    return kind == JOIN_RIGHT || kind == JOIN_FULL;
}

/* The answer for one probe row depends on the whole build side, also without keys that match. */
static bool needs_whole_build(JoinKind kind) {
    return kind == JOIN_ANTI_NULL || kind == JOIN_MARK;
}

/* Probe rows come out without a match: each must meet its partners in one place. */
static bool keeps_probe_rows(JoinKind kind) {
    return kind != JOIN_INNER && kind != JOIN_RIGHT;
}

/* Rows that are equal in the join's keys are on one node: hash key k of either side stands in the same pair of join keys. */
static bool is_colocated(const JoinKeys *keys, const Placement *probe, const Placement *build) {
    if (probe->kind != PLACED_HASHED || build->kind != PLACED_HASHED || probe->key_count != build->key_count) {
        return false;
    }
    for (uint32_t k = 0; k < probe->key_count; k++) {
        bool is_paired = false;
        for (uint32_t i = 0; i < keys->count && !is_paired; i++) {
            is_paired = key_has(&probe->keys[k], keys->probe_ids[i]) && key_has(&build->keys[k], keys->build_ids[i]);
        }
        if (!is_paired) {
            return false;
        }
    }
    return true;
}

/* The join keys' order that a side is hashed by, if it is hashed by exactly some of them: slots of the other side. */
static bool matching_slots(const JoinKeys *keys, const Placement *placement, const ColumnId *ids, const uint32_t *other_slots,
                           uint32_t *slots) {
    if (placement->kind != PLACED_HASHED) {
        return false;
    }
    for (uint32_t k = 0; k < placement->key_count; k++) {
        uint32_t i = 0;
        while (i < keys->count && !key_has(&placement->keys[k], ids[i])) {
            i++;
        }
        if (i == keys->count) {
            return false;
        }
        slots[k] = other_slots[i];
    }
    return true;
}

/* For a join: a row with a NULL key finds no partner anywhere, so it need not travel. */
static Status exchange_for_join(Lowering *low, Subplan *subplan, const uint32_t *slots, uint32_t count) {
    TRY(exchange_hash(low, subplan, slots, count));
    if (subplan->node->kind == PHYSICAL_EXCHANGE) {
        subplan->node->exchange.nulls_stay = true;
    }
    subplan->placement.nulls_together = false;
    return OK;
}

/* Both sides of a join that keeps unmatched build rows: only the side that is not stored by the key moves. */
static Status redistribute(Lowering *low, const JoinKeys *keys, Subplan *probe, Subplan *build, const char **label) {
    uint32_t *slots;
    TRY_NEW_ARRAY(low->cx, low->arena, slots, keys->count + probe->placement.key_count + build->placement.key_count + 1);
    if (matching_slots(keys, &probe->placement, keys->probe_ids, keys->build_slots, slots)) {
        *label = "DS_DIST_INNER";
        return exchange_for_join(low, build, slots, probe->placement.key_count);
    }
    if (matching_slots(keys, &build->placement, keys->build_ids, keys->probe_slots, slots)) {
        *label = "DS_DIST_OUTER";
        return exchange_for_join(low, probe, slots, build->placement.key_count);
    }
    *label = "DS_DIST_BOTH";
    TRY(exchange_for_join(low, probe, keys->probe_slots, keys->count));
    return exchange_for_join(low, build, keys->build_slots, keys->count);
}

static Status join_on_leader(Lowering *low, Subplan *probe, Subplan *build) {
    TRY(exchange_to_leader(low, probe));
    return exchange_to_leader(low, build);
}

/* Each key of `kept` also has the value of the column it was compared with (inner joins). */
static Status join_keys_placement(Lowering *low, JoinKind kind, const JoinKeys *keys, const Placement *kept,
                                  const ColumnId *own, const ColumnId *others, Placement *out) {
    *out = *kept;
    if (kept->kind != PLACED_HASHED) {
        return OK;
    }
    if (kind == JOIN_FULL) { /* NULLs of the other side are anywhere */
        *out = (Placement){.kind = PLACED_RANDOM};
        return OK;
    }
    if (kind != JOIN_INNER) {
        return OK;
    }
    HashKey *merged;
    bool all_joined = true; /* then no row has a NULL in them: it would have found no partner */
    TRY_NEW_ARRAY(low->cx, low->arena, merged, kept->key_count);
    for (uint32_t k = 0; k < kept->key_count; k++) {
        ColumnId *ids;
        TRY_NEW_ARRAY(low->cx, low->arena, ids, kept->keys[k].count + keys->count);
        memcpy(ids, kept->keys[k].ids, kept->keys[k].count * sizeof *ids);
        uint32_t count = kept->keys[k].count;
        bool is_joined = false;
        for (uint32_t i = 0; i < keys->count; i++) {
            bool is_key = key_has(&kept->keys[k], own[i]);
            is_joined |= is_key;
            if (is_key && others[i] != UINT32_MAX) {
                ids[count++] = others[i];
            }
        }
        all_joined &= is_joined;
        merged[k] = (HashKey){count, ids};
    }
    out->keys = merged;
    out->nulls_together |= all_joined;
    return OK;
}

Status distribute_join(Lowering *low, JoinKind kind, const JoinKeys *keys, Subplan *probe, Subplan *build, const char **label,
                       Placement *placement) {
    PlacementKind p = probe->placement.kind, b = build->placement.kind;
    *label = "DS_DIST_ALL_NONE";
    if (p == PLACED_REPLICATED && b == PLACED_REPLICATED) {
        *placement = probe->placement;
        return OK;
    }
    if (p == PLACED_REPLICATED && is_spread(b) && !keeps_probe_rows(kind)) { /* each build row meets all probe rows at home */
        return join_keys_placement(low, kind, keys, &build->placement, keys->build_ids, keys->probe_ids, placement);
    }
    if (!is_spread(p)) {
        *label = b == PLACED_REPLICATED ? "DS_DIST_ALL_NONE" : b == PLACED_LEADER ? "DS_DIST_NONE" : "DS_DIST_ALL_INNER";
        *placement = (Placement){.kind = PLACED_LEADER};
        return join_on_leader(low, probe, build);
    }
    if (keeps_build_rows(kind) && keys->count == 0) {
        *label = "DS_DIST_BOTH";
        *placement = (Placement){.kind = PLACED_LEADER};
        return join_on_leader(low, probe, build);
    }
    if (is_colocated(keys, &probe->placement, &build->placement) && !needs_whole_build(kind)) {
        *label = "DS_DIST_NONE";
    } else if (keeps_build_rows(kind)) {
        TRY(redistribute(low, keys, probe, build, label));
    } else if (b != PLACED_REPLICATED) {
        *label = "DS_BCAST_INNER";
        TRY(exchange_broadcast(low, build));
    }
    if (kind == JOIN_RIGHT) { /* every output row has its build row, not its probe row */
        return join_keys_placement(low, kind, keys, &build->placement, keys->build_ids, keys->probe_ids, placement);
    }
    return join_keys_placement(low, kind, keys, &probe->placement, keys->probe_ids, keys->build_ids, placement);
}
