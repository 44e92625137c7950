/* Inside of the scan: the tests that its rows must pass.
 *
 * Every conjunct and every join filter is a step. What a step can be asked of depends on how a block stores its column: codes
 * of a dictionary are tested by a table with one byte per entry, filled once per dictionary; frame-of-reference codes and plain
 * integers by a range or a bitmap translated into code space; everything else by evaluating the condition. */
#ifndef DEPOT_EXEC_SCAN_H
#define DEPOT_EXEC_SCAN_H

#include "exec/exec.h"

/* Which entries of a dictionary pass. Dictionaries are sorted, so that the entries of a range, a prefix or an equality are one
 * run, and a run needs no table. */
typedef struct KeepTable {
    const Dictionary *dictionary;
    const void *owner; /* the segment reader that the dictionary came from; tells a reused address apart */
    uint8_t *keep;     /* owned; one byte per entry */
    uint32_t capacity, kept;
    bool is_run;
    uint32_t first, last; /* kept entries, if there are any */
    int64_t low, high;    /* the step's when it was filled: those of a top filter change */
} KeepTable;

typedef struct ScanStep {
    const ScanFilter *filter; /* NULL: a join filter or a top filter */
    uint32_t column;          /* of ScanSpec.columns; the only one that is read, unless reads_many */
    bool reads_many;          /* several columns or none: evaluated by rows only */
    bool by_dictionary;       /* may be evaluated on values that no row has (it cannot fail) */
    bool can_fail;            /* only rows that the steps before it kept may be tested */
    bool is_top_filter;       /* low and high change: see step_of_bound */
    bool by_value;            /* an integer test: low <= value <= high, in `keys` if there is a bitmap */
    bool is_inverted;
    bool keep_nulls;
    bool is_empty;          /* no value passes */
    int64_t low, high;      /* by_value */
    const KeyFilter *keys;  /* NULL: the range alone */
    const KeyFilter *bloom; /* NULL: nothing more; else what the range lets through is asked of it */
    KeyFilter own_keys;     /* of an IN list */
    KeepTable shared;       /* of the query dictionary, if the column has one */
} ScanStep;

/* What changes while a task evaluates a step. */
typedef struct StepState {
    ExprState *condition;
    KeepTable segment; /* of the segment dictionary seen last */
    double cost_ns;    /* per row looked at, observed */
    double pass_rate;
    double dense_from; /* share of selected rows from which testing all rows of a block is cheaper than picking them */
} StepState;

typedef enum ZoneAnswer {
    ZONE_NEVER,
    ZONE_MAYBE,
    ZONE_INSIDE, /* all values lie between the least and the greatest key; no bound needs to be looked at */
    ZONE_ALWAYS
} ZoneAnswer;

typedef struct StepList {
    uint32_t count;
    ScanStep *steps; /* owned */
    bool never;      /* no row can pass */
} StepList;

/* NULL: its join has published none. */
const KeyFilter *scan_join_filter(Task *task, const ScanJoinFilter *filter);
/* All filters, published join filters and the top filter of the scan, ranges over one column merged. */
Status steps_build(Task *task, const PhysicalNode *op, StepList *list) MUST_CHECK;
void steps_free(StepList *list);

Status step_open(Task *task, const ScanStep *step, StepState *state) MUST_CHECK;
void step_close(StepState *state);
/* mask[i] = row i of `vector` passes, n <= BATCH_ROWS_MAX. `batch` is scratch with one vector per scan column; `zone` what
 * step_zone said of the block. */
Status step_mask(Task *task, const ScanStep *step, StepState *state, Batch *batch, const Vector *vector, const void *owner,
                 ZoneAnswer zone, uint32_t n, uint8_t *mask) MUST_CHECK;
/* The same for a step that reads_many; the caller has set its columns in `batch`. */
Status step_mask_rows(Task *task, StepState *state, Batch *batch, uint32_t n, uint8_t *mask) MUST_CHECK;
/* The top filter as it is now; false: it lets everything pass yet. */
bool step_of_bound(const Task *task, const ScanTopFilter *filter, ScanStep *step);
/* What a block's range says of a by_value step. */
ZoneAnswer step_zone(const ScanStep *step, const ColumnRange *range);

#endif
