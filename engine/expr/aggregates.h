/* Aggregates and window functions: declared in aggregates.def and windows.def. */
#ifndef DEPOT_EXPR_AGGREGATES_H
#define DEPOT_EXPR_AGGREGATES_H

#include "expr/expr.h"

typedef enum AggregateId {
#define AGGREGATE(tag, name, help) AGGREGATE_##tag,
#include "expr/aggregates.def"
#undef AGGREGATE
    AGGREGATE_COUNT_OF
} AggregateId;

typedef enum WindowId {
    WINDOW_AGGREGATE, /* any aggregate over a frame */
#define WINDOW(tag, name, arguments, help) WINDOW_##tag,
#include "expr/windows.def"
#undef WINDOW
    WINDOW_COUNT_OF
} WindowId;

/* One concrete aggregate: the id with its argument and result types decided. State layout: state_bytes, aligned to 16, all
 * zero initially. Loops update states[group[i]] (grouped) or one state (group NULL). Text states keep text in the arena. */
struct Aggregate {
    AggregateId id;
    const char *name; /* as in SQL, for EXPLAIN */
    Type argument;    /* type NULL for count(*) */
    Type result;
    uint32_t state_bytes;
    /* `stride` bytes from one group's state to the next; `argument` NULL for count(*). NULL rows are skipped by the loop. */
    Status (*update)(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                     const Vector *argument, uint32_t rows, Arena *text_arena);
    /* states[groups[i]] takes in other[i] (i < count). */
    Status (*merge)(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                    const uint8_t *others, size_t other_stride, uint32_t count, Arena *text_arena);
    /* out[i] = result of state i (i < count <= BATCH_ROWS_MAX), FLAT. */
    Status (*finish)(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                     Vector *out);
};

/* Two-phase aggregation between nodes: the partial state travels as columns (one or two per aggregate) and merges by another
 * aggregate. avg(x) = sum(x), count(x). Filled by aggregate_split; count <= 2. */
typedef struct AggregateSplit {
    uint32_t count;
    const Aggregate *partial[2]; /* over the raw rows */
    const Aggregate *final[2];   /* over the partial results */
} AggregateSplit;

bool aggregate_exists(const char *name);
bool window_exists(const char *name); /* a pure window function (rank …) */
/* Resolves name and argument types (args are cast in place as needed); the Aggregate is in the arena. */
Status aggregate_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                      const Aggregate **aggregate);
Status window_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                   WindowId *id, Type *result);
/* How partial results merge; avg's last step is an expression over the finals: *finish (SLOT 0, SLOT 1 = finals). NULL: the
 * first final itself. count = 0: cannot be split (gather rows instead). */
Status aggregate_split(const Context *cx, Arena *arena, const Aggregate *aggregate, AggregateSplit *split, Expr **finish);

#endif
