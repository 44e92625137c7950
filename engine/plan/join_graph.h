/* A block of inner joins as a graph: its relations, the equalities and other conditions between them, and how many rows any set
 * of them has when joined. What joins sets, in which order, is join_search.h's.
 *
 * Columns that are compared for equality form classes: any two members join, whichever pair was written, and a class of n
 * columns in a subset counts n - 1 times (without its smallest distinct count). The order of FROM plays no part: relations
 * are first put into an order of their own. */
#ifndef DEPOT_PLAN_JOIN_GRAPH_H
#define DEPOT_PLAN_JOIN_GRAPH_H

#include "plan/join_cost.h"
#include "plan/rewrite.h"

#define RELATIONS_MAX 64
typedef uint64_t RelationSet;
/* Classes by their numbers. Those past the 64th join like others, but no set is known to be hashed by them. */
typedef uint64_t ClassSet;
#define CLASSES_MAX 64

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
    RelationSet left, right; /* of the two sides of a comparison; 0: it is none */
    Expr *condition;
    double share;
    bool is_class; /* an equality that a class stands for */
} Edge;

/* Where a relation's rows are when nothing moved them. */
typedef struct LeafPlace {
    PlacementKind kind;
    ColumnId hashed_by; /* PLACED_HASHED */
} LeafPlace;

#define CLASS_NONE UINT32_MAX

typedef struct JoinGraph {
    const Context *cx;
    LogicalPlan *plan;
    uint32_t count;
    LogicalNode **relations;
    double *base_rows; /* of the table without filters, or the relation's rows */
    double *widths;    /* bytes per row, of the columns that are used above it */
    LeafPlace *places;
    RelationSet *neighbours;
    uint32_t class_count;
    EqualClass *classes;
    ClassSet *relation_classes;
    uint32_t *sorted_classes; /* of the column that a table is sorted and placed by, so that it can be merged; or CLASS_NONE */
    uint32_t edge_count;
    Edge *edges;
    bool has_other_edges; /* some that no class stands for */
    double *pair_excess;  /* [i × count + j]: how far two relations' shared classes overstate */
} JoinGraph;

/* The relations of the block are in their final form and have estimates. `used` has all columns that the plan uses outside the
 * filters of scans. What touches fewer than two relations goes to `rest`. */
Status graph_build(const Context *cx, LogicalPlan *plan, const JoinBlock *block, const ColumnSet *used, ExprList *rest,
                   JoinGraph *graph);
/* Rows of the join of a set, the same however it is joined. */
double graph_rows(const JoinGraph *graph, RelationSet set);
/* Does an equality that is of no class tie the sets? */
bool graph_has_other_key(const JoinGraph *graph, RelationSet left, RelationSet right);
/* How rows of the two sets find each other, if no class joins them. */
JoinMatch graph_match(const JoinGraph *graph, RelationSet left, RelationSet right);
/* Everything that is asked of a pair of rows of the two sets; *condition is NULL if that is nothing. */
Status graph_condition(const JoinGraph *graph, RelationSet left, RelationSet right, Expr **condition);
/* Class of a column; CLASS_NONE if it is in none. */
uint32_t graph_class_of(const JoinGraph *graph, ColumnId id);

/* join_place.c: where lowering would leave the tree's rows, as far as can be told before. */
LeafPlace place_of_tree(const LogicalPlan *plan, const LogicalNode *node);
/* The column that a scanned table is sorted by first, if all of it is, and that its rows are placed by (or each node has all of
 * them): two such tables can be merged. UINT32_MAX: none. */
ColumnId sorted_where_placed(const LogicalPlan *plan, const LogicalNode *node);

#endif
