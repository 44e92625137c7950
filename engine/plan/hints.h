/* What a statement asks of its joins and scans: hints behind SELECT, COMPARE's variants. The binder (bind/bind_hints.c) ties
 * each to the columns of its relations, which moving and rewriting nodes leaves alone.
 *
 * Whoever orders joins asks hints_of_block once per block, then about sets and pairs; lowering asks about the joins that it
 * decides itself. A hint narrows what is allowed: where nothing is allowed, the chooser chooses as if there were no hints. What
 * became of each join is noted, and hints_unfollowed says which hints were not followed. */
#ifndef DEPOT_PLAN_HINTS_H
#define DEPOT_PLAN_HINTS_H

#include "plan/logical.h"

typedef enum HintKind {
#define HINT(tag, what) HINT_##tag,
#include "plan/hints.def"
#undef HINT
    HINT_COUNT
} HintKind;
extern const char *const hint_names[HINT_COUNT]; /* "BROADCAST" */

/* A relation of the FROM that the hint stands behind. */
typedef struct HintRelation {
    const char *name;
    uint32_t column_count;
    const ColumnId *columns;
} HintRelation;

typedef struct HintScope {
    uint32_t count;
    const HintRelation *relations; /* all of that FROM */
} HintScope;

struct Hint {
    HintKind kind;
    SourcePos pos;
    const HintScope *scope;    /* NULL: the hint is for every join of the statement */
    uint32_t count;            /* LEADING: several */
    const uint32_t *relations; /* of the scope */
    bool is_followed;
    uint64_t leading_met; /* LEADING: bit i is set once a join has made its first i + 1 relations */
    const char *instead;  /* how its join is done, where it is not followed; NULL: no join has the relation as one side */
    Hint *next;
};

/* The hints that concern one block of joins, by the numbers of its relations. */
#define BLOCK_RELATIONS_MAX 64
typedef struct BlockHints {
    bool has_any;
    uint32_t every;                      /* 1 << HintKind: of all joins */
    uint32_t kinds[BLOCK_RELATIONS_MAX]; /* the same, of the join of relation r */
    uint32_t leading_count;
    uint64_t leading[BLOCK_RELATIONS_MAX]; /* sets of the first two, three … relations of LEADING; the last is all of them */
} BlockHints;

void hints_of_block(const LogicalPlan *plan, LogicalNode *const *relations, uint32_t count, BlockHints *hints);
/* May there be a join whose relations are exactly these? Must there be one, even if nothing ties them? */
bool hints_allow_set(const BlockHints *hints, uint64_t set);
bool hints_ask_set(const BlockHints *hints, uint64_t set);
/* What hints leave open for a join of two sets, or of two trees. */
#define ALL_CHOICES UINT32_MAX
typedef struct JoinChoice {
    uint32_t methods, moves; /* 1 << JoinMethod, 1 << JoinMove */
    bool wants_salt;
    bool is_turned; /* the hints want the sides the other way round */
} JoinChoice;
JoinChoice hints_of_sets(const BlockHints *hints, uint64_t outer, uint64_t inner);
JoinChoice hints_of_join(const LogicalPlan *plan, const LogicalNode *outer, const LogicalNode *inner);

/* A join was lowered so: `instead` is its name for messages. */
void hints_note_join(const LogicalPlan *plan, const LogicalNode *outer, const LogicalNode *inner, JoinStrategy strategy,
                     const char *instead);
/* NO_PRUNE: must the scan read all partitions? Notes that the hint is followed. */
bool hints_keep_partitions(const LogicalPlan *plan, const LogicalNode *get);
/* Of the first hint from *hint on that was not followed: "BROADCAST(d): its join is …"; *hint becomes the next one. *text is
 * NULL if there is none. Call once the plan is lowered. */
Status hints_unfollowed(const Context *cx, Arena *arena, const Hint **hint, const char **text);

#endif
