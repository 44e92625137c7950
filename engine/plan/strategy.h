/* How the two sides of a join meet: the words in which the optimizer decides, hints ask and lowering obeys (distribution.c,
 * physical_join.c). Labels and their meaning are Redshift's. */
#ifndef DEPOT_PLAN_STRATEGY_H
#define DEPOT_PLAN_STRATEGY_H

#include <stdbool.h>

typedef enum JoinMethod {
    METHOD_ANY, /* nothing decided: lowering takes the cheapest that it can */
    METHOD_HASH,
    METHOD_MERGE, /* both sides sorted by the key where they are: no hash table, no sort */
    METHOD_LOOP
} JoinMethod;

/* Where the rows of a part of a plan are. With one node this is tracked as if there were several, for the labels. */
typedef enum PlacementKind {
    PLACED_RANDOM,     /* each row on one node, no matter which */
    PLACED_HASHED,     /* each row on the node that its keys' placement hash says */
    PLACED_REPLICATED, /* every node has (or can make) all rows */
    PLACED_LEADER      /* all rows on the leader */
} PlacementKind;

/* Which rows travel to other nodes. "Inner" is the build side. */
typedef enum JoinMove {
    MOVE_ANY,
    MOVE_NONE,      /* DS_DIST_NONE, DS_DIST_ALL_NONE: partners are on one node already */
    MOVE_BROADCAST, /* DS_BCAST_INNER: every node gets the whole inner side */
    MOVE_INNER,     /* DS_DIST_INNER, DS_DIST_ALL_INNER: inner rows go where the outer rows of their key, or all of them, are */
    MOVE_OUTER,     /* DS_DIST_OUTER */
    MOVE_BOTH       /* DS_DIST_BOTH: both go by the hash of the key */
} JoinMove;

typedef struct JoinStrategy {
    JoinMethod method;
    JoinMove move;
    bool is_salted; /* with INNER, OUTER, BOTH: outer rows of hot keys spread over all nodes, their inner rows copied to all */
    bool keeps_sides; /* the left child is the outer side */
    bool is_forced;   /* the move is taken although a cheaper one may turn out to be right */
} JoinStrategy;

#endif
