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
    double joins_ns; /* of the joins on the way so far, with all their rows */
} EarlyPath;

typedef struct EarlyChoice {
    LogicalNode **place; /* the input that is grouped; NULL: none yet */
    ExprList keys;
    double groups;  /* of it, estimated */
    double gain_ns; /* what it saves */
    bool is_worth;  /* saves so much that estimates may be wrong */
} EarlyChoice;

/* A call of the grouping, and what it needs of the input that is grouped early. */
typedef struct EarlyCall {
    const AggregateCall *call;
    bool can_stay; /* all of it may be computed there, over the columns `whole` */
    ColumnSet whole;
    bool can_branch; /* … or its results, over the columns `values`; `conditions` choose among them above */
    ColumnSet values, conditions;
    uint32_t result_count; /* of a CASE, NULL left out; with a FILTER: 1, the argument if there is one */
    Expr **results;
    SplitCall *parts; /* of the results, if it branches */
    bool is_whole;    /* set with the partial results */
} EarlyCall;

typedef struct EarlyGroups {
    const Context *cx;
    LogicalPlan *plan;
    LogicalNode *node; /* the grouping, its rows and those of all below estimated */
    EarlyCall *calls;
    SplitCall *splits; /* of the calls */
    bool are_plain;    /* all calls are over columns as they are, if any */
    bool *is_wide;     /* per group: a text without dictionary */
    bool is_forced;    /* the best is taken though it is not worth it */
    EarlyChoice best;
} EarlyGroups;

/* early_calls.c. May the expression be computed of rows that are not asked for? NULL: yes. */
bool early_is_safe(const Expr *expr);
/* Sets calls, splits, are_plain; *can = false: some call cannot be split. */
Status early_calls_init(EarlyGroups *early, bool *can);
/* Does an input of these columns have what all calls need? Adds to `asked` what conditions above want besides. */
bool early_calls_fit(const EarlyGroups *early, const ColumnSet *own, ColumnSet *asked);
uint32_t early_partials_most(const EarlyGroups *early);
/* The partial results of a call, in a grouping of that input, and its last step above. */
Status early_add_partials(EarlyGroups *early, uint32_t index, const ColumnSet *own, LogicalNode *inner, uint32_t *next);
Status early_add_finals(EarlyGroups *early, uint32_t index, LogicalNode *outer, uint32_t *next);

/* early_price.c. Sets is_wide. */
Status early_find_wide(EarlyGroups *early);
/* Sets joins_ns. */
void early_price_path(const EarlyGroups *early, EarlyPath *path);
/* Sets groups, gain_ns and is_worth of a choice whose place and keys are set. */
Status early_price(EarlyGroups *early, const EarlyPath *path, EarlyChoice *choice);

#endif
