/* Range joins: conditions like a.t >= b.begins AND a.t < b.ends, without an equality. The build side is sorted by a key that
 * the condition bounds, from one side or both; a probe row then only meets the rows between its bounds. Of an interval on the
 * build side one end is that key, the other a filter that passes over whole blocks of rows. */
#include "plan/lower.h"

#include "core/settings.h"

typedef struct Bound {
    Expr *build, *probe;
    CompareOp op; /* build op probe */
    uint32_t conjunct;
} Bound;

static bool is_over(const Expr *expr, const Subplan *side) {
    return expr_has_columns(expr) && subplan_has_all(side, expr);
}

/* Numbers that order as 64-bit integers do, once floats are bent. */
static bool is_range_class(StorageClass class_) {
    return class_ == CLASS_I16 || class_ == CLASS_I32 || class_ == CLASS_I64 || class_ == CLASS_F32 || class_ == CLASS_F64;
}

static bool is_inequality(const Expr *expr) {
    return expr->kind == EXPR_COMPARE && expr->compare != COMPARE_EQ && expr->compare != COMPARE_NE &&
           !expr_is_volatile(expr) && is_range_class(type_class(expr->args[0]->type));
}

static bool find_bound(Expr *conjunct, const Subplan *probe, const Subplan *build, Bound *bound) {
    if (!is_inequality(conjunct)) {
        return false;
    }
    Expr *left = conjunct->args[0], *right = conjunct->args[1];
    if (is_over(left, build) && is_over(right, probe)) {
        *bound = (Bound){.build = left, .probe = right, .op = conjunct->compare};
        return true;
    }
    *bound = (Bound){.build = right, .probe = left, .op = compare_swapped(conjunct->compare)};
    return is_over(right, build) && is_over(left, probe);
}

static bool bounds_above(const Bound *bound) {
    return bound->op == COMPARE_LT || bound->op == COMPARE_LE;
}

typedef struct Bounds {
    uint32_t count;
    Bound *items;
    const Bound *low, *high, *filter; /* chosen */
} Bounds;

/* Both bounds of one key, if there is such a key; else one bound. */
static void choose_key(Bounds *bounds) {
    for (uint32_t i = 0; i < bounds->count; i++) {
        for (uint32_t j = 0; j < bounds->count; j++) {
            const Bound *high = &bounds->items[i], *low = &bounds->items[j];
            if (bounds_above(high) && !bounds_above(low) && expr_equal(high->build, low->build)) {
                bounds->high = high;
                bounds->low = low;
                return;
            }
        }
    }
    bounds->high = bounds_above(&bounds->items[0]) ? &bounds->items[0] : NULL;
    bounds->low = bounds->high == NULL ? &bounds->items[0] : NULL;
}

static void choose_filter(Bounds *bounds) {
    for (uint32_t i = 0; i < bounds->count && bounds->filter == NULL; i++) {
        const Bound *bound = &bounds->items[i];
        bounds->filter = bound != bounds->low && bound != bounds->high ? bound : NULL;
    }
}

static Status find_bounds(Lowering *low, const ExprList *conjuncts, const Subplan *probe, const Subplan *build,
                          Bounds *bounds) {
    TRY_NEW_ARRAY(low->cx, low->arena, bounds->items, conjuncts->count + 1);
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        Bound *bound = &bounds->items[bounds->count];
        if (find_bound(conjuncts->items[i], probe, build, bound)) {
            bound->conjunct = i;
            bounds->count++;
        }
    }
    if (bounds->count > 0) {
        choose_key(bounds);
        choose_filter(bounds);
    }
    return OK;
}

/* The conjuncts that the range answers are not asked again. */
static void drop_answered(ExprList *conjuncts, const Bounds *bounds) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        bool is_answered = (bounds->low != NULL && bounds->low->conjunct == i) ||
                           (bounds->high != NULL && bounds->high->conjunct == i) ||
                           (bounds->filter != NULL && bounds->filter->conjunct == i);
        if (!is_answered) {
            conjuncts->items[kept++] = conjuncts->items[i];
        }
    }
    conjuncts->count = kept;
}

static bool may_be_range(JoinKind kind) {
    return kind != JOIN_MARK && kind != JOIN_ANTI_NULL; /* these ask about NULLs, too */
}

static Status range_slots(Lowering *low, const Bounds *bounds, Subplan *probe, Subplan *build, JoinRange *range) {
    const Bound *key = bounds->high != NULL ? bounds->high : bounds->low;
    Expr *build_exprs[2] = {key->build}, *probe_exprs[3];
    uint32_t build_slots[2], probe_slots[3], count = 0;
    *range =
        (JoinRange){.has_low = bounds->low != NULL, .has_high = bounds->high != NULL, .has_filter = bounds->filter != NULL};
    if (range->has_low) {
        range->low_inclusive = bounds->low->op == COMPARE_GE;
        probe_exprs[count++] = bounds->low->probe;
    }
    if (range->has_high) {
        range->high_inclusive = bounds->high->op == COMPARE_LE;
        probe_exprs[count++] = bounds->high->probe;
    }
    if (range->has_filter) {
        range->filter_op = bounds->filter->op;
        probe_exprs[count++] = bounds->filter->probe;
        build_exprs[1] = bounds->filter->build;
    }
    TRY(lower_exprs(low, probe, probe_exprs, count, true, probe_slots));
    TRY(lower_exprs(low, build, build_exprs, 1 + range->has_filter, true, build_slots));
    range->build_key = build_slots[0];
    range->filter_key = build_slots[1 * range->has_filter];
    count = 0;
    range->low = range->has_low ? probe_slots[count++] : 0;
    range->high = range->has_high ? probe_slots[count++] : 0;
    range->filter_bound = range->has_filter ? probe_slots[count] : 0;
    return OK;
}

Status lower_range(Lowering *low, JoinKind kind, ExprList *conjuncts, Subplan *probe, Subplan *build, JoinRange *range,
                   const char **text) {
    Bounds bounds = {0};
    *text = NULL;
    if (!may_be_range(kind) || !low->cx->settings->enable_rangejoin) {
        return OK;
    }
    TRY(find_bounds(low, conjuncts, probe, build, &bounds));
    if (bounds.count == 0) {
        return OK;
    }
    TRY(range_slots(low, &bounds, probe, build, range));
    const Bound *const used[] = {bounds.low, bounds.high, bounds.filter};
    for (uint32_t i = 0; i < 3; i++) {
        const char *one = used[i] == NULL ? NULL : expr_print(low->cx, low->arena, conjuncts->items[used[i]->conjunct]);
        if (one != NULL) {
            *text = *text == NULL ? one : arena_format(low->cx, low->arena, "%s AND %s", *text, one);
        }
        if (used[i] != NULL && *text == NULL) {
            return OUT_OF_MEMORY;
        }
    }
    drop_answered(conjuncts, &bounds);
    return OK;
}
