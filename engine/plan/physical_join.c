/* Lowering of joins: which side is built, keys and residual, array or hash, exchanges, and the filter that the build side
 * hands to the probe side's scan. */
#include "plan/cost.h"
#include "plan/distribution.h"
#include "plan/estimate.h"
#include "plan/hints.h"

#include "core/settings.h"

#define ARRAY_JOIN_WIDTH_FREE 65536 /* a key range this narrow always pays */
#define ARRAY_JOIN_WIDTH_MAX ((uint64_t)1 << 26)
#define JOIN_ESTIMATE_DOUBT 8
#define SCAN_WORTH_PRUNING 16               /* rows scanned that weigh as much as a row built */
#define FILTER_WORTH 0.95                   /* a join filter that lets more through than this is not made */
#define BLOOM_WORDS_MIN 128                 /* 1 KB: estimates of few rows are often too low */
#define BLOOM_WORDS_MAX ((uint64_t)1 << 17) /* 1 MB */
#define BLOOM_KEYS_PER_WORD 4               /* at most one other key in a hundred gets through then */
#define BITMAP_FREE_RANGE 4096              /* no Bloom filter instead of so small a bitmap, which is exact */

typedef struct JoinInputs {
    JoinKind kind;
    const LogicalNode *outer, *inner;
    Subplan probe, build;
    ExprList probe_keys, build_keys, residual;
    ExprList equalities; /* the conjuncts that the keys came from */
    JoinKeys keys;
} JoinInputs;

/* ----------------------------------------------------------------------------------------------------------- sides and keys */

static bool may_swap(JoinKind kind) {
    return kind == JOIN_INNER || kind == JOIN_LEFT || kind == JOIN_RIGHT || kind == JOIN_FULL;
}

static JoinKind swapped_kind(JoinKind kind) {
    switch (kind) {
    case JOIN_LEFT: return JOIN_RIGHT;
    case JOIN_RIGHT: return JOIN_LEFT;
    case JOIN_SEMI: return JOIN_RIGHT_SEMI;
    case JOIN_ANTI: return JOIN_RIGHT_ANTI;
    default: return kind;
    }
}

/* Rows to weigh a side by as build side. Estimates of joins err low far more often than those of tables, and a large table
 * built by mistake costs more than a small one saves; and the scan of a large table is better probed, for then the other
 * side's keys prune it. */
static double build_rows(const LogicalNode *node) {
    while (node->kind == LOGICAL_FILTER || node->kind == LOGICAL_PROJECT) {
        node = node->children[0];
    }
    if (node->kind != LOGICAL_JOIN) {
        return node->rows;
    }
    double doubted = node->rows * JOIN_ESTIMATE_DOUBT, scanned = node->largest_table / SCAN_WORTH_PRUNING;
    return doubted > scanned ? doubted : scanned;
}

/* The right side is built, or the smaller one where the kind leaves the choice. */
static Status choose_sides(Lowering *low, const LogicalNode *node, JoinInputs *join) {
    const LogicalNode *left = node->children[0], *right = node->children[1];
    bool swap = !node->join.strategy.keeps_sides && build_rows(left) < build_rows(right);
    swap ^= hints_of_join(low->logical, swap ? right : left, swap ? left : right).is_turned;
    swap &= may_swap(node->join.kind);
    join->outer = swap ? right : left;
    join->inner = swap ? left : right;
    join->kind = swap ? swapped_kind(node->join.kind) : node->join.kind;
    TRY(lower_node(low, join->outer, &join->probe));
    return lower_node(low, join->inner, &join->build);
}

static bool visit_in_layout(const Expr *node, void *argument) {
    return node->kind != EXPR_COLUMN || subplan_find(argument, node->column) != UINT32_MAX;
}

bool subplan_has_all(const Subplan *subplan, const Expr *expr) {
    return expr_walk(expr, visit_in_layout, (void *)(uintptr_t)subplan);
}

static bool is_over(const Expr *expr, const Subplan *side) {
    return expr_has_columns(expr) && subplan_has_all(side, expr);
}

/* A nested loop can give the same answer as a hash join. */
static bool may_loop(JoinKind kind) {
    return kind == JOIN_INNER || kind == JOIN_LEFT || kind == JOIN_SEMI || kind == JOIN_ANTI;
}

/* SET enable_hashjoin = off: a nested loop takes its place. */
static bool may_hash(const Settings *settings) {
    return settings->enable_hashjoin || !settings->enable_nestloop;
}

static Status add_key(Lowering *low, JoinInputs *join, Expr *probe, Expr *build) {
    TRY(expr_list_add(low->cx, low->arena, &join->probe_keys, probe));
    return expr_list_add(low->cx, low->arena, &join->build_keys, build);
}

/* One side of a pair of keys that match where both are NULL: coalesce(x, some value) and x IS NULL. */
static Status null_safe_key(Lowering *low, Expr *side, Expr **value, Expr **is_null) {
    Value some = {.type = side->type};
    *value = expr_new(low->cx, low->arena, EXPR_COALESCE, side->type, side->pos, 2);
    *is_null = expr_new(low->cx, low->arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), side->pos, 1);
    Expr *constant = expr_constant(low->cx, low->arena, &some, side->pos);
    if (*value == NULL || *is_null == NULL || constant == NULL) {
        return OUT_OF_MEMORY;
    }
    (*value)->args[0] = (*is_null)->args[0] = side;
    (*value)->args[1] = constant;
    return OK;
}

/* x IS NOT DISTINCT FROM y: an equality where a side has no NULLs. */
static Status add_null_safe_key(Lowering *low, JoinInputs *join, Expr *probe, Expr *build) {
    if (!expr_can_be_null(low->logical, probe) || !expr_can_be_null(low->logical, build)) {
        return add_key(low, join, probe, build);
    }
    Expr *values[2], *nulls[2];
    TRY(null_safe_key(low, probe, &values[0], &nulls[0]));
    TRY(null_safe_key(low, build, &values[1], &nulls[1]));
    TRY(add_key(low, join, values[0], values[1]));
    return add_key(low, join, nulls[0], nulls[1]);
}

/* The two sides that a conjunct asks to be equal, NULL if it does not. */
static const Expr *equality_of(const Expr *conjunct, bool *is_null_safe) {
    *is_null_safe = conjunct->kind == EXPR_NOT && conjunct->args[0]->kind == EXPR_DISTINCT;
    bool is_equality = conjunct->kind == EXPR_COMPARE && conjunct->compare == COMPARE_EQ;
    return *is_null_safe ? conjunct->args[0] : is_equality ? conjunct : NULL;
}

/* Splits the condition into key pairs and the rest. */
static Status split_condition(Lowering *low, Expr *condition, JoinInputs *join) {
    const Context *cx = low->cx;
    bool wants_loop = hints_of_join(low->logical, join->outer, join->inner).methods == 1u << METHOD_LOOP;
    bool may_use_keys = may_hash(cx->settings) || cx->settings->enable_mergejoin;
    bool takes_keys = !may_loop(join->kind) || (may_use_keys && !wants_loop), is_null_safe;
    ExprList conjuncts = {0};
    TRY(expr_list_add_conjuncts(cx, low->arena, &conjuncts, condition));
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        const Expr *equality = takes_keys ? equality_of(conjuncts.items[i], &is_null_safe) : NULL;
        Expr *a = equality != NULL ? equality->args[0] : NULL, *b = equality != NULL ? equality->args[1] : NULL;
        if (equality != NULL && is_over(a, &join->build) && is_over(b, &join->probe)) {
            Expr *swap = a;
            a = b;
            b = swap;
        }
        bool is_key = equality != NULL && is_over(a, &join->probe) && is_over(b, &join->build) && !expr_is_volatile(equality);
        if (!is_key) {
            TRY(expr_list_add(cx, low->arena, &join->residual, conjuncts.items[i]));
        } else {
            TRY(expr_list_add(cx, low->arena, &join->equalities, conjuncts.items[i]));
            TRY(is_null_safe ? add_null_safe_key(low, join, a, b) : add_key(low, join, a, b));
        }
    }
    return OK;
}

static ColumnId key_column(const Expr *key) {
    const Expr *column = expr_widened_column(key);
    return column != NULL && column->kind == EXPR_COLUMN ? column->column : UINT32_MAX;
}

/* Keys become slots of both sides. */
static Status lower_keys(Lowering *low, JoinInputs *join) {
    JoinKeys *keys = &join->keys;
    keys->count = join->probe_keys.count;
    TRY_NEW_ARRAY(low->cx, low->arena, keys->probe_slots, keys->count + 1);
    TRY_NEW_ARRAY(low->cx, low->arena, keys->build_slots, keys->count + 1);
    TRY_NEW_ARRAY(low->cx, low->arena, keys->probe_ids, keys->count + 1);
    TRY_NEW_ARRAY(low->cx, low->arena, keys->build_ids, keys->count + 1);
    for (uint32_t i = 0; i < keys->count; i++) {
        keys->probe_ids[i] = key_column(join->probe_keys.items[i]);
        keys->build_ids[i] = key_column(join->build_keys.items[i]);
    }
    TRY(lower_exprs(low, &join->probe, join->probe_keys.items, keys->count, true, keys->probe_slots));
    return lower_exprs(low, &join->build, join->build_keys.items, keys->count, true, keys->build_slots);
}

/* ---------------------------------------------------------------------------------------------------------------- the output
 */

static bool nulls_probe(JoinKind kind) {
    return kind == JOIN_RIGHT || kind == JOIN_FULL;
}
static bool nulls_build(JoinKind kind) {
    return kind == JOIN_LEFT || kind == JOIN_FULL || kind == JOIN_SINGLE;
}

/* node->columns in order; the mark stands last. */
static Status join_outputs(Lowering *low, const LogicalNode *node, const JoinInputs *join, Subplan *out) {
    JoinOutput *outputs;
    TRY_NEW_ARRAY(low->cx, low->arena, outputs, node->column_count + 1);
    uint32_t next = 0;
    for (uint32_t i = 0; i < node->column_count; i++) {
        ColumnId id = node->columns[i];
        if (join_adds_mark(node->join.kind) && id == node->join.mark) {
            continue;
        }
        uint32_t slot = subplan_find(&join->probe, id);
        bool from_build = slot == UINT32_MAX;
        if (from_build) {
            TRY(subplan_slot(low, &join->build, id, &slot));
        }
        const PhysicalNode *side = from_build ? join->build.node : join->probe.node;
        out->node->columns[next] = side->columns[slot];
        out->node->columns[next].domain.can_be_null |= from_build ? nulls_build(join->kind) : nulls_probe(join->kind);
        out->layout[next] = id;
        outputs[next++] = (JoinOutput){from_build, slot};
    }
    if (join_adds_mark(node->join.kind)) {
        lower_column(low, out, next, node->join.mark);
        outputs[next++] = (JoinOutput){0};
    }
    out->node->column_count = next;
    out->node->join.outputs = outputs;
    return OK;
}

/* "outer".lo_custkey */
static char *key_text(Lowering *low, const char *side, const Expr *key) {
    const Expr *column = expr_widened_column(key);
    if (column == NULL || column->name == NULL) {
        return expr_print(low->cx, low->arena, key);
    }
    const char *dot = strrchr(column->name, '.');
    return arena_format(low->cx, low->arena, "\"%s\".%s", side, dot == NULL ? column->name : dot + 1);
}

static Status condition_text(Lowering *low, const JoinInputs *join, const char **out) {
    const char *text = NULL;
    for (uint32_t i = 0; i < join->keys.count; i++) {
        char *probe = key_text(low, "outer", join->probe_keys.items[i]);
        char *build = key_text(low, "inner", join->build_keys.items[i]);
        if (probe == NULL || build == NULL) {
            return OUT_OF_MEMORY;
        }
        text = text == NULL ? arena_format(low->cx, low->arena, "(%s = %s)", probe, build)
                            : arena_format(low->cx, low->arena, "%s AND (%s = %s)", text, probe, build);
        if (text == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    *out = join->keys.count > 1 ? arena_format(low->cx, low->arena, "(%s)", text) : text;
    return join->keys.count > 1 && *out == NULL ? OUT_OF_MEMORY : OK;
}

/* ------------------------------------------------------------------------------------------------------------ array or hash */

static void choose_algorithm(Lowering *low, JoinInputs *join, JoinSpec *spec) {
    spec->algorithm = join->keys.count == 0 ? JOIN_BY_LOOP : JOIN_BY_HASH;
    if (join->keys.count != 1) {
        return;
    }
    const PhysicalColumn *key = &join->build.node->columns[join->keys.build_slots[0]];
    if (!key->domain.has_range || !class_is_integer(type_class(key->type))) {
        return;
    }
    uint64_t width = (uint64_t)key->domain.max - (uint64_t)key->domain.min;
    ColumnId id = join->keys.build_ids[0];
    const TableVersion *table = id < low->logical->column_count ? low->logical->columns[id].table : NULL;
    double rows = table == NULL ? join->build.node->rows : (double)table->rows;
    double width_max = 4 * rows > ARRAY_JOIN_WIDTH_FREE ? 4 * rows : ARRAY_JOIN_WIDTH_FREE;
    if (width < ARRAY_JOIN_WIDTH_MAX && (double)width < width_max) {
        spec->algorithm = JOIN_BY_ARRAY;
        spec->key_min = key->domain.min;
        spec->key_max = key->domain.max;
    }
}

/* -------------------------------------------------------------------------------------------------------------- join filters
 */

static bool passes_probe_rows(JoinKind kind) {
    return kind != JOIN_RIGHT && kind != JOIN_FULL && !join_asks_for_build(kind);
}

PhysicalNode *trace_to_scan(PhysicalNode *node, uint32_t *slot, bool *travels) {
    *travels = false;
    for (;;) {
        switch (node->kind) {
        case PHYSICAL_SCAN: return node;
        case PHYSICAL_FILTER: break;
        case PHYSICAL_EXCHANGE: *travels = true; break;
        case PHYSICAL_AGGREGATE: /* whole groups go with their key */
            if (*slot >= node->aggregate.group_count || node->aggregate.empty_set_count > 0) {
                return NULL;
            }
            *slot = node->aggregate.groups[*slot];
            break;
        case PHYSICAL_PROJECT: {
            const Expr *expr = expr_widened_column(node->project.exprs[*slot]);
            if (expr == NULL) {
                return NULL;
            }
            *slot = expr->slot;
            break;
        }
        case PHYSICAL_HASH_JOIN:
        case PHYSICAL_MERGE_JOIN:
        case PHYSICAL_NESTED_LOOP: {
            const JoinOutput *output = &node->join.outputs[*slot];
            bool is_mark = join_adds_mark(node->join.kind) && *slot + 1 == node->column_count;
            if (is_mark || output->from_build || !passes_probe_rows(node->join.kind)) {
                return NULL;
            }
            *slot = output->slot;
            break;
        }
        default: return NULL;
        }
        node = node->children[0];
    }
}

/* The share of the probe side's rows that are thought to have a partner by this key. */
static Status filter_share(const Lowering *low, const JoinInputs *join, uint32_t key, double *share) {
    return estimate_partners(low->cx, low->logical, join->probe_keys.items[key], join->build_keys.items[key], join->outer,
                             join->inner, share);
}

/* A filter on the scan leaves fewer rows on the whole way from there to the join. */
static void thin_path(PhysicalNode *node, double share) {
    if (node->kind != PHYSICAL_SCAN) {
        thin_path(node->children[0], share);
    }
    node->rows = node->rows * share < 1 ? 1 : node->rows * share;
    cost_node(node);
}

/* The build's keys lie in a narrower range than the probe's. */
static bool range_is_narrower(const JoinInputs *join, uint32_t key) {
    const ColumnDomain *build = &join->build.node->columns[join->keys.build_slots[key]].domain;
    const ColumnDomain *probe = &join->probe.node->columns[join->keys.probe_slots[key]].domain;
    return build->has_range && probe->has_range && (build->min > probe->min || build->max < probe->max);
}

static Status scan_add_filter(Lowering *low, PhysicalNode *scan, ScanJoinFilter filter) {
    ScanSpec *spec = &scan->scan;
    ScanJoinFilter *filters;
    TRY_NEW_ARRAY(low->cx, low->arena, filters, spec->join_filter_count + 1);
    if (spec->join_filter_count > 0) {
        memcpy(filters, spec->join_filters, spec->join_filter_count * sizeof *filters);
    }
    filters[spec->join_filter_count++] = filter;
    spec->join_filters = filters;
    return OK;
}

/* Words of a Bloom filter of the build's keys; 0 if a bitmap of their range is no larger. All nodes must agree. */
static uint64_t bloom_words(const JoinInputs *join, uint32_t key, double *bytes) {
    const ColumnDomain *domain = &join->build.node->columns[join->keys.build_slots[key]].domain;
    uint64_t words = BLOOM_WORDS_MIN, range = (uint64_t)domain->max - (uint64_t)domain->min;
    while ((double)words * BLOOM_KEYS_PER_WORD < join->build.node->rows && words < BLOOM_WORDS_MAX) {
        words *= 2;
    }
    bool has_bitmap = domain->has_range && range < BITMAP_FREE_RANGE;
    has_bitmap |= domain->has_range && range / 64 <= words;
    *bytes = has_bitmap ? (double)range / 8 : (double)words * 8;
    return has_bitmap ? 0 : words;
}

/* What a filter of all nodes keeps from travelling must be more than it is itself: a part comes from every node, the whole goes
 * to every node. */
static bool is_worth_sending(const Lowering *low, const JoinInputs *join, uint32_t key, double share) {
    const PhysicalNode *probe = join->probe.node;
    double saved = probe->rows * (1 - share) * (probe->width < 4 ? 4 : probe->width), bytes;
    (void)bloom_words(join, key, &bytes);
    bool is_overfull = join->build.node->rows > BLOOM_WORDS_MAX * 2.0 * BLOOM_KEYS_PER_WORD;
    return !is_overfull && saved > 2.0 * low->plan->topology.nodes * bytes;
}

/* Every node has the whole build side, so that its own filter will do. */
static bool has_whole_build(const JoinInputs *join) {
    return join->build.placement.kind == PLACED_REPLICATED && !join->probe.node->on_leader;
}

/* The key that drops the most rows is handed down, if it is worth it. */
static Status add_join_filter(Lowering *low, JoinInputs *join, JoinSpec *spec) {
    bool drops_unmatched =
        join->kind == JOIN_INNER || join->kind == JOIN_SEMI || join->kind == JOIN_RIGHT || join_asks_for_build(join->kind);
    if (!drops_unmatched || !low->cx->settings->join_filters) {
        return OK;
    }
    PhysicalNode *scan = NULL;
    uint32_t column = 0;
    double share_best = FILTER_WORTH;
    for (uint32_t i = 0; i < join->keys.count; i++) {
        uint32_t slot = join->keys.probe_slots[i];
        bool travels = false;
        StorageClass storage_class = type_class(join->build.node->columns[join->keys.build_slots[i]].type);
        PhysicalNode *found = class_is_integer(storage_class) ? trace_to_scan(join->probe.node, &slot, &travels) : NULL;
        double share = 1;
        if (found != NULL) {
            TRY(filter_share(low, join, i, &share));
        }
        share = found != NULL && share >= FILTER_WORTH && range_is_narrower(join, i) ? FILTER_WORTH - 0.01 : share;
        bool crosses = found != NULL && travels && moves_rows(low) && !has_whole_build(join);
        bool is_worth = !crosses || (!found->on_leader && is_worth_sending(low, join, i, share));
        if (found != NULL && share < share_best && is_worth) {
            share_best = share;
            scan = found;
            column = slot;
            spec->filter_key = i;
            spec->filter_crosses = crosses;
            double bytes;
            spec->filter_bloom_words = crosses ? bloom_words(join, i, &bytes) : 0;
        }
    }
    if (scan == NULL) {
        return OK;
    }
    spec->filter_rows = scan->rows;
    thin_path(join->probe.node, share_best);
    spec->publishes_filter = true;
    spec->filter_id = low->plan->filter_count++;
    return scan_add_filter(low, scan, (ScanJoinFilter){column, spec->filter_id, spec->filter_crosses});
}

/* ------------------------------------------------------------------------------------------------------------ merge or hash */

static void swap_expr_lists(ExprList *a, ExprList *b) {
    ExprList moved = *a;
    *a = *b;
    *b = moved;
}

static void swap_numbers(uint32_t **a, uint32_t **b) {
    uint32_t *moved = *a;
    *a = *b;
    *b = moved;
}

static void swap_sides(JoinInputs *join) {
    Subplan moved = join->probe;
    const LogicalNode *outer = join->outer;
    join->probe = join->build;
    join->build = moved;
    join->outer = join->inner;
    join->inner = outer;
    join->kind = swapped_kind(join->kind);
    swap_expr_lists(&join->probe_keys, &join->build_keys);
    swap_numbers(&join->keys.probe_slots, &join->keys.build_slots);
    swap_numbers(&join->keys.probe_ids, &join->keys.build_ids);
}

/* SEMI and ANTI may build the left side, too, if nobody asked for a way: its keys then thin the scan of the right side, and its
 * rows come out when all of the right side has gone by. Between nodes the left rows stay where they are. */
static bool builds_left(const Lowering *low, const JoinStrategy *decided, const JoinInputs *join) {
    bool is_free = low->logical->hints == NULL && !decided->keeps_sides && decided->move == MOVE_ANY &&
                   decided->method != METHOD_LOOP && may_hash(low->cx->settings) && !moves_rows(low);
    return (join->kind == JOIN_SEMI || join->kind == JOIN_ANTI) && join->keys.count > 0 && is_free &&
           build_rows(join->outer) < build_rows(join->inner);
}

/* A merge join preserves its outer side only. Without one and without hash joins, the keys are conditions like others. */
static Status choose_method(Lowering *low, const JoinStrategy *decided, JoinInputs *join, bool *merges, bool *by_slice) {
    uint32_t hinted = hints_of_join(low->logical, join->outer, join->inner).methods;
    JoinMethod asked = hinted == 1u << METHOD_MERGE     ? METHOD_MERGE
                       : !(hinted & 1u << METHOD_MERGE) ? METHOD_HASH
                                                        : decided->method;
    bool is_right = join->kind == JOIN_RIGHT;
    if (is_right) {
        swap_sides(join);
    }
    *merges = merge_join_fits(low, join->kind, asked, &join->keys, &join->probe, &join->build, by_slice);
    if (is_right && !*merges) {
        swap_sides(join);
    }
    if (!*merges && builds_left(low, decided, join)) {
        swap_sides(join);
    }
    if (!*merges && !may_hash(low->cx->settings) && may_loop(join->kind)) {
        for (uint32_t i = 0; i < join->equalities.count; i++) {
            TRY(expr_list_add(low->cx, low->arena, &join->residual, join->equalities.items[i]));
        }
        join->keys.count = 0;
    }
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------------- entry
 */

/* Tells the hints what became of the join. */
static Status note_hints(Lowering *low, const JoinInputs *join, const PhysicalNode *node) {
    JoinStrategy strategy = node->join.weighed.taken->way;
    strategy.method = node->kind == PHYSICAL_HASH_JOIN    ? METHOD_HASH
                      : node->kind == PHYSICAL_MERGE_JOIN ? METHOD_MERGE
                                                          : METHOD_LOOP;
    const char *name = strategy.method == METHOD_HASH    ? "Hash Join"
                       : strategy.method == METHOD_MERGE ? "Merge Join"
                                                         : "Nested Loop";
    const char *instead = arena_format(low->cx, low->arena, "%s %s", name, node->join.dist_label);
    hints_note_join(low->logical, join->outer, join->inner, strategy, instead);
    return instead == NULL ? OUT_OF_MEMORY : OK;
}

Status lower_join(Lowering *low, const LogicalNode *node, Subplan *out) {
    JoinInputs join = {0};
    TRY(choose_sides(low, node, &join));
    TRY(split_condition(low, node->join.condition, &join));
    TRY(lower_keys(low, &join));
    bool merges, by_slice = false;
    TRY(choose_method(low, &node->join.strategy, &join, &merges, &by_slice));
    const char *range_text = NULL;
    JoinAlternatives weighed;
    Placement placement;
    JoinRange range = {0};
    if (join.keys.count == 0) {
        TRY(lower_range(low, join.kind, &join.residual, &join.probe, &join.build, &range, &range_text));
    }
    JoinChoice hinted = hints_of_join(low->logical, join.outer, join.inner);
    MoveWish wish = {node->join.strategy, hinted.moves, node->join.strategy.is_salted || hinted.wants_salt};
    JoinMatch match = join.keys.count > 0 ? MATCH_KEYS : range_text != NULL ? MATCH_RANGE : MATCH_PAIRS;
    TRY(distribute_join(low, join.kind, match, wish, node->rows, &join.keys, &join.probe, &join.build, &weighed, &placement));
    merges = merges && join.probe.node->kind == PHYSICAL_SCAN && join.build.node->kind == PHYSICAL_SCAN; /* nothing moved */
    PhysicalKind kind = join.keys.count == 0 ? PHYSICAL_NESTED_LOOP : merges ? PHYSICAL_MERGE_JOIN : PHYSICAL_HASH_JOIN;
    TRY(lower_new(low, kind, 2, node->column_count, out));
    out->placement = placement;
    out->node->children[0] = join.probe.node;
    out->node->children[1] = join.build.node;
    out->node->on_leader = join.probe.node->on_leader;
    out->node->rows = node->rows;
    JoinSpec *spec = &out->node->join;
    spec->kind = join.kind;
    spec->key_count = join.keys.count;
    spec->probe_keys = join.keys.probe_slots;
    spec->build_keys = join.keys.build_slots;
    spec->dist_label = weighed.taken->label;
    spec->weighed = weighed;
    spec->range = range;
    TRY(condition_text(low, &join, &spec->condition_text));
    spec->condition_text = range_text != NULL ? range_text : spec->condition_text;
    Expr *residual;
    TRY(expr_list_conjunction(low->cx, low->arena, &join.residual, &residual));
    if (residual != NULL) {
        TRY(lower_expr(low, &join.probe, &join.build, residual, &spec->residual));
    }
    TRY(join_outputs(low, node, &join, out));
    choose_algorithm(low, &join, spec);
    spec->algorithm = range_text != NULL ? JOIN_BY_RANGE : merges ? JOIN_BY_MERGE : spec->algorithm;
    spec->merges_by_slice = by_slice;
    if (kind == PHYSICAL_HASH_JOIN) {
        TRY(partition_join_pairs(low, &join.keys, &join.probe, &join.build, spec));
    }
    if (!merges && spec->pair_count == 0) {
        TRY(add_join_filter(low, &join, spec));
    }
    TRY(low->logical->hints == NULL ? OK : note_hints(low, &join, out->node));
    lower_finish(low, out);
    return OK;
}
