/* How the two sides of a join meet (distribution.h): each move is tried for whether it is right, priced, and the one that was
 * asked for or the cheapest taken. EXPLAIN (ALTERNATIVES) prints what was weighed. */
#include "plan/distribution.h"

#include "plan/join_cost.h"
#include "plan/salting.h"

#include "core/settings.h"

/* Expected rows of the fullest slice over the mean from which salting is thought of. */
#define SALTING_WORTH 1.3

typedef struct Meeting {
    JoinKind kind;
    JoinMatch match;
    const JoinKeys *keys;
    Subplan *probe, *build;
    PlacementKind p, b;         /* where they are before the join */
    HotKeys hot[MOVE_BOTH + 1]; /* of the outer side, by the move that would hash it */
} Meeting;

/* What is weighed, in the order in which it is printed; the salted ways only where hot keys are known. */
static const JoinStrategy ways[] = {{.move = MOVE_NONE},
                                    {.move = MOVE_BROADCAST},
                                    {.move = MOVE_INNER},
                                    {.move = MOVE_OUTER},
                                    {.move = MOVE_BOTH},
                                    {.move = MOVE_INNER, .is_salted = true},
                                    {.move = MOVE_OUTER, .is_salted = true},
                                    {.move = MOVE_BOTH, .is_salted = true}};
#define WAYS (sizeof ways / sizeof *ways)

/* -------------------------------------------------------------------------------------------------------------- what is right
 */

static bool is_spread(PlacementKind kind) {
    return kind == PLACED_RANDOM || kind == PLACED_HASHED;
}

/* Unmatched build rows come out, so each may be on one node only. */
static bool keeps_build_rows(JoinKind kind) {
    return kind == JOIN_RIGHT || kind == JOIN_FULL || join_asks_for_build(kind);
}

/* The answer for one probe row depends on the whole build side, also without keys that match. */
static bool needs_whole_build(JoinKind kind) {
    return kind == JOIN_ANTI_NULL || kind == JOIN_MARK;
}

/* Probe rows come out without a match: each must meet its partners in one place. */
static bool keeps_probe_rows(JoinKind kind) {
    return kind != JOIN_INNER && kind != JOIN_RIGHT && !join_asks_for_build(kind);
}

/* Rows that are equal in the join's keys are on one node: hash key k of either side stands in the same pair of join keys. */
static bool is_colocated(const JoinKeys *keys, const Placement *probe, const Placement *build) {
    if (probe->kind != PLACED_HASHED || build->kind != PLACED_HASHED || probe->key_count != build->key_count) {
        return false;
    }
    for (uint32_t k = 0; k < probe->key_count; k++) {
        bool is_paired = false;
        for (uint32_t i = 0; i < keys->count && !is_paired; i++) {
            is_paired = hash_key_has(&probe->keys[k], keys->probe_ids[i]) && hash_key_has(&build->keys[k], keys->build_ids[i]);
        }
        if (!is_paired) {
            return false;
        }
    }
    return true;
}

/* Which join key stands behind each of a side's hash keys, if the side is hashed by some of them. `pairs` may be NULL. */
static bool hashed_by_keys(const JoinKeys *keys, const Placement *placement, const ColumnId *ids, uint32_t *pairs) {
    if (placement->kind != PLACED_HASHED) {
        return false;
    }
    for (uint32_t k = 0; k < placement->key_count; k++) {
        uint32_t i = 0;
        while (i < keys->count && !hash_key_has(&placement->keys[k], ids[i])) {
            i++;
        }
        if (i == keys->count) {
            return false;
        }
        if (pairs != NULL) {
            pairs[k] = i;
        }
    }
    return true;
}

/* Without any exchange. */
static const char *why_not_none(const Meeting *m) {
    if (!is_spread(m->p) && !is_spread(m->b)) {
        return NULL;
    }
    if (m->p == PLACED_LEADER || m->b == PLACED_LEADER) {
        return "one side is on the leader";
    }
    if (m->p == PLACED_REPLICATED) {
        return keeps_probe_rows(m->kind) ? "every node would give out the outer rows" : NULL;
    }
    if (m->b == PLACED_REPLICATED) {
        return keeps_build_rows(m->kind) ? "every node would give out the unmatched inner rows" : NULL;
    }
    if (needs_whole_build(m->kind)) {
        return "the whole inner side decides";
    }
    return is_colocated(m->keys, &m->probe->placement, &m->build->placement) ? NULL : "partners are on different nodes";
}

static const char *why_not_broadcast(const Meeting *m) {
    if (m->b == PLACED_REPLICATED) {
        return "every node has the inner side";
    }
    if (!is_spread(m->p)) {
        return "the outer side is in one place";
    }
    return keeps_build_rows(m->kind) ? "every node would give out the unmatched inner rows" : NULL;
}

/* Moves by the hash of the key. */
static const char *why_not_hash(const Meeting *m, JoinMove move) {
    if (m->keys->count == 0) {
        return "no equality to hash by";
    }
    if (needs_whole_build(m->kind)) {
        return "the whole inner side decides";
    }
    if (move == MOVE_INNER && !hashed_by_keys(m->keys, &m->probe->placement, m->keys->probe_ids, NULL)) {
        return "the outer side is not distributed by the key";
    }
    if (move == MOVE_OUTER && !hashed_by_keys(m->keys, &m->build->placement, m->keys->build_ids, NULL)) {
        return "the inner side is not distributed by the key";
    }
    return NULL;
}

/* The one pair of join keys by which a move hashes; UINT32_MAX: there are several, or it does not hash. */
static uint32_t hashing_pair(const Meeting *m, JoinMove move) {
    const Placement *other = move == MOVE_INNER ? &m->probe->placement : &m->build->placement;
    const ColumnId *ids = move == MOVE_INNER ? m->keys->probe_ids : m->keys->build_ids;
    uint32_t pair = 0;
    if (move == MOVE_BOTH) {
        return m->keys->count == 1 ? 0 : UINT32_MAX;
    }
    bool is_single = (move == MOVE_INNER || move == MOVE_OUTER) && other->kind == PLACED_HASHED && other->key_count == 1;
    return is_single && hashed_by_keys(m->keys, other, ids, &pair) ? pair : UINT32_MAX;
}

/* A salted join has inner rows of hot keys on every node. */
static const char *why_not_salted(const Meeting *m, JoinMove move, bool is_asked) {
    if (keeps_build_rows(m->kind)) {
        return "every node would give out the unmatched inner rows of hot keys";
    }
    if (m->hot[move].count == 0) {
        return "no outer key is known to be hot";
    }
    return m->hot[move].slice_skew >= SALTING_WORTH || is_asked ? NULL : "rows are even enough without salt";
}

/* NULL if the move gives the right rows, else why it does not. */
static const char *why_not(const Meeting *m, JoinMove move) {
    if (move == MOVE_NONE) {
        return why_not_none(m);
    }
    if (!is_spread(m->p) && !is_spread(m->b)) {
        return "both sides are in one place";
    }
    if (move == MOVE_BROADCAST) {
        return why_not_broadcast(m);
    }
    if (move == MOVE_INNER && !is_spread(m->p)) { /* to the leader */
        return NULL;
    }
    if (move == MOVE_BOTH && m->keys->count == 0 && keeps_build_rows(m->kind)) { /* to the leader */
        return NULL;
    }
    return why_not_hash(m, move);
}

/* ------------------------------------------------------------------------------------------------------------------- choosing
 */

static const char *label_of(const Meeting *m, JoinMove move) {
    switch (move) {
    case MOVE_BROADCAST: return "DS_BCAST_INNER";
    case MOVE_INNER: return is_spread(m->p) ? "DS_DIST_INNER" : "DS_DIST_ALL_INNER";
    case MOVE_OUTER: return "DS_DIST_OUTER";
    case MOVE_BOTH: return "DS_DIST_BOTH";
    case MOVE_ANY:
    case MOVE_NONE: break;
    }
    bool is_all = m->b == PLACED_REPLICATED || (m->p == PLACED_REPLICATED && is_spread(m->b));
    return is_all ? "DS_DIST_ALL_NONE" : "DS_DIST_NONE";
}

static JoinSide side_of(const Subplan *subplan) {
    return (JoinSide){subplan->placement.kind, subplan->node->rows, subplan->node->width};
}

/* Of the side, whose column (UINT32_MAX: an expression, taken to be a key) has so many different values. */
static double rows_per_key(const Lowering *low, const JoinSide *side, ColumnId column) {
    const LogicalColumn *info = column < low->logical->column_count ? &low->logical->columns[column] : NULL;
    double distinct = info == NULL || info->table == NULL ? side->rows : info->table->statistics[info->table_column].distinct;
    return distinct < 1 || distinct > side->rows ? 1 : side->rows / distinct;
}

/* The busiest node is waited for: in time it counts as if all had so many rows, not in bytes. Salting copies the hot keys'
 * inner rows. */
static JoinPrice price_of(const Lowering *low, const Meeting *m, JoinStrategy way, double rows) {
    uint32_t nodes = planned_nodes(low->logical, low->plan->topology.nodes);
    Cluster cluster = cluster_of(low->cx->settings, nodes < NODES_LABELLED ? NODES_LABELLED : nodes);
    JoinSide probe = side_of(m->probe), build = side_of(m->build);
    JoinSteps steps = join_steps(way.move, m->p, m->b, m->keys->count > 0);
    uint32_t pair = hashing_pair(m, way.move);
    double skew = pair == UINT32_MAX ? 1 : way.is_salted ? m->hot[way.move].salted_node_skew : m->hot[way.move].node_skew;
    if (way.is_salted && pair != UINT32_MAX) {
        steps = (JoinSteps){STEP_HASH, STEP_HASH};
        build.rows += m->hot[way.move].count * rows_per_key(low, &build, m->keys->build_ids[pair]) * (cluster.nodes - 1);
    }
    JoinPrice price = price_join(&cluster, steps, &probe, &build, rows, m->match);
    probe.rows *= skew;
    price.nanoseconds = price_join(&cluster, steps, &probe, &build, rows * skew, m->match).nanoseconds;
    return price;
}

/* The cheapest right way by one of the moves (1 << JoinMove); NULL: none is. */
static JoinAlternative *cheapest(JoinAlternative *weighed, uint32_t count, uint32_t moves, bool is_salted) {
    JoinAlternative *best = NULL;
    for (uint32_t i = 0; i < count; i++) {
        bool is_asked = (moves >> weighed[i].way.move & 1) && (weighed[i].way.is_salted || !is_salted);
        bool is_cheaper = best == NULL || weighed[i].nanoseconds < best->nanoseconds;
        best = weighed[i].why_not == NULL && is_asked && is_cheaper ? &weighed[i] : best;
    }
    return best;
}

/* All ways with their prices. */
static void weigh(const Lowering *low, const Meeting *m, bool wants_salt, double rows, JoinAlternative *weighed,
                  uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        JoinMove move = ways[i].move;
        const char *reason = why_not(m, move);
        reason = reason == NULL && ways[i].is_salted ? why_not_salted(m, move, wants_salt) : reason;
        JoinPrice price = price_of(low, m, ways[i], rows);
        weighed[i] = (JoinAlternative){ways[i], label_of(m, move), reason, price.nanoseconds, price.bytes, false};
    }
}

static uint32_t only(JoinMove move) {
    return move == MOVE_ANY ? UINT32_MAX : 1u << move;
}

/* The way that is taken: salted, if that is wanted and right; by the first of the wishes that is right. */
static JoinAlternative *choose_way(const Lowering *low, MoveWish wish, JoinAlternative *weighed, uint32_t count) {
    bool stays = weighed[0].why_not == NULL && !wish.optimizer.is_forced; /* the optimizer does not know all placements */
    uint32_t setting = only(move_of_setting(low->cx->settings)), wanted = only(stays ? MOVE_ANY : wish.optimizer.move);
    const uint32_t moves[] = {wish.hinted & setting, wish.hinted, setting & wanted, setting, wanted, UINT32_MAX};
    JoinAlternative *best = NULL;
    for (uint32_t i = 0; i < 2 && wish.wants_salt && best == NULL; i++) {
        best = cheapest(weighed, count, moves[i], true);
    }
    for (uint32_t i = wish.hinted == UINT32_MAX ? 2 : 0; best == NULL; i++) {
        best = cheapest(weighed, count, moves[i], false);
    }
    best->is_taken = true;
    return best;
}

/* How many ways there are to weigh; finds the outer side's hot keys. A hint goes before the setting enable_salting. */
static Status find_hot_keys(const Lowering *low, Meeting *m, bool wants_salt, uint32_t *count) {
    *count = MOVE_BOTH;
    for (JoinMove move = MOVE_INNER; move <= MOVE_BOTH; move++) {
        uint32_t pair = hashing_pair(m, move);
        TRY(hot_keys_find(low, pair == UINT32_MAX ? UINT32_MAX : m->keys->probe_ids[pair], &m->hot[move]));
        if (m->hot[move].count > 0 && (wants_salt || low->cx->settings->enable_salting)) {
            *count = WAYS;
        }
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- exchanges
 */

/* By the hash keys of the other side, if that stays where it is, else by all keys of the join. */
static Status hash_side(Lowering *low, const Meeting *m, bool is_probe, bool other_stays) {
    const JoinKeys *keys = m->keys;
    Subplan *side = is_probe ? m->probe : m->build;
    const uint32_t *own = is_probe ? keys->probe_slots : keys->build_slots;
    if (!other_stays) {
        return exchange_hash(low, side, own, keys->count, NULLS_STAY);
    }
    const Placement *other = is_probe ? &m->build->placement : &m->probe->placement;
    uint32_t *slots;
    TRY_NEW_ARRAY(low->cx, low->arena, slots, other->key_count + 1);
    (void)hashed_by_keys(keys, other, is_probe ? keys->build_ids : keys->probe_ids, slots);
    for (uint32_t k = 0; k < other->key_count; k++) {
        slots[k] = own[slots[k]];
    }
    return exchange_hash(low, side, slots, other->key_count, NULLS_STAY);
}

/* Both sides go by the hash of one pair of keys, those of hot keys apart. */
static Status salt_side(Lowering *low, Subplan *side, uint32_t slot, SaltRole role, const HotKeys *hot) {
    TRY(exchange_hash(low, side, &slot, 1, NULLS_STAY));
    if (moves_rows(low)) {
        side->node->exchange.salt = role;
        side->node->exchange.hot_count = hot->count;
        side->node->exchange.hot_values = hot->values;
    }
    side->placement = (Placement){.kind = PLACED_RANDOM}; /* no key says where hot rows are */
    return OK;
}

static Status salt_sides(Lowering *low, const Meeting *m, JoinMove move) {
    uint32_t pair = hashing_pair(m, move);
    TRY(salt_side(low, m->probe, m->keys->probe_slots[pair], SALT_SPREAD, &m->hot[move]));
    return salt_side(low, m->build, m->keys->build_slots[pair], SALT_COPY, &m->hot[move]);
}

static Status move_side(Lowering *low, const Meeting *m, JoinSteps steps, bool is_probe) {
    Subplan *side = is_probe ? m->probe : m->build;
    switch (is_probe ? steps.probe : steps.build) {
    case STEP_STAY: return OK;
    case STEP_BROADCAST: return exchange_broadcast(low, side);
    case STEP_LEADER: return exchange_to_leader(low, side);
    case STEP_HASH: return hash_side(low, m, is_probe, (is_probe ? steps.build : steps.probe) == STEP_STAY);
    }
    return OK;
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
            bool is_key = hash_key_has(&kept->keys[k], own[i]);
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

/* Every output row has a row of the side that is kept; replicated rows say nothing of where that is. */
static Status placement_of_join(Lowering *low, const Meeting *m, Placement *out) {
    const JoinKeys *keys = m->keys;
    const Placement *probe = &m->probe->placement, *build = &m->build->placement;
    if (m->kind == JOIN_RIGHT || join_asks_for_build(m->kind) || (probe->kind == PLACED_REPLICATED && is_spread(build->kind))) {
        return join_keys_placement(low, m->kind, keys, build, keys->build_ids, keys->probe_ids, out);
    }
    return join_keys_placement(low, m->kind, keys, probe, keys->probe_ids, keys->build_ids, out);
}

Status distribute_join(Lowering *low, JoinKind kind, JoinMatch match, MoveWish wish, double rows, const JoinKeys *keys,
                       Subplan *probe, Subplan *build, JoinAlternatives *weighed, Placement *placement) {
    Meeting m = {kind, match, keys, probe, build, probe->placement.kind, build->placement.kind, {{0}}};
    JoinAlternative *items;
    uint32_t count;
    TRY(find_hot_keys(low, &m, wish.wants_salt, &count));
    TRY_NEW_ARRAY(low->cx, low->arena, items, count);
    weigh(low, &m, wish.wants_salt, rows, items, count);
    *weighed = (JoinAlternatives){count, items, choose_way(low, wish, items, count)};
    JoinStrategy way = weighed->taken->way;
    if (way.is_salted) {
        TRY(salt_sides(low, &m, way.move));
    } else {
        JoinSteps steps = join_steps(way.move, m.p, m.b, keys->count > 0);
        TRY(move_side(low, &m, steps, true));
        TRY(move_side(low, &m, steps, false));
    }
    return placement_of_join(low, &m, placement);
}
