/* The logical plan: what the binder builds and the rewrites transform. Nodes are in the statement's arena. Every column of
 * every node has a ColumnId unique in the statement, so moving a node needs no renumbering; a node's output is the ids in
 * `columns`, in order. */
#ifndef DEPOT_PLAN_LOGICAL_H
#define DEPOT_PLAN_LOGICAL_H

#include "expr/aggregates.h"
#include "expr/expr.h"
#include "plan/strategy.h"
#include "plan/what_if.h"

typedef enum LogicalKind {
    LOGICAL_GET,            /* rows of a table */
    LOGICAL_VALUES,         /* rows of expressions; one row of no columns for a SELECT without FROM */
    LOGICAL_TABLE_FUNCTION, /* generate_series(…), depot_check(), depot_blocks(…). With a child: called for each of its rows;
                             * columns: child's, then the function's */
    LOGICAL_FILTER,         /* child 0 */
    LOGICAL_PROJECT,        /* child 0; columns = exprs */
    LOGICAL_JOIN,           /* child 0 left, child 1 right; columns: left's then right's (semi, anti: left's) */
    LOGICAL_AGGREGATE,      /* child 0; columns: groups then aggregates. DISTINCT is an aggregate without aggregates */
    LOGICAL_EXPAND,       /* child 0, each row once per grouping set; columns: child's, keys as the set has them, its number */
    LOGICAL_WINDOW,       /* child 0; columns: child's then the calls' */
    LOGICAL_SORT,         /* child 0 */
    LOGICAL_LIMIT,        /* child 0 */
    LOGICAL_UNION,        /* UNION ALL of all children; column i comes from inputs[child][i] */
    LOGICAL_SHARED_SCAN,  /* rows of a shared subplan (LogicalPlan.shared): computed once, read in several places */
    LOGICAL_RECURSION,    /* WITH RECURSIVE: child 0 once, then child 1 over the rows that came last until there are none */
    LOGICAL_WORKING_SCAN, /* in child 1 of a Recursion: the rows that came last */
    LOGICAL_INSERT,       /* child 0 into a table; the root of INSERT … SELECT and CREATE TABLE AS */
    LOGICAL_CHANGE        /* rows of a table as child 0 says; the root of DELETE, UPDATE, MERGE */
} LogicalKind;

/* A row's place in its table version, for statements that change rows: a BIGINT that a table has beside its columns. It holds
 * the number of the segment in TableVersion.segments and that of the row in the segment. */
#define ROW_ID_COLUMN UINT32_MAX
static inline int64_t row_id(uint32_t segment, uint64_t row) {
    return (int64_t)segment << 32 | (int64_t)row;
}

/* What a LOGICAL_CHANGE's child has. */
typedef enum ChangeKind {
    CHANGE_DELETE, /* row id; a row may come several times */
    CHANGE_UPDATE, /* the table's columns, row id; once per row */
    CHANGE_MERGE   /* the table's columns, row id, ChangeAction as INTEGER; a row that comes twice is an error */
} ChangeKind;
typedef enum ChangeAction { ACTION_UPDATE, ACTION_DELETE, ACTION_INSERT } ChangeAction;

typedef enum JoinKind {
    JOIN_INNER,
    JOIN_LEFT,
    JOIN_RIGHT,
    JOIN_FULL,
    JOIN_SEMI,      /* left rows with a match: EXISTS, IN in a WHERE conjunct */
    JOIN_ANTI,      /* left rows without: NOT EXISTS */
    JOIN_ANTI_NULL, /* NOT IN: a NULL key on the right removes all rows; a NULL on the left if the right is not empty */
    JOIN_MARK,      /* left rows + one BOOLEAN column: the value of `key IN (right)`, three-valued */
    JOIN_EXISTS,    /* left rows + one BOOLEAN column, never NULL: whether there is a match */
    JOIN_SINGLE,    /* scalar subquery: LEFT, and CARDINALITY_VIOLATION at a second match */
    /* In physical plans only: SEMI and ANTI whose left rows are built, since they are fewer, and come out at the end. */
    JOIN_RIGHT_SEMI,
    JOIN_RIGHT_ANTI
} JoinKind;

static inline bool join_adds_mark(JoinKind kind) {
    return kind == JOIN_MARK || kind == JOIN_EXISTS;
}
/* Left rows come out once or not at all, and nothing of the right side does. */
static inline bool join_only_asks(JoinKind kind) {
    return kind == JOIN_SEMI || kind == JOIN_ANTI || kind == JOIN_ANTI_NULL || join_adds_mark(kind);
}

/* Only build rows come out, once or not at all. */
static inline bool join_asks_for_build(JoinKind kind) {
    return kind == JOIN_RIGHT_SEMI || kind == JOIN_RIGHT_ANTI;
}

typedef struct LogicalNode LogicalNode;

typedef struct LogicalColumn {
    ColumnId id;
    Type type;
    const char *name; /* as EXPLAIN shows it: "lineorder.lo_revenue", "sum(lo_revenue)" */
    bool can_be_null;
    /* Where the values come from, for statistics and domains: NULL if computed. */
    const TableVersion *table;
    uint32_t table_column;
    const LogicalNode *scan; /* the Get that has the column; NULL: it is another node's */
} LogicalColumn;

typedef struct Hint Hint;

typedef struct SortKey {
    Expr *expr; /* a COLUMN of the input */
    bool is_descending;
    bool nulls_first;
} SortKey;

typedef struct AggregateCall {
    ColumnId output;
    const Aggregate *aggregate;
    uint32_t arg_count; /* = aggregate->argument_count: values and keys of ORDER BY */
    Expr **args;
    bool is_distinct; /* of the values; the keys are among them then */
    Expr *filter;     /* NULL: none */
    const char *text; /* "sum(lo_revenue)" for EXPLAIN */
} AggregateCall;

typedef enum FrameMode { FRAME_ROWS, FRAME_RANGE, FRAME_GROUPS } FrameMode;
typedef enum FrameBound {
    BOUND_UNBOUNDED_PRECEDING,
    BOUND_PRECEDING, /* offset */
    BOUND_CURRENT_ROW,
    BOUND_FOLLOWING, /* offset */
    BOUND_UNBOUNDED_FOLLOWING
} FrameBound;

typedef enum FrameExclude { EXCLUDE_NO_OTHERS, EXCLUDE_CURRENT_ROW, EXCLUDE_GROUP, EXCLUDE_TIES } FrameExclude;

typedef struct WindowFrame {
    FrameMode mode; /* the default frame is RANGE UNBOUNDED PRECEDING … CURRENT ROW; whole partition without ORDER BY */
    FrameBound start, end;
    FrameExclude exclude;
    int64_t start_offset, end_offset; /* ROWS: rows; GROUPS: groups of peers; not negative */
    /* RANGE: distances of keys, not negative: BIGINT for integers, DECIMAL(38) of the key's scale for decimals, DOUBLE,
     * INTERVAL. */
    Value start_range, end_range;
} WindowFrame;

static inline bool bound_has_offset(FrameBound bound) {
    return bound == BOUND_PRECEDING || bound == BOUND_FOLLOWING;
}

typedef struct WindowCall {
    ColumnId output;
    WindowId id;
    Type type;
    const Aggregate *aggregate; /* WINDOW_AGGREGATE */
    uint32_t arg_count;
    Expr **args;
    Expr *filter; /* aggregates only; NULL: none */
    bool is_distinct;
    bool ignores_nulls;
    WindowFrame frame;
    /* Of the node's partitions and keys in one row: how many of the first make the call's partitions, and its groups of peers.
     */
    uint32_t partition_keys, peer_keys;
    const char *text;
} WindowCall;

struct LogicalNode {
    LogicalKind kind;
    SourcePos pos;
    uint32_t child_count;
    LogicalNode **children;
    uint32_t column_count;
    ColumnId *columns;
    double rows;          /* estimate; set by plan/estimate.c, < 0 before */
    double largest_table; /* rows of the largest table that is scanned below; set with the estimate */
    union {
        struct {
            const TableVersion *table;
            const char *alias;
            uint32_t *table_columns; /* of output column i */
            ColumnId first;          /* of its columns when it was bound: tells the scan apart once all others are gone */
            uint32_t filter_count;   /* pushed down, ANDed; COLUMNs of this node or hidden ones: see columns */
            Expr **filters;
        } get;
        struct {
            uint32_t row_count;
            Expr ***rows; /* rows[r][c] */
        } values;
        struct {
            const char *name;
            const struct SystemTable *system; /* a system table instead of a function; NULL: a function or file */
            const struct FileScan *file;      /* a file instead of a function; NULL: a function */
            uint32_t *file_fields;            /* of output column i, if it is a file */
            uint32_t arg_count;
            Expr **args; /* constants after folding, or over the child's columns */
        } table_function;
        struct {
            Expr *condition;
        } filter;
        struct {
            Expr **exprs; /* one per column */
        } project;
        struct {
            JoinKind kind;
            Expr *condition; /* NULL: cross */
            ColumnId mark;   /* JOIN_MARK, JOIN_EXISTS: the added column */
            JoinStrategy strategy;
            bool has_sunk; /* the join order moved it below other joins: it does so once */
        } join;
        struct {
            uint32_t group_count;
            Expr **groups; /* columns[0 … group_count) are their outputs */
            uint32_t call_count;
            AggregateCall *calls;
            bool is_early; /* its groups are joined and put together above (rewrite_early_groups.c) */
            /* Over an Expand, whose set number is the last group: the sets () have a group even if there are no rows. */
            uint32_t empty_set_count;
            const uint32_t *empty_sets;
        } aggregate;
        struct { /* GROUPING SETS, ROLLUP, CUBE */
            uint32_t key_count;
            ColumnId *keys; /* of the child; NULL in sets without them */
            uint32_t set_count;
            const bool *has_key; /* [set × key_count + key] */
        } expand;
        struct { /* one node for all calls that one sort serves */
            uint32_t partition_count;
            Expr **partitions; /* COLUMNs that all calls partition by */
            uint32_t key_count;
            SortKey *keys;
            uint32_t call_count;
            WindowCall *calls;
            /* Only the first rows of each partition are asked for, and nothing here looks further: by row_number(), or by
             * rank() with all that are equal to the last. 0: all rows. */
            int64_t row_limit;
            bool limit_keeps_ties;
        } window;
        struct {
            uint32_t key_count;
            SortKey *keys;
        } sort;
        struct {
            int64_t limit; /* -1: none */
            int64_t offset;
            uint32_t tie_key_count; /* WITH TIES: rows that are like the last one in these keys of the Sort below follow it */
            const SortKey *tie_keys;
        } limit;
        struct {
            ColumnId **inputs; /* inputs[child][column] */
        } set_union;
        struct {
            uint32_t index;   /* of LogicalPlan.shared */
            ColumnId *inputs; /* inputs[i]: the shared subplan's column behind column i */
        } shared_scan;
        struct {
            uint32_t id;         /* unique in the plan */
            bool is_distinct;    /* UNION: a row that was there before does not come again */
            ColumnId *inputs[2]; /* inputs[child][column] */
        } recursion;
        struct {
            const LogicalNode *recursion;
        } working_scan; /* columns are the Recursion's, under new ids */
        struct {
            const TableVersion *table; /* child columns are in table order and of the table's types */
        } insert;
        struct {
            ChangeKind kind;
            const TableVersion *table;
        } change;
    };
};

/* A subplan that is computed once, whole, however often it is read: a WITH query that is used several times, the outer rows of
 * an unnested subquery. It is a tree of its own beside the root's; its readers are LOGICAL_SHARED_SCAN nodes (anywhere in the
 * root's tree or in that of another shared subplan, never in its own), each with fresh ids for its columns. The rewrites
 * treat every such tree like the root's (rewrite_roots); prune_columns leaves the union of what the readers use, and
 * inline_shared puts a subplan that has a single reader in the reader's place. */
typedef struct SharedSubplan {
    LogicalNode *node;
    const char *name; /* for EXPLAIN */
    bool is_fixed;    /* AS MATERIALIZED: not put in place of its only reader, no conditions moved into it */
    Expr *asked;      /* a condition of its readers that it was narrowed to, over its columns; NULL: none */
} SharedSubplan;

/* What the binder returns and the optimizer works on. */
struct LogicalPlan {
    Arena *arena;
    Snapshot *snapshot; /* borrowed */
    uint32_t column_count, column_capacity;
    LogicalColumn *columns; /* by ColumnId */
    LogicalNode *root;
    uint32_t shared_count, shared_capacity;
    SharedSubplan *shared;
    uint32_t recursion_count;
    Hint *hints;            /* NULL: none (plan/hints.h) */
    const WhatIf *what_if;  /* NULL: the warehouse as it is */
    const char *eliminated; /* joins that went by declared keys, for EXPLAIN; NULL: none */
    bool is_shown;          /* for EXPLAIN alone, never run: dictionaries of many segments are not read for it */
    uint32_t output_count;  /* the result's columns, in order: root columns and their headings */
    ColumnId *outputs;
    const char **output_names;
};

/* A new id. `name` borrowed from the arena. */
Status plan_add_column(const Context *cx, LogicalPlan *plan, Type type, const char *name, bool can_be_null, ColumnId *id);
LogicalNode *logical_new(const Context *cx, Arena *arena, LogicalKind kind, SourcePos pos, uint32_t child_count,
                         uint32_t column_count); /* NULL on OUT_OF_MEMORY */
/* A second column of the same values: statistics apply to it as well. */
Status plan_copy_column(const Context *cx, LogicalPlan *plan, ColumnId from, ColumnId *id);
/* Makes `node` a shared subplan; *index is what logical_shared_scan wants. */
Status plan_add_shared(const Context *cx, LogicalPlan *plan, LogicalNode *node, const char *name, uint32_t *index);
/* A reader of all its columns, in their order, under new ids. */
Status logical_shared_scan(const Context *cx, LogicalPlan *plan, uint32_t index, SourcePos pos, LogicalNode **node);
/* Sets is_read[i] for each shared subplan i that the tree itself reads. */
void logical_note_shared(const LogicalNode *node, bool *is_read);
/* Indented tree for debugging. */
char *logical_print(const Context *cx, Arena *arena, const LogicalPlan *plan);

/* All rewrites of rewrites.def in order, estimates, join order: the plan is transformed in place. */
Status plan_optimize(const Context *cx, LogicalPlan *plan);

#endif
