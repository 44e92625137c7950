/* Which relations of a block are joined first, which side is probed, and which rows move: order and strategy together, since
 * what a join leaves behind is worth something to the next one. For each connected set of relations the search keeps the
 * cheapest tree per placement of its rows, bushy trees included; blocks of more than RELATIONS_EXACT relations first have
 * the pairs with the smallest results joined until few enough parts are left. Parts that no condition ties are crossed last. */
#ifndef DEPOT_PLAN_JOIN_SEARCH_H
#define DEPOT_PLAN_JOIN_SEARCH_H

#include "plan/join_graph.h"

/* Where the rows of a set are. */
typedef struct Place {
    PlacementKind kind;
    ClassSet classes; /* PLACED_HASHED: by one column of each */
} Place;

typedef struct JoinTree JoinTree;
struct JoinTree {
    RelationSet set;
    const JoinTree *outer, *inner; /* NULL: one relation */
    JoinStrategy strategy;
    Place place;
    double nanoseconds; /* of all joins and exchanges in it */
};

/* The tree over all relations. With the setting join_order_seed, some valid tree instead of the best. */
Status join_search(const JoinGraph *graph, const JoinTree **tree);

#endif
