/* Rewrite: the relations of each block of inner joins take the cheapest order, bushy trees included. Up to RELATIONS_EXACT
 * relations, dynamic programming over connected subsets finds it; beyond, the pair with the smallest result is joined again and
 * again. Outer and semi joins are relations of the block around them; their inputs are blocks of their own.
 *
 * Columns that are compared for equality form classes: any two members join, whichever pair was written, and a class of n
 * columns in a subset counts n - 1 times (without its smallest distinct count). The order of FROM plays no part: relations
 * are first put into an order of their own. */
#include "plan/estimate.h"
#include "plan/rewrite.h"

#include <stdlib.h>

#define RELATIONS_EXACT 12
#define RELATIONS_MAX 64
#define COST_BUILD 2.0 /* a row built costs this many rows probed into a small table */

typedef uint64_t RelationSet;

typedef struct Member {
    uint32_t relation;
    Expr *column;
    double distinct;
} Member;

/* Columns that are all equal, at most one per relation. */
typedef struct EqualClass {
    RelationSet relations;
    uint32_t count;
    Member *members; /* by falling distinct count */
    double *shares;  /* [i × count + j]: of all pairs of rows of members i and j, those that are equal */
} EqualClass;

/* Any other condition over two or more relations. */
typedef struct Edge {
    RelationSet relations;
    Expr *condition;
    double share;
    bool is_class; /* an equality that a class stands for */
} Edge;

typedef struct SubPlan { /* the cheapest way found to join a set of relations */
    RelationSet set;
    RelationSet left; /* 0: a single relation, or none found */
    double rows, cost;
    bool is_found;
} SubPlan;

typedef struct Orderer {
    const Context *cx;
    LogicalPlan *plan;
    uint32_t count;
    LogicalNode **relations;
    double *base_rows; /* of the table without filters, or the relation's rows */
    RelationSet *neighbours;
    uint32_t class_count;
    EqualClass *classes;
    uint32_t edge_count;
    Edge *edges;
    double *pair_excess; /* [i × count + j]: how far two relations' shared classes overstate */
    SubPlan *best;       /* by set; exact ordering only */
} Orderer;

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

static uint32_t relation_of(const Orderer *orderer, ColumnId id) {
    for (uint32_t r = 0; r < orderer->count; r++) {
        for (uint32_t i = 0; i < orderer->relations[r]->column_count; i++) {
            if (orderer->relations[r]->columns[i] == id) {
                return r;
            }
        }
    }
    return UINT32_MAX;
}

typedef struct SetVisit {
    const Orderer *orderer;
    RelationSet set;
} SetVisit;

static bool visit_relations(const Expr *node, void *argument) {
    SetVisit *visit = argument;
    if (node->kind == EXPR_COLUMN) {
        uint32_t relation = relation_of(visit->orderer, node->column);
        visit->set |= relation == UINT32_MAX ? 0 : (RelationSet)1 << relation;
    }
    return true;
}

static RelationSet relations_of(const Orderer *orderer, const Expr *expr) {
    SetVisit visit = {orderer, 0};
    (void)expr_walk(expr, visit_relations, &visit);
    return visit.set;
}

static double base_rows(const LogicalNode *node) {
    return node->kind == LOGICAL_GET ? (double)table_planned_rows(node->get.table) : node->rows;
}

/* --------------------------------------------------------------------------------------------------------- classes and edges
 */

static uint32_t class_of(const Orderer *orderer, ColumnId id) {
    for (uint32_t c = 0; c < orderer->class_count; c++) {
        for (uint32_t m = 0; m < orderer->classes[c].count; m++) {
            if (orderer->classes[c].members[m].column->column == id) {
                return c;
            }
        }
    }
    return UINT32_MAX;
}

/* False if the relation has a member already: the equality then stays an edge. */
static bool class_add(Orderer *orderer, EqualClass *class_, Expr *column) {
    uint32_t relation = relation_of(orderer, column->column);
    if (class_->relations >> relation & 1) {
        return false;
    }
    double rows = orderer->base_rows[relation];
    class_->relations |= (RelationSet)1 << relation;
    class_->members[class_->count++] = (Member){relation, column, estimate_distinct(orderer->plan, column, rows)};
    return true;
}

static bool classes_merge(Orderer *orderer, uint32_t a, uint32_t b) {
    EqualClass *to = &orderer->classes[a], *from = &orderer->classes[b];
    if (a == b || (to->relations & from->relations) != 0) {
        return a == b;
    }
    memcpy(&to->members[to->count], from->members, from->count * sizeof *from->members);
    to->count += from->count;
    to->relations |= from->relations;
    *from = orderer->classes[--orderer->class_count];
    return true;
}

/* Takes column = column into a class. False if it must stay an edge. */
static Status class_take(Orderer *orderer, const Expr *equality, bool *taken) {
    Expr *left = equality->args[0], *right = equality->args[1];
    *taken = false;
    if (equality->compare != COMPARE_EQ || !expr_is_column(left) || !expr_is_column(right) ||
        relation_of(orderer, left->column) == relation_of(orderer, right->column)) {
        return OK;
    }
    uint32_t a = class_of(orderer, left->column), b = class_of(orderer, right->column);
    if (a != UINT32_MAX && b != UINT32_MAX) {
        *taken = classes_merge(orderer, a, b);
        return OK;
    }
    if (a == UINT32_MAX && b == UINT32_MAX) {
        EqualClass *class_ = &orderer->classes[orderer->class_count++];
        *class_ = (EqualClass){0};
        TRY_NEW_ARRAY(orderer->cx, orderer->plan->arena, class_->members, orderer->count);
        (void)class_add(orderer, class_, left);
        *taken = class_add(orderer, class_, right);
        return OK;
    }
    *taken = class_add(orderer, &orderer->classes[a != UINT32_MAX ? a : b], a != UINT32_MAX ? right : left);
    return OK;
}

static int compare_members(const void *a_, const void *b_) {
    const Member *a = a_, *b = b_;
    if (a->distinct != b->distinct) {
        return a->distinct > b->distinct ? -1 : 1;
    }
    return a->relation < b->relation ? -1 : a->relation > b->relation;
}

static void connect(Orderer *orderer, RelationSet set) {
    for (uint32_t r = 0; r < orderer->count; r++) {
        if (set >> r & 1) {
            orderer->neighbours[r] |= set & ~((RelationSet)1 << r);
        }
    }
}

static Status measure_class(Orderer *orderer, EqualClass *class_) {
    uint32_t n = class_->count;
    TRY_NEW_ARRAY(orderer->cx, orderer->plan->arena, class_->shares, (size_t)n * n);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = i + 1; j < n; j++) {
            const Member *a = &class_->members[i], *b = &class_->members[j];
            double share = estimate_equal_share(orderer->plan, a->column, b->column, orderer->base_rows[a->relation],
                                                orderer->base_rows[b->relation]);
            class_->shares[i * n + j] = class_->shares[j * n + i] = share;
        }
    }
    return OK;
}

/* Sorts the conditions into classes and edges; what touches fewer than two relations goes to `rest`. */
static Status analyse_conditions(Orderer *orderer, const ExprList *conjuncts, ExprList *rest) {
    Arena *arena = orderer->plan->arena;
    TRY_NEW_ARRAY(orderer->cx, arena, orderer->classes, conjuncts->count + 1);
    TRY_NEW_ARRAY(orderer->cx, arena, orderer->edges, conjuncts->count + 1);
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        Expr *conjunct = conjuncts->items[i];
        RelationSet set = relations_of(orderer, conjunct);
        if ((set & (set - 1)) == 0 || expr_is_volatile(conjunct)) {
            TRY(expr_list_add(orderer->cx, arena, rest, conjunct));
            continue;
        }
        Edge *edge = &orderer->edges[orderer->edge_count++];
        *edge = (Edge){.relations = set, .condition = conjunct, .share = 1};
        if (conjunct->kind == EXPR_COMPARE) {
            TRY(class_take(orderer, conjunct, &edge->is_class));
        }
        if (!edge->is_class) {
            TRY(estimate_condition(orderer->cx, orderer->plan, conjunct, &edge->share));
            connect(orderer, set);
        }
    }
    for (uint32_t c = 0; c < orderer->class_count; c++) {
        EqualClass *class_ = &orderer->classes[c];
        qsort(class_->members, class_->count, sizeof *class_->members, compare_members);
        TRY(measure_class(orderer, class_));
        connect(orderer, class_->relations);
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
static Status excess_of_pair(const Orderer *orderer, uint32_t i, uint32_t j, double *excess) {
    Expr **left, **right;
    double counted = 1, real;
    uint32_t shared = 0;
    TRY_NEW_ARRAY(orderer->cx, orderer->plan->arena, left, orderer->class_count + 1);
    TRY_NEW_ARRAY(orderer->cx, orderer->plan->arena, right, orderer->class_count + 1);
    for (uint32_t c = 0; c < orderer->class_count; c++) {
        const EqualClass *class_ = &orderer->classes[c];
        uint32_t a = member_of(class_, i), b = member_of(class_, j);
        if (a != UINT32_MAX && b != UINT32_MAX) {
            left[shared] = class_->members[a].column;
            right[shared++] = class_->members[b].column;
            counted *= class_->shares[a * class_->count + b];
        }
    }
    *excess = 1;
    if (shared > 1 && counted > 0) {
        TRY(estimate_keys_share(orderer->cx, orderer->plan, left, right, shared, orderer->base_rows[i], orderer->base_rows[j],
                                &real));
        *excess = real / counted;
    }
    return OK;
}

static Status measure_pairs(Orderer *orderer) {
    uint32_t n = orderer->count;
    TRY_NEW_ARRAY(orderer->cx, orderer->plan->arena, orderer->pair_excess, (size_t)n * n);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = i + 1; j < n; j++) {
            TRY(excess_of_pair(orderer, i, j, &orderer->pair_excess[i * n + j]));
        }
    }
    return OK;
}

/* ----------------------------------------------------------------------------------------------------------------- rows, cost
 */

/* Rows of the join of a set, the same however it is joined. */
static double set_rows(const Orderer *orderer, RelationSet set) {
    double rows = 1;
    uint32_t n = orderer->count;
    for (uint32_t i = 0; i < n; i++) {
        if (!(set >> i & 1)) {
            continue;
        }
        rows *= orderer->relations[i]->rows;
        for (uint32_t j = i + 1; j < n; j++) {
            rows *= set >> j & 1 ? orderer->pair_excess[i * n + j] : 1;
        }
    }
    for (uint32_t c = 0; c < orderer->class_count; c++) {
        const EqualClass *class_ = &orderer->classes[c];
        uint32_t last = UINT32_MAX;
        for (uint32_t m = 0; m < class_->count; m++) {
            if (set >> class_->members[m].relation & 1) {
                rows *= last == UINT32_MAX ? 1 : class_->shares[last * class_->count + m];
                last = m;
            }
        }
    }
    for (uint32_t e = 0; e < orderer->edge_count; e++) {
        bool applies = !orderer->edges[e].is_class && (orderer->edges[e].relations & ~set) == 0;
        rows *= applies ? orderer->edges[e].share : 1;
    }
    return rows < 1 ? 1 : rows;
}

/* What one lookup costs in a table of so many rows, against one that stays in the first cache. */
static double probe_cost(double build_rows) {
    return build_rows <= 4096 ? 1 : build_rows <= 65536 ? 1.5 : build_rows <= 524288 ? 2.5 : 5;
}

static double join_cost(double left, double right, double rows) {
    double build = left < right ? left : right, probe = left < right ? right : left;
    return build * COST_BUILD + probe * probe_cost(build) + rows;
}

/* ---------------------------------------------------------------------------------------------------------------------- exact
 */

static bool are_connected(const Orderer *orderer, RelationSet a, RelationSet b) {
    for (uint32_t r = 0; r < orderer->count; r++) {
        if ((a >> r & 1) && (orderer->neighbours[r] & b) != 0) {
            return true;
        }
    }
    return false;
}

/* The best split of a set into two connected parts that have plans; the part with the lowest relation stands left. */
static void order_set(Orderer *orderer, RelationSet set) {
    SubPlan *plan = &orderer->best[set];
    RelationSet lowest = set & -set;
    for (RelationSet part = (set - 1) & set; part != 0; part = (part - 1) & set) {
        const SubPlan *a = &orderer->best[part], *b = &orderer->best[set ^ part];
        if (!(part & lowest) || !a->is_found || !b->is_found || !are_connected(orderer, part, set ^ part)) {
            continue;
        }
        if (!plan->is_found) {
            plan->rows = set_rows(orderer, set);
        }
        double cost = a->cost + b->cost + join_cost(a->rows, b->rows, plan->rows);
        if (!plan->is_found || cost < plan->cost) {
            plan->cost = cost;
            plan->left = part;
            plan->is_found = true;
        }
    }
}

static Status build_join(Orderer *orderer, LogicalNode *left, RelationSet left_set, LogicalNode *right, RelationSet right_set,
                         LogicalNode **out);

static Status build_exact(Orderer *orderer, RelationSet set, LogicalNode **out) {
    const SubPlan *plan = &orderer->best[set];
    if (plan->left == 0) {
        *out = orderer->relations[__builtin_ctzll(set)];
        return OK;
    }
    LogicalNode *left, *right;
    TRY(build_exact(orderer, plan->left, &left));
    TRY(build_exact(orderer, set ^ plan->left, &right));
    return build_join(orderer, left, plan->left, right, set ^ plan->left, out);
}

/* Finds plans for all connected subsets. */
static Status order_exactly(Orderer *orderer) {
    RelationSet all = ((RelationSet)1 << orderer->count) - 1;
    TRY_NEW_ARRAY(orderer->cx, orderer->plan->arena, orderer->best, all + 1);
    for (RelationSet set = 1; set <= all; set++) {
        SubPlan *plan = &orderer->best[set];
        plan->set = set;
        if ((set & (set - 1)) == 0) {
            plan->rows = orderer->relations[__builtin_ctzll(set)]->rows;
            plan->is_found = true;
        } else {
            order_set(orderer, set);
        }
    }
    return OK;
}

/* -------------------------------------------------------------------------------------------------------------------- building
 */

/* One equality for each class with members on both sides: as written if it was, else of the first members. */
static Status class_condition(Orderer *orderer, uint32_t c, RelationSet left, RelationSet right, ExprList *conditions) {
    const EqualClass *class_ = &orderer->classes[c];
    Expr *from_left = NULL, *from_right = NULL;
    if ((class_->relations & left) == 0 || (class_->relations & right) == 0) {
        return OK;
    }
    for (uint32_t e = 0; e < orderer->edge_count; e++) {
        const Edge *edge = &orderer->edges[e];
        if (edge->is_class && (edge->relations & left) != 0 && (edge->relations & right) != 0 &&
            (edge->relations & ~(left | right)) == 0 && class_of(orderer, edge->condition->args[0]->column) == c) {
            return expr_list_add(orderer->cx, orderer->plan->arena, conditions, edge->condition);
        }
    }
    for (uint32_t m = class_->count; m-- > 0;) {
        RelationSet one = (RelationSet)1 << class_->members[m].relation;
        from_left = left & one ? class_->members[m].column : from_left;
        from_right = right & one ? class_->members[m].column : from_right;
    }
    Expr *equality = expr_compare(orderer->cx, orderer->plan->arena, COMPARE_EQ, from_left, from_right);
    return equality == NULL ? OUT_OF_MEMORY : expr_list_add(orderer->cx, orderer->plan->arena, conditions, equality);
}

/* All conditions that need both sides. The larger side stands left, where it is probed. */
static Status build_join(Orderer *orderer, LogicalNode *left, RelationSet left_set, LogicalNode *right, RelationSet right_set,
                         LogicalNode **out) {
    ExprList conditions = {0};
    for (uint32_t c = 0; c < orderer->class_count; c++) {
        TRY(class_condition(orderer, c, left_set, right_set, &conditions));
    }
    for (uint32_t e = 0; e < orderer->edge_count; e++) {
        const Edge *edge = &orderer->edges[e];
        bool is_within_one = (edge->relations & ~left_set) == 0 || (edge->relations & ~right_set) == 0;
        if (!edge->is_class && !is_within_one && (edge->relations & ~(left_set | right_set)) == 0) {
            TRY(expr_list_add(orderer->cx, orderer->plan->arena, &conditions, edge->condition));
        }
    }
    Expr *condition;
    TRY(expr_list_conjunction(orderer->cx, orderer->plan->arena, &conditions, &condition));
    bool swap = left->rows < right->rows;
    TRY(rewrite_new_join(orderer->cx, orderer->plan, JOIN_INNER, swap ? right : left, swap ? left : right, condition, out));
    (*out)->rows = set_rows(orderer, left_set | right_set);
    return OK;
}

/* --------------------------------------------------------------------------------------------------------------------- greedy
 */

typedef struct Piece {
    LogicalNode *node;
    RelationSet set;
} Piece;

/* The pair to join next: connected pairs before others, then the smallest result, then the order of relations. */
static void choose_pair(const Orderer *orderer, const Piece *pieces, uint32_t count, uint32_t *left, uint32_t *right) {
    bool best_connected = false;
    double best_rows = 0;
    *left = 0;
    *right = 1;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = i + 1; j < count; j++) {
            bool is_connected = are_connected(orderer, pieces[i].set, pieces[j].set);
            double rows = set_rows(orderer, pieces[i].set | pieces[j].set);
            bool is_first = i == 0 && j == 1;
            if (is_first || (is_connected && !best_connected) || (is_connected == best_connected && rows < best_rows)) {
                best_connected = is_connected;
                best_rows = rows;
                *left = i;
                *right = j;
            }
        }
    }
}

static Status join_greedily(Orderer *orderer, Piece *pieces, uint32_t count, LogicalNode **out) {
    while (count > 1) {
        uint32_t i, j;
        choose_pair(orderer, pieces, count, &i, &j);
        TRY(build_join(orderer, pieces[i].node, pieces[i].set, pieces[j].node, pieces[j].set, &pieces[i].node));
        pieces[i].set |= pieces[j].set;
        memmove(&pieces[j], &pieces[j + 1], (count - j - 1) * sizeof *pieces);
        count--;
    }
    *out = pieces[0].node;
    return OK;
}

/* The relations that can be reached from one. */
static RelationSet component_of(const Orderer *orderer, uint32_t relation) {
    RelationSet set = (RelationSet)1 << relation, before;
    do {
        before = set;
        for (uint32_t r = 0; r < orderer->count; r++) {
            set |= set >> r & 1 ? orderer->neighbours[r] : 0;
        }
    } while (set != before);
    return set;
}

/* Exact within each connected part where that is affordable; parts without a condition between them are crossed last. */
static Status order_block(Orderer *orderer, LogicalNode **out) {
    Piece *pieces;
    uint32_t count = 0;
    RelationSet done = 0;
    bool is_exact = orderer->count <= RELATIONS_EXACT;
    TRY_NEW_ARRAY(orderer->cx, orderer->plan->arena, pieces, orderer->count);
    if (is_exact) {
        TRY(order_exactly(orderer));
    }
    for (uint32_t r = 0; r < orderer->count; r++) {
        RelationSet set = is_exact ? component_of(orderer, r) : (RelationSet)1 << r;
        if (done >> r & 1) {
            continue;
        }
        if (is_exact && !orderer->best[set].is_found) { /* connected only by a condition over three or more relations */
            set = (RelationSet)1 << r;
        }
        pieces[count].set = set;
        pieces[count].node = orderer->relations[r];
        if (is_exact) {
            TRY(build_exact(orderer, set, &pieces[count].node));
        }
        count++;
        done |= set;
    }
    return join_greedily(orderer, pieces, count, out);
}

/* ---------------------------------------------------------------------------------------------------------------------- entry
 */

static Status order_joins(const Context *cx, LogicalPlan *plan, LogicalNode **place);

static Status order_children(const Context *cx, LogicalPlan *plan, LogicalNode *node) {
    for (uint32_t i = 0; i < node->child_count; i++) {
        TRY(order_joins(cx, plan, &node->children[i]));
    }
    return OK;
}

/* More relations than a set holds: the order stays as written. */
static Status order_written(const Context *cx, LogicalPlan *plan, LogicalNode *node) {
    while (node->kind == LOGICAL_JOIN && node->join.kind == JOIN_INNER) {
        TRY(order_joins(cx, plan, &node->children[1]));
        node = node->children[0];
    }
    return order_children(cx, plan, node);
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

static Status order_joins(const Context *cx, LogicalPlan *plan, LogicalNode **place) {
    LogicalNode *node = *place;
    if (node->kind != LOGICAL_JOIN || node->join.kind != JOIN_INNER) {
        return order_children(cx, plan, node);
    }
    JoinBlock block = {0};
    TRY(join_block_collect(cx, plan, node, &block));
    if (block.count > RELATIONS_MAX) {
        return order_written(cx, plan, node);
    }
    TRY(filter_relations(cx, plan, &block));
    Orderer orderer = {.cx = cx, .plan = plan, .count = block.count, .relations = block.relations};
    TRY_NEW_ARRAY(cx, plan->arena, orderer.base_rows, block.count);
    TRY_NEW_ARRAY(cx, plan->arena, orderer.neighbours, block.count);
    for (uint32_t r = 0; r < block.count; r++) {
        TRY(order_joins(cx, plan, &block.relations[r]));
        TRY(estimate_node(cx, plan, block.relations[r]));
    }
    qsort(block.relations, block.count, sizeof *block.relations, compare_relations);
    for (uint32_t r = 0; r < block.count; r++) {
        orderer.base_rows[r] = base_rows(block.relations[r]);
    }
    ExprList rest = {0};
    TRY(analyse_conditions(&orderer, &block.conjuncts, &rest));
    TRY(measure_pairs(&orderer));
    TRY(order_block(&orderer, place));
    return rewrite_wrap_filter(cx, plan, &rest, place);
}

Status rewrite_join_order(const Context *cx, LogicalPlan *plan) {
    return rewrite_roots(cx, plan, order_joins);
}
