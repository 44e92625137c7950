/* Rewrite: joins that change nothing go. A LEFT join to a table of which no column is used, by a declared key of it: each row
 * finds one partner or none, and stays one row either way. An inner join over a declared foreign key that is never NULL to the
 * key it refers to, of which no other column is used: each row finds exactly one partner. Declared keys are trusted; SET
 * verify_constraints has them checked when rows are written. EXPLAIN says what went.
 *
 * Whether a column is used is what pruning knows: it runs first, if there is anything to win, and again where a join went. */
#include "plan/estimate_column.h"
#include "plan/rewrite.h"

#include <string.h>

#define RELATIONS_MAX 64 /* of a block that is put in order again afterwards */

typedef struct Elimination {
    const Context *cx;
    LogicalPlan *plan;
    bool is_changed;
} Elimination;

static Status note(Elimination *e, const LogicalNode *get, const char *why) {
    const char *name = get->get.alias != NULL ? get->get.alias : get->get.table->schema->name;
    const char *before = e->plan->eliminated;
    e->plan->eliminated = before == NULL ? arena_format(e->cx, e->plan->arena, "%s (%s)", name, why)
                                         : arena_format(e->cx, e->plan->arena, "%s, %s (%s)", before, name, why);
    e->is_changed = true;
    return e->plan->eliminated == NULL ? OUT_OF_MEMORY : OK;
}

/* -------------------------------------------------------------------------------------------------------------------- keys */

/* The node's own column that shows the table's column; NO_COLUMN if it shows none. */
static ColumnId column_of(const LogicalNode *get, uint32_t table_column) {
    for (uint32_t i = 0; i < get->column_count; i++) {
        if (get->get.table_columns[i] == table_column) {
            return get->columns[i];
        }
    }
    return NO_COLUMN;
}

static bool is_made_by(const LogicalNode *node, ColumnId column) {
    for (uint32_t i = 0; i < node->column_count; i++) {
        if (node->columns[i] == column) {
            return true;
        }
    }
    return false;
}

static bool makes_any(const LogicalNode *node, const LogicalNode *child) {
    for (uint32_t i = 0; i < child->column_count; i++) {
        if (is_made_by(node, child->columns[i])) {
            return true;
        }
    }
    return false;
}

/* The conjunct that asks for `column` = something, plain columns on both sides; *other is the something. */
static const Expr *equality_of(const ExprList *conjuncts, ColumnId column, const Expr **other) {
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        const Expr *conjunct = conjuncts->items[i];
        for (uint32_t side = 0; side < 2 && conjunct->kind == EXPR_COMPARE && conjunct->compare == COMPARE_EQ; side++) {
            if (expr_is_column(conjunct->args[side]) && conjunct->args[side]->column == column) {
                *other = conjunct->args[1 - side];
                return conjunct;
            }
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------------- LEFT joins */

static Status columns_of(Elimination *e, const LogicalNode *node, ColumnSet *set) {
    TRY(column_set_init(e->cx, e->plan->arena, e->plan, set));
    column_set_add_all(set, node->columns, node->column_count);
    return OK;
}

/* Does each row of the other side meet at most one row of the table? All columns of a key are equal to what that side has. */
static bool meets_one(const LogicalNode *get, const ExprList *conjuncts, const ColumnSet *other_side) {
    const TableSchema *schema = get->get.table->schema;
    for (uint32_t k = 0; k < schema->key_count; k++) {
        bool is_whole = schema->keys[k].kind != KEY_FOREIGN;
        for (uint32_t i = 0; i < schema->keys[k].column_count && is_whole; i++) {
            ColumnId own = column_of(get, schema->keys[k].columns[i]);
            const Expr *other;
            is_whole = own != NO_COLUMN && equality_of(conjuncts, own, &other) != NULL && expr_is_within(other, other_side);
        }
        if (is_whole) {
            return true;
        }
    }
    return false;
}

static Status eliminate_left(Elimination *e, LogicalNode **place) {
    LogicalNode *join = *place;
    const LogicalNode *get = join->children[1];
    ExprList conjuncts = {0};
    ColumnSet left;
    if (get->kind != LOGICAL_GET || makes_any(join, get)) {
        return OK;
    }
    TRY(expr_list_add_conjuncts(e->cx, e->plan->arena, &conjuncts, join->join.condition));
    TRY(columns_of(e, join->children[0], &left));
    if (!meets_one(get, &conjuncts, &left)) {
        return OK;
    }
    *place = join->children[0];
    return note(e, get, "at most one row by a declared key");
}

/* ------------------------------------------------------------------------------------------------------------ inner joins */

/* The scan that the column comes from, if each row of the tree has the value of one of its rows, never a NULL put in its place.
 */
static const LogicalNode *preserved_scan(const LogicalNode *node, ColumnId column) {
    const LogicalNode *found;
    if (!is_made_by(node, column)) {
        return NULL;
    }
    switch (node->kind) {
    case LOGICAL_GET: return node;
    case LOGICAL_FILTER: return preserved_scan(node->children[0], column);
    case LOGICAL_JOIN:
        if (node->join.kind == JOIN_RIGHT || node->join.kind == JOIN_FULL) {
            return NULL;
        }
        found = preserved_scan(node->children[0], column);
        return found != NULL || node->join.kind != JOIN_INNER ? found : preserved_scan(node->children[1], column);
    default: return NULL;
    }
}

static bool is_never_null(const TableVersion *table, uint32_t column) {
    return table->schema->columns[column].not_null || (table->rows > 0 && table->statistics[column].range.nulls == 0);
}

/* Number of the column that position i of the foreign key refers to. */
static uint32_t target_column(const KeyConstraint *foreign, const TableSchema *target, uint32_t i) {
    if (foreign->target_columns != NULL) {
        return schema_find_column(target, foreign->target_columns[i]);
    }
    for (uint32_t k = 0; k < target->key_count; k++) {
        if (target->keys[k].kind == KEY_PRIMARY && target->keys[k].column_count == foreign->column_count) {
            return target->keys[k].columns[i];
        }
    }
    return UINT32_MAX;
}

/* A table that may go, and what takes the place of its key's columns. */
typedef struct Reference {
    const LogicalNode *target; /* a scan */
    const LogicalNode *source; /* the scan with the foreign key */
    uint32_t count;
    ColumnId *from; /* columns of the target … */
    Expr **to;      /* … and of the foreign key */
} Reference;

/* Is the key, of some scan in the block, compared column by column with the target? */
static bool refers(const LogicalPlan *plan, const JoinBlock *block, const KeyConstraint *foreign, const LogicalNode *scan,
                   Reference *reference) {
    const TableSchema *target = reference->target->get.table->schema;
    reference->count = 0;
    reference->source = scan;
    for (uint32_t i = 0; i < foreign->column_count; i++) {
        uint32_t column = target_column(foreign, target, i);
        ColumnId own = column == UINT32_MAX ? NO_COLUMN : column_of(reference->target, column),
                 key = column_of(scan, foreign->columns[i]);
        const Expr *other = NULL;
        bool is_asked = false;
        for (uint32_t c = 0; own != NO_COLUMN && key != NO_COLUMN && c < block->conjuncts.count && !is_asked; c++) {
            ExprList one = {.count = 1, .items = &block->conjuncts.items[c]};
            is_asked = equality_of(&one, own, &other) != NULL && expr_is_column(other) && other->column == key;
        }
        bool is_same_type = is_asked && type_equal(plan->columns[own].type, plan->columns[key].type);
        if (!is_same_type || !is_never_null(scan->get.table, foreign->columns[i])) {
            return false;
        }
        reference->from[reference->count] = own;
        reference->to[reference->count++] = (Expr *)(uintptr_t)other;
    }
    return reference->count > 0;
}

static bool is_target(const KeyConstraint *key, const TableSchema *target) {
    return key->kind == KEY_FOREIGN && strcmp(key->target_table, target->name) == 0 &&
           strcmp(key->target_schema, target->schema_name) == 0;
}

/* Looks for a foreign key that holds the target to some scan among the block's relations. */
static bool find_reference(const LogicalPlan *plan, const JoinBlock *block, const LogicalNode *node, Reference *reference) {
    if (node == reference->target) {
        return false;
    }
    if (node->kind == LOGICAL_GET) {
        const TableSchema *schema = node->get.table->schema;
        for (uint32_t k = 0; k < schema->key_count; k++) {
            if (is_target(&schema->keys[k], reference->target->get.table->schema) &&
                refers(plan, block, &schema->keys[k], node, reference)) {
                return true;
            }
        }
        return false;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        if (find_reference(plan, block, node->children[i], reference)) {
            return true;
        }
    }
    return false;
}

static bool has_filter(const LogicalNode *scan, const Expr *filter) {
    for (uint32_t i = 0; i < scan->get.filter_count; i++) {
        if (expr_equal(scan->get.filters[i], filter)) {
            return true;
        }
    }
    return false;
}

/* The key's columns take the target's place in what is asked; false if more of the target is asked for. What filters ask of the
 * key, they ask of the foreign key as well: push_filters saw to that. */
static Status replace_target(Elimination *e, const JoinBlock *block, const Reference *reference, ExprList *left, bool *can) {
    ColumnSet own;
    TRY(columns_of(e, reference->target, &own));
    *can = true;
    for (uint32_t i = 0; i < block->conjuncts.count && *can; i++) {
        Expr *conjunct = block->conjuncts.items[i];
        if (expr_touches(conjunct, &own)) {
            TRY(expr_substitute(e->cx, e->plan->arena, conjunct, reference->from, reference->to, reference->count, &conjunct));
            *can = !expr_touches(conjunct, &own);
            if (conjunct->kind == EXPR_COMPARE && conjunct->compare == COMPARE_EQ &&
                expr_equal(conjunct->args[0], conjunct->args[1])) {
                continue; /* the key with itself */
            }
        }
        TRY(expr_list_add(e->cx, e->plan->arena, left, conjunct));
    }
    for (uint32_t i = 0; i < reference->target->get.filter_count && *can; i++) {
        Expr *filter;
        TRY(expr_substitute(e->cx, e->plan->arena, reference->target->get.filters[i], reference->from, reference->to,
                            reference->count, &filter));
        *can = has_filter(reference->source, filter);
    }
    return OK;
}

/* The relations that are left, crossed; the last join asks for everything, and the join order makes proper joins of that. */
static Status rebuild(Elimination *e, const JoinBlock *block, LogicalNode **place) {
    *place = block->relations[0];
    if (block->count == 1) {
        return rewrite_wrap_filter(e->cx, e->plan, &block->conjuncts, place);
    }
    for (uint32_t i = 1; i < block->count; i++) {
        Expr *condition = NULL;
        if (i + 1 == block->count) {
            TRY(expr_list_conjunction(e->cx, e->plan->arena, &block->conjuncts, &condition));
        }
        TRY(rewrite_new_join(e->cx, e->plan, JOIN_INNER, *place, block->relations[i], condition, place));
    }
    return OK;
}

static bool may_go(const LogicalNode *join, const LogicalNode *relation) {
    return relation->kind == LOGICAL_GET && !makes_any(join, relation);
}

static Status eliminate_relation(Elimination *e, const LogicalNode *join, JoinBlock *block, uint32_t index, bool *is_gone) {
    Reference reference = {.target = block->relations[index]};
    ExprList left = {0};
    bool can = false;
    *is_gone = false;
    if (!may_go(join, block->relations[index])) {
        return OK;
    }
    TRY_NEW_ARRAY(e->cx, e->plan->arena, reference.from, reference.target->get.table->schema->column_count);
    TRY_NEW_ARRAY(e->cx, e->plan->arena, reference.to, reference.target->get.table->schema->column_count);
    for (uint32_t r = 0; r < block->count && !can; r++) {
        can = r != index && find_reference(e->plan, block, block->relations[r], &reference) &&
              preserved_scan(block->relations[r], reference.to[0]->column) != NULL;
    }
    if (can) {
        TRY(replace_target(e, block, &reference, &left, &can));
    }
    if (can) {
        block->conjuncts = left;
        block->relations[index] = block->relations[--block->count];
        *is_gone = true;
        return note(e, reference.target, "each row has one by a declared foreign key");
    }
    return OK;
}

static Status eliminate_inner(Elimination *e, LogicalNode **place) {
    LogicalNode *join = *place;
    JoinBlock block = {0};
    bool is_changed = false;
    TRY(join_block_collect(e->cx, e->plan, join, &block));
    for (uint32_t i = 0; i < block.count && block.count > 1 && block.count <= RELATIONS_MAX;) {
        bool is_gone;
        TRY(eliminate_relation(e, join, &block, i, &is_gone));
        is_changed = is_changed || is_gone;
        i = is_gone ? 0 : i + 1; /* what it refers to may go now */
    }
    return is_changed ? rebuild(e, &block, place) : OK;
}

/* ------------------------------------------------------------------------------------------------------------------- entry */

/* `is_inside`: of a block of inner joins that was looked at as a whole. */
static Status eliminate(Elimination *e, LogicalNode **place, bool is_inside) {
    bool is_inner = (*place)->kind == LOGICAL_JOIN && (*place)->join.kind == JOIN_INNER;
    if (is_inner && !is_inside) {
        bool was_changed = e->is_changed;
        e->is_changed = false;
        TRY(eliminate_inner(e, place));
        bool is_rebuilt = e->is_changed;
        e->is_changed = was_changed || is_rebuilt;
        if (is_rebuilt) {
            return OK; /* its inputs are looked at in the next round */
        }
    }
    if ((*place)->kind == LOGICAL_JOIN && (*place)->join.kind == JOIN_LEFT) {
        TRY(eliminate_left(e, place));
    }
    LogicalNode *node = *place;
    is_inside = is_inner || (is_inside && node->kind == LOGICAL_FILTER);
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(eliminate(e, &node->children[i], is_inside));
    }
    return OK;
}

/* Could any join go? Only a table with a key, or one that a key refers to, can. */
static bool has_candidate(const LogicalNode *node, bool is_joined) {
    if (node->kind == LOGICAL_GET && is_joined && node->get.table->schema->key_count > 0) {
        return true;
    }
    is_joined = is_joined || (node->kind == LOGICAL_JOIN && (node->join.kind == JOIN_INNER || node->join.kind == JOIN_LEFT));
    for (uint32_t i = 0; i < node->child_count; i++) {
        if (has_candidate(node->children[i], is_joined)) {
            return true;
        }
    }
    return false;
}

Status rewrite_join_elimination(const Context *cx, LogicalPlan *plan) {
    Elimination e = {.cx = cx, .plan = plan};
    bool is_possible = has_candidate(plan->root, false);
    for (uint32_t i = 0; i < plan->shared_count && !is_possible; i++) {
        is_possible = has_candidate(plan->shared[i].node, false);
    }
    do {
        e.is_changed = false;
        if (!is_possible) {
            return OK;
        }
        TRY(rewrite_prune_columns(cx, plan));
        for (uint32_t i = 0; i < plan->shared_count; i++) {
            TRY(eliminate(&e, &plan->shared[i].node, false));
        }
        TRY(eliminate(&e, &plan->root, false));
    } while (e.is_changed);
    return OK;
}
