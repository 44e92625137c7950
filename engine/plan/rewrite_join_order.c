/* Rewrite: the relations of each block of inner joins take the cheapest order and strategies (join_search.h). Outer and semi
 * joins are relations of the block around them; their inputs are blocks of their own. */
#include "plan/estimate.h"
#include "plan/join_search.h"

typedef struct Orderer {
    const Context *cx;
    LogicalPlan *plan;
    ColumnSet used; /* outside the filters of scans: what rows are made of */
} Orderer;

/* --------------------------------------------------------------------------------------------------------------- used columns
 */

static Status note_used(Expr **place, void *set) {
    column_set_add_expr(set, *place);
    return OK;
}

/* Columns that cross the tree: those that expressions name, and those that are passed on by position. */
static void use_columns(ColumnSet *used, LogicalNode *node) {
    if (node->kind != LOGICAL_GET) {
        (void)logical_each_expr(node, note_used, used);
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        if (node->kind == LOGICAL_UNION) {
            column_set_add_all(used, node->set_union.inputs[i], node->column_count);
        }
        use_columns(used, node->children[i]);
    }
}

static Status find_used(Orderer *orderer) {
    LogicalPlan *plan = orderer->plan;
    TRY(column_set_init(orderer->cx, plan->arena, plan, &orderer->used));
    column_set_add_all(&orderer->used, plan->outputs, plan->output_count);
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        column_set_add_all(&orderer->used, plan->shared[i].node->columns, plan->shared[i].node->column_count);
        use_columns(&orderer->used, plan->shared[i].node);
    }
    use_columns(&orderer->used, plan->root);
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------------- building
 */

static Status build_tree(const JoinGraph *graph, const JoinTree *tree, LogicalNode **out) {
    if (tree->outer == NULL) {
        *out = graph->relations[__builtin_ctzll(tree->set)];
        return OK;
    }
    LogicalNode *outer, *inner;
    Expr *condition;
    TRY(build_tree(graph, tree->outer, &outer));
    TRY(build_tree(graph, tree->inner, &inner));
    TRY(graph_condition(graph, tree->outer->set, tree->inner->set, &condition));
    TRY(rewrite_new_join(graph->cx, graph->plan, JOIN_INNER, outer, inner, condition, out));
    (*out)->rows = graph_rows(graph, tree->set);
    (*out)->join.strategy = tree->strategy;
    return OK;
}

/* ---------------------------------------------------------------------------------------------------------------------- entry
 */

static Status order_joins(Orderer *orderer, LogicalNode **place);

static Status order_children(Orderer *orderer, LogicalNode *node) {
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(order_joins(orderer, &node->children[i]));
    }
    return OK;
}

/* More relations than a set holds: the order stays as written. */
static Status order_written(Orderer *orderer, LogicalNode *node) {
    while (node->kind == LOGICAL_JOIN && node->join.kind == JOIN_INNER) {
        TRY(order_joins(orderer, &node->children[1]));
        node = node->children[0];
    }
    return order_children(orderer, node);
}

/* Conditions on one relation alone that no scan took (it is a group, a shared subplan, …) are asked of it before it is joined.
 */
static Status filter_relations(const Context *cx, LogicalPlan *plan, JoinBlock *block) {
    for (uint32_t r = 0; r < block->count; r++) {
        LogicalNode *relation = block->relations[r];
        ColumnSet set;
        ExprList own = {0};
        uint32_t kept = 0;
        TRY(column_set_init(cx, plan->arena, plan, &set));
        column_set_add_all(&set, relation->columns, relation->column_count);
        for (uint32_t i = 0; i < block->conjuncts.count; i++) {
            Expr *conjunct = block->conjuncts.items[i];
            if (expr_has_columns(conjunct) && expr_is_within(conjunct, &set)) {
                TRY(expr_list_add(cx, plan->arena, &own, conjunct));
            } else {
                block->conjuncts.items[kept++] = conjunct;
            }
        }
        block->conjuncts.count = kept;
        TRY(rewrite_wrap_filter(cx, plan, &own, &block->relations[r]));
    }
    return OK;
}

#define CHOOSER_GAIN 8 /* row counts are estimates, and the joins may leave less than they say */

/* Rows with a partner are chosen among those of the one relation whose columns are asked for, where that has far fewer than all
 * joins leave, or fewer of which few are chosen: dates IN (…) before facts are joined to them. */
static Status sink_chooser(Orderer *orderer, LogicalNode **place, bool *has_sunk) {
    const Context *cx = orderer->cx;
    LogicalPlan *plan = orderer->plan;
    LogicalNode *chooser = *place, *left = chooser->children[0], **lowest = &chooser->children[0], **lower;
    ColumnSet columns, named;
    TRY(column_set_init(cx, plan->arena, plan, &columns));
    TRY(column_set_init(cx, plan->arena, plan, &named));
    column_set_add_expr(&named, chooser->join.condition);
    for (uint32_t i = 0; i < left->column_count; i++) {
        if (column_set_has(&named, left->columns[i])) {
            column_set_add(&columns, left->columns[i]);
        }
    }
    while ((lower = rewrite_lower_place(lowest, &columns)) != NULL) {
        lowest = lower;
    }
    TRY(estimate_node(cx, plan, left));
    TRY(estimate_node(cx, plan, chooser->children[1]));
    double chosen;
    TRY(estimate_join(cx, plan, chooser->join.kind, chooser->join.condition, *lowest, chooser->children[1], &chosen));
    double rows = (*lowest)->rows;
    bool is_worth = rows * CHOOSER_GAIN < left->rows || (rows < left->rows && chosen * CHOOSER_GAIN < rows);
    *has_sunk = is_worth && bits_count(columns.bits, columns.capacity) > 0 && *lowest != left;
    if (!*has_sunk) {
        return OK;
    }
    chooser->join.has_sunk = true; /* two of them could go below each other for ever */
    *place = left;
    return rewrite_sink_join(cx, plan, place, chooser, &columns);
}

static bool is_chooser(const LogicalNode *node) {
    return node->kind == LOGICAL_JOIN &&
           (node->join.kind == JOIN_SEMI || node->join.kind == JOIN_ANTI || node->join.kind == JOIN_ANTI_NULL) &&
           !node->join.has_sunk && node->join.condition != NULL && !expr_is_volatile(node->join.condition);
}

static Status order_chooser(Orderer *orderer, LogicalNode **place) {
    bool has_sunk;
    TRY(order_joins(orderer, &(*place)->children[0]));
    TRY(sink_chooser(orderer, place, &has_sunk));
    if (!has_sunk) {
        return order_joins(orderer, &(*place)->children[1]);
    }
    estimate_forget(*place);
    return order_joins(orderer, place);
}

static Status order_joins(Orderer *orderer, LogicalNode **place) {
    const Context *cx = orderer->cx;
    LogicalPlan *plan = orderer->plan;
    LogicalNode *node = *place;
    if (is_chooser(node)) {
        return order_chooser(orderer, place);
    }
    if (node->kind != LOGICAL_JOIN || node->join.kind != JOIN_INNER) {
        return order_children(orderer, node);
    }
    JoinBlock block = {0};
    TRY(join_block_collect(cx, plan, node, &block));
    if (block.count > RELATIONS_MAX) {
        return order_written(orderer, node);
    }
    TRY(filter_relations(cx, plan, &block));
    for (uint32_t r = 0; r < block.count; r++) {
        TRY(order_joins(orderer, &block.relations[r]));
        TRY(estimate_node(cx, plan, block.relations[r]));
    }
    JoinGraph graph;
    ExprList rest = {0};
    const JoinTree *tree;
    TRY(graph_build(cx, plan, &block, &orderer->used, &rest, &graph));
    TRY(join_search(&graph, &tree));
    TRY(build_tree(&graph, tree, place));
    return rewrite_wrap_filter(cx, plan, &rest, place);
}

Status rewrite_join_order(const Context *cx, LogicalPlan *plan) {
    Orderer orderer = {.cx = cx, .plan = plan};
    TRY(find_used(&orderer));
    estimate_forget(plan->root);
    for (uint32_t i = 0; i < plan->shared_count; i++) { /* unnesting may have asked for its readers' rows */
        estimate_forget(plan->shared[i].node);
    }
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(order_joins(&orderer, &plan->shared[i].node));
    }
    return order_joins(&orderer, &plan->root);
}
