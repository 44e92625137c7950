/* Inside rewrite_early_groups: the grouping at hand, the places where its rows could be grouped early, and what that costs. */
#ifndef DEPOT_PLAN_EARLY_GROUPS_H
#define DEPOT_PLAN_EARLY_GROUPS_H

#include "plan/columns.h"
#include "plan/split_calls.h"

/* The way from the grouping down to a place; on the walker's stack. */
typedef struct EarlyPath {
    const LogicalNode *node; /* a join or a filter */
    uint32_t child;          /* that the way goes on with */
    const struct EarlyPath *above;
} EarlyPath;

typedef struct EarlyChoice {
    LogicalNode **place; /* the input that is grouped; NULL: none yet */
    ExprList keys;
    double groups;  /* of it, estimated */
    double gain_ns; /* what it saves */
    bool is_worth;  /* saves so much that estimates may be wrong */
} EarlyChoice;

typedef struct EarlyGroups {
    const Context *cx;
    LogicalPlan *plan;
    LogicalNode *node; /* the grouping, its rows and those of all below estimated */
    SplitCall *splits; /* of its calls */
    ColumnSet arguments;
    bool are_plain; /* all calls are over columns as they are, if any */
    bool *is_wide;  /* per group: a text without dictionary */
    EarlyChoice best;
} EarlyGroups;

/* early_price.c. Sets is_wide. */
Status early_find_wide(EarlyGroups *early);
/* Sets groups, gain_ns and is_worth of a choice whose place and keys are set. */
Status early_price(EarlyGroups *early, const EarlyPath *path, EarlyChoice *choice);

#endif
