/* GROUPING SETS, ROLLUP, CUBE: which sets the items of GROUP BY come to, GROUPING(), and the plan that groups by all of them:
 * an Expand hands each row on once per set, with NULL for the keys that the set does not have and the set's number, and these
 * are grouped by. */
#include "bind/select.h"

#include <stdlib.h>

#define SETS_MAX 4096
#define CUBE_MAX 12
#define GROUPING_ARGS_MAX 31

bool grouping_set_has(const GroupingSet *set, uint32_t group) {
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->groups[i] == group) {
            return true;
        }
    }
    return false;
}

Status grouping_set_add(const Context *cx, Binder *binder, GroupingSet *set, uint32_t group) {
    if (!grouping_set_has(set, group)) {
        TRY_APPEND(cx, binder->arena, set->groups, set->capacity, set->count, group);
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------- sets of an item
 */

static Status add_set(const Context *cx, Binder *binder, SourcePos pos, GroupingSets *sets, GroupingSet set) {
    if (sets->count >= SETS_MAX) {
        return fail_at(cx, pos, STATEMENT_TOO_COMPLEX, "too many grouping sets present (maximum %d)", SETS_MAX);
    }
    TRY_APPEND(cx, binder->arena, sets->items, sets->capacity, sets->count, set);
    return OK;
}

static Status set_add_all(const Context *cx, Binder *binder, GroupingSet *set, const GroupingSet *more) {
    for (uint32_t i = 0; i < more->count; i++) {
        TRY(grouping_set_add(cx, binder, set, more->groups[i]));
    }
    return OK;
}

/* The steps of a ROLLUP or the members of a CUBE: one set each, as a row stands for several groups. */
static Status bind_steps(const Context *cx, Binder *binder, Select *select, const AstExprList *exprs, GroupBinder *bind,
                         GroupingSet **steps) {
    TRY_NEW_ARRAY(cx, binder->arena, *steps, exprs->count);
    for (uint32_t i = 0; i < exprs->count; i++) {
        TRY(bind(cx, binder, select, exprs->items[i], &(*steps)[i]));
    }
    return OK;
}

static Status rollup_sets(const Context *cx, Binder *binder, Select *select, const AstGroupItem *item, GroupBinder *bind,
                          GroupingSets *sets) {
    GroupingSet *steps;
    TRY(bind_steps(cx, binder, select, &item->exprs, bind, &steps));
    for (uint32_t taken = item->exprs.count + 1; taken-- > 0;) {
        GroupingSet set = {0};
        for (uint32_t i = 0; i < taken; i++) {
            TRY(set_add_all(cx, binder, &set, &steps[i]));
        }
        TRY(add_set(cx, binder, item->pos, sets, set));
    }
    return OK;
}

static Status cube_sets(const Context *cx, Binder *binder, Select *select, const AstGroupItem *item, GroupBinder *bind,
                        GroupingSets *sets) {
    uint32_t count = item->exprs.count;
    GroupingSet *steps;
    if (count > CUBE_MAX) {
        return fail_at(cx, item->pos, TOO_MANY_COLUMNS, "CUBE is limited to %d elements", CUBE_MAX);
    }
    TRY(bind_steps(cx, binder, select, &item->exprs, bind, &steps));
    for (uint32_t left_out = 0; left_out < 1u << count; left_out++) {
        GroupingSet set = {0};
        for (uint32_t i = 0; i < count; i++) {
            if ((left_out >> i & 1) == 0) {
                TRY(set_add_all(cx, binder, &set, &steps[i]));
            }
        }
        TRY(add_set(cx, binder, item->pos, sets, set));
    }
    return OK;
}

static Status item_sets(const Context *cx, Binder *binder, Select *select, const AstGroupItem *item, GroupBinder *bind,
                        GroupingSets *sets) {
    GroupingSet set = {0};
    switch (item->kind) {
    case AST_GROUP_EXPR: TRY(bind(cx, binder, select, item->expr, &set)); break;
    case AST_GROUP_EMPTY: break;
    case AST_GROUP_ROLLUP: return rollup_sets(cx, binder, select, item, bind, sets);
    case AST_GROUP_CUBE: return cube_sets(cx, binder, select, item, bind, sets);
    case AST_GROUP_SETS:
        for (uint32_t i = 0; i < item->sets.count; i++) {
            TRY(item_sets(cx, binder, select, item->sets.items[i], bind, sets));
        }
        return OK;
    }
    return add_set(cx, binder, item->pos, sets, set);
}

/* ------------------------------------------------------------------------------------------------------------------ GROUP BY
 */

/* Every set of the one with every set of the other. */
static Status multiply_sets(const Context *cx, Binder *binder, SourcePos pos, GroupingSets *sets, const GroupingSets *more) {
    GroupingSets all = {0};
    for (uint32_t i = 0; i < sets->count; i++) {
        for (uint32_t j = 0; j < more->count; j++) {
            GroupingSet set = {0};
            TRY(set_add_all(cx, binder, &set, &sets->items[i]));
            TRY(set_add_all(cx, binder, &set, &more->items[j]));
            TRY(add_set(cx, binder, pos, &all, set));
        }
    }
    *sets = all;
    return OK;
}

static bool same_sets(const GroupingSet *a, const GroupingSet *b) {
    for (uint32_t i = 0; i < a->count && a->count == b->count; i++) {
        if (!grouping_set_has(b, a->groups[i])) {
            return false;
        }
    }
    return a->count == b->count;
}

static void drop_equal_sets(GroupingSets *sets) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sets->count; i++) {
        uint32_t j = 0;
        while (j < kept && !same_sets(&sets->items[j], &sets->items[i])) {
            j++;
        }
        sets->items[kept] = sets->items[i];
        kept += j == kept;
    }
    sets->count = kept;
}

Status bind_grouping_sets(const Context *cx, Binder *binder, Select *select, GroupBinder *bind) {
    const AstGroupList *list = &select->ast->group_by;
    TRY(add_set(cx, binder, POS_NONE, &select->sets, (GroupingSet){0}));
    for (uint32_t i = 0; i < list->count; i++) {
        const AstGroupItem *item = list->items[i];
        GroupingSets more = {0};
        TRY(item_sets(cx, binder, select, item, bind, &more));
        TRY(multiply_sets(cx, binder, item->pos, &select->sets, &more));
    }
    if (select->ast->group_distinct) {
        drop_equal_sets(&select->sets);
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------- GROUPING()
 */

Status bind_grouping_call(const Context *cx, Place *place, const AstExpr *ast, Expr **out) {
    Binder *binder = place->binder;
    Select *select = place->select;
    const ClauseRule *rule = &clause_rules[place->clause];
    if (place->clause == CLAUSE_AGGREGATE) {
        return fail_at(cx, ast->pos, GROUPING_ERROR, "aggregate function calls cannot be nested");
    }
    if (rule->aggregates != NULL || select == NULL) {
        return fail_at(cx, ast->pos, GROUPING_ERROR, "grouping operations are not allowed in %s", rule->what);
    }
    if (ast->call->is_star || ast->args.count == 0) {
        return fail_at(cx, ast->pos, SYNTAX_ERROR, "GROUPING needs the expressions of GROUP BY that it asks about");
    }
    if (ast->args.count > GROUPING_ARGS_MAX) {
        return fail_at(cx, ast->pos, TOO_MANY_ARGUMENTS, "GROUPING must have fewer than %d arguments", GROUPING_ARGS_MAX + 1);
    }
    Place inner = select_row_place(binder, select, CLAUSE_GROUP_BY);
    GroupingCall call = {.arg_count = ast->args.count};
    TRY(bind_exprs(cx, &inner, &ast->args, &call.args));
    TRY(plan_add_column(cx, binder->plan, type_make(TYPE_INTEGER), "grouping", false, &call.output));
    TRY_APPEND(cx, binder->arena, select->groupings, select->grouping_capacity, select->grouping_count, call);
    *out = make_column(cx, binder, call.output, ast->pos);
    TRY_POINTER(*out);
    return OK;
}

static Status find_groups(const Context *cx, const Select *select, const GroupingCall *call, uint32_t *groups) {
    for (uint32_t i = 0; i < call->arg_count; i++) {
        for (groups[i] = 0; groups[i] < select->group_count; groups[i]++) {
            if (expr_equal(select->groups[groups[i]].expr, call->args[i])) {
                break;
            }
        }
        if (groups[i] == select->group_count) {
            return fail_at(cx, call->args[i]->pos, GROUPING_ERROR,
                           "arguments to GROUPING must be grouping expressions of the associated query level");
        }
    }
    return OK;
}

static uint32_t missing_bits(const GroupingSet *set, const uint32_t *groups, uint32_t count) {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < count; i++) {
        bits = bits << 1 | !grouping_set_has(set, groups[i]);
    }
    return bits;
}

static Expr *make_integer(const Context *cx, Binder *binder, int64_t number) {
    Value value = value_i64(type_make(TYPE_INTEGER), number);
    return expr_constant(cx, binder->arena, &value, POS_NONE);
}

/* set_number IN (the sets whose bits these are) */
static Status make_set_test(const Context *cx, Binder *binder, const Select *select, const uint32_t *bits, uint32_t wanted,
                            Expr **out) {
    uint32_t count = 0, at = 1;
    for (uint32_t s = 0; s < select->sets.count; s++) {
        count += bits[s] == wanted;
    }
    *out = expr_new(cx, binder->arena, EXPR_IN, type_make(TYPE_BOOLEAN), POS_NONE, count + 1);
    TRY_POINTER(*out);
    (*out)->args[0] = make_column(cx, binder, select->set_number, POS_NONE);
    TRY_POINTER((*out)->args[0]);
    for (uint32_t s = 0; s < select->sets.count; s++) {
        if (bits[s] == wanted) {
            (*out)->args[at] = make_integer(cx, binder, s);
            TRY_POINTER((*out)->args[at++]);
        }
    }
    return OK;
}

static int compare_bits(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* CASE WHEN set_number IN (…) THEN bits … ELSE bits END, one branch for each value that there is. */
static Status make_bits(const Context *cx, Binder *binder, const Select *select, const uint32_t *bits, Expr **out) {
    uint32_t count = select->sets.count, distinct = 0, *values;
    TRY_NEW_ARRAY(cx, binder->arena, values, count);
    memcpy(values, bits, sizeof *values * count);
    qsort(values, count, sizeof *values, compare_bits);
    for (uint32_t i = 0; i < count; i++) {
        values[distinct] = values[i];
        distinct += i + 1 == count || values[i + 1] != values[i];
    }
    if (distinct == 1) {
        *out = make_integer(cx, binder, values[0]);
        return *out == NULL ? OUT_OF_MEMORY : OK;
    }
    *out = expr_new(cx, binder->arena, EXPR_CASE, type_make(TYPE_INTEGER), POS_NONE, 2 * distinct - 1);
    TRY_POINTER(*out);
    for (uint32_t i = 0; i < distinct; i++) {
        if (i + 1 < distinct) {
            TRY(make_set_test(cx, binder, select, bits, values[i], &(*out)->args[2 * i]));
        }
        uint32_t at = i + 1 < distinct ? 2 * i + 1 : 2 * i;
        (*out)->args[at] = make_integer(cx, binder, values[i]);
        TRY_POINTER((*out)->args[at]);
    }
    return OK;
}

/* Above several sets a group is a column of its own: NULL where its set does not have it. */
static Status separate_groups(const Context *cx, Binder *binder, Select *select) {
    TRY(plan_add_column(cx, binder->plan, type_make(TYPE_INTEGER), "grouping set", false, &select->set_number));
    for (uint32_t i = 0; i < select->group_count; i++) {
        TRY(plan_copy_column(cx, binder->plan, select->groups[i].column, &select->groups[i].column));
        binder->plan->columns[select->groups[i].column].can_be_null = true;
    }
    return OK;
}

Status bind_grouping_values(const Context *cx, Binder *binder, Select *select) {
    uint32_t *bits, groups[GROUPING_ARGS_MAX];
    if (has_grouping_sets(select)) {
        TRY(separate_groups(cx, binder, select));
    }
    TRY_NEW_ARRAY(cx, binder->arena, bits, select->sets.count);
    for (uint32_t i = 0; i < select->grouping_count; i++) {
        GroupingCall *call = &select->groupings[i];
        TRY(find_groups(cx, select, call, groups));
        for (uint32_t s = 0; s < select->sets.count; s++) {
            bits[s] = missing_bits(&select->sets.items[s], groups, call->arg_count);
        }
        TRY(make_bits(cx, binder, select, bits, &call->value));
    }
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------------- plan
 */

/* An expression is computed below the Expand, once for all sets; so is a column of an enclosing query. */
static bool is_column_of(const LogicalNode *node, uint32_t count, const Expr *expr) {
    for (uint32_t i = 0; i < count && expr->kind == EXPR_COLUMN; i++) {
        if (node->columns[i] == expr->column) {
            return true;
        }
    }
    return false;
}

/* The keys as columns of select->node. */
static Status compute_keys(const Context *cx, Binder *binder, SourcePos pos, Select *select, ColumnId *keys) {
    uint32_t passed = select->node->column_count, count = passed;
    Expr **exprs;
    TRY_NEW_ARRAY(cx, binder->arena, exprs, passed + select->group_count);
    for (uint32_t i = 0; i < passed; i++) {
        exprs[i] = make_column(cx, binder, select->node->columns[i], pos);
        TRY_POINTER(exprs[i]);
    }
    for (uint32_t i = 0; i < select->group_count; i++) {
        if (!is_column_of(select->node, passed, select->groups[i].expr)) {
            exprs[count++] = select->groups[i].expr;
        }
    }
    const LogicalNode *below = select->node;
    if (count > passed) {
        TRY(make_project(cx, binder, pos, exprs, NULL, count, &select->node));
    }
    for (uint32_t i = 0, at = passed; i < select->group_count; i++) {
        const Expr *expr = select->groups[i].expr;
        keys[i] = is_column_of(below, passed, expr) ? expr->column : select->node->columns[at++];
    }
    return OK;
}

static Status make_expand(const Context *cx, Binder *binder, SourcePos pos, Select *select) {
    uint32_t keys = select->group_count, passed;
    ColumnId *key_columns;
    bool *has_key;
    TRY_NEW_ARRAY(cx, binder->arena, key_columns, keys);
    TRY_NEW_ARRAY(cx, binder->arena, has_key, (size_t)select->sets.count * keys);
    TRY(compute_keys(cx, binder, pos, select, key_columns));
    passed = select->node->column_count;
    LogicalNode *node = logical_new(cx, binder->arena, LOGICAL_EXPAND, pos, 1, passed + keys + 1);
    TRY_POINTER(node);
    node->children[0] = select->node;
    node->expand.key_count = keys;
    node->expand.keys = key_columns;
    node->expand.set_count = select->sets.count;
    node->expand.has_key = has_key;
    memcpy(node->columns, select->node->columns, sizeof *node->columns * passed);
    for (uint32_t k = 0; k < keys; k++) {
        node->columns[passed + k] = select->groups[k].column;
        for (uint32_t s = 0; s < select->sets.count; s++) {
            has_key[(size_t)s * keys + k] = grouping_set_has(&select->sets.items[s], k);
        }
    }
    node->columns[passed + keys] = select->set_number;
    select->node = node;
    return OK;
}

Status aggregate_grouping_sets(const Context *cx, Binder *binder, SourcePos pos, Select *select) {
    uint32_t count = select->group_count + 1, empty_count = 0, *empty;
    Expr **groups;
    ColumnId *columns;
    TRY(make_expand(cx, binder, pos, select));
    TRY_NEW_ARRAY(cx, binder->arena, groups, count);
    TRY_NEW_ARRAY(cx, binder->arena, columns, count);
    TRY_NEW_ARRAY(cx, binder->arena, empty, select->sets.count);
    for (uint32_t i = 0; i < count; i++) {
        columns[i] = i < select->group_count ? select->groups[i].column : select->set_number;
        groups[i] = make_column(cx, binder, columns[i], pos);
        TRY_POINTER(groups[i]);
    }
    for (uint32_t s = 0; s < select->sets.count; s++) {
        empty[empty_count] = s;
        empty_count += select->sets.items[s].count == 0;
    }
    TRY(make_aggregate(cx, binder, pos, groups, columns, count, select->calls, select->call_count, &select->node));
    select->node->aggregate.empty_set_count = empty_count;
    select->node->aggregate.empty_sets = empty;
    return OK;
}
