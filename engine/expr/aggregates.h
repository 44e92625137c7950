/* Aggregates and window functions: declared in aggregates.def and windows.def. */
#ifndef DEPOT_EXPR_AGGREGATES_H
#define DEPOT_EXPR_AGGREGATES_H

#include "expr/expr.h"

typedef enum AggregateId {
#define AGGREGATE(tag, name, values, direct, order, loops, help) AGGREGATE_##tag,
#define ALIAS(tag, name)
#include "expr/aggregates.def"
#undef AGGREGATE
#undef ALIAS
    AGGREGATE_COUNT_OF
} AggregateId;

typedef enum WindowId {
    WINDOW_AGGREGATE, /* any aggregate over a frame */
#define WINDOW(tag, name, arguments, help) WINDOW_##tag,
#include "expr/windows.def"
#undef WINDOW
    WINDOW_COUNT_OF
} WindowId;

/* Vectors that a call's loops get at most: values and keys of its ORDER BY. */
#define AGGREGATE_ARGUMENTS_MAX 16

/* A key of ORDER BY inside the call: one of its arguments. */
typedef struct AggregateOrder {
    uint32_t argument;
    bool is_descending, nulls_first;
} AggregateOrder;

/* One concrete aggregate: the id with its argument and result types decided. It has `argument_count` arguments: the values
 * that were written (corr(y, x) has two), then keys of ORDER BY that are none of these. A constant that is the same for all
 * rows (the fraction of a percentile, the separator of a list) is no argument but a direct value.
 *
 * State layout: state_bytes, aligned to 16, all zero initially; states are moved by copying their bytes. Loops update
 * states[group[i]] (grouped) or one state (group NULL). What a state points to (text, lists) is in the arena that came with
 * the call, which lives as long as the states do. */
struct Aggregate {
    AggregateId id;
    const char *name; /* as in SQL, for EXPLAIN */
    uint32_t value_count, argument_count;
    const Type *types; /* of the arguments */
    Type argument;     /* the first one's; type NULL for count(*) */
    uint32_t direct_count;
    const Value *direct;
    uint32_t order_count;
    const AggregateOrder *order;
    Type result;
    uint32_t state_bytes;
    /* A state holds no pointers: copies of its bytes live on by themselves, here or on another node. */
    bool is_plain;
    /* A state keeps all values. Merging takes over what the other state has, which is not used again; so windows do not merge
     * states but feed the rows of each frame. */
    bool collects;
    /* Of those: turns a copy of the aggregate into one over values that come group by group in the order that it asks for (a
     * median: ascending), whose states keep none or few of them and cannot be merged. */
    void (*stream)(struct Aggregate *aggregate);
    /* After `stream`: a state must be told how many values will come; it begins with that number, a uint64_t. */
    bool needs_count;
    /* Of sums and means of integers and decimals: every value of the argument has at most 32 bits, so that 64 hold the sum. */
    bool is_narrow;
    /* DISTINCT changes nothing: min, max, bool_and … */
    bool ignores_repeats;
    /* `stride` bytes from one group's state to the next; `arguments`: argument_count vectors. NULLs are the loop's business. */
    Status (*update)(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                     const Vector *const *arguments, uint32_t rows, Arena *arena);
    /* states[groups[i]] takes in other[i] (i < count). */
    Status (*merge)(const Context *cx, const Aggregate *aggregate, uint8_t *states, size_t stride, const uint32_t *groups,
                    const uint8_t *others, size_t other_stride, uint32_t count, Arena *arena);
    /* out[i] = result of state i (i < count <= BATCH_ROWS_MAX), FLAT. Long text of the results is in the state or in the arena.
     * The states may be updated further and finished again. */
    Status (*finish)(const Context *cx, const Aggregate *aggregate, const uint8_t *states, size_t stride, uint32_t count,
                     Vector *out, Arena *arena);
    /* Set instead of is_plain where a state with pointers can be sent: its bytes as text (in the arena or borrowed from the
     * state), and taking such bytes in. May be NULL. */
    Status (*save)(const Context *cx, const Aggregate *aggregate, const uint8_t *state, Text *saved, Arena *arena);
    Status (*load)(const Context *cx, const Aggregate *aggregate, uint8_t *state, const Text *saved, Arena *arena);
};

/* Counts, and sums and means of exact numbers, which windows may add up by themselves: their results (of 0 rows: NULL, for
 * counts 0). `sums` is not read for counts. */
bool aggregate_is_exact_sum(const Aggregate *aggregate);
Status aggregate_finish_sums(const Context *cx, const Aggregate *aggregate, const __int128 *sums, const int64_t *counts,
                             uint32_t count, Vector *out);

/* Sums made elsewhere enter `count` states: state i takes in sums[i], of counts[i] values. `sums` may be NULL for counts. */
void aggregate_add_sums(const Aggregate *aggregate, uint8_t *states, size_t stride, const int64_t *sums, const int64_t *counts,
                        uint32_t count);

/* Makes a sum or mean of BIGINT or DECIMAL narrow. */
void aggregate_narrow_sum(Aggregate *aggregate);

/* What it gives over no rows: 0 for counts, NULL for most others. */
Status aggregate_empty_value(const Context *cx, Arena *arena, const Aggregate *aggregate, Value *value);
/* The same aggregate with the same direct values and order: equal arguments give equal results. */
bool aggregate_equal(const Aggregate *a, const Aggregate *b);

/* Two-phase aggregation between nodes: the partial state travels as columns (one or two per aggregate) and merges by another
 * aggregate over one of them. avg(x) = sum(x), count(x); others send the bytes of their states. Filled by aggregate_split;
 * count <= 2. */
typedef struct AggregateSplit {
    uint32_t count;
    const Aggregate *partial[2]; /* over the raw rows */
    const Aggregate *final[2];   /* over the partial results */
} AggregateSplit;

bool aggregate_exists(const char *name);
bool window_exists(const char *name);      /* a pure window function (rank …) */
bool window_takes_nulls(const char *name); /* one that IGNORE NULLS may follow */

typedef struct AggregateKey {
    Expr *expr;
    bool is_descending, nulls_first;
} AggregateKey;

/* A call as it was written. Binding casts arguments in place as needed; afterwards `args` and `arg_count` are the aggregate's
 * arguments, and is_distinct is false where it changes nothing. */
typedef struct AggregateForm {
    const char *name;
    SourcePos pos;
    uint32_t arg_count;
    Expr **args;
    uint32_t key_count; /* of ORDER BY in the call or of WITHIN GROUP */
    AggregateKey *keys;
    bool is_within_group, is_distinct, is_approximate;
} AggregateForm;

/* Resolves name and argument types; the Aggregate is in the arena. */
Status aggregate_bind_form(const Context *cx, Arena *arena, AggregateForm *form, const Aggregate **aggregate);
/* The same for a call of arguments alone. */
Status aggregate_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                      const Aggregate **aggregate);
/* The aggregate over values of these types, without direct values. */
Status aggregate_define(const Context *cx, Arena *arena, AggregateId id, const Type *types, uint32_t type_count,
                        Aggregate **aggregate);
Status window_bind(const Context *cx, Arena *arena, const char *name, Expr **args, uint32_t arg_count, SourcePos pos,
                   WindowId *id, Type *result);
/* How partial results merge; avg's last step is an expression over the finals: *finish (SLOT 0, SLOT 1 = finals). NULL: the
 * first final itself. count = 0: cannot be split (gather rows instead). */
Status aggregate_split(const Context *cx, Arena *arena, const Aggregate *aggregate, AggregateSplit *split, Expr **finish);

#endif
