/* The physical plan: a tree of read-only operator specs. Lowered from the logical plan (plan/physical*.c), cut into pipelines
 * and run by exec/, printed by plan/explain.c. Columns are positions ("slots") in the batches of the input; expressions hold
 * SLOTs only. Keys, arguments and sort keys are slots: the planner puts a Project below where they are expressions.
 *
 * Placement: an operator runs once per cluster node (on that node's rows) or once on the leader. Only an Exchange changes
 * where rows are. With one node the planner adds no BROADCAST or HASH exchange, and GATHER costs nothing (the leader is node
 * 0 then), but labels are set as if. */
#ifndef DEPOT_PLAN_PHYSICAL_H
#define DEPOT_PLAN_PHYSICAL_H

#include "plan/logical.h"
#include "plan/profile.h"

typedef enum PhysicalKind {
#define OPERATOR(tag, label) PHYSICAL_##tag,
#include "plan/operators.def"
#undef OPERATOR
    PHYSICAL_COUNT
} PhysicalKind;

/* What is known of a column's values wherever it flows: lets aggregation and joins use arrays. */
typedef struct ColumnDomain {
    const Dictionary *dictionary; /* every vector of the column is CODES (or CONSTANT) in this shared dictionary */
    bool has_range;               /* integer classes: all non-NULL values lie in [min, max], exactly known */
    int64_t min, max;
    /* > 1: moments cut to a DateField (unit): no two different ones are closer together, and max - min < 2^52. */
    int64_t step;
    uint8_t unit;
    bool can_be_null;
} ColumnDomain;

typedef struct PhysicalColumn {
    Type type;
    const char *name; /* "lineorder.lo_revenue" */
    ColumnDomain domain;
} PhysicalColumn;

typedef struct PhysicalNode PhysicalNode;

/* One conjunct over the scan's columns. Evaluated by exec/scan.c, cheapest and most selective first. */
typedef struct ScanFilter {
    Expr *condition;       /* SLOTs index ScanSpec.columns */
    uint32_t column_count; /* distinct columns it reads; 1: may be evaluated on codes */
    uint32_t *columns;     /* indexes into ScanSpec.columns */
} ScanFilter;

/* Rows whose key no build row has are dropped by the scan (inner, semi, right joins). Also prunes and skips. */
typedef struct ScanJoinFilter {
    uint32_t column;    /* index into ScanSpec.columns; integer class up to 64 bits */
    uint32_t filter_id; /* PhysicalPlan-wide; published by the hash join's build */
    bool of_all_nodes;  /* rows travel before they are joined: the keys of all nodes' build sides together count */
} ScanJoinFilter;

/* Rows that cannot be among the first of the Top-N above are dropped: it publishes what the first key of the worst row is that
 * it still wants. Also skips blocks. */
typedef struct ScanTopFilter {
    bool is_there;
    uint32_t column;   /* index into ScanSpec.columns; integer class up to 64 bits */
    uint32_t bound_id; /* PhysicalPlan-wide; see SortSpec */
    bool is_descending, nulls_first;
} ScanTopFilter;

typedef struct ScanSpec {
    const TableVersion *table;
    const char *alias;
    uint32_t column_count;
    const uint32_t *columns;               /* table columns read; the first node->column_count are the output */
    const Dictionary *const *dictionaries; /* query dictionary per column or NULL */
    uint32_t predicate_count;
    Predicate *predicates; /* implied by the filters; for pruning and skipping only */
    uint32_t filter_count;
    ScanFilter *filters;
    uint32_t join_filter_count;
    ScanJoinFilter *join_filters;
    ScanTopFilter top_filter;
    uint32_t partitions_read; /* after static pruning; of table->partition_count */
    bool keeps_partitions;    /* none is skipped: a hint says so */
} ScanSpec;

/* Writes its input; has no output. */
static inline bool physical_writes(PhysicalKind kind) {
    return kind == PHYSICAL_INSERT || kind == PHYSICAL_CHANGE;
}

static inline Type scan_column_type(const ScanSpec *spec, uint32_t column) {
    uint32_t table_column = spec->columns[column];
    return table_column == ROW_ID_COLUMN ? type_make(TYPE_BIGINT) : spec->table->schema->columns[table_column].type;
}

typedef struct FilterSpec {
    Expr *condition;
} FilterSpec;

typedef struct ProjectSpec {
    Expr **exprs; /* one per output column; a bare SLOT passes its column on */
} ProjectSpec;

/* child 0 is the probe side ("outer"), child 1 the build side ("inner"). The output picks columns of both. */
typedef struct JoinOutput {
    bool from_build;
    uint32_t slot;
} JoinOutput;

typedef enum JoinAlgorithm {
    JOIN_BY_ARRAY, /* one integer key, build keys dense in [key_min, key_max]: row numbers in an array */
    JOIN_BY_HASH,
    JOIN_BY_MERGE, /* PHYSICAL_MERGE_JOIN: both children are scans of segments sorted by the first key */
    JOIN_BY_LOOP,  /* PHYSICAL_NESTED_LOOP: no equality */
    JOIN_BY_RANGE  /* PHYSICAL_NESTED_LOOP: the build side sorted by a key that the condition bounds */
} JoinAlgorithm;

/* What a JOIN_BY_RANGE asks of a pair before the residual. All slots are of the same kind of number (integers or floats). */
typedef struct JoinRange {
    uint32_t build_key; /* slot of child 1: low <= build_key <= high */
    bool has_low, has_high, low_inclusive, high_inclusive;
    uint32_t low, high; /* slots of child 0 */
    bool has_filter;    /* and filter_key filter_op filter_bound, for the end of an interval that build_key begins */
    uint32_t filter_key, filter_bound;
    CompareOp filter_op; /* LT, LE, GT or GE */
} JoinRange;

/* One way for the sides of a join to meet, for EXPLAIN (ALTERNATIVES). */
typedef struct JoinAlternative {
    JoinStrategy way;          /* its move and salt */
    const char *label;         /* "DS_DIST_NONE" …; of a salted way the same as of the other */
    const char *why_not;       /* NULL: it gives the right rows */
    double nanoseconds, bytes; /* of this join and its exchanges by the optimizer's own costs; bytes over the network */
    bool is_taken;
} JoinAlternative;

typedef struct JoinAlternatives {
    uint32_t count;
    const JoinAlternative *items, *taken;
} JoinAlternatives;

/* Partitions of both sides that have each other's partners. */
typedef struct PartitionPair {
    uint32_t outer, inner; /* indexes into the tables' partitions; inner UINT32_MAX: there is none */
} PartitionPair;

typedef struct JoinSpec {
    JoinKind kind; /* never RIGHT with the build side preserved lost: RIGHT = unmatched build rows follow the probe */
    JoinAlgorithm algorithm;
    uint32_t key_count;
    const uint32_t *probe_keys; /* slots of child 0 */
    const uint32_t *build_keys; /* slots of child 1; same storage class pairwise */
    bool merges_by_slice;       /* JOIN_BY_MERGE: partners are in one slice; else on one node */
    JoinRange range;            /* JOIN_BY_RANGE */
    uint32_t pair_count;        /* hash joins of two scans: pairs of partitions joined one by one; 0: all rows at once */
    const PartitionPair *pairs;
    bool pairs_by_slice;       /* and each slice by itself */
    int64_t key_min, key_max;  /* JOIN_BY_ARRAY: bounds known before the build (a domain); the build checks them */
    Expr *residual;            /* over SLOTs: probe columns, then build columns (slot - probe column count); or NULL */
    const JoinOutput *outputs; /* one per output column; JOIN_MARK, JOIN_EXISTS: the last is the mark */
    bool publishes_filter;
    bool filter_crosses;         /* the parts of all nodes are put together and sent to all: see ScanJoinFilter */
    uint64_t filter_bloom_words; /* of a Bloom filter, a power of two, the same on all nodes; 0: a bitmap, if it pays */
    double filter_rows;          /* of the scan, that the filter may spare */
    uint32_t filter_id;          /* of build_keys[filter_key] */
    uint32_t filter_key;
    const char *dist_label; /* "DS_DIST_NONE" … for EXPLAIN */
    JoinAlternatives weighed;
    const char *condition_text; /* ("outer".lo_custkey = "inner".c_custkey) */
} JoinSpec;

typedef enum AggregatePhase {
    PHASE_SINGLE,
    PHASE_PARTIAL, /* per node, before the exchange */
    PHASE_FINAL
} AggregatePhase;

typedef struct AggregateItem {
    const Aggregate *aggregate;
    uint32_t arg_count;   /* = aggregate->argument_count */
    const uint32_t *args; /* slots */
    bool is_distinct;
    bool has_filter;
    uint32_t filter; /* slot of a BOOLEAN */
} AggregateItem;

typedef struct AggregateSpec { /* output: groups, then items */
    AggregatePhase phase;
    uint32_t group_count;
    const uint32_t *groups; /* slots */
    uint32_t item_count;
    const AggregateItem *items;
    bool is_early;            /* before a join, for another grouping above it */
    bool is_sorted;           /* rows are sorted by their groups, and values where an aggregate needs them in order */
    bool is_direct;           /* all groups have small domains: index = sum of (value - min or code) × stride into an array */
    uint64_t direct_entries;  /* the product of the domain sizes (NULL counts as one value where possible) */
    uint32_t empty_set_count; /* groups that are there without rows: all columns NULL, the last one holding the set's number */
    const uint32_t *empty_sets;
} AggregateSpec;

typedef struct ExpandSpec { /* output: the input's columns, the keys, the set's number; every row once per set */
    uint32_t key_count;
    const uint32_t *keys; /* slots */
    uint32_t set_count;
    const bool *has_key; /* [set × key_count + key]; else NULL */
} ExpandSpec;

typedef struct SortSlot {
    uint32_t slot;
    bool is_descending, nulls_first;
} SortSlot;

typedef struct SortSpec {
    uint32_t key_count;
    const SortSlot *keys;
    int64_t limit;        /* rows kept (limit + offset of a LIMIT above), -1: all */
    bool publishes_bound; /* for the ScanTopFilter of bound_id */
    uint32_t bound_id;
} SortSpec;

typedef struct LimitSpec {
    int64_t limit, offset;   /* limit -1: none */
    uint32_t tie_slot_count; /* WITH TIES */
    const uint32_t *tie_slots;
} LimitSpec;

typedef struct WindowItem {
    WindowId id;
    Type type;
    const Aggregate *aggregate;
    uint32_t arg_count;
    const uint32_t *args; /* slots */
    bool has_filter;
    uint32_t filter;
    bool is_distinct;
    bool ignores_nulls;
    WindowFrame frame;
    uint32_t partition_keys, peer_keys; /* of the spec's partitions and keys in one row: see WindowCall */
} WindowItem;

typedef struct WindowSpec { /* output: the input's columns, then the items */
    bool is_sorted;         /* every task's rows come in the order of partitions and keys, partitions whole */
    uint32_t partition_count;
    const uint32_t *partitions; /* slots */
    uint32_t key_count;
    const SortSlot *keys;
    uint32_t item_count;
    const WindowItem *items;
    int64_t row_limit; /* of each partition: the others are not needed; 0: all are. See LogicalNode */
    bool limit_keeps_ties;
} WindowSpec;

typedef enum ExchangeKind { EXCHANGE_BROADCAST, EXCHANGE_HASH, EXCHANGE_GATHER } ExchangeKind;
/* A HASH exchange of a salted join treats rows of hot keys apart: one side spreads them over all nodes in turn, the other
 * sends each of its rows of those keys to all nodes. */
typedef enum SaltRole { SALT_NONE, SALT_SPREAD, SALT_COPY } SaltRole;
typedef struct ExchangeSpec {
    ExchangeKind kind;
    SaltRole salt;
    uint32_t hot_count;
    const Value *hot_values; /* of keys[0] */
    uint32_t key_count;
    const uint32_t *keys; /* HASH: slots; placement hash → slice → node, so a side that is already stored so stays put */
    bool nulls_stay;      /* HASH for a join: rows with a NULL key have no partner and stay where they are; else they meet */
    uint32_t merge_key_count; /* GATHER: inputs are sorted; merge them (0: any order) */
    const SortSlot *merge_keys;
} ExchangeSpec;

typedef struct ValuesSpec {
    uint32_t row_count;
    Expr ***rows; /* constant expressions */
} ValuesSpec;

typedef struct TableFunctionSpec {
    const char *name;
    const struct SystemTable *system; /* a system table instead of a function; NULL: a function or file */
    const struct FileScan *file;      /* a file instead of a function; NULL: a function */
    const uint32_t *file_fields;      /* of output column i, if it is a file */
    uint32_t arg_count;
    Value *args;
} TableFunctionSpec;

/* The root of a shared subplan (PhysicalPlan.shared): keeps all rows of child 0 on the node that produced them. */
typedef struct MaterializeSpec {
    const char *name;
} MaterializeSpec;

/* Reads what a Materialize kept on the same node. It is no child: several scans read one Materialize. */
typedef struct SharedScanSpec {
    const PhysicalNode *shared;
    const uint32_t *slots; /* of the Materialize, one per output column */
} SharedScanSpec;

/* The children are plans of their own: run as queries, one after the other, the second once per round. */
typedef struct RecursionSpec {
    uint32_t id;
    bool is_distinct;
    struct PhysicalPlan *plans[2];
} RecursionSpec;

typedef struct WorkingScanSpec {
    uint32_t id; /* of the recursion whose last rows it reads; on the leader, where they are */
} WorkingScanSpec;

/* generate_series for every row of child 0: its columns, then the series. */
typedef struct FunctionJoinSpec {
    const char *name;
    uint32_t arg_count;
    const uint32_t *args; /* slots of child 0 */
} FunctionJoinSpec;

typedef struct InsertSpec {
    const TableVersion *table;
} InsertSpec;

typedef struct ChangeSpec {
    ChangeKind kind;
    const TableVersion *table;
} ChangeSpec;

struct PhysicalNode {
    PhysicalKind kind;
    uint32_t id; /* index into the profile */
    uint32_t child_count;
    PhysicalNode **children;
    uint32_t column_count;
    PhysicalColumn *columns;
    bool on_leader;
    double rows;                   /* estimate, over all nodes */
    double cost_start, cost_total; /* in Redshift's shape, for display */
    uint32_t width;                /* bytes per row, estimate */
    union {
        ScanSpec scan;
        FilterSpec filter;
        ProjectSpec project;
        JoinSpec join;
        AggregateSpec aggregate;
        ExpandSpec expand;
        SortSpec sort;
        LimitSpec limit;
        WindowSpec window;
        ExchangeSpec exchange;
        ValuesSpec values;
        TableFunctionSpec table_function;
        FunctionJoinSpec function_join;
        MaterializeSpec materialize;
        SharedScanSpec shared_scan;
        RecursionSpec recursion;
        WorkingScanSpec working_scan;
        InsertSpec insert;
        ChangeSpec change;
    };
};

typedef struct PhysicalPlan {
    Arena *arena;
    Snapshot *snapshot; /* borrowed */
    Topology topology;
    PhysicalNode *root; /* on the leader */
    uint32_t shared_count, shared_capacity;
    PhysicalNode **shared; /* Materialize operators, each a tree of its own */
    const bool *is_inner;  /* by shared: computed in the rounds of a recursion, whose plan has it as well; NULL: none is */
    uint32_t operator_count;
    uint32_t filter_count;     /* join filter ids are 0 … filter_count - 1 */
    uint32_t bound_count;      /* the same for the bounds of Top-N */
    const char **output_names; /* root->column_count */
    const char *eliminated;    /* joins that are not made, by declared keys; NULL: none */
    const char *supposed;      /* what the plan was made under, which then never runs; NULL: the warehouse as it is */
    uint32_t unfollowed_count;
    const char *const *unfollowed; /* hints that the plan does not follow, and why */
} PhysicalPlan;

/* Lowers an optimized logical plan. */
Status plan_physical(const Context *cx, const LogicalPlan *logical, Topology topology, PhysicalPlan **plan);

/* For a plan that is used again: the snapshot has the same table versions (snapshot_id) as the one that it was made from. */
void physical_plan_use_snapshot(PhysicalPlan *plan, Snapshot *snapshot);

/* EXPLAIN's lines, in TEACHING.md's shape. `profile` NULL: estimates only. */
typedef struct ExplainOptions {
    bool analyze, timing, memory, verbose, alternatives;
    bool cycles;  /* count them while it runs */
    bool is_json; /* explain_json is wanted */
} ExplainOptions;
Status explain_lines(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile,
                     const ExplainOptions *options, const char ***lines, uint32_t *count);
/* The same in PostgreSQL's JSON, with keys of our own beside its. */
Status explain_json(const Context *cx, Arena *arena, const PhysicalPlan *plan, const PlanProfile *profile,
                    const ExplainOptions *options, const char **text);

/* The first node of the tree that passes the test, outer nodes first; NULL: none. */
typedef bool PhysicalTest(const PhysicalNode *node, const void *argument);
const PhysicalNode *physical_find(const PhysicalNode *node, PhysicalTest *test, const void *argument);
/* The same over a plan, its shared subplans included. */
const PhysicalNode *physical_plan_find(const PhysicalPlan *plan, PhysicalTest *test, const void *argument);

#endif
