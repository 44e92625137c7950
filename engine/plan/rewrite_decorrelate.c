/* Rewrite: joins whose right side uses columns of the left one, which the binder makes of correlated subqueries and LATERAL,
 * become joins of independent sides; nothing is ever computed row by row. See unnest.h.
 *
 * Outer joins come before those inside of their right side, so that the right side of the join at hand is free of everything
 * but its own left side. */
#include "expr/functions.h"
#include "plan/estimate.h"
#include "plan/unnest.h"

#define SMALLER_BY 4 /* from here on a side is small beside another */

/* ----------------------------------------------------------------------------------------------------------------- helpers */

Status plan_column(const Context *cx, LogicalPlan *plan, ColumnId id, Expr **out) {
    const LogicalColumn *column = &plan->columns[id];
    *out = expr_column(cx, plan->arena, id, column->type, column->name, POS_NONE);
    return *out == NULL ? OUT_OF_MEMORY : OK;
}

static bool reads_working_rows(const LogicalNode *node) {
    bool reads = node->kind == LOGICAL_WORKING_SCAN;
    for (uint32_t i = 0; i < node->child_count && node->kind != LOGICAL_RECURSION; i++) {
        reads = reads || reads_working_rows(node->children[i]);
    }
    return reads;
}

Status unnest_share(const Context *cx, LogicalPlan *plan, LogicalNode *node, const char *name, uint32_t *index) {
    if (reads_working_rows(node)) {
        return fail_unsupported(cx, node->pos, "such a correlated subquery in the recursive part of WITH RECURSIVE");
    }
    return plan_add_shared(cx, plan, node, name, index);
}

Status node_add_columns(const Context *cx, LogicalPlan *plan, LogicalNode *node, const ColumnId *ids, uint32_t count) {
    ColumnId *columns;
    TRY_NEW_ARRAY(cx, plan->arena, columns, node->column_count + count + 1);
    memcpy(columns, node->columns, node->column_count * sizeof *columns);
    memcpy(columns + node->column_count, ids, count * sizeof *columns);
    node->columns = columns;
    node->column_count += count;
    return OK;
}

Status project_over(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    LogicalNode *child = *place;
    LogicalNode *project = logical_new(cx, plan->arena, LOGICAL_PROJECT, child->pos, 1, child->column_count);
    if (project == NULL) {
        return OUT_OF_MEMORY;
    }
    project->children[0] = child;
    TRY_NEW_ARRAY(cx, plan->arena, project->project.exprs, child->column_count + 1);
    for (uint32_t i = 0; i < child->column_count; i++) {
        project->columns[i] = child->columns[i];
        TRY(plan_column(cx, plan, child->columns[i], &project->project.exprs[i]));
    }
    *place = project;
    return OK;
}

Status project_add(const Context *cx, LogicalPlan *plan, LogicalNode *project, ColumnId id, Expr *expr) {
    Expr **exprs;
    TRY_NEW_ARRAY(cx, plan->arena, exprs, project->column_count + 2);
    memcpy(exprs, project->project.exprs, project->column_count * sizeof *exprs);
    exprs[project->column_count] = expr;
    project->project.exprs = exprs;
    return node_add_columns(cx, plan, project, &id, 1);
}

Status make_plan_join(const Context *cx, LogicalPlan *plan, JoinKind kind, LogicalNode *left, LogicalNode *right,
                      Expr *condition, ColumnId mark, LogicalNode **join) {
    TRY(rewrite_new_join(cx, plan, kind, left, right, condition, join));
    if (join_only_asks(kind)) {
        (*join)->column_count = left->column_count;
    }
    (*join)->join.mark = mark;
    return join_adds_mark(kind) ? node_add_columns(cx, plan, *join, &mark, 1) : OK;
}

Status join_depends(const Context *cx, const LogicalPlan *plan, const LogicalNode *join, bool *depends) {
    ColumnSet left;
    TRY(column_set_init(cx, plan->arena, plan, &left));
    column_set_add_all(&left, join->children[0]->columns, join->children[0]->column_count);
    *depends = tree_touches(join->children[1], &left);
    return OK;
}

static bool count_use(const Expr *node, void *argument) {
    Unnest *u = argument;
    for (uint32_t i = 0; node->kind == EXPR_COLUMN && i < u->count; i++) {
        u->uses[i] += u->free[i] == node->column;
    }
    return true;
}

static Status count_in_expr(Expr **place, void *u) {
    (void)expr_walk(*place, count_use, u);
    return OK;
}

static void count_uses(LogicalNode *node, Unnest *u) {
    (void)logical_each_expr(node, count_in_expr, u);
    for (uint32_t i = 0; i < node->child_count; i++) {
        count_uses(node->children[i], u);
    }
}

/* Sets outer and free. */
static Status unnest_init(const Context *cx, LogicalPlan *plan, LogicalNode **left, const LogicalNode *right, Unnest *u) {
    const LogicalNode *node = *left;
    ColumnSet used;
    *u = (Unnest){.cx = cx, .plan = plan, .left = left};
    TRY(column_set_init(cx, plan->arena, plan, &u->outer));
    TRY(column_set_init(cx, plan->arena, plan, &used));
    TRY_NEW_ARRAY(cx, plan->arena, u->free, node->column_count + 1);
    TRY_NEW_ARRAY(cx, plan->arena, u->uses, node->column_count + 1);
    TRY_NEW_ARRAY(cx, plan->arena, u->keys, node->column_count + 1);
    column_set_add_tree(&used, right);
    for (uint32_t i = 0; i < node->column_count; i++) {
        ColumnId id = node->columns[i];
        if (column_set_has(&used, id) && !column_set_has(&u->outer, id)) {
            TRY(plan_column(cx, plan, id, &u->keys[u->count]));
            u->free[u->count++] = id;
        }
        column_set_add(&u->outer, id);
    }
    count_uses((LogicalNode *)(uintptr_t)right, u);
    u->restricts = tree_may_raise(right) && !reads_working_rows(node);
    return OK;
}

/* Other rows than those asked for must not raise errors: sums may overflow in theory, but a division by zero, or a text that is
 * no number, is to be expected of data. */
static bool visit_risk(const Expr *node, void *unused) {
    (void)unused;
    if (node->kind == EXPR_CAST) {
        return node->is_try || !type_is_text(node->args[0]->type) || type_is_text(node->type);
    }
    bool is_plain = node->kind != EXPR_CALL || !node->function->can_fail || strchr("+-*", node->function->name[0]) != NULL;
    return is_plain;
}

static Status note_risk(Expr **place, void *is_risky) {
    *(bool *)is_risky = *(bool *)is_risky || !expr_walk(*place, visit_risk, NULL);
    return OK;
}

bool tree_may_raise(const LogicalNode *node) {
    bool is_risky = node->kind == LOGICAL_JOIN && node->join.kind == JOIN_SINGLE;
    (void)logical_each_expr((LogicalNode *)(uintptr_t)node, note_risk, &is_risky);
    for (uint32_t i = 0; i < node->child_count && !is_risky; i++) {
        is_risky = tree_may_raise(node->children[i]);
    }
    return is_risky;
}

Status unnest_left_is_small(Unnest *u, LogicalNode *node, bool *is_small) {
    LogicalNode *left = *u->left;
    *is_small = false;
    if (u->has_domain) { /* that is done already */
        return OK;
    }
    if (reads_working_rows(left)) {
        return OK;
    }
    TRY(estimate_node(u->cx, u->plan, left));
    TRY(estimate_node(u->cx, u->plan, node));
    *is_small = left->rows * SMALLER_BY < node->rows;
    estimate_forget(left);
    estimate_forget(node);
    return OK;
}

/* --------------------------------------------------------------------------------------------------- what only existence asks
 */

/* Whether there are rows does not hang on their order, their values, their number or their being distinct. */
static void strip_for_existence(LogicalNode **place) {
    for (;;) {
        LogicalNode *node = *place;
        bool is_distinct = node->kind == LOGICAL_AGGREGATE && node->aggregate.group_count > 0 &&
                           node->aggregate.call_count == 0 && node->aggregate.empty_set_count == 0;
        bool is_limit = node->kind == LOGICAL_LIMIT && node->limit.limit != 0 && node->limit.offset == 0;
        if (node->kind != LOGICAL_PROJECT && node->kind != LOGICAL_SORT && !is_distinct && !is_limit) {
            return;
        }
        *place = node->children[0];
    }
}

/* An IN looks at values: only an order is nothing to it. What the projection computes moves into the condition. */
static Status strip_for_condition(const Unnest *u, LogicalNode *join) {
    LogicalNode **place = &join->children[1];
    while ((*place)->kind == LOGICAL_SORT ||
           ((*place)->kind == LOGICAL_PROJECT && node_touches(*place, &u->outer) && !expr_is_volatile(join->join.condition))) {
        LogicalNode *node = *place;
        if (node->kind == LOGICAL_PROJECT) {
            TRY(expr_substitute(u->cx, u->plan->arena, join->join.condition, node->columns, node->project.exprs,
                                node->column_count, &join->join.condition));
        }
        *place = node->children[0];
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------- joins that ask or
 * match
 */

static Status add_to_condition(Unnest *u, LogicalNode *join, const ExprList *conjuncts) {
    ExprList all = {0};
    TRY(expr_list_add_conjuncts(u->cx, u->plan->arena, &all, join->join.condition));
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        TRY(expr_list_add_conjuncts(u->cx, u->plan->arena, &all, conjuncts->items[i]));
    }
    return expr_list_conjunction(u->cx, u->plan->arena, &all, &join->join.condition);
}

/* The join again, over what has become of its sides. */
static Status rejoin(Unnest *u, LogicalNode **place) {
    const LogicalNode *join = *place;
    return make_plan_join(u->cx, u->plan, join->join.kind, join->children[0], join->children[1], join->join.condition,
                          join->join.mark, place);
}

static Status join_with(Unnest *u, LogicalNode **place, const ExprList *conjuncts) {
    LogicalNode *join = *place;
    if (join->join.kind == JOIN_MARK || join->join.kind == JOIN_ANTI_NULL) {
        return unnest_mark(u->cx, u->plan, place, conjuncts, join->join.condition);
    }
    TRY(add_to_condition(u, join, conjuncts));
    return rejoin(u, place);
}

/* The general case. */
static Status join_pushed(Unnest *u, LogicalNode **place) {
    LogicalNode *join = *place;
    ColumnId *columns;
    ExprList conjuncts = {0};
    TRY_NEW_ARRAY(u->cx, u->plan->arena, columns, u->count + 1);
    TRY(unnest_push(u, &join->children[1], columns));
    TRY(unnest_match(u, columns, &conjuncts));
    return join_with(u, place, &conjuncts);
}

static Status join_pulled(Unnest *u, LogicalNode **place) {
    LogicalNode *join = *place;
    ExprList conjuncts = {0};
    TRY(unnest_pull(u, &join->children[1], &conjuncts));
    return join_with(u, place, &conjuncts);
}

/* -------------------------------------------------------------------------------------------------------------- scalar forms
 */

/* Projects over what they end on. */
static LogicalNode *below_projects(LogicalNode *node) {
    while (node->kind == LOGICAL_PROJECT) {
        node = node->children[0];
    }
    return node;
}

static Status put_projects(Unnest *u, LogicalNode *right, const LogicalNode *end, LogicalNode **place) {
    if (right == end) {
        return OK;
    }
    TRY(put_projects(u, right->children[0], end, place));
    TRY(project_over(u->cx, u->plan, place));
    for (uint32_t i = 0; i < right->column_count; i++) {
        const Expr *expr = right->project.exprs[i];
        if (!expr_is_column(expr) || expr->column != right->columns[i]) { /* else it is passed on already */
            TRY(project_add(u->cx, u->plan, *place, right->columns[i], right->project.exprs[i]));
        }
    }
    return OK;
}

static bool gives_one_row(const LogicalNode *node) {
    bool is_whole = node->kind == LOGICAL_AGGREGATE && node->aggregate.group_count == 0 && node->aggregate.empty_set_count == 0;
    bool is_value = node->kind == LOGICAL_VALUES && node->values.row_count == 1 && node->column_count == 0;
    return is_whole || is_value;
}

/* SELECT expressions and SELECT aggregates give one row for every left row: what is computed over it is computed above the
 * join, where the left side's columns are at hand. */
static Status join_one_row(Unnest *u, LogicalNode **place) {
    LogicalNode *join = *place, *right = join->children[1], *end = below_projects(right), *left = join->children[0];
    Expr *condition = join->join.condition;
    if (end->kind == LOGICAL_AGGREGATE) {
        ColumnId *columns;
        ExprList conjuncts = {0};
        EmptyGroups groups;
        LogicalNode *node = end;
        TRY_NEW_ARRAY(u->cx, u->plan->arena, columns, u->count + 1);
        if (tree_touches(end, &u->outer)) {
            TRY(unnest_push(u, &end->children[0], columns));
            Expr *matches;
            TRY(unnest_replace(u, end, columns));
            TRY(unnest_add_groups(u, end, columns));
            TRY(unnest_match(u, columns, &conjuncts));
            TRY(expr_list_conjunction(u->cx, u->plan->arena, &conjuncts, &matches));
            TRY(empty_groups_begin(u->cx, u->plan, end, &groups));
            TRY(make_plan_join(u->cx, u->plan, JOIN_LEFT, join->children[0], end, matches, 0, &node));
            TRY(empty_groups_end(u->cx, u->plan, &groups, &node));
        } else {
            TRY(make_plan_join(u->cx, u->plan, JOIN_INNER, join->children[0], end, NULL, 0, &node));
        }
        left = node;
    }
    TRY(put_projects(u, right, end, &left));
    *place = left;
    ExprList conjuncts = {0};
    TRY(expr_list_add_conjuncts(u->cx, u->plan->arena, &conjuncts, condition));
    return rewrite_wrap_filter(u->cx, u->plan, &conjuncts, place);
}

/* SELECT expressions of both sides, from rows whose conditions can be pulled: a flag tells where a row was found. */
static Status join_hoisted(Unnest *u, LogicalNode **place) {
    LogicalNode *join = *place, *top = join->children[1];
    ColumnId found;
    Value yes = value_i64(type_make(TYPE_BOOLEAN), 1);
    Expr *flag = expr_constant(u->cx, u->plan->arena, &yes, POS_NONE);
    ExprList conjuncts = {0};
    if (flag == NULL) {
        return OUT_OF_MEMORY;
    }
    join->children[1] = top->children[0];
    TRY(unnest_pull(u, &join->children[1], &conjuncts));
    TRY(plan_add_column(u->cx, u->plan, yes.type, "is found", true, &found));
    TRY(project_over(u->cx, u->plan, &join->children[1]));
    TRY(project_add(u->cx, u->plan, join->children[1], found, flag));
    TRY(add_to_condition(u, join, &conjuncts));
    TRY(rejoin(u, place));
    TRY(project_over(u->cx, u->plan, place));
    for (uint32_t i = 0; i < top->column_count; i++) {
        Expr *expr = top->project.exprs[i];
        if (expr_is_column(expr) && expr->column == top->columns[i]) {
            continue;
        }
        Value none = value_null(expr->type);
        Expr *value = expr_new(u->cx, u->plan->arena, EXPR_CASE, expr->type, expr->pos, 3);
        if (value == NULL) {
            return OUT_OF_MEMORY;
        }
        TRY(plan_column(u->cx, u->plan, found, &value->args[0]));
        value->args[1] = expr;
        value->args[2] = expr_constant(u->cx, u->plan->arena, &none, POS_NONE);
        if (value->args[2] == NULL) {
            return OUT_OF_MEMORY;
        }
        u->plan->columns[top->columns[i]].can_be_null = true;
        TRY(project_add(u->cx, u->plan, *place, top->columns[i], value));
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- one join
 */

/* FROM t, function(t.x): the function is called over the left side itself. */
static Status join_function(Unnest *u, LogicalNode **place) {
    LogicalNode *join = *place, *function = join->children[1];
    ExprList conjuncts = {0};
    uint32_t own = function->column_count;
    const ColumnId *outputs = function->columns;
    TRY_NEW(u->cx, u->plan->arena, function->children);
    function->children[0] = join->children[0];
    function->child_count = 1;
    function->columns = join->children[0]->columns;
    function->column_count = join->children[0]->column_count;
    TRY(node_add_columns(u->cx, u->plan, function, outputs, own));
    TRY(expr_list_add_conjuncts(u->cx, u->plan->arena, &conjuncts, join->join.condition));
    *place = function;
    return rewrite_wrap_filter(u->cx, u->plan, &conjuncts, place);
}

static Status unnest_scalar(Unnest *u, LogicalNode **place) {
    LogicalNode *join = *place, *right = join->children[1];
    bool keeps_rows = join->join.kind != JOIN_INNER, is_plain = join->join.condition == NULL;
    if (gives_one_row(below_projects(right)) && (is_plain || !keeps_rows)) {
        return join_one_row(u, place);
    }
    if (right->kind == LOGICAL_TABLE_FUNCTION && right->child_count == 0 && !keeps_rows) {
        return join_function(u, place);
    }
    bool can_hoist = is_plain && right->kind == LOGICAL_PROJECT && unnest_can_pull(u, right->children[0]);
    return can_hoist ? join_hoisted(u, place) : join_pushed(u, place);
}

static Status find_guards(Unnest *u, const LogicalNode *join) {
    ExprList all = {0};
    if (join->join.kind == JOIN_MARK || join->join.kind == JOIN_ANTI_NULL) {
        return OK;
    }
    TRY(expr_list_add_conjuncts(u->cx, u->plan->arena, &all, join->join.condition));
    for (uint32_t i = 0; i < all.count; i++) {
        if (expr_is_within(all.items[i], &u->outer) && !expr_is_volatile(all.items[i])) {
            TRY(expr_list_add(u->cx, u->plan->arena, &u->guards, all.items[i]));
        }
    }
    return OK;
}

static Status unnest_join(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    LogicalNode *join = *place;
    Unnest u;
    TRY(unnest_init(cx, plan, &join->children[0], join->children[1], &u));
    bool only_asks = join_only_asks(join->join.kind);
    if (only_asks && join->join.condition == NULL) {
        strip_for_existence(&join->children[1]);
    } else if (only_asks) {
        TRY(strip_for_condition(&u, join));
    }
    if (unnest_can_pull(&u, join->children[1])) {
        return join_pulled(&u, place);
    }
    TRY(find_guards(&u, join));
    return only_asks ? join_pushed(&u, place) : unnest_scalar(&u, place);
}

/* ------------------------------------------------------------------------------------------------------------ independent
 * joins
 */

/* One row tells whether there are any, two whether there are too many. */
static Status limit_rows(const Context *cx, LogicalPlan *plan, int64_t rows, LogicalNode **place) {
    LogicalNode *child = *place;
    LogicalNode *limit = logical_new(cx, plan->arena, LOGICAL_LIMIT, child->pos, 1, child->column_count);
    if (limit == NULL) {
        return OUT_OF_MEMORY;
    }
    limit->children[0] = child;
    limit->limit.limit = rows;
    memcpy(limit->columns, child->columns, child->column_count * sizeof *child->columns);
    *place = limit;
    return OK;
}

/* What a hash join with NULLs, or a nested loop, can say of the comparison. */
static bool knows_nulls(const Expr *condition) {
    return condition != NULL && condition->kind == EXPR_COMPARE;
}

static Status settle_join(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    LogicalNode *join = *place;
    JoinKind kind = join->join.kind;
    if ((kind == JOIN_MARK || kind == JOIN_ANTI_NULL) && !knows_nulls(join->join.condition)) {
        ExprList none = {0};
        return unnest_mark(cx, plan, place, &none, join->join.condition);
    }
    if (join_only_asks(kind) && join->join.condition == NULL) {
        strip_for_existence(&join->children[1]);
        return limit_rows(cx, plan, 1, &join->children[1]);
    }
    if (kind == JOIN_SINGLE && !gives_one_row(below_projects(join->children[1]))) {
        ColumnSet right;
        TRY(column_set_init(cx, plan->arena, plan, &right));
        column_set_add_all(&right, join->children[1]->columns, join->children[1]->column_count);
        bool is_whole = join->join.condition == NULL || !expr_touches(join->join.condition, &right);
        return is_whole ? limit_rows(cx, plan, 2, &join->children[1]) : OK;
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- the tree
 */

static Status decorrelate(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    while ((*place)->kind == LOGICAL_JOIN) {
        bool depends;
        LogicalNode *join = *place;
        TRY(join_depends(cx, plan, join, &depends));
        TRY(depends ? unnest_join(cx, plan, place) : settle_join(cx, plan, place));
        if (*place == join || !depends) {
            break;
        }
    }
    for (uint32_t i = 0; i < (*place)->child_count; i++) {
        TRY(decorrelate(cx, plan, &(*place)->children[i]));
    }
    return OK;
}

Status rewrite_decorrelate(const Context *cx, LogicalPlan *plan) {
    TRY(decorrelate(cx, plan, &plan->root));
    for (uint32_t i = 0; i < plan->shared_count; i++) { /* outer sides join them while it goes */
        LogicalNode *root = plan->shared[i].node;
        TRY(decorrelate(cx, plan, &root));
        plan->shared[i].node = root;
    }
    return OK;
}
