/* Making the right side of a dependent join independent: the free columns' values are brought in at the bottom and carried
 * through every node above (unnest.h). */
#include "plan/unnest.h"

static Status make_equal(Unnest *u, Expr *left, Expr *right, bool with_nulls, Expr **out) {
    if (!with_nulls) {
        *out = expr_compare(u->cx, u->plan->arena, COMPARE_EQ, left, right);
        return *out == NULL ? OUT_OF_MEMORY : OK;
    }
    Expr *distinct = expr_new(u->cx, u->plan->arena, EXPR_DISTINCT, type_make(TYPE_BOOLEAN), left->pos, 2);
    if (distinct == NULL) {
        return OUT_OF_MEMORY;
    }
    distinct->args[0] = left;
    distinct->args[1] = right;
    *out = expr_not(u->cx, u->plan->arena, distinct);
    return *out == NULL ? OUT_OF_MEMORY : OK;
}

Status unnest_match(Unnest *u, const ColumnId *columns, ExprList *conjuncts) {
    for (uint32_t i = 0; i < u->count; i++) {
        Expr *column, *equal;
        TRY(plan_column(u->cx, u->plan, columns[i], &column));
        TRY(make_equal(u, u->keys[i], column, u->passes_nulls && expr_can_be_null(u->plan, u->keys[i]), &equal));
        TRY(expr_list_add(u->cx, u->plan->arena, conjuncts, equal));
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- the domain
 */

/* The left side is read twice: it becomes a shared subplan, and keeps its columns' ids where it was. */
static Status share_left(Unnest *u, uint32_t *index) {
    LogicalNode *left = *u->left, *scan;
    TRY(unnest_share(u->cx, u->plan, left, "outer rows", index));
    TRY(logical_shared_scan(u->cx, u->plan, *index, left->pos, &scan));
    LogicalNode *project = logical_new(u->cx, u->plan->arena, LOGICAL_PROJECT, left->pos, 1, left->column_count);
    if (project == NULL) {
        return OUT_OF_MEMORY;
    }
    project->children[0] = scan;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, project->project.exprs, left->column_count + 1);
    for (uint32_t i = 0; i < left->column_count; i++) {
        project->columns[i] = left->columns[i];
        TRY(plan_column(u->cx, u->plan, scan->columns[i], &project->project.exprs[i]));
    }
    *u->left = project;
    return OK;
}

/* Only the rows that the join's condition lets ask. */
static Status guard_rows(Unnest *u, LogicalNode **place) {
    const LogicalNode *scan = *place;
    ExprList guards = {0};
    Expr **columns;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, columns, scan->column_count + 1);
    for (uint32_t i = 0; i < scan->column_count; i++) {
        TRY(plan_column(u->cx, u->plan, scan->columns[i], &columns[i]));
    }
    for (uint32_t i = 0; i < u->guards.count; i++) {
        Expr *guard;
        TRY(expr_substitute(u->cx, u->plan->arena, u->guards.items[i], scan->shared_scan.inputs, columns, scan->column_count,
                            &guard));
        TRY(expr_list_add(u->cx, u->plan->arena, &guards, guard));
    }
    return rewrite_wrap_filter(u->cx, u->plan, &guards, place);
}

static Status make_domain(Unnest *u) {
    uint32_t left;
    LogicalNode *scan, *rows;
    TRY(share_left(u, &left));
    TRY(logical_shared_scan(u->cx, u->plan, left, (*u->left)->pos, &scan));
    rows = scan;
    TRY(guard_rows(u, &rows));
    LogicalNode *distinct = logical_new(u->cx, u->plan->arena, LOGICAL_AGGREGATE, scan->pos, 1, u->count);
    if (distinct == NULL) {
        return OUT_OF_MEMORY;
    }
    distinct->children[0] = rows;
    distinct->aggregate.group_count = u->count;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, distinct->aggregate.groups, u->count);
    for (uint32_t i = 0; i < u->count; i++) {
        uint32_t at = 0;
        while (scan->shared_scan.inputs[at] != u->free[i]) {
            at++;
        }
        distinct->columns[i] = scan->columns[at];
        TRY(plan_column(u->cx, u->plan, scan->columns[at], &distinct->aggregate.groups[i]));
    }
    u->has_domain = true;
    return plan_add_shared(u->cx, u->plan, distinct, "correlated values", &u->domain);
}

static Status read_domain(Unnest *u, SourcePos pos, LogicalNode **node) {
    if (!u->has_domain) {
        TRY(make_domain(u));
    }
    return logical_shared_scan(u->cx, u->plan, u->domain, pos, node);
}

Status unnest_scan_domain(Unnest *u, SourcePos pos, LogicalNode **node, ColumnId *columns) {
    TRY(read_domain(u, pos, node));
    u->passes_nulls = true;
    memcpy(columns, (*node)->columns, u->count * sizeof *columns);
    return OK;
}

/* Every row for every value. */
Status unnest_push_cross(Unnest *u, LogicalNode **place, ColumnId *columns) {
    LogicalNode *domain;
    TRY(unnest_scan_domain(u, (*place)->pos, &domain, columns));
    return make_plan_join(u->cx, u->plan, JOIN_INNER, domain, *place, NULL, 0, place);
}

/* --------------------------------------------------------------------------------------------------------------- substitution
 */

typedef struct Replacement {
    Unnest *u;
    Expr **columns;
} Replacement;

static Status replace_in_expr(Expr **place, void *argument) {
    const Replacement *replacement = argument;
    const Unnest *u = replacement->u;
    return expr_touches(*place, &u->outer)
               ? expr_substitute(u->cx, u->plan->arena, *place, u->free, replacement->columns, u->count, place)
               : OK;
}

static Status replacement_init(Unnest *u, const ColumnId *columns, Replacement *replacement) {
    replacement->u = u;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, replacement->columns, u->count + 1);
    for (uint32_t i = 0; i < u->count; i++) {
        TRY(plan_column(u->cx, u->plan, columns[i], &replacement->columns[i]));
    }
    return OK;
}

/* The node's own expressions name columns[…] instead of the free ones. */
Status unnest_replace(Unnest *u, LogicalNode *node, const ColumnId *columns) {
    Replacement replacement;
    TRY(replacement_init(u, columns, &replacement));
    return logical_each_expr(node, replace_in_expr, &replacement);
}

static Status replace_below(LogicalNode *node, Replacement *replacement) {
    TRY(logical_each_expr(node, replace_in_expr, replacement));
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(replace_below(node->children[i], replacement));
    }
    return OK;
}

static Status replace_in_tree(Unnest *u, LogicalNode *node, const ColumnId *columns) {
    Replacement replacement;
    TRY(replacement_init(u, columns, &replacement));
    return replace_below(node, &replacement);
}

static Status replace_in_list(Unnest *u, ExprList *list, const ColumnId *columns) {
    Replacement replacement;
    TRY(replacement_init(u, columns, &replacement));
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(replace_in_expr(&list->items[i], &replacement));
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------- conditions that cover
 */

static bool is_free(const Expr *expr, ColumnId id) {
    const Expr *column = expr_widened_column(expr);
    return column != NULL && column->kind == EXPR_COLUMN && column->column == id;
}

/* free = expression of the tree. With a cast around it, the column gets the wider type, which only a condition that is all
 * there is may see. */
static bool covers(const Unnest *u, const Expr *conjunct, uint32_t i, uint32_t *side) {
    ColumnId id = u->free[i];
    if (conjunct->kind != EXPR_COMPARE || conjunct->compare != COMPARE_EQ) {
        return false;
    }
    for (*side = 0; *side < 2; (*side)++) {
        const Expr *free = conjunct->args[*side], *inner = conjunct->args[1 - *side];
        bool has_type = type_equal(u->plan->columns[id].type, inner->type) ||
                        (type_is_text(inner->type) && inner->type.id == u->plan->columns[id].type.id);
        bool is_alone = !u->is_split && u->uses[i] == 1;
        if (is_free(free, id) && (has_type ? expr_is_column(free) : is_alone) && expr_has_columns(inner) &&
            !expr_touches(inner, &u->outer)) {
            return true;
        }
    }
    return false;
}

/* For each free column the conjunct that covers it; false if one has none. */
static bool find_covers(const Unnest *u, const ExprList *conjuncts, uint32_t *found, uint32_t *sides) {
    for (uint32_t i = 0; i < u->count; i++) {
        found[i] = 0;
        while (found[i] < conjuncts->count && !covers(u, conjuncts->items[found[i]], i, &sides[i])) {
            found[i]++;
        }
        if (found[i] == conjuncts->count) {
            return false;
        }
    }
    return true;
}

static Status add_not_null(Unnest *u, Expr *expr, ExprList *conjuncts) {
    if (!expr_can_be_null(u->plan, expr)) {
        return OK;
    }
    Expr *is_null = expr_new(u->cx, u->plan->arena, EXPR_IS_NULL, type_make(TYPE_BOOLEAN), expr->pos, 1);
    if (is_null == NULL) {
        return OUT_OF_MEMORY;
    }
    is_null->args[0] = expr;
    Expr *not_null = expr_not(u->cx, u->plan->arena, is_null);
    return not_null == NULL ? OUT_OF_MEMORY : expr_list_add(u->cx, u->plan->arena, conjuncts, not_null);
}

/* The column of the tree that holds the covering expression, computed if it is none. */
static Status column_of(Unnest *u, LogicalNode **place, LogicalNode **project, Expr *expr, ColumnId *id) {
    if (expr_is_column(expr)) {
        *id = expr->column;
        return OK;
    }
    if (*project == NULL) {
        TRY(project_over(u->cx, u->plan, place));
        *project = *place;
    }
    const char *name = expr_print(u->cx, u->plan->arena, expr);
    if (name == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY(plan_add_column(u->cx, u->plan, expr->type, name, true, id));
    return project_add(u->cx, u->plan, *project, *id, expr);
}

/* Rows of values that the left side does not have go first. */
static Status restrict_rows(Unnest *u, LogicalNode **place, const ColumnId *columns) {
    LogicalNode *domain;
    ExprList conjuncts = {0};
    Expr *condition;
    TRY(read_domain(u, (*place)->pos, &domain));
    for (uint32_t i = 0; i < u->count; i++) {
        Expr *value, *column, *equal;
        TRY(plan_column(u->cx, u->plan, domain->columns[i], &value));
        TRY(plan_column(u->cx, u->plan, columns[i], &column));
        if (!type_equal(value->type, column->type) && !type_is_text(value->type)) { /* covered with a cast */
            value = expr_cast(u->cx, u->plan->arena, value, column->type);
        }
        equal = value == NULL ? NULL : expr_compare(u->cx, u->plan->arena, COMPARE_EQ, column, value);
        if (equal == NULL) {
            return OUT_OF_MEMORY;
        }
        TRY(expr_list_add(u->cx, u->plan->arena, &conjuncts, equal));
    }
    TRY(expr_list_conjunction(u->cx, u->plan->arena, &conjuncts, &condition));
    return make_plan_join(u->cx, u->plan, JOIN_SEMI, *place, domain, condition, 0, place);
}

static Status push_covered(Unnest *u, LogicalNode **place, const ExprList *conjuncts, const uint32_t *found,
                           const uint32_t *sides, ColumnId *columns) {
    LogicalNode *project = NULL;
    ExprList rest = {0};
    for (uint32_t i = 0; i < u->count; i++) {
        const Expr *equality = conjuncts->items[found[i]];
        u->keys[i] = equality->args[sides[i]];
        TRY(column_of(u, place, &project, equality->args[1 - sides[i]], &columns[i]));
        Expr *column;
        TRY(plan_column(u->cx, u->plan, columns[i], &column));
        TRY(add_not_null(u, column, &rest));
    }
    for (uint32_t c = 0; c < conjuncts->count; c++) {
        bool is_cover = false;
        for (uint32_t i = 0; i < u->count; i++) {
            is_cover |= found[i] == c;
        }
        if (!is_cover) {
            TRY(expr_list_add(u->cx, u->plan->arena, &rest, conjuncts->items[c]));
        }
    }
    TRY(replace_in_list(u, &rest, columns));
    TRY(rewrite_wrap_filter(u->cx, u->plan, &rest, place));
    bool restricts = u->restricts;
    if (!restricts) {
        TRY(unnest_left_is_small(u, *place, &restricts));
    }
    return restricts ? restrict_rows(u, place, columns) : OK;
}

/* The conditions of an independent tree, all above it. */
Status unnest_push_conditions(Unnest *u, LogicalNode **place, ExprList *conjuncts, ColumnId *columns) {
    uint32_t *found, *sides;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, found, u->count + 1);
    TRY_NEW_ARRAY(u->cx, u->plan->arena, sides, u->count + 1);
    if (find_covers(u, conjuncts, found, sides)) {
        return push_covered(u, place, conjuncts, found, sides, columns);
    }
    LogicalNode *domain;
    Expr *condition;
    TRY(unnest_scan_domain(u, (*place)->pos, &domain, columns));
    TRY(replace_in_list(u, conjuncts, columns));
    TRY(expr_list_conjunction(u->cx, u->plan->arena, conjuncts, &condition));
    return make_plan_join(u->cx, u->plan, JOIN_INNER, domain, *place, condition, 0, place);
}

/* ---------------------------------------------------------------------------------------------------------------------- joins
 */

static Status rejoin(Unnest *u, LogicalNode **place) {
    const LogicalNode *join = *place;
    return make_plan_join(u->cx, u->plan, join->join.kind, join->children[0], join->children[1], join->join.condition,
                          join->join.mark, place);
}

/* Both sides have a column per free column: they must be for the same values. */
Status unnest_match_sides(Unnest *u, LogicalNode *join, const ColumnId *left, const ColumnId *right) {
    ExprList conjuncts = {0};
    TRY(expr_list_add_conjuncts(u->cx, u->plan->arena, &conjuncts, join->join.condition));
    for (uint32_t i = 0; i < u->count; i++) {
        Expr *a, *b, *equal;
        TRY(plan_column(u->cx, u->plan, left[i], &a));
        TRY(plan_column(u->cx, u->plan, right[i], &b));
        TRY(make_equal(u, a, b, expr_can_be_null(u->plan, a) || expr_can_be_null(u->plan, b), &equal));
        TRY(expr_list_add(u->cx, u->plan->arena, &conjuncts, equal));
    }
    return expr_list_conjunction(u->cx, u->plan->arena, &conjuncts, &join->join.condition);
}

static Status push_both(Unnest *u, LogicalNode *join, ColumnId *columns, ColumnId *right) {
    u->is_split = true;
    TRY(unnest_push(u, &join->children[0], columns));
    TRY(unnest_push(u, &join->children[1], right));
    TRY(unnest_replace(u, join, columns));
    return unnest_match_sides(u, join, columns, right);
}

Status unnest_project_either(Unnest *u, LogicalNode *project, ColumnId *id, ColumnId other) {
    LogicalColumn column = u->plan->columns[*id];
    Expr *either = expr_new(u->cx, u->plan->arena, EXPR_COALESCE, column.type, project->pos, 2);
    if (either == NULL) {
        return OUT_OF_MEMORY;
    }
    TRY(plan_column(u->cx, u->plan, *id, &either->args[0]));
    TRY(plan_column(u->cx, u->plan, other, &either->args[1]));
    TRY(plan_add_column(u->cx, u->plan, column.type, column.name, true, id));
    return project_add(u->cx, u->plan, project, *id, either);
}

/* A row may come from either side alone. */
static Status push_full(Unnest *u, LogicalNode **place, ColumnId *columns) {
    ColumnId *right;
    TRY_NEW_ARRAY(u->cx, u->plan->arena, right, u->count + 1);
    TRY(push_both(u, *place, columns, right));
    TRY(rejoin(u, place));
    TRY(project_over(u->cx, u->plan, place));
    for (uint32_t i = 0; i < u->count; i++) {
        TRY(unnest_project_either(u, *place, &columns[i], right[i]));
    }
    return OK;
}

static void swap_right(LogicalNode *join) {
    LogicalNode *left = join->children[0];
    join->children[0] = join->children[1];
    join->children[1] = left;
    join->join.kind = JOIN_LEFT;
}

static Status push_inner(Unnest *u, LogicalNode *join, ColumnId *columns) {
    bool in_left = tree_touches(join->children[0], &u->outer), in_right = tree_touches(join->children[1], &u->outer);
    if (in_left && in_right) {
        ColumnId *right;
        TRY_NEW_ARRAY(u->cx, u->plan->arena, right, u->count + 1);
        return push_both(u, join, columns, right);
    }
    TRY(unnest_push(u, &join->children[in_right ? 1 : 0], columns));
    return unnest_replace(u, join, columns);
}

/* A join that depends itself, or whose NULLs are looked at, goes on depending: on the left side with its new columns. */
static Status push_dependent(Unnest *u, LogicalNode *join, ColumnId *columns) {
    TRY(unnest_push(u, &join->children[0], columns));
    TRY(unnest_replace(u, join, columns));
    return replace_in_tree(u, join->children[1], columns);
}

static Status push_outer(Unnest *u, LogicalNode *join, ColumnId *columns) {
    if (tree_touches(join->children[1], &u->outer)) {
        ColumnId *right;
        TRY_NEW_ARRAY(u->cx, u->plan->arena, right, u->count + 1);
        return push_both(u, join, columns, right);
    }
    TRY(unnest_push(u, &join->children[0], columns));
    return unnest_replace(u, join, columns);
}

Status unnest_push_join(Unnest *u, LogicalNode **place, ColumnId *columns) {
    LogicalNode *join = *place;
    bool is_dependent;
    TRY(join_depends(u->cx, u->plan, join, &is_dependent));
    if (join->join.kind == JOIN_RIGHT) {
        swap_right(join);
    }
    JoinKind kind = join->join.kind;
    if (is_dependent || kind == JOIN_MARK || kind == JOIN_ANTI_NULL) {
        TRY(push_dependent(u, join, columns));
    } else if (kind == JOIN_FULL) {
        return push_full(u, place, columns);
    } else {
        TRY(kind == JOIN_INNER ? push_inner(u, join, columns) : push_outer(u, join, columns));
    }
    return rejoin(u, place);
}
