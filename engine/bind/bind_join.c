/* Joins in FROM: what USING merges, where subqueries of ON go, what is in sight above. */
#include "bind/from.h"

#include "plan/columns.h"

static Status find_using(const Context *cx, const Scope *scope, const AstIdent *name, const char *side, ScopeColumn *column) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < scope->column_count; i++) {
        if (strcmp(scope->columns[i].name, name->text) == 0 && found++ == 0) {
            *column = scope->columns[i];
        }
    }
    if (found == 1) {
        return OK;
    }
    return found == 0 ? fail_at(cx, name->pos, UNDEFINED_COLUMN,
                                "column \"%s\" specified in USING clause does not exist in %s table", name->text, side)
                      : fail_at(cx, name->pos, AMBIGUOUS_COLUMN, "common column name \"%s\" appears more than once in %s table",
                                name->text, side);
}

/* NATURAL is USING of all names that both sides have. */
static Status natural_columns(const Context *cx, Binder *binder, const AstFrom *ast, const FromItem *left,
                              const FromItem *right, AstIdentList *names) {
    TRY_NEW_ARRAY(cx, binder->arena, names->items, left->scope.column_count);
    for (uint32_t i = 0; i < left->scope.column_count; i++) {
        bool is_common = false;
        for (uint32_t j = 0; j < right->scope.column_count; j++) {
            is_common = is_common || strcmp(left->scope.columns[i].name, right->scope.columns[j].name) == 0;
        }
        if (is_common) {
            AstIdent *name;
            TRY_NEW(cx, binder->arena, name);
            *name = (AstIdent){.pos = ast->pos, .text = left->scope.columns[i].name};
            names->items[names->count++] = name;
        }
    }
    return OK;
}

/* The columns that USING merges: which pair, and what the merged one is. */
typedef struct Merged {
    uint32_t count;
    ScopeColumn *left, *right;
    Expr **exprs; /* value of the merged column, over both sides */
} Merged;

static Status merge_column(const Context *cx, Binder *binder, const AstFrom *ast, Merged *merged, uint32_t i, SourcePos pos,
                           Expr **condition) {
    Expr *sides[2], *equal;
    Type type;
    sides[0] = make_column(cx, binder, merged->left[i].id, pos);
    TRY_POINTER(sides[0]);
    sides[1] = make_column(cx, binder, merged->right[i].id, pos);
    TRY_POINTER(sides[1]);
    TRY(operator_bind(cx, binder->arena, "=", sides[0], sides[1], pos, &equal));
    *condition = expr_and(cx, binder->arena, *condition, equal);
    TRY_POINTER(*condition);
    TRY(cast_to_common(cx, binder->arena, sides, 2, "JOIN/USING", &type));
    merged->exprs[i] = sides[ast->join.type == AST_JOIN_RIGHT ? 1 : 0];
    if (ast->join.type == AST_JOIN_FULL) {
        merged->exprs[i] = expr_new(cx, binder->arena, EXPR_COALESCE, type, pos, 2);
        TRY_POINTER(merged->exprs[i]);
        memcpy(merged->exprs[i]->args, sides, sizeof sides);
    }
    return OK;
}

static Status bind_using(const Context *cx, Binder *binder, const AstFrom *ast, const AstIdentList *names, const FromItem *left,
                         const FromItem *right, Merged *merged, Expr **condition) {
    merged->count = names->count;
    TRY_NEW_ARRAY(cx, binder->arena, merged->left, names->count);
    TRY_NEW_ARRAY(cx, binder->arena, merged->right, names->count);
    TRY_NEW_ARRAY(cx, binder->arena, merged->exprs, names->count);
    for (uint32_t i = 0; i < names->count; i++) {
        const AstIdent *name = names->items[i];
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(names->items[j]->text, name->text) == 0) {
                return fail_at(cx, name->pos, DUPLICATE_COLUMN, "column name \"%s\" appears more than once in USING clause",
                               name->text);
            }
        }
        TRY(find_using(cx, &left->scope, name, "left", &merged->left[i]));
        TRY(find_using(cx, &right->scope, name, "right", &merged->right[i]));
        TRY(merge_column(cx, binder, ast, merged, i, name->pos, condition));
    }
    return OK;
}

/* Above the join: computes merged columns that are not just one side's. */
static Status project_merged(const Context *cx, Binder *binder, const Merged *merged, FromItem *item, ColumnId *ids) {
    uint32_t passed = item->node->column_count, count = passed;
    Expr **exprs;
    TRY_NEW_ARRAY(cx, binder->arena, exprs, passed + merged->count);
    for (uint32_t i = 0; i < merged->count; i++) {
        if (merged->exprs[i]->kind != EXPR_COLUMN) {
            exprs[count++] = merged->exprs[i];
        }
    }
    for (uint32_t i = 0; i < passed && count > passed; i++) {
        exprs[i] = make_column(cx, binder, item->node->columns[i], item->node->pos);
        TRY_POINTER(exprs[i]);
    }
    if (count > passed) {
        TRY(make_project(cx, binder, item->node->pos, exprs, NULL, count, &item->node));
    }
    for (uint32_t i = 0, at = passed; i < merged->count; i++) {
        ids[i] = merged->exprs[i]->kind == EXPR_COLUMN ? merged->exprs[i]->column : item->node->columns[at++];
    }
    return OK;
}

static bool is_merged(const ScopeColumn *columns, uint32_t count, const ScopeColumn *column) {
    for (uint32_t i = 0; i < count; i++) {
        if (columns[i].id == column->id && strcmp(columns[i].name, column->name) == 0) {
            return true;
        }
    }
    return false;
}

/* In sight after the join: the merged columns, then what is left of each side. */
static Status combine_scopes(const Context *cx, Binder *binder, const AstFrom *ast, const FromItem *left, const FromItem *right,
                             const Merged *merged, FromItem *item) {
    Scope both = {0};
    ColumnId *ids;
    TRY(scope_append(cx, binder, &both, &left->scope, ast->pos));
    TRY(scope_append(cx, binder, &both, &right->scope, ast->join.right->pos));
    item->scope.relations = both.relations;
    item->scope.relation_count = both.relation_count;
    item->scope.relation_capacity = both.relation_capacity;
    TRY_NEW_ARRAY(cx, binder->arena, ids, merged->count);
    TRY(project_merged(cx, binder, merged, item, ids));
    for (uint32_t i = 0; i < merged->count; i++) {
        ScopeColumn column = {.name = merged->left[i].name, .id = ids[i], .relation = RELATION_MERGED};
        TRY_APPEND(cx, binder->arena, item->scope.columns, item->scope.column_capacity, item->scope.column_count, column);
    }
    for (uint32_t i = 0; i < both.column_count; i++) {
        const ScopeColumn *column = &both.columns[i];
        if (!is_merged(merged->left, merged->count, column) && !is_merged(merged->right, merged->count, column)) {
            TRY_APPEND(cx, binder->arena, item->scope.columns, item->scope.column_capacity, item->scope.column_count, *column);
        }
    }
    return OK;
}

/* Subqueries of an ON condition that look at rows of both sides, with the condition: it is tested above them. */
typedef struct PairJoins {
    PendingJoins joins;
    Expr *condition; /* NULL: there are none */
} PairJoins;

static Status looks_at_node(const Context *cx, Binder *binder, const PendingJoin *join, const LogicalNode *node, bool *looks) {
    ColumnSet columns;
    TRY(column_set_init(cx, binder->arena, binder->plan, &columns));
    column_set_add_all(&columns, node->columns, node->column_count);
    *looks = pending_looks_at(join, &columns);
    return OK;
}

/* A subquery that looks at one side only becomes columns of that side: seen by every pair, and by nobody else. */
static Status place_on_joins(const Context *cx, Binder *binder, const PendingJoins *pending, FromItem *left, FromItem *right,
                             PendingJoins *both) {
    for (uint32_t i = 0; i < pending->count; i++) {
        const PendingJoin *join = &pending->items[i];
        bool in_left, in_right;
        TRY(looks_at_node(cx, binder, join, left->node, &in_left));
        TRY(looks_at_node(cx, binder, join, right->node, &in_right));
        if (in_left && in_right) {
            TRY_APPEND(cx, binder->arena, both->items, both->capacity, both->count, *join);
        } else {
            LogicalNode **node = in_right ? &right->node : &left->node;
            TRY(make_join(cx, binder, join->pos, join->kind, *node, join->node, join->condition, join->mark, node));
        }
    }
    return OK;
}

static Status bind_on(const Context *cx, Binder *binder, const AstFrom *ast, const FromItem *item, FromItem *left,
                      FromItem *right, Expr **condition, PairJoins *pairs) {
    PendingJoins pending = {0};
    Place place = {.binder = binder, .scope = &item->scope, .clause = CLAUSE_JOIN, .pending = &pending};
    TRY(bind_boolean(cx, &place, ast->join.on, "JOIN/ON", condition));
    TRY(place_on_joins(cx, binder, &pending, left, right, &pairs->joins));
    if (pairs->joins.count > 0) {
        pairs->condition = *condition;
        *condition = NULL;
    }
    return OK;
}

static Status filter_pairs(const Context *cx, Binder *binder, const PairJoins *pairs, LogicalNode **node) {
    TRY(join_pending_values(cx, binder, &pairs->joins, node));
    return make_filter(cx, binder, pairs->condition, node);
}

/* ---------------------------------------------------------------------------------------------------- FULL JOIN over pairs */

/* A side of a FULL JOIN that is read twice: among the pairs, and for its rows that are in none. */
typedef struct TwiceRead {
    FromItem *item; /* reads the pairs' copy */
    uint32_t shared;
    LogicalNode *pairs; /* its rows and their numbers there */
} TwiceRead;

static void rename_column(const LogicalNode *from, const LogicalNode *to, ScopeColumn *column) {
    for (uint32_t i = 0; i < from->column_count; i++) {
        if (from->columns[i] == column->id) {
            column->id = to->columns[i];
            return;
        }
    }
}

/* What is in sight of the one node is in sight of the other, whose columns are copies in the same order. */
static Status rename_scope(const Context *cx, Binder *binder, const LogicalNode *from, const LogicalNode *to, Scope *scope) {
    Scope renamed = {.outer = scope->outer, .ctes = scope->ctes};
    TRY(scope_append(cx, binder, &renamed, scope, POS_NONE));
    for (uint32_t i = 0; i < renamed.column_count; i++) {
        rename_column(from, to, &renamed.columns[i]);
    }
    for (uint32_t r = 0; r < renamed.relation_count; r++) {
        Relation *relation = &renamed.relations[r];
        ScopeColumn *columns;
        TRY_NEW_ARRAY(cx, binder->arena, columns, relation->column_count);
        for (uint32_t i = 0; i < relation->column_count; i++) {
            columns[i] = relation->columns[i];
            rename_column(from, to, &columns[i]);
        }
        relation->columns = columns;
    }
    *scope = renamed;
    return OK;
}

/* Numbers the rows of a side that does not depend on an outer query, so that they can be read twice. */
static Status read_twice(const Context *cx, Binder *binder, SourcePos pos, FromItem *left, FromItem *right, TwiceRead *twice) {
    bool is_closed;
    twice->item = right;
    TRY(tree_is_closed(cx, binder->plan, right->node, &is_closed));
    if (!is_closed) {
        twice->item = left;
        TRY(tree_is_closed(cx, binder->plan, left->node, &is_closed));
    }
    if (!is_closed) {
        return fail_unsupported(cx, pos, "a subquery over both sides of a FULL JOIN whose sides are correlated");
    }
    LogicalNode *numbered = twice->item->node;
    TRY(make_row_number(cx, binder, pos, NULL, 0, NULL, 0, &numbered));
    TRY(plan_add_shared(cx, binder->plan, numbered, "full join", &twice->shared));
    TRY(logical_shared_scan(cx, binder->plan, twice->shared, pos, &twice->pairs));
    TRY(rename_scope(cx, binder, numbered, twice->pairs, &twice->item->scope));
    twice->item->node = twice->pairs;
    return OK;
}

/* (other LEFT JOIN pairs) FULL JOIN the rows once more, by their number: what is in a pair meets itself, the rest is added. */
static Status join_full_pairs(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *left, FromItem *right,
                              const PairJoins *pairs, TwiceRead *twice, LogicalNode **node) {
    FromItem *other = twice->item == right ? left : right;
    LogicalNode *rows;
    Expr *numbers[2], *equal;
    TRY(filter_pairs(cx, binder, pairs, &twice->item->node));
    TRY(make_join(cx, binder, ast->pos, JOIN_LEFT, other->node, twice->item->node, NULL, 0, node));
    TRY(logical_shared_scan(cx, binder->plan, twice->shared, ast->pos, &rows));
    uint32_t number = rows->column_count - 1;
    numbers[0] = make_column(cx, binder, twice->pairs->columns[number], ast->pos);
    TRY_POINTER(numbers[0]);
    numbers[1] = make_column(cx, binder, rows->columns[number], ast->pos);
    TRY_POINTER(numbers[1]);
    equal = expr_compare(cx, binder->arena, COMPARE_EQ, numbers[0], numbers[1]);
    TRY_POINTER(equal);
    TRY(make_join(cx, binder, ast->pos, JOIN_FULL, *node, rows, equal, 0, node));
    return rename_scope(cx, binder, twice->pairs, rows, &twice->item->scope);
}

/* ---------------------------------------------------------------------------------------------------------- the join itself */

/* The join of both sides. With conditions on pairs, an outer join's other side is filtered for each row of the kept one: it is
 * LATERAL. */
static Status make_from_join(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *left, FromItem *right,
                             Expr *condition, const PairJoins *pairs, LogicalNode **node) {
    static const JoinKind kinds[] = {
        [AST_JOIN_INNER] = JOIN_INNER, [AST_JOIN_LEFT] = JOIN_LEFT,   [AST_JOIN_RIGHT] = JOIN_RIGHT,
        [AST_JOIN_FULL] = JOIN_FULL,   [AST_JOIN_CROSS] = JOIN_INNER,
    };
    if (pairs->condition == NULL) {
        return make_join(cx, binder, ast->pos, kinds[ast->join.type], left->node, right->node, condition, 0, node);
    }
    switch (ast->join.type) {
    case AST_JOIN_LEFT:
        TRY(filter_pairs(cx, binder, pairs, &right->node));
        return make_join(cx, binder, ast->pos, JOIN_LEFT, left->node, right->node, NULL, 0, node);
    case AST_JOIN_RIGHT:
        TRY(filter_pairs(cx, binder, pairs, &left->node));
        return make_join(cx, binder, ast->pos, JOIN_LEFT, right->node, left->node, NULL, 0, node);
    default:
        TRY(make_join(cx, binder, ast->pos, JOIN_INNER, left->node, right->node, NULL, 0, node));
        return filter_pairs(cx, binder, pairs, node);
    }
}

static Status bind_join_condition(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *left, FromItem *right,
                                  Merged *merged, FromItem *item, Expr **condition, PairJoins *pairs) {
    AstIdentList natural = {0};
    if (ast->join.is_natural) {
        TRY(natural_columns(cx, binder, ast, left, right, &natural));
        return bind_using(cx, binder, ast, &natural, left, right, merged, condition);
    }
    if (ast->join.using.count > 0) {
        return bind_using(cx, binder, ast, &ast->join.using, left, right, merged, condition);
    }
    if (ast->join.on == NULL) {
        return OK;
    }
    FromItem seen = {.scope = {.outer = &item->siblings, .ctes = item->scope.ctes, .is_condition = true}};
    TRY(scope_append(cx, binder, &seen.scope, &left->scope, ast->pos));
    TRY(scope_append(cx, binder, &seen.scope, &right->scope, ast->join.right->pos));
    return bind_on(cx, binder, ast, &seen, left, right, condition, pairs);
}

/* A join in parentheses with an alias is one relation; what it was made of is out of sight. */
static Status rename_join(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *item) {
    Scope inner = item->scope;
    FromItem renamed = {.node = item->node, .scope = {.outer = inner.outer, .ctes = inner.ctes}};
    LogicalNode view = {.column_count = inner.column_count};
    const char **names;
    TRY_NEW_ARRAY(cx, binder->arena, names, inner.column_count);
    TRY_NEW_ARRAY(cx, binder->arena, view.columns, inner.column_count);
    for (uint32_t i = 0; i < inner.column_count; i++) {
        names[i] = inner.columns[i].name;
        view.columns[i] = inner.columns[i].id;
    }
    renamed.node = &view;
    TRY(add_relation(cx, binder, ast, (Relation){.name = ast->alias}, names, &renamed));
    renamed.node = item->node;
    *item = renamed;
    return OK;
}

/* A WITH query must not read itself where a missing partner shows. */
static Status bind_join_side(const Context *cx, Binder *binder, const AstFrom *ast, bool is_nullable, const Scope *left,
                             FromItem *item) {
    const char *bar = binder->recursion_bar;
    binder->recursion_bar = bar == NULL && is_nullable ? "an outer join" : bar;
    Status status = bind_from(cx, binder, ast, left, item);
    binder->recursion_bar = bar;
    return status;
}

/* LATERAL on the right of a RIGHT or FULL JOIN cannot see the left side. */
static Status check_lateral_join(const Context *cx, Binder *binder, const AstFrom *ast, const FromItem *left,
                                 const FromItem *right) {
    ColumnSet columns;
    if (ast->join.type != AST_JOIN_RIGHT && ast->join.type != AST_JOIN_FULL) {
        return OK;
    }
    TRY(column_set_init(cx, binder->arena, binder->plan, &columns));
    column_set_add_all(&columns, left->node->columns, left->node->column_count);
    if (!tree_touches(right->node, &columns)) {
        return OK;
    }
    fail_at(cx, ast->join.right->pos, INVALID_COLUMN_REFERENCE, "invalid reference to the left side of a %s JOIN",
            ast->join.type == AST_JOIN_RIGHT ? "RIGHT" : "FULL");
    return fail_hint(cx, "the combining JOIN type must be INNER or LEFT for a LATERAL reference");
}

Status bind_from_join(const Context *cx, Binder *binder, const AstFrom *ast, FromItem *item) {
    FromItem left, right;
    Merged merged = {0};
    PairJoins pairs = {0};
    Expr *condition = NULL;
    bool keeps_left = ast->join.type == AST_JOIN_LEFT, keeps_right = ast->join.type == AST_JOIN_RIGHT;
    bool keeps_both = ast->join.type == AST_JOIN_FULL;
    TRY(bind_join_side(cx, binder, ast->join.left, keeps_right || keeps_both, &item->siblings, &left));
    Scope further_left = {.outer = item->siblings.outer, .ctes = item->siblings.ctes};
    TRY(scope_append(cx, binder, &further_left, &item->siblings, ast->pos));
    TRY(scope_append(cx, binder, &further_left, &left.scope, ast->pos));
    TRY(bind_join_side(cx, binder, ast->join.right, keeps_left || keeps_both, &further_left, &right));
    TRY(check_lateral_join(cx, binder, ast, &left, &right));
    FromItem left_side = left, right_side = right;
    TRY(bind_join_condition(cx, binder, ast, &left, &right, &merged, item, &condition, &pairs));
    if (keeps_both && pairs.condition != NULL) { /* bound again over the copies of a side that is read twice */
        TwiceRead twice;
        left = left_side;
        right = right_side;
        pairs = (PairJoins){0};
        TRY(read_twice(cx, binder, ast->pos, &left, &right, &twice));
        TRY(bind_join_condition(cx, binder, ast, &left, &right, &merged, item, &condition, &pairs));
        TRY(join_full_pairs(cx, binder, ast, &left, &right, &pairs, &twice, &item->node));
    } else {
        TRY(make_from_join(cx, binder, ast, &left, &right, condition, &pairs, &item->node));
    }
    TRY(combine_scopes(cx, binder, ast, &left, &right, &merged, item));
    return ast->alias == NULL ? OK : rename_join(cx, binder, ast, item);
}
