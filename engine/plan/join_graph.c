/* The graph of a block of inner joins (join_graph.h). */
#include "plan/join_graph.h"

#include "plan/cost.h"
#include "plan/estimate.h"

#include <stdlib.h>

/* ------------------------------------------------------------------------------------------------------------------ relations
 */

static const char *relation_name(const LogicalNode *node) {
    while (node->kind != LOGICAL_GET && node->child_count > 0) {
        node = node->children[0];
    }
    if (node->kind != LOGICAL_GET) {
        return "";
    }
    return node->get.alias != NULL ? node->get.alias : node->get.table->schema->name;
}

static int compare_relations(const void *a_, const void *b_) {
    const LogicalNode *a = *(LogicalNode *const *)a_, *b = *(LogicalNode *const *)b_;
    int order = strcmp(relation_name(a), relation_name(b));
    if (order != 0 || a->kind != b->kind) {
        return order != 0 ? order : (int)a->kind - (int)b->kind;
    }
    if (a->rows != b->rows) {
        return a->rows < b->rows ? -1 : 1;
    }
    ColumnId first = a->column_count > 0 ? a->columns[0] : 0, second = b->column_count > 0 ? b->columns[0] : 0;
    return first < second ? -1 : first > second;
}

static uint32_t relation_of(const JoinGraph *graph, ColumnId id) {
    for (uint32_t r = 0; r < graph->count; r++) {
        for (uint32_t i = 0; i < graph->relations[r]->column_count; i++) {
            if (graph->relations[r]->columns[i] == id) {
                return r;
            }
        }
    }
    return UINT32_MAX;
}

typedef struct SetVisit {
    const JoinGraph *graph;
    RelationSet set;
} SetVisit;

static bool visit_relations(const Expr *node, void *argument) {
    SetVisit *visit = argument;
    if (node->kind == EXPR_COLUMN) {
        uint32_t relation = relation_of(visit->graph, node->column);
        visit->set |= relation == UINT32_MAX ? 0 : (RelationSet)1 << relation;
    }
    return true;
}

static RelationSet relations_of(const JoinGraph *graph, const Expr *expr) {
    SetVisit visit = {graph, 0};
    (void)expr_walk(expr, visit_relations, &visit);
    return visit.set;
}

static double base_rows(const LogicalNode *node) {
    return node->kind == LOGICAL_GET ? (double)table_planned_rows(node->get.table) : node->rows;
}

static double width_of(const JoinGraph *graph, const LogicalNode *node, const ColumnSet *used) {
    double width = 0;
    for (uint32_t i = 0; i < node->column_count; i++) {
        bool is_used = column_set_has(used, node->columns[i]);
        width += is_used ? column_width(&graph->plan->columns[node->columns[i]]) : 0;
    }
    return width;
}

/* --------------------------------------------------------------------------------------------------------- classes and edges
 */

uint32_t graph_class_of(const JoinGraph *graph, ColumnId id) {
    for (uint32_t c = 0; c < graph->class_count; c++) {
        for (uint32_t m = 0; m < graph->classes[c].count; m++) {
            if (graph->classes[c].members[m].column->column == id) {
                return c;
            }
        }
    }
    return UINT32_MAX;
}

/* False if the relation has a member already: the equality then stays an edge. */
static bool class_add(JoinGraph *graph, EqualClass *class_, Expr *column) {
    uint32_t relation = relation_of(graph, column->column);
    if (class_->relations >> relation & 1) {
        return false;
    }
    double rows = graph->base_rows[relation];
    class_->relations |= (RelationSet)1 << relation;
    class_->members[class_->count++] = (Member){relation, column, estimate_distinct(graph->plan, column, rows)};
    return true;
}

static bool classes_merge(JoinGraph *graph, uint32_t a, uint32_t b) {
    EqualClass *to = &graph->classes[a], *from = &graph->classes[b];
    if (a == b || (to->relations & from->relations) != 0) {
        return a == b;
    }
    memcpy(&to->members[to->count], from->members, from->count * sizeof *from->members);
    to->count += from->count;
    to->relations |= from->relations;
    *from = graph->classes[--graph->class_count];
    return true;
}

/* Takes column = column into a class. False if it must stay an edge. */
static Status class_take(JoinGraph *graph, const Expr *equality, bool *taken) {
    Expr *left = equality->args[0], *right = equality->args[1];
    *taken = false;
    if (equality->compare != COMPARE_EQ || !expr_is_column(left) || !expr_is_column(right) ||
        relation_of(graph, left->column) == relation_of(graph, right->column)) {
        return OK;
    }
    uint32_t a = graph_class_of(graph, left->column), b = graph_class_of(graph, right->column);
    if (a != UINT32_MAX && b != UINT32_MAX) {
        *taken = classes_merge(graph, a, b);
        return OK;
    }
    if (a == UINT32_MAX && b == UINT32_MAX) {
        EqualClass *class_ = &graph->classes[graph->class_count++];
        *class_ = (EqualClass){0};
        TRY_NEW_ARRAY(graph->cx, graph->plan->arena, class_->members, graph->count);
        (void)class_add(graph, class_, left);
        *taken = class_add(graph, class_, right);
        return OK;
    }
    *taken = class_add(graph, &graph->classes[a != UINT32_MAX ? a : b], a != UINT32_MAX ? right : left);
    return OK;
}

static int compare_members(const void *a_, const void *b_) {
    const Member *a = a_, *b = b_;
    if (a->distinct != b->distinct) {
        return a->distinct > b->distinct ? -1 : 1;
    }
    return a->relation < b->relation ? -1 : a->relation > b->relation;
}

static void connect(JoinGraph *graph, RelationSet set) {
    for (uint32_t r = 0; r < graph->count; r++) {
        if (set >> r & 1) {
            graph->neighbours[r] |= set & ~((RelationSet)1 << r);
        }
    }
}

static Status measure_class(JoinGraph *graph, EqualClass *class_) {
    uint32_t n = class_->count;
    TRY_NEW_ARRAY(graph->cx, graph->plan->arena, class_->shares, (size_t)n * n);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = i + 1; j < n; j++) {
            const Member *a = &class_->members[i], *b = &class_->members[j];
            double share;
            TRY(estimate_equal_share(graph->cx, graph->plan, a->column, b->column, graph->relations[a->relation],
                                     graph->relations[b->relation], &share));
            class_->shares[i * n + j] = class_->shares[j * n + i] = share;
        }
    }
    return OK;
}

/* Sorts the conditions into classes and edges; what touches fewer than two relations goes to `rest`. */
static Status analyse_conditions(JoinGraph *graph, const ExprList *conjuncts, ExprList *rest) {
    Arena *arena = graph->plan->arena;
    TRY_NEW_ARRAY(graph->cx, arena, graph->classes, conjuncts->count + 1);
    TRY_NEW_ARRAY(graph->cx, arena, graph->edges, conjuncts->count + 1);
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        Expr *conjunct = conjuncts->items[i];
        RelationSet set = relations_of(graph, conjunct);
        if ((set & (set - 1)) == 0 || expr_is_volatile(conjunct)) {
            TRY(expr_list_add(graph->cx, arena, rest, conjunct));
            continue;
        }
        Edge *edge = &graph->edges[graph->edge_count++];
        *edge = (Edge){.relations = set, .condition = conjunct, .share = 1};
        if (conjunct->kind == EXPR_COMPARE) {
            edge->left = relations_of(graph, conjunct->args[0]);
            edge->right = relations_of(graph, conjunct->args[1]);
            TRY(class_take(graph, conjunct, &edge->is_class));
        }
        if (!edge->is_class) {
            TRY(estimate_condition(graph->cx, graph->plan, conjunct, &edge->share));
            graph->has_other_edges = true;
            connect(graph, set);
        }
    }
    for (uint32_t c = 0; c < graph->class_count; c++) {
        EqualClass *class_ = &graph->classes[c];
        qsort(class_->members, class_->count, sizeof *class_->members, compare_members);
        TRY(measure_class(graph, class_));
        connect(graph, class_->relations);
        for (uint32_t r = 0; r < graph->count && c < CLASSES_MAX; r++) {
            graph->relation_classes[r] |= class_->relations >> r & 1 ? (ClassSet)1 << c : 0;
        }
    }
    return OK;
}

/* The member of a class that is the relation's, or UINT32_MAX. */
static uint32_t member_of(const EqualClass *class_, uint32_t relation) {
    for (uint32_t m = 0; m < class_->count; m++) {
        if (class_->members[m].relation == relation) {
            return m;
        }
    }
    return UINT32_MAX;
}

/* Two relations joined by several columns: these together meet more often than each of them alone would let expect. */
static Status excess_of_pair(const JoinGraph *graph, uint32_t i, uint32_t j, double *excess) {
    Expr **left, **right;
    double counted = 1, real;
    uint32_t shared = 0;
    TRY_NEW_ARRAY(graph->cx, graph->plan->arena, left, graph->class_count + 1);
    TRY_NEW_ARRAY(graph->cx, graph->plan->arena, right, graph->class_count + 1);
    for (uint32_t c = 0; c < graph->class_count; c++) {
        const EqualClass *class_ = &graph->classes[c];
        uint32_t a = member_of(class_, i), b = member_of(class_, j);
        if (a != UINT32_MAX && b != UINT32_MAX) {
            left[shared] = class_->members[a].column;
            right[shared++] = class_->members[b].column;
            counted *= class_->shares[a * class_->count + b];
        }
    }
    *excess = 1;
    if (shared > 1 && counted > 0) {
        TRY(estimate_keys_share(graph->cx, graph->plan, left, right, shared, graph->relations[i], graph->relations[j], &real));
        *excess = real / counted;
    }
    return OK;
}

static Status measure_pairs(JoinGraph *graph) {
    uint32_t n = graph->count;
    TRY_NEW_ARRAY(graph->cx, graph->plan->arena, graph->pair_excess, (size_t)n * n);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = i + 1; j < n; j++) {
            TRY(excess_of_pair(graph, i, j, &graph->pair_excess[i * n + j]));
        }
    }
    return OK;
}

/* ------------------------------------------------------------------------------------------------------------- about sets
 */

/* Rows of the join of a set, the same however it is joined. */
double graph_rows(const JoinGraph *graph, RelationSet set) {
    double rows = 1;
    uint32_t n = graph->count;
    for (uint32_t i = 0; i < n; i++) {
        if (!(set >> i & 1)) {
            continue;
        }
        rows *= graph->relations[i]->rows;
        for (uint32_t j = i + 1; j < n; j++) {
            rows *= set >> j & 1 ? graph->pair_excess[i * n + j] : 1;
        }
    }
    for (uint32_t c = 0; c < graph->class_count; c++) {
        const EqualClass *class_ = &graph->classes[c];
        uint32_t last = UINT32_MAX;
        for (uint32_t m = 0; m < class_->count; m++) {
            if (set >> class_->members[m].relation & 1) {
                rows *= last == UINT32_MAX ? 1 : class_->shares[last * class_->count + m];
                last = m;
            }
        }
    }
    for (uint32_t e = 0; e < graph->edge_count; e++) {
        bool applies = !graph->edges[e].is_class && (graph->edges[e].relations & ~set) == 0;
        rows *= applies ? graph->edges[e].share : 1;
    }
    return rows < 1 ? 1 : rows;
}

static bool ties(const Edge *edge, RelationSet left, RelationSet right) {
    bool is_straight = (edge->left & ~left) == 0 && (edge->right & ~right) == 0;
    bool is_turned = (edge->left & ~right) == 0 && (edge->right & ~left) == 0;
    return edge->left != 0 && edge->right != 0 && (is_straight || is_turned);
}

bool graph_has_other_key(const JoinGraph *graph, RelationSet left, RelationSet right) {
    for (uint32_t e = 0; graph->has_other_edges && e < graph->edge_count; e++) {
        const Edge *edge = &graph->edges[e];
        if (!edge->is_class && edge->condition->kind == EXPR_COMPARE && edge->condition->compare == COMPARE_EQ &&
            ties(edge, left, right)) {
            return true;
        }
    }
    for (uint32_t c = CLASSES_MAX; c < graph->class_count; c++) {
        if ((graph->classes[c].relations & left) != 0 && (graph->classes[c].relations & right) != 0) {
            return true;
        }
    }
    return false;
}

JoinMatch graph_match(const JoinGraph *graph, RelationSet left, RelationSet right) {
    if (graph_has_other_key(graph, left, right)) {
        return MATCH_KEYS;
    }
    for (uint32_t e = 0; graph->has_other_edges && e < graph->edge_count; e++) {
        const Edge *edge = &graph->edges[e];
        if (!edge->is_class && edge->condition->kind == EXPR_COMPARE && edge->condition->compare != COMPARE_NE &&
            ties(edge, left, right)) {
            return MATCH_RANGE;
        }
    }
    return MATCH_PAIRS;
}

/* ----------------------------------------------------------------------------------------------------------------- conditions
 */

/* One equality for each class with members on both sides: as written if it was, else of the first members. */
static Status class_condition(const JoinGraph *graph, uint32_t c, RelationSet left, RelationSet right, ExprList *conditions) {
    const EqualClass *class_ = &graph->classes[c];
    Expr *from_left = NULL, *from_right = NULL;
    if ((class_->relations & left) == 0 || (class_->relations & right) == 0) {
        return OK;
    }
    for (uint32_t e = 0; e < graph->edge_count; e++) {
        const Edge *edge = &graph->edges[e];
        if (edge->is_class && (edge->relations & left) != 0 && (edge->relations & right) != 0 &&
            (edge->relations & ~(left | right)) == 0 && graph_class_of(graph, edge->condition->args[0]->column) == c) {
            return expr_list_add(graph->cx, graph->plan->arena, conditions, edge->condition);
        }
    }
    for (uint32_t m = class_->count; m-- > 0;) {
        RelationSet one = (RelationSet)1 << class_->members[m].relation;
        from_left = left & one ? class_->members[m].column : from_left;
        from_right = right & one ? class_->members[m].column : from_right;
    }
    Expr *equality = expr_compare(graph->cx, graph->plan->arena, COMPARE_EQ, from_left, from_right);
    return equality == NULL ? OUT_OF_MEMORY : expr_list_add(graph->cx, graph->plan->arena, conditions, equality);
}

Status graph_condition(const JoinGraph *graph, RelationSet left, RelationSet right, Expr **condition) {
    ExprList conditions = {0};
    for (uint32_t c = 0; c < graph->class_count; c++) {
        TRY(class_condition(graph, c, left, right, &conditions));
    }
    for (uint32_t e = 0; e < graph->edge_count; e++) {
        const Edge *edge = &graph->edges[e];
        bool is_within_one = (edge->relations & ~left) == 0 || (edge->relations & ~right) == 0;
        if (!edge->is_class && !is_within_one && (edge->relations & ~(left | right)) == 0) {
            TRY(expr_list_add(graph->cx, graph->plan->arena, &conditions, edge->condition));
        }
    }
    return expr_list_conjunction(graph->cx, graph->plan->arena, &conditions, condition);
}

/* ---------------------------------------------------------------------------------------------------------------------- entry
 */

static Status measure_relations(JoinGraph *graph, const ColumnSet *used) {
    Arena *arena = graph->plan->arena;
    TRY_NEW_ARRAY(graph->cx, arena, graph->base_rows, graph->count);
    TRY_NEW_ARRAY(graph->cx, arena, graph->widths, graph->count);
    TRY_NEW_ARRAY(graph->cx, arena, graph->places, graph->count);
    TRY_NEW_ARRAY(graph->cx, arena, graph->neighbours, graph->count);
    TRY_NEW_ARRAY(graph->cx, arena, graph->relation_classes, graph->count);
    for (uint32_t r = 0; r < graph->count; r++) {
        const LogicalNode *relation = graph->relations[r];
        graph->base_rows[r] = base_rows(relation);
        graph->widths[r] = width_of(graph, relation, used);
        graph->places[r] = place_of_tree(graph->plan, relation);
    }
    return OK;
}

Status graph_build(const Context *cx, LogicalPlan *plan, const JoinBlock *block, const ColumnSet *used, ExprList *rest,
                   JoinGraph *graph) {
    *graph = (JoinGraph){.cx = cx, .plan = plan, .count = block->count, .relations = block->relations};
    qsort(graph->relations, graph->count, sizeof *graph->relations, compare_relations);
    TRY(measure_relations(graph, used));
    TRY(analyse_conditions(graph, &block->conjuncts, rest));
    TRY_NEW_ARRAY(cx, plan->arena, graph->sorted_classes, graph->count);
    for (uint32_t r = 0; r < graph->count; r++) {
        graph->sorted_classes[r] = graph_class_of(graph, sorted_where_placed(plan, graph->relations[r]));
    }
    return measure_pairs(graph);
}
