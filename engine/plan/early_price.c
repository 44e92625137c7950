/* What grouping early costs and saves (early_groups.h): nanoseconds of one core, of the groupings and of the joins between. */
#include "plan/dictionaries.h"
#include "plan/early_groups.h"
#include "plan/estimate.h"
#include "plan/estimate_column.h"
#include "plan/join_cost.h"

#include <math.h>

#define DIRECT_GROUPS 262144.0 /* so many combinations of values are entries of an array, mostly */
#define NONE_NS 0.5            /* all rows are one group */
#define DIRECT_NS 2.5          /* of an array that stays in the caches */
#define DIRECT_FAR_NS 15       /* … and that does not */
#define DIRECT_NEAR_GROUPS 65536.0
#define HASH_NS 8.0 /* besides finding the group as one finds a partner */
#define NARROW_NS 2.0
#define TEXT_NS 60.0   /* a text without dictionary is read, hashed and compared */
#define GATHER_NS 30.0 /* … handed on by a join */
#define CALL_NS 1.5
#define JOIN_SHARE 0.5 /* of what the join order's prices say: they are for hash tables and arrays alike */
#define GAIN_LEAST 1.5
#define GAIN_LEAST_NS 5e5

static Status is_wide_text(const EarlyGroups *early, const LogicalNode *node, const Expr *expr, bool *is_wide) {
    KnownColumn known;
    const Dictionary *dictionary = NULL;
    *is_wide = type_is_text(expr->type);
    if (*is_wide && known_key(early->plan, node, expr, &known)) {
        TRY(plan_dictionary(early->cx, early->plan, known.table, known.column, &dictionary));
        *is_wide = dictionary == NULL;
    }
    return OK;
}

Status early_find_wide(EarlyGroups *early) {
    const LogicalNode *node = early->node;
    TRY_NEW_ARRAY(early->cx, early->plan->arena, early->is_wide, node->aggregate.group_count + 1);
    for (uint32_t g = 0; g < node->aggregate.group_count; g++) {
        TRY(is_wide_text(early, node->children[0], node->aggregate.groups[g], &early->is_wide[g]));
    }
    return OK;
}

static Status find_wide_keys(EarlyGroups *early, const LogicalNode *input, const ExprList *keys, bool **is_wide) {
    TRY_NEW_ARRAY(early->cx, early->plan->arena, *is_wide, keys->count + 1);
    for (uint32_t k = 0; k < keys->count; k++) {
        TRY(is_wide_text(early, input, keys->items[k], &(*is_wide)[k]));
    }
    return OK;
}

/* Rows of `input` are grouped by the keys into so many groups. */
static double grouping_ns(const EarlyGroups *early, const LogicalNode *input, Expr *const *keys, const bool *is_wide,
                          uint32_t count, double rows, double groups) {
    double combinations = 1, row_ns = CALL_NS * early->node->aggregate.call_count;
    for (uint32_t k = 0; k < count; k++) {
        KnownColumn known;
        bool is_known = known_key(early->plan, input, keys[k], &known);
        combinations *= is_wide[k] ? HUGE_VAL : is_known ? known.distinct : estimate_distinct(early->plan, keys[k], rows);
        row_ns += is_wide[k] ? TEXT_NS : NARROW_NS;
    }
    if (combinations > DIRECT_GROUPS) {
        return rows * (row_ns + HASH_NS) + group_ns(rows, groups);
    }
    return rows * (row_ns + (count == 0 ? NONE_NS : combinations <= DIRECT_NEAR_GROUPS ? DIRECT_NS : DIRECT_FAR_NS));
}

static bool has_column(const LogicalNode *node, const Expr *expr) {
    for (uint32_t i = 0; i < node->column_count && expr_is_column(expr); i++) {
        if (node->columns[i] == expr->column) {
            return true;
        }
    }
    return false;
}

/* A join on the way down, if the side that the way goes on with has only a share of its rows. */
static double join_ns(const EarlyGroups *early, const EarlyPath *path, double share) {
    static const Cluster one = {.nodes = 1};
    const LogicalNode *join = path->node, *other = join->children[1 - path->child];
    JoinSide own_side = {PLACED_RANDOM, join->children[path->child]->rows * share, 0};
    JoinSide other_side = {PLACED_RANDOM, other->rows, 0};
    bool builds_own = own_side.rows < other_side.rows;
    double rows = join->rows * share, texts = 0;
    for (uint32_t g = 0; g < early->node->aggregate.group_count; g++) {
        const Expr *group = early->node->aggregate.groups[g];
        texts += early->is_wide[g] && has_column(other, group);
    }
    JoinPrice price = price_join(&one, (JoinSteps){STEP_STAY, STEP_STAY}, builds_own ? &other_side : &own_side,
                                 builds_own ? &own_side : &other_side, rows, MATCH_KEYS);
    return price.nanoseconds * JOIN_SHARE + rows * texts * GATHER_NS;
}

void early_price_path(const EarlyGroups *early, EarlyPath *path) {
    path->joins_ns = path->above == NULL ? 0 : path->above->joins_ns;
    path->joins_ns += path->node->kind == LOGICAL_JOIN ? join_ns(early, path, 1) : 0;
}

static double joins_ns(const EarlyGroups *early, const EarlyPath *path, double share) {
    double total = 0;
    for (; path != NULL; path = path->above) {
        total += path->node->kind == LOGICAL_JOIN ? join_ns(early, path, share) : 0;
    }
    return total;
}

/* The grouping above the joins, of a share of its rows. */
static double last_ns(const EarlyGroups *early, double share) {
    const LogicalNode *node = early->node, *input = node->children[0];
    return grouping_ns(early, input, node->aggregate.groups, early->is_wide, node->aggregate.group_count, input->rows * share,
                       node->rows);
}

/* What a choice has to gain to be taken. */
static double taken_gain_ns(const EarlyGroups *early) {
    double best = early->best.place == NULL ? -HUGE_VAL : early->best.gain_ns;
    return early->is_forced || best > GAIN_LEAST_NS ? best : GAIN_LEAST_NS;
}

Status early_price(EarlyGroups *early, const EarlyPath *path, EarlyChoice *choice) {
    const LogicalNode *input = *choice->place;
    bool *is_wide;
    TRY(find_wide_keys(early, input, &choice->keys, &is_wide));
    TRY(estimate_groups(early->cx, early->plan, choice->keys.items, choice->keys.count, input, &choice->groups));
    double share = input->rows > choice->groups ? choice->groups / input->rows : 1;
    double late = last_ns(early, 1) + path->joins_ns;
    double both = last_ns(early, share) +
                  grouping_ns(early, input, choice->keys.items, is_wide, choice->keys.count, input->rows, choice->groups);
    if (late - both > taken_gain_ns(early)) { /* else it would not be taken even if the joins cost nothing */
        both += joins_ns(early, path, share);
    }
    choice->gain_ns = late - both;
    choice->is_worth = choice->gain_ns > GAIN_LEAST_NS && late > both * GAIN_LEAST;
    return OK;
}
